"""What is had, item by item and scenario by scenario, when some things are built. Owns the plain truth about a problem.

Scenarios are bits of whole numbers, so that all are asked in one walk. What is planned has to be *founded*: it counts once
all that it needs is had without it. Circles of ways that are there already hold each other up (the greatest solution),
given what is founded; what is founded is the least that is closed under both.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np

from freehold.plan.problem import Booleans, Problem
from freehold.plan.strong_components import strong_components

__all__ = ["Serving", "scenario_bits"]


def scenario_bits(rows: Booleans) -> list[int]:
    """Rows of booleans (rows, scenarios) as whole numbers, the first scenario in the lowest bit."""
    if rows.shape[1] == 0:
        return [0] * len(rows)
    packed = np.packbits(rows, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


class Serving:
    """Who asks what is had.

    Parameters
    ----------
    problem
        The problem; its arrays are read once.

    Attributes
    ----------
    every
        The number with the bits of all scenarios.
    knot : (items,)
        Number of the circle of ways that are there already to which an item belongs, -1 for none.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.every = (1 << len(problem.available)) - 1
        start, inputs = problem.input_start.tolist(), problem.input_item.tolist()
        self.item: list[int] = problem.way_item.tolist()
        self.build: list[int] = problem.way_build.tolist()
        self.available = scenario_bits(problem.available.T)
        self.inputs = [tuple(dict.fromkeys(inputs[start[way] : start[way + 1]])) for way in range(len(self.item))]
        self.users: list[list[int]] = [[] for _ in range(problem.items)]
        self.ways: list[list[int]] = [[] for _ in range(problem.items)]
        needed: list[list[int]] = [[] for _ in range(problem.items)]
        standing: list[list[int]] = [[] for _ in range(problem.items)]
        for way, (item, takes) in enumerate(zip(self.item, self.inputs, strict=True)):
            self.ways[item].append(way)
            needed[item].extend(takes)
            if self.build[way] < 0:
                standing[item].extend(takes)
            for taken in takes:
                self.users[taken].append(way)
        self.component, self.cyclic = strong_components(needed)
        component, cyclic = strong_components(standing)
        self.knot = [of if cyclic[of] else -1 for of in component]
        self._knots: dict[int, list[int]] = {}
        for item, knot in enumerate(self.knot):
            if knot >= 0:
                self._knots.setdefault(knot, []).append(item)
        self._order = sorted(range(len(self.item)), key=lambda way: self.component[self.item[way]])

    def had(self, built: Iterable[bool] | Booleans) -> list[int]:
        """Scenarios in which each item is had, as bits, when these builds (builds,) are there."""
        there = list(built)
        working = [mask if number < 0 or there[number] else 0 for mask, number in zip(self.available, self.build, strict=True)]
        had = [0] * len(self.users)
        queue: deque[int] = deque()
        waiting = bytearray(len(working))
        item_of, inputs, users = self.item, self.inputs, self.users

        def ask(way: int) -> None:
            works = working[way]
            for taken in inputs[way]:
                works &= had[taken]
                if not works:
                    return
            item = item_of[way]
            if works & ~had[item]:
                had[item] |= works
                for user in users[item]:
                    if not waiting[user] and working[user]:
                        waiting[user] = 1
                        queue.append(user)

        for way in self._order:
            if working[way]:
                waiting[way] = 0
                ask(way)
        while True:
            while queue:
                way = queue.popleft()
                if waiting[way]:
                    waiting[way] = 0
                    ask(way)
            more = [self._hold(knot, had, working, waiting, queue) for knot in self._knots.values()]
            if not any(more):
                return had

    def _hold(self, knot: Sequence[int], had: list[int], working: list[int], waiting: bytearray, queue: deque[int]) -> bool:
        """Add what the ways of a circle that are there already hold up among themselves; whether that is more than was had."""
        before = {item: had[item] for item in knot}
        for item in knot:
            had[item] = self.every
        users = {item: [self.item[way] for way in self.users[item] if self.item[way] in before] for item in knot}
        falling = deque(knot)
        while falling:
            item = falling.popleft()
            holds = before[item]
            for way in self.ways[item]:
                if self.build[way] < 0:
                    works = working[way]
                    for taken in self.inputs[way]:
                        works &= had[taken]
                    holds |= works
            if holds != had[item]:
                had[item] = holds
                falling.extend(users[item])
        more = False
        for item in knot:
            if had[item] != before[item]:
                more = True
                for user in self.users[item]:
                    if working[user] and not waiting[user]:
                        waiting[user] = 1
                        queue.append(user)
        return more

    def missing(self, built: Iterable[bool] | Booleans) -> list[int]:
        """Pairs, by number, that are not had when these builds are there."""
        had = self.had(built)
        pairs = zip(self.problem.pair_item.tolist(), self.problem.pair_scenario.tolist(), strict=True)
        return [pair for pair, (item, scenario) in enumerate(pairs) if not had[item] >> scenario & 1]
