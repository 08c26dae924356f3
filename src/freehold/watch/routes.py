"""Which alerts are told to whom, together with which, and how often. Owns the tree of routes and its TOML.

The terms are Alertmanager's: a route takes the alerts that meet its ``matchers`` (and those of the routes above it), groups
them by ``group_by`` (``["..."]``: by all labels), waits ``group_wait`` before it tells of a new group, ``group_interval``
before it tells of changes, ``repeat_interval`` before it says the same again. The first of several routes that matches takes
the alert, unless it says ``continue``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from freehold.errors import BadRules
from freehold.stack.toml_text import BadToml, parse_toml
from freehold.watch.inhibition import Inhibition
from freehold.watch.matchers import Matcher, matches, parse_matchers, written
from freehold.watch.receiver_settings import Receiver, check_receiver
from freehold.watch.settings_file import convert_settings, read_settings_text
from freehold.watch.time_intervals import Period, period_from

__all__ = ["MOST_BYTES", "Route", "Routing", "load_routes", "read_routes", "routing_from"]

MOST_BYTES: Final = 1_000_000
"""The largest file of routes."""

_DEPTH: Final = 20
_MEND: Final = "See docs/guides/alerts.md for the form."
_MOST_ROUTES: Final = 1_000
_LONGEST: Final = 10 * 366 * 86_400.0
_ALL: Final = "..."
_DURATION: Final = re.compile(
    r"(?:(\d{1,9})y)?(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?"
)
_UNITS: Final = (365 * 86_400.0, 7 * 86_400.0, 86_400.0, 3_600.0, 60.0, 1.0, 0.001)


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One route.

    Parameters
    ----------
    key
        Names it in groups' keys: its matchers and those of the routes above it.
    receiver
        Who is told.
    matchers
        What an alert must meet.
    group_by
        Labels by which alerts are put together; ``None`` means by all labels.
    group_wait, group_interval, repeat_interval
        In seconds.
    continues
        Whether routes after it are asked too.
    mute, active
        Names of time intervals within which it says nothing, and outside which it says nothing.
    routes
        The routes below it.
    """

    key: str = "{}"
    receiver: str = ""
    matchers: tuple[Matcher, ...] = ()
    group_by: tuple[str, ...] | None = ()
    group_wait: float = 30.0
    group_interval: float = 300.0
    repeat_interval: float = 4 * 3_600.0
    continues: bool = False
    mute: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()

    def taking(self, labels: Mapping[str, str]) -> list[Route]:
        """The routes that take an alert of these labels; empty if its own matchers are not met."""
        if not matches(self.matchers, labels):
            return []
        found: list[Route] = []
        for one in self.routes:
            below = one.taking(labels)
            found += below
            if below and not one.continues:
                break
        return found or [self]

    def __iter__(self) -> Iterator[Route]:
        """The route and all that are below it."""
        yield self
        for one in self.routes:
            yield from one


@dataclass(frozen=True, slots=True, eq=False)
class Routing:
    """All that decides who is told what.

    Parameters
    ----------
    route
        The root of the tree: it takes every alert.
    inhibitions
        Which alerts keep others quiet.
    receivers
        By the names that the routes use.
    intervals
        Time intervals by name.
    resolve_timeout
        Seconds after which an alert that a sender gave no end counts as ended, unless it is sent again.
    text
        The file, as it was read.
    """

    route: Route
    inhibitions: tuple[Inhibition, ...] = ()
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    intervals: Mapping[str, tuple[Period, ...]] = field(default_factory=dict)
    resolve_timeout: float = 300.0
    text: str = ""

    def is_muted(self, route: Route, now: float) -> bool:
        """Whether a route says nothing at a moment because of its time intervals."""
        if not route.mute and not route.active:
            return False

        def within(names: Sequence[str]) -> bool:
            return any(period.contains(now) for name in names for period in self.intervals[name])

        return within(route.mute) or (bool(route.active) and not within(route.active))


