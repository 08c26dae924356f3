"""Throttling: a tenant or a model gets fewer requests a minute. Owns the request, and how to see that it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec

from freehold.errors import RespondError
from freehold.respond.actions.gateway_control import GatewayControl
from freehold.respond.actions.interface import Call, Outcome
from freehold.watch.event import Json

__all__ = ["Throttle", "ThrottleParameters"]


class ThrottleParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who, and how many requests a minute are left to them."""

    tenant: str = ""
    model: str = ""
    requests_per_minute: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class Throttle:
    """Limit requests at the gateway.

    Parameters
    ----------
    control
        The gateway.
    """

    name: ClassVar[str] = "throttle"
    changes: ClassVar[bool] = True
    undone_alone: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True
    seconds: ClassVar[float] = 10.0
    parameters: ClassVar[type[msgspec.Struct]] = ThrottleParameters

    def __init__(self, control: GatewayControl) -> None:
        self._control = control

    def reach(self, parameters: Any) -> str:
        """One tenant or one model."""
        return "tenant" if parameters.tenant else "model"

    async def rehearse(self, call: Call) -> str:
        """Say who would get how many."""
        kind, name = _who(call.parameters)
        return f"would leave {kind} {name} {call.parameters.requests_per_minute} requests a minute"

    async def precondition(self, call: Call) -> None:
        """See that one of both is named."""
        if bool(call.parameters.tenant.strip()) == bool(call.parameters.model.strip()):
            raise RespondError("throttle takes a tenant or a model: name one of them.")

    async def before(self, call: Call) -> Mapping[str, Json]:
        """The limit that holds now; ``null`` if there is none."""
        return {"requests_per_minute": _limit(await self._control.state(), *_who(call.parameters))}

    async def act(self, call: Call) -> Outcome:
        """Set the limit."""
        return await self._set(call, call.parameters.requests_per_minute, call.key)

    async def _set(self, call: Call, limit: int | None, key: str) -> Outcome:
        kind, name = _who(call.parameters)
        body: dict[str, Json] = {
            kind: name, "requests_per_minute": limit, "by": call.by, "because": call.because, "key": key,
        }  # fmt: skip
        await self._control.post("/freehold/throttle", body)
        left = "no limit" if limit is None else f"{limit} requests a minute"
        return Outcome(f"{kind} {name} has {left}", {"requests_per_minute": limit})

    async def probe(self, call: Call, before: Mapping[str, Json]) -> bool | None:  # noqa: ARG002  the plug point's signature
        """Whether the gateway holds that limit."""
        state = await self._control.state()
        if not isinstance(state.get("throttles"), list):
            return None
        return bool(_limit(state, *_who(call.parameters)) == call.parameters.requests_per_minute)

    async def undo(self, call: Call, before: Mapping[str, Json]) -> Outcome:
        """Set the limit that held before, or none."""
        limit = before.get("requests_per_minute")
        return await self._set(call, limit if isinstance(limit, int) else None, f"{call.key}-undo")


def _who(parameters: Any) -> tuple[str, str]:
    return ("tenant", parameters.tenant) if parameters.tenant else ("model", parameters.model)


def _limit(state: Mapping[str, Any], kind: str, name: str) -> int | None:
    throttles = state.get("throttles")
    for one in throttles if isinstance(throttles, list) else ():
        if isinstance(one, dict) and one.get(kind) == name:
            limit = one.get("requests_per_minute")
            return limit if isinstance(limit, int) and not isinstance(limit, bool) else None
    return None
