"""The mission's level over time, every change of it, on one side of one run. Owns areas and worst moments of that curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from freehold.measure.case import LOW, Case, Side
from freehold.measure.mission import Mission
from freehold.network.arrays import TOLERANCE, Floats, Scenario
from freehold.network.solve import mean_curve

__all__ = ["MissionCurve", "MissionRun", "mission_run"]


@dataclass(frozen=True, slots=True)
class MissionCurve:
    """A level that holds from each day until the next.

    Parameters
    ----------
    days : (e,)
        Days on which it changes, day 0 first.
    levels : (e,)
        The level from that day on.
    """

    days: Floats
    levels: Floats

    def area(self, horizon: float) -> float:
        """Integral from day 0 to the horizon, in days of the whole mission."""
        ends = np.append(self.days[1:], max(horizon, float(self.days[-1])))
        return float(np.sum(self.levels * (np.minimum(ends, horizon) - np.minimum(self.days, horizon))))

    def on(self, day: float) -> float:
        """The level on a day."""
        return float(self.levels[max(0, int(np.searchsorted(self.days, day + TOLERANCE, "right")) - 1)])

    def least(self, day: float) -> float:
        """The least level up to a day, that day's included."""
        return float(np.min(self.levels[: max(1, int(np.searchsorted(self.days, day + TOLERANCE, "right")))]))


@dataclass(frozen=True, slots=True)
class MissionRun:
    """The mission's curve, and the area under the level of every item from day 0 to the horizon."""

    curve: MissionCurve
    areas: Floats


def mission_run(case: Case, scenario: Scenario, side: Side, mission: Mission, horizon: float) -> MissionRun:
    """Run one scenario and follow the mission on the exact time line.

    Parameters
    ----------
    case, scenario, side
        The stack, what happens, and on which side.
    mission
        What counts. Where weights are unknown, the low side takes the lowest of the means that may be, the high the highest.
    horizon
        Last day.
    """
    rows = [*([mission.weights] if mission.weights else []), *({number: 1.0} for number in mission.doubtful)]
    rows = rows or [{}]
    weights = np.zeros((len(rows), len(case.stack.items)))
    for row, one in enumerate(rows):
        weights[row, list(one)] = list(one.values())
    days, sums, areas = mean_curve(case.built(side), scenario, weights, horizon, case.running(side))
    levels = (np.min if side == LOW else np.max)(sums, axis=1)
    return MissionRun(MissionCurve(days, np.clip(levels, 0.0, 1.0)), areas)
