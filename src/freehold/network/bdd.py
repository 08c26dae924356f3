"""A finished decision diagram, and its linear passes for probabilities. Owns the flat form that all passes read.

A diagram is one of two things (see :mod:`freehold.network.bdd_kernel`): the *function* that says when the top fails, or the
*family* of its minimal cut sets. Modules stand apart in it: a level may be that of an event, or that of a whole module whose
own root is a node of a deeper level; so a diagram is small where the fault tree falls into parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from freehold.errors import SolveError
from freehold.network.arrays import Floats, Integers

__all__ = ["Diagram", "birnbaum", "diagram_of", "probability"]


@dataclass(frozen=True)
class Diagram:
    """Nodes sorted by level, the deepest first; 0 and 1 are the constants, nodes count from 2.

    Parameters
    ----------
    size
        Number of events that may stand in it.
    event : (levels,)
        The event of each level, −1 for a module.
    module : (levels,)
        The root of the module of each level, −1 for an event.
    start : (levels + 1,)
        The nodes of level v are ``start[v + 1]`` to ``start[v]`` − 1.
    high, low : (nodes + 2,)
        Where each node leads if its event happens, and if not.
    root
        The node of the top.
    """

    size: int
    event: Integers
    module: Integers
    start: Integers
    high: Integers
    low: Integers
    root: int

    @property
    def nodes(self) -> int:
        """How many there are, the constants left out."""
        return len(self.high) - 2


def diagram_of(
    size: int, event: Sequence[int], module: Sequence[int], level: Integers, high: Integers, low: Integers, root: int
) -> Diagram:
    """Sort nodes by level.

    Parameters
    ----------
    size, event, root
        See :class:`Diagram`.
    module : (levels,)
        Numbers of nodes, as they come.
    level, high, low : (nodes + 2,)
        In any order; the first two are the constants.
    """
    levels = len(event)
    order = np.argsort(-level[2:], kind="stable") + 2
    place = np.arange(len(level))
    place[order] = np.arange(2, len(level))
    counts = np.bincount(level[2:], minlength=levels)
    start = 2 + np.concatenate([np.cumsum(counts[::-1])[::-1], [0]])
    new_high, new_low = np.zeros(len(level), np.int64), np.zeros(len(level), np.int64)
    new_high[2:], new_low[2:] = place[high[order]], place[low[order]]
    roots = np.asarray(module, np.int64).reshape(levels)
    new_module = np.where(roots >= 0, place[np.maximum(roots, 0)], -1)
    events = np.asarray(event, np.int64).reshape(levels)
    return Diagram(size, events, new_module, start, new_high, new_low, int(place[root]))


def _values(diagram: Diagram, p: Floats) -> tuple[Floats, Floats]:
    if p.shape != (diagram.size,):
        raise SolveError(f"there are {diagram.size} events, and probabilities of {len(p)}: give one for each event.")
    if not np.all((p >= 0.0) & (p <= 1.0)):
        where = int(np.flatnonzero(~((p >= 0.0) & (p <= 1.0)))[0])
        raise SolveError(f"the probability of event {where} is {p[where]}: it must be between 0 and 1.")
    value = np.zeros(diagram.nodes + 2)
    value[1] = 1.0
    happens = np.zeros(len(diagram.event))
    for level in range(len(diagram.event) - 1, -1, -1):
        number = diagram.event[level]
        happens[level] = chance = p[number] if number >= 0 else value[diagram.module[level]]
        here = slice(diagram.start[level + 1], diagram.start[level])
        value[here] = chance * value[diagram.high[here]] + (1.0 - chance) * value[diagram.low[here]]
    return value, happens


def probability(diagram: Diagram, p: Floats) -> float:
    """Probability that the top fails, exact for independent events.

    Parameters
    ----------
    diagram
        A function.
    p : (size,)
        Of each event.

    Raises
    ------
    freehold.errors.SolveError
        If a probability is missing, or outside [0, 1].
    """
    return float(_values(diagram, np.asarray(p, np.float64))[0][diagram.root])


def birnbaum(diagram: Diagram, p: Floats) -> Floats:
    """Birnbaum importance of every event: P(top fails | it happens) − P(top fails | it does not), in one pass down.

    At p = 1/2 for all it is the structural importance: the share of states in which the event decides (Birnbaum 1969).

    Parameters
    ----------
    diagram
        A function.
    p : (size,)
        Of each event.

    Returns
    -------
    (size,)
        0 for an event that does not matter.

    Raises
    ------
    freehold.errors.SolveError
        If a probability is missing, or outside [0, 1].
    """
    value, happens = _values(diagram, np.asarray(p, np.float64))
    answer = np.zeros(diagram.size)
    # How much the top's probability changes with the value of each node.
    share = np.zeros(diagram.nodes + 2)
    share[diagram.root] = 1.0
    for level, chance in enumerate(happens):
        here = slice(diagram.start[level + 1], diagram.start[level])
        high, low, part = diagram.high[here], diagram.low[here], share[here]
        slope = float(part @ (value[high] - value[low]))
        if diagram.event[level] >= 0:
            answer[diagram.event[level]] += slope
        else:
            share[diagram.module[level]] += slope
        np.add.at(share, high, part * chance)
        np.add.at(share, low, part * (1.0 - chance))
    return answer
