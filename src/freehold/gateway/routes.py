"""Routes set from outside: a fail-over, or a movement in steps. Owns which upstream comes first for now, and how fast.

A route changes the order of what policy allows and allows nothing more. A movement (a ramp) goes on only while its upstream
holds, and only as far as the capacity that was stated for it reaches.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from freehold.gateway.exchange import Exchange
from freehold.gateway.flights import Flights
from freehold.gateway.plan import Plan
from freehold.gateway.ramp import Move, Observation, Ramp
from freehold.gateway.routing import Force
from freehold.gateway.sliding_window import SlidingWindow
from freehold.words import say

__all__ = ["Route", "Routes"]

_MOST_TIMES: Final = 200
_RATE_SECONDS: Final = 30.0


class Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One route, as it is kept.

    Parameters
    ----------
    to
        The upstream that comes first.
    percent
        Share of the conversations.
    because
        Why.
    ramp
        Whether it goes on in steps.
    passing
        Whether it is gone once it has come to its end: the return of an upstream that had failed.
    """

    to: str
    percent: float = 100.0
    because: str = ""
    ramp: bool = False
    passing: bool = False


@dataclass(slots=True)
class _Moving:
    ramp: Ramp
    requests: int = 0
    failed: int = 0
    times: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_TIMES))
    written: SlidingWindow = field(default_factory=lambda: SlidingWindow(_RATE_SECONDS))
    said: str = ""

    def begin(self) -> None:
        """A step begins: what was seen before it counts no more."""
        self.requests = self.failed = 0
        self.times.clear()


class Routes:
    """All routes, by the model asked for."""

    def __init__(self) -> None:
        self._routes: dict[str, Route] = {}
        self._forces: dict[str, Force] = {}
        self._moving: dict[str, _Moving] = {}

    def of(self, model: str) -> Force | None:
        """The route of a model."""
        return self._forces.get(model) if self._forces else None

    def set(self, model: str, route: Route, plan: Plan, now: float) -> None:
        """Set a route; one that goes in steps begins at its percent, or before its first step."""
        self._routes[model] = route
        self._forces[model] = Force(route.to, route.percent, route.because)
        self._moving.pop(model, None)
        if route.ramp:
            table = next((one for one in plan.configuration.upstream if one.name == route.to), None)
            capacity = table.capacity if table is not None else None
            ramp = Ramp(route.to, plan.configuration.ramp, capacity, now, percent=int(route.percent))
            self._moving[model] = _Moving(ramp)
            self._forces[model] = Force(route.to, ramp.percent, route.because)

    def returns(self, model: str, upstream: str, plan: Plan, now: float) -> None:
        """The first upstream of a model serves again after its breaker was open: it gets its traffic back in steps.

        A route that was set stands; and nothing is done where the configuration does not ask for it.
        """
        if plan.configuration.ramp.returns and model not in self._routes:
            because = say("policy.ramp_returns", to=upstream)
            self.set(model, Route(to=upstream, percent=0.0, because=because, ramp=True, passing=True), plan, now)

    def remove(self, model: str) -> None:
        """Take a route back."""
        for kept in (self._routes, self._forces, self._moving):
            kept.pop(model, None)

    def saw(self, exchange: Exchange, now: float) -> None:
        """A request has ended: a movement of its model counts it."""
        moving = self._moving.get(exchange.model) if self._moving else None
        if moving is None:
            return
        if exchange.tokens is not None:
            moving.written.add(now, exchange.tokens.output)
        if exchange.upstream == moving.ramp.to or exchange.fallback.startswith(f"{moving.ramp.to} ->"):
            moving.requests += 1
            moving.failed += exchange.status >= 500 or exchange.error not in ("", "client_gone", "stopped", "tool_refused")
            if exchange.first_byte is not None:
                moving.times.append(exchange.first_byte - exchange.started)

    def tick(self, plan: Plan, flights: Flights, now: float) -> Iterator[tuple[str, Move]]:
        """Let each movement go on, hold or go back; what is new about it."""
        for model, moving in tuple(self._moving.items()):
            upstream = plan.upstreams.get(moving.ramp.to)
            if upstream is None:
                self.remove(model)
                continue
            if upstream.breaker.is_open(now):
                if moving.ramp.percent == 0:
                    continue
                move = moving.ramp.back(now)
            else:
                move = moving.ramp.look(now, self._observe(model, moving, flights, now))
            if move.kind in ("up", "down"):
                moving.begin()
            route = self._routes[model]
            if move.percent != route.percent:
                self._routes[model] = msgspec.structs.replace(route, percent=move.percent)
                self._forces[model] = Force(route.to, move.percent, route.because)
            if move.kind != "waiting" and move.because != moving.said:
                moving.said = move.because
                yield model, move
            if move.kind == "done" and route.passing:
                self.remove(model)
            elif move.kind == "done":
                self._routes[model] = msgspec.structs.replace(self._routes[model], ramp=False)
                del self._moving[model]

    def _observe(self, model: str, moving: _Moving, flights: Flights, now: float) -> Observation:
        of_model = [flight for flight in flights if flight.models[:1] == (model,)]
        times = sorted(moving.times)
        return Observation(
            requests=moving.requests,
            failed=moving.failed,
            running=sum(flight.upstream == moving.ramp.to for flight in of_model),
            first_token_seconds=times[int(0.95 * (len(times) - 1))] if times else None,
            demand_at_once=len(of_model),
            demand_tokens_per_second=moving.written.advance(now) / _RATE_SECONDS,
        )

    def kept(self) -> Mapping[str, Route]:
        """All of them, to be written down."""
        return self._routes
