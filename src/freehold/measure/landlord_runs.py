"""Runs without some sources, each once, and the mission in them. Owns what all cuts of one question share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from freehold.measure.case import HIGH, LOW, Case, Side
from freehold.measure.landlords import Candidate, Mask
from freehold.measure.level_view import Losses
from freehold.measure.mission import Mission, mission_of
from freehold.network.arrays import TOLERANCE, Floats
from freehold.network.falls import Falls, follow
from freehold.stack.cutoff import Cutoff

__all__ = ["LandlordRuns"]


class LandlordRuns:
    """The runs of one question, kept by the supplies that are lost.

    Parameters
    ----------
    case
        The stack.
    floor
        Level under which an item is out.
    horizon
        Last day.
    """

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

    def run(self, side: Side, lost: Mask | None) -> Falls:
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

    def both(self, chosen: Sequence[Candidate]) -> tuple[Falls, Falls]:
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
