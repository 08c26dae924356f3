"""How far a loss reaches: what stops, when, for whom, what takes over. Owns ``Reach``, the blast radius of a signal.

It is the answer of :func:`freehold.measure.cutoff.cutoff` to the cut-off that a signal amounts to, by the same kernel,
on one network that is built once: days are days from the loss on.
"""

from __future__ import annotations

import gc
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from freehold.errors import UsageError
from freehold.measure.case import HIGH, LOW, Case, Kernel, Side
from freehold.measure.cutoff import FLOOR, both_sides, check_cutoff, check_days
from freehold.measure.mission import Interval, Mission, mission_of
from freehold.measure.mission_curve import MissionCurve, mission_run
from freehold.measure.unknowns import UnknownFact, Worth, learn_first, unknown_facts
from freehold.network.arrays import TOLERANCE, Floats
from freehold.stack.cutoff import WAYS, Cutoff
from freehold.stack.values import UNKNOWN, Stack
from freehold.watch.alert import Labels
from freehold.watch.places import Place, Places

if TYPE_CHECKING:
    from freehold.catalogue.facts import Catalogue
    from freehold.network.solve import Answer

__all__ = ["MOST_REMEMBERED", "MOST_SERVED", "REACH_DAYS", "Radius", "Reach", "Stop", "TakeOver"]

REACH_DAYS: Final = (0.0, 1.0, 7.0, 30.0, 90.0, 365.0)
"""Days of a blast radius: what counts in an emergency is nearer than what counts in a plan."""

MOST_SERVED: Final = 5
"""How many of the mission's items are named for one that stops; how many there are is told beside."""

MOST_REMEMBERED: Final = 256
"""How many answers are remembered, the latest asked for."""

_MOST_ROWS: Final = 100_000
_Flags: TypeAlias = npt.NDArray[np.bool_]
_SIDES: Final[tuple[Side, Side]] = (LOW, HIGH)
_DEFAULT_STAKE: Final = Cutoff().stake


@dataclass(frozen=True, slots=True)
class Stop:
    """An item that stops: its level falls under the floor.

    Parameters
    ----------
    item, name, kind, tags
        Which.
    low, high
        First day under the floor on the exact time line, unknown facts at their worst and at their best; ``None``: not up
        to the last day asked.
    serves
        Ids of the mission's items that rest on it and lose by this, the heaviest first, at most :data:`MOST_SERVED`.
    served
        How many there are.
    """

    item: str
    name: str
    kind: str | None
    tags: tuple[str, ...]
    low: float | None
    high: float | None
    serves: tuple[str, ...]
    served: int


@dataclass(frozen=True, slots=True)
class TakeOver:
    """A source that ramps up for an item that loses.

    Parameters
    ----------
    item, source
        Which.
    day_low, day_high
        Day from which it counts with its capacity, unknown facts at their worst and at their best; ``None``: never.
    capacity_low, capacity_high
        Part of the need that it can then meet, if what it needs itself is there.
    rests_on
        Items that it needs and that stop as well.
    """

    item: str
    source: str
    day_low: float | None
    day_high: float | None
    capacity_low: float
    capacity_high: float
    rests_on: tuple[str, ...]


