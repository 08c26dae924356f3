"""The values that the catalogue is made of, frozen: references, facts, products, steps to an owner, and when a fact is old."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, TypeAlias

from freehold.catalogue.hosts import to_forward

if TYPE_CHECKING:
    from freehold.stack.values import Provider

__all__ = ["OLD_AFTER_MONTHS", "Fact", "FactLine", "OwnerStep", "Product", "Reference", "holds", "is_old", "last_day"]

_DATE: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", re.ASCII)

OLD_AFTER_MONTHS: Final = 18
"""A fact older than this is shown as old."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A page, filing or file that was opened and that states facts.

    Parameters
    ----------
    id, title, publisher
        What it is, and whose.
    host, path
        Where it is: the host in reverse-domain notation, the rest beginning with ``/``.
    published, read
        The date that it shows itself (may be blank), and the date on which it was read: ``YYYY[-MM[-DD]]``.
    file, row
        Where the catalogue states it.
    """

    id: str
    title: str
    publisher: str
    host: str
    path: str
    published: str
    read: str
    file: str = ""
    row: int = 0

    @property
    def url(self) -> str:
        """The address, put together now: no host is stored forwards."""
        try:
            return f"https://{to_forward(self.host)}{self.path}"
        except ValueError:
            return ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One attribute of one row, and who states it.

    Parameters
    ----------
    table, id, attribute, value
        What is stated.
    reference
        Id of the reference that states it.
    date
        Day, month or year for which it is stated: the fact's own, else the reference's date of publication, else the
        date on which the reference was read.
    says
        The reference's words that carry the fact, paraphrased.
    file, row
        Where the catalogue states it.
    since, until
        The first day on which it holds, and the first on which it no longer does, where the reference gives them.
    """

    table: str
    id: str
    attribute: str
    value: str
    reference: str
    date: str
    says: str
    file: str = ""
    row: int = 0
    since: str = ""
    until: str = ""


FactLine: TypeAlias = tuple[str, str, str, str, str, str, str, str, int, str, str]
"""A fact not yet made: its fields in their order. Most of a catalogue's facts are never asked for."""


@dataclass(frozen=True, slots=True)
class Product:
    """Something that others buy or use. A blank is ``None`` or empty."""

    id: str
    name: str | None = None
    kind: str | None = None
    provider: str | None = None
    licence: str | None = None
    location: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    alias: tuple[str, ...] = ()
    alternative: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnerStep:
    """One owner on the way up from a provider.

    Parameters
    ----------
    provider
        The owner; all but its id blank where the catalogue has no row for it.
    of
        Id of the provider that it owns directly.
    stake
        The part that it holds, ``None`` where unstated.
    depth
        1 for a direct owner.
    date, since
        The day for which the newest fact on this link is stated, and the first day on which the link holds (blank where
        no fact says it).
    """

    provider: Provider
    of: str
    stake: float | None
    depth: int
    date: str = ""
    since: str = ""


def last_day(text: str) -> date | None:
    """Give the last day of ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; ``None`` if the text is none of these."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        year, month = int(match[1]), int(match[2] or 12)
        return date(year, month, int(match[3] or calendar.monthrange(year, month)[1]))
    except ValueError:
        return None


def holds(since: str, until: str, day: str) -> bool:
    """Whether something holds on a day, from its first day until the day before it ends; a blank sets no limit.

    Of a month or a year, the first day counts for ``since`` and the last for ``until``; what is no date sets no limit.
    """
    now, end = last_day(day), last_day(until)
    if now is None:
        return True
    if last_day(since) is not None and since[: len(day)] > day[: len(since)]:
        return False
    return end is None or end > now


def is_old(fact: Fact, today: str | date) -> bool:
    """Whether a fact is surely older than :data:`OLD_AFTER_MONTHS` months on a given day.

    Parameters
    ----------
    fact
        A fact; where it names a month or a year, the last day of that counts.
    today
        The day that the caller asks for, or the catalogue's edition; the clock is never read.
    """
    now = today if isinstance(today, date) else last_day(today)
    stated = last_day(fact.date)
    if now is None or stated is None:
        return False
    years, month = divmod(stated.month - 1 + OLD_AFTER_MONTHS, 12)
    year = stated.year + years
    if year > now.year + 1:
        return False
    return date(year, month + 1, min(stated.day, calendar.monthrange(year, month + 1)[1])) < now
