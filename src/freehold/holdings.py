"""The use cases of a Freehold database: reading, storing, telling, undoing. Owns which stack and which state is meant."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from freehold.errors import StoreUnavailable, UsageError
from freehold.stack.rows import Row, build
from freehold.stack.values import UNKNOWN, Owner, Stack
from freehold.store.encoding import ROW_TABLES
from freehold.store.interface import WORKSPACE, At, Authorship, Change, Revision, Store, Stored

if TYPE_CHECKING:
    from freehold.store.sql_store import SqlStore

__all__ = ["clock", "history_of", "read_stored", "revision_of", "state_meant", "store_stack", "undo_last"]

_SETTINGS: Final = ("name", "home", "trusted", "as_of")
_FOREVER: Final = float("inf")


def clock() -> datetime:
    """The present moment, or the one that ``SOURCE_DATE_EPOCH`` sets for output that must be the same on every run.

    Raises
    ------
    freehold.errors.UsageError
        If that variable is no number of seconds.
    """
    told = os.environ.get("SOURCE_DATE_EPOCH")
    if not told:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(told), UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"SOURCE_DATE_EPOCH: '{told}' is no number of seconds since 1970. Correct or unset it.") from None


def state_meant(text: str | None) -> At:
    """Read what ``--at`` says: a revision number, a day, a moment.

    Raises
    ------
    freehold.errors.UsageError
        If it is none of these.
    """
    from freehold.store.moments import parse_at

    try:
        return None if text is None else parse_at(text)
    except ValueError:
        raise UsageError(
            f"--at: '{text}' is neither a revision such as 3, nor a day such as 2026-01-31, nor a moment such as "
            "2026-01-31T18:00Z."
        ) from None


@contextmanager
def _opened(path: str | Path, *, write: bool = False, told: Callable[[str], None] | None = None) -> Iterator[SqlStore]:
    from freehold.store.sqlite import open_sqlite

    with open_sqlite(path, clock=clock, write=write, told=told) as store:
        yield store


def _chosen(store: Store, path: str | Path, name: str | None) -> str:
    """The stack that is meant: the one named, else the only one."""
    if name is not None:
        return name
    names = store.stacks(WORKSPACE)
    if len(names) == 1:
        return names[0]
    if not names:
        raise UsageError(f"{path} holds no stack yet. Store one: freehold scan STACK -o {path}")
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    some = ", ".join(one if len(one) <= 80 else one[:80] + "…" for one in names[:10])
    raise UsageError(f"{path} holds {len(names)} stacks: {some}{more}. Choose one with --stack NAME.")


def revision_of(path: str | Path, name: str | None = None, at: At = None) -> Revision:
    """Find a revision without reading its rows.

    Raises
    ------
    freehold.errors.FreeholdError
        If there is none, or the database cannot be read.
    """
    with _opened(path) as store:
        return store.revision(WORKSPACE, _chosen(store, path, name), at)


def read_stored(path: str | Path, name: str | None = None, at: At = None) -> Stack:
    """Read a stack from a database; what a stranger may have written there is checked as any stack file is.

    Parameters
    ----------
    path
        The database.
    name
        Under which the stack is stored; needed where the database holds several.
    at
        Which state; the newest if it is not said.

    Raises
    ------
    freehold.errors.FreeholdError
        If there is none, it is no sound stack, or the database cannot be read.
    """
    with _opened(path) as store:
        chosen = _chosen(store, path, name)
        revision = store.revision(WORKSPACE, chosen, at)
        stack = store.get(WORKSPACE, chosen, revision.number)
    place = f"{path} ('{chosen}', revision {revision.number} of {revision.made_at[:10]})"
    return build(_rows(stack, place), path=place, name=chosen)


def _rows(stack: Stack, place: str) -> Iterator[Row]:
    yield Row("stack", {name: _raw(getattr(stack, name)) for name in _SETTINGS}, place, 0)
    for table in ROW_TABLES:
        for number, value in enumerate(getattr(stack, table), 1):
            cells = {name: _raw(cell) for name in value.__slots__ if (cell := getattr(value, name)) is not None}
            yield Row(table, cells, f"{place}, {table} {number}", 0)


def _raw(value: Any) -> Any:
    """A cell as a file would hold it."""
    if value is UNKNOWN:
        return UNKNOWN.value
    if isinstance(value, tuple):
        return [{"id": one.id, "stake": one.stake} if isinstance(one, Owner) else one for one in value]
    return "forever" if value == _FOREVER else value


def store_stack(
    path: str | Path, stack: Stack, name: str, authorship: Authorship, *, told: Callable[[str], None] | None = None
) -> tuple[Stored, tuple[Change, ...]]:
    """Store a stack in a database, which is made if it is not there.

    Parameters
    ----------
    path
        The database.
    stack, name
        What is stored, and under which name.
    authorship
        Who stores it and why, as far as they say so.
    told
        Is told what was done besides, such as a copy that was made.

    Returns
    -------
    tuple
        Its revision, and what changed in it.

    Raises
    ------
    freehold.errors.FreeholdError
        If it cannot be stored; what was stored before is there.
    """
    from freehold.store.stacks import check_labels

    check_labels(name, authorship)
    with _opened(path, write=True, told=told) as store:
        stored = store.put(WORKSPACE, name, stack, authorship)
        return stored, store.history(WORKSPACE, name, stored.revision.number)


def history_of(path: str | Path, name: str | None = None, at: At = None) -> tuple[Stack, tuple[Change, ...]]:
    """Give the newest state (or the one meant), and every revision with what changed (or that one alone).

    Raises
    ------
    freehold.errors.FreeholdError
        If there is no such stack or revision, or the database cannot be read.
    """
    with _opened(path) as store:
        chosen = _chosen(store, path, name)
        return store.get(WORKSPACE, chosen, at), store.history(WORKSPACE, chosen, at)


def undo_last(
    path: str | Path, name: str | None, authorship: Authorship, *, told: Callable[[str], None] | None = None
) -> Revision:
    """Take the newest revision back, by a new one that equals the one before; see :func:`store_stack`.

    Raises
    ------
    freehold.errors.FreeholdError
        If there is nothing to take back, or it cannot be stored.
    """
    if not Path(path).exists():
        raise StoreUnavailable(f"{path} is not there. Name a Freehold database.")
    with _opened(path, write=True, told=told) as store:
        return store.undo(WORKSPACE, _chosen(store, path, name), authorship)
