"""The baseline of planning over years: every year whatever gains most for its cost, while money is left. Owns nothing cleverer.

Which builds each pair rests on is taken from the greedy end state; then, year by year, the pair whose missing builds save most
penalty for their cost is bought, with all that come with it, as long as it is worth its cost and there is money for it.
"""

from __future__ import annotations

import time

import numpy as np

from freehold.plan.greedy import greedy
from freehold.plan.problem import Booleans, FoundYears, Horizon, Problem
from freehold.plan.serving import Serving

__all__ = ["cost_over_years", "greedy_years"]


def greedy_years(problem: Problem, horizon: Horizon, *, seconds: float) -> FoundYears:
    """Plan over years by gain for cost."""
    begun = time.monotonic()
    end = greedy(problem, seconds=seconds)
    if end.built is None:
        return FoundYears(None, np.inf, 0.0, time.monotonic() - begun, None)
    serving = Serving(problem)
    rests = _rests(problem, serving, end.built)
    year_of = np.full(problem.builds, -1, np.int64)
    built: set[int] = set()
    for year in range(len(horizon.budget)):
        money = float(horizon.budget[year])
        saves = horizon.penalty * float(horizon.weight[year:].sum())
        while True:
            best, chosen = 0.0, frozenset[int]()
            for bundle in {row - built for row in rests if not row <= built}:
                cost = float(problem.cost[list(bundle)].sum())
                gain = saves * sum(row - built <= bundle for row in rests if not row <= built)
                if cost <= money + 1e-9 and gain > cost * horizon.weight[year] and gain / max(cost, 1e-9) > best:
                    best, chosen = gain / max(cost, 1e-9), bundle
            if not chosen:
                break
            built |= chosen
            money -= float(problem.cost[list(chosen)].sum())
            year_of[list(chosen)] = year
    return FoundYears(year_of, cost_over_years(problem, horizon, year_of), 0.0, time.monotonic() - begun, None)


def _rests(problem: Problem, serving: Serving, built: Booleans) -> list[frozenset[int]]:
    """Builds that each pair rests on, each item had in the first way that works; only where nothing goes in a circle."""
    had = serving.had(built)
    known: dict[tuple[int, int], frozenset[int]] = {}

    def rest(item: int, scenario: int) -> frozenset[int]:
        key = (item, scenario)
        if key not in known:
            ways = [
                way
                for way in serving.ways[item]
                if (serving.build[way] < 0 or built[serving.build[way]])
                and serving.available[way] >> scenario & 1
                and all(had[one] >> scenario & 1 for one in serving.inputs[way])
            ]
            found = [
                frozenset({serving.build[way]} - {-1}).union(*(rest(one, scenario) for one in serving.inputs[way]))
                for way in ways
            ]
            known[key] = min(found, key=lambda row: (float(problem.cost[list(row)].sum()), sorted(row)))
        return known[key]

    return [
        rest(item, scenario)
        for item, scenario in zip(problem.pair_item.tolist(), problem.pair_scenario.tolist(), strict=True)
        if had[item] >> scenario & 1
    ]


def cost_over_years(problem: Problem, horizon: Horizon, year_of: np.ndarray) -> float:
    """What a plan over years costs: its builds, and the penalty of every pair that is not had, by plain propagation."""
    serving = Serving(problem)
    total = 0.0
    for year, weight in enumerate(horizon.weight.tolist()):
        missing = len(serving.missing((year_of >= 0) & (year_of <= year)))
        total += weight * (float(problem.cost[year_of == year].sum()) + horizon.penalty * missing)
    return total
