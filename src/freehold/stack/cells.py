"""One cell: from what a file holds (TOML value or CSV text) to a typed value, and back. Owns types, ranges, spelling.

A cell that is wrong raises :class:`BadCell` with the problem and the mend; the caller adds file, row and column.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from typing import Any, Final

from freehold.stack.countries import NO_COUNTRY, is_country, is_region, known_regions
from freehold.stack.durations import format_days, parse_days
from freehold.stack.schema import Attribute
from freehold.stack.values import UNKNOWN, Owner

__all__ = ["BadCell", "nearest", "parse_cell", "shown", "write_cell"]

_NO_ID: Final = re.compile(r'[\s;,"]')
_LARGEST_NUMBER: Final = 1e15
_LONGEST_TEXT: Final = 2000
_LONGEST_ID: Final = 200
_LONGEST_SHOWN: Final = 80
_CONTROL: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DATE: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
_FLAGS: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


class BadCell(ValueError):
    """A cell that does not hold what its column wants: the problem, and the mend."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem)
        self.problem, self.mend = problem, mend


def nearest(asked: str, known: Any) -> tuple[str, ...]:
    """Up to three known ids that look like ``asked``, best first."""
    import difflib

    # the time of a comparison grows with the square of the length
    if len(asked) > _LONGEST_ID:
        return ()
    longest = 3 * len(asked) + 1
    return tuple(difflib.get_close_matches(asked, [one for one in known if len(one) <= longest], n=3, cutoff=0.6))


def shown(raw: object) -> str:
    """Quote a value for a message, shortened, whatever it is."""
    try:
        text = repr(raw if not isinstance(raw, str) else raw[: _LONGEST_SHOWN + 1])
    except (ValueError, RecursionError):
        return f"a {type(raw).__name__} too large to be shown"
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + " …"


def parse_cell(column: Attribute, raw: object) -> Any:
    """Read one cell.

    Parameters
    ----------
    column
        The attribute it stands for.
    raw
        A TOML value, or text from a CSV cell.

    Returns
    -------
    object
        The typed value; ``None`` for a blank; :data:`~freehold.stack.values.UNKNOWN` for ``"?"``.

    Raises
    ------
    BadCell
        If it is no such value.
    """
    if isinstance(raw, str):
        raw = raw.strip()
        _check_signs(raw)
    if raw is None or raw == "" or raw == []:
        if column.required:
            raise BadCell("is empty", f"State it: {column.meaning}")
        return None
    if raw == "?" and column.type != "text":
        if not column.unknown:
            raise BadCell("cannot be '?'", f"State it: {column.meaning}")
        return UNKNOWN
    if raw == "?" and column.unknown:
        return UNKNOWN
    return _PARSERS[column.type](column, raw)


def _check_signs(text: str) -> None:
    if len(text) > _LONGEST_TEXT:
        raise BadCell(f"{len(text)} characters long", f"Keep it under {_LONGEST_TEXT}")
    if _CONTROL.search(text):
        raise BadCell(f"{shown(text)} holds a control character", "Write it on one line")


def write_cell(column: Attribute, value: object) -> str:
    """Write a value as CSV text, so that :func:`parse_cell` reads the same value."""
    if value is None:
        return ""
    if value is UNKNOWN:
        return "?"
    if column.type == "duration" and isinstance(value, float):
        return format_days(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, tuple):
        return ";".join(map(_write_part, value))
    return str(value)


def _write_part(value: object) -> str:
    if isinstance(value, Owner):
        return value.id if value.stake is None else f"{value.id}:{value.stake!r}"
    return str(value)


def _text(_column: Attribute, raw: object) -> str:
    if isinstance(raw, (datetime.date, datetime.datetime)):
        return raw.isoformat()
    if not isinstance(raw, str):
        raise BadCell(f"{shown(raw)} is not text", "Put it in quotes")
    return raw


def _id(column: Attribute, raw: object) -> str:
    text = _text(column, raw)
    if _NO_ID.search(text):
        raise BadCell(f"{shown(text)} is no id", "Use letters, digits and - . _ : / @ % ? & = + # without spaces")
    return text


def _choice(column: Attribute, raw: object) -> str:
    text = _text(column, raw)
    if text not in column.choices:
        near = nearest(text, column.choices)
        raise BadCell(
            f"{shown(text)} is not known",
            (f"Did you mean {near[0]!r}? " if near else "") + f"Known: {', '.join(column.choices)}",
        )
    return text


