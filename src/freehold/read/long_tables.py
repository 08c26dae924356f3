"""Reads long tables of texts and numbers into arrays, from CSV and Parquet. Owns their columns, holes and bad cells.

Columns are found by name, in any order, by one of the words that are in use for them. Everything wrong is told at once, with
file, line and column; nothing is guessed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from freehold.errors import BadStack, Finding, TooLarge, Unreadable, UsageError
from freehold.stack.cells import nearest, shown

__all__ = ["LARGEST", "MOST_ROWS", "LongTable", "TextColumn", "Wanted", "read_cells", "read_long_table"]

MOST_ROWS: Final = 50_000_000
LARGEST: Final = 4 << 30
"""Bytes of a file, and of what a Parquet file unpacks to."""
_MOST_TOLD: Final = 20
_CHUNK: Final = 1 << 16
_DELIMITERS: Final = (",", ";", "\t", "|")
_LONGEST_CELL: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column that is looked for.

    Parameters
    ----------
    name
        Its name in the result and in messages.
    also
        Other headings that mean it, in small letters, words parted by ``_``.
    sort
        ``text``, or ``number``: finite and at least ``least``.
    required
        Whether a table without it is refused.
    holes
        Whether cells may be blank: then a text is ``""`` and a number ``nan``.
    least, most
        Bounds of a number.
    endless
        Whether ``forever`` is a number here.
    """

    name: str
    also: tuple[str, ...] = ()
    sort: str = "text"
    required: bool = True
    holes: bool = False
    least: float = 0.0
    most: float = float("inf")
    endless: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn:
    """A column of texts: its different values in the order of their first rows, and which of them stands in each row."""

    values: tuple[str, ...]
    codes: npt.NDArray[np.int64]

    def __getitem__(self, row: int) -> str:
        return self.values[int(self.codes[row])]


@dataclass(frozen=True, slots=True, eq=False)
class LongTable:
    """A table, by column.

    Parameters
    ----------
    file
        As the user named it.
    lines : (rows,)
        The line of each row in a CSV file, its number from 1 in a Parquet file.
    texts, numbers
        Columns by name; those that are not there are left out.
    ignored
        Headings that mean nothing here.
    """

    file: str
    lines: npt.NDArray[np.int64]
    texts: Mapping[str, TextColumn]
    numbers: Mapping[str, npt.NDArray[np.float64]]
    ignored: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.lines)


class _Codes(dict[str, int]):
    """Numbers of texts, given out as they come."""

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self)
        return number


@dataclass(slots=True)
class _Troubles:
    """What is wrong with a file; only the first are kept in words."""

    file: str
    told: list[Finding] = field(default_factory=list)
    more: int = 0

    def add(self, line: int, column: str, problem: str, mend: str) -> None:
        if len(self.told) < _MOST_TOLD:
            self.told.append(Finding(self.file, int(line), column, problem, mend))
        else:
            self.more += 1

    def end(self) -> None:
        if self.more:
            self.told.append(Finding(self.file, 0, "", f"has {self.more:,} more such lines", "Mend those above first"))
        if self.told:
            raise BadStack(self.told)


def read_long_table(path: Path, wanted: Sequence[Wanted], *, rows: str = "rows") -> LongTable:
    """Read the columns that are wanted.

    Parameters
    ----------
    path
        A CSV file (parted by comma, semicolon, tab or bar; UTF-8), or a Parquet file by its ending.
    wanted
        Columns.
    rows
        What a row is, for the message on an empty table.

    Raises
    ------
    freehold.errors.BadStack
        With every finding: a column that is missing or doubled, a hole, a cell that is no number or out of its bounds.
    freehold.errors.ReadError
        If the file cannot be read, or is too large.
    freehold.errors.UsageError
        If the library for Parquet is not installed.
    """
    troubles = _Troubles(str(path))
    table = _parquet(path, wanted, troubles) if path.suffix.lower() in (".parquet", ".pq") else _csv(path, wanted, troubles)
    if not len(table) and not troubles.told:
        troubles.add(0, "", f"holds no {rows}", f"Write one a line, below a line of column names: {_names(wanted)}")
    troubles.end()
    return table


def _names(wanted: Iterable[Wanted]) -> str:
    return ",".join(one.name for one in wanted if one.required)


def _normal(heading: str) -> str:
    return "_".join(heading.strip().casefold().replace("-", " ").replace("_", " ").replace(".", " ").split())


