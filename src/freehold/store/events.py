"""The append-only list of events, on any database. Owns their numbers."""

from __future__ import annotations

from freehold.errors import BadStore
from freehold.store import statements
from freehold.store.database import Session, number_from
from freehold.store.interface import Event

__all__ = ["add_event", "events_after"]


def add_event(session: Session, workspace: str, kind: str, subject: str, made_at: str, by: str = "", body: str = "") -> Event:
    """Add an event within a transaction that writes."""
    last = number_from(session, statements.LAST_EVENT, workspace=workspace) or 0
    event = Event(last + 1, made_at, kind, subject, by, body)
    session.run(
        statements.ADD_EVENT, workspace=workspace, number=event.number, made_at=made_at, kind=kind, subject=subject,
        author=by, body=body,
    )  # fmt: skip
    return event


def events_after(session: Session, workspace: str, after: int, most: int) -> tuple[Event, ...]:
    """Give events in order.

    Raises
    ------
    freehold.errors.BadStore
        If one is none.
    """
    rows = session.run(statements.EVENTS, workspace=workspace, after=after, most=most)
    if not all(isinstance(row[0], int) and all(isinstance(one, str) for one in row[1:]) for row in rows):
        raise BadStore("a stored event is damaged. Restore the database from a copy.")
    return tuple(Event(*row) for row in rows)
