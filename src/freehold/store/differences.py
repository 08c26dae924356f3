"""How two states of a stack differ, row by row. Owns which row before is the same as which row after."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from freehold.stack.cells import write_cell
from freehold.stack.schema import TABLES
from freehold.store.encoding import decode_rows
from freehold.store.interface import ColumnChange, RowChange

__all__ = ["row_changes"]

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "stack": (),
    "items": ("id",),
    "providers": ("id",),
    "sources": ("id",),
    "needs": ("source", "item"),
    "claims": ("table", "id", "attribute", "source"),
}
"""Columns by which a row is known again."""


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
    waiting: defaultdict[tuple[Any, ...], deque[dict[str, Any]]] = defaultdict(deque)
    for cells in decode_rows(table, _without(before, both)):
        waiting[_key(table, cells)].append(cells)
    for cells in decode_rows(table, _without(after, both)):
        key = _key(table, cells)
        if waiting[key]:
            yield RowChange(table, _id(table, cells), "changed", _columns(table, waiting[key].popleft(), cells))
        else:
            yield RowChange(table, _id(table, cells), "added")
    for left in waiting.values():
        for cells in left:
            yield RowChange(table, _id(table, cells), "removed")


def _without(lines: Iterable[str], some: Counter[str]) -> list[str]:
    left = some.copy()
    found = []
    for line in lines:
        if left[line] > 0:
            left[line] -= 1
        else:
            found.append(line)
    return found


def _key(table: str, cells: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(cells.get(name) for name in _KEYS[table])


def _id(table: str, cells: Mapping[str, Any]) -> str:
    if table == "needs":
        return f"{cells.get('source')} > {cells.get('item')}"
    if table == "claims":
        return f"{cells.get('table')} {cells.get('id')} {cells.get('attribute')}"
    return str(cells.get("name" if table == "stack" else "id", ""))


def _columns(table: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[ColumnChange, ...]:
    return tuple(
        ColumnChange(
            column.name, write_cell(column, before.get(column.name)) or None, write_cell(column, after.get(column.name)) or None
        )
        for column in TABLES[table]
        if before.get(column.name) != after.get(column.name)
    )
