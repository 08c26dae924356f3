"""As high as it can be: the options that a plan could build at all, and which of them can be together. Owns that standard.

An option is *usable* if a plan can have it at all (:mod:`freehold.plan.openings`): all facts on it are known, its lead time and
people are within the limits, and it can be ready by the plan's last day after all that it requires. Where no two usable options
exclude each other, the best is all of them together. Else it is the one of the largest sets without a conflict that holds the
mission highest: one set, so that what is asked for can be had.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from freehold.plan.goal_values import Limits
from freehold.plan.openings import openings
from freehold.plan.option_values import Option

__all__ = ["best_of", "best_set", "largest_sets", "usable"]

_MOST_SETS: Final = 256


def usable(options: Sequence[Option], limits: Limits) -> frozenset[int]:
    """Numbers of the options that some plan within the limits, whatever it costs, could build."""
    return frozenset(openings(options, limits).earliest)


def largest_sets(options: Sequence[Option], among: Collection[int]) -> list[frozenset[int]]:
    """Sets of options that no other can join without a conflict, prerequisites inside; at most 256, in order of numbers.

    Bron and Kerbosch 1973 (Communications of the ACM 16, 575-577, algorithm 457), on the graph of pairs without a conflict,
    for those options that are in a conflict; the rest are in every set.
    """
    number = {option.id: place for place, option in enumerate(options)}
    foes: dict[int, set[int]] = {place: set() for place in among}
    for place in among:
        for id_ in options[place].excludes:
            other = number.get(id_)
            if other is not None and other in foes and other != place:
                foes[place].add(other)
                foes[other].add(place)
    fighting = sorted(place for place in foes if foes[place])
    found: list[frozenset[int]] = []

    open_: list[tuple[frozenset[int], tuple[int, ...], frozenset[int]]] = [(frozenset(), tuple(fighting), frozenset())]
    while open_ and len(found) < _MOST_SETS:
        chosen, left, done = open_.pop()
        if not left:
            if not done:
                found.append(chosen)
            continue
        place, rest = left[0], left[1:]
        open_.append((chosen, rest, done | {place}))
        open_.append((chosen | {place}, tuple(one for one in rest if one not in foes[place]), done - foes[place]))
    free = frozenset(among) - set(fighting)
    return sorted({_with_requirements(one | free, options, number) for one in found}, key=lambda one: sorted(one))


def _with_requirements(chosen: frozenset[int], options: Sequence[Option], number: dict[str, int]) -> frozenset[int]:
    """What is left of a set when whatever requires something outside of it goes."""
    while True:
        kept = frozenset(place for place in chosen if all(number.get(id_) in chosen for id_ in options[place].requires))
        if kept == chosen:
            return kept
        chosen = kept


def best_set(options: Sequence[Option], limits: Limits, height: Callable[[frozenset[int]], float]) -> frozenset[int]:
    """The set that counts as best.

    Parameters
    ----------
    options, limits
        All options, and the plan's limits.
    height
        How high a set holds the mission; asked only where options exclude each other.
    """
    return best_of(largest_sets(options, usable(options, limits)), height)


def best_of(sets: Sequence[frozenset[int]], height: Callable[[frozenset[int]], float]) -> frozenset[int]:
    """The best of the largest sets; see :func:`best_set`."""
    if len(sets) == 1:
        return sets[0]
    return max(sets, key=lambda one: (round(height(one), 12), [-place for place in sorted(one)]))
