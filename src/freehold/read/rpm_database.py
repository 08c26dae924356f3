"""The three databases that rpm has kept its headers in. Owns their forms; what a header says is not looked at.

``rpmdb.sqlite`` is SQLite, ``Packages.db`` rpm's own *ndb*, ``Packages`` a Berkeley DB hash. The latter two are read by parsers
of our own that visit each page once. Forms as in rpm's ``lib/backend/ndb/rpmpkg.c`` and Berkeley DB's ``dbinc/db_page.h``.
"""

from __future__ import annotations

import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from freehold.read.root_files import LARGEST_DATABASE, Root
from freehold.stack.inventory import Skip

__all__ = ["DATABASES", "FOLDERS", "read_headers"]

FOLDERS: Final = ("var/lib/rpm", "usr/lib/sysimage/rpm")
DATABASES: Final = ("rpmdb.sqlite", "Packages.db", "Packages")

_MOST_STEPS: Final = 5_000
_STEPS: Final = 100_000
_SLOT: Final = struct.Struct("<4sIII")
_PAGE: Final = 4096
_HASH: Final = 0x061561
_OVERFLOW: Final = 7
_HASHED: Final = (2, 13)


class _Cut(Exception):
    """The database ends, or goes in a circle, before what it claims; with the sentence for people."""


def read_headers(root: Root) -> Iterator[tuple[str, bytes]]:
    """Give each header with the database that holds it; what cannot be read becomes a skip of the root."""
    seen: set[str | None] = set()
    for folder in FOLDERS:
        place = root.place(folder)
        if place in seen:
            continue
        seen.add(place)
        for name in DATABASES:
            file = f"{folder}/{name}"
            if not root.has(file):
                continue
            try:
                yield from ((file, blob) for blob in _headers_of(root, file))
            except _Cut as error:
                root.skips.append(Skip(file, "incomplete", str(error)))
            except (sqlite3.Error, UnicodeDecodeError, OSError, struct.error) as error:
                # a damaged schema can stand in the message of an error, in no encoding
                root.skips.append(Skip(file, "syntax", f"It is damaged: {error}."))


def _headers_of(root: Root, file: str) -> Iterator[bytes]:
    data = root.data(file, LARGEST_DATABASE)
    if not data:
        return
    if data.startswith(b"SQLite format 3\0"):
        yield from _sqlite(root, file)
    elif data.startswith(b"RpmP"):
        yield from _ndb(data)
    elif len(data) >= 512 and _HASH in (*struct.unpack_from("<I", data, 12), *struct.unpack_from(">I", data, 12)):
        yield from _berkeley(data)
    else:
        raise _Cut("It is none of the three sorts of database that rpm has had.")


def _sqlite(root: Root, file: str) -> Iterator[bytes]:
    log = root.data(f"{file}-wal", LARGEST_DATABASE) if root.has(f"{file}-wal") else None
    place = root.place(file) or ""
    if not log:
        yield from _rows(f"file:{quote(place)}?mode=ro&immutable=1")
        return
    # what its log holds is part of the database, and merging the two writes: so a copy is opened
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(place, f"{folder}/copy.sqlite")
        Path(f"{folder}/copy.sqlite-wal").write_bytes(log)
        yield from _rows(f"file:{quote(folder)}/copy.sqlite")


def _rows(address: str) -> Iterator[bytes]:
    steps = 0

    def stop() -> bool:
        nonlocal steps
        steps += 1
        return steps > _MOST_STEPS

    taken = 0
    with closing(sqlite3.connect(address, uri=True)) as database:
        database.text_factory = bytes
        database.execute("PRAGMA trusted_schema=OFF")
        database.set_progress_handler(stop, _STEPS)
        kind = database.execute("SELECT type FROM sqlite_master WHERE name = 'Packages'").fetchone()
        if kind is None or kind[0] != b"table":
            raise _Cut("It has no table of packages.")
        for (blob,) in database.execute("SELECT blob FROM Packages"):
            if isinstance(blob, bytes):
                taken += len(blob)
                if taken > LARGEST_DATABASE:
                    raise _Cut(f"Its headers have over {LARGEST_DATABASE:,} bytes; the others were not read.")
                yield blob


def _ndb(data: bytes) -> Iterator[bytes]:
    """Slots of sixteen bytes, of which each names a block in which a header stands."""
    pages = struct.unpack_from("<I", data, 12)[0]
    if pages * _PAGE > len(data):
        raise _Cut(f"It claims {pages:,} pages of slots, more than it has.")
    taken = 0
    for place in range(32, pages * _PAGE, _SLOT.size):
        magic, number, block, _ = _SLOT.unpack_from(data, place)
        if magic != b"Slot":
            raise _Cut("A slot is damaged; what follows was not read.")
        if block == 0:
            continue
        start = block * 16
        if start + 16 > len(data):
            raise _Cut("A header lies outside of the file; what follows was not read.")
        magic, own, _, length = struct.unpack_from("<4sIII", data, start)
        taken += length
        if magic != b"BlbS" or own != number or start + 16 + length > len(data) or taken > len(data):
            raise _Cut("A header is damaged, or longer than the file; what follows was not read.")
        yield data[start + 16 : start + 16 + length]


def _berkeley(data: bytes) -> Iterator[bytes]:
    """Pages of pairs; a value too long for a page stands on a chain of pages of its own."""
    order = "<" if struct.unpack_from("<I", data, 12)[0] == _HASH else ">"
    size = struct.unpack_from(f"{order}I", data, 20)[0]
    if size not in (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536):
        raise _Cut(f"It claims pages of {size:,} bytes.")
    visited: set[int] = set()
    for start in range(size, len(data) - size + 1, size):
        entries = struct.unpack_from(f"{order}H", data, start + 20)[0]
        if data[start + 25] not in _HASHED or 26 + 2 * entries > size:
            continue
        places = struct.unpack_from(f"{order}{entries}H", data, start + 26)
        for at in range(1, entries, 2):
            place, before = places[at], places[at - 1]
            if not 26 <= place < before <= size:
                raise _Cut("A page is damaged; what follows was not read.")
            sort = data[start + place]
            key = data[start + before + 1 : start + (places[at - 2] if at > 1 else size)]
            # the record under key 0 counts packages and is no header
            if not any(key):
                continue
            if sort == 1:
                yield data[start + place + 1 : start + before]
            elif sort == 3 and place + 12 <= size:
                page, length = struct.unpack_from(f"{order}II", data, start + place + 4)
                yield _chained(data, order, size, page, length, visited)


def _chained(data: bytes, order: str, size: int, page: int, length: int, visited: set[int]) -> bytes:
    if length > len(data):
        raise _Cut(f"A header claims {length:,} bytes, more than the file has; what follows was not read.")
    parts: list[bytes] = []
    held = 0
    while page and held < length:
        start = page * size
        if page in visited or start + size > len(data) or data[start + 25] != _OVERFLOW:
            raise _Cut("A header's pages lead nowhere or in a circle; what follows was not read.")
        visited.add(page)
        used = struct.unpack_from(f"{order}H", data, start + 22)[0]
        parts.append(data[start + 26 : start + min(26 + used, size)])
        held += len(parts[-1])
        page = struct.unpack_from(f"{order}I", data, start + 16)[0]
    return b"".join(parts)[:length]
