"""The time that entries carry: never before that of the entry before, whatever the clock does. Owns its spelling."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

__all__ = ["EvidenceClock", "time_text"]

_LAST: Final = 253_402_300_799_999
"""The last millisecond of the year 9999, the last that RFC 3339 can say."""


def time_text(seconds: float) -> str:
    """A moment as RFC 3339 says it, UTC, cut to milliseconds; what is no moment becomes the nearest that is."""
    if not math.isfinite(seconds):
        seconds = 0.0
    milliseconds = min(max(math.floor(seconds * 1000), 0), _LAST)
    return f"{_second(milliseconds // 1000)}{milliseconds % 1000:03d}Z"


def _second(whole: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(whole))


class EvidenceClock:
    """A clock that never goes back.

    Parameters
    ----------
    clock
        Seconds since 1970; may jump.
    last
        What it said last, or empty.
    """

    __slots__ = ("_clock", "_last", "_shown", "_whole")

    def __init__(self, clock: Callable[[], float], last: str = "") -> None:
        self._clock, self._last = clock, last
        self._whole, self._shown = -1, ""

    def stamp(self) -> tuple[str, str]:
        """The time that an entry gets; and what the clock says, where that is behind the entry before, else empty."""
        now = self._now()
        if now < self._last:
            return self._last, now
        self._last = now
        return now, ""

    def _now(self) -> str:
        """As :func:`time_text`, the text of a second made once."""
        seconds = self._clock()
        if not math.isfinite(seconds):
            seconds = 0.0
        whole, milliseconds = divmod(min(max(math.floor(seconds * 1000), 0), _LAST), 1000)
        if whole != self._whole:
            self._whole, self._shown = whole, _second(whole)
        return f"{self._shown}{milliseconds:03d}Z"
