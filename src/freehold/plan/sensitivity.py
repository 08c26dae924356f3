"""What other money or another date would give. Owns the questions that are asked for it.

More money allows all that less money does: what was found with a smaller budget counts with every larger one, so that no row
is worse than the one before it only because time was short.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from freehold.plan.asking import Asking, Questions
from freehold.plan.easy_plans import EasyPlans
from freehold.plan.goal_values import Aim, Goal, Limits
from freehold.plan.interface import Judge, Judged, Sign
from freehold.plan.option_values import Option
from freehold.plan.plan_values import Sensitivity
from freehold.plan.prices import building_costs, date_on, plan_days, running_cost
from freehold.plan.search_values import Chosen, Terms

__all__ = ["BUDGETS", "MONTHS", "OnlyReliance", "sensitivity"]

BUDGETS: Final = (-0.5, -0.25, -0.1, 0.1, 0.25, 0.5)
"""By which parts the budget is changed."""

MONTHS: Final = (-12, -6, 6, 12)
"""By how many months the last day is moved."""

_EASY: Final = 0.02
"""Of the time, what looking for plans that are good soon may take where a proof has failed."""


class OnlyReliance:
    """A judge without aims: what it says of self-reliance, and all else, is what another judge says."""

    aims: Sequence[Aim] = ()

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    @property
    def options(self) -> Sequence[Option]:
        """The options."""
        return self._judge.options

    def judge(self, built: frozenset[int], aims: Sequence[int] | None = None) -> Judged:  # noqa: ARG002
        """Nothing is asked, so that all of it holds."""
        return Judged((), ())

    def reliance(self, built: frozenset[int]) -> float:
        """Self-reliance with these options."""
        return self._judge.reliance(built)

    def signs(self, aim: int) -> Sequence[Sign]:
        """There is no aim of any number."""
        raise IndexError(aim)

    def __getattr__(self, name: str) -> object:
        return getattr(self._judge, name)


def sensitivity(
    search: Asking, best: Chosen, *, terms: Terms | None = None, seconds: float = 120.0,
    make_search: Callable[[Judge, Goal], Asking] | None = None,
) -> tuple[Sensitivity, ...]:  # fmt: skip
    """What budgets that are 10, 25 and 50 % smaller or larger, and ends 6 and 12 months earlier or later, would give.

    Parameters
    ----------
    search
        Who finds plans.
    best
        The plan. Without a budget, what it spends is what is changed; without either, only dates are.
    terms
        What was added to the goal when it was asked for.
    seconds
        Time for all.
    make_search
        Makes who finds plans for the same options without aims, which tells what a budget that is too small for them buys;
        ``None``: a :class:`freehold.plan.search.Search`.

    Returns
    -------
    Rows by what is changed, then by how much. Dates that are not after the start are left out.
    """
    limits, rows = search.goal.limits, list(_budgets(search, best))
    dates = [(months, other) for months in MONTHS if (other := _with_end(limits, months)) is not None]
    part = seconds * 2 * len(rows) / max(1, 2 * len(rows) + len(dates))
    return (
        *_by_money(search, best, rows, Questions(search, terms, seconds=part, expected=2 * len(rows)), make_search, part),
        *_by_date(dates, Questions(search, terms, seconds=seconds - part, expected=len(dates))),
    )


def _budgets(search: Asking, best: Chosen) -> Iterator[tuple[float, str, str, Limits]]:
    """Changes of the budget: by which part, what it is called, its value, and the limits."""
    limits = search.goal.limits
    money = limits.budget
    if money is None and best.built is not None and not limits.budget_years:
        money = _spent(search, best)
    for change in BUDGETS:
        yearly = tuple(one * (1 + change) for one in limits.budget_years)
        if money is not None and 0 < money < math.inf:
            other = money * (1 + change)
            yield change, "budget", _amount(other), replace(limits, budget=other, budget_years=yearly)
        elif yearly and 0 < max(yearly) < math.inf:
            yield change, "budget_year", ",".join(map(_amount, yearly)), replace(limits, budget_years=yearly)


def _spent(search: Asking, best: Chosen) -> float:
    """What a plan costs, not discounted; steps that were begun before cost what they still cost."""
    options, limits = search.judge.options, search.goal.limits
    begun = {step.option: step.cost for step in search.committed}
    once = building_costs(options, best.starts)
    return math.fsum(begun.get(one, once[one] + running_cost(options[one], limits)) for one in best.starts)


def _amount(money: float) -> str:
    return f"{money:.2f}".removesuffix(".00")


def _by_money(
    search: Asking, best: Chosen, rows: Sequence[tuple[float, str, str, Limits]], questions: Questions,
    make_search: Callable[[Judge, Goal], Asking] | None, seconds: float,
) -> Iterator[Sensitivity]:  # fmt: skip
    judge = search.judge
    cost: tuple[float, float] | None = None
    most: dict[bool, float] = {}
    reliant: dict[bool, _MostReliant] = {}
    for change, what, value, limits in rows:
        if change > 0 and best.built is not None and (cost is None or best.cost < cost[0]):
            # The plan itself is possible with more money.
            cost = best.cost, cost[1] if cost else 0.0
            most[True] = max(most.get(True, 0.0), judge.reliance(best.built))
        chosen = questions.ask(limits=limits)
        bound = 0.0 if chosen is None else chosen.bound
        if chosen is not None and chosen.built is not None and (cost is None or chosen.cost <= cost[0]):
            cost = chosen.cost, bound
            most[True] = max(most.get(True, 0.0), judge.reliance(chosen.built))
        met = cost is not None
        if met not in reliant:
            asked = search if met else _without_aims(search, make_search)
            small = best.built if met and best.built is not None else frozenset[int]()
            reliant[met] = _MostReliant(questions, asked, small, _EASY * seconds)
        reached, top = reliant[met].within(limits)
        if reached is not None:
            most[met] = max(most.get(met, 0.0), reached)
        yield Sensitivity(
            what, value, cost[0] if cost else None, most.get(met), change,
            min(bound, cost[0]) if cost else bound, max(top, most.get(met, 0.0)),
        )  # fmt: skip


class _MostReliant:
    """The most self-reliance for some money: proven, or the best of what the search finds and of an easy plan."""

    def __init__(self, questions: Questions, search: Asking, small: frozenset[int], seconds: float) -> None:
        self._questions, self._search, self._small, self._seconds = questions, search, small, seconds
        self._easy: EasyPlans | None = None

    def within(self, limits: Limits) -> tuple[float | None, float]:
        """Self-reliance reached, and a bound of it."""
        questions, search = self._questions, self._search
        found = questions.ask(replace(questions.terms, seek="reliance"), limits, search)
        if found is None:
            return None, 1.0
        reached = None if found.built is None else search.judge.reliance(found.built)
        top = 1.0 if found.reliance_bound is None else found.reliance_bound
        if found.stopped is not None and limits.budget is not None:
            if self._easy is None:
                self._easy = EasyPlans(questions, search, seconds=self._seconds)
                self._easy.add(self._small, seconds=self._seconds)
            easy = self._easy.costing(limits.budget)
            if easy is not None and easy[0] > (reached or 0.0):
                others = frozenset(range(len(search.judge.options))) - easy[1]
                terms = replace(questions.terms, least_reliance=easy[0], forbidden=questions.terms.forbidden | others)
                confirmed = questions.ask(terms, limits, search)
                if confirmed is not None and confirmed.built is not None:
                    reached = search.judge.reliance(confirmed.built)
                    self._easy.add(confirmed.built, seconds=self._seconds / 4)
        return reached, top


def _without_aims(search: Asking, make_search: Callable[[Judge, Goal], Asking] | None) -> Asking:
    goal, judge = replace(search.goal, aims=(), seek="reliance"), OnlyReliance(search.judge)
    if make_search is not None:
        return make_search(judge, goal)
    # The solvers are loaded only where one is asked for.
    from freehold.plan.search import Search

    return Search(judge, goal, search.committed)


def _with_end(limits: Limits, months: int) -> Limits | None:
    """The limits with the last day so many months later, on the month's last day where it has no such day."""
    last = date.fromisoformat(date_on(plan_days(limits), limits))
    year, month = divmod(last.year * 12 + last.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        return None
    other = date(year, month + 1, min(last.day, calendar.monthrange(year, month + 1)[1]))
    return replace(limits, by=other.isoformat()) if other.isoformat() > limits.start else None


def _by_date(dates: Sequence[tuple[int, Limits]], questions: Questions) -> Iterator[Sensitivity]:
    search = questions.search
    sought = replace(questions.terms, seek=search.goal.seek)
    for months, limits in dates:
        chosen = questions.ask(sought, limits)
        assert limits.by is not None
        if chosen is None or chosen.built is None:
            yield Sensitivity("by", limits.by, None, None, months, 0.0 if chosen is None else chosen.bound)
        else:
            reached = search.judge.reliance(chosen.built)
            yield Sensitivity("by", limits.by, chosen.cost, reached, months, chosen.bound, chosen.reliance_bound)
