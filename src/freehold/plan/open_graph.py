"""What is open of a problem, as nodes, arcs and literals. Owns these values.

An arc is a set of *literals*, all of which must hold: build decisions (0, 1, …) and nodes (``~0``, ``~1``, …). A *node*
holds if one of its arcs works.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Arc", "Graph", "Part", "needed_nodes", "reached"]

Arc = frozenset[int]


@dataclass(frozen=True, slots=True)
class Graph:
    """What is open.

    Parameters
    ----------
    arcs
        Of each node, the arcs one of which must work; what a node needs stands before it, but in circles.
    held
        Of each node, whether circles of ways that are there already may hold it up.
    required
        Literals that every plan has.
    """

    arcs: tuple[tuple[Arc, ...], ...]
    held: tuple[bool, ...]
    required: frozenset[int]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the graph that shares nothing with the others: ``build`` (builds of the part,) are the problem's numbers."""

    graph: Graph
    build: tuple[int, ...]
    cost: tuple[float, ...]
    circular: bool


def needed_nodes(graph: Graph) -> list[list[int]]:
    """Nodes that each node may take."""
    return [[~literal for arc in arcs for literal in arc if literal < 0] for arcs in graph.arcs]


def reached(graph: Graph) -> set[int]:
    """Nodes on which something that is required may rest."""
    seen = {~literal for literal in graph.required if literal < 0}
    stack = list(seen)
    while stack:
        for arc in graph.arcs[stack.pop()]:
            for literal in arc:
                if literal < 0 and ~literal not in seen:
                    seen.add(~literal)
                    stack.append(~literal)
    return seen
