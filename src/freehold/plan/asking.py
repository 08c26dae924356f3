"""Between who finds plans and who asks for several of them. Owns the question: a goal, and the terms added to it."""

from __future__ import annotations

from typing import Protocol

from freehold.plan.interface import Judge
from freehold.plan.search_values import Chosen, Terms

__all__ = ["Asking"]


class Asking(Protocol):
    """Who finds plans for one goal; it may reuse what it learnt from question to question."""

    @property
    def judge(self) -> Judge:
        """Who judges its plans."""

    def ask(self, terms: Terms = ...) -> Chosen:
        """The plan of least cost (or most liking) that meets the goal and these terms."""
