"""The gateway's heartbeat. Owns what the desk is told every half minute, and that a gateway that is ended in order says so.

By it the desk knows a gateway that is silent from one at which nobody asks. A heartbeat is an entry of the evidence like any
other, and is sent as an event.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from freehold.gateway.running import Running
from freehold.watch.event import Json

__all__ = ["SECONDS", "Heartbeat"]

SECONDS: Final = 30.0
"""Between two heartbeats: the built-in rule that hears a gateway's silence waits for four of them."""
_MOST_TEXT: Final = 500


class Heartbeat:
    """What beats.

    Parameters
    ----------
    running
        The gateway.
    clock
        Seconds that never go back.
    """

    def __init__(self, running: Running, clock: Callable[[], float]) -> None:
        self._running, self._clock = running, clock
        self._next, self._told = float("-inf"), 0

    def look(self) -> bool:
        """Send one if it is time; the first at once. Gives whether one was sent."""
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + SECONDS
        self._running.records.put("heartbeat", self._body(now))
        return True

    def end(self) -> int:
        """Say that the gateway ends in order, so that nobody waits for the next one; gives the entry's number."""
        return self._running.records.put("ended", self._body(self._clock()))

    def _body(self, now: float) -> dict[str, Json]:
        running = self._running
        body: dict[str, Json] = {
            "freehold.requests": running.ended - self._told, "freehold.under_way": len(running.flights),
            "freehold.stops": len(running.switches.stops.listed),
        }  # fmt: skip
        self._told = running.ended
        open_ = ", ".join(one.name for one in running.plan.upstreams.values() if one.breaker.is_open(now))
        if open_:
            body["freehold.open_breakers"] = open_[:_MOST_TEXT]
        if running.switches.stops:
            body["freehold.because"] = ", ".join(map(str, running.switches.stops.listed))[:_MOST_TEXT]
        return body
