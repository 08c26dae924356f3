"""A folder of CSV tables changed in place: rows added, cells set, all other cells as they were. Owns finding a row again.

A column that a file does not have yet is added to it when a row needs it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from freehold.errors import StackError
from freehold.stack.cells import write_cell
from freehold.stack.csv_folder import FILES, guarded, plain
from freehold.stack.rows import name_sources
from freehold.stack.schema import TABLES, attribute
from freehold.stack.table_files import SETTINGS_FILE, checked_table, write_tables
from freehold.stack.toml_edit import CellChange, edited, holds_row

__all__ = ["edit_folder"]

_KEYS: Final = {"sources": ("id",), "needs": ("source", "item")}


def edit_folder(folder: Path, added: Sequence[tuple[str, Any]] = (), changed: Iterable[CellChange] = ()) -> None:
    """Add rows to a stack in CSV tables, and set cells of it; nothing is written unless all of it can be.

    Parameters
    ----------
    folder
        The folder.
    added
        Rows with their tables.
    changed
        Cells of rows that are there.

    Raises
    ------
    freehold.errors.FreeholdError
        If a row is not there, a table cannot be read, or one cannot be written.
    """
    contents: dict[str, bytes] = {}
    tables: dict[str, list[list[str]]] = {}
    settings = checked_table(folder / SETTINGS_FILE)
    text = settings.read_text(encoding="utf-8-sig") if settings is not None else ""
    in_text: list[CellChange] = []
    for change in changed:
        rows = _table(folder, change.table, tables)
        found = _find(rows, change)
        if found is not None:
            _put(rows, found, change.column, write_cell(attribute(change.table, change.column), change.value))
        elif text and holds_row(text, str(settings), change):
            in_text.append(change)
        else:
            raise StackError(f"{folder}: there is no row '{change.id}' in {change.table}. Read the stack again.")
    for table, row in added:
        rows = _table(folder, table, tables)
        rows.append([""] * len(rows[0]))
        for column in TABLES[table]:
            cell = write_cell(column, getattr(row, column.name))
            if cell:
                _put(rows, len(rows) - 1, column.name, cell)
    for table, rows in tables.items():
        written = io.StringIO(newline="")
        csv.writer(written, lineterminator="\n").writerows(rows)
        contents[FILES[table]] = written.getvalue().encode(errors="replace")
    if in_text:
        contents[SETTINGS_FILE] = edited(text, str(settings), (), in_text).encode()
    if contents:
        write_tables(folder, contents)


def _table(folder: Path, table: str, tables: dict[str, list[list[str]]]) -> list[list[str]]:
    """The rows of a table as they are written, its columns first."""
    if table not in tables:
        path = checked_table(folder / FILES[table])
        rows: list[list[str]] = []
        if path is not None:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = [row for row in csv.reader(file, strict=True) if any(cell.strip() for cell in row)]
        tables[table] = rows or [[column.name for column in TABLES[table]]]
    return tables[table]


def _find(rows: list[list[str]], change: CellChange) -> int | None:
    """The number of the row that a change is about."""
    names = [name.strip() for name in rows[0]]
    cells: list[dict[str, object]] = [dict(zip(names, map(plain, row), strict=False)) for row in rows[1:]]
    if change.table == "sources":
        name_sources(cells)
    for number, row in enumerate(cells, 1):
        if " > ".join(str(row.get(key, "")).strip() for key in _KEYS[change.table]) == change.id:
            return number
    return None


def _put(rows: list[list[str]], number: int, column: str, cell: str) -> None:
    names = [name.strip() for name in rows[0]]
    if column not in names:
        rows[0].append(column)
        names.append(column)
        for row in rows[1:]:
            row.append("")
    rows[number][names.index(column)] = guarded(cell)
