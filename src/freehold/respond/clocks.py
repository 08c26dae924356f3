"""The four clocks of an incident: detect, decide, contain, report. Owns how they are read from its timeline.

=========  ======================================  =============================================
clock      starts                                  stops
=========  ======================================  =============================================
detect     at the first event                      when the incident was opened
decide     at the warning                          when it is declared, or a change is acted
contain    when it is declared                     when it is contained
report     when it is declared                     when it was reported under that regime
=========  ======================================  =============================================

Nothing is stored but the timeline, whose moments never go back; a wall clock that jumps cannot make a time negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from freehold.errors import RespondError
from freehold.respond.incident import LEVELS, Entry, Incident, level_number
from freehold.watch.settings_file import parse_settings, read_settings_text

__all__ = ["Clock", "ClockState", "Limits", "Regime", "Seconds", "clocks_of", "default_limits", "load_limits"]

ClockState: TypeAlias = Literal["waiting", "running", "stopped", "overdue"]
_MOST_BYTES: Final = 262_144
_DATA: Final = Path(__file__).parent / "data" / "clocks.toml"
_CHANGED: Final = frozenset({"done"})


class Seconds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A limit in seconds at each level; none where it is left out."""

    blue: float | None = None
    yellow: float | None = None
    orange: float | None = None
    red: float | None = None

    def at(self, level: str) -> float | None:
        """The limit at a level; ``None`` if it has none, or the level is not known."""
        return getattr(self, level) if level in LEVELS else None


class Regime(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A duty to report.

    Parameters
    ----------
    title
        What says so.
    to
        To whom the report goes.
    seconds
        Until when, from the moment of declaring.
    reference, publisher, url, date
        Where it is written, and when that was read; a blank date says that it was not read for this file.
    in_force
        Since when it holds, as an ISO date; may lie ahead.
    """

    title: str
    to: str
    seconds: Seconds
    reference: str
    publisher: str
    url: str
    date: str
    in_force: str


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Limits of the clocks, and the duties to report that an organisation can choose from."""

    version: int
    detect: Seconds
    decide: Seconds
    contain: Seconds
    report: Seconds
    regime: dict[str, Regime] = {}
    regimes: tuple[str, ...] = ()
    """Which of them the organisation is under; each has a report clock of its own."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock, read.

    Parameters
    ----------
    name
        ``detect``, ``decide``, ``contain`` or ``report``.
    regime
        The duty that a report clock belongs to; empty for the house's own limits.
    state
        ``waiting`` (not started), ``running``, ``overdue`` (running, over its limit) or ``stopped``.
    started, stopped
        Moments; ``None`` where that has not been.
    seconds
        How long it has run, never negative.
    limit
        Its limit in seconds at the incident's level; ``None`` where it has none.
    late
        Whether it is or was over its limit.
    """

    name: str
    regime: str
    state: ClockState
    started: float | None
    stopped: float | None
    seconds: float
    limit: float | None
    late: bool

    @property
    def due(self) -> float | None:
        """When its limit is reached; ``None`` if it has none or has not started."""
        return None if self.started is None or self.limit is None else self.started + self.limit


def load_limits(path: Path) -> Limits:
    """Read limits.

    Raises
    ------
    freehold.errors.RespondError
        If they are not sound, or a regime is chosen that is not described.
    """
    text = read_settings_text(path, _MOST_BYTES, RespondError)
    limits = parse_settings(text, Limits, str(path), RespondError, "Compare it with the file that comes with Freehold.")
    for name in limits.regimes:
        if name not in limits.regime:
            raise RespondError(f"{path}: no regime is called '{name}'. Described are: {', '.join(sorted(limits.regime))}.")
    return limits


@cache
def default_limits() -> Limits:
    """The limits that come with Freehold."""
    return load_limits(_DATA)


def clocks_of(incident: Incident, timeline: Iterable[Entry], limits: Limits, now: float) -> tuple[Clock, ...]:
    """Read all clocks of an incident.

    Parameters
    ----------
    incident
        The incident.
    timeline
        All its entries, in order.
    limits
        How long each may run; at the worse end of the incident's levels.
    now
        The moment, in seconds since 1970.

    Returns
    -------
    tuple of Clock
        Detect, decide, contain, and one report clock for the house and each regime.
    """
    entries = tuple(timeline)
    level = max((incident.level_low, incident.level_high), key=level_number)
    last = entries[-1].at if entries else now
    now = max(now, last)
    over = (
        None if incident.is_open else next((one.at for one in entries if one.kind in ("close", "false-alarm", "merge")), None)
    )
    warned, declared = _first(entries, "warn"), _first(entries, "declare")
    acted = next((one.at for one in entries if _has_changed(one)), None)
    decided = min((at for at in (declared, acted) if at is not None), default=None)
    begun = warned if warned is not None else declared
    if decided is not None and begun is not None:
        decided = max(decided, begun)
    contained = _first(entries, "contain")
    made = [
        _clock("detect", "", incident.first, incident.opened, limits.detect.at(level), now),
        _clock("decide", "", begun, decided if decided is not None else over, limits.decide.at(level), now),
        _clock("contain", "", declared, contained if contained is not None else over, limits.contain.at(level), now),
    ]
    for name, seconds in (("", limits.report), *((name, limits.regime[name].seconds) for name in limits.regimes)):
        limit = seconds.at(level)
        if limit is not None:
            stopped = next(
                (one.at for one in entries if one.kind == "report" and one.facts.get("regime", "") in (name, "all")), None
            )
            stopped = over if stopped is None and incident.state in ("false-alarm", "merged") else stopped
            made.append(_clock("report", name, declared, stopped, limit, now))
    return tuple(made)


def _first(entries: Sequence[Entry], kind: str) -> float | None:
    return next((one.at for one in entries if one.kind == kind), None)


def _has_changed(entry: Entry) -> bool:
    return entry.kind == "action" and entry.facts.get("state") in _CHANGED and bool(entry.facts.get("changes"))


def _clock(name: str, regime: str, started: float | None, stopped: float | None, limit: float | None, now: float) -> Clock:
    if started is None:
        return Clock(name, regime, "waiting", None, None, 0.0, limit, late=False)
    seconds = max(0.0, (now if stopped is None else stopped) - started)
    late = limit is not None and seconds > limit
    state: ClockState = "stopped" if stopped is not None else "overdue" if late else "running"
    return Clock(name, regime, state, started, stopped, seconds, limit, late)
