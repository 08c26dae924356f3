"""Facts that are not known, and what knowing them would be worth. Owns ``unknowns`` and ``learn_first``.

A fact is worth the part of the interval that goes if it turns out at its best (the low side rises) and if it turns out at
its worst (the high side falls), as a mean over the days asked. Worth is found by running both, fact by fact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from freehold.measure.case import HIGH, LOW, Case, Side
from freehold.measure.mission import Mission
from freehold.network.solve import solve
from freehold.stack.control import Control, Truth
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import UNKNOWN, Provider, Source, Stack

__all__ = ["MOST_TRIED", "UnknownFact", "Worth", "learn_first", "mission_cone", "unknown_facts"]

MOST_TRIED: Final = 48
"""How many facts are tried: those on which most sources rest."""

_BEST_OWNER: Final = "self"


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
        """Both together."""
        return self.raises_low + self.lowers_high


def mission_cone(case: Case, mission: Mission) -> frozenset[int]:
    """Items that the mission rests on, through needs of sources that count, itself included."""
    open_ = [*mission.weights, *mission.doubtful]
    seen = set(open_)
    while open_:
        for supply in case.supplies_of[open_.pop()]:
            for need in case.needs_of[supply]:
                item = case.item_number[need.item]
                if item not in seen:
                    seen.add(item)
                    open_.append(item)
    return frozenset(seen)


def unknown_facts(case: Case, cut: Cutoff, cone: Iterable[int]) -> tuple[UnknownFact, ...]:
    """Unknown facts that the low side of an answer rests on.

    Parameters
    ----------
    case
        The stack.
    cut
        Facts count that one of its rules looks at, and every unknown number.
    cone
        Items that the answer rests on.
    """
    found: dict[tuple[str, str, str], list[int]] = {}
    for item in sorted(cone):
        row = case.stack.items[item]
        if row.whole is UNKNOWN:
            found.setdefault(("items", row.id, "whole"), [])
        for supply in case.supplies_of[item]:
            for key in _of_control(case, cut, supply):
                found.setdefault(key, []).append(supply)
            source = case.supplies[supply].filled.source
            for name in ("status", "share", "capacity", "recover") if source else ():
                if getattr(source, name) is UNKNOWN:
                    assert source is not None
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


def _known(stack: Stack, fact: UnknownFact) -> Stack:
    """The stack with one fact on control known, at its best."""
    home = stack.home or "none"
    if fact.table == "providers":
        best: dict[str, object] = {"country": home} if fact.attribute == "country" else {"owner": ()}
        providers = tuple(replace(row, **best) if row.id == fact.id else row for row in stack.providers)  # type: ignore[arg-type]
        if fact.id not in {row.id for row in providers}:
            providers += (Provider(fact.id, country=home),)
        return replace(stack, providers=providers)
    values: dict[str, object] = {"provider": "self", "location": (home,), "origin": (), "licence": "LicenseRef-known"}
    one = {fact.attribute: values[fact.attribute]}
    sources = tuple(replace(row, **one) if row.id == fact.id else row for row in stack.sources)  # type: ignore[arg-type]
    return replace(stack, sources=sources)


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
        The worths, and how many facts were tried (at most :data:`MOST_TRIED`).
    """
    facts = unknown_facts(case, cut, mission_cone(case, mission))
    facts = tuple(sorted(facts, key=lambda fact: (-len(fact.supplies), fact.id, fact.attribute)))[:MOST_TRIED]
    if not facts:
        return (), 0
    base = [_mean(case, cut, days, mission, side) for side in (LOW, HIGH)]
    found = []
    for fact in facts:
        raised = _best_low(case, cut, days, mission, fact) - base[LOW]
        lowered = base[HIGH] - _worst_high(case, cut, days, mission, fact)
        found.append(Worth(fact, max(0.0, round(raised, 9)), max(0.0, round(lowered, 9)), len(fact.supplies)))
    found.sort(key=lambda worth: (-worth.narrows, -worth.sources, worth.fact.id))
    return tuple(found[:most]), len(facts)


def _mean(
    case: Case, cut: Cutoff, days: tuple[float, ...], mission: Mission, side: Side,
    truth: dict[tuple[int, int], Truth] | None = None,
) -> float:  # fmt: skip
    def known(rule: Rule, supply: int) -> Truth:
        key = (cut.rules.index(rule), supply)
        return truth[key] if truth and key in truth else case.truth(rule, supply)

    levels = solve(case.built(side), [case.scenario(cut, side, known)], days, 0.5, case.running(side)).levels[0]
    interval = mission.mean(levels, levels)
    return float(np.mean(interval.low if side == LOW else interval.high))


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


def _best_low(case: Case, cut: Cutoff, days: tuple[float, ...], mission: Mission, fact: UnknownFact) -> float:
    if fact.attribute in _NUMBERS:
        return _mean(_bounded_case(case, fact, LOW), cut, days, mission, LOW)
    if fact.attribute == "source":
        return _mean(case, cut, days, mission, LOW, {(n, s): False for n in range(len(cut.rules)) for s in fact.supplies})
    control = Control(_known(case.stack, fact), stake=cut.stake)
    truth = {
        (n, supply): control.matches(
            rule, case.stack.items[case.supplies[supply].item], _renewed(control, case.supplies[supply].filled.source, fact)
        )
        for n, rule in enumerate(cut.rules)
        for supply in fact.supplies
    }
    return _mean(case, cut, days, mission, LOW, truth)


def _renewed(control: Control, source: Source | None, fact: UnknownFact) -> Source | None:
    if source is None or fact.table != "sources":
        return source
    return control.stack.source_by_id[source.id]


def _worst_high(case: Case, cut: Cutoff, days: tuple[float, ...], mission: Mission, fact: UnknownFact) -> float:
    if fact.attribute in _NUMBERS:
        return _mean(_bounded_case(case, fact, HIGH), cut, days, mission, HIGH)
    truth: dict[tuple[int, int], Truth] = {}
    for number, rule in enumerate(cut.rules):
        for supply in fact.supplies:
            if case.truth(rule, supply) is None:
                truth[number, supply] = True
    return _mean(case, cut, days, mission, HIGH, truth)
