"""Circles of needs: who is in them, and how much comes back each round. Owns the gain that explanations name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from freehold.measure.case import Case, Side
from freehold.stack.values import UNKNOWN

__all__ = ["circle_gain", "circle_members"]

_LARGEST = 400


def circle_members(case: Case, item: int) -> list[int]:
    """Items of the strongly connected component of an item, itself among them."""
    network = case.built(0).network
    place_of = case.built(0).item_place
    component = network.component_of[place_of[item]]
    first, last = network.component_start[component], network.component_start[component + 1]
    if last - first == 1:
        return [item]
    number_of = np.empty(len(place_of), np.int64)
    number_of[place_of] = np.arange(len(place_of))
    return [int(number) for number in number_of[first:last]]


def circle_gain(
    case: Case, members: list[int], levels: Mapping[int, float], side: Side, weight: Callable[[int], float]
) -> float:
    """Gain of a circle: what comes back of one unit after a round of its shortest loop, in the long run.

    The spectral radius of the active linear pieces at the given levels, to the power of the length of the shortest
    loop; for a circle with one loop that is the product of its slopes.

    Parameters
    ----------
    case
        The stack.
    members
        Items of the circle; the gain is ``nan`` for more than 400.
    levels
        Level by item.
    side
        Which side's numbers.
    weight
        What each supply counts for now.
    """
    if len(members) > _LARGEST:
        return float("nan")
    place = {item: number for number, item in enumerate(members)}
    slopes = np.zeros((len(members), len(members)))
    for item in members:
        for supply in case.supplies_of[item]:
            essential = []
            for need in case.needs_of[supply]:
                needed = case.item_number[need.item]
                enough = (1e-9 if side else 1.0) if need.enough is UNKNOWN else (need.enough or 1.0)
                met = min(1.0, levels[needed] / enough)
                share = 1.0 if need.weight is None else need.weight
                if share >= 1 - 1e-9:
                    essential.append((met, needed not in place, needed, enough))
                elif needed in place:
                    slopes[place[item], place[needed]] += weight(supply) * share / enough
            if essential:
                _, outside, needed, enough = min(essential)
                if not outside:
                    slopes[place[item], place[needed]] += weight(supply) / enough
    radius = float(np.abs(np.linalg.eigvals(slopes)).max())
    return radius ** _shortest_loop(slopes > 0)


def _shortest_loop(edges: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> int:
    reached = edges.copy()
    for length in range(1, len(edges) + 1):
        if reached.diagonal().any():
            return length
        reached = (reached.astype(np.int64) @ edges.astype(np.int64)) > 0
    return 1
