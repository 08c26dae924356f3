"""The plug point of stores: what one must offer, and the values that it takes and gives. Owns no database.

A store keeps stacks with their history, an append-only list of events, and answers that may be lost. All stands in a
*workspace*; a file of one user has the one named :data:`WORKSPACE`. A store is used by one thread; many processes may
have the same one open. What a call has returned from is kept, whatever happens to the process or the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Final, Protocol, TypeAlias

from freehold.stack.changes import RowChange
from freehold.stack.values import Stack

__all__ = [
    "WORKSPACE",
    "At",
    "Authorship",
    "Change",
    "Clock",
    "Event",
    "Revision",
    "Store",
    "Stored",
]

WORKSPACE: Final = "default"
"""The workspace of a database that one user keeps as a file."""

Clock: TypeAlias = Callable[[], datetime]
"""Gives the present moment, with its time zone."""

At: TypeAlias = int | datetime | None
"""Which state: that of a revision number, the one in force at a moment, or the newest."""


@dataclass(frozen=True, slots=True)
class Authorship:
    """Who makes a change and why, as far as they say so: nobody's name is looked up.

    Parameters
    ----------
    by
        Who: any text; empty if it is not said.
    note
        Why: any text.
    """

    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of a stack.

    Parameters
    ----------
    stack
        The name under which the stack is stored.
    number
        From 1, without gaps.
    digest
        SHA-256 of the content, in hexadecimal; equal states have equal ones.
    made_at
        When it was stored: ISO 8601 in UTC, to the second.
    by, note
        As :class:`Authorship`.
    takes_back
        The revision that an undo took back; ``None`` for any other.
    rows
        Number of rows by table.
    """

    stack: str
    number: int
    digest: str
    made_at: str
    by: str
    note: str
    takes_back: int | None
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a stack that was stored: its revision, and whether that is new (the content was another)."""

    revision: Revision
    is_new: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A revision, and how it differs from the one before.

    Parameters
    ----------
    revision
        The revision.
    rows
        Rows that differ; none for the first revision, which has none before it.
    reordered
        Whether rows that both have stand in another order, and nothing else differs.
    """

    revision: Revision
    rows: tuple[RowChange, ...]
    reordered: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: it can be added, and never be changed or taken away.

    Parameters
    ----------
    number
        From 1, without gaps, in each workspace.
    made_at
        ISO 8601 in UTC, to the second.
    kind
        What happened, such as ``stack.put``.
    subject
        To what: the name of a stack, an incident's id.
    by
        As :class:`Authorship`.
    body
        More about it: JSON text, or empty.
    """

    number: int
    made_at: str
    kind: str
    subject: str
    by: str = ""
    body: str = ""


class Store(Protocol):
    """A place where stacks, events and answers are kept.

    Every method raises :class:`freehold.errors.StoreError` if the store is damaged or cannot be used now, and
    :class:`freehold.errors.UnknownId` or :class:`freehold.errors.UsageError` if what is asked for is not there.
    """

    def stacks(self, workspace: str) -> tuple[str, ...]:
        """Names of the stacks, in alphabetical order."""

    def put(self, workspace: str, name: str, stack: Stack, authorship: Authorship | None = None) -> Stored:
        """Store a stack; a new revision is made only if its content differs from the newest."""

    def get(self, workspace: str, name: str, at: At = None) -> Stack:
        """Give a stack exactly as it was stored."""

    def revision(self, workspace: str, name: str, at: At = None) -> Revision:
        """Give a revision without its rows."""

    def history(self, workspace: str, name: str, at: At = None) -> tuple[Change, ...]:
        """Give every revision, the oldest first, and what changed; with ``at`` that one alone."""

    def undo(self, workspace: str, name: str, authorship: Authorship | None = None) -> Revision:
        """Make a new revision equal to the one before the newest; undone twice, all is as it was."""

    def record(self, workspace: str, kind: str, subject: str, by: str = "", body: str = "") -> Event:
        """Add an event."""

    def events(self, workspace: str, after: int = 0, most: int = 1000) -> tuple[Event, ...]:
        """Give up to ``most`` events whose number is over ``after``, in order."""

    def answer(self, workspace: str, key: str) -> str | None:
        """Give an answer that is kept under a key, if it still is."""

    def keep_answer(self, workspace: str, key: str, text: str) -> None:
        """Keep an answer; those used longest ago make room for it."""

    def close(self) -> None:
        """Let go of the database."""

    def __enter__(self) -> Store:
        """Use the store in a ``with`` statement, which closes it."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        """Close it."""
