"""What is still open in a problem, as states that are alike merged. Owns the step from items and scenarios to states.

A *state* is an item in the scenarios in which it stands alike: not had with nothing built, had with everything built, asked for
by a pair. A state is had by one of its *routes*; a route takes a build decision (or none, -1) and other states.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from freehold.network.arrays import Integers
from freehold.plan.phasing_truth import Truth
from freehold.plan.problem import Booleans, Problem
from freehold.plan.strong_components import strong_components

__all__ = ["Route", "States", "open_states"]

Route = tuple[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class States:
    """What is open.

    Parameters
    ----------
    routes
        Every route once: its build decision, -1 for none, and the states that it takes.
    ways
        Of each state, the numbers of its routes.
    circle
        Of each state, the number of the circle that it may stand in, -1 for none.
    targets, weight : (targets,)
        States that are asked for, and by how many pairs.
    builds : (…,)
        Build decisions that matter, in order.
    never
        Number of pairs that cannot be had with anything built.
    """

    routes: tuple[Route, ...]
    ways: tuple[tuple[int, ...], ...]
    circle: tuple[int, ...]
    targets: Integers
    weight: Integers
    builds: Integers
    never: int


def open_states(problem: Problem, truth: Truth, allowed: Booleans | None = None) -> States:
    """What is open when only some things may be built.

    Parameters
    ----------
    problem, truth
        The problem, and who says what is had in it.
    allowed : (builds,)
        What may be built; by default everything.
    """
    everything = np.ones(problem.builds, np.bool_) if allowed is None else allowed
    given = truth.had(np.zeros(problem.builds, np.bool_))
    possible = truth.had(everything)
    begins, inputs, build = problem.input_start.tolist(), problem.input_item.tolist(), problem.way_build.tolist()
    takes = [tuple(sorted(set(inputs[begins[way] : begins[way + 1]]))) for way in range(len(build))]
    ways: list[list[int]] = [[] for _ in range(problem.items)]
    for way, item in enumerate(problem.way_item.tolist()):
        number = build[way]
        # what is planned and takes what it gives is never founded
        if number < 0 or (everything[number] and item not in takes[way]):
            ways[item].append(way)
    open_ = possible & ~given
    asked = _asked(problem, open_, ways, takes, possible)
    component, circular = _circles(ways, takes)
    builder = _Builder()
    place: dict[tuple[int, int], int] = {}
    order = sorted(asked, key=lambda key: (component[key[0]], key))
    knots: dict[tuple[int, int], int] = {}
    for item, scenario in order:
        if circular[component[item]]:
            place[item, scenario] = builder.reserve(knots.setdefault((component[item], scenario), len(knots)))
    for item, scenario in order:
        routes: set[Route] = set()
        for way in ways[item]:
            if problem.available[scenario, way] and all(possible[taken, scenario] for taken in takes[way]):
                needed = sorted({place[taken, scenario] for taken in takes[way] if not given[taken, scenario]})
                routes.add((build[way], tuple(needed)))
        if circular[component[item]]:
            builder.fill(place[item, scenario], routes)
        else:
            place[item, scenario] = builder.add(routes)
    pairs = list(zip(problem.pair_item.tolist(), problem.pair_scenario.tolist(), strict=True))
    wanted: dict[int, int] = {}
    for item, scenario in pairs:
        if open_[item, scenario]:
            wanted[place[item, scenario]] = wanted.get(place[item, scenario], 0) + 1
    targets = sorted(wanted)
    return States(
        tuple(builder.routes), tuple(builder.ways), tuple(builder.circle), np.array(targets, np.int64),
        np.array([wanted[state] for state in targets], np.int64),
        np.array(sorted({route[0] for route in builder.routes if route[0] >= 0}), np.int64),
        sum(not possible[item, scenario] for item, scenario in pairs),
    )  # fmt: skip


def _asked(
    problem: Problem, open_: Booleans, ways: list[list[int]], takes: list[tuple[int, ...]], possible: Booleans
) -> set[tuple[int, int]]:
    """Items and scenarios that are open and that a pair asks for, itself or through others."""
    pairs = zip(problem.pair_item.tolist(), problem.pair_scenario.tolist(), strict=True)
    stack = [(item, scenario) for item, scenario in pairs if open_[item, scenario]]
    asked = set(stack)
    while stack:
        item, scenario = stack.pop()
        for way in ways[item]:
            if problem.available[scenario, way] and all(possible[taken, scenario] for taken in takes[way]):
                for taken in takes[way]:
                    if open_[taken, scenario] and (taken, scenario) not in asked:
                        asked.add((taken, scenario))
                        stack.append((taken, scenario))
    return asked


def _circles(ways: list[list[int]], takes: list[tuple[int, ...]]) -> tuple[list[int], list[bool]]:
    return strong_components([[taken for way in of for taken in takes[way]] for of in ways])


class _Builder:
    """States in the making."""

    def __init__(self) -> None:
        self.routes: list[Route] = []
        self.ways: list[tuple[int, ...]] = []
        self.circle: list[int] = []
        self._route: dict[Route, int] = {}
        self._alike: dict[tuple[int, ...], int] = {}

    def reserve(self, circle: int) -> int:
        """A state in a circle, whose routes come later."""
        self.ways.append(())
        self.circle.append(circle)
        return len(self.ways) - 1

    def fill(self, state: int, routes: set[Route]) -> None:
        """Give a reserved state its routes."""
        self.ways[state] = tuple(self._number(route) for route in _least(routes))

    def add(self, routes: set[Route]) -> int:
        """The state that has these routes, and is in no circle."""
        least = list(_least(routes))
        if len(least) == 1 and least[0][0] < 0 and len(least[0][1]) == 1:
            return least[0][1][0]
        ways = tuple(self._number(route) for route in least)
        if ways not in self._alike:
            self._alike[ways] = self.reserve(-1)
            self.ways[-1] = ways
        return self._alike[ways]

    def _number(self, route: Route) -> int:
        if route not in self._route:
            self._route[route] = len(self.routes)
            self.routes.append(route)
        return self._route[route]


def _least(routes: set[Route]) -> Iterator[Route]:
    """Routes that do not take all that another takes."""
    for build, needed in sorted(routes):
        takes = set(needed)
        others = ((other, less) for other, less in routes if (other, less) != (build, needed) and other in (build, -1))
        if not any(takes.issuperset(less) for _, less in others):
            yield build, needed
