"""Strongly connected components, suppliers first. Owns the order in which everything else walks a network."""

from __future__ import annotations

from typing import Any

from freehold.network.acceleration import accelerate_with_room

__all__ = ["components"]


@accelerate_with_room
def components(size: int, start: Any, needed: Any, component_of: Any, room: Any) -> int:
    """Number the strongly connected components so that what is needed comes before what needs it.

    Tarjan 1972 (SIAM Journal on Computing 1, section 4), without recursion.

    Parameters
    ----------
    size
        Number of items.
    start, needed : (size + 1,), (edges,)
        Item i needs ``needed[start[i]:start[i + 1]]``.
    component_of : (size,)
        Filled.
    room : (5, size)
        Room to work in, zero at first. ``room[1]`` then says which item was left as which: along with the components that
        is an order in which most of what is needed comes before what needs it, in circles too.

    Returns
    -------
    int
        How many components there are.
    """
    index, low, stack, path, edge = room[0], room[1], room[2], room[3], room[4]
    count, order, waiting, left = 0, 0, 0, 0
    for item in range(size):
        component_of[item] = -1
    for root in range(size):
        if index[root]:
            continue
        depth = 0
        fresh = root
        while depth >= 0:
            if fresh >= 0:
                order += 1
                index[fresh] = order
                low[fresh] = order
                stack[waiting] = fresh
                waiting += 1
                path[depth] = fresh
                edge[depth] = start[fresh]
                fresh = -1
            item = path[depth]
            if edge[depth] < start[item + 1]:
                other = needed[edge[depth]]
                edge[depth] += 1
                if not index[other]:
                    depth += 1
                    fresh = other
                elif component_of[other] < 0:
                    low[item] = min(low[item], index[other])
                continue
            if low[item] == index[item]:
                while True:
                    waiting -= 1
                    member = stack[waiting]
                    component_of[member] = count
                    if member == item:
                        break
                count += 1
            depth -= 1
            if depth >= 0:
                low[path[depth]] = min(low[path[depth]], low[item])
            low[item] = left
            left += 1
    return count
