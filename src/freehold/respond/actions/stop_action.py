"""What actions that stop something at the gateway do alike. Owns the act, its probe and its undo; each says what it stops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from freehold.respond.actions.interface import Call, Outcome
from freehold.respond.actions.stopping import Stopping
from freehold.watch.event import Json

__all__ = ["StopAction"]


class StopAction:
    """Stop a scope at the gateway; the base of the actions that do.

    Parameters
    ----------
    stopping
        The ways to stop.

    Attributes
    ----------
    stays
        What an undo says of what was stopped before the act.
    """

    changes: ClassVar[bool] = True
    undone_alone: ClassVar[bool] = False
    repeatable: ClassVar[bool] = True
    seconds: ClassVar[float] = 10.0
    stays: ClassVar[str] = "it was stopped before, and stays so"

    def __init__(self, stopping: Stopping) -> None:
        self._stopping = stopping

    def scope_and_name(self, parameters: Any) -> tuple[str, str]:
        """What is stopped, as the gateway calls it."""
        return parameters.scope, parameters.name

    def reach(self, parameters: Any) -> str:
        """As far as what is stopped."""
        return self.scope_and_name(parameters)[0]

    async def before(self, call: Call) -> Mapping[str, Json]:
        """Whether it was stopped already: then an undo leaves it so."""
        return {"stopped": await self._stopping.is_stopped(*self.scope_and_name(call.parameters))}

    async def act(self, call: Call) -> Outcome:
        """Stop it."""
        scope, name = self.scope_and_name(call.parameters)
        return await self._stopping.stop(scope, name, by=call.by, because=call.because, key=call.key)

    async def probe(self, call: Call, before: Mapping[str, Json]) -> bool | None:  # noqa: ARG002  the plug point's signature
        """Whether it is stopped."""
        return await self._stopping.is_stopped(*self.scope_and_name(call.parameters))

    async def undo(self, call: Call, before: Mapping[str, Json]) -> Outcome:
        """Release it, unless it was stopped before."""
        if before.get("stopped"):
            return Outcome(self.stays)
        scope, name = self.scope_and_name(call.parameters)
        return await self._stopping.release(scope, name, by=call.by, because=call.because, key=f"{call.key}-undo")
