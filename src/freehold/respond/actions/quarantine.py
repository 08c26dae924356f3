"""Quarantine: a tenant, an agent or a tool gets no more answers from any model. Owns how each is set apart."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from freehold.errors import RespondError
from freehold.respond.actions.interface import Call
from freehold.respond.actions.stop_action import StopAction

__all__ = ["Quarantine", "QuarantineParameters"]


class QuarantineParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is set apart, by name."""

    scope: Literal["tenant", "agent", "tool"]
    name: str


class Quarantine(StopAction):
    """Set apart at the gateway."""

    name: ClassVar[str] = "quarantine"
    parameters: ClassVar[type[msgspec.Struct]] = QuarantineParameters
    stays: ClassVar[str] = "it was set apart before, and stays so"

    async def rehearse(self, call: Call) -> str:
        """Say what would be set apart."""
        return f"would set {call.parameters.scope} {call.parameters.name} apart"

    async def precondition(self, call: Call) -> None:
        """See that it has a name."""
        if not call.parameters.name.strip():
            raise RespondError(f"quarantine needs the name of the {call.parameters.scope}.")
