"""What stands on a list that the user loaded, such as evaluated products or key components. Owns those measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from freehold.schemes.interface import Fact, Measured
from freehold.schemes.measures.inside import ACCEPTED as INSIDE
from freehold.schemes.measures.parameters import SELECTION, Accepted, Settings
from freehold.schemes.measures.selection import MOST_FACTS, WEIGHTED, chosen, ratio, rows_of, supplies_of
from freehold.schemes.measures.survey import Survey
from freehold.stack.control import Truth
from freehold.stack.values import Item
from freehold.words import say

__all__ = ["ACCEPTED", "ACCEPTED_OF_INSIDE", "listed", "listed_inside"]

_LIST: Final = Accepted("text", "evaluated-products", "The list's name.")
ACCEPTED: Final = {
    **SELECTION, "weighted": WEIGHTED, "list": _LIST,
    "levels": Accepted("texts", (), "Levels that count, such as I and II; empty: any."),
}  # fmt: skip
ACCEPTED_OF_INSIDE: Final = {**INSIDE, "list": Accepted("text", "key-components", "The list's name.")}


def listed(survey: Survey, settings: Settings) -> Measured | None:
    """Part that stands on a list and whose entry has not run out on the stack's day; ``None`` if the list is not loaded."""
    name, levels = settings.text("list"), settings.texts("levels")
    rows_by_name = survey.lists.get(name)
    if rows_by_name is None:
        return None
    items = chosen(survey, settings)
    case = survey.case("region")
    found = {one.number: _holds(survey, survey.stack.items[one.number], rows_by_name, levels) for one in items}

    def truth(supply: int) -> Truth:
        return found[case.supplies[supply].item][0]

    rows = rows_of(survey, items, truth, settings.text("weighted"))
    facts = [
        Fact("items", survey.stack.items[number].id, "", told)
        for number, (holds, told) in sorted(found.items(), key=lambda pair: pair[1][0] is True)
    ]
    unknowns = sum(holds is None for holds, _ in found.values())
    return ratio(
        survey, items, rows, settings, "listed", facts[:MOST_FACTS], unknowns, list=name, date=survey.stack.as_of or "?"
    )


def _holds(survey: Survey, item: Item, rows: Mapping[str, Mapping[str, str]], levels: tuple[str, ...]) -> tuple[Truth, str]:
    name, row = item.name or item.id, _row_of(item, rows)
    if row is None:
        return False, say("measured.not_on_list", item=name)
    level, until, on = row.get("level", ""), row.get("valid_until", ""), survey.stack.as_of
    said = {"item": name, "level": level or "–", "until": until or "–"}
    if levels and level not in levels:
        return False, say("measured.level_does_not_count", **said)
    if until and on is None:
        return None, say("measured.day_unknown", **said)
    if until and on is not None and until != on:
        if until.startswith(on) or on.startswith(until):  # known to the month or the year only
            return None, say("measured.day_unknown", **said)
        if until < on:
            return False, say("measured.run_out", **said)
    return True, say("measured.on_list", **said)


def _row_of(item: Item, rows: Mapping[str, Mapping[str, str]]) -> Mapping[str, str] | None:
    purl = item.id.partition("?")[0].partition("#")[0]
    names = (item.id, item.name or "", purl, purl.rpartition("@")[0] if purl.startswith("pkg:") else "")
    return next((rows[name.casefold()] for name in names if name and name.casefold() in rows), None)


def listed_inside(survey: Survey, settings: Settings) -> Measured | None:
    """Part of those that stand on a list that is made inside; all of it where no list is loaded, which is said."""
    within = settings.text("within")
    if not survey.knows_inside(within):
        return None
    rows_by_name = survey.lists.get(settings.text("list"))
    if rows_by_name is None:
        return Measured(1.0, 1.0, say("measured.no_list", list=settings.text("list")))
    items = [one for one in chosen(survey, settings) if _row_of(survey.stack.items[one.number], rows_by_name) is not None]
    if not items:
        return Measured(1.0, 1.0, say("measured.none_on_list", list=settings.text("list")))
    insides = survey.insides(within, ("location",))

    def truth(supply: int) -> Truth:
        return insides[supply]

    rows = rows_of(survey, items, truth, settings.text("weighted"))
    unknown = [supply for supply in supplies_of(items) if truth(supply) is None]
    facts = [Fact("items", survey.stack.items[one.number].id, "", survey.stack.items[one.number].name or "") for one in items]
    return ratio(
        survey, items, rows, settings, "listed_inside", facts[:MOST_FACTS], len(unknown), list=settings.text("list"),
        region=survey.named(within),
    )  # fmt: skip
