"""The largest landlords, each alone and each two together gone: what goes out, when and why. Owns which are the largest.

A cut takes the sources of its landlords from day 0 for ever; what is only perhaps theirs is lost on the worst side alone. So
a cut is two sets of sources, and cuts with the same sets are run once. Every run notes what crosses the floor, every change
of the mission's items, and the first step of the way down to a source that is cut (:mod:`freehold.network.falls`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

import numpy as np

from freehold.errors import UsageError
from freehold.measure.case import LOW, Case, Kernel
from freehold.measure.cutoff import DAYS, FLOOR, check_days
from freehold.measure.landlord_cut_values import LandlordCut, LandlordCuts, Out, Span, Weakened
from freehold.measure.landlord_runs import LandlordRuns
from freehold.measure.landlords import Candidate, Holders, covered
from freehold.measure.level_view import kernel_of
from freehold.network.arrays import TOLERANCE
from freehold.network.falls import Falls
from freehold.stack.cutoff import DEFAULT_STAKE, WAYS
from freehold.stack.values import Stack

__all__ = ["MOST", "MOST_DAYS", "landlord_cuts"]

MOST: Final = 12
"""Landlords that are answered for, everything foreign among them."""

MOST_DAYS: Final = 40
"""Days on which missions are given, beside those asked."""

_COMPILED_FROM: Final = 2_000
"""Sources and needs from which loading the compiled kernel takes less than a hundred runs of the plain one."""

_WORK: Final = {False: 400_000, True: 3_000_000}
"""Sources and needs, times runs, that an answer may cost, plain and compiled: a second or two."""


def landlord_cuts(
    stack: Stack,
    *,
    days: Iterable[float] = DAYS,
    floor: float = FLOOR,
    most: int = MOST,
    strict: bool = False,
    via: tuple[str, ...] = WAYS,
    stake: float = DEFAULT_STAKE,
    kernel: Kernel = "auto",
    case: Case | None = None,
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
    via, stake
        What counts as control, as :func:`freehold.measure.assess.assess`.
    kernel
        ``auto``, ``plain`` or ``compiled``.
    case
        The stack as a case, where it is made already.

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
    case = Case.shared(case, stack, strict=strict, stake=stake, kernel=kernel_of(stack, kernel, _COMPILED_FROM))
    runs = LandlordRuns(case, floor, days[-1])
    holders = Holders(case, via)
    found = holders.named(runs.wanted.tolist())
    size = max(1, len(case.supplies) + len(case.needs))
    work = _WORK[case.built(LOW).compiled]
    count = _affordable(size, most, work)
    ranked = _largest([holders.candidate(*one) for one in found[: max(4 * count, work // (3 * size))]], runs)
    first = [holders.candidate("foreign", "")] if stack.home else []
    chosen = [*first, *ranked][:count]
    members = [(), *((place,) for place in range(len(chosen))), *combinations(range(len(chosen)), 2)]
    pairs = [runs.both([chosen[place] for place in places]) for places in members]
    grid, left_out = _grid(days, [side for pair in pairs for side in pair], runs)
    # of two landlords one often takes all that both take: then their runs are the same
    distinct = {(id(pair[0]), id(pair[1])): pair for pair in pairs}
    seen = {key: _cut(pair, grid, runs) for key, pair in distinct.items()}
    cuts = [replace(seen[id(low), id(high)], members=places) for places, (low, high) in zip(members, pairs, strict=True)]
    unanswered = len(first) + len(found) - len(chosen)
    return LandlordCuts(
        tuple(one.landlord for one in chosen), grid, days[-1], floor, tuple(cuts[1:]), unanswered, cuts[0], covered(chosen),
        left_out,
    )  # fmt: skip


def _affordable(size: int, most: int, work: int) -> int:
    """How many landlords of a network of a size may be answered for, alone and in pairs, on both sides."""
    count = most
    while count > 1 and (count + 1) * count * size > work:
        count -= 1
    return count


def _largest(found: Sequence[Candidate], runs: LandlordRuns) -> list[Candidate]:
    def size(one: Candidate) -> tuple[float, float, int, bool, str]:
        left, area = runs.left(runs.run(LOW, one.sure | one.perhaps))
        return left, area, -one.landlord.sources, one.landlord.kind == "country", one.landlord.id

    return sorted(found, key=size)


# Days, missions and what is out


def _grid(days: tuple[float, ...], sides: Sequence[Falls], runs: LandlordRuns) -> tuple[tuple[float, ...], int]:
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


def _cut(pair: tuple[Falls, Falls], grid: tuple[float, ...], runs: LandlordRuns) -> LandlordCut:
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
    return LandlordCut((), mission.low, mission.high, outs, weakened)


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
