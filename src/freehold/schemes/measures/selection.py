"""Which items and sources a measure looks at, and how each counts.

Owns what the parameters ``reach``, ``kinds``, ``roles``, ``tags`` and ``weighted`` mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from freehold.measure.case import LOW
from freehold.schemes.interface import Fact, Measured
from freehold.schemes.measures.bounds import Row, mean_of, part_of, sums_of
from freehold.schemes.measures.parameters import Accepted, Settings
from freehold.schemes.measures.survey import Chosen, Survey
from freehold.stack.control import Truth, any_of
from freehold.stack.values import UNKNOWN, Item, is_stated
from freehold.words import interval, listed, say, sentences

__all__ = [
    "MOST_FACTS",
    "WEIGHTED",
    "Chosen",
    "amount",
    "chosen",
    "currency_of",
    "described",
    "ratio",
    "rows_of",
    "supplies_of",
]

MOST_FACTS: Final = 20
"""Facts that are named at most."""

WEIGHTED: Final = Accepted(
    "choice", "items", "How each counts: alike, by mission weight, or by cost a year.", ("items", "mission", "cost")
)


def chosen(survey: Survey, settings: Settings) -> tuple[Chosen, ...]:
    """Items that the parameters choose, those without an in-use source left out."""
    key = settings.text("reach"), settings.texts("kinds"), settings.texts("roles"), settings.texts("tags")
    if key not in survey.chosen:
        survey.chosen[key] = _chosen(survey, key[0], key[1], set(key[2]), key[3])
    return survey.chosen[key]


def _chosen(survey: Survey, reach: str, kinds: tuple[str, ...], roles: set[str], tags: tuple[str, ...]) -> tuple[Chosen, ...]:
    found = []
    for number, reached in survey.reached(reach).items():
        item, supplies = survey.stack.items[number], survey.in_use(number)
        if not supplies:
            continue
        truths = [True if reached else None, _of_kind(item, kinds), _tagged(survey, item, supplies, tags)]
        if roles:
            truths.append(survey.needed_as(number, roles))
        sources = [survey.source(supply) for supply in supplies]
        if all(source is not None and source.status is UNKNOWN for source in sources):
            truths.append(None)
        if False not in truths:
            found.append(Chosen(number, supplies, sure=None not in truths))
    return tuple(found)


def _of_kind(item: Item, kinds: tuple[str, ...]) -> Truth:
    if not kinds:
        return True
    return None if item.kind is None or item.kind is UNKNOWN else item.kind in kinds


def _tagged(survey: Survey, item: Item, supplies: Iterable[int], tags: tuple[str, ...]) -> Truth:
    if not tags:
        return True
    sources = [survey.source(supply) for supply in supplies]
    has = [item.tags, *(source.tags for source in sources if source is not None)]
    return any_of(None if one is UNKNOWN else bool(set(tags) & set(one or ())) for one in has)


def supplies_of(items: Iterable[Chosen]) -> tuple[int, ...]:
    """Numbers of all supplies of some items."""
    return tuple(supply for one in items for supply in one.supplies)


def rows_of(survey: Survey, items: Sequence[Chosen], truth: Callable[[int], Truth], weighted: str) -> list[Row] | None:
    """How each item (by cost: each source) counts, and how much of it has a property.

    Returns
    -------
    list of Row
        ``None`` if costs in several currencies would have to be added up.
    """
    if weighted == "cost":
        return _cost_rows(survey, items, truth)
    rows = []
    for one in items:
        low = high = 1.0
        if weighted == "mission":
            low = high = survey.mission.weights.get(one.number, 0.0)
            if one.number in survey.mission.doubtful:
                low, high = 0.0, math.inf
        rows.append(Row((low if one.sure else 0.0, high), _part(survey, one, truth)))
    return rows


def _part(survey: Survey, one: Chosen, truth: Callable[[int], Truth]) -> tuple[float, float]:
    filled = [survey.case("region").supplies[supply].filled for supply in one.supplies]
    if len(filled) == 1 and filled[0].share == (1.0, 1.0):  # most items of a large stack
        holds = truth(one.supplies[0])
        return float(holds is True), float(holds is not False)
    sources = [each.source for each in filled if each.source is not None]
    # unknown shares may leave a gap, unless one that states none takes what they leave
    filling = any(one.share is None and one.status != "standby" for one in sources)
    whole = all(one.status is not UNKNOWN and (filling or one.share is not UNKNOWN) for one in sources)
    return part_of([each.share for each in filled], [truth(supply) for supply in one.supplies], whole=whole)


def _cost_rows(survey: Survey, items: Sequence[Chosen], truth: Callable[[int], Truth]) -> list[Row] | None:
    rows, currencies = [], set()
    for one in items:
        for supply in one.supplies:
            source = survey.source(supply)
            cost = None if source is None else source.cost_year
            if source is None or cost is None or cost == 0:
                continue
            low, high = (0.0, math.inf) if cost is UNKNOWN else (cost, cost)
            currencies.add(source.currency)
            holds = truth(supply)
            surely_used = one.sure and survey.case("region").supplies[supply].filled.share[LOW] > 0
            rows.append(Row((low if surely_used else 0.0, high), (float(holds is True), float(holds is not False))))
    return rows if len(currencies) <= 1 else None


def currency_of(survey: Survey, items: Sequence[Chosen]) -> str:
    """The currency of their costs; empty where none is stated."""
    sources = (survey.source(supply) for one in items for supply in one.supplies)
    return next((source.currency for source in sources if source is not None and source.currency and source.cost_year), "")


def described(settings: Settings) -> str:
    """What is looked at, in words."""
    parts = [say(f"measured.reach_{settings.text('reach')}")]
    narrowed = [(name, settings.texts(name)) for name in ("kinds", "roles", "tags")]
    parts += [say(f"measured.of_{name}", names=listed(names)) for name, names in narrowed if names]
    return sentences(parts)


def amount(low: float, high: float) -> str:
    """A number between bounds, for people."""
    if math.isinf(high):
        return say("measured.at_least", low=f"{low:.6g}")
    return f"{low:.6g}" if abs(high - low) < 1e-9 else say("measured.low_to_high", low=f"{low:.6g}", high=f"{high:.6g}")


def ratio(
    survey: Survey, items: Sequence[Chosen], rows: Sequence[Row] | None, settings: Settings, key: str,
    rests_on: Sequence[Fact], unknowns: int, **values: str,
) -> Measured | None:  # fmt: skip
    """Make an amount of rows, with its sentence: ``measured.KEY`` with ``part``, ``what`` and the values given.

    Returns
    -------
    Measured
        ``None`` if there is nothing to look at.
    """
    mean = None if rows is None else mean_of(rows)
    if rows is None or mean is None:
        return None
    above, below = sums_of(rows)
    weighted = settings.text("weighted")
    unit = currency_of(survey, items) if weighted == "cost" else ""
    sources = [survey.source(supply) for supply in supplies_of(items)]
    stated = sum(source is not None and is_stated(source.cost_year) for source in sources)
    counted = say(
        f"measured.counted_{weighted}",
        above=amount(*above),
        below=amount(*below),
        unit=unit,
        stated=stated,
        sources=len(sources),
    )
    told = say(f"measured.{key}", part=interval(*mean), what=described(settings), **values)
    return Measured(*mean, sentences((told, counted)), tuple(rests_on[:MOST_FACTS]), unknowns, (), above, below, unit)
