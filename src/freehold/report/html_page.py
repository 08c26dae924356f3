"""Blocks as HTML. Owns their markup and the escaping of every text: what others wrote is never markup.

A page for readers who want more (:mod:`freehold.report.html_report`) fills in what is left open here: where headings lead,
how a number was got, and what stands in for a drawing.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape

from freehold.report.clean import clean
from freehold.report.figures import figure, show_cell
from freehold.report.html_curve import curve_svg
from freehold.report.html_gantt import gantt_svg
from freehold.report.interface import (
    MEASURED,
    Block,
    Cell,
    Column,
    Curve,
    Detail,
    Evidence,
    Gantt,
    Heading,
    HeatCell,
    HeatMap,
    KeyFigures,
    LayerDrawing,
    NotKnown,
    Paragraph,
    Row,
    Table,
    TickOff,
    Tone,
    Tree,
)
from freehold.report.table_twins import curve_table, layers_table, ticks_table
from freehold.words import say

__all__ = ["Page", "cell_tone", "classes", "column_sort", "noted_column", "safe"]

_NARROW, _NARROW_COUNTS = 3, 6
"""Columns that a narrow screen has room for, and where all but the first are counts."""


def safe(text: str) -> str:
    """Text that others wrote, as text within HTML."""
    return escape(clean(text), quote=True).replace(" %", "&nbsp;%")


class Page:
    """Turns the blocks of one document into markup.

    Parameters
    ----------
    numbers
        Of the evidence that there is.
    """

    def __init__(self, numbers: set[int]) -> None:
        self._numbers = numbers
        self._curves = 0
        self._gantts = 0

    def block(self, block: Block) -> str:
        """The markup of a block, with all that is in it."""
        match block:
            case Heading():
                return self.heading(block)
            case Paragraph():
                return self.paragraph(block)
            case Table():
                return self.table(block)
            case HeatMap():
                return _heat_map(block)
            case Tree():
                return f'<ol class="steps">{self._tree(block)}</ol>'
            case Curve():
                return self.curve(block)
            case Gantt():
                return self.gantt(block)
            case LayerDrawing():
                return self.layers(block)
            case TickOff():
                return self.ticks(block)
            case KeyFigures():
                return self._figures(block)
            case Detail():
                inner = "\n".join(self.block(one) for one in block.blocks)
                return f"<details><summary>{safe(block.title)}</summary>\n{inner}\n</details>"

    def heading(self, block: Heading) -> str:
        """A heading."""
        level = min(max(block.level, 2), 4)
        return f"<h{level}>{safe(block.text)}</h{level}>"

    def paragraph(self, block: Paragraph) -> str:
        """A few sentences."""
        named = classes(block.tone, "lead" if block.lead else "")
        return f"<p{named}>{safe(block.text)}{self.notes(block.notes)}{self.how(block.how)}</p>"

    def layers(self, drawing: LayerDrawing) -> str:
        """A value chain: its table, where nothing is drawn."""
        return self.table(layers_table(drawing))

    def ticks(self, ticks: TickOff) -> str:
        """Landlords to tick off: their table, where there is no script."""
        return self.table(ticks_table(ticks))

    def how(self, key: str, *, alone: bool = False) -> str:  # noqa: ARG002  a page that has methods leads to them
        """What leads to how a number was got; ``alone``: there is no text before it."""
        return ""

    def note(self, number: int) -> str:
        """What leads to one piece of evidence."""
        return f'<a href="#e{number}">{number}</a>'

    def notes(self, notes: tuple[int, ...]) -> str:
        """What leads to the evidence."""
        known = [note for note in notes if note in self._numbers]
        return f"<sup>{' '.join(self.note(note) for note in known)}</sup>" if known else ""

    def twin(self, table: Table) -> str:
        """The table that says the same as the drawing before it."""
        return self.table(table)

    def table(self, table: Table) -> str:
        """A table with all its rows."""
        if not table.rows:
            caption = f'<p class="quiet">{safe(table.caption)}{self.how(table.how)}</p>' if table.caption else ""
            return caption + f"<p>{safe(say('report.no_rows'))}</p>"
        head = self.table_head(table)
        rows = "\n".join(self.row(row, table.columns) for row in table.rows)
        return f"{head}<tbody>\n{rows}\n</tbody></table>"

    def table_head(self, table: Table) -> str:
        """A table up to the end of its headings."""
        counts = all(column.sort == "count" for column in table.columns[1:])
        room = _NARROW_COUNTS if counts else _NARROW
        kind = ' class="wide"' if len(table.columns) > room else (' class="counts"' if counts else "")
        told = safe(table.caption) + self.how(table.how, alone=not table.caption)
        caption = f"<caption>{told}</caption>" if told else ""
        head = "".join(f'<th scope="col"{_column_class(column)}>{safe(column.title)}</th>' for column in table.columns)
        return f"<table{kind}>{caption}<thead><tr>{head}</tr></thead>"

    def row(self, row: Row, columns: tuple[Column, ...]) -> str:
        """A row of a table."""
        cells = []
        noted = noted_column(columns)
        for place, (cell, column) in enumerate(zip(row.cells, columns, strict=True)):
            notes = self.notes(row.notes) if place == noted else ""
            named = classes(cell_tone(cell, column, row.tone), column_sort(column))
            inner = f"<span>{safe(show_cell(cell, column))}{notes}</span>"
            cells.append(f'<td{named} data-label="{safe(column.title)}">{inner}</td>')
        return f"<tr>{''.join(cells)}</tr>"

    def _tree(self, tree: Tree) -> str:
        below = "".join(self._tree(child) for child in tree.children)
        inner = f'<ol class="steps">{below}</ol>' if below else ""
        return f"<li{classes(tree.tone)}>{safe(tree.text)}{self.notes(tree.notes)}{inner}</li>"

    def curve(self, curve: Curve) -> str:
        """A drawing of bands, and its table."""
        self._curves += 1
        drawn = curve_svg(curve, self._curves)
        drawn_how = say("report.curve_across_html" if curve.across else "report.curve_html")
        told = safe(" ".join([curve.caption, drawn_how]).strip()) + self.how(curve.how)
        return f"<figure>{drawn}<figcaption>{told}</figcaption></figure>" + self.twin(replace(curve_table(curve), caption=""))

    def gantt(self, gantt: Gantt) -> str:
        """A chart of what is built when."""
        if not gantt.bars:
            return f"<p>{safe(say('report.no_rows'))}</p>"
        self._gantts += 1
        caption = f"<figcaption>{safe(' '.join([gantt.caption, say('report.gantt_html')]).strip())}</figcaption>"
        return f'<figure class="gantt">{gantt_svg(gantt, self._gantts)}{caption}</figure>'

    def _figures(self, figures: KeyFigures) -> str:
        shown = "".join(
            f"<div><dt>{safe(one.label)}</dt><dd{classes(one.tone, 'value')}>{safe(figure(one))}</dd>"
            f'<dd class="meaning">{safe(one.meaning)}{self.how(one.how)}</dd></div>'
            for one in figures.figures
        )
        return f'<dl class="figures">{shown}</dl>'

    def evidence(self, evidence: tuple[Evidence, ...]) -> str:
        """The list of what the page rests on."""
        if not evidence:
            return ""
        rows = "\n".join(
            f'<li id="e{one.number}" value="{one.number}">{safe(one.claim)}. {safe(one.source)}{_dated(one)}'
            f"{self.back(one.number)}</li>"
            for one in evidence
        )
        return f'<h2 id="evidence">{safe(say("evidence.heading"))}</h2>\n<ol class="evidence">\n{rows}\n</ol>\n'

    def back(self, number: int) -> str:  # noqa: ARG002  a long page leads back to where the evidence is named
        """What leads from a piece of evidence back to where it is named."""
        return ""


def classes(tone: Tone, more: str = "") -> str:
    """The attribute that says how a thing is to be taken."""
    names = " ".join(name for name in (more, "" if tone == "plain" else tone) if name)
    return f' class="{names}"' if names else ""


def cell_tone(cell: Cell, column: Column, tone: Tone) -> Tone:
    """How a cell of a row is to be taken."""
    if cell is None or isinstance(cell, NotKnown):
        return "quiet"
    return tone if column.sort in MEASURED else "plain"


def column_sort(column: Column) -> str:
    """The class of a column's cells."""
    return {"id": "id", "text": ""}.get(column.sort, "num")


