"""The largest landlords, each alone and each two together gone: what goes out, when and why. Owns which are the largest.

A cut takes the sources of its landlords from day 0 for ever; what is only perhaps theirs is lost on the worst side alone. So
a cut is two sets of sources, and cuts with the same sets are run once. Every run notes what crosses the floor, every change
of the mission's items, and the first step of the way down to a source that is cut (:mod:`freehold.network.falls`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from freehold.errors import UsageError
from freehold.measure.case import HIGH, LOW, Case, Kernel, Side
from freehold.measure.cutoff import DAYS, FLOOR, check_days
from freehold.measure.landlord_cut_values import Landlord, LandlordCut, LandlordCuts, LandlordKind, Out, Span, Weakened
from freehold.measure.level_view import Losses, kernel_of
from freehold.measure.mission import Mission, mission_of
from freehold.network.arrays import TOLERANCE, Floats
from freehold.network.falls import Falls, follow
from freehold.stack.control import PERSONS, Control
from freehold.stack.countries import NO_COUNTRY, country_name
from freehold.stack.cutoff import WAYS, Cutoff, Rule
from freehold.stack.values import Stack

__all__ = ["MOST", "MOST_DAYS", "landlord_cuts"]

MOST: Final = 12
"""Landlords that are answered for, everything foreign among them."""

MOST_DAYS: Final = 40
"""Days on which missions are given, beside those asked."""

_WORK: Final = 3_000_000
"""Sources and needs, times runs, that an answer is allowed to cost: about a second of the compiled kernel."""
_LEAST: Final = 4
_ORDER: Final[dict[LandlordKind, int]] = {"foreign": 0, "owner": 1, "country": 2}

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Candidate:
    landlord: Landlord
    sure: _Mask
    perhaps: _Mask


def landlord_cuts(
    stack: Stack,
    *,
    days: Iterable[float] = DAYS,
    floor: float = FLOOR,
    most: int = MOST,
    strict: bool = False,
    kernel: Kernel = "auto",
) -> LandlordCuts:
    """Answer for the largest landlords, alone and in pairs.

    Parameters
    ----------
    stack
        The stack.
    days
        Days on which missions are asked; the last is the horizon.
    floor
        Level under which an item is out.
    most
        Landlords that are answered for; fewer in a large stack.
    strict
        Whether assumed owners and locations count as unknown.
    kernel
        ``auto``, ``plain`` or ``compiled``.

    Returns
    -------
    LandlordCuts
        Everything foreign first (where the stack has a home); then owners and countries by the mission that is left on the
        last day without them, unknowns at their worst, by how early it is lost, and by id. Of very many, only those that
        control the most sources under the mission are compared.

    Raises
    ------
    freehold.errors.UsageError
        If the days, the floor or ``most`` make no sense.
    """
    days = check_days(days)
    if not 0 < floor <= 1:
        raise UsageError(f"a floor of {floor} is not in (0, 1].")
    if most < 1:
        raise UsageError(f"{most} landlords cannot be answered for. Give a number from 1 up.")
    case = Case(stack, strict=strict, kernel=kernel_of(stack, kernel))
    runs = _Runs(case, floor, days[-1])
    found = _named(case, runs)
    size = max(1, len(case.supplies) + len(case.needs))
    count = _affordable(size, most)
    ranked = _largest([_candidate(case, *one) for one in found[: max(4 * count, _WORK // (3 * size))]], runs)
    first = [_candidate(case, "foreign", "")] if stack.home else []
    chosen = [*first, *ranked][:count]
    members = [(), *((place,) for place in range(len(chosen))), *combinations(range(len(chosen)), 2)]
    pairs = [runs.both([chosen[place] for place in places]) for places in members]
    grid, left_out = _grid(days, [side for pair in pairs for side in pair], runs)
    cuts = [_cut(places, pair, grid, runs) for places, pair in zip(members, pairs, strict=True)]
    unanswered = len(first) + len(found) - len(chosen)
    return LandlordCuts(
        tuple(one.landlord for one in chosen), grid, days[-1], floor, tuple(cuts[1:]), unanswered, cuts[0], _covered(chosen),
        left_out,
    )  # fmt: skip


def _affordable(size: int, most: int) -> int:
    """How many landlords of a network of a size may be answered for, alone and in pairs, on both sides."""
    count = most
    while count > _LEAST and (count + 1) * count * size > _WORK:
        count -= 1
    return count


# Who may be ticked off


def _named(case: Case, runs: _Runs) -> list[tuple[LandlordKind, str]]:
    """Owners at the top of a chain, and countries outside home, that control a source in use; those of most sources first.

    Sources that the mission rests on count first; what nothing is known of is perhaps everyone's, and counts for none.
    """
    cone = set(case.cone(runs.wanted.tolist(), voids=False))
    counts: dict[tuple[LandlordKind, str], tuple[int, int]] = {}
    tops: set[str] = set()
    for number, supply in enumerate(case.supplies):
        source = supply.filled.source
        if source is None or supply.filled.share[HIGH] <= 0:
            continue
        holders: list[tuple[LandlordKind, str]] = [
            ("country", code) for code in frozenset().union(*(case.control.countries(source, way) for way in WAYS))
        ]
        if isinstance(source.provider, str):
            tops |= _tops(case.control, source.provider)
            holders += [("owner", owner) for owner in (source.provider, *case.control.owners(source.provider))]
        for holder in holders:
            under, others = counts.get(holder, (0, 0))
            counts[holder] = (under + 1, others) if number in cone else (under, others + 1)
    nobody = {NO_COUNTRY, "?", case.stack.home}
    found = [
        (kind, id_) for kind, id_ in counts if (id_ in tops if kind == "owner" else id_ not in nobody)
    ]  # fmt: skip
    return sorted(found, key=lambda one: (*(-count for count in counts[one]), _ORDER[one[0]], one[1]))


def _tops(control: Control, provider: str) -> frozenset[str]:
    """Ends of the chain of owners of a provider: itself where it has none, or where people or nobody known stand above it."""
    if provider == "self":
        return frozenset()
    no_party = {"?", PERSONS}
    chain = [one for one in (provider, *control.owners(provider)) if one not in no_party]
    ends = [one for one in chain if not set(control.owners(one)) - no_party]
    return frozenset(ends or chain[-1:]) - {"self"}


def _candidate(case: Case, kind: LandlordKind, id_: str) -> _Candidate:
    selector: dict[str, Any] = {"foreign": True} if kind == "foreign" else {kind: id_}
    matching = case.matching(Rule(**selector))
    masks = [np.zeros(len(case.supplies), np.bool_) for _ in range(2)]
    for number, truth in matching.items():
        masks[0 if truth else 1][number] = True
    sources = sum(case.supplies[number].filled.share[HIGH] > 0 for number in matching)
    if kind == "owner":
        row, seat = case.stack.provider_by_id.get(id_), case.control.seat(id_)
        name = row.name if row is not None and isinstance(row.name, str) and row.name else id_
        country = "" if seat == "?" else seat
    else:
        name, country = country_name(id_) if id_ else "", id_
    flags = {"foreign": ("--foreign",), "owner": ("--owner", id_), "country": ("--country", id_)}[kind]
    inside = kind != "foreign" and country in case.control.inside
    return _Candidate(Landlord(kind, id_, name, country, sources, flags, inside), *masks)


def _largest(found: Sequence[_Candidate], runs: _Runs) -> list[_Candidate]:
    def size(one: _Candidate) -> tuple[float, float, int, int, str]:
        left, area = runs.left(runs.run(LOW, one.sure | one.perhaps))
        return left, area, -one.landlord.sources, _ORDER[one.landlord.kind], one.landlord.id

    return sorted(found, key=size)


def _covered(chosen: Sequence[_Candidate]) -> tuple[tuple[int, ...], ...]:
    def covers(one: _Candidate, other: _Candidate) -> bool:
        return not (other.sure & ~one.sure).any() and not (other.perhaps & ~(one.sure | one.perhaps)).any()

    return tuple(
        tuple(place for place, other in enumerate(chosen) if other is not one and covers(one, other))
        for one in chosen
    )  # fmt: skip


# Runs, each once


class _Runs:
    """The runs of one question, kept by the supplies that are lost."""

    def __init__(self, case: Case, floor: float, horizon: float) -> None:
        self.case, self.floor, self.horizon = case, floor, horizon
        mission = mission_of(case.stack)
        self.wanted = np.array([*mission.weights, *mission.doubtful], np.int64)
        weighed = len(mission.weights)
        self.weights = np.array([*mission.weights.values(), *([0.0] * len(mission.doubtful))])
        self.doubtful = np.arange(len(self.wanted)) >= weighed
        self.rank = np.full(len(case.stack.items), -1, np.int64)
        self.rank[self.wanted] = np.arange(len(self.wanted))
        ranks = dict(zip(range(weighed), mission.weights.values(), strict=True))
        self.mission = Mission(ranks, tuple(range(weighed, len(self.wanted))), mission.rule, mission.stated)
        self._one_side = case.is_numeric_known and case.is_recovery_known
        self._losses: dict[Side, Losses] = {}
        self._kept: dict[tuple[Side, bytes | None], Falls] = {}

    def run(self, side: Side, lost: _Mask | None) -> Falls:
        """What falls when these supplies are lost; ``None``: when nothing is cut, and so nothing ramps up."""
        if self._one_side:
            side = LOW
        key = (side, None if lost is None else lost.tobytes())
        if key not in self._kept:
            case = self.case
            if lost is None:
                scenario = case.scenario(Cutoff(()), side)
            else:
                if side not in self._losses:
                    self._losses[side] = Losses(case, side)
                scenario = self._losses[side].scenario(np.flatnonzero(lost).tolist())
            state = case.running(side)
            self._kept[key] = follow(case.built(side), scenario, self.horizon, self.floor, self.wanted, state)
        return self._kept[key]

    def both(self, chosen: Sequence[_Candidate]) -> tuple[Falls, Falls]:
        """Both sides of the loss of some landlords together."""
        if not chosen:
            return self.run(LOW, None), self.run(HIGH, None)
        sure = np.logical_or.reduce([one.sure for one in chosen])
        perhaps = np.logical_or.reduce([one.perhaps for one in chosen])
        return self.run(LOW, sure | perhaps), self.run(HIGH, sure)

    def steps(self, falls: Falls) -> tuple[Floats, Floats]:
        """Changes of the mission: days, and by how much its sum changes; infinite where an item of unknown weight changes."""
        ranks = self.rank[falls.item]
        wanted = np.flatnonzero(ranks >= 0)
        if not len(wanted):
            return np.zeros(0), np.zeros(0)
        order = wanted[np.argsort(ranks[wanted], kind="stable")]
        items, levels = falls.item[order], falls.level[order]
        before = np.empty(len(order))
        before[1:] = levels[:-1]
        fresh = np.ones(len(order), np.bool_)
        fresh[1:] = items[1:] != items[:-1]
        before[fresh] = falls.start[items[fresh]]
        change = (levels - before) * self.weights[ranks[order]]
        change[self.doubtful[ranks[order]] & (levels != before)] = np.inf
        days, places = np.unique(falls.day[order], return_inverse=True)
        sums = np.zeros(len(days))
        np.add.at(sums, places, change)
        return days, sums

    def levels(self, falls: Falls, grid: Sequence[float]) -> Floats:
        """(days, wanted) Levels of the mission's items on some days."""
        levels = np.full((len(grid), len(self.wanted)), np.nan)
        levels[0] = falls.start[self.wanted]
        ranks = self.rank[falls.item]
        wanted = np.flatnonzero(ranks >= 0)
        rows = np.searchsorted(np.asarray(grid), falls.day[wanted] - TOLERANCE)
        inside = rows < len(grid)
        # of several changes up to one day of the grid, the last counts
        levels[rows[inside], ranks[wanted[inside]]] = falls.level[wanted[inside]]
        for row in range(1, len(grid)):
            blank = np.isnan(levels[row])
            levels[row, blank] = levels[row - 1, blank]
        return levels

    def left(self, falls: Falls) -> tuple[float, float]:
        """Mission left on the last day on the worst side, and the area under its curve."""
        days = np.unique(np.concatenate([[0.0], falls.day[self.rank[falls.item] >= 0], [self.horizon]]))
        levels = self.levels(falls, days.tolist())
        mean = np.array(self.mission.mean(levels, levels).low)
        return round(float(mean[-1]), 9), round(float(mean[:-1] @ np.diff(days)), 6)