@dataclass(frozen=True)
class Radius:
    """How far one loss reaches.

    Parameters
    ----------
    place
        What the signal was tied to. If its place is not known, the low side is that everything may be lost.
    days, floor
        Days of the curve; level under which an item has stopped.
    before
        The mission's level before the loss, (low, high).
    mission
        The mission's level on each day.
    mission_rule
        Where the mission's weights come from.
    stops
        Items that stop, those that stop first at the top.
    down_before
        Items that were under the floor before the loss, whatever the unknown facts.
    lowered
        Items that lose level on one of the days and do not stop.
    takes_over
        Sources that ramp up.
    mission_stops
        First day on which an item of the mission stops, (low, high).
    unknown
        Facts not known that widen the answer: those that a mission item rests on whose two sides differ.
    """

    place: Place
    days: tuple[float, ...]
    floor: float
    before: tuple[float, float]
    mission: Interval
    mission_rule: str
    stops: tuple[Stop, ...] = ()
    down_before: tuple[str, ...] = ()
    lowered: tuple[str, ...] = ()
    takes_over: tuple[TakeOver, ...] = ()
    mission_stops: tuple[float | None, float | None] = (None, None)
    unknown: tuple[UnknownFact, ...] = ()

    @property
    def first_stop(self) -> tuple[float | None, float | None]:
        """Day on which anything stops first, (low, high): so long does cover last."""
        return _first(stop.low for stop in self.stops), _first(stop.high for stop in self.stops)

    def loss(self, day: float) -> tuple[float, float]:
        """Bounds of the mission lost on a day: the last of :attr:`days` that is not after it.

        Returns
        -------
        tuple
            Least and most, whatever the unknown facts.
        """
        place = max((place for place, at in enumerate(self.days) if at <= day + TOLERANCE), default=0)
        least = max(0.0, self.before[LOW] - self.mission.high[place])
        most = max(0.0, self.before[HIGH] - self.mission.low[place])
        return round(least, 12), round(most, 12)


