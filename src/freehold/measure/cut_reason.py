"""Why a set of losses is fatal: which item stops, when, and the place where the effects of its members join.

Owns the way from a minimal cut set to the few facts of its one sentence, unknowns at their worst. An item *rests on all* of
a set's members if it stops without them and runs without any one less; such an item is told where there is one. From it the
way leads down, through what every source of it that counts is short of, as far as that still rests on all members: there the
effects join. Where no item rests on all of them, several items do between them, and it is the mission that falls.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import numpy as np

from freehold.measure.case import HIGH, LOW, Case, Kernel
from freehold.measure.chokepoint_values import ChokepointsAnswer, CutSet, Member
from freehold.measure.cutoff import FLOOR
from freehold.measure.history import History
from freehold.measure.level_view import LevelView, Losses, kernel_of, last_day
from freehold.measure.members import is_choice
from freehold.measure.mission import Mission, mission_of
from freehold.network.arrays import TOLERANCE, Floats
from freehold.network.solve import solve
from freehold.stack.cutoff import DEFAULT_STAKE
from freehold.stack.values import Need, Stack

__all__ = ["CutReason", "CutReasons", "Fallen", "How", "reasons_of"]

How: TypeAlias = Literal["no_source", "too_little", "needs", "several"]
"""How the effects join: no source of an item is left; too little of it; it is short of several needs at once; nowhere but in
the mission."""

_FEW: Final = 20
"""Sets up to which compiling the kernel of levels takes longer than their reasons, where everything works or does not."""


@dataclass(frozen=True, slots=True)
class Fallen:
    """Something that is asked about, and what became of it.

    Parameters
    ----------
    item
        Its id.
    level
        On the day of the question.
    day
        From when on it has been under the floor for good; ``None``: it is not.
    first_day
        When it was so first; earlier than ``day`` where something takes over for a time.
    """

    item: str
    level: float
    day: float | None
    first_day: float | None


@dataclass(frozen=True, slots=True)
class CutReason:
    """Why a set is fatal.

    Parameters
    ----------
    day
        From when on the target, or the mission as a whole, is under the floor for good.
    falls
        What is asked about and falls: the one item that rests on all members, where there is one; else all that does, the
        heaviest loss first.
    how
        How the effects of the members join.
    where
        The item in which they do; ``None``: in the mission.
    needs
        What that item is short of, the heaviest first, where it is several needs at once.
    is_sure
        Whether it is so whatever the unknown facts are.
    is_choice
        Whether the item in which they join only stands for a choice between others.
    floor
        Level under which what is asked about has stopped.
    """

    day: float
    falls: tuple[Fallen, ...]
    how: How
    where: str | None
    needs: tuple[str, ...]
    is_sure: bool
    is_choice: bool = False
    floor: float = FLOOR


class CutReasons:
    """Explains the cut sets of one question.

    Parameters
    ----------
    case
        The stack.
    mission
        What is asked about: the mission, or one item at weight 1.
    floor
        Under which it has stopped.
    day
        The day of the question; ``None``: in the end.
    """

    def __init__(self, case: Case, mission: Mission, floor: float, day: float | None) -> None:
        self._case, self._mission, self._floor = case, mission, floor
        self._asked = {**dict.fromkeys(mission.doubtful, 0.0), **mission.weights}
        self._day = last_day(case, LOW) if day is None else day
        self._best_day = last_day(case, HIGH) if day is None else day
        self._losses = Losses(case, LOW)
        self._best = None if case.is_numeric_known and case.is_recovery_known else Losses(case, HIGH)

    def reason(self, members: Sequence[Member]) -> CutReason | None:
        """Say why a set is fatal.

        Parameters
        ----------
        members
            A minimal cut set.

        Returns
        -------
        CutReason or None
            ``None`` where the target is not under the floor, so that it is no cut set.
        """
        lost = [number for member in members for number in member.supplies]
        history = History(self._case, self._losses.scenario(lost), LOW, self._day)
        day = self._day_of_the_fall(history)
        if day is None:
            return None
        without = self._without(members, self._day)
        # what rests on all members has another level as soon as any one of them is not lost
        least = without.min(axis=0)
        down = [item for item in self._asked if history.level(item, self._day) < self._limit <= least[item]]
        fallen = {item: self._fallen(history, item) for item in down}
        # what falls later than the whole does not say why the whole does
        since = {item: one.day for item, one in fallen.items() if one.day is not None and one.day <= day + TOLERANCE}
        if since:
            item = min(since, key=lambda one: (since[one], -self._asked[one], self._id(one)))
            fall = fallen[item].day
            assert fall is not None
            # what falls short on that day says why; the day of the question, only where members play their part later
            at, then = fall, self._without(members, fall).min(axis=0)
            if not history.level(item, at) < self._limit <= then[item]:
                at, then = self._day, least
            how, where, needs = self._join(history, item, set(lost), then, at)
            sure, choice = self._is_sure(lost, item), is_choice(self._case.stack.items[where])
            return CutReason(day, (fallen[item],), how, self._id(where), needs, sure, choice, self._floor)
        losses = {item: history.before[item] - history.level(item, self._day) for item in self._asked}
        order = sorted(
            (item for item, loss in losses.items() if loss > TOLERANCE),
            key=lambda item: (-round(self._asked[item] * losses[item], 9), self._id(item)),
        )
        falls = tuple(self._fallen(history, item) for item in order)
        return CutReason(day, falls, "several", None, (), self._is_sure(lost, None), floor=self._floor)

    @property
    def _limit(self) -> float:
        return self._floor - TOLERANCE

    def _without(self, members: Sequence[Member], day: float) -> Floats:
        """(members, items) Levels on a day with each member left out in turn."""
        scenarios = [
            self._losses.scenario(number for other in members if other is not member for number in other.supplies)
            for member in members
        ]
        built = self._case.built(LOW)
        levels: Floats = solve(built, scenarios, [day], self._floor, self._case.running(LOW)).levels[:, 0, :]
        return levels

    def _day_of_the_fall(self, history: History) -> float | None:
        """From when on the target is under the floor for good; ``None`` if it is not on the day of the question."""
        days = sorted({max(0.0, day) for item in self._asked for day, _ in history.changes(item)})
        since: float | None = None
        for day in days:
            levels = np.zeros((1, len(history.before)))
            for item in self._asked:
                levels[0, item] = history.level(item, day)
            under = self._mission.mean(levels, levels).low[0] < self._limit
            since = None if not under else day if since is None else since
        return since

    def _fallen(self, history: History, item: int) -> Fallen:
        first: float | None = None
        last: float | None = None
        for day, level in history.changes(item):
            under, at = level < self._limit, max(0.0, day)
            first = at if under and first is None else first
            last = None if not under else at if last is None else last
        return Fallen(self._id(item), history.level(item, self._day), last, first)

    def _is_sure(self, lost: Sequence[int], item: int | None) -> bool:
        if self._best is None:
            return True
        built, scenario = self._case.built(HIGH), self._best.scenario(lost)
        levels = solve(built, [scenario], [self._best_day], self._floor, self._case.running(HIGH)).levels[0]
        falls = self._mission.mean(levels, levels).high[0] < self._limit
        return bool(falls and (item is None or levels[0, item] < self._limit))

    # The way down

    def _join(
        self, history: History, item: int, lost: set[int], least: Floats, day: float
    ) -> tuple[How, int, tuple[str, ...]]:  # fmt: skip
        seen = {item}
        while True:
            supplies = [number for number in self._case.supplies_of[item] if self._weight(number, day) > TOLERANCE]
            if lost.isdisjoint(supplies):
                below = self._below(history, supplies, least, seen, day)
                if below is not None:
                    seen.add(below)
                    item = below
                    continue
            return self._how(history, item, [number for number in supplies if number not in lost], day)

    def _below(
        self, history: History, supplies: Sequence[int], least: Floats, seen: set[int], day: float
    ) -> int | None:  # fmt: skip
        """An item that every source which counts is short of and that itself rests on all members."""
        common: dict[int, float] = {}
        for place, supply in enumerate(supplies):
            short: dict[int, float] = {}
            for need in self._short_of(history, supply, day):
                below = self._case.item_number[need.item]
                if below not in seen and history.level(below, day) < least[below] - TOLERANCE:
                    short[below] = max(short.get(below, 0.0), _weight_of(need))
            common = short if place == 0 else {key: min(common[key], short[key]) for key in common.keys() & short.keys()}
        if not common:
            return None
        heaviest = max(common.values())
        # a need that takes only a part does not explain a fall that takes more
        if heaviest < 1 - TOLERANCE and len(common) > 1:
            return None
        return min(
            (item for item, weight in common.items() if weight >= heaviest - TOLERANCE),
            key=lambda one: (history.level(one, day), self._id(one)),
        )

    def _how(self, history: History, item: int, left: Sequence[int], day: float) -> tuple[How, int, tuple[str, ...]]:
        short = {
            need.item: _weight_of(need)
            for supply in left
            for need in self._short_of(history, supply, day)
            if history.level(self._case.item_number[need.item], day)
            < history.before[self._case.item_number[need.item]] - TOLERANCE
        }
        level = history.level(item, day)
        if len(left) == 1 and len(self._case.supplies_of[item]) == 1 and len(short) > 1:
            return "needs", item, tuple(sorted(short, key=lambda one: (-short[one], one)))
        return ("no_source" if level <= TOLERANCE else "too_little"), item, ()

    def _short_of(self, history: History, supply: int, day: float) -> list[Need]:
        """Needs that a source is short of on a day."""
        return [
            need
            for need in self._case.needs_of[supply]
            if history.met_raw(need, day) < 1 - TOLERANCE and history.spent_on(need) <= day + TOLERANCE
        ]

    def _weight(self, supply: int, day: float) -> float:
        """What a source counts for on a day, were it not lost."""
        filled = self._case.supplies[supply].filled
        ramped = self._case.recover(supply, LOW) <= day + TOLERANCE
        return (filled.capacity if ramped else filled.share)[LOW]

    def _id(self, item: int) -> str:
        return self._case.stack.items[item].id


def _weight_of(need: Need) -> float:
    return 1.0 if need.weight is None else float(need.weight)


def reasons_of(
    stack: Stack, answer: ChokepointsAnswer, sets: Sequence[CutSet], *, strict: bool = False, stake: float = DEFAULT_STAKE,
    kernel: Kernel = "auto", seconds: float = math.inf, case: Case | None = None,
) -> tuple[CutReason | None, ...]:  # fmt: skip
    """Say of each of an answer's cut sets why it is fatal.

    Parameters
    ----------
    stack, answer
        What was asked about, and the answer.
    sets
        Cut sets of it.
    strict, stake, kernel
        As asked.
    seconds
        Time after which no further set is explained.
    case
        The stack as a case, where it is made already.

    Returns
    -------
    tuple
        ``None`` for a set that is not explained.
    """
    if not sets:
        return ()
    end = time.monotonic() + seconds
    if kernel == "auto":
        seldom = answer.why_not_boolean is None and len(sets) <= _FEW
        kernel = "plain" if seldom else kernel_of(stack, kernel)
    case = Case.shared(case, stack, strict=strict, stake=stake, kernel=kernel)
    mission = mission_of(stack)
    if answer.target is not None:
        mission = Mission({case.item_number[answer.target]: 1.0}, (), "", stated=True)
    # what the target does not rest on has no part in any reason, and need not be run
    view = LevelView(case, mission, answer.floor, answer.day)
    place = {number: place for place, number in enumerate(view.cone)}
    reasons = CutReasons(view.case, view.target, answer.floor, answer.day)

    def inside(member: Member) -> Member:
        return replace(member, supplies=tuple(place[number] for number in member.supplies if number in place), perhaps=())

    return tuple(reasons.reason([inside(member) for member in one.members]) if time.monotonic() < end else None for one in sets)
