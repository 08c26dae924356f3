"""A plan as a problem of zeros and ones, without names. Owns what the solvers are given, and what they give back.

Items are had in *ways*. A way works in a scenario if it is available there, is built (or there already) and all of its inputs
are had. An item is had if one of its ways works. A *pair* is a target in a scenario that must be had. Something that goes in a
circle must have a beginning: what holds itself up is not had, but for circles of ways that are there already.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from freehold.network.arrays import Floats, Integers

__all__ = ["Booleans", "Found", "FoundYears", "Horizon", "Problem"]

Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Problem:
    """What can be built, and what must be had.

    Parameters
    ----------
    items, builds
        How many items and build decisions there are.
    way_item, way_build : (ways,)
        Item that a way gives; build decision that it takes, -1 for one that is there already.
    input_start, input_item : (ways + 1,), (inputs,)
        Inputs of each way, rows compressed.
    cost : (builds,)
        Cost of each build decision, 0 or more.
    available : (scenarios, ways)
        Whether a way can work in a scenario.
    pair_item, pair_scenario : (pairs,)
        What must be had, and where.
    """

    items: int
    way_item: Integers
    way_build: Integers
    input_start: Integers
    input_item: Integers
    cost: Floats
    available: Booleans
    pair_item: Integers
    pair_scenario: Integers

    @property
    def builds(self) -> int:
        """How many build decisions there are."""
        return len(self.cost)


@dataclass(frozen=True, slots=True)
class Horizon:
    """Years of a plan of zeros and ones.

    Parameters
    ----------
    budget : (years,)
        Most that may be spent in each year; ``inf`` for no limit. What is built in a year works in that year.
    weight : (years,)
        What costs and penalties of a year count, such as 1 / 1.05 ** year.
    penalty
        What a pair that is not had costs in a year.
    """

    budget: Floats
    weight: Floats
    penalty: float


@dataclass(frozen=True, slots=True)
class Found:
    """The best that was found, and how good it may be at best.

    Parameters
    ----------
    built : (builds,)
        What is built; ``None`` if nothing was found that does.
    cost, bound
        Its cost, and a proven lower bound of any; ``inf`` where there is no plan, proven.
    seconds, stopped
        How long it took; why it ended before it was proven (``time``, ``interrupted``), or ``None``.
    trail
        (seconds, cost, bound) whenever one of them changed.
    """

    built: Booleans | None
    cost: float
    bound: float
    seconds: float
    stopped: str | None
    trail: tuple[tuple[float, float, float], ...] = ()

    @property
    def gap(self) -> float:
        """(cost - bound) / cost; 0 where both are 0."""
        return max(0.0, (self.cost - self.bound) / self.cost) if self.cost > 0 else 0.0


@dataclass(frozen=True, slots=True)
class FoundYears:
    """The same over years: ``year`` (builds,) is the year in which each is built, -1 for never."""

    year: Integers | None
    cost: float
    bound: float
    seconds: float
    stopped: str | None
    trail: tuple[tuple[float, float, float], ...] = ()

    @property
    def gap(self) -> float:
        """(cost - bound) / cost; 0 where both are 0."""
        return max(0.0, (self.cost - self.bound) / self.cost) if self.cost > 0 else 0.0
