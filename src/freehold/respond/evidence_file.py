"""Bytes to the disk, whole lines or none. Owns the log's queue, its writes, and what becomes of a write that fails."""

from __future__ import annotations

import os
import threading
from collections import deque
from hashlib import sha256
from pathlib import Path
from typing import Final

from freehold.errors import EvidenceError
from freehold.watch.event import Json

__all__ = ["EvidenceFile", "set_aside", "untold"]

_MOST_AT_ONCE: Final = 1 << 20


class EvidenceFile:
    """The open file and the lines that wait for it.

    One thread queues; that thread and one other write, in turn.

    Parameters
    ----------
    descriptor
        Open for appending, and locked.
    path
        Its name, for messages.
    size, number
        Bytes of the whole lines that it holds, and how many there are; what is behind them goes.
    """

    def __init__(self, descriptor: int, path: Path, size: int, number: int) -> None:
        self._file, self._path, self._size = descriptor, path, size
        self._queue: deque[bytes] = deque()
        self._queued_bytes = self._written_bytes = 0
        self._writing = threading.Lock()
        self.written = number
        """Number of the last line that was handed to the operating system."""
        self.failure: str | None = None
        """Why nothing can be written any more."""

    def begin(self, *, is_new: bool) -> None:
        """Cut off what is behind the whole lines, and put the rest, and a new file's name, on the disk.

        Raises
        ------
        OSError
            If that is not possible.
        """
        os.ftruncate(self._file, self._size)
        os.fsync(self._file)
        if is_new:
            _sync_folder(self._path)

    @property
    def bytes_waiting(self) -> int:
        """Bytes that are not written yet."""
        return self._queued_bytes - self._written_bytes

    def queue(self, line: bytes) -> None:
        """Let a line wait to be written."""
        self._queue.append(line)
        self._queued_bytes += len(line)

    def write(self) -> int:
        """Hand every line to the operating system; gives the number of the last one.

        Raises
        ------
        freehold.errors.EvidenceError
            If it cannot be written: the lines go on waiting, and the file holds whole lines only.
        """
        with self._writing:
            while self._queue:
                self._see_that_it_is_ours()
                taken, length = [], 0
                while self._queue and length < _MOST_AT_ONCE:
                    taken.append(self._queue.popleft())
                    length += len(taken[-1])
                try:
                    self._write_whole(b"".join(taken))
                except OSError as error:
                    self._queue.extendleft(reversed(taken))
                    self._back_to_whole_lines()
                    raise EvidenceError(
                        f"{self._path}: the evidence log cannot be written ({error.strerror}). What waits is kept in memory "
                        "and tried again: make room."
                    ) from error
                self._size += length
                self._written_bytes += length
                self.written += len(taken)
            return self.written

    def _write_whole(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def _back_to_whole_lines(self) -> None:
        try:
            os.ftruncate(self._file, self._size)
        except OSError as error:
            self._give_up(f"a torn line cannot be taken back ({error.strerror})")

    def _see_that_it_is_ours(self) -> None:
        if self.failure is not None:
            raise EvidenceError(self.failure)
        found = os.fstat(self._file)
        if found.st_nlink == 0:
            self._give_up("the file was deleted or replaced while it was written")
        if found.st_size != self._size:
            self._give_up(f"another hand changed its length from {self._size} to {found.st_size} bytes")

    def _give_up(self, because: str) -> None:
        self.failure = f"{self._path}: the evidence log is given up: {because}. Keep the file, and open the log anew."
        raise EvidenceError(self.failure)

    def write_and_sync(self) -> int:
        """Put every line on the disk; gives the number of the last one.

        Raises
        ------
        freehold.errors.EvidenceError
            If it cannot be written, or the disk does not take it: after that nobody knows what it holds.
        """
        number = self.write()
        if self.failure is not None:
            raise EvidenceError(self.failure)
        try:
            # What a new length says goes to the disk with it; other times of the file do not matter.
            getattr(os, "fdatasync", os.fsync)(self._file)
        except OSError as error:
            self._give_up(f"the disk did not take it ({error.strerror})")
        return number

    def close(self) -> None:
        """Close and unlock the file; what waits is lost."""
        os.close(self._file)


def _sync_folder(path: Path) -> None:
    if os.name != "posix":
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _aside(path: Path, log: str, number: int) -> Path:
    return path.with_name(f"{path.name}.torn-{log[:12] or 'new'}-{number}")


def set_aside(path: Path, torn: bytes, log: str, number: int) -> None:
    """Keep what a crash tore off in a file of its own, on the disk, before it is cut off the log.

    The file's name carries the number of the entry that will tell of it: a second crash before that entry is written
    loses nothing, as :func:`untold` finds the file.

    Parameters
    ----------
    path
        The log.
    torn
        What is behind its whole lines.
    log
        Hash of its first entry; empty if it has none yet.
    number
        Number of the entry that will tell of it.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    aside = _aside(path, log, number)
    descriptor = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        # A second crash may have come after it was set aside and before it was cut off.
        if not file.read().endswith(torn):
            file.write(torn)
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(aside)


def untold(path: Path, log: str, number: int) -> dict[str, Json] | None:
    """What was set aside for an entry of a number: its length, digest and file; ``None`` if nothing was.

    Raises
    ------
    freehold.errors.EvidenceError
        If it cannot be read.
    """
    aside = _aside(path, log, number)
    try:
        content = aside.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EvidenceError(f"{aside}: what was set aside cannot be read ({error.strerror}).") from error
    return {"bytes": len(content), "file": aside.name, "sha256": sha256(content).hexdigest()}
