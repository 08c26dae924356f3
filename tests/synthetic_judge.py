"""A judge of sets of options that is a formula, and the plans that trying everything finds: what searches are held against."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from freehold.plan.goal_values import Goal, LevelAim, Limits
from freehold.plan.interface import Judged, Sign
from freehold.plan.option_values import Option
from freehold.plan.prices import building_costs, day_of, payments, plan_days, running_cost, step_cost
from freehold.plan.search_values import Committed, Future, Terms
from freehold.stack.cutoff import Cutoff, Rule

TOLERANCE = 1e-9
CUT = Cutoff((Rule(foreign=True),))


@dataclass(frozen=True)
class Way:
    """It adds a weight if all of some options are built, and none of others."""

    weight: float
    all_of: frozenset[int]
    none_of: frozenset[int] = frozenset()

    def holds(self, built: frozenset[int]) -> bool:
        return self.all_of <= built and not self.none_of & built


def way(weight: float, all_of: Iterable[int], none_of: Iterable[int] = ()) -> Way:
    return Way(weight, frozenset(all_of), frozenset(none_of))


@dataclass
class FormulaJudge:
    """Each aim reaches the sum of the weights of the ways that hold, at most 1; so does self-reliance."""

    options: Sequence[Option]
    levels: Sequence[float]
    ways: Sequence[Sequence[Way]]
    reliance_ways: Sequence[Way] = ()
    calls: int = 0
    aims: Sequence[LevelAim] = field(init=False)

    def __post_init__(self) -> None:
        self.aims = [LevelAim(CUT, level, (0.0,)) for level in self.levels]

    def judge(self, built: frozenset[int], aims: Sequence[int] | None = None) -> Judged:
        self.calls += 1
        met, reached = [], []
        for number, ways in enumerate(self.ways):
            asked = aims is None or number in aims
            level = reached_by(ways, built)
            met.append(not asked or level >= self.levels[number] - TOLERANCE)
            reached.append(level if asked else 0.0)
        return Judged(tuple(met), tuple(reached))

    def reliance(self, built: frozenset[int]) -> float:
        self.calls += 1
        return reached_by(self.reliance_ways, built)

    def signs(self, aim: int) -> Sequence[Sign]:
        return self._signs(self.ways[aim])

    def reliance_signs(self) -> Sequence[Sign]:
        return self._signs(self.reliance_ways)

    def _signs(self, ways: Sequence[Way]) -> list[Sign]:
        helps = {one for each in ways for one in each.all_of}
        harms = {one for each in ways for one in each.none_of}
        return [0 if one in helps & harms else -1 if one in harms else 1 for one in range(len(self.options))]

    def in_parts(self) -> FormulaJudgeInParts:
        """The same judge, which also says that each way is a part."""
        return FormulaJudgeInParts(self.options, self.levels, self.ways, self.reliance_ways)

    def goal(self, limits: Limits, **others: object) -> Goal:
        return Goal(tuple(self.aims), limits, **others)  # type: ignore[arg-type]


class FormulaJudgeInParts(FormulaJudge):
    """Each aim is the mean of parts, one for each way: at full level if it holds, else at a tenth for each option it has.

    Of two moments, the second counts every other part for nine tenths.
    """

    def judge(self, built: frozenset[int], aims: Sequence[int] | None = None) -> Judged:
        self.calls += 1
        reached = [self._mean(built, aim) for aim in range(len(self.ways))]
        return Judged(
            tuple(
                (aims is not None and aim not in aims) or reached[aim] >= self.levels[aim] - TOLERANCE
                for aim in range(len(reached))
            ),
            tuple(reached),
        )

    def reliance(self, built: frozenset[int]) -> float:
        self.calls += 1
        return self._mean(built, None)

    def part_weights(self, aim: int | None) -> Sequence[float]:
        ways = self.reliance_ways if aim is None else self.ways[aim]
        whole = math.fsum(one.weight for one in ways) or 1.0
        return [one.weight / whole for one in ways]

    def worst_moment(self, built: frozenset[int], aim: int | None) -> int:
        return min((0, 1), key=lambda moment: self._at(built, aim, moment))

    def part_levels(self, built: frozenset[int], aim: int | None, moment: object) -> Sequence[float]:
        self.calls += 1
        ways = self.reliance_ways if aim is None else self.ways[aim]
        return [
            (1.0 if one.holds(built) else 0.1 * len(one.all_of & built) / (1 + len(one.none_of & built)))
            * (1.0 if moment == 0 or number % 2 else 0.9)
            for number, one in enumerate(ways)
        ]

    def _at(self, built: frozenset[int], aim: int | None, moment: int) -> float:
        return math.fsum(w * y for w, y in zip(self.part_weights(aim), self.part_levels(built, aim, moment), strict=True))

    def _mean(self, built: frozenset[int], aim: int | None) -> float:
        return min(self._at(built, aim, moment) for moment in (0, 1))


def reached_by(ways: Sequence[Way], built: frozenset[int]) -> float:
    return min(1.0, math.fsum(each.weight for each in ways if each.holds(built)))


def free_of_conflict(
    options: Sequence[Option], starts: Mapping[int, float], limits: Limits, committed: Sequence[Committed] = ()
) -> list[str]:
    """What is wrong with the days, money, people and conditions of a plan, said independently of any solver."""
    wrong = []
    last = plan_days(limits)
    ready = {one.option: one.ready for one in committed}
    ready |= {one: start + options[one].lead for one, start in starts.items() if one not in ready}
    number_of = {option.id: number for number, option in enumerate(options)}
    mine = {one: start for one, start in starts.items() if one not in {step.option for step in committed}}
    for one, start in mine.items():
        option = options[one]
        if option.lacking:
            wrong.append(f"{option.id} cannot be judged")
        if start < 0 or (option.earliest and start < day_of(option.earliest, limits)):
            wrong.append(f"{option.id} starts too soon")
        if ready[one] > last + TOLERANCE:
            wrong.append(f"{option.id} is ready too late")
        if limits.lead is not None and option.lead > limits.lead:
            wrong.append(f"{option.id} takes too long")
        wrong += [
            f"{option.id} starts before {before}"
            for before in option.requires
            if number_of.get(before, -1) not in ready or ready[number_of[before]] > start + TOLERANCE
        ]
        if any(number_of.get(other) in starts for other in option.excludes):
            wrong.append(f"{option.id} has beside it what it excludes")
    once = building_costs(options, {**starts, **{step.option: step.start for step in committed}})
    spent = math.fsum(once[one] + running_cost(options[one], limits) for one in mine) + math.fsum(
        step.cost for step in committed
    )
    if limits.budget is not None and spent > limits.budget * (1 + TOLERANCE) + TOLERANCE:
        wrong.append(f"it costs {spent}")
    if limits.budget_years:
        paid = list(payments(options, [(one, start, ready[one], once[one]) for one, start in mine.items()], limits))
        for step in committed:
            paid[min(len(paid) - 1, max(0, int(step.start // 365)))] += step.cost
        for year, money in enumerate(paid):
            budget = limits.budget_years[min(year, len(limits.budget_years) - 1)]
            if money > budget * (1 + TOLERANCE) + TOLERANCE:
                wrong.append(f"year {year} costs {money}")
    if limits.people is not None:
        work = [(start, ready[one], options[one].people) for one, start in starts.items()]
        for day, _, _ in work:
            if sum(people for begin, end, people in work if begin <= day < end) > limits.people + TOLERANCE:
                wrong.append(f"too many people on day {day}")
    return wrong


def cost_of(
    options: Sequence[Option], starts: Mapping[int, float], limits: Limits, committed: Sequence[Committed] = ()
) -> float:
    once = building_costs(options, {**starts, **{step.option: step.start for step in committed}})
    fixed = {step.option for step in committed}
    mine = [step_cost(options[one], once[one], start, limits) for one, start in starts.items() if one not in fixed]
    return math.fsum([*mine, *(step.cost for step in committed)])


def every_plan(options: Sequence[Option], limits: Limits, days: Sequence[int], terms: Terms) -> Iterator[dict[int, float]]:
    """All start days of all subsets, on a grid of days, that are free of conflict."""
    for chosen in every_subset(len(options)):
        if not terms.forced <= chosen or terms.forbidden & chosen:
            continue
        for starts in itertools.product(days, repeat=len(chosen)):
            plan = {one: float(day) for one, day in zip(sorted(chosen), starts, strict=True)}
            if not free_of_conflict(options, plan, limits):
                yield plan


def every_subset(count: int) -> Iterator[frozenset[int]]:
    for size in range(count + 1):
        for chosen in itertools.combinations(range(count), size):
            yield frozenset(chosen)


def counted(options: Sequence[Option], starts: Mapping[int, float], future: Future, last: float) -> frozenset[int]:
    """What counts of a plan in a future, step by step."""
    number_of = {option.id: number for number, option in enumerate(options)}
    ready: dict[int, float] = {}
    for _ in starts:
        for one, start in starts.items():
            before = [number_of[id_] for id_ in options[one].requires]
            if one not in ready and one not in future.failed and all(other in ready for other in before):
                ready[one] = max([start, *(ready[other] for other in before)]) + options[one].lead + future.late.get(one, 0.0)
    return frozenset(one for one, day in ready.items() if day <= last + TOLERANCE)