def _places(headings: Sequence[str], wanted: Sequence[Wanted], troubles: _Troubles) -> dict[str, int]:
    """Where each wanted column stands; its own name wins over another word for it."""
    normal = [_normal(one) for one in headings]
    found: dict[str, int] = {}
    for column in wanted:
        own = [place for place, heading in enumerate(normal) if heading == column.name]
        places = own or [place for place, heading in enumerate(normal) if heading in column.also]
        if len(places) > 1:
            twice = f"names the column twice ('{headings[places[0]]}' and '{headings[places[1]]}')"
            troubles.add(1, column.name, twice, "Keep one of them")
        elif places:
            found[column.name] = places[0]
        elif column.required:
            near = nearest(column.name, [one for one in normal if one])
            names = ", ".join(shown(one) for one in headings[:12])
            hint = f"Is it '{near[0]}'? Call it {column.name}" if near else f"Call it {column.name}; there are: {names}"
            troubles.add(1, column.name, "is missing", hint)
    return found


def _csv(path: Path, wanted: Sequence[Wanted], troubles: _Troubles) -> LongTable:
    rows = _rows(path, troubles)
    _, headings = next(rows, (0, [[]]))
    heading = headings[0]
    places = _places(heading, wanted, troubles) if heading else {}
    if not heading:
        troubles.add(1, "", "is empty", f"Begin it with a line of column names: {_names(wanted)}")
    if troubles.told:
        return LongTable(str(path), np.zeros(0, np.int64), {}, {})
    codes = {one.name: _Codes() for one in wanted if one.name in places and one.sort == "text"}
    parts: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in places}
    lines: list[npt.NDArray[np.int64]] = []
    total = 0
    for first, chunk in rows:
        kept, numbers = _even(chunk, first, len(heading), troubles)
        if not kept:
            continue
        total += len(kept)
        if total > MOST_ROWS:
            raise TooLarge(f"{path} has over {MOST_ROWS:,} rows. Add up rows of one pair, or leave out small ones.")
        columns = list(zip(*kept, strict=True))
        lines.append(numbers)
        for one in wanted:
            if one.name not in places:
                continue
            cells = [*map(str.strip, columns[places[one.name]])]
            if one.sort == "text":
                parts[one.name].append(_texts(cells, one, codes[one.name], numbers, troubles))
            else:
                parts[one.name].append(_numbers(cells, one, numbers, troubles))
    return _made(path, wanted, places, parts, codes, lines, heading)


def _made(
    path: Path, wanted: Sequence[Wanted], places: Mapping[str, int], parts: Mapping[str, list[npt.NDArray[Any]]],
    codes: Mapping[str, _Codes], lines: list[npt.NDArray[np.int64]], headings: Sequence[str],
) -> LongTable:  # fmt: skip
    texts, numbers = {}, {}
    for one in wanted:
        if one.name not in places:
            continue
        if one.sort == "text":
            joined = np.concatenate([np.zeros(0, np.int64), *parts[one.name]])
            texts[one.name] = TextColumn(tuple(codes[one.name]), joined)
        else:
            numbers[one.name] = np.concatenate([np.zeros(0), *parts[one.name]])
    used = set(places.values())
    ignored = tuple(one.strip() for place, one in enumerate(headings) if place not in used and one.strip())
    return LongTable(str(path), np.concatenate([np.zeros(0, np.int64), *lines]), texts, numbers, ignored)


def read_cells(path: Path) -> list[tuple[int, list[str]]]:
    """Read a small CSV table as it stands: the line and the cells of each row that is not blank.

    Raises
    ------
    freehold.errors.BadStack
        If it is no CSV.
    freehold.errors.ReadError
        If it cannot be read.
    """
    troubles = _Troubles(str(path))
    found = [
        (first + place, [cell.strip() for cell in cells])
        for first, chunk in _rows(path, troubles)
        for place, cells in enumerate(chunk)
        if any(cell.strip() for cell in cells)
    ]
    troubles.end()
    return found


def _no_file(path: Path) -> Unreadable:
    if path.is_dir():
        return Unreadable(f"{path} is a folder. Name a CSV or Parquet file, such as {path / 'links.csv'}.")
    return Unreadable(f"{path} is not there, or is no file. Name a CSV or Parquet file.")


