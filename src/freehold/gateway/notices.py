"""What the gateway says of itself on standard error, in plain sentences. Owns that a flood of the same stays one line.

Whoever has pointed a client at the gateway and nothing more is warned here. Nothing waits for a terminal: a thread writes,
and what comes while it is full is counted.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from freehold.words import say

__all__ = ["BETWEEN", "Notices"]

BETWEEN: Final = 10.0
"""Seconds for which the same about the same subject is held back."""
_MOST_SUBJECTS: Final = 1_000
_MOST_WAITING: Final = 200


@dataclass(slots=True)
class _Said:
    """What was said of one subject: when, for how long the same is held back, how often that was done, and the last of it."""

    at: float
    between: float
    held: int = 0
    last: str = ""


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
        self._said: dict[tuple[str, str], _Said] = {}
        self._waiting: queue.Queue[str | None] = queue.Queue(_MOST_WAITING)
        self._thread: threading.Thread | None = None

    def say(self, key: str, subject: str = "", *, between: float = BETWEEN, **values: str | float) -> None:
        """Say a sentence, at most once in ten seconds about the same subject; :meth:`look` says what was held back.

        Parameters
        ----------
        key
            Of the table ``gateway`` of the sentences.
        subject
            What it is about.
        between
            Seconds for which the same is held back.
        values
            What the sentence names.
        """
        now = self._clock()
        text = say(f"gateway.{key}", **values)
        said = self._said.get((key, subject))
        if said is not None:
            if now - said.at < said.between:
                said.held, said.last = said.held + 1, text
                return
            self._say_held(said)
        elif len(self._said) >= _MOST_SUBJECTS:
            self._say_all_held()
            self._said.clear()
        self._said[key, subject] = _Said(now, between)
        self._put(f"freehold: {text}")

    def change(self, key: str, *, after: str = "", **values: str | float) -> None:
        """Say that a state has changed: at once, however often, so that the last that was said of it is how it is.

        Parameters
        ----------
        key, values
            As for :meth:`say`.
        after
            The key of sentences that the change overtakes: those of them that were held back are said before it.
        """
        for (kind, _), said in self._said.items() if after else ():
            if kind == after and self._say_held(said):
                said.held = 0
        self._put("freehold: " + say(f"gateway.{key}", **values))

    def look(self) -> None:
        """Say the last of what was held back, and how often, where its time is over."""
        now = self._clock()
        for place, said in [(place, said) for place, said in self._said.items() if now - said.at >= said.between]:
            if self._say_held(said):
                self._said[place] = _Said(now, said.between)
            else:
                del self._said[place]

    def _say_held(self, said: _Said) -> bool:
        if said.held:
            text = say("gateway.held_back", seconds=f"{said.between:g}", count=said.held, text=said.last)
            self._put(f"freehold: {text}")
        return bool(said.held)

    def _say_all_held(self) -> None:
        for said in self._said.values():
            self._say_held(said)

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
        self._say_all_held()
        self._said.clear()
        if self._thread is not None:
            self._put(None)
            self._thread.join(timeout=2.0)
            self._thread = None
