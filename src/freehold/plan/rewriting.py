"""A graph of what is open, made smaller without losing a cheapest plan. Owns each single step of that.

Alike nodes are one node (structural hashing); a node with one arc is that arc; an arc that takes all that another takes, or
brings about, is dropped; what is required counts as there for all that it does not rest on; what every plan has to build is
built; a build decision that another replaces wherever it helps, at no more cost, is forbidden. What circles of ways that
are there already may hold up (*held* nodes) is never put in place of its node.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from freehold.plan.open_graph import Arc, Graph, Part, needed_nodes, reached
from freehold.plan.strong_components import strong_components

__all__ = ["Builder", "closures", "parts_of", "simplified", "without"]

_LONGEST = 12
_MOST_PASSES = 30
_WORTHWHILE = 0.995


@dataclass(slots=True)
class Builder:
    """A graph in the making, where what is alike is one; ``brings`` is what each node brings about, whichever arc works."""

    arcs: list[tuple[Arc, ...]] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    brings: list[Arc] = field(default_factory=list)
    _known: dict[frozenset[Arc], Arc] = field(default_factory=dict)

    def reserve(self, *, held: bool) -> int:
        """A node whose arcs come later: it stands in a circle."""
        self.arcs.append(())
        self.held.append(held)
        self.brings.append(frozenset())
        return len(self.arcs) - 1

    def fill(self, node: int, arcs: Iterable[Arc]) -> None:
        """Give a reserved node its arcs."""
        kept = [arc for arc in arcs if self.held[node] or ~node not in arc]
        self.arcs[node] = tuple(_in_order(_least(kept)))

    def add(self, arcs: Iterable[Arc]) -> Arc:
        """What says that one of the arcs works."""
        least = frozenset(_least(list(arcs)))
        known = self._known.get(least)
        if known is None:
            known = self._known[least] = self._new(least)
        return known

    def _new(self, arcs: frozenset[Arc]) -> Arc:
        closed = [self.closure(arc) for arc in arcs]
        if len(arcs) > 1 and any(len(all_of) > len(arc) for arc, all_of in zip(arcs, closed, strict=True)):
            arcs = frozenset(_undominated(list(zip(arcs, closed, strict=True))))
        if len(arcs) == 1:
            (arc,) = arcs
            if len(arc) <= _LONGEST:
                return arc
        self.arcs.append(tuple(_in_order(arcs)))
        self.held.append(False)
        self.brings.append(frozenset.intersection(*closed) if closed else frozenset())
        return frozenset((~(len(self.arcs) - 1),))

    def closure(self, arc: Arc) -> Arc:
        """What an arc takes, and what that brings about."""
        brought = [brings for literal in arc if literal < 0 and (brings := self.brings[~literal])]
        return arc.union(*brought) if brought else arc


def _least(arcs: list[Arc]) -> list[Arc]:
    """Arcs that hold no other."""
    if len(arcs) < 2:
        return arcs
    least: list[Arc] = []
    for arc in sorted(arcs, key=len):
        if not any(other <= arc for other in least):
            least.append(arc)
    return least


def _undominated(arcs: list[tuple[Arc, Arc]]) -> list[Arc]:
    """Arcs that do not bring about all that another one takes; of two that bring about one another, the first."""
    kept = sorted(arcs, key=lambda pair: (len(pair[0]), sorted(pair[0])))
    place = len(kept) - 1
    while place >= 0:
        if any(other[0] <= kept[place][1] for at, other in enumerate(kept) if at != place):
            del kept[place]
        place -= 1
    return [arc for arc, _ in kept]


def _in_order(arcs: Iterable[Arc]) -> list[Arc]:
    return sorted(arcs, key=lambda arc: (len(arc), sorted(arc)))


def simplified(graph: Graph, cost: Sequence[float]) -> tuple[frozenset[int], Graph]:
    """The graph simplified until nothing changes, and the build decisions that it turned out to require."""
    found: set[int] = set()
    size = math.inf
    for _ in range(_MOST_PASSES):
        graph = _rewrite(graph)
        fixed = [literal for literal in graph.required if literal >= 0]
        found.update(fixed)
        graph = without(graph, true=fixed, false=())
        graph = without(graph, true=(), false=_replaced(graph, cost))
        before, size = size, sum(map(len, graph.arcs))
        if not fixed and size >= before * _WORTHWHILE:
            break
    return frozenset(found), graph


def _rewrite(graph: Graph) -> Graph:
    """The same graph, simplified once: only what is required counts, and what is required counts as there for the others."""
    used = reached(graph)
    needed = [[~literal for arc in arcs for literal in arc if literal < 0] if node in used else []
              for node, arcs in enumerate(graph.arcs)]  # fmt: skip
    component, cyclic = strong_components(needed)
    false: set[int] = set()
    uses = [0] * len(graph.arcs)
    for node in used:
        for arc in graph.arcs[node]:
            for literal in arc:
                if literal < 0:
                    uses[~literal] += 1
    must = {~literal for literal in graph.required if literal < 0}
    builder = Builder()
    value: dict[int, Arc] = {}
    order = sorted(used, key=lambda node: (component[node], node))
    for node in order:
        if cyclic[component[node]]:
            value[node] = frozenset((~builder.reserve(held=graph.held[node]),))
    for node in order:
        arcs: set[Arc] = set()
        for arc in _flat(graph, node, uses, must, component, cyclic):
            if false and any(~literal in false for literal in arc):
                continue
            literals: set[int] = set()
            for literal in arc:
                if literal >= 0:
                    literals.add(literal)
                elif ~literal not in must or (component[~literal] == component[node]):
                    literals |= value[~literal]
            arcs.add(frozenset(literals))
        if cyclic[component[node]]:
            builder.fill(~next(iter(value[node])), arcs)
        elif not arcs and node not in must:
            false.add(node)
        elif any(not arc for arc in arcs):
            value[node] = frozenset()
        else:
            value[node] = builder.add(arcs)
    required: set[int] = set()
    for literal in graph.required:
        required |= value[~literal] if literal < 0 else {literal}
    waiting = list(required)
    while waiting:
        literal = waiting.pop()
        if literal < 0:
            arcs_of = builder.arcs[~literal]
            brought = builder.brings[~literal] | (arcs_of[0] if len(arcs_of) == 1 else frozenset())
            waiting.extend(brought - required)
            required |= brought
            if len(arcs_of) == 1 and not builder.held[~literal] and not _in_circle(builder, ~literal):
                required.discard(literal)
    return Graph(tuple(builder.arcs), tuple(builder.held), frozenset(required))


def _in_circle(builder: Builder, node: int) -> bool:
    return any(literal < 0 and ~literal >= node for arc in builder.arcs[node] for literal in arc)


def _flat(
    graph: Graph, node: int, uses: Sequence[int], must: set[int], component: Sequence[int], cyclic: Sequence[bool]
) -> Iterator[Arc]:
    """The arcs of a node, where one that is only another node is that node's arcs, if nothing else needs that."""
    for arc in graph.arcs[node]:
        if len(arc) == 1:
            (literal,) = arc
            if literal < 0 and uses[~literal] == 1 and ~literal not in must and not cyclic[component[~literal]]:
                yield from graph.arcs[~literal]
                continue
        yield arc


