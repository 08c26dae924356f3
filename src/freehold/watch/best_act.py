"""Which single act saves most of the mission after a loss. Owns the acts that a stack can state, and what each is worth.

Three kinds: **activate** a candidate source, which then takes its time to recover as a standby does; **hasten** a source
that ramps up, so that it counts from the first day (what it saves is the most that any haste can); **restore** a source
that was cut. Stock is no act: cover is used by itself. Each act is judged by solving anew, with all that follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from freehold.measure.case import HIGH, LOW, Side
from freehold.measure.mission_curve import MissionRun, mission_run
from freehold.network.arrays import CAPACITY, TOLERANCE, Floats, Scenario
from freehold.network.build import Built
from freehold.stack.cutoff import Cutoff
from freehold.watch.radius import Radius, Reach

__all__ = ["ACT_DAYS", "MOST_TRIED", "Act", "ActKind", "BestActs", "best_acts"]

ActKind: TypeAlias = Literal["activate", "hasten", "restore"]

ACT_DAYS: Final = (1.0, 7.0, 30.0)
"""Days on which is told what an act saves."""

MOST_TRIED: Final = 64
"""How many acts are tried at most, fewer where thousands of items fall; the rest is bounded."""

_FEWEST_TRIED: Final = 12
_WORK: Final = 40_000

_SIDES: Final[tuple[Side, Side]] = (LOW, HIGH)
_SMALLEST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Act:
    """One act, and what it saves.

    Parameters
    ----------
    kind
        What is done.
    item, source
        To which source of which item.
    ready
        Day from which it helps, (unknown facts at their worst, at their best); ``inf``: never.
    saved
        Mission saved up to the horizon, in days of the whole mission, on the (low, high) side.
    saved_on
        For each of :data:`ACT_DAYS` up to the horizon: the day, and the part of the mission saved on the (low, high) side.
    """

    kind: ActKind
    item: str
    source: str
    ready: tuple[float, float]
    saved: tuple[float, float]
    saved_on: tuple[tuple[float, float, float], ...]

    @property
    def worth(self) -> float:
        """Mean of both sides: what acts are ranked by."""
        return (self.saved[LOW] + self.saved[HIGH]) / 2


@dataclass(frozen=True, slots=True)
class BestActs:
    """The acts that save most.

    Parameters
    ----------
    acts
        The best, first; empty if nothing that the stack knows of helps.
    lost
        Mission lost up to the horizon without any act, in days of the whole mission, on the (low, high) side.
    horizon
        The last day.
    considered, tried
        How many acts concern what falls, and how many of them were solved.
    left
        No act that was not tried saves more than this; 0 if all were.
    """

    acts: tuple[Act, ...]
    lost: tuple[float, float]
    horizon: float
    considered: int
    tried: int
    left: float

    @property
    def is_exact(self) -> bool:
        """Whether no act that was not tried can be better than the last one told."""
        return self.left <= (self.acts[-1].worth if self.acts else 0.0) + _SMALLEST


class _Trial:
    """One loss, on a network in which every candidate can be activated."""

    def __init__(self, reach: Reach, cut: Cutoff) -> None:
        self.reach, self.cut, self.horizon = reach, cut, reach.days[-1]
        self.case, self.candidates = reach.activatable(cut)
        self._others: list[int] | None = None
        if self.candidates:
            self._others = [supply for supply in range(len(self.case.supplies)) if supply not in self.candidates]

    def scenario(self, side: Side, kind: ActKind | None = None, supply: int = -1) -> Scenario:
        """What happens, with one act or none."""
        if kind == "activate":
            return self.case.scenario(self.cut, side, only=[*(self._others or ()), supply])
        if kind == "restore":
            spared: dict[tuple[int, int], bool | None] = {(place, supply): False for place in range(len(self.cut.rules))}
            return self.case.scenario(self.cut, side, spared, self._others)
        plain = self.case.scenario(self.cut, side, only=self._others)
        if kind is None:
            return plain
        day = max(0.0, self.cut.known_on)
        return _also(self.case.built(side), plain, day, supply, self.case.supplies[supply].filled.capacity[side])

    def run(self, side: Side, kind: ActKind | None = None, supply: int = -1) -> MissionRun:
        """Run one side, with one act or none."""
        return mission_run(self.case, self.scenario(side, kind, supply), side, self.reach.mission, self.horizon)

    def bounds(self, lack: Floats) -> list[tuple[float, float]]:
        """The most that an act on each item can save: all that mission items lack that rest on it; and what they weigh."""
        weights, served = self.reach.mission.weights, self.reach.served
        heavy = [weights.get(number, 1.0) for number in self.reach.ranked]
        worth = [weight * max(0.0, float(lack[number])) for weight, number in zip(heavy, self.reach.ranked, strict=True)]
        lacking = sum(1 << rank for rank, one in enumerate(worth) if one > _SMALLEST)
        known: dict[int, tuple[float, float]] = {0: (0.0, 0.0)}
        found = []
        for number, short in enumerate((lack > TOLERANCE).tolist()):
            bits = served[number] & lacking if short else 0
            if bits not in known:
                ranks = list(_ranks(bits))
                known[bits] = sum(worth[rank] for rank in ranks), sum(heavy[rank] for rank in ranks)
            found.append(known[bits])
        return found

    def promise(self, lack: Floats, matched: set[int]) -> list[float]:
        """A guess at what each item holds up alone: itself, and users that lack nothing essential but it."""
        case, weights = self.case, self.reach.mission.weights
        short = (lack > TOLERANCE).tolist()
        found = [weights.get(number, 0.0) * max(0.0, float(one)) for number, one in enumerate(lack)]
        for number in self.reach.mission.doubtful:
            found[number] += max(0.0, float(lack[number]))
        alone: list[list[tuple[int, float]]] = [[] for _ in found]
        for supply, needs in enumerate(case.needs_of):
            one = case.supplies[supply]
            if not short[one.item] or supply in matched or supply in self.candidates:
                continue
            needed = [(case.item_number[need.item], 1.0 if need.weight is None else need.weight) for need in needs]
            lost = [item for item, weight in needed if short[item] and weight >= 1 - TOLERANCE]
            for item, weight in needed:
                if short[item] and (not lost or lost == [item]):
                    alone[item].append((one.item, weight * max(one.filled.share)))
        place = case.built(LOW).item_places
        for item in sorted(range(len(found)), key=lambda number: -place[number]):
            found[item] += sum(part * found[user] for user, part in alone[item] if user != item)
        return found


def _ranks(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _also(built: Built, scenario: Scenario, day: float, supply: int, capacity: float) -> Scenario:
    """The same with one more source at its capacity from a day on."""
    place = int(np.searchsorted(scenario.day, day, "right"))
    more = (day, CAPACITY, built.source_places[supply], capacity)
    columns = [np.insert(column, place, one) for column, one in zip(scenario, more, strict=True)]
    return Scenario(*(columns if built.compiled else [column.tolist() for column in columns]))


def best_acts(reach: Reach, radius: Radius, most: int = 5, tries: int | None = None) -> BestActs:
    """Find the single acts that save most of the mission after a loss.

    The most that an act can save is all that the mission's items lack that rest on the act's item, from the day on which it
    helps. An act is left out when that is no more than the worst one told saves. Those whose item is the only thing that
    some part of the mission lacks are tried first; after ``tries`` the rest is bounded.

    Parameters
    ----------
    reach, radius
        The stack, and how far the loss reaches.
    most
        How many acts to give.
    tries
        How many to solve at most; by default :data:`MOST_TRIED` or fewer.
    """
    cut = radius.place.cut
    if cut is None:
        return BestActs((), (0.0, 0.0), reach.days[-1], 0, 0, 0.0)
    if tries is None:
        tries = max(_FEWEST_TRIED, min(MOST_TRIED, _WORK // (1 + len(radius.stops) + len(radius.lowered))))
    trial = _Trial(reach, cut)
    base = [trial.run(side) for side in _SIDES]
    lost = [max(0.0, trial.horizon * reach.before[side] - base[side].curve.area(trial.horizon)) for side in _SIDES]
    possible = _possible(trial, base)
    found: list[Act] = []
    tried, left = 0, 0.0
    for one in possible:
        worst = found[most - 1].worth if len(found) >= most else _SMALLEST
        if one.bound <= worst:
            continue
        if tried >= tries:
            left = max(left, one.bound)
            continue
        tried += 1
        act = _judged(trial, one.kind, one.supply, base)
        if act.worth > _SMALLEST:
            found = sorted([*found, act], key=lambda act: (-act.worth, act.ready, act.kind, act.source))[:most]
    return BestActs(tuple(found), (round(lost[LOW], 9), round(lost[HIGH], 9)), trial.horizon, len(possible), tried, left)


@dataclass(frozen=True, slots=True)
class _Possible:
    """An act that may help: what it promises, and the most that it can save."""

    promise: float
    bound: float
    kind: ActKind
    supply: int


def _possible(trial: _Trial, base: list[MissionRun]) -> list[_Possible]:
    """Acts on items that lack something, the most promising first."""
    case, cut, horizon = trial.case, trial.cut, trial.horizon
    known_on = cut.known_on
    lack = horizon - (base[LOW].areas + base[HIGH].areas) / 2
    matched = {number for rule in cut.rules for number in case.matching(rule)}
    bounds, promise = trial.bounds(lack), trial.promise(lack, matched)
    found: list[_Possible] = []
    for item, (bound, weight) in enumerate(bounds):
        if bound <= _SMALLEST:
            continue
        for supply in case.supplies_of[item]:
            filled = case.supplies[supply].filled
            if filled.source is None:
                continue
            if supply in trial.candidates:
                rest = max(0.0, horizon - max(0.0, known_on + case.recover(supply, HIGH)))
                part = filled.capacity[HIGH] * rest / horizon if horizon else 0.0
                found.append(_Possible(promise[item] * part, min(bound, weight * rest), "activate", supply))
                continue
            if supply in matched:
                found.append(_Possible(promise[item], bound, "restore", supply))
            late = max(0.0, known_on + case.recover(supply, LOW)) - max(0.0, known_on)
            if late > TOLERANCE and filled.capacity[HIGH] > filled.share[LOW] + TOLERANCE:
                found.append(_Possible(promise[item] * filled.capacity[HIGH], bound, "hasten", supply))
    return sorted(found, key=lambda one: (-one.promise, -one.bound, one.kind, one.supply))


def _judged(trial: _Trial, kind: ActKind, supply: int, base: list[MissionRun]) -> Act:
    horizon, cut = trial.horizon, trial.cut
    curves = [trial.run(side, kind, supply).curve for side in _SIDES]
    saved = [max(0.0, curves[side].area(horizon) - base[side].curve.area(horizon)) for side in _SIDES]
    gained = [
        (day, *(round(max(0.0, curves[side].on(day) - base[side].curve.on(day)), 12) for side in _SIDES)) for day in ACT_DAYS
    ]
    on = tuple((day, low, high) for day, low, high in gained if day <= horizon)
    waits = [cut.known_on + (trial.case.recover(supply, side) if kind == "activate" else 0.0) for side in _SIDES]
    source = trial.case.supplies[supply].filled.source
    assert source is not None
    ready = (max(0.0, waits[LOW]), max(0.0, waits[HIGH]))
    return Act(kind, source.item, source.id, ready, (round(saved[LOW], 9), round(saved[HIGH], 9)), on)