# Days, missions and what is out


def _grid(days: tuple[float, ...], sides: Sequence[Falls], runs: _Runs) -> tuple[tuple[float, ...], int]:
    """The days asked, and those on which a mission changes: of very many the largest changes; and how many are left out."""
    changes: dict[float, float] = {}
    for falls in {id(side): side for side in sides}.values():
        for day, change in zip(*(column.tolist() for column in runs.steps(falls)), strict=True):
            if abs(change) > TOLERANCE:
                changes[day] = changes.get(day, 0.0) + abs(change)
    asked = np.array([0.0, *days])
    events = [day for day in changes if np.abs(asked - day).min() > TOLERANCE and day <= runs.horizon]
    kept = sorted(events, key=lambda day: (-changes[day], day))[:MOST_DAYS]
    return tuple(sorted({0.0, *days, *kept})), len(events) - len(kept)


def _spans(falls: Falls, limit: float) -> dict[int, tuple[Span, ...]]:
    """When each item is under the floor."""
    open_: dict[int, float] = dict.fromkeys(np.flatnonzero(falls.start < limit).tolist(), 0.0)
    closed: dict[int, list[tuple[float, float | None]]] = {}
    unders = (falls.level < limit).tolist()
    for day, item, under in zip(falls.day.tolist(), falls.item.tolist(), unders, strict=True):
        if under:
            open_.setdefault(item, day)
        elif item in open_:
            since = open_.pop(item)
            if day > since:
                closed.setdefault(item, []).append((since, day))
    shared: dict[float, tuple[Span, ...]] = {}
    spans: dict[int, tuple[Span, ...]] = {item: tuple(found) for item, found in closed.items()}
    for item, since in open_.items():
        if item in spans:
            spans[item] = (*spans[item], (since, None))
        else:
            spans[item] = shared.setdefault(since, ((since, None),))
    return spans


