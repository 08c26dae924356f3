"""What columns were said to mean, kept in a file beside the work. Owns ``freehold-columns.toml``: its form, and when it fits.

An entry fits a table that has the same headings, in any order; case and punctuation do not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from freehold.errors import UsageError
from freehold.read.column_meanings import normal_heading
from freehold.stack.records import IGNORE, MEANINGS, ColumnMeaning
from freehold.stack.toml_text import BadToml, parse_toml, quoted

__all__ = ["MEMORY", "meanings_in", "with_entry"]

MEMORY: Final = "freehold-columns.toml"
"""Name of the file, in the working folder."""


def meanings_in(text: str, headings: Iterable[str], place: str = MEMORY) -> Mapping[str, str]:
    """What the headings of a table were said to mean; empty if no entry fits.

    Raises
    ------
    freehold.errors.UsageError
        If the file is not what it should be.
    """
    wanted = _key(headings)
    return next((entry for entry in _entries(text, place) if _key(entry) == wanted), {})


def with_entry(text: str, columns: Iterable[ColumnMeaning], place: str = MEMORY) -> str:
    """The file's text with what the columns of one table mean, in the stead of what they meant before.

    Raises
    ------
    freehold.errors.UsageError
        If the file is not what it should be.
    """
    made = {column.column: column.meaning for column in columns if column.column}
    kept = [entry for entry in _entries(text, place) if _key(entry) != _key(made)]
    lines = ["# What the columns of tables mean, by their headings; freehold import writes it."]
    for entry in [*kept, made]:
        lines += [
            "",
            "[[table]]",
            *(f"{quoted(column)} = {quoted(meaning)}" for column, meaning in entry.items()),
        ]
    return "\n".join(lines) + "\n"


def _key(headings: Iterable[str]) -> frozenset[str]:
    return frozenset(normal_heading(heading) for heading in headings if heading)


def _entries(text: str, place: str) -> list[dict[str, str]]:
    if not text.strip():
        return []
    try:
        tables = parse_toml(text).get("table", [])
    except BadToml as error:
        raise UsageError(f"{place} is not TOML: {error}. Mend it or remove it.") from None
    known = {IGNORE, *MEANINGS}
    found = []
    for table in tables if isinstance(tables, list) else [None]:
        if not isinstance(table, dict) or not all(isinstance(meaning, str) and meaning in known for meaning in table.values()):
            raise UsageError(f"{place} names a meaning that is none. Choose from: {', '.join(MEANINGS)}; or remove the file.")
        found.append(dict(table))
    return found