def _rows(path: Path, troubles: _Troubles) -> Iterator[tuple[int, list[list[str]]]]:
    """The heading alone, and then rows in chunks, each with the line of its first."""
    try:
        if not path.is_file():
            raise _no_file(path)
        if path.stat().st_size > LARGEST:
            raise TooLarge(
                f"{path} has {path.stat().st_size:,} bytes, over the limit of {LARGEST:,}. Use Parquet, or split it."
            )
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline(_LONGEST_CELL)
            delimiter = max(_DELIMITERS, key=head.count)
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            yield 1, [next(reader, [])]
            before = reader.line_num
            while chunk := list(islice(reader, _CHUNK)):
                if reader.line_num - before == len(chunk):
                    yield before + 1, chunk
                else:
                    yield from _whole(chunk, reader.line_num)
                before = reader.line_num
    except csv.Error as error:
        troubles.add(reader.line_num, "", f"is not CSV: {error}", "Save it as CSV with commas and quotes")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path}: not UTF-8 ({error.reason}). Save it as UTF-8.") from error
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}). Check its permissions.") from error


def _whole(chunk: list[list[str]], last: int) -> Iterator[tuple[int, list[list[str]]]]:
    """A chunk with the line of its first row; where cells hold line feeds, in pieces that begin after such rows."""
    taken = [1] * len(chunk)
    tall = [place for place, row in enumerate(chunk) if any("\n" in cell or "\r" in cell for cell in row)]
    for place in tall:
        taken[place] += sum(cell.count("\n") for cell in chunk[place])
    line = last - sum(taken) + 1
    start = 0
    for place in tall:
        yield line, chunk[start : place + 1]
        line += sum(taken[start : place + 1])
        start = place + 1
    if start < len(chunk):
        yield line, chunk[start:]


def _even(chunk: list[list[str]], first: int, width: int, troubles: _Troubles) -> tuple[list[list[str]], npt.NDArray[np.int64]]:
    """Rows of the right number of cells, with their lines; blank ones are left out, others are told."""
    if set(map(len, chunk)) == {width}:
        return chunk, np.arange(first, first + len(chunk))
    kept, lines = [], []
    for place, row in enumerate(chunk):
        if len(row) == width:
            kept.append(row)
            lines.append(first + place)
        elif any(cell.strip() for cell in row):
            mend = "Check for a missing or unquoted separator"
            troubles.add(first + place, "", f"has {len(row)} cells; the heading has {width}", mend)
    return kept, np.array(lines, dtype=np.int64)


def _texts(
    cells: list[str], column: Wanted, codes: _Codes, lines: npt.NDArray[np.int64], troubles: _Troubles
) -> npt.NDArray[np.int64]:
    coded = np.fromiter(map(codes.__getitem__, cells), dtype=np.int64, count=len(cells))
    hole = codes.get("")
    if hole is not None and not column.holes:
        for place in np.flatnonzero(coded == hole):
            troubles.add(lines[place], column.name, "is blank", f"Write the {column.name}, or take the line out")
    return coded


def _numbers(cells: list[str], column: Wanted, lines: npt.NDArray[np.int64], troubles: _Troubles) -> npt.NDArray[np.float64]:
    try:
        values = np.fromiter(map(float, cells), dtype=np.float64, count=len(cells))
    except ValueError:
        values = np.array([_number(cell, column, line, troubles) for cell, line in zip(cells, lines, strict=True)])
    _bounded(values, cells, column, lines, troubles)
    return values


def _number(cell: str, column: Wanted, line: int, troubles: _Troubles) -> float:
    if not cell:
        if not column.holes:
            troubles.add(line, column.name, "is blank", "Write a number, or take the line out")
        return np.nan if column.holes else column.least
    if column.endless and cell.casefold() in ("forever", "for ever", "inf"):
        return float("inf")
    try:
        return float(cell)
    except ValueError:
        mend = "Write it without thousands separators and with a point: 1234.5"
        troubles.add(line, column.name, f"{shown(cell)} is not a number", mend)
        return column.least


def _bounded(
    values: npt.NDArray[np.float64], cells: Sequence[object], column: Wanted, lines: npt.NDArray[np.int64], troubles: _Troubles
) -> None:
    """Tell what is no finite number, or out of bounds; cells that were told already stand at the least that may be."""
    finite = np.isfinite(values) | (column.endless & (values == np.inf))
    bad = ~finite | (values < column.least) | (values > column.most)
    for place in np.flatnonzero(bad):
        cell = cells[int(place)]
        if cell == "":
            continue
        if not finite[place]:
            problem, mend = f"{shown(cell)} is not a finite number", "Write a number, or take the line out"
        elif values[place] < column.least:
            problem, mend = f"{shown(cell)} is less than {column.least:g}", f"Write at least {column.least:g}"
        else:
            problem, mend = f"{shown(cell)} is more than {column.most:g}", f"Write at most {column.most:g}"
        troubles.add(lines[place], column.name, problem, mend)


