"""A drawing by layers within a page: the drawing, and the list of its things. Owns how the two lead to each other.

On a wide screen the drawing is shown, on a narrow one the list, on paper the drawing and its table; each thing is opened in
the list, or by script in a panel under the drawing.
"""

from __future__ import annotations

from collections.abc import Callable

from freehold.report.html_page import safe
from freehold.report.interface import Block, LayerCell, LayerDrawing, LayerRow, Tone
from freehold.report.layer_layout import WIDTH, PlacedCell, PlacedRow, laid_out
from freehold.report.layer_svg import MANY_FEEDS, cell_words, holding, layers_inside, sign
from freehold.words import percent, say

__all__ = ["layers_html"]

_TONES: tuple[Tone, ...] = ("good", "bad", "warn")


def layers_html(drawing: LayerDrawing, number: int, shown: Callable[[tuple[Block, ...]], str]) -> str:
    """The markup of a drawing, its legend and its list.

    Parameters
    ----------
    drawing
        What is drawn.
    number
        Which drawing of the page it is, for ids.
    shown
        Turns the blocks of a thing into markup.
    """
    layout = laid_out(drawing)
    rows = {id(placed.row): place for place, placed in enumerate(layout.rows)}

    def cell(placed: PlacedCell, row: PlacedRow, inside: str) -> str:
        place = f"{rows[id(row.row)]}-{placed.place}"
        words = safe(cell_words(placed.cell, row.row.title))
        return (
            f'<a class="cell {placed.cell.tone}" href="#thing-{number}-{place}" data-cell="{place}" '
            f'data-id="{safe(placed.cell.id)}" aria-label="{words}"><title>{words}</title>{inside}</a>'
        )

    inside = layers_inside(layout, f"layers-{number}", cell)
    many = " many" if len(layout.feeds) > MANY_FEEDS else ""
    svg = (
        f'<svg class="layers drawn{many}" viewBox="0 0 {WIDTH} {layout.height:.0f}" role="group" '
        f'aria-label="{safe(drawing.caption or say("page.layers"))}">{inside}</svg>'
    )
    told = " ".join(part for part in (drawing.caption, say("page.layers_many" if many else "page.layers_drawn")) if part)
    list_ = "\n".join(_row(row, f"{number}-{place}", shown) for place, row in enumerate(drawing.rows))
    return (
        f'<figure class="value-chain" id="value-chain-{number}"><figcaption>{safe(told)}'
        f'<span class="scripted keys"> {safe(say("page.layers_keys"))}</span></figcaption>{_legend()}'
        f'<button type="button" class="as-list scripted" aria-pressed="false">{safe(say("page.as_list"))}</button>{svg}'
        f'<div class="things">{list_}</div>'
        f'<aside class="panel scripted" hidden tabindex="-1" aria-label="{safe(say("page.panel"))}">'
        f'<button type="button" class="close">{safe(say("page.close"))}</button><div class="panel-inside"></div></aside>'
        f"</figure>\n"
    )


def _legend() -> str:
    signs = "".join(f"<li>{_sign(tone)} {safe(say(f'page.{holding(tone)}'))}</li>" for tone in _TONES)
    states = "".join(
        f'<li class="scripted state-{state}"><span class="state-mark" aria-hidden="true">{mark}</span> '
        f"{safe(say(f'page.{state}'))}</li>"
        for state, mark in (("surely", "✕"), ("perhaps", "?"))
    )
    return f'<ul class="legend">{signs}{states}</ul>'


def _sign(tone: Tone) -> str:
    drawn = f'<rect class="band" width="18" height="18" rx="3"/>{sign(tone, 0, -1)}'
    return f'<svg class="layers sign-of" viewBox="0 0 18 18" aria-hidden="true"><g class="{tone}">{drawn}</g></svg>'


def _row(row: LayerRow, place: str, shown: Callable[[tuple[Block, ...]], str]) -> str:
    things = "\n".join(_thing(cell, row, f"{place}-{number}", shown) for number, cell in enumerate(row.cells))
    more = f'<p class="quiet">{safe(say("page.left_out", count=f"{row.left_out:,}"))}</p>' if row.left_out else ""
    name = f"layer-{place}"
    title = f'<p class="layer-name" id="{name}">{safe(row.title)}</p>'
    return f'<div class="layer-list" role="group" aria-labelledby="{name}">{title}\n{things}{more}</div>'


def _thing(cell: LayerCell, row: LayerRow, place: str, shown: Callable[[tuple[Block, ...]], str]) -> str:
    held = say("page.thing_held", holding=say(f"page.{holding(cell.tone)}"), held_by=cell.held_by)
    mission = say("page.thing_mission", part=percent(cell.mission)) if cell.mission > 0 else ""
    told = safe(say("page.separator").join(part for part in (row.title, mission) if part))
    return (
        f'<details class="thing" id="thing-{place}" data-id="{safe(cell.id)}"><summary>{_sign(cell.tone)}'
        f'<span class="name">{safe(cell.title)}</span> <span class="by">{safe(held)}</span>'
        f'<span class="state"></span></summary><div class="known"><p class="quiet">{told}</p>\n{shown(cell.blocks)}</div>'
        "</details>"
    )
