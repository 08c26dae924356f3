"""The file that incidents are kept in: its tables, how it is opened, what a transaction is. Owns the SQL schema.

One SQLite file for several processes at once, such as the desk and a command line: write-ahead mode, each change in one
``BEGIN IMMEDIATE`` transaction, on the disk when it ends. What happens is written in the same transaction as the entry of
the timeline and the entry for the evidence log that tell it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import sqlite3
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from freehold.errors import BadStore, RespondError, StoreUnavailable
from freehold.watch.event import Json

__all__ = ["LONGEST_TEXT", "SCHEMA_NUMBER", "IncidentDatabase", "as_json", "clean_text"]

SCHEMA_NUMBER: Final = 1
_APPLICATION: Final = 0x46524553  # "FRES"
_WAIT: Final = 20.0
"""Seconds to wait for another process that is writing."""

_MOST_TRIES: Final = 20
LONGEST_TEXT: Final = 4_000
_LONGEST_FACTS: Final = 100_000
_DEEPEST: Final = 24
_LARGEST: Final = 2**53 - 1
"""Whole numbers up to this are the same for every reader of JSON; larger ones are told as text."""
_TABLES: Final = """
CREATE TABLE store (id TEXT NOT NULL);
CREATE TABLE incident (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL, title TEXT NOT NULL,
  state TEXT NOT NULL, labels TEXT NOT NULL, level_low TEXT NOT NULL, level_high TEXT NOT NULL,
  graded_low TEXT NOT NULL, graded_high TEXT NOT NULL, first REAL NOT NULL, opened REAL NOT NULL, updated REAL NOT NULL,
  firing INTEGER NOT NULL, radius TEXT NOT NULL, merged_into TEXT NOT NULL DEFAULT '',
  successor_of TEXT NOT NULL DEFAULT '', successor TEXT NOT NULL DEFAULT '', preserved INTEGER NOT NULL DEFAULT 0);
CREATE INDEX incident_key ON incident (key, number);
CREATE TABLE entry (
  incident TEXT NOT NULL, number INTEGER NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, who TEXT NOT NULL,
  role TEXT NOT NULL, text TEXT NOT NULL, facts TEXT NOT NULL, PRIMARY KEY (incident, number)) WITHOUT ROWID;
CREATE TABLE role (incident TEXT NOT NULL, role TEXT NOT NULL, person TEXT NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY (incident, role, person)) WITHOUT ROWID;
CREATE TABLE taken (number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, token TEXT NOT NULL, incident TEXT NOT NULL,
  UNIQUE (key, token));
CREATE TABLE request (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, incident TEXT NOT NULL, run TEXT NOT NULL,
  path TEXT NOT NULL, action TEXT NOT NULL, parameters TEXT NOT NULL, digest TEXT NOT NULL, need INTEGER NOT NULL,
  question TEXT NOT NULL, at REAL NOT NULL, settled TEXT NOT NULL DEFAULT '', UNIQUE (run, path, question));
CREATE TABLE approval (
  number INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT NOT NULL, person TEXT NOT NULL, name TEXT NOT NULL,
  at REAL NOT NULL, expires REAL NOT NULL, kind TEXT NOT NULL);
CREATE INDEX approval_request ON approval (request);
CREATE TABLE duty (
  number INTEGER PRIMARY KEY AUTOINCREMENT, incident TEXT NOT NULL, what TEXT NOT NULL, opened REAL NOT NULL,
  opened_by TEXT NOT NULL, done REAL, done_by TEXT NOT NULL DEFAULT '');
CREATE TABLE drill (number INTEGER PRIMARY KEY AUTOINCREMENT, playbook TEXT NOT NULL, digest TEXT NOT NULL, at REAL NOT NULL,
  passed INTEGER NOT NULL, who TEXT NOT NULL);
