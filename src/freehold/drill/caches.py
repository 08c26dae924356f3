"""Where tools keep what they fetched. Owns the table of caches (``data/caches.csv``), each row with its reference and date."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["Cache", "caches", "home_of"]

_TABLE: Final = Path(__file__).parent / "data" / "caches.csv"


@dataclass(frozen=True, slots=True)
class Cache:
    """One cache of a tool.

    Parameters
    ----------
    tool, kind
        Whose it is, and what, in words.
    variable
        The variable that moves it; empty if none does without moving more.
    cold
        How an empty one is given: ``path`` (the variable names a folder), ``links`` (the folder holds settings and credentials
        as well: the empty one links to all but the caches in it), a text (an option put into the variable), ``keep`` (the
        variable is set to where it is, since it would move along with another), ``watched`` (moved with another row), ``no``.
    place
        Where it is by default: ``{home}``, ``{cache}``, ``{data}`` and ``{go}`` stand for folders.
    below
        The folder in it that holds what was fetched; empty: all of it.
    left_out
        For ``links``: entries that are not linked to.
    title, publisher, url, read
        Where that is written, and the day on which it was read.
    """

    tool: str
    kind: str
    variable: str
    cold: str
    place: str
    below: str
    left_out: tuple[str, ...]
    title: str
    publisher: str
    url: str
    read: str

    def folder(self, environment: Mapping[str, str]) -> Path | None:
        """Where it is for somebody with this environment; ``None`` if that cannot be told."""
        stated = environment.get(self.variable, "")
        if self.cold not in ("path", "links", "keep", "watched"):
            stated = ""
        home = home_of(environment)
        places = {
            "home": str(home),
            "cache": environment.get("XDG_CACHE_HOME") or str(home / ".cache"),
            "data": environment.get("XDG_DATA_HOME") or str(home / ".local/share"),
            "go": (environment.get("GOPATH") or str(home / "go")).split(":")[0],
        }
        text = stated or self.place.format_map(places)
        return Path(text) / self.below if text.startswith("/") else None


@cache
def caches() -> tuple[Cache, ...]:
    """All caches that are known, in the order of the table."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple(
        Cache(
            row["tool"],
            row["kind"],
            row["variable"],
            row["cold"],
            row["place"],
            row["below"],
            tuple(part for part in row["left_out"].split(";") if part),
            row["title"],
            row["publisher"],
            row["url"],
            row["read"],
        )
        for row in rows
    )


def home_of(environment: Mapping[str, str]) -> Path:
    """The home folder of somebody with this environment; the root folder if none is stated."""
    return Path(environment.get("HOME") or "/")
