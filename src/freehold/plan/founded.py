"""Which activated sources are founded under a cut-off: nothing may hold itself up. Owns the day from which each counts.

The path semantics let a circle run that runs already. A circle of sources that are only about to take over has never run: it
counts only if there is an order in which each member, on the day that it begins, gets what it needs from what stands
without it or from its stock. So the path is followed with none of them; each is *founded* on the first day, from the one on
which it takes over, on which it would run; with these available from that day the path is followed again, until nothing
changes. Since a day is justified only by what begins before it, or by an earlier round, nothing holds itself up. What is
never founded counts as not built. Sources that no circle passes through need no asking.

A circle that is founded at a small level may have larger levels at which it would hold itself. Those that are available in
the moment of the cut-off would be found at the largest, as if they had run; so they begin a moment later, and rise to the
least level above what stands, unless that comes to the same.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeAlias

import numpy as np

from freehold.measure.case import LOW, Case, Kernel
from freehold.measure.level_view import Losses
from freehold.network.arrays import TOLERANCE, Scenario
from freehold.network.order import components
from freehold.network.solve import trace
from freehold.plan.applied import activations, apply_options, good_enough
from freehold.plan.option_values import Option
from freehold.stack.cutoff import DEFAULT_STAKE, Cutoff
from freehold.stack.values import UNKNOWN, Item, Source, Stack

__all__ = ["MOMENT", "Blow", "CutBlow", "LossBlow", "Standing", "on_circles", "standing"]

MOMENT: Final = 1e-6
"""How much later, in days, those begin that would otherwise be found at more than they can rise to."""

_PROBE: Final = "\0"

_Curve: TypeAlias = list[tuple[float, float]]


class Blow(Protocol):
    """What happens to a stack from day 0 on, whatever has been built in it."""

    @property
    def known_on(self) -> float:
        """The day on which it is known, so that recoveries begin."""

    @property
    def stake(self) -> float:
        """From which stake on an owner controls."""

    def scenario(self, case: Case, likenesses: Mapping[str, str]) -> Scenario:
        """What happens on the low side, also to sources that stand for others (their id → the other's)."""


@dataclass(frozen=True, slots=True)
class CutBlow:
    """A cut-off."""

    cut: Cutoff

    @property
    def known_on(self) -> float:
        """The day on which it is known."""
        return self.cut.known_on

    @property
    def stake(self) -> float:
        """Its stake."""
        return self.cut.stake

    def scenario(self, case: Case, likenesses: Mapping[str, str]) -> Scenario:
        """The cut-off's scenario; rules that name an item or a source match what stands for it as well."""
        rules = list(self.cut.rules)
        for likeness, source in likenesses.items():
            item = case.stack.source_by_id[likeness].item
            for rule in self.cut.rules:
                if rule.source == source:
                    rules.append(replace(rule, source=likeness, item=None if rule.item is None else item))
                elif rule.item is not None and rule.source is None and f"{rule.item}{_PROBE}{source}" == item:
                    rules.append(replace(rule, item=item))
        return case.scenario(replace(self.cut, rules=tuple(rules)), LOW)


@dataclass(frozen=True, slots=True)
class LossBlow:
    """A loss for ever of some sources, by id, and of the unknown sources of some items, by the items' ids."""

    sources: frozenset[str]
    unknown: frozenset[str] = frozenset()

    @property
    def known_on(self) -> float:
        """Day 0."""
        return 0.0

    @property
    def stake(self) -> float:
        """The usual one: who is lost is known already."""
        return DEFAULT_STAKE

    def scenario(self, case: Case, likenesses: Mapping[str, str]) -> Scenario:
        """Availability 0 for all that is lost."""
        lost = []
        for number, supply in enumerate(case.supplies):
            source = supply.filled.source
            if source is None:
                gone = case.stack.items[supply.item].id in self.unknown
            else:
                gone = likenesses.get(source.id, source.id) in self.sources
            if gone:
                lost.append(number)
        return Losses(case, LOW).scenario(lost)


@dataclass(frozen=True, slots=True)
class Standing:
    """A stack as one blow finds it.

    Parameters
    ----------
    stack
        With the options built, what is not founded left as candidates, and what is founded late as late.
    founded
        Day from which each activated source on a circle counts, by id.
    unfounded
        Ids of activated sources that never run under the blow unless they hold themselves up.
    """

    stack: Stack
    founded: Mapping[str, float]
    unfounded: tuple[str, ...]


def standing(
    stack: Stack, options: Iterable[Option], blow: Blow, horizon: float, *, quality: float | None = None, strict: bool = False,
    kernel: Kernel = "auto", others: Iterable[Option] = (),
) -> Standing:  # fmt: skip
    """Give the stack with options built, as a cut-off or a loss finds it.

    Parameters
    ----------
    stack, options, others
        As for :func:`~freehold.plan.applied.apply_options`.
    blow
        What happens.
    horizon
        Last day of interest.
    quality
        Least quality of an activated source; one of less counts as not built.
    strict, kernel
        As for :class:`~freehold.measure.case.Case`.
    """
    options, others = tuple(options), tuple(others)
    whole = apply_options(stack, options, others=others)
    shares = {source: share for source, share in activations(options).items() if source in whole.source_by_id}
    today = {source.id for source in stack.sources if source.status == "standby"}
    # who stands by today needs no building
    shares = {source: share for source, share in shares.items() if share is not None or source not in today}
    active = {source for source in shares if good_enough(whole.source_by_id[source], quality)}
    if len(active) < len(shares):
        # what is left out of a stack where all would be there
        whole = apply_options(stack, options, only=active, others=others)
    asked = on_circles(whole, active)
    if not asked:
        return Standing(whole, {}, ())
    sure = active - asked
    takes_over = {source: _takes_over(whole.source_by_id[source], blow) for source in asked}

    def stands_with(days: Mapping[str, float]) -> Stack:
        late = {
            source: day - blow.known_on
            for source, day in days.items()
            if day > (TOLERANCE if shares[source] is not None else takes_over[source] + TOLERANCE)
        }
        return apply_options(stack, options, only=sure | set(days), late=late, others=others)

    def curves(stands: Stack) -> dict[str, _Curve]:
        return _activities(stands, whole, asked, blow, horizon + 2 * MOMENT, strict=strict, kernel=kernel)

    days: dict[str, float] = {}
    while True:
        stands = stands_with(days)
        known = curves(stands)
        found = _first_days(known, today, horizon, shares, takes_over)
        found = {source: min(day, days.get(source, math.inf)) for source, day in found.items()} | {
            source: day for source, day in days.items() if source not in found
        }
        if found == days:
            break
        days = found
    never = tuple(sorted(asked - set(days)))
    most = {
        source: _on(known[source], day)
        for source, day in days.items()
        if shares[source] is None and day <= takes_over[source] + TOLERANCE
    }
    risen: set[str] = set()
    while True:
        later = {source: days[source] + MOMENT for source in most if source not in risen}
        if not later:
            return Standing(stands, days, never)
        slower = stands_with(days | later)
        known = curves(slower)
        rises = {one for one in later if max(_on(known[one], days[one]), _on(known[one], later[one])) >= most[one] - TOLERANCE}
        if not rises:
            return Standing(slower, days | later, never)
        risen |= rises


def on_circles(stack: Stack, sources: Collection[str]) -> set[str]:
    """Those of some sources that a circle of needs passes through.

    Parameters
    ----------
    stack
        The stack; its candidates count for nothing.
    sources
        Ids of sources that are no candidates.
    """
    number = {item.id: place for place, item in enumerate(stack.items)}
    needed: list[list[int]] = [[] for _ in stack.items]
    for need in stack.needs:
        source = stack.source_by_id.get(need.source)
        if source is not None and source.status != "candidate":
            needed[number[source.item]].append(number[need.item])
    size = len(needed)
    start = [0]
    for row in needed:
        start.append(start[-1] + len(row))
    component = [0] * size
    components(size, start, [one for row in needed for one in row], component, [[0] * size for _ in range(5)])
    found = set()
    for id_ in sources:
        own = component[number[stack.source_by_id[id_].item]]
        if any(component[number[need.item]] == own for need in stack.needs_of.get(id_, ())):
            found.add(id_)
    return found


def _takes_over(source: Source, blow: Blow) -> float:
    recover = math.inf if source.recover is UNKNOWN else source.recover or 0.0
    return max(0.0, blow.known_on + recover)


def _activities(
    stands: Stack, whole: Stack, asked: Collection[str], blow: Blow, horizon: float, *, strict: bool, kernel: Kernel
) -> dict[str, _Curve]:
    """What each source would do, given what stands: followed by a likeness of it that nobody needs."""
    items, sources, needs, likenesses = [], [], [], {}
    for id_ in sorted(asked):
        source = whole.source_by_id[id_]
        of = whole.item_by_id[source.item]
        item, likeness = f"{of.id}{_PROBE}{id_}", f"{id_}{_PROBE}"
        items.append(Item(item, kind=of.kind, mission=0.0, tags=of.tags))
        sources.append(replace(source, id=likeness, item=item, status="in-use", share=1.0, capacity=1.0, recover=0.0))
        needs += [replace(need, source=likeness) for need in whole.needs_of.get(id_, ())]
        likenesses[likeness] = id_
    probed = replace(stands, items=(*stands.items, *items), sources=(*stands.sources, *sources), needs=(*stands.needs, *needs))
    case = Case(probed, strict=strict, stake=blow.stake, kernel=kernel)
    built, start = case.built(LOW), case.running(LOW)
    level = np.asarray(start.level, np.float64)[built.item_place]
    place = {id_: case.item_number[probed.source_by_id[likeness].item] for likeness, id_ in likenesses.items()}
    curves: dict[str, _Curve] = {id_: [(-math.inf, float(level[place[id_]]))] for id_ in place}
    owner = {number: id_ for id_, number in place.items()}
    for change in trace(built, blow.scenario(case, likenesses), horizon, start):
        for number, _, after in change.moved:
            if number in owner:
                curves[owner[number]].append((change.day, after))
    return curves


def _first_days(
    curves: Mapping[str, _Curve], today: Collection[str], horizon: float, shares: Mapping[str, float | None],
    takes_over: Mapping[str, float],
) -> dict[str, float]:  # fmt: skip
    """First day on which each source would run."""
    found = {}
    for id_, curve in curves.items():
        if shares[id_] is not None and _from(curve, 0.0) == 0:
            found[id_] = 0.0
            continue
        # who stands by today stands by still where it cannot take its share
        day = None if id_ in today else _from(curve, takes_over[id_])
        if day is not None and day <= horizon + TOLERANCE:
            found[id_] = day
    return found


def _on(curve: _Curve, day: float) -> float:
    """Level of a curve on a day."""
    return next(level for since, level in reversed(curve) if since <= day + TOLERANCE)


def _from(curve: _Curve, first: float) -> float | None:
    """First day, from ``first`` on, on which a curve of (day, level from then on) is above nothing."""
    if math.isinf(first):
        return None
    if _on(curve, first) > TOLERANCE:
        return first
    return next((day for day, level in curve if day > first + TOLERANCE and level > TOLERANCE), None)
