"""Quarantine: a tenant, an agent or a tool gets no more answers from any model. Owns how each is set apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import msgspec

from freehold.errors import RespondError
from freehold.respond.actions.interface import Call, Outcome
from freehold.respond.actions.stopping import Stopping
from freehold.watch.event import Json

__all__ = ["Quarantine", "QuarantineParameters"]


class QuarantineParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is set apart, by name."""

    scope: Literal["tenant", "agent", "tool"]
    name: str


class Quarantine:
    """Set apart at the gateway.

    Parameters
    ----------
    stopping
        The ways to stop.
    """

    name: ClassVar[str] = "quarantine"
    changes: ClassVar[bool] = True
    undone_alone: ClassVar[bool] = False
    repeatable: ClassVar[bool] = True
    seconds: ClassVar[float] = 10.0
    parameters: ClassVar[type[msgspec.Struct]] = QuarantineParameters

    def __init__(self, stopping: Stopping) -> None:
        self._stopping = stopping

    def reach(self, parameters: Any) -> str:
        """As far as what is set apart."""
        return str(parameters.scope)

    async def rehearse(self, call: Call) -> str:
        """Say what would be set apart."""
        return f"would set {call.parameters.scope} {call.parameters.name} apart"

    async def precondition(self, call: Call) -> None:
        """See that it has a name."""
        if not call.parameters.name.strip():
            raise RespondError(f"quarantine needs the name of the {call.parameters.scope}.")

    async def before(self, call: Call) -> Mapping[str, Json]:
        """Whether it was set apart already."""
        return {"stopped": await self._stopping.is_stopped(call.parameters.scope, call.parameters.name)}

    async def act(self, call: Call) -> Outcome:
        """Set it apart."""
        return await self._stopping.stop(
            call.parameters.scope, call.parameters.name, by=call.by, because=call.because, key=call.key
        )

    async def probe(self, call: Call, before: Mapping[str, Json]) -> bool | None:  # noqa: ARG002  the plug point's signature
        """Whether it is."""
        return await self._stopping.is_stopped(call.parameters.scope, call.parameters.name)

    async def undo(self, call: Call, before: Mapping[str, Json]) -> Outcome:
        """Let it back, unless it was set apart before."""
        if before.get("stopped"):
            return Outcome("it was set apart before, and stays so")
        key = f"{call.key}-undo"
        return await self._stopping.release(
            call.parameters.scope, call.parameters.name, by=call.by, because=call.because, key=key
        )
