"""The seam between what stores do and the database they do it on. Owns the two sorts of transaction.

Reading sees one moment from its beginning to its end; writing is alone, and is kept whole or not at all.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

from freehold.errors import BadStore

__all__ = ["LARGEST_NUMBER", "Database", "Session", "number_from"]

LARGEST_NUMBER: Final = 2**31 - 1
"""The largest number of a row: what every database takes as an INTEGER."""


class Session(Protocol):
    """A transaction that is under way."""

    def run(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Run one of :mod:`freehold.store.statements`; give its rows."""


class Database(Protocol):
    """A database that is open."""

    place: str
    """Where it is, for messages."""

    def reading(self) -> AbstractContextManager[Session]:
        """Begin a transaction that reads."""

    def writing(self) -> AbstractContextManager[Session]:
        """Begin a transaction that writes; what was done is kept when it ends without an error."""

    def close(self) -> None:
        """Let go of it."""


def number_from(session: Session, statement: str, **values: Any) -> int | None:
    """Give the one number that a statement asks for; ``None`` if there is no row.

    Raises
    ------
    freehold.errors.BadStore
        If what is stored there is no number of a row.
    """
    rows = session.run(statement, **values)
    if not rows:
        return None
    number = rows[0][0]
    if isinstance(number, int) and 0 <= number < LARGEST_NUMBER:
        return number
    raise BadStore("a row of the database has a number that is none. Restore the database from a copy.")
