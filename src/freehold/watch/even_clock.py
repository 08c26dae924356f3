"""A clock that goes on evenly, whatever the machine's does. Owns what a desk takes the time to be.

It never goes back. When the machine's clock is put back, time goes on from where it stood, so that windows and clocks still
end; when it is put forward, the desk follows only once that has lasted: a jump and its undoing a moment later leave no trace.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

__all__ = ["EvenClock"]

_SLIP: Final = 5.0
"""Seconds by which the machine's clock may be put forward and is followed at once: what setting it by the network does."""
_LASTS: Final = 60.0
"""Seconds after which a greater step forward is believed."""


class EvenClock:
    """The clock; calling it gives seconds since 1970.

    Parameters
    ----------
    least
        A moment that has been already, such as that of the last event.
    wall
        The machine's clock.
    steady
        Seconds that never jump.
    """

    def __init__(
        self, least: float = 0.0, *, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._steady_clock = wall, steady
        self._now, self._steady = max(least, wall()), steady()
        self._ahead_since: float | None = None

    def __call__(self) -> float:
        """Give the time."""
        steady = self._steady_clock()
        now = self._now + max(0.0, steady - self._steady)
        ahead = self._wall() - now
        if ahead <= _SLIP:
            self._ahead_since = None
            now = max(now, now + ahead)
        else:
            if self._ahead_since is None:
                self._ahead_since = steady
            if steady - self._ahead_since >= _LASTS:
                self._ahead_since = None
                now += ahead
        self._now, self._steady = now, steady
        return now
