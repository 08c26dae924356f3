"""How much is known and stated of what is looked at. Owns that measure of an inventory's completeness.

What is only assumed (a blank owner, a blank place) does not count as known. What an inventory leaves out altogether is not
seen by it: that it is whole is for a person to say.
"""

from __future__ import annotations

from typing import Final

from freehold.schemes.interface import Fact, Measured
from freehold.schemes.measures.parameters import SELECTION, Accepted, Settings
from freehold.schemes.measures.selection import MOST_FACTS, WEIGHTED, chosen, ratio, rows_of, supplies_of
from freehold.schemes.measures.survey import Survey
from freehold.stack.values import Source
from freehold.words import listed, say

__all__ = ["ACCEPTED", "facts_known"]

_FACTS: Final = ("provider", "country", "owner", "location", "origin", "licence", "cost")
ACCEPTED: Final = {
    **SELECTION, "weighted": WEIGHTED,
    "facts": Accepted("choices", ("provider", "country"), "Facts that must all be known of a source.", _FACTS),
}  # fmt: skip


def facts_known(survey: Survey, settings: Settings) -> Measured | None:
    """Part of which all the facts asked for are known."""
    asked = settings.texts("facts") or _FACTS
    items = chosen(survey, settings)
    missing = {supply: _missing(survey, survey.source(supply), asked) for supply in supplies_of(items)}
    rows = rows_of(survey, items, lambda supply: not missing[supply], settings.text("weighted"))
    case = survey.case("region")
    found: list[Fact] = []
    for supply in supplies_of(items):
        if missing[supply] and len(found) < MOST_FACTS:
            source, item = survey.source(supply), survey.stack.items[case.supplies[supply].item]
            told = say("measured.not_stated", item=item.name or item.id, facts=listed(missing[supply]))
            table, id_ = ("items", item.id) if source is None else ("sources", source.id)
            found.append(Fact(table, id_, missing[supply][0], told))
    return ratio(survey, items, rows, settings, "facts_known", found, sum(map(len, missing.values())), facts=listed(asked))


def _missing(survey: Survey, source: Source | None, asked: tuple[str, ...]) -> tuple[str, ...]:
    if source is None:
        return asked
    row = survey.stack.provider_by_id.get(source.provider) if isinstance(source.provider, str) else None
    own = row is not None and row.id == "self"
    known = {
        "provider": row is not None,
        "country": row is not None and isinstance(row.country, str),
        "owner": own or (row is not None and isinstance(row.owner, tuple)),
        "location": isinstance(source.location, tuple),
        "origin": isinstance(source.origin, tuple),
        "licence": isinstance(source.licence, str),
        "cost": isinstance(source.cost_year, float),
    }
    return tuple(name for name in asked if not known[name])
