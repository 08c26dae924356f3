"""Times, sizes and lists as flags of ``drill`` and ``provision`` take them. Owns their spelling and their messages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from freehold.errors import UsageError

__all__ = ["bytes_from", "names_from", "seconds_from"]

_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST: Final = 7 * 24 * 3600.0
_BYTES: Final = {"": 1, "kB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000}
_TIME: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h)")
_SIZE: Final = re.compile(r"([0-9]{1,15})(kB|MB|GB|TB|)")


def seconds_from(text: str, flag: str) -> float:
    """Read a time that a command may take: ``500ms``, ``90s``, ``10m``, ``2h``.

    Parameters
    ----------
    text
        As it was given.
    flag
        Whose value it is, for the message.

    Returns
    -------
    float
        Seconds, more than 0 and at most 168 hours.

    Raises
    ------
    freehold.errors.UsageError
        If it is none.
    """
    match = _TIME.fullmatch(text.strip())
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not 0 < seconds <= _LONGEST:
        raise UsageError(f"{flag}: '{text}' is no duration up to 168h. Write 500ms, 90s, 10m or 2h.")
    return seconds


def bytes_from(text: str, flag: str) -> int:
    """Read a size: ``500MB``, ``20GB``, or a number of bytes.

    Raises
    ------
    freehold.errors.UsageError
        If it is none, or nothing.
    """
    match = _SIZE.fullmatch(text.strip())
    size = int(match[1]) * _BYTES[match[2]] if match else 0
    if size == 0:
        raise UsageError(f"{flag}: '{text}' is no size. Write 500MB or 20GB.")
    return size


def names_from(text: str | None, flag: str, known: Sequence[str]) -> frozenset[str]:
    """Read a list of names with commas between; none where the flag is not given.

    Raises
    ------
    freehold.errors.UsageError
        If one is not among those that are known, or the list is empty.
    """
    if text is None:
        return frozenset()
    names = [part.strip() for part in text.split(",") if part.strip()]
    strange = [name for name in names if name not in known]
    if strange or not names:
        raise UsageError(f"{flag}: '{', '.join(strange)}' is none of these. Choose from: {','.join(known)}.")
    return frozenset(names)
