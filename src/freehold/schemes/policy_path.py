"""What a thing rests on, and by which way. Owns the meaning of "the path of": targets, and all below them that is in use.

A path goes from an item to its sources in use, and from these to what they need: needs whose cover can end, and that take
something of the output when they do. What is on it only if an unknown fact turns out so is *perhaps* on it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from freehold.errors import BadPolicy, UnknownId, UsageError
from freehold.measure.case import HIGH, LOW, Case
from freehold.measure.mission import Mission, mission_of
from freehold.stack.cells import nearest
from freehold.stack.find import find_item
from freehold.stack.schema import CHANGE, KINDS
from freehold.stack.values import UNKNOWN, Stack

__all__ = ["Paths", "Targets", "targets_of"]


@dataclass(frozen=True, slots=True)
class Targets:
    """Whom a rule is about.

    Parameters
    ----------
    names
        As written.
    sure, perhaps
        Numbers of the items that are meant, and of those that are if an unknown fact turns out so.
    """

    names: tuple[str, ...]
    sure: tuple[int, ...]
    perhaps: tuple[int, ...]

    @property
    def is_mission(self) -> bool:
        """Whether it is just the mission, which has weights."""
        return self.names == ("mission",)

    def mission(self, stack: Stack) -> Mission:
        """The mission, or the targets with equal weights."""
        if self.is_mission:
            return mission_of(stack)
        every = (*self.sure, *self.perhaps)
        return Mission({number: 1 / len(every) for number in every}, (), ", ".join(self.names), stated=True)


def targets_of(stack: Stack, names: Sequence[str], place: str) -> Targets:
    """Find the items that a rule names.

    Parameters
    ----------
    stack
        The stack.
    names
        ``mission``, ``change`` (what must be kept changeable), ``all``, ``tag:…``, ``kind:…``, or an item (``item:…`` where
        it is called like one of these).
    place
        Where they stand, for messages.

    Raises
    ------
    freehold.errors.BadPolicy
        If an item or a layer is not there. A tag that nothing has is nobody's.
    """
    truths: dict[int, bool] = {}
    for name in names:
        for number, surely in _meant(stack, name, place):
            truths[number] = truths.get(number, False) or surely
    sure = tuple(sorted(number for number, surely in truths.items() if surely))
    return Targets(tuple(names), sure, tuple(sorted(number for number, surely in truths.items() if not surely)))


def _meant(stack: Stack, name: str, place: str) -> Iterator[tuple[int, bool]]:
    kind, colon, rest = name.partition(":")
    if name == "mission":
        mission = mission_of(stack)
        yield from ((number, True) for number in mission.weights)
        yield from ((number, False) for number in mission.doubtful)
    elif name in ("all", "change"):
        yield from ((number, True) for number, item in enumerate(stack.items) if name == "all" or item.id.endswith(CHANGE))
    elif colon and kind == "tag":
        for number, item in enumerate(stack.items):
            if item.tags is UNKNOWN or rest in (item.tags or ()):
                yield number, item.tags is not UNKNOWN
    elif colon and kind == "kind":
        if rest not in KINDS:
            near = nearest(rest, KINDS)
            raise BadPolicy(
                f"{place}: '{rest}' is no layer. "
                + (f"Did you mean '{near[0]}'?" if near else f"Choose from: {', '.join(KINDS)}.")
            )
        for number, item in enumerate(stack.items):
            if item.kind in (rest, None, UNKNOWN):
                yield number, item.kind == rest
    else:
        wanted = rest if colon and kind == "item" else name
        try:
            found = find_item(stack, wanted)
        except (UnknownId, UsageError) as error:
            raise BadPolicy(f"{place}: {error}") from None
        yield next(number for number, item in enumerate(stack.items) if item.id == found), True


class Paths:
    """What some targets rest on.

    Parameters
    ----------
    case
        The stack.
    targets
        Whose paths.
    voids
        Whether a revocation is meant, under which even what is held for ever is rested on.
    """

    def __init__(self, case: Case, targets: Targets, *, voids: bool = False) -> None:
        self._case, self._voids = case, voids
        self._above: dict[int, int | None] = {}
        self.supplies: dict[int, bool] = {}
        """Supplies on the paths, by number: whether they surely are."""
        surely = self._reach(targets.sure, self._above, sure=True)
        self._add(surely, sure=True)
        above: dict[int, int | None] = {}
        everything = self._reach([*targets.sure, *targets.perhaps], above, sure=False)
        for item in everything:
            self._above.setdefault(item, above[item])
        self._add(everything, sure=False)

    def down_to(self, item: int) -> tuple[str, ...]:
        """Ids of the items from a target down to an item, the nearest way."""
        chain: list[int] = []
        at: int | None = item
        while at is not None and at not in chain:
            chain.append(at)
            at = self._above.get(at)
        return tuple(self._case.stack.items[number].id for number in reversed(chain))

    def _reach(self, first: Iterable[int], above: dict[int, int | None], *, sure: bool) -> set[int]:
        queue = deque(dict.fromkeys(first))
        above.update(dict.fromkeys(queue))
        seen = set(queue)
        while queue:
            item = queue.popleft()
            for supply in self._case.supplies_of[item]:
                if not self._is_used(supply, sure=sure):
                    continue
                for need in self._case.needs_of[supply]:
                    below = self._case.item_number[need.item]
                    if below not in seen and self._can_end(need.weight, need.survive, sure=sure):
                        seen.add(below)
                        above[below] = item
                        queue.append(below)
        return seen

    def _is_used(self, supply: int, *, sure: bool) -> bool:
        return self._case.supplies[supply].filled.share[LOW if sure else HIGH] > 0

    def _can_end(self, weight: object, survive: object, *, sure: bool) -> bool:
        if weight == 0:
            return False
        return self._voids or (not sure if survive is UNKNOWN else survive != math.inf)

    def _add(self, items: Iterable[int], *, sure: bool) -> None:
        for item in sorted(items):
            for supply in self._case.supplies_of[item]:
                if self._is_used(supply, sure=sure):
                    self.supplies.setdefault(supply, sure)
