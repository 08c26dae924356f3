"""Sheets of text cells out of CSV, Excel and OpenDocument files. Owns those formats: encoding, separators, limits.

Nothing in a sheet is computed: of a formula only the value that was saved with it is read.
"""

from __future__ import annotations

import csv
import datetime
import io
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from freehold.errors import TooLarge, Unreadable
from freehold.read.interface import read_bytes
from freehold.read.sheet_extent import cells_of_document, cells_of_sheet

__all__ = ["ENDINGS", "LARGEST_SHEET", "Sheet", "is_workbook", "sheets_of"]

ENDINGS: Final = (".csv", ".tsv", ".xlsx", ".xlsm", ".xls", ".ods")
LARGEST_SHEET: Final = 64 * 1024 * 1024
"""Bytes: the largest file of sheets that is read."""

_MOST_UNPACKED: Final = 512 * 1024 * 1024
_MOST_CELLS: Final = 20_000_000
_LONGEST_CELL: Final = 2000
_SEPARATORS: Final = ",;\t|"
_SNIFFED: Final = 20
_ZIP: Final = b"PK\x03\x04"
_CONTENT: Final = "content.xml"
_BINARY: Final = "xl/workbook.bin"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name, its rows of text cells, and the line on which each row stands."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]


def is_workbook(head: bytes) -> bool:
    """Whether a file that begins so may be an Excel or OpenDocument file."""
    return head.startswith((_ZIP, _OLD_EXCEL))


def sheets_of(path: Path) -> tuple[Sheet, ...]:
    """Read every sheet of a file that the user named; a CSV file is one sheet.

    Raises
    ------
    freehold.errors.Unreadable
        If it cannot be read or is no such file.
    freehold.errors.TooLarge
        If it, or what it unpacks to, is over a limit.
    """
    data = read_bytes(path, LARGEST_SHEET)
    if is_workbook(data[:8]):
        return _workbook(path, data)
    return (_text_sheet(path, data),)


def _text_sheet(path: Path, data: bytes) -> Sheet:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            # what spreadsheet programs write on western European systems; every byte has a meaning in it or is shown as a code
            text = data.decode("cp1252", "replace")
    if "\0" in text[:4096]:
        raise Unreadable(f"{path} is not text. Name a CSV file, or an Excel or OpenDocument sheet.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=False)
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    start, cells = 1, 0
    try:
        for row in reader:
            cells += len(row)
            if cells > _MOST_CELLS:
                raise TooLarge(f"{path} has over {_MOST_CELLS:,} cells. Split it.")
            rows.append(tuple(_plain(cell) for cell in row))
            lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(f"{path}, line {reader.line_num}: it is not CSV ({error}). Save it anew as CSV.") from None
    return Sheet(path.stem, tuple(rows), tuple(lines))


def _separator(text: str) -> str:
    """The separator that stands equally often, and at all, on most of the first lines."""
    first = [line for line in text[:65536].splitlines() if line.strip()][:_SNIFFED]

    def worth(separator: str) -> tuple[int, int]:
        counts = [line.count(separator) for line in first]
        usual = max(set(counts), key=counts.count, default=0)
        return (counts.count(usual) if usual else 0, usual)

    return max(_SEPARATORS, key=worth)


def _plain(value: object) -> str:
    """A cell as text: whole numbers without a point, days as dates, control characters as blanks."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        text = str(int(value)) if value == value and abs(value) < 1e15 and value == int(value) else repr(value)
    elif isinstance(value, datetime.datetime):
        text = value.date().isoformat() if value.time() == datetime.time() else value.isoformat(timespec="seconds")
    elif isinstance(value, (datetime.date, datetime.time)):
        text = value.isoformat()
    else:
        text = str(value)
    text = "".join(sign if sign.isprintable() else " " for sign in text[: _LONGEST_CELL + 1])
    return text.strip()[:_LONGEST_CELL]


def _workbook(path: Path, data: bytes) -> tuple[Sheet, ...]:
    if data.startswith(_ZIP):
        _check_archive(path, data)
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        found = []
        cells = 0
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            cells += sheet.total_height * sheet.total_width
            if cells > _MOST_CELLS:
                raise TooLarge(f"{path} has over {_MOST_CELLS:,} cells. Split it.")
            found.append(_sheet(name, sheet.to_python(skip_empty_area=False)))
    except TooLarge:
        raise
    except Exception as error:  # noqa: BLE001  the library raises many sorts, and all mean the same to the user
        raise Unreadable(f"{path} cannot be read as a spreadsheet ({error}). Save it anew, or as CSV.") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise Unreadable(f"{path} is damaged and cannot be read as a spreadsheet. Save it anew, or as CSV.") from None
    return tuple(found)


def _sheet(name: str, rows: Iterable[Iterable[object]]) -> Sheet:
    cells = tuple(tuple(_plain(cell) for cell in row) for row in rows)
    return Sheet(name, cells, tuple(range(1, len(cells) + 1)))


def _check_archive(path: Path, data: bytes) -> None:
    """See that a packed file unpacks to no more than it may, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            if size > _MOST_UNPACKED:
                raise TooLarge(
                    f"{path} unpacks to {size:,} bytes, over the limit of {_MOST_UNPACKED:,}. Split it, or save it as CSV."
                )
            if _BINARY in archive.namelist():
                raise Unreadable(f"{path} is a binary workbook of Excel, which is not read. Save it as .xlsx, or as CSV.")
            # the library asks for all the memory that a grid takes, and ends the program if it does not get it
            cells = sum(_cells(entry.filename, archive.read(entry)) for entry in archive.infolist())
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, RuntimeError, EOFError) as error:
        raise Unreadable(f"{path} is a damaged archive ({error}). Save the spreadsheet anew.") from None
    if cells > _MOST_CELLS:
        raise TooLarge(
            f"{path} spans {cells:,} cells from its first to its last, over the limit of {_MOST_CELLS:,}. Delete what stands "
            "far from the table, or save the table as CSV."
        )


def _cells(name: str, part: bytes) -> int:
    if name != _CONTENT:
        return cells_of_sheet(part)
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, XMLParser

    parser = XMLParser(target=_Nothing())
    try:
        # the library waits for ever for the end of a table that is never closed
        parser.feed(part)
        parser.close()
    except (ParseError, DefusedXmlException, LookupError) as error:  # an encoding of no name is looked up, too
        raise ValueError(f"{_CONTENT} is not XML: {error}") from None
    return cells_of_document(part)


class _Nothing:
    """Keeps nothing of what is parsed."""

    def close(self) -> None:
        """End."""
