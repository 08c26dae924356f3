"""Unpacks LZ4 frames, as apt keeps its lists. Owns the format: frames of blocks of sequences, each with a match behind.

After the LZ4 frame format, version 1.6, and the LZ4 block format. Checksums of frames are not looked at.
"""

from __future__ import annotations

from typing import Final

__all__ = ["MAGIC", "BadFrame", "unpack"]

MAGIC: Final = b"\x04\x22\x4d\x18"
_SKIPPABLE: Final = range(0x184D2A50, 0x184D2A60)
_UNCOMPRESSED: Final = 1 << 31
_SHORT: Final = 15
_LEAST_MATCH: Final = 4


class BadFrame(ValueError):
    """Bytes that are no LZ4 frame, or that end before it does, or that hold more than they may."""


def unpack(data: bytes, limit: int) -> bytes:
    """Unpack frames that follow each other.

    Parameters
    ----------
    data
        The frames.
    limit
        Bytes: the most that may come out.

    Raises
    ------
    BadFrame
        If they are none, are cut off, or hold more than ``limit``.
    """
    out = bytearray()
    place = 0
    try:
        while place < len(data):
            number = int.from_bytes(data[place : place + 4], "little")
            if number in _SKIPPABLE:
                place += 8 + int.from_bytes(data[place + 4 : place + 8], "little")
                continue
            if data[place : place + 4] != MAGIC:
                raise BadFrame("it is no LZ4 frame")
            place = _frame(data, place + 4, out, limit)
    except IndexError as error:
        raise BadFrame("it is cut off") from error
    return bytes(out)


def _frame(data: bytes, place: int, out: bytearray, limit: int) -> int:
    flags = data[place]
    if flags >> 6 != 1 or flags & 1:
        raise BadFrame("it is an LZ4 frame of a version, or with a dictionary, that is not known")
    # the flags, the block size, perhaps the size of the content, and a byte of the header's checksum
    place += 3 + (8 if flags & 8 else 0)
    checked = 4 if flags & 16 else 0
    start = len(out)
    while True:
        if place + 4 > len(data):
            raise BadFrame("it is cut off")
        size = int.from_bytes(data[place : place + 4], "little")
        place += 4
        if size == 0:
            return place + (4 if flags & 4 else 0)
        stored, size = size & _UNCOMPRESSED, size & ~_UNCOMPRESSED
        if place + size > len(data):
            raise BadFrame("it is cut off")
        if stored:
            out += data[place : place + size]
        else:
            # a block that does not stand by itself may look back into the ones before it
            _block(data[place : place + size], out, len(out) if flags & 32 else start, limit)
        if len(out) > limit:
            raise BadFrame(f"it holds more than {limit:,} bytes")
        place += size + checked


def _block(block: bytes, out: bytearray, earliest: int, limit: int) -> None:
    place, end = 0, len(block)
    while place < end:
        token = block[place]
        place += 1
        length = token >> 4
        if length:
            if length == _SHORT:
                more = 255
                while more == 255:
                    more = block[place]
                    place += 1
                    length += more
            out += block[place : place + length]
            place += length
        if place >= end:
            if place > end:
                raise BadFrame("it is cut off")
            return
        back = block[place] | block[place + 1] << 8
        place += 2
        length = (token & 15) + _LEAST_MATCH
        if length == _SHORT + _LEAST_MATCH:
            more = 255
            while more == 255:
                more = block[place]
                place += 1
                length += more
        start = len(out) - back
        if back == 0 or start < earliest:
            raise BadFrame("a match of it lies before its beginning")
        if back >= length:
            out += out[start : start + length]
        else:
            if len(out) + length > limit:
                raise BadFrame(f"it holds more than {limit:,} bytes")
            # a match that overlaps what it writes repeats itself
            part = bytes(out[start:])
            out += (part * (length // back + 1))[:length]
