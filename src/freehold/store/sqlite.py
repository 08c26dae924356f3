"""The embedded store: one SQLite file. Owns how it is opened, its transactions, and what its errors mean to a user.

The file is in write-ahead mode with ``synchronous = FULL``: what a transaction has written is on the disk when it ends.
Reading never changes a file: one of an older schema is brought up to date in memory.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from freehold.errors import BadStore, FreeholdError, StoreError, StoreUnavailable
from freehold.store.answers import MOST_BYTES
from freehold.store.moments import told_moment
from freehold.store.recognition import is_cut_short, is_database
from freehold.store.schema import SCHEMA_NUMBER
from freehold.store.sql_store import SqlStore
from freehold.store.sqlite_schema import create, migrate, migrate_file, schema_number

if TYPE_CHECKING:
    from freehold.store.database import Session
    from freehold.store.interface import Clock

__all__ = ["SqliteDatabase", "open_sqlite"]

_LONGEST_CELL: Final = 256 * 1024 * 1024
_WAIT: Final = 20.0
"""Seconds to wait for another process that is writing."""

_NOW_BUSY: Final = "another process is writing to it. Try again when that is done; nothing was changed"
_UNAVAILABLE: Final = {
    sqlite3.SQLITE_BUSY: _NOW_BUSY,
    sqlite3.SQLITE_LOCKED: _NOW_BUSY,
    sqlite3.SQLITE_READONLY: "it may not be changed. Check the permissions of the file and its folder, or write to a copy",
    sqlite3.SQLITE_PERM: "it may not be opened. Check the permissions of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: (
        "it cannot be opened. Check the permissions of the file and its folder; where a file of that name with -wal at its end "
        "stands beside it, both belong together"
    ),
    sqlite3.SQLITE_FULL: "there is no room left for it. Make room and repeat; what was stored before is there",
    sqlite3.SQLITE_IOERR: "the disk did not take or give it. Check its room and health; what was stored before is there",
}
_DAMAGED: Final = "it is damaged. Restore it from a copy; `sqlite3 FILE .recover` may save what is left"
_BAD: Final = {
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_TOOBIG: "a cell in it is larger than any that Freehold writes. Restore it from a copy",
}


def _told(error: sqlite3.Error, place: str) -> FreeholdError:
    code = getattr(error, "sqlite_errorcode", None)
    main = code & 0xFF if isinstance(code, int) else None
    if main in _UNAVAILABLE:
        return StoreUnavailable(f"{place}: {_UNAVAILABLE[main]}.")
    if main in _BAD:
        return BadStore(f"{place}: {_BAD[main]}.")
    if main == sqlite3.SQLITE_CONSTRAINT:
        return StoreError(f"{place}: what should be stored contradicts what is there ({error}). Restore it from a copy.")
    return BadStore(f"{place}: it does not hold what it should ({error}). Restore it from a copy.")


@contextmanager
def _telling(place: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except sqlite3.Error as error:
        raise _told(error, place) from error
    except UnicodeDecodeError as error:  # a message of SQLite's that quotes what is damaged
        raise BadStore(f"{place}: {_DAMAGED}.") from error
    except OSError as error:
        raise StoreUnavailable(f"{place} cannot be used ({error.strerror}). Check the path and its permissions.") from error


class _SqliteSession:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, values).fetchall()


class SqliteDatabase:
    """A :class:`freehold.store.database.Database` in one file.

    Parameters
    ----------
    connection
        In autocommit mode.
    place
        The file, for messages.
    """

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        self._connection, self.place = connection, place

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Session]:
        with _telling(self.place):
            self._connection.execute(begin)
            try:
                yield _SqliteSession(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Begin a transaction that sees one moment."""
        with self._transaction("BEGIN") as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Begin a transaction that writes, once no other does."""
        with self._transaction("BEGIN IMMEDIATE") as session:
            yield session

    def close(self) -> None:
        """Let go of the file."""
        with _telling(self.place):
            self._connection.close()


def open_sqlite(
    path: str | Path, *, clock: Clock, write: bool = False, wait: float = _WAIT, durable: bool = True,
    most_bytes: int = MOST_BYTES, told: Callable[[str], None] | None = None,
) -> SqlStore:  # fmt: skip
    """Open a Freehold database; to write, it is made if there is none.

    Parameters
    ----------
    path
        The file.
    clock
        Gives the moment that is written beside a change.
    write
        Whether it will be written to.
    wait
        Seconds to wait for another process that is writing.
    durable
        Whether a change is on the disk when it is done; without, the last ones may be lost with the machine's power.
    most_bytes
        How much the answers of a workspace may take.
    told
        Is told if the file was brought up to date, and where the copy of it is.

    Raises
    ------
    freehold.errors.BadStore
        If it is no Freehold database, damaged, or of a newer schema.
    freehold.errors.StoreUnavailable
        If it cannot be opened so.
    """
    place = str(path)
    with _telling(place):
        file = Path(path).resolve()
        empty = not file.exists() or (file.is_file() and file.stat().st_size == 0)
        if empty and write:
            create(file, told_moment(clock()))
        if not is_database(file):
            if not file.exists():
                raise StoreUnavailable(
                    f"{place} is not there. Name a Freehold database, or make one: freehold scan … -o {place}"
                )
            if file.is_file() and not _allowed(file, os.R_OK):
                raise StoreUnavailable(f"{place} may not be read. Check its permissions.")
            raise BadStore(f"{place} is not a Freehold database. Name another file; this one stays as it is.")
        if is_cut_short(file):
            raise BadStore(f"{place}: it is cut short. Restore it from a copy; `sqlite3 FILE .recover` may save what is left.")
        try:
            connection = _prepared(_connected(file, place, write=write, wait=wait), place, write=write, durable=durable)
        except sqlite3.OperationalError:
            if write or _has_log(file):
                raise
            # nobody is writing, and there is no room or right to make a log: the file is all there is
            connection = _prepared(
                _connected(file, place, write=False, wait=wait, alone=True), place, write=False, durable=durable
            )
        try:
            connection = _brought_up(connection, file, place, told_moment(clock()), write=write, told=told)
        except BaseException:
            connection.close()
            raise
    database = SqliteDatabase(connection, place)
    return SqlStore(database, clock, most_bytes)


def _allowed(path: Path, what: int) -> bool:
    return os.access(path, what, effective_ids=os.access in os.supports_effective_ids)


def _has_log(file: Path) -> bool:
    log = file.with_name(file.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _connected(file: Path, place: str, *, write: bool, wait: float, alone: bool = False) -> sqlite3.Connection:
    writable = not alone and _allowed(file, os.W_OK) and _allowed(file.parent, os.W_OK)
    if write and not writable:
        raise StoreUnavailable(f"{place}: {_UNAVAILABLE[sqlite3.SQLITE_READONLY]}.")
    mode = "mode=rw"
    if not writable:
        mode = "mode=ro" if _has_log(file) else "mode=ro&immutable=1"
    return sqlite3.connect(f"{file.as_uri()}?{mode}", uri=True, timeout=wait, isolation_level=None)


def _prepared(connection: sqlite3.Connection, place: str, *, write: bool, durable: bool) -> sqlite3.Connection:
    """Set a connection up, and see that what it leads to can be used."""
    try:
        _set_up(connection)
        schema_number(connection, place)
        if write:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    except BaseException:
        connection.close()
        raise
    return connection


def _brought_up(
    connection: sqlite3.Connection, file: Path, place: str, now: str, *, write: bool, told: Callable[[str], None] | None
) -> sqlite3.Connection:
    """Bring an older schema up to date: in the file to write, in memory to read."""
    number = schema_number(connection, place)
    if write:
        copy = migrate_file(connection, file, now) if number < SCHEMA_NUMBER else None
        if copy is not None and told is not None:
            said = f"{place} was brought from schema {number} to {SCHEMA_NUMBER}"
            told(f"{said}; as it was before it is kept in {copy.name} beside it.")
        return connection
    if number < SCHEMA_NUMBER:
        memory = sqlite3.connect(":memory:", isolation_level=None)
        connection.backup(memory)
        connection.close()
        connection = memory
        _set_up(connection)
        migrate(connection, number, now)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _set_up(connection: sqlite3.Connection) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_CELL)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    for setting in ("trusted_schema = OFF", "foreign_keys = ON", "recursive_triggers = ON", "cell_size_check = ON"):
        connection.execute(f"PRAGMA {setting}")
