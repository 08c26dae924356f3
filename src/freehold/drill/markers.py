"""Marks that a split command leaves when it comes to its next step. Owns the pipe that they come through, and their moments.

The pipe is a named one in a folder of the drill's own, so that marks come whatever the command does with its output. Each is a
line: ``step NUMBER STATUS`` (the status of what ran before it) or ``target NAME``. A thread stamps them as they come.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Mark", "MarkPipe"]

_MOST_MARKS: Final = 100_000
_LONGEST: Final = 4_096
_END: Final = b"\0end\n"


@dataclass(frozen=True, slots=True)
class Mark:
    """The beginning of a step.

    Parameters
    ----------
    moment
        On the pipe's clock.
    step
        Its number, or the name of a Makefile's target.
    status
        Exit status of what ran before it, where it is known.
    """

    moment: float
    step: int | str
    status: int | None = None


class MarkPipe:
    """A named pipe for marks, read from the moment that it is made until it is closed.

    Parameters
    ----------
    folder
        Where it is made.
    clock
        Gives the moments.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = folder / "marks"
        self._clock = clock
        self._marks: list[Mark] = []
        os.mkfifo(self.path, 0o600)
        # open for writing as well: writers never wait for a reader, and the reader meets no end between two of them
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> MarkPipe:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> tuple[Mark, ...]:
        """Read what is left, close it, and give all marks in order."""
        if self._descriptor < 0:
            return tuple(self._marks)
        os.write(self._descriptor, _END)
        self._thread.join()
        os.close(self._descriptor)
        self._descriptor = -1
        self.path.unlink(missing_ok=True)
        return tuple(self._marks)

    def _read(self) -> None:
        line = b""
        while True:
            *lines, line = (line + os.read(self._descriptor, 64 * 1024)).split(b"\n")
            moment = self._clock()
            line = line[-_LONGEST:]
            for one in lines:
                if one.endswith(_END[:-1]):
                    return
                if len(self._marks) < _MOST_MARKS and (mark := _mark(one, moment)) is not None:
                    self._marks.append(mark)


def _mark(line: bytes, moment: float) -> Mark | None:
    kind, _, rest = line.decode("utf-8", "replace").partition(" ")
    if kind == "target" and rest:
        return Mark(moment, rest[:200])
    if kind == "step":
        with suppress(ValueError):
            number, _, status = rest.partition(" ")
            return Mark(moment, int(number[:9]), int(status[:9]) if status else None)
    return None
