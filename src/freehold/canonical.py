"""One text for one value: JSON as RFC 8785 (JCS) writes it. Owns what may stand in an evidence log, and how it is spelt.

A hash or a signature over JSON holds only if everyone writes the same value in the same bytes: members in the order of
their names' UTF-16 units, no white space, numbers as ECMAScript writes them, only what must be escaped escaped.
What other programs would read as another value (NaN, integers beyond 2⁵³ − 1, lone surrogates) is refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Final, NoReturn, TypeAlias

from freehold.errors import EvidenceError

__all__ = ["MOST_BYTES", "MOST_DEPTH", "MOST_INTEGER", "JsonValue", "canonical", "parse"]

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | tuple[JsonValue, ...] | Mapping[str, JsonValue] | None"

MOST_INTEGER: Final = 2**53 - 1
"""The largest integer that every reader of JSON takes for the same number (RFC 7493)."""
MOST_DEPTH: Final = 32
"""Lists and objects within each other."""
MOST_BYTES: Final = 1_000_000
"""Bytes of one text."""


def canonical(value: object, most: int = MOST_BYTES) -> bytes:
    """Write a value as its one JSON text, in UTF-8.

    Parameters
    ----------
    value
        Made of mappings with text names, lists, tuples, texts, numbers, truth values and ``None``.
    most
        Bytes that it may take.

    Raises
    ------
    freehold.errors.EvidenceError
        If it holds something that JSON cannot say, or is deeper than :data:`MOST_DEPTH` or longer than ``most``.
    """
    parts: list[str] = []
    _write(value, parts, 0, most)
    text = "".join(parts)
    try:
        written = text.encode()
    except UnicodeEncodeError:
        raise EvidenceError("a text holds a lone surrogate, which no UTF-8 can say. Replace it, such as by U+FFFD.") from None
    if len(written) > most:
        _too_large()
    return written


def _write(value: object, parts: list[str], depth: int, room: int) -> int:
    """Append a value's text; gives the characters that may still follow."""
    if isinstance(value, str):
        if len(value) > room:
            _too_large()
        text = encode_basestring(value)
    elif value is None:
        text = "null"
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int):
        if not -MOST_INTEGER <= value <= MOST_INTEGER:
            raise EvidenceError("an integer is beyond 2^53 - 1, where readers of JSON differ. Give it as a text.")
        text = int.__repr__(value)
    elif isinstance(value, float):
        text = _number(float(value))
    elif isinstance(value, Mapping | list | tuple):
        if depth >= MOST_DEPTH:
            raise EvidenceError(f"lists and objects stand more than {MOST_DEPTH} deep in each other. Make it flatter.")
        return _write_many(value, parts, depth + 1, room)
    else:
        raise EvidenceError(f"{type(value).__name__} is no value of JSON. Give a text, a number, a list or an object.")
    parts.append(text)
    return _left(room, len(text))


def _write_many(
    value: Mapping[object, object] | list[object] | tuple[object, ...], parts: list[str], depth: int, room: int
) -> int:
    mapping = isinstance(value, Mapping)
    room = _left(room, 2)
    parts.append("{" if mapping else "[")
    if isinstance(value, Mapping):
        separator = ""
        for name in _in_order(value):
            if len(name) > room:
                _too_large()
            shown = f"{separator}{encode_basestring(name)}:"
            parts.append(shown)
            room = _write(value[name], parts, depth, _left(room, len(shown)))
            separator = ","
    else:
        for place, one in enumerate(value):
            if place:
                parts.append(",")
            room = _write(one, parts, depth, _left(room, 1))
    parts.append("}" if mapping else "]")
    return room


def _in_order(value: Mapping[object, object]) -> list[str]:
    """Names by their UTF-16 units: not the order of code points where one is beyond the basic plane."""
    for name in value:
        if not isinstance(name, str):
            raise EvidenceError(f"{name!r} names a member of an object and is no text. JSON knows only texts there.")
    names: list[str] = list(value)  # type: ignore[arg-type]
    if all(name.isascii() for name in names):
        return sorted(names)
    return sorted(names, key=lambda name: name.encode("utf-16-be", "surrogatepass"))


def _left(room: int, used: int) -> int:
    if used > room:
        _too_large()
    return room - used


def _too_large() -> NoReturn:
    raise EvidenceError("it takes more bytes than an entry may have. Keep the content elsewhere, and its digest here.")


def _number(value: float) -> str:
    """A number as ECMAScript's ``Number::toString`` writes it: the shortest digits that give it back."""
    if not math.isfinite(value):
        raise EvidenceError(f"{value} is no number of JSON. Leave it out, or give it as a text.")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    digits, _, exponent = repr(abs(value)).partition("e")
    whole, _, part = digits.partition(".")
    point = len(whole) + int(exponent or 0)
    figures = (whole + part).lstrip("0")
    point -= len(whole + part) - len(figures)
    figures = figures.rstrip("0")
    count = len(figures)
    if count <= point <= 21:
        return sign + figures + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{figures[:point]}.{figures[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{figures}"
    fraction = f".{figures[1:]}" if count > 1 else ""
    return f"{sign}{figures[0]}{fraction}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def parse(text: bytes) -> object:
    """Read JSON text back, so that :func:`canonical` writes the same bytes if they were canonical.

    Raises
    ------
    ValueError
        If it is no JSON, not UTF-8, or too deep; with the place where the reader knows it.
    """
    try:
        return json.loads(text.decode(), parse_int=_integer, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is too deep") from None


def _integer(text: str) -> int | float:
    """An integer; one beyond the safe range was a float when it was written."""
    if len(text) > 400:
        raise ValueError("a number has more than 400 digits")
    value = int(text)
    return value if -MOST_INTEGER <= value <= MOST_INTEGER else float(text)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
