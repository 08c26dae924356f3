"""Plans of large stacks whose levels are 0 or 1, by the engines of zeros and ones. Owns what the simulator's word does to them.

The function::

    zero_one(judge, stack, goal, options) -> tuple[Chosen, float | None] | str   # str: why the general search has to do it

The engines solve the problem that :mod:`freehold.plan.zero_one` makes of the stack. The simulator judges each plan; one that it
refuses goes back as a cut: at least one option outside of the largest refused set that holds it must be built. Since the
problem relaxes what is asked, a bound of the one is a bound of the other.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from freehold.measure.case import Kernel
from freehold.plan.end_state import Progress, end_state
from freehold.plan.goal_values import Goal
from freehold.plan.greedy import greedy
from freehold.plan.interface import Judge
from freehold.plan.option_values import Option
from freehold.plan.presolve import Reduced, presolve
from freehold.plan.problem import Booleans
from freehold.plan.search import Search
from freehold.plan.search_values import Chosen, Committed, Terms
from freehold.plan.zero_one import ZeroOne, with_cut, zero_one_problem
from freehold.plan.zero_one_simulated import simulated
from freehold.plan.zero_one_years import over_years, reason_against_years
from freehold.stack.values import Stack
from freehold.words import say

__all__ = ["MANY", "zero_one"]

MANY: Final = 40
"""Options from which the engines of zeros and ones are faster than a search that asks the simulator for every proposal."""
_GROWING: Final = 60
"""Questions to the simulator for making one refused set as large as it can be."""
_FOR_GREEDY: Final = 0.15
"""Part of the time that the plan of the most gain for its cost may take."""


def zero_one(
    judge: Judge, stack: Stack, goal: Goal, options: Sequence[Option], committed: Sequence[Committed] = (), *,
    seconds: float = 60.0, least: int = MANY, strict: bool = False, kernel: Kernel = "auto", progress: Progress | None = None,
    interrupted: Callable[[], bool] | None = None,
) -> tuple[Chosen, float | None] | str:  # fmt: skip
    """Find the cheapest plan, or say why the general search has to.

    Parameters
    ----------
    judge
        Who judges plans of this stack, goal and options; asked where steps have to be put on days within budgets.
    stack, goal, options, committed
        The stack as it is, what is asked, the options in the judge's order, steps that are no longer open.
    seconds
        Most time.
    least
        How many options there must be for these engines to be worth it.
    strict, kernel
        As for :class:`~freehold.measure.case.Case`.
    progress
        Told the cost of the best plan so far and the bound, whenever one changes.
    interrupted
        Asked now and then whether to end with the best plan so far.

    Returns
    -------
    tuple of Chosen and float, or str
        The plan, and what a plan of the most gain per cost comes to (``None`` where it finds none); or the reason, in words.
        With a penalty the cost is that of the steps and of what is not had, year by year.
    """
    if len(options) < least:
        return say("zero_one.few", options=len(options))
    end = time.monotonic() + seconds
    found = zero_one_problem(stack, goal, options, committed=committed, strict=strict)
    if isinstance(found, str):
        return found
    reason = _reason(found, goal, committed)
    if reason is not None:
        return reason

    def ask(asked_of: ZeroOne, built: Iterable[int]) -> Booleans:
        return simulated(stack, goal, options, asked_of, built, strict=strict, kernel=kernel)

    if not found.sure:
        # what is not had with everything built is asked for only where its aim asks for a level, come what may
        never = ~ask(found, found.option.tolist())
        found = found.without(never & ~np.array([wish.firm for wish in found.wishes], np.bool_))
    had = partial(ask, found)
    if goal.limits.penalty is not None:
        left = max(1.0, end - time.monotonic())
        return over_years(found, goal, had, seconds=left, progress=progress, interrupted=interrupted)
    asked = _Asked(judge, goal, found, had, tuple(committed), end, progress, interrupted)
    reduced = presolve(found.problem)
    first = greedy(found.problem, seconds=asked.left * _FOR_GREEDY, reduced=reduced)
    whole = first.stopped is None
    patient = [first.cost] if whole and first.built is not None else []
    chosen = _end_state(asked, reduced, first.built if whole else None, patient)
    if isinstance(chosen, str):
        return chosen
    return chosen, patient[0] + asked.fixed if patient else None


def _reason(found: ZeroOne, goal: Goal, committed: Sequence[Committed]) -> str | None:
    if goal.limits.penalty is not None:
        return reason_against_years(found, goal, committed)
    if found.openings.timed and (goal.limits.discount > 0 or goal.limits.people is not None or _learns(found)):
        return say("zero_one.timed")
    return None


def _learns(found: ZeroOne) -> bool:
    some = [found.openings.options[one] for one in found.openings.earliest]
    groups = [one.learns_with for one in some if one.learns_with is not None and one.learning is not None]
    return len(groups) > len(set(groups))


@dataclass(frozen=True)
class _Asked:
    judge: Judge
    goal: Goal
    found: ZeroOne
    had: Callable[[Iterable[int]], Booleans]
    committed: tuple[Committed, ...]
    end: float
    progress: Progress | None
    interrupted: Callable[[], bool] | None

    @property
    def left(self) -> float:
        return max(0.0, self.end - time.monotonic())

    @property
    def fixed(self) -> float:
        """What committed steps still cost."""
        return math.fsum(step.cost for step in self.committed)

    def numbers(self, built: Booleans) -> frozenset[int]:
        """Numbers of the options that these builds stand for, and of those that are there in any case."""
        return frozenset(self.found.option[built].tolist()) | self.found.openings.standing


def _end_state(asked: _Asked, reduced: Reduced | None, hint: Booleans | None, patient: list[float]) -> Chosen | str:
    """The plan; where nothing was had for a patient hand's yet, the cost of the first one that comes up stands for it."""
    problem, bound = asked.found.problem, 0.0
    while True:
        found = end_state(
            problem, seconds=asked.left, hint=hint, reduced=reduced, progress=asked.progress, interrupted=asked.interrupted
        )  # fmt: skip
        bound = max(bound, found.bound)
        if not patient and found.trail and math.isfinite(found.trail[0][1]):
            patient.append(found.trail[0][1])
        if found.built is None:
            return Chosen(None, {}, math.inf, bound + asked.fixed, found.stopped)
        built = _useful(asked.found, found.built)
        if any(built[one] and built[other] for one, other in asked.found.excludes):
            return say("zero_one.excluded")
        numbers = asked.numbers(built)
        refused = np.flatnonzero(~asked.had(numbers))
        if not len(refused):
            return _dated(asked, numbers, bound, found.stopped)
        if not asked.found.monotone:
            return say("zero_one.refused")
        if found.stopped is not None or not asked.left:
            return _all_of_it(asked, bound, found.stopped or "time")
        problem, reduced, hint = with_cut(problem, _outside(asked, built, int(refused[0]))), None, built


