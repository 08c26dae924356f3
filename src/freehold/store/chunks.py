"""Rows in chunks that are stored once, however many revisions hold them. Owns where a chunk ends, and how it is packed.

A chunk ends after a row whose checksum says so, so that a row that comes or goes changes the one or two chunks around it
and no others: a revision costs what it changes, and its order is kept.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from freehold.errors import BadStore, TooLarge

__all__ = ["LARGEST", "Chunk", "Spans", "chunks_of", "joined", "packed", "spans_of", "unpacked"]

LARGEST: Final = 1 << 30
"""Bytes: the most that is unpacked for one answer."""

_MASK: Final = 63
_MOST_ROWS: Final = 1024
_LEVEL: Final = 6

Spans: TypeAlias = tuple[tuple[int, int], ...]
"""Numbers of chunks in order, as runs from a first to a last."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows that stand one after another, and the SHA-256 of their text in hexadecimal."""

    text: str
    digest: str


def joined(lines: Iterable[str]) -> Chunk:
    """Make a chunk of lines."""
    text = "\n".join(lines)
    return Chunk(text, hashlib.sha256(text.encode()).hexdigest())


def chunks_of(lines: Sequence[str]) -> list[Chunk]:
    """Divide lines into chunks; the same run of lines is divided alike wherever it stands."""
    found: list[Chunk] = []
    start = 0
    for place, line in enumerate(lines, 1):
        if zlib.crc32(line.encode()) & _MASK == 0 or place - start == _MOST_ROWS:
            found.append(joined(lines[start:place]))
            start = place
    if start < len(lines):
        found.append(joined(lines[start:]))
    return found


def spans_of(numbers: Iterable[int]) -> Spans:
    """Write numbers as runs."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)


def packed(text: str, *, quick: bool = False) -> bytes:
    """Compress a text, well or quickly."""
    return zlib.compress(text.encode(), 1 if quick else _LEVEL)


def unpacked(body: object, most: int = LARGEST) -> str:
    """Give the text that was packed.

    Raises
    ------
    freehold.errors.BadStore
        If it is none.
    freehold.errors.TooLarge
        If it is longer than ``most`` bytes.
    """
    if not isinstance(body, (bytes, memoryview)):
        raise BadStore("a stored text is not packed as it should be. Restore the database from a copy.")
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(body, max(1, most))
        if unpacker.unconsumed_tail:
            raise TooLarge(f"a stored text unpacks to more than {LARGEST:,} bytes. Use a database of your own.")
        if not unpacker.eof:
            raise BadStore("a stored text is cut short. Restore the database from a copy.")
        return data.decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise BadStore("a stored text is damaged. Restore the database from a copy.") from error
