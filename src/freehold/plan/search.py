"""The exact search for plans of a stack: proposals, verdicts, conflicts. Owns who asks it, and what it keeps between questions.

What was learnt of the options holds for every later question to the same search, whatever its budget, its futures or what is
forced: conflicts are about sets of options and aims alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from freehold.errors import UsageError
from freehold.plan.conflicts import Conflicts
from freehold.plan.goal_values import Goal, Limits
from freehold.plan.interface import Judge
from freehold.plan.openings import openings
from freehold.plan.question import Over, Question
from freehold.plan.search_values import Chosen, Committed, Terms
from freehold.plan.verdicts import Demand, Verdicts

__all__ = ["Search"]

_RELIANCE_STEP: Final = 1e-7
_COARSE: Final = 1e-3
_SHARE_FOR_RELIANCE: Final = 0.7
_GRACE: Final = 2.0


class Search:
    """A search for plans.

    Parameters
    ----------
    judge
        Who judges sets of options.
    goal
        What must hold, within which limits, and what is sought.
    committed
        Steps that are no longer open.
    seconds
        For each question.
    progress
        Told the value of the best plan so far (``inf`` before there is one) and the bound, whenever one changes.
    interrupted
        Asked every now and then whether to end with the best plan so far.

    Raises
    ------
    freehold.errors.UsageError
        If the limits make no sense.
    """

    def __init__(
        self,
        judge: Judge,
        goal: Goal,
        committed: Sequence[Committed] = (),
        *,
        seconds: float = 60.0,
        progress: Callable[[float, float], None] | None = None,
        interrupted: Callable[[], bool] | None = None,
    ) -> None:
        self.judge, self.goal, self.committed, self.seconds = judge, goal, tuple(committed), seconds
        self._progress, self._interrupted = progress, interrupted
        self.openings = openings(judge.options, goal.limits, self.committed)
        self.verdicts, self.conflicts = Verdicts(judge), Conflicts()

    def within(self, limits: Limits, *, seconds: float | None = None) -> Search:
        """The same search within other limits; both go on learning from each other."""
        other = Search(
            self.judge, replace(self.goal, limits=limits), self.committed, seconds=self.seconds if seconds is None else seconds,
            interrupted=self._interrupted,
        )  # fmt: skip
        other.verdicts, other.conflicts = self.verdicts, self.conflicts
        return other

    def ask(self, terms: Terms | None = None) -> Chosen:
        """The best plan, and a proven bound of any.

        Raises
        ------
        freehold.errors.UsageError
            If the terms make no sense.
        """
        terms = terms or Terms()
        self._check(terms)
        start = time.monotonic()
        if terms.liking is None and (terms.seek or self.goal.seek) == "reliance":
            return self._most_reliance(terms, start)
        return self._answered(self._question(terms, start + self.seconds))

    def _check(self, terms: Terms) -> None:
        count = len(self.judge.options)
        named = {*terms.forced, *terms.forbidden, *(terms.liking or {})}
        if any(not 0 <= one < count for one in named):
            raise UsageError(f"there are {count} options, numbered from 0; the terms name another.")
        if not 0 < terms.share <= 1:
            raise UsageError(f"a share of {terms.share} of the futures makes no sense. Give one over 0, up to 1.")
        if not all(math.isfinite(weight) for weight in (terms.liking or {}).values()):
            raise UsageError("what is liked must be weighed by finite numbers.")

    def _question(self, terms: Terms, end: float) -> Question:
        demands = list(self.verdicts.aims)
        if terms.least_reliance is not None:
            demands.append(Demand(None, terms.least_reliance))
        return Question(self.openings, terms, demands, self.verdicts, self.conflicts, end, self._interrupted, self._progress)

    def _answered(self, question: Question) -> Chosen:
        stopped, proven = None, False
        try:
            question.answer()
            proven = True
            question.settle()
        except Over as over:
            stopped = None if proven and over.why == "time" else over.why
        if stopped != "interrupted":
            try:
                question.start_early(time.monotonic() + max(_GRACE, question.left))
            except Over as over:
                stopped = over.why if over.why == "interrupted" else stopped
        if question.starts is None:
            return Chosen(None, {}, math.inf, question.bound, stopped)
        days = {one: float(day) for one, day in question.starts.items()}
        begun = {step.option: step.start for step in self.committed}
        built = self.openings.standing.union(days)
        return Chosen(built, {**days, **begun}, question.value, question.bound, stopped)

    def _most_reliance(self, terms: Terms, start: float) -> Chosen:
        """Ask for ever more self-reliance until no more is possible, halving what is open; then for the least cost of that."""
        ranged = self.openings.standing.union(self.openings.earliest)
        only_help = all(sign == 1 for sign in self.verdicts.signs(Demand(None)))
        least, most = terms.least_reliance, 1.0
        if only_help:
            most = min(most, self.verdicts.reliance(ranged))
        stopped, asked = None, least
        end = start + _SHARE_FOR_RELIANCE * self.seconds
        try:
            while True:
                question = self._question(replace(terms, least_reliance=asked), end)
                question.answer(first=True)
                if question.starts is not None:
                    least = max(_reached(self, question, terms), asked or 0.0)
                elif asked == terms.least_reliance:
                    return Chosen(None, {}, math.inf, math.inf)
                elif asked is not None:
                    most = min(most, asked)
                found = least or 0.0
                if most <= found + _RELIANCE_STEP:
                    most = found
                    break
                if question.starts is not None and asked == terms.least_reliance:
                    asked = most
                elif most - found > _COARSE:
                    asked = (most + found) / 2
                else:
                    asked = found + _RELIANCE_STEP
        except Over as over:
            stopped = over.why
        chosen = self._answered(self._question(replace(terms, least_reliance=least), start + self.seconds))
        reached = None if chosen.built is None else least
        return replace(chosen, stopped=stopped or chosen.stopped, reliance=reached, reliance_bound=most)


def _reached(search: Search, question: Question, terms: Terms) -> float:
    """Self-reliance of a plan, in the share of futures that is asked for."""
    levels = sorted(((search.verdicts.reliance(built), weight) for weight, built in question.counted), reverse=True)
    enough = math.ceil((terms.share if terms.futures else 1.0) * sum(weight for _, weight in levels) - 1e-9)
    for level, weight in levels:
        enough -= weight
        if enough <= 0:
            return level
    return levels[-1][0]
