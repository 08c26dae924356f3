"""How much of a firm is held from outside, directly and through others. Owns that walk on the graph of owners.

A stake passes up the chain of owners. By the *product* reading it passes in part: who holds 60 % of a firm that holds 30 %
has 18 %. By the *control* reading a holder of which somebody has half or more counts as that somebody, and passes its stake
on whole: 30 %; smaller stakes still pass in part. The second is never less than the first. Laws that say "directly or
indirectly" and no more leave open which is meant; bounds span both.

What a holder has of a firm is the chance that one who walks up from it, at each step to an owner with the chance of its stake,
ever comes by that holder. So a circle of owners counts nothing twice, and a parent and its daughter abroad together hold what
the daughter holds. In a circle that nobody outside has a part of, nobody is ever met.

Stakes that are not stated are bounded: the only owner without one has at least half if so much is left, as it controls
(:mod:`freehold.stack.control`). What is left beyond stated stakes may be anybody's, those outside included, until it is stated
whose it is. A firm without an owner is its own: assumed, and not known where only known facts count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from freehold.network.arrays import Floats
from freehold.stack.control import PERSONS
from freehold.stack.values import UNKNOWN, Provider

__all__ = ["CONTROLS", "Holders", "Holding", "Reading"]

Reading: TypeAlias = Literal["product", "control"]

CONTROLS: Final = 0.5
"""Part from which a holder counts as whoever has it, by the control reading."""

_TOLERANCE: Final = 1e-12
_MOST_FIRMS: Final = 200
_MOST_WORK: Final = 5_000_000
"""Holders times the square of the firms on a chain, over all firms that are asked about: about a second."""
_Side: TypeAlias = Literal[0, 1]


@dataclass(frozen=True, slots=True)
class _Owners:
    """Owners of one firm: parts that they surely have, and the part that may be anybody's."""

    sure: Mapping[str, float]
    left: float


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held of one firm from outside: each from the low end by one reading to the high end by the other.

    Parameters
    ----------
    largest
        Bounds of the largest part that one holder outside has.
    together
        Bounds of the part that they have together.
    holder
        The holder with the most; empty if there is none, ``?`` for one that is not known.
    unknown
        Firms on the chains of which an owner, a stake or the seat is not known.
    """

    largest: tuple[float, float]
    together: tuple[float, float]
    holder: str
    unknown: tuple[str, ...]


class Holders:
    """The graph of owners, and who on it is outside.

    Parameters
    ----------
    providers
        By id.
    outside
        Whether a firm's seat is outside: ``True``, ``False``, or ``None`` where it is not known.
    strict
        Whether a firm without an owner counts as one whose owner is not known.
    """

    def __init__(
        self, providers: Mapping[str, Provider], outside: Callable[[str], bool | None], *, strict: bool = False
    ) -> None:
        self._providers, self._outside, self._strict = providers, outside, strict
        self._found: dict[str, Holding] = {}
        self._work = 0

    def of(self, firm: str) -> Holding:
        """What is held of a firm from outside; anything, once the graph has taken more work than it may."""
        if firm not in self._found:
            self._found[firm] = self._of(firm)
        return self._found[firm]

    def _of(self, firm: str) -> Holding:
        firms, rows = self._chain(firm)
        seats = [self._outside(one) if one != firm else False for one in firms]
        perhaps = [place for place, seat in enumerate(seats) if seat is not False]
        self._work += (1 + len(perhaps)) * len(firms) ** 2
        if self._work > _MOST_WORK:
            self._work -= (1 + len(perhaps)) * len(firms) ** 2
            return Holding((0.0, 1.0), (0.0, 1.0), "?", (firm,))
        walk = _Walk(firms, rows)
        low = {firms[place]: walk.meets([place], 0, "product") for place in perhaps if seats[place]}
        high = {firms[place]: walk.meets([place], 1, "control") for place in perhaps}
        high["?"] = walk.meets([], 1, "control")
        together = (
            walk.meets([place for place in perhaps if seats[place]], 0, "product"),
            walk.meets(perhaps, 1, "control"),
        )
        largest = max(low.values(), default=0.0), max(high.values())
        ranked = low if max(low.values(), default=0.0) > 0 else high
        first = max(ranked, key=lambda one: (ranked[one], one))
        unknown = tuple(one for one, row, seat in zip(firms, rows, seats, strict=True) if row.left > _TOLERANCE or seat is None)
        return Holding(_rounded(largest), _rounded(together), first if ranked[first] > 0 else "", unknown)

    def _chain(self, firm: str) -> tuple[list[str], list[_Owners]]:
        """The firm and all that hold a part of it, nearest first, and the owners of each."""
        firms, rows, seen = [firm], list[_Owners](), {firm}
        for one in firms:
            row = self._owners(one)
            if len(firms) + len(row.sure) > _MOST_FIRMS:
                row = _Owners({}, 1.0 if row.sure else row.left)
            rows.append(row)
            firms += [each for each in row.sure if each not in seen]
            seen.update(row.sure)
        return firms, rows

    def _owners(self, firm: str) -> _Owners:
        row = self._providers.get(firm)
        if firm in (PERSONS, "self"):
            return _Owners({}, 0.0)
        if row is None or row.owner is UNKNOWN or (row.owner is None and self._strict):
            return _Owners({}, 1.0)
        if row.owner is None:
            return _Owners({}, 0.0)
        stated: dict[str, float] = {}
        unstated: list[str] = []
        itself = 0.0
        for owner in row.owner:
            if owner.id == firm:
                itself += 1.0 if owner.stake is None else owner.stake
            elif owner.id != "?" and owner.stake is None:
                unstated.append(owner.id)
            elif owner.id != "?":
                stated[owner.id] = stated.get(owner.id, 0.0) + (owner.stake or 0.0)
        total = sum(stated.values())
        if total > 1:
            stated, total = {one: stake / total for one, stake in stated.items()}, 1.0
        left = max(0.0, 1 - total - itself)
        sole = len(unstated) == 1 and left >= CONTROLS
        for one in unstated:
            stated[one] = stated.get(one, 0.0) + (CONTROLS if sole else 0.0)
        return _Owners(stated, left - CONTROLS if sole else left)


class _Walk:
    """Walks up from the first of some firms, whose owners are known in part."""

    def __init__(self, firms: Sequence[str], rows: Sequence[_Owners]) -> None:
        place_of = {one: place for place, one in enumerate(firms)}
        self._stakes = np.zeros((len(firms), len(firms)))
        for place, row in enumerate(rows):
            for owner, stake in row.sure.items():
                self._stakes[place, place_of[owner]] += stake
        self._left = np.array([row.left for row in rows])

    def meets(self, targets: Sequence[int], side: _Side, reading: Reading) -> float:
        """Chance that a walk ever meets a target; what may be anybody's is a target's at the worst (side 1), else nobody's."""
        counted = np.zeros(len(self._left), np.bool_)
        counted[list(targets)] = True
        while True:
            chance = self._chances(counted, side)
            lifted = chance >= CONTROLS - _TOLERANCE
            lifted[0] = False
            if reading == "product" or not (lifted & ~counted).any():
                return min(1.0, float(chance[0]))
            counted |= lifted

    def _chances(self, counted: npt.NDArray[np.bool_], side: _Side) -> Floats:
        """Chance of each firm: the least solution of chance = direct + steps · chance."""
        direct = self._stakes[:, counted].sum(axis=1) + (self._left if side == 1 else 0.0)
        steps = np.where(counted[None, :] | counted[:, None], 0.0, self._stakes)
        # of firms from which no target is reached the least solution is 0
        live = (direct > 0) & ~counted
        while True:
            wider = live | (((steps > 0) @ live) & ~counted)
            if (wider == live).all():
                break
            live = wider
        chance = counted.astype(np.float64)
        if live.any():
            inner = np.eye(int(live.sum())) - steps[np.ix_(live, live)]
            chance[live] = np.clip(np.linalg.solve(inner, direct[live]), 0.0, 1.0)
        return chance


def _rounded(pair: tuple[float, float]) -> tuple[float, float]:
    return round(min(pair), 12), round(max(pair), 12)
