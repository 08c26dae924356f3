"""Moments as RFC 3339 writes them. Owns the seam between the stamps in what others send and seconds since 1970.

Every stamp must say its offset; a fraction may have any number of digits, of which microseconds are kept. A leap second
counts as the first moment of the next minute.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

__all__ = ["format_moment", "parse_moment"]

_FORM: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)(?:\.(\d{1,30}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def parse_moment(text: str) -> float:
    """Read a stamp such as ``2018-04-05T17:31:00.25Z``; give seconds since 1970.

    Raises
    ------
    ValueError
        If it is no stamp of RFC 3339, or no day of the calendar.
    """
    found = _FORM.fullmatch(text) if len(text) <= 64 else None
    if found is None:
        raise ValueError(f"'{text[:64]}' is no moment as RFC 3339 writes it, such as 2026-03-01T09:30:00Z")
    day, minute, second, fraction, offset = found.groups()
    leap = second == "60"
    whole = f"{day}T{minute}{'59' if leap else second}{'+00:00' if offset in 'Zz' else offset}"
    try:
        moment = datetime.fromisoformat(whole)
    except ValueError as error:
        raise ValueError(f"'{text}' is no moment: {error}") from None
    seconds = (moment - _EPOCH).total_seconds() + leap
    return seconds + float(f"0.{fraction[:6]}") if fraction else seconds


def format_moment(seconds: float) -> str:
    """Write seconds since 1970 as a stamp in UTC, to the millisecond.

    Raises
    ------
    ValueError
        If it is no moment of the years 1 to 9999.
    """
    try:
        moment = datetime.fromtimestamp(seconds, tz=UTC)
    except (OverflowError, OSError, ValueError):
        raise ValueError(f"{seconds} seconds since 1970 are beyond the calendar") from None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
