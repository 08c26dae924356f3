"""Bounds of parts, means and ratios where shares, truths and weights are open. Owns that arithmetic.

All bounds are sound: whatever the unknown facts turn out to be, the amount lies between them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from freehold.stack.control import Truth

__all__ = ["Row", "mean_of", "part_of", "sums_of"]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is counted: (low, high) of its weight, and of the part of it that has the property.

    A weight's high end may be infinite.
    """

    weight: tuple[float, float]
    part: tuple[float, float]


def part_of(shares: Sequence[tuple[float, float]], truths: Sequence[Truth], *, whole: bool) -> tuple[float, float]:
    """Part of an item's need that sources with a property meet.

    Parameters
    ----------
    shares
        (low, high) share of each source.
    truths
        Whether each has the property; ``None``: perhaps.
    whole
        Whether the shares are known to come to 1.
    """
    pairs = list(zip(shares, truths, strict=True))
    surely = math.fsum(share[0] for share, truth in pairs if truth)
    perhaps = math.fsum(share[1] for share, truth in pairs if truth is not False)
    if whole:
        surely = max(surely, 1 - math.fsum(share[1] for share, truth in pairs if not truth))
        perhaps = min(perhaps, 1 - math.fsum(share[0] for share, truth in pairs if truth is False))
    return _clean(surely), _clean(perhaps)


def _clean(value: float) -> float:
    return min(1.0, max(0.0, round(value, 12)))


def mean_of(rows: Sequence[Row]) -> tuple[float, float] | None:
    """Weighted mean of the parts; ``None`` if nothing can have a weight.

    The least mean over weights in their bounds gives all up to some part their high weight and all beyond it their low one
    (a linear-fractional function takes its least value at such a corner).
    """
    rows = [row for row in rows if row.weight[1] > 0]
    if not rows:
        return None
    low = _least([(row.weight, row.part[0]) for row in rows])
    high = -_least([(row.weight, -row.part[1]) for row in rows])
    return _clean(low), _clean(high)


def _least(rows: list[tuple[tuple[float, float], float]]) -> float:
    rows.sort(key=lambda row: row[1])
    weight = math.fsum(bounds[0] for bounds, _ in rows)
    total = math.fsum(bounds[0] * part for bounds, part in rows)
    best = total / weight if weight > 0 else rows[0][1]
    for (low, high), part in rows:
        if part >= best and weight > 0:
            break
        if math.isinf(high):
            return part
        weight += high - low
        total += (high - low) * part
        if weight > 0:
            best = min(best, total / weight)
    return best


def sums_of(rows: Sequence[Row]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Bounds of both sides of the ratio: what has the property, and all."""
    above = tuple(
        math.fsum(row.weight[side] * row.part[side] for row in rows if row.part[side] > 0 and row.weight[side] > 0)
        for side in (0, 1)
    )
    below = tuple(math.fsum(row.weight[side] for row in rows) for side in (0, 1))
    return (round(above[0], 9), round(above[1], 9)), (round(below[0], 9), round(below[1], 9))
