"""One header of rpm, as its databases hold it. Owns the binary form: an index of sixteen bytes a tag, and a store.

Every number is checked against what is there before anything is taken: a header may claim any count and any offset.
Form and limits as in rpm's manual on the package format (header structure), without the magic that files have in front.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["BadHeader", "Header", "parse_header"]

_MOST_TAGS: Final = 0xFFFF
_ENTRY: Final = struct.Struct(">iIiI")
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8}
_STRINGS: Final = frozenset({6, 8, 9})
_MOST_VALUES: Final = 1_000_000


class BadHeader(ValueError):
    """A header that is cut off, or whose numbers cannot be."""


@dataclass(frozen=True, slots=True)
class Header:
    """Tags of one package: type, offset into the store, count."""

    tags: Mapping[int, tuple[int, int, int]]
    store: bytes

    def texts(self, tag: int) -> tuple[str, ...]:
        """The strings of a tag; none if it is not there or not of strings.

        Raises
        ------
        BadHeader
            If the store ends before they do.
        """
        type_, offset, count = self.tags.get(tag, (0, 0, 0))
        if type_ not in _STRINGS:
            return ()
        # each string takes a byte at least, so a count over what is left is a lie
        if count > len(self.store) - offset or count > _MOST_VALUES:
            raise BadHeader(f"tag {tag} claims {count:,} texts, more than there is room for")
        parts = self.store[offset:].split(b"\0", count) if count > 1 else [self._first(offset)]
        if count > 1 and len(parts) <= count:
            raise BadHeader(f"the texts of tag {tag} are cut off")
        return tuple(part.decode("utf-8", "replace") for part in parts[:count])

    def _first(self, offset: int) -> bytes:
        end = self.store.find(b"\0", offset)
        if end < 0:
            raise BadHeader("a text is cut off")
        return self.store[offset:end]

    def text(self, tag: int) -> str:
        """The first string of a tag, empty if there is none."""
        type_, offset, _ = self.tags.get(tag, (0, 0, 0))
        return self._first(offset).decode("utf-8", "replace") if type_ in _STRINGS else ""

    def numbers(self, tag: int) -> tuple[int, ...]:
        """The whole numbers of a tag; none if it is not there or not of four-byte numbers."""
        type_, offset, count = self.tags.get(tag, (0, 0, 0))
        if type_ != 4:
            return ()
        if count > _MOST_VALUES or offset + 4 * count > len(self.store):
            raise BadHeader(f"tag {tag} claims {count:,} numbers, more than there is room for")
        return struct.unpack_from(f">{count}I", self.store, offset)


def parse_header(blob: bytes) -> Header:
    """Parse a header.

    Raises
    ------
    BadHeader
        If it is cut off, or a number in it cannot be.
    """
    if len(blob) < 8:
        raise BadHeader("it has no room for its own lengths")
    count, length = struct.unpack_from(">II", blob)
    if count > _MOST_TAGS or 8 + 16 * count + length > len(blob):
        raise BadHeader(f"it claims {count:,} tags and {length:,} bytes, and has {len(blob):,} in all")
    store = blob[8 + 16 * count : 8 + 16 * count + length]
    tags: dict[int, tuple[int, int, int]] = {}
    for number in range(count):
        tag, type_, offset, values = _ENTRY.unpack_from(blob, 8 + 16 * number)
        if not 0 <= offset <= length or (type_ in _SIZES and offset + _SIZES[type_] * values > length):
            raise BadHeader(f"tag {tag} lies outside of the header")
        tags.setdefault(tag, (type_, offset, values))
    return Header(tags, store)
