"""Small planning questions whose every plan can be tried: a judge by tables, and a search that tries each subset."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations

from hypothesis import strategies as st

from freehold.plan.futures import ready_days, standing
from freehold.plan.goal_values import Aim, Goal, Limits, ShareAim
from freehold.plan.interface import Judge, Judged, Sign
from freehold.plan.option_values import Option, Slip
from freehold.plan.prices import plan_cost, plan_days
from freehold.plan.search_values import Chosen, Committed, Terms

TOLERANCE = 1e-9
Ways = tuple[frozenset[int], ...]
"""Sets of options each of which does, all of its members built."""


@dataclass(frozen=True)
class TableJudge:
    """Each aim has ways to meet it; each part of self-reliance has a weight and ways to gain it."""

    options: Sequence[Option]
    ways: tuple[Ways, ...] = ()
    parts: tuple[tuple[float, Ways], ...] = ()

    @property
    def aims(self) -> Sequence[Aim]:
        return tuple(ShareAim("content", 1.0, item=f"aim-{number}") for number in range(len(self.ways)))

    def judge(self, built: frozenset[int], aims: Sequence[int] | None = None) -> Judged:
        asked = range(len(self.ways)) if aims is None else aims
        met = tuple(number not in asked or any(way <= built for way in ways) for number, ways in enumerate(self.ways))
        return Judged(met, tuple(map(float, met)))

    def reliance(self, built: frozenset[int]) -> float:
        return math.fsum(weight for weight, ways in self.parts if any(way <= built for way in ways))

    def signs(self, aim: int) -> Sequence[Sign]:  # noqa: ARG002
        return (1,) * len(self.options)


def subsets(numbers: Sequence[int]) -> Iterator[frozenset[int]]:
    sizes = range(len(numbers) + 1)
    return map(frozenset, chain.from_iterable(combinations(numbers, size) for size in sizes))


class EverySubset:
    """A search that tries every set of options, each started as soon as its prerequisites are ready."""

    def __init__(self, judge: Judge, goal: Goal, committed: tuple[Committed, ...] = ()) -> None:
        self.judge, self.goal, self.committed = judge, goal, committed

    def within(self, limits: Limits, *, seconds: float | None = None) -> EverySubset:  # noqa: ARG002
        return type(self)(self.judge, replace(self.goal, limits=limits), self.committed)

    def starts(self, built: frozenset[int]) -> dict[int, float] | None:
        options = self.judge.options
        ids = {options[one].id: one for one in built}
        starts: dict[int, float] = {}
        while len(starts) < len(built):
            ready = ready_days(options, starts)
            able = {
                one: max((0.0, *(ready[ids[id_]] for id_ in options[one].requires)))
                for one in built - starts.keys()
                if all(ids.get(id_) in ready for id_ in options[one].requires)
            }
            if not able:
                return None
            starts |= able
        excluded = any(id_ in ids for one in built for id_ in options[one].excludes)
        late = any(day > plan_days(self.goal.limits) for day in ready_days(options, starts).values())
        return None if excluded or late else starts

    def plans(self) -> Iterator[tuple[frozenset[int], dict[int, float], float]]:
        """Every plan that keeps to the limits, whether or not it meets the aims."""
        limits = self.goal.limits
        for built in subsets(range(len(self.judge.options))):
            starts = self.starts(built)
            if starts is not None:
                cost = plan_cost(self.judge.options, starts, limits)
                if limits.budget is None or cost <= limits.budget + TOLERANCE:
                    yield built, starts, cost

    def does(self, built: frozenset[int], starts: dict[int, float], cost: float, terms: Terms) -> bool:
        if not (terms.forced <= built and not terms.forbidden & built):
            return False
        if terms.most_cost is not None and cost > terms.most_cost + TOLERANCE:
            return False
        if terms.least_reliance is not None and self.judge.reliance(built) < terms.least_reliance - TOLERANCE:
            return False
        if not terms.futures:
            return self.judge.judge(built).done
        last = plan_days(self.goal.limits)
        held = sum(self.judge.judge(standing(self.judge.options, starts, one, last)).done for one in terms.futures)
        return held >= terms.share * len(terms.futures) - TOLERANCE

    def ask(self, terms: Terms | None = None) -> Chosen:
        terms = terms or Terms()
        found = [one for one in self.plans() if self.does(*one, terms)]
        if not found:
            return Chosen(None, {}, math.inf, math.inf)
        if terms.liking is None and (terms.seek or self.goal.seek) == "reliance":
            most = max(self.judge.reliance(one[0]) for one in found)
            return replace(self.ask(replace(terms, seek="cost", least_reliance=most)), reliance=most, reliance_bound=most)
        liking = terms.liking or {}

        def liked(built: frozenset[int]) -> float:
            return math.fsum(liking.get(one, 0.0) for one in built)

        built, starts, cost = min(found, key=lambda one: (-liked(one[0]), one[2], sorted(one[0])))
        best = cost if terms.liking is None else liked(built)
        return Chosen(built, starts, best, best)


def goal(**limits: object) -> Goal:
    return Goal((), Limits("2027-01-01", **limits))  # type: ignore[arg-type]


@st.composite
def judges(draw: st.DrawFn, most: int = 6, *, odds: bool = False, aims: int = 2) -> TableJudge:
    """Judges of up to so many options."""
    count = draw(st.integers(1, most))
    options = []
    for number in range(count):
        success = draw(st.sampled_from([0.5, 0.8, 0.9, 1.0])) if odds else 1.0
        slips = draw(st.sampled_from([(), (Slip(100, 0.5),), (Slip(200, 0.25), Slip(400, 0.25))])) if odds else ()
        requires = draw(st.sampled_from([(), (), (), (f"o{number - 1}",)])) if number else ()
        excludes = draw(st.sampled_from([(), (), (), (f"o{number - 1}",)])) if number and not requires else ()
        option = Option(f"o{number}", (), cost_once=float(draw(st.integers(0, 60))), cost_year=0.0)
        lead = float(draw(st.sampled_from([0, 90, 180])))
        options.append(replace(option, lead=lead, success=success, slip=slips, requires=requires, excludes=excludes))
    ways = st.lists(st.frozensets(st.integers(0, count - 1), max_size=3), min_size=1, max_size=3).map(tuple)
    parts = st.tuples(st.sampled_from([0.1, 0.15, 0.25, 0.3]), ways)
    asked = draw(st.lists(ways, max_size=aims))
    return TableJudge(tuple(options), tuple(asked), tuple(draw(st.lists(parts, max_size=4))))
