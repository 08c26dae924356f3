"""AND/OR networks to test engines on: small random ones with a reference by brute force, and the shared fault trees."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from defusedxml.ElementTree import parse
from hypothesis import strategies as st

from freehold.network.and_or import AndOr, Events, Top, and_or, events_of
from freehold.network.arrays import Floats

__all__ = ["TREES", "Asked", "asked", "brute_force", "fails", "k_of_n", "reference", "tree"]

TREES = Path(__file__).resolve().parents[2] / "shared" / "data" / "faulttrees"


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
        start = np.cumsum([0, *(len(members) for _, _, members in self.needs)])
        net = and_or(
            self.nodes,
            np.array([owner for owner, _, _ in self.needs], np.int64),
            np.array([required for _, required, _ in self.needs], np.int64),
            start,
            np.array([member for _, _, members in self.needs for member in members], np.int64),
        )
        node, event = (np.array([pair[side] for pair in self.takes], np.int64) for side in (0, 1))
        nodes = np.array([node for node, _ in self.top], np.int32)
        top = Top(nodes, np.array([weight for _, weight in self.top], np.float64), self.floor)
        return net, events_of(self.nodes, self.events, node, event), top


def fails(one: Asked, lost: Iterable[int]) -> bool:
    """Whether the top fails when these events happen: failure spreads until nothing more falls."""
    lost = set(lost)
    down = {node for node, event in one.takes if event in lost}
    while True:
        more = {
            owner
            for owner, required, members in one.needs
            if owner not in down and sum(member not in down for member in members) < required
        }
        if not more:
            return sum(weight for node, weight in one.top if node not in down) < one.floor - 1e-9
        down |= more


def brute_force(one: Asked) -> list[tuple[int, ...]]:
    """All minimal cut sets, least order first, then by their events."""
    found: list[tuple[int, ...]] = []
    for size in range(one.events + 1):
        for lost in combinations(range(one.events), size):
            if not any(set(cut) <= set(lost) for cut in found) and fails(one, lost):
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


def tree(name: str) -> tuple[Asked, Floats]:
    """A shared fault tree, and the probabilities of its events (in the order of their names)."""
    root = parse(TREES / f"{name}.xml").getroot()
    gates = {gate.get("name"): gate[-1] for gate in root.iter("define-gate")}
    chances = {event.get("name"): float(event.find("float").get("value")) for event in root.iter("define-basic-event")}
    number = {event: place for place, event in enumerate(sorted(chances))}
    place = {gate: len(number) + at for at, gate in enumerate(gates)}
    needs, used = [], set()
    for gate, formula in gates.items():
        names = [part.get("name") for part in formula]
        members = tuple(place[part.get("name")] if part.tag == "gate" else number[part.get("name")] for part in formula)
        least = {"or": 1, "and": len(names), "atleast": int(formula.get("min") or 0)}[formula.tag]
        needs.append((place[gate], len(names) - least + 1, members))
        used.update(names)
    (top,) = (gate for gate in gates if gate not in used)
    takes = tuple((at, at) for at in range(len(number)))
    one = Asked(len(number) + len(gates), tuple(needs), len(number), takes, ((place[top], 1.0),), 1.0)
    return one, np.array([chances[event] for event in sorted(chances)])


def reference() -> dict[str, dict[str, str]]:
    """The shared table of results by model."""
    with (TREES / "reference.csv").open(encoding="utf-8", newline="") as file:
        return {row["model"]: row for row in csv.DictReader(file)}
