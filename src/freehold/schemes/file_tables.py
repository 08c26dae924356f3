"""Tables of a TOML file, read cell by cell. Owns how a mistake in one is told: file, line, place and mend, all at once."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from freehold.errors import Finding
from freehold.stack.cells import nearest, shown
from freehold.whole_file import file_text

__all__ = ["LARGEST_FILE", "MOST_FINDINGS", "Findings", "Table", "line_of", "read_file_text"]

LARGEST_FILE: Final = 2 * 1024 * 1024
"""Bytes: the largest file of a scheme, or of answers."""
MOST_FINDINGS: Final = 50
"""Mistakes that are told of one file."""
_LONGEST_TEXT: Final = 2000
_LARGEST_NUMBER: Final = 1e9
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def read_file_text(path: str | Path) -> str:
    """The text of a file that somebody wrote.

    Raises
    ------
    freehold.errors.ReadError
        If it cannot be read, is no UTF-8 or is over :data:`LARGEST_FILE`.
    """
    return file_text(path, LARGEST_FILE)


def line_of(text: str, name: str) -> int:
    """The first line on which a name stands in quotes, or 0."""
    places = [place for quote in "\"'" if (place := text.find(f"{quote}{name}{quote}")) >= 0]
    return text.count("\n", 0, min(places)) + 1 if places else 0


class Findings:
    """What is wrong with one file.

    Parameters
    ----------
    file
        As the user named it.
    text
        Its content, in which lines are looked up.
    """

    def __init__(self, file: str, text: str = "") -> None:
        self.file, self.text = file, text
        self.found: list[Finding] = []

    def add(self, key: str, problem: str, mend: str, *, at: str = "") -> None:
        """Note a mistake; ``at`` is a name in quotes by whose line it is found."""
        if len(self.found) < MOST_FINDINGS:
            self.found.append(Finding(self.file, line_of(self.text, at) if at else 0, key, problem, mend))


class Table:
    """One table of a file; every getter notes what is wrong and gives a value that reading can go on with.

    Parameters
    ----------
    raw
        As the parser gave it.
    findings
        Where mistakes are noted.
    place
        What the table is, for messages, such as ``factor SOV-1.1``.
    at
        The id by whose line it is found.
    """

    def __init__(self, raw: Mapping[str, Any], findings: Findings, place: str, at: str = "") -> None:
        self.raw, self.findings, self.place, self.at = raw, findings, place, at

    def bad(self, key: str, problem: str, mend: str) -> None:
        """Note that a key of this table is wrong."""
        self.findings.add(key, f"{self.place}: {problem}", mend, at=self.at)

    def only(self, known: Sequence[str]) -> None:
        """See that there are no keys but these."""
        for name in self.raw:
            if name not in known:
                near = nearest(name, known)
                mend = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(known)}"
                self.bad(name if len(name) <= 60 else name[:60] + "…", "is not known here", mend)

    def text(self, key: str, *, required: bool = True) -> str:
        """A line of text; empty where there is none."""
        value = self.raw.get(key, "")
        if isinstance(value, (datetime.date, datetime.datetime)):
            value = value.isoformat()
        if not isinstance(value, str):
            self.bad(key, f"{shown(value)} is not text", "Put it in quotes")
            return ""
        value = value.strip()
        if not value and required:
            self.bad(key, "is missing", f'Write {key} = "…"')
        elif len(value) > _LONGEST_TEXT:
            self.bad(key, f"is {len(value)} characters long", f"Keep it under {_LONGEST_TEXT}")
        elif _CONTROL.search(value):
            self.bad(key, f"{shown(value)} holds a control character", "Write it on one line, in plain characters")
        else:
            return value
        return ""

    def id(self, key: str = "id") -> str:
        """An id."""
        value = self.text(key)
        if value and not _ID.fullmatch(value):
            self.bad(key, f"{shown(value)} is no id", "Use letters, digits and . _ -, 100 at most")
            return ""
        return value

    def number(self, key: str, default: float | None = None, *, low: float = 0.0, high: float = _LARGEST_NUMBER) -> float:
        """A number within bounds; the default where there is none, which is wrong if there is no default."""
        value = self.raw.get(key)
        if value is None:
            if default is None:
                self.bad(key, "is missing", f"Write {key} = a number")
            return default or 0.0
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            self.bad(key, f"{shown(value)} is no number from {low:g} to {high:g}", "Correct it")
            return default or 0.0
        return float(value)

    def whole(self, key: str, default: int | None = None, *, low: int = 0, high: int = 100) -> int:
        """A whole number within bounds."""
        value = self.raw.get(key)
        if value is None:
            if default is None:
                self.bad(key, "is missing", f"Write {key} = a whole number")
            return default or 0
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.bad(key, f"{shown(value)} is no whole number from {low} to {high}", "Correct it")
            return default or 0
        return value

    def texts(self, key: str, most: int) -> tuple[str, ...]:
        """A list of texts; empty where there is none."""
        value = self.raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.bad(key, f"{shown(value)} is no list of texts", f'Write {key} = ["…"]')
            return ()
        if len(value) > most:
            self.bad(key, f"has {len(value)} entries", f"Keep it under {most}")
            return ()
        parts = [Table({key: one}, self.findings, self.place, self.at).text(key) for one in value]
        return tuple(filter(None, parts))

    def tables(self, key: str, most: int) -> list[Mapping[str, Any]]:
        """A list of tables."""
        value = self.raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.bad(key, "is not a list of tables", f"Write [[{key}]] with two brackets")
            return []
        if len(value) > most:
            self.bad(key, f"has {len(value)} entries", f"Keep it under {most}")
            return []
        return value

    def table(self, key: str) -> Mapping[str, Any]:
        """A table; empty where there is none."""
        value = self.raw.get(key, {})
        if not isinstance(value, dict):
            self.bad(key, f"{shown(value)} is not a table", f"Write [{key}]")
            return {}
        return value

    def intervals(self, key: str, most: int) -> tuple[tuple[float, float], ...]:
        """Closed intervals, each from a low to a high end, which may be infinite."""
        value = self.raw.get(key, [])
        mend = f"Write {key} = [[0.0, 0.5]]: pairs of a low and a high end"
        if not isinstance(value, list) or len(value) > most:
            self.bad(key, f"{shown(value)} is no list of at most {most} intervals", mend)
            return ()
        found = []
        for one in value:
            ends: list[Any] = one if isinstance(one, list) and len(one) == 2 else [None]
            if not all(isinstance(end, (int, float)) and not isinstance(end, bool) and end == end for end in ends):
                self.bad(key, f"{shown(one)} is no interval", mend)
            elif ends[0] > ends[1] or ends[0] == math.inf or ends[1] == -math.inf:
                self.bad(key, f"{shown(one)} ends before it begins", "Write the low end first")
            elif any(abs(end) > _LARGEST_NUMBER and abs(end) != math.inf for end in ends):
                self.bad(key, f"{shown(one)} is beyond {_LARGEST_NUMBER:g}", "Use inf for no end")
            else:
                found.append((float(ends[0]), float(ends[1])))
        return tuple(found)
