"""Facts that are not known, and what knowing them would be worth. Owns ``unknowns`` and ``learn_first``.

A fact is worth the part of the interval that goes if it turns out at its best (the low side rises) and if it turns out at
its worst (the high side falls), as a mean over the days asked. Worth is found by running both, fact by fact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from freehold.measure.case import HIGH, LOW, Case, Overrides, Side
from freehold.measure.mission import Mission
from freehold.network.solve import solve
from freehold.stack.control import Control, Truth
from freehold.stack.countries import NO_COUNTRY
from freehold.stack.cutoff import Cutoff
from freehold.stack.values import UNKNOWN, Provider, Source, Stack

__all__ = ["MOST_TRIED", "UnknownFact", "Worth", "learn_first", "mission_cone", "unknown_facts"]

MOST_TRIED: Final = 48
"""How many facts are tried at most."""

_FEWEST_TRIED: Final = 8
_WORK: Final = 16_000


@dataclass(frozen=True, slots=True)
class UnknownFact:
    """One fact that is not known.

    Parameters
    ----------
    table, id, attribute
        Which.
    supplies
        Numbers of the supplies that rest on it.
    """

    table: str
    id: str
    attribute: str
    supplies: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Worth:
    """What knowing a fact is worth.

    Parameters
    ----------
    fact
        Which.
    raises_low
        By how much the low side rises if the fact turns out at its best.
    lowers_high
        By how much the high side falls if it turns out at its worst.
    sources
        How many sources rest on it.
    """

    fact: UnknownFact
    raises_low: float
    lowers_high: float
    sources: int

    @property
    def narrows(self) -> float:
        """The most by which the interval gets narrower, as a mean over the days."""
        return max(self.raises_low, self.lowers_high)


def mission_cone(case: Case, mission: Mission, cut: Cutoff) -> tuple[int, ...]:
    """Supplies that the mission rests on under a cut-off."""
    voids = any(rule.cover == "void" for rule in cut.rules)
    return case.cone([*mission.weights, *mission.doubtful], voids=voids)


def unknown_facts(case: Case, cut: Cutoff, cone: Iterable[int]) -> tuple[UnknownFact, ...]:
    """Unknown facts that the low side of an answer rests on.

    Parameters
    ----------
    case
        The stack.
    cut
        Facts count that one of its rules looks at, and every unknown number.
    cone
        Supplies that the answer rests on.
    """
    found: dict[tuple[str, str, str], list[int]] = {}
    for supply in cone:
        row = case.stack.items[case.supplies[supply].item]
        if row.whole is UNKNOWN:
            found.setdefault(("items", row.id, "whole"), []).append(supply)
        for key in _of_control(case, cut, supply):
            found.setdefault(key, []).append(supply)
        source = case.supplies[supply].filled.source
        for name in ("status", "share", "capacity", "recover"):
            if source is not None and getattr(source, name) is UNKNOWN:
                found.setdefault(("sources", source.id, name), []).append(supply)
        for need in case.needs_of[supply]:
            for name in ("enough", "survive"):
                if getattr(need, name) is UNKNOWN:
                    found.setdefault(("needs", need.id, name), []).append(supply)
    return tuple(UnknownFact(*key, tuple(dict.fromkeys(supplies))) for key, supplies in found.items())


def _of_control(case: Case, cut: Cutoff, supply: int) -> list[tuple[str, str, str]]:
    item, source = case.stack.items[case.supplies[supply].item], case.supplies[supply].filled.source
    if all(case.truth(rule, supply) is not None for rule in cut.rules):
        return []
    if source is None:
        return [("items", item.id, "source")]
    found = []
    if source.provider is None or source.provider is UNKNOWN:
        found.append(("sources", source.id, "provider"))
    else:
        chain = (source.provider, *case.control.owners(source.provider))
        if "?" in chain:
            last = [one for one in chain if one != "?"][-1]
            found.append(("providers", last, "owner"))
        found += [("providers", one, "country") for one in chain if one != "?" and case.control.seat(one) == "?"]
    for name in ("location", "origin"):
        if getattr(source, name) is UNKNOWN:
            found.append(("sources", source.id, name))
    if any(rule.licence for rule in cut.rules) and source.licence in (None, UNKNOWN):
        found.append(("sources", source.id, "licence"))
    return found


_NUMBERS: Final = ("whole", "status", "share", "capacity", "recover", "enough", "survive")


def learn_first(
    case: Case, cut: Cutoff, days: tuple[float, ...], mission: Mission, most: int = 3
) -> tuple[tuple[Worth, ...], int]:
    """Facts worth most to know, best first.

    Parameters
    ----------
    case, cut, days, mission
        The answer that is to be narrowed.
    most
        How many to give.

    Returns
    -------
    tuple
        The worths, and how many facts were tried: those on which most sources rest, at most :data:`MOST_TRIED`, fewer
        where the answer rests on thousands of sources.
    """
    cone = mission_cone(case, mission, cut)
    tries = max(_FEWEST_TRIED, min(MOST_TRIED, _WORK // max(1, len(cone))))
    facts = unknown_facts(case, cut, cone)
    facts = tuple(sorted(facts, key=lambda fact: (-len(fact.supplies), fact.id, fact.attribute)))[:tries]
    if not facts:
        return (), 0
    asked = _Asked(case, cut, days, mission, cone)
    base = asked.mean(LOW), asked.mean(HIGH)
    found = []
    for fact in facts:
        raised, lowered = asked.best_low(fact) - base[LOW], base[HIGH] - asked.worst_high(fact)
        found.append(Worth(fact, max(0.0, round(raised, 9)), max(0.0, round(lowered, 9)), len(fact.supplies)))
    found.sort(key=lambda worth: (-worth.narrows, -worth.raises_low - worth.lowers_high, -worth.sources, worth.fact.id))
    return tuple(found[:most]), len(facts)


@dataclass(frozen=True, slots=True)
class _Asked:
    case: Case
    cut: Cutoff
    days: tuple[float, ...]
    mission: Mission
    cone: tuple[int, ...]

    def mean(self, side: Side, overrides: Overrides | None = None, case: Case | None = None) -> float:
        """Mean over the days of one side of the mission."""
        case = case or self.case
        scenario = case.scenario(self.cut, side, overrides, self.cone)
        levels = solve(case.built(side), [scenario], self.days, 0.5, case.running(side)).levels[0]
        interval = self.mission.mean(levels, levels)
        return float(np.mean(interval.low if side == LOW else interval.high))

    def best_low(self, fact: UnknownFact) -> float:
        """The low side if the fact is known at its best."""
        if fact.attribute in _NUMBERS:
            return self.mean(LOW, case=_bounded_case(self.case, fact, LOW))
        overrides: dict[tuple[int, int], Truth] = {}
        control = _with_best_provider(self.case, self.cut, fact) if fact.table == "providers" else self.case.control
        for supply in fact.supplies:
            item, source = self.case.stack.items[self.case.supplies[supply].item], self.case.supplies[supply].filled.source
            if source is not None and fact.table == "sources":
                source = _with_best_value(self.case.stack, source, fact.attribute)
            for place, rule in enumerate(self.cut.rules):
                overrides[place, supply] = False if source is None else control.matches(rule, item, source)
        return self.mean(LOW, overrides)

    def worst_high(self, fact: UnknownFact) -> float:
        """The high side if the fact is known at its worst."""
        if fact.attribute in _NUMBERS:
            return self.mean(HIGH, case=_bounded_case(self.case, fact, HIGH))
        overrides: dict[tuple[int, int], Truth] = {
            (place, supply): True
            for place, rule in enumerate(self.cut.rules)
            for supply in fact.supplies
            if self.case.truth(rule, supply) is None
        }
        return self.mean(HIGH, overrides)


def _with_best_provider(case: Case, cut: Cutoff, fact: UnknownFact) -> Control:
    stack = case.stack
    row = stack.provider_by_id.get(fact.id) or Provider(fact.id)
    best = replace(row, country=stack.home or NO_COUNTRY) if fact.attribute == "country" else replace(row, owner=())
    providers = tuple(one for one in stack.providers if one.id != fact.id)
    return Control(replace(stack, providers=(*providers, best)), stake=cut.stake)


def _with_best_value(stack: Stack, source: Source, attribute: str) -> Source:
    home = stack.home or NO_COUNTRY
    renamed = replace(source, id=f"{source.id} if {attribute} is known")
    if attribute == "provider":
        return replace(renamed, provider="self")
    if attribute == "location":
        return replace(renamed, location=(home,))
    if attribute == "origin":
        return replace(renamed, origin=())
    return replace(renamed, licence="LicenseRef-known")


def _bounded_case(case: Case, fact: UnknownFact, side: Side) -> Case:
    """The stack with one unknown number at its best (for the low side) or worst (for the high side)."""
    best = side == LOW
    numbers: dict[str, tuple[object, object]] = {
        "whole": (True, False), "status": ("candidate", "in-use"), "share": (0.0, None), "capacity": (0.0, 1.0),
        "recover": (float("inf"), 0.0), "enough": (1.0, 1e-9), "survive": (0.0, float("inf")),
    }  # fmt: skip
    value = {fact.attribute: numbers[fact.attribute][best]}
    rows = getattr(case.stack, fact.table)
    changed = tuple(replace(row, **value) if row.id == fact.id else row for row in rows)
    tables: dict[str, Any] = {fact.table: changed}
    return Case(replace(case.stack, **tables), kernel=case.kernel)