class Reach:
    """Blast radii on one stack, by the kernel of ``cutoff`` on a network built once.

    Parameters
    ----------
    stack
        The stack.
    days, floor
        Days of the curve, the last is the horizon; level under which an item has stopped.
    strict
        Whether assumed owners and locations count as unknown.
    kernel
        ``auto``, ``plain`` or ``compiled``. The compiled one, which ``auto`` takes for large stacks, is compiled or read
        from its cache when it is first needed: :meth:`warm`.
    catalogue, upstreams, models
        As :class:`~freehold.watch.places.Places`.

    Raises
    ------
    freehold.errors.UsageError
        If days or floor make no sense.
    """

    def __init__(
        self,
        stack: Stack,
        *,
        days: Iterable[float] = REACH_DAYS,
        floor: float = FLOOR,
        strict: bool = False,
        kernel: Kernel = "auto",
        catalogue: Callable[[], Catalogue] | None = None,
        upstreams: Mapping[str, Mapping[str, str]] | None = None,
        models: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        if not 0 < floor <= 1:
            raise UsageError(f"a floor of {floor} is not in (0, 1].")
        self.stack, self.days, self.floor = stack, check_days(days), floor
        self._options: tuple[bool, Kernel] = (strict, kernel)
        self._cases = {_DEFAULT_STAKE: Case(stack, strict=strict, kernel=kernel)}
        self.places = Places(self._cases[_DEFAULT_STAKE], catalogue, upstreams=upstreams, models=models)
        self.mission: Mission = mission_of(stack)
        self._curves: OrderedDict[Cutoff, tuple[MissionCurve, MissionCurve]] = OrderedDict()
        self._activatable: tuple[float, Case] | None = None
        self._by_cut: OrderedDict[Cutoff, Radius] = OrderedDict()
        self._rows = 0

    def warm(self) -> Reach:
        """Build everything that does not depend on the loss; the first answer is then as fast as later ones.

        For a process that lives long: what is there now is taken out of the sight of Python's garbage collector
        (:func:`gc.freeze`), which would otherwise look through a large stack once in a while, in the middle of an answer.
        """
        case = self.case(Cutoff())
        for side in _SIDES:
            case.running(side)
        for supply in case.supplies:
            case.control.foreign(supply.filled.source, WAYS)
        both_sides(case, Cutoff(), self.days, self.floor)
        _ = self.served, self.before, self._ramping, self._unknown_numbers
        gc.collect()
        gc.freeze()
        return self

    def of(self, labels: Labels, annotations: Labels = ()) -> Radius:
        """Say how far one signal reaches.

        Parameters
        ----------
        labels, annotations
            The signal's; see :meth:`freehold.watch.places.Places.tie`.
        """
        return self.at(self.places.tie(labels, annotations))

    def of_all(self, signals: Iterable[tuple[Labels, Labels]]) -> Radius:
        """Say how far several signals at once reach: what they say is gone, is gone together."""
        return self.at(self.places.tie_all(signals))

    def of_cut(self, cut: Cutoff) -> Radius:
        """Say how far a cut-off reaches.

        Raises
        ------
        freehold.errors.BadCutoff
            If it names what is not there.
        """
        return self.at(Place(cut))

    def at(self, place: Place) -> Radius:
        """Say how far a loss at a place reaches; remembered by the distinct cut-off."""
        if place.cut is None:
            return self._nowhere(place)
        found = self._by_cut.get(place.cut)
        if found is None:
            found = self._solved(place.cut)
            self._remember(place.cut, found)
        else:
            self._by_cut.move_to_end(place.cut)
        return _placed(found, place)

    def case(self, cut: Cutoff) -> Case:
        """The network on which a cut-off is run; its memory of whom rules match is the caller's own."""
        if cut.stake not in self._cases:
            strict, kernel = self._options
            if len(self._cases) > 1:  # stakes other than the usual one are rare: one of them is kept
                self._cases = {_DEFAULT_STAKE: self._cases[_DEFAULT_STAKE]}
            self._cases[cut.stake] = Case(self.stack, strict=strict, stake=cut.stake, kernel=kernel)
        return self._cases[cut.stake].with_own_memory()

    def curves(self, radius: Radius) -> tuple[MissionCurve, MissionCurve]:
        """The mission's level on the exact time line, (low, high): between the days of a radius it may have dipped."""
        cut = radius.place.cut
        if cut is None or radius.place.unplaced:
            start, none = np.zeros(1), np.zeros(1)
            high = MissionCurve(start, np.array([self.before[HIGH]])) if cut is None else self.curves(self.of_cut(cut))[HIGH]
            return MissionCurve(start, none), high
        found = self._curves.get(cut)
        if found is None:
            case = self.case(cut)
            runs = [mission_run(case, case.scenario(cut, side), side, self.mission, self.days[-1]) for side in _SIDES]
            found = self._curves[cut] = (runs[LOW].curve, runs[HIGH].curve)
            if len(self._curves) > MOST_REMEMBERED:
                self._curves.popitem(last=False)
        return found

    def activatable(self, cut: Cutoff) -> tuple[Case, frozenset[int]]:
        """The network with every candidate in it as a standby, and which of its supplies those are.

        As long as nothing lets them count they change no level; to whoever runs it they are there to be activated.
        """
        names = {source.id for source in self.stack.sources if source.status == "candidate"}
        if not names:
            return self.case(cut), frozenset()
        if self._activatable is None or self._activatable[0] != cut.stake:
            strict, kernel = self._options
            sources = (
                replace(source, status="standby", share=None) if source.id in names else source for source in self.stack.sources
            )
            stack = replace(self.stack, sources=tuple(sources))
            self._activatable = cut.stake, Case(stack, strict=strict, stake=cut.stake, kernel=kernel)
        case = self._activatable[1].with_own_memory()
        return case, frozenset(case.supply_number[name] for name in names)

    def learn(self, radius: Radius, most: int = 3) -> tuple[Worth, ...]:
        """Unknown facts whose knowing would narrow the mission's curve most, best first; each is tried."""
        if radius.place.cut is None or not radius.unknown:
            return ()
        cut = radius.place.cut
        return learn_first(self.case(cut), cut, radius.days, self.mission, most)[0]

    def _remember(self, cut: Cutoff, radius: Radius) -> None:
        self._by_cut[cut] = radius
        self._rows += _rows(radius)
        while len(self._by_cut) > MOST_REMEMBERED or (self._rows > _MOST_ROWS and len(self._by_cut) > 1):
            self._rows -= _rows(self._by_cut.popitem(last=False)[1])

    def _nowhere(self, place: Place) -> Radius:
        """The place is not known: anything may be lost, or nothing."""
        before = self.before
        mission = Interval((0.0,) * len(self.days), (before[HIGH],) * len(self.days))
        return Radius(place, self.days, self.floor, before, mission, self.mission.rule)

    @cached_property
    def before(self) -> tuple[float, float]:
        """The mission's level before any loss, (low, high)."""
        levels = [self._running[side][np.newaxis, :] for side in _SIDES]
        mean = self.mission.mean(levels[LOW], levels[HIGH])
        return mean.low[0], mean.high[0]

    @cached_property
    def _running(self) -> list[Floats]:
        case = self.case(Cutoff())
        return [np.asarray(case.running(side).level, np.float64)[case.built(side).item_place] for side in _SIDES]

    @cached_property
    def ranked(self) -> list[int]:
        """Numbers of the mission's items, the heaviest first; those of unknown weight come last."""
        weights = self.mission.weights
        items = self.stack.items
        return [*sorted(weights, key=lambda number: (-weights[number], items[number].id)), *self.mission.doubtful]

    @cached_property
    def served(self) -> list[int]:
        """By item, the mission's items that rest on it, as bits by their rank of weight."""
        case = self.case(Cutoff())
        bits = [0] * len(self.stack.items)
        for rank, number in enumerate(self.ranked):
            bits[number] |= 1 << rank
        users: list[list[int]] = [[] for _ in bits]
        for supply, needs in enumerate(case.needs_of):
            for need in needs:
                if need.weight is None or need.weight > 0:
                    users[case.item_number[need.item]].append(case.supplies[supply].item)
        # users stand after suppliers in the network, so one pass from its end is enough but for circles
        place = case.built(LOW).item_places
        order = sorted(range(len(bits)), key=lambda number: -place[number])
        changed = True
        while changed:
            changed = False
            for number in order:
                joined = bits[number]
                for user in users[number]:
                    joined |= bits[user]
                if joined != bits[number]:
                    bits[number], changed = joined, True
        return bits

    def _solved(self, cut: Cutoff) -> Radius:
        check_cutoff(self.stack, cut)
        case = self.case(cut)
        answers = both_sides(case, cut, self.days, self.floor)
        low, high = answers
        mean = self.mission.mean(low.levels[0], high.levels[0])
        stood = self._running[HIGH] >= self.floor - TOLERANCE
        falls = np.isfinite(low.stops[0])
        stopped = np.flatnonzero(falls & stood)
        lost = np.any(low.levels[0] < self._running[LOW] - TOLERANCE, axis=0)
        lost |= np.any(high.levels[0] < self._running[HIGH] - TOLERANCE, axis=0)
        stops = self._stops(stopped.tolist(), answers, lost)
        names = [item.id for item in self.stack.items]
        return Radius(
            Place(cut), self.days, self.floor, self.before, mean, self.mission.rule, stops,
            tuple(names[number] for number in np.flatnonzero(falls & ~stood)),
            tuple(names[number] for number in np.flatnonzero(lost & ~falls)),
            self._take_overs(case, cut, lost | (falls & stood), {stop.item for stop in stops}),
            self._mission_stops(answers, stood), self._unknown(case, cut, answers),
        )  # fmt: skip

    def _stops(
        self, stopped: Iterable[int], answers: tuple[Answer, Answer],
        lost: _Flags,
    ) -> tuple[Stop, ...]:  # fmt: skip
        losing = 0
        for rank, number in enumerate(self.ranked):
            if lost[number]:
                losing |= 1 << rank
        days = [answer.stops[0].tolist() for answer in answers]
        found = []
        for number in stopped:
            item = self.stack.items[number]
            served = self.served[number] & losing
            found.append(
                Stop(
                    item.id, item.name or item.id, item.kind if isinstance(item.kind, str) else None,
                    item.tags if isinstance(item.tags, tuple) else (), _day(days[LOW][number]), _day(days[HIGH][number]),
                    self._named(served), served.bit_count(),
                )
            )  # fmt: skip
        return tuple(sorted(found, key=lambda stop: (_late(stop.low), _late(stop.high), -stop.served, stop.item)))

    def _named(self, served: int) -> tuple[str, ...]:
        found: list[str] = []
        while served and len(found) < MOST_SERVED:
            lowest = served & -served
            found.append(self.stack.items[self.ranked[lowest.bit_length() - 1]].id)
            served ^= lowest
        return tuple(found)

    def _take_overs(self, case: Case, cut: Cutoff, losing: _Flags, stopping: set[str]) -> tuple[TakeOver, ...]:
        known_on = cut.known_on
        hit = {number for rule in cut.rules for number in case.matching(rule)}
        surely = {
            number for rule in cut.rules if rule.availability <= 0 and math.isinf(rule.until_day)
            for number, truth in case.matching(rule).items() if truth
        }  # fmt: skip
        items = sorted({*np.flatnonzero(losing).tolist(), *(case.supplies[number].item for number in hit)})
        found = []
        for item in items:
            for number in self._ramping[item]:
                filled = case.supplies[number].filled
                if filled.source is None or number in surely:
                    continue
                days = [max(0.0, known_on + case.recover(number, side)) for side in _SIDES]
                if math.isinf(days[HIGH]):
                    continue
                rests_on = tuple(sorted({need.item for need in case.needs_of[number] if need.item in stopping}))
                name = self.stack.items[item].id
                found.append(TakeOver(name, filled.source.id, _day(days[LOW]), _day(days[HIGH]), *filled.capacity, rests_on))
        return tuple(sorted(found, key=lambda one: (_late(one.day_high), _late(one.day_low), -one.capacity_high, one.source)))

    def _mission_stops(self, answers: tuple[Answer, Answer], stood: _Flags) -> tuple[float | None, float | None]:
        numbers = [number for number in self.ranked if stood[number]]
        first = [min((float(answer.stops[0, number]) for number in numbers), default=math.inf) for answer in answers]
        return _day(first[LOW]), _day(first[HIGH])

    def _unknown(self, case: Case, cut: Cutoff, answers: tuple[Answer, Answer]) -> tuple[UnknownFact, ...]:
        low, high = answers
        if low is high:
            return self._doubtful()
        apart = np.any(np.abs(low.levels[0] - high.levels[0]) > TOLERANCE, axis=0) | (low.stops[0] != high.stops[0])
        wide = [number for number in self.ranked if apart[number]]
        if not wide:
            return self._doubtful()
        perhaps = {number for rule in cut.rules for number, truth in case.matching(rule).items() if truth is None}
        doubtful = perhaps | self._unknown_numbers
        voids = any(rule.cover == "void" for rule in cut.rules)
        cone = [number for number in case.cone(wide, voids=voids) if number in doubtful]
        return (*unknown_facts(case, cut, cone), *self._doubtful())

    @cached_property
    def _unknown_numbers(self) -> frozenset[int]:
        """Supplies of which a number is not known, whatever is cut."""
        nothing = Cutoff()
        case = self.case(nothing)
        facts = unknown_facts(case, nothing, range(len(case.supplies)))
        return frozenset(number for fact in facts for number in fact.supplies)

    @cached_property
    def _ramping(self) -> list[list[int]]:
        """By item, the supplies that can come to count for more than they do."""
        case = self.case(Cutoff())
        found: list[list[int]] = [[] for _ in self.stack.items]
        for number, supply in enumerate(case.supplies):
            if supply.filled.capacity[HIGH] > supply.filled.share[LOW] + TOLERANCE:
                found[supply.item].append(number)
        return found

    def _doubtful(self) -> tuple[UnknownFact, ...]:
        items = [self.stack.items[number] for number in self.mission.doubtful]
        return tuple(UnknownFact("items", item.id, "mission", ()) for item in items if item.mission is UNKNOWN)


def _placed(radius: Radius, place: Place) -> Radius:
    """The same answer, with how it was asked; where some of several signals have no place, more may be lost."""
    if radius.place == place:
        return radius
    if place.unplaced:
        return replace(radius, place=place, mission=Interval((0.0,) * len(radius.days), radius.mission.high))
    return replace(radius, place=place)


def _rows(radius: Radius) -> int:
    return len(radius.stops) + len(radius.takes_over) + len(radius.lowered) + len(radius.down_before) + len(radius.unknown)


def _day(value: float) -> float | None:
    return None if math.isinf(value) else float(value)


def _late(day: float | None) -> float:
    return math.inf if day is None else day


def _first(days: Iterable[float | None]) -> float | None:
    return min((day for day in days if day is not None), default=None)
