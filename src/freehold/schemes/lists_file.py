"""Lists that a user loads: evaluated products, thresholds, key components. Owns their form, and what is refused of them.

A CSV file with a column ``name`` or ``id`` (or both), and any of ``kind``, ``level``, ``valid_until`` (``YYYY[-MM[-DD]]``),
``applicant``, ``threshold`` (0 to 1) and ``source``. The list is called as its file is, without the ending: the file
``secure-and-reliable.csv`` is the list ``secure-and-reliable``. A product is looked up by its id, its name, or its package
URL without the version, capitals and small letters alike.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from freehold.errors import BadAnswers, Finding, UsageError
from freehold.schemes.file_tables import MOST_FINDINGS, read_file_text
from freehold.stack.cells import nearest, shown

__all__ = ["COLUMNS", "read_lists"]

COLUMNS: Final = ("name", "id", "kind", "level", "valid_until", "applicant", "threshold", "source")
"""Columns that a list may have."""

_MOST_ROWS: Final = 100_000
_LONGEST: Final = 500
_DATE: Final = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?", re.ASCII)
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")


def read_lists(paths: Iterable[str | Path]) -> dict[str, Mapping[str, Mapping[str, str]]]:
    """Read lists, each called by the name of its file.

    Parameters
    ----------
    paths
        CSV files in UTF-8.

    Raises
    ------
    freehold.errors.BadAnswers
        With every finding at once: file, row, column and mend.
    freehold.errors.ReadError
        If a file cannot be read, or is too large.
    freehold.errors.UsageError
        If two files have the same name, or one is no ``.csv``.
    """
    found: dict[str, Mapping[str, Mapping[str, str]]] = {}
    for path in map(Path, paths):
        if path.suffix.lower() != ".csv":
            raise UsageError(f"{path}: a list is a CSV file. Save it as one, with the ending .csv.")
        if path.stem in found:
            raise UsageError(f"two lists are called '{path.stem}'. A list is called as its file is: rename one of them.")
        found[path.stem] = _read(path)
    return found


def _read(path: Path) -> Mapping[str, Mapping[str, str]]:
    file, findings, rows = str(path), list[Finding](), dict[str, Mapping[str, str]]()
    reader = csv.reader(io.StringIO(read_file_text(path), newline=""), strict=True)
    columns: list[str] = []
    try:
        for count, cells in enumerate(reader):
            if count > _MOST_ROWS:
                raise BadAnswers(
                    [Finding(file, reader.line_num, "", f"has over {_MOST_ROWS:,} rows", "Leave out what is not used")]
                )
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _columns(cells, file)
                continue
            row = {name: cell.strip().removeprefix("'") for name, cell in zip(columns, cells, strict=False)}
            wrong = [Finding(file, reader.line_num, *each) for each in _wrong(row, len(cells), len(columns))]
            findings += wrong
            for name in () if wrong else filter(None, {row.get("id", ""), row.get("name", "")}):
                if name.casefold() in rows:
                    findings.append(Finding(file, reader.line_num, "name", f"{shown(name)} stands twice", "Keep one row of it"))
                rows[name.casefold()] = row
    except csv.Error as error:
        raise BadAnswers([Finding(file, reader.line_num, "", f"is not CSV: {error}", "Save it as CSV, in UTF-8")]) from None
    if not columns:
        raise BadAnswers([Finding(file, 0, "", "is empty", f"Begin it with a row of columns: {', '.join(COLUMNS)}")])
    if findings:
        raise BadAnswers(findings[:MOST_FINDINGS])
    return rows


def _columns(cells: list[str], file: str) -> list[str]:
    columns = [cell.strip().lower() for cell in cells]
    for name in columns:
        if name not in COLUMNS or columns.count(name) > 1:
            near = nearest(name, COLUMNS) if name not in COLUMNS else ()
            mend = f"Did you mean '{near[0]}'?" if near else f"Columns: {', '.join(COLUMNS)}, each once"
            raise BadAnswers([Finding(file, 1, name[:60], "is no column of a list, or stands twice", mend)])
    if not {"name", "id"} & set(columns):
        raise BadAnswers([Finding(file, 1, "name", "is missing", "Give the list a column name, or id")])
    return columns


def _wrong(row: Mapping[str, str], cells: int, columns: int) -> list[tuple[str, str, str]]:
    """Column, problem and mend of each thing that is wrong with a row."""
    found = []
    if cells > columns:
        found.append(("", f"has {cells} cells under {columns} columns", "Put a text that holds a comma in quotes"))
    if not row.get("name") and not row.get("id"):
        found.append(("name", "is missing", "Give the name of the product, or its id"))
    for name, cell in row.items():
        if len(cell) > _LONGEST or _CONTROL.search(cell):
            found.append(
                (name, f"{shown(cell)} is too long, or holds a control character", f"Keep it under {_LONGEST} characters")
            )
    until, threshold = row.get("valid_until", ""), row.get("threshold", "")
    if until and not _DATE.fullmatch(until):
        found.append(("valid_until", f"{shown(until)} is no date", "Write YYYY, YYYY-MM or YYYY-MM-DD"))
    if threshold and not _is_fraction(threshold):
        found.append(("threshold", f"{shown(threshold)} is no number from 0 to 1", "Write 0.6 for 60 %"))
    return found


def _is_fraction(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return math.isfinite(value) and 0 <= value <= 1
