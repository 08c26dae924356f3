"""Revoking a tenant's key. Owns what that means at the gateway: whoever shows it is turned away until it is given anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from freehold.errors import RespondError
from freehold.respond.actions.interface import Call, Outcome
from freehold.respond.actions.stopping import Stopping
from freehold.watch.event import Json

__all__ = ["RevokeKey", "RevokeKeyParameters"]


class RevokeKeyParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose key."""

    tenant: str


class RevokeKey:
    """Turn away whoever shows the key of a tenant; the key itself is changed in the gateway's configuration.

    Parameters
    ----------
    stopping
        The ways to stop.
    """

    name: ClassVar[str] = "revoke_key"
    changes: ClassVar[bool] = True
    undone_alone: ClassVar[bool] = False
    repeatable: ClassVar[bool] = True
    seconds: ClassVar[float] = 10.0
    parameters: ClassVar[type[msgspec.Struct]] = RevokeKeyParameters

    def __init__(self, stopping: Stopping) -> None:
        self._stopping = stopping

    def reach(self, parameters: Any) -> str:  # noqa: ARG002  the plug point's signature
        """One tenant."""
        return "tenant"

    async def rehearse(self, call: Call) -> str:
        """Say whose key would be revoked."""
        return f"would turn away whoever shows the key of tenant {call.parameters.tenant}"

    async def precondition(self, call: Call) -> None:
        """See that a tenant is named."""
        if not call.parameters.tenant.strip():
            raise RespondError("revoke_key needs the name of a tenant.")

    async def before(self, call: Call) -> Mapping[str, Json]:
        """Whether the tenant was stopped already."""
        return {"stopped": await self._stopping.is_stopped("tenant", call.parameters.tenant)}

    async def act(self, call: Call) -> Outcome:
        """Revoke it."""
        made = await self._stopping.stop("tenant", call.parameters.tenant, by=call.by, because=call.because, key=call.key)
        return Outcome(f"revoked the key of tenant {call.parameters.tenant}: {made.text}", made.facts)

    async def probe(self, call: Call, before: Mapping[str, Json]) -> bool | None:  # noqa: ARG002  the plug point's signature
        """Whether it is revoked."""
        return await self._stopping.is_stopped("tenant", call.parameters.tenant)

    async def undo(self, call: Call, before: Mapping[str, Json]) -> Outcome:
        """Let the tenant back, unless it was stopped before."""
        if before.get("stopped"):
            return Outcome("the tenant was stopped before, and stays so")
        key = f"{call.key}-undo"
        return await self._stopping.release("tenant", call.parameters.tenant, by=call.by, because=call.because, key=key)
