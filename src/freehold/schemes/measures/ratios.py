"""A ratio of self-sufficiency, stated or taken of the stack. Owns that its basis, both sides and its year are said."""

from __future__ import annotations

from typing import Final

from freehold.schemes.interface import Amount, Measured
from freehold.schemes.measures.inside import ratio_inside
from freehold.schemes.measures.parameters import SELECTION, WITHIN, Accepted, Settings
from freehold.schemes.measures.selection import WEIGHTED
from freehold.schemes.measures.survey import Survey
from freehold.stack.cutoff import WAYS
from freehold.words import say

__all__ = ["ACCEPTED", "ratio_of", "self_sufficiency"]

ACCEPTED: Final = {
    **SELECTION, "weighted": WEIGHTED, "within": WITHIN,
    "name": Accepted("text", "", "The ratio's name, by which a person states it."),
    "via": Accepted("choices", (), "Ways by which the stack's own ratio counts what is inside; empty: it has none.", WAYS),
}  # fmt: skip


def ratio_of(amount: Amount) -> float:
    """A stated ratio: its numerator divided by its denominator, and no more."""
    return amount.numerator / amount.denominator


def self_sufficiency(survey: Survey, settings: Settings) -> Measured | None:
    """Output that counts as the home's own, divided by all that is used. May be over 1 where a person states it."""
    stated = survey.amounts.get(settings.text("name"))
    if stated is not None:
        value = ratio_of(stated)
        told = say(
            "measured.stated_ratio", percent=f"{value * 100:.1f} %", numerator=f"{stated.numerator:.10g}",
            denominator=f"{stated.denominator:.10g}", unit=stated.unit, year=stated.year, basis=stated.basis,
            source=stated.source,
        )  # fmt: skip
        both = (stated.numerator, stated.numerator), (stated.denominator, stated.denominator)
        return Measured(value, value, told, (), 0, (), *both, stated.unit)
    via = settings.texts("via")
    return ratio_inside(survey, settings, via) if via else None
