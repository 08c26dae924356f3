"""Drawings as tables: the twin of each plot, for faces that cannot draw and for readers who cannot see. Owns their columns."""

from __future__ import annotations

from freehold.report.interface import Column, Curve, Gantt, HeatMap, LayerDrawing, Range, Row, Table, TickOff
from freehold.words import listed, say

__all__ = ["curve_table", "gantt_table", "heat_table", "layers_table", "ticks_table"]


def curve_table(curve: Curve) -> Table:
    """A curve as a table: a row for each day."""
    columns = (
        Column("at", curve.across, "count") if curve.across else Column("day", say("report.day_column"), "day"),
        *(Column(series.name, series.title, "percent") for series in curve.series),
    )
    rows = tuple(
        Row(
            (
                f"{at:,.0f}" if curve.across else at,
                *(Range(series.low[place], series.high[place]) for series in curve.series),
            )
        )
        for place, at in enumerate(curve.days)
    )
    return Table(columns, rows, curve.caption)


def gantt_table(gantt: Gantt) -> Table:
    """A Gantt chart as a table: what is built, from which day to which."""
    columns = (
        Column("name", say("plan.column_name")), Column("start", say("whole_report.from_day"), "day"),
        Column("ready", say("whole_report.ready_day"), "day"), Column("detail", say("whole_report.dates")),
    )  # fmt: skip
    rows = tuple(Row((bar.title, bar.start, bar.ready, bar.detail), bar.tone) for bar in gantt.bars)
    return Table(columns, rows, gantt.caption)


def heat_table(heat_map: HeatMap) -> Table:
    """A heat map as a table: the word of each cell, and its detail."""
    columns = (
        Column("row", heat_map.corner), *(Column(f"column_{place}", title) for place, title in enumerate(heat_map.columns))
    )  # fmt: skip
    rows = tuple(
        Row((title, *(f"{cell.text}: {cell.detail}" if cell.detail else cell.text for cell in cells)))
        for title, cells in heat_map.rows
    )
    return Table(columns, rows, heat_map.caption)


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
                    cuts.landlords[cut.members[0]].name or say("whole_report.everything_foreign"),
                    len(cut.outs),
                    "" if first is None else ticks.items[first.item][1],
                    day,
                    Range(cut.low[-1], cut.high[-1]),
                )
            )
        )
    return Table(columns, tuple(rows), ticks.caption)
