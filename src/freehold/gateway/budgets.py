"""How much a tenant may ask for and spend. Owns limits by the minute, the day and the month; pure, moments are always given.

What a request may cost is reserved before it is sent, at the most that it can cost, and settled with what it did cost. A
limit counts what is spent and what is reserved, so that requests under way at once cannot overrun it together.

Two clocks: ``now`` is monotonic, for the limits by the minute; ``wall`` is seconds since 1970, for days and months, which
are those of UTC. The last days and months are kept apart, so that a wall clock that jumps and comes back forgives nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from freehold.gateway.sliding_window import SlidingWindow
from freehold.words import say

__all__ = ["Budget", "BudgetTable", "LimitName", "Over", "Price", "Reservation", "reserve_all"]

LimitName: TypeAlias = Literal[
    "requests_per_minute", "tokens_per_minute", "at_once", "spend_per_minute", "spend_per_day", "spend_per_month"
]
_Amount: TypeAlias = Annotated[float, Meta(ge=0, le=1e12)]
_Count: TypeAlias = Annotated[int, Meta(ge=0, le=1_000_000_000)]
_MINUTE: Final = 60.0
_PERIODS_KEPT: Final = 4
_LATEST_WALL: Final = 253_402_300_799.0
"""The last second of the year 9999; a clock beyond it counts as standing there."""


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a model costs, in the configuration's currency.

    Parameters
    ----------
    input, output
        A million tokens read, and written.
    request
        A request, whatever its size.
    """

    input: _Amount = 0.0
    output: _Amount = 0.0
    request: _Amount = 0.0

    def cost(self, read: int, written: int) -> float:
        """What so many tokens cost."""
        return self.request + (self.input * read + self.output * written) / 1e6


class BudgetTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The TOML table ``[tenant.budget]``, and those of models and of the whole gateway.

    Parameters
    ----------
    requests_per_minute, tokens_per_minute
        Limits over any 60 seconds; ``None``: none. Tokens are those read and those written.
    at_once
        Requests under way at one time.
    spend_per_minute, spend_per_day, spend_per_month
        Limits of what is spent, in the configuration's currency; a minute is any 60 seconds, days and months are UTC's.
    soft
        Share of a limit from which on it is said that it comes near.
    """

    requests_per_minute: _Count | None = None
    tokens_per_minute: _Count | None = None
    at_once: _Count | None = None
    spend_per_minute: _Amount | None = None
    spend_per_day: _Amount | None = None
    spend_per_month: _Amount | None = None
    soft: Annotated[float, Meta(gt=0, le=1)] = 0.8


@dataclass(frozen=True, slots=True)
class Over:
    """A limit that a request would overrun.

    Parameters
    ----------
    limit
        Which.
    most
        Where it stands.
    retry_after
        Seconds until there may be room, whole; ``None`` if time alone makes none: the request is larger than the limit.
    because
        A sentence.
    """

    limit: LimitName
    most: float
    retry_after: int | None
    because: str


@dataclass(slots=True, eq=False)
class Reservation:
    """What was set aside for one request; given back to :meth:`Budget.settle` once, a second time does nothing.

    Parameters
    ----------
    tokens, cost
        How much.
    near
        Limits of which the soft share is passed by this very request.
    """

    tokens: int
    cost: float
    near: tuple[LimitName, ...] = ()
    slots: tuple[int, int] = (0, 0)
    open: bool = True


class _Periods:
    """What was spent in each of the last days or months."""

    __slots__ = ("spent",)

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def of(self, key: str) -> float:
        return self.spent.get(key, 0.0)

    def add(self, key: str, cost: float) -> None:
        self.spent[key] = self.spent.get(key, 0.0) + cost
        while len(self.spent) > _PERIODS_KEPT:
            del self.spent[min(self.spent)]


class Budget:
    """The budget of one tenant, model or gateway.

    Parameters
    ----------
    table
        Its limits.
    name
        Whose, for sentences.
    """

    __slots__ = (
        "_at_once",
        "_costs",
        "_day",
        "_day_ends",
        "_day_starts",
        "_days",
        "_month",
        "_months",
        "_near",
        "_requests",
        "_reserved",
        "_tokens",
        "name",
        "table",
    )

    def __init__(self, table: BudgetTable, name: str = "") -> None:
        self.table = table
        self.name = name
        self._requests, self._tokens, self._costs = (SlidingWindow(_MINUTE) for _ in range(3))
        self._days, self._months = _Periods(), _Periods()
        self._reserved = 0.0
        self._at_once = 0
        self._near: set[LimitName] = set()
        self._day = self._month = ""
        self._day_starts = self._day_ends = 0.0

    # ------------------------------------------------------------------ before and after a request

    def check(self, now: float, wall: float, tokens: int, cost: float) -> Over | None:
        """The first limit that a request would overrun; nothing is set aside.

        Parameters
        ----------
        now, wall
            The moment, monotonic and since 1970.
        tokens, cost
            The most that the request can take.
        """
        table = self.table
        if table.requests_per_minute is not None and self._requests.advance(now) + 1 > table.requests_per_minute:
            return self._over("requests_per_minute", table.requests_per_minute, 1, self._requests, now)
        if table.at_once is not None and self._at_once + 1 > table.at_once:
            return Over("at_once", table.at_once, 1 if table.at_once else None, self._sentence("at_once", table.at_once))
        if table.tokens_per_minute is not None and self._tokens.advance(now) + tokens > table.tokens_per_minute:
            return self._over("tokens_per_minute", table.tokens_per_minute, tokens, self._tokens, now)
        if table.spend_per_minute is not None and self._costs.advance(now) + cost > table.spend_per_minute + 1e-9:
            return self._over("spend_per_minute", table.spend_per_minute, cost, self._costs, now)
        if table.spend_per_day is None and table.spend_per_month is None:
            return None
        self._see(wall)
        held = self._reserved + cost
        if table.spend_per_day is not None and self._days.of(self._day) + held > table.spend_per_day + 1e-9:
            after = None if cost > table.spend_per_day else math.ceil(self._day_ends - wall)
            return Over("spend_per_day", table.spend_per_day, after, self._sentence("spend_per_day", table.spend_per_day))
        if table.spend_per_month is not None and self._months.of(self._month) + held > table.spend_per_month + 1e-9:
            after = None if cost > table.spend_per_month else math.ceil(_month_ends(wall) - wall)
            return Over(
                "spend_per_month", table.spend_per_month, after, self._sentence("spend_per_month", table.spend_per_month)
            )
        return None

    def reserve(self, now: float, wall: float, tokens: int, cost: float) -> Reservation | Over:
        """Set aside what a request may take, or say which limit it would overrun.

        Parameters
        ----------
        now, wall, tokens, cost
            As for :meth:`check`.
        """
        over = self.check(now, wall, tokens, cost)
        return self._take(now, wall, tokens, cost) if over is None else over

    def _take(self, now: float, wall: float, tokens: int, cost: float) -> Reservation:
        self._requests.add(now)
        slots = (self._tokens.add(now, tokens), self._costs.add(now, cost))
        self._reserved += cost
        self._at_once += 1
        return Reservation(tokens, cost, self._now_near(wall), slots)

    def settle(self, reservation: Reservation, now: float, wall: float, tokens: int, cost: float) -> None:
        """Say what a request took in the end; zero for one that was never sent.

        What is more than was reserved counts from now on, what is less counted never.
        """
        if not reservation.open:
            return
        reservation.open = False
        self._at_once -= 1
        self._reserved = self._reserved - reservation.cost if self._at_once else 0.0
        pairs = ((self._tokens, float(tokens - reservation.tokens)), (self._costs, cost - reservation.cost))
        for (window, more), slot in zip(pairs, reservation.slots, strict=True):
            if more > 0:
                window.add(now, more)
            elif more < 0:
                window.correct(slot, more)
        if cost > 0:
            self._see(wall)
            self._days.add(self._day, cost)
            self._months.add(self._month, cost)

    # ------------------------------------------------------------------ what is shown and kept

    def used(self, now: float, wall: float) -> dict[LimitName, tuple[float, float]]:
        """What of each limit that there is is used, and where it stands."""
        self._see(wall)
        table = self.table
        pairs: tuple[tuple[LimitName, float | None, float], ...] = (
            ("requests_per_minute", table.requests_per_minute, self._requests.advance(now)),
            ("tokens_per_minute", table.tokens_per_minute, self._tokens.advance(now)),
            ("at_once", table.at_once, self._at_once),
            ("spend_per_minute", table.spend_per_minute, self._costs.advance(now)),
            ("spend_per_day", table.spend_per_day, self._days.of(self._day) + self._reserved),
            ("spend_per_month", table.spend_per_month, self._months.of(self._month) + self._reserved),
        )
        return {name: (used, most) for name, most, used in pairs if most is not None}

    def state(self, wall: float) -> dict[str, dict[str, float]]:
        """What must survive a restart: what was spent by day and month.

        What is reserved counts as spent: of a request that is under way when the process dies, nobody will say what it cost.
        """
        self._see(wall)
        days, months = dict(self._days.spent), dict(self._months.spent)
        if self._reserved:
            days[self._day] = days.get(self._day, 0.0) + self._reserved
            months[self._month] = months.get(self._month, 0.0) + self._reserved
        return {"days": days, "months": months}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back a state. What makes no sense in it is left out: a damaged state must not stop a gateway.

        Limits by the minute begin anew.
        """
        for periods, name, size in ((self._days, "days", 10), (self._months, "months", 7)):
            rows = state.get(name)
            for key, spent in rows.items() if isinstance(rows, Mapping) else ():
                sound = isinstance(spent, (int, float)) and not isinstance(spent, bool) and 0 <= spent < math.inf
                if isinstance(key, str) and len(key) == size and sound:
                    periods.add(key, float(spent))

    def change(self, table: BudgetTable) -> None:
        """Go on with other limits; what was used stays used."""
        self.table = table

    # ------------------------------------------------------------------ within

    def _see(self, wall: float) -> None:
        wall = min(max(wall, 0.0), _LATEST_WALL)
        if self._day_starts <= wall < self._day_ends:
            return
        moment = datetime.fromtimestamp(wall, UTC)
        start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        self._day, self._month = f"{moment:%Y-%m-%d}", f"{moment:%Y-%m}"
        self._day_starts = start.timestamp()
        self._day_ends = self._day_starts + 86_400

    def _over(self, limit: LimitName, most: float, wanted: float, window: SlidingWindow, now: float) -> Over:
        seconds = math.inf if wanted > most else window.wait(now, most - wanted)
        after = None if math.isinf(seconds) else max(1, math.ceil(seconds))
        return Over(limit, most, after, self._sentence(limit, most))

    def _sentence(self, limit: LimitName, most: float) -> str:
        return say(f"policy.over_{limit}", name=self.name, most=f"{most:g}")

    def _now_near(self, wall: float) -> tuple[LimitName, ...]:
        """Limits whose soft share is passed now and was not before."""
        table, near = self.table, []
        if table.spend_per_day is not None or table.spend_per_month is not None:
            self._see(wall)
        pairs: tuple[tuple[LimitName, float | None, float], ...] = (
            ("requests_per_minute", table.requests_per_minute, self._requests.total),
            ("tokens_per_minute", table.tokens_per_minute, self._tokens.total),
            ("at_once", table.at_once, self._at_once),
            ("spend_per_minute", table.spend_per_minute, self._costs.total),
            ("spend_per_day", table.spend_per_day, self._days.of(self._day) + self._reserved),
            ("spend_per_month", table.spend_per_month, self._months.of(self._month) + self._reserved),
        )
        for name, most, used in pairs:
            if most is None:
                continue
            if used < table.soft * most - 1e-9:
                self._near.discard(name)
            elif name not in self._near:
                self._near.add(name)
                near.append(name)
        return tuple(near)


def _month_ends(wall: float) -> float:
    moment = datetime.fromtimestamp(min(max(wall, 0.0), _LATEST_WALL), UTC)
    first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    try:
        return (first + timedelta(days=32)).replace(day=1).timestamp()
    except OverflowError:
        return _LATEST_WALL


def reserve_all(
    budgets: Sequence[Budget], now: float, wall: float, tokens: int, cost: float
) -> tuple[Reservation, ...] | tuple[Budget, Over]:
    """Set aside a request's share in several budgets, or in none.

    Parameters
    ----------
    budgets
        The tenant's, the model's, the gateway's: each once.
    now, wall, tokens, cost
        As for :meth:`Budget.check`.

    Returns
    -------
    tuple of Reservation, or tuple of Budget and Over
        One reservation a budget, in their order; or the first budget that is overrun, and its limit.
    """
    for budget in budgets:
        over = budget.check(now, wall, tokens, cost)
        if over is not None:
            return budget, over
    return tuple(budget._take(now, wall, tokens, cost) for budget in budgets)  # noqa: SLF001
