"""The kill switch: a model, a tenant, a tool, an agent, or everything, stopped at the gateway. Owns what can be stopped."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from freehold.errors import RespondError
from freehold.respond.actions.interface import Call
from freehold.respond.actions.stop_action import StopAction

__all__ = ["Kill", "KillParameters"]


class KillParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is stopped: all, or one model, tenant, tool or agent by name."""

    scope: Literal["all", "model", "tenant", "tool", "agent"]
    name: str = ""


class Kill(StopAction):
    """Stop; works by the stop file when the gateway does not answer."""

    name: ClassVar[str] = "kill"
    parameters: ClassVar[type[msgspec.Struct]] = KillParameters

    async def rehearse(self, call: Call) -> str:
        """Say what would be stopped."""
        stopped = await self._stopping.is_stopped(call.parameters.scope, call.parameters.name)
        what = f"{call.parameters.scope} {call.parameters.name}".strip()
        return f"would stop {what}" + (", which is stopped already" if stopped else "")

    async def precondition(self, call: Call) -> None:
        """See that a name is given where there must be one."""
        if (call.parameters.scope == "all") is bool(call.parameters.name.strip()):
            raise RespondError("kill takes a name with every scope but 'all', which takes none.")
