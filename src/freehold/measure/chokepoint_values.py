"""The values that an answer on chokepoints is made of. Owns their meaning; knows no engine and no words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from freehold.measure.mission import Interval
from freehold.network.cut_sets import Engine, Stop

__all__ = ["GROUPS", "ChokepointsAnswer", "CutSet", "Group", "Importance", "Member", "Single"]

Group: TypeAlias = Literal["item", "source", "leaf", "provider", "owner", "country"]
GROUPS: Final[tuple[Group, ...]] = ("item", "source", "leaf", "provider", "owner", "country")


@dataclass(frozen=True, slots=True)
class Member:
    """What can be lost as one.

    Parameters
    ----------
    type
        Which kind of group it is of.
    id
        The item's, source's or provider's id, the country's code; ``"?"`` for the unknown ones as one group; the item's id
        for the unknown source of an item that has no source row.
    supplies
        Numbers of the supplies (see :class:`freehold.measure.case.Case`) that its loss surely takes.
    perhaps
        Those that its loss may take besides, since a fact is unknown.
    probability
        Of its loss, a year; ``None`` where it is not known.
    """

    type: Group
    id: str
    supplies: tuple[int, ...]
    perhaps: tuple[int, ...]
    probability: float | None


@dataclass(frozen=True, slots=True)
class Single:
    """One loss and what it does.

    Parameters
    ----------
    member
        What is lost, from day 0 for ever.
    loss
        Of the target's level (by default the mission), on each day asked: before less after. ``low`` is the least that is
        sure, ``high`` the most that may be.
    at_day
        The same on the day of the question (its end, if none was asked): (low, high).
    stops
        How many items, the lost ones and mere choices left out, fall under the floor by that day, on the side of the least
        loss and of the most.
    first_stop
        First day on which the target is under the floor, unknowns at their worst; ``None`` if it is not.
    """

    member: Member
    loss: Interval
    at_day: tuple[float, float]
    stops: tuple[int, int]
    first_stop: float | None


@dataclass(frozen=True, slots=True)
class CutSet:
    """A minimal cut set.

    Parameters
    ----------
    members
        In the order of their ids.
    stops_on
        First day on which the target is under the floor when all of them are gone from day 0.
    probability
        That all of them are lost within a year; ``None`` where one is not known.
    """

    members: tuple[Member, ...]
    stops_on: float | None
    probability: float | None


@dataclass(frozen=True, slots=True)
class Importance:
    """How much one member matters for the target's failure, in the standard terms.

    Formulas in :mod:`freehold.measure.importance`. Measures that rest on probabilities are ``None`` where those are not known.
    """

    member: Member
    structural: float
    birnbaum: float | None
    fussell_vesely: float | None
    diagnostic: float | None
    risk_achievement_worth: float | None
    risk_reduction_worth: float | None


@dataclass(frozen=True)
class ChokepointsAnswer:
    """Everything that ``chokepoints`` shows.

    Parameters
    ----------
    target
        The item asked for; ``None``: the mission.
    of
        Which groups can be lost.
    day
        The day of the question; ``None``: in the end, all finite cover used up.
    days, floor
        As asked.
    before
        The target's level before any loss: (low, high).
    is_down
        Whether the target is under the floor on that day though nothing is lost: then there is no cut set to be found.
    single
        The worst first.
    left_out
        How many single losses were not computed, for want of time.
    cut_sets
        The first of them, least order first.
    counts, complete_to, total, engine, stopped, seconds
        See :class:`freehold.network.cut_sets.CutSets`.
    probability
        Of the target's failure within a year, for independent losses; ``None`` where a probability is not known.
    importance
        Of each member that stands in a cut set, the most important first.
    cheapest
        The cut set of least weight, and its weight; ``None`` if none was asked for, or there is none.
    cheapest_bound
        No cut set weighs less than this; the weight itself where that is proven to be the least.
    unknowns
        How many unknown facts the answer rests on.
    why_not_boolean
        Why levels had to be solved; ``None`` where everything works or does not.
    is_probability_exact
        Whether the probability and the importances rest on all minimal cut sets; otherwise they rest on those known, and the
        probability is the least that it can be.
    """

    target: str | None
    of: Group
    day: float | None
    days: tuple[float, ...]
    floor: float
    before: tuple[float, float]
    is_down: bool
    single: tuple[Single, ...]
    left_out: int
    cut_sets: tuple[CutSet, ...]
    counts: Mapping[int, int]
    complete_to: int | None
    total: int | None
    engine: Engine
    stopped: Stop | None
    seconds: float
    probability: float | None
    importance: tuple[Importance, ...]
    cheapest: tuple[CutSet, float] | None
    cheapest_bound: float | None
    unknowns: int
    why_not_boolean: str | None
    is_probability_exact: bool = True
