"""How self-reliant a stack is, who its landlords are, and what is not known. Owns the answer to ``freehold assess``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from freehold.measure.case import HIGH, LOW, Case, Kernel, Side
from freehold.measure.content import ContentAnswer, content
from freehold.measure.cutoff import DAYS, FLOOR, CutoffAnswer, answer_of, check_days
from freehold.measure.mission import Interval, Mission, mission_of
from freehold.measure.unknowns import Worth, learn_first, mission_cone, unknown_facts
from freehold.measure.why import Explainer
from freehold.network.solve import solve
from freehold.stack.countries import NO_COUNTRY
from freehold.stack.cutoff import WAYS, Cutoff, Rule
from freehold.stack.schema import CHANGE, KINDS
from freehold.stack.values import UNKNOWN, Stack
from freehold.words import say

__all__ = ["AssessAnswer", "Controller", "Coverage", "Layer", "Weak", "assess", "coverage_of", "foreign_cutoff"]

_MOST_LANDLORDS: Final = 12
_MOST_WEAK: Final = 20


@dataclass(frozen=True, slots=True)
class Coverage:
    """Share of in-use sources of which a fact is known; what is only assumed does not count.

    Parameters
    ----------
    provider, country, owner, licence
        Fractions; 1 for a stack without sources.
    """

    provider: float
    country: float
    owner: float
    licence: float


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the value chain: how its items' own in-use sources stand."""

    kind: str
    items: int
    held: int
    foreign: int
    mixed: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Controller:
    """A country or a landlord, and what is lost when it says no.

    Parameters
    ----------
    id
        Country code, or provider id (the top of a chain of owners).
    country
        The landlord's seat; the code itself for a country.
    sources
        How many in-use sources it controls, surely or perhaps.
    loss
        Mission lost on each day asked.
    change_loss
        The same of what must be kept changeable; ``None`` without such items.
    """

    id: str
    country: str
    sources: int
    loss: Interval
    change_loss: Interval | None


@dataclass(frozen=True, slots=True)
class Weak:
    """An item that falls when everything foreign is cut off.

    Parameters
    ----------
    id
        The item.
    held
        Whether its own sources are held, so that it falls because of others.
    stops_low, stops_high
        First day under the floor.
    level
        (low, high) on the last day asked.
    because
        The first reason.
    """

    id: str
    held: bool
    stops_low: float | None
    stops_high: float | None
    level: tuple[float, float]
    because: str


@dataclass(frozen=True)
class AssessAnswer:
    """Everything that ``assess`` and ``check`` show.

    Parameters
    ----------
    days, floor
        As asked.
    foreign
        The cut-off of everything foreign, for every item.
    self_reliance
        Mission left on each day.
    change
        The same of what must be kept changeable; ``None`` without such items.
    mission_rule
        Where the mission's weights come from.
    content
        Face value, content, hidden exposure.
    layers, controllers, landlords, weakest
        See the classes; controllers are countries, landlords are providers, the worst first.
    learn_first
        Unknown facts worth most.
    tried
        How many unknown facts were tried to find them.
    unknowns
        How many unknown facts the low side rests on.
    coverage
        How much is known.
    """

    days: tuple[float, ...]
    floor: float
    foreign: CutoffAnswer
    self_reliance: Interval
    change: Interval | None
    mission_rule: str
    content: ContentAnswer
    layers: tuple[Layer, ...]
    controllers: tuple[Controller, ...]
    landlords: tuple[Controller, ...]
    weakest: tuple[Weak, ...]
    learn_first: tuple[Worth, ...]
    tried: int
    unknowns: int
    coverage: Coverage


def foreign_cutoff(via: tuple[str, ...] = WAYS, stake: float = 0.5) -> Cutoff:
    """Everything foreign, from day 0, for ever."""
    return Cutoff((Rule(foreign=True, via=via),), name=say("cutoff.selector_foreign"), stake=stake)