def _parquet(path: Path, wanted: Sequence[Wanted], troubles: _Troubles) -> LongTable:
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.parquet
    except ImportError:
        raise UsageError(
            f"{path}: reading Parquet needs the extra 'parquet': pip install 'freehold[parquet]'. Or use a CSV file."
        ) from None
    try:
        if not path.is_file():
            raise _no_file(path)
        with pyarrow.parquet.ParquetFile(path) as file:
            heading = list(file.schema_arrow.names)
            places = _places(heading, wanted, troubles)
            meta = file.metadata
            size = sum(meta.row_group(number).total_byte_size for number in range(meta.num_row_groups))
            if meta.num_rows > MOST_ROWS or size > LARGEST:
                raise TooLarge(
                    f"{path} has {meta.num_rows:,} rows and unpacks to {size:,} bytes. Most: {MOST_ROWS:,}, {LARGEST:,}."
                )
            if troubles.told:
                return LongTable(str(path), np.zeros(0, np.int64), {}, {})
            read = {name: file.read(columns=[heading[place]]).column(0) for name, place in places.items()}
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise Unreadable(f"{path} cannot be read as Parquet ({reason}). Write the table anew.") from error
    lines = np.arange(1, meta.num_rows + 1)
    parts: dict[str, list[npt.NDArray[Any]]] = {}
    codes = {one.name: _Codes() for one in wanted if one.name in places and one.sort == "text"}
    for one in wanted:
        if one.name not in places:
            continue
        column = read[one.name]
        if one.sort == "text":
            parts[one.name] = [_arrow_texts(column, one, codes[one.name], lines, troubles)]
        else:
            parts[one.name] = [_arrow_numbers(column, one, lines, troubles)]
    return _made(path, wanted, places, parts, codes, [lines], heading)


def _arrow_texts(
    column: Any, wanted: Wanted, codes: _Codes, lines: npt.NDArray[np.int64], troubles: _Troubles
) -> npt.NDArray[np.int64]:
    import pyarrow as arrow

    whole = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if not arrow.types.is_dictionary(whole.type):
        whole = whole.dictionary_encode()
    spelt = ["" if one is None else str(one).strip() for one in whole.dictionary.to_pylist()]
    within = np.array([codes[one] for one in spelt] or [0], dtype=np.int64)
    if whole.null_count:
        within = np.append(within, codes[""])
    raw = whole.indices.fill_null(len(spelt)).to_numpy(zero_copy_only=False).astype(np.int64)
    coded = within[raw] if len(raw) else np.zeros(0, np.int64)
    hole = codes.get("")
    if hole is not None and not wanted.holes:
        for place in np.flatnonzero(coded == hole):
            troubles.add(lines[place], wanted.name, "is blank", f"Write the {wanted.name}, or take the row out")
    return coded


def _arrow_numbers(column: Any, wanted: Wanted, lines: npt.NDArray[np.int64], troubles: _Troubles) -> npt.NDArray[np.float64]:
    import pyarrow as arrow

    kind = column.type
    if not (arrow.types.is_integer(kind) or arrow.types.is_floating(kind) or arrow.types.is_decimal(kind)):
        cells = ["" if one is None else str(one).strip() for one in column.to_pylist()]
        return _numbers(cells, wanted, lines, troubles)
    empty = column.is_null().to_numpy()
    values = np.array(column.cast(arrow.float64()).to_numpy(), dtype=np.float64)
    if not wanted.holes:
        for place in np.flatnonzero(empty):
            troubles.add(lines[place], wanted.name, "is blank", "Write a number, or take the row out")
    _bounded(values, _Spelt(values, empty), wanted, lines, troubles)
    return values


class _Spelt(Sequence[object]):
    """Numbers as cells, spelt when they are asked for; blank where there is none."""

    def __init__(self, values: npt.NDArray[np.float64], empty: npt.NDArray[np.bool_]) -> None:
        self._values, self._empty = values, empty

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, place: Any) -> Any:
        return "" if self._empty[place] else f"{self._values[place]:g}"
