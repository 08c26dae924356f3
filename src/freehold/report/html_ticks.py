"""Landlords to tick off, as controls of a page. Owns their markup; what they answer is computed in the page."""

from __future__ import annotations

from typing import Any

from freehold.measure.landlord_cut_values import Landlord
from freehold.report.figures import country, country_in_sentence
from freehold.report.html_page import safe
from freehold.report.interface import TickOff
from freehold.report.tick_data import tick_data
from freehold.words import say

__all__ = ["ticks_html"]


def ticks_html(ticks: TickOff, number: int) -> tuple[str, dict[str, Any]]:
    """The controls, and the data that the script answers from.

    Parameters
    ----------
    ticks
        The landlords and the answers.
    number
        Which of the page it is, for ids.
    """
    landlords = "\n".join(_landlord(one, place) for place, one in enumerate(ticks.cuts.landlords))
    left_out = ticks.cuts.left_out
    more = f'<p class="quiet">{safe(say("page.landlords_left_out", count=f"{left_out:,}"))}</p>' if left_out else ""
    columns = "".join(
        f'<th scope="col">{safe(say(f"page.out_{column}"))}</th>' for column in ("item", "layer", "state", "since", "why")
    )
    markup = f"""<div class="tick-off scripted" id="tick-{number}" data-ticks="{number - 1}">
<p class="quiet">{safe(ticks.caption)}</p>
<fieldset><legend>{safe(say("page.tick_legend"))}</legend><ul class="landlords">
{landlords}
</ul>{more}</fieldset>
</div>
<div class="tick-bar scripted" id="tick-{number}-bar" role="group" aria-label="{safe(say("page.tick_bar"))}">
<p class="tick-who" id="tick-{number}-who"></p>
<div class="tick-time"><label for="tick-{number}-day">{safe(say("page.day"))}</label>
<input type="range" id="tick-{number}-day" min="0" max="{len(ticks.cuts.days) - 1}" step="1" value="0">
<output id="tick-{number}-of" for="tick-{number}-day"></output>
<button type="button" id="tick-{number}-play">{safe(say("page.play"))}</button>
<button type="button" id="tick-{number}-clear">{safe(say("page.clear"))}</button></div>
<p class="tick-left">{safe(say("page.mission_left"))} <strong id="tick-{number}-left"></strong>
<span class="meter" aria-hidden="true"><span class="sure"></span><span class="maybe"></span></span></p>
</div>
<div class="tick-result scripted" id="tick-{number}-result">
<p role="status" id="tick-{number}-status"></p>
<table class="wide outs" id="tick-{number}-outs" hidden><caption>{safe(say("page.outs"))}</caption>\
<thead><tr>{columns}</tr></thead><tbody></tbody></table>
<p class="quiet" id="tick-{number}-more" hidden></p>
</div>
"""
    return markup, tick_data(ticks)


def _landlord(one: Landlord, place: int) -> str:
    sources = say("page.sources_one" if one.sources == 1 else "page.sources_many", count=f"{one.sources:,}")
    if one.kind == "owner":
        told = say("page.landlord_owner", seat=country(one.country), sources=sources)
    else:
        told = say(f"page.landlord_{one.kind}", sources=sources)
    name = within = say("page.everything_foreign") if one.kind == "foreign" else one.name
    if one.kind == "country":
        name, within = country(one.id), country_in_sentence(one.id)
    key = safe(f"{one.kind}:{one.id}")
    box = f'<input type="checkbox" value="{place}" data-key="{key}" data-name="{safe(within)}">'
    return f'<li><label>{box}<span><span class="name">{safe(name)}</span><small>{safe(told)}</small></span></label></li>'