def coverage_of(stack: Stack) -> Coverage:
    """How much is known of the in-use sources; see :class:`Coverage`."""
    sources = [source for source in stack.sources if source.status in (None, "in-use", UNKNOWN)]
    rows = [stack.provider_by_id.get(s.provider) if isinstance(s.provider, str) else None for s in sources]
    total = len(sources) + sum(not stack.sources_of[item.id] for item in stack.items)
    if not total:
        return Coverage(1.0, 1.0, 1.0, 1.0)
    known = {
        "provider": sum(row is not None for row in rows),
        "country": sum(row is not None and isinstance(row.country, str) for row in rows),
        "owner": sum(row is not None and (row.id == "self" or isinstance(row.owner, tuple)) for row in rows),
        "licence": sum(isinstance(source.licence, str) for source in sources),
    }
    return Coverage(**{name: round(count / total, 4) for name, count in known.items()})


def assess(
    stack: Stack,
    days: Iterable[float] = DAYS,
    floor: float = FLOOR,
    *,
    via: tuple[str, ...] = WAYS,
    stake: float = 0.5,
    strict: bool = False,
    kernel: Kernel = "auto",
    learn: int = 3,
    case: Case | None = None,
) -> AssessAnswer:
    """Assess a stack.

    Parameters
    ----------
    stack
        The stack; its home decides what is foreign.
    days, floor, strict, kernel
        As :func:`freehold.measure.cutoff.cutoff`.
    via, stake
        What counts as control.
    learn
        How many unknown facts to name.
    case
        The stack as a case, where it is made already.
    """
    days = check_days(days)
    cut = foreign_cutoff(via, stake)
    case = Case.shared(case, stack, strict=strict, stake=stake, kernel=kernel)
    foreign = answer_of(case, cut, days, floor)
    mission, change = mission_of(stack), _change_mission(stack)
    controllers, landlords = _controllers(case, days, mission, change, via)
    worths, tried = learn_first(case, cut, days, mission, learn)
    unknowns = len(unknown_facts(case, cut, mission_cone(case, mission, cut)))
    if change is not None and len(worths) < learn:
        more, also = learn_first(case, cut, days, change, learn)
        worths = (*worths, *(worth for worth in more if worth.fact not in {one.fact for one in worths}))[:learn]
        tried = max(tried, also)
    if change is not None:
        both = {*mission_cone(case, mission, cut), *mission_cone(case, change, cut)}
        unknowns = len(unknown_facts(case, cut, sorted(both)))
    return AssessAnswer(
        days, floor, foreign, foreign.mission, _mean_of(foreign, change), mission.rule,
        content(stack, strict=strict, stake=stake, via=via, case=case), _layers(case, via), controllers, landlords,
        _weakest(case, cut, foreign, mission, via), worths, tried, unknowns, coverage_of(stack),
    )  # fmt: skip


def _change_mission(stack: Stack) -> Mission | None:
    numbers = [number for number, item in enumerate(stack.items) if item.id.endswith(CHANGE)]
    if not numbers:
        return None
    return Mission({number: 1 / len(numbers) for number in numbers}, (), "items that say what can be changed", stated=True)


def _mean_of(answer: CutoffAnswer, mission: Mission | None) -> Interval | None:
    if mission is None:
        return None
    low = np.array([item.low for item in answer.items]).T
    high = np.array([item.high for item in answer.items]).T
    return mission.mean(low, high)


def _layers(case: Case, via: tuple[str, ...]) -> tuple[Layer, ...]:
    counts: dict[str, list[int]] = {}
    for number, item in enumerate(case.stack.items):
        kind = item.kind if isinstance(item.kind, str) else "?"
        truths = {
            case.control.foreign(case.supplies[supply].filled.source, via)
            for supply in case.supplies_of[number]
            if case.supplies[supply].filled.share[HIGH] > 0
        }
        place = 4 if None in truths or not truths else (3 if len(truths) > 1 else (2 if True in truths else 1))
        row = counts.setdefault(kind, [0, 0, 0, 0, 0])
        row[0] += 1
        row[place] += 1
    return tuple(Layer(kind, *counts[kind]) for kind in (*KINDS, "?") if kind in counts)


