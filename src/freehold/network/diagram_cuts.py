"""Minimal cut sets of a network without circles, by decision diagrams. Owns the face that all others ask.

Up to an order, a family is made bottom-up and truncated as it grows; without one, the function of the top is made first and
its minimal solutions are taken from it (Rauzy 1993). Neither lists the sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from freehold.network.and_or import AndOr, Events, Top
from freehold.network.arrays import Floats
from freehold.network.bdd import Diagram, probability
from freehold.network.bdd_build import build_family, build_function, function_of_sets
from freehold.network.bdd_store import NODES, Limits, Stopped
from freehold.network.cut_sets import CutSets, Stop
from freehold.network.structure_function import structure_function
from freehold.network.zbdd import by_order
from freehold.network.zbdd_listing import sets_of

__all__ = [
    "DiagramCuts", "FunctionFound", "ProbabilityBounds", "diagram_cuts", "probability_bounds", "top_function",
    "union_function",
]  # fmt: skip

_SECONDS = 60.0


@dataclass(frozen=True)
class DiagramCuts(CutSets):
    """Minimal cut sets with the diagrams that hold them.

    Parameters
    ----------
    family
        All of them; ``None`` if it was stopped. Count with :mod:`freehold.network.zbdd`.
    function
        When the top fails, where it was made on the way (no order was asked for); ask it with :mod:`freehold.network.bdd`.
    """

    family: Diagram | None
    function: Diagram | None


@dataclass(frozen=True, slots=True)
class FunctionFound:
    """A function, or why there is none.

    Parameters
    ----------
    function
        ``None`` if it was stopped.
    stopped
        What stopped it.
    seconds
        How long it took.
    """

    function: Diagram | None
    stopped: Stop | None
    seconds: float


@dataclass(frozen=True, slots=True)
class ProbabilityBounds:
    """Between what the probability of the top lies.

    Parameters
    ----------
    low, high
        Equal where it is exact.
    order
        All cut sets up to this order are in it; ``None``: it is exact.
    stopped
        What stopped the exact one, and a truncated one too if ``order`` is 0.
    seconds
        How long it took.
    """

    low: float
    high: float
    order: int | None
    stopped: Stop | None
    seconds: float


def diagram_cuts(
    net: AndOr,
    events: Events,
    top: Top,
    *,
    order: int | None = None,
    seconds: float = _SECONDS,
    nodes_limit: int = NODES,
    compiled: bool | None = None,
) -> DiagramCuts:
    """Find all minimal cut sets up to an order, or all there are.

    Parameters
    ----------
    net, events, top
        A node that several events take, and an event that takes several nodes, are common causes: they are in the formula
        before the diagram is made.
    order
        ``None``: sets of any order.
    seconds, nodes_limit
        When to stop. Nothing is known then but that it was stopped: ``complete_to`` is 0 and no set is found.
    compiled
        Which kernel; by default the plain one, and the compiled one (if it is installed) once there is much to do. Both give
        the same answer.

    Returns
    -------
    DiagramCuts
        A top that fails without any event has one set, the empty one, of order 0.

    Raises
    ------
    freehold.errors.SolveError
        If what the top depends on has a circle.
    """
    limits = Limits(seconds, nodes_limit)
    try:
        formula = structure_function(net, events, top, limits)
        if order is None:
            function, family = build_function(formula, events.size, limits, cuts=True, compiled=compiled)
        else:
            function = None
            family, _ = build_family(formula, events.size, order, limits, compiled=compiled)
    except Stopped as stopped:
        return DiagramCuts("diagram", {}, 0, None, lambda: iter(()), stopped.why, limits.seconds, None, None)
    assert family is not None
    counts = by_order(family, order)
    total = sum(counts.values()) if order is None else None
    return DiagramCuts(
        "diagram", counts, order, total, lambda: sets_of(family, order), None, limits.seconds, family, function
    )  # fmt: skip


def top_function(
    net: AndOr,
    events: Events,
    top: Top,
    *,
    seconds: float = _SECONDS,
    nodes_limit: int = NODES,
    compiled: bool | None = None,
) -> FunctionFound:
    """Make the function that says when the top fails, from the network itself and not from its cut sets.

    Parameters
    ----------
    net, events, top, seconds, nodes_limit, compiled
        As for :func:`diagram_cuts`.

    Raises
    ------
    freehold.errors.SolveError
        If what the top depends on has a circle.
    """
    limits = Limits(seconds, nodes_limit)
    try:
        formula = structure_function(net, events, top, limits)
        function, _ = build_function(formula, events.size, limits, compiled=compiled)
    except Stopped as stopped:
        return FunctionFound(None, stopped.why, limits.seconds)
    return FunctionFound(function, None, limits.seconds)


def union_function(
    size: int,
    sets: Sequence[Sequence[int]],
    *,
    seconds: float = _SECONDS,
    nodes_limit: int = NODES,
    compiled: bool | None = None,
) -> FunctionFound:
    """Make the function of cut sets found in any way (those of a network with circles, say): it fails if all of one happen.

    Parameters
    ----------
    size
        Number of events.
    sets
        Of events; they need not be minimal.
    seconds, nodes_limit, compiled
        As for :func:`diagram_cuts`.
    """
    limits = Limits(seconds, nodes_limit)
    try:
        function = function_of_sets(size, sets, limits, compiled=compiled)
    except Stopped as stopped:
        return FunctionFound(None, stopped.why, limits.seconds)
    return FunctionFound(function, None, limits.seconds)


def probability_bounds(
    net: AndOr,
    events: Events,
    top: Top,
    p: Floats,
    *,
    orders: Sequence[int] = (4, 3, 2, 1),
    seconds: float = _SECONDS,
    nodes_limit: int = NODES,
    compiled: bool | None = None,
) -> ProbabilityBounds:
    """Probability that the top fails: exact where its function fits the limits, else between two bounds.

    Without the function, ``low`` is the probability that one of the cut sets up to an order happens. A failure that none of
    those explains needs a larger set, so that more than ``order`` events happen: ``high`` is ``low`` and the probability of
    that, for which independence is all that is assumed.

    Parameters
    ----------
    net, events, top, seconds, nodes_limit, compiled
        As for :func:`diagram_cuts`; half of the time is for the exact one.
    p : (size,)
        Probability of each event; they are independent.
    orders
        Which to try, in this order.

    Raises
    ------
    freehold.errors.SolveError
        If what the top depends on has a circle, or a probability is not one.
    """
    limits = Limits(seconds, nodes_limit)
    exact = top_function(net, events, top, seconds=seconds / 2, nodes_limit=nodes_limit, compiled=compiled)
    if exact.function is not None:
        value = probability(exact.function, p)
        return ProbabilityBounds(value, value, None, None, limits.seconds)
    for order in orders:
        try:
            formula = structure_function(net, events, top, limits)
            _, function = build_family(formula, events.size, order, limits, function=True, compiled=compiled)
        except Stopped:
            continue
        assert function is not None
        low = probability(function, p)
        return ProbabilityBounds(low, min(1.0, low + _more_than(order, p)), order, exact.stopped, limits.seconds)
    return ProbabilityBounds(0.0, 1.0, 0, exact.stopped, limits.seconds)


def _more_than(order: int, p: Floats) -> float:
    """Probability that more than so many events happen (a Poisson-binomial tail)."""
    chance = np.zeros(order + 2)
    chance[0] = 1.0
    for one in np.asarray(p, np.float64):
        last = chance[-1] + chance[-2] * one
        chance[1:] = chance[1:] * (1.0 - one) + chance[:-1] * one
        chance[0] *= 1.0 - one
        chance[-1] = last
    return float(chance[-1])
