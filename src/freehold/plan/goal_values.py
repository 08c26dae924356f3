"""What a plan must achieve, and within which limits, as values. Owns the words of a goal.

An *aim* is one thing that must hold once every step is ready, on the plan's last day (``by``). A goal is all of its aims, and
what is to be least or most.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from freehold.stack.cutoff import Cutoff

__all__ = ["MOST_MONEY", "MOST_PEOPLE", "Aim", "BestAim", "Goal", "LevelAim", "Limits", "LossAim", "ShareAim"]

MOST_MONEY: Final = 1e15
"""The largest amount of money that is reckoned with, as in a stack."""
MOST_PEOPLE: Final = 1e10
"""The largest number of persons, more than there are."""


@dataclass(frozen=True, slots=True)
class LevelAim:
    """Under a cut-off the mission, or an item, stands at a level or above it; unknown facts at their worst.

    Parameters
    ----------
    cut
        The cut-off; its day 0 is the plan's last day, when every step is ready.
    level
        In (0, 1].
    days
        Days of the cut-off on which it must hold.
    target
        Id of an item; ``None``: the mission's weighted mean.
    throughout
        Whether it must hold on every day from 0 to the last of ``days``, on the exact time line.
    """

    cut: Cutoff
    level: float
    days: tuple[float, ...]
    target: str | None = None
    throughout: bool = False


@dataclass(frozen=True, slots=True)
class BestAim:
    """Under a cut-off every mission item stands on these days as high as it can with every option built."""

    cut: Cutoff
    days: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ShareAim:
    """Face value or content comes to a share: of the mission, of a layer (the mean of its items), or of one item."""

    measure: Literal["face_value", "content"]
    share: float
    kind: str | None = None
    item: str | None = None


@dataclass(frozen=True, slots=True)
class LossAim:
    """No loss of so many providers, owners or countries at once, for ever from day 0, brings the mission under the level."""

    of: Literal["provider", "owner", "country"]
    order: int
    level: float
    days: tuple[float, ...]


Aim: TypeAlias = LevelAim | BestAim | ShareAim | LossAim


@dataclass(frozen=True, slots=True)
class Limits:
    """Within what a plan must stay.

    Parameters
    ----------
    start, by
        First day of the plan, and the day on which the aims must hold (ISO 8601); ``by`` ``None``: as soon as all is ready,
        within ``years``.
    years
        Years of the plan, each 365 days from ``start``, where ``by`` is not given.
    budget, budget_years
        Most money in all, and in each year (the last one holds for all later years).
    people
        Most persons at work at once.
    lead
        Longest lead time of any one step, in days.
    quality
        Least quality of a source that a plan counts on, where the stack would rest on it because of a step.
    discount
        Rate a year at which later costs count less.
    penalty
        Money that a year of the whole mission lost under one cut-off costs (each of a :class:`BestAim`); ``None``: all of it
        must be served by the end, and nothing is asked of the years before.
    """

    start: str
    by: str | None = None
    years: int = 1
    budget: float | None = None
    budget_years: tuple[float, ...] = ()
    people: float | None = None
    lead: float | None = None
    quality: float | None = None
    discount: float = 0.0
    penalty: float | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """All that must hold, the limits, and what is sought: the least cost, or the most self-reliance within the budget.

    Parameters
    ----------
    aims
        May be empty only where self-reliance is sought.
    limits
        See :class:`Limits`.
    seek
        ``cost`` or ``reliance`` (the mission-weighted level, everything foreign cut off, on the last of ``reliance_days``).
    reliance_days
        Days of the curves of self-reliance that are shown.
    """

    aims: tuple[Aim, ...]
    limits: Limits
    seek: Literal["cost", "reliance"] = "cost"
    reliance_days: tuple[float, ...] = field(default=(0.0, 7.0, 30.0, 90.0, 365.0, 1095.0))
