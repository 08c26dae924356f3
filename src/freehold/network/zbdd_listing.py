"""The sets of a family one by one, least order first, then by their events. Owns the lazy way to that order.

Sets of one order are taken in portions that all begin with the same events; a portion small enough is walked and sorted, a
larger one is split by its next event. So the first sets come soon, and memory stays bounded however many there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np

from freehold.errors import SolveError
from freehold.network.bdd import Diagram
from freehold.network.zbdd import by_order, countable_order, largest_order

__all__ = ["sets_of"]

_Rest: TypeAlias = "tuple[int, int, int, _Rest] | None"
_Step: TypeAlias = tuple[int, int, int, _Rest, tuple[int, ...]]

_PORTION: Final = 50_000


def sets_of(family: Diagram, order: int | None = None) -> Iterator[tuple[int, ...]]:
    """List a family's sets up to an order, least order first, then by their events.

    Parameters
    ----------
    order
        ``None``: all.

    Raises
    ------
    freehold.errors.SolveError
        When it comes to sets that are too large to be listed in a bounded room: hundreds of events each.
    """
    most = countable_order(family) if order is None else min(order, countable_order(family))
    counts = by_order(family, most)
    for size, count in counts.items():
        if count:
            yield from _portion(family, size, ())
    if most < largest_order(family) and (order is None or most < order):
        raise SolveError(
            f"the cut sets of more than {most} events are counted, and too large to be listed. List those up to that order."
        )


def _portion(family: Diagram, size: int, begin: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    walk = _Walk(family, size, begin)
    if walk.count <= _PORTION or len(begin) == size:
        yield from sorted(walk.sets())
        return
    for event in walk.next_events():
        yield from _portion(family, size, (*begin, event))


class _Walk:
    """The sets of a size whose least events are given ones."""

    def __init__(self, family: Diagram, size: int, begin: tuple[int, ...]) -> None:
        self._family, self._size, self._begin = family, size, begin
        after = begin[-1] if begin else -1
        inside = set(begin)
        numbers = family.event.tolist()
        self._weight = [0 if number in inside else 1 for number in numbers]
        self._closed = [0 <= number <= after and number not in inside for number in numbers]
        # Of each node: sets by size and by how many of the given events they have.
        shape = (family.nodes + 2, size + 1, len(begin) + 1)
        ways = np.zeros(shape, np.float32)
        ways[1, 0, 0] = 1.0
        for level in range(len(numbers) - 1, -1, -1):
            here = slice(family.start[level + 1], family.start[level])
            value = ways[family.low[here]]
            if not self._closed[level]:
                above = ways[family.high[here]]
                if numbers[level] < 0:
                    module = ways[family.module[level]]
                    for grown, given in zip(*np.nonzero(module), strict=True):
                        value[:, grown:, given:] += (
                            above[:, : size + 1 - grown, : len(begin) + 1 - given] * module[grown, given]
                        )
                elif numbers[level] in inside:
                    value[:, 1:, 1:] += above[:, :-1, :-1]
                else:
                    value[:, 1:, :] += above[:, :-1, :]
            ways[here] = value
        self._ways = ways
        self._numbers = numbers
        level_of = np.repeat(np.arange(len(numbers) - 1, -1, -1), np.diff(family.start[::-1]))
        self._level: list[int] = [0, 0, *level_of.tolist()]
        self.count = float(ways[family.root, size, len(begin)])

    def sets(self) -> list[tuple[int, ...]]:
        """Walk them all; no step leads nowhere."""
        family, found = self._family, []
        high, low = family.high.tolist(), family.low.tolist()
        module = family.module.tolist()
        possible = self._ways > 0
        # What is still to be walked after this node: (node, size, given) in a chain; a module is walked, then what follows it.
        waiting: list[_Step] = [(family.root, self._size, len(self._begin), None, ())]
        while waiting:
            node, size, given, rest, events = waiting.pop()
            if node == 1:
                if size == 0 and given == 0:
                    if rest is None:
                        found.append(tuple(sorted(events)))
                    else:
                        waiting.append((*rest[:3], rest[3], events))
                continue
            if not possible[node, size, given]:
                continue
            level = self._level[node]
            waiting.append((low[node], size, given, rest, events))
            if self._closed[level]:
                continue
            number = self._numbers[level]
            if number < 0:
                above = possible[high[node]]
                for grown, had in zip(*np.nonzero(possible[module[level]]), strict=True):
                    if grown <= size and had <= given and above[size - grown, given - had]:
                        then = (high[node], size - int(grown), given - int(had), rest)
                        waiting.append((module[level], int(grown), int(had), then, events))
            elif size:
                had = int(number in self._begin)
                if had <= given:
                    waiting.append((high[node], size - 1, given - had, rest, (*events, number)))
        return found

    def next_events(self) -> Iterator[int]:
        """Events that may come next; some may lead to an empty portion."""
        after = self._begin[-1] if self._begin else -1
        yield from sorted(int(number) for number in self._family.event if number > after)
