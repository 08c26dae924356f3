"""The bytes of a file that may be packed. Owns which packings are read, and that none grows without bound."""

from __future__ import annotations

import lzma
import zlib
from pathlib import Path
from typing import Final

from freehold.errors import TooLarge, Unreadable
from freehold.read.interface import LARGEST_FILE, read_bytes
from freehold.read.lz4_frames import MAGIC as LZ4
from freehold.read.lz4_frames import BadFrame, unpack

__all__ = ["LARGEST_UNPACKED", "read_packed", "unpacked_head"]

LARGEST_UNPACKED: Final = 1024 * 1024 * 1024
"""Bytes: the most that a packed file may hold."""
_GZIP: Final = b"\x1f\x8b"
_XZ: Final = b"\xfd7zXZ\x00"
_OTHERS: Final = {b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "Zstandard", b"PK\x03\x04": "ZIP"}
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_HEAD: Final = 4096


def read_packed(path: Path, limit: int = LARGEST_UNPACKED) -> bytes:
    """Read a file that is plain, or packed with gzip, xz or LZ4.

    Parameters
    ----------
    path
        The file.
    limit
        Bytes: the most that may come out.

    Raises
    ------
    freehold.errors.Unreadable
        If it cannot be read, is damaged, or is packed another way.
    freehold.errors.TooLarge
        If it, or what it holds, is over a limit.
    """
    data = read_bytes(path, LARGEST_FILE)
    try:
        if data.startswith(_GZIP):
            return _of_streams(path, data, limit)
        if data.startswith(_XZ):
            return _within(path, lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(data, limit + 1), limit)
        if data.startswith(LZ4):
            return unpack(data, limit)
    except (BadFrame, zlib.error, lzma.LZMAError, EOFError) as error:
        raise Unreadable(f"{path} cannot be unpacked ({error}). Fetch it again, or unpack it first.") from error
    for magic, name in _OTHERS.items():
        if data.startswith(magic):
            raise Unreadable(f"{path} is packed with {name}. Unpack it first.")
    return data


def _within(path: Path, data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise TooLarge(f"{path} holds more than {limit:,} bytes. Read a part of it.")
    return data


def _of_streams(path: Path, data: bytes, limit: int) -> bytes:
    """Unpack gzip members that follow each other."""
    parts: list[bytes] = []
    size = 0
    while data.startswith(_GZIP):
        member = zlib.decompressobj(_GZIP_WINDOW)
        parts.append(_within(path, member.decompress(data, limit - size + 1), limit - size))
        size += len(parts[-1])
        if not member.eof:
            raise EOFError("it is cut off")
        data = member.unused_data
    return b"".join(parts)


def unpacked_head(head: bytes) -> bytes:
    """What the first bytes of a file say, packed or not; as much of it as they hold."""
    try:
        if head.startswith(_GZIP):
            return zlib.decompressobj(_GZIP_WINDOW).decompress(head, _HEAD)
        if head.startswith(_XZ):
            return lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(head, _HEAD)
    except (zlib.error, lzma.LZMAError, EOFError):
        return b""
    # the first sequence of an LZ4 block is text as it stands
    return head[7:] if head.startswith(LZ4) else head
