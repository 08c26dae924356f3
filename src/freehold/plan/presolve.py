"""A problem made small before it is solved. Owns the steps from items, ways and scenarios to a graph of what is still open.

What is had in a scenario with nothing built is there; what is not had with everything built is not; what no pair asks for
does not matter. The rest is a graph of *nodes* (an item in the scenarios in which it stands alike), each with *arcs*, one
of which must work; an arc is a set of *literals*, all of which must hold: build decisions (0, 1, …) and nodes (``~0``,
``~1``, …). Alike nodes are one node (structural hashing); a node with one arc is that arc; an arc that takes all that
another takes, or brings about, is dropped; what every plan has to build is built; a build decision that another replaces at
no more cost is forbidden. Each step keeps at least one cheapest plan.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from freehold.plan.open_graph import Arc, Graph, Part
from freehold.plan.problem import Booleans, Problem
from freehold.plan.rewriting import Builder, parts_of, simplified, without
from freehold.plan.serving import Serving
from freehold.plan.support import Support

__all__ = ["Reduced", "presolve", "restricted"]


@dataclass(frozen=True, slots=True)
class Reduced:
    """What is left of a problem.

    Parameters
    ----------
    built : (builds,)
        What every plan that matters builds.
    parts
        What is open, in parts that can be solved one by one; largest first.
    possible
        Whether all pairs can be had with everything built.
    """

    built: Booleans
    parts: tuple[Part, ...]
    possible: bool

    def lift(self, chosen: Iterable[int]) -> Booleans:
        """Make a plan of the whole from the build decisions chosen in the parts (the problem's numbers)."""
        built = self.built.copy()
        built[list(chosen)] = True
        return built


def presolve(problem: Problem, serving: Serving | None = None) -> Reduced:
    """Make a problem small.

    Parameters
    ----------
    problem
        The problem.
    serving
        Who says what is had in it, if there is one already.
    """
    serving = serving or Serving(problem)
    built = np.asarray(problem.cost <= 0.0)
    if serving.missing(np.ones(problem.builds, np.bool_)):
        return Reduced(built, (), possible=False)
    cost = problem.cost.tolist()
    with _uncollected():
        fixed, graph = simplified(_open(serving, built), cost)
        built[sorted(fixed)] = True
        return Reduced(built, parts_of(graph, cost), possible=True)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Half a million small sets are made, none in a circle of references: looking for such takes as long as all the rest."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def restricted(part: Part, forbidden: Iterable[int]) -> tuple[frozenset[int], tuple[Part, ...]] | None:
    """What is left of a part without some build decisions: what is then built in any case, and parts (of the part's numbers).

    Parameters
    ----------
    part
        The part.
    forbidden
        Build decisions, by the part's numbers; ``None`` is given where it is seen that nothing does without them.
    """
    graph = without(part.graph, true=(), false=forbidden)
    if not Support(graph).serves([True] * len(part.build)):
        return None
    fixed, graph = simplified(graph, part.cost)
    return fixed, parts_of(graph, part.cost)


def _open(serving: Serving, built: Booleans) -> Graph:
    """The graph of what pairs ask for, is not had with these builds, and can be had."""
    problem = serving.problem
    given = serving.had(built)
    possible = serving.had(np.ones(problem.builds, np.bool_))
    asked = [0] * problem.items
    for item, scenario in zip(problem.pair_item.tolist(), problem.pair_scenario.tolist(), strict=True):
        asked[item] |= 1 << scenario
    asked = [bits & ~had for bits, had in zip(asked, given, strict=True)]
    roots = [(item, bits) for item, bits in enumerate(asked) if bits]
    works: dict[int, int] = {}
    stack = [item for item, _ in roots]
    while stack:
        item = stack.pop()
        for way in serving.ways[item]:
            bits = serving.available[way] & asked[item]
            for taken in serving.inputs[way]:
                bits &= possible[taken]
            if bits & ~works.get(way, 0):
                works[way] = works.get(way, 0) | bits
                for taken in serving.inputs[way]:
                    if bits & ~given[taken] & ~asked[taken]:
                        asked[taken] |= bits & ~given[taken]
                        stack.append(taken)
    builder = Builder()
    place: dict[tuple[int, int], Arc] = {}
    items = sorted((item for item in range(problem.items) if asked[item]), key=lambda item: (serving.component[item], item))
    for item in items:
        if serving.cyclic[serving.component[item]]:
            for scenario in _bits(asked[item]):
                place[item, scenario] = frozenset((~builder.reserve(held=serving.knot[item] >= 0),))
    for item in items:
        ways = [(way, works.get(way, 0), serving.build[way]) for way in serving.ways[item] if works.get(way, 0)]
        for scenario in _bits(asked[item]):
            arcs: set[Arc] = set()
            for way, bits, build in ways:
                if bits >> scenario & 1:
                    literals: set[int] = set() if build < 0 or built[build] else {build}
                    for taken in serving.inputs[way]:
                        if not given[taken] >> scenario & 1:
                            literals |= place[taken, scenario]
                    arcs.add(frozenset(literals))
            there = place.get((item, scenario))
            if there is None:
                place[item, scenario] = builder.add(arcs)
            else:
                builder.fill(~next(iter(there)), arcs)
    required = frozenset(literal for item, bits in roots for scenario in _bits(bits) for literal in place[item, scenario])
    return Graph(tuple(builder.arcs), tuple(builder.held), required)


def _bits(number: int) -> Iterator[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest
