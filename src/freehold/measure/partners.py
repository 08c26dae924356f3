"""Whom to trust, and whom not to lose: what self-reliance each country and provider would add or take. Owns ``partners``.

A *country* that is trusted is no longer foreign; one that is trusted no longer is foreign. A *provider* that is trusted
makes nothing foreign that it provides or owns, wherever that is made or hosted; one that is lost is cut off, with all that
it owns, beside everything foreign. What is asked for on both sides is the difference between two curves of self-reliance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final, Literal, TypeAlias

import numpy as np

from freehold.measure.case import HIGH, LOW, Case, Kernel, Overrides, Side
from freehold.measure.cutoff import DAYS, FLOOR, check_cutoff, check_days
from freehold.measure.mission import Interval, Mission, mission_of
from freehold.measure.unknowns import mission_cone, unknown_facts
from freehold.network.arrays import Floats
from freehold.network.solve import solve
from freehold.stack.control import PERSONS, Truth
from freehold.stack.countries import NO_COUNTRY, expand
from freehold.stack.cutoff import DEFAULT_STAKE, WAYS, Cutoff, Rule
from freehold.stack.groups import groups
from freehold.stack.values import Stack

__all__ = ["Partner", "PartnersAnswer", "Together", "partners"]

_PartnerType: TypeAlias = Literal["country", "group", "provider"]

_MOST_PROVIDERS: Final = 200
_MOST_TRIES: Final = 3_000
_MOST_WORK: Final = 3_000_000
"""Supplies times sets of countries that are tried to find the best set: some seconds."""
_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class Partner:
    """A country, a group of them or a provider, and what trust in it is worth.

    Parameters
    ----------
    type, id
        A code, the name of a group in ``trusted``, or a provider's id.
    trusted
        Whether it is trusted now (so that ``change`` is what would be lost), or not (what would be gained).
    sources
        How many sources of the network it controls, surely or perhaps.
    change
        Self-reliance gained, or lost, on each day; never negative.
    """

    type: _PartnerType
    id: str
    trusted: bool
    sources: int
    change: Interval


@dataclass(frozen=True, slots=True)
class Together:
    """The best set of that many countries to trust besides.

    Parameters
    ----------
    countries
        Codes, in order.
    gained
        Self-reliance on each day more than now.
    proven
        Whether every set of that size was tried.
    """

    countries: tuple[str, ...]
    gained: Interval
    proven: bool


@dataclass(frozen=True)
class PartnersAnswer:
    """What each partner would add or take.

    Parameters
    ----------
    days
        As asked.
    self_reliance
        With those that are trusted now.
    gained, lost
        Partners, those that matter most first.
    together
        The best sets of countries, by size; up to the one that leaves nothing more to gain.
    left_out
        How many providers were not tried: those with the fewest sources.
    unknowns
        How many unknown facts the low side of self-reliance rests on.
    """

    days: tuple[float, ...]
    self_reliance: Interval
    gained: tuple[Partner, ...]
    lost: tuple[Partner, ...]
    together: tuple[Together, ...]
    left_out: int
    unknowns: int


def partners(
    stack: Stack, days: Iterable[float] = DAYS, *, via: tuple[str, ...] = WAYS, stake: float = DEFAULT_STAKE,
    strict: bool = False, kernel: Kernel = "auto",
) -> PartnersAnswer:  # fmt: skip
    """Try each country and provider as a partner.

    Parameters
    ----------
    stack
        The stack; its home and trusted countries are where it starts from.
    days
        Days to report.
    via, stake, strict, kernel
        As :func:`freehold.measure.assess.assess`.

    Raises
    ------
    freehold.errors.BadCutoff
        If the stack has no home.
    freehold.errors.UsageError
        If the days make no sense.
    """
    days = check_days(days)
    cut = Cutoff((Rule(foreign=True, via=via),), stake=stake)
    check_cutoff(stack, cut)
    trial = _Trial(Case(stack, strict=strict, stake=stake, kernel=kernel), cut, days, via)
    now = trial.curves([{}])[0]
    gained, lost = _countries(trial, now), _groups_and_trusted(trial, stack, now)
    more, fewer, left_out = _providers(trial, stack, now)
    return PartnersAnswer(
        days, now, _most_first([*gained, *more]), _most_first([*lost, *fewer]), _together(trial, gained, now), left_out,
        trial.unknowns,
    )  # fmt: skip


class _Trial:
    """One stack under the cut-off of everything foreign, with other sources taken as foreign."""

    def __init__(self, case: Case, cut: Cutoff, days: tuple[float, ...], via: tuple[str, ...]) -> None:
        self.case, self.days, self._cut = case, days, cut
        self.mission: Mission = mission_of(case.stack)
        self._cone = case.cone([*self.mission.weights, *self.mission.doubtful], voids=False)
        sources = [case.supplies[number].filled.source for number in self._cone]
        seen = [frozenset().union(*(case.control.countries(source, way) for way in via)) for source in sources]
        self.seen: Mapping[int, frozenset[str]] = dict(zip(self._cone, seen, strict=True))
        self.unknowns = len(unknown_facts(case, cut, mission_cone(case, self.mission, cut)))

    def truth(self, supply: int, inside: frozenset[str]) -> Truth:
        """Whether a supply is foreign if these countries are not."""
        seen = self.seen[supply]
        return True if seen - inside - {"?"} else (None if "?" in seen else False)

    def with_inside(self, inside: frozenset[str]) -> Overrides:
        """What changes if these countries are home or trusted."""
        found: dict[tuple[int, int], Truth] = {}
        for supply in self.seen:
            truth = self.truth(supply, inside)
            if truth is not self.truth(supply, self.case.control.inside):
                found[0, supply] = truth
        return found

    def curves(self, changes: Sequence[Overrides]) -> list[Interval]:
        """Self-reliance on each day for each change of what is foreign."""
        found: list[Interval] = []
        for first in range(0, len(changes), _AT_ONCE):
            some = changes[first : first + _AT_ONCE]
            low, high = self._levels(some, LOW), self._levels(some, HIGH)
            found += [self.mission.mean(one, other) for one, other in zip(low, high, strict=True)]
        return found

    def _levels(self, changes: Sequence[Overrides], side: Side) -> Floats:
        case = self.case
        scenarios = [case.scenario(self._cut, side, change, only=self._cone) for change in changes]
        return solve(case.built(side), scenarios, self.days, FLOOR, case.running(side)).levels


def _difference(more: Interval, less: Interval) -> Interval:
    low = np.array([np.subtract(more.low, less.low), np.subtract(more.high, less.high)])
    return Interval(
        tuple(round(max(0.0, float(one)), 12) for one in low.min(axis=0)),
        tuple(round(max(0.0, float(one)), 12) for one in low.max(axis=0)),
    )


def _most_first(found: Iterable[Partner]) -> tuple[Partner, ...]:
    return tuple(sorted(found, key=lambda one: (-sum(one.change.low), -sum(one.change.high), -one.sources, one.type, one.id)))


def _countries(trial: _Trial, now: Interval) -> list[Partner]:
    inside = trial.case.control.inside
    foreign = sorted(frozenset().union(*trial.seen.values()) - inside - {"?", NO_COUNTRY})
    curves = trial.curves([trial.with_inside(inside | {country}) for country in foreign])
    return [
        Partner("country", country, trusted=False, sources=_controlled(trial, {country}), change=_difference(curve, now))
        for country, curve in zip(foreign, curves, strict=True)
    ]


def _controlled(trial: _Trial, countries: Iterable[str]) -> int:
    wanted = frozenset(countries)
    return sum(bool(seen & wanted) for seen in trial.seen.values())


def _groups_and_trusted(trial: _Trial, stack: Stack, now: Interval) -> list[Partner]:
    home = frozenset({stack.home, NO_COUNTRY})
    inside = trial.case.control.inside
    present = frozenset().union(*trial.seen.values())
    named: list[tuple[_PartnerType, str, frozenset[str]]] = [
        ("country", country, frozenset({country})) for country in sorted((inside - home) & present)
    ]
    named += [
        ("group", name, expand([name], stack.as_of) - home)
        for name in stack.trusted
        if name in groups() and len(expand([name], stack.as_of) & present - home) > 1
    ]
    curves = trial.curves([trial.with_inside(inside - countries) for _, _, countries in named])
    return [
        Partner(type_, id_, trusted=True, sources=_controlled(trial, countries), change=_difference(now, curve))
        for (type_, id_, countries), curve in zip(named, curves, strict=True)
    ]


def _providers(trial: _Trial, stack: Stack, now: Interval) -> tuple[list[Partner], list[Partner], int]:
    """Foreign providers as partners, those that are not foreign as losses, and how many were left out."""
    case, inside = trial.case, trial.case.control.inside
    own: dict[str, list[int]] = {}
    for supply in trial.seen:
        source = case.supplies[supply].filled.source
        if source is None or not isinstance(source.provider, str):
            continue
        for provider in {source.provider, *case.control.owners(source.provider)} - {"self", "?", PERSONS}:
            own.setdefault(provider, []).append(supply)
    ranked = sorted(own, key=lambda provider: (-len(own[provider]), provider))
    chosen, left_out = ranked[:_MOST_PROVIDERS], max(0, len(ranked) - _MOST_PROVIDERS)
    changes: list[Partner] = []
    overrides: list[Overrides] = []
    none = Interval((), ())
    for provider in chosen:
        foreign = [supply for supply in own[provider] if trial.truth(supply, inside) is not False]
        held = [supply for supply in own[provider] if trial.truth(supply, inside) is False]
        if foreign:
            changes.append(Partner("provider", provider, trusted=False, sources=len(own[provider]), change=none))
            overrides.append({(0, supply): False for supply in foreign})
        if held and case.control.seat(provider) != stack.home:
            changes.append(Partner("provider", provider, trusted=True, sources=len(own[provider]), change=none))
            overrides.append({(0, supply): True for supply in held})
    curves = trial.curves(overrides)
    gained = [
        replace(one, change=_difference(curve, now)) for one, curve in zip(changes, curves, strict=True) if not one.trusted
    ]
    lost = [replace(one, change=_difference(now, curve)) for one, curve in zip(changes, curves, strict=True) if one.trusted]
    return gained, lost, left_out


def _together(trial: _Trial, gained: Sequence[Partner], now: Interval) -> tuple[Together, ...]:
    """The best sets by size: every one of size 1 and 2 where that is little work, and those that dropping one at a time leaves.

    Dropping finds sets whose members are worth something only together, which adding one at a time does not.
    """
    inside = trial.case.control.inside
    countries = sorted(one.id for one in gained)
    tries = min(_MOST_TRIES, _MOST_WORK // max(1, len(trial.seen)))
    best: dict[int, Together] = {}

    def try_all(sets: Sequence[tuple[str, ...]], *, proven: bool) -> None:
        for chosen, curve in zip(sets, trial.curves([trial.with_inside(inside | {*one}) for one in sets]), strict=True):
            found = Together(chosen, _difference(curve, now), proven)
            size = len(chosen)
            if size not in best or _worth(found) > _worth(best[size]):
                best[size] = replace(found, proven=proven or (size in best and best[size].proven))

    try_all([(one,) for one in countries], proven=True)
    pairs = list(combinations(countries, 2))
    if pairs and len(pairs) + len(countries) ** 2 // 2 <= tries:
        try_all(pairs, proven=True)
    kept = tuple(countries)
    if len(countries) > 2:
        try_all([kept], proven=True)
    while len(kept) > 3 and len(kept) <= tries:
        tries -= len(kept)
        fewer = [tuple(one for one in kept if one != country) for country in kept]
        try_all(fewer, proven=len(kept) == len(countries))
        kept = best[len(kept) - 1].countries
    found: list[Together] = []
    for size in sorted(best):
        if _worth(best[size]) > (_worth(found[-1]) if found else (1e-9, 1e-9)):
            found.append(best[size])
    return tuple(found)


def _worth(one: Together) -> tuple[float, float]:
    return round(sum(one.gained.low), 9), round(sum(one.gained.high), 9)
