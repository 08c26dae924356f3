"""The journal's file: events in the order in which they were taken, and which were seen before. Owns its rows and its size.

Every event has a number; numbers ascend and are never used twice. ``received`` never goes back, whatever the clock does.

An id is remembered until its event was processed, and for at least :data:`REMEMBERED` seconds after it came, or until
:data:`MOST_REMEMBERED` events came after it if that is sooner (fewer in a file of under 2 GB: a 400th of its bytes). So what
a sender sends again within a week counts once. Two tables take turns, and the older one is emptied as a whole.

When the file has reached its bound, the oldest events that were processed are let go of; one that was not is never.
"""

from __future__ import annotations

import hashlib
import math
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from freehold.errors import BadSignal, BadStore, Overloaded
from freehold.watch.event import Event
from freehold.watch.state_file import Kind, open_state_file, telling

__all__ = ["MOST_REMEMBERED", "REMEMBERED", "Accepted", "JournalFile", "Recorded", "Row", "row_from"]

REMEMBERED: Final = 7 * 86_400.0
MOST_REMEMBERED: Final = 5_000_000
_ROW: Final = 96
"""Bytes that a row takes beyond its texts, in the table and its index."""
_CHUNK: Final = 500
_SHARE: Final = 400
_KIND: Final = Kind(
    "journal",
    0x4652484A,
    1,
    (
        """CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL, received REAL NOT NULL,
        processed INTEGER NOT NULL, turn INTEGER NOT NULL, since REAL NOT NULL, remembered INTEGER NOT NULL,
        older INTEGER NOT NULL)""",
        """CREATE TABLE event (number INTEGER PRIMARY KEY, source TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
        time REAL NOT NULL, received REAL NOT NULL, subject TEXT NOT NULL, data BLOB NOT NULL)""",
        "CREATE TABLE seen_0 (key BLOB PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE seen_1 (key BLOB PRIMARY KEY) WITHOUT ROWID",
        "INSERT INTO state VALUES (1, 0, 0.0, 0, 0, 0.0, 0, 0)",
    ),
)
_REMEMBER: Final = ("INSERT OR IGNORE INTO seen_0 VALUES (?)", "INSERT OR IGNORE INTO seen_1 VALUES (?)")
_SEEN: Final = ("SELECT 1 FROM seen_0 WHERE key = ?", "SELECT 1 FROM seen_1 WHERE key = ?")
_FORGET: Final = ("DELETE FROM seen_0", "DELETE FROM seen_1")
_READ: Final = """SELECT number, source, id, type, time, received, subject, data FROM event
    WHERE number > ? AND number <= ? ORDER BY number LIMIT ?"""
_LARGEST_NUMBER: Final = 2**63 - 1
_LARGEST: Final = 1024 * 1024
"""Bytes of one event: far more than any parser lets through."""
_DECODER: Final = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of events that were put: how many are new, and how many were there already."""

    new: int
    again: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event and its number in the journal."""

    number: int
    event: Event


@dataclass(frozen=True, slots=True)
class Row:
    """An event made ready to be written.

    Parameters
    ----------
    key
        Digest of source and id.
    event
        The event.
    data
        Its attributes as JSON.
    size
        Bytes that it takes, about.
    """

    key: bytes
    event: Event
    data: bytes
    size: int


