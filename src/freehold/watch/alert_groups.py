"""Alerts that are told together, and what was last told of them. Owns when a channel needs to hear of a group again.

A group is one route with one set of the values of its ``group_by`` labels. What a channel was told is a :class:`Told`; whether
there is news is a question about that and the alerts as they are: see :func:`news`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from freehold.watch.alert import Alert, Labels
from freehold.watch.inhibition import Target
from freehold.watch.routes import Route

__all__ = ["NOTHING", "Group", "Held", "Place", "Told", "group_key", "merged", "news"]

Place: TypeAlias = tuple[Route, str, Labels]
"""A group that an alert belongs to: its route, key and labels."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel was last told of a group.

    Parameters
    ----------
    firing
        Fingerprints of the alerts that fired then.
    open
        Those given out to be told as firing at some time whose end has not been told: more than ``firing`` while some are
        muted, or while it is not known whether the channel has heard.
    at
        When, in seconds since 1970.
    count
        How often in this run of the group.
    """

    firing: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    at: float = -math.inf
    count: int = 0

    def after(self, firing: frozenset[str], resolved: frozenset[str], at: float, members: Collection[str]) -> Told:
        """What it was told once it has heard a notification too; of alerts that are no longer held nothing is owed."""
        still = frozenset(name for name in self.open - resolved if name in members)
        return Told(firing, still | firing, at, self.count + 1)

    def without(self, ended: frozenset[str]) -> Told:
        """The same, as if alerts that ended had never been told: for a channel that does not hear of ends."""
        return replace(self, firing=self.firing - ended, open=self.open - ended)


NOTHING: Final = Told()
"""What was told to a channel that was told nothing."""


def news(told: Told, firing: frozenset[str], ended: frozenset[str], repeat: float, now: float) -> bool:
    """Whether a channel needs to hear of a group.

    Parameters
    ----------
    told
        What it was last told.
    firing
        The alerts that fire and are not muted.
    ended
        Those of ``told.open`` that have ended, muted or not: empty for a channel that does not hear of ends.
    repeat
        Seconds after which the same is said again.
    now
        Seconds since 1970.
    """
    if ended or not firing <= told.firing:
        return True
    return bool(firing) and now - told.at >= repeat


@dataclass(slots=True, eq=False)
class Held:
    """An alert as the core holds it.

    Parameters
    ----------
    fingerprint
        Its name.
    alert
        As it is told while it fires: without an end.
    ends
        When it counts as ended; ``inf`` if only its sender can end it.
    timeout
        Whether that is only because its sender gave no end.
    order
        Where it stands among others.
    targets
        By which inhibition rules it could be muted.
    places
        The groups that it belongs to.
    """

    fingerprint: str
    alert: Alert
    ends: float
    timeout: bool
    order: tuple[object, ...]
    targets: tuple[Target, ...]
    places: tuple[Place, ...]
    covered_by: tuple[str, ...] = ()
    """Silences that it meets, as of ``covered_at``."""
    covered_at: int = -1

    def at(self, now: float) -> Alert:
        """The alert as it is told at a moment: with its end if that has come."""
        return self.alert if self.ends > now else replace(self.alert, ends=self.ends)


@dataclass(slots=True, eq=False)
class Group:
    """One group.

    Parameters
    ----------
    key
        In Alertmanager's notation: stays the same for as long as its route does.
    route, labels
        Which alerts it takes.
    number
        Which run of the group it is: unique.
    next
        When it is looked at next, in seconds since 1970.
    """

    key: str
    route: Route
    labels: Labels
    number: int
    next: float
    members: dict[str, Held] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)
    """By channel."""
    pending: dict[str, str] = field(default_factory=dict)
    """Keys of the notifications that were given out and not yet told, by channel."""
    emptied: float = math.inf
    """Since when it has no members."""
    turned: float = -math.inf
    """When it was last looked at."""
    is_over: bool = False
    """Whether it is no longer one of the core's groups."""


def group_key(route: Route, labels: Mapping[str, str]) -> tuple[str, Labels]:
    """A group's key and labels, for an alert of these labels."""
    if route.group_by is None:
        chosen = tuple(labels.items())
    else:
        chosen = tuple((name, labels[name]) for name in route.group_by if name in labels)
    inside = ", ".join([f'{name}="{_quoted(value)}"' for name, value in chosen])
    return f"{route.key}:{{{inside}}}", chosen


def _quoted(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def merged(old: Held, new: Alert, ends: float, now: float) -> tuple[float, float]:
    """Start and end of an alert that is said again, by Alertmanager's rules.

    If the two times overlap, the earlier start counts; and of two ends that are both still to come, or both past, the later,
    unless the earlier statement gave none. If they do not, the new statement counts.

    Parameters
    ----------
    old
        As it is held.
    new
        As it is said now.
    ends
        When the new one ends: ``new.ends``, or its time-out.
    now
        Seconds since 1970.
    """
    starts = new.starts
    if old.alert.starts < ends < old.ends or old.alert.starts < starts < old.ends:
        starts = min(starts, old.alert.starts)
        both_ended = ends <= now and old.ends <= now
        both_open = ends > now and not old.timeout
        if old.ends > ends and (both_ended or both_open):
            ends = old.ends
    return starts, ends