CREATE TABLE run (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, incident TEXT NOT NULL, playbook TEXT NOT NULL,
  text TEXT NOT NULL, digest TEXT NOT NULL, variables TEXT NOT NULL, who TEXT NOT NULL, state TEXT NOT NULL,
  because TEXT NOT NULL DEFAULT '', token TEXT NOT NULL UNIQUE, started REAL NOT NULL, ended REAL);
CREATE TABLE step (
  number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, path TEXT NOT NULL, step TEXT NOT NULL, state TEXT NOT NULL,
  action TEXT NOT NULL, key TEXT NOT NULL, parameters TEXT NOT NULL, before TEXT NOT NULL, result TEXT NOT NULL,
  text TEXT NOT NULL, begun REAL NOT NULL, ended REAL, UNIQUE (run, path));
CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, body TEXT NOT NULL);
"""
_NOW_BUSY: Final = "another process is writing to it. Try again when that is done; nothing was changed"
_UNAVAILABLE: Final = {
    sqlite3.SQLITE_BUSY: _NOW_BUSY,
    sqlite3.SQLITE_LOCKED: _NOW_BUSY,
    sqlite3.SQLITE_READONLY: "it may not be changed. Check the permissions of the file and its folder",
    sqlite3.SQLITE_PERM: "it may not be opened. Check the permissions of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened. Check that its folder is there, and the permissions of both",
    sqlite3.SQLITE_FULL: "there is no room left for it. Make room and repeat; what was stored before is there",
    sqlite3.SQLITE_IOERR: "the disk did not take or give it. Check its room and health; what was stored before is there",
}


def clean_text(text: str, most: int = LONGEST_TEXT) -> str:
    """A text that can be stored and told: half characters replaced, controls but line feeds left out, cut to a length."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(letter for letter in whole if letter == "\n" or letter.isprintable())[:most]


def _finite(value: Any, depth: int = 0) -> Json:
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {str(_finite(str(name))): _finite(one, depth + 1) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one, depth + 1) for one in value]
    if isinstance(value, int) and abs(value) > _LARGEST:
        return str(value)
    return value if value is None or isinstance(value, (bool, int)) else str(value)


