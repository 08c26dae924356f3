"""What each single loss does, on both sides. Owns the ranking of single losses.

``low`` of a loss is what is sure: only the supplies that the loss surely takes, unknown numbers at their best; ``high``
is the most that may be: those that it perhaps takes too, unknown numbers at their worst.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from freehold.measure.case import HIGH, LOW, Case, Side
from freehold.measure.chokepoint_values import Member, Single
from freehold.measure.level_view import LevelView, Losses, last_day
from freehold.measure.members import is_choice
from freehold.measure.mission import Interval, Mission
from freehold.network.arrays import TOLERANCE, Floats
from freehold.network.solve import Answer, solve

__all__ = ["in_turn", "lost_items", "single_losses", "worst_first"]

_MOST_NUMBERS = 4_000_000


@dataclass(frozen=True, slots=True)
class _Asked:
    case: Case
    mission: Mission
    days: tuple[float, ...]
    day: float | None
    floor: float
    view: LevelView


def worst_first(singles: Sequence[Single]) -> tuple[Single, ...]:
    """By the most that is lost on the day of the question, then by the least, then by how many items stop, then by id."""
    return tuple(sorted(singles, key=lambda one: (-one.at_day[1], -one.at_day[0], -one.stops[1], -one.stops[0], one.member.id)))


def single_losses(
    case: Case,
    mission: Mission,
    members: Sequence[Member],
    view: LevelView,
    *,
    days: tuple[float, ...],
    day: float | None,
    floor: float,
    seconds: float,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[tuple[Single, ...], int]:
    """Run the loss of each member alone.

    Parameters
    ----------
    case, mission
        The stack and what is asked about.
    members
        What can be lost.
    view
        The target's view on the low side.
    days
        Days to report.
    day
        The day of the question; ``None``: in the end.
    floor
        Under which something has stopped.
    seconds
        Time after which no further loss is run.
    progress
        Told how many losses are done, and of how many.

    Returns
    -------
    tuple
        The losses, worst first, and how many were left out for want of time: those that take least of what the target
        rests on come last, so they are the first to be left out.
    """
    end = time.monotonic() + seconds
    asked = _Asked(case, mission, days, day, floor, view)
    order = in_turn(members, view.cone)
    batch = max(1, _MOST_NUMBERS // max(1, len(case.stack.items) * (len(days) + 1)))
    found: list[Single] = []
    runs: dict[Side, _Runs] = {LOW: _Runs(asked, LOW), HIGH: _Runs(asked, HIGH)}
    while len(found) < len(order) and time.monotonic() < end:
        some = order[len(found) : len(found) + min(batch, 64)]
        found += _batch(asked, some, runs)
        if progress is not None:
            progress(len(found), len(order))
    return worst_first(found), len(order) - len(found)


def in_turn(members: Sequence[Member], cone: Collection[int]) -> list[Member]:
    """Members in the order in which they are worth their time: those that take most of what the target rests on first.

    Parameters
    ----------
    members
        What can be lost.
    cone
        Numbers of the supplies that the target rests on.
    """
    inside = frozenset(cone)

    def turn(member: Member) -> tuple[bool, int, str]:
        return not member.perhaps and inside.isdisjoint(member.supplies), -len(member.supplies), member.id

    return sorted(members, key=turn)


class _Runs:
    """The runs of one side."""

    def __init__(self, asked: _Asked, side: Side) -> None:
        case = asked.case
        self.built = case.built(side)
        self.losses = Losses(case, side)
        self.start = case.running(side)
        self.before: Floats = np.asarray(self.start.level, np.float64)[self.built.item_place]
        day = last_day(case, side) if asked.day is None else asked.day
        self.days = tuple(sorted({*asked.days, day}))
        self.places = [self.days.index(one) for one in asked.days]
        self.place = self.days.index(day)
        self.day = day
        self._floor = asked.floor
        choices = np.array([is_choice(item) for item in case.stack.items], np.bool_)
        self.counted = (self.before >= asked.floor - TOLERANCE) & ~choices

    def solve(self, sets: Sequence[Collection[int]]) -> Answer:
        scenarios = [self.losses.scenario(supplies) for supplies in sets]
        return solve(self.built, scenarios, self.days, self._floor, self.start)


def _batch(asked: _Asked, members: Sequence[Member], runs: dict[Side, _Runs]) -> list[Single]:
    sure = [member.supplies for member in members]
    most = [(*member.supplies, *member.perhaps) for member in members]
    low = runs[LOW].solve(most)
    same = asked.case.is_numeric_known and asked.case.is_recovery_known and not any(member.perhaps for member in members)
    high = low if same else runs[HIGH].solve(sure)
    return [
        _single(asked, member, runs, (low.levels[at], high.levels[at]), (low.stops[at], high.stops[at]))
        for at, member in enumerate(members)
    ]


def _single(
    asked: _Asked, member: Member, runs: dict[Side, _Runs], levels: tuple[Floats, Floats], stops: tuple[Floats, Floats]
) -> Single:
    mean = asked.mission.mean
    before = mean(runs[LOW].before[np.newaxis], runs[HIGH].before[np.newaxis])
    rows = [np.array([*runs[side].places, runs[side].place]) for side in (LOW, HIGH)]
    after = mean(levels[LOW][rows[LOW]], levels[HIGH][rows[HIGH]])
    pairs = [
        tuple(sorted((max(0.0, round(before.low[0] - low, 12)), max(0.0, round(before.high[0] - high, 12)))))
        for low, high in zip(after.low, after.high, strict=True)
    ]
    loss = Interval(tuple(pair[0] for pair in pairs[:-1]), tuple(pair[1] for pair in pairs[:-1]))
    least = _stopped(asked, member.supplies, runs[HIGH], stops[HIGH])
    most = _stopped(asked, (*member.supplies, *member.perhaps), runs[LOW], stops[LOW])
    first = _first_stop(asked, member, stops[LOW], runs[LOW].days[-1])
    return Single(member, loss, (pairs[-1][0], pairs[-1][1]), (min(least, most), max(least, most)), first)


def _stopped(asked: _Asked, supplies: Collection[int], runs: _Runs, stops: Floats) -> int:
    """Items that ran, have come under the floor by the day, and are not lost themselves; what is a choice is no item."""
    fallen = (stops <= runs.day + TOLERANCE) & runs.counted
    lost = lost_items(asked.case, supplies)
    return int(fallen.sum()) - int(fallen[lost].sum())


def lost_items(case: Case, supplies: Collection[int]) -> list[int]:
    """Items all of whose supplies are lost."""
    taken = set(supplies)
    items = {case.supplies[number].item for number in taken}
    return sorted(item for item in items if taken.issuperset(case.supplies_of[item]))


def _first_stop(asked: _Asked, member: Member, stops: Floats, until: float) -> float | None:
    weights = asked.mission.weights
    if len(weights) + len(asked.mission.doubtful) == 1:
        day = float(stops[next(iter((*weights, *asked.mission.doubtful)))])
        return None if math.isinf(day) else day
    # while none of its items is under the floor, their mean is not
    if not np.isfinite(stops[[*weights, *asked.mission.doubtful]]).any():
        return None
    return asked.view.first_stop(asked.view.inside((*member.supplies, *member.perhaps)), until)
