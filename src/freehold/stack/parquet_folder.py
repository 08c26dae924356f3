"""A stack as a folder of Parquet tables beside ``stack.toml``. Owns that layout, both ways.

The tables have the columns of the CSV tables, and cells are spelt as there: a column that could hold ``?`` cannot be one of
numbers. Tables that other programs made may have columns of numbers, flags, dates and lists; they are read as well.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from freehold.errors import BadStack, Finding, TooLarge, Unreadable, UsageError
from freehold.stack.cells import nearest, write_cell
from freehold.stack.rows import ProviderLookup, Row, build, name_sources, no_providers
from freehold.stack.schema import TABLES
from freehold.stack.table_files import SETTINGS_FILE, TABLE_NAMES, checked_table, write_tables
from freehold.stack.toml_file import dumps, parse_rows
from freehold.stack.values import Stack

__all__ = ["read_parquet_folder", "write_parquet_folder"]

_MOST_ROWS: Final = 20_000_000
_LARGEST: Final = 4 << 30
_MOST_COLUMNS: Final = 20


def _library(folder: Path) -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError(
            f"{folder}: reading and writing Parquet needs pyarrow, which is not installed. "
            "Install it with: pip install 'freehold[parquet]'; or use a folder of CSV tables."
        ) from None
    return pyarrow, pyarrow.parquet


def read_parquet_folder(
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
    freehold.errors.ReadError
        If a table is there and cannot be read.
    freehold.errors.UsageError
        If the library for it is not installed.
    """
    mixed = [table for table in TABLE_NAMES if (folder / f"{table}.csv").exists()]
    if mixed:
        problem = f"stands beside {mixed[0]}.parquet or in its place"
        raise BadStack([Finding(str(folder / f"{mixed[0]}.csv"), 0, "", problem, "Keep the tables of one form only")])
    rows: list[Row] = []
    settings = checked_table(folder / SETTINGS_FILE)
    if settings is not None:
        rows += parse_rows(_text(settings), str(settings))
    findings: list[Finding] = []
    sources: list[dict[str, object]] = []
    for table in TABLE_NAMES:
        path = checked_table(folder / f"{table}.parquet")
        if path is None:
            continue
        cells_of_table = list(_read(path, table, findings))
        if table == "sources":
            sources = cells_of_table
        rows += [Row(table, cells, str(path), number) for number, cells in enumerate(cells_of_table, 1)]
    if findings:
        raise BadStack(findings)
    name_sources(sources)
    return build(rows, path=str(folder), name=folder.name.removesuffix(".parquet"), lookup=lookup, known_ids=known_ids)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from error


def _read(path: Path, table: str, findings: list[Finding]) -> Iterator[dict[str, object]]:
    arrow, parquet = _library(path)
    known = [column.name for column in TABLES[table]]
    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            strange = [name for name in names if name not in known]
            for name in strange[:_MOST_COLUMNS]:
                near = nearest(name, known)
                mend = f"Did you mean '{near[0]}'?" if near else f"Columns of {table}: {', '.join(sorted(known))}"
                findings.append(Finding(str(path), 0, name, "is not a column", mend))
            if len(set(names)) < len(names):
                findings.append(Finding(str(path), 0, "", "names a column twice", "Give each column a name of its own"))
            if strange or len(set(names)) < len(names):
                return
            _check_size(path, file.metadata)
            columns = {name: column.to_pylist() for name, column in zip(names, file.read().itercolumns(), strict=True)}
    except (arrow.ArrowException, OSError, ValueError, OverflowError, TypeError, AttributeError) as error:
        # the library raises many things over a damaged file, all with its reason as text
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise Unreadable(f"{path} cannot be read as Parquet ({reason}). Write the table anew.") from error
    for values in zip(*columns.values(), strict=True):
        yield {
            name: float(value) if isinstance(value, Decimal) else value
            for name, value in zip(names, values, strict=True)
            if value is not None
        }


def _check_size(path: Path, metadata: Any) -> None:
    size = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    if metadata.num_rows > _MOST_ROWS or size > _LARGEST:
        raise TooLarge(
            f"{path} has {metadata.num_rows:,} rows and unpacks to {size:,} bytes, over the limits of {_MOST_ROWS:,} and "
            f"{_LARGEST:,}. Split the stack."
        )


def write_parquet_folder(stack: Stack, folder: Path) -> None:
    """Write a stack as a folder of tables; :func:`read_parquet_folder` reads the same values back.

    Parameters
    ----------
    stack
        The stack.
    folder
        Made if it is not there; tables in it are overwritten.

    Raises
    ------
    freehold.errors.UsageError
        If the library for it is not installed.
    OSError
        If it cannot be written.
    """
    arrow, parquet = _library(folder)
    settings = dumps(Stack(stack.name, stack.home, stack.trusted, stack.as_of))
    contents = {SETTINGS_FILE: settings.encode(errors="replace")}
    for table in TABLE_NAMES:
        values = getattr(stack, table)
        arrays = {
            column.name: arrow.array(
                [_cell(write_cell(column, getattr(value, column.name))) for value in values], arrow.string()
            )
            for column in TABLES[table]
        }
        out = io.BytesIO()
        parquet.write_table(arrow.table(arrays), out, compression="zstd")
        contents[f"{table}.parquet"] = out.getvalue()
    write_tables(folder, contents)


def _cell(text: str) -> str | None:
    # half of a surrogate pair is no character, and UTF-8 has no way to write it
    return text.encode(errors="replace").decode() if text else None
