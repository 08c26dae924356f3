"""What a loss does to one target, in levels. Owns the oracle that defines a cut set, and the end of the time line.

The target is an item or the mission; it *falls* if its level is under the floor on the day asked once every supply lost
has availability 0 from day 0 for ever. "In the end" is a day after the last thing that can happen: every recovery lies
before it, and so does the last day on which a cover can be used up, since a shortfall that counts is at least 1e-9.
Only what the target rests on is built, so that a question on one item of a large stack costs what its cone costs.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from freehold.measure.case import LOW, Case, Kernel, Side
from freehold.measure.mission import Mission
from freehold.network.acceleration import has_compiler
from freehold.network.arrays import AVAILABILITY, CAPACITY, TOLERANCE, Floats, Integers, Scenario
from freehold.network.solve import solve, trace
from freehold.stack.values import UNKNOWN, Stack

__all__ = ["LevelView", "Losses", "kernel_of", "last_day"]

_LARGE: Final = 5_000
"""Sources and needs from which the compiled kernel is worth loading; fewer than elsewhere, since so many losses are run."""


def kernel_of(stack: Stack, kernel: Kernel, large: int = _LARGE) -> Kernel:
    """The kernel for running many losses of a stack: what was asked for, and by itself the compiled one where it pays.

    Parameters
    ----------
    stack, kernel
        What is run, and what was asked for.
    large
        Sources and needs above which it pays.
    """
    is_large = len(stack.sources) + len(stack.needs) > large
    return "compiled" if kernel == "auto" and is_large and has_compiler() else kernel


def last_day(case: Case, side: Side) -> float:
    """A day after which nothing happens any more, whatever was lost on day 0."""
    net = case.built(side).network
    recover = [case.recover(number, side) for number in range(len(case.supplies))]
    cover = np.asarray(net.need_cover, np.float64)
    finite = cover[np.isfinite(cover) & (cover > TOLERANCE)]
    ramped = max((day for day in recover if math.isfinite(day)), default=0.0)
    return 1.0 + ramped + (len(finite) * float(finite.max()) / TOLERANCE if len(finite) else 0.0)


class Losses:
    """Makes the scenarios of one side in which supplies are lost on day 0 for ever.

    Parameters
    ----------
    case, side
        The stack, and with which of its unknown numbers.
    """

    def __init__(self, case: Case, side: Side) -> None:
        built = case.built(side)
        self._place = built.source_place
        self._compiled = built.compiled
        ramps = [
            (max(case.recover(number, side), 0.0), number)
            for number, supply in enumerate(case.supplies)
            if supply.filled.capacity[side] != supply.filled.share[side] and math.isfinite(case.recover(number, side))
        ]
        ramps.sort()
        numbers = [number for _, number in ramps]
        self._days = np.array([day for day, _ in ramps])
        self._ramped: Integers = self._place[np.array(numbers, np.int64)]
        self._capacity = np.array([case.supplies[number].filled.capacity[side] for number in numbers], np.float64)

    def scenario(self, supplies: Iterable[int]) -> Scenario:
        """These supplies are lost; what can ramp up does, once it has recovered."""
        lost = self._place[np.array(sorted(set(supplies)), np.int64)]
        kinds = (AVAILABILITY, len(lost)), (CAPACITY, len(self._days))
        columns = (
            np.concatenate([np.zeros(len(lost)), self._days]),
            np.concatenate([np.full(count, kind, np.int64) for kind, count in kinds]),
            np.concatenate([lost, self._ramped]),
            np.concatenate([np.zeros(len(lost)), self._capacity]),
        )
        return Scenario(*columns) if self._compiled else Scenario(*(column.tolist() for column in columns))


class LevelView:
    """One target on the low side: its cone, and what a loss does to it.

    Parameters
    ----------
    case
        The stack.
    mission
        What is asked about: the mission, or one item at weight 1.
    floor
        Under which the target has fallen.
    day
        The day of the question; ``None``: in the end.
    """

    def __init__(self, case: Case, mission: Mission, floor: float, day: float | None) -> None:
        self.cone = case.cone([*mission.weights, *mission.doubtful], voids=False)
        self._rank = {number: rank for rank, number in enumerate(self.cone)}
        self._case, kept = _cut_out(case, self.cone, [*mission.weights, *mission.doubtful])
        self._losses = Losses(self._case, LOW)
        self._floor = floor
        self.day = last_day(self._case, LOW) if day is None else day
        self._weights = np.zeros(len(self._case.stack.items))
        self._weights[[kept[number] for number in mission.weights]] = list(mission.weights.values())
        self._doubtful = np.array([kept[number] for number in mission.doubtful], np.int64)
        self._weighs = bool(mission.weights)
        self._wanted = [kept[number] for number in (*mission.weights, *mission.doubtful)]

    @property
    def case(self) -> Case:
        """The case of what the target rests on; its supplies are the cone's, in the same order."""
        return self._case

    @property
    def target(self) -> Mission:
        """What is asked about, in the numbers of :attr:`case`."""
        weights = {number: float(self._weights[number]) for number in np.flatnonzero(self._weights).tolist()}
        return Mission(weights, tuple(self._doubtful.tolist()), "the target", stated=True)

    def inside(self, supplies: Iterable[int]) -> tuple[int, ...]:
        """Those supplies that the target rests on."""
        return tuple(number for number in supplies if number in self._rank)

    def ranks(self, supplies: Iterable[int]) -> list[int]:
        """Numbers in :attr:`case` of those supplies that the target rests on."""
        return [self._rank[number] for number in supplies if number in self._rank]

    def level(self, supplies: Collection[int]) -> float:
        """Level of the target on the day when these supplies of its cone are lost."""
        return self._level(self._run(supplies))

    def falls(self, supplies: Collection[int]) -> bool:
        """Whether the target is under the floor on the day when these supplies of its cone are lost."""
        return self.level(supplies) < self._floor - TOLERANCE

    def _level(self, levels: Floats) -> float:
        """Level of the target: where mission weights are unknown, the least that it may be."""
        parts = [float(self._weights @ levels)] if self._weighs else []
        parts += [float(levels[self._doubtful].min())] if len(self._doubtful) else []
        return min(parts, default=0.0)

    def _run(self, supplies: Collection[int]) -> Floats:
        scenarios = [self._losses.scenario(self._rank[number] for number in supplies)]
        built = self._case.built(LOW)
        levels: Floats = solve(built, scenarios, [self.day], self._floor, self._case.running(LOW)).levels[0, 0]
        return levels

    def holders(self, supplies: Collection[int]) -> frozenset[int] | None:
        """Supplies that may well hold the target up by themselves when these of its cone are lost.

        From the target down, as many supplies of each item as give its level, those that need least first; a guess, since
        covers, circles and what is not essential are left out of account. ``None`` if nothing of the target is up.
        """
        case, levels = self._case, self._run(supplies)
        lost = {self._rank[number] for number in supplies}
        open_ = [item for item in self._wanted if levels[item] > TOLERANCE]
        seen, found = set(open_), set()
        while open_:
            item = open_.pop()
            given = 0.0
            for number in sorted(case.supplies_of[item], key=lambda one: (len(case.needs_of[one]), one)):
                if given >= levels[item] - TOLERANCE:
                    break
                part = self._part(number, levels) if number not in lost else 0.0
                if part <= TOLERANCE:
                    continue
                given += part
                found.add(number)
                for need in case.needs_of[number]:
                    needed = case.item_number[need.item]
                    if needed not in seen and need.survive != math.inf:
                        seen.add(needed)
                        open_.append(needed)
        return frozenset(self.cone[number] for number in found) or None

    def _part(self, number: int, levels: Floats) -> float:
        """About how much a supply gives: what it weighs on the day, times the worst met of its essential needs."""
        filled, case = self._case.supplies[number].filled, self._case
        weight = filled.capacity[LOW] if case.recover(number, LOW) <= self.day else filled.share[LOW]
        needs = [need for need in case.needs_of[number] if need.survive != math.inf and need.weight in (None, 1.0)]
        return weight * min((float(levels[case.item_number[need.item]]) for need in needs), default=1.0)

    def first_stop(self, supplies: Collection[int], until: float | None = None) -> float | None:
        """First day on which the target is under the floor when these supplies of its cone are lost.

        Parameters
        ----------
        supplies
            What is lost.
        until
            Last day to look at; by default that of the question.
        """
        scenario = self._losses.scenario(self._rank[number] for number in supplies)
        built = self._case.built(LOW)
        level = np.asarray(self._case.running(LOW).level, np.float64)[built.item_place]
        for change in trace(built, scenario, self.day if until is None else until, self._case.running(LOW)):
            for number, _, after in change.moved:
                level[number] = after
            if self._level(level) < self._floor - TOLERANCE:
                return change.day
        return None


def _cut_out(case: Case, cone: Sequence[int], wanted: Iterable[int]) -> tuple[Case, dict[int, int]]:
    """The case of what some supplies are and rest on, and the number in it of each item that is left."""
    stack = case.stack
    needed = {
        case.item_number[need.item]
        for number in cone
        for need in case.needs_of[number]
        if need.survive is UNKNOWN or need.survive != math.inf
    }
    items = sorted({case.supplies[number].item for number in cone} | needed | set(wanted))
    kept = {number: place for place, number in enumerate(items)}
    if len(kept) == len(stack.items):
        return case, kept
    ids = {stack.items[number].id for number in items}
    sources = tuple(source for source in stack.sources if source.item in ids)
    providing = {source.id for source in sources}
    # a need that leads out of the cone is kept up for ever, so it is always met
    needs = tuple(need for need in stack.needs if need.source in providing and need.item in ids)
    tables = {"items": tuple(stack.items[number] for number in items), "sources": sources, "needs": needs, "claims": ()}
    return Case(replace(stack, **tables), kernel=case.kernel), kept  # type: ignore[arg-type]
