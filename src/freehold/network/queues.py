"""Two heaps over arrays, for kernels: a set of components by number, and running clocks by their key."""

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
def _lift(heap: Any, place_of: Any, key: Any, place: int) -> None:
    clock = heap[place]
    while place > 0:
        parent = (place - 1) // 2
        if key[heap[parent]] <= key[clock]:
            break
        heap[place] = heap[parent]
        place_of[heap[place]] = place
        place = parent
    heap[place] = clock
    place_of[clock] = place


@accelerate
def _sink(heap: Any, place_of: Any, key: Any, size: int, place: int) -> None:
    clock = heap[place]
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and key[heap[child + 1]] < key[heap[child]]:
            child += 1
        if key[heap[child]] >= key[clock]:
            break
        heap[place] = heap[child]
        place_of[heap[place]] = place
        place = child
    heap[place] = clock
    place_of[clock] = place


@accelerate
def set_clock(heap: Any, place_of: Any, key: Any, sizes: Any, clock: int, day: float) -> None:
    """Let a clock ring on ``day``, or (``inf``) never."""
    place = place_of[clock]
    if day == float("inf"):
        if place >= 0:
            size = sizes[0] - 1
            sizes[0] = size
            place_of[clock] = -1
            if place < size:
                heap[place] = heap[size]
                place_of[heap[place]] = place
                _lift(heap, place_of, key, place)
                _sink(heap, place_of, key, size, place_of[heap[place]])
        key[clock] = day
        return
    before = key[clock]
    key[clock] = day
    if place < 0:
        place = sizes[0]
        sizes[0] = place + 1
        heap[place] = clock
        place_of[clock] = place
        _lift(heap, place_of, key, place)
    elif day < before:
        _lift(heap, place_of, key, place)
    else:
        _sink(heap, place_of, key, sizes[0], place)


@accelerate
def pop_clock(heap: Any, place_of: Any, key: Any, sizes: Any) -> int:
    """Take the clock that rings first out of a heap that is not empty."""
    clock: int = heap[0]
    set_clock(heap, place_of, key, sizes, clock, float("inf"))
    return clock
