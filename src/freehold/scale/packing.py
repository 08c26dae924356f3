"""Named arrays as one row of bytes and back. Owns the one form in which arrays travel, are kept and are compared.

First the length of a table in JSON (name, type, shape, place), then the table, then the arrays, each on a multiple of 64 bytes.
The same arrays give the same bytes, in whatever order they are named. No objects, and no code, are ever read out of it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from freehold.errors import ScaleError
from freehold.scale.interface import Arrays

__all__ = ["bytes_in", "digest_of", "pack", "pack_into", "packed_size", "text_in", "unpack"]

_KINDS: Final = "biufcSU"
_ALIGNED: Final = 64
_HEAD: Final = 8


def bytes_in(content: bytes) -> npt.NDArray[np.generic]:
    """Bytes as an array, to travel beside numbers; :func:`text_in` reads text out of it."""
    return np.frombuffer(content, np.uint8)


def text_in(array: npt.NDArray[np.generic]) -> str:
    """Text out of an array of bytes in UTF-8."""
    return array.tobytes().decode("utf-8")


def _up(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED


def _table(arrays: Arrays) -> tuple[bytes, dict[str, int], int]:
    rows, places, at = [], {}, 0
    for name in sorted(arrays):
        array = arrays[name]
        if not isinstance(array, np.ndarray) or array.dtype.kind not in _KINDS:
            kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
            raise ScaleError(f"'{name}' is of the type {kind}, which does not travel. Give an array of numbers or of bytes.")
        rows.append([name, array.dtype.str, list(array.shape), at])
        places[name] = at
        at += _up(array.nbytes)
    return json.dumps(rows, separators=(",", ":")).encode(), places, at


def packed_size(arrays: Arrays) -> int:
    """How many bytes the arrays take when they are packed.

    Raises
    ------
    freehold.errors.ScaleError
        If one of them holds objects.
    """
    table, _, size = _table(arrays)
    return _up(_HEAD + len(table)) + size


def pack_into(arrays: Arrays, room: memoryview) -> None:
    """Pack arrays into memory that is there and holds zeros; see :func:`packed_size`."""
    table, places, _ = _table(arrays)
    start = _up(_HEAD + len(table))
    room[:_HEAD] = len(table).to_bytes(_HEAD, "little")
    room[_HEAD : _HEAD + len(table)] = table
    for name, at in places.items():
        array = arrays[name]
        if array.nbytes:
            into = np.frombuffer(room, array.dtype, array.size, start + at)
            into[:] = array.ravel()


def pack(arrays: Arrays) -> bytearray:
    """Pack arrays.

    Raises
    ------
    freehold.errors.ScaleError
        If one of them holds objects.
    """
    packed = bytearray(packed_size(arrays))
    pack_into(arrays, memoryview(packed))
    return packed


def unpack(packed: bytes | bytearray | memoryview) -> Arrays:
    """Look into packed bytes: arrays that cannot be written to, without a copy.

    Raises
    ------
    freehold.errors.ScaleError
        If this is not what :func:`pack` makes.
    """
    room = memoryview(packed).toreadonly()
    try:
        length = int.from_bytes(room[:_HEAD], "little")
        rows = json.loads(bytes(room[_HEAD : _HEAD + length]))
        start = _up(_HEAD + length)
        return MappingProxyType({name: _array(room, type_, shape, start + at) for name, type_, shape, at in rows})
    except (ValueError, TypeError, UnicodeDecodeError, OverflowError, RecursionError) as error:
        raise ScaleError(f"packed arrays are damaged ({error}).") from None


def _array(room: memoryview, type_: str, shape: list[int], at: int) -> npt.NDArray[Any]:
    dtype = np.dtype(type_)
    if dtype.kind not in _KINDS or at < 0 or any(size < 0 for size in shape):
        raise ValueError(f"an array of the type {type_}")
    count = math.prod(shape)
    if not count or not dtype.itemsize:
        empty = np.zeros(shape, dtype)
        empty.flags.writeable = False
        return empty
    return np.frombuffer(room, dtype, count, at).reshape(shape)


def digest_of(arrays: Mapping[str, npt.NDArray[np.generic]], *before: str) -> bytes:
    """SHA-256 of some texts and of arrays as they are packed."""
    table, places, _ = _table(arrays)
    found = hashlib.sha256()
    for text in (*before, table.decode()):
        content = text.encode()
        found.update(len(content).to_bytes(_HEAD, "little"))
        found.update(content)
    for name in places:
        found.update(np.ascontiguousarray(arrays[name]).tobytes())
    return found.digest()
