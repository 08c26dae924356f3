"""What is uncertain about a stack, as things to draw: facts not known, facts doubted, losses with a probability.

Owns what a fact that is not known is drawn from where nobody states it. A country, a provider, an owner, a place comes as
often as it does among the rows of the stack where it is known; a number comes evenly from between its bounds, a time from
between 0 and the last day asked. Facts that nothing can be drawn for stay unknown, and the answer an interval.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from freehold.errors import UsageError
from freehold.measure.case import HIGH, Case
from freehold.measure.mission import Mission
from freehold.measure.unknowns import UnknownFact, mission_cone, unknown_facts
from freehold.network.arrays import Floats
from freehold.stack.cutoff import WAYS, Cutoff, Rule
from freehold.stack.values import UNKNOWN, Owner, Stack, is_stated

__all__ = [
    "BINS", "CONTROL", "DRAWN", "MOST_DRAWN", "MOST_SAMPLES", "Draw", "Event", "Outlook", "Uncertain", "outcomes",
    "outlook_of", "whole_cut",
]  # fmt: skip

BINS: Final = 8
"""Into how many parts of equal probability a number that is drawn is sorted, where its worth is asked for."""

MOST_DRAWN: Final = 2_000
"""How many uncertain things are drawn at most: those on which most sources rest; the others stay unknown."""

MOST_SAMPLES: Final = 10_000_000

_Value: TypeAlias = str | float | bool | tuple[str, ...] | None
_Status: TypeAlias = Literal["unknown", "claim", "stated"]

CONTROL: Final[Mapping[str, tuple[str, ...]]] = {
    "items": ("source",), "providers": ("country", "owner"), "sources": ("provider", "location", "origin", "licence"),
}  # fmt: skip
_NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "items": ("whole",), "sources": ("status", "share", "capacity", "recover"), "needs": ("weight", "enough", "survive"),
}  # fmt: skip
DRAWN: Final[Mapping[str, tuple[str, ...]]] = {
    table: CONTROL.get(table, ()) + _NUMBERS.get(table, ()) for table in ("items", "providers", "sources", "needs")
}
"""Facts that can be drawn, by table."""

_LEAST_ENOUGH: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Draw:
    """What a value is drawn from.

    Parameters
    ----------
    choices, odds
        Values and their probabilities, which sum to 1; empty where it is a range.
    low, high
        The range, if there are no choices: every value in it is as likely.
    keep
        Probability that the value that is stated holds after all.
    """

    choices: tuple[_Value, ...] = ()
    odds: tuple[float, ...] = ()
    low: float = 0.0
    high: float = 1.0
    keep: float = 0.0

    @property
    def kinds(self) -> int:
        """How many kinds of outcome are told apart."""
        return (len(self.choices) or BINS) + 1

    def kind(self, uniform: Floats) -> npt.NDArray[np.int64]:
        """Which kind of outcome: 0 where the stated value holds, else 1 + the number of the choice or of the bin."""
        rest = np.maximum(uniform - self.keep, 0.0) / (1.0 - self.keep) if self.keep < 1 else np.zeros_like(uniform)
        if self.choices:
            edges = np.cumsum(self.odds)[:-1]
            found = np.searchsorted(edges, rest, side="right")
        else:
            found = np.minimum((rest * BINS).astype(np.int64), BINS - 1)
        return np.where(uniform < self.keep, 0, found + 1)

    def value(self, uniform: float, kind: int) -> _Value:
        """The value that comes out, of a kind that is not 0."""
        if self.choices:
            return self.choices[kind - 1]
        rest = max(uniform - self.keep, 0.0) / (1.0 - self.keep)
        return self.low + rest * (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Uncertain:
    """One fact that is drawn, and why: it is not known, a claim doubts it, or whoever asks states what it is drawn from."""

    table: str
    id: str
    attribute: str
    draw: Draw
    why: _Status = "unknown"

    @property
    def key(self) -> tuple[str, str, str]:
        """Which fact."""
        return self.table, self.id, self.attribute


@dataclass(frozen=True, slots=True)
class Event:
    """The loss of a provider or of a country (with all that it controls), from day 0 for good, and its probability."""

    selector: Literal["provider", "country"]
    id: str
    probability: float
    via: tuple[str, ...] = WAYS

    @property
    def rule(self) -> Rule:
        """The loss as a rule."""
        if self.selector == "country":
            return Rule(country=self.id, via=self.via)
        return Rule(provider=self.id, via=self.via)


@dataclass(frozen=True)
class Outlook:
    """All that is drawn in one sample.

    Parameters
    ----------
    facts, events
        In order; a sample draws the facts first.
    common
        Part of the variance of what brings the losses about that all of them have in common (a one-factor Gaussian copula):
        0 for losses that come independently of each other.
    left
        How many unknown facts stay unknown.
    """

    facts: tuple[Uncertain, ...] = ()
    events: tuple[Event, ...] = ()
    common: float = 0.0
    left: int = 0

    @property
    def width(self) -> int:
        """How many uniform numbers a sample takes."""
        return len(self.facts) + len(self.events) + 1


def outcomes(outlook: Outlook, uniform: Floats) -> npt.NDArray[np.int64]:
    """Kinds of outcome of every fact, and whether every loss comes: (samples, facts + events)."""
    facts = len(outlook.facts)
    found = np.zeros((len(uniform), facts + len(outlook.events)), np.int64)
    for place, fact in enumerate(outlook.facts):
        found[:, place] = fact.draw.kind(uniform[:, place])
    if outlook.events and outlook.common > 0:
        # z_i = sqrt(common) z + sqrt(1 - common) e_i is standard normal, so each probability stays what it is
        normal, least = NormalDist(), 2.0**-54
        together = np.array([normal.inv_cdf(max(one, least)) for one in uniform[:, -1].tolist()])
        for place, event in enumerate(outlook.events):
            own = np.array([normal.inv_cdf(max(one, least)) for one in uniform[:, facts + place].tolist()])
            drawn = np.sqrt(outlook.common) * together + np.sqrt(1 - outlook.common) * own
            comes = event.probability >= 1 or (event.probability > 0 and drawn < normal.inv_cdf(event.probability))
            found[:, facts + place] = comes
    else:
        for place, event in enumerate(outlook.events):
            found[:, facts + place] = uniform[:, facts + place] < event.probability
    return found


def whole_cut(cut: Cutoff, events: Iterable[Event]) -> Cutoff:
    """The cut-off with the rules of all losses that may come after its own."""
    return Cutoff((*cut.rules, *(event.rule for event in events)), cut.name, cut.notice, cut.stake)


def _often(values: Iterable[Any]) -> Draw | None:
    """Values as often as they come."""
    counted = Counter(values)
    if not counted:
        return None
    ordered = sorted(counted, key=repr)
    total = sum(counted.values())
    return Draw(tuple(ordered), tuple(counted[one] / total for one in ordered))


def _owners(value: object) -> tuple[str, ...] | None:
    if value is None:
        return ()
    if isinstance(value, tuple) and all(isinstance(one, Owner) and one.id != "?" for one in value):
        return tuple(one.id for one in value)
    return None


class _Pools:
    """What unknown facts of a stack are drawn from, each worked out once."""

    def __init__(self, case: Case, last: float) -> None:
        stack = case.stack
        self._case = case
        self._last = last
        seats = {one.id: one.country for one in stack.providers if isinstance(one.country, str) and one.id != "?"}
        used = [one.provider for one in stack.sources if isinstance(one.provider, str) and one.provider != "?"]
        places = [one.location for one in stack.sources if isinstance(one.location, tuple)]
        origins = [() if one.origin is None else one.origin for one in stack.sources if one.origin is not UNKNOWN]
        owners = [found for one in stack.providers if (found := _owners(one.owner)) is not None]
        self._by: dict[tuple[str, str], Draw | None] = {
            ("providers", "country"): _often(seats[one] for one in sorted(seats)),
            ("providers", "owner"): _often(owners),
            ("sources", "provider"): _often(used),
            ("items", "source"): _often(used),
            ("sources", "location"): _often(places) or _often((seats[one],) for one in used if one in seats),
            ("sources", "origin"): _often(origins),
            ("sources", "licence"): _often(one.licence for one in stack.sources if isinstance(one.licence, str)),
            ("sources", "status"): Draw(("candidate", "in-use"), (0.5, 0.5)),
            ("sources", "recover"): Draw(low=0.0, high=max(last, 1.0)),
            ("items", "whole"): Draw((False, True), (0.5, 0.5)),
            ("needs", "weight"): Draw(low=0.0, high=1.0),
            ("needs", "enough"): Draw(low=_LEAST_ENOUGH, high=1.0),
            ("needs", "survive"): Draw(low=0.0, high=max(last, 1.0)),
        }

    def draw(self, table: str, id_: str, attribute: str) -> Draw | None:
        """What a fact is drawn from; ``None`` if there is nothing."""
        if (table, attribute) in (("sources", "share"), ("sources", "capacity")):
            number = self._case.supply_number.get(id_)
            if number is None:
                return None
            filled = self._case.supplies[number].filled
            if attribute == "share":
                return Draw(low=0.0, high=max(filled.share))
            return Draw(low=filled.share[HIGH] if filled.share[0] == filled.share[1] else 0.0, high=1.0)
        return self._by.get((table, attribute))


def _resting(case: Case, key: tuple[str, str, str], cone: Sequence[int]) -> tuple[int, ...]:
    """Supplies of the cone that rest on a fact."""
    table, id_, _ = key
    if table == "items":
        number = case.item_number.get(id_)
        found: Iterable[int] = () if number is None else case.supplies_of[number]
    elif table == "sources":
        found = [case.supply_number[id_]] if id_ in case.supply_number else []
    elif table == "needs":
        found = [number for number in cone if any(need.id == id_ for need in case.needs_of[number])]
    else:
        found = []
        for number in cone:
            source = case.supplies[number].filled.source
            provider = None if source is None else source.provider
            if isinstance(provider, str) and (provider == id_ or id_ in case.control.owners(provider)):
                found.append(number)
    inside = set(cone)
    return tuple(number for number in found if number in inside)


def _value_of(stack: Stack, key: tuple[str, str, str]) -> object:
    table, id_, attribute = key
    rows: Mapping[str, Any] = {
        "items": stack.item_by_id, "providers": stack.provider_by_id, "sources": stack.source_by_id,
    }.get(table) or {need.id: need for need in stack.needs}  # fmt: skip
    row = rows.get(id_)
    return None if row is None else getattr(row, attribute, None)


def outlook_of(
    case: Case,
    cut: Cutoff,
    mission: Mission,
    days: Sequence[float],
    *,
    stated: Sequence[Uncertain] = (),
    events: Sequence[Event] = (),
    common: float = 0.0,
    draws_unknown: bool = True,
) -> Outlook:
    """All that is uncertain about a mission under a cut-off.

    Parameters
    ----------
    case, cut, mission, days
        What is asked.
    stated
        Facts with what they are drawn from, as whoever asks states them; they come before all others.
    events
        Losses with their probabilities.
    common
        See :class:`Outlook`.
    draws_unknown
        Whether facts that are not known are drawn too; else they stay unknown.

    Raises
    ------
    freehold.errors.UsageError
        If a probability or the common factor makes no sense.
    """
    if not 0 <= common <= 1:
        raise UsageError(f"--common-factor: {common} is not between 0 and 1.")
    strange = [event for event in events if not 0 <= event.probability <= 1]
    if strange:
        raise UsageError(f"the probability {strange[0].probability} of the loss of '{strange[0].id}' is not between 0 and 1.")
    whole = whole_cut(cut, events)
    cone = mission_cone(case, mission, whole)
    unknown = {(fact.table, fact.id, fact.attribute): fact for fact in unknown_facts(case, whole, cone)}
    pools = _Pools(case, max(days))
    found: dict[tuple[str, str, str], tuple[int, Uncertain]] = {}
    for one in stated:
        found[one.key] = (len(_resting(case, one.key, cone)), one)
    for fact in unknown.values() if draws_unknown else ():
        _add_unknown(found, fact, pools)
    for claim in case.stack.claims:
        key = (claim.table, claim.id, claim.attribute)
        if claim.confidence is None or claim.confidence >= 1 or key in found or key in unknown:
            continue
        if claim.attribute not in DRAWN.get(claim.table, ()) or not (resting := _resting(case, key, cone)):
            continue
        draw, value = pools.draw(*key), _value_of(case.stack, key)
        if draw is None or value is None or value is UNKNOWN or (claim.attribute == "share" and not is_stated(value)):  # type: ignore[arg-type]
            continue
        doubted = Draw(draw.choices, draw.odds, draw.low, draw.high, claim.confidence)
        found[key] = (len(resting), Uncertain(*key, doubted, "claim"))
    ranked = sorted(found.values(), key=lambda pair: (pair[1].why != "stated", -pair[0], pair[1].key))
    room = max(MOST_DRAWN - len(events), 0)
    facts = tuple(fact for _, fact in ranked[:room])
    drawn = {fact.key for fact in facts}
    return Outlook(facts, tuple(events), common, sum(key not in drawn for key in unknown))


def _add_unknown(found: dict[tuple[str, str, str], tuple[int, Uncertain]], fact: UnknownFact, pools: _Pools) -> None:
    key = (fact.table, fact.id, fact.attribute)
    draw = None if key in found else pools.draw(*key)
    if draw is not None:
        found[key] = (len(fact.supplies), Uncertain(*key, draw))