def as_json(value: object) -> str:
    """A value as compact JSON, names sorted; what JSON cannot say (NaN, half characters, endless depth) is said in words."""
    return json.dumps(_finite(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _told(error: sqlite3.Error, place: str) -> Exception:
    code = getattr(error, "sqlite_errorcode", None)
    main = code & 0xFF if isinstance(code, int) else None
    if main in _UNAVAILABLE:
        return StoreUnavailable(f"{place}: {_UNAVAILABLE[main]}.")
    return BadStore(
        f"{place}: it does not hold what it should ({error}). Restore it from a copy; the evidence log has its history."
    )


class IncidentDatabase:
    """The file, opened.

    Parameters
    ----------
    connection
        In autocommit mode, used from one thread.
    place
        The file, for messages.
    clock
        Gives the moment, in seconds since 1970.
    """

    def __init__(self, connection: sqlite3.Connection, place: str, clock: Callable[[], float]) -> None:
        self._connection, self.place, self.clock = connection, place, clock
        self.id = ""

    @classmethod
    def open(cls, path: Path, clock: Callable[[], float], *, make: bool = True) -> IncidentDatabase:
        """Open a file, and make it if it is not there.

        Raises
        ------
        freehold.errors.StoreUnavailable
            If it cannot be opened, or is not there and is not to be made.
        freehold.errors.BadStore
            If it is something else, or a newer program's.
        """
        if not make and not path.exists():
            raise StoreUnavailable(f"{path} is not there. Name the folder that freehold watch keeps its state in.")
        try:
            if str(path) != ":memory:" and not path.exists():
                # for its owner alone from its first byte on; the log beside it takes after it
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be made ({error.strerror}). Name a folder that can be written to.") from None
        except sqlite3.Error as error:
            raise _told(error, str(path)) from None
        database = cls(connection, str(path), clock)
        try:
            database._prepare()
        except BaseException:
            connection.close()
            raise
        return database

    def _prepare(self) -> None:
        with self._telling():
            run = self._connection.execute
            run("BEGIN")  # one moment for all three: another process may be making the file
            empty = self._is_empty()
            application = run("PRAGMA application_id").fetchone()[0]
            number = run("PRAGMA user_version").fetchone()[0]
            run("COMMIT")
            if not empty and application != _APPLICATION:
                raise BadStore(f"{self.place} is no file of incidents. Name the folder of the desk's state.")
            if number > SCHEMA_NUMBER:
                raise BadStore(f"{self.place} was made by a newer Freehold (schema {number}). Use that one.")
            self._write_ahead()
            run("PRAGMA synchronous = FULL")
            if empty:
                with self.writing():
                    if self._is_empty():
                        run(f"PRAGMA application_id = {_APPLICATION}")
                        run(f"PRAGMA user_version = {SCHEMA_NUMBER}")
                        for statement in _TABLES.split(";\n"):
                            if statement.strip():
                                run(statement)
                        run("INSERT INTO store VALUES (?)", (uuid.uuid4().hex,))
            self.id = str(run("SELECT id FROM store").fetchone()[0])

    def _write_ahead(self) -> None:
        """Change the file to write-ahead mode; while another process does so, wait for it and look again."""
        for _ in range(_MOST_TRIES):
            if self._connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                return
            with suppress(sqlite3.OperationalError):
                self._connection.execute("PRAGMA journal_mode = WAL")
            with self.writing():
                pass

    def _is_empty(self) -> bool:
        return bool(self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
            raise
        except sqlite3.Error as error:
            raise _told(error, self.place) from error
        except (UnicodeEncodeError, OverflowError):
            raise RespondError(
                "an id or a name holds bytes that are no text, or a number is too large. Write it anew."
            ) from None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that nobody else's writes interrupt: all of it is kept, or nothing. Within one: a part of it."""
        if self._is_writing():
            yield
            return
        with self._telling():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    if self._is_writing():
                        self._connection.execute("ROLLBACK")
                raise

    def _is_writing(self) -> bool:
        return self._connection.in_transaction

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement; its rows."""
        with self._telling():
            return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, *values: Any) -> tuple[Any, ...] | None:
        """Run a statement; its first row."""
        found = self.rows(statement, *values)
        return found[0] if found else None

    def insert(self, statement: str, *values: Any) -> int:
        """Run an insertion; the number of the new row."""
        with self._telling():
            return int(self._connection.execute(statement, values).lastrowid or 0)

    def tell(
        self, incident: str, kind: str, who: str, role: str, text: str = "", facts: Mapping[str, Json] | None = None
    ) -> float:
        """Write an entry of the timeline, and the same for the evidence log; the moment it bears.

        No entry is before the last one of the incident: a clock that went back stands still instead.
        """
        last = self.row("SELECT number, at FROM entry WHERE incident = ? ORDER BY number DESC LIMIT 1", incident)
        number, at = (last[0] + 1, max(self.clock(), last[1])) if last else (1, self.clock())
        text, told = clean_text(text), as_json(facts or {})
        if len(told) > _LONGEST_FACTS:
            digest = hashlib.sha256(told.encode()).hexdigest()
            told = as_json({"left_out": f"{len(told):,} characters are more than are told", "sha256": digest})
        self.insert("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)", incident, number, at, kind, who, role, text, told)
        self.rows("UPDATE incident SET updated = ? WHERE id = ?", at, incident)
        body = {
            "incident": incident, "number": number, "at": at, "kind": kind, "by": who, "role": role, "text": text,
            "facts": json.loads(told),
        }  # fmt: skip
        self.send(f"incident.{kind}", body)
        return at

    def send(self, kind: str, body: Mapping[str, Json]) -> None:
        """Put an entry for the evidence log into the outbox of this transaction."""
        self.insert("INSERT INTO outbox (kind, body) VALUES (?, ?)", kind, as_json(body))

    def close(self) -> None:
        """Close the file; nothing is lost by not doing so."""
        self._connection.close()
