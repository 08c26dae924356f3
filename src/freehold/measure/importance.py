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
from typing import Protocol

import numpy as np

from freehold.errors import UsageError
from freehold.measure.chokepoint_values import Importance, Member

__all__ = ["TopEvent", "check_probability", "importances", "joint_probability"]

_ROUNDING = 1e-13
"""What of P is rounding where P(0) is made from a difference."""


class TopEvent(Protocol):
    """The target's failure as a function of numbered members."""

    def probability(self, probabilities: Sequence[float]) -> float:
        """That it happens, the members being lost independently of each other with these probabilities."""

    def birnbaum(self, probabilities: Sequence[float]) -> Sequence[float]:
        """Its derivative by each member's probability."""


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


def importances(
    members: Sequence[Member], top: TopEvent, *, relevant: Sequence[int] | None = None
) -> tuple[float | None, tuple[Importance, ...]]:
    """Say how likely the target fails, and how much each member matters.

    Parameters
    ----------
    members
        All of them, in the order in which ``top`` numbers them.
    top
        The target's failure.
    relevant
        Numbers of those that stand in a minimal cut set; by default those whose structural importance is not 0.

    Returns
    -------
    tuple
        P, and an importance for each relevant member, the most important first. P, and all that rests on probabilities, is
        ``None`` where that of a relevant member is not known.

    Raises
    ------
    freehold.errors.UsageError
        If a member's probability is none.
    """
    structural = np.asarray(top.birnbaum([0.5] * len(members)), np.float64)
    chosen = [int(n) for n in np.flatnonzero(structural > 0)] if relevant is None else list(relevant)
    known = [0.0 if member.probability is None else member.probability for member in members]
    for number in chosen:
        check_probability(known[number], f"member '{members[number].id}'")
    if any(members[number].probability is None for number in chosen):
        found = [Importance(members[number], float(structural[number]), None, None, None, None, None) for number in chosen]
        return None, tuple(sorted(found, key=_order))
    failure = min(1.0, max(0.0, float(top.probability(known))))
    birnbaum = np.asarray(top.birnbaum(known), np.float64)
    found = [_importance(members[n], float(structural[n]), known[n], failure, float(birnbaum[n])) for n in chosen]
    return failure, tuple(sorted(found, key=_order))


def _importance(member: Member, structural: float, p: float, failure: float, birnbaum: float) -> Importance:
    if failure <= 0:
        return Importance(member, structural, birnbaum, None, None, None, None)
    with_it = min(1.0, failure + (1 - p) * birnbaum)
    without = failure - p * birnbaum
    if without <= _ROUNDING * failure:
        without = 0.0
    return Importance(
        member, structural, birnbaum,
        fussell_vesely=min(1.0, birnbaum * p / failure),
        diagnostic=min(1.0, with_it * p / failure),
        risk_achievement_worth=with_it / failure,
        risk_reduction_worth=failure / without if without > 0 else math.inf,
    )  # fmt: skip


def _order(one: Importance) -> tuple[float, float, float, str]:
    """The largest critical importance first; where it is not known, the largest structural one; ties by id."""
    return (-(one.fussell_vesely or 0.0), -(one.birnbaum or 0.0), -one.structural, one.member.id)
