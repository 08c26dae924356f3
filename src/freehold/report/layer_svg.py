"""A drawing by layers as the inside of an SVG. Owns signs and patterns: who holds a thing is never told by colour alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from html import escape
from typing import Final

from freehold.report.clean import clean
from freehold.report.interface import LayerCell, Tone
from freehold.report.layer_layout import CELL_HEIGHT, CELL_WIDTH, LABELS, Layout, PlacedCell, PlacedRow
from freehold.words import say

__all__ = ["LAYER_STYLE", "MANY_FEEDS", "cell_words", "holding", "layers_inside", "patterns", "sign"]

MANY_FEEDS: Final = 140
"""From how many lines on only those of the thing that is looked at are drawn."""

_BAND: Final = 18
_TITLE_LETTER: Final = 7.7
_SMALL_LETTER: Final = 6.6
_ROOM: Final = CELL_WIDTH - _BAND - 14

LAYER_STYLE: Final = """
.layers text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","PingFang SC","Microsoft YaHei",
"Noto Sans CJK SC","Noto Sans SC",sans-serif;fill:var(--ink)}
.layers .title{font-weight:600}.layers .by{font-size:10.5px;fill:var(--quiet)}
.layers .layer{font-size:13px;font-weight:600}.layers .left-out{font-size:11px;fill:var(--quiet)}
.layers .rule{stroke:var(--line);stroke-width:1}
.layers .feed{fill:none;stroke:var(--edge);stroke-width:1}
.layers .tip{fill:var(--edge)}
.layers .body{fill:var(--paper);stroke:var(--edge);stroke-width:1.25}
.layers .band{fill:var(--edge);opacity:1}.layers .sign{fill:var(--paper)}.layers text.sign{font-weight:700}
.layers .good .band{fill:var(--one)}.layers .good .body{stroke:var(--one)}
.layers .bad .band{fill:var(--two)}.layers .bad .body{stroke:var(--two)}
.layers .warn .band,.layers .plain .band,.layers .quiet .band{fill:var(--quiet)}
.layers .on-band{stroke:var(--paper);fill:none;stroke-width:2}.layers .dot-on-band{fill:var(--paper)}
.layers .mark{display:none}
"""
"""How the drawing looks, given the page's colours."""


def holding(tone: Tone) -> str:
    """Who holds a thing, in words: a key's last part."""
    return {"good": "held", "bad": "foreign"}.get(tone, "unknown")


def sign(tone: Tone, x: float, y: float) -> str:
    """The sign of a holding within a square of 18: a disc, a triangle, a question mark."""
    kind = holding(tone)
    if kind == "held":
        return f'<circle class="sign" cx="{x + 9:.1f}" cy="{y + 10:.1f}" r="4.5"/>'
    if kind == "foreign":
        return f'<path class="sign" d="M{x + 9:.1f} {y + 4.5:.1f}l5 9.5h-10z"/>'
    return f'<text class="sign" x="{x + 9:.1f}" y="{y + 14:.1f}" text-anchor="middle">?</text>'


def patterns(name: str) -> str:
    """Patterns of the bands and the tip of the lines; ``name`` sets their ids apart from those of other drawings."""
    return (
        f'<defs><pattern id="{name}-foreign" width="7" height="7" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><line class="on-band" x1="1" x2="1" y1="0" y2="7"/></pattern>'
        f'<pattern id="{name}-unknown" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<circle class="dot-on-band" cx="3" cy="3" r="1.4"/></pattern>'
        f'<marker id="{name}-tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto">'
        '<path class="tip" d="M0 0L6 3L0 6z"/></marker></defs>'
    )


def cell_words(cell: LayerCell, layer: str) -> str:
    """A thing in a sentence, for who cannot see the drawing."""
    return say("page.cell", title=cell.title, layer=layer, holding=say(f"page.{holding(cell.tone)}"), held_by=cell.held_by)


