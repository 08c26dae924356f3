"""Part of what is looked at that is inside: by seat, by owners, by place, by export law, by all of these. Owns those measures.

A source is outside by a way of control if a country that is neither home nor trusted has it (:mod:`freehold.stack.control`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from freehold.measure.reason import reason_for
from freehold.schemes.interface import Fact, Measured
from freehold.schemes.measures.parameters import SELECTION, VIA, WITHIN, Settings
from freehold.schemes.measures.selection import MOST_FACTS, WEIGHTED, chosen, ratio, rows_of, supplies_of
from freehold.schemes.measures.survey import Chosen, Survey
from freehold.stack.control import Truth
from freehold.stack.cutoff import WAYS, Rule
from freehold.stack.values import UNKNOWN
from freehold.words import listed, say, sentences

__all__ = [
    "ACCEPTED",
    "ACCEPTED_OF_CONTROL",
    "control_inside",
    "law_inside",
    "location_inside",
    "owner_inside",
    "ratio_inside",
    "seat_inside",
]

ACCEPTED: Final = {**SELECTION, "weighted": WEIGHTED, "within": WITHIN}
ACCEPTED_OF_CONTROL: Final = {**ACCEPTED, "via": VIA}

_SENTENCES: Final = {
    ("provider",): "seat_inside", ("provider", "owner"): "owner_inside", ("location",): "location_inside",
}  # fmt: skip


def seat_inside(survey: Survey, settings: Settings) -> Measured | None:
    """Part whose providers have their legal seat inside."""
    return _inside(survey, settings, ("provider",), "seat_inside")


def owner_inside(survey: Survey, settings: Settings) -> Measured | None:
    """Part whose providers, and all owners on their chains that control them, have their seat inside."""
    return _inside(survey, settings, ("provider", "owner"), "owner_inside")


def location_inside(survey: Survey, settings: Settings) -> Measured | None:
    """Part that is made or hosted inside."""
    return _inside(survey, settings, ("location",), "location_inside")


def law_inside(survey: Survey, settings: Settings) -> Measured | None:
    """Part that no export-control law of a country outside reaches.

    It reaches what a firm outside, or an owner outside, provides, and what is made or hosted outside; else it is what the
    source's countries of origin say, and where these are left blank it is not known.
    """
    return _inside(survey, settings, WAYS, "law_inside", origins=True)


def control_inside(survey: Survey, settings: Settings) -> Measured | None:
    """Part that no country outside controls by any of the ways asked for."""
    return _inside(survey, settings, settings.texts("via") or WAYS, "control_inside")


def ratio_inside(survey: Survey, settings: Settings, via: tuple[str, ...]) -> Measured | None:
    """The stack's own ratio of what is inside, with its basis and its day."""
    found = _inside(survey, settings, via, _SENTENCES.get(via, "control_inside"))
    if found is None or found.denominator is None or found.denominator[1] <= 0:
        return found
    weighted, as_of = settings.text("weighted"), survey.stack.as_of or "?"
    basis = say("measured.stack_basis", by=say(f"measured.by_{weighted}"), ways=listed(via), year=as_of)
    return replace(found, told=sentences((found.told, basis)))


def _inside(survey: Survey, settings: Settings, via: tuple[str, ...], key: str, *, origins: bool = False) -> Measured | None:
    within = settings.text("within")
    if not survey.knows_inside(within):
        return None
    items = chosen(survey, settings)
    insides = survey.insides(within, via)

    def truth(supply: int) -> Truth:
        inside = insides[supply]
        if origins and inside:
            source = survey.source(supply)
            return None if source is None or source.origin is None else True
        return inside

    rows = rows_of(survey, items, truth, settings.text("weighted"))
    perhaps = [supply for supply in supplies_of(items) if truth(supply) is None]
    blank = sum(insides[supply] is True for supply in perhaps)
    unknowns = len(survey.unknown_of(perhaps, within, via)) + _unknown_choice(survey, items) + blank
    facts = _facts(survey, within, via, [*(one for one in supplies_of(items) if truth(one) is False), *perhaps])
    return ratio(survey, items, rows, settings, key, facts, unknowns, region=survey.named(within))


def _unknown_choice(survey: Survey, items: Sequence[Chosen]) -> int:
    """How many facts leave open whether, or by how much, a thing counts."""
    sources = [survey.source(supply) for supply in supplies_of(items)]
    numbers = sum(UNKNOWN in (source.status, source.share, source.cost_year) for source in sources if source is not None)
    return numbers + sum(not one.sure for one in items)


def _facts(survey: Survey, within: str, via: tuple[str, ...], supplies: Sequence[int]) -> list[Fact]:
    case, rule = survey.case(within), Rule(foreign=True, via=via)
    found = []
    for supply in supplies[:MOST_FACTS]:
        source, item = survey.source(supply), survey.stack.items[case.supplies[supply].item]
        told = f"{item.name or item.id}: {reason_for(case, rule, supply)}"
        if source is None:
            found.append(Fact("items", item.id, "", told))
        elif via in (("location",), ("origin",)):
            found.append(Fact("sources", source.id, via[0], told))
        elif isinstance(source.provider, str) and via == ("provider",):
            found.append(Fact("providers", source.provider, "country", told))
        else:
            found.append(Fact("sources", source.id, "", told))
    return found
