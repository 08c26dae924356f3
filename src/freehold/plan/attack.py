"""The attacker: which loss of at most so many members brings the mission under a level. Owns the order in which it looks.

What was found before is tried first, since most questions of a search are about sets of options that fall to the same few
losses; then each member alone; then the hitting set loop over larger losses, which is complete. The question has to be
monotone: more that is lost never helps.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from freehold.errors import PlanError
from freehold.measure.case import Case
from freehold.measure.chokepoint_values import Member
from freehold.measure.members import members_of
from freehold.measure.mission import Mission
from freehold.network.hitting_set import Judged, hitting_sets
from freehold.plan.founded import LossBlow
from freehold.plan.goal_values import LossAim

__all__ = ["SECONDS", "Found", "Memory", "find_loss", "find_worst_loss", "losable", "loss_of"]

SECONDS: Final = 60.0
"""For one search for a loss."""

_MOST_REMEMBERED: Final = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A loss that brings the mission under the level (``None``: there is none), and the least level of all losses tried."""

    loss: tuple[str, ...] | None
    least: float


class Memory:
    """Losses found before, by ids of their members, the last one that served first."""

    def __init__(self) -> None:
        self._losses: dict[tuple[str, ...], None] = {}

    def add(self, loss: tuple[str, ...]) -> None:
        """Remember a loss, or that it served again."""
        self._losses.pop(loss, None)
        self._losses[loss] = None
        while len(self._losses) > _MOST_REMEMBERED:
            del self._losses[next(iter(self._losses))]

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter(tuple(reversed(self._losses)))


def losable(case: Case, aim: LossAim, mission: Mission) -> tuple[Member, ...]:
    """What an aim says can be lost of a stack."""
    return members_of(case, aim.of, [*mission.weights, *mission.doubtful])


def loss_of(case: Case, members: Iterable[Member]) -> LossBlow:
    """The loss of some members of a stack; each takes what it surely takes."""
    sources, unknown = set(), set()
    for member in members:
        for number in member.supplies:
            source = case.supplies[number].filled.source
            if source is None:
                unknown.add(case.stack.items[case.supplies[number].item].id)
            else:
                sources.add(source.id)
    return LossBlow(frozenset(sources), frozenset(unknown))


def find_loss(
    members: Sequence[Member], order: int, level: float, level_of: Callable[[Collection[int]], float],
    memory: Memory | None = None, *, seconds: float = SECONDS,
) -> Found:  # fmt: skip
    """Find a loss of at most ``order`` members under which the level is not reached.

    Parameters
    ----------
    members
        What can be lost.
    order
        How many at once at most.
    level
        What has to be reached.
    level_of
        Least level when the members with these numbers are lost.
    memory
        Losses to try first; what is found is added.
    seconds
        For the search beyond single losses.

    Raises
    ------
    freehold.errors.PlanError
        If the time ends before it is known that there is none.
    """
    least, first = math.inf, None
    known: dict[frozenset[int], float] = {}

    def under(lost: Collection[int]) -> bool:
        nonlocal least, first
        key = frozenset(lost)
        if key not in known:
            known[key] = level_of(lost)
        falls = known[key] < level - 1e-9
        if len(key) <= order:
            least = min(least, known[key])
            first = key if falls and first is None else first
        return falls

    number = {member.id: place for place, member in enumerate(members)}
    under(())
    for loss in () if memory is None or first is not None else memory:
        if len(loss) <= order and all(id_ in number for id_ in loss) and under([number[id_] for id_ in loss]):
            break
    if first is None:
        for place in range(len(members)):
            under((place,))
    if first is None and order > 1 and len(members) > 1:
        singles = dict.fromkeys(range(len(members)), False)
        found = hitting_sets(range(len(members)), Judged(under), order=order, singles=singles, seconds=seconds, most=1)
        if found.stopped == "time":
            raise PlanError(
                f"in {seconds:g} s it could not be settled whether {order} losses at once bring the mission under the level. "
                "Give more time, or ask for fewer losses at once."
            )
    if first is None:
        return Found(None, least)
    loss = tuple(sorted(members[place].id for place in first))
    if memory is not None:
        memory.add(loss)
    return Found(loss, least)


def find_worst_loss(
    members: Sequence[Member], order: int, level: float, level_of: Callable[[Collection[int]], float],
    memory: Memory | None = None, *, seconds: float = SECONDS,
) -> Found:  # fmt: skip
    """Find a loss of at most ``order`` members under which the level is not reached, and what the worst loss leaves.

    Parameters
    ----------
    members, order, level, level_of, memory, seconds
        As for :func:`find_loss`, which stops at the first loss that it finds. Where the time ends, the worst that is known
        counts.

    Raises
    ------
    freehold.errors.PlanError
        If the time ends before it is known that there is none.
    """
    known: dict[frozenset[int], float] = {}

    def remembered(lost: Collection[int]) -> float:
        key = frozenset(lost)
        if key not in known:
            known[key] = level_of(lost)
        return known[key]

    found = find_loss(members, order, level, remembered, memory, seconds=seconds)
    end = time.monotonic() + seconds
    while found.loss is not None:
        try:
            worse = find_loss(members, order, found.least, remembered, seconds=max(0.0, end - time.monotonic()))
        except PlanError:
            return found
        if worse.loss is None:
            # where none is worse, not all need have been looked at
            return Found(found.loss, min(found.least, worse.least))
        found = Found(worse.loss, min(found.least, worse.least))
    return found
