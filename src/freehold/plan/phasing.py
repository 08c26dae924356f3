"""What to build in which year. Owns the answer over years: the plan, what is proven of it, and who searches when.

Two searches run side by side and tell each other their plans. Small problems: HiGHS solves the whole program and proves,
CP-SAT looks for plans meanwhile. Large ones: the end state, everything built at once, is relaxed first, which says how many
years have to be told apart; the relaxation of those, by an interior point, proves a bound and says which builds matter. Both
then search among the neighbours of the best plan within that. Every plan is reckoned by plain propagation before it counts.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np

from freehold.network.arrays import Floats, Integers
from freehold.plan.phasing_best import Best
from freehold.plan.phasing_bound import priced_out
from freehold.plan.phasing_greedy import greedy_years
from freehold.plan.phasing_highs import relax, solve
from freehold.plan.phasing_loops import Loops
from freehold.plan.phasing_model import YearsModel, year_alone, years_model
from freehold.plan.phasing_sat import improve
from freehold.plan.phasing_search import Field, search_neighbours
from freehold.plan.phasing_states import States, open_states
from freehold.plan.phasing_truth import MONEY, Truth
from freehold.plan.problem import FoundYears, Horizon, Problem

__all__ = ["phase"]

_SMALL = 12_000
"""Columns up to which the whole program is solved with whole numbers at once."""

_BEAT = 0.05
_GUESSING = 0.3
"""Of the time, how much CP-SAT has in a small problem before neighbours are searched."""

_RELAXING = 0.6
"""Of the time left, the most that a relaxation has."""

_ROUGH = 0.05
"""Gap at which a solve may end as long as it still teaches which circles do not hold."""

_DRAWN = 40
"""Plans drawn at random from which circles that do not hold are learnt beforehand."""

_LOST = 1e-3
"""Part of a bound, or of what is spent, that is not worth a larger relaxation."""


def phase(
    problem: Problem,
    horizon: Horizon,
    *,
    seconds: float = 60.0,
    hint: Integers | None = None,
    progress: Callable[[float, float], object] | None = None,
    interrupted: Callable[[], bool] | None = None,
) -> FoundYears:
    """Find what to build in which year, so that builds and what is not had cost least.

    A build is paid in the year in which it is built, times that year's weight, and works from that year on; a pair that is not
    had in a year costs the penalty times that year's weight. A pair that cannot be had with everything built counts in all
    years, in the cost and in the bound. No year's budget is exceeded.

    Parameters
    ----------
    problem
        The problem.
    horizon
        Budgets, weights and the penalty.
    seconds
        Most time, about; the best plan so far is given then, with what is proven.
    hint : (builds,)
        A plan to start from: the year of each build, -1 for never; it counts only if it keeps the budgets.
    progress
        Told cost and bound whenever one of them changed, from the threads of the searches.
    interrupted
        Asked about every twentieth of a second whether to stop.

    Returns
    -------
    FoundYears
        Always with a plan: to build nothing is one.
    """
    truth = Truth(problem)
    best = Best(truth, horizon, seconds, progress)
    best.offer(np.full(problem.builds, -1, np.int64))
    if hint is not None:
        best.offer(hint)
    attendant = _Attendant(best, interrupted)
    with ThreadPoolExecutor(max_workers=2) as pool:
        try:
            prepared = pool.submit(_prepare, problem, best)
            attendant.wait(prepared)
            if not best.stop():
                open_ = prepared.result()
                if not len(open_.states.targets) or not len(horizon.weight):
                    best.prove(open_.model.constant)  # nothing that could be built is of use
                    return best.found(interrupted=False)
                searches = (_prove, _guess) if len(open_.model.cost) <= _SMALL else (_relax_all, _relax_first)
                attendant.wait(*(pool.submit(search, best, open_) for search in searches))
        finally:
            best.over.set()
    return best.found(interrupted=attendant.interrupted)


class _Attendant:
    """Who waits for searches, and ends them when that is asked for or when the time is over."""

    def __init__(self, best: Best, ask: Callable[[], bool] | None) -> None:
        self._best, self._ask, self.interrupted = best, ask, False

    def wait(self, *searches: Future[Any]) -> None:
        """Wait for all; what one of them raises is raised here."""
        open_ = set(searches)
        while open_:
            done, open_ = wait(open_, timeout=_BEAT, return_when=FIRST_EXCEPTION)
            for search in done:
                search.result()
            if self._ask is not None and not self.interrupted and self._ask():
                self.interrupted = True
            if self.interrupted or self._best.stop():
                self._best.over.set()


@dataclass(frozen=True, slots=True)
class _Open:
    """What is open, the whole program, the plan to start from (builds,), and where the searches look."""

    states: States
    model: YearsModel
    start: Integers
    field: Field


def _prepare(problem: Problem, best: Best) -> _Open:
    states = open_states(problem, best.truth)
    best.offer(greedy_years(states, problem.cost, best.horizon, best.stop))
    model = years_model(states, problem.cost, best.horizon)
    return _Open(states, model, best.year, Field(problem.builds, len(best.horizon.weight)))


def _prove(best: Best, open_: _Open) -> None:
    """Solve the whole program; its plan is the answer if it is proven, whatever the other search found on the way."""
    model = open_.model
    loops, builds = Loops(model), best.truth.problem.builds

    seen: list[Floats] = []

    def found(solution: Floats) -> None:
        best.offer(model.years_of(solution, builds))
        if loops.possible:
            seen.append(model.there(solution))

    loops.learn_at_random(_DRAWN)
    gap = _ROUGH if loops.possible else 0.0
    while not best.stop():
        solved = solve(model, loops.rows, best.left, best.stop, gap=gap, found=found, proven=best.prove)
        best.prove(solved.bound)
        learnt = False
        for there in seen:
            learnt = loops.learn(there) or learnt
        seen.clear()
        if learnt and gap:
            continue
        if solved.solution is None or not solved.optimal:
            return
        year = model.years_of(solved.solution, builds)
        truly, promised = best.offer(year), solved.bound
        if truly <= promised + MONEY * max(1.0, promised):
            best.settle(year)
            best.over.set()
        elif gap:
            gap = 0.0
        elif not (loops.learn(model.there(solved.solution)) or learnt):
            return


def _guess(best: Best, open_: _Open) -> None:
    """Look for plans with CP-SAT, then among neighbours, while the other search proves."""
    problem, model, field = best.truth.problem, open_.model, open_.field

    def found(there: Floats) -> None:
        best.offer(model.years_from(there, problem.builds))

    improve(model, problem.cost, best.horizon, _GUESSING * best.left, best.stop, found, hint=model.columns_of(open_.start))
    allowed = np.zeros(problem.builds, np.bool_)
    allowed[open_.states.builds] = True
    field.add(allowed, np.ones(len(best.horizon.weight), np.bool_))
    search_neighbours(best, field, seed=2, prove=False)


def _relax_all(best: Best, open_: _Open) -> None:
    """Relax all years together, or, where time is too short for that, each alone; then look among neighbours.

    Years after which it does not pay to build are taken together first: that is enough if its prices prove as much.
    """
    few, every, field = _few_years(best, open_), open_.model, open_.field
    complete = False
    for model in (few, every) if few.years < every.years else (every,):
        relaxed = relax(model, model.rows, _RELAXING * best.left, best.stop)
        bound = relaxed.bound if model is every else every.proven(priced_out(few, relaxed.prices, every, best.horizon))
        best.prove(bound)
        complete = relaxed.complete and bound >= relaxed.bound * (1.0 - _LOST)
        if relaxed.complete and relaxed.solution is not None:
            field.add_used(model, relaxed.solution, settled=True)
        if complete or not relaxed.complete:
            break
    if not complete:
        years = len(best.horizon.weight)
        best.prove(sum(_relax_alone(best, open_, year) for year in (years - 1, *range(years - 1))))
    search_neighbours(best, field, seed=1)


def _few_years(best: Best, open_: _Open) -> YearsModel:
    """The program in which nothing is built after the year by whose end the end state could be paid."""
    horizon, cost = best.horizon, best.truth.problem.cost
    at_once = Horizon(np.full_like(horizon.budget, horizon.budget.sum()), horizon.weight, horizon.penalty)
    model = years_model(open_.states, cost, at_once, np.zeros(1, np.int64))
    relaxed = relax(model, model.rows, _RELAXING * best.left / 4, best.stop)
    if not relaxed.complete or relaxed.solution is None:
        return open_.model
    open_.field.add_used(model, relaxed.solution, settled=False)
    spent = float(model.there(relaxed.solution)[0] @ cost[model.builds])
    enough = np.flatnonzero(np.cumsum(horizon.budget) >= spent * (1.0 - _LOST))
    last = int(enough[0]) if len(enough) else len(horizon.weight) - 1
    return years_model(open_.states, cost, horizon, np.arange(last + 1))


def _relax_first(best: Best, open_: _Open) -> None:
    """Look among neighbours within what the first year uses, and what the other search adds."""
    _relax_alone(best, open_, 0)
    search_neighbours(best, open_.field, seed=2)


def _relax_alone(best: Best, open_: _Open, year: int) -> float:
    """Relax a year alone: the bound of its part of the cost, or without time what it is at least."""
    model = year_alone(open_.states, best.truth.problem.cost, best.horizon, year)
    least = float(np.minimum(model.cost[: len(model.builds)], 0.0).sum())
    if best.stop():
        return least
    relaxed = relax(model, model.rows, _RELAXING * best.left / 2, best.stop)
    if relaxed.complete and relaxed.solution is not None:
        open_.field.add_used(model, relaxed.solution, settled=False)
    return max(relaxed.bound, least)
