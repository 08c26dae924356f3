"""Cost against self-reliance: the plans of which none is both cheaper and more self-reliant. Owns the frontier and its prices.

Each question asks for the least cost of a self-reliance (the epsilon-constraint method: Haimes, Lasdon and Wismer 1971, IEEE
Trans. Systems, Man, and Cybernetics 1, 296). An answer holds for every self-reliance from the one asked to the one reached, so
that the question just above what a plan reaches either finds the next plan or closes the gap: where there are few, all of the
frontier is found; else points spread over its range.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from freehold.plan.asking import Asking, Questions
from freehold.plan.easy_plans import EasyPlans
from freehold.plan.next_step import NextStep, next_step
from freehold.plan.plan_values import FrontierPoint
from freehold.plan.search_values import Chosen, Terms

__all__ = ["LAST_POINTS", "frontier", "last_points"]

LAST_POINTS: Final = 0.1
"""The last ten points of self-reliance, whose price is told apart."""

_STEP: Final = 1e-6
"""Self-reliances that differ by less are one."""

_MONEY: Final = 1e-9
"""Costs that differ by less than this part are one."""

_TOP: Final = 1e-3
_PART: Final = 0.8
"""Of the time, what the points have; what they leave goes to the steps that buy most."""

_EASY: Final = 0.05
"""Of the time, what looking for plans that are good soon may take where a proof has failed."""

_THINNED: Final = 10
"""The part of that time which each further plan has, to begin from."""


@dataclass(frozen=True, slots=True)
class _Reached:
    """An answer: the self-reliance asked for; the plan, its cost and a bound; the self-reliance that it reaches."""

    asked: float
    built: frozenset[int]
    cost: float
    bound: float
    reliance: float


def frontier(
    search: Asking, points: int = 12, *, best: Chosen | None = None, terms: Terms | None = None, seconds: float = 120.0
) -> tuple[FrontierPoint, ...]:
    """Plans by rising cost and self-reliance, from the least cost at which the aims hold to the most self-reliance.

    Parameters
    ----------
    search
        Who finds plans.
    points
        How many are sought; all there are where they are fewer, and some more where they were met on the way.
    best
        The plan that was found for the goal, if with the same terms: it is not asked for again.
    terms
        What else is added to the goal.
    seconds
        Time for all.

    Returns
    -------
    The points, each with a proven bound; empty without any plan. Beside those spread over the range stands the cheapest plan
    within :data:`LAST_POINTS` of the most.
    """
    questions = Questions(search, terms, seconds=_PART * seconds, expected=3 * points)
    found = _Points(questions, _EASY * seconds)
    begin = time.monotonic()
    if best is not None:
        found.know(best)
    if not found.ask(-math.inf):
        return ()
    found.climb()
    low, high = found.lowest, found.highest
    spread = [low + (high - low) * place / (points - 1) for place in range(1, points - 1)]
    # Downwards, so that what is known of more self-reliance helps with less.
    for level in [high - LAST_POINTS, *reversed(spread)]:
        found.ask(level)
    found.fill(points)
    plans, shown = found.efficient(), []
    end = begin + seconds
    for place, one in enumerate(plans):
        later = [other.built for other in plans[place + 1 :]]
        ids = tuple(sorted(search.judge.options[number].id for number in one.built))
        point = FrontierPoint(one.cost, found.bound(one), one.reliance, ids, None)
        if later:
            share = max(0.0, end - time.monotonic()) / len(later)
            point = _with_step(point, search, next_step(search, one.built, one.cost, later, terms=terms, seconds=share))
        shown.append(point)
    return tuple(shown)


def _with_step(point: FrontierPoint, search: Asking, step: NextStep | None) -> FrontierPoint:
    if step is None:
        return point
    added = tuple(search.judge.options[number].id for number in step.options)
    return replace(point, best_step=added[0], best_steps=added, gain=step.gain, price=step.price)


def last_points(points: Sequence[FrontierPoint], drop: float = LAST_POINTS) -> tuple[float, float] | None:
    """What the last points of self-reliance cost: how much of it they are, and the money.

    Parameters
    ----------
    points
        A frontier.
    drop
        How far below the most self-reliance the comparison begins; where the cheapest plan is less far below, it begins there.

    Returns
    -------
    The self-reliance gained and the money; ``None`` where all plans reach the same.
    """
    if len(points) < 2:
        return None
    top = points[-1]
    begin = next(one for one in points if one.reliance >= top.reliance - drop - _STEP)
    return None if begin is top else (top.reliance - begin.reliance, top.cost - begin.cost)


class _Points:
    """The answers so far, and which self-reliances they leave open."""

    def __init__(self, questions: Questions, easy_seconds: float) -> None:
        self._questions, self._terms, self._judge = questions, questions.terms, questions.search.judge
        self._easy_seconds = easy_seconds
        self._easy: EasyPlans | None = None
        self._found: list[_Reached] = []
        self._none_from = math.inf
        """Least self-reliance for which no plan was found."""
        self._tried: set[float] = set()
        self._final: set[frozenset[int]] = set()
        """Plans for whose cost no more self-reliance was found."""

    def know(self, best: Chosen) -> None:
        """Take the plan of the goal as an answer: the cheapest of all, or the one of most self-reliance."""
        if best.built is not None:
            self._keep(-math.inf if best.reliance is None else best.reliance, best)
        if best.reliance is not None and best.reliance_bound is not None and best.reliance_bound < 1:
            self._none_from = best.reliance_bound + _STEP

    @property
    def lowest(self) -> float:
        """Self-reliance of the cheapest plan."""
        return min(one.reliance for one in self._found)

    @property
    def highest(self) -> float:
        """The most self-reliance of any plan found."""
        return max(one.reliance for one in self._found)

    def ask(self, level: float) -> bool:
        """Ask for a self-reliance, unless it is known; whether there is a plan for it."""
        if any(one.asked <= level + _STEP / 2 and level <= one.reliance + _STEP / 2 for one in self._found):
            return True
        if level >= self._none_from or level in self._tried or self._questions.over:
            return False
        self._tried.add(level)
        chosen = self._questions.ask(self._with(level))
        if chosen is not None and chosen.stopped is not None:
            chosen = self._improved(level, chosen)
        if chosen is None or chosen.built is None:
            if self._found and level > self.highest:
                self._none_from = level
            return False
        self._keep(level, chosen)
        return True

    def _improved(self, level: float, chosen: Chosen) -> Chosen:
        """The better of a plan that is not proven the cheapest, and the cheapest made of its steps and those of an easy one."""
        if self._easy is None:
            self._easy = EasyPlans(self._questions, seconds=self._easy_seconds)
            for one in self._found:
                self._easy.add(one.built, seconds=self._easy_seconds / _THINNED)
        allowed = self._easy.reaching(level)
        if not allowed:
            return chosen
        allowed |= chosen.built or frozenset()
        others = frozenset(range(len(self._judge.options))) - allowed
        other = self._questions.ask(replace(self._with(level), forbidden=self._terms.forbidden | others))
        if other is None or other.built is None or (chosen.built is not None and chosen.cost <= other.cost):
            return chosen
        return replace(other, bound=min(chosen.bound, other.cost), stopped=chosen.stopped)

    def _with(self, level: float) -> Terms:
        levels = [one for one in (self._terms.least_reliance, level) if one is not None and one > -math.inf]
        return replace(self._terms, least_reliance=max(levels)) if levels else self._terms

    def _keep(self, level: float, chosen: Chosen) -> None:
        assert chosen.built is not None
        if self._easy is not None:
            self._easy.add(chosen.built, seconds=self._easy_seconds / _THINNED)
        self._found.append(_Reached(level, chosen.built, chosen.cost, chosen.bound, self._judge.reliance(chosen.built)))

    def climb(self) -> None:
        """Find the most self-reliance that a plan reaches."""
        options = self._judge.options
        everything = frozenset(number for number, option in enumerate(options) if not option.lacking)
        top = self._judge.reliance(everything - self._terms.forbidden)
        top = min(top, self._none_from)
        if top > self.highest + 1.5 * _STEP and not self.ask(top):
            while _TOP < self._none_from - self.highest < math.inf and not self._questions.over:
                self.ask((self.highest + self._none_from) / 2)
        while self.ask(self.highest + _STEP):
            pass

    def fill(self, points: int) -> None:
        """Ask within the widest open gap until there are points enough, or no gap is left; then make sure of each."""
        while not self._questions.over:
            found = self.efficient()
            gaps = [
                (after.asked - before.reliance, before.reliance + _STEP)
                for before, after in pairwise(found)
                if after.asked > before.reliance + 1.5 * _STEP and before.reliance + _STEP not in self._tried
            ]
            unsure = [one for one in found if one.built not in self._final]
            if len(found) < points and gaps:
                self.ask(max(gaps)[1])
            elif unsure:
                self._make_sure(unsure[0])
            else:
                return

    def _make_sure(self, reached: _Reached) -> None:
        """Look for more self-reliance at the same cost; for the same at less where that was not proven."""
        self._final.add(reached.built)
        if reached.cost > reached.bound * (1 + _MONEY):
            before = Chosen(reached.built, {}, reached.cost, reached.bound, "time")
            after = self._improved(reached.reliance, before)
            if after is not before:
                self._keep(reached.reliance, after)
            return
        limit = reached.cost + _MONEY * max(1.0, reached.cost)
        most = limit if self._terms.most_cost is None else min(limit, self._terms.most_cost)
        level = reached.reliance + _STEP
        if level >= self._none_from:
            return
        chosen = self._questions.ask(replace(self._with(level), most_cost=most))
        if chosen is not None and chosen.built is not None:
            self._keep(level, chosen)

    def efficient(self) -> list[_Reached]:
        """Answers of which no other is both as cheap and as self-reliant, by cost, each with the least that it answers."""
        kept: list[_Reached] = []
        for one in sorted(self._found, key=lambda one: (one.cost, -one.reliance)):
            if kept and abs(one.cost - kept[-1].cost) <= _MONEY * max(1.0, one.cost) and one.reliance > kept[-1].reliance:
                kept.pop()
            if not kept or one.reliance > kept[-1].reliance + _STEP / 2:
                kept.append(one)
        return [
            replace(
                one,
                asked=min(
                    other.asked
                    for other in self._found
                    if other.asked <= one.reliance + _STEP / 2 and other.cost >= one.cost - _MONEY * max(1.0, one.cost)
                ),
            )
            for one in kept
        ]

    def bound(self, reached: _Reached) -> float:
        """What so much self-reliance costs at least: what was proven of as much or of less."""
        return min(reached.cost, max(one.bound for one in self._found if one.asked <= reached.reliance + _STEP / 2))
