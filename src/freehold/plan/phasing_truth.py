"""What a plan over years really gives and costs. Owns the plain truth that every plan of years is held against.

Nothing here knows of a solver's model: items, ways and scenarios are walked as they are. What is planned must be founded: it
counts once all its inputs are had without it. Circles of ways that are there already hold each other up, given what is founded.
"""

from __future__ import annotations

import numpy as np

from freehold.network.arrays import Integers
from freehold.plan.problem import Booleans, Horizon, Problem
from freehold.plan.strong_components import strong_components

__all__ = ["MONEY", "Truth"]

MONEY = 1e-6
"""Money under which a budget counts as kept and two costs as equal, as a part of 1 or of the sum, whichever is more."""


class Truth:
    """Who says what is had when some things are built, and what a plan over years costs.

    Parameters
    ----------
    problem
        The problem.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        order = np.argsort(problem.way_item, kind="stable")
        count = np.diff(problem.input_start)
        # every way also takes one thing that is always had, so that no row is empty
        self._takes = np.concatenate(
            [
                np.append(problem.input_item[problem.input_start[way] : problem.input_start[way + 1]], problem.items)
                for way in order
            ]
            or [np.zeros(0, np.int64)]
        ).astype(np.int64)
        self._begins = np.concatenate(([0], np.cumsum(count[order] + 1)))[:-1].astype(np.int64)
        self._build = problem.way_build[order]
        self._available = np.ascontiguousarray(problem.available[:, order].T)
        gives = problem.way_item[order]
        self._given, self._first = np.unique(gives, return_index=True)
        standing = np.flatnonzero(problem.way_build < 0)
        edges: list[list[int]] = [[] for _ in range(problem.items)]
        for way in standing.tolist():
            edges[problem.way_item[way]].extend(
                problem.input_item[problem.input_start[way] : problem.input_start[way + 1]].tolist()
            )
        self._circles = any(strong_components(edges)[1])

    def had(self, built: Booleans) -> Booleans:
        """Whether each item is had in each scenario, (items, scenarios), with these builds (builds,) there."""
        there = np.append(built, [True])[self._build]  # -1, there already, is the last
        works = self._available & there[:, None]
        had = self._risen(works, np.zeros((self.problem.items, works.shape[1]), np.bool_))
        while self._circles:
            founded = works & ((self._build < 0)[:, None] | self._met(had))
            held = self._fallen(founded, np.ones_like(had))
            if np.array_equal(held, had):
                break
            had = self._risen(works, held)
        return had

    def served(self, built: Booleans) -> Booleans:
        """Whether each pair (pairs,) is had with these builds."""
        return np.asarray(self.had(built)[self.problem.pair_item, self.problem.pair_scenario], np.bool_)

    def cost(self, year: Integers, horizon: Horizon) -> float:
        """What a plan (builds,) costs with its penalties; ``inf`` if a year's budget is not kept.

        Parameters
        ----------
        year
            The year in which each is built, -1 for never.
        horizon
            Budgets, weights and the penalty.
        """
        total = 0.0
        for number, weight in enumerate(horizon.weight.tolist()):
            spent = float(self.problem.cost[year == number].sum())
            if spent > horizon.budget[number] + MONEY * max(1.0, spent):
                return float("inf")
            missing = 0
            if horizon.penalty and weight:
                missing = int(np.count_nonzero(~self.served((year >= 0) & (year <= number))))
            total += weight * (spent + horizon.penalty * missing)
        return total

    def _met(self, had: Booleans) -> Booleans:
        """Whether each way (in the order of items) has all that it takes."""
        if not len(self._begins):
            return np.zeros((0, had.shape[1]), np.bool_)
        every = np.vstack([had, np.ones((1, had.shape[1]), np.bool_)])
        return np.asarray(np.logical_and.reduceat(every[self._takes], self._begins, axis=0), np.bool_)

    def _step(self, works: Booleans, had: Booleans) -> Booleans:
        gained = np.zeros_like(had)
        if len(self._begins):
            gained[self._given] = np.logical_or.reduceat(works & self._met(had), self._first, axis=0)
        return gained

    def _risen(self, works: Booleans, had: Booleans) -> Booleans:
        while True:
            more = had | self._step(works, had)
            if np.array_equal(more, had):
                return had
            had = more

    def _fallen(self, works: Booleans, had: Booleans) -> Booleans:
        while True:
            less = had & self._step(works, had)
            if np.array_equal(less, had):
                return had
            had = less
