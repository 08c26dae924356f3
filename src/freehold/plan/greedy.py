"""The plan that a patient hand would make: always what serves most for its cost. Owns the baseline of every comparison.

The cost of having a node is estimated as that of its cheapest arc, an arc's as the sum of its literals' (Knuth, "A
generalization of Dijkstra's algorithm", Information Processing Letters 6, 1977: circles never hold themselves up); what is
built costs nothing more. Of the bundles of builds that serve what is required, the one with the most served for its cost is
built, until nothing is missing; then what turns out to be spared is left out, dearest first. What pairs ask for is monotone
but not submodular (a bundle is worth more than its members), so there is no guarantee: see the gap.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from freehold.plan.open_graph import Part
from freehold.plan.presolve import Reduced, presolve
from freehold.plan.problem import Booleans, Found, Problem
from freehold.plan.serving import Serving
from freehold.plan.support import Support, spared

__all__ = ["cheapest_bundles", "greedy", "serves_part", "trimmed", "without_idle"]

_OFTEN = 64


def greedy(problem: Problem, *, seconds: float = math.inf, reduced: Reduced | None = None) -> Found:
    """Build what serves most pairs for its cost, bundle by bundle; then leave out what can be spared.

    Parameters
    ----------
    problem
        The problem.
    seconds
        Time after which everything that is still missing is built at once, and what can be spared is no longer asked.
    reduced
        What :func:`~freehold.plan.presolve.presolve` left of the problem, if that is known.

    Returns
    -------
    Found
        ``bound`` is what has to be built in any case; ``stopped`` is ``time`` where the time was too short, else ``None``.
    """
    begun = time.monotonic()
    serving = Serving(problem)
    if reduced is None:
        reduced = presolve(problem, serving)
    if not reduced.possible:
        return Found(None, math.inf, math.inf, time.monotonic() - begun, None)
    chosen: set[int] = set()
    late = False
    for part in reduced.parts:
        outside = reduced.lift(build for other in reduced.parts if other is not part for build in other.build)
        does = serves_part(part, serving, outside)
        built = cheapest_bundles(part, until=begun + seconds)
        if not does(built):
            built = [True] * len(part.build)
        late = late or time.monotonic() - begun > seconds
        if not late:
            built = trimmed(part, built, does)
        chosen.update(build for build, there in zip(part.build, built, strict=True) if there)
    plan = without_idle(problem, reduced.lift(chosen), serving)
    bound = float(problem.cost[reduced.built].sum())
    spent = time.monotonic() - begun
    return Found(plan, float(problem.cost[plan].sum()), bound, spent, "time" if late else None)


def serves_part(part: Part, serving: Serving, outside: Booleans) -> Callable[[Sequence[bool]], bool]:
    """Who says whether builds of a part do, when these other ones are there; with circles, the whole problem is asked."""
    if not part.circular:
        return Support(part.graph).serves

    def does(built: Sequence[bool]) -> bool:
        whole = outside.copy()
        whole[list(part.build)] = built
        return not serving.missing(whole)

    return does


def trimmed(
    part: Part, built: Sequence[bool], does: Callable[[Sequence[bool]], bool], like: Sequence[float] = ()
) -> list[bool]:
    """Leave out what can be spared, least liked first, then dearest first.

    Parameters
    ----------
    part
        The part.
    built : (builds,)
        A plan that does.
    does
        Whether a plan does.
    like : (builds,)
        How much each build decision is liked, such as its value in a linear program.
    """
    liking = like or [0.0] * len(built)
    order = sorted(range(len(built)), key=lambda build: (round(liking[build], 6), -part.cost[build], -build))
    if part.circular:
        return spared(does, built, order)
    return Support(part.graph).trim(built, order)


def without_idle(problem: Problem, built: Booleans, serving: Serving) -> Booleans:
    """A plan without the builds that cost nothing and do nothing."""
    free = [build for build in np.flatnonzero(built).tolist() if problem.cost[build] <= 0]
    if not free:
        return built
    return np.array(spared(lambda plan: not serving.missing(plan), built.tolist(), free[::-1]), np.bool_)


def cheapest_bundles(part: Part, until: float = math.inf) -> list[bool]:
    """A plan (builds,) of a part, put together bundle by bundle; it may lack what only circles hold up.

    Parameters
    ----------
    part
        The part.
    until
        When to stop (``time.monotonic``).
    """
    estimate = _Estimate(part)
    waiting = sorted(part.graph.required)
    while waiting and time.monotonic() < until:
        bundles: dict[frozenset[int], int] = {}
        for literal in waiting:
            bundle = estimate.bundle(literal)
            if bundle is not None:
                bundles[bundle] = bundles.get(bundle, 0) + 1
        if not bundles:
            break
        weight = {bundle: sum(part.cost[build] for build in bundle) / served for bundle, served in bundles.items()}
        ranked = sorted(bundles, key=lambda bundle: (weight[bundle], sorted(bundle)))
        taken: set[int] = set()
        for bundle in ranked[: 1 + len(ranked) // _OFTEN]:  # where hundreds wait, the best few of a round that share nothing
            if not bundle & taken:
                taken |= bundle
        estimate.build(sorted(taken))
        waiting = [literal for literal in waiting if not estimate.there(literal)]
    return estimate.built


class _Estimate:
    """Costs of having each node, kept up as things are built."""

    def __init__(self, part: Part) -> None:
        self._support = support = Support(part.graph)
        self._cost = list(part.cost)
        self.built = [False] * len(part.build)
        self._node = [math.inf] * len(part.graph.arcs)
        self._arc: list[int] = [-1] * len(part.graph.arcs)
        lacking = [sum(literal < 0 for literal in literals) for literals in support.literals]
        heap: list[tuple[float, int, int]] = []
        for arc, lacks in enumerate(lacking):
            if not lacks:
                heapq.heappush(heap, (self._sum(arc), support.node[arc], arc))
        while heap:
            cost, node, arc = heapq.heappop(heap)
            if self._node[node] < math.inf:
                continue
            self._node[node], self._arc[node] = cost, arc
            for user in support.users.get(~node, ()):
                lacking[user] -= 1
                if not lacking[user]:
                    heapq.heappush(heap, (self._sum(user), support.node[user], user))

    def _of(self, literal: int) -> float:
        return self._node[~literal] if literal < 0 else self._cost[literal]

    def _sum(self, arc: int) -> float:
        return sum(map(self._of, self._support.literals[arc]))

    def there(self, literal: int) -> bool:
        """Whether a literal costs nothing more."""
        return self._of(literal) <= 0.0

    def bundle(self, literal: int) -> frozenset[int] | None:
        """Builds of the cheapest way to a literal that are not there yet."""
        if self._of(literal) == math.inf:
            return None
        bundle: set[int] = set()
        seen: set[int] = set()
        stack = [literal]
        while stack:
            one = stack.pop()
            if one in seen or self.there(one):
                continue
            seen.add(one)
            if one >= 0:
                bundle.add(one)
            else:
                stack.extend(self._support.literals[self._arc[~one]])
        return frozenset(bundle)

    def build(self, builds: Sequence[int]) -> None:
        """Have these built, and everything that rests on them cheaper."""
        for build in builds:
            self.built[build] = True
            self._cost[build] = 0.0
        stack = list(builds)
        while stack:
            for arc in self._support.users.get(stack.pop(), ()):
                node, cost = self._support.node[arc], self._sum(arc)
                if cost < self._node[node]:
                    self._node[node], self._arc[node] = cost, arc
                    stack.append(~node)
