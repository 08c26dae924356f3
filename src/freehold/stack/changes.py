"""How two states of a stack differ, row by row and cell by cell. Owns what makes a row of one the same row in the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from freehold.stack.cells import write_cell
from freehold.stack.schema import TABLES, Attribute
from freehold.stack.values import Stack

__all__ = ["ColumnChange", "RowChange", "changes"]

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "items": ("id",), "providers": ("id",), "sources": ("id",), "needs": ("source", "item"),
    "claims": ("table", "id", "attribute", "source"),
}  # fmt: skip
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
    """Every row that differs, table by table, in the order of ``before`` and then of ``after``.

    Parameters
    ----------
    before, after
        The two states.
    claims
        Whether the evidence counts too.
    """
    found: list[RowChange] = []
    settings = [
        change
        for column in TABLES["stack"]
        if column.name in _SETTINGS and (change := _cell(column.name, _text(column, before), _text(column, after))) is not None
    ]
    if settings:
        found.append(RowChange("stack", "stack", "changed", tuple(settings)))
    for table in _KEYS:
        if claims or table != "claims":
            found += _of_table(table, dict(_rows(table, before)), dict(_rows(table, after)))
    return tuple(found)


def _rows(table: str, stack: Stack) -> Iterator[tuple[tuple[str, ...], object]]:
    """Rows by their key; of rows with one key each is another row."""
    met: dict[tuple[str, ...], int] = {}
    for value in getattr(stack, table):
        key = tuple(str(getattr(value, name)) for name in _KEYS[table])
        met[key] = number = met.get(key, 0) + 1
        yield (*key, str(number)), value


def _of_table(
    table: str, before: Mapping[tuple[str, ...], object], after: Mapping[tuple[str, ...], object]
) -> Iterator[RowChange]:
    for key, value in before.items():
        other = after.get(key)
        if other is None:
            yield RowChange(table, _name(table, key), "removed")
        elif other != value:
            cells = [_cell(column.name, _text(column, value), _text(column, other)) for column in TABLES[table]]
            yield RowChange(table, _name(table, key), "changed", tuple(cell for cell in cells if cell is not None))
    for key in after:
        if key not in before:
            yield RowChange(table, _name(table, key), "added")


def _name(table: str, key: tuple[str, ...]) -> str:
    return " > ".join(key[:2]) if table == "needs" else " ".join(key[:3]) if table == "claims" else key[0]


def _text(column: Attribute, row: object) -> str:
    return write_cell(column, getattr(row, column.name, None))


def _cell(name: str, before: str, after: str) -> ColumnChange | None:
    return None if before == after else ColumnChange(name, before or None, after or None)
