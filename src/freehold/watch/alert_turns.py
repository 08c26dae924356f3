"""When each group is looked at next. Owns the order of turns: the earliest first, each group once."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from freehold.watch.alert_groups import Group

__all__ = ["Turns"]


class Turns:
    """The turns of all groups; a group's own ``next`` says which of its turns counts."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Group]] = []
        self._order = 0

    def put(self, group: Group, at: float) -> None:
        """Give a group its next turn, in place of the one that it had."""
        group.next = at
        self._order += 1
        heapq.heappush(self._heap, (at, self._order, group))

    def next(self) -> float | None:
        """When the next turn is; ``None`` if there is none."""
        heap = self._heap
        while heap and (heap[0][2].is_over or heap[0][0] != heap[0][2].next):
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def pop(self, now: float) -> Group | None:
        """A group whose turn has come by now; ``None`` if there is none."""
        at = self.next()
        return heapq.heappop(self._heap)[2] if at is not None and at <= now else None

    def begin_anew(self, groups: Iterable[Group]) -> None:
        """Take the turns as the groups themselves say they are."""
        self._heap = [(group.next, number, group) for number, group in enumerate(groups)]
        self._order = len(self._heap)
        heapq.heapify(self._heap)
