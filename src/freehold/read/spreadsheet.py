"""Reads a table that somebody keeps (servers, applications, suppliers) as records. Owns which rows count.

Which column means what is told by the user, by an earlier time, or by :mod:`freehold.read.column_meanings`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from freehold.errors import UsageError
from freehold.read.column_meanings import heading_row, normal_heading, propose
from freehold.read.column_memory import meanings_in
from freehold.read.sheets import ENDINGS, Sheet, is_workbook, sheets_of
from freehold.stack.inventory import Evidence, Skip
from freehold.stack.records import IGNORE, MEANINGS, ColumnMeaning, Record, Records

__all__ = ["ENDINGS", "is_spreadsheet", "read_spreadsheet"]

_JOINED: Final = frozenset({"needs", "needs.os", "needs.software", "needs.chip", "needs.cloud", "needs.hardware", "tags",
                            "location", "alternative"})  # fmt: skip
_MOST_SKIPS: Final = 200
_TOTAL: Final = re.compile(
    r"(?:grand |sub)?totals?|sum|summe|gesamt|gesamtsumme|zwischensumme|insgesamt|total général|sous total|totaux|somme|"
    r"suma|total general"
)
_AMOUNT: Final = re.compile(r"[-+\d.,' %€$£¥]*\d[-+\d.,' %€$£¥]*")


def is_spreadsheet(path: Path, head: bytes) -> bool:
    """Whether a file is a table of somebody's: by its ending, and that its beginning is what the ending says."""
    ending = path.suffix.lower()
    if ending not in ENDINGS or not head:
        return False
    return is_workbook(head) if ending not in (".csv", ".tsv") else not is_workbook(head) and head[:1] not in (b"{", b"[")


def read_spreadsheet(
    path: Path, *, sheet: str | None = None, asked: Mapping[str, str] | None = None, memory: str = ""
) -> Records:
    """Read one sheet.

    Parameters
    ----------
    path
        A CSV, Excel or OpenDocument file.
    sheet
        Name of the sheet; the first with two filled rows by default.
    asked
        What columns mean, by heading, as stated now.
    memory
        The text of the file that keeps what they meant before; see :mod:`freehold.read.column_memory`.

    Raises
    ------
    freehold.errors.ReadError
        If the file cannot be read.
    freehold.errors.UsageError
        If there is no such sheet or column, or a meaning that is none.
    """
    asked = asked or {}
    for column, meaning in asked.items():
        if meaning not in MEANINGS:
            raise UsageError(f"--map {column}={meaning}: '{meaning}' is no meaning. Choose from: {', '.join(MEANINGS)}.")
    chosen = _chosen(sheets_of(path), sheet, path)
    start = heading_row(chosen.rows)
    if start is None:
        raise UsageError(f"{path}: the sheet '{chosen.name}' is empty. Name another with --sheet.")
    headings = chosen.rows[start]
    missing = [column for column in asked if column.casefold() not in {one.casefold() for one in headings}]
    if missing:
        raise UsageError(f"--map: {path} has no column '{missing[0]}'. Columns: {', '.join(filter(None, headings))}.")
    columns = propose(headings, chosen.rows[start + 1 :], asked, meanings_in(memory, headings))
    kind = path.suffix.lower().removeprefix(".")
    records, skips = _records(path.name, chosen, start, columns)
    name = chosen.name if chosen.name.casefold() not in {"sheet1", "tabelle1", "feuil1", "hoja1"} else path.stem
    return Records(name, f"spreadsheet {kind}", columns, records, skips)


def _chosen(sheets: tuple[Sheet, ...], asked: str | None, path: Path) -> Sheet:
    if asked is not None:
        found = next((sheet for sheet in sheets if sheet.name.casefold() == asked.casefold()), None)
        if found is None:
            raise UsageError(f"{path} has no sheet '{asked}'. Sheets: {', '.join(sheet.name for sheet in sheets)}.")
        return found
    filled = (sheet for sheet in sheets if sum(any(row) for row in sheet.rows) > 1)
    return next(filled, sheets[0] if sheets else Sheet("", (), ()))


def _is_total(row: tuple[str, ...]) -> bool:
    """Whether a row adds up others: it begins with a word for that, and all else in it is numbers."""
    first, *others = filter(None, row)
    words = [word for part in re.split(r"[/|:]", first[:80]) if (word := normal_heading(part))]
    return bool(words and others) and all(map(_TOTAL.fullmatch, words)) and all(map(_AMOUNT.fullmatch, others))


def _records(
    file: str, sheet: Sheet, start: int, columns: tuple[ColumnMeaning, ...]
) -> tuple[tuple[Record, ...], tuple[Skip, ...]]:
    found: list[Record] = []
    skips: list[Skip] = []
    for row, line in zip(sheet.rows[start + 1 :], sheet.lines[start + 1 :], strict=True):
        if not any(row):
            continue
        if _is_total(row):
            skips.append(Skip(file, "incomplete", f"Line {line} adds up the others, and was left out."))
            continue
        cells: dict[str, list[str]] = {}
        for column, cell in zip(columns, row, strict=False):
            if not cell or column.meaning == IGNORE:
                continue
            held = cells.setdefault(column.meaning, [])
            if not held or column.meaning in _JOINED:
                held.append(cell)
        values = {meaning: ";".join(held) for meaning, held in cells.items()}
        if "name" in values or "id" in values:
            found.append(Record(values, Evidence(file, line)))
        else:
            skips.append(Skip(file, "incomplete", f"Line {line} names nothing, and was left out."))
    if len(skips) > _MOST_SKIPS:
        more = f"{len(skips) - _MOST_SKIPS} more lines that name nothing were left out."
        skips = [*skips[:_MOST_SKIPS], Skip(file, "limit", more)]
    unread = [column.column or f"column {place + 1}" for place, column in enumerate(columns) if column.meaning == IGNORE]
    unread = [name for name, count in Counter(unread).items() if count]
    if unread:
        skips.append(Skip(file, "unsupported", f"Columns that were not read: {', '.join(unread[:40])}."))
    return tuple(found), tuple(skips)
