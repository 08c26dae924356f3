"""The naive reference: DESIGN's equations written down as they stand, in plain Python, one cut-off at a time.

Owns the seam between the tests and the words of DESIGN, section 1. It shares with the engine only the values of a stack
and :class:`freehold.stack.control.Control`. It solves by iterating, so a circle whose gain is just under 1 is beyond it
and raises :class:`NotConverged`.

Where DESIGN leaves a choice, this is the one taken here:

1. Time before day 0 exists: with notice, a recovery may fall on a negative day and is an event like any other. Covers
   count as whole until day 0.
2. Events within 1e-9 d of each other are one event.
3. A blank share beside a ``"?"`` share: both are bounded by themselves (0 in ``low``; what the stated shares leave, and
   an equal part of that, in ``high``), so that ``low`` is never above what may be.
4. A ``"?"`` share is never above a stated capacity; a blank capacity follows the share also where that is ``"?"``.
5. The part voided, v, takes shares at their worst for the answer: the largest in ``low``, the smallest in ``high``.
6. Stated shares are rescaled only where no in-use share is blank or ``"?"``, or where they are over 1.
7. A stated capacity under a share that was derived is raised to it, as one under a rescaled share is.
8. A gap is one between sources in use: an item that has sources, but none in use, is at 0 until a standby is there.
9. ``enough`` ``"?"`` lies between more than 0 and 1: in ``high`` the least level that counts meets the need, none does not.
   ``whole`` ``"?"`` is yes in ``low``, no in ``high``. ``status`` ``"?"`` is ``candidate`` in ``low``, ``in-use`` in ``high``.
10. A stop before day 0 is a stop on day 0.
11. A restart under a cut-off is one in the end: rules that never end hold, every finite recovery is over, and cover
    (``forever`` too) counts as nothing unless stock is asked for, which then meets its need in full.
12. Without missions, an item that only its own sources need counts as needed by nobody.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from freehold.errors import BadStack, Finding
from freehold.stack.control import Control
from freehold.stack.cutoff import Cutoff
from freehold.stack.values import UNKNOWN, Item, Need, Source, Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

__all__ = ["LOW_HIGH", "NotConverged", "Way", "greatest", "levels", "mission", "restart_levels", "stops", "timeline", "ways"]

TOLERANCE = 1e-9
LOW_HIGH = ("low", "high")
_STILL = 1e-14
_CRUMB = 1e-10
_MOST_ROUNDS = 20_000


class NotConverged(Exception):
    """A circle with a gain so near 1 that iterating does not end."""


@dataclass(frozen=True)
class Way:
    """One way to get an item, every blank filled and every unknown bounded.

    ``source`` is ``None`` for the unknown source; ``voidable`` is the share that counts in the part voided.
    """

    source: Source | None
    share: float
    capacity: float
    recover: float = 0.0
    voidable: float = 0.0


def _one(value: float) -> float:
    return 1.0 if value >= 1 - TOLERANCE else value


def _pick(value: object, blank: float, low: float, high: float, which: str) -> float:
    if value is UNKNOWN:
        return low if which == "low" else high
    return blank if value is None else float(value)  # type: ignore[arg-type]


def _status(source: Source, which: str) -> str:
    if source.status is UNKNOWN:
        return "candidate" if which == "low" else "in-use"
    return source.status or "in-use"


def ways(stack: Stack, item: Item, which: str) -> list[Way]:
    """How an item is got: shares and capacities by DESIGN's paragraph on shares; candidates are left out."""
    rows = stack.sources_of[item.id]
    if not rows:
        return [Way(None, 1.0, 1.0, 0.0, 1.0)]
    in_use = [row for row in rows if _status(row, which) == "in-use"]
    standby = [row for row in rows if _status(row, which) == "standby"]
    stated = {row.id: float(row.share) for row in in_use if row.share is not None and row.share is not UNKNOWN}
    blank = [row for row in in_use if row.share is None]
    unknown = [row for row in in_use if row.share is UNKNOWN]
    total = math.fsum(stated.values())
    if total > 1.02 + TOLERANCE:
        raise BadStack([Finding("", 0, "share", f"shares of {item.id} add up to {total}", "Make them 1.")])
    if (not blank and not unknown and abs(total - 1) <= 0.02 + TOLERANCE) or total > 1:
        stated = {name: share / total for name, share in stated.items()}
        total = 1.0
    rest = 1.0 - total
    found = []
    for row in in_use:
        if row.id in stated:
            least = most = stated[row.id]
        elif row.share is UNKNOWN:
            known_capacity = row.capacity if isinstance(row.capacity, float | int) else 1.0
            least, most = 0.0, min(rest, known_capacity)
        else:
            least, most = (0.0 if unknown else rest / len(blank)), rest / len(blank)
        share, other = (least, most) if which == "low" else (most, least)
        default = 1.0 if row.share is None else share
        capacity = max(share, _pick(row.capacity, default, share, 1.0, which))
        found.append(Way(row, share, capacity, _pick(row.recover, 0.0, math.inf, 0.0, which), other))
    if in_use and not blank and not unknown and rest > TOLERANCE:
        found.append(Way(None, rest, rest, 0.0, rest))
    for row in standby:
        share = _pick(row.share, 0.0, 0.0, 1.0, which)
        capacity = max(share, _pick(row.capacity, 1.0, share, 1.0, which))
        found.append(Way(row, share, capacity, _pick(row.recover, 0.0, math.inf, 0.0, which)))
    return found


