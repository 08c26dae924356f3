"""What can be done to a stack, as values. Owns the words in which options are stated: changes, prices, odds, conditions.

An option changes a stack for the better, never by itself: it is built, costs money and time, and then its changes hold.
Each kind of change can only raise what a cut-off leaves; what it may do to face value or content is another matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from freehold.stack.values import UNKNOWN, Maybe, Stack

__all__ = [
    "Activate",
    "Change",
    "Cover",
    "MoreCapacity",
    "NewQuality",
    "Option",
    "Origin",
    "Reference",
    "Slip",
    "Sooner",
    "Spare",
]

Origin: TypeAlias = Literal["stack", "file", "catalogue"]
"""Where an option comes from: a candidate of the stack, a user's file, or the catalogue's alternatives."""


@dataclass(frozen=True, slots=True)
class Activate:
    """A candidate source becomes able to take over; with a share it takes that part of today's need, the others shrink.

    Parameters
    ----------
    source
        Id of a source of the stack, or of one that the option adds.
    share
        Part of today's need that it takes, in (0, 1]; ``None``: it stands by, with share 0.
    """

    source: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """A need is covered for longer: stock, spares, escrow, a licence term. ``survive`` in days, ``inf`` for ever."""

    source: str
    item: str
    survive: float


@dataclass(frozen=True, slots=True)
class MoreCapacity:
    """A source could meet more once ramped up: ``capacity`` as a part of today's need."""

    source: str
    capacity: float


@dataclass(frozen=True, slots=True)
class Sooner:
    """A source takes over sooner: ``recover`` in days."""

    source: str
    recover: float


@dataclass(frozen=True, slots=True)
class NewQuality:
    """Research or work raises a source's quality, to at most 1; it counts where a goal asks for a least quality."""

    source: str
    quality: float


@dataclass(frozen=True, slots=True)
class Spare:
    """A source learns to do with less of an item: the need's ``weight`` falls, to 0 where it does without."""

    source: str
    item: str
    weight: float


Change: TypeAlias = Activate | Cover | MoreCapacity | Sooner | NewQuality | Spare


@dataclass(frozen=True, slots=True)
class Slip:
    """It may be late by so many days, with these odds (a probability)."""

    days: float
    odds: float


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a fact on an option comes from."""

    title: str
    publisher: str | None = None
    url: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that can be done.

    Parameters
    ----------
    id, name
        Slug, unique among options; name for people.
    changes
        What holds once it is built, in order.
    adds
        Items, providers, sources (standby or candidate) and needs that come with it; ``None`` if nothing is new.
    cost_once, cost_year, currency
        What building costs, and each year from the day it is ready; ``None``: not known, so it cannot be judged.
    lead
        Days from its start until it is ready; ``None``: not known, so it cannot be judged.
    earliest
        Date (ISO 8601) before which it cannot start.
    requires, excludes
        Ids of options that must be ready when it starts; that no plan has beside it.
    success, slip
        Probability that it works at all; how late it may be, and with what odds.
    people
        How many persons it takes while it is being built.
    learns_with, learning
        Group of options whose cost falls with the number built, and to which part with every doubling (Wright 1936,
        "Factors Affecting the Cost of Airplanes"; 0.8: an 80 % curve).
    standards_left, forks, gives_up
        The price that is no money: standards it leaves, forks it must keep, what is no longer to be had, in words.
    reference, origin
        Where it comes from.
    """

    id: str
    changes: tuple[Change, ...]
    name: str | None = None
    adds: Stack | None = None
    cost_once: Maybe[float] = None
    cost_year: Maybe[float] = None
    currency: str | None = None
    lead: Maybe[float] = None
    earliest: str | None = None
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    success: float = 1.0
    slip: tuple[Slip, ...] = ()
    people: float = 0.0
    learns_with: str | None = None
    learning: float | None = None
    standards_left: tuple[str, ...] = ()
    forks: tuple[str, ...] = ()
    gives_up: tuple[str, ...] = ()
    reference: Reference | None = None
    origin: Origin = "file"

    @property
    def lacking(self) -> tuple[str, ...]:
        """Names of the facts without which it cannot be judged, and so is in no plan."""
        facts = (("cost_once", self.cost_once), ("cost_year", self.cost_year), ("lead", self.lead))
        return tuple(name for name, value in facts if value is None or value is UNKNOWN)