class _Period(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    times: list[dict[str, str]] = []
    weekdays: list[str] = []
    days_of_month: list[str] = []
    months: list[str] = []
    years: list[str] = []
    location: str = "UTC"


class _Interval(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    time_intervals: list[_Period]


class _Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"continues": "continue"}):
    receiver: str = ""
    matchers: list[str] = []
    group_by: list[str] = []
    group_wait: str | None = None
    group_interval: str | None = None
    repeat_interval: str | None = None
    continues: bool = False
    mute_time_intervals: list[str] = []
    active_time_intervals: list[str] = []
    routes: list[_Route] = []


class _Inhibition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    source_matchers: list[str] = []
    target_matchers: list[str] = []
    equal: list[str] = []


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    route: _Route
    inhibit_rules: list[_Inhibition] = []
    receivers: list[Receiver] = []
    time_intervals: list[_Interval] = []
    resolve_timeout: str = "5m"


def read_routes(path: Path) -> Routing:
    """Read a file of routes.

    Raises
    ------
    freehold.errors.BadRules
        If it cannot be read or is not sound: file, place, mend.
    """
    return load_routes(read_settings_text(path, MOST_BYTES, BadRules), str(path))


def load_routes(text: str, place: str = "routes.toml") -> Routing:
    """Read routes from TOML.

    Parameters
    ----------
    text
        The file's content.
    place
        The file's name, for messages.

    Raises
    ------
    freehold.errors.BadRules
        If it is not sound.
    """
    if len(text) > MOST_BYTES:
        raise BadRules(f"{place} is larger than {MOST_BYTES:,} bytes. Shorten it.")
    try:
        data = parse_toml(text)
    except BadToml as error:
        raise BadRules(f"{place} is no TOML: {error}. Mend it.") from None
    return routing_from(data, place, text)


def routing_from(data: Mapping[str, Any], place: str, text: str = "") -> Routing:
    """Make routes of plain values.

    Parameters
    ----------
    data
        As TOML gives them.
    place
        The file's name, for messages.
    text
        The file's content, to be shown to who asks for it.

    Raises
    ------
    freehold.errors.BadRules
        If they are not sound.
    """
    file = convert_settings(data, _File, place, BadRules, _MEND)
    for receiver in file.receivers:
        check_receiver(receiver, place)
    for what, names in (
        ("receivers", [one.name for one in file.receivers]),
        ("time intervals", [one.name for one in file.time_intervals]),
    ):
        twice = [name for name, times in Counter(names).items() if times > 1]
        if twice:
            raise BadRules(f"{place}: there are two {what} called '{twice[0]}'. Give each its own name.")
    intervals = {one.name: _periods(one, f"{place}: time interval '{one.name}'") for one in file.time_intervals}
    receivers = {one.name: one for one in file.receivers}
    if not file.route.receiver:
        raise BadRules(f'{place}: the first route names no receiver. Every alert must have one: add receiver = "…".')
    if file.route.matchers or file.route.mute_time_intervals or file.route.active_time_intervals:
        raise BadRules(f"{place}: the first route takes every alert at any time: remove its matchers and time intervals.")
    root = _route(file.route, Route(), "$.route", place, 0)
    _check_routes(root, receivers, intervals, place)
    return Routing(
        root,
        tuple(_inhibition(one, f"{place}: $.inhibit_rules[{number}]") for number, one in enumerate(file.inhibit_rules)),
        receivers,
        intervals,
        _seconds(file.resolve_timeout, f"{place}: $.resolve_timeout", positive=True),
        text,
    )


def _periods(interval: _Interval, place: str) -> tuple[Period, ...]:
    return tuple(period_from(place, **msgspec.structs.asdict(period)) for period in interval.time_intervals)


def _matchers(texts: Sequence[str], place: str) -> tuple[Matcher, ...]:
    try:
        found = [one for text in texts for one in parse_matchers(text)]
    except BadRules as error:
        raise BadRules(f"{place}: {error}") from None
    return tuple(sorted(found, key=lambda one: (one.name, one.value, one.operator)))


