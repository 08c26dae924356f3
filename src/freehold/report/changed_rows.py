"""Rows that differ between two states, in words. Owns how a cell before and after is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freehold.words import say

if TYPE_CHECKING:
    from freehold.stack.changes import ColumnChange, RowChange

__all__ = ["told_row"]

_MOST_CELLS: Final = 6


def told_row(row: RowChange) -> str:
    """What became of a row: that it came or went, or its cells before and after."""
    if row.change != "changed":
        return say(f"history.row_{row.change}")
    told = [_cell(one) for one in row.columns[:_MOST_CELLS]]
    if len(row.columns) > _MOST_CELLS:
        told.append(say("history.more_cells", count=len(row.columns) - _MOST_CELLS))
    return say("history.part_separator").join(told)


def _cell(one: ColumnChange) -> str:
    blank = say("history.blank")
    before, after = (blank if cell is None else cell for cell in (one.before, one.after))
    return say("history.cell", column=one.column, before=before, after=after)
