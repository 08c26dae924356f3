"""Small random AND/OR networks, and what is right by definition. Owns the naive answers that engines are held to."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import numpy as np
from hypothesis import strategies as st

from freehold.network.and_or import AndOr, Events, Top, and_or, events_of

__all__ = ["event_fails", "needs_of", "network", "networks", "surviving", "tops"]


def network(nodes: int, *needs: tuple[int, int, tuple[int, ...]]) -> AndOr:
    """A network of (owner, required, members)."""
    sizes = np.cumsum([0, *(len(members) for _, _, members in needs)])
    flat = [member for _, _, members in needs for member in members]
    return and_or(
        nodes, np.array([o for o, _, _ in needs], int), np.array([r for _, r, _ in needs], int), sizes, np.array(flat, int)
    )


def needs_of(net: AndOr) -> list[tuple[int, int, list[int]]]:
    return [
        (node, int(net.required[need]), net.members[net.member_start[need] : net.member_start[need + 1]].tolist())
        for node in range(len(net.need_start) - 1)
        for need in range(net.need_start[node], net.need_start[node + 1])
    ]


def surviving(net: AndOr, lost: Iterable[int] = ()) -> set[int]:
    """The greatest solution by its definition: take away whoever lacks something until nobody does."""
    up = set(range(len(net.need_start) - 1)) - set(lost)
    needs = needs_of(net)
    while True:
        short = {node for node, required, members in needs if node in up and sum(m in up for m in members) < required}
        if not short:
            return up
        up -= short


def event_fails(net: AndOr, events: Events, top: Top, lost: Iterable[int]) -> bool:
    gone = set(lost)
    hit = [n for n in range(len(events.start) - 1) if gone & set(events.events[events.start[n] : events.start[n + 1]].tolist())]
    up = surviving(net, hit)
    return sum(w for node, w in zip(top.nodes.tolist(), top.weights.tolist(), strict=True) if node in up) < top.floor - 1e-9


@st.composite
def networks(draw: st.DrawFn, *, most: int = 10, circles: bool = True) -> AndOr:
    """A network of up to ``most`` nodes; needs of any k of n, a few of them trivial or never met, members named twice too."""
    size = draw(st.integers(1, most))
    needs = []
    for node in range(size):
        for _ in range(draw(st.sampled_from([0, 1, 1, 2, 3]))):
            allowed = range(size) if circles else range(node + 1, size)
            if not allowed:
                continue
            members = tuple(
                draw(st.lists(st.sampled_from(allowed), min_size=0 if draw(st.integers(0, 19)) == 0 else 1, max_size=5))
            )
            required = draw(st.sampled_from([1, 1, len(members), *range(len(members) + 1)]))
            needs.append((node, required + (draw(st.integers(0, 29)) == 0), members))
    return network(size, *needs)


@st.composite
def tops(draw: st.DrawFn, net: AndOr, *, events: int) -> tuple[Events, Top]:
    """Events over a network's nodes, and a top."""
    size = len(net.need_start) - 1
    pairs = sorted(draw(st.sets(st.tuples(st.integers(0, size - 1), st.integers(0, events - 1)), max_size=2 * events)))
    nodes = sorted(draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=3)))
    weights = [draw(st.sampled_from([0.1, 0.2, 0.3, 0.5, 1.0])) for _ in nodes]
    floor = draw(st.sampled_from([0.1, 0.3, 0.5, 1.0])) * sum(weights)
    chosen = Top(np.array(nodes, np.int32), np.array(weights), floor)
    return events_of(size, events, np.array([n for n, _ in pairs], int), np.array([e for _, e in pairs], int)), chosen


def subsets(events: Iterable[int]) -> Iterable[tuple[int, ...]]:
    numbers = tuple(events)
    return (chosen for size in range(len(numbers) + 1) for chosen in combinations(numbers, size))
