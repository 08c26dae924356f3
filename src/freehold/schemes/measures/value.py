"""Whose value is in it: content down the chain of needs, and the part of a product's components. Owns those measures."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from freehold.measure.content import Bounds, content
from freehold.schemes.interface import Fact, Measured, Part
from freehold.schemes.measures.bounds import Row, mean_of, sums_of
from freehold.schemes.measures.parameters import VIA, WITHIN, Accepted, Settings
from freehold.schemes.measures.selection import MOST_FACTS, amount
from freehold.schemes.measures.survey import Survey
from freehold.stack.cutoff import WAYS
from freehold.stack.schema import ROLES
from freehold.stack.values import UNKNOWN, Item, Source
from freehold.words import interval, listed, say

__all__ = [
    "ACCEPTED_OF_COMPONENTS",
    "ACCEPTED_OF_CONTENT",
    "ACCEPTED_OF_THRESHOLDS",
    "component_share",
    "components_suffice",
    "content_inside",
]

_FIGURES: Final = ("content", "face-value", "hidden-exposure")
ACCEPTED_OF_CONTENT: Final = {
    "within": WITHIN, "via": VIA,
    "figure": Accepted("choice", "content", "Content, face value, or hidden exposure (less is better).", _FIGURES),
}  # fmt: skip
ACCEPTED_OF_COMPONENTS: Final = {
    "within": WITHIN, "via": VIA,
    "roles": Accepted("texts", ("part", "input"), "Roles in which what is needed is a component.", ROLES),
}  # fmt: skip
ACCEPTED_OF_THRESHOLDS: Final = {
    **ACCEPTED_OF_COMPONENTS,
    "list": Accepted("text", "component-share-thresholds", "The list of thresholds, in a column `threshold` from 0 to 1."),
}

_COPY: Final = "\0component:"
"""Begins the id of a product's copy that stands for it where another product needs it; no id holds that character."""


def content_inside(survey: Survey, settings: Settings) -> Measured | None:
    """Part of the mission's value that is added inside, down the chain of needs (:mod:`freehold.measure.content`)."""
    within, via, figure = settings.text("within"), settings.texts("via") or WAYS, settings.text("figure")
    if not survey.knows_inside(within) or not (survey.mission.weights or survey.mission.doubtful):
        return None
    answer = survey.content(within, via)
    whole: Bounds = {"content": answer.content, "face-value": answer.face_value, "hidden-exposure": answer.hidden_exposure}[
        figure
    ]
    numbers = [*survey.mission.weights, *survey.mission.doubtful]
    pick = {"content": "content", "face-value": "face_value", "hidden-exposure": "hidden_exposure"}[figure]
    parts = tuple(Part(answer.items[number].id, *getattr(answer.items[number], pick)) for number in numbers)
    supplies = [supply for number in survey.reached("run") for supply in survey.in_use(number)]
    unknown = survey.unknown_of(supplies, within, via)
    facts = [_open_fact(fact.table, fact.id, fact.attribute) for fact in unknown[:MOST_FACTS]]
    values = sum(need.value is UNKNOWN for need in survey.stack.needs)
    values += sum(source.own_value is UNKNOWN for source in survey.stack.sources)
    told = say(f"measured.{pick}", part=interval(*whole), region=survey.named(within), ways=listed(via))
    return Measured(whole.low, whole.high, told, tuple(facts), len(unknown) + values, parts)


def _open_fact(table: str, id_: str, attribute: str) -> Fact:
    return Fact(table, id_, attribute, say("measured.open_fact", id=id_, attribute=attribute))


def component_share(survey: Survey, settings: Settings) -> Measured | None:
    """Part of the cost of the mission's components that is made inside: one step down, own work left out."""
    shares = _component_shares(survey, settings)
    if not shares:
        return None
    rows = [Row(_weight(survey, number), pair) for number, pair in shares.items()]
    mean = mean_of(rows)
    if mean is None:
        return None
    items = survey.stack.items
    told = say(
        "measured.component_share", part=interval(*mean), region=survey.named(settings.text("within")), items=len(shares)
    )
    parts = tuple(Part(items[number].id, *pair) for number, pair in shares.items())
    return Measured(*mean, told, _unknown_facts(survey, shares), sum(low != high for low, high in shares.values()), parts)


