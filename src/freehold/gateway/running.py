"""The running gateway's state, in one place: what is in force, what is under way, what is written.

Owns what happens when one configuration follows another, and when what is stopped changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from freehold.gateway.accounts import Accounts
from freehold.gateway.flights import Flight, Flights
from freehold.gateway.notices import Notices
from freehold.gateway.plan import Plan
from freehold.gateway.records import Records
from freehold.gateway.routes import Routes
from freehold.gateway.silence import Silences
from freehold.gateway.switches import Stop, Stops, Switches
from freehold.gateway.upstreams import Upstream

__all__ = ["Running"]


class Running:
    """What all handlers share.

    Parameters
    ----------
    plan
        In force; replaced whole.
    switches
        The kill switch.
    records
        The evidence.
    notices
        Standard error.
    accounts
        Budgets.
    silences
        Upstreams from which nothing comes.

    Attributes
    ----------
    ended
        How many requests have ended since it was started.
    """

    __slots__ = (
        "_expected", "_retired", "accounts", "closing", "desk", "ended", "flights", "notices", "plan", "records", "routes",
        "silences", "switches",
    )  # fmt: skip

    def __init__(
        self, plan: Plan, switches: Switches, records: Records, notices: Notices, accounts: Accounts, silences: Silences
    ) -> None:
        self.plan, self.switches, self.records, self.notices, self.accounts = plan, switches, records, notices, accounts
        self.silences = silences
        self.flights, self.routes = Flights(), Routes()
        self.closing = False
        self.ended = 0
        self.desk: Callable[[], dict[str, Any] | None] = lambda: None
        self._retired: list[Upstream] = []
        self._expected: set[tuple[str, str]] = set()

    # ------------------------------------------------------------------ configurations

    def follow(self, plan: Plan) -> None:
        """Go over to another plan; what is under way ends under the one that it began with."""
        self._retired += [one for one in self.plan.upstreams.values() if one not in plan.upstreams.values()]
        self.plan = plan
        self.accounts.configure(plan.configuration)

    async def close_retired(self) -> None:
        """Close the upstreams of former plans that nobody uses any more."""
        if not self._retired:
            return
        used = {id(one) for flight in self.flights if isinstance(flight.plan, Plan) for one in flight.plan.upstreams.values()}
        for upstream in [one for one in self._retired if id(one) not in used]:
            self._retired.remove(upstream)
            await upstream.close()

    async def close(self) -> None:
        """Close all connections to upstreams."""
        for upstream in (*self.plan.upstreams.values(), *self._retired):
            await upstream.close()

    # ------------------------------------------------------------------ stops

    @contextmanager
    def expecting(self, stop: Stop) -> Iterator[None]:
        """While it lasts, a change of this stop is by an act that is written down itself."""
        place = (stop.scope, stop.name)
        self._expected.add(place)
        try:
            yield
        finally:
            self._expected.discard(place)

    def begin(self) -> None:
        """See what is stopped from before."""
        self.switches.look()
        if self.switches.stops:
            self._say(0)

    def look_at_stops(self, asking: Flight | None = None) -> None:
        """See what is stopped now, end what is under way and stopped, and write down what has changed.

        Parameters
        ----------
        asking
            A request that is looking by itself, and ends by itself.
        """
        before = self.switches.stops
        if not self.switches.look(closely=asking is None):
            return
        self._tell(before, self.switches.stops)
        self._say(self.flights.stop(self.switches.stops, asking))

    def _say(self, ended: int) -> None:
        stops = self.switches.stops
        if self.switches.problem:
            self.notices.change("all_stopped_unreadable", after="refused", why=self.switches.problem)
        elif stops:
            listed = ", ".join(str(stop) for stop in stops.listed[:5])
            self.notices.change("stops_now", after="refused", stops=listed, ended=ended)
        else:
            self.notices.change("stops_none", after="refused")

    def _tell(self, before: Stops, after: Stops) -> None:
        was, now = ({(stop.scope, stop.name): stop for stop in stops.listed} for stops in (before, after))
        for kind, names, stops in (("stopped", now.keys() - was.keys(), now), ("released", was.keys() - now.keys(), was)):
            for place in sorted(names):
                if place in self._expected:
                    continue
                scope, name = place
                body = {"freehold.scope": scope, "freehold.name": name, "freehold.because": stops[place].why}
                self.records.put(kind, {"freehold.by": "stop file", **{key: text for key, text in body.items() if text}})

    def forget_agent(self, agent: str) -> None:
        """Begin anew with an agent that was stopped and is let go on."""
        for tenant in {"", *(one.name for one in self.plan.configuration.tenant)}:
            self.plan.tools.forget(tenant, agent)