def _inhibition(one: _Inhibition, place: str) -> Inhibition:
    if not one.source_matchers or not one.target_matchers:
        raise BadRules(f"{place}: an inhibition rule needs source_matchers and target_matchers. Say which alerts mute which.")
    return Inhibition(
        _matchers(one.source_matchers, place), _matchers(one.target_matchers, place), tuple(dict.fromkeys(one.equal))
    )


def _route(one: _Route, above: Route, path: str, place: str, depth: int) -> Route:
    where = f"{place}: {path}"
    if depth > _DEPTH:
        raise BadRules(f"{where}: routes nest more than {_DEPTH} deep. Flatten them.")
    matchers = _matchers(one.matchers, where)
    group_by: tuple[str, ...] | None = above.group_by
    if _ALL in one.group_by:
        if len(one.group_by) > 1:
            raise BadRules(f'{where}: group_by has "..." (all labels) and others too. Keep one or the other.')
        group_by = None
    elif one.group_by:
        if len(set(one.group_by)) < len(one.group_by):
            raise BadRules(f"{where}: group_by names a label twice. Name each once.")
        group_by = tuple(sorted(one.group_by))
    own = Route(
        written(matchers) if depth == 0 else f"{above.key}/{written(matchers)}",
        one.receiver or above.receiver,
        matchers,
        group_by,
        above.group_wait if one.group_wait is None else _seconds(one.group_wait, f"{where}.group_wait"),
        above.group_interval
        if one.group_interval is None
        else _seconds(one.group_interval, f"{where}.group_interval", positive=True),
        above.repeat_interval
        if one.repeat_interval is None
        else _seconds(one.repeat_interval, f"{where}.repeat_interval", positive=True),
        one.continues,
        tuple(one.mute_time_intervals),
        tuple(one.active_time_intervals),
    )
    below: list[Route] = []
    seen: Counter[str] = Counter()
    for number, child in enumerate(one.routes):
        made = _route(child, own, f"{path}.routes[{number}]", place, depth + 1)
        seen[made.key] += 1
        # two routes with the same matchers are two routes
        below.append(made if seen[made.key] == 1 else _renamed(made, made.key, f"{made.key}#{seen[made.key]}"))
    return replace(own, routes=tuple(below))


def _renamed(route: Route, before: str, after: str) -> Route:
    below = tuple(_renamed(one, before, after) for one in route.routes)
    return replace(route, key=after + route.key.removeprefix(before), routes=below)


def _check_routes(root: Route, receivers: Mapping[str, Receiver], intervals: Mapping[str, Any], place: str) -> None:
    for number, route in enumerate(root):
        if number >= _MOST_ROUTES:
            raise BadRules(f"{place}: there are more than {_MOST_ROUTES:,} routes. Join some by a regular expression.")
        if receivers and route.receiver not in receivers:
            raise BadRules(f"{place}: the route {route.key} names the receiver '{route.receiver}', which is not there. Add it.")
        unknown = [name for name in (*route.mute, *route.active) if name not in intervals]
        if unknown:
            raise BadRules(
                f"{place}: the route {route.key} names the time interval '{unknown[0]}', which is not there. Add it."
            )


def _seconds(text: str, place: str, *, positive: bool = False) -> float:
    """Read a duration such as ``30s``, ``1h30m``, ``100ms`` or ``7d``, in seconds."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or (not any(found.groups()) and text.strip() != "0"):
        raise BadRules(f"{place}: '{text[:50]}' is no duration. Write 30s, 5m, 4h, 1h30m, 100ms or 7d.")
    seconds = sum(float(part) * unit for part, unit in zip(found.groups(), _UNITS, strict=True) if part)
    if seconds > _LONGEST or (positive and seconds <= 0):
        raise BadRules(f"{place}: '{text[:50]}' is not {'over 0 and ' if positive else ''}at most ten years.")
    return seconds