def without(graph: Graph, true: Iterable[int], false: Iterable[int]) -> Graph:
    """The graph where some build decisions are taken, and others are not to be had."""
    there, gone = frozenset(true), frozenset(false)
    if not there and not gone:
        return graph
    touched = there | gone
    arcs = tuple(
        of if all(map(touched.isdisjoint, of)) else tuple(dict.fromkeys(arc - there for arc in of if gone.isdisjoint(arc)))
        for of in graph.arcs
    )
    # a node with an arc that takes nothing is there; the next rewriting drops it
    return Graph(arcs, graph.held, graph.required - there)


def _replaced(graph: Graph, cost: Sequence[float]) -> list[int]:
    """Build decisions each of which another, that stays, replaces wherever it helps, at no more cost."""
    where: dict[int, list[tuple[int, Arc]]] = {}
    used = reached(graph)
    for node in sorted(used):
        for arc in graph.arcs[node]:
            for literal in arc:
                if literal >= 0:
                    where.setdefault(literal, []).append((node, arc))
    gone: set[int] = set()
    for build in sorted(where, key=lambda build: (-cost[build], -build)):
        if build in graph.required:
            continue
        candidates: set[int] | None = None
        for node, arc in where[build]:
            rest = arc - {build}
            others: set[int] = set()
            for other in graph.arcs[node]:
                if build not in other:
                    more = other - rest
                    if not more:
                        others = set()
                        break
                    if len(more) == 1:
                        (literal,) = more
                        if literal >= 0 and literal not in gone and (cost[literal], literal) < (cost[build], build):
                            others.add(literal)
            candidates = others if candidates is None else candidates & others
            if not candidates:
                break
        if candidates:
            gone.add(build)
    return sorted(gone)


def parts_of(graph: Graph, cost: Sequence[float]) -> tuple[Part, ...]:
    """What is open, split where nothing is shared."""
    graph = _rewrite(graph)
    used = sorted(reached(graph))
    leader: dict[int, int] = {}

    def find(literal: int) -> int:
        while leader.setdefault(literal, literal) != literal:
            leader[literal] = leader[leader[literal]]
            literal = leader[literal]
        return literal

    for node in used:
        for arc in graph.arcs[node]:
            for literal in arc:
                leader[find(literal)] = find(~node)
    groups: dict[int, list[int]] = {}
    for node in used:
        groups.setdefault(find(~node), []).append(node)
    parts = [_part(graph, nodes, cost) for nodes in groups.values()]
    return tuple(sorted(parts, key=lambda part: (-len(part.graph.arcs), part.build)))


def _part(graph: Graph, nodes: Sequence[int], cost: Sequence[float]) -> Part:
    builds = sorted({literal for node in nodes for arc in graph.arcs[node] for literal in arc if literal >= 0})
    name = {build: number for number, build in enumerate(builds)} | {~node: ~number for number, node in enumerate(nodes)}
    arcs = tuple(tuple(frozenset(name[literal] for literal in arc) for arc in graph.arcs[node]) for node in nodes)
    required = frozenset(name[literal] for literal in graph.required if literal in name)
    inner = Graph(arcs, tuple(graph.held[node] for node in nodes), required)
    _, cyclic = strong_components(needed_nodes(inner))
    return Part(inner, tuple(builds), tuple(cost[build] for build in builds), any(cyclic))


def closures(graph: Graph) -> list[Arc]:
    """What each node brings about, whichever of its arcs works: literals that hold whenever it does."""
    builder = Builder()
    component, cyclic = strong_components(needed_nodes(graph))
    builder.arcs, builder.held = list(graph.arcs), list(graph.held)
    builder.brings = [frozenset()] * len(graph.arcs)
    for node in sorted(range(len(graph.arcs)), key=lambda node: component[node]):
        if not cyclic[component[node]] and graph.arcs[node]:
            builder.brings[node] = frozenset.intersection(*[builder.closure(arc) for arc in graph.arcs[node]])
    return builder.brings
