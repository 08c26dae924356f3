"""How much happened lately. Owns counting over a window that moves, in bounded memory; moments are always given.

A window of W seconds is kept as slots of W/n seconds. A slot counts until all of it is older than W: so never less is
counted than happened in the last W seconds, and never more than in the last W·(1 + 1/n).
"""

from __future__ import annotations

from collections import deque
from typing import Final

__all__ = ["SlidingWindow"]

_SLOTS: Final = 60


class SlidingWindow:
    """Amounts of the last seconds, summed.

    Parameters
    ----------
    seconds
        The window.
    slots
        Parts that it is kept in.
    """

    __slots__ = ("_amounts", "_latest", "_slots", "_step", "total")

    def __init__(self, seconds: float, slots: int = _SLOTS) -> None:
        self._step = seconds / slots
        self._slots = slots
        self._latest = 0
        self._amounts: deque[list[float]] = deque()
        self.total = 0.0

    def advance(self, now: float) -> float:
        """Let go of what is too old; gives what is left. A clock that goes back stands still."""
        slot = int(now / self._step)
        if slot <= self._latest and self._amounts:
            return self.total
        self._latest = max(slot, self._latest)
        oldest = self._latest - self._slots
        amounts = self._amounts
        while amounts and amounts[0][0] < oldest:
            self.total -= amounts.popleft()[1]
        if not amounts:
            self.total = 0.0
        return self.total

    def add(self, now: float, amount: float = 1.0) -> int:
        """Count an amount; gives the slot that it is counted in."""
        self.advance(now)
        if self._amounts and self._amounts[-1][0] == self._latest:
            self._amounts[-1][1] += amount
        else:
            self._amounts.append([self._latest, amount])
        self.total += amount
        return self._latest

    def correct(self, slot: int, amount: float) -> None:
        """Change what a slot counts, if it still counts: an estimate that turned out to be another number."""
        for one in self._amounts:
            if one[0] == slot:
                one[1] += amount
                self.total += amount
                return

    def wait(self, now: float, room: float) -> float:
        """Seconds until so much will have been let go of that no more than ``room`` is left; ``inf`` if never."""
        self.advance(now)
        left = self.total
        if left <= room:
            return 0.0
        for slot, amount in self._amounts:
            left -= amount
            if left <= room + 1e-9:
                return max((slot + self._slots + 1) * self._step - now, 0.0)
        return 0.0 if room >= 0 else float("inf")
