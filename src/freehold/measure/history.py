"""One side's run kept whole: every level on the exact time line. Owns looking back at a run."""

from __future__ import annotations

import bisect
import math

import numpy as np

from freehold.measure.case import HIGH, Case, Side
from freehold.network.arrays import Scenario
from freehold.network.solve import trace
from freehold.stack.cutoff import Cutoff
from freehold.stack.values import UNKNOWN, Need

__all__ = ["History"]


class History:
    """Levels of every item over time under one cut-off, on one side.

    Parameters
    ----------
    case
        The stack.
    cut
        The cut-off, or what happens as a scenario of that side.
    side
        Which side.
    horizon
        Last day.
    """

    def __init__(self, case: Case, cut: Cutoff | Scenario, side: Side, horizon: float) -> None:
        self._case, self.side = case, side
        state, built = case.running(side), case.built(side)
        before = np.asarray(state.level, np.float64)[built.item_place]
        self.before: list[float] = before.tolist()
        self._moved: dict[int, tuple[list[float], list[float]]] = {}
        scenario = case.scenario(cut, side) if isinstance(cut, Cutoff) else cut
        for change in trace(built, scenario, horizon, state):
            for item, _, level in change.moved:
                days, levels = self._moved.setdefault(item, ([-math.inf], [self.before[item]]))
                days.append(change.day)
                levels.append(level)

    def _line(self, item: int) -> tuple[list[float], list[float]]:
        """Days on which an item's level changed, and its level from then on; the first is before all time."""
        return self._moved.get(item) or ([-math.inf], [self.before[item]])

    def level(self, item: int, day: float) -> float:
        """Level of an item on a day (right-continuous)."""
        days, levels = self._line(item)
        return levels[bisect.bisect_right(days, day + 1e-9) - 1]

    def since(self, item: int, day: float) -> float:
        """Day on which the item came to the level that it has on ``day``; 0 if it was so before."""
        days, _ = self._line(item)
        return max(0.0, days[bisect.bisect_right(days, day + 1e-9) - 1])

    def changes(self, item: int) -> tuple[tuple[float, float], ...]:
        """Every day on which an item's level changed, and its level from then on; the first is before all time."""
        return tuple(zip(*self._line(item), strict=True))

    def enough(self, need: Need) -> float:
        """The level that a need takes for enough, on this side."""
        if need.enough is UNKNOWN:
            return 1e-9 if self.side == HIGH else 1.0
        return 1.0 if need.enough is None else need.enough

    def cover(self, need: Need) -> float:
        """Cover of a need in days, on this side."""
        if need.survive is UNKNOWN:
            return math.inf if self.side == HIGH else 0.0
        return 0.0 if need.survive is None else need.survive

    def met_raw(self, need: Need, day: float) -> float:
        """min(1, y/enough) of the needed item, cover apart."""
        share = self.level(self._case.item_number[need.item], day) / self.enough(need)
        return 1.0 if share >= 1 - 1e-9 else share

    def spent_on(self, need: Need) -> float:
        """Day on which a need's cover is used up; ``inf`` if not up to the horizon, 0 if there is none."""
        left = self.cover(need)
        if left <= 1e-9:
            return 0.0
        if math.isinf(left):
            return math.inf
        item = self._case.item_number[need.item]
        days, levels = self._line(item)
        for place, level in enumerate(levels):
            begin = max(0.0, days[place])
            end = days[place + 1] if place + 1 < len(days) else math.inf
            rate = 1 - min(1.0, level / self.enough(need))
            if rate <= 1e-9 or end <= begin:
                continue
            if left - rate * (end - begin) <= 1e-9:
                day = begin + left / rate
                return float(round(day)) if abs(day - round(day)) <= 1e-9 else day
            left -= rate * (end - begin)
        return math.inf
