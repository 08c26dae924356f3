"""What samples say: the distribution, its tail, what knowing one thing would be worth. Owns the formulas and their errors.

Loss is 1 − level. With n samples in ascending order of loss, *value at risk* at confidence α is the one at place ⌈αn⌉, and
*expected shortfall* the mean of the worst part 1 − α (Acerbi and Tasche, "On the coherence of expected shortfall", 2002, eq.
4.1: the sample at the border counts with the part of it that belongs to the tail). The *share of variance* of a fact X is
Var(E[Y | X]) / Var(Y), the first-order index of Sobol' (1993), from the same samples grouped by X and freed of the part that
chance alone explains (ε², Kelley 1935). Its *worth for the decision* is by how much the probability of being wrong about "is
it under the floor?" falls if X is known before one decides: the expected value of partial perfect information of a decision
in which both errors cost the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from freehold.network.arrays import TOLERANCE, Floats

__all__ = ["HISTOGRAM_BINS", "QUANTILES", "Estimate", "Information", "Spread", "information", "spread"]

QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
HISTOGRAM_BINS: Final = 20
_GROUPS: Final = 20
_FEWEST: Final = 2 * _GROUPS


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number worked out from samples, and its standard error; ``None`` where there are too few samples for one."""

    value: float
    error: float | None


@dataclass(frozen=True, slots=True)
class Spread:
    """How one number is distributed.

    Parameters
    ----------
    mean
        Mean level.
    deviation
        Standard deviation.
    quantiles
        Levels at :data:`QUANTILES`.
    histogram
        How many samples lie in each of :data:`HISTOGRAM_BINS` equal parts of [0, 1].
    under_floor
        Probability that the level is under the floor.
    at_risk, shortfall
        Value at risk and expected shortfall of the loss, 1 − level.
    """

    mean: Estimate
    deviation: float
    quantiles: tuple[float, ...]
    histogram: tuple[int, ...]
    under_floor: Estimate
    at_risk: Estimate
    shortfall: Estimate


@dataclass(frozen=True, slots=True)
class Information:
    """What knowing one thing would be worth.

    Parameters
    ----------
    share
        Share of the variance that goes if it is known.
    decision
        By how much the probability of a wrong answer to "is it under the floor?" falls if it is known.
    """

    share: Estimate
    decision: Estimate


def _round(value: float) -> float:
    return round(float(value), 12)


def spread(levels: Floats, floor: float, confidence: float) -> Spread:
    """Describe the distribution of a level.

    Parameters
    ----------
    levels : (samples,)
        In any order.
    floor
        Level under which a thing has stopped.
    confidence
        Of value at risk and expected shortfall, in (0, 1).
    """
    count = len(levels)
    ordered = np.sort(levels)
    mean = math.fsum(ordered.tolist()) / count
    deviation = math.sqrt(math.fsum(((ordered - mean) ** 2).tolist()) / (count - 1)) if count > 1 else 0.0
    enough = count > 1
    under = int(np.searchsorted(ordered, floor - TOLERANCE, side="left"))
    part = under / count
    loss = 1.0 - ordered[::-1]
    place = max(math.ceil(confidence * count - 1e-9), 1)
    at_risk = float(loss[place - 1])
    tail = (1 - confidence) * count
    shortfall = (math.fsum(loss[place:].tolist()) + (place - confidence * count) * at_risk) / tail
    beyond = np.maximum(loss - at_risk, 0.0) / (1 - confidence)
    around = math.sqrt(confidence * (1 - confidence) * count)
    lower, upper = max(place - 1 - math.ceil(around), 0), min(place - 1 + math.ceil(around), count - 1)
    edges = np.clip((ordered * HISTOGRAM_BINS + 1e-9).astype(np.int64), 0, HISTOGRAM_BINS - 1)
    return Spread(
        Estimate(_round(mean), _round(deviation / math.sqrt(count)) if enough else None),
        _round(deviation),
        tuple(_round(ordered[max(math.ceil(at * count - 1e-9), 1) - 1]) for at in QUANTILES),
        tuple(np.bincount(edges, minlength=HISTOGRAM_BINS).tolist()),
        Estimate(_round(part), _round(math.sqrt(part * (1 - part) / count)) if enough else None),
        Estimate(_round(at_risk), _round((loss[upper] - loss[lower]) / 2) if enough else None),
        Estimate(_round(shortfall), _round(float(np.std(beyond, ddof=1)) / math.sqrt(count)) if enough else None),
    )


def information(levels: Floats, kinds: npt.NDArray[np.integer], sizes: Sequence[int], floor: float) -> tuple[Information, ...]:
    """What knowing each thing that was drawn would be worth.

    Parameters
    ----------
    levels : (samples,)
        The number that is to be narrowed, in order of samples.
    kinds : (samples, things)
        Which kind of outcome each thing had.
    sizes
        How many kinds each thing has.
    floor
        Level under which a thing has stopped.
    """
    count = len(levels)
    centred = levels - math.fsum(levels.tolist()) / count
    under = (levels < floor - TOLERANCE).astype(np.float64)
    group = np.arange(count) % _GROUPS
    found = []
    for place, size in enumerate(sizes):
        at = group * size + kinds[:, place]
        sums = np.stack([
            np.bincount(at, weights, _GROUPS * size).reshape(_GROUPS, size)
            for weights in (np.ones(count), centred, centred**2, under)
        ])  # fmt: skip
        whole = sums.sum(axis=1)
        share, decision = _worth(whole)
        if count < _FEWEST:
            found.append(Information(Estimate(_round(max(share, 0.0)), None), Estimate(_round(decision), None)))
            continue
        without = np.array([_worth(whole - sums[:, one]) for one in range(_GROUPS)])
        error = np.sqrt((_GROUPS - 1) / _GROUPS * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
        found.append(
            Information(Estimate(_round(max(share, 0.0)), _round(error[0])), Estimate(_round(decision), _round(error[1])))
        )
    return tuple(found)


def _worth(sums: Floats) -> tuple[float, float]:
    """Share of variance and worth for the decision, from counts, sums, squares and "under" by kind."""
    number, total, square, under = sums[:, sums[0] > 0]
    count = float(number.sum())
    whole = float(square.sum()) - float(total.sum()) ** 2 / count
    share = 0.0
    if whole > 1e-12 * count and count > len(number):
        between = float((total**2 / number).sum()) - float(total.sum()) ** 2 / count
        within = max(whole - between, 0.0) / (count - len(number))
        share = min((between - (len(number) - 1) * within) / whole, 1.0)
    wrong = min(float(under.sum()), count - float(under.sum())) / count
    known = float(np.minimum(under, number - under).sum()) / count
    return share, max(wrong - known, 0.0)
