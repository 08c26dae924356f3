"""Whether an answer on a generated network is right, told without the engine's kernel. Owns the benchmark's correctness.

From the exact time line (each change of each level) the cover of every need is spent anew with arrays, and the levels
on each day asked are put into the equations: what comes out must be what went in.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.generate_network import GeneratedNetwork
from freehold.network.solve import Change

__all__ = ["levels_by_equation", "shortfalls"]

Floats = npt.NDArray[np.float64]
_TOLERANCE = 1e-9


def shortfalls(made: GeneratedNetwork, changes: Sequence[Change], days: Sequence[float]) -> tuple[Floats, Floats]:
    """Levels on some days, and the shortfall of each need's item up to them.

    Parameters
    ----------
    made
        The network.
    changes
        All changes in order of time; the levels before are 1.
    days
        Ascending.

    Returns
    -------
    tuple
        Levels (days, items), and the integral of 1 - min(1, y/enough) by need (days, needs).
    """
    level = np.ones(made.items)
    used = np.zeros(len(made.need_item))
    levels, integrals = np.empty((len(days), made.items)), np.empty((len(days), len(used)))
    since, upcoming = 0.0, 0
    for place, day in enumerate(days):
        while upcoming < len(changes) and changes[upcoming].day <= day + _TOLERANCE:
            change = changes[upcoming]
            used += _rate(made, level) * (change.day - since)
            since = change.day
            for item, _, after in change.moved:
                level[item] = after
            upcoming += 1
        levels[place] = level
        integrals[place] = used + _rate(made, level) * (day - since)
    return levels, integrals


def _rate(made: GeneratedNetwork, level: Floats) -> Floats:
    met = level[made.need_item] / made.need_enough
    return np.where(met >= 1 - _TOLERANCE, 0.0, 1 - met)


def levels_by_equation(made: GeneratedNetwork, level: Floats, shortfall: Floats, available: Floats, weight: Floats) -> Floats:
    """F(y): what the levels would be, given the levels.

    Parameters
    ----------
    made
        The network.
    level, shortfall
        By item and by need, see :func:`shortfalls`.
    available, weight
        By source: what the cut-off leaves, and the share or the capacity.
    """
    met = np.minimum(1.0, level[made.need_item] / made.need_enough)
    met = np.where(shortfall < made.need_cover - 1e-6, 1.0, met)
    met[met >= 1 - _TOLERANCE] = 1.0
    essential = made.need_weight >= 1 - _TOLERANCE
    sources = len(made.source_item)
    least = np.ones(sources)
    np.minimum.at(least, made.need_source[essential], met[essential])
    lost = np.where(essential, 0.0, made.need_weight * (1 - met))
    part = 1 - np.bincount(made.need_source, weights=lost, minlength=sources)
    activity = np.maximum(0.0, np.minimum(least, part))
    total = np.bincount(made.source_item, weights=available * weight * activity, minlength=made.items)
    total = np.where(total >= 1 - _TOLERANCE, 1.0, total)
    return np.where(made.whole & (total < 1), 0.0, total)
