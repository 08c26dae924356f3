"""Most gain per money, year by year. Owns the first plan, and the baseline that others are held against.

Of each target the cheapest bundle of builds is reckoned as if nothing were shared (the additive cost of AND/OR graphs: Bonet
and Geffner, "Planning as heuristic search", Artificial Intelligence 129, 2001); the cheapest per pair is bought as long as the
year's budget allows and what it saves until the end is worth it, then all is reckoned again.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from freehold.network.arrays import Floats, Integers
from freehold.plan.phasing_states import States
from freehold.plan.phasing_truth import MONEY
from freehold.plan.problem import Horizon

__all__ = ["greedy_years"]


def greedy_years(states: States, cost: Floats, horizon: Horizon, stop: Callable[[], bool]) -> Integers:
    """Make a plan by buying what gains most per money: the year (builds,) of each build, -1 for never.

    Parameters
    ----------
    states
        What is open.
    cost : (builds,)
        What each build costs.
    horizon
        Years, budgets, weights, penalty.
    stop
        Who says that time is over; the plan so far is given then.
    """
    bundles = _Bundles(states, cost)
    year = np.full(len(cost), -1, np.int64)
    for now in range(len(horizon.weight)):
        left, saved = float(horizon.budget[now]), horizon.penalty * float(horizon.weight[now:].sum())
        skipped: set[int] = set()
        while not stop():
            price = bundles.price[states.targets]
            with np.errstate(invalid="ignore"):  # what has no bundle has an infinite price
                worth = saved * states.weight - price * horizon.weight[now]
                rate = np.where((price > 0.0) & (worth > 0.0), price / states.weight, np.inf)
            if skipped:
                rate[list(skipped)] = np.inf
            best = int(np.argmin(rate)) if len(rate) else -1
            if best < 0 or not np.isfinite(rate[best]):
                break
            bought = bundles.bundle(int(states.targets[best]))
            price_of_bundle = float(cost[bought].sum())
            if price_of_bundle > left + MONEY:
                skipped.add(best)
                continue
            left -= price_of_bundle
            year[bought] = now
            bundles.buy(bought)
    free = np.array([build for build in states.builds if cost[build] == 0.0], np.int64)
    if len(horizon.weight):
        year[free] = 0
    return year


class _Bundles:
    """The cheapest bundle of each state, given what is bought."""

    def __init__(self, states: States, cost: Floats) -> None:
        self._states = states
        routes, size = states.routes, len(states.ways)
        self._own = np.array([cost[build] if build >= 0 else 0.0 for build, _ in routes], np.float64)
        self._build = np.array([build for build, _ in routes], np.int64)
        # every route also takes one state that costs nothing, so that no row is empty
        self._takes = np.array([one for _, needed in routes for one in (*needed, size)], np.int64)
        self._begins = np.concatenate(([0], np.cumsum([len(needed) + 1 for _, needed in routes])))[:-1].astype(np.int64)
        self._ways = np.array([way for ways in states.ways for way in ways], np.int64)
        some = [state for state in range(size) if states.ways[state]]
        self._some = np.array(some, np.int64)
        self._first = np.concatenate(([0], np.cumsum([len(states.ways[state]) for state in some])))[:-1].astype(np.int64)
        self.price: Floats = np.append(np.full(size, np.inf), 0.0)
        self._cheapest = np.full(size, -1, np.int64)
        self._reckon()

    def _route_price(self) -> Floats:
        return np.asarray(self._own + np.add.reduceat(self.price[self._takes], self._begins), np.float64)

    def _reckon(self) -> None:
        """Prices fall from what they were until they hold.

        A state keeps the route that made its price fall last. So none comes to rest on itself, even where routes of equal price
        go in a circle that costs nothing.
        """
        while len(self._some):
            route_price = self._route_price()
            least = np.minimum.reduceat(route_price[self._ways], self._first)
            fallen = np.flatnonzero(least < self.price[self._some])
            if not len(fallen):
                return
            for state in self._some[fallen].tolist():
                self._cheapest[state] = min(self._states.ways[state], key=lambda way: (route_price[way], way))
            self.price[self._some[fallen]] = least[fallen]

    def bundle(self, target: int) -> Integers:
        """Builds, not bought yet, of the cheapest bundle of a state."""
        bought: set[int] = set()
        seen, stack = {target}, [target]
        while stack:
            way = int(self._cheapest[stack.pop()])
            if self._build[way] >= 0 and self._own[way] > 0.0:
                bought.add(int(self._build[way]))
            for needed in self._states.routes[way][1]:
                if needed not in seen:
                    seen.add(needed)
                    stack.append(needed)
        return np.array(sorted(bought), np.int64)

    def buy(self, bought: Integers) -> None:
        """From now on these cost nothing."""
        self._own[np.isin(self._build, bought)] = 0.0
        self._reckon()