def noted_column(columns: tuple[Column, ...]) -> int:
    """Place of the column whose cells lead to the evidence: the first of words, since figures stand in line at their right."""
    return next((place for place, column in enumerate(columns) if column_sort(column) != "num"), 0)


def _column_class(column: Column) -> str:
    return ' class="num"' if column_sort(column) == "num" else ""


def _heat_map(heat_map: HeatMap) -> str:
    if not heat_map.columns or not heat_map.rows:
        return f"<p>{safe(say('report.no_rows'))}</p>"
    head = "".join(f'<th scope="col">{safe(title)}</th>' for title in (heat_map.corner, *heat_map.columns))
    rows = "\n".join(
        f'<tr><th scope="row">{safe(title)}</th>{"".join(_heat_cell(cell) for cell in cells)}</tr>'
        for title, cells in heat_map.rows
    )
    caption = f"<caption>{safe(heat_map.caption)}</caption>" if heat_map.caption else ""
    legend = f'<p class="quiet">{safe(heat_map.legend)}</p>' if heat_map.legend else ""
    return (
        f'<div class="heat" tabindex="0" role="group"><table>{caption}<thead><tr>{head}</tr></thead><tbody>\n{rows}\n'
        f"</tbody></table></div>{legend}"
    )


def _heat_cell(cell: HeatCell) -> str:
    detail = f"<small>{safe(cell.detail)}</small>" if cell.detail else ""
    return f'<td class="h-{cell.heat}"><span>{safe(cell.text)}</span>{detail}</td>'


def _dated(one: Evidence) -> str:
    if not one.date:
        return ""
    text = safe(say("evidence.dated_old" if one.old else "evidence.dated", date=one.date))
    return f'<span class="old">{text}</span>' if one.old else text
