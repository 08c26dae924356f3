"""Tables of address ranges that the user supplies: who operates a network, where it is registered. Owns their reading.

A table is CSV: ``start,end,asn,name`` or ``start,end,country``, addresses as text, IPv4 and IPv6 in one file or in several.
What it says is weak evidence, and is kept with the file's name.
"""

from __future__ import annotations

import codecs
import csv
import io
import ipaddress
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from freehold.drill.range_lines import sweep
from freehold.errors import TooLarge, Unreadable
from freehold.whole_file import read_bounded

__all__ = ["MOST_BYTES", "MOST_ROWS", "NetworkTable", "RangeRow", "load_asn_table", "load_country_table"]

MOST_BYTES: Final = 400_000_000
MOST_ROWS: Final = 10_000_000
_CHUNK: Final = 16_384
_MOST_NAME: Final = 200
_MOST_DIGITS: Final = 10
_HEADERS: Final = ("start", "ip", "first", "from", "network", "range")
_NO_COUNTRY: Final = frozenset({"", "??", "ZZ", "-", "None"})
_Value = tuple[str, ...]
_Read = Callable[[Sequence[str]], tuple[str, ...] | None]


@dataclass(frozen=True, slots=True)
class RangeRow:
    """What a table says of an address.

    Parameters
    ----------
    value
        ``(number, name)`` of the operator, or ``(country,)``.
    file
        Name of the table's file, without its folder.
    """

    value: tuple[str, ...]
    file: str


@dataclass(frozen=True, slots=True)
class _Ranges:
    """Ranges of one family, by their first address; addresses are pairs of 64 bits, the second 0 for IPv4."""

    starts: npt.NDArray[np.uint64]
    ends: npt.NDArray[np.uint64]
    values: npt.NDArray[np.int32]

    def find(self, packed: bytes) -> int:
        high, low = (
            (int.from_bytes(packed), 0) if len(packed) == 4 else (int.from_bytes(packed[:8]), int.from_bytes(packed[8:]))
        )
        highs, lows = self.starts[0], self.starts[1]
        first = int(np.searchsorted(highs, np.uint64(high), side="left"))
        beyond = int(np.searchsorted(highs, np.uint64(high), side="right"))
        place = first + int(np.searchsorted(lows[first:beyond], np.uint64(low), side="right")) - 1
        if place < 0 or (high, low) > (int(self.ends[0, place]), int(self.ends[1, place])):
            return -1
        return int(self.values[place])


@dataclass(frozen=True, slots=True)
class NetworkTable:
    """Ranges of addresses, and what is said of each.

    Parameters
    ----------
    rows
        How many ranges it holds.
    said
        What is said, and the file that says it.
    ranges
        IPv4 and IPv6.
    """

    rows: int
    said: tuple[tuple[tuple[str, ...], str], ...]
    ranges: tuple[_Ranges, _Ranges]

    def find(self, address: str) -> RangeRow | None:
        """What is said of an address; ``None`` if it is in no range, or is no address.

        Where ranges overlap, the one that begins last counts, and beyond its end nothing is said: rather unknown than wrong.
        """
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return None
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        number = self.ranges[found.version == 6].find(found.packed)
        return None if number < 0 else RangeRow(*self.said[number])


def load_asn_table(paths: Iterable[str | Path]) -> NetworkTable:
    """Read tables of operators: ``start,end,asn,name``.

    Parameters
    ----------
    paths
        The files.

    Raises
    ------
    freehold.errors.ReadError
        If one cannot be read, or a row is none; naming the file and the line.
    """
    return _load(paths, 4, _operator, "start,end,asn,name, such as 192.0.2.0,192.0.2.255,64496,Example Networks")


def load_country_table(paths: Iterable[str | Path]) -> NetworkTable:
    """Read tables of countries: ``start,end,country``; see :func:`load_asn_table`."""
    return _load(paths, 3, _country, "start,end,country, such as 192.0.2.0,192.0.2.255,DE")


def _operator(cells: Sequence[str]) -> _Value | None:
    number = cells[0].strip().removeprefix("AS")
    if not (number.isascii() and number.isdecimal()) or len(number) > _MOST_DIGITS or int(number) >= 1 << 32:
        return None
    name = cells[1].strip()[:_MOST_NAME]
    return (number, name if name.isprintable() else "".join(filter(str.isprintable, name)))


