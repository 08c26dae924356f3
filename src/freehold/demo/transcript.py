"""What the demo says while it plays. Owns the narration: each sentence with its time, on the screen and in a file."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final

from freehold.words import say

__all__ = ["Transcript"]

_WIDTH: Final = 7


class Transcript:
    """The narration.

    Parameters
    ----------
    path
        The file that it is kept in.
    tell
        Takes each line for the screen.
    clock
        Monotonic seconds.
    """

    def __init__(self, path: Path, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._tell = tell
        self._clock = clock
        self._begun = clock()
        self.lines: list[str] = []

    @property
    def seconds(self) -> float:
        """Since it began."""
        return self._clock() - self._begun

    def say(self, key: str, **values: object) -> None:
        """Say a sentence of the table ``demo``."""
        self.line(say(f"demo.{key}", **values))

    def line(self, text: str) -> None:
        """Say a line."""
        line = f"{self.seconds:{_WIDTH}.2f} s  {text}"
        self.lines.append(line)
        self._file.write(line + "\n")
        self._file.flush()
        self._tell(line)

    def title(self, key: str) -> None:
        """Begin a step."""
        self._file.write("\n")
        self._tell("")
        self.line(say(f"demo.{key}"))

    def __enter__(self) -> Transcript:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
