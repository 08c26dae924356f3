"""A network as flat arrays, and the state of one run on it. Knows no names, no countries, no days of the week.

Items are numbered so that the items of one strongly connected component stand together and suppliers come
first; sources stand by item, needs by source. A *clock* counts the shortfall of an item against one level of
``enough``; all needs with that level share it and wait in order of their cover.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["AVAILABILITY", "CAPACITY", "TOLERANCE", "VOID", "Floats", "Integers", "Network", "Scenario", "State"]

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

TOLERANCE: Final = 1e-9
"""The one tolerance: of levels, sums, gains, covers and days."""

AVAILABILITY: Final = 0
CAPACITY: Final = 1
VOID: Final = 2
"""Kinds of change in a scenario: a source's availability, a source at its capacity, an item's void part."""


class Network(NamedTuple):
    """The immutable part, n items, m sources, k needs, c clocks, p components.

    Arrays of numpy for the compiled kernel; lists for the plain one, which reads single elements faster from them.

    Parameters
    ----------
    component_start : (p + 1,)
        First item of each component.
    component_of : (n,)
    cyclic : (p,)
        Whether the component is a circle (more than one item, or an item that needs itself).
    whole : (n,)
        Whether the item works fully or not at all.
    source_start, source_item : (n + 1,), (m,)
    share, capacity : (m,)
        Weight of the source before and after it has ramped up.
    need_start : (m + 1,)
    need_item, need_user : (k,)
        The item needed, and the item that the needing source provides.
    need_weight, need_enough, need_cover : (k,)
        Cover in days; ``inf`` for what keeps working.
    user_start, users : (n + 1,), (k,)
        Needs of each item: a change reaches their users only where the cover is spent or void.
    clock_start : (n + 1,)
    clock_item, clock_enough : (c,)
    clock_need_start, clock_needs : (c + 1,), (…,)
        Needs with a finite cover, by clock, least cover first.
    """

    component_start: Any
    component_of: Any
    cyclic: Any
    whole: Any
    source_start: Any
    source_item: Any
    share: Any
    capacity: Any
    need_start: Any
    need_item: Any
    need_user: Any
    need_weight: Any
    need_enough: Any
    need_cover: Any
    user_start: Any
    users: Any
    clock_start: Any
    clock_item: Any
    clock_enough: Any
    clock_need_start: Any
    clock_needs: Any


class State(NamedTuple):
    """Where a run stands; every array is changed in place.

    Parameters
    ----------
    level : (n,)
    available, weight : (m,)
        Availability now, and share or capacity, whichever counts now.
    void : (n,)
        Part of the item's supply without cover now.
    spent : (k,)
        Whether the need's cover is used up.
    clock_room : (4 c,)
        Four numbers a clock, side by side because they are read together: its shortfall so far, the day to which that is
        counted, the least cover that still waits (``inf``: none), and the clock's level of enough.
    clock_next : (c,)
        Which need of the clock is next.
    clock_heap, clock_key, clock_place : (c,)
        Heap of running clocks; by place in it the day on which the next cover is used up; place of each clock, or -1.
    fall_queue, fall_queued, rise_queue, rise_queued : (p,)
        Heaps of components to look at again.
    changed, is_changed, before : (n,)
        Items whose level this event changed, and the level before.
    sizes : (6,)
        Entries in use: clock heap, fall queue, rise queue, changed; then a failure flag and a count of evaluations.
    """

    level: Any
    available: Any
    weight: Any
    void: Any
    spent: Any
    clock_room: Any
    clock_next: Any
    clock_heap: Any
    clock_key: Any
    clock_place: Any
    fall_queue: Any
    fall_queued: Any
    rise_queue: Any
    rise_queued: Any
    changed: Any
    is_changed: Any
    before: Any
    sizes: Any


class Scenario(NamedTuple):
    """What changes when, in order of time: one run of the network.

    Parameters
    ----------
    day : (e,)
        Days, ascending, none negative.
    kind : (e,)
        :data:`AVAILABILITY`, :data:`CAPACITY` or :data:`VOID`.
    index : (e,)
        The source (or, for ``VOID``, the item) in the network's own numbering.
    value : (e,)
        The availability left, the weight from now on, or the part voided.
    """

    day: Any
    kind: Any
    index: Any
    value: Any
