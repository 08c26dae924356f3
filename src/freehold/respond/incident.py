"""An incident as a value: what it is, how bad, in which state, and its timeline. Owns these words and no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from freehold.watch.alert import Labels
from freehold.watch.event import Json

__all__ = ["ENDED", "LEVELS", "STATES", "Duty", "Entry", "Incident", "level_number"]

LEVELS: Final = ("blue", "yellow", "orange", "red")
"""Least first; an empty text stands for a level that is not known."""

STATES: Final = (
    "signal", "warning", "declared", "contained", "recovering", "observing", "closed", "reviewed", "false-alarm", "merged",
)  # fmt: skip
"""In the order of an incident's life; the last two are ways out of it."""

ENDED: Final = frozenset({"closed", "reviewed", "false-alarm", "merged"})
"""States in which an incident takes no more alerts."""


def level_number(level: str) -> int:
    """How bad a level is: 0 for blue to 3 for red; -1 for one that is not known."""
    return LEVELS.index(level) if level in LEVELS else -1


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline: who did or said what, when and why.

    Parameters
    ----------
    incident, number
        Which incident, and which line of its timeline, from 1.
    at
        When, in seconds since 1970; never before the line above it, whatever the clocks say.
    kind
        What: a verb of the incident's life, or ``level``, ``note``, ``role``, ``alert``, ``action``, ``request``, ``approve``,
        ``preserve``, ``waive``, ``duty``, ``report``, ``run``.
    by, role
        Who, and in which role; ``machine`` for Freehold itself.
    text
        Why, or what was said.
    facts
        More about it: ``from`` and ``to`` of a transition, an action's parameters.
    """

    incident: str
    number: int
    at: float
    kind: str
    by: str
    role: str
    text: str = ""
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Duty:
    """Something owed because an act went before its approval: a review.

    Parameters
    ----------
    id, incident
        Its number, and in which incident it was opened.
    what
        What is to be reviewed.
    opened, opened_by
        When and by whom the act was done.
    done, done_by
        When and by whom it was reviewed; ``None`` and empty while it is owed.
    """

    id: int
    incident: str
    what: str
    opened: float
    opened_by: str
    done: float | None = None
    done_by: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as it stands.

    Parameters
    ----------
    id
        Such as ``INC-1``.
    key
        Of the group of alerts that it is about; the same key on an ended incident opens a successor.
    title
        What it is about, in a line.
    state
        One of :data:`STATES`.
    labels
        Of the alerts.
    level_low, level_high
        Between which of :data:`LEVELS` it lies while facts are missing; empty while not graded.
    first, opened, updated
        When the first event was, when it was taken in, and its last change; seconds since 1970.
    firing
        Whether its alerts still fire.
    radius
        What was predicted to stop, as it was when it was first told or last grew; ``None`` if nothing was.
    merged_into, successor_of, successor
        Ids of other incidents; empty where there is none.
    roles
        Roles given to people in this incident, in addition to their standing ones.
    preserved
        Whether a preserve step has succeeded in it, or a person has waived it.
    """

    id: str
    key: str
    title: str
    state: str
    labels: Labels
    level_low: str
    level_high: str
    first: float
    opened: float
    updated: float
    firing: bool
    radius: Json = None
    merged_into: str = ""
    successor_of: str = ""
    successor: str = ""
    roles: tuple[tuple[str, str], ...] = ()
    preserved: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it still takes alerts and acts."""
        return self.state not in ENDED
