"""Recurring times: nights, week-ends, the first of a month. Owns when a route is muted or active, in Alertmanager's terms.

A time interval is a list of periods; a moment is within it if it is within one of them. In a period, every attribute that
is given must hold, and one of an attribute's ranges suffices.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from freehold.errors import BadRules

__all__ = ["Period", "Range", "period_from", "within"]

Range: TypeAlias = tuple[int, int]
"""First and last, both included; of minutes of a day the last is excluded."""

_WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS: Final = tuple(calendar.month_name[number].lower() for number in range(1, 13))
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")


@dataclass(frozen=True, slots=True)
class Period:
    """One period that recurs.

    Parameters
    ----------
    times
        Minutes of the day.
    weekdays
        0 is Sunday.
    days_of_month
        From 1; negative ones count from the month's end.
    months, years
        From 1; calendar years.
    location
        A time zone's name, such as ``Europe/Berlin``.
    """

    times: tuple[Range, ...] = ()
    weekdays: tuple[Range, ...] = ()
    days_of_month: tuple[Range, ...] = ()
    months: tuple[Range, ...] = ()
    years: tuple[Range, ...] = ()
    location: str = "UTC"

    def contains(self, now: float) -> bool:
        """Whether a moment (seconds since 1970) is within the period."""
        try:
            at = datetime.fromtimestamp(now, UTC).astimezone(_zone(self.location))
        except (OverflowError, ValueError, OSError):
            return False
        minute = at.hour * 60 + at.minute
        last = calendar.monthrange(at.year, at.month)[1]
        return (
            (not self.times or any(first <= minute < end for first, end in self.times))
            and _in(at.isoweekday() % 7, self.weekdays)
            and _in(at.month, self.months)
            and _in(at.year, self.years)
            and (not self.days_of_month or any(_on_day(at.day, last, one) for one in self.days_of_month))
        )


def _in(value: int, ranges: Sequence[Range]) -> bool:
    return not ranges or any(first <= value <= last for first, last in ranges)


def _on_day(day: int, last: int, ends: Range) -> bool:
    first, until = (end if end > 0 else last + end + 1 for end in ends)
    return first <= last and max(first, 1) <= day <= until


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def within(periods: Sequence[Period], now: float) -> bool:
    """Whether a moment (seconds since 1970) is within one of the periods."""
    return any(period.contains(now) for period in periods)


def period_from(
    place: str, *, times: Sequence[Mapping[str, str]] = (), weekdays: Sequence[str] = (), days_of_month: Sequence[str] = (),
    months: Sequence[str] = (), years: Sequence[str] = (), location: str = "UTC",
) -> Period:  # fmt: skip
    """Read a period as Alertmanager writes it: ``weekdays = ["monday:friday"]``, ``times = [{start_time = "09:00", …}]``.

    Parameters
    ----------
    place
        Where it stands, for messages.
    times, weekdays, days_of_month, months, years, location
        As written.

    Raises
    ------
    freehold.errors.BadRules
        If something of it is no such range, or the time zone is not known here.
    """
    try:
        _zone(location)
    except (OSError, ValueError, KeyError):
        raise BadRules(
            f"{place}: '{location[:50]}' is no time zone that is known here. Write one such as Europe/Berlin."
        ) from None
    return Period(
        tuple(_minutes(place, one) for one in times),
        tuple(_range(place, one, _names(_WEEKDAYS, 0), (0, 6)) for one in weekdays),
        tuple(_days(place, one) for one in days_of_month),
        tuple(_range(place, one, _names(_MONTHS, 1), (1, 12)) for one in months),
        tuple(_range(place, one, int, (1970, 9999)) for one in years),
        location,
    )


def _names(known: Sequence[str], first: int) -> Callable[[str], int]:
    return lambda text: known.index(text) + first if text in known else int(text)


def _minutes(place: str, one: Mapping[str, str]) -> Range:
    ends = [_CLOCK.fullmatch(one.get(name, "")) for name in ("start_time", "end_time")]
    first, last = (int(end[0][:2]) * 60 + int(end[0][3:]) if end else -1 for end in ends)
    if not 0 <= first < last:
        raise BadRules(
            f"{place}: {dict(one)!r} is no time of a day. Write start_time and a later end_time, as in 09:00 and 17:30."
        )
    return first, last


def _range(place: str, text: str, number: Callable[[str], int], most: Range) -> Range:
    parts = text.lower().split(":")
    try:
        first, last = number(parts[0].strip()), number(parts[-1].strip())
    except ValueError:
        first = last = most[0] - 1
    if len(parts) > 2 or not most[0] <= first <= last <= most[1]:
        raise BadRules(f"{place}: '{text[:50]}' is no range here. Write one value, or first:last with first not after last.")
    return first, last


def _days(place: str, text: str) -> Range:
    parts = text.split(":")
    try:
        first, last = int(parts[0]), int(parts[-1])
    except ValueError:
        first = last = 0
    # what is before its beginning even in the shortest month is never
    shortest = [end if end > 0 else 28 + end for end in (first, last)]
    sound = len(parts) <= 2 and all(end and -31 <= end <= 31 for end in (first, last)) and not first < 0 < last
    if not sound or shortest[0] > shortest[1]:
        raise BadRules(f"{place}: '{text[:50]}' are no days of a month. Write 1:7, or -3:-1 for the last three.")
    return first, last