def _flag(_column: Attribute, raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.lower() in _FLAGS:
        return _FLAGS[raw.lower()]
    raise BadCell(f"{shown(raw)} is neither yes nor no", "Write yes or no (true or false in TOML)")


def _float(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        raise BadCell(f"{shown(raw)} is not a number", "Write a number")
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        raise BadCell(f"{shown(raw)} is not a number", "Write a number such as 0.5") from None
    if not math.isfinite(number):
        raise BadCell(f"{shown(raw)} is not a finite number", "Write a finite number")
    if abs(number) > _LARGEST_NUMBER:
        raise BadCell(f"{shown(raw)} is larger than {_LARGEST_NUMBER:g}", "Choose a larger unit")
    return number


def _number(_column: Attribute, raw: object) -> float:
    number = _float(raw)
    if number < 0:
        raise BadCell(f"{shown(raw)} is negative", "Write 0 or more")
    return number


def _fraction(column: Attribute, raw: object) -> float:
    if isinstance(raw, str) and raw.endswith("%"):
        raise BadCell(f"{shown(raw)} is a percentage", "Write a fraction such as 0.5")
    number = _number(column, raw)
    if number > 1:
        raise BadCell(f"{shown(raw)} is over 1", "Write a fraction between 0 and 1")
    if column.name == "enough" and number == 0:
        raise BadCell("is 0", "A level at which the source works in full is above 0; for what is not needed leave the need out")
    return number


def _duration(_column: Attribute, raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        raise BadCell(f"{shown(raw)} is not a duration", "Write days, or 12h, 14d, 2w, 3mo, 1y, forever")
    try:
        return parse_days(raw)
    except (ValueError, OverflowError) as error:
        raise BadCell(f"{shown(raw)} is not a duration ({error})", "Write days, or 12h, 14d, 2w, 3mo, 1y, forever") from None


def _country(_column: Attribute, raw: object) -> str:
    text = raw if isinstance(raw, str) else shown(raw)
    if text == NO_COUNTRY or is_country(text):
        return text
    mend = "Write an ISO 3166-1 alpha-2 code such as DE"
    if is_country(text.upper()):
        mend = f"Did you mean {text.upper()!r}?"
    elif is_region(text):
        mend = f"{text} is a group; name the country of the legal seat"
    raise BadCell(f"{shown(text)} is no country", mend)


def _parts(raw: object) -> list[object]:
    if isinstance(raw, str):
        return [part.strip() for part in raw.split(";") if part.strip()]
    if isinstance(raw, list):
        for part in raw:
            if isinstance(part, str):
                _check_signs(part)
        return raw
    raise BadCell(f"{shown(raw)} is not a list", 'Write ["DE", "FR"] in TOML, DE;FR in CSV')


def _countries(column: Attribute, raw: object) -> tuple[str, ...]:
    return tuple("?" if part == "?" else _country(column, part) for part in _parts(raw))


def _regions(_column: Attribute, raw: object) -> tuple[str, ...]:
    found = []
    for part in _parts(raw):
        if not isinstance(part, str) or not is_region(part):
            raise BadCell(f"{shown(part)} is neither a country nor a group", known_regions())
        found.append(part)
    return tuple(found)


def _owners(column: Attribute, raw: object) -> tuple[Owner, ...]:
    found = []
    for part in _parts(raw):
        if isinstance(part, dict):
            name, stake = part.get("id"), part.get("stake")
        elif isinstance(part, str):
            name, colon, text = part.rpartition(":")
            name, stake = (name, text) if colon and re.fullmatch(r"[0-9.eE+-]+", text) else (part, None)
        else:
            name, stake = part, None
        if not isinstance(name, str) or not name:
            raise BadCell(f"{shown(part)} names no owner", "Write the id of a provider, with its stake if known: acme-corp:0.6")
        _check_signs(name)
        found.append(Owner(name, None if stake is None else _fraction(column, stake)))
    if sum(owner.stake or 0 for owner in found) > 1 + 1e-9:
        raise BadCell("the owners' stakes come to more than 1", "Correct the stakes")
    return tuple(found)


def _tags(_column: Attribute, raw: object) -> tuple[str, ...]:
    parts = _parts(raw)
    if not all(isinstance(part, str) for part in parts):
        raise BadCell(f"{shown(raw)} is not a list of words", "Put each word in quotes")
    return tuple(word for part in parts if (word := str(part).strip()))


def _date(_column: Attribute, raw: object) -> str:
    text = raw.isoformat() if isinstance(raw, datetime.date) else raw if isinstance(raw, str) else shown(raw)
    if not _DATE.fullmatch(text):
        raise BadCell(f"{shown(text)} is no date", "Write YYYY-MM-DD (YYYY-MM or YYYY where that is all that is known)")
    try:
        datetime.date.fromisoformat((text + "-01-01")[:10])
    except ValueError:
        raise BadCell(f"{shown(text)} is no day of the calendar", "Write YYYY-MM-DD") from None
    return text


_PARSERS: Final[dict[str, Callable[[Attribute, object], Any]]] = {
    "id": _id,
    "reference": _id,
    "text": _text,
    "choice": _choice,
    "flag": _flag,
    "number": _number,
    "fraction": _fraction,
    "money": _number,
    "duration": _duration,
    "country": _country,
    "countries": _countries,
    "regions": _regions,
    "owners": _owners,
    "tags": _tags,
    "date": _date,
}
