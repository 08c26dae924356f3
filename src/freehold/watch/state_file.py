"""One SQLite file of the warning system: made, opened, told from any other. Owns what its errors mean to a user.

The file is in write-ahead mode with ``synchronous = FULL``: what a transaction has written is on the disk when it ends. A file
that is damaged, cut short, not of the kind asked for, or made by a newer program is refused and stays as it is; one whose
tables are not exactly those of its kind is too, so that no trigger of a stranger ever runs.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from freehold.errors import BadStore, FreeholdError, StoreUnavailable

__all__ = ["Kind", "open_state_file", "telling"]

_LONGEST_CELL: Final = 16 * 1024 * 1024
_LARGEST_LOG: Final = 64 * 1024 * 1024
_DAMAGED: Final = "it is damaged. Restore it from a copy, or move it away to begin anew"
_UNAVAILABLE: Final = {
    sqlite3.SQLITE_BUSY: "another process is writing to it. Only one may run on one folder of state",
    sqlite3.SQLITE_LOCKED: "another process is writing to it. Only one may run on one folder of state",
    sqlite3.SQLITE_READONLY: "it may not be changed. Check the permissions of the file and its folder",
    sqlite3.SQLITE_PERM: "it may not be opened. Check the permissions of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened. Check the path and the permissions of its folder",
    sqlite3.SQLITE_FULL: "there is no room left for it. Make room; what was stored before is there",
    sqlite3.SQLITE_IOERR: "the disk did not take or give it. Check its room and health; what was stored before is there",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of state file.

    Parameters
    ----------
    name
        For messages: ``journal``.
    application
        Its SQLite application id, which no other kind has.
    schema
        Its schema number.
    statements
        What makes its tables, and fills in what an empty one holds.
    """

    name: str
    application: int
    schema: int
    statements: tuple[str, ...]


@contextmanager
def telling(place: str) -> Iterator[None]:
    """Turn SQLite's errors, and those of the file system, into ours, with the place and a mend."""
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


def _told(error: sqlite3.Error, place: str) -> FreeholdError:
    code = getattr(error, "sqlite_errorcode", None)
    main = code & 0xFF if isinstance(code, int) else None
    if main in _UNAVAILABLE:
        return StoreUnavailable(f"{place}: {_UNAVAILABLE[main]}.")
    if main in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return BadStore(f"{place}: {_DAMAGED}.")
    return BadStore(f"{place}: it does not hold what it should ({error}). Restore it from a copy.")


def open_state_file(path: str | Path, kind: Kind, *, write: bool = True, wait: float = 5.0) -> sqlite3.Connection:
    """Open a state file; to write, it is made if there is none.

    Parameters
    ----------
    path
        The file.
    kind
        What it must be.
    write
        Whether it will be written to; else it must be there.
    wait
        Seconds to wait for another process that is writing.

    Returns
    -------
    sqlite3.Connection
        In autocommit mode, not bound to the thread that opened it.

    Raises
    ------
    freehold.errors.BadStore
        If it is not of that kind, damaged, or of a newer schema.
    freehold.errors.StoreUnavailable
        If it cannot be opened so.
    """
    place = str(path)
    with telling(place):
        file = _resolved(place)
        if file.exists() and not file.is_file():
            raise BadStore(f"{place} is not a file. Name another path.")
        new = not file.exists() or (file.stat().st_size == 0 and not _log_of(file))
        if new and not write:
            raise StoreUnavailable(f"{place} is not there, or empty. Name the {kind.name} of a desk that has run.")
        mode = "rw" if write else "ro"
        if write and not file.exists():
            # for its owner alone from its first byte on; the log beside it takes after it
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        if not write and not _log_of(file) and not os.access(file.parent, os.W_OK):
            mode = "ro&immutable=1"  # nobody can be writing there, and there is no room for a log
        connection = sqlite3.connect(
            f"{file.as_uri()}?mode={mode}", uri=True, timeout=wait, isolation_level=None, check_same_thread=False
        )
        try:
            if not new:
                _check_kind(connection, place, kind)
            _set_up(connection, write=write)
            if new:
                _make(connection, kind)
            _check_tables(connection, place, kind)
        except BaseException:
            connection.close()
            raise
    return connection


def _resolved(place: str) -> Path:
    try:
        return Path(place).resolve()
    except (OSError, RuntimeError, ValueError):
        raise StoreUnavailable(f"{place} leads nowhere: its links go round in a circle. Name another path.") from None


def _log_of(file: Path) -> int:
    log = file.with_name(file.name + "-wal")
    return log.stat().st_size if log.exists() else 0


def _check_kind(connection: sqlite3.Connection, place: str, kind: Kind) -> None:
    """See that it is of the kind, before anything of it is changed.

    By SQLite alone: whoever opens and closes the file otherwise takes away every lock that its process has on it.
    """
    try:
        ((application,),) = connection.execute("PRAGMA application_id").fetchall()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_NOTADB:
            raise
        application = -1
    if application not in (kind.application, 0):
        raise BadStore(f"{place} is not a {kind.name} of Freehold. Name another file; this one stays as it is.")


def _set_up(connection: sqlite3.Connection, *, write: bool) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_CELL)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    for setting in ("trusted_schema = OFF", "cell_size_check = ON"):
        connection.execute(f"PRAGMA {setting}")
    if write:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {_LARGEST_LOG}")
    else:
        connection.execute("PRAGMA query_only = ON")


def _make(connection: sqlite3.Connection, kind: Kind) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _layout(connection):
            for statement in kind.statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {kind.application}")
            connection.execute(f"PRAGMA user_version = {kind.schema}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _layout(connection: sqlite3.Connection) -> Mapping[tuple[str, str], str]:
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE substr(name, 1, 7) <> 'sqlite_'")
    return {(str(sort), str(name)): str(sql) for sort, name, sql in rows}


def _check_tables(connection: sqlite3.Connection, place: str, kind: Kind) -> None:
    ((application,),) = connection.execute("PRAGMA application_id").fetchall()
    ((schema,),) = connection.execute("PRAGMA user_version").fetchall()
    if application != kind.application:
        raise BadStore(f"{place} is not a {kind.name} of Freehold. Name another file; this one stays as it is.")
    if schema > kind.schema:
        raise BadStore(
            f"{place} has schema {schema}, and this program knows {kind.schema}: a newer Freehold made it. "
            "Update Freehold; the file stays as it is."
        )
    memory = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for statement in kind.statements:
            memory.execute(statement)
        expected = _layout(memory)
    finally:
        memory.close()
    found = _layout(connection)
    strange = sorted(key[1] for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
    if strange or schema < kind.schema:
        what = f"'{strange[0]}' in it" if strange else f"its schema {schema}"
        raise BadStore(f"{place}: {what} is not what Freehold made. Restore the file from a copy, or move it away.")
