"""Where alerts, groups and silences outlive the process: one SQLite file. Owns its tables and the group commit.

What changes is collected as *rows*, by table and key, and written by one transaction at the next commit; all who wait meanwhile
are served by the same one. The file is in write-ahead mode with ``synchronous = FULL``: what is committed is on the disk.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeAlias

import msgspec

from freehold.errors import BadStore, FreeholdError, StoreUnavailable
from freehold.watch.alert_records import SavedAlert, SavedGroup, SavedSilence

__all__ = ["TABLES", "AlertStore", "Rows"]

Rows: TypeAlias = dict[tuple[str, str], bytes | None]
"""What changed, by table and key; ``None`` where the row is gone."""

TABLES: Final = ("alerts", "groups", "silences", "state")
_SCHEMA: Final = 1
_APPLICATION: Final = 0x46684C41
_LARGEST_ROW: Final = 64 * 1024 * 1024


_UNAVAILABLE: Final = {
    sqlite3.SQLITE_BUSY: "another process uses it. Stop that one first",
    sqlite3.SQLITE_LOCKED: "another process uses it. Stop that one first",
    sqlite3.SQLITE_READONLY: "it may not be changed. Check the permissions of the file and its folder",
    sqlite3.SQLITE_PERM: "it may not be opened. Check the permissions of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened. Check the path and the permissions of its folder",
    sqlite3.SQLITE_FULL: "there is no room left for it. Make room; what was stored before is there",
    sqlite3.SQLITE_IOERR: "the disk did not take or give it. Check its room and health",
}


@contextmanager
def _telling(place: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        reason = _UNAVAILABLE.get(code & 0xFF) if isinstance(code, int) else None
        told: FreeholdError = StoreUnavailable(f"{place}: {reason}.") if reason else _damaged(place)
        raise told from error


def _damaged(place: str) -> BadStore:
    return BadStore(f"{place}: it is damaged or no file of alerts. Restore it from a copy, or move it away to begin anew.")


@dataclass(slots=True)
class _Waiting:
    """What is not yet written, and who waits for it."""

    rows: Rows = field(default_factory=dict)
    asked: int = 0
    written: int = 0


class AlertStore:
    """The file, open.

    Parameters
    ----------
    connection
        In autocommit mode.
    place
        The file's name, for messages.
    """

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        self._connection, self._place = connection, place
        self._lock = Lock()
        self._waiting = _Waiting()
        self._task: asyncio.Task[None] | None = None
        self.collect: Callable[[], Rows] = dict
        """Gives what has changed since it was last asked: set by the one whose state this is."""

    @classmethod
    def open(cls, path: Path | str) -> AlertStore:
        """Open a file; it is made if there is none. ``":memory:"`` keeps nothing.

        Raises
        ------
        freehold.errors.StoreError
            If it cannot be used, is damaged, or a newer program made it.
        """
        place = str(path)
        if place != ":memory:" and not Path(path).exists():
            # only its owner may read what is wrong in the house
            try:
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            except OSError as error:
                raise StoreUnavailable(
                    f"{place} cannot be made ({error.strerror}). Check the path and its permissions."
                ) from None
        with _telling(place):
            connection = sqlite3.connect(place, isolation_level=None, check_same_thread=False, timeout=5.0)
            try:
                connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_ROW)
                connection.execute("PRAGMA trusted_schema = OFF")
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                _prepare(connection, place)
            except BaseException:
                connection.close()
                raise
        return cls(connection, place)

    def load(self) -> Mapping[str, Mapping[str, Any]]:
        """All that is stored: by table (:data:`TABLES`) and key, as the ``Saved…`` values; of ``state`` plain numbers.

        Raises
        ------
        freehold.errors.BadStore
            If something in it is not what it should be.
        """
        kinds: dict[str, Any] = {"alerts": SavedAlert, "groups": SavedGroup, "silences": SavedSilence, "state": float}
        found: dict[str, dict[str, Any]] = {}
        with self._lock, _telling(self._place):
            for table, kind in kinds.items():
                decode = msgspec.msgpack.Decoder(kind).decode
                rows = self._connection.execute(f"SELECT key, body FROM {table}").fetchall()  # noqa: S608  a name of ours
                try:
                    found[table] = {key: decode(body) for key, body in rows if isinstance(key, str)}
                except (msgspec.MsgspecError, TypeError):
                    raise _damaged(self._place) from None
        return found

    def write(self, rows: Rows) -> None:
        """Write rows in one transaction; on the disk when it returns.

        Raises
        ------
        freehold.errors.StoreError
            If they could not be written: none of them was.
        """
        with self._lock, _telling(self._place):
            run = self._connection
            run.execute("BEGIN IMMEDIATE")
            try:
                for table in TABLES:
                    put = [(key, body) for (one, key), body in rows.items() if one == table and body is not None]
                    gone = [(key,) for (one, key), body in rows.items() if one == table and body is None]
                    if put:
                        run.executemany(f"INSERT OR REPLACE INTO {table} (key, body) VALUES (?, ?)", put)  # noqa: S608
                    if gone:
                        run.executemany(f"DELETE FROM {table} WHERE key = ?", gone)  # noqa: S608
                run.execute("COMMIT")
            except BaseException:
                if run.in_transaction:
                    run.execute("ROLLBACK")
                raise

    def _take(self) -> tuple[Rows, int]:
        waiting = self._waiting
        waiting.rows.update(self.collect())
        rows, waiting.rows = waiting.rows, {}
        return rows, waiting.asked

    def _keep(self, rows: Rows) -> None:
        """What could not be written waits for the next time, unless it has changed meanwhile."""
        self._waiting.rows = {**rows, **self._waiting.rows}

    def commit(self) -> None:
        """Write what has changed, now.

        Raises
        ------
        freehold.errors.StoreError
            If it could not be written; it is tried again at the next commit.
        """
        rows, _ = self._take()
        if not rows:
            return
        try:
            self.write(rows)
        except BaseException:
            self._keep(rows)
            raise

    async def committed(self) -> None:
        """Wait until all that has changed so far is on the disk.

        Raises
        ------
        freehold.errors.StoreError
            If it could not be written; it is tried again at the next commit.
        """
        waiting = self._waiting
        waiting.asked += 1
        mine = waiting.asked
        while waiting.written < mine:
            if self._task is None or self._task.done():
                self._task = asyncio.ensure_future(self._write_all())
            # who is cancelled does not take the others' commit with it
            await asyncio.shield(self._task)

    async def _write_all(self) -> None:
        rows, asked = self._take()
        if rows:
            try:
                await asyncio.to_thread(self.write, rows)
            except BaseException:
                self._keep(rows)
                raise
        self._waiting.written = max(self._waiting.written, asked)

    def close(self) -> None:
        """Write what has changed, and let go of the file.

        Raises
        ------
        freehold.errors.StoreError
            If it could not be written.
        """
        try:
            self.commit()
        finally:
            with self._lock, _telling(self._place):
                self._connection.close()


def _prepare(connection: sqlite3.Connection, place: str) -> None:
    number = connection.execute("PRAGMA user_version").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not names and not number:
        connection.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            connection.execute(f"CREATE TABLE {table} (key TEXT PRIMARY KEY NOT NULL, body BLOB NOT NULL) WITHOUT ROWID")
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {_SCHEMA}")
        connection.execute("COMMIT")
        return
    if application == _APPLICATION and number > _SCHEMA:
        raise BadStore(f"{place}: a newer Freehold made it. Use that one, or move the file away to begin anew.")
    if application != _APPLICATION or number != _SCHEMA or names != set(TABLES):
        raise _damaged(place)
