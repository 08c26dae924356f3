"""What counts on the plan's last day in a future in which some steps fail and others are late. Owns lateness along conditions.

A step begins on its day, or as soon as all that it requires is ready where that is later. So it counts if no step that it waits
for fails, and if each of those started early enough: on each there is a last day, a *turn*, after which it does not count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from freehold.plan.openings import TOLERANCE, Openings
from freehold.plan.search_values import Future

__all__ = ["Counting", "Turns", "countings"]

Turns = tuple[tuple[int, int], ...]
"""Options, and the last day on which each may start."""


@dataclass(frozen=True)
class Counting:
    """What counts in futures that are alike.

    Parameters
    ----------
    weight
        In how many futures it is so.
    standing
        Committed steps that count.
    never
        Open options that do not, whenever they start.
    turns
        Of open options that count only if they, and what they wait for, start early enough.
    """

    weight: int
    standing: frozenset[int]
    never: frozenset[int]
    turns: Mapping[int, Turns]

    def of(self, starts: Mapping[int, float]) -> frozenset[int]:
        """Which steps of a plan count: those committed, and of those built, by their start days."""
        counted = [
            one
            for one in starts
            if one not in self.never and all(starts.get(other, -math.inf) <= day for other, day in self.turns.get(one, ()))
        ]
        return self.standing.union(counted)


def countings(openings: Openings, futures: Sequence[Future]) -> tuple[Counting, ...]:
    """Futures, those that are alike for what can be built taken together; without any, the one in which all goes well."""
    found: dict[tuple[object, ...], Counting] = {}
    for future in futures or (Future(),):
        one = _counting(openings, future)
        key = (one.standing, one.never, tuple(sorted(one.turns.items())))
        weight = found[key].weight + 1 if key in found else 1
        found[key] = Counting(weight, one.standing, one.never, one.turns)
    return tuple(found.values())


def _counting(openings: Openings, future: Future) -> Counting:
    fixed: dict[int, float] = {}
    for number, step in openings.committed.items():
        if step.ready <= TOLERANCE:
            fixed[number] = step.ready
        elif number not in future.failed:
            fixed[number] = step.ready + future.late.get(number, 0.0)
    standing = frozenset(one for one, ready in fixed.items() if ready <= openings.last + TOLERANCE)
    if not future.failed and not future.late:
        return Counting(1, standing, frozenset(), {})
    number_of = {option.id: number for number, option in enumerate(openings.options)}
    chains: dict[int, dict[int, tuple[float, float]] | None] = {}
    ready: dict[int, float] = {}
    never, turns = set(), {}
    for number in _in_order(openings):
        own, late = openings.lead(number), openings.lead(number) + future.late.get(number, 0.0)
        before = [number_of[id_] for id_ in openings.options[number].requires]
        lost = number in future.failed or any(
            one not in fixed if one in openings.committed else chains[one] is None for one in before
        )
        if lost:
            chains[number] = None
            never.add(number)
            continue
        chain = {number: (own, late)}
        ready[number] = -math.inf
        for one in before:
            known = fixed[one] if one in openings.committed else ready[one]
            ready[number] = max(ready[number], known + late)
            for other, (short, long) in (chains.get(one) or {}).items():
                had = chain.get(other, (0.0, 0.0))
                chain[other] = (max(had[0], short + own), max(had[1], long + late))
        chains[number] = chain
        days = {
            one: math.floor(openings.last - long + TOLERANCE)
            for one, (short, long) in chain.items()
            if long > short + TOLERANCE
        }
        if ready[number] > openings.last + TOLERANCE or any(openings.earliest[one] > day for one, day in days.items()):
            never.add(number)
        elif openings.timed:
            turns[number] = tuple(sorted((one, day) for one, day in days.items() if day < openings.latest[one]))
    return Counting(1, standing, frozenset(never), {one: turn for one, turn in turns.items() if turn})


def _in_order(openings: Openings) -> list[int]:
    """Open options, each after those that it requires."""
    found: dict[int, None] = {}
    waiting = sorted(openings.earliest)
    while waiting:
        for one in waiting:
            if all(other in found for other in openings.requires[one]):
                found[one] = None
        waiting = [one for one in waiting if one not in found]
    return list(found)
