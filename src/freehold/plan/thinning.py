"""From a plan of much down to a plan of little, one step at a time. Owns plans that are good soon, though nothing is proven.

Each time the step goes whose price saves most for the self-reliance that it takes along. Going down, steps that only do
something together are worth what they do together, where going up the first of them would seem worth nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Final

from freehold.plan.interface import Judge

__all__ = ["thinned"]

_WIDTH: Final = 8
"""Steps whose loss is looked at anew each time: so many of those that lose least, and as many of the others in turn."""

_LEAST: Final = 1e-9


def thinned(
    judge: Judge, built: frozenset[int], prices: Mapping[int, float], *, keep: frozenset[int] = frozenset(),
    seconds: float = 10.0,
) -> Iterator[tuple[frozenset[int], float]]:  # fmt: skip
    """Leave out step after step as long as the aims hold.

    Parameters
    ----------
    judge
        Who judges.
    built
        The plan to begin with, for which the aims hold.
    prices
        What each step costs; one that costs nothing stays.
    keep
        Steps that stay.
    seconds
        Time for all.

    Yields
    ------
    Each plan and its self-reliance, the whole one first. A step goes only after all that require it.
    """
    end, options = time.monotonic() + seconds, judge.options
    plan, level = built, judge.reliance(built)
    yield plan, level
    open_ = {one for one in built - keep if prices[one] > _LEAST}
    needed = {one: {other for other in built if options[one].id in options[other].requires} for one in open_}
    loss = {}
    for one in sorted(open_):
        if time.monotonic() >= end:
            return
        loss[one] = level - judge.reliance(plan - {one})
    turn = sorted(open_)
    while True:
        free = [one for one in open_ if not needed[one] & plan]
        free.sort(key=lambda one: (loss[one] / prices[one], -prices[one], options[one].id))
        turn = [*turn[_WIDTH:], *turn[:_WIDTH]]
        for one in {*free[:_WIDTH], *(one for one in turn[:_WIDTH] if one in open_)}:
            loss[one] = level - judge.reliance(plan - {one})
        if not free or time.monotonic() >= end:
            return
        # What loses nothing goes first, the dearest first.
        gone = min(free, key=lambda one: (max(0.0, loss[one]) / prices[one], -prices[one], options[one].id))
        rest = plan - {gone}
        open_.discard(gone)
        if judge.judge(rest).done:
            plan, level = rest, judge.reliance(rest)
            yield plan, level
