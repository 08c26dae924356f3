"""What must be kept alive, and how much each item of it weighs. Owns the mission's weights and its mean level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from freehold.network.arrays import Floats
from freehold.stack.values import UNKNOWN, Stack, is_stated
from freehold.words import say

__all__ = ["Interval", "Mission", "mission_of"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A low and a high, one number a day asked."""

    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Mission:
    """Weights of items, normalised.

    Parameters
    ----------
    weights
        Weight by item number; they sum to 1.
    doubtful
        Numbers of items whose weight is unknown: the mean may lean to any of them.
    rule
        In words: where the weights come from.
    stated
        Whether the stack states them.
    """

    weights: Mapping[int, float]
    doubtful: tuple[int, ...]
    rule: str
    stated: bool

    def mean(self, low: Floats, high: Floats) -> Interval:
        """Mission-weighted mean level.

        Parameters
        ----------
        low, high : (days, items)
            Levels of both sides.
        """
        numbers, weights = list(self.weights), np.array(list(self.weights.values()))
        floor, top = low[:, numbers] @ weights, high[:, numbers] @ weights
        if self.doubtful:
            several = [*([floor] if numbers else []), *(low[:, number] for number in self.doubtful)]
            floor = np.min(several, axis=0)
            several = [*([top] if numbers else []), *(high[:, number] for number in self.doubtful)]
            top = np.max(several, axis=0)
        return Interval(_clean(floor), _clean(top))


def _clean(values: Floats) -> tuple[float, ...]:
    return tuple(float(min(1.0, max(0.0, round(value, 12)))) for value in values)


def mission_of(stack: Stack) -> Mission:
    """Weights of a stack's mission: as stated, else equal for each item that nobody needs."""
    weights = {n: item.mission for n, item in enumerate(stack.items) if is_stated(item.mission) and item.mission > 0}
    doubtful = tuple(n for n, item in enumerate(stack.items) if item.mission is UNKNOWN)
    if weights or doubtful:
        total = sum(weights.values())
        shares = {number: weight / total for number, weight in weights.items()}
        return Mission(shares, doubtful, say("mission.stated"), stated=True)
    needed = {need.item for need in stack.needs}
    top = [number for number, item in enumerate(stack.items) if item.id not in needed]
    rule = say("mission.top")
    if not top:
        top = list(range(len(stack.items)))
        rule = say("mission.all")
    return Mission({number: 1 / len(top) for number in top}, (), rule, stated=False)
