"""The kill switch: a model, a tenant, a tool, an agent, or everything, stopped at the gateway. Owns what can be stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import msgspec

from freehold.errors import RespondError
from freehold.respond.actions.interface import Call, Outcome
from freehold.respond.actions.stopping import Stopping
from freehold.watch.event import Json

__all__ = ["Kill", "KillParameters"]


class KillParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is stopped: all, or one model, tenant, tool or agent by name."""

    scope: Literal["all", "model", "tenant", "tool", "agent"]
    name: str = ""


class Kill:
    """Stop; works by the stop file when the gateway does not answer.

    Parameters
    ----------
    stopping
        The ways to stop.
    """

    name: ClassVar[str] = "kill"
    changes: ClassVar[bool] = True
    undone_alone: ClassVar[bool] = False
    repeatable: ClassVar[bool] = True
    seconds: ClassVar[float] = 10.0
    parameters: ClassVar[type[msgspec.Struct]] = KillParameters

    def __init__(self, stopping: Stopping) -> None:
        self._stopping = stopping

    def reach(self, parameters: Any) -> str:
        """As far as what is stopped."""
        return str(parameters.scope)

    async def rehearse(self, call: Call) -> str:
        """Say what would be stopped."""
        stopped = await self._stopping.is_stopped(call.parameters.scope, call.parameters.name)
        what = f"{call.parameters.scope} {call.parameters.name}".strip()
        return f"would stop {what}" + (", which is stopped already" if stopped else "")

    async def precondition(self, call: Call) -> None:
        """See that a name is given where there must be one."""
        if (call.parameters.scope == "all") is bool(call.parameters.name.strip()):
            raise RespondError("kill takes a name with every scope but 'all', which takes none.")

    async def before(self, call: Call) -> Mapping[str, Json]:
        """Whether it was stopped already: then an undo leaves it so."""
        return {"stopped": await self._stopping.is_stopped(call.parameters.scope, call.parameters.name)}

    async def act(self, call: Call) -> Outcome:
        """Stop it."""
        return await self._stopping.stop(
            call.parameters.scope, call.parameters.name, by=call.by, because=call.because, key=call.key
        )

    async def probe(self, call: Call, before: Mapping[str, Json]) -> bool | None:  # noqa: ARG002  the plug point's signature
        """Whether it is stopped."""
        return await self._stopping.is_stopped(call.parameters.scope, call.parameters.name)

    async def undo(self, call: Call, before: Mapping[str, Json]) -> Outcome:
        """Release it, unless it was stopped before."""
        if before.get("stopped"):
            return Outcome("it was stopped before, and stays so")
        key = f"{call.key}-undo"
        return await self._stopping.release(
            call.parameters.scope, call.parameters.name, by=call.by, because=call.because, key=key
        )
