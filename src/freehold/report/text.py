"""Documents on a terminal and in pipes. Owns the width, the colours and the bars; rich is loaded when something is shown."""

from __future__ import annotations

import io
import math
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TextIO

from freehold.report.clean import clean
from freehold.report.column_widths import column_parts, column_widths
from freehold.report.figures import evidence_line, figure, short_range, show_cell
from freehold.report.gantt_lines import gantt_lines
from freehold.report.interface import (
    MEASURED,
    Block,
    Curve,
    Detail,
    Document,
    Gantt,
    Heading,
    Heat,
    HeatMap,
    KeyFigures,
    LayerDrawing,
    Look,
    Paragraph,
    Range,
    Table,
    TickOff,
    Tone,
    Tree,
)
from freehold.report.line_breaks import cells, has_wide, line_starts, longest_unit
from freehold.report.table_twins import layers_table, ticks_table
from freehold.words import day, say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["PLAIN_WIDTH", "TextFace", "bar", "look_for"]

PLAIN_WIDTH: Final = 100
"""Columns where the output is no terminal, so that what is piped is the same everywhere."""

_NARROWEST, _WIDEST = 40, 140
_GLUE: Final = "\u2420"
"""Stands for the blank before a percent sign while lines are broken; cleaned text cannot hold it."""

_STYLES: Final[Mapping[Tone, str]] = {
    "plain": "", "good": "green", "warn": "yellow", "bad": "bold red", "quiet": "dim",
}  # fmt: skip
_HEAT: Final[Mapping[Heat, str]] = {
    "untouched": "green", "survived": "cyan", "degraded": "yellow", "failed": "bold red", "void": "dim", "skipped": "dim",
    "absent": "dim",
}  # fmt: skip
_NARROWEST_CELL: Final = 11
"""Columns of text that a cell of a heat map needs, its gap included."""
_GAP: Final = 2
"""Blanks between two columns of a table."""
_MOST_DRAWN: Final = 20
"""Things of a drawing that are listed where there is little room."""
_LONGEST_WORD: Final = 14
"""Columns of text up to which a word in a table is kept in one piece."""


def look_for(
    stream: TextIO, environment: Mapping[str, str] = os.environ, *, evidence: bool = False, full: bool = False
) -> Look:
    """Find out how to look on a stream.

    Parameters
    ----------
    stream
        Where the text goes. Only a terminal gets its own width, and colour unless ``NO_COLOR`` is set or ``TERM`` is ``dumb``.
    environment
        Variables that decide.
    evidence, full
        As :class:`~freehold.report.interface.Look`.
    """
    if not stream.isatty():
        return Look(PLAIN_WIDTH, evidence=evidence, full=full)
    columns = environment.get("COLUMNS", "")
    width = int(columns) if columns.isdigit() and int(columns) else shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns
    colour = not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    return Look(min(max(width, _NARROWEST), _WIDEST), colour, evidence, full)


def bar(low: float, high: float, width: int) -> str:
    """A level as a bar that reads without colour: ``█`` surely, ``▒`` perhaps, ``·`` surely not."""
    sure = math.floor(max(0.0, low) * width + 1e-9)
    perhaps = math.ceil(min(1.0, high) * width - 1e-9) if high > low else sure
    if sure == 0 and low > 1e-9 and width:
        sure, perhaps = 1, max(1, perhaps)
    return "█" * sure + "▒" * (perhaps - sure) + "·" * (width - perhaps)


class TextFace:
    """Plain text, with colour where the look allows it."""

    name = "text"
    media_type = "text/plain; charset=utf-8"

    def render(self, document: Document, look: Look) -> str:
        """Write the document."""
        from rich.console import Console

        out = io.StringIO()
        console = Console(
            file=out, width=look.width, force_terminal=look.colour, no_color=not look.colour, highlight=False, markup=False,
            color_system="standard" if look.colour else None, emoji=False, legacy_windows=False, _environ={},
        )  # fmt: skip
        page = _Page(console, look)
        page.line(document.title, "bold")
        if document.subtitle:
            page.line(document.subtitle)
        for block in document.blocks:
            page.block(block)
        page.methods(document)
        page.evidence(document)
        lines = [line.rstrip() for line in out.getvalue().replace(_GLUE, " ").splitlines()]
        return "\n".join(lines).rstrip("\n") + "\n"


