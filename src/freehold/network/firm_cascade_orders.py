"""The end of what travels up alone: a linear system with caps, solved faster than step by step. Owns that solution.

A lack of orders dies out slowly where firms sell to one another: a step takes a small part of it. Sweeps that use each new
level at once (Gauss and Seidel, there and back), extrapolated over the last few (Anderson 1965), come to the same end in a
tenth of the time. A sweep's function grows with the levels and is concave, so that both sides of the end can be proven: levels
lowered a little rise again, at least half of the way, which leaves room for one end only; raised a little, they fall.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from freehold.network.arrays import Floats

__all__ = ["REST", "Sweep", "encloses", "extrapolated"]

REST = 1e-15
"""Largest change in a sweep at which levels count as at their end, before that is proven."""

_HISTORY = 8

Sweep: TypeAlias = Callable[[Floats], Floats]
"""New levels from old ones."""


def extrapolated(sweep: Sweep, level: Floats, cap: Floats, most: int, late: Callable[[], bool]) -> tuple[Floats, int, bool]:
    """Repeat a sweep to its end.

    Parameters
    ----------
    sweep
        New levels from old ones.
    level, cap : (n,)
        Where it begins, and what no level may exceed.
    most
        Most sweeps.
    late
        Whether time is up.

    Returns
    -------
    levels, how many sweeps, whether they came to rest
    """
    steps: list[Floats] = []
    ends: list[Floats] = []
    before: tuple[Floats, Floats] | None = None
    for count in range(1, most + 1):
        end = sweep(level)
        change = end - level
        size = float(np.abs(change).max(initial=0.0))
        if size <= REST:
            return end, count, True
        if late():
            break
        if before is not None:
            steps.append(change - before[0])
            ends.append(end - before[1])
            del steps[:-_HISTORY], ends[:-_HISTORY]
        before = (change, end)
        level = end
        if steps and size > 1e-13:  # nearer than that, differences are made of rounding
            table = np.array(steps)
            mix, *_ = np.linalg.lstsq(table @ table.T, table @ change, rcond=1e-12)
            level = np.clip(end - mix @ np.array(ends), 0.0, cap)
    return level, most, False


def encloses(sweep: Sweep, level: Floats, cap: Floats, bound: float, slack: float, most: int, late: Callable[[], bool]) -> bool:
    """Whether the end is proven to be within the bound's part of what was lost, on both sides.

    Parameters
    ----------
    sweep, level, cap, late
        As :func:`extrapolated`.
    bound
        Part of each firm's loss.
    slack
        For rounding.
    most
        Most sweeps for either side.
    """
    part = bound * (cap - level)
    for sign in (-1.0, 1.0):
        now = np.clip(level + sign * part, 0.0, cap)
        half_way, back = (now + level) / 2, False
        for _ in range(most):
            now = sweep(now)
            back = bool((sign * (half_way - now) >= -slack).all())
            if back or late():
                break
        if not back:
            return False
    return True
