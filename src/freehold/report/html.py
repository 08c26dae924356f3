"""Documents as one HTML file. Owns the escaping and the promise that the file needs no script and loads nothing.

The Content-Security-Policy allows one style sheet, by its hash, and nothing else. Addresses in evidence are text, not
links: a page about who can say no must not call anybody.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape

from freehold.report.clean import clean
from freehold.report.figures import figure, show_cell
from freehold.report.html_curve import curve_svg
from freehold.report.html_gantt import gantt_svg
from freehold.report.html_style import GANTT_STYLE, HEAT_STYLE, STYLE
from freehold.report.interface import (
    MEASURED,
    Block,
    Column,
    Curve,
    Detail,
    Document,
    Evidence,
    Gantt,
    Heading,
    HeatCell,
    HeatMap,
    KeyFigures,
    LayerDrawing,
    Look,
    NotKnown,
    Paragraph,
    Range,
    Row,
    Table,
    TickOff,
    Tone,
    Tree,
    walk,
)
from freehold.report.table_twins import layers_table, ticks_table
from freehold.words import say

__all__ = ["HtmlFace"]

_NARROW, _NARROW_COUNTS = 3, 6
"""Columns that a narrow screen has room for, and where all but the first are counts."""


class HtmlFace:
    """One self-contained file: inline style, inline SVG, light and dark, screen and paper."""

    name = "html"
    media_type = "text/html; charset=utf-8"

    def render(self, document: Document, look: Look) -> str:  # noqa: ARG002  the page fits itself to its reader's room
        """Write the page."""
        page = _Page({one.number for one in document.evidence})
        title = _safe(document.title)
        kinds = {type(block) for block in walk(document.blocks)}
        style = STYLE + (HEAT_STYLE if HeatMap in kinds else "") + (GANTT_STYLE if Gantt in kinds else "")
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        body = "\n".join(page.block(block) for block in document.blocks)
        subtitle = f'<p class="subtitle">{_safe(document.subtitle)}</p>\n' if document.subtitle else ""
        return (
            f'<!DOCTYPE html>\n<html lang="{_safe(document.language)}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="referrer" content="no-referrer">\n'
            f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
            f"{subtitle}{body}\n{_evidence(document.evidence)}</main>\n</body>\n</html>\n"
        )


def _safe(text: str) -> str:
    return escape(clean(text), quote=True).replace(" %", "&nbsp;%")


class _Page:
    def __init__(self, numbers: set[int]) -> None:
        self._numbers = numbers
        self._curves = 0
        self._gantts = 0

    def block(self, block: Block) -> str:
        match block:
            case Heading():
                level = min(max(block.level, 2), 4)
                return f"<h{level}>{_safe(block.text)}</h{level}>"
            case Paragraph():
                classes = _classes(block.tone, "lead" if block.lead else "")
                return f"<p{classes}>{_safe(block.text)}{self._notes(block.notes)}</p>"
            case Table():
                return self._table(block)
            case HeatMap():
                return _heat_map(block)
            case Tree():
                return f'<ol class="steps">{self._tree(block)}</ol>'
            case Curve():
                return self._curve(block)
            case Gantt():
                return self._gantt(block)
            case LayerDrawing():
                return self._table(layers_table(block))
            case TickOff():
                return self._table(ticks_table(block))
            case KeyFigures():
                return _figures(block)
            case Detail():
                inner = "\n".join(self.block(one) for one in block.blocks)
                return f"<details><summary>{_safe(block.title)}</summary>\n{inner}\n</details>"

    def _notes(self, notes: tuple[int, ...]) -> str:
        known = [note for note in notes if note in self._numbers]
        links = "".join(f'<a href="#e{note}">{note}</a> ' for note in known).rstrip()
        return f"<sup>{links}</sup>" if known else ""

    def _table(self, table: Table) -> str:
        if not table.rows:
            caption = f'<p class="quiet">{_safe(table.caption)}</p>' if table.caption else ""
            return caption + f"<p>{_safe(say('report.no_rows'))}</p>"
        counts = all(column.sort == "count" for column in table.columns[1:])
        room = _NARROW_COUNTS if counts else _NARROW
        kind = ' class="wide"' if len(table.columns) > room else (' class="counts"' if counts else "")
        caption = f"<caption>{_safe(table.caption)}</caption>" if table.caption else ""
        head = "".join(f'<th scope="col"{_column_class(column)}>{_safe(column.title)}</th>' for column in table.columns)
        rows = "\n".join(self._row(row, table.columns) for row in table.rows)
        return f"<table{kind}>{caption}<thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table>"

    def _row(self, row: Row, columns: tuple[Column, ...]) -> str:
        cells = []
        for place, (cell, column) in enumerate(zip(row.cells, columns, strict=True)):
            notes = self._notes(row.notes) if place == 0 else ""
            tone: Tone = row.tone if column.sort in MEASURED else "plain"
            classes = _classes("quiet" if cell is None or isinstance(cell, NotKnown) else tone, _column_sort(column))
            inner = f"<span>{_safe(show_cell(cell, column))}{notes}</span>"
            cells.append(f'<td{classes} data-label="{_safe(column.title)}">{inner}</td>')
        return f"<tr>{''.join(cells)}</tr>"

    def _tree(self, tree: Tree) -> str:
        below = "".join(self._tree(child) for child in tree.children)
        inner = f'<ol class="steps">{below}</ol>' if below else ""
        return f"<li{_classes(tree.tone)}>{_safe(tree.text)}{self._notes(tree.notes)}{inner}</li>"

    def _curve(self, curve: Curve) -> str:
        self._curves += 1
        drawn = curve_svg(curve, self._curves)
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
        drawn_how = say("report.curve_across_html" if curve.across else "report.curve_html")
        caption = f"<figcaption>{_safe(' '.join([curve.caption, drawn_how]).strip())}</figcaption>"
        return f"<figure>{drawn}{caption}</figure>" + self._table(Table(columns, rows))

    def _gantt(self, gantt: Gantt) -> str:
        if not gantt.bars:
            return f"<p>{_safe(say('report.no_rows'))}</p>"
        self._gantts += 1
        caption = f"<figcaption>{_safe(' '.join([gantt.caption, say('report.gantt_html')]).strip())}</figcaption>"
        return f'<figure class="gantt">{gantt_svg(gantt, self._gantts)}{caption}</figure>'


def _classes(tone: Tone, more: str = "") -> str:
    names = " ".join(name for name in (more, "" if tone == "plain" else tone) if name)
    return f' class="{names}"' if names else ""


def _column_sort(column: Column) -> str:
    return {"id": "id", "text": ""}.get(column.sort, "num")


def _column_class(column: Column) -> str:
    return ' class="num"' if _column_sort(column) == "num" else ""


def _heat_map(heat_map: HeatMap) -> str:
    if not heat_map.columns or not heat_map.rows:
        return f"<p>{_safe(say('report.no_rows'))}</p>"
    head = "".join(f'<th scope="col">{_safe(title)}</th>' for title in (heat_map.corner, *heat_map.columns))
    rows = "\n".join(
        f'<tr><th scope="row">{_safe(title)}</th>{"".join(_heat_cell(cell) for cell in cells)}</tr>'
        for title, cells in heat_map.rows
    )
    caption = f"<caption>{_safe(heat_map.caption)}</caption>" if heat_map.caption else ""
    legend = f'<p class="quiet">{_safe(heat_map.legend)}</p>' if heat_map.legend else ""
    return (
        f'<div class="heat" tabindex="0" role="group"><table>{caption}<thead><tr>{head}</tr></thead><tbody>\n{rows}\n'
        f"</tbody></table></div>{legend}"
    )


def _heat_cell(cell: HeatCell) -> str:
    detail = f"<small>{_safe(cell.detail)}</small>" if cell.detail else ""
    return f'<td class="h-{cell.heat}"><span>{_safe(cell.text)}</span>{detail}</td>'


def _figures(figures: KeyFigures) -> str:
    shown = "".join(
        f"<div><dt>{_safe(one.label)}</dt><dd{_classes(one.tone, 'value')}>{_safe(figure(one))}</dd>"
        f'<dd class="meaning">{_safe(one.meaning)}</dd></div>'
        for one in figures.figures
    )
    return f'<dl class="figures">{shown}</dl>'


def _evidence(evidence: tuple[Evidence, ...]) -> str:
    if not evidence:
        return ""
    rows = "\n".join(
        f'<li id="e{one.number}" value="{one.number}">{_safe(one.claim)}. {_safe(one.source)}{_dated(one)}</li>'
        for one in evidence
    )
    return f'<h2 id="evidence">{_safe(say("evidence.heading"))}</h2>\n<ol class="evidence">\n{rows}\n</ol>\n'


def _dated(one: Evidence) -> str:
    if not one.date:
        return ""
    text = _safe(say("evidence.dated_old" if one.old else "evidence.dated", date=one.date))
    return f'<span class="old">{text}</span>' if one.old else text
