"""What a top rests on, cut out of a larger network. Owns the numbering of that part.

The cone of some nodes is they and all that they need, directly or not; no other node can take them down.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from freehold.errors import SolveError
from freehold.network.and_or import AndOr, Booleans, Events, Short, Top
from freehold.network.arrays import Integers
from freehold.network.build import kernel_module

__all__ = ["components_of", "cone", "in_circles", "rows", "with_events", "with_top", "within"]

_ROUNDS: Final = 256
"""Of a search a layer at a time, each with a fixed cost; what is deeper than this is walked node by node."""


def rows(start: Integers | Short, numbers: Integers | Short) -> Integers:
    """Places of the entries of some rows of a table in rows, one row after the other.

    Parameters
    ----------
    start : (r + 1,)
        First entry of each row.
    numbers : (q,)
        Rows, in the order wanted.
    """
    # taken first and widened then: few rows of a large table cost what the few do
    begin = np.asarray(start)[numbers].astype(np.int64)
    sizes = np.asarray(start)[np.asarray(numbers, np.int64) + 1].astype(np.int64) - begin
    ends = np.cumsum(sizes)
    return np.repeat(begin - (ends - sizes), sizes) + np.arange(ends[-1] if len(ends) else 0)


def components_of(net: AndOr, *, compiled: bool) -> tuple[Short, Short, int]:
    """Which strongly connected component each node is of, suppliers first; as which a walk left it; how many there are."""
    nodes = len(net.need_start) - 1
    start = net.member_start[net.need_start]
    kernel = kernel_module("order", compiled=compiled)
    component: Short = np.zeros(nodes, np.int32)
    room = np.zeros((5, nodes), np.int32)
    if compiled:
        count = kernel.components(nodes, start, net.members, component, room)
        return component, room[1].copy(), count
    listed, lists = [0] * nodes, room.tolist()
    count = kernel.components(nodes, start.tolist(), net.members.tolist(), listed, lists)
    return np.array(listed, np.int32), np.array(lists[1], np.int32), count


def in_circles(net: AndOr, component: Short) -> Booleans:
    """Which nodes need themselves, directly or through others.

    Parameters
    ----------
    net
        The network.
    component : (n,)
        See :func:`components_of`.
    """
    start = net.member_start[net.need_start]
    owner = np.repeat(np.arange(len(start) - 1, dtype=np.int32), np.diff(start))
    found: Booleans = np.bincount(component)[component] > 1
    found[owner[owner == net.members]] = True
    return found


def cone(net: AndOr, nodes: Integers | Short) -> Short:
    """Nodes that some nodes rest on, they included, in ascending order.

    Raises
    ------
    freehold.errors.SolveError
        If one is no node.
    """
    size = len(net.need_start) - 1
    open_ = np.unique(np.asarray(nodes, np.int64))
    if len(open_) and (open_[0] < 0 or open_[-1] >= size):
        raise SolveError(f"a top is no node: nodes are numbered from 0 to {size - 1}.")
    start = net.member_start[net.need_start]
    seen: Booleans = np.zeros(size, np.bool_)
    seen[open_] = True
    rounds = 0
    while len(open_):
        rounds += 1
        if rounds > _ROUNDS:
            _walk(start, net.members, open_, seen)
            break
        found = np.unique(net.members[rows(start, open_)]).astype(np.int64)
        open_ = found[~seen[found]]
        seen[open_] = True
    return np.flatnonzero(seen).astype(np.int32)


def _walk(start: Short, members: Short, open_: Integers, seen: Booleans) -> None:
    """Mark all that some nodes rest on, node by node."""
    first, listed, marked = start.tolist(), members.tolist(), seen.tolist()
    left = open_.tolist()
    while left:
        node = left.pop()
        for member in listed[first[node] : first[node + 1]]:
            if not marked[member]:
                marked[member] = True
                left.append(member)
    seen[:] = marked


def within(net: AndOr, nodes: Short) -> AndOr:
    """The network of some nodes alone, numbered by their place among them.

    Parameters
    ----------
    net
        The network.
    nodes
        Ascending, and closed: with a node all that it needs (see :func:`cone`).
    """
    place = np.full(len(net.need_start) - 1, -1, np.int32)
    place[nodes] = np.arange(len(nodes), dtype=np.int32)
    needs = rows(net.need_start, nodes)
    members = place[net.members[rows(net.member_start, needs)]]
    if len(members) and members.min() < 0:
        raise SolveError("a part of a network needs a node outside it: ask for a whole cone.")
    return AndOr(
        np.concatenate([[0], np.cumsum(np.diff(net.need_start)[nodes])]).astype(np.int32),
        net.required[needs],
        np.concatenate([[0], np.cumsum(np.diff(net.member_start)[needs])]).astype(np.int32),
        members,
    )


def with_events(events: Events, nodes: Short) -> Events:
    """The events of some nodes alone; events keep their numbers."""
    start = np.concatenate([[0], np.cumsum(np.diff(events.start)[nodes])]).astype(np.int32)
    return Events(events.size, start, events.events[rows(events.start, nodes)])


def with_top(top: Top, nodes: Short) -> Top:
    """The same top, its nodes numbered by their place among some nodes, which hold all of them."""
    return Top(np.searchsorted(nodes, top.nodes).astype(np.int32), top.weights, top.floor)
