"""A stack as a folder of CSV tables beside ``stack.toml``. Owns that layout, both ways.

``stack.toml`` may hold tables too; rows of the CSV files come after them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from freehold.errors import BadStack, Finding, Unreadable
from freehold.stack.cells import write_cell
from freehold.stack.rows import ProviderLookup, Row, build, name_sources, no_providers
from freehold.stack.schema import TABLES
from freehold.stack.toml_file import dumps, parse_rows
from freehold.stack.values import Stack

__all__ = ["FILES", "is_stack_folder", "read_folder", "write_folder"]

FILES: Final = {table: f"{table}.csv" for table in TABLES if table != "stack"}
_SETTINGS: Final = "stack.toml"


def is_stack_folder(folder: Path) -> bool:
    """Whether a folder holds a stack: a ``stack.toml``, or ``items.csv``."""
    return (folder / _SETTINGS).is_file() or (folder / FILES["items"]).is_file()


def read_folder(
    folder: Path, *, lookup: ProviderLookup = no_providers, known_ids: Callable[[], Iterable[str]] = tuple
) -> Stack:
    """Read a stack from a folder.

    Parameters
    ----------
    folder
        The folder.
    lookup, known_ids
        Providers that the tables do not define; see :func:`freehold.stack.rows.build`.

    Raises
    ------
    freehold.errors.BadStack
        With every finding at once.
    freehold.errors.Unreadable
        If a table is there and cannot be read.
    """
    rows: list[Row] = []
    if (folder / _SETTINGS).is_file():
        rows += parse_rows(_text(folder / _SETTINGS), str(folder / _SETTINGS))
    findings: list[Finding] = []
    sources = []
    for table, name in FILES.items():
        path = folder / name
        if not path.is_file():
            continue
        cells_of_table = list(_read_table(_text(path), str(path), findings))
        if table == "sources":
            sources = [cells for cells, _ in cells_of_table]
        rows += [Row(table, cells, str(path), line) for cells, line in cells_of_table]
    if findings:
        raise BadStack(findings)
    name_sources(sources)
    return build(rows, path=str(folder), name=folder.name, lookup=lookup, known_ids=known_ids)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from error
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}). Check its permissions.") from error


def _read_table(text: str, file: str, findings: list[Finding]) -> Iterable[tuple[dict[str, object], int]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        doubled = {name for name in header if header.count(name) > 1}
        if not header or doubled:
            problem = f"names the column '{min(doubled)}' twice" if doubled else "is empty"
            findings.append(Finding(file, 1, "", problem, "Begin it with a line of column names"))
            return
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                problem = f"has {len(cells)} cells; the header has {len(header)}"
                mend = "Check for a missing or unquoted comma (lists are separated by ;)"
                findings.append(Finding(file, reader.line_num, "", problem, mend))
                continue
            yield dict(zip(header, cells, strict=True)), reader.line_num
    except csv.Error as error:
        findings.append(Finding(file, reader.line_num, "", f"is not CSV: {error}", "Save it as CSV with commas and quotes"))


def write_folder(stack: Stack, folder: Path) -> None:
    """Write a stack as a folder of tables; :func:`read_folder` reads the same values back.

    Parameters
    ----------
    stack
        The stack.
    folder
        Made if it is not there; tables in it are overwritten.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = Stack(stack.name, stack.home, stack.trusted, stack.as_of)
    (folder / _SETTINGS).write_text(dumps(settings), encoding="utf-8")
    for table, name in FILES.items():
        columns = TABLES[table]
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([column.name for column in columns])
            for value in getattr(stack, table):
                writer.writerow([write_cell(column, getattr(value, column.name)) for column in columns])