def layers_inside(layout: Layout, name: str, wrap: Callable[[PlacedCell, PlacedRow, str], str]) -> str:
    """Lines, layers and cells.

    Parameters
    ----------
    layout
        Where all stands.
    name
        Prefix of the ids of :func:`patterns`.
    wrap
        Puts the markup of a cell into its element.
    """
    parts = [patterns(name)]
    parts += [
        f'<line class="rule" x1="0" x2="{LABELS - 14}" y1="{row.top - 20:.1f}" y2="{row.top - 20:.1f}"/>'
        for row in layout.rows[1:]
    ]
    places = {cell.cell.id: f"{number}-{cell.place}" for number, row in enumerate(layout.rows) for cell in row.cells}
    parts.append('<g class="feeds">')
    parts += [
        f'<path class="feed" d="{feed.path}" data-from="{places[feed.giver]}" data-to="{places[feed.taker]}" '
        f'marker-end="url(#{name}-tip)"/>'
        for feed in layout.feeds
    ]
    parts.append("</g>")
    for row in layout.rows:
        parts.append(_label(row))
        parts += [wrap(cell, row, _cell(cell, name)) for cell in row.cells]
    return "".join(parts)


def _label(row: PlacedRow) -> str:
    lines = _broken(clean(row.row.title), (LABELS - 16) / 8.2, 2)
    y = row.top + (24 if len(lines) == 1 else 18)
    parts = [f'<text class="layer" x="0" y="{y + 15 * place:.1f}">{escape(line)}</text>' for place, line in enumerate(lines)]
    left_out = row.row.left_out + len(row.row.cells) - len(row.cells)
    if left_out:
        text = escape(clean(say("page.left_out", count=f"{left_out:,}")))
        parts.append(f'<text class="left-out" x="0" y="{y + 15 * len(lines) + 1:.1f}">{text}</text>')
    return "".join(parts)


def _cell(placed: PlacedCell, name: str) -> str:
    cell, x, y = placed.cell, placed.x, placed.y
    kind = holding(cell.tone)
    body = f'<rect class="body" x="{x:.1f}" y="{y:.1f}" width="{CELL_WIDTH}" height="{CELL_HEIGHT}" rx="3"/>'
    band = f'<rect class="band" x="{x:.1f}" y="{y:.1f}" width="{_BAND}" height="{CELL_HEIGHT}" rx="3"/>'
    if kind != "held":
        band += (
            f'<rect fill="url(#{name}-{kind})" x="{x + 1:.1f}" y="{y + 20:.1f}" width="{_BAND - 2}" '
            f'height="{CELL_HEIGHT - 21}"/>'
        )
    lines = _broken(clean(cell.title), _ROOM / _TITLE_LETTER, 2)
    left = x + _BAND + 7
    first = y + (17 if len(lines) > 1 else 23)
    texts = "".join(
        f'<text class="title" x="{left:.1f}" y="{first + 14 * place:.1f}">{escape(line)}</text>'
        for place, line in enumerate(lines)
    )
    by = _broken(clean(cell.held_by), _ROOM / _SMALL_LETTER, 1)
    texts += "".join(f'<text class="by" x="{left:.1f}" y="{y + CELL_HEIGHT - 8:.1f}">{escape(line)}</text>' for line in by)
    return body + band + sign(cell.tone, x, y) + texts + _mark(x, y)


def _mark(x: float, y: float) -> str:
    """What stands on a thing that is out, surely or perhaps; shown once it is."""
    right, top = x + CELL_WIDTH - 11, y + 1
    return (
        f'<g class="mark surely"><circle cx="{right:.1f}" cy="{top:.1f}" r="9"/>'
        f'<path d="M{right - 4:.1f} {top - 4:.1f}l8 8m0 -8l-8 8"/></g>'
        f'<g class="mark perhaps"><circle cx="{right:.1f}" cy="{top:.1f}" r="9"/>'
        f'<text x="{right:.1f}" y="{top + 4:.1f}" text-anchor="middle">?</text></g>'
    )


def _wide(text: str) -> float:
    """Width in letters: those of East Asia take about two."""
    return sum(1.75 if unicodedata.east_asian_width(one) in "WF" else 1.0 for one in text)


def _broken(text: str, room: float, most: int) -> list[str]:
    """A text in a few lines of so many letters; what is left out is shown as an ellipsis."""
    lines: list[str] = []
    rest = text.strip()
    while rest and len(lines) < most:
        if _wide(rest) <= room:
            lines.append(rest)
            return lines
        cut = len(rest)
        while cut > 1 and _wide(rest[:cut]) > room:
            cut -= 1
        space = rest.rfind(" ", 0, cut + 1)
        if len(lines) + 1 < most:
            cut = space if space >= cut // 2 else cut
            lines.append(rest[:cut].rstrip())
            rest = rest[cut:].lstrip()
        else:
            lines.append(rest[: cut - 1].rstrip() + "…")
            rest = ""
    return lines
