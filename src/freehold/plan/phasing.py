"""What to build in which year. Owns the answer over years: the plan, what is proven of it, and who searches when.

Two searches run side by side and tell each other their plans. Small problems: HiGHS solves the whole program and proves, CP-SAT
looks for plans meanwhile. Large ones: the relaxation of all years, by an interior point, proves a bound and says which builds
matter; until it is there, the years are relaxed one by one, the last, the end state, first. Both then search among the
neighbours of the best plan within what the relaxation uses. Every plan is reckoned by plain propagation before it counts.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from freehold.network.arrays import Floats, Integers
from freehold.plan.phasing_best import Best
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
                states, model = prepared.result()
                if not len(states.targets) or not len(horizon.weight):
                    best.prove(model.constant)  # nothing that could be built is of use
                    return best.found(interrupted=False)
                first, second = (_prove, _guess) if len(model.cost) <= _SMALL else (_relax_all, _relax_years)
                field = Field(problem.builds, len(horizon.weight))
                attendant.wait(*(pool.submit(search, best, states, model, field) for search in (first, second)))
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


def _prepare(problem: Problem, best: Best) -> tuple[States, YearsModel]:
    """What is open, a first plan, and the whole program."""
    states = open_states(problem, best.truth)
    best.offer(greedy_years(states, problem.cost, best.horizon, best.stop))
    return states, years_model(states, problem.cost, best.horizon)


def _prove(best: Best, states: States, model: YearsModel, field: Field) -> None:  # noqa: ARG001
    """Solve the whole program; its plan is the answer if it is proven, whatever the other search found on the way."""
    loops, builds = Loops(model), best.truth.problem.builds

    def found(solution: Floats) -> None:
        best.offer(model.years_of(solution, builds))

    while not best.stop():
        solved = solve(model, loops.rows, best.left, best.stop, found=found, proven=best.prove)
        best.prove(solved.bound)
        if solved.solution is None or not solved.optimal:
            return
        year = model.years_of(solved.solution, builds)
        truly, promised = best.offer(year), solved.bound
        if truly <= promised + MONEY * max(1.0, promised):
            best.settle(year)
            best.over.set()
        elif not loops.learn(model.there(solved.solution)):
            return


def _guess(best: Best, states: States, model: YearsModel, field: Field) -> None:
    """Look for plans with CP-SAT, then among neighbours, while the other search proves."""
    problem = best.truth.problem
    there = model.columns_of(best.year)

    def found(there: Floats) -> None:
        best.offer(model.years_from(there, problem.builds))

    improve(model, problem.cost, best.horizon, _GUESSING * best.left, best.stop, found, hint=there)
    allowed = np.zeros(problem.builds, np.bool_)
    allowed[states.builds] = True
    field.add(allowed, np.ones(len(best.horizon.weight), np.bool_))
    search_neighbours(best, field, seed=2, prove=False)


def _relax_all(best: Best, states: States, model: YearsModel, field: Field) -> None:  # noqa: ARG001
    """Relax all years together, then look among neighbours within what that uses."""
    relaxed = relax(model, model.rows, _RELAXING * best.left, best.stop)
    best.prove(relaxed.bound)
    if relaxed.complete and relaxed.solution is not None:
        field.add_used(model, relaxed.solution)
    search_neighbours(best, field, seed=1)


def _relax_years(best: Best, states: States, model: YearsModel, field: Field) -> None:  # noqa: ARG001
    """Relax the years one by one, the last first, then look among neighbours within what these use."""
    problem, horizon = best.truth.problem, best.horizon
    years = len(horizon.weight)
    total = 0.0
    for year in (years - 1, *range(years - 1)):
        alone = year_alone(states, problem.cost, horizon, year)
        relaxed = relax(alone, alone.rows, _RELAXING * best.left / 2, best.stop)
        total += relaxed.bound
        best.prove(total)  # what is left out costs nothing less than nothing
        if best.stop():
            return
        if relaxed.complete and relaxed.solution is not None:
            field.add_used(alone, relaxed.solution)
    search_neighbours(best, field, seed=2)
