"""Answers kept between runs, in the user's cache folder. Owns their keys, and that nothing but speed depends on them.

A cache that cannot be read or written (no room, no permission, a damaged file) is as none. A key is made of what was asked,
of the content it was asked of, and of the program itself: an answer of another program, or of other facts, is never given.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freehold.errors import BadStore, FreeholdError
from freehold.store.schema import SCHEMA_NUMBER

if TYPE_CHECKING:
    from freehold.store.sql_store import SqlStore

__all__ = ["cache_file", "keep_answer", "kept_answer", "key_of"]

_WORKSPACE: Final = "cache"
_WAIT: Final = 0.5
"""Seconds: to compute an answer anew is better than to wait long for a place to keep it."""


def cache_file() -> Path:
    """The file that holds the cache; each schema has its own, so that old and new programs share no file."""
    base = os.environ.get("XDG_CACHE_HOME")
    folder = Path(base or os.path.expanduser("~/.cache")) / "freehold"  # noqa: PTH111  it never raises, Path.expanduser does
    return folder / f"answers-{SCHEMA_NUMBER}.db"


@cache
def _program() -> str:
    """What the program is made of: names, sizes and times of its files, its data among them."""
    parts = []
    for folder, folders, files in os.walk(Path(__file__).parent.parent):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            status = (Path(folder) / name).stat()
            parts.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def key_of(content: str, *question: object) -> str:
    """Make the key of an answer.

    Parameters
    ----------
    content
        Hash of what the question is asked of: a stack's content hash, a folder's fingerprint.
    question
        All else that the answer depends on; the program itself always counts.
    """
    return hashlib.sha256("\0".join([_program(), content, *map(repr, question)]).encode(errors="replace")).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)


def _opened(file: Path) -> SqlStore:
    from freehold.store.sqlite import open_sqlite

    return open_sqlite(file, clock=_now, write=True, wait=_WAIT, durable=False)


def kept_answer(key: str) -> str | None:
    """Give the answer kept under a key; ``None`` if there is none, for whatever reason."""
    file = cache_file()
    try:
        if not file.exists():
            return None
        with _opened(file) as store:
            return store.answer(_WORKSPACE, key)
    except BadStore:
        _forget(file)
    except (FreeholdError, sqlite3.Error, OSError):
        return None
    return None


def keep_answer(key: str, text: str) -> None:
    """Keep an answer, if that can be done."""
    file = cache_file()
    with suppress(OSError, sqlite3.Error, FreeholdError, UnicodeEncodeError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with _opened(file) as store:
                store.keep_answer(_WORKSPACE, key, text)
        except BadStore:
            _forget(file)


def _forget(file: Path) -> None:
    """Take a damaged cache away: the next answer begins a new one."""
    for ending in ("", "-wal", "-shm"):
        with suppress(OSError):
            file.with_name(file.name + ending).unlink(missing_ok=True)
