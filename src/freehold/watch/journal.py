"""The journal: what came in, kept before it is acknowledged. Owns the writing thread and how much may wait for it.

Senders put events concurrently; one thread writes all that is waiting in one transaction (a group commit), so that the cost
of a safe write is shared. An event that was acknowledged survives the end of the process and of the machine's power.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from freehold.errors import FreeholdError, Overloaded, WatchError
from freehold.watch.event import Event
from freehold.watch.journal_file import Accepted, JournalFile, Recorded, Row, row_from

__all__ = ["MOST_BYTES", "MOST_WAITING", "MOST_WAITING_BYTES", "Journal"]

_T = TypeVar("_T")

MOST_BYTES: Final = 4 * 1024**3
MOST_WAITING: Final = 50_000
MOST_WAITING_BYTES: Final = 64 * 1024**2
_MOST_AT_ONCE: Final = 20_000
"""Events of one transaction."""


@dataclass(slots=True)
class _Request:
    rows: Sequence[Row]
    size: int
    answer: asyncio.Future[Accepted]


class Journal:
    """A journal in use by one event loop; make it with :meth:`open`."""

    def __init__(
        self, writing: JournalFile, reading: JournalFile, most_waiting: int, most_waiting_bytes: int,
        seconds: Callable[[], float],
    ) -> None:  # fmt: skip
        self._writing, self._reading = writing, reading
        self._most_waiting, self._most_waiting_bytes = most_waiting, most_waiting_bytes
        self._seconds = seconds
        self._lock = threading.Condition()
        self._requests: deque[_Request] = deque()
        self._marks: list[asyncio.Future[int]] = []
        self._waiting = self._waiting_bytes = 0
        self._rate = 10_000.0
        self._closing = False
        self._last, self._processed = writing.last, writing.processed
        self._mark = self._processed
        self._listeners: set[asyncio.Future[None]] = set()
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="journal-read")
        self._thread = threading.Thread(target=self._write_on, name="journal-write", daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls, path: str | Path, *, most_bytes: int = MOST_BYTES, most_waiting: int = MOST_WAITING,
        most_waiting_bytes: int = MOST_WAITING_BYTES, seconds: Callable[[], float] = time.monotonic,
    ) -> Journal:  # fmt: skip
        """Open a journal; one is made if there is none.

        Parameters
        ----------
        path
            The file.
        most_bytes
            What it may take on the disk; the oldest processed events go when it is reached.
        most_waiting, most_waiting_bytes
            Events, and their bytes, that may wait to be written.
        seconds
            A clock that only goes forward, to tell an overloaded sender when to come again.

        Raises
        ------
        freehold.errors.BadStore
            If it is not a journal, damaged, or made by a newer program.
        freehold.errors.StoreUnavailable
            If it cannot be opened.
        """
        writing = JournalFile(path, most_bytes=most_bytes)
        try:
            reading = JournalFile(path, most_bytes=most_bytes, write=False)
        except BaseException:
            writing.close()
            raise
        return cls(writing, reading, most_waiting, most_waiting_bytes, seconds)

    async def __aenter__(self) -> Journal:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def last(self) -> int:
        """The number of the last event that is safe; 0 if there never was one."""
        return self._last

    @property
    def processed(self) -> int:
        """The number up to which all events were processed, as far as that is safe."""
        return self._processed

    @property
    def waiting(self) -> int:
        """Events that wait to be written."""
        return self._waiting

    async def put(self, events: Sequence[Event]) -> Accepted:
        """Keep events; one whose source and id came before is not kept again. Returns when they are safe.

        Raises
        ------
        freehold.errors.Overloaded
            If too much is waiting, or the file is full of events that were not processed; nothing of it was kept.
        freehold.errors.StoreUnavailable
            If the disk does not take them; nothing of them was kept.
        """
        if not events:
            return Accepted(0, 0)
        rows = [row_from(event) for event in events]
        size = sum(row.size for row in rows)
        answer: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._refuse_if_closed()
            full = self._waiting and self._waiting + len(rows) > self._most_waiting
            if full or (self._waiting_bytes and self._waiting_bytes + size > self._most_waiting_bytes):
                raise Overloaded(
                    f"{self._waiting} events wait to be written. Send again later.",
                    min(30.0, max(1.0, self._waiting / self._rate)),
                )
            self._waiting += len(rows)
            self._waiting_bytes += size
            self._requests.append(_Request(rows, size, answer))
            self._lock.notify()
        # a sender that goes away must not undo what is being written for it
        return await asyncio.shield(answer)

    async def mark_processed(self, number: int) -> int:
        """Say that all events up to a number were processed; give the number that holds once it is safe."""
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._refuse_if_closed()
            self._mark = max(self._mark, number)
            self._marks.append(answer)
            self._lock.notify()
        return await asyncio.shield(answer)

    def _refuse_if_closed(self) -> None:
        if self._closing:
            raise WatchError("the journal is closed. Open it again.")

    async def after(self, number: int, most: int = 1_000) -> tuple[Recorded, ...]:
        """Events with a higher number, in order, at most so many."""
        return await self._read(lambda: self._reading.after(number, most))

    async def between(self, start: float, end: float, after: int = 0, most: int = 1_000) -> tuple[Recorded, ...]:
        """Events received in [start, end); see :meth:`freehold.watch.journal_file.JournalFile.between`."""
        return await self._read(lambda: self._reading.between(start, end, after, most))

    async def _read(self, read: Callable[[], _T]) -> _T:
        self._refuse_if_closed()
        return await asyncio.get_running_loop().run_in_executor(self._reader, read)

    async def beyond(self, number: int) -> int:
        """Wait until there is an event with a higher number; give the last one's. A closed journal has no more."""
        while self._last <= number:
            self._refuse_if_closed()
            arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            with self._lock:
                self._listeners.add(arrived)
            try:
                if self._last <= number:
                    await arrived
            finally:
                with self._lock:
                    self._listeners.discard(arrived)
        return self._last

    async def close(self) -> None:
        """Write what is waiting, and let go of the file; again does nothing."""
        with self._lock:
            first, self._closing = not self._closing, True
            self._lock.notify()
        await asyncio.to_thread(self._thread.join)
        self._wake()
        if first:
            await asyncio.to_thread(self._reader.shutdown)
            self._reading.close()
            self._writing.close()

    # The writing thread

    def _write_on(self) -> None:
        while True:
            with self._lock:
                while not (self._requests or self._marks or self._closing):
                    self._lock.wait()
                if self._closing and not (self._requests or self._marks):
                    return
                requests: list[_Request] = []
                count = 0
                while self._requests and (not requests or count + len(self._requests[0].rows) <= _MOST_AT_ONCE):
                    request = self._requests.popleft()
                    requests.append(request)
                    count += len(request.rows)
                marks, self._marks, mark = self._marks, [], self._mark
            self._write_once(requests, count, marks, mark)

    def _write_once(self, requests: list[_Request], count: int, marks: list[asyncio.Future[int]], mark: int) -> None:
        begun = self._seconds()
        answers: Sequence[Accepted | BaseException]
        failure: BaseException | None = None
        try:
            answers = self._writing.write([request.rows for request in requests], mark)
            last, processed = self._writing.last, self._writing.processed
        except FreeholdError as error:
            answers, failure = [error] * len(requests), error
            last, processed = self._last, self._processed
        except Exception as error:  # noqa: BLE001 - whoever waits must be told, and the thread must go on
            failure = WatchError(f"the journal could not be written ({type(error).__name__}: {error}).")
            answers = [failure] * len(requests)
            last, processed = self._last, self._processed
        took = max(1e-4, self._seconds() - begun)
        with self._lock:
            self._last, self._processed = last, processed
            self._waiting -= count
            self._waiting_bytes -= sum(request.size for request in requests)
            if count:
                self._rate += 0.2 * (count / took - self._rate)
        for request, answer in zip(requests, answers, strict=True):
            _tell(request.answer, answer)
        for waiting in marks:
            _tell(waiting, processed if failure is None else failure)
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            arrived, self._listeners = self._listeners, set()
        for one in arrived:
            _tell(one, None)


def _tell(future: asyncio.Future[_T], answer: _T | BaseException) -> None:
    def set_answer() -> None:
        if future.done():
            return
        if isinstance(answer, BaseException):
            future.set_exception(answer)
            future.exception()  # it is no defect if who asked has gone
        else:
            future.set_result(answer)

    with suppress(RuntimeError):  # the loop of who asked is closed: nobody waits any more
        future.get_loop().call_soon_threadsafe(set_answer)
