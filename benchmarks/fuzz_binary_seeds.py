"""Seed files that are no text: databases of rpm, workbooks, Parquet tables, Freehold databases. Owns how they are made."""

from __future__ import annotations

import io
import sqlite3
import struct
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

__all__ = ["BOOK", "DOCUMENT", "freehold_database", "ods", "parquet_items", "rpm_bdb", "rpm_ndb", "rpm_sqlite", "xlsx"]

_TEXT, _NUMBERS, _TEXTS = 6, 4, 8


def _header(values: Mapping[int, str | list[str] | list[int]]) -> bytes:
    index, store = b"", b""
    for tag, value in sorted(values.items()):
        if isinstance(value, str):
            kind, count, data = _TEXT, 1, value.encode() + b"\0"
        elif isinstance(value[0], int):
            store += b"\0" * (-len(store) % 4)
            kind, count, data = _NUMBERS, len(value), struct.pack(f">{len(value)}I", *value)
        else:
            kind, count, data = _TEXTS, len(value), b"".join(str(one).encode() + b"\0" for one in value)
        index += struct.pack(">IIII", tag, kind, len(store), count)
        store += data
    return struct.pack(">II", len(values), len(store)) + index + store


def _packages() -> list[bytes]:
    common: dict[int, str | list[str] | list[int]] = {
        1001: "1.0", 1002: "3.fc40", 1011: "Fedora Project", 1014: "GPLv2+ and MIT", 1022: "x86_64",
    }  # fmt: skip
    return [
        _header({**common, 1000: "bash", 1049: ["libc.so.6(GLIBC_2.34)", "/usr/bin/id", "(a or coreutils)"]}),
        _header({**common, 1000: "glibc", 1003: [2], 1047: ["glibc", "libc.so.6(GLIBC_2.34)"], 1049: ["bash"]}),
        _header({**common, 1000: "coreutils", 1116: [0, 1], 1117: ["id", "core"], 1118: ["/usr/bin/", "/usr/share/"]}),
    ]