def components_suffice(survey: Survey, settings: Settings) -> Measured | None:
    """Part of the mission's products whose component share reaches the threshold of a list; those without one pass."""
    shares = _component_shares(survey, settings)
    if not shares:
        return None
    rows, asked, unknowns, parts = [], 0, 0, []
    for number, (low, high) in shares.items():
        item = survey.stack.items[number]
        least = _threshold(survey, settings.text("list"), item)
        asked += least is not None
        part = (1.0, 1.0) if least is None else (float(low >= least - 1e-9), float(high >= least - 1e-9))
        unknowns += part[0] != part[1]
        rows.append(Row(_weight(survey, number), part))
        parts.append(Part(item.id, *part))
    mean = mean_of(rows)
    if mean is None:
        return None
    above, below = sums_of([Row((1.0, 1.0), row.part) for row in rows])
    key = "components_suffice" if asked else "components_no_threshold"
    told = say(f"measured.{key}", part=interval(*mean), above=amount(*above), below=amount(*below), asked=asked)
    return Measured(*mean, told, _unknown_facts(survey, shares), unknowns, tuple(parts))


def _weight(survey: Survey, number: int) -> tuple[float, float]:
    weight = survey.mission.weights.get(number, 0.0)
    return (0.0, float("inf")) if number in survey.mission.doubtful else (weight, weight)


def _threshold(survey: Survey, name: str, item: Item) -> float | None:
    rows = survey.lists.get(name, {})
    row = rows.get(item.id.casefold()) or rows.get((item.name or item.id).casefold())
    return float(row["threshold"]) if row and row.get("threshold") else None


def _unknown_facts(survey: Survey, shares: dict[int, tuple[float, float]]) -> tuple[Fact, ...]:
    items = survey.stack.items
    return tuple(
        Fact("items", items[number].id, "", say("measured.components_open", item=items[number].name or items[number].id))
        for number, (low, high) in shares.items()
        if low != high
    )[:MOST_FACTS]


def _component_shares(survey: Survey, settings: Settings) -> dict[int, tuple[float, float]]:
    """Of each product of the mission, by number: bounds of the part of its components that is made inside.

    The content of a stack in which products add nothing themselves, and all that they need is bought whole, is that part.
    """
    within, roles = settings.text("within"), settings.texts("roles")
    if not survey.knows_inside(within):
        return {}
    stack = survey.stack_within(within)
    numbers = sorted({*survey.mission.weights, *survey.mission.doubtful})
    products = {stack.items[number].id for number in numbers}
    item_of = {source.id: source.item for source in stack.sources}
    needs = [
        replace(need, item=_COPY + need.item) if need.item in products else need
        for need in stack.needs
        if item_of.get(need.source) in products and (not roles or (need.role or "input") in roles)
    ]
    wanted = products | {need.item for need in needs}
    # an item that is bought whole needs nothing more, so that no other item matters
    sources = [_without_own(source) if source.item in products else source for source in stack.sources if source.item in wanted]
    sources += [_copy(source) for source in stack.sources if _COPY + source.item in wanted]
    kept = [item for item in stack.items if item.id in wanted]
    copied = sorted(id_ for id_ in wanted if id_.startswith(_COPY))
    bought = replace(
        stack, items=(*kept, *(Item(id_) for id_ in copied)), sources=tuple(sources), needs=tuple(needs), claims=()
    )  # fmt: skip
    answer = content(bought, strict=survey.strict, via=settings.texts("via") or WAYS)
    share_of = {one.id: one.content for one in answer.items}
    has = {need.source for need in needs}
    found: dict[int, tuple[float, float]] = {}
    for number in numbers:
        used = [survey.source(supply) for supply in survey.in_use(number)]
        if not used:
            continue
        told = all(source is not None and source.id in has for source in used)
        share = share_of[stack.items[number].id]
        found[number] = (share.low, share.high) if told else (0.0, 1.0)
    return found


def _without_own(source: Source) -> Source:
    return replace(source, own_value=0.0)


def _copy(source: Source) -> Source:
    return replace(source, id=_COPY + source.id, item=_COPY + source.item)
