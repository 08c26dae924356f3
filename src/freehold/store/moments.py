"""Moments as they are stored and as people write them. Owns that spelling."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import Final

__all__ = ["is_moment", "parse_at", "told_moment"]

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,18}", re.ASCII)


def told_moment(moment: datetime) -> str:
    """Write a moment: ISO 8601 in UTC, to the second; texts are in order as the moments are."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def is_moment(text: str) -> bool:
    """Whether a text is a moment as :func:`told_moment` writes it."""
    return bool(_MOMENT.fullmatch(text))


def parse_at(text: str) -> int | datetime:
    """Read which state somebody means: a revision number, a day (its end), or a moment; UTC where no zone is stated.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if _NUMBER.fullmatch(text):
        return int(text)
    moment = datetime.fromisoformat(text)
    if "T" not in text and " " not in text:
        moment = datetime.combine(moment.date(), time(23, 59, 59))
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from error
