"""Circles that would hold themselves up. Owns the rows that forbid them, learnt from plans that counted on one.

Let H be what is had in truth with some builds, and U states outside of H that hold one another up. With any builds, one of U
can be had only if a route into U works that takes nothing of U, or an existing one that takes something of U and something
outside of H and U (a loop formula: Lin and Zhao, "ASSAT", Artificial Intelligence 157, 2004; existing circles may hold each
other up, hence the second kind). Otherwise what is first had of U would stand on existing routes from H and U alone: in H.
"""

from __future__ import annotations

import numpy as np

from freehold.network.arrays import Floats
from freehold.plan.phasing_model import Rows, YearsModel
from freehold.plan.phasing_states import States
from freehold.plan.problem import Booleans
from freehold.plan.strong_components import strong_components

__all__ = ["Loops"]


class Loops:
    """Rows learnt for a program.

    Parameters
    ----------
    model
        The program.
    """

    def __init__(self, model: YearsModel) -> None:
        self._model = model
        self._known: set[tuple[int, tuple[int, ...]]] = set()
        self.rows = model.rows
        self.possible = any(circle >= 0 for circle in model.states.circle)

    def learn(self, there: Floats | Booleans) -> bool:
        """Learn from a plan's columns y (years, builds of the model); whether anything new was learnt."""
        if not self.possible:
            return False
        states, before = self._model.states, len(self._known)
        for row in np.unique(np.asarray(there, np.float64) > 0.5, axis=0):
            built = {int(build) for build in self._model.builds[row]}
            truly, seemingly = _had(states, built)
            for circle in _bottoms(states, built, seemingly, seemingly - truly):
                columns = tuple(sorted(_helping(self._model, circle, truly)))
                self._known.update((state, columns) for state in circle)
        if len(self._known) == before:
            return False
        self.rows = self._joined()
        return True

    def learn_at_random(self, plans: int) -> None:
        """Learn from this many plans drawn at random (the same on every run)."""
        chance = np.random.default_rng(1)
        if self.possible:
            self.learn(chance.random((plans, len(self._model.builds))) < chance.random((plans, 1)))

    def _joined(self) -> Rows:
        model, first = self._model, len(self._model.builds)
        start, column, value = [int(model.rows.start[-1])], list[int](), list[float]()
        for year in range(model.years):
            for state, columns in sorted(self._known):
                column.extend(year * model.width + one for one in (first + state, *columns))
                value.extend([1.0, *(-1.0 for _ in columns)])
                start.append(int(model.rows.start[-1]) + len(column))
        return Rows(
            np.concatenate([model.rows.start, np.array(start[1:], np.int64)]),
            np.concatenate([model.rows.column, np.array(column, np.int64)]),
            np.concatenate([model.rows.value, np.array(value, np.float64)]),
            np.concatenate([model.rows.upper, np.zeros(len(start) - 1)]),
        )


def _had(states: States, built: set[int]) -> tuple[set[int], set[int]]:
    """States that are had in truth, and those that are if any circle may hold itself up."""
    everything = set(range(len(states.ways)))
    works = [build < 0 or build in built for build, _ in states.routes]
    seemingly = _fallen(states, everything, works)
    truly: set[int] = set()
    while True:
        before = len(truly)
        truly = _risen(states, truly, works)
        founded = [
            work and (build < 0 or truly.issuperset(takes)) for work, (build, takes) in zip(works, states.routes, strict=True)
        ]
        truly = _fallen(states, everything, founded)
        if len(truly) == before:
            return truly, seemingly


def _risen(states: States, had: set[int], works: list[bool]) -> set[int]:
    had = set(had)
    changed = True
    while changed:
        more = {state for state, ways in enumerate(states.ways) if state not in had
                and any(works[way] and had.issuperset(states.routes[way][1]) for way in ways)}  # fmt: skip
        had |= more
        changed = bool(more)
    return had


def _fallen(states: States, had: set[int], works: list[bool]) -> set[int]:
    had = set(had)
    changed = True
    while changed:
        less = {state for state in had
                if not any(works[way] and had.issuperset(states.routes[way][1]) for way in states.ways[state])}  # fmt: skip
        had -= less
        changed = bool(less)
    return had


def _bottoms(states: States, built: set[int], seemingly: set[int], unfounded: set[int]) -> list[set[int]]:
    """Circles of unfounded states whose working routes take nothing unfounded from outside."""
    order = sorted(unfounded)
    number = {state: at for at, state in enumerate(order)}
    needed: list[list[int]] = []
    for state in order:
        takes_of: set[int] = set()
        for way in states.ways[state]:
            build, takes = states.routes[way]
            if (build < 0 or build in built) and seemingly.issuperset(takes):
                takes_of.update(number[one] for one in takes if one in unfounded)
        needed.append(sorted(takes_of))
    component, _ = strong_components(needed)
    circles: dict[int, set[int]] = {}
    leaving: set[int] = set()
    for at, row in enumerate(needed):
        circles.setdefault(component[at], set()).add(order[at])
        if any(component[one] != component[at] for one in row):
            leaving.add(component[at])
    return [circle for of, circle in sorted(circles.items()) if of not in leaving]


def _helping(model: YearsModel, circle: set[int], truly: set[int]) -> set[int]:
    """Columns of the routes one of which must work for the circle to be had."""
    columns = set()
    for state in circle:
        for way in model.states.ways[state]:
            build, takes = model.states.routes[way]
            inside = circle.intersection(takes)
            if not inside or (build < 0 and not (truly | circle).issuperset(takes)):
                columns.add(int(model.route_column[way]))
    return columns
