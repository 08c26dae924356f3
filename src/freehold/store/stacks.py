"""Stacks, stored on any database. Owns what a revision is made of, and when a new one is made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from freehold.errors import UsageError
from freehold.stack.values import Stack
from freehold.store import statements
from freehold.store.chunks import Chunk, Spans, chunks_of, packed, spans_of
from freehold.store.database import Session, number_from
from freehold.store.encoding import ROW_TABLES, digest_of, lines_of, settings_of
from freehold.store.interface import Authorship, Revision, Stored
from freehold.store.revisions import Content, find, newest

__all__ = ["Draft", "check_labels", "draft_of", "put", "take_back"]

_LONGEST_NAME: Final = 200
_LONGEST_NOTE: Final = 2000
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


def _plain(text: str, what: str, longest: int) -> str:
    if _NO_TEXT.search(text):
        raise UsageError(f"{what} holds a control character. Write it on one line.")
    if len(text) > longest:
        raise UsageError(f"{what} has {len(text)} characters. Keep it under {longest + 1}.")
    return text


def _check_authorship(authorship: Authorship) -> None:
    _plain(authorship.by, "what --by says", _LONGEST_NOTE)
    _plain(authorship.note, "what --note says", _LONGEST_NOTE)


def check_labels(name: str, authorship: Authorship) -> None:
    """Refuse what no stack can be stored under.

    Raises
    ------
    freehold.errors.UsageError
        If the name, or what was said of the change, cannot be stored.
    """
    if not name.strip():
        raise UsageError("a stack is stored under a name, and this one has none. Give it one with --stack NAME.")
    _plain(name, "the name of the stack", _LONGEST_NAME)
    _check_authorship(authorship)


def put(session: Session, workspace: str, name: str, draft: Draft, authorship: Authorship, made_at: str) -> Stored:
    """Store a stack that was made ready; nothing is done if the newest revision has the same content.

    Raises
    ------
    freehold.errors.UsageError
        If the name, or what was said of the change, cannot be stored.
    """
    check_labels(name, authorship)
    before = newest(session, workspace, name)
    if before is not None and before.digest == draft.digest:
        return Stored(before, is_new=False)
    if before is None:
        session.run(statements.ADD_STACK, workspace=workspace, name=name, made_at=made_at)
    spans = _chunks_stored(session, workspace, draft)
    content = Content(draft.settings, spans, draft.rows)
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
    session: Session, workspace: str, name: str, before: Revision | None, digest: str, content: Content,
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
    last, _ = find(session, workspace, name, None)
    if last.number == 1:
        raise UsageError(f"the stack '{name}' has one revision, and nothing before it. There is nothing to undo.")
    before, content = find(session, workspace, name, last.number - 1)
    return _add(session, workspace, name, last, before.digest, content, authorship, made_at, last.number)
