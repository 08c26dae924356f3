"""Between who finds plans and who asks for several of them. Owns how one asks many questions within one time."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Protocol

from freehold.plan.goal_values import Goal, Limits
from freehold.plan.interface import Judge
from freehold.plan.search_values import Chosen, Committed, Terms

__all__ = ["Asking", "Questions"]


class Asking(Protocol):
    """Who finds plans for one goal; what it learns serves every later question, in other limits, too."""

    judge: Judge
    goal: Goal
    committed: tuple[Committed, ...]

    def ask(self, terms: Terms | None = None) -> Chosen:
        """The plan of least cost (or most liking, or most self-reliance) that meets the goal and these terms."""

    def within(self, limits: Limits, *, seconds: float | None = None) -> Asking:
        """The same in other limits, or with another time for each question."""


class Questions:
    """Questions to one search that share a time: what one leaves goes to those after it.

    Parameters
    ----------
    search
        Who finds plans.
    terms
        What is added to the goal in each of them.
    seconds
        For all.
    expected
        How many there may be. There may be more, each of which has half of what is left.
    """

    def __init__(self, search: Asking, terms: Terms | None = None, *, seconds: float, expected: int) -> None:
        self.search, self.terms = search, replace(terms or Terms(), seek="cost", liking=None)
        self._end, self._left = time.monotonic() + seconds, expected
        self._interrupted = False

    @property
    def over(self) -> bool:
        """Whether there is no time for another, or someone interrupted."""
        return self._interrupted or time.monotonic() >= self._end

    def ask(self, terms: Terms | None = None, limits: Limits | None = None, search: Asking | None = None) -> Chosen | None:
        """Ask for the least cost unless the terms say else; ``None`` where it is over.

        Parameters
        ----------
        terms
            Made of this object's own; ``None``: those.
        limits
            ``None``: those of the goal.
        search
            Who is asked; ``None``: this object's own.
        """
        if self.over:
            return None
        seconds = (self._end - time.monotonic()) / max(2, self._left)
        self._left -= 1
        asked = search or self.search
        chosen = asked.within(limits or asked.goal.limits, seconds=seconds).ask(terms or self.terms)
        self._interrupted = chosen.stopped == "interrupted"
        return chosen
