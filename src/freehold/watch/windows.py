"""Counts over a sliding window in bounded memory. Owns how exact they are.

A window of length w is kept as 60 buckets of w/60, cut at multiples of w/60 since 1970. At time t it holds exactly the events
whose bucket is among the 60 that end with t's own: all of the last 59/60·w, none older than w, and of what is between, whole
buckets. So a count is that of a window whose length is between 59/60·w and w. Numbers are whole; amounts are added bucket by
bucket with :func:`math.fsum`, so that a window depends on what is in it and on nothing that was.
"""

from __future__ import annotations

import math
from array import array
from typing import Final

__all__ = ["BUCKETS", "LONGEST_WINDOW", "SHORTEST_WINDOW", "Window", "exceeds"]

BUCKETS: Final = 60
"""Buckets in a window."""

SHORTEST_WINDOW: Final = 1.0
"""Seconds."""

LONGEST_WINDOW: Final = 3 * 86400.0
"""Seconds: the three days of the slowest burn in Google's SRE workbook."""


_ROUNDING: Final = 1 + 1e-9


def exceeds(value: float, threshold: float) -> bool:
    """Whether a figure is over its threshold, rounding apart: fifty times 0.1 is not over 5."""
    return value > threshold * _ROUNDING


class Window:
    """How many events, how many of them were of a part, and the sum of an amount, over the last ``length`` seconds.

    Parameters
    ----------
    length
        Seconds.

    Attributes
    ----------
    count, part
        Whole numbers of events; right for the time of the last call.
    """

    __slots__ = ("_amounts", "_closed", "_counts", "_open", "_parts", "_places", "count", "length", "part", "width")

    def __init__(self, length: float) -> None:
        self.length = length
        self.width = length / BUCKETS
        self.count = 0
        self.part = 0
        self._places = array("q")
        self._counts = array("q")
        self._parts = array("q")
        self._amounts = array("d")
        self._closed = 0.0
        self._open = 0.0

    @property
    def amount(self) -> float:
        """The sum of the amounts, right for the time of the last call."""
        return self._closed + self._open

    @property
    def since(self) -> float:
        """When the oldest bucket that holds something began; ``inf`` if there is none."""
        return self._places[0] * self.width if self._places else math.inf

    def add(self, now: float, *, part: bool = False, amount: float = 0.0) -> None:
        """Take one event.

        Parameters
        ----------
        now
            Seconds since 1970; never less than in an earlier call.
        part
            Whether it belongs to the part.
        amount
            What it adds to the sum, 0 or more.
        """
        place = int(now // self.width)
        self._forget(place)
        if not self._places or self._places[-1] != place:
            self._close()
            self._places.append(place)
            self._counts.append(0)
            self._parts.append(0)
            self._amounts.append(0.0)
        self._counts[-1] += 1
        self.count += 1
        if part:
            self._parts[-1] += 1
            self.part += 1
        if amount:
            self._open += amount
            self._amounts[-1] = self._open

    def move(self, now: float) -> None:
        """Forget what is too old by a time."""
        self._forget(int(now // self.width))

    def next_loss(self) -> float:
        """When something will be forgotten if nothing is added; ``inf`` if there is nothing."""
        if not self._places:
            return math.inf
        place = self._places[0] + BUCKETS
        moment = place * self.width
        while int(moment // self.width) < place:
            moment = math.nextafter(moment, math.inf)
        return moment

    def clear(self) -> None:
        """Forget everything."""
        self.count = self.part = 0
        self._closed = self._open = 0.0
        for column in (self._places, self._counts, self._parts, self._amounts):
            del column[:]

    def _forget(self, place: int) -> None:
        gone = 0
        oldest = place - BUCKETS
        for bucket in self._places:
            if bucket > oldest:
                break
            gone += 1
        if not gone:
            return
        if gone == len(self._places):
            self.clear()
            return
        self.count -= sum(self._counts[:gone])
        self.part -= sum(self._parts[:gone])
        for column in (self._places, self._counts, self._parts, self._amounts):
            del column[:gone]
        self._closed = math.fsum(self._amounts[:-1])

    def _close(self) -> None:
        """End the open bucket: what it holds joins the others'."""
        if self._open or self._closed:
            self._closed = math.fsum(self._amounts)
        self._open = 0.0
