"""The exact search for plans of a stack: proposals, verdicts, conflicts. Owns who asks it, and what it keeps between questions.

What was learnt of the options holds for every later question to the same search, whatever its budget, its futures or what is
forced: conflicts are about sets of options and aims alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from freehold.errors import UsageError
from freehold.plan.conflicts import Conflicts
from freehold.plan.goal_values import Goal, Limits
from freehold.plan.interface import Judge
from freehold.plan.openings import openings
from freehold.plan.option_values import Option
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
    options
        The judge's options at other prices or conditions; ``None``: as they are.
    aims
        Numbers of the aims that are asked; ``None``: all.

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
        options: Sequence[Option] | None = None,
        aims: Sequence[int] | None = None,
    ) -> None:
        self.judge, self.goal, self.committed, self.seconds = judge, goal, tuple(committed), seconds
        self.aims = tuple(range(len(judge.aims)) if aims is None else aims)
        self._progress, self.interrupted = progress, interrupted
        self.openings = openings(judge.options if options is None else options, goal.limits, self.committed)
        self.verdicts, self.conflicts = Verdicts(judge), Conflicts()

    def within(self, limits: Limits, *, options: Sequence[Option] | None = None, seconds: float | None = None) -> Search:
        """The same search within other limits, perhaps at other prices and conditions; both learn from each other."""
        other = Search(
            self.judge, replace(self.goal, limits=limits), self.committed, seconds=self.seconds if seconds is None else seconds,
            interrupted=self.interrupted, options=self.openings.options if options is None else options, aims=self.aims,
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

    @property
    def _demands(self) -> list[Demand]:
        return [self.verdicts.aims[aim] for aim in self.aims]

    def _question(self, terms: Terms, end: float, demands: Sequence[Demand] | None = None) -> Question:
        demands = list(self._demands if demands is None else demands)
        if terms.least_reliance is not None:
            demands.append(Demand(None, terms.least_reliance, graded=True))
        return Question(self.openings, terms, demands, self.verdicts, self.conflicts, end, self.interrupted, self._progress)

    def possible(self, terms: Terms | None = None, aims: Sequence[int] | None = None) -> bool | None:
        """Whether there is a plan at all (for some aims only); ``None`` if the time was over before that was known.

        Raises
        ------
        Over
            If someone interrupted.
        """
        demands = None if aims is None else [self.verdicts.aims[aim] for aim in aims]
        question = self._question(terms or Terms(), time.monotonic() + self.seconds, demands)
        try:
            question.answer(first=True)
        except Over as over:
            if over.why == "interrupted":
                raise
            return True if question.starts is not None else None
        return not question.impossible

    def highest(self, aim: int) -> tuple[float, float]:
        """The most that one aim comes to if nothing else is asked, as far as found, and a proven bound of it.

        Raises
        ------
        Over
            If someone interrupted.
        """
        climb = self._climb(aim, Terms(), [], None, time.monotonic() + self.seconds)
        if climb.stopped == "interrupted":
            raise Over("interrupted")
        return climb.reached or 0.0, climb.most

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
        """The most self-reliance, and then the least cost of that."""
        climb = self._climb(
            None, replace(terms, least_reliance=None), self._demands, terms.least_reliance,
            start + _SHARE_FOR_RELIANCE * self.seconds,
        )  # fmt: skip
        if climb.impossible:
            return Chosen(None, {}, math.inf, math.inf)
        wanted = terms.least_reliance if climb.reached is None else climb.reached
        chosen = self._answered(self._question(replace(terms, least_reliance=wanted), start + self.seconds))
        reached = None if chosen.built is None else climb.reached
        return replace(chosen, stopped=climb.stopped or chosen.stopped, reliance=reached, reliance_bound=climb.most)

    def _climb(self, aim: int | None, terms: Terms, demands: Sequence[Demand], least: float | None, end: float) -> _Climb:
        """Ask for ever more of something graded until no more is possible, halving what is open."""
        most, found, asked, stopped = 1.0, None, least, None
        if all(sign == 1 for sign in self.verdicts.signs(Demand(aim, 0.0, graded=True))):
            everything = self.openings.standing.union(self.openings.earliest)
            most = min(most, self.verdicts.reached(everything, Demand(aim, 0.0, graded=True)))
        try:
            while True:
                more = [] if asked is None else [Demand(aim, asked, graded=True)]
                question = self._question(terms, end, [*demands, *more])
                question.answer(first=True)
                if question.starts is not None:
                    # of losses that are too much, a judge may know the first alone; the bound knows the worst
                    found, first = min(most, max(self._reached(question, aim, terms), asked or 0.0)), found is None
                elif found is None:
                    return _Climb(None, most, None, impossible=True)
                else:
                    most, first = min(most, asked or 0.0), False
                if most <= found + _RELIANCE_STEP:
                    return _Climb(found, found, None)
                if first:
                    asked = most
                elif most - found > _COARSE:
                    asked = (most + found) / 2
                else:
                    asked = found + _RELIANCE_STEP
        except Over as over:
            stopped = over.why
        return _Climb(found, most, stopped)

    def _reached(self, question: Question, aim: int | None, terms: Terms) -> float:
        """What a plan comes to in the share of futures that is asked for."""
        demand = Demand(aim, 0.0, graded=True)
        levels = sorted(((self.verdicts.reached(built, demand), weight) for weight, built in question.counted), reverse=True)
        enough = math.ceil((terms.share if terms.futures else 1.0) * sum(weight for _, weight in levels) - 1e-9)
        for level, weight in levels:
            enough -= weight
            if enough <= 0:
                return level
        return levels[-1][0]


@dataclass(frozen=True, slots=True)
class _Climb:
    """The most that was found of something, a proven bound of it, and why the search for it ended."""

    reached: float | None
    most: float
    stopped: str | None
    impossible: bool = False
