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

from freehold.stack.control import PERSONS
from freehold.stack.values import UNKNOWN, Provider

__all__ = ["CONTROLS", "Holders", "Holding", "Reading"]

Reading: TypeAlias = Literal["product", "control"]

CONTROLS: Final = 0.5
"""Part from which a holder counts as whoever has it, by the control reading."""

_TOLERANCE: Final = 1e-12
_MOST_FIRMS: Final = 400
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

    def of(self, firm: str) -> Holding:
        """What is held of a firm from outside."""
        firms, owners = self._chain(firm)
        sure = [one for one in firms if one != firm and self._outside(one)]
        perhaps = [one for one in firms if one != firm and self._outside(one) is not False]
        low = {one: self._reach(firm, owners, {one}, 0, "product") for one in sure}
        high = {one: self._reach(firm, owners, {one}, 1, "control") for one in perhaps}
        high["?"] = self._reach(firm, owners, {"?"}, 1, "control")
        together = (
            self._reach(firm, owners, set(sure), 0, "product"),
            self._reach(firm, owners, {*perhaps, "?"}, 1, "control"),
        )
        largest = max(low.values(), default=0.0), max(high.values())
        ranked = low if max(low.values(), default=0.0) > 0 else high
        first = max(ranked, key=lambda one: (ranked[one], one))
        unknown = tuple(one for one in firms if owners[one].left > _TOLERANCE or (one != firm and self._outside(one) is None))
        return Holding(_rounded(largest), _rounded(together), first if ranked[first] > 0 else "", unknown)

    def _chain(self, firm: str) -> tuple[list[str], dict[str, _Owners]]:
        """The firm and all that hold a part of it, nearest first; owners of those that are followed."""
        firms, owners = [firm], dict[str, _Owners]()
        for one in firms:
            if len(firms) > _MOST_FIRMS:
                owners[one] = _Owners({}, 1.0)
                continue
            owners[one] = self._owners(one)
            firms += [each for each in owners[one].sure if each not in firms]
        return firms, owners

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

    def _reach(self, firm: str, owners: Mapping[str, _Owners], targets: set[str], side: _Side, reading: Reading) -> float:
        """Chance that a walk up from a firm ever meets a target, at the worst or the best of what is open."""
        if not targets:
            return 0.0
        counted = set(targets)
        while True:
            chance = _chances(firm, owners, counted, side)
            lifted = {
                one for one in owners if one != firm and one not in counted and chance.get(one, 0.0) >= CONTROLS - _TOLERANCE
            }
            if reading == "product" or not lifted:
                return min(1.0, chance[firm])
            counted |= lifted


def _rounded(pair: tuple[float, float]) -> tuple[float, float]:
    return round(min(pair), 12), round(max(pair), 12)


def _chances(firm: str, owners: Mapping[str, _Owners], targets: set[str], side: _Side) -> dict[str, float]:
    """Chance of each firm, the least solution; what may be anybody's is a target's at the worst (side 1), else nobody's."""
    steps: dict[str, dict[str, float]] = {}
    direct: dict[str, float] = {}
    for one, row in owners.items():
        if one in targets and one != firm:
            continue
        direct[one] = sum(stake for owner, stake in row.sure.items() if owner in targets and owner != firm)
        direct[one] += row.left if side == 1 else 0.0
        steps[one] = {owner: stake for owner, stake in row.sure.items() if owner not in targets or owner == firm}
    live = _leading(steps, direct)
    place = {one: number for number, one in enumerate(live)}
    matrix = np.eye(len(live))
    for one in live:
        for owner, stake in steps[one].items():
            if owner in place:
                matrix[place[one], place[owner]] -= stake
    values = np.linalg.solve(matrix, np.array([direct[one] for one in live], np.float64)) if live else np.zeros(0)
    solution = dict(zip(live, np.clip(values, 0.0, 1.0).tolist(), strict=True))
    return {one: solution.get(one, 0.0) for one in owners} | {one: 1.0 for one in targets if one != firm}


def _leading(steps: Mapping[str, Mapping[str, float]], direct: Mapping[str, float]) -> Sequence[str]:
    """Firms from which a target is reached at all: of the others the least solution is 0."""
    users: dict[str, list[str]] = {}
    for one, owners in steps.items():
        for owner, stake in owners.items():
            if stake > 0:
                users.setdefault(owner, []).append(one)
    found = dict.fromkeys(one for one, part in direct.items() if part > 0)
    open_ = list(found)
    while open_:
        for user in users.get(open_.pop(), ()):
            if user not in found:
                found[user] = None
                open_.append(user)
    return list(found)