def rpm_sqlite() -> Iterable[bytes]:
    """The form of today."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "rpmdb.sqlite"
        with closing(sqlite3.connect(place)) as database, database:
            database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
            database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(blob,) for blob in _packages()])
        yield place.read_bytes()


def rpm_ndb() -> Iterable[bytes]:
    """The form of SUSE: slots of sixteen bytes, then blobs."""
    slots, body = b"", b""
    for number, blob in enumerate(_packages(), 1):
        inner = b"BlbS" + struct.pack("<III", number, 0, len(blob)) + blob
        inner += b"\0" * (-(len(inner) + 12) % 16) + struct.pack("<II", 0, len(blob)) + b"BlbE"
        slots += b"Slot" + struct.pack("<III", number, (4096 + len(body)) // 16, len(inner) // 16)
        body += inner
    slots += (b"Slot" + bytes(12)) * ((4096 - 32 - len(slots)) // 16)
    yield b"RpmP" + struct.pack("<IIIIIII", 0, 1, 1, 4, 0, 0, 0) + slots + body


def rpm_bdb() -> Iterable[bytes]:
    """The old form: a hash of Berkeley DB, each value on a chain of pages of its own; in both orders of bytes."""
    yield _berkeley("<")
    yield _berkeley(">")


def _berkeley(order: str, size: int = 512) -> bytes:
    pages = [bytearray(size)]
    struct.pack_into(f"{order}I", pages[0], 12, 0x061561)
    struct.pack_into(f"{order}I", pages[0], 20, size)
    pages[0][25] = 8
    for number, blob in enumerate([b"", *_packages()]):
        page = bytearray(size)
        page[25] = 13
        key = b"\1" + struct.pack("<I", number)
        value = b"\3\0\0\0" + struct.pack(f"{order}II", len(pages) + 1, len(blob)) if number else b"\1" + struct.pack("<I", 5)
        at_key = size - len(key)
        at_value = at_key - len(value)
        page[at_value:] = value + key
        struct.pack_into(f"{order}HH", page, 20, 2, at_value)
        struct.pack_into(f"{order}HH", page, 26, at_key, at_value)
        pages.append(page)
        chunks = [blob[at : at + size - 26] for at in range(0, len(blob), size - 26)]
        for place, chunk in enumerate(chunks, 1):
            over = bytearray(size)
            over[25] = 7
            over[26 : 26 + len(chunk)] = chunk
            struct.pack_into(f"{order}H", over, 22, len(chunk))
            struct.pack_into(f"{order}I", over, 16, len(pages) + 1 if place < len(chunks) else 0)
            pages.append(over)
    return b"".join(map(bytes, pages))


_SHEETS: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKED: Final = "http://schemas.openxmlformats.org/package/2006"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
BOOK: Final[Mapping[str, str]] = {
    "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKED}/content-types"/>',
    "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKED}/relationships"><Relationship Id="r1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Servers" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKED}/relationships"><Relationship Id="r1" '
    f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
"""The parts of an Excel workbook beside its sheet."""

_OPEN: Final = "urn:oasis:names:tc:opendocument:xmlns"
DOCUMENT: Final[Mapping[str, str]] = {
    "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
    "META-INF/manifest.xml": f'{_HEAD}<m:manifest xmlns:m="{_OPEN}:manifest:1.0"><m:file-entry m:full-path="/" '
    'm:media-type="application/vnd.oasis.opendocument.spreadsheet"/></m:manifest>',
}
"""The parts of an OpenDocument sheet beside its content."""

_ROWS: Final = (
    ("Application", "Vendor", "Hosted in", "Country", "Notes"),
    ("ERP", "SAP SE", "AWS", "DE", "=1+1"),
    ("Mail", "Microsoft", "", "US", "2024"),
)


def _sheet() -> str:
    rows = "".join(
        f'<row r="{line}">'
        + "".join(f'<c r="{"ABCDE"[at]}{line}" t="inlineStr"><is><t>{cell}</t></is></c>' for at, cell in enumerate(row))
        + f'<c r="F{line}"><f>1+1</f><v>{line}.5</v></c></row>'
        for line, row in enumerate(_ROWS, 1)
    )
    return f'{_HEAD}<worksheet xmlns="{_SHEETS}"><dimension ref="A1:F3"/><sheetData>{rows}</sheetData></worksheet>'


def _content() -> str:
    rows = "".join(
        "<table:table-row>"
        + "".join(f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row)
        + '<table:table-cell table:number-columns-repeated="3"/></table:table-row>'
        for row in _ROWS
    )
    names = f'xmlns:office="{_OPEN}:office:1.0" xmlns:table="{_OPEN}:table:1.0" xmlns:text="{_OPEN}:text:1.0"'
    return (
        f"{_HEAD}<office:document-content {names}><office:body><office:spreadsheet>"
        f'<table:table table:name="Servers">{rows}<table:table-row '
        f'table:number-rows-repeated="2"><table:table-cell/></table:table-row></table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )


def _packed(parts: Mapping[str, str], way: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", way) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name), text, way)
    return out.getvalue()


def xlsx(*, inner: bool = False) -> Iterable[bytes]:
    """An Excel workbook, packed and as it is; or its sheet alone."""
    if inner:
        yield _sheet().encode()
        return
    parts = {**BOOK, "xl/worksheets/sheet1.xml": _sheet()}
    yield _packed(parts, zipfile.ZIP_STORED)
    yield _packed(parts, zipfile.ZIP_DEFLATED)


def ods(*, inner: bool = False) -> Iterable[bytes]:
    """An OpenDocument sheet; or its content alone."""
    if inner:
        yield _content().encode()
        return
    yield _packed({**DOCUMENT, "content.xml": _content()}, zipfile.ZIP_STORED)


def parquet_items() -> Iterable[bytes]:
    """Tables of items: of texts, and of what other programs write."""
    import pyarrow
    import pyarrow.parquet

    texts = {"id": ["chat", "log"], "kind": ["application", "service"], "mission": ["1", None]}
    typed = {
        "id": ["chat", "log"],
        "kind": ["application", "?"],
        "mission": [1.0, None],
        "tags": [["a", "b"], []],
        "whole": [True, None],
    }
    for rows in (texts, typed):
        for way in ("none", "zstd", "snappy"):
            out = io.BytesIO()
            pyarrow.parquet.write_table(pyarrow.table(rows), out, compression=way)
            yield out.getvalue()


def freehold_database() -> Iterable[bytes]:
    """A database with a stack of two revisions."""
    from benchmarks.fuzz_seeds import stack
    from freehold.stack.toml_file import loads
    from freehold.store.interface import WORKSPACE, Authorship
    from freehold.store.sqlite import open_sqlite

    text = next(iter(stack()))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "firm.db"
        with open_sqlite(place, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC), write=True) as store:
            for one in (text, text.replace('"Acme GmbH"', '"Acme SE"')):
                store.put(WORKSPACE, "clinic", loads(one), Authorship("a", "b"))
        with closing(sqlite3.connect(place, isolation_level=None)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            database.execute("PRAGMA journal_mode = DELETE")
        yield place.read_bytes()
