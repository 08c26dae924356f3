"""Many scenarios on one network. Owns the seam between kernels and whoever asks them.

The two faces are :func:`solve` (levels on given days, stops, for many scenarios at once, each from the same start)
and :func:`trace` (one scenario, every change on the exact time line).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from freehold.errors import SolveError
from freehold.network.arrays import AVAILABILITY, CAPACITY, TOLERANCE, VOID, Floats, Integers, Scenario, State
from freehold.network.build import Built, kernel_module

__all__ = [
    "Answer", "Change", "ScenarioBuilder", "black_start", "mean_curve", "running_state", "solve", "trace",
]  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """Levels and stops, items in the numbering that the network was made from.

    Parameters
    ----------
    levels : (scenarios, days, items)
        Level on each day asked.
    stops : (scenarios, items)
        First day under the floor; ``inf`` if not up to the last day asked.
    """

    levels: Floats
    stops: Floats


@dataclass(frozen=True, slots=True)
class Change:
    """What changed on one day: (item, level before, level after) for each item that moved."""

    day: float
    moved: tuple[tuple[int, float, float], ...]


class ScenarioBuilder:
    """Collects what happens when, in the numbering that the network was made from."""

    def __init__(self, built: Built) -> None:
        self._compiled = built.compiled
        self._source_place = built.source_places
        self._item_place = built.item_places
        self._places = built.source_place
        self._entries: list[tuple[float, int, int, float]] = []
        self._blocks: list[tuple[Floats, Integers, Integers, Floats]] = []

    def available(self, day: float, source: int, value: float) -> None:
        """From ``day`` on a source has this availability."""
        self._entries.append((day, AVAILABILITY, self._source_place[source], value))

    def at_capacity(self, day: float, source: int, capacity: float) -> None:
        """From ``day`` on a source counts with its capacity."""
        self._entries.append((max(day, 0.0), CAPACITY, self._source_place[source], capacity))

    def all_available(self, day: float, sources: Integers, value: float) -> None:
        """Many at once: from ``day`` on each source has this availability."""
        count = len(sources)
        kinds, values = np.full(count, AVAILABILITY, np.int64), np.full(count, value)
        self._blocks.append((np.full(count, day), kinds, self._places[sources], values))

    def all_at_capacity(self, days: Floats, sources: Integers, capacities: Floats) -> None:
        """Many at once: from its day on each source counts with its capacity."""
        kinds = np.full(len(days), CAPACITY, np.int64)
        self._blocks.append((np.maximum(days, 0.0), kinds, self._places[sources], np.asarray(capacities, np.float64)))

    def void(self, day: float, item: int, part: float) -> None:
        """From ``day`` on this part of an item's supply has no cover."""
        self._entries.append((day, VOID, self._item_place[item], part))

    def done(self) -> Scenario:
        """The scenario, in order of time."""
        single = tuple(zip(*self._entries, strict=True)) if self._entries else ((), (), (), ())
        types = (np.float64, np.int64, np.int64, np.float64)
        blocks = [*self._blocks, tuple(np.array(column, dtype) for column, dtype in zip(single, types, strict=True))]
        day, kind, index, value = (np.concatenate(columns) for columns in zip(*blocks, strict=True))
        order = np.argsort(day, kind="stable")
        scenario = Scenario(day[order], kind[order], index[order], value[order])
        return scenario if self._compiled else Scenario(*(column.tolist() for column in scenario))


def _fresh(built: Built, level: float, *, cover: bool) -> State:
    net = built.network
    items, sources, needs = len(net.whole), len(net.share), len(net.need_item)
    clocks, parts = len(net.clock_item), len(net.cyclic)
    cover_left = np.asarray(net.need_cover, np.float64)
    spent = (cover_left <= TOLERANCE) if cover else np.ones(needs, np.bool_)
    room = np.zeros((clocks, 4))
    room[:, 2] = cover_left[np.asarray(net.clock_needs, np.int64)[np.asarray(net.clock_need_start, np.int64)[:-1]]]
    room[:, 3] = net.clock_enough
    integers: Callable[[int], Any] = lambda size: np.zeros(size, np.int64)  # noqa: E731
    state = State(
        level=np.full(items, level), available=np.ones(sources), weight=np.array(net.share, np.float64), void=np.zeros(items),
        spent=spent.astype(np.uint8), clock_room=room.ravel(), clock_next=integers(clocks), clock_heap=integers(clocks),
        clock_key=np.full(clocks, np.inf), clock_place=integers(clocks) - 1, fall_queue=integers(parts),
        fall_queued=integers(parts), rise_queue=integers(parts), rise_queued=integers(parts), changed=integers(items),
        is_changed=integers(items), before=np.zeros(items), sizes=integers(6),
    )  # fmt: skip
    return state if built.compiled else State(*(array.tolist() for array in state))


def _copy(state: State) -> State:
    return State(*(array.copy() for array in state))


def _checked(state: State) -> State:
    if state.sizes[4]:
        raise SolveError("a circle of needs did not come to rest. Please report the stack: this is a defect.")
    return state


def running_state(built: Built) -> State:
    """The state before any cut-off: the greatest solution, all cover whole."""
    state = _fresh(built, 1.0, cover=True)
    kernel_module("kernel", compiled=built.compiled).settle_all(built.network, state)
    return _checked(state)