def _country(cells: Sequence[str]) -> _Value | None:
    code = cells[0].strip()
    if code in _NO_COUNTRY:
        return ("",)
    return (code.upper(),) if len(code) == 2 and code.isascii() and code.isalpha() else None


def _load(paths: Iterable[str | Path], columns: int, read: _Read, form: str) -> NetworkTable:
    said: list[tuple[_Value, str]] = []
    parts: tuple[list[_Ranges], list[_Ranges]] = ([], [])
    total = 0
    for path in map(Path, paths):
        data = _data(path)
        swept = _swept(path, data, columns, read, said)
        if swept is not None:
            parts[0].append(swept)
            before, total = total, total + len(swept.values)
        else:
            before, numbers = total, dict[str, int]()
            for rows in _chunks(path, _text(path, data)):
                total += len(rows)
                packed, meant = _understood(path, data, rows, columns, read, form, numbers, said)
                for family, (chosen, starts, ends) in enumerate(packed):
                    parts[family].append(_Ranges(starts, ends, meant if chosen is None else meant[chosen]))
        if total > MOST_ROWS:
            raise TooLarge(f"{path}: more than {MOST_ROWS} ranges in the tables. Leave out what you don't need.")
        if total == before:
            raise Unreadable(f"{path} holds no range. Name a table with a range of addresses a line: {form}.")
    return NetworkTable(total, tuple(said), (_joined(parts[0]), _joined(parts[1])))


def _swept(path: Path, data: bytes, columns: int, read: _Read, said: list[tuple[_Value, str]]) -> _Ranges | None:
    """The whole table at once, if it is of the commonest form."""
    head, _, rest = data.partition(b"\n")
    found = sweep(rest if _is_heading([head.decode("utf-8", "replace")]) else data, columns)
    if found is None:
        return None
    values: list[_Value] = []
    try:
        for cells in csv.reader(found.lines, strict=True):
            value = read(cells[2:]) if len(cells) == columns else None
            if value is None:
                return None
            values.append(value)
    except csv.Error:
        return None
    if len(values) != len(found.lines):
        return None
    numbers = found.values + np.int32(len(said))
    said += [(value, path.name) for value in values]
    starts, ends = (np.stack([high, np.zeros_like(high)]) for high in (found.starts, found.ends))
    return _Ranges(starts, ends, numbers)


def _understood(
    path: Path, data: bytes, rows: list[list[str]], columns: int, read: _Read, form: str, numbers: dict[str, int],
    said: list[tuple[_Value, str]],
) -> tuple[tuple[_Family, _Family], npt.NDArray[np.int32]]:  # fmt: skip
    """Ranges and values of some rows.

    Raises
    ------
    freehold.errors.Unreadable
        If one is none; naming the first of the file.
    """
    table = list(zip(*rows, strict=True)) if set(map(len, rows)) == {columns} else None
    meant = None if table is None else _numbered(table[2:], read, path.name, numbers, said)
    packed = None if table is None else _packed(table[0], table[1])
    if meant is None or packed is None:
        raise _first_bad(path, _text(path, data), columns, read, form)
    return packed, meant


