"""Plans of every size from the largest down, or from a small one up, a step at a time. Owns what is good soon, not proven.

Down, the step goes whose price saves most for the self-reliance that it takes along: there, steps that only do something
together are worth what they do together. Up, the step comes that gains most for its price.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from freehold.plan.asking import Asking, Questions
from freehold.plan.interface import Judge
from freehold.plan.option_values import Option
from freehold.plan.prices import running_cost
from freehold.stack.values import is_stated

__all__ = ["EasyPlans", "grown", "thinned"]

_WIDTH: Final = 8
"""Steps whose loss is looked at anew each time: so many of those that lose least, and as many of the others in turn."""

_LEAST: Final = 1e-9


def thinned(
    judge: Judge, built: frozenset[int], prices: Mapping[int, float], *, keep: frozenset[int] = frozenset(),
    seconds: float = 10.0,
) -> Iterator[tuple[frozenset[int], float]]:  # fmt: skip
    """Leave out step after step as long as the aims hold.

    Parameters
    ----------
    judge
        Who judges.
    built
        The plan to begin with, for which the aims hold.
    prices
        What each step costs; one that costs nothing stays.
    keep
        Steps that stay.
    seconds
        Time for all.

    Yields
    ------
    Each plan and its self-reliance, the whole one first. A step goes only after all that require it.
    """
    end, options = time.monotonic() + seconds, judge.options
    plan, level = built, judge.reliance(built)
    yield plan, level
    open_ = {one for one in built - keep if prices[one] > _LEAST}
    needed = {one: {other for other in built if options[one].id in options[other].requires} for one in open_}
    loss = {}
    for one in sorted(open_):
        if time.monotonic() >= end:
            return
        loss[one] = level - judge.reliance(plan - {one})
    turn = sorted(open_)
    while True:
        free = [one for one in open_ if not needed[one] & plan]
        free.sort(key=lambda one: (loss[one] / prices[one], -prices[one], options[one].id))
        turn = [*turn[_WIDTH:], *turn[:_WIDTH]]
        for one in {*free[:_WIDTH], *(one for one in turn[:_WIDTH] if one in open_)}:
            loss[one] = level - judge.reliance(plan - {one})
        if not free or time.monotonic() >= end:
            return
        # What loses nothing goes first, the dearest first.
        gone = min(free, key=lambda one: (max(0.0, loss[one]) / prices[one], -prices[one], options[one].id))
        rest = plan - {gone}
        open_.discard(gone)
        if judge.judge(rest).done:
            plan, level = rest, judge.reliance(rest)
            yield plan, level


def grown(
    judge: Judge, built: frozenset[int], prices: Mapping[int, float], allowed: frozenset[int], *, seconds: float = 10.0
) -> Iterator[tuple[frozenset[int], float]]:
    """Add option after option as long as one of them gains something.

    Parameters
    ----------
    judge
        Who judges.
    built
        The plan to begin with.
    prices
        What each option costs.
    allowed
        Options that may be added, each once all that it requires is there, and never beside what it excludes.
    seconds
        Time for all.

    Yields
    ------
    Each plan for which the aims hold, and its self-reliance, without the one that it begins with.
    """
    end, options = time.monotonic() + seconds, judge.options
    plan, level = built, judge.reliance(built)
    while True:
        ids = {options[one].id for one in plan}
        barred = {id_ for one in plan for id_ in options[one].excludes}
        best: tuple[float, str, int, float] | None = None
        for one in sorted(allowed - plan):
            option = options[one]
            if option.id in barred or ids & set(option.excludes) or not ids >= set(option.requires):
                continue
            if time.monotonic() >= end:
                return
            reached = judge.reliance(plan | {one})
            if reached > level + _LEAST:
                worth = (reached - level) / prices[one] if prices[one] > 0 else math.inf
                if best is None or (-worth, option.id) < best[:2]:
                    best = -worth, option.id, one, reached
        if best is None:
            return
        plan, level = plan | {best[2]}, best[3]
        if judge.judge(plan).done:
            yield plan, level


class EasyPlans:
    """Plans of every size between the largest that there is, whatever it costs, and one that can do without nothing more.

    Parameters
    ----------
    questions
        Where the largest is asked for.
    search
        Who is asked; ``None``: who answers the questions.
    seconds
        Time for thinning.
    """

    def __init__(self, questions: Questions, search: Asking | None = None, *, seconds: float) -> None:
        search = search or questions.search
        options, limits, terms = search.judge.options, search.goal.limits, questions.terms
        prices = {number: _price(option) + running_cost(option, limits) for number, option in enumerate(options)}
        self._judge, self._prices = search.judge, prices
        self._allowed = frozenset[int]()
        self._keep = terms.forced | {step.option for step in search.committed}
        unpaid = replace(limits, budget=None, budget_years=(), people=None)
        largest = questions.ask(
            replace(terms, most_cost=None, least_reliance=None, liking=dict.fromkeys(prices, 1.0)), unpaid, search
        )
        self._plans: list[tuple[float, float, frozenset[int]]] = []
        if largest is not None and largest.built is not None:
            self._allowed = largest.built
            self.add(largest.built, seconds=seconds)

    def add(self, built: frozenset[int], *, seconds: float) -> None:
        """Begin from another plan, too: what it can grow to, and what it can do with."""
        more = grown(self._judge, built, self._prices, self._allowed, seconds=seconds / 2)
        less = thinned(self._judge, built, self._prices, keep=self._keep, seconds=seconds / 2)
        for plan, level in (*more, *less):
            self._plans.append((math.fsum(self._prices[one] for one in plan), level, plan))

    def reaching(self, level: float) -> frozenset[int]:
        """Steps of the cheapest of them with so much self-reliance; none where none has."""
        found = [one for one in self._plans if one[1] >= level - _LEAST]
        return min(found, key=lambda one: (one[0], -one[1]))[2] if found else frozenset()

    def costing(self, money: float) -> tuple[float, frozenset[int]] | None:
        """The most self-reliance of those whose options cost so much at most, and their steps."""
        found = [one for one in self._plans if one[0] <= money * (1 + _LEAST)]
        return max(found, key=lambda one: (one[1], -one[0]))[1:] if found else None


def _price(option: Option) -> float:
    return option.cost_once if is_stated(option.cost_once) else 0.0
