"""What a command writes, read on its way. Owns the descriptors that a command gets for its standard output and error.

Where nobody needs to read it, the command writes straight to where this process does. Where steps are found by markers, or the
output is kept or counted, it writes to a pipe, or to a terminal of its own where this process has one, so that it still draws
as it would. What is read is passed on at once, byte for byte; a receiver that is slow slows the command, as it would anyway.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import select
import termios
import threading
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from freehold.errors import DrillError

__all__ = ["Counted", "Output", "same_place"]

_CHUNK: Final = 64 * 1024
_LONGEST_LINE: Final = 4_096
_MOST_MARKERS: Final = 1_000
_MOST_LOGGED: Final = 1_000_000_000
_PATIENCE: Final = 5.0
_MARKER: Final = re.compile(rb"\s*::step\s+(\S.*?)\s*::\s*\Z")
_MAKE_ERROR: Final = re.compile(rb"\S*make\S*: \*\*\* \[(?:\S+:\d+: )?([^\]]+)\] \D+(\d+)")


@dataclass(slots=True)
class Counted:
    """What was read.

    Parameters
    ----------
    lines, size
        Lines (the last one may lack its end) and bytes, of both streams.
    stdout_lines, stdout_size
        The same of standard output alone; -1 where both streams share one end.
    markers
        Moment and name of each ``::step NAME::`` line of standard output.
    make_errors
        Target and exit status of each recipe that make reported to have failed.
    logged_all
        Whether the log file took everything.
    """

    lines: int = 0
    size: int = 0
    stdout_lines: int = 0
    stdout_size: int = 0
    markers: list[tuple[float, str]] = field(default_factory=list)
    make_errors: dict[str, int] = field(default_factory=dict)
    logged_all: bool = True


class Output:
    """The ends that a command writes to, and the threads that pass on what comes.

    Parameters
    ----------
    stdout, stderr
        Descriptors to pass it on to; they stay the caller's.
    log
        File to which it is added as well.
    clock
        Gives the moments of markers.
    apart
        Whether the two are counted apart although they lead to the same place: then what is written to both at about the same
        time may change places.
    """

    def __init__(
        self, stdout: int = 1, stderr: int = 2, *, log: Path | None = None, clock: Callable[[], float] = time.monotonic,
        apart: bool = False,
    ) -> None:  # fmt: skip
        self.counted = Counted()
        self._clock = clock
        self._lock = threading.Lock()
        self._log: IO[bytes] | None = _opened(log)
        self._terminals: list[tuple[int, int]] = []
        self._ours: list[tuple[int, int]] = []
        self._threads: list[threading.Thread] = []
        self._written = 0
        self._waiting: set[int] = set()
        self.stdout = self._end(stdout)
        self.stderr = self._end(stderr) if apart or not same_place(stdout, stderr) else self.stdout
        if self.stderr == self.stdout:
            self.counted.stdout_lines = self.counted.stdout_size = -1

    def _end(self, target: int) -> int:
        """An end for the command whose other end is passed on to a target."""
        if os.isatty(target):
            ours, theirs = os.openpty()
            # the real terminal does what terminals do with the ends of lines; once is enough
            tty.setraw(theirs, termios.TCSANOW)
            self._terminals.append((ours, target))
        else:
            ours, theirs = os.pipe()
        self._ours.append((ours, target))
        self.resize()
        return theirs

    def resize(self) -> None:
        """Give the command's terminals the size that the real ones have."""
        for ours, target in self._terminals:
            with suppress(OSError):
                fcntl.ioctl(ours, termios.TIOCSWINSZ, fcntl.ioctl(target, termios.TIOCGWINSZ, b"\0" * 8))

    def begin(self) -> None:
        """Start passing on; the command has its ends, and ours of them are closed."""
        for end in {self.stdout, self.stderr}:
            os.close(end)
        for number, (ours, target) in enumerate(self._ours):
            thread = threading.Thread(target=self._pass_on, args=(ours, target, number == 0), daemon=True)
            self._threads.append(thread)
            thread.start()

    def abandon(self) -> None:
        """Close everything; the command was never started."""
        for end in {self.stdout, self.stderr}:
            os.close(end)
        for ours, _ in self._ours:
            os.close(ours)
        self._close_log()

    async def end(self) -> Counted:
        """Wait until all that the command wrote has been passed on; it and all its descendants have ended."""
        for thread, (ours, _) in zip(self._threads, self._ours, strict=True):
            while thread.is_alive():
                before = self.counted.size
                await asyncio.to_thread(thread.join, _PATIENCE)
                if ours in self._waiting and self.counted.size == before:
                    # somebody outside of the session holds the other end: nothing more of the command can come
                    break
        self._close_log()
        return self.counted

    def _close_log(self) -> None:
        if self._log is not None:
            self._log.close()

    def _pass_on(self, ours: int, target: int, first: bool) -> None:
        line = b""
        listening = True
        try:
            while chunk := self._read(ours):
                line = self._count(chunk, line, first)
                if listening and not _write(target, chunk):
                    listening = False
                    if ours not in {one for one, _ in self._terminals}:
                        # whoever wrote into the closed end directly would be told so too
                        return
        finally:
            if line:
                self._count(b"\n", line, first, counted=False)
            os.close(ours)

    def _read(self, descriptor: int) -> bytes:
        """The next bytes; none at the end, which a terminal says by an error."""
        self._waiting.add(descriptor)
        try:
            return os.read(descriptor, _CHUNK)
        except OSError:
            return b""
        finally:
            self._waiting.discard(descriptor)

    def _count(self, chunk: bytes, line: bytes, first: bool, *, counted: bool = True) -> bytes:
        """Count what came; gives the beginning of a line whose end is still to come."""
        with self._lock:
            if counted:
                self.counted.size += len(chunk)
                self._keep(chunk)
            *lines, rest = (line + chunk).split(b"\n")
            self.counted.lines += len(lines)
            if first and self.stderr != self.stdout:
                self.counted.stdout_size += len(chunk) if counted else 0
                self.counted.stdout_lines += len(lines)
            for one in lines:
                self._look(one[:_LONGEST_LINE], first)
            return rest[: _LONGEST_LINE + 1]

    def _look(self, line: bytes, first: bool) -> None:
        if b"::step" in line and first and (found := _MARKER.match(line)):
            if len(self.counted.markers) < _MOST_MARKERS:
                self.counted.markers.append((self._clock(), found[1].decode("utf-8", "replace")[:200]))
        elif b"*** [" in line and (found := _MAKE_ERROR.match(line)) and len(self.counted.make_errors) < _MOST_MARKERS:
            self.counted.make_errors.setdefault(found[1].decode("utf-8", "replace"), int(found[2][:9]))

    def _keep(self, chunk: bytes) -> None:
        if self._log is None or not self.counted.logged_all:
            return
        self._written += len(chunk)
        try:
            if self._written > _MOST_LOGGED:
                raise OSError
            self._log.write(chunk)
        except OSError:
            self.counted.logged_all = False


def _opened(log: Path | None) -> IO[bytes] | None:
    if log is None:
        return None
    try:
        return log.open("ab", buffering=0)
    except OSError as error:
        raise DrillError(f"{log}: the output cannot be kept there ({error.strerror}). Give another file by --log.") from None


def same_place(one: int, other: int) -> bool:
    """Whether two descriptors lead to the same place, where the order of what is written to both matters."""
    with suppress(OSError):
        first, second = os.fstat(one), os.fstat(other)
        return (first.st_dev, first.st_ino, first.st_rdev) == (second.st_dev, second.st_ino, second.st_rdev)
    return False


def _write(descriptor: int, data: bytes) -> bool:
    """Write all of it; ``False`` if nobody reads there any more."""
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:
            select.select([], [descriptor], [])
        except OSError:
            return False
    return True
