"""Drawings as tables: the twin of each plot, for faces that cannot draw and for readers who cannot see. Owns their columns."""

from __future__ import annotations

from freehold.report.interface import Column, LayerDrawing, Range, Row, Table, TickOff
from freehold.words import listed, say

__all__ = ["layers_table", "ticks_table"]


def layers_table(drawing: LayerDrawing) -> Table:
    """The value chain as a table: a row for each thing that is drawn."""
    feeds: dict[str, list[str]] = {}
    for giver, taker in drawing.feeds:
        feeds.setdefault(taker, []).append(giver)
    columns = (
        Column("layer", say("whole_report.layer")), Column("item", say("whole_report.item"), "id"),
        Column("held_by", say("whole_report.held_by")), Column("needs", say("whole_report.needs")),
    )  # fmt: skip
    rows = tuple(
        Row((row.title, cell.title, cell.held_by, listed(feeds.get(cell.id, ()))), cell.tone)
        for row in drawing.rows
        for cell in row.cells
    )
    return Table(columns, rows, drawing.caption)


def ticks_table(ticks: TickOff) -> Table:
    """What goes out without each landlord alone, as a table: how many items, the first of them, and what is left."""
    cuts = ticks.cuts
    columns = (
        Column("landlord", say("whole_report.landlord")), Column("out", say("whole_report.out"), "count"),
        Column("first", say("whole_report.first_out")), Column("day", say("report.day_column"), "day"),
        Column("left", say("whole_report.left"), "percent"),
    )  # fmt: skip
    rows = []
    for cut in cuts.cuts:
        if len(cut.members) > 1:
            continue
        first = min(cut.outs, key=lambda out: out.worst[0][0] if out.worst else cuts.horizon, default=None)
        day = first.worst[0][0] if first is not None and first.worst else None
        rows.append(
            Row(
                (
                    cuts.landlords[cut.members[0]].name,
                    len(cut.outs),
                    "" if first is None else ticks.items[first.item][1],
                    day,
                    Range(cut.low[-1], cut.high[-1]),
                )
            )
        )
    return Table(columns, tuple(rows), ticks.caption)
