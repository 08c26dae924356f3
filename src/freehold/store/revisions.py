"""Revisions and what they hold, on any database. Owns how a state that is asked for is found, and what in it is damaged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from freehold.errors import BadStore, UnknownId, UsageError
from freehold.stack.cells import nearest
from freehold.store import statements
from freehold.store.chunks import Spans
from freehold.store.database import LARGEST_NUMBER, Session
from freehold.store.encoding import ROW_TABLES
from freehold.store.interface import At, Revision
from freehold.store.moments import is_moment, told_moment

__all__ = ["Content", "all_revisions", "damaged", "find", "names_of", "newest", "revision_of"]

_LARGEST_CONTENT: Final = 16 * 1024 * 1024
_MOST_CHUNKS: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Content:
    """What a revision holds: the line of settings, and the chunks of each table."""

    settings: str
    spans: Mapping[str, Spans]
    rows: Mapping[str, int]

    def written(self) -> str:
        """As it is stored."""
        tables = {table: {"rows": self.rows[table], "chunks": self.spans[table]} for table in ROW_TABLES}
        return json.dumps({"settings": self.settings, "tables": tables}, separators=(",", ":"))


def damaged(revision: object) -> BadStore:
    """The error of a revision that cannot be read as it stands."""
    return BadStore(
        f"revision {revision!r:.40} is damaged. Ask for another one with --at, or restore the database from a copy."
    )


def _count(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_NUMBER:
        return value
    raise TypeError


def _content(number: object, text: object) -> Content:
    try:
        if not isinstance(text, str) or len(text) > _LARGEST_CONTENT:
            raise damaged(number)
        data = json.loads(text)
        tables = data["tables"]
        spans = {table: tuple((_count(first), _count(last)) for first, last in tables[table]["chunks"]) for table in ROW_TABLES}
        if not isinstance(data["settings"], str) or any(first > last for one in spans.values() for first, last in one):
            raise damaged(number)
        if sum(last - first + 1 for one in spans.values() for first, last in one) > _MOST_CHUNKS:
            raise damaged(number)
        return Content(data["settings"], spans, {table: _count(tables[table]["rows"]) for table in ROW_TABLES})
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise damaged(number) from error


def _row(row: tuple[Any, ...]) -> tuple[Revision, Content]:
    stack, number, digest, made_at, by, note, takes_back, text = row
    if not all(isinstance(one, str) for one in (stack, digest, made_at, by, note)) or not isinstance(number, int):
        raise damaged(number)
    if not is_moment(made_at):
        raise damaged(number)
    if takes_back is not None and not isinstance(takes_back, int):
        raise damaged(number)
    content = _content(number, text)
    return Revision(stack, number, digest, made_at, by, note, takes_back, content.rows), content


def names_of(session: Session, workspace: str) -> tuple[str, ...]:
    """Names of the stacks in a workspace."""
    return tuple(str(name) for (name,) in session.run(statements.STACKS, workspace=workspace))


def newest(session: Session, workspace: str, name: str) -> Revision | None:
    """The newest revision of a stack; ``None`` if there is no such stack.

    Raises
    ------
    freehold.errors.BadStore
        If it is damaged.
    """
    rows = session.run(statements.REVISION_LAST, workspace=workspace, stack=name)
    return _row(rows[0])[0] if rows else None


def all_revisions(session: Session, workspace: str, name: str) -> list[tuple[Revision, Content]]:
    """Every revision of a stack with what it holds, the oldest first.

    Raises
    ------
    freehold.errors.BadStore
        If one is damaged.
    """
    return [_row(row) for row in session.run(statements.REVISIONS, workspace=workspace, stack=name)]


def find(session: Session, workspace: str, name: str, at: At) -> tuple[Revision, Content]:
    """Find a revision and what it holds; see :func:`revision_of`."""
    rows: list[tuple[Any, ...]] = []
    if at is None:
        rows = session.run(statements.REVISION_LAST, workspace=workspace, stack=name)
    elif isinstance(at, datetime):
        rows = session.run(statements.REVISION_BEFORE, workspace=workspace, stack=name, moment=told_moment(at))
    elif 0 < at <= LARGEST_NUMBER:
        rows = session.run(statements.REVISION, workspace=workspace, stack=name, number=at)
    if rows:
        return _row(rows[0])
    known = names_of(session, workspace)
    if name not in known:
        raise UnknownId("stack", name, nearest(name, known) or known[:3])
    if at is None:
        raise BadStore(f"the stack '{name}' has no revision any more. Restore the database from a copy.")
    last, _ = find(session, workspace, name, None)
    first = session.run(statements.REVISION, workspace=workspace, stack=name, number=1)
    begins = f", the first of {_row(first[0])[0].made_at}" if first else ""
    asked = f"none of {told_moment(at)} or before" if isinstance(at, datetime) else f"no revision {at}"
    raise UsageError(f"the stack '{name}' has {asked}. It has {last.number}{begins}; `freehold history` lists them.")


def revision_of(session: Session, workspace: str, name: str, at: At) -> Revision:
    """Find a revision.

    Raises
    ------
    freehold.errors.UnknownId
        If there is no such stack.
    freehold.errors.UsageError
        If it has no such revision.
    """
    return find(session, workspace, name, at)[0]