@dataclass
class _Cover:
    """The cover of one need, and how much of it is used."""

    size: float
    used: float = 0.0
    lasts: bool = True


@dataclass(frozen=True)
class _NeedOf:
    item: int
    weight: float
    enough: float
    cover: _Cover


@dataclass(frozen=True)
class _WayOf:
    way: Way
    needs: tuple[_NeedOf, ...]
    rules: tuple[int, ...]


@dataclass(frozen=True)
class _Model:
    """One stack under one cut-off with its unknowns on one side."""

    cutoff: Cutoff
    whole: list[bool]
    items: list[list[_WayOf]]

    @property
    def ways(self) -> Iterable[_WayOf]:
        return (one for group in self.items for one in group)

    @property
    def needs(self) -> Iterable[_NeedOf]:
        return (need for one in self.ways for need in one.needs)

    def recovers_on(self, one: _WayOf) -> float:
        return self.cutoff.known_on + one.way.recover

    def function(self, holding: set[int], recovered: Callable[[_WayOf], bool]) -> Callable[[list[float]], list[float]]:
        """F, with the rules that hold, the sources that have recovered, and the covers that last, as they now are."""
        rules = self.cutoff.rules
        plan = []
        voided = []
        for group in self.items:
            row = []
            part = 0.0
            for one in group:
                available = min((rules[rule].availability for rule in one.rules if rule in holding), default=1.0)
                kappa = one.way.capacity if recovered(one) else one.way.share
                row.append((kappa * available, one.needs))
                left = min(
                    (rules[rule].availability for rule in one.rules if rule in holding and rules[rule].cover == "void"),
                    default=1.0,
                )
                part += one.way.voidable * (1 - left)
            plan.append(row)
            voided.append(min(1.0, part))

        def met(need: _NeedOf, y: list[float]) -> float:
            follows = _one(min(1.0, y[need.item] / need.enough))
            return max(follows, 1 - voided[need.item]) if need.cover.lasts else follows

        def evaluate(y: list[float]) -> list[float]:
            found = []
            for row, whole in zip(plan, self.whole, strict=True):
                total = 0.0
                for most, needs in row:
                    if most == 0:
                        continue
                    least, lost = 1.0, 0.0
                    for need in needs:
                        got = met(need, y)
                        if need.weight >= 1:
                            least = min(least, got)
                        else:
                            lost += need.weight * (1 - got)
                    total += most * min(least, max(0.0, 1 - lost))
                level = _one(min(1.0, total))
                found.append((1.0 if level == 1 else 0.0) if whole else level)
            return found

        return evaluate


def _need(need: Need, index: dict[str, int], which: str) -> _NeedOf:
    size = _pick(need.survive, 0.0, 0.0, math.inf, which)
    return _NeedOf(
        index[need.item],
        1.0 if need.weight is None else need.weight,
        _pick(need.enough, 1.0, 1.0, TOLERANCE, which),
        _Cover(size, lasts=size >= TOLERANCE),
    )


def _model(stack: Stack, cutoff: Cutoff | None, which: str, *, strict: bool) -> _Model:
    cutoff = cutoff or Cutoff()
    control = Control(stack, strict=strict, stake=cutoff.stake)
    index = {item.id: number for number, item in enumerate(stack.items)}
    items = []
    for item in stack.items:
        group = []
        for way in ways(stack, item, which):
            truths = [control.matches(rule, item, way.source) for rule in cutoff.rules]
            hits = tuple(n for n, truth in enumerate(truths) if truth or (truth is None and which == "low"))
            needs = stack.needs_of[way.source.id] if way.source else ()
            group.append(_WayOf(way, tuple(_need(need, index, which) for need in needs), hits))
        items.append(group)
    whole = [(which == "low") if item.whole is UNKNOWN else bool(item.whole) for item in stack.items]
    return _Model(cutoff, whole, items)


def _fall(function: Callable[[list[float]], list[float]], y: list[float]) -> list[float]:
    """The greatest z ≤ y with z ≤ F(z)."""
    for _ in range(_MOST_ROUNDS):
        image = function(y)
        lower = [new if new < old - _STILL else old for old, new in zip(y, image, strict=True)]
        if lower == y:
            # what halves for ever comes to nothing, and a circle with slack must not climb back from the crumb left
            lower = [0.0 if level < _CRUMB else level for level in y]
            if lower == y:
                return y
        y = lower
    raise NotConverged


