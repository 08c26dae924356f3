"""What stops, and when, under a cut-off. Owns the answer to ``freehold cutoff``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from freehold.errors import BadCutoff, UsageError
from freehold.measure.case import HIGH, LOW, Case, Kernel
from freehold.measure.mission import Interval, mission_of
from freehold.network.solve import Answer, solve
from freehold.stack.countries import is_region, known_regions
from freehold.stack.cutoff import Cutoff
from freehold.stack.values import Stack

__all__ = [
    "DAYS", "FLOOR", "CutoffAnswer", "ItemLevels", "answer_of", "both_sides", "check_cutoff", "check_days", "cutoff", "cutoffs",
]  # fmt: skip

DAYS: Final = (0.0, 7.0, 30.0, 90.0, 365.0, 1095.0)
FLOOR: Final = 0.5


@dataclass(frozen=True, slots=True)
class ItemLevels:
    """One item's levels, and the first day under the floor on the exact time line (``None``: not up to the last day).

    Parameters
    ----------
    low, high
        Level on each day asked, unknowns at their worst and at their best.
    stops_low, stops_high
        Days.
    """

    id: str
    kind: str | None
    low: tuple[float, ...]
    high: tuple[float, ...]
    stops_low: float | None
    stops_high: float | None


@dataclass(frozen=True)
class CutoffAnswer:
    """Levels of everything under one cut-off.

    Parameters
    ----------
    cutoff
        The rules as understood.
    days
        Days asked, ascending.
    floor
        Level under which an item has stopped.
    mission
        Mission-weighted mean level on each day.
    mission_rule
        Where the weights come from.
    items
        Every item of the stack, in its order.
    """

    cutoff: Cutoff
    days: tuple[float, ...]
    floor: float
    mission: Interval
    mission_rule: str
    items: tuple[ItemLevels, ...]

    def item(self, id_: str) -> ItemLevels:
        """Levels of one item.

        Raises
        ------
        KeyError
            If there is none of this id.
        """
        return next(item for item in self.items if item.id == id_)


def check_days(days: Iterable[float]) -> tuple[float, ...]:
    """Days in order, each once.

    Raises
    ------
    freehold.errors.UsageError
        If there are none, or one is negative or endless.
    """
    ordered = tuple(sorted({float(day) for day in days}))
    if not ordered or not all(0 <= day < math.inf for day in ordered):
        raise UsageError("days are numbers from 0 up, such as 0,7,30,90.")
    return ordered


def check_cutoff(stack: Stack, cut: Cutoff) -> None:
    """See that the ids and countries of a cut-off exist.

    Raises
    ------
    freehold.errors.BadCutoff
        If a rule names what is not there.
    """
    from freehold.stack.cells import nearest

    for rule in cut.rules:
        if rule.country is not None and not is_region(rule.country):
            raise BadCutoff(f"'{rule.country}' is no country or group. {known_regions()}.")
        if rule.item is not None and rule.item not in stack.item_by_id:
            near = nearest(rule.item, stack.item_by_id)
            mend = f"Did you mean '{near[0]}'?" if near else "`freehold show` lists the items."
            raise BadCutoff(f"no item is called '{rule.item}'. {mend}")
        if rule.source is not None and rule.source not in stack.source_by_id:
            near = nearest(rule.source, stack.source_by_id)
            mend = f"Did you mean '{near[0]}'?" if near else "`freehold show STACK ITEM` lists the sources of an item."
            raise BadCutoff(f"no source is called '{rule.source}'. {mend}")
        if rule.foreign and stack.home is None:
            raise BadCutoff("'foreign' has no meaning without a home. Give --home CC, or home in [stack].")


def cutoff(
    stack: Stack,
    cut: Cutoff,
    days: Iterable[float] = DAYS,
    floor: float = FLOOR,
    *,
    strict: bool = False,
    kernel: Kernel = "auto",
) -> CutoffAnswer:
    """Run one cut-off.

    Parameters
    ----------
    stack
        The stack.
    cut
        What is cut, and when.
    days
        Days to report; the last is the horizon of the exact time line.
    floor
        Level under which an item has stopped.
    strict
        Whether assumed owners and locations count as unknown.
    kernel
        ``auto``, ``plain`` or ``compiled``.

    Raises
    ------
    freehold.errors.BadCutoff
        If it names what is not there.
    freehold.errors.UsageError
        If the days or the floor make no sense.
    """
    return cutoffs(stack, [cut], days, floor, strict=strict, kernel=kernel)[0]


def cutoffs(
    stack: Stack,
    cuts: Sequence[Cutoff],
    days: Iterable[float] = DAYS,
    floor: float = FLOOR,
    *,
    strict: bool = False,
    kernel: Kernel = "auto",
) -> tuple[CutoffAnswer, ...]:
    """Run several cut-offs from the same start; see :func:`cutoff`."""
    days = check_days(days)
    if not 0 < floor <= 1:
        raise UsageError(f"a floor of {floor} is not in (0, 1].")
    cases: dict[float, Case] = {}
    answers = []
    for cut in cuts:
        check_cutoff(stack, cut)
        if cut.stake not in cases:
            cases[cut.stake] = Case(stack, strict=strict, stake=cut.stake, kernel=kernel)
        answers.append(answer_of(cases[cut.stake], cut, days, floor))
    return tuple(answers)


def both_sides(case: Case, cut: Cutoff, days: tuple[float, ...], floor: float) -> tuple[Answer, Answer]:
    """Run one cut-off on both sides, low and high; items are numbered as in the stack."""
    low = solve(case.built(LOW), [case.scenario(cut, LOW)], days, floor, case.running(LOW))
    # where nothing that counts is unknown, both sides are one run
    known = case.is_numeric_known and case.is_recovery_known
    known = known and not any(None in case.matching(rule).values() for rule in cut.rules)
    return low, low if known else solve(case.built(HIGH), [case.scenario(cut, HIGH)], days, floor, case.running(HIGH))


def answer_of(case: Case, cut: Cutoff, days: tuple[float, ...], floor: float) -> CutoffAnswer:
    """Run one cut-off on a case that is already built; see :func:`cutoff`."""
    low, high = both_sides(case, cut, days, floor)
    mission = mission_of(case.stack)

    # a run whose two sides are one is read once
    sides = (_rows(low),) * 2 if high is low else (_rows(low), _rows(high))
    items = tuple(
        ItemLevels(item.id, item.kind if isinstance(item.kind, str) else None, worst, best, worst_stop, best_stop)
        for item, (worst, worst_stop), (best, best_stop) in zip(case.stack.items, *sides, strict=True)
    )
    mean = mission.mean(low.levels[0], high.levels[0])
    return CutoffAnswer(cut, days, floor, mean, mission.rule, items)


def _rows(answer: Answer) -> list[tuple[tuple[float, ...], float | None]]:
    """Levels of each item on each day, and the day on which it stops."""
    levels = zip(*answer.levels[0].round(12).tolist(), strict=True)
    stops = [None if math.isinf(day) else day for day in answer.stops[0].tolist()]
    return list(zip(levels, stops, strict=True))
