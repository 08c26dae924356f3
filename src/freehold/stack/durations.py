"""Durations as people write them, as days. Owns the spelling: ``12h``, ``14d``, ``2w``, ``3mo``, ``1y``, ``forever``."""

from __future__ import annotations

import math
import re
from typing import Final

__all__ = ["LONGEST_DAYS", "format_days", "parse_days"]

LONGEST_DAYS: Final = 1_000_000.0
_UNITS: Final = {"h": 1 / 24, "d": 1.0, "w": 7.0, "mo": 30.0, "y": 365.0}
_SPELLING: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?)\s*(h|d|w|mo|y)?\s*", re.ASCII)


def parse_days(text: str | float) -> float:
    """Read a duration.

    Parameters
    ----------
    text
        A number of days, or a string such as ``"12h"``, ``"14d"``, ``"2w"``, ``"3mo"`` (30 d each), ``"1y"``
        (365 d) or ``"forever"``.

    Returns
    -------
    float
        Days; ``inf`` for ``forever``.

    Raises
    ------
    ValueError
        If it is none of these, negative, or longer than :data:`LONGEST_DAYS` without being ``forever``.
    """
    if isinstance(text, str):
        if text.strip() == "forever":
            return math.inf
        match = _SPELLING.fullmatch(text)
        if match is None:
            raise ValueError("a duration is a number of days, or like 12h, 14d, 2w, 3mo, 1y, forever")
        days = float(match[1]) * _UNITS[match[2] or "d"]
        if math.isinf(days):
            raise ValueError(f"longer than {LONGEST_DAYS:.0f} days; write 'forever'")
    else:
        try:
            days = float(text)
        except OverflowError:
            raise ValueError(f"longer than {LONGEST_DAYS:.0f} days; write 'forever'") from None
    if math.isnan(days) or days < 0:
        raise ValueError("a duration is not negative")
    if LONGEST_DAYS < days < math.inf:
        raise ValueError(f"longer than {LONGEST_DAYS:.0f} days; write 'forever'")
    return days


def format_days(days: float) -> str:
    """Write a duration so that :func:`parse_days` reads the same value: ``14d``, ``0.5d``, ``forever``."""
    if math.isinf(days):
        return "forever"
    return f"{days:.0f}d" if days == int(days) else f"{days!r}d"