def _useful(found: ZeroOne, built: Booleans) -> Booleans:
    """Builds without those that nothing can rest on, since what they require is not there."""
    built = np.array(built, np.bool_)
    place = {number: build for build, number in enumerate(found.option.tolist())}
    while True:
        idle = [
            one
            for one in np.flatnonzero(built).tolist()
            if any(not built[place[other]] for other in found.openings.requires.get(int(found.option[one]), ()))
        ]
        if not idle:
            return built
        built[idle] = False


def _outside(asked: _Asked, built: Booleans, pair: int) -> list[int]:
    """Builds of which one at least is needed: those outside of a refused set that is made as large as can be."""
    refused = built.copy()
    cost = asked.found.problem.cost
    # the dear ones are left for last, so that the cut asks for much
    waiting = [sorted(np.flatnonzero(~built).tolist(), key=lambda one: (cost[one], asked.found.option[one]))]
    outside: list[int] = []
    asks = 0
    while waiting:
        some = waiting.pop()
        if asks >= _GROWING or not asked.left:
            outside += some
            continue
        asks += 1
        more = refused.copy()
        more[some] = True
        if not asked.had(asked.numbers(more))[pair]:
            refused = more
        elif len(some) == 1:
            outside += some
        else:
            waiting += [some[len(some) // 2 :], some[: len(some) // 2]]
    return outside


def _all_of_it(asked: _Asked, bound: float, stopped: str) -> Chosen:
    """Where the time is over and no plan is confirmed: everything, if that does."""
    everything = np.ones(asked.found.problem.builds, np.bool_)
    numbers = asked.numbers(everything)
    if asked.found.excludes or not asked.had(numbers).all():
        return Chosen(None, {}, math.inf, bound + asked.fixed, stopped)
    dated = _dated(asked, numbers, bound, stopped)
    return dated if isinstance(dated, Chosen) else Chosen(None, {}, math.inf, bound + asked.fixed, stopped)


def _dated(asked: _Asked, numbers: frozenset[int], bound: float, stopped: str | None) -> Chosen | str:
    """The plan with the days on which its steps start, if it is within the budget."""
    openings, limits = asked.found.openings, asked.goal.limits
    steps = sorted(numbers & set(openings.earliest))
    cost = math.fsum(openings.price(one) for one in steps) + asked.fixed
    bound = min(cost, bound + asked.fixed)
    if limits.budget is not None and cost > limits.budget + 1e-9:
        if stopped is None:
            return Chosen(None, {}, math.inf, math.inf)
        return Chosen(None, {}, math.inf, bound, stopped)
    if not openings.only(steps).timed:
        begun = {step.option: step.start for step in asked.committed}
        return Chosen(numbers, {**{one: float(openings.earliest[one]) for one in steps}, **begun}, cost, bound, stopped)
    search = Search(asked.judge, asked.goal, asked.committed, seconds=max(1.0, asked.left), interrupted=asked.interrupted)
    search.openings = search.openings.only(steps)
    dated = search.ask(Terms(forced=frozenset(steps)))
    if dated.built is None:
        return say("zero_one.budget_years")
    return replace(dated, bound=min(dated.cost, bound), stopped=stopped)
