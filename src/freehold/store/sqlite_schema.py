"""A store's tables in an SQLite file: made, checked, brought up to date. Owns what only SQLite is told about them.

A file whose tables, indices and triggers are not exactly those of its schema number is refused, so that no trigger or view
of a stranger ever runs.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

from freehold.errors import BadStore, StoreUnavailable
from freehold.store.recognition import APPLICATION
from freehold.store.schema import SCHEMA_NUMBER, STEPS
from freehold.store.statements import ADD_EVENT, ADD_MIGRATION, LAST_EVENT, SCHEMA_NUMBER_OF
from freehold.version import __version__

__all__ = ["create", "migrate", "migrate_file", "schema_number"]

_WHOLE: Final = ""
"""The workspace of what concerns the whole database."""


def create(path: Path, now: str) -> None:
    """Make an empty database, whole or not at all; one that another process made meanwhile stays.

    Raises
    ------
    sqlite3.Error, OSError
        If it cannot be made there.
    """
    import tempfile

    number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(number)
    part = Path(name)
    try:
        connection = sqlite3.connect(part, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute("BEGIN IMMEDIATE")
            _take_steps(connection, 0, now)
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()
        part.chmod(0o644)
        if path.exists() and path.stat().st_size == 0:
            part.replace(path)
        else:
            _put(part, path)
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            part.with_name(part.name + ending).unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _put(part: Path, path: Path) -> None:
    """Give a file its name, unless another has it by now."""
    try:
        path.hardlink_to(part)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not path.exists():
            part.replace(path)


def _take_steps(connection: sqlite3.Connection, before: int, now: str, last: int = SCHEMA_NUMBER) -> None:
    for number, step in enumerate(STEPS[before:last], before + 1):
        for statement in step.statements:
            connection.execute(statement)
        for table in step.append_only:
            for change in ("UPDATE", "DELETE"):
                connection.execute(
                    f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        values = {"workspace": _WHOLE, "number": number, "made_at": now, "program": __version__}
        connection.execute(ADD_MIGRATION, values)


def _layout(connection: sqlite3.Connection) -> Mapping[tuple[str, str], str]:
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE substr(name, 1, 7) <> 'sqlite_'")
    return {(str(kind), str(name)): str(sql) for kind, name, sql in rows}


@cache
def _expected(number: int) -> Mapping[tuple[str, str], str]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        _take_steps(connection, 0, "", number)
        return _layout(connection)
    finally:
        connection.close()


def schema_number(connection: sqlite3.Connection, place: str) -> int:
    """Give the schema number of a database, if it is one that this program can read.

    Raises
    ------
    freehold.errors.BadStore
        If a newer program made it, or its tables are not what they should be.
    sqlite3.Error
        If it cannot be read.
    """
    layout = _layout(connection)
    if ("table", "migration") not in layout:
        raise BadStore(f"{place} has no tables of Freehold. Name another file, or restore it from a copy.")
    ((number,),) = connection.execute(SCHEMA_NUMBER_OF).fetchall()
    if not isinstance(number, int) or number < 1:
        raise BadStore(f"{place} does not say which schema it has. Restore it from a copy.")
    if number > SCHEMA_NUMBER:
        raise BadStore(
            f"{place} has schema {number}, and this program ({__version__}) knows those up to {SCHEMA_NUMBER}: "
            "a newer Freehold made it. Update Freehold; the file stays as it is."
        )
    expected = _expected(number)
    strange = sorted(
        name for key in layout.keys() | expected.keys() if layout.get(key) != expected.get(key) for name in key[1:]
    )
    if strange:
        raise BadStore(
            f"{place}: '{strange[0]}' is not what Freehold made. Take it out, or restore the file from a copy; "
            "tables of your own belong in a file of their own."
        )
    return number


def migrate(connection: sqlite3.Connection, before: int, now: str) -> None:
    """Bring the tables up to date, within a transaction that writes."""
    _take_steps(connection, before, now)
    ((last,),) = connection.execute(LAST_EVENT, {"workspace": _WHOLE}).fetchall()
    values = {
        "workspace": _WHOLE, "number": last + 1, "made_at": now, "kind": "store.migrated", "subject": str(SCHEMA_NUMBER),
        "author": "", "body": "",
    }  # fmt: skip
    connection.execute(ADD_EVENT, values)


def migrate_file(connection: sqlite3.Connection, path: Path, now: str) -> Path | None:
    """Bring a file up to date, after a copy of it was put beside it; give the copy, if it was still needed.

    Raises
    ------
    freehold.errors.StoreUnavailable
        If the copy cannot be made; the file stays as it is.
    sqlite3.Error
        If it cannot be read or written.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        before = schema_number(connection, str(path))
        copy = None
        if before < SCHEMA_NUMBER:
            copy = _back_up(path, before)
            migrate(connection, before, now)
        connection.execute("COMMIT")
        return copy
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _back_up(path: Path, number: int) -> Path:
    """Copy what is committed; the lock of the one who calls keeps others from adding to it."""
    copy = path.with_name(f"{path.name}.schema-{number}")
    more = 1
    while copy.exists():
        more += 1
        copy = path.with_name(f"{path.name}.schema-{number}-{more}")
    part = copy.with_name(copy.name + ".part")
    try:
        source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        target = sqlite3.connect(part)
        try:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        finally:
            source.close()
            target.close()
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(copy)
        return copy
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise StoreUnavailable(
            f"{path} has an older schema, and the copy that is made before it is changed cannot be written to {copy} "
            f"({error}). Make room there; the file stays as it is."
        ) from error
