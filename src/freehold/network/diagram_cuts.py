"""Minimal cut sets of a network without circles, by decision diagrams. Owns the face that all others ask.

Up to an order, a family is made bottom-up and truncated as it grows; without one, the function of the top is made first and
its minimal solutions are taken from it (Rauzy 1993). Neither lists the sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from freehold.network.and_or import AndOr, Events, Top
from freehold.network.arrays import Floats
from freehold.network.bdd import Diagram, probability
from freehold.network.bdd_build import build_family, build_function, function_of_sets
from freehold.network.bdd_store import NODES, Limits, Stopped
from freehold.network.cut_sets import CutSets, Stop
from freehold.network.structure_function import structure_function
from freehold.network.zbdd import by_order, countable_order, total
from freehold.network.zbdd_listing import sets_of

__all__ = [
    "DiagramCuts", "FunctionFound", "ProbabilityBounds", "diagram_cuts", "probability_bounds", "top_function",
    "union_function",
]  # fmt: skip

_SECONDS: Final = 60.0
_FIRST_SHARE: Final = 0.7


@dataclass(frozen=True)
class DiagramCuts(CutSets):
    """Minimal cut sets with the diagrams that hold them.

    Parameters
    ----------
    family
        All of them up to ``complete_to``; ``None`` if no order was completed. Count with :mod:`freehold.network.zbdd`.
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
        When to stop. Most of the time is for what was asked; if that is stopped, lower orders are made as far as the rest
        of the time goes, and ``complete_to`` says how far that was.
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
    function: Diagram | None = None
    family: Diagram | None = None
    stopped: Stop | None = None
    complete: int | None = order
    try:
        formula = structure_function(net, events, top, limits)
    except Stopped as one:
        return DiagramCuts("diagram", {}, 0, None, lambda: iter(()), one.why, limits.seconds, None, None)
    try:
        first = limits.part(_FIRST_SHARE)
        if order is None:
            function, family = build_function(formula, events.size, first, cuts=True, compiled=compiled)
        else:
            family, _ = build_family(formula, events.size, order, first, compiled=compiled)
    except Stopped as one:
        stopped, complete = one.why, 0
        function = None
        for deeper in range(1, events.size if order is None else order):
            try:
                family, _ = build_family(formula, events.size, deeper, limits, compiled=compiled)
            except Stopped:
                break
            complete = deeper
    return _found(family, function, complete, stopped, limits)


def _found(
    family: Diagram | None, function: Diagram | None, complete: int | None, stopped: Stop | None, limits: Limits
) -> DiagramCuts:
    if family is None:
        return DiagramCuts("diagram", {}, 0, None, lambda: iter(()), stopped, limits.seconds, None, None)
    counts = by_order(family, countable_order(family) if complete is None else complete)
    return DiagramCuts(
        "diagram", counts, complete, total(family) if complete is None else None, lambda: sets_of(family, complete),
        stopped, limits.seconds, family, function,
    )  # fmt: skip


def top_function(
    net: AndOr,
    events: Events,
    top: Top,
    *,
    order: int | None = None,
    seconds: float = _SECONDS,
    nodes_limit: int = NODES,
    compiled: bool | None = None,
) -> FunctionFound:
    """Make the function that says when the top fails, from the network itself and not from its cut sets.

    Parameters
    ----------
    net, events, top, seconds, nodes_limit, compiled
        As for :func:`diagram_cuts`.
    order
        Only the cut sets up to this order count, so that it is true of fewer failures; ``None``: all of them.

    Raises
    ------
    freehold.errors.SolveError
        If what the top depends on has a circle.
    """
    limits = Limits(seconds, nodes_limit)
    try:
        formula = structure_function(net, events, top, limits)
        if order is None:
            function, _ = build_function(formula, events.size, limits, compiled=compiled)
        else:
            _, part = build_family(formula, events.size, order, limits, function=True, compiled=compiled)
            return FunctionFound(part, None, limits.seconds)
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
    most_order: int = 6,
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
        As for :func:`diagram_cuts`; most of the time is for the exact one.
    p : (size,)
        Probability of each event; they are independent.
    most_order
        Up to which cut sets are looked for if it does not fit.

    Raises
    ------
    freehold.errors.SolveError
        If what the top depends on has a circle, or a probability is not one.
    """
    limits = Limits(seconds, nodes_limit)
    stopped: Stop
    try:
        formula = structure_function(net, events, top, limits)
        function, _ = build_function(formula, events.size, limits.part(_FIRST_SHARE), compiled=compiled)
        value = probability(function, p)
        return ProbabilityBounds(value, value, None, None, limits.seconds)
    except Stopped as one:
        stopped = one.why
    low, high, complete = 0.0, 1.0, 0
    for order in range(1, most_order + 1):
        try:
            formula = structure_function(net, events, top, limits)
            _, part = build_family(formula, events.size, order, limits, function=True, compiled=compiled)
        except Stopped:
            break
        if part is not None:
            low, complete = probability(part, p), order
            high = min(1.0, low + _more_than(order, p))
    return ProbabilityBounds(low, high, complete, stopped, limits.seconds)


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
