"""What rules would have said of history. Owns the report that a rule needs before it is switched on.

The events of the past go through the same engine as those of the present, in the order in which they were received, so what
it would have said is what it says.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from freehold.watch.alert import Alert, Labels
from freehold.watch.engine import RuleEngine
from freehold.watch.event import Event
from freehold.watch.rule import Rules

__all__ = ["MOST_LISTED", "ReplayReport", "RuleReplay", "WouldBe", "replay"]

MOST_LISTED: Final = 1_000
"""Alerts of one rule that a report lists; all are counted."""

_NOISIEST: Final = 10
_MOST_GROUPS: Final = 10_000
_SHORTEST: Final = 3_600.0
_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class WouldBe:
    """An alert that would have been.

    Parameters
    ----------
    labels
        As they would have been said.
    since, until
        Seconds since 1970; ``until`` is ``inf`` if it would still stand at the end of history.
    summary
        As it would have been said when it began.
    """

    labels: Labels
    since: float
    until: float
    summary: str = ""


@dataclass(frozen=True, slots=True)
class RuleReplay:
    """What one rule would have said.

    Parameters
    ----------
    rule, digest
        Its id, and what exactly it was.
    looked, counted
        Events of its types, and those that it counted.
    errors, example
        Events that it could not be evaluated on, and why, the last time.
    forgotten
        Groups that there was no room for.
    alerts
        How many.
    would_be
        The first :data:`MOST_LISTED` of them, in order.
    noisiest
        Labels of the groups with most alerts, with how many, most first.
    a_day
        Alerts a day; ``None`` where history is shorter than an hour.
    """

    rule: str
    digest: str
    looked: int = 0
    counted: int = 0
    errors: int = 0
    example: str = ""
    forgotten: int = 0
    alerts: int = 0
    would_be: tuple[WouldBe, ...] = ()
    noisiest: tuple[tuple[Labels, int], ...] = ()
    a_day: float | None = None


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What rules would have said of a history.

    Parameters
    ----------
    rules
        One report a rule, in the order of the rules.
    events
        How many there were.
    start, end
        When the first and the last was received, seconds since 1970; 0 where there was none.
    """

    rules: tuple[RuleReplay, ...]
    events: int
    start: float = 0.0
    end: float = 0.0

    @property
    def digest(self) -> str:
        """SHA-256 of which rules were tried on what: their digests and alerts, the number and times of events."""
        told = [f"{self.events} {self.start!r} {self.end!r}", *(f"{one.digest} {one.alerts}" for one in self.rules)]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()


class _Gathering:
    """One rule's alerts while they come."""

    def __init__(self) -> None:
        self.count = 0
        self.listed: list[WouldBe] = []
        self.groups: dict[Labels, int] = {}
        self._standing: dict[Labels, int] = {}

    def take(self, alert: Alert) -> None:
        if math.isinf(alert.ends):
            self.count += 1
            if alert.labels in self.groups or len(self.groups) < _MOST_GROUPS:
                self.groups[alert.labels] = self.groups.get(alert.labels, 0) + 1
            if len(self.listed) < MOST_LISTED:
                self._standing[alert.labels] = len(self.listed)
                summary = dict(alert.annotations).get("summary", "")
                self.listed.append(WouldBe(alert.labels, alert.starts, math.inf, summary))
            return
        place = self._standing.pop(alert.labels, None)
        if place is not None:
            began = self.listed[place]
            self.listed[place] = WouldBe(began.labels, began.since, alert.ends, began.summary)


def replay(rules: Rules, events: Iterable[Event]) -> ReplayReport:
    """Feed history to rules that begin knowing nothing.

    Parameters
    ----------
    rules
        Sound ones.
    events
        In the order in which they were received; taken one at a time, so that history may be larger than memory.
    """
    engine = RuleEngine(rules)
    gathered = {rule.id: _Gathering() for rule in rules}
    count, start, end = 0, 0.0, 0.0
    for event in events:
        if not count:
            start = end = event.received
        count += 1
        end = max(end, event.received)
        for alert in engine.feed(event):
            gathered[alert.label("alertname")].take(alert)
    days = (end - start) / _DAY if end - start >= _SHORTEST else None
    found = []
    for rule in rules:
        gathering, tally = gathered[rule.id], engine.tallies[rule.id]
        noisiest = sorted(gathering.groups.items(), key=lambda each: (-each[1], each[0]))[:_NOISIEST]
        a_day = None if days is None else gathering.count / days
        one = RuleReplay(
            rule.id, rules.digest_of(rule), tally.looked, tally.counted, tally.errors, tally.example, tally.forgotten,
            gathering.count, tuple(gathering.listed), tuple(noisiest), a_day,
        )  # fmt: skip
        found.append(one)
    return ReplayReport(tuple(found), count, start, end)
