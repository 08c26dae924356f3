"""What changed from revision to revision. Owns that only chunks which differ are read for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from freehold.stack.changes import RowChange
from freehold.store.chunks import Spans
from freehold.store.database import Session
from freehold.store.differences import row_changes
from freehold.store.encoding import ROW_TABLES
from freehold.store.interface import At, Change
from freehold.store.reading import ChunkReader
from freehold.store.revisions import Content, all_revisions, find

__all__ = ["changes_of"]


def changes_of(session: Session, workspace: str, name: str, at: At) -> tuple[Change, ...]:
    """Give revisions and what changed in each: all of them, the oldest first, or one.

    Raises
    ------
    freehold.errors.FreeholdError
        As :func:`stack_at`.
    """
    asked = find(session, workspace, name, at)
    if at is None:
        rows = all_revisions(session, workspace, name)
    else:
        number = asked[0].number
        rows = [find(session, workspace, name, number - 1), asked] if number > 1 else [asked]
    reader = ChunkReader(session, workspace)
    found = [Change(rows[0][0], ())] if at is None or len(rows) == 1 else []
    for (_, before), (revision, after) in pairwise(rows):
        changes = tuple(_differences(reader, before, after))
        found.append(Change(revision, changes, reordered=not changes))
    return tuple(found)


def _differences(reader: ChunkReader, before: Content, after: Content) -> Iterator[RowChange]:
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
