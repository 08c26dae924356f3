"""Stacks with their history, on any database. Owns what a revision is made of, and when a new one is made."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from freehold.errors import BadStore, TooLarge, UnknownId, UsageError
from freehold.stack.cells import nearest
from freehold.stack.values import Stack
from freehold.store import statements
from freehold.store.chunks import LARGEST, Chunk, Spans, chunks_of, joined, packed, spans_of, unpacked
from freehold.store.database import LARGEST_NUMBER, Session, number_from
from freehold.store.differences import row_changes
from freehold.store.encoding import ROW_TABLES, digest_of, lines_of, settings_of, stack_of
from freehold.store.interface import At, Authorship, Change, Revision, Stored
from freehold.store.moments import is_moment, told_moment

__all__ = ["Draft", "changes_of", "draft_of", "names_of", "put", "revision_of", "stack_at", "take_back"]

_LONGEST_NAME: Final = 200
_LONGEST_NOTE: Final = 2000
_LARGEST_CONTENT: Final = 16 * 1024 * 1024
_MOST_CHUNKS: Final = 4_000_000
_NO_TEXT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Draft:
    """A stack made ready to be stored, before any transaction begins."""

    digest: str
    settings: str
    chunks: Mapping[str, Sequence[Chunk]]
    rows: Mapping[str, int]


def draft_of(stack: Stack) -> Draft:
    """Make a stack ready to be stored.

    Raises
    ------
    freehold.errors.StoreError
        If a number of it is none.
    """
    settings, lines = settings_of(stack), lines_of(stack)
    chunks = {table: chunks_of(lines[table]) for table in ROW_TABLES}
    return Draft(digest_of(settings, lines), settings, chunks, {table: len(lines[table]) for table in ROW_TABLES})


@dataclass(frozen=True, slots=True)
class _Content:
    """What a revision holds: the line of settings, and the chunks of each table."""

    settings: str
    spans: Mapping[str, Spans]
    rows: Mapping[str, int]

    def written(self) -> str:
        tables = {table: {"rows": self.rows[table], "chunks": self.spans[table]} for table in ROW_TABLES}
        return json.dumps({"settings": self.settings, "tables": tables}, separators=(",", ":"))


def _damaged(revision: object) -> BadStore:
    return BadStore(
        f"revision {revision!r:.40} is damaged. Ask for another one with --at, or restore the database from a copy."
    )


def _count(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_NUMBER:
        return value
    raise TypeError


def _content(number: object, text: object) -> _Content:
    try:
        if not isinstance(text, str) or len(text) > _LARGEST_CONTENT:
            raise _damaged(number)
        data = json.loads(text)
        tables = data["tables"]
        spans = {table: tuple((_count(first), _count(last)) for first, last in tables[table]["chunks"]) for table in ROW_TABLES}
        if not isinstance(data["settings"], str) or any(first > last for one in spans.values() for first, last in one):
            raise _damaged(number)
        if sum(last - first + 1 for one in spans.values() for first, last in one) > _MOST_CHUNKS:
            raise _damaged(number)
        return _Content(data["settings"], spans, {table: _count(tables[table]["rows"]) for table in ROW_TABLES})
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _damaged(number) from error


def _row(row: tuple[Any, ...]) -> tuple[Revision, _Content]:
    stack, number, digest, made_at, by, note, takes_back, text = row
    if not all(isinstance(one, str) for one in (stack, digest, made_at, by, note)) or not isinstance(number, int):
        raise _damaged(number)
    if not is_moment(made_at):
        raise _damaged(number)
    if takes_back is not None and not isinstance(takes_back, int):
        raise _damaged(number)
    content = _content(number, text)
    return Revision(stack, number, digest, made_at, by, note, takes_back, content.rows), content


def names_of(session: Session, workspace: str) -> tuple[str, ...]:
    """Names of the stacks in a workspace."""
    return tuple(str(name) for (name,) in session.run(statements.STACKS, workspace=workspace))


def _found(session: Session, workspace: str, name: str, at: At) -> tuple[Revision, _Content]:
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
    newest, _ = _found(session, workspace, name, None)
    first = session.run(statements.REVISION, workspace=workspace, stack=name, number=1)
    begins = f", the first of {_row(first[0])[0].made_at}" if first else ""
    asked = f"none of {told_moment(at)} or before" if isinstance(at, datetime) else f"no revision {at}"
    raise UsageError(f"the stack '{name}' has {asked}. It has {newest.number}{begins}; `freehold history` lists them.")


def revision_of(session: Session, workspace: str, name: str, at: At) -> Revision:
    """Find a revision.

    Raises
    ------
    freehold.errors.UnknownId
        If there is no such stack.
    freehold.errors.UsageError
        If it has no such revision.
    """
    return _found(session, workspace, name, at)[0]


class _Reader:
    """Reads chunks, each once, within the limit of what one answer may unpack."""

    def __init__(self, session: Session, workspace: str) -> None:
        self._session, self._workspace = session, workspace
        self._texts: dict[int, str] = {}
        self._left = LARGEST

    def lines(self, spans: Iterable[tuple[int, int]]) -> Iterator[str]:
        for first, last in spans:
            if not all(number in self._texts for number in range(first, last + 1)):
                self._fetch(first, last)
            for number in range(first, last + 1):
                self._left -= len(self._texts[number])
                if self._left < 0:
                    raise TooLarge(f"the stored stack has more than {LARGEST:,} bytes, which is the limit. Store it in parts.")
                yield from self._texts[number].split("\n")

    def _fetch(self, first: int, last: int) -> None:
        rows = self._session.run(statements.CHUNKS, workspace=self._workspace, first=first, last=last)
        if [row[0] for row in rows] != list(range(first, last + 1)):
            raise BadStore("a part of a stored stack is missing. Restore the database from a copy.")
        for number, digest, body in rows:
            text = unpacked(body, self._left)
            if joined([text]).digest != digest:
                raise BadStore("a part of a stored stack is not what was stored. Restore the database from a copy.")
            self._texts[number] = text


def stack_at(session: Session, workspace: str, name: str, at: At) -> Stack:
    """Give a stored stack.

    Raises
    ------
    freehold.errors.FreeholdError
        As :func:`revision_of`, and if it is damaged.
    """
    revision, content = _found(session, workspace, name, at)
    reader = _Reader(session, workspace)
    lines = {table: tuple(reader.lines(content.spans[table])) for table in ROW_TABLES}
    if any(len(lines[table]) != content.rows[table] for table in ROW_TABLES):
        raise _damaged(revision.number)
    return stack_of(content.settings, lines)


def _plain(text: str, what: str, longest: int) -> str:
    if _NO_TEXT.search(text):
        raise UsageError(f"{what} holds a control character. Write it on one line.")
    if len(text) > longest:
        raise UsageError(f"{what} has {len(text)} characters. Keep it under {longest + 1}.")
    return text


def _check_authorship(authorship: Authorship) -> None:
    _plain(authorship.by, "what --by says", _LONGEST_NOTE)
    _plain(authorship.note, "what --note says", _LONGEST_NOTE)


def put(session: Session, workspace: str, name: str, draft: Draft, authorship: Authorship, made_at: str) -> Stored:
    """Store a stack that was made ready; nothing is done if the newest revision has the same content.

    Raises
    ------
    freehold.errors.UsageError
        If the name, or what was said of the change, cannot be stored.
    """
    if not name.strip():
        raise UsageError("a stack is stored under a name, and this one has none. Give it one with --stack NAME.")
    _plain(name, "the name of the stack", _LONGEST_NAME)
    _check_authorship(authorship)
    newest = session.run(statements.REVISION_LAST, workspace=workspace, stack=name)
    before = _row(newest[0])[0] if newest else None
    if before is not None and before.digest == draft.digest:
        return Stored(before, is_new=False)
    if before is None:
        session.run(statements.ADD_STACK, workspace=workspace, name=name, made_at=made_at)
    spans = _chunks_stored(session, workspace, draft)
    content = _Content(draft.settings, spans, draft.rows)
    return Stored(_add(session, workspace, name, before, draft.digest, content, authorship, made_at), is_new=True)


def _chunks_stored(session: Session, workspace: str, draft: Draft) -> dict[str, Spans]:
    last = number_from(session, statements.LAST_CHUNK, workspace=workspace) or 0
    number_of: dict[str, int] = {}
    found = {}
    for table, chunks in draft.chunks.items():
        for chunk in chunks:
            if chunk.digest in number_of:
                continue
            stored = number_from(session, statements.CHUNK_OF, workspace=workspace, digest=chunk.digest)
            if stored is not None:
                number_of[chunk.digest] = stored
                continue
            last += 1
            session.run(statements.ADD_CHUNK, workspace=workspace, number=last, digest=chunk.digest, body=packed(chunk.text))
            number_of[chunk.digest] = last
        found[table] = spans_of(number_of[chunk.digest] for chunk in chunks)
    return found


def _add(
    session: Session, workspace: str, name: str, before: Revision | None, digest: str, content: _Content,
    authorship: Authorship, made_at: str, takes_back: int | None = None,
) -> Revision:  # fmt: skip
    by, note = authorship.by, authorship.note
    number = before.number + 1 if before else 1
    session.run(
        statements.ADD_REVISION, workspace=workspace, stack=name, number=number, digest=digest, made_at=made_at, author=by,
        note=note, takes_back=takes_back, content=content.written(),
    )  # fmt: skip
    return Revision(name, number, digest, made_at, by, note, takes_back, content.rows)


def take_back(session: Session, workspace: str, name: str, authorship: Authorship, made_at: str) -> Revision:
    """Make a new revision with the content of the one before the newest.

    Raises
    ------
    freehold.errors.UsageError
        If there is none before it.
    """
    _check_authorship(authorship)
    newest, _ = _found(session, workspace, name, None)
    if newest.number == 1:
        raise UsageError(f"the stack '{name}' has one revision, and nothing before it. There is nothing to undo.")
    before, content = _found(session, workspace, name, newest.number - 1)
    return _add(session, workspace, name, newest, before.digest, content, authorship, made_at, newest.number)


def changes_of(session: Session, workspace: str, name: str, at: At) -> tuple[Change, ...]:
    """Give revisions and what changed in each: all of them, the oldest first, or one.

    Raises
    ------
    freehold.errors.FreeholdError
        As :func:`stack_at`.
    """
    asked = _found(session, workspace, name, at)
    if at is None:
        rows = [_row(row) for row in session.run(statements.REVISIONS, workspace=workspace, stack=name)]
    else:
        number = asked[0].number
        rows = [_found(session, workspace, name, number - 1), asked] if number > 1 else [asked]
    reader = _Reader(session, workspace)
    found = [Change(rows[0][0], ())] if at is None or len(rows) == 1 else []
    for (_, before), (revision, after) in pairwise(rows):
        changes = tuple(_differences(reader, before, after))
        found.append(Change(revision, changes, reordered=not changes))
    return tuple(found)


def _differences(reader: _Reader, before: _Content, after: _Content) -> Iterator[Any]:
    yield from row_changes("stack", [before.settings], [after.settings])
    for table in ROW_TABLES:
        old, new = (tuple(_numbers(content.spans[table])) for content in (before, after))
        both = Counter(old) & Counter(new)
        lines = [list(reader.lines((number, number) for number in _left(numbers, both))) for numbers in (old, new)]
        yield from row_changes(table, *lines)


def _numbers(spans: Spans) -> Iterator[int]:
    for first, last in spans:
        yield from range(first, last + 1)


def _left(numbers: Iterable[int], both: Counter[int]) -> Iterator[int]:
    left = both.copy()
    for number in numbers:
        if left[number] > 0:
            left[number] -= 1
        else:
            yield number