def _needs(table: Table, shown: Sequence[Sequence[Text]]) -> tuple[list[int], list[int]]:
    """What each column would take, and what it needs so that no number is broken, and no word that is not very long."""
    natural, least = [], []
    for place, column in enumerate(table.columns):
        title, texts = clean(column.title), [row[place].plain for row in shown]
        natural.append(max(1, *(cells(text) for text in (title, *texts))))
        if column.sort in ("text", "id"):
            least.append(max(1, min(max(longest_unit(text) for text in (title, *texts)), _LONGEST_WORD)))
        else:
            least.append(max(longest_unit(title), *(cells(text) for text in texts), 1))
    return natural, least


def _fitted(text: Text, width: int) -> Text:
    """The text with its lines broken where text without blanks may be; any other is left to whoever prints it."""
    from rich.text import Text

    if not has_wide(text.plain):
        return text
    lines = text.divide(line_starts(text.plain, max(2, width)))
    for line in lines:
        line.rstrip()
    return Text("\n").join(lines)


class _Page:
    def __init__(self, console: Console, look: Look) -> None:
        self._console = console
        self._look = look
        self._shown: set[int] = set()

    def line(self, text: str, style: str = "", notes: tuple[int, ...] = (), *, whole: bool = False) -> None:
        shown = self._text(text, style, notes)
        self._console.print(shown if whole else _fitted(shown, self._look.width), soft_wrap=whole)

    def _text(self, text: str, style: str = "", notes: tuple[int, ...] = ()) -> Text:
        from rich.text import Text

        return Text(clean(text).replace(" %", _GLUE + "%"), style=style).append_text(self._marks(notes))

    def _marks(self, notes: tuple[int, ...]) -> Text:
        """The numbers of what a text rests on, where evidence is asked for."""
        from rich.text import Text

        if not notes or not self._look.evidence:
            return Text()
        self._shown.update(notes)
        return Text(" [" + ",".join(map(str, notes)) + "]", style="dim")

    def block(self, block: Block) -> None:
        match block:
            case Heading():
                self._console.print()
                self.line(block.text, "bold" if block.level <= 2 else "")
            case Paragraph():
                if block.lead:
                    self._console.print()
                self.line(block.text, _STYLES[block.tone], block.notes, whole=block.whole)
            case Table():
                self._table(block)
            case HeatMap():
                self._heat_map(block)
            case Tree():
                self._tree(block, 0)
            case Curve():
                self._curve(block)
            case Gantt():
                self._gantt(block)
            case LayerDrawing():
                self._table(replace(layers_table(block), most=_MOST_DRAWN))
            case TickOff():
                self._table(ticks_table(block))
            case KeyFigures():
                self._figures(block)
            case Detail():
                if self._look.full:
                    self.block(Heading(block.title))
                    for inner in block.blocks:
                        self.block(inner)

    def _table(self, table: Table) -> None:
        from rich.table import Table as Grid

        if table.caption:
            self.line(table.caption)
        if not table.rows:
            self.line(say("report.no_rows"))
            return
        most = len(table.rows) if self._look.full or table.most is None else table.most
        rows = table.rows[:most]
        rows_shown = [
            [self._text(show_cell(cell, column)) for cell, column in zip(row.cells, table.columns, strict=True)] for row in rows
        ]
        for row, shown in zip(rows, rows_shown, strict=True):
            for column, text in zip(table.columns, shown, strict=True):
                text.style = _STYLES[row.tone] if column.sort in MEASURED else ""
            shown[-1].append_text(self._marks(row.notes))
        natural, least = _needs(table, rows_shown)
        parts = column_parts(least, self._look.width, _GAP)
        if sum(natural) + _GAP * (len(natural) - 1) <= self._look.width:
            parts = [list(range(len(natural)))]
        for number, part in enumerate(parts):
            if number:
                self._console.print()
            grid = Grid(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim" if self._look.colour else "")
            room = self._look.width - _GAP * (len(part) - 1)
            widths = column_widths([natural[place] for place in part], [least[place] for place in part], room)
            for place, width in zip(part, widths, strict=True):
                column = table.columns[place]
                flush = "left" if column.sort in ("text", "id") else "right"
                title = _fitted(self._text(column.title), width)
                grid.add_column(title, justify=flush, overflow="fold", width=width)  # type: ignore[arg-type]
            for shown in rows_shown:
                grid.add_row(*(_fitted(shown[place], width) for place, width in zip(part, widths, strict=True)))
            self._console.print(grid)
        if len(table.rows) > most:
            self.line(say("report.more_rows", count=f"{len(table.rows) - most:,}"), "dim" if self._look.colour else "")

    def _heat_map(self, heat_map: HeatMap) -> None:
        """The map in as many parts as its columns need in the room there is."""
        from rich.table import Table as Grid

        if heat_map.caption:
            self.line(heat_map.caption)
        if not heat_map.columns or not heat_map.rows:
            self.line(say("report.no_rows"))
            return
        widest = max(cells(clean(title)) for title in (heat_map.corner, *(row[0] for row in heat_map.rows)))
        room = max(1, (self._look.width - min(widest, self._look.width // 3) - 2) // _NARROWEST_CELL)
        for start in range(0, len(heat_map.columns), room):
            grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim" if self._look.colour else "")
            grid.add_column(clean(heat_map.corner), overflow="fold")
            for title in heat_map.columns[start : start + room]:
                grid.add_column(clean(title), overflow="fold", min_width=_NARROWEST_CELL - 2)
            for title, row in heat_map.rows:
                shown = (self._text(cell.text, _HEAT[cell.heat]) for cell in row[start : start + room])
                grid.add_row(self._text(title), *shown)
            self._console.print(grid)
        if heat_map.legend:
            self.line(heat_map.legend, _STYLES["quiet"] if self._look.colour else "")

    def _tree(self, tree: Tree, depth: int) -> None:
        from rich.text import Text

        mark = " " * 2 * min(depth, 12) + ("└ " if depth else "")
        shown = self._text(tree.text, _STYLES[tree.tone], tree.notes)
        width = max(16, self._look.width - len(mark))
        for number, line in enumerate(_fitted(shown, width).wrap(self._console, width)):
            self._console.print(Text(" " * len(mark) if number else mark).append_text(line))
        for child in tree.children:
            self._tree(child, depth + 1)

    def _curve(self, curve: Curve) -> None:
        from rich.table import Table as Grid

        if curve.caption:
            self.line(curve.caption)
        self.line(say("report.curve_across_text" if curve.across else "report.curve_text"), _STYLES["quiet"])
        wide = max(6, min(24, (self._look.width - 8) // max(1, len(curve.series)) - 18))
        grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim" if self._look.colour else "")
        grid.add_column(clean(curve.across) or say("report.day_column"), justify="right")
        for series in curve.series:
            grid.add_column(clean(series.title), justify="left", no_wrap=True)
            grid.add_column("", justify="left", no_wrap=True)
        for place, at in enumerate(curve.days):
            row = [f"{at:,.0f}" if curve.across else day(at)]
            for series in curve.series:
                low, high = series.low[place], series.high[place]
                row += [bar(low, high, wide), short_range(Range(low, high))]
            grid.add_row(*row)
        self._console.print(grid)

    def _gantt(self, gantt: Gantt) -> None:
        from rich.text import Text

        if gantt.caption:
            self.line(gantt.caption)
        if not gantt.bars:
            self.line(say("report.no_rows"))
            return
        self.line(say("report.gantt_text"), _STYLES["quiet"] if self._look.colour else "")
        for text, tone in gantt_lines(gantt, self._look.width):
            self._console.print(Text(text, style=_STYLES[tone]), no_wrap=True, crop=True)

    def _figures(self, figures: KeyFigures) -> None:
        from rich.table import Table as Grid

        grid = Grid(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True, justify="right")
        grid.add_column(overflow="fold")
        labels, shown = [clean(one.label) for one in figures.figures], [figure(one) for one in figures.figures]
        taken = max(map(cells, labels), default=0) + max(map(cells, shown), default=0) + 2 * _GAP
        room = self._look.width - taken
        for label, number, one in zip(labels, shown, figures.figures, strict=True):
            meaning = self._text(one.meaning)
            told = _fitted(meaning, room) if room >= _LONGEST_WORD else meaning
            grid.add_row(label, self._text(number, _STYLES[one.tone]), told)
        self._console.print(grid)

    def methods(self, document: Document) -> None:
        """How the numbers were got, and the command that repeats each; in short the commands alone."""
        if not document.methods:
            return
        self.block(Heading(say("whole_report.methods")))
        for one in document.methods:
            self.line(f"{one.title}: {one.text}" if self._look.full else one.title)
            if one.command:
                self.line(f"  {one.command}", whole=True)

    def evidence(self, document: Document) -> None:
        if not document.evidence:
            return
        if not self._look.evidence:
            self._console.print()
            number = "one" if len(document.evidence) == 1 else "many"
            self.line(say(f"evidence.hint_{number}", count=f"{len(document.evidence):,}"), "dim" if self._look.colour else "")
            return
        self.block(Heading(say("evidence.heading")))
        for one in document.evidence:
            if one.number in self._shown:
                self.line(f"[{one.number}] " + evidence_line(one))
