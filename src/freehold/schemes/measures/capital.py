"""What is held from outside of the firms that provide. Owns that measure.

The walk on the graph of owners is :mod:`freehold.schemes.measures.holdings`.
"""

from __future__ import annotations

from typing import Final

from freehold.measure.case import LOW
from freehold.schemes.interface import Fact, Measured, Part
from freehold.schemes.measures.holdings import Holding
from freehold.schemes.measures.parameters import SELECTION, WITHIN, Accepted, Settings
from freehold.schemes.measures.selection import MOST_FACTS, chosen, described
from freehold.schemes.measures.survey import Survey
from freehold.words import interval, say

__all__ = ["ACCEPTED", "outside_stakes"]

ACCEPTED: Final = {
    **SELECTION, "within": WITHIN,
    "figure": Accepted(
        "choice", "largest", "What one holder outside has at most, or what they have together.", ("largest", "together")
    ),
}  # fmt: skip


def outside_stakes(survey: Survey, settings: Settings) -> Measured | None:
    """Part of the capital of a provider that holders outside have; of several providers the most. Less is better."""
    within, figure = settings.text("within"), settings.text("figure")
    if not survey.knows_inside(within):
        return None
    items = chosen(survey, settings)
    case = survey.case("region")
    sure_of: dict[str, bool] = {}
    nobody = 0
    for one in items:
        for supply in one.supplies:
            source = survey.source(supply)
            if source is None or not isinstance(source.provider, str):
                nobody += 1
                continue
            sure = one.sure and case.supplies[supply].filled.share[LOW] > 0
            sure_of[source.provider] = sure or sure_of.get(source.provider, False)
    if not items:
        return None
    holders = survey.holders(within)
    holdings = {firm: holders.of(firm) for firm in sure_of}
    pairs = {firm: holding.largest if figure == "largest" else holding.together for firm, holding in holdings.items()}
    low = max((pairs[firm][0] for firm, sure in sure_of.items() if sure), default=0.0)
    high = 1.0 if nobody else max((pair[1] for pair in pairs.values()), default=0.0)
    worst = sorted(pairs, key=lambda firm: (-pairs[firm][0], -pairs[firm][1], firm))
    unknown = dict.fromkeys(firm for holding in holdings.values() for firm in holding.unknown)
    facts = [_fact(survey, firm, holdings[firm], pairs[firm]) for firm in worst if pairs[firm][1] > 0]
    told = say(
        f"measured.outside_stakes_{figure}", part=interval(low, high), what=described(settings), firms=len(sure_of),
        region=survey.named(within),
    )  # fmt: skip
    parts = tuple(Part(firm, *pairs[firm]) for firm in worst)
    return Measured(low, high, told, tuple(facts[:MOST_FACTS]), len(unknown) + nobody, parts)


def _fact(survey: Survey, firm: str, holding: Holding, pair: tuple[float, float]) -> Fact:
    rows = survey.stack.provider_by_id

    def name(id_: str) -> str:
        return (rows[id_].name or id_) if id_ in rows else id_

    holder = say("measured.somebody") if holding.holder in ("", "?") else name(holding.holder)
    return Fact("providers", firm, "owner", say("measured.held_of", firm=name(firm), part=interval(*pair), holder=holder))
