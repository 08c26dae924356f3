"""What a family of minimal cut sets holds, without listing it. Owns counts: by order, in all, and for each event.

All counts are exact whole numbers, however large.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from freehold.network.bdd import Diagram

__all__ = ["by_order", "containing", "countable_order", "largest_order", "total"]

_EXACT = 2.0**62
_ROOM = 1 << 24
_PRODUCTS = 1 << 28


def largest_order(family: Diagram) -> int:
    """Order of the largest set."""
    most = np.zeros(family.nodes + 2, np.int64)
    for _, here, weight in _up(family, most):
        grown = most[family.high[here]] + weight
        most[here] = np.where(family.low[here] == 0, grown, np.maximum(grown, most[family.low[here]]))
    return int(most[family.root])


def _up(family: Diagram, value: npt.NDArray[Any], event: Any = 1) -> Iterator[tuple[int, slice, Any]]:
    """Levels from the deepest to the top: number, nodes, and what is known of what happens there."""
    for level in range(len(family.event) - 1, -1, -1):
        number = family.event[level]
        yield level, slice(family.start[level + 1], family.start[level]), event if number >= 0 else value[family.module[level]]


def total(family: Diagram) -> int:
    """Count all sets."""
    counts: npt.NDArray[Any] = np.zeros(family.nodes + 2, object)
    counts[1] = 1
    for _, here, times in _up(family, counts):
        counts[here] = counts[family.high[here]] * times + counts[family.low[here]]
    return int(counts[family.root])


def countable_order(family: Diagram) -> int:
    """Order up to which counting by order takes a bounded room and time: that of the largest, but for huge families."""
    products = 1 + int(np.count_nonzero(family.module >= 0))
    room = min(_ROOM // (family.nodes + 2), isqrt(_PRODUCTS // products))
    return min(largest_order(family), max(4, room))


def _counts(family: Diagram, order: int) -> tuple[npt.NDArray[Any], type]:
    """Number of sets of each node by order, and the kind of number that holds all of them."""
    rough = np.zeros(family.nodes + 2)
    rough[1] = 1.0
    for _, here, times in _up(family, rough, 1.0):
        rough[here] = rough[family.high[here]] * times + rough[family.low[here]]
    kind = object if rough.max() >= _EXACT else np.int64
    counts: npt.NDArray[Any] = np.zeros((family.nodes + 2, order + 1), kind)
    counts[1, 0] = 1
    one = np.zeros(order + 1, kind)
    one[1:2] = 1
    for _, here, times in _up(family, counts, one):
        counts[here] = counts[family.low[here]] + _product(counts[family.high[here]], times)
    return counts, kind


def _product(rows: npt.NDArray[Any], times: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Counts of unions of a set of each, the two having no event in common: a product of polynomials, cut at the order."""
    answer = np.zeros_like(rows)
    width = rows.shape[-1]
    for shift in np.flatnonzero(times).tolist():
        answer[..., shift:] += rows[..., : width - shift] * times[shift]
    return answer


def by_order(family: Diagram, order: int | None = None) -> dict[int, int]:
    """Count the sets by order.

    Parameters
    ----------
    order
        Up to which; ``None``: up to the largest.

    Returns
    -------
    dict
        Of each order from 1 (from 0 if the top has failed already) to that one; 0 where there is none.
    """
    most = largest_order(family) if order is None else order
    row = _counts(family, most)[0][family.root]
    return {place: int(row[place]) for place in range(0 if row[0] else 1, most + 1)}


def containing(family: Diagram, order: int | None = None) -> list[int]:
    """Count the sets that each event stands in.

    Parameters
    ----------
    order
        Only sets up to that one are counted; ``None``: all.

    Returns
    -------
    list of int
        By event.
    """
    most = largest_order(family) if order is None else order
    counts, kind = _counts(family, most)
    answer = [0] * family.size
    # Number of ways, by order, in which a set of a node goes on to a set of the top: what stands above it.
    ways: npt.NDArray[Any] = np.zeros_like(counts)
    ways[family.root, 0] = 1
    for level in range(len(family.event)):
        here = slice(family.start[level + 1], family.start[level])
        number = family.event[level]
        above, high, low = ways[here], family.high[here], family.low[here]
        if number >= 0:
            joined = _shifted(above)
            # Orders of what is above, with the event, and of what is below must fit the limit together.
            below = np.cumsum(counts[high], axis=1)
            answer[number] += int((joined * below[:, ::-1]).sum())
            np.add.at(ways, high, joined)
        else:
            module = family.module[level]
            both: npt.NDArray[Any] = np.zeros(most + 1, kind)
            for shift in range(most + 1):
                both[shift:] += (above[:, : most + 1 - shift] * counts[high][:, shift : shift + 1]).sum(axis=0)
            ways[module] += both
            np.add.at(ways, high, _product(above, counts[module]))
        np.add.at(ways, low, above)
    return answer


def _shifted(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    answer = np.zeros_like(rows)
    answer[:, 1:] = rows[:, :-1]
    return answer
