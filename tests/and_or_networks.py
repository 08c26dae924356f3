"""Small AND/OR networks and questions on them. Owns the naive answers, right by definition, that engines are held to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from hypothesis import strategies as st

from freehold.network.and_or import AndOr, Events, Top, and_or, events_of

__all__ = [
    "Asked", "asked", "brute_force", "event_fails", "fails", "k_of_n", "needs_of", "network", "networks", "subsets",
    "surviving", "tops",
]  # fmt: skip


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


@dataclass(frozen=True)
class Asked:
    """A network, what can be lost in it and what must not fall, from needs as (owner, required, members)."""

    nodes: int
    needs: tuple[tuple[int, int, tuple[int, ...]], ...]
    events: int
    takes: tuple[tuple[int, int], ...]
    top: tuple[tuple[int, float], ...]
    floor: float

    @property
    def question(self) -> tuple[AndOr, Events, Top]:
        """What the engines take."""
        net = network(self.nodes, *self.needs)
        node, event = (np.array([pair[side] for pair in self.takes], np.int64) for side in (0, 1))
        nodes = np.array([node for node, _ in self.top], np.int32)
        top = Top(nodes, np.array([weight for _, weight in self.top], np.float64), self.floor)
        return net, events_of(self.nodes, self.events, node, event), top


def fails(one: Asked, lost: Iterable[int]) -> bool:
    """Whether the top fails when these events happen."""
    return event_fails(*one.question, lost)


def brute_force(one: Asked) -> list[tuple[int, ...]]:
    """All minimal cut sets, least order first, then by their events."""
    question = one.question
    found: list[tuple[int, ...]] = []
    for lost in subsets(range(one.events)):
        if not any(set(cut) <= set(lost) for cut in found) and event_fails(*question, lost):
            found.append(lost)
    return found


@st.composite
def asked(draw: st.DrawFn, most_events: int = 7) -> Asked:
    """Networks without circles: shared parts, k of n, events that take several nodes and nodes that several events take."""
    nodes = draw(st.integers(1, 9))
    events = draw(st.integers(1, most_events))
    needs = []
    for owner in range(nodes):
        for _ in range(draw(st.integers(0, 2))):
            if owner:
                members = tuple(draw(st.lists(st.integers(0, owner - 1), min_size=1, max_size=5)))
                needs.append((owner, draw(st.integers(0 if draw(st.booleans()) else 1, len(members))), members))
    pairs = st.tuples(st.integers(0, nodes - 1), st.integers(0, events - 1))
    takes = tuple(draw(st.lists(pairs, min_size=1, max_size=14, unique=True)))
    chosen = draw(st.lists(st.integers(0, nodes - 1), min_size=1, max_size=4, unique=True))
    top = tuple((node, draw(st.sampled_from([0.1, 0.2, 0.3, 0.5, 1.0, 2.0]))) for node in chosen)
    floor = draw(st.sampled_from([0.1, 0.25, 0.5, 0.75, 1.0])) * sum(weight for _, weight in top)
    return Asked(nodes, tuple(needs), events, takes, top, floor)


def k_of_n(k: int, n: int) -> Asked:
    """A node that fails as soon as k of n fail, each by an event of its own."""
    need = (n, n - k + 1, tuple(range(n)))
    return Asked(n + 1, (need,), n, tuple((at, at) for at in range(n)), ((n, 1.0),), 1.0)
