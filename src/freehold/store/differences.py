"""How two stored states differ. Owns leaving aside the lines that both have, before any is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from freehold.stack.changes import RowChange, changed_rows
from freehold.store.encoding import decode_rows

__all__ = ["row_changes"]


def row_changes(table: str, before: Sequence[str], after: Sequence[str]) -> Iterator[RowChange]:
    """Tell rows that came or are others, in the order after, then rows that went, in the order before.

    Parameters
    ----------
    table
        The table, or ``stack``.
    before, after
        Its rows as lines (:mod:`freehold.store.encoding`); rows that both have may be left out of both.

    Raises
    ------
    freehold.errors.BadStore
        If a line is no row.
    """
    both = Counter(before) & Counter(after)
    return changed_rows(table, decode_rows(table, _without(before, both)), decode_rows(table, _without(after, both)))


def _without(lines: Iterable[str], some: Counter[str]) -> list[str]:
    left = some.copy()
    found = []
    for line in lines:
        if left[line] > 0:
            left[line] -= 1
        else:
            found.append(line)
    return found
