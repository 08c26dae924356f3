"""Stored rows, read back chunk by chunk. Owns what one answer may unpack, and that rows are those that were stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from freehold.errors import BadStore, TooLarge
from freehold.stack.values import Stack
from freehold.store import statements
from freehold.store.chunks import LARGEST, joined, unpacked
from freehold.store.database import Session
from freehold.store.encoding import ROW_TABLES, stack_of
from freehold.store.interface import At
from freehold.store.revisions import damaged, find

__all__ = ["ChunkReader", "stack_at"]


class ChunkReader:
    """Reads chunks, each once, within the limit of what one answer may unpack."""

    def __init__(self, session: Session, workspace: str) -> None:
        self._session, self._workspace = session, workspace
        self._texts: dict[int, str] = {}
        self._left = LARGEST

    def lines(self, spans: Iterable[tuple[int, int]]) -> Iterator[str]:
        """Rows of chunks as lines, in order."""
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
    revision, content = find(session, workspace, name, at)
    reader = ChunkReader(session, workspace)
    lines = {table: tuple(reader.lines(content.spans[table])) for table in ROW_TABLES}
    if any(len(lines[table]) != content.rows[table] for table in ROW_TABLES):
        raise damaged(revision.number)
    return stack_of(content.settings, lines)