def black_start(built: Built, scenario: Scenario | None = None, *, with_stock: bool = False) -> Floats:
    """Levels that the network reaches from nothing.

    Parameters
    ----------
    built
        The network.
    scenario
        What is cut, for ever; all of it counts, whatever its day.
    with_stock
        Whether cover counts as stock at hand.

    Returns
    -------
    (items,)
        Levels in the numbering that the network was made from.
    """
    state = _fresh(built, 0.0, cover=with_stock)
    if scenario is not None:
        for kind, index, value in zip(scenario.kind, scenario.index, scenario.value, strict=True):
            (state.available, state.weight, state.void)[int(kind)][index] = value
    kernel_module("kernel", compiled=built.compiled).settle_all(built.network, state)
    return np.asarray(_checked(state).level, np.float64)[built.item_place]


def solve(
    built: Built,
    scenarios: Sequence[Scenario],
    days: Sequence[float],
    floor: float = 0.5,
    start: State | None = None,
    workers: int = 1,
) -> Answer:
    """Run scenarios, each from the same start.

    Parameters
    ----------
    built
        The network.
    scenarios
        What happens in each.
    days
        Days to report, ascending; the last is the horizon.
    floor
        Level under which an item has stopped.
    start
        State before day 0; by default :func:`running_state`.
    workers
        Threads (the compiled kernel runs outside the interpreter's lock).

    Raises
    ------
    freehold.errors.SolveError
        If a circle does not come to rest.
    """
    kernel = kernel_module("kernel", compiled=built.compiled)
    start = running_state(built) if start is None else start
    items = len(built.network.whole)
    levels = np.zeros((len(scenarios), len(days), items))
    stops = np.full((len(scenarios), items), np.inf)

    def one(number: int) -> None:
        state = _copy(start)
        if built.compiled:
            at = np.array(days, np.float64)
            kernel.run(built.network, state, scenarios[number], at, floor, levels[number], stops[number])
        else:
            rows, stop = [[0.0] * items for _ in days], [np.inf] * items
            kernel.run(built.network, state, scenarios[number], list(days), floor, rows, stop)
            levels[number], stops[number] = rows, stop
        _checked(state)

    if workers > 1 and built.compiled and len(scenarios) > 1:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(one, range(len(scenarios))))
    else:
        for number in range(len(scenarios)):
            one(number)
    return Answer(levels[:, :, built.item_place], stops[:, built.item_place])


def trace(built: Built, scenario: Scenario, horizon: float, start: State | None = None) -> Iterator[Change]:
    """Run one scenario and give every change on the exact time line.

    Yields
    ------
    Change
        In order of time; the first is day 0's, and compares with the state before.
    """
    kernel = kernel_module("kernel", compiled=built.compiled)
    state = _copy(running_state(built) if start is None else start)
    number_of = np.empty(len(built.item_place), np.int64)
    number_of[built.item_place] = np.arange(len(built.item_place))
    upcoming, day, begun = 0, 0.0, False
    while day <= horizon + TOLERANCE:
        upcoming = kernel.advance(built.network, state, scenario, upcoming, day, horizon)
        if not begun:
            kernel.begin(built.network, state, horizon)
            begun = True
        _checked(state)
        moved = [state.changed[place] for place in range(state.sizes[3])]
        yield Change(day, tuple((int(number_of[i]), float(state.before[i]), float(state.level[i])) for i in moved))
        day = kernel.next_day(state, scenario, upcoming)


def mean_curve(
    built: Built, scenario: Scenario, weights: Floats, horizon: float, start: State | None = None
) -> tuple[Floats, Floats, Floats]:
    """Run one scenario and give weighted sums of the levels, and the area under each level, on the exact time line.

    Parameters
    ----------
    built, scenario, start
        As :func:`solve`.
    weights : (k, items)
        Rows of weights, items in the numbering that the network was made from.
    horizon
        Last day.

    Returns
    -------
    days : (e,)
        Days on which a sum changes, day 0 first.
    sums : (e, k)
        The sums from that day on.
    areas : (items,)
        Integral of each item's level from day 0 to the horizon, in days.

    Raises
    ------
    freehold.errors.SolveError
        If a circle does not come to rest.
    """
    kernel = kernel_module("kernel", compiled=built.compiled)
    state = _copy(running_state(built) if start is None else start)
    placed = np.zeros_like(weights)
    placed[:, built.item_place] = weights
    level = np.array(state.level, np.float64)
    since, areas = np.zeros(len(level)), np.zeros(len(level))
    sums = placed @ level
    days, rows = [0.0], [sums]
    upcoming, day, begun = 0, 0.0, False
    while day <= horizon + TOLERANCE:
        upcoming = kernel.advance(built.network, state, scenario, upcoming, day, horizon)
        if not begun:
            kernel.begin(built.network, state, horizon)
            begun = True
        _checked(state)
        if state.sizes[3]:
            moved = np.array(state.changed[: state.sizes[3]], np.int64)
            after = state.level[moved] if built.compiled else np.array([state.level[place] for place in moved])
            areas[moved] += level[moved] * (day - since[moved])
            since[moved] = day
            step = placed[:, moved] @ (after - level[moved])
            level[moved] = after
            if step.any():
                sums = sums + step
                days.append(day)
                rows.append(sums)
        day = kernel.next_day(state, scenario, upcoming)
    areas += level * np.maximum(horizon - since, 0.0)
    if len(days) > 1 and days[1] <= TOLERANCE:
        days, rows = days[1:], rows[1:]
    return np.array(days), np.array(rows), areas[built.item_place]