def _controllers(
    case: Case, days: tuple[float, ...], mission: Mission, change: Mission | None, via: tuple[str, ...]
) -> tuple[tuple[Controller, ...], tuple[Controller, ...]]:
    countries: dict[str, int] = {}
    tops: dict[str, int] = {}
    for supply in case.supplies:
        source = supply.filled.source
        if source is None or supply.filled.share[HIGH] <= 0:
            continue
        seats = case.control.seen(source, via)
        for country in seats - case.control.inside - {"?"}:
            countries[country] = countries.get(country, 0) + 1
        if isinstance(source.provider, str) and case.control.foreign(source, via):
            chain = [one for one in (source.provider, *case.control.owners(source.provider)) if one not in ("?", "self")]
            if chain:
                tops[chain[-1]] = tops.get(chain[-1], 0) + 1
    base = _uncut(case)
    wanted = [*mission.weights, *mission.doubtful, *(change.weights if change else ())]
    cone = case.cone(wanted, voids=False)
    found = [
        _controller(case, days, mission, change, base, cone, (country, country, count), Rule(country=country, via=via))
        for country, count in countries.items()
        if country != NO_COUNTRY
    ]
    largest = sorted(tops.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_LANDLORDS]
    landlords = [
        _controller(case, days, mission, change, base, cone, (top, case.control.seat(top), count), Rule(owner=top))
        for top, count in largest
    ]
    return _worst_first(found), _worst_first(landlords)


def _worst_first(found: list[Controller]) -> tuple[Controller, ...]:
    def worst(one: Controller) -> tuple[float, float, int, str]:
        change = sum(one.change_loss.high) if one.change_loss else 0.0
        return -sum(one.loss.high), -change, -one.sources, one.id

    return tuple(sorted(found, key=worst))


def _uncut(case: Case) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...]:
    sides: tuple[Side, Side] = (LOW, HIGH)
    return tuple(np.asarray(case.running(side).level, np.float64)[case.built(side).item_place][np.newaxis, :] for side in sides)


def _controller(
    case: Case, days: tuple[float, ...], mission: Mission, change: Mission | None,
    base: tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...], cone: tuple[int, ...],
    named: tuple[str, str, int], rule: Rule,
) -> Controller:  # fmt: skip
    cut = Cutoff((rule,))
    low = solve(case.built(LOW), [case.scenario(cut, LOW, only=cone)], days, FLOOR, case.running(LOW)).levels[0]
    high = solve(case.built(HIGH), [case.scenario(cut, HIGH, only=cone)], days, FLOOR, case.running(HIGH)).levels[0]

    def loss(of: Mission) -> Interval:
        before, after = of.mean(base[LOW], base[HIGH]), of.mean(low, high)
        sides = [
            [before.low[0] - level for level in after.low],
            [before.high[0] - level for level in after.high],
        ]
        pairs = [(min(pair), max(pair)) for pair in zip(*sides, strict=True)]
        return Interval(tuple(max(0.0, pair[0]) for pair in pairs), tuple(max(0.0, pair[1]) for pair in pairs))

    ident, country, count = named
    return Controller(ident, country, count, loss(mission), loss(change) if change is not None else None)


def _weakest(case: Case, cut: Cutoff, foreign: CutoffAnswer, mission: Mission, via: tuple[str, ...]) -> tuple[Weak, ...]:
    explainer = Explainer(case, cut, LOW, foreign.days[-1])
    wanted = {*mission.weights, *mission.doubtful}
    found = []
    for number, item in enumerate(foreign.items):
        held = all(
            case.control.foreign(case.supplies[supply].filled.source, via) is False
            for supply in case.supplies_of[number]
            if case.supplies[supply].filled.share[HIGH] > 0
        )
        day = next((day for day, low in zip(foreign.days, item.low, strict=True) if low < 1 - 1e-9), None)
        if day is None or (number not in wanted and not held):
            continue
        found.append((number not in wanted, item.stops_low is None, item.stops_low or 0.0, item.low[-1], number, held, day))

    def weak(number: int, held: bool, day: float) -> Weak:
        item = foreign.items[number]
        steps = explainer.steps(item.id, item.stops_low if item.stops_low is not None else day)
        level = (item.low[-1], item.high[-1])
        return Weak(item.id, held, item.stops_low, item.stops_high, level, steps[0].because if steps else "")

    # only those that are told of are explained: in a large stack thousands fall
    return tuple(weak(*entry[4:]) for entry in sorted(found)[:_MOST_WEAK])