def _rise(function: Callable[[list[float]], list[float]], y: list[float]) -> list[float]:
    """The least solution above y, where y ≤ F(y)."""
    for _ in range(_MOST_ROUNDS):
        image = function(y)
        higher = [new if new > old + _STILL else old for old, new in zip(y, image, strict=True)]
        if higher == y:
            return y
        y = higher
    raise NotConverged


def timeline(
    stack: Stack, cutoff: Cutoff | None, until: float, *, which: str, strict: bool = False
) -> list[tuple[float, list[float]]]:
    """Every move of the network up to a day: when, and the level of every item from then on.

    The first entry, on day −∞, is the greatest solution before anything happens.
    """
    model = _model(stack, cutoff, which, strict=strict)
    rules = model.cutoff.rules
    y = _fall(model.function(set(), lambda _: False), [1.0] * len(stack.items))
    steps = [(-math.inf, y)]
    calendar = {rule.from_day for rule in rules} | {rule.until_day for rule in rules}
    calendar |= {model.recovers_on(one) for one in model.ways}
    now = -math.inf
    while True:
        clock = max(now, 0.0)
        ends = []
        for need in model.needs:
            cover = need.cover
            short = 1 - _one(min(1.0, y[need.item] / need.enough))
            if cover.lasts and cover.size < math.inf and short >= TOLERANCE:
                ends.append((clock + (cover.size - cover.used) / short, short, cover))
        soonest = min([day for day in calendar if day > now + TOLERANCE] + [end for end, _, _ in ends], default=math.inf)
        if soonest > until + TOLERANCE:
            return steps
        for end, short, cover in ends:
            cover.used += short * max(0.0, soonest - clock)
            cover.lasts = end > soonest + TOLERANCE and cover.size - cover.used >= TOLERANCE
        now = soonest
        holding = {n for n, rule in enumerate(rules) if rule.from_day <= now + TOLERANCE and now < rule.until_day - TOLERANCE}
        function = model.function(holding, lambda one, day=now: model.recovers_on(one) <= day + TOLERANCE)  # type: ignore[misc]
        y = _rise(function, _fall(function, y))
        steps.append((now, y))


def levels(
    stack: Stack, cutoff: Cutoff | None, days: Sequence[float], *, which: str = "low", strict: bool = False
) -> dict[str, list[float]]:
    """Level of every item on each day."""
    steps = timeline(stack, cutoff, max(days), which=which, strict=strict)
    at = [next(y for when, y in reversed(steps) if when <= day + TOLERANCE) for day in days]
    return {item.id: [y[number] for y in at] for number, item in enumerate(stack.items)}


def stops(
    stack: Stack, cutoff: Cutoff | None, days: Sequence[float], floor: float = 0.5, *, which: str = "low", strict: bool = False
) -> dict[str, float | None]:
    """First day, from 0 to the last asked, on which the level is under the floor."""
    steps = timeline(stack, cutoff, max(days), which=which, strict=strict)
    first = max(number for number, (when, _) in enumerate(steps) if when <= TOLERANCE)
    return {
        item.id: next((max(0.0, when) for when, y in steps[first:] if y[number] < floor - TOLERANCE), None)
        for number, item in enumerate(stack.items)
    }


def greatest(stack: Stack, *, which: str = "low") -> dict[str, float]:
    """Levels before anything is cut."""
    _, y = timeline(stack, None, 0.0, which=which)[0]
    return {item.id: y[number] for number, item in enumerate(stack.items)}


def restart_levels(
    stack: Stack, cutoff: Cutoff | None = None, *, with_stock: bool = False, which: str = "low", strict: bool = False
) -> dict[str, float]:
    """Levels that a black start reaches: the least solution above zero."""
    model = _model(stack, cutoff, which, strict=strict)
    if not with_stock:
        for need in model.needs:
            need.cover.lasts = False
    holding = {n for n, rule in enumerate(model.cutoff.rules) if rule.until_day == math.inf}
    function = model.function(holding, lambda one: model.recovers_on(one) < math.inf)
    y = _rise(function, [0.0] * len(stack.items))
    return {item.id: y[number] for number, item in enumerate(stack.items)}


def mission(stack: Stack, of: Mapping[str, Sequence[float]]) -> list[float]:
    """The mission-weighted level on each day."""
    weights = {item.id: item.mission or 0.0 for item in stack.items if item.mission is not UNKNOWN}
    if not any(weights.values()):
        needed = {need.item for need in stack.needs if stack.source_by_id[need.source].item != need.item}
        weights = {item.id: 1.0 for item in stack.items if item.id not in needed}
    total = math.fsum(weights.values())
    days = range(len(next(iter(of.values()))))
    return [math.fsum(weight * of[name][day] for name, weight in weights.items()) / total for day in days]
