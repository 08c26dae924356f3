"""Short durations as people write them, as seconds. Owns the spelling: ``30s``, ``5m``, ``1h``, ``2d``."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["format_seconds", "parse_seconds"]

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SPELLING: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(s|m|h|d)", re.ASCII)


def parse_seconds(text: object) -> float:
    """Read a duration.

    Parameters
    ----------
    text
        A number with its unit: ``30s``, ``5m``, ``1h``, ``2d``.

    Returns
    -------
    float
        Seconds, 0 or more.

    Raises
    ------
    ValueError
        If it is none, or endless.
    """
    match = _SPELLING.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{_short(text)} is no duration: write 30s, 5m, 1h or 2d")
    return float(match[1]) * _UNITS[match[2]]


def format_seconds(seconds: float) -> str:
    """Write a duration in its largest whole unit, so that :func:`parse_seconds` reads the same: 300 is ``5m``."""
    for unit, size in reversed(_UNITS.items()):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:40] + "…"
