"""Groups of countries and who was in them when. Owns ``data/groups.csv`` and the form in which it dates a membership.

Each row is what one reference states of one group: a group may have several. A member is a country, ``HR@2013-07-01``
since a day, ``GE/2008`` until one, ``GB@1973/2020-01-31`` both, and stands again for each time that it was in. A month
or a year counts whole. What a reference leaves open counts as always: a member without a date is in the group on every day.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

__all__ = ["Group", "Membership", "groups", "is_member", "members"]

_MEMBER: Final = re.compile(
    r"(?P<country>[A-Z]{2})(?:@(?P<since>[0-9]{4}(?:-[0-9]{2}){0,2}))?(?:/(?P<until>[0-9]{4}(?:-[0-9]{2}){0,2}))?", re.ASCII
)
_FIRST: Final = "-01-01"
_LAST: Final = "-12-31"


@dataclass(frozen=True, slots=True)
class Membership:
    """One country's time in a group.

    Parameters
    ----------
    country
        ISO 3166-1 alpha-2 code.
    since, until
        First and last day, ``YYYY[-MM[-DD]]``; blank where the reference gives none.
    reference
        Title of the page that states it.
    publisher, host, path
        Whose it is, and where: the host in reverse-domain notation.
    date
        The day for which it is stated.
    """

    country: str
    since: str
    until: str
    reference: str
    publisher: str
    host: str
    path: str
    date: str

    def covers(self, day: str | None) -> bool:
        """Whether the country was in the group on a day (``YYYY[-MM[-DD]]``), or without one, at the last that is known.

        A day that is known to the month or the year counts as its last.
        """
        if day is None:
            return not self.until
        last = _last(day)
        began = not self.since or _first(self.since) <= last
        return began and (not self.until or last <= _last(self.until))


@dataclass(frozen=True, slots=True)
class Group:
    """A group of countries.

    Parameters
    ----------
    code
        As written in ``trusted`` and ``--country``; never the code of a country.
    name
        Name for people.
    memberships
        Who was in it when.
    """

    code: str
    name: str
    memberships: tuple[Membership, ...]


def _first(day: str) -> str:
    """Give the first day that a day, month or year may mean."""
    return day + _FIRST[len(day) - 4 :]


def _last(day: str) -> str:
    """Give the last day that a day, month or year may mean; the 31st of a short month is as good a bound as its end."""
    return day + _LAST[len(day) - 4 :]


def _membership(text: str, row: dict[str, str]) -> Membership:
    match = _MEMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"groups.csv, {row['group']}: {text!r} is not a member such as HR@2013-07-01 or GB@1973/2020-01-31")
    evidence = (row[name] for name in ("reference", "publisher", "host", "path", "date"))
    return Membership(match["country"], match["since"] or "", match["until"] or "", *evidence)


@cache
def groups() -> dict[str, Group]:
    """All groups by code, from ``data/groups.csv``."""
    found: dict[str, Group] = {}
    with (Path(__file__).parent / "data" / "groups.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            stated = tuple(_membership(text, row) for text in row["members"].split(";"))
            before = found.get(row["group"])
            found[row["group"]] = Group(row["group"], row["name"], stated if before is None else before.memberships + stated)
    return found


@lru_cache(maxsize=1024)
def members(group: str, on: str | None = None) -> frozenset[str]:
    """Countries in a group on a day.

    Parameters
    ----------
    group
        Its code.
    on
        The day, ``YYYY[-MM[-DD]]``; ``None`` for the members at the last that is known.

    Raises
    ------
    KeyError
        If there is no such group.
    """
    return frozenset(one.country for one in groups()[group].memberships if one.covers(on))


def is_member(group: str, country: str, on: str | None = None) -> bool:
    """Whether a country was in a group on a day; see :func:`members`."""
    return country in members(group, on)
