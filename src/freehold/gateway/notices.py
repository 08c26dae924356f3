"""What the gateway says of itself on standard error, in plain sentences. Owns that a flood of the same stays one line.

Whoever has pointed a client at the gateway and nothing more is warned here. Nothing waits for a terminal: a thread writes,
and what comes while it is full is counted.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Final

from freehold.words import say

__all__ = ["Notices"]

_BETWEEN: Final = 10.0
_MOST_SUBJECTS: Final = 1_000
_MOST_WAITING: Final = 200


class Notices:
    """The one who says it.

    Parameters
    ----------
    tell
        Takes a line.
    clock
        Seconds that never go back.
    """

    def __init__(self, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._clock = tell, clock
        self._said: dict[tuple[str, str], tuple[float, int]] = {}
        self._waiting: queue.Queue[str | None] = queue.Queue(_MOST_WAITING)
        self._thread: threading.Thread | None = None

    def say(self, key: str, subject: str = "", **values: str | float) -> None:
        """Say a sentence, at most once in ten seconds about the same subject.

        Parameters
        ----------
        key
            Of the table ``gateway`` of the sentences.
        subject
            What it is about.
        values
            What the sentence names.
        """
        now = self._clock()
        at, more = self._said.get((key, subject), (-_BETWEEN, 0))
        if now - at < _BETWEEN:
            self._said[key, subject] = at, more + 1
            return
        if len(self._said) >= _MOST_SUBJECTS:
            self._said.clear()
        self._said[key, subject] = now, 0
        text = say(f"gateway.{key}", "en", **values)
        if more:
            text += " " + say("gateway.and_more", count=more)
        self._put(f"freehold: {text}")

    def _put(self, text: str | None) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="notices", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait(text)
        except queue.Full:
            return

    def _write(self) -> None:
        while (text := self._waiting.get()) is not None:
            self._tell(text)

    def close(self) -> None:
        """Say what still waits, and no more."""
        if self._thread is not None:
            self._put(None)
            self._thread.join(timeout=2.0)
            self._thread = None