def row_from(event: Event) -> Row:
    """Make an event ready to be written.

    Raises
    ------
    freehold.errors.BadSignal
        If it cannot be: half a surrogate pair in a text, a moment that is none, more than a mebibyte.
    """
    try:
        data = msgspec.json.encode(event.data)
        identity = f"{len(event.source)} {event.source}{event.id}".encode()
        (event.type + event.subject).encode()
    except (UnicodeEncodeError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BadSignal(f"the event '{event.id[:80]!a}' cannot be kept: {error}.") from None
    if not (math.isfinite(event.time) and math.isfinite(event.received)):
        raise BadSignal(f"the event '{event.id[:80]}' has no moment at which it happened or was received.")
    size = _ROW + 2 * len(event.source) + len(event.id) + len(event.type) + len(event.subject) + len(data)
    if size > _LARGEST:
        raise BadSignal(f"the event '{event.id[:80]}' has {size} bytes, and at most {_LARGEST} are kept. Send less.")
    return Row(hashlib.blake2b(identity, digest_size=16).digest(), event, data, size)


@dataclass(slots=True)
class _State:
    last: int
    received: float
    processed: int
    turn: int
    since: float
    remembered: int
    older: int


class JournalFile:
    """The file of a journal, used by one thread at a time.

    ``last`` is the number of the last event (0 if there never was one), ``processed`` the number up to which all were
    processed, both as of the last writing.

    Parameters
    ----------
    path
        Where it is; made if there is none.
    most_bytes
        What it may take on the disk, its log aside.
    write
        Whether it will be written to.
    remembered
        Seconds for which ids are remembered.
    most_remembered
        How many are, at least, if they come faster.

    Raises
    ------
    freehold.errors.BadStore
        If it is not a journal, damaged, or made by a newer program.
    freehold.errors.StoreUnavailable
        If it cannot be opened.
    """

    def __init__(
        self, path: str | Path, *, most_bytes: int, write: bool = True, remembered: float = REMEMBERED,
        most_remembered: int = MOST_REMEMBERED,
    ) -> None:  # fmt: skip
        self.place = str(path)
        self._most_bytes = most_bytes
        self._remembered, self._most_remembered = remembered, min(most_remembered, most_bytes // _SHARE)
        self._connection = open_state_file(path, _KIND, write=write)
        with telling(self.place):
            ((page,),) = self._connection.execute("PRAGMA page_size").fetchall()
        self._page = int(page)
        state = self._state()
        self.last, self.processed = state.last, state.processed

    def close(self) -> None:
        """Let go of the file."""
        with telling(self.place):
            self._connection.close()

    def _state(self) -> _State:
        with telling(self.place):
            rows = self._connection.execute(
                "SELECT last, received, processed, turn, since, remembered, older FROM state WHERE one = 1"
            ).fetchall()
        kinds = (int, float, int, int, float, int, int)
        if len(rows) != 1 or not all(isinstance(value, kind) for value, kind in zip(rows[0], kinds, strict=True)):
            raise BadStore(f"{self.place}: it does not say how far it came. Restore it from a copy, or move it away.")
        return _State(*rows[0])

    def used(self) -> int:
        """Bytes of pages that hold something."""
        with telling(self.place):
            ((pages,),) = self._connection.execute("PRAGMA page_count").fetchall()
            ((free,),) = self._connection.execute("PRAGMA freelist_count").fetchall()
        return int(pages - free) * self._page

    def write(self, requests: Sequence[Sequence[Row]], processed: int = 0) -> list[Accepted | Overloaded]:
        """Write what was put, in one transaction that is on the disk when this returns.

        Parameters
        ----------
        requests
            Each is taken whole, or refused because there is no room.
        processed
            Up to which number events were processed; lower than before changes nothing.

        Raises
        ------
        freehold.errors.StoreUnavailable
            If the disk does not take it; then nothing of it was written.
        """
        connection = self._connection
        with telling(self.place):
            connection.execute("BEGIN IMMEDIATE")
            try:
                state = self._state()
                state.processed = min(max(state.processed, processed), state.last)
                room = self._make_room(state, sum(row.size for request in requests for row in request))
                answers: list[Accepted | Overloaded] = []
                for request in requests:
                    size = sum(row.size for row in request)
                    if size > room:
                        answers.append(Overloaded(f"{self.place} is full, and nothing more of it is processed.", 10.0))
                        continue
                    room -= size
                    answers.append(self._add(state, request))
                connection.execute(
                    "UPDATE state SET last = ?, received = ?, processed = ?, turn = ?, since = ?, remembered = ?, older = ?",
                    (state.last, state.received, state.processed, state.turn, state.since, state.remembered, state.older),
                )
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                raise
        self.last, self.processed = state.last, state.processed
        return answers

    def _add(self, state: _State, rows: Sequence[Row]) -> Accepted:
        run = self._connection.execute
        remember, seen = _REMEMBER[state.turn], _SEEN[1 - state.turn]
        number, received = state.last, state.received
        new: list[tuple[Any, ...]] = []
        for row in rows:
            key = (row.key,)
            if run(seen, key).fetchone() is not None or run(remember, key).rowcount != 1:
                continue
            event = row.event
            number += 1
            received = max(received, event.received)
            new.append((number, event.source, event.id, event.type, event.time, received, event.subject, row.data))
        self._connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", new)
        state.last, state.received = number, received
        state.remembered += len(new)
        self._take_turns(state)
        return Accepted(len(new), len(rows) - len(new))

    def _take_turns(self, state: _State) -> None:
        """Let the other table of ids take over, once what it holds is old enough and all of it processed."""
        if state.since == 0.0:
            state.since = state.received
        aged = state.received - state.since >= self._remembered or state.remembered >= self._most_remembered
        if not aged or state.older > state.processed:
            return
        self._connection.execute(_FORGET[1 - state.turn])
        state.turn, state.since, state.remembered, state.older = 1 - state.turn, state.received, 0, state.last

    def _make_room(self, state: _State, needed: int) -> int:
        """Let go of processed events until there is room; give the room in bytes."""
        while (room := self._most_bytes - self.used()) < needed:
            gone = self._connection.execute(
                "DELETE FROM event WHERE number IN (SELECT number FROM event WHERE number <= ? ORDER BY number LIMIT ?)",
                (state.processed, _CHUNK),
            ).rowcount
            if gone == 0:
                break
        return max(0, room)

    def after(self, number: int, most: int) -> tuple[Recorded, ...]:
        """Events with a higher number, in order, at most so many."""
        return self._read(number, _LARGEST_NUMBER, most)

    def between(self, start: float, end: float, after: int = 0, most: int = 10_000) -> tuple[Recorded, ...]:
        """Events received from ``start`` until before ``end`` (seconds since 1970), in order, at most so many.

        To read on, give the number of the last one as ``after``.
        """
        return self._read(max(after, self._before(start)), self._before(end), most)

    def _before(self, moment: float) -> int:
        """The number before the first event received at or after a moment: they are in order, so halves are looked at."""
        with telling(self.place):
            ((low, high),) = self._connection.execute("SELECT min(number), max(number) FROM event").fetchall()
            if low is None:
                return 0
            low, high = low - 1, high
            while low < high:
                middle = (low + high + 1) // 2
                found = self._connection.execute(
                    "SELECT received FROM event WHERE number <= ? ORDER BY number DESC LIMIT 1", (middle,)
                ).fetchone()
                if found is not None and found[0] >= moment:
                    high = middle - 1
                else:
                    low = middle
        return int(low)

    def _read(self, after: int, until: int, most: int) -> tuple[Recorded, ...]:
        with telling(self.place):
            rows = self._connection.execute(_READ, (max(0, after), until, max(0, most))).fetchall()
        try:
            return tuple(
                Recorded(number, Event(source, id_, type_, time, received, subject, _DECODER.decode(data)))
                for number, source, id_, type_, time, received, subject, data in rows
            )
        except (msgspec.MsgspecError, UnicodeDecodeError, TypeError) as error:
            raise BadStore(f"{self.place}: an event in it is damaged ({error}). Restore it from a copy.") from error
