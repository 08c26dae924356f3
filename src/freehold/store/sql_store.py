"""A store on any SQL database. Owns which transaction each call is, and the events that stacks leave.

What a call needs is loaded by that call: an answer that is kept must be there in the blink of an eye.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

from freehold.errors import StoreUnavailable
from freehold.store import answers
from freehold.store.moments import told_moment

if TYPE_CHECKING:
    from types import TracebackType

    from freehold.stack.values import Stack
    from freehold.store.database import Database
    from freehold.store.interface import At, Authorship, Change, Clock, Event, Revision, Stored

__all__ = ["SqlStore"]


class SqlStore:
    """A :class:`freehold.store.interface.Store`.

    Parameters
    ----------
    database
        Where it is kept.
    clock
        Gives the moment that is written beside a change.
    most_bytes
        How much the answers of a workspace may take.
    """

    def __init__(self, database: Database, clock: Clock, most_bytes: int = answers.MOST_BYTES) -> None:
        self._database, self._clock, self._most_bytes = database, clock, most_bytes

    def _now(self) -> str:
        return told_moment(self._clock())

    def stacks(self, workspace: str) -> tuple[str, ...]:
        """Names of the stacks, in alphabetical order."""
        from freehold.store.revisions import names_of

        with self._database.reading() as session:
            return names_of(session, workspace)

    def put(self, workspace: str, name: str, stack: Stack, authorship: Authorship | None = None) -> Stored:
        """Store a stack; a new revision is made only if its content differs from the newest."""
        from freehold.store.events import add_event
        from freehold.store.interface import Authorship
        from freehold.store.stacks import draft_of, put

        authorship = authorship or Authorship()
        draft, now = draft_of(stack), self._now()
        with self._database.writing() as session:
            stored = put(session, workspace, name, draft, authorship, now)
            if stored.is_new:
                body = json.dumps({"revision": stored.revision.number, "digest": draft.digest})
                add_event(session, workspace, "stack.put", name, now, authorship.by, body)
        return stored

    def get(self, workspace: str, name: str, at: At = None) -> Stack:
        """Give a stack exactly as it was stored."""
        from freehold.store.reading import stack_at

        with self._database.reading() as session:
            return stack_at(session, workspace, name, at)

    def revision(self, workspace: str, name: str, at: At = None) -> Revision:
        """Give a revision without its rows."""
        from freehold.store.revisions import revision_of

        with self._database.reading() as session:
            return revision_of(session, workspace, name, at)

    def history(self, workspace: str, name: str, at: At = None) -> tuple[Change, ...]:
        """Give every revision, the oldest first, and what changed; with ``at`` that one alone."""
        from freehold.store.history import changes_of

        with self._database.reading() as session:
            return changes_of(session, workspace, name, at)

    def undo(self, workspace: str, name: str, authorship: Authorship | None = None) -> Revision:
        """Make a new revision equal to the one before the newest; undone twice, all is as it was."""
        from freehold.store.events import add_event
        from freehold.store.interface import Authorship
        from freehold.store.stacks import take_back

        authorship = authorship or Authorship()
        now = self._now()
        with self._database.writing() as session:
            revision = take_back(session, workspace, name, authorship, now)
            body = json.dumps({"revision": revision.number, "takes_back": revision.takes_back})
            add_event(session, workspace, "stack.undo", name, now, authorship.by, body)
        return revision

    def record(self, workspace: str, kind: str, subject: str, by: str = "", body: str = "") -> Event:
        """Add an event."""
        from freehold.store.events import add_event

        now = self._now()
        with self._database.writing() as session:
            return add_event(session, workspace, kind, subject, now, by, body)

    def events(self, workspace: str, after: int = 0, most: int = 1000) -> tuple[Event, ...]:
        """Give up to ``most`` events whose number is over ``after``, in order."""
        from freehold.store.events import events_after

        with self._database.reading() as session:
            return events_after(session, workspace, after, most)

    def answer(self, workspace: str, key: str) -> str | None:
        """Give an answer that is kept under a key, if it still is."""
        with self._database.reading() as session:
            found = answers.answer_of(session, workspace, key)
        if found is None:
            return None
        text, is_last = found
        if not is_last:
            try:
                with self._database.writing() as session:
                    answers.mark_used(session, workspace, key)
            except StoreUnavailable:
                return text  # an answer that cannot be marked is an answer
        return text

    def keep_answer(self, workspace: str, key: str, text: str) -> None:
        """Keep an answer; those used longest ago make room for it."""
        with self._database.writing() as session:
            answers.keep(session, workspace, key, text, self._most_bytes)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def __enter__(self) -> Self:
        """Use the store in a ``with`` statement, which closes it."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        """Close it."""
        self.close()
