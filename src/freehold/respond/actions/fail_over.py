"""Fail-over: a part of a model's traffic goes to another upstream, in steps. Owns the request, and how to see that it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec

from freehold.errors import RespondError
from freehold.respond.actions.gateway_control import GatewayControl
from freehold.respond.actions.interface import Call, Outcome
from freehold.watch.event import Json

__all__ = ["FailOver", "FailOverParameters"]


class FailOverParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which model's traffic goes where, and how much of it.

    Parameters
    ----------
    model
        The model, as it is asked for.
    to
        The upstream that takes over.
    percent
        How much, in percent; 0 takes the route back, and all goes where it went.
    ramp
        Whether the gateway goes up to it by itself, step by step, as far as the upstream's capacity allows.
    """

    model: str
    to: str
    percent: Annotated[float, msgspec.Meta(ge=0, le=100)] = 100.0
    ramp: bool = False


class FailOver:
    """Send a part of a model's traffic to another upstream; waits for some seconds for a gateway that is being started.

    Parameters
    ----------
    control
        The gateway.
    """

    name: ClassVar[str] = "fail_over"
    changes: ClassVar[bool] = True
    undone_alone: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True
    seconds: ClassVar[float] = 15.0
    patience: ClassVar[float] = 5.0
    parameters: ClassVar[type[msgspec.Struct]] = FailOverParameters

    def __init__(self, control: GatewayControl) -> None:
        self._control = control

    def reach(self, parameters: Any) -> str:  # noqa: ARG002  the plug point's signature
        """One model."""
        return "model"

    async def rehearse(self, call: Call) -> str:
        """Say what would go where."""
        told = call.parameters
        return f"would send {told.percent:g} % of {told.model} to {told.to}{', step by step' if told.ramp else ''}"

    async def precondition(self, call: Call) -> None:
        """See that both names are given."""
        if not call.parameters.model.strip() or not call.parameters.to.strip():
            raise RespondError("fail_over needs the name of a model, and of the upstream that takes over.")

    async def before(self, call: Call) -> Mapping[str, Json]:
        """Where the traffic goes now."""
        route = _route(await self._control.state(self.patience), call.parameters.model)
        return {"to": route.get("to", ""), "percent": route.get("percent", 0)}

    async def act(self, call: Call) -> Outcome:
        """Change the route, or take it back."""
        told = call.parameters
        return await self._set(call, told.to if told.percent else "", told.percent, call.key, ramp=told.ramp)

    async def _set(self, call: Call, to: str, percent: float, key: str, *, ramp: bool = False) -> Outcome:
        model = call.parameters.model
        body: dict[str, Json] = {
            "model": model, "to": to, "percent": percent, "ramp": ramp, "by": call.by, "because": call.because, "key": key,
        }  # fmt: skip
        await self._control.post("/freehold/route", body, self.patience)
        if not to:
            return Outcome(f"{model} goes where it went", {"percent": 0, "to": ""})
        text = f"{model} goes to {to} step by step" if ramp else f"{percent:g} % of {model} goes to {to}"
        return Outcome(text, {"percent": percent, "to": to})

    async def probe(self, call: Call, before: Mapping[str, Json]) -> bool | None:  # noqa: ARG002  the plug point's signature
        """Whether the gateway routes so."""
        state = await self._control.state(self.patience)
        if not isinstance(state.get("routes"), dict | list):
            return None
        route, told = _route(state, call.parameters.model), call.parameters
        if not told.percent:
            return not route.get("to")
        # a route that goes up by itself is where its steps have brought it
        return bool(route.get("to") == told.to and (told.ramp or route.get("percent") == told.percent))

    async def undo(self, call: Call, before: Mapping[str, Json]) -> Outcome:
        """Route as before."""
        to, percent = str(before.get("to") or ""), before.get("percent") or 0
        assert isinstance(percent, int | float)
        return await self._set(call, to if percent else "", float(percent), f"{call.key}-undo")


def _route(state: Mapping[str, Any], model: str) -> Mapping[str, Any]:
    routes = state.get("routes")
    if isinstance(routes, dict):
        found = routes.get(model)
        return found if isinstance(found, dict) else {}
    if isinstance(routes, list):
        return next((one for one in routes if isinstance(one, dict) and one.get("model") == model), {})
    return {}
