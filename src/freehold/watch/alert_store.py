"""Where alerts, groups and silences outlive the process: one SQLite file. Owns its tables and the group commit.

What changes is collected as *rows*, by table and key, and written by one transaction at the next commit; all who wait meanwhile
are served by the same one. The file is in write-ahead mode with ``synchronous = FULL``: what is committed is on the disk.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeAlias

import msgspec

from freehold.errors import BadStore, StoreUnavailable
from freehold.watch.alert_records import SavedAlert, SavedGroup, SavedSilence
from freehold.watch.state_file import Kind, open_state_file, telling

__all__ = ["TABLES", "AlertStore", "Rows"]

Rows: TypeAlias = dict[tuple[str, str], bytes | None]
"""What changed, by table and key; ``None`` where the row is gone."""

TABLES: Final = ("alerts", "groups", "silences", "state")


_KIND: Final = Kind(
    "file of alerts",
    0x46684C41,
    1,
    tuple(f"CREATE TABLE {table} (key TEXT PRIMARY KEY NOT NULL, body BLOB NOT NULL) WITHOUT ROWID" for table in TABLES),
)


def _lock_beside(path: Path) -> int:
    """Lock the file ``NAME.lock`` for this process until it is closed.

    Raises
    ------
    freehold.errors.StoreUnavailable
        If another process holds it, or it cannot be made.
    """
    beside = path.with_name(f"{path.name}.lock")
    try:
        lock = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreUnavailable(f"{beside} cannot be made ({error.strerror}). Name another folder.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise StoreUnavailable(f"{path}: another process has it open. Only one may run on one folder of state.") from None
    return lock


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
    lock
        The open file that says that it is in use; closed with it.
    """

    def __init__(self, connection: sqlite3.Connection, place: str, lock: int | None = None) -> None:
        self._connection, self._place, self._held = connection, place, lock
        self._lock = Lock()
        self._waiting = _Waiting()
        self._task: asyncio.Task[None] | None = None
        self.collect: Callable[[], Rows] = dict
        """Gives what has changed since it was last asked: set by the one whose state this is."""

    @classmethod
    def open(cls, path: Path | str | None, *, wait: float = 5.0) -> AlertStore:
        """Open a file; it is made if there is none.

        Parameters
        ----------
        path
            The file; ``None`` keeps nothing beyond the process.
        wait
            Seconds to wait for another process that has it open.

        Raises
        ------
        freehold.errors.StoreError
            If it cannot be used, is damaged, or a newer program made it.
        """
        if path is None:
            connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            for statement in _KIND.statements:
                connection.execute(statement)
            return cls(connection, "memory")
        # two desks on one file would each tell everything; others may still read it, to keep a copy before a change
        lock = _lock_beside(Path(path))
        try:
            return cls(open_state_file(path, _KIND, wait=wait), str(path), lock)
        except BaseException:
            os.close(lock)
            raise

    def load(self) -> Mapping[str, Mapping[str, Any]]:
        """All that is stored: by table (:data:`TABLES`) and key, as the ``Saved…`` values; of ``state`` plain numbers.

        Raises
        ------
        freehold.errors.BadStore
            If something in it is not what it should be.
        """
        kinds: dict[str, Any] = {"alerts": SavedAlert, "groups": SavedGroup, "silences": SavedSilence, "state": float}
        found: dict[str, dict[str, Any]] = {}
        with self._lock, telling(self._place):
            for table, kind in kinds.items():
                decode = msgspec.msgpack.Decoder(kind).decode
                rows = self._connection.execute(f"SELECT key, body FROM {table}").fetchall()  # noqa: S608  a name of ours
                try:
                    found[table] = {key: decode(body) for key, body in rows if isinstance(key, str)}
                except (msgspec.MsgspecError, TypeError):
                    raise BadStore(
                        f"{self._place}: a row of it is damaged. Restore it from a copy, or move it away to begin anew."
                    ) from None
        return found

    def write(self, rows: Rows) -> None:
        """Write rows in one transaction; on the disk when it returns.

        Raises
        ------
        freehold.errors.StoreError
            If they could not be written: none of them was.
        """
        with self._lock, telling(self._place):
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
            with self._lock, telling(self._place):
                self._connection.close()
            if self._held is not None:
                os.close(self._held)
                self._held = None
