"""Revoking a tenant's key. Owns what that means at the gateway: whoever shows it is turned away until it is given anew."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from freehold.errors import RespondError
from freehold.respond.actions.interface import Call, Outcome
from freehold.respond.actions.stop_action import StopAction

__all__ = ["RevokeKey", "RevokeKeyParameters"]


class RevokeKeyParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose key."""

    tenant: str


class RevokeKey(StopAction):
    """Turn away whoever shows the key of a tenant; the key itself is changed in the gateway's configuration."""

    name: ClassVar[str] = "revoke_key"
    parameters: ClassVar[type[msgspec.Struct]] = RevokeKeyParameters
    stays: ClassVar[str] = "the tenant was stopped before, and stays so"

    def scope_and_name(self, parameters: Any) -> tuple[str, str]:
        """The tenant whose key it is."""
        return "tenant", parameters.tenant

    async def rehearse(self, call: Call) -> str:
        """Say whose key would be revoked."""
        return f"would turn away whoever shows the key of tenant {call.parameters.tenant}"

    async def precondition(self, call: Call) -> None:
        """See that a tenant is named."""
        if not call.parameters.tenant.strip():
            raise RespondError("revoke_key needs the name of a tenant.")

    async def act(self, call: Call) -> Outcome:
        """Revoke it."""
        made = await super().act(call)
        return Outcome(f"revoked the key of tenant {call.parameters.tenant}: {made.text}", made.facts)
