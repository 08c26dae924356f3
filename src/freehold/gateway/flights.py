"""Requests that are under way. Owns how one is interrupted from outside: by a stop, by a time limit, by the end of the server.

One watcher looks at all of them a few times a second; a request sets no timer of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from freehold.gateway.switches import Stop, Stops

__all__ = ["Flight", "Flights", "Interruption"]


@dataclass(frozen=True, slots=True)
class Interruption:
    """Why a request was interrupted.

    Parameters
    ----------
    kind
        ``stopped`` (the kill switch), ``late`` (it does not go on), ``stream_too_long`` (it does not end) or ``closing``
        (the server ends).
    stop
        The stop, where it is one.
    """

    kind: str
    stop: Stop | None = None


@dataclass(slots=True, eq=False)
class Flight:
    """One request under way.

    Parameters
    ----------
    task
        What carries it out.
    tenant, agent
        Who asks.
    models
        The names under which its model is known: as asked for, and as the upstream calls it.
    tools
        The tools that its model may call.
    unread
        Whether it is passed through without being read, so that every stop of a model or a tool may be meant for it.
    upstream
        Who was asked last.
    plan
        What it was begun with.
    asked
        Since when it waits for the first byte of an upstream's answer, by the loop's clock; infinite while it does not.
    deadline
        When it is late, by the loop's clock.
    ends
        When its answer must be at its end, whatever comes until then.
    interruption
        Why it was interrupted; ``None`` as long as it was not.
    called
        The tools that its model has called.
    """

    task: asyncio.Task[object]
    tenant: str = ""
    agent: str = ""
    models: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    unread: bool = False
    upstream: str = ""
    plan: object = None
    asked: float = float("inf")
    deadline: float = float("inf")
    ends: float = float("inf")
    interruption: Interruption | None = None
    called: list[str] = field(default_factory=list)

    def stop(self, stops: Stops) -> Stop | None:
        """The stop that is meant for this request, or ``None``."""
        if not stops:
            return None
        return (
            stops.of("tenant", self.tenant)
            or stops.of("model", *self.models)
            or stops.of("agent", self.agent)
            or stops.of("tool", *self.tools, *self.called)
            or (stops.by_content if self.unread else None)
        )

    def interrupt(self, why: Interruption) -> None:
        """End what it waits for. Whoever carries it out finds the reason in ``interruption``."""
        if self.interruption is None:
            self.interruption = why
            self.task.cancel()

    def go_on(self) -> Interruption | None:
        """Take an interruption as dealt with: after it, the request can be answered, or tried elsewhere."""
        why, self.interruption = self.interruption, None
        if why is not None:
            self.task.uncancel()
        return why


class Flights:
    """All requests under way."""

    __slots__ = ("_all",)

    def __init__(self) -> None:
        self._all: set[Flight] = set()

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Flight]:
        return iter(tuple(self._all))

    def add(self, flight: Flight) -> None:
        """Take one in."""
        self._all.add(flight)

    def remove(self, flight: Flight) -> None:
        """Let one go."""
        self._all.discard(flight)

    def stop(self, stops: Stops, but: Flight | None = None) -> int:
        """Interrupt all that are stopped, but for the one that is asking; gives how many."""
        found = [(flight, stop) for flight in self._all if flight is not but and (stop := flight.stop(stops)) is not None]
        for flight, stop in found:
            flight.interrupt(Interruption("stopped", stop))
        return len(found)

    def see_deadlines(self, now: float) -> None:
        """Interrupt all that are late, or last too long."""
        for flight in [flight for flight in self._all if flight.deadline < now or flight.ends < now]:
            flight.interrupt(Interruption("stream_too_long" if flight.ends < now else "late"))

    def close(self) -> None:
        """Interrupt all that are left."""
        for flight in tuple(self._all):
            flight.interrupt(Interruption("closing"))
