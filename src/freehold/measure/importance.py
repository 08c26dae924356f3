"""How likely the target fails, and how much each member matters for that. Owns the formulas, and what they mean at their ends.

Members are lost within a year independently of each other; what they have in common is within them (a country takes all its
providers). P is the probability that the target fails, P(1) and P(0) the same when a member is surely lost and surely kept.
P is linear in the probability p of each single member, so that all follows from P and its derivative, the Birnbaum importance.

==========================  ====================  ==========================================================================
structural                  B at all p = 1/2      Birnbaum, "On the importance of different components in a multicomponent
                                                  system", in Multivariate Analysis II, 1969
Birnbaum, B                 ∂P/∂p = P(1) − P(0)   the same
Fussell-Vesely              B·p / P               in the sense of critical importance: Lambert, "Measures of importance of
                                                  events and cut sets in fault trees", in Reliability and Fault Tree
                                                  Analysis, 1975
diagnostic                  P(1)·p / P            the probability that the member is lost, given that the target has failed
risk achievement worth      P(1) / P              Vesely and others, "Measures of risk importance and their applications",
risk reduction worth        P / P(0)              NUREG/CR-3385, 1983
==========================  ====================  ==========================================================================

Where P is 0 the last four have no value (0/0); where P(0) is 0 and P is not, the risk reduction worth is endless.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from freehold.errors import UsageError
from freehold.measure.chokepoint_values import Importance, Member
from freehold.measure.cut_engines import Question
from freehold.network.bdd import Diagram, birnbaum, probability
from freehold.network.bdd_store import NODES
from freehold.network.cut_sets import CutSets, first_sets
from freehold.network.diagram_cuts import top_function, union_function

__all__ = ["Likelihood", "check_probability", "importances", "joint_probability", "likelihood"]

_ROUNDING: Final = 1e-13
"""What of P is rounding where P(0) is made from a difference."""

_MOST_SETS: Final = 200_000
"""Sets that are joined to one function; what more there are only raise the probability."""

_STRUCTURE_NODES: Final = 300_000
"""Nodes of a function that is asked for structure alone, no probability being known: larger ones are not worth the wait."""

_FIRST_SHARE: Final = 0.7
"""Of the time, for the whole function; the rest is for one of the orders that are complete."""


@dataclass(frozen=True, slots=True)
class Likelihood:
    """How likely the target fails, and how much each member matters.

    Parameters
    ----------
    probability
        Within a year; ``None`` where that of a member which matters is not known, or the sets are too many to reckon with.
    importance
        Of each member that stands in a minimal cut set, the most important first.
    is_exact
        Whether all minimal cut sets are in it; otherwise the probability is the least that it can be.
    """

    probability: float | None
    importance: tuple[Importance, ...]
    is_exact: bool


def likelihood(
    members: Sequence[Member], found: CutSets, function: Diagram | None = None, question: Question | None = None, *,
    seconds: float = 60.0, nodes_limit: int = NODES, compiled: bool | None = None,
) -> Likelihood:  # fmt: skip
    """Say how likely a target fails, from its failure as a function or from its minimal cut sets.

    Parameters
    ----------
    members
        In the order in which they are numbered.
    found
        The cut sets.
    function
        When the target fails, where that was made on the way.
    question
        What was asked, where everything works or does not: without circles the function is made from it, whole if that fits
        the limits, else of the orders that are complete.
    seconds, nodes_limit, compiled
        When to stop, and which kernel.
    """
    if function is None and question is not None and found.engine == "diagram":
        part: Diagram | None = None
        if found.complete_to is not None:
            parts = question.net, question.events, question.top
            is_known = any(member.probability is not None for member in members)
            limits: dict[str, Any] = {"nodes_limit": nodes_limit, "compiled": compiled}
            if not is_known:
                limits["nodes_limit"] = min(nodes_limit, _STRUCTURE_NODES)
            made = top_function(*parts, seconds=_FIRST_SHARE * seconds, **limits)
            function = made.function
            if function is None and found.complete_to > 0:
                left = max(0.0, seconds - made.seconds)
                part = top_function(*parts, order=found.complete_to, seconds=left, **limits).function
        if part is not None:
            return Likelihood(*importances(members, part), is_exact=False)
    if function is not None:
        return Likelihood(*importances(members, function), is_exact=True)
    sets = first_sets(found, _MOST_SETS + 1)
    if not sets and found.complete_to is not None:
        return Likelihood(None, (), is_exact=False)
    joined = union_function(
        len(members), sets[:_MOST_SETS], seconds=seconds, nodes_limit=nodes_limit, compiled=compiled
    ).function
    if joined is None:
        return Likelihood(None, (), is_exact=False)
    return Likelihood(*importances(members, joined), is_exact=found.complete_to is None and len(sets) <= _MOST_SETS)


def check_probability(value: float, where: str) -> float:
    """See that a number is a probability.

    Parameters
    ----------
    value
        The number.
    where
        Where it stands, for the message.

    Raises
    ------
    freehold.errors.UsageError
        If it is not from 0 to 1.
    """
    if not 0 <= value <= 1:
        raise UsageError(
            f"{where}: {value:g} is no probability. Write a number from 0 to 1, such as 0.02 for one year in fifty."
        )
    return float(value)


def joint_probability(members: Sequence[Member]) -> float | None:
    """That all members are lost within a year; ``None`` where the probability of one is not known."""
    if any(member.probability is None for member in members):
        return None
    return math.prod(member.probability or 0.0 for member in members)


def importances(members: Sequence[Member], function: Diagram) -> tuple[float | None, tuple[Importance, ...]]:
    """Say how likely the target fails, and how much each member matters.

    Parameters
    ----------
    members
        All of them, in the order in which the function numbers them.
    function
        When the target fails.

    Returns
    -------
    tuple
        P, and an importance for each member that the function depends on, the most important first. P, and all that rests on
        probabilities, is ``None`` where that of such a member is not known.

    Raises
    ------
    freehold.errors.UsageError
        If a member's probability is none.
    """
    chosen = _depends_on(function)
    structural = birnbaum(function, np.full(len(members), 0.5))
    for number in chosen:
        check_probability(members[number].probability or 0.0, f"member '{members[number].id}'")
    if any(members[number].probability is None for number in chosen):
        found = [Importance(members[number], float(structural[number]), None, None, None, None, None) for number in chosen]
        return None, tuple(sorted(found, key=_order))
    matters = set(chosen)
    known = np.array([(member.probability or 0.0) if n in matters else 0.0 for n, member in enumerate(members)], np.float64)
    failure = min(1.0, max(0.0, probability(function, known)))
    slopes = birnbaum(function, known)
    found = [_importance(members[n], float(structural[n]), float(known[n]), failure, float(slopes[n])) for n in chosen]
    return failure, tuple(sorted(found, key=_order))


def _depends_on(function: Diagram) -> list[int]:
    nodes = function.start[:-1] - function.start[1:]
    return sorted({int(event) for event, count in zip(function.event, nodes, strict=True) if event >= 0 and count > 0})


def _importance(member: Member, structural: float, p: float, failure: float, slope: float) -> Importance:
    if failure <= 0:
        return Importance(member, structural, slope, None, None, None, None)
    with_it = min(1.0, failure + (1 - p) * slope)
    without = failure - p * slope
    if without <= _ROUNDING * failure:
        without = 0.0
    return Importance(
        member, structural, slope,
        fussell_vesely=min(1.0, slope * p / failure),
        diagnostic=min(1.0, with_it * p / failure),
        risk_achievement_worth=with_it / failure,
        risk_reduction_worth=failure / without if without > 0 else math.inf,
    )  # fmt: skip


def _order(one: Importance) -> tuple[float, float, float, str]:
    """The largest critical importance first; where it is not known, the largest structural one; ties by id.

    What differs by rounding alone is a tie.
    """
    measures = (one.fussell_vesely or 0.0, one.birnbaum or 0.0, one.structural)
    first, second, third = (-float(f"{measure:.9g}") for measure in measures)
    return first, second, third, one.member.id
