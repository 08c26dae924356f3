"""A Gantt chart as inline SVG. Owns its scales, and the words that say the same for who cannot see it."""

from __future__ import annotations

from html import escape
from typing import Final

from freehold.report.clean import clean
from freehold.report.interface import Gantt, GanttBar
from freehold.report.line_breaks import cells, cut_short
from freehold.words import say, sentence, sentences

__all__ = ["gantt_svg"]

_WIDTH: Final = 560
_LEFT: Final = 2
_RIGHT: Final = 10
_TOP: Final = 26
_ROW: Final = 38
_BAR: Final = 12
_LETTER: Final = 10
"""Width of a letter on a narrow page, where letters are larger within the drawing."""
_LONGEST: Final = 54
"""Letters of a name that there is room for; the whole name is in the words beside the drawing."""


def gantt_svg(gantt: Gantt, number: int) -> str:
    """Draw a chart.

    Parameters
    ----------
    gantt
        The chart.
    number
        Which one of the page it is, for ids.
    """
    height = _TOP + _ROW * len(gantt.bars) + 6
    plain = _WIDTH - _LEFT - _RIGHT

    def across(day: float) -> float:
        return _LEFT + plain * min(1.0, max(0.0, day / max(gantt.days, 1e-9)))

    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="g{number}t g{number}d">',
        f'<title id="g{number}t">{escape(clean(gantt.caption))}</title>',
        f'<desc id="g{number}d">{escape(clean(sentences(_told(bar) for bar in gantt.bars)))}</desc>',
    ]
    shown_to = -1.0
    for day, label in gantt.ticks:
        if day > gantt.days:
            continue
        x = across(day)
        parts.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{height - 4}"/>')
        text = clean(label)
        if x >= shown_to and x + _LETTER * cells(text) <= _WIDTH:
            parts.append(f'<text x="{x:.1f}" y="14">{escape(text)}</text>')
            shown_to = x + _LETTER * cells(text) + 10
    for place, bar in enumerate(gantt.bars):
        parts.append(_bar(bar, across, _TOP + _ROW * place))
    return "".join([*parts, "</svg>"])


def _bar(bar: GanttBar, across: object, top: float) -> str:
    assert callable(across)
    start, ready, end = float(across(bar.start)), float(across(bar.ready)), float(_WIDTH - _RIGHT)
    # what was there before the chart begins is not being built in it
    ready = min(end, max(ready, start + 2)) if bar.ready > 0 else start
    y = top + _ROW - _BAR - 4
    name = cut_short(clean(bar.title), _LONGEST)
    there = ""
    if end > ready:
        there = f'<rect class="there" x="{ready:.1f}" y="{y:.1f}" width="{end - ready:.1f}" height="{_BAR}"/>'
    label = f'<text class="name" x="{_LEFT + 4}" y="{y - 5:.1f}">{escape(name)}</text>'
    building = ""
    if ready > start:
        building = f'<rect class="building" x="{start:.1f}" y="{y:.1f}" width="{ready - start:.1f}" height="{_BAR}"/>'
    return f'<g class="{bar.tone}">{label}{building}{there}</g>'


def _told(bar: GanttBar) -> str:
    return say("report.gantt_bar", title=bar.title, detail=bar.detail) if bar.detail else sentence(bar.title)
