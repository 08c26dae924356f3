"""Plans of zeros and ones over years, with budgets and a penalty for what is not had. Owns how a plan becomes a horizon.

A step of a year is ready within it, and works in it; so is whatever it requires. What cannot be had whatever is built costs no
penalty: it would cost the same under every plan.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np

from freehold.network.arrays import Integers
from freehold.plan.goal_values import BestAim, Goal
from freehold.plan.phasing import phase
from freehold.plan.phasing_greedy import greedy_years
from freehold.plan.phasing_states import open_states
from freehold.plan.phasing_truth import Truth
from freehold.plan.prices import YEAR
from freehold.plan.problem import Booleans, Horizon
from freehold.plan.search_values import Chosen, Committed
from freehold.plan.serving import Serving
from freehold.plan.zero_one import ZeroOne
from freehold.stack.values import is_stated
from freehold.words import say

__all__ = ["horizon_of", "over_years", "reason_against_years"]

_LEAP: Final = 0.25
"""Days a year by which a date may be beyond whole years of 365 days."""


def _years(last: float) -> int:
    """Whole years up to a plan's last day, leap days aside; 0 where they are not whole."""
    years = int((last + 1e-9) / YEAR)
    return years if last - years * YEAR <= _LEAP * years + 1 else 0


def reason_against_years(found: ZeroOne, goal: Goal, committed: Sequence[Committed]) -> str | None:
    """Why a plan with a penalty cannot be found year by year; ``None`` if it can."""
    limits, openings = goal.limits, found.openings
    if not all(isinstance(aim, BestAim) and len(aim.days) == 1 for aim in goal.aims) or len(set(found.weight)) > 1:
        return say("zero_one.penalty_aims")
    some = [openings.options[one] for one in openings.earliest]
    running = any(is_stated(one.cost_year) and one.cost_year > 0 for one in some)
    if committed or limits.budget is not None or (limits.budget_years and running):
        return say("zero_one.penalty_money")
    learning = [one.learns_with for one in some if one.learning is not None and one.learns_with is not None]
    if found.excludes or limits.people is not None or len(learning) > len(set(learning)):
        return say("zero_one.timed")
    years = _years(openings.last)
    late = any(day + openings.lead(one) > YEAR + 1e-9 for one, day in openings.earliest.items())
    return say("zero_one.penalty_days") if late or not years else None


def horizon_of(found: ZeroOne, goal: Goal) -> Horizon:
    """Budgets, weights and the penalty of a pair, for each year of the plan."""
    limits = goal.limits
    years = _years(found.openings.last)
    given = limits.budget_years or (math.inf,)
    budget = [given[min(year, len(given) - 1)] for year in range(years)]
    weight = (1 + limits.discount) ** -np.arange(years, dtype=np.float64)
    return Horizon(np.array(budget, np.float64), weight, (limits.penalty or 0.0) * (found.weight[0] if found.weight else 0.0))


def over_years(
    found: ZeroOne, goal: Goal, had: Callable[[Iterable[int]], Booleans], *, seconds: float,
    progress: Callable[[float, float], None] | None, interrupted: Callable[[], bool] | None,
) -> tuple[Chosen, float | None]:  # fmt: skip
    """The plan of least cost and penalty, and what the simulator makes of its promises.

    Parameters
    ----------
    found, goal
        The problem, against which :func:`reason_against_years` has nothing, and what is asked.
    had
        The simulator's word: whether each pair (pairs,) is had with these options, by number.
    seconds, progress, interrupted
        See :func:`~freehold.plan.zero_one_search.zero_one`.
    """
    horizon = horizon_of(found, goal)
    years = phase(found.problem, horizon, seconds=seconds, progress=progress, interrupted=interrupted)
    patient = _most_gain(found, horizon, seconds)
    if years.year is None:
        return Chosen(None, {}, math.inf, years.bound, years.stopped), patient
    starts = {
        int(found.option[build]): YEAR * int(years.year[build]) + found.openings.earliest[int(found.option[build])]
        for build in np.flatnonzero(years.year >= 0).tolist()
    }
    cost = _simulated_cost(found, had, horizon, years.year)
    return Chosen(frozenset(starts), starts, cost, min(cost, years.bound), years.stopped), patient


def _most_gain(found: ZeroOne, horizon: Horizon, seconds: float) -> float:
    """What buying whatever gains most for its cost comes to, by plain propagation."""
    end = time.monotonic() + seconds
    truth, serving = Truth(found.problem), Serving(found.problem)
    states = open_states(found.problem, truth)
    year_of = greedy_years(states, found.problem.cost, horizon, lambda: time.monotonic() > end)
    total = 0.0
    for year, weight in enumerate(horizon.weight.tolist()):
        missing = len(serving.missing((year_of >= 0) & (year_of <= year)))
        total += weight * (float(found.problem.cost[year_of == year].sum()) + horizon.penalty * missing)
    return total


def _simulated_cost(found: ZeroOne, had: Callable[[Iterable[int]], Booleans], horizon: Horizon, year_of: Integers) -> float:
    """Cost of the steps, and of every pair that the simulator does not see served, year by year."""
    total, missing = 0.0, len(found.wishes)
    for year, weight in enumerate(horizon.weight.tolist()):
        new = year_of == year
        if new.any() or not year:
            there = found.option[(year_of >= 0) & (year_of <= year)]
            missing = int((~had(there.tolist())).sum())
        total += weight * (float(found.problem.cost[new].sum()) + horizon.penalty * missing)
    return total
