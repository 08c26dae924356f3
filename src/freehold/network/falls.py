"""What falls under a floor in one scenario, when, and through what. Owns the seam between a run's notes and whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from freehold.errors import SolveError
from freehold.network.arrays import Floats, Integers, Scenario, State
from freehold.network.build import Built, kernel_module

__all__ = ["Falls", "Notes", "follow"]


class Notes(NamedTuple):
    """What a run writes down, n items, k needs, in the network's own numbering; arrays (compiled) or lists (plain).

    Parameters
    ----------
    start, wanted : (n,)
        Level before day 0; whether every change of the item is noted, and not only those across the floor.
    day, item, level : (room,)
        The changes noted, in order of time: the level from that day on.
    fell, weak : (n,)
        Whether the item has been out by now (2: and why is noted), and whether it has been weaker than it was.
    fall_item, fall_source, weak_item, weak_source : (n,)
        The needed item and the source by which it went out first, and by which it was first weakened; -1 where there is none.
    queue, is_queued, cut, distance, head, first_edge, last_edge, reached : (n,)
    edge_user, edge_item, edge_source, edge_loss, following : (k,)
        Room to work in.
    """

    start: Any
    wanted: Any
    day: Any
    item: Any
    level: Any
    fell: Any
    weak: Any
    fall_item: Any
    fall_source: Any
    weak_item: Any
    weak_source: Any
    queue: Any
    is_queued: Any
    cut: Any
    distance: Any
    head: Any
    first_edge: Any
    last_edge: Any
    reached: Any
    edge_user: Any
    edge_item: Any
    edge_source: Any
    edge_loss: Any
    following: Any


@dataclass(frozen=True)
class Falls:
    """What fell in one run, items and sources in the numbering that the network was made from.

    Parameters
    ----------
    start : (n,)
        Levels before day 0.
    day, item, level : (c,)
        Changes in order of time: those across the floor, and all changes of the items wanted.
    fall_item, fall_source : (n,)
        The needed item by which each item first went out, and its source that this hit; an item of -1 where its own source is
        cut, or where it never went out or was out before; a source of -1 where there is none.
    weak_item, weak_source : (n,)
        The same for the day on which it was first weaker than before, or first took part in the fall of another.
    """

    start: Floats
    day: Floats
    item: Integers
    level: Floats
    fall_item: Integers
    fall_source: Integers
    weak_item: Integers
    weak_source: Integers


def _numbers(places: Integers) -> Integers:
    """The way back from places, so that -1 stays -1."""
    numbers = np.full(len(places) + 1, -1, np.int64)
    numbers[places] = np.arange(len(places))
    return numbers


def follow(built: Built, scenario: Scenario, horizon: float, floor: float, wanted: Integers, start: State) -> Falls:
    """Run one scenario and note what falls.

    Parameters
    ----------
    built, scenario, start
        As :func:`freehold.network.solve.solve`.
    horizon
        Last day.
    floor
        Level under which an item is out.
    wanted : (w,)
        Items of which every change is noted.

    Raises
    ------
    freehold.errors.SolveError
        If a circle does not come to rest.
    """
    items, needs = len(built.item_place), len(built.need_place)
    is_wanted = np.zeros(items, np.uint8)
    is_wanted[built.item_place[wanted]] = 1
    room = 2 * items + 16
    while True:
        state = State(*(array.copy() for array in start))
        notes = _blank(np.array(state.level, np.float64), is_wanted, items, needs, room)
        if not built.compiled:
            notes = Notes(*(array.tolist() for array in notes))
        count = kernel_module("falls_kernel", compiled=built.compiled).follow(
            built.network, state, scenario, horizon, floor, notes
        )
        if state.sizes[4]:
            raise SolveError("a circle of needs did not come to rest. Please report the stack: this is a defect.")
        if count <= room:
            break
        room = 2 * count
    item_of, source_of = _numbers(built.item_place), _numbers(built.source_place)
    place = built.item_place
    integers = {
        name: np.asarray(getattr(notes, name), np.int64)[place]
        for name in ("fall_item", "fall_source", "weak_item", "weak_source")
    }
    return Falls(
        np.asarray(notes.start, np.float64)[place], np.asarray(notes.day[:count], np.float64),
        item_of[np.asarray(notes.item[:count], np.int64)], np.asarray(notes.level[:count], np.float64),
        item_of[integers["fall_item"]], source_of[integers["fall_source"]],
        item_of[integers["weak_item"]], source_of[integers["weak_source"]],
    )  # fmt: skip


def _blank(start: Floats, wanted: Any, items: int, needs: int, room: int) -> Notes:
    def integers(size: int, value: int = 0) -> Integers:
        return np.full(size, value, np.int64)

    return Notes(
        start=start, wanted=wanted, day=np.zeros(room), item=integers(room), level=np.zeros(room), fell=integers(items),
        weak=integers(items), fall_item=integers(items, -1), fall_source=integers(items, -1), weak_item=integers(items, -1),
        weak_source=integers(items, -1), queue=integers(items), is_queued=integers(items), cut=integers(items),
        distance=integers(items), head=integers(items, -1), first_edge=integers(items), last_edge=integers(items),
        reached=integers(items), edge_user=integers(needs), edge_item=integers(needs), edge_source=integers(needs),
        edge_loss=np.zeros(needs), following=integers(needs),
    )  # fmt: skip
