"""What to build, years aside: two solvers side by side. Owns the answer, how good it may be at best, and when to stop.

Each part of what is open is solved by itself. HiGHS solves the linear program; its values, rounded and trimmed, give a
first plan, and the build decisions that it uses a small problem that CP-SAT solves fast (relaxation enforced neighbourhood
search: Berthold, Mathematical Programming Computation 6, 2014). Then both search the part at once: CP-SAT for plans, HiGHS
for bounds; HiGHS is given each better plan, and CP-SAT is told to stop when its plan is as cheap as what is proven. CP-SAT
goes its own way otherwise, so that the plan shown is the same on every run in which the proof is reached in time.

Where something goes in a circle, each plan is confirmed by plain propagation before it counts. One that is not is grown to
a largest set of builds that does not do, and one build outside of it is asked for.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Event

import numpy as np

from freehold.plan.greedy import cheapest_bundles, serves_part, trimmed, without_idle
from freehold.plan.open_graph import Part
from freehold.plan.presolve import Reduced, presolve
from freehold.plan.problem import Booleans, Found, Problem
from freehold.plan.serving import Serving
from freehold.plan.side_by_side import PartSearch

__all__ = ["Interrupted", "Progress", "end_state"]

Progress = Callable[[float, float], None]
"""Told cost and bound whenever one of them changed."""

Interrupted = Callable[[], bool]
"""Asked about every twentieth of a second whether to stop."""

_BEAT = 0.05
_PATIENCE = 10.0
_TOLERANCE = 1e-9


def end_state(
    problem: Problem,
    *,
    seconds: float = 60.0,
    hint: Booleans | None = None,
    most_gap: float = 0.0,
    reduced: Reduced | None = None,
    progress: Progress | None = None,
    interrupted: Interrupted | None = None,
) -> Found:
    """Find the cheapest set of builds with which every pair is had.

    Parameters
    ----------
    problem
        The problem.
    seconds
        Most time, about; the best plan so far is given then.
    hint : (builds,)
        A plan that may do.
    most_gap
        Gap at which the search may end.
    reduced
        What :func:`~freehold.plan.presolve.presolve` left of the problem, if that is known.
    progress
        Told cost and bound whenever one of them changed.
    interrupted
        Asked now and then whether to stop.

    Returns
    -------
    Found
        Without a plan and with an infinite bound where even everything built does not do.
    """
    search = _Search(problem, seconds, hint, most_gap, progress, interrupted)
    return search.run(reduced)


class _Search:
    """One question, and where it stands."""

    def __init__(
        self,
        problem: Problem,
        seconds: float,
        hint: Booleans | None,
        most_gap: float,
        progress: Progress | None,
        interrupted: Interrupted | None,
    ) -> None:
        self._begun = time.monotonic()
        self._end = self._begun + seconds
        self._problem, self._hint, self._most_gap = problem, hint, most_gap
        self._progress, self._interrupted = progress, interrupted
        self._serving = Serving(problem)
        self._searches: list[PartSearch] = []
        self._base = 0.0
        self._trail: list[tuple[float, float, float]] = []
        self._was_interrupted = False

    def run(self, reduced: Reduced | None = None) -> Found:
        """Search until it is proven, or over."""
        if reduced is None:
            reduced = presolve(self._problem, self._serving)
        if not reduced.possible:
            return Found(None, math.inf, math.inf, time.monotonic() - self._begun, None)
        self._base = float(self._problem.cost[reduced.built].sum())
        self._searches = [self._begin(part, reduced) for part in sorted(reduced.parts, key=lambda part: len(part.graph.arcs))]
        self._note()
        sizes = [len(search.part.graph.arcs) + len(search.part.build) for search in self._searches]
        for place, search in enumerate(self._searches):
            left = self._end - time.monotonic()
            self._follow(search, time.monotonic() + left * sizes[place] / sum(sizes[place:]))
        return self._answer(reduced)

    def _begin(self, part: Part, reduced: Reduced) -> PartSearch:
        outside = reduced.lift(build for other in reduced.parts if other is not part for build in other.build)
        does = serves_part(part, self._serving, outside)
        plans = [[True] * len(part.build)]
        if not self._over():
            plans.append(cheapest_bundles(part, until=self._end))
            if self._hint is not None:
                plans.append([bool(self._hint[build]) for build in part.build])
        search = PartSearch(part, does)
        for plan in plans:
            if does(plan):
                # without circles it is soon seen what can be spared, even where the time is over
                search.found(plan if part.circular and self._over() else trimmed(part, plan, does))
        return search

    def _over(self) -> bool:
        if self._interrupted is not None and not self._was_interrupted:
            self._was_interrupted = self._interrupted()
        return self._was_interrupted or time.monotonic() >= self._end

    def _follow(self, search: PartSearch, end: float) -> None:
        """Let a part be searched until it is done, or the time given to it is over."""
        if self._over():
            return
        stop = Event()
        search.start(max(end - time.monotonic(), _BEAT), stop)
        begun, proven_at = time.monotonic(), math.inf
        try:
            while not search.wait(_BEAT):
                self._note()
                now = time.monotonic()
                if search.close():
                    proven_at = min(proven_at, now)
                if self._over() or now >= end or now - proven_at > _PATIENCE + proven_at - begun:
                    stop.set()
                if self._most_gap > 0.0 and search.close(self._most_gap):
                    stop.set()
        finally:
            stop.set()
            search.join()
        self._note()

    def _note(self) -> None:
        """Write down where it stands, if that changed."""
        cost = self._base + sum(search.cost for search in self._searches)
        bound = min(self._base + sum(search.bound for search in self._searches), cost)
        if not self._trail or self._trail[-1][1:] != (cost, bound):
            self._trail.append((time.monotonic() - self._begun, cost, bound))
            if self._progress is not None:
                self._progress(cost, bound)

    def _answer(self, reduced: Reduced) -> Found:
        chosen = [
            build
            for search in self._searches
            for build, there in zip(search.part.build, search.built or (), strict=True)
            if there
        ]
        built = without_idle(self._problem, reduced.lift(chosen), self._serving)
        cost = float(self._problem.cost[built].sum())
        bound = self._base + sum(search.bound for search in self._searches)
        proven = bound >= cost - _TOLERANCE * max(1.0, cost)
        bound = cost if proven else bound
        close = proven or cost - bound <= self._most_gap * cost
        stopped = None if close else "interrupted" if self._was_interrupted else "time"
        spent = time.monotonic() - self._begun
        return Found(np.asarray(built, np.bool_), cost, bound, spent, stopped, tuple(self._trail))
