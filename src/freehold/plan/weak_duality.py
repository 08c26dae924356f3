"""The bound that prices of rows prove of a linear program, whatever the prices are. Owns what rounding takes off it."""

from __future__ import annotations

import numpy as np

from freehold.network.arrays import Floats, Integers

__all__ = ["priced", "usable_prices"]

_ROUNDING = 64 * float(np.finfo(np.float64).eps)
"""Of all that is summed up, the part that rounding may take or add."""
_MOST_PRICE = 1e30
"""Price under which a row's price counts: a solver that came to no end may leave any number there."""


def usable_prices(prices: Floats) -> Floats:
    """Prices as a solver gives them, those that are no numbers, or out of all bounds, as 0."""
    return np.where(np.abs(prices) < _MOST_PRICE, prices, 0.0)


def priced(
    cost: Floats, start: Integers, column: Integers, value: Floats, side: Floats, prices: Floats, *, low: Floats | float = 0.0,
    high: Floats | float = 1.0,
) -> tuple[float, Floats]:  # fmt: skip
    """Lower bound of ``cost · x`` with rows of one right-hand side each and ``low ≤ x ≤ high``, and the reduced costs.

    By weak duality every x that keeps the rows costs at least p · side + Σ min(low · r, high · r), r = cost - pᵀA. It holds
    whatever the prices are; what rounding may have added where large sums cancel is taken off.

    Parameters
    ----------
    cost : (columns,)
    start, column, value : (rows + 1,), (…,), (…,)
        The rows, compressed.
    side, prices : (rows,)
        Finite right-hand sides; prices, 0 or more where the row says *at least*, 0 or less where it says *at most*.
    low, high : (columns,)
        Bounds of the columns, finite.
    """
    spread = np.repeat(prices, np.diff(start)) * value
    reduced = np.asarray(cost - np.bincount(column, weights=spread, minlength=len(cost)), np.float64)
    sides = prices * side
    bound = float(sides.sum() + np.minimum(reduced * low, reduced * high).sum())
    return bound - _ROUNDING * float(np.abs(spread).sum() + np.abs(sides).sum()), reduced