def _chunks(path: Path, text: str) -> Iterator[list[list[str]]]:
    """All rows but empty ones and a heading, some thousands at a time: many more would keep the collector of garbage busy."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    first = True
    try:
        while rows := list(islice(reader, _CHUNK)):
            if [] in rows:
                rows = [row for row in rows if row]
            if first and rows:
                rows, first = rows[_is_heading(rows[0]) :], False
            if rows:
                yield rows
    except csv.Error as error:
        raise Unreadable(
            f"{path}, line {reader.line_num}: is not CSV: {error}. Save it as CSV with commas and quotes."
        ) from None


def _is_heading(row: Sequence[str]) -> bool:
    return row[0].strip().lower().startswith(_HEADERS)


def _data(path: Path) -> bytes:
    try:
        data = read_bounded(path, MOST_BYTES)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}). Name a table of address ranges.") from error
    if len(data) > MOST_BYTES:
        raise TooLarge(f"{path} is over {MOST_BYTES // 1_000_000} MB. Leave out the ranges that you don't need.")
    return data.removeprefix(codecs.BOM_UTF8)


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"{path}, line {line}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from None


def _numbered(
    cells: Sequence[tuple[str, ...]], read: _Read, file: str,
    numbers: dict[str, int], said: list[tuple[_Value, str]],
) -> npt.NDArray[np.int32] | None:  # fmt: skip
    """The number of each row's value, new ones added; ``None`` if one is no value. A system's first name counts."""
    found = list(map(numbers.get, cells[0]))
    if None in found:
        for place, told in enumerate(cells[0]):
            if found[place] is None:
                if told not in numbers:
                    value = read([column[place] for column in cells])
                    if value is None:
                        return None
                    numbers[told] = len(said)
                    said.append((value, file))
                found[place] = numbers[told]
    return np.array(found, np.int32)


_Addresses = npt.NDArray[np.uint64]
_Family = tuple[npt.NDArray[np.int64] | None, _Addresses, _Addresses]


def _packed(starts: Sequence[str], ends: Sequence[str]) -> tuple[_Family, _Family] | None:
    """First and last addresses of both families with the places of their rows; ``None`` if one is no address."""
    nothing: _Family = (np.empty(0, np.int64), _no_addresses(), _no_addresses())
    four = _both(starts, ends, socket.AF_INET)
    if four is not None:
        return (None, *four), nothing
    six = _both(starts, ends, socket.AF_INET6)
    if six is not None:
        return nothing, (None, *six)
    is_six = np.fromiter((":" in start for start in starts), np.bool_, len(starts))
    found: list[_Family] = []
    for family, chosen in ((socket.AF_INET, np.flatnonzero(~is_six)), (socket.AF_INET6, np.flatnonzero(is_six))):
        places = chosen.tolist()
        part = _both([starts[place] for place in places], [ends[place] for place in places], family)
        if part is None:
            return None
        found.append((chosen, *part))
    return found[0], found[1]


def _no_addresses() -> _Addresses:
    return np.empty((2, 0), np.uint64)


def _both(starts: Iterable[str], ends: Iterable[str], family: socket.AddressFamily) -> tuple[_Addresses, _Addresses] | None:
    try:
        first, last = (
            _numbers(b"".join([socket.inet_pton(family, address) for address in addresses]), family)
            for addresses in (starts, ends)
        )
    except (OSError, ValueError):
        return None
    backwards = (last[0] < first[0]) | ((last[0] == first[0]) & (last[1] < first[1]))
    return None if backwards.any() else (first, last)


def _numbers(packed: bytes, family: socket.AddressFamily) -> _Addresses:
    if family == socket.AF_INET:
        high = np.frombuffer(packed, ">u4").astype(np.uint64)
        return np.stack([high, np.zeros_like(high)])
    return np.ascontiguousarray(np.frombuffer(packed, ">u8").astype(np.uint64).reshape(-1, 2).T)


def _joined(parts: list[_Ranges]) -> _Ranges:
    if not parts:
        return _Ranges(_no_addresses(), _no_addresses(), np.empty(0, np.int32))
    starts = np.concatenate([part.starts for part in parts], axis=1)
    ends = np.concatenate([part.ends for part in parts], axis=1)
    numbers = np.concatenate([part.values for part in parts])
    if (starts[0, 1:] > starts[0, :-1]).all():
        return _Ranges(starts, ends, numbers)
    order = np.lexsort((starts[1], starts[0]))
    return _Ranges(starts[:, order], ends[:, order], numbers[order])


def _first_bad(path: Path, text: str, columns: int, read: _Read, form: str) -> Unreadable:
    """The first row that is none, with its line: looked for only once it is known that there is one."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    first = True
    for cells in reader:
        if cells and not (first and _is_heading(cells)):
            problem = _problem(cells, columns, read)
            if problem:
                return Unreadable(f"{path}, line {reader.line_num}: {problem}. Write {form}.")
        first = first and not cells
    return Unreadable(f"{path} is no table of address ranges. Write {form}.")


def _problem(cells: list[str], columns: int, read: _Read) -> str:
    if len(cells) != columns:
        return f"has {len(cells)} cells instead of {columns}"
    found = []
    for cell in cells[:2]:
        try:
            found.append(ipaddress.ip_address(cell))
        except ValueError:
            told = " (addresses are written as text, not as numbers)" if cell.strip().isdecimal() else ""
            return f"'{cell[:60]}' is no address{told}"
    if found[0].version != found[1].version:
        return "begins with an address of one family and ends with one of the other"
    if int(found[0]) > int(found[1]):
        return "ends before it begins"
    return f"'{','.join(cells[2:])[:60]}' is not what it should be" if read(cells[2:]) is None else ""
