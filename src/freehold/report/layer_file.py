"""A drawing by layers as an SVG file that stands alone. Owns what it needs beside the drawing: colours, words, a ground."""

from __future__ import annotations

from html import escape

from freehold.report.clean import clean
from freehold.report.html_palette import DARK, LIGHT, declared
from freehold.report.interface import LayerDrawing
from freehold.report.layer_layout import LABELS, WIDTH, PlacedCell, PlacedRow, laid_out
from freehold.report.layer_svg import LAYER_STYLE, cell_words, layers_inside, sign
from freehold.report.layer_svg import holding as holding_of
from freehold.words import language_tag, say

__all__ = ["drawing_svg"]

_EDGE = 16
_HEAD = 62


def drawing_svg(drawing: LayerDrawing) -> str:
    """Draw a value chain by layers as a whole SVG file: light and dark, no script, nothing that is loaded.

    Parameters
    ----------
    drawing
        What is drawn; what its rows leave out is told beside them.
    """
    layout = laid_out(drawing)
    width, height = WIDTH + 2 * _EDGE, layout.height + _HEAD + _EDGE
    style = (
        f".layers{{{declared(LIGHT)}}}@media (prefers-color-scheme:dark){{.layers{{{declared(DARK)}}}}}"
        f".layers .ground{{fill:var(--paper)}}.layers .head{{font-size:14px}}{LAYER_STYLE}"
    )

    def cell(placed: PlacedCell, row: PlacedRow, inside: str) -> str:
        words = escape(clean(cell_words(placed.cell, row.row.title)))
        return f'<g class="{placed.cell.tone}"><title>{words}</title>{inside}</g>'

    caption = escape(clean(drawing.caption))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="layers" width="{width}" height="{height:.0f}" '
        f'viewBox="0 0 {width} {height:.0f}" role="img" aria-labelledby="layers-title" xml:lang="{escape(language_tag())}">'
        f'<title id="layers-title">{caption}</title><style>{style}</style>'
        f'<rect class="ground" width="{width}" height="{height:.0f}"/><g transform="translate({_EDGE} {_EDGE})">'
        f'<text class="head" x="0" y="12">{caption}</text>{_legend()}</g>'
        f'<g transform="translate({_EDGE} {_HEAD})">{layers_inside(layout, "layers", cell)}</g></svg>\n'
    )


def _legend() -> str:
    parts, x = [], float(LABELS)
    for tone in ("good", "bad", "warn"):
        words = clean(say(f"page.{holding_of(tone)}"))
        parts.append(
            f'<g class="{tone}"><rect class="band" x="{x:.0f}" y="20" width="18" height="18" rx="3"/>'
            f'{sign(tone, x, 19)}<text x="{x + 25:.0f}" y="33">{escape(words)}</text></g>'
        )
        x += 60 + 8 * len(words) + (6 * len(words) if not words.isascii() else 0)
    return "".join(parts)
