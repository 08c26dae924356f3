"""Which options a plan can have at all, from which day until which. Owns what is decided before anything is searched.

An option is *open* if its facts are known, it is within the limits, and it can be ready by the plan's last day with all of
its prerequisites before it. What was committed before is no longer open: it is there whatever is chosen.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal, TypeAlias

from freehold.errors import UsageError
from freehold.plan.goal_values import Limits
from freehold.plan.option_values import Option
from freehold.plan.prices import YEAR, day_of, learning_groups, plan_days, running_cost, stated
from freehold.plan.search_values import Committed

__all__ = ["TOLERANCE", "Closed", "Openings", "openings"]

TOLERANCE: Final = 1e-9

Closed: TypeAlias = Literal["facts", "lead", "people", "conditions", "time"]
"""Why an option is not open: a fact is lacking, its lead time or its people are over the limit, its conditions contradict
each other or what is committed, or it would come too late."""


@dataclass(frozen=True)
class Openings:
    """What can be chosen.

    Parameters
    ----------
    options, limits, last
        All options; the plan's limits; its last day.
    committed
        Steps that are no longer open, by number.
    earliest, latest
        First and last whole day on which each open option can start.
    closed
        Why each other option cannot be chosen.
    requires
        Of each open option, the open ones that must be ready when it starts.
    excludes
        Pairs of open options of which a plan has at most one, the smaller number first.
    """

    options: Sequence[Option]
    limits: Limits
    last: float
    committed: Mapping[int, Committed]
    earliest: Mapping[int, int]
    latest: Mapping[int, int]
    closed: Mapping[int, Closed]
    requires: Mapping[int, tuple[int, ...]]
    excludes: tuple[tuple[int, int], ...]

    @property
    def standing(self) -> frozenset[int]:
        """Committed steps that are ready by the last day."""
        return frozenset(one for one, step in self.committed.items() if step.ready <= self.last + TOLERANCE)

    def lead(self, option: int) -> float:
        """Days from the start of an open option until it is ready."""
        return stated(self.options[option].lead)

    def whole_lead(self, option: int) -> int:
        """The same in whole days, since whatever waits for it starts on one."""
        return math.ceil(self.lead(option) - TOLERANCE)

    def price(self, option: int) -> float:
        """What an open option costs at most within the plan, neither learnt nor discounted."""
        return stated(self.options[option].cost_once) + running_cost(self.options[option], self.limits)

    def with_prerequisites(self, chosen: Iterable[int]) -> frozenset[int]:
        """Open options together with all that they require."""
        found, waiting = set(chosen), list(chosen)
        while waiting:
            for one in self.requires.get(waiting.pop(), ()):
                if one not in found:
                    found.add(one)
                    waiting.append(one)
        return frozenset(found)

    def only(self, kept: Collection[int]) -> Openings:
        """The same with fewer open options."""
        kept = frozenset(kept)
        return replace(
            self,
            earliest={one: day for one, day in self.earliest.items() if one in kept},
            latest={one: day for one, day in self.latest.items() if one in kept},
            requires={one: before for one, before in self.requires.items() if one in kept},
            excludes=tuple(pair for pair in self.excludes if pair[0] in kept and pair[1] in kept),
        )

    @cached_property
    def learning(self) -> tuple[tuple[int, ...], ...]:
        """Learning groups of which a plan can have more than one: the open and the committed options of each."""
        there = [
            tuple(one for one in group if one in self.earliest or one in self.committed)
            for group in learning_groups(self.options).values()
        ]
        return tuple(group for group in there if len(group) > 1)

    @cached_property
    def timed(self) -> bool:
        """Whether cost or limits depend on the days on which steps start."""
        limits, some = self.limits, self.earliest
        if limits.discount > 0 and any(day >= YEAR for day in self.latest.values()):
            return True
        if self.learning:
            return True
        money = math.fsum(self.price(one) for one in some) + math.fsum(step.cost for step in self.committed.values())
        if limits.budget_years and min(limits.budget_years) < money:
            return True
        busy = [self.options[one].people for one in some if self.whole_lead(one) > 0]
        busy += [self.options[one].people for one, step in self.committed.items() if step.ready > 0]
        return limits.people is not None and sum(busy) > limits.people


def openings(options: Sequence[Option], limits: Limits, committed: Sequence[Committed] = ()) -> Openings:
    """What a plan within these limits can choose from.

    Raises
    ------
    freehold.errors.UsageError
        If the limits make no sense: a negative budget, a last day before the first, a number that is none.
    """
    last = _checked(limits)
    number_of = {option.id: number for number, option in enumerate(options)}
    fixed = {step.option: step for step in committed}
    closed: dict[int, Closed] = {}
    needs: dict[int, tuple[int, ...]] = {}
    bars = _exclusions(options, number_of)
    for number, option in enumerate(options):
        if number in fixed:
            continue
        before = tuple(number_of.get(id_, -1) for id_ in option.requires)
        if option.lacking:
            closed[number] = "facts"
        elif limits.lead is not None and stated(option.lead) > limits.lead + TOLERANCE:
            closed[number] = "lead"
        elif limits.people is not None and stated(option.lead) > TOLERANCE and option.people > limits.people + TOLERANCE:
            closed[number] = "people"
        elif -1 in before or number in before or any(one in bars[number] for one in (*before, *fixed, number)):
            closed[number] = "conditions"
        else:
            needs[number] = before
    earliest: dict[int, int] = {}
    left = {number: {one for one in before if one in needs} for number, before in needs.items()}
    after: dict[int, list[int]] = {}
    for number, awaited in left.items():
        for one in awaited:
            after.setdefault(one, []).append(number)
    # rounds, in each the options of which all that they require came before, by number
    waiting = [(0, number) for number, before in needs.items() if not left[number] or any(one in closed for one in before)]
    heapq.heapify(waiting)
    seen = {number for _, number in waiting}
    while waiting:
        turn, number = heapq.heappop(waiting)
        if any(one in closed for one in needs[number]):
            closed[number] = next(closed[one] for one in needs[number] if one in closed)
        else:
            days = [0.0 if options[number].earliest is None else day_of(options[number].earliest or "", limits)]
            days += [fixed[one].ready if one in fixed else earliest[one] + stated(options[one].lead) for one in needs[number]]
            begin = max(0, math.ceil(max(days) - TOLERANCE)) if max(days) < math.inf else math.inf
            if begin + stated(options[number].lead) > last + TOLERANCE:
                closed[number] = "time"
            else:
                earliest[number] = int(begin)
        for one in after.get(number, ()):
            left[one].discard(number)
            if one not in seen and (not left[one] or number in closed):
                seen.add(one)
                heapq.heappush(waiting, (turn + (one < number), one))
    closed.update(dict.fromkeys(sorted(needs.keys() - seen), "conditions"))
    return Openings(
        options, limits, last, fixed, earliest,
        {one: math.floor(last - stated(options[one].lead) + TOLERANCE) for one in earliest},
        closed,
        {one: tuple(dict.fromkeys(other for other in needs[one] if other not in fixed)) for one in earliest},
        tuple((one, other) for one in sorted(earliest) for other in sorted(bars[one]) if one < other and other in earliest),
    )  # fmt: skip


def _exclusions(options: Sequence[Option], number_of: Mapping[str, int]) -> list[set[int]]:
    found: list[set[int]] = [set() for _ in options]
    for number, option in enumerate(options):
        for id_ in option.excludes:
            if id_ in number_of:
                found[number].add(number_of[id_])
                found[number_of[id_]].add(number)
    return found


def _checked(limits: Limits) -> float:
    sums = [("budget", limits.budget), ("people", limits.people), ("longest lead time", limits.lead)]
    sums += [("budget of a year", money) for money in limits.budget_years]
    for name, value in sums:
        if value is not None and not value >= 0:
            raise UsageError(f"a {name} of {value} makes no sense. Give a number from 0 up.")
    if not 0 <= limits.discount < math.inf:
        raise UsageError(f"a discount of {limits.discount} a year makes no sense. Give a rate from 0 up, such as 0.03.")
    day_of(limits.start, limits)
    last = plan_days(limits)
    if not 0 <= last < math.inf:
        raise UsageError(f"a plan from {limits.start} cannot end before it starts. Give a later --by, or --years.")
    return last
