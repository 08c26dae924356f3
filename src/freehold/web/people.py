"""Who may do what at the desk, and how they show it. Owns the file of people: names, roles and digests of their keys.

A key is made once, shown once and never stored: only its SHA-256 digest is. Keys are random and long, so that a slow
digest would add nothing. Whoever acts is known by their own key; that is what makes approval by two people mean two people.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from freehold.errors import UsageError, WatchError
from freehold.whole_file import write_whole

__all__ = ["INTAKE", "PEOPLE_FILE", "People", "Person", "add_person", "read_key_file", "remove_person"]

PEOPLE_FILE: Final = "people.json"
INTAKE: Final = "intake"
"""The role of a program: it may tell what happened, and neither see nor do anything else."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MOST_PEOPLE: Final = 10_000
_MOST_BYTES: Final = 10_000_000
_KEY_BYTES: Final = 32


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One who may use the desk.

    Parameters
    ----------
    name
        As it stands in timelines and evidence.
    roles
        Such as ``commander``, or ``intake`` for a program that sends events.
    digest
        SHA-256 of the key, in hexadecimal.
    """

    name: str
    roles: tuple[str, ...]
    digest: str

    @property
    def is_program(self) -> bool:
        """Whether it may only send events."""
        return self.roles == (INTAKE,)


@dataclass(frozen=True, slots=True)
class _Read:
    people: tuple[Person, ...]
    stamp: tuple[int, int]


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _read(path: Path) -> tuple[Person, ...]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise WatchError(f"{path} is larger than {_MOST_BYTES:,} bytes, which no file of people is. Restore it.")
        raw = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise WatchError(f"{path} cannot be read ({error.strerror}). Check its permissions.") from error
    try:
        people = msgspec.json.decode(raw, type=tuple[Person, ...])
    except msgspec.MsgspecError as error:
        raise WatchError(f"{path} is no file of people: {error}. Restore it, or remove it and add them again.") from error
    return people


def _write(path: Path, people: tuple[Person, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, msgspec.json.format(msgspec.json.encode(people)).decode() + "\n")
    path.chmod(0o600)


def add_person(folder: Path, name: str, roles: tuple[str, ...]) -> str:
    """Let somebody (or a program) use the desk; who is there already gets a new key, and the old one is worth nothing.

    Parameters
    ----------
    folder
        The desk's state folder.
    name, roles
        As :class:`Person`.

    Returns
    -------
    str
        The key: it is shown to its owner once and stored nowhere.

    Raises
    ------
    freehold.errors.UsageError
        If the name or the roles are none.
    freehold.errors.WatchError
        If the file cannot be read.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"'{name}' is no name for a person here: letters, digits, '.', '_' and '-', 64 at most.")
    if not roles:
        raise UsageError("a person needs a role, such as commander, engineer, legal, comms or observer; a program: intake.")
    path = folder / PEOPLE_FILE
    others = tuple(person for person in _read(path) if person.name != name)
    if len(others) >= _MOST_PEOPLE:
        raise UsageError(f"{path} holds {_MOST_PEOPLE} people, which is as many as it takes. Remove some.")
    key = secrets.token_urlsafe(_KEY_BYTES)
    _write(path, (*others, Person(name=name, roles=roles, digest=_digest(key))))
    return key


def remove_person(folder: Path, name: str) -> None:
    """Take a key back at once.

    Raises
    ------
    freehold.errors.UsageError
        If nobody has that name.
    """
    path = folder / PEOPLE_FILE
    people = _read(path)
    left = tuple(person for person in people if person.name != name)
    if len(left) == len(people):
        known = ", ".join(sorted(person.name for person in people)) or "nobody"
        raise UsageError(f"nobody is called '{name}' in {path}. It knows: {known}.")
    _write(path, left)


class People:
    """The people of one desk, read anew when the file changes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / PEOPLE_FILE
        self._read = _Read((), (-1, -1))

    def _now(self) -> tuple[Person, ...]:
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_ino)
        except FileNotFoundError:
            stamp = (0, 0)
        if stamp != self._read.stamp:
            self._read = _Read(_read(self._path), stamp)
        return self._read.people

    def who(self, key: str) -> Person | None:
        """Whose key this is; ``None`` if nobody's. Every digest is compared, so that time tells nothing."""
        digest, found = _digest(key), None
        for person in self._now():
            if hmac.compare_digest(person.digest, digest):
                found = person
        return found

    def named(self, name: str) -> Person | None:
        """Somebody by name."""
        return next((person for person in self._now() if person.name == name), None)

    def is_empty(self) -> bool:
        """Whether nobody can use the desk yet."""
        return not self._now()


def read_key_file(path: Path) -> str:
    """Read a key from a file of its own.

    Raises
    ------
    freehold.errors.UsageError
        If it cannot be read, holds no key, or others may read it.
    """
    try:
        with path.open("rb") as file:
            others = os.fstat(file.fileno()).st_mode & 0o077
            key = file.read(4096).decode("ascii", "replace").strip()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}). Name a file that holds a key.") from error
    if others:
        raise UsageError(f"{path} can be read by others. chmod 600 {path}")
    if len(key) < _KEY_BYTES:
        raise UsageError(f"{path} holds no key. freehold watch --person NAME makes one.")
    return key
