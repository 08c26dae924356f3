"""One process drives the runs of a state folder at a time. Owns the lock, which ends with its process, however it ends."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Final

from freehold.errors import StoreUnavailable

__all__ = ["DrivingLock"]

_FILE: Final = "driving.lock"


class DrivingLock:
    """The lock; within ``with``, :attr:`held` says whether it is ours.

    It is an exclusive transaction on an empty SQLite file: every system that SQLite runs on has such a lock, and takes it
    away from a process that is killed.

    Parameters
    ----------
    folder
        The state folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        self._connection: sqlite3.Connection | None = None

    @property
    def held(self) -> bool:
        """Whether this process drives."""
        return self._connection is not None

    def take(self) -> bool:
        """Take the lock if nobody has it; whether it is ours.

        Raises
        ------
        freehold.errors.StoreUnavailable
            If the folder cannot be written to.
        """
        if self._connection is not None:
            return True
        connection = None
        try:
            connection = sqlite3.connect(self._path, timeout=0, isolation_level=None)
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                return False
            raise StoreUnavailable(f"{self._path} cannot be written ({error}). Check the folder's permissions.") from None
        self._connection = connection
        return True

    def release(self) -> None:
        """Let others drive."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> DrivingLock:
        self.take()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()
