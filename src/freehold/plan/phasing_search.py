"""Better plans over years from good ones. Owns the search among neighbours of the best plan, led by a relaxation.

Build decisions that a relaxation uses are the field; a random part of them is opened, the rest stays as in the best plan, and
HiGHS finds the best plan of that neighbourhood (large neighbourhood search, as in Rothberg, "An evolutionary algorithm for
polishing mixed integer programming solutions", INFORMS Journal on Computing 19, 2007). Neighbourhoods grow as long as they are
solved in time, and shrink when they are not.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from freehold.network.arrays import Floats, Integers
from freehold.plan.phasing_best import Best
from freehold.plan.phasing_highs import solve
from freehold.plan.phasing_loops import Loops
from freehold.plan.phasing_model import YearsModel, years_model
from freehold.plan.phasing_states import open_states
from freehold.plan.phasing_truth import MONEY
from freehold.plan.problem import Booleans

__all__ = ["Field", "search_neighbours"]

_LEAST_OPEN = 0.02
_FIRST_OPEN = 0.3
_SECONDS = 15.0
_GAP = 5e-4
_USED = 1e-3


class Field:
    """Where to look: builds and years that some relaxation uses. Searches that run side by side may add to it.

    Parameters
    ----------
    builds, years
        How many build decisions and years there are.
    """

    def __init__(self, builds: int, years: int) -> None:
        self.allowed: Booleans = np.zeros(builds, np.bool_)
        self.first: Booleans = np.zeros(years, np.bool_)
        self.first[:1] = True
        self.version, self.settled = 0, False

    def add(self, allowed: Booleans, first: Booleans, *, instead: bool = False) -> None:
        """Add builds (builds,) and years (years,); ``instead`` of those so far."""
        self.allowed = allowed.copy() if instead else self.allowed | allowed
        self.first = first | (np.arange(len(first)) == 0) | (self.first if not instead else first)
        self.version += 1

    def add_used(self, model: YearsModel, solution: Floats, *, settled: bool) -> None:
        """Add what a relaxation uses; ``settled``: one of all years, that counts instead of all others, before and after it."""
        there = model.there(solution)
        allowed = np.zeros(len(self.allowed), np.bool_)
        allowed[model.builds] = there.max(axis=0, initial=0.0) > _USED
        if settled:
            first = np.zeros(len(self.first), np.bool_)
            first[model.first[1:]] = (np.diff(there, axis=0) > _USED).any(axis=1)
            self.settled = True
            self.add(allowed, first, instead=True)
        elif not self.settled:
            self.add(allowed, np.arange(len(self.first)) <= 0)


def search_neighbours(best: Best, field: Field, seed: int, *, prove: bool = True) -> None:
    """Look for better plans until time is over or it is proven that there is none.

    Parameters
    ----------
    best
        The best plan so far; told of better ones.
    field
        Where to look first; widened to everything once that is searched through.
    seed
        Where chance begins.
    prove
        Whether to tell what is proven once everything is a neighbour.
    """
    chance = np.random.default_rng(seed)
    share, version = _FIRST_OPEN, -1
    model, loops, whole, allowed = None, None, False, field.allowed
    while not best.stop() and not (prove and best.proven):
        year, cost = best.year, best.cost
        if model is None or loops is None or version != field.version or not _within(model, allowed, year):
            version, share = field.version, min(share, _FIRST_OPEN) if model is None or version != field.version else share
            model, allowed, whole = _program(best, field, year)
            loops = Loops(model)
        if not len(model.builds):
            if whole:
                return
            field.add(np.ones_like(field.allowed), np.ones_like(field.first))
            continue
        there = model.columns_of(year)
        fixed = there.copy()
        opened = chance.random(there.shape[1]) < share
        fixed[:, opened] = np.nan
        solved = solve(
            model, loops.rows, min(_SECONDS, best.left), best.stop, hint=there, gap=0.0 if share >= 1.0 else _GAP,
            fixed=fixed if share < 1.0 else None, found=partial(_tell, best, model),
        )  # fmt: skip
        truly = np.inf
        if solved.solution is not None:
            truly = best.offer(model.years_of(solved.solution, len(year)))
            promised = model.constant + float(model.cost @ np.round(solved.solution, 6))
            if truly > promised + MONEY * max(1.0, promised) and loops.learn(model.there(solved.solution)):
                continue
        if not solved.optimal:
            share = max(_LEAST_OPEN, share * 0.85)
        elif share < 1.0:
            share = min(1.0, share * 1.1)
        elif whole:
            if prove:
                best.prove(solved.bound)
                if best.proven:
                    best.over.set()
            return
        elif best.cost >= cost:
            field.add(np.ones_like(field.allowed), np.ones_like(field.first))


def _program(best: Best, field: Field, year: Integers) -> tuple[YearsModel, Booleans, bool]:
    """The program of the field and a plan, the builds that it may use, and whether it is that of everything."""
    problem, horizon = best.truth.problem, best.horizon
    allowed = field.allowed | (year >= 0)
    first = field.first.copy()
    first[np.unique(year[year >= 0])] = True
    states = open_states(problem, best.truth, allowed)
    whole = bool(first.all() and allowed.all())
    return years_model(states, problem.cost, horizon, np.flatnonzero(first)), allowed, whole


def _within(model: YearsModel, allowed: Booleans, year: Integers) -> bool:
    """Whether a plan is one of the program's."""
    built = year >= 0
    return bool(np.isin(year[built], model.first).all() and allowed[built].all())


def _tell(best: Best, model: YearsModel, solution: Floats) -> None:
    best.offer(model.years_of(solution, best.truth.problem.builds))
