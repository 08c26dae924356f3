"""The best plan over years so far, and what is proven. Owns what the searches side by side tell each other.

A plan counts with what it costs in truth, never with what a solver says that it costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Lock

import numpy as np

from freehold.network.arrays import Integers
from freehold.plan.phasing_truth import MONEY, Truth
from freehold.plan.problem import FoundYears, Horizon

__all__ = ["Best"]


class Best:
    """Where the search stands.

    Parameters
    ----------
    truth, horizon
        Who says what a plan costs; the years.
    seconds
        Time in all.
    progress
        Told cost and bound whenever one of them changed.

    Attributes
    ----------
    over
        Set when the searches are to end.
    """

    def __init__(
        self, truth: Truth, horizon: Horizon, seconds: float, progress: Callable[[float, float], object] | None = None
    ) -> None:
        self.truth, self.horizon, self.over = truth, horizon, Event()
        self._progress, self._lock = progress, Lock()
        self._begun = time.monotonic()
        self._end = self._begun + seconds
        self._trail: list[tuple[float, float, float]] = []
        self.bound = 0.0
        self.year: Integers = np.full(truth.problem.builds, -1, np.int64)
        self.cost = float("inf")

    @property
    def left(self) -> float:
        """Seconds left."""
        return self._end - time.monotonic()

    @property
    def passed(self) -> float:
        """Seconds that have passed."""
        return time.monotonic() - self._begun

    @property
    def proven(self) -> bool:
        """Whether no plan is cheaper."""
        return self.bound >= self.cost - MONEY * max(1.0, self.cost)

    def stop(self) -> bool:
        """Whether the searches are to end."""
        return self.over.is_set() or self.left <= 0.0

    def offer(self, year: Integers) -> float:
        """Tell of a plan (builds,): what it costs in truth."""
        cost = self.truth.cost(year, self.horizon)
        with self._lock:
            if cost < self.cost - MONEY * max(1.0, cost):
                self.cost, self.year = cost, year.copy()
                self._changed()
        return cost

    def prove(self, bound: float) -> None:
        """Tell of a lower bound of every plan."""
        with self._lock:
            if bound > self.bound:
                self.bound = bound
                self._changed()

    def settle(self, year: Integers) -> None:
        """Take this plan, whoever found another one of the same cost first."""
        cost = self.truth.cost(year, self.horizon)
        with self._lock:
            if cost <= self.cost + MONEY * max(1.0, cost):
                self.cost, self.year = cost, year.copy()

    def found(self, *, interrupted: bool) -> FoundYears:
        """The answer as it stands."""
        bound = min(self.bound, self.cost)
        if self.proven:
            bound, stopped = self.cost, None
        else:
            stopped = "interrupted" if interrupted else "time"
        return FoundYears(self.year.copy(), self.cost, bound, self.passed, stopped, tuple(self._trail))

    def _changed(self) -> None:
        """Keep what changed (the lock is held)."""
        self._trail.append((self.passed, self.cost, min(self.bound, self.cost)))
        if self._progress is not None:
            self._progress(self.cost, min(self.bound, self.cost))