def _cut(members: tuple[int, ...], pair: tuple[Falls, Falls], grid: tuple[float, ...], runs: _Runs) -> LandlordCut:
    low, high = pair
    levels = runs.levels(low, grid)
    mission = runs.mission.mean(levels, levels if high is low else runs.levels(high, grid))
    limit = runs.floor - TOLERANCE
    worst = _spans(low, limit)
    best = worst if high is low else _spans(high, limit)
    supplies = runs.case.supplies

    def named(source: int) -> str:
        of = supplies[source].filled.source if source >= 0 else None
        return "" if of is None else of.id

    because, source = low.fall_item.tolist(), low.fall_source.tolist()
    outs = tuple(
        Out(item, worst[item], best.get(item, ()), because[item] if because[item] >= 0 else None, named(source[item]))
        for item in sorted(worst)
    )
    below, through = low.weak_item.tolist(), low.weak_source.tolist()
    weakened = tuple(
        Weakened(item, below[item] if below[item] >= 0 else None, named(through[item])) for item in _on_the_way(outs, below)
    )
    return LandlordCut(members, mission.low, mission.high, outs, weakened)


def _on_the_way(outs: Sequence[Out], below: Sequence[int]) -> list[int]:
    """Items through which something goes out while they are not out themselves, and all on their ways down."""
    since = {out.item: out.worst[0][0] for out in outs}
    found: set[int] = set()
    open_ = [
        out.because
        for out in outs
        if out.because is not None and not (out.because in since and since[out.because] <= since[out.item])
    ]
    while open_:
        item = open_.pop()
        if item not in found:
            found.add(item)
            if below[item] >= 0:
                open_.append(below[item])
    return sorted(found)
