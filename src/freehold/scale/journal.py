"""Finished batches in a file, found again after a kill. Owns the file's form, and that nothing damaged in it is ever used.

A result is kept under the digest of all that it follows from: the name and version of the work, what is shared, the batch.
So one file may serve several questions, and a result is never taken for that of another. Each is committed before the next
batch is waited for. A file that is damaged is set aside under another name, and that is said.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from freehold.errors import ScaleError
from freehold.scale.interface import Arrays
from freehold.scale.packing import digest_of, pack, unpack

__all__ = ["IN_MEMORY", "Journal", "open_journal"]

IN_MEMORY: Final = ":memory:"
"""The journal that keeps nothing beyond the process."""

_APPLICATION: Final = 0x46524A42
_FORM: Final = 1
_HEAD: Final = b"SQLite format 3\x00"
_PLACE: Final = 68
_TABLE: Final = """CREATE TABLE batch (question BLOB NOT NULL, key BLOB NOT NULL, number INTEGER NOT NULL,
    digest BLOB NOT NULL, arrays BLOB NOT NULL, PRIMARY KEY (question, key)) WITHOUT ROWID"""
_SECONDS: Final = 30.0


class Journal:
    """An open journal; made by :func:`open_journal`."""

    def __init__(self, connection: sqlite3.Connection, path: str, tell: Callable[[str], object]) -> None:
        self._connection = connection
        self.path = path
        self._tell = tell

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was kept is in it already."""
        self._connection.close()

    def question(self, work: str, version: str, shared: Arrays) -> bytes:
        """Under what the batches of one question are kept."""
        return digest_of(shared, work, version)

    def kept(self, question: bytes) -> int:
        """How many batches of a question are kept."""
        return self._count("SELECT count(*) FROM batch WHERE question = ?", question)

    def others(self, question: bytes) -> int:
        """How many batches of other questions are kept."""
        return self._count("SELECT count(*) FROM batch WHERE question <> ?", question)

    def _count(self, statement: str, question: bytes) -> int:
        with self._told():
            return int(self._connection.execute(statement, (question,)).fetchone()[0])

    def find(self, question: bytes, batch: Arrays) -> Arrays | None:
        """A batch's result, if it is kept and sound.

        Raises
        ------
        freehold.errors.ScaleError
            If the file cannot be read.
        """
        key = digest_of(batch)
        with self._told():
            row = self._connection.execute(
                "SELECT digest, arrays FROM batch WHERE question = ? AND key = ?", (question, key)
            ).fetchone()
            if row is None:
                return None
            digest, packed = row
            if isinstance(packed, bytes) and hashlib.sha256(question + key + packed).digest() == digest:
                return unpack(packed)
            self._tell(f"{self.path}: a kept batch is damaged. It is not used, and worked out again.")
            self._connection.execute("DELETE FROM batch WHERE question = ? AND key = ?", (question, key))
        return None

    def keep(self, question: bytes, number: int, batch: Arrays, done: Arrays) -> None:
        """Keep a batch's result; when this returns it is in the file.

        Raises
        ------
        freehold.errors.ScaleError
            If it cannot be written.
        """
        key, packed = digest_of(batch), bytes(pack(done))
        row = (question, key, number, hashlib.sha256(question + key + packed).digest(), packed)
        with self._told():
            self._connection.execute("INSERT OR REPLACE INTO batch VALUES (?, ?, ?, ?, ?)", row)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ScaleError(
                f"the journal {self.path} cannot be used ({error}). What is kept in it stays; see that its disk has room and "
                "that nothing else writes to it, or name another file."
            ) from error


def open_journal(path: str | Path, tell: Callable[[str], object] = lambda _: None) -> Journal:
    """Open the journal at a path, or make it.

    Parameters
    ----------
    path
        A file, or :data:`IN_MEMORY`.
    tell
        Told in a sentence what was set aside.

    Raises
    ------
    freehold.errors.ScaleError
        If something else stands there, or it cannot be opened.
    """
    name = str(path)
    if name == IN_MEMORY:
        return Journal(_prepared(sqlite3.connect(IN_MEMORY, isolation_level=None)), name, tell)
    if not _is_ours(Path(name)):
        return Journal(_opened(name), name, tell)
    try:
        return Journal(_opened(name), name, tell)
    except _Damaged as damage:
        aside = _set_aside(Path(name))
        tell(f"the journal {name} is damaged ({damage}). It was set aside as {aside}, and all is worked out anew.")
        return Journal(_opened(name), name, tell)


class _Damaged(ScaleError):
    pass


def _is_ours(path: Path) -> bool:
    """Whether a journal stands there, by its head.

    Raises
    ------
    freehold.errors.ScaleError
        If something else does.
    """
    try:
        if not path.exists():
            return False
        if not path.is_file():
            raise ScaleError(f"{path} is no file. Name a file for the journal.")
        with path.open("rb") as file:
            head = file.read(100)
    except (OSError, ValueError) as error:
        raise ScaleError(f"the journal {path} cannot be read ({getattr(error, 'strerror', None) or error}).") from None
    if not head:
        return False
    if head.startswith(_HEAD) and head[_PLACE : _PLACE + 4] == _APPLICATION.to_bytes(4, "big"):
        return True
    raise ScaleError(f"{path} is no journal of Freehold, or its head is destroyed. Name another file, or move it away.")


def _opened(name: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(name, timeout=_SECONDS, isolation_level=None)
    except sqlite3.Error as error:
        raise ScaleError(f"the journal {name} cannot be opened ({error}). Name a file in a folder that is there.") from None
    try:
        return _prepared(connection)
    except _Damaged:
        connection.close()
        raise
    except sqlite3.OperationalError as error:
        connection.close()
        raise ScaleError(f"the journal {name} cannot be used ({error}). Name a file that can be written to.") from None
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _Damaged(str(error)) from None


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    form = connection.execute("PRAGMA user_version").fetchone()[0]
    if form > _FORM:
        raise ScaleError("the journal was made by a newer Freehold. Name another file, or use that one.")
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise _Damaged(" ".join(str(found).split()))
    if form == _FORM:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(batch)")]
        if columns != ["question", "key", "number", "digest", "arrays"]:
            raise _Damaged("its table is not there")
        return connection
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not connection.execute("PRAGMA user_version").fetchone()[0]:  # nobody else was faster
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {_FORM}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return connection


def _set_aside(path: Path) -> Path:
    for number in range(1, 1000):
        aside = path.with_name(f"{path.name}.damaged-{number}")
        if aside.exists():
            continue
        try:
            os.replace(path, aside)  # noqa: PTH105
            with suppress(FileNotFoundError):
                path.with_name(path.name + "-journal").replace(aside.with_name(aside.name + "-journal"))
        except OSError as error:
            raise ScaleError(f"the journal {path} is damaged and cannot be set aside ({error.strerror}).") from None
        return aside
    raise ScaleError(f"the journal {path} is damaged, as a thousand before it. Name another file.")
