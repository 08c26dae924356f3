"""How numbers are spelt in JSON answers: intervals, levels, days. Owns that an endless number, and none, are null."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from freehold.measure.mission import Interval
    from freehold.measure.unknowns import Worth

__all__ = ["bounds", "chance", "day", "days", "interval", "number", "numbers", "worth"]


def bounds(pair: tuple[float, float]) -> dict[str, float | None]:
    """Two bounds of one number."""
    return {"low": number(pair[0]), "high": number(pair[1])}


def interval(levels: Interval) -> dict[str, list[float | None]]:
    """A low and a high, one number a day each."""
    return {"low": numbers(levels.low), "high": numbers(levels.high)}


def numbers(values: Sequence[float]) -> list[float | None]:
    """Several numbers."""
    return [number(value) for value in values]


def number(value: float) -> float | None:
    """A number to 1e-12, so that the last bit of a sum is not told; null for an endless one."""
    return None if not math.isfinite(value) else round(float(value), 12) + 0.0


def chance(value: float) -> float | None:
    """A probability, or what is made of them, to twelve significant digits: a small one is no zero; null for an endless one."""
    return None if not math.isfinite(value) else float(f"{value:.12g}")


def days(values: Sequence[float]) -> list[float | None]:
    """Several days."""
    return [day(value) for value in values]


def day(value: float | None) -> float | int | None:
    """A day, a whole one as an integer; null for one that does not come."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if value == int(value) else round(value, 9)


def worth(one: Worth) -> dict[str, Any]:
    """What knowing a fact is worth."""
    return {
        "table": one.fact.table, "id": one.fact.id, "attribute": one.fact.attribute, "sources": one.sources,
        "narrows": number(one.narrows), "raises_low": number(one.raises_low), "lowers_high": number(one.lowers_high),
    }  # fmt: skip
