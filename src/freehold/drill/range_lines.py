"""A table of IPv4 ranges read in one sweep over its bytes. Owns the commonest form alone: one range a line, nothing odd.

Hundreds of thousands of lines take a few hundredths of a second so. Whatever is not of that form (a blank line, an address of
the other family, a mistake) is not read here at all, but by whoever can name it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["SweptRanges", "sweep"]

_Bytes: TypeAlias = npt.NDArray[np.uint8]
_Places: TypeAlias = npt.NDArray[np.int64]
_NEWLINE, _RETURN, _COMMA, _DOT, _QUOTE, _ZERO = (ord(sign) for sign in '\n\r,."0')
_MOST_DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class SweptRanges:
    """Ranges of IPv4 addresses, in the order of the lines.

    Parameters
    ----------
    starts, ends
        First and last address of each.
    lines
        The first line of each value, whole.
    values
        Which of these lines says what is said of each range.
    """

    starts: npt.NDArray[np.uint64]
    ends: npt.NDArray[np.uint64]
    lines: tuple[str, ...]
    values: npt.NDArray[np.int32]


def sweep(data: bytes, columns: int) -> SweptRanges | None:
    """Read a table.

    Parameters
    ----------
    data
        The table without a heading, in UTF-8.
    columns
        3 where the third column is two letters and the last, 4 where it is a number and a name follows.

    Returns
    -------
    SweptRanges or None
        ``None`` if any line is not of the form.
    """
    if not data:
        return None
    raw: _Bytes = np.frombuffer(data if data.endswith(b"\n") else data + b"\n", np.uint8)
    ends = np.flatnonzero(raw == _NEWLINE)
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])
    ends = ends - (raw[np.maximum(ends - 1, 0)] == _RETURN)
    commas = _within(raw, _COMMA, starts, ends, columns - 1)
    if commas is None:
        return None
    first, second = _address(raw, starts, commas[0]), _address(raw, commas[0] + 1, commas[1])
    told = _number(raw, commas[1] + 1, commas[2]) if columns == 4 else _letters(raw, commas[1] + 1, ends)
    if first is None or second is None or told is None or (second < first).any():
        return None
    if not _plain_ends(raw, commas[-1] + 1, ends):
        return None
    _, places, values = np.unique(told, return_index=True, return_inverse=True)
    try:
        lines = tuple(data[starts[place] : ends[place]].decode("utf-8") for place in places.tolist())
    except UnicodeDecodeError:
        return None
    return SweptRanges(first, second, lines, values.astype(np.int32).ravel())


def _within(raw: _Bytes, sign: int, starts: _Places, ends: _Places, count: int) -> list[_Places] | None:
    """Where the first few of a sign stand in each stretch; ``None`` if one has fewer."""
    signs = np.append(np.flatnonzero(raw == sign), np.full(count, len(raw)))
    nearest = np.searchsorted(signs, starts)
    found = [signs[nearest + number] for number in range(count)]
    return None if (found[-1] >= ends).any() else found


def _address(raw: _Bytes, starts: _Places, ends: _Places) -> npt.NDArray[np.uint64] | None:
    dots = _within(raw, _DOT, starts, ends, 3)
    if dots is None:
        return None
    address = np.zeros(len(starts), np.uint64)
    for begin, end in zip((starts, *(dot + 1 for dot in dots)), (*dots, ends), strict=True):
        if (end - begin > 3).any() or ((raw[begin] == _ZERO) & (end - begin > 1)).any():
            return None
        part = _number(raw, begin, end)
        if part is None or (part > 255).any():
            return None
        address = (address << np.uint64(8)) | part
    return address


def _number(raw: _Bytes, starts: _Places, ends: _Places) -> npt.NDArray[np.uint64] | None:
    """The number that is written in each stretch."""
    lengths = ends - starts
    longest = int(lengths.max())
    if int(lengths.min()) < 1 or longest > _MOST_DIGITS:
        return None
    number: npt.NDArray[Any] = np.zeros(len(starts), np.uint64)
    for place in range(longest):
        counts = lengths > place
        digits = raw[np.minimum(starts + place, len(raw) - 1)] - np.uint8(_ZERO)
        if (digits[counts] > 9).any():
            return None
        number = np.where(counts, number * np.uint64(10) + digits, number)
    return number


def _letters(raw: _Bytes, starts: _Places, ends: _Places) -> npt.NDArray[np.uint64] | None:
    if (ends - starts != 2).any():
        return None
    return raw[starts].astype(np.uint64) << np.uint64(8) | raw[starts + 1]


def _plain_ends(raw: _Bytes, starts: _Places, ends: _Places) -> bool:
    """Whether what stands last in each line has no comma, or stands in quotes."""
    commas = np.flatnonzero(raw == _COMMA)
    more = np.searchsorted(commas, ends) > np.searchsorted(commas, starts)
    quoted = (ends - starts >= 2) & (raw[starts] == _QUOTE) & (raw[ends - 1] == _QUOTE)
    return not (more & ~quoted).any()
