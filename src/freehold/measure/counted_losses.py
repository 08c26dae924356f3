"""Single losses by counters, where that must give what levels give. Owns the conditions for it.

Counters know the end, and nothing of time. So they serve where nothing happens after day 0: no cover is finite, and what
can ramp up does so at once or never. Then the levels of every day are those of the end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from freehold.measure.boolean_view import BooleanView
from freehold.measure.case import HIGH, LOW, Case, Side
from freehold.measure.chokepoint_values import Member, Single
from freehold.measure.members import is_choice
from freehold.measure.mission import Interval, Mission
from freehold.measure.single_losses import lost_items
from freehold.network.and_or import Booleans
from freehold.network.arrays import TOLERANCE, Floats, Integers
from freehold.network.propagation import Propagation, propagation, sets_of, single_losses
from freehold.stack.values import UNKNOWN

__all__ = ["counted_losses", "is_still"]

_MOST_AT_ONCE = 5_000_000
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
) -> list[Single] | None:
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

    Returns
    -------
    list of Single or None
        In the order of the members; ``None`` where too many mission weights are unknown for it.
    """
    if len(mission.doubtful) > _MOST_DOUBTFUL:
        return None
    low_side = _side(case, mission, members, standing[LOW], LOW, floor, compiled)
    same = case.is_numeric_known and case.is_recovery_known and not any(member.perhaps for member in members)
    high_side = low_side if same else _side(case, mission, members, standing[HIGH], HIGH, floor, compiled)
    running = [
        np.asarray(case.running(side).level, np.float64)[case.built(side).item_place][np.newaxis] for side in (LOW, HIGH)
    ]
    before = mission.mean(running[LOW], running[HIGH])
    found = []
    for at, member in enumerate(members):
        low, high = float(low_side.level[at]), float(high_side.level[at])
        pair = sorted((max(0.0, round(before.low[0] - low, 12)), max(0.0, round(before.high[0] - high, 12))))
        loss = Interval((pair[0],) * len(days), (pair[1],) * len(days))
        stops = sorted((int(high_side.stopped[at]), int(low_side.stopped[at])))
        first = 0.0 if low < floor - TOLERANCE else None
        found.append(Single(member, loss, (pair[0], pair[1]), (stops[0], stops[1]), first))
    return found


@dataclass(frozen=True, slots=True)
class _After:
    """Of each member: the target's level when it is lost, and how many items that ran have stopped, lost ones left out."""

    level: Floats
    stopped: Integers


def _side(
    case: Case, mission: Mission, members: Sequence[Member], side: BooleanView, which: Side, floor: float, compiled: bool | None
) -> _After:
    spread = propagation(side.net, compiled)
    size = len(spread.up)
    rows = [*([mission.weights] if mission.weights else []), *({number: 1.0} for number in mission.doubtful)]
    weights = np.zeros((size, len(rows)))
    for column, row in enumerate(rows):
        for number, weight in row.items():
            weights[side.item_node[number], column] += weight
    ran = np.asarray(case.running(which).level, np.float64)[case.built(which).item_place] >= floor - TOLERANCE
    counted = np.zeros(size, np.bool_)
    counted[side.item_node[ran & ~np.array([is_choice(item) for item in case.stack.items], np.bool_)]] = True
    down_at_once = int((counted & ~spread.up).sum())
    parts = [_portion(case, some, side, which, spread, counted, weights) for some in _portions(members, which)]
    lost = np.concatenate([np.zeros((0, len(rows))), *(part[0] for part in parts)])
    taken = np.concatenate([np.zeros(0, np.int64), *(part[1] for part in parts)])
    base = weights.T @ spread.up
    levels = (base[np.newaxis] - lost).clip(0.0, 1.0)
    level = np.zeros(len(members)) if not rows else (levels.min(axis=1) if which == LOW else levels.max(axis=1))
    return _After(level, taken + down_at_once)


def _portions(members: Sequence[Member], which: Side) -> Iterator[list[Member]]:
    """The members in order, so many at once that what they take fits in little room."""
    some: list[Member] = []
    room = _MOST_AT_ONCE
    for member in members:
        some.append(member)
        room -= len(member.supplies) + (len(member.perhaps) if which == LOW else 0)
        if room <= 0:
            yield some
            some, room = [], _MOST_AT_ONCE
    if some:
        yield some


def _portion(
    case: Case,
    members: Sequence[Member],
    side: BooleanView,
    which: Side,
    spread: Propagation,
    counted: Booleans,
    weights: Floats,
) -> tuple[Floats, Integers]:
    """The weights lost with each member, and how many items stop that are not lost themselves."""
    taken = [(*member.supplies, *member.perhaps) if which == LOW else member.supplies for member in members]
    sets = sets_of([[node for node in side.supply_node[list(one)].tolist() if node >= 0] for one in taken])
    losses = single_losses(spread, sets, counted, weights)
    ran = counted & spread.up
    own = np.array([_lost_nodes(case, one, side, ran) for one in taken], np.int64)
    return losses.lost, losses.taken - own


def _lost_nodes(case: Case, supplies: Sequence[int], side: BooleanView, counted: Booleans) -> int:
    """How many nodes of items all of whose supplies are lost count, those left out that are lost supplies too."""
    nodes = set(side.supply_node[list(supplies)].tolist())
    own = side.item_node[lost_items(case, supplies)].tolist()
    return sum(bool(counted[node]) for node in own if node not in nodes)
