"""Why a set of losses is fatal: which item stops, when, and the place where the effects of its members join.

Owns the way from a minimal cut set to the few facts of its one sentence, unknowns at their worst. An item *rests on all* of
a set's members if it stops without them and runs without any one less; such an item is told where there is one. From it the
way leads down, through what every source of it that counts is short of, as far as that still rests on all members: there the
effects join. Where no item rests on all of them, several items do between them, and it is the mission that falls.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from freehold.measure.case import HIGH, LOW, Case
from freehold.measure.chokepoint_values import Member
from freehold.measure.history import History
from freehold.measure.level_view import Losses, last_day
from freehold.measure.mission import Mission
from freehold.network.arrays import TOLERANCE, Floats
from freehold.network.solve import solve
from freehold.stack.values import Need

__all__ = ["CutReason", "CutReasons", "How", "Stopped"]

How: TypeAlias = Literal["no_source", "too_little", "needs", "several"]
"""How the effects join: no source of an item is left; too little of it; it is short of several needs at once; nowhere but in
the mission."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """An item under the floor.

    Parameters
    ----------
    item
        Its id.
    day
        From when on it stays so, up to the day of the question.
    first_day
        When it was so first; earlier where something takes over for a time.
    """

    item: str
    day: float
    first_day: float


@dataclass(frozen=True, slots=True)
class CutReason:
    """Why a set is fatal.

    Parameters
    ----------
    stops
        What is asked about and stops first; several where no single item rests on all members.
    how
        How the effects of the members join.
    where
        The item in which they do; ``None``: in the mission.
    needs
        What that item is short of, the heaviest first, where it is several needs at once.
    is_sure
        Whether it is so whatever the unknown facts are.
    """

    stops: tuple[Stopped, ...]
    how: How
    where: str | None
    needs: tuple[str, ...]
    is_sure: bool


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
        self._case, self._floor = case, floor
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
            ``None`` where nothing that is asked about is under the floor, so that it is no cut set.
        """
        lost = [number for member in members for number in member.supplies]
        history = History(self._case, self._losses.scenario(lost), LOW, self._day)
        after = {item: history.level(item, self._day) for item in self._asked}
        down = [item for item, level in after.items() if level < self._limit]
        fallen = [item for item in down if history.before[item] >= self._limit] or down
        if not fallen:
            return None
        without = self._without(members)
        # what rests on all members has another level as soon as any one of them is not lost
        least = without.min(axis=0)
        resting = [item for item in fallen if least[item] >= self._limit]
        order = {item: (self._stopped(history, item).day, -self._asked[item], self._id(item)) for item in fallen}
        if resting:
            item = min(resting, key=order.__getitem__)
            how, where, needs = self._join(history, item, set(lost), least)
            return CutReason((self._stopped(history, item),), how, self._id(where), needs, self._is_sure(lost, [item]))
        chosen = self._between_them(sorted(fallen, key=order.__getitem__), without)
        stops = tuple(self._stopped(history, item) for item in chosen)
        return CutReason(stops, "several", None, (), self._is_sure(lost, chosen))

    @property
    def _limit(self) -> float:
        return self._floor - TOLERANCE

    def _without(self, members: Sequence[Member]) -> Floats:
        """(members, items) Levels on the day of the question with each member left out in turn."""
        scenarios = [
            self._losses.scenario(number for other in members if other is not member for number in other.supplies)
            for member in members
        ]
        built = self._case.built(LOW)
        levels: Floats = solve(built, scenarios, [self._day], self._floor, self._case.running(LOW)).levels[:, 0, :]
        return levels

    def _stopped(self, history: History, item: int) -> Stopped:
        first = last = math.inf
        for day, level in history.changes(item):
            under = level < self._limit
            first = min(first, max(0.0, day)) if under else first
            last = math.inf if not under else min(last, max(0.0, day))
        return Stopped(self._id(item), last, first)

    def _between_them(self, fallen: Sequence[int], without: Floats) -> tuple[int, ...]:
        """The first items that between them need every member; at least the first of all."""
        chosen: list[int] = []
        open_ = set(range(len(without)))
        for item in fallen:
            needed = {member for member in open_ if without[member, item] >= self._limit}
            if needed:
                chosen.append(item)
                open_ -= needed
        return tuple(chosen) or (fallen[0],)

    def _is_sure(self, lost: Sequence[int], items: Sequence[int]) -> bool:
        if self._best is None:
            return True
        built, scenario = self._case.built(HIGH), self._best.scenario(lost)
        levels = solve(built, [scenario], [self._best_day], self._floor, self._case.running(HIGH)).levels[0, 0]
        return all(levels[item] < self._limit for item in items)

    # The way down

    def _join(
        self, history: History, item: int, lost: set[int], least: Floats
    ) -> tuple[How, int, tuple[str, ...]]:  # fmt: skip
        seen = {item}
        while True:
            supplies = [number for number in self._case.supplies_of[item] if self._weight(number) > TOLERANCE]
            if lost.isdisjoint(supplies):
                below = self._below(history, supplies, least, seen)
                if below is not None:
                    seen.add(below)
                    item = below
                    continue
            return self._how(history, item, [number for number in supplies if number not in lost])

    def _below(self, history: History, supplies: Sequence[int], least: Floats, seen: set[int]) -> int | None:
        """An item that every source which counts is short of and that itself rests on all members."""
        common: dict[int, float] = {}
        for place, supply in enumerate(supplies):
            short = {}
            for need in self._short_of(history, supply):
                below = self._case.item_number[need.item]
                if below not in seen and history.level(below, self._day) < least[below] - TOLERANCE:
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
            key=lambda one: (history.level(one, self._day), self._id(one)),
        )

    def _how(self, history: History, item: int, left: Sequence[int]) -> tuple[How, int, tuple[str, ...]]:
        short = {
            need.item: _weight_of(need)
            for supply in left
            for need in self._short_of(history, supply)
            if history.level(self._case.item_number[need.item], self._day)
            < history.before[self._case.item_number[need.item]] - TOLERANCE
        }
        level = history.level(item, self._day)
        if len(left) == 1 and len(self._case.supplies_of[item]) == 1 and len(short) > 1:
            return "needs", item, tuple(sorted(short, key=lambda one: (-short[one], one)))
        return ("no_source" if level <= TOLERANCE else "too_little"), item, ()

    def _short_of(self, history: History, supply: int) -> list[Need]:
        """Needs that a source is short of on the day of the question."""
        return [
            need
            for need in self._case.needs_of[supply]
            if history.met_raw(need, self._day) < 1 - TOLERANCE and history.spent_on(need) <= self._day + TOLERANCE
        ]

    def _weight(self, supply: int) -> float:
        """What a source counts for on the day of the question, were it not lost."""
        filled = self._case.supplies[supply].filled
        ramped = self._case.recover(supply, LOW) <= self._day + TOLERANCE
        return (filled.capacity if ramped else filled.share)[LOW]

    def _id(self, item: int) -> str:
        return self._case.stack.items[item].id


def _weight_of(need: Need) -> float:
    return 1.0 if need.weight is None else float(need.weight)
