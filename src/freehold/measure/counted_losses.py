"""Single losses by counters, where that must give what levels give. Owns the conditions for it.

Counters know the end, and nothing of time. So they serve where nothing happens after day 0: no cover is finite, and what
can ramp up does so at once or never. Then the levels of every day are those of the end.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from freehold.measure.boolean_view import BooleanView
from freehold.measure.case import HIGH, LOW, Case, Side
from freehold.measure.chokepoint_values import Member, Single
from freehold.measure.members import is_choice
from freehold.measure.mission import Interval, Mission
from freehold.measure.single_losses import in_turn, lost_items
from freehold.network.and_or import Booleans
from freehold.network.arrays import TOLERANCE, Floats, Integers
from freehold.network.propagation import propagation, sets_of, single_losses
from freehold.stack.values import UNKNOWN

__all__ = ["counted_losses", "is_still"]

_MOST_AT_ONCE = 5_000_000
_FIRST = 256
"""Members at once to begin with: twice as many each time, as long as that takes little of the time left."""

_PART_OF_WHAT_IS_LEFT = 0.1

_MOST_DOUBTFUL = 8
"""Items of unknown mission weight, each of which takes a column of its own."""


def is_still(case: Case, side: Side) -> bool:
    """Whether nothing happens after day 0, whatever is lost on it."""
    for number, supply in enumerate(case.supplies):
        ramps = supply.filled.capacity[side] != supply.filled.share[side]
        if ramps and TOLERANCE < case.recover(number, side) < math.inf:
            return False
    unknown = 0.0 if side == LOW else math.inf
    covers = (unknown if need.survive is UNKNOWN else need.survive or 0.0 for need in case.needs)
    return not any(TOLERANCE < cover < math.inf for cover in covers)


def counted_losses(
    case: Case,
    mission: Mission,
    members: Sequence[Member],
    standing: tuple[BooleanView, BooleanView],
    *,
    days: tuple[float, ...],
    floor: float,
    compiled: bool | None = None,
    seconds: float = math.inf,
) -> tuple[list[Single], int] | None:
    """Lose each member alone, and count who falls.

    Parameters
    ----------
    case, mission, members
        The stack, what is asked about, and what can be lost.
    standing
        Both sides of the whole stack, low and high; :func:`is_still` has to be true of both.
    days
        Days to report: the loss is the same on all of them.
    floor
        Under which the target has stopped.
    compiled
        Which kernel.
    seconds
        Time after which no further loss is counted.

    Returns
    -------
    tuple or None
        The losses, and how many were left out for want of time, those that take least of the target's first. ``None`` where
        too many mission weights are unknown for it.
    """
    if len(mission.doubtful) > _MOST_DOUBTFUL:
        return None
    same = case.is_numeric_known and case.is_recovery_known and not any(member.perhaps for member in members)
    low_side = _Counting(case, mission, standing[LOW], LOW, floor, compiled)
    high_side = low_side if same else _Counting(case, mission, standing[HIGH], HIGH, floor, compiled)
    running = [
        np.asarray(case.running(side).level, np.float64)[case.built(side).item_place][np.newaxis] for side in (LOW, HIGH)
    ]
    before = mission.mean(running[LOW], running[HIGH])

    def single(member: Member, at: int, low_after: _After, high_after: _After) -> Single:
        low, high = float(low_after.level[at]), float(high_after.level[at])
        pair = sorted((max(0.0, round(before.low[0] - low, 12)), max(0.0, round(before.high[0] - high, 12))))
        loss = Interval((pair[0],) * len(days), (pair[1],) * len(days))
        stops = sorted((int(high_after.stopped[at]), int(low_after.stopped[at])))
        first = 0.0 if low < floor - TOLERANCE else None
        return Single(member, loss, (pair[0], pair[1]), (stops[0], stops[1]), first)

    end = time.monotonic() + seconds
    order = in_turn(members, case.cone([*mission.weights, *mission.doubtful], voids=False))
    found: list[Single] = []
    most = _FIRST
    while len(found) < len(order) and (not found or time.monotonic() < end):
        begun = time.monotonic()
        some = _portion(order, len(found), most)
        low_after = low_side.after(some)
        high_after = low_after if same else high_side.after(some)
        found += [single(member, at, low_after, high_after) for at, member in enumerate(some)]
        if time.monotonic() - begun < _PART_OF_WHAT_IS_LEFT * (end - time.monotonic()):
            most *= 2
    return found, len(order) - len(found)


@dataclass(frozen=True, slots=True)
class _After:
    """Of each member: the target's level when it is lost, and how many items that ran have stopped, lost ones left out."""

    level: Floats
    stopped: Integers


class _Counting:
    """One side, from which members are lost."""

    def __init__(
        self, case: Case, mission: Mission, side: BooleanView, which: Side, floor: float, compiled: bool | None
    ) -> None:
        self._case, self._side, self._which = case, side, which
        self._spread = propagation(side.net, compiled)
        size = len(self._spread.up)
        rows = [*([mission.weights] if mission.weights else []), *({number: 1.0} for number in mission.doubtful)]
        self._weights = np.zeros((size, len(rows)))
        for column, row in enumerate(rows):
            for number, weight in row.items():
                self._weights[side.item_node[number], column] += weight
        ran = np.asarray(case.running(which).level, np.float64)[case.built(which).item_place] >= floor - TOLERANCE
        self._counted = np.zeros(size, np.bool_)
        self._counted[side.item_node[ran & ~np.array([is_choice(item) for item in case.stack.items], np.bool_)]] = True
        self._down_at_once = int((self._counted & ~self._spread.up).sum())
        self._base = self._weights.T @ self._spread.up

    def after(self, members: Sequence[Member]) -> _After:
        """The state after the loss of each."""
        side, which = self._side, self._which
        taken = [(*member.supplies, *member.perhaps) if which == LOW else member.supplies for member in members]
        sets = sets_of([[node for node in side.supply_node[list(one)].tolist() if node >= 0] for one in taken])
        losses = single_losses(self._spread, sets, self._counted, self._weights)
        ran = self._counted & self._spread.up
        own = np.array([_lost_nodes(self._case, one, side, ran) for one in taken], np.int64)
        levels = (self._base[np.newaxis] - losses.lost).clip(0.0, 1.0)
        level = np.zeros(len(members))
        if levels.shape[1]:
            level = levels.min(axis=1) if which == LOW else levels.max(axis=1)
        return _After(level, losses.taken - own + self._down_at_once)


def _portion(order: Sequence[Member], first: int, most: int) -> list[Member]:
    """The members whose turn it is, so many at once that what they take fits in little room."""
    some: list[Member] = []
    room = _MOST_AT_ONCE
    for member in order[first : first + most]:
        some.append(member)
        room -= len(member.supplies) + len(member.perhaps)
        if room <= 0:
            break
    return some


def _lost_nodes(case: Case, supplies: Sequence[int], side: BooleanView, counted: Booleans) -> int:
    """How many nodes of items all of whose supplies are lost count, those left out that are lost supplies too."""
    nodes = set(side.supply_node[list(supplies)].tolist())
    own = side.item_node[lost_items(case, supplies)].tolist()
    return sum(bool(counted[node]) for node in own if node not in nodes)
