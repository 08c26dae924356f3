"""How two states of a stack differ, row by row and cell by cell. Owns what makes a row of one the same row in the other."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from freehold.stack.cells import write_cell
from freehold.stack.schema import TABLES
from freehold.stack.values import Stack

__all__ = ["ColumnChange", "RowChange", "changed_rows", "changes"]

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "stack": (), "items": ("id",), "providers": ("id",), "sources": ("id",), "needs": ("source", "item"),
    "claims": ("table", "id", "attribute", "source"),
}  # fmt: skip
"""Columns by which a row is known again."""

_SETTINGS: Final = ("name", "home", "trusted", "as_of")


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One cell before and after, spelt as in CSV; ``None`` for a blank."""

    column: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that came, went, or is another.

    Parameters
    ----------
    table
        ``stack`` for what a stack says of itself, else the table.
    id
        The row: its id; for a need ``source > item``; for a claim ``table id attribute``.
    change
        What became of it.
    columns
        For a changed row: the cells that differ.
    """

    table: str
    id: str
    change: Literal["added", "removed", "changed"]
    columns: tuple[ColumnChange, ...] = ()


def changes(before: Stack, after: Stack, *, claims: bool = True) -> tuple[RowChange, ...]:
    """Every row that differs, table by table; see :func:`changed_rows` for the order.

    Parameters
    ----------
    before, after
        The two states.
    claims
        Whether the evidence counts too.
    """
    found: list[RowChange] = []
    for table in _KEYS:
        if claims or table != "claims":
            found += changed_rows(table, _cells(table, before), _cells(table, after))
    return tuple(found)


def _cells(table: str, stack: Stack) -> Iterator[Mapping[str, Any]]:
    if table == "stack":
        yield {name: getattr(stack, name) for name in _SETTINGS}
        return
    for row in getattr(stack, table):
        yield {column.name: getattr(row, column.name) for column in TABLES[table]}


def changed_rows(table: str, before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> Iterator[RowChange]:
    """Tell rows that came or are others, in the order after, then rows that went, in the order before.

    Parameters
    ----------
    table
        The table, or ``stack``.
    before, after
        Its rows: typed values by column.
    """
    waiting: defaultdict[tuple[Any, ...], deque[Mapping[str, Any]]] = defaultdict(deque)
    for cells in before:
        waiting[_key(table, cells)].append(cells)
    for cells in after:
        held = waiting.get(_key(table, cells))
        if not held:
            yield RowChange(table, _id(table, cells), "added")
            continue
        columns = _columns(table, held.popleft(), cells)
        if columns:
            yield RowChange(table, _id(table, cells), "changed", columns)
    for left in waiting.values():
        for cells in left:
            yield RowChange(table, _id(table, cells), "removed")


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
