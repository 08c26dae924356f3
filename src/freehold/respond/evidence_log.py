"""The evidence log's one writer. Owns what may be said to be written, and when.

An entry is chained the moment it is appended. It is *flushed* when it was handed to the operating system (it survives
kill -9) and *durable* when it is on the disk (it survives loss of power). Many entries become durable by one ``fdatasync``,
in a thread, so that an event loop that appends never waits for a disk unless it says ``await log.committed(number)``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import stat
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final

from freehold.canonical import canonical
from freehold.errors import EvidenceError, Overloaded
from freehold.respond.evidence_clock import EvidenceClock
from freehold.respond.evidence_file import EvidenceFile, set_aside, untold
from freehold.respond.evidence_form import (
    ALGORITHM,
    ENTRY_DOMAIN,
    FORM,
    GENESIS,
    MOST_BODY,
    MOST_KEY,
    OWN_KINDS,
    RECOVERED,
    ROOT,
    ROOT_DOMAIN,
    is_kind,
)
from freehold.respond.evidence_keys import SigningKey
from freehold.respond.evidence_tail import Standing, read_standing
from freehold.respond.file_lock import lock_whole
from freehold.watch.event import Json

__all__ = ["EvidenceLog"]

_MOST_WAITING: Final = 50_000
_MOST_BYTES_WAITING: Final = 32 << 20
_AGAIN: Final = 1.0


class EvidenceLog:
    """One open log, held by one process and used from one thread. Make it with :meth:`open`.

    Parameters
    ----------
    file
        The open and locked file.
    key
        Signs the roots.
    standing
        Where the log stands.
    clock, timer
        Seconds since 1970; seconds that never go back.
    root_every, root_seconds
        A signed root is due after so many entries, or so long after the first entry that none covers.
    remember
        How many of the last entries' keys are known.
    linger
        Seconds after which entries that nobody waits for are made durable.
    most_waiting
        How many entries may wait to be written.
    """

    def __init__(
        self, file: EvidenceFile, key: SigningKey, standing: Standing, *, clock: Callable[[], float],
        timer: Callable[[], float], root_every: int, root_seconds: float, remember: int, linger: float, most_waiting: int,
    ) -> None:  # fmt: skip
        self._file, self._key = file, key
        self._clock = EvidenceClock(clock, standing.at)
        self._timer = timer
        self._root_every, self._root_seconds, self._remember = root_every, root_seconds, remember
        self._linger, self._most_waiting = linger, most_waiting
        self._genesis, self._hash, self._number = standing.genesis, standing.hash, standing.number
        self._frontier, self._last_root, self._keys = standing.frontier, standing.last_root, standing.keys
        self._durable = self._number
        self._uncovered_since = timer()
        self._closed = False
        self._waiters: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due: asyncio.TimerHandle | asyncio.Handle | None = None
        self._root_due: asyncio.TimerHandle | None = None
        self._committing = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="evidence")
        self._forget_old_keys()

    @classmethod
    def open(
        cls, path: str | Path, key: SigningKey, *, clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic, root_every: int = 1000, root_seconds: float = 60.0,
        remember: int = 100_000, linger: float = 0.05, most_waiting: int = _MOST_WAITING,
    ) -> EvidenceLog:  # fmt: skip
        """Open a log, or begin one; what a crash left is set aside and told in a ``recovered`` entry.

        Parameters
        ----------
        path
            The file; one that is not there is made, for its owner only.
        key
            Signs the roots; a log keeps the key that it was begun with.
        clock
            Seconds since 1970.
        timer
            Seconds that never go back.
        root_every, root_seconds
            A signed root is due after so many entries, or so many seconds after the first entry that none covers.
        remember
            How many of the last entries' keys are known, before a restart and after it.
        linger
            Seconds after which entries that nobody waits for are made durable.
        most_waiting
            How many entries may wait to be written; more are refused.

        Raises
        ------
        freehold.errors.EvidenceError
            If it cannot be opened, another process writes it, or it is not a log that can be gone on with.
        """
        path = Path(path)
        try:
            is_new = not path.exists()
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
            descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            raise EvidenceError(f"{path}: the evidence log cannot be opened ({error.strerror}).") from error
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise EvidenceError(f"{path}: an evidence log must be a file of its own.")
            if not lock_whole(descriptor):
                raise EvidenceError(f"{path}: another process writes this log. End it first, or name another file.")
            standing = read_standing(descriptor, path, key.public, remember)
            if standing.torn:
                set_aside(path, standing.torn, standing.genesis, max(2, standing.number + 1))
            file = EvidenceFile(descriptor, path, standing.size, standing.number)
            file.begin(is_new=is_new)
        except OSError as error:
            os.close(descriptor)
            raise EvidenceError(f"{path}: the evidence log cannot be read or written ({error.strerror}).") from error
        except EvidenceError:
            os.close(descriptor)
            raise
        log = cls(
            file, key, standing, clock=clock, timer=timer, root_every=root_every, root_seconds=root_seconds,
            remember=remember, linger=linger, most_waiting=most_waiting,
        )  # fmt: skip
        try:
            log._begin(path, standing)
        except EvidenceError:
            log._release()
            raise
        return log

    def _begin(self, path: Path, standing: Standing) -> None:
        if standing.number == 0:
            about = {"algorithm": ALGORITHM, "form": FORM, "log": secrets.token_hex(16), "public_key": self._key.public.hex()}
            self._write_entry(GENESIS, canonical(about), "")
            self._genesis = self._hash
            self.sync()
        told = untold(path, standing.genesis, self._number + 1) if standing.genesis or standing.torn else None
        if told is not None:
            self._write_entry(RECOVERED, canonical(told), "")
            self.sync()

    @property
    def number(self) -> int:
        """Number of the last entry."""
        return self._number

    @property
    def durable(self) -> int:
        """Number of the last entry that is on the disk."""
        return self._durable

    @property
    def waiting(self) -> int:
        """How many entries are not written yet."""
        return self._number - self._file.written

    def number_of(self, key: str) -> int | None:
        """Number of the entry that has a key; ``None`` if no entry in memory has it."""
        return self._keys.get(key)

    def append(self, kind: str, body: Mapping[str, Json], *, key: str = "") -> int:
        """Append an entry, chained at once; gives its number.

        Parameters
        ----------
        kind
            What kind of thing happened: words in small letters, joined by points.
        body
            What happened, up to 262,144 bytes as canonical JSON.
        key
            Names what happened: a key that the log already holds appends nothing and gives the old number. It is
            known for the next 100,000 entries (see :meth:`open`), over restarts too.

        Raises
        ------
        freehold.errors.EvidenceError
            If it cannot be written as canonical JSON, or the log can take nothing any more.
        freehold.errors.Overloaded
            If too much waits to be written; nothing was appended.
        """
        self._must_be_open()
        if key:
            known = self._keys.get(key)
            if known is not None:
                return known
            if len(key) > MOST_KEY:
                raise EvidenceError(f"the key of an entry has {len(key)} characters. Give at most {MOST_KEY}.")
        if not is_kind(kind) or kind in OWN_KINDS:
            raise EvidenceError(
                f"'{kind[:80]}' is no kind of an entry. Give small letters joined by points, and not the log's own words."
            )
        if not isinstance(body, Mapping):
            raise EvidenceError("the body of an entry must be an object, with names and values.")
        written = canonical(body, MOST_BODY)
        loop = self._running_loop()
        if self.waiting >= self._most_waiting or self._file.bytes_waiting >= _MOST_BYTES_WAITING:
            if loop is not None:
                raise Overloaded(f"{self.waiting:,} entries wait to be written to the evidence log.", _AGAIN)
            self.flush()
        number = self._write_entry(kind, written, key)
        now = self._timer()
        if self._last_root == number - 1:
            self._uncovered_since = now
        if loop is not None and self._root_due is None:
            self._root_due = loop.call_later(self._root_seconds, self._root_when_due)
        if number - self._last_root >= self._root_every:
            self._write_root("entries")
        elif now - self._uncovered_since >= self._root_seconds:
            self._write_root("time")
        if loop is not None and not self._committing and self._due is None:
            self._due = loop.call_later(self._linger, self._commit_soon)
        return number

    def seal(self, reason: str = "asked") -> int:
        """Sign a root over all entries now; gives its number, that of the last root if nothing was appended since.

        Parameters
        ----------
        reason
            Why, such as the incident that ends here.
        """
        self._must_be_open()
        return self._last_root if self._last_root == self._number else self._write_root(reason)

    def _write_root(self, reason: str) -> int:
        at, clock = self._clock.stamp()
        said: dict[str, Json] = {
            "genesis": self._genesis, "peaks": [peak.hex() for peak in self._frontier.peaks], "reason": reason[:MOST_KEY],
            "root": self._frontier.root().hex(), "size": self._number,
        }  # fmt: skip
        entry = {"at": at, "body": said, "key": "", "kind": ROOT, "number": self._number + 1, "previous": self._hash}
        message = ROOT_DOMAIN + canonical(entry | ({"clock": clock} if clock else {}))
        body = canonical(said | {"signature": self._key.sign(message).hex()})
        self._last_root = self._write_entry(ROOT, body, "", (at, clock))
        if self._root_due is not None:
            self._root_due.cancel()
            self._root_due = None
        return self._last_root

    def _root_when_due(self) -> None:
        self._root_due = None
        if not self._closed and self._file.failure is None and self._last_root != self._number:
            self._write_root("time")
            if not self._committing:
                self._commit_soon()

    def _write_entry(self, kind: str, body: bytes, key: str, stamp: tuple[str, str] | None = None) -> int:
        """Chain an entry and hand it to the file's queue. Its members stand in canonical order."""
        at, clock = stamp or self._clock.stamp()
        number = self._number + 1
        told = f',"clock":"{clock}"' if clock else ""
        head = b'{"at":"%b","body":%b%b' % (at.encode(), body, told.encode())
        shown = canonical(key) if key else b'""'
        tail = b',"key":%b,"kind":"%b","number":%d,"previous":"%b"}' % (shown, kind.encode(), number, self._hash.encode())
        digest = sha256(ENTRY_DOMAIN + head + tail)
        self._hash = digest.hexdigest()
        self._number = number
        self._file.queue(b'%b,"hash":"%b"%b\n' % (head, self._hash.encode(), tail))
        self._frontier.add(digest.digest())
        if key:
            self._keys[key] = number
        self._forget_old_keys()
        return number

    def _forget_old_keys(self) -> None:
        oldest = self._number - self._remember
        while self._keys:
            key = next(iter(self._keys))
            if self._keys[key] > oldest:
                return
            del self._keys[key]

    def flush(self) -> None:
        """Hand everything to the operating system: it survives kill -9.

        Raises
        ------
        freehold.errors.EvidenceError
            If it cannot be written; what waits is tried again, and the file holds whole entries only.
        """
        self._must_be_open()
        self._file.write()

    def sync(self) -> None:
        """Put everything on the disk: it survives loss of power. This waits for the disk; see :meth:`committed`.

        Raises
        ------
        freehold.errors.EvidenceError
            As :meth:`flush`.
        """
        self._must_be_open()
        self._durable = max(self._durable, self._file.write_and_sync())
        self._wake()

    async def committed(self, number: int) -> None:
        """Wait until an entry is on the disk; many who wait are served by one write.

        Raises
        ------
        freehold.errors.EvidenceError
            If it could not be written: it is not durable, and is tried again while the log is open.
        """
        if number <= self._durable:
            return
        self._must_be_open()
        if number > self._number:
            raise EvidenceError(f"the log has no entry {number} yet. Its last one is {self._number}.")
        loop = self._running_loop()
        assert loop is not None, "a coroutine runs in a loop"
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.append((number, waiter))
        if not self._committing:
            if self._due is not None:
                self._due.cancel()
            # Not at once: whoever else appends in this turn of the loop shares the write.
            self._due = loop.call_soon(self._commit_soon)
        await waiter

    async def room(self) -> None:
        """Wait until what was appended so far is durable, where :meth:`append` found too much waiting."""
        await self.committed(self._number)

    def _running_loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop that runs now; what an earlier loop had under way ended with it."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return None
        if loop is not self._loop:
            self._loop, self._committing, self._due, self._root_due = loop, False, None, None
            self._waiters.clear()
        return loop

    def _commit_soon(self) -> None:
        self._due = None
        if self._closed or self._committing or self._loop is None:
            return
        self._committing = True
        done = self._loop.run_in_executor(self._thread, self._file.write_and_sync)
        done.add_done_callback(self._commit_done)

    def _commit_done(self, done: asyncio.Future[int]) -> None:
        self._committing = False
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            self._fail(error)
            again = _AGAIN
        else:
            self._durable = max(self._durable, done.result())
            self._wake()
            again = 0.0 if self._waiters else self._linger
        if (
            not self._closed
            and self._durable < self._number
            and self._file.failure is None
            and self._loop
            and self._due is None
        ):
            self._due = self._loop.call_later(again, self._commit_soon)

    def _wake(self) -> None:
        left: deque[tuple[int, asyncio.Future[None]]] = deque()
        for number, waiter in self._waiters:
            if number > self._durable:
                left.append((number, waiter))
            elif not waiter.done():
                waiter.set_result(None)
        self._waiters = left

    def _fail(self, error: BaseException) -> None:
        for _, waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(EvidenceError(str(error)))
        self._waiters.clear()

    def _must_be_open(self) -> None:
        if self._closed:
            raise EvidenceError("the evidence log is closed. Open it again.")
        if self._file.failure is not None:
            raise EvidenceError(self._file.failure)

    def close(self) -> None:
        """Sign a last root, put everything on the disk, and unlock the file.

        Raises
        ------
        freehold.errors.EvidenceError
            If something could not be written; the file is closed all the same.
        """
        if self._closed:
            return
        try:
            if self._file.failure is None:
                self.seal("close")
                self.sync()
            elif self.waiting:
                raise EvidenceError(self._file.failure)
        except EvidenceError as error:
            self._fail(error)
            raise
        finally:
            self._release()

    def _release(self) -> None:
        self._closed = True
        for handle in (self._due, self._root_due):
            if handle is not None:
                handle.cancel()
        self._thread.shutdown(wait=True)
        self._wake()
        self._fail(EvidenceError("the evidence log was closed before the entry was on the disk."))
        with contextlib.suppress(OSError):
            self._file.close()

    def __enter__(self) -> EvidenceLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
