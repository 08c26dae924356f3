"""A stack as a folder of CSV tables beside ``stack.toml``. Owns that layout, both ways.

``stack.toml`` may hold tables too; rows of the CSV files come after them.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from freehold.errors import BadStack, Finding, Unreadable
from freehold.stack.cells import nearest, write_cell
from freehold.stack.rows import ProviderLookup, Row, build, name_sources, no_providers
from freehold.stack.schema import TABLES
from freehold.stack.table_files import SETTINGS_FILE, TABLE_NAMES, checked_table, write_tables
from freehold.stack.toml_file import dumps, parse_rows
from freehold.stack.values import Stack

__all__ = ["FILES", "guarded", "plain", "read_folder", "write_folder"]

FILES: Final = {table: f"{table}.csv" for table in TABLE_NAMES}
_MOST_COLUMNS: Final = 20
_FORMULA: Final = re.compile(r"'*[=+\-@＝＋－＠]")
"""Text that a spreadsheet would run: it is written with an apostrophe before it, which reading takes away."""


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
    settings = checked_table(folder / SETTINGS_FILE)
    if settings is not None:
        rows += parse_rows(_text(settings), str(settings))
    findings: list[Finding] = []
    sources = []
    for table, name in FILES.items():
        path = checked_table(folder / name)
        if path is None:
            continue
        cells_of_table = list(_read_table(_text(path), table, str(path), findings))
        if table == "sources":
            sources = [cells for cells, _ in cells_of_table]
        rows += [Row(table, cells, str(path), line) for cells, line in cells_of_table]
    if findings:
        raise BadStack(findings)
    name_sources(sources)
    return build(rows, path=str(folder), name=folder.name, lookup=lookup, known_ids=known_ids)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"{path}, line {line}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from error
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}). Check its permissions.") from error


def _read_table(text: str, table: str, file: str, findings: list[Finding]) -> Iterable[tuple[dict[str, object], int]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        doubled = {name for name, count in Counter(header).items() if count > 1}
        if not header or doubled:
            problem = f"names the column '{min(doubled)}' twice" if doubled else "is empty"
            findings.append(Finding(file, 1, "", problem, "Begin it with a line of column names"))
            return
        known = {column.name for column in TABLES[table]}
        strange = [name for name in header if name not in known]
        for name in strange[:_MOST_COLUMNS]:
            near = nearest(name, known)
            mend = f"Did you mean '{near[0]}'?" if near else f"Columns of {table}: {', '.join(sorted(known))}"
            findings.append(Finding(file, 1, name, "is not a column", mend))
        if strange:
            return
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                problem = f"has {len(cells)} cells; the header has {len(header)}"
                mend = "Check for a missing or unquoted comma (lists are separated by ;)"
                findings.append(Finding(file, reader.line_num, "", problem, mend))
                continue
            yield dict(zip(header, map(plain, cells), strict=True)), reader.line_num
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
    settings = dumps(Stack(stack.name, stack.home, stack.trusted, stack.as_of))
    contents = {SETTINGS_FILE: settings.encode(errors="replace")}
    for table, name in FILES.items():
        columns = TABLES[table]
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([column.name for column in columns])
        for value in getattr(stack, table):
            writer.writerow([guarded(write_cell(column, getattr(value, column.name))) for column in columns])
        contents[name] = text.getvalue().encode(errors="replace")
    write_tables(folder, contents)


def guarded(text: str) -> str:
    """A cell so that no spreadsheet runs it."""
    return "'" + text if _FORMULA.match(text) else text


def plain(cell: str) -> str:
    """What :func:`guarded` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
