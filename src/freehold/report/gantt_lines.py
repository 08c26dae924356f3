"""A Gantt chart in characters. Owns how days become columns: a column stands for the days from its left edge on."""

from __future__ import annotations

import math
from typing import Final

from freehold.report.clean import clean
from freehold.report.interface import Gantt, GanttBar, Tone
from freehold.report.line_breaks import cells, cut_short

__all__ = ["gantt_lines"]

_BUILDING, _THERE, _NOTHING, _TICK = "█", "─", " ", "┊"
_LEAST_COLUMNS: Final = 12
_GAP: Final = 2


def gantt_lines(gantt: Gantt, width: int) -> list[tuple[str, Tone]]:
    """Draw a chart as lines no wider than the room there is: the labels of its ticks, then a line for each bar.

    Parameters
    ----------
    gantt
        The chart; names that are too long are cut short, with a mark.
    width
        Columns of text.
    """
    names = [clean(bar.title) for bar in gantt.bars]
    room = max(8, min(max(cells(name) for name in names), width // 2, width - _GAP - _LEAST_COLUMNS))
    columns = max(_LEAST_COLUMNS, min(72, width - room - _GAP))
    ticks = {_column(day, gantt.days, columns): label for day, label in gantt.ticks if day <= gantt.days}
    lines: list[tuple[str, Tone]] = [(" " * (room + _GAP) + _labels(ticks, columns), "quiet")]
    for name, bar in zip(names, gantt.bars, strict=True):
        shown = cut_short(name, room)
        lines.append((shown + " " * (room - cells(shown) + _GAP) + _drawn(bar, gantt.days, columns, ticks), bar.tone))
    return [(text.rstrip(), tone) for text, tone in lines]


def _column(day: float, days: float, columns: int) -> int:
    return min(columns, max(0, math.floor(day / max(days, 1e-9) * columns + 1e-9)))


def _labels(ticks: dict[int, str], columns: int) -> str:
    line = ""
    for place, label in sorted(ticks.items()):
        label = clean(label)
        if place < columns and place >= cells(line) + (1 if line else 0) and place + cells(label) <= columns:
            line += " " * (place - cells(line)) + label
    return line


def _drawn(bar: GanttBar, days: float, columns: int, ticks: dict[int, str]) -> str:
    """The line of one bar; whatever is built within the chart shows at least one full column."""
    start = min(columns - 1, _column(bar.start, days, columns))
    ready = max(start + 1, _column(bar.ready, days, columns)) if bar.ready > 0 else start
    cells = [_TICK if place in ticks else _NOTHING for place in range(columns)]
    for place in range(start, columns):
        cells[place] = _BUILDING if place < ready else _THERE
    return "".join(cells)
