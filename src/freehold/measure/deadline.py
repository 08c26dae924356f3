"""The time that a whole question has. Owns how its parts share that: what one leaves goes to those after it."""

from __future__ import annotations

import time
from typing import Final

__all__ = ["LEAST_SHARE", "Deadline"]

LEAST_SHARE: Final = 0.1
"""Of the whole time, what each part has at least, so that an answer whose search took long still has all its parts."""


class Deadline:
    """The end of the time for a question, running from when this is made.

    Parameters
    ----------
    seconds
        For the whole question.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._end

    def share(self, later: int = 0, *, least: float = LEAST_SHARE) -> float:
        """Seconds for the part that begins now: all that is left but what the parts after it have at least.

        Parameters
        ----------
        later
            How many parts come after it.
        least
            Of the whole time, what this part has even if less is left.
        """
        left = self._end - time.monotonic() - later * LEAST_SHARE * self._seconds
        return max(left, least * self._seconds)
