"""Two heaps over arrays, for kernels: components by number, and running clocks by day (four children a node: fewer steps)."""

from __future__ import annotations

from typing import Any

from freehold.network.acceleration import accelerate

__all__ = ["pop_clock", "pop_component", "push_component", "set_clock"]


@accelerate
def push_component(queue: Any, queued: Any, sizes: Any, which: int, component: int) -> None:
    """Add a component to a queue unless it waits there already."""
    if queued[component]:
        return
    queued[component] = 1
    place = sizes[which]
    sizes[which] = place + 1
    while place > 0:
        parent = (place - 1) // 2
        if queue[parent] <= component:
            break
        queue[place] = queue[parent]
        place = parent
    queue[place] = component


@accelerate
def pop_component(queue: Any, queued: Any, sizes: Any, which: int) -> int:
    """Take the lowest component (the one nearest to the suppliers) out of a queue that is not empty."""
    found: int = queue[0]
    queued[found] = 0
    size = sizes[which] - 1
    sizes[which] = size
    if size > 0:
        last = queue[size]
        place = 0
        while True:
            child = 2 * place + 1
            if child >= size:
                break
            if child + 1 < size and queue[child + 1] < queue[child]:
                child += 1
            if queue[child] >= last:
                break
            queue[place] = queue[child]
            place = child
        queue[place] = last
    return found


@accelerate
def _lift(heap: Any, key: Any, place_of: Any, clock: int, day: float, place: int) -> None:
    """Put a clock into the hole at ``place`` or above."""
    while place > 0:
        parent = (place - 1) // 4
        if key[parent] <= day:
            break
        heap[place] = heap[parent]
        key[place] = key[parent]
        place_of[heap[place]] = place
        place = parent
    heap[place] = clock
    key[place] = day
    place_of[clock] = place


@accelerate
def _sink(heap: Any, key: Any, place_of: Any, size: int, clock: int, day: float, place: int) -> None:
    """Put a clock into the hole at ``place`` or below."""
    while True:
        child = 4 * place + 1
        if child >= size:
            break
        for other in range(child + 1, min(child + 3, size - 1) + 1):
            if key[other] < key[child]:
                child = other
        if key[child] >= day:
            break
        heap[place] = heap[child]
        key[place] = key[child]
        place_of[heap[place]] = place
        place = child
    heap[place] = clock
    key[place] = day
    place_of[clock] = place


@accelerate
def set_clock(heap: Any, key: Any, place_of: Any, sizes: Any, clock: int, day: float) -> None:
    """Let a clock ring on ``day``, or (``inf``) never.

    Parameters
    ----------
    heap, key : (c,), (c,)
        The running clocks and their days, by place in the heap.
    place_of : (c,)
        Place of each clock, or -1.
    sizes
        Its first entry is how many run.
    clock, day
        Which, and when.
    """
    place = place_of[clock]
    if day == float("inf"):
        if place >= 0:
            size = sizes[0] - 1
            sizes[0] = size
            place_of[clock] = -1
            if place < size:
                moved, moved_day = heap[size], key[size]
                if moved_day < key[place]:
                    _lift(heap, key, place_of, moved, moved_day, place)
                else:
                    _sink(heap, key, place_of, size, moved, moved_day, place)
        return
    if place < 0:
        sizes[0] += 1
        _lift(heap, key, place_of, clock, day, sizes[0] - 1)
    elif day < key[place]:
        _lift(heap, key, place_of, clock, day, place)
    else:
        _sink(heap, key, place_of, sizes[0], clock, day, place)


@accelerate
def pop_clock(heap: Any, key: Any, place_of: Any, sizes: Any) -> int:
    """Take the clock that rings first out of a heap that is not empty."""
    clock: int = heap[0]
    set_clock(heap, key, place_of, sizes, clock, float("inf"))
    return clock
