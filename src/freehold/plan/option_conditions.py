"""What options ask of each other. Owns circles and contradictions among ``requires`` and ``excludes``."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["Conditions", "Contradiction", "conditions_of"]

_MOST_LINKS: Final = 2_000_000
"""Links between options and what they require, directly or not, that are followed."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Why an option can be in no plan: it needs two that exclude each other, or it needs itself.

    Parameters
    ----------
    option
        Its id.
    circle
        Ids of a circle of options that require each other, the first one again at the end; empty where there is none.
    pair
        Two ids that it needs (itself among them, or not) and that exclude each other.
    """

    option: str
    circle: tuple[str, ...] = ()
    pair: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """What options require, through chains too.

    Parameters
    ----------
    order
        Ids so that each stands after all that it requires; those in circles, and what requires them, are left out.
    needed
        All that an option requires, directly or not, by its id.
    contradictions
        What cannot be.
    whole
        Whether all chains were followed.
    """

    order: tuple[str, ...]
    needed: Mapping[str, frozenset[str]]
    contradictions: tuple[Contradiction, ...]
    whole: bool = True


def conditions_of(
    requires: Mapping[str, Collection[str]], excludes: Mapping[str, Collection[str]], *, most: int = _MOST_LINKS
) -> Conditions:
    """Follow what options require.

    Parameters
    ----------
    requires, excludes
        Ids by id of each option; ids that are no key are followed no further.
    most
        Links that are followed before it is given up.

    Returns
    -------
    Conditions
        In an order that depends on that of ``requires`` alone (topological order, Kahn 1962).
    """
    waits = {one: {other for other in others if other in requires} for one, others in requires.items()}
    users: dict[str, list[str]] = {one: [] for one in requires}
    for one, others in waits.items():
        for other in others:
            users[other].append(one)
    ready = deque(one for one, others in waits.items() if not others)
    left = {one: len(others) for one, others in waits.items()}
    order: list[str] = []
    while ready:
        one = ready.popleft()
        order.append(one)
        for user in users[one]:
            left[user] -= 1
            if left[user] == 0:
                ready.append(user)
    found = [Contradiction(circle[0], circle=circle) for circle in _circles({one: waits[one] for one in waits if left[one]})]
    against: dict[str, set[str]] = {}
    for one, excluded in excludes.items():
        for other in excluded:
            against.setdefault(one, set()).add(other)
            against.setdefault(other, set()).add(one)
    needed: dict[str, frozenset[str]] = {}
    links = 0
    for one in order:
        needed[one] = frozenset(requires[one]).union(*(needed[other] for other in waits[one]))
        links += len(needed[one])
        if links > most:
            return Conditions(tuple(order), needed, tuple(found), whole=False)
        pair = _pair({one, *needed[one]}, against)
        if pair is not None and not any(_pair({other, *needed[other]}, against) for other in waits[one]):
            found.append(Contradiction(one, pair=pair))
    return Conditions(tuple(order), needed, tuple(found))


def _pair(together: Collection[str], against: Mapping[str, Collection[str]]) -> tuple[str, str] | None:
    pairs = [(one, other) for one in together if one in against for other in against[one] if other in together and one <= other]
    return min(pairs, default=None)


def _circles(waits: Mapping[str, Collection[str]]) -> Sequence[tuple[str, ...]]:
    """One circle for each that a walk along what is required ends in; every option here has one ahead of it."""
    found: list[tuple[str, ...]] = []
    done: set[str] = set()
    for start in waits:
        path: dict[str, int] = {}
        at = start
        while at not in path and at not in done:
            path[at] = len(path)
            at = min(other for other in waits[at] if other in waits)
        if at in path:
            found.append((*[one for one, place in path.items() if place >= path[at]], at))
        done.update(path)
    return found
