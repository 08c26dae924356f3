"""Why a set of options does not do, as widely as can be said. Owns conflicts: what every plan must have, or must not.

The simulator refutes one set for one demand. An option that can only help is added while the set still fails, one that can
only harm is taken out; of those that can do either, whatever both ways fail is left open. What then stands says of every plan:
it has one of the options left out, or lacks one of those that had to stay. These clauses are the cuts of logic-based Benders
decomposition (Hooker and Ottosson, "Logic-based Benders decomposition", Mathematical Programming 96, 2003), and where all
options only help, the sets to be hit of an implicit hitting set problem (Moreno-Centeno and Karp, "The implicit hitting set
approach to solve combinatorial optimization problems", Operations Research 61, 2013).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from freehold.plan.interface import Moment
from freehold.plan.openings import TOLERANCE
from freehold.plan.verdicts import Demand, Verdicts

__all__ = ["Conflict", "Conflicts", "changed_while", "conflict_of"]

_MOST_BOTH_WAYS: Final = 16


@dataclass(frozen=True, slots=True)
class Conflict:
    """Every plan has one of ``has``, or lacks one of ``lacks``.

    Parameters
    ----------
    aim
        Number of the aim that it is about, ``None`` for self-reliance.
    level
        Of what is graded: the most that the refuted sets come to; it binds whoever asks for more. Else ``None``.
    has, lacks
        Options, by number.
    moment, part
        The part of the aim that it is about, and when; such a conflict only says that this part comes to no more than ``level``
        without what it names. ``None``: it is about the aim as a whole.
    """

    aim: int | None
    level: float | None
    has: frozenset[int]
    lacks: frozenset[int]
    moment: Moment = None
    part: int | None = None

    def binds(self, demand: Demand) -> bool:
        """Whether it matters to a demand."""
        if self.part is not None:
            return self.aim == demand.aim
        if self.aim != demand.aim or (self.level is not None) != demand.graded:
            return False
        return self.level is None or self.level < demand.level - TOLERANCE

    def refutes(self, built: Collection[int]) -> bool:
        """Whether a set of options is one of those that it is about."""
        return self.has.isdisjoint(built) and self.lacks.issubset(built)


class Conflicts:
    """All that was learnt, for this question and those after it."""

    def __init__(self) -> None:
        self._known: dict[Conflict, None] = {}
        self._parts: dict[tuple[int | None, Moment], list[Conflict]] = {}
        self.uses: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._known)

    def add(self, conflict: Conflict) -> bool:
        """Keep one; whether it is new."""
        if conflict in self._known:
            return False
        self._known[conflict] = None
        if conflict.part is not None:
            self._parts.setdefault((conflict.aim, conflict.moment), []).append(conflict)
        for one in conflict.has:
            self.uses[one] = self.uses.get(one, 0) + 1
        return True

    def caps(self, aim: int | None, moment: Moment, built: Collection[int]) -> dict[int, Conflict]:
        """Of parts that are known to be held down with a set of options, the conflict that holds each down most."""
        found: dict[int, Conflict] = {}
        for conflict in self._parts.get((aim, moment), ()):
            part = conflict.part
            if part is not None and conflict.refutes(built) and (part not in found or _cap(conflict) < _cap(found[part])):
                found[part] = conflict
        return found

    def binding(self, demands: Sequence[Demand]) -> Iterator[Conflict]:
        """Those that bind one of some demands, in the order in which they were learnt."""
        return (conflict for conflict in tuple(self._known) if any(conflict.binds(demand) for demand in demands))


def _cap(conflict: Conflict) -> float:
    return 1.0 if conflict.level is None else conflict.level


def conflict_of(
    verdicts: Verdicts,
    demand: Demand,
    built: frozenset[int],
    order: Sequence[int],
    check: Callable[[], None] = lambda: None,
) -> Conflict:
    """A strong conflict from a set that fails.

    Parameters
    ----------
    verdicts
        The judge.
    demand
        What fails.
    built
        The set.
    order
        Options that may be added, the first to be added first: those that cost least, so that what is left for a plan to
        choose from is dear, and the bound is high. What is not in it is taken as left out.
    check
        Called before each question to the judge; may raise.
    """
    signs = verdicts.signs(demand)

    def fails(one: frozenset[int]) -> bool:
        check()
        return verdicts.fails(one, demand)

    failing = changed_while(built, [one for one in order if signs[one] > 0 and one not in built], fails, frozenset.union)
    harms = [one for one in reversed(order) if signs[one] < 0 and one in failing]
    failing = changed_while(failing, harms, fails, frozenset.difference)
    free: set[int] = set()
    box = [failing]
    for one in (one for one in reversed(order) if signs[one] == 0):
        if len(box) >= _MOST_BOTH_WAYS:
            break
        flipped = [each ^ {one} for each in box]
        if all(fails(each) for each in flipped):
            box += flipped
            free.add(one)
    level = max(verdicts.reached(each, demand) for each in box) if demand.graded else None
    has = frozenset(one for one, sign in enumerate(signs) if sign >= 0 and one not in failing and one not in free)
    lacks = frozenset(one for one in failing if signs[one] <= 0 and one not in free)
    return Conflict(demand.aim, level, has, lacks, demand.moment, demand.part)


def changed_while(
    start: frozenset[int],
    candidates: Sequence[int],
    holds: Callable[[frozenset[int]], bool],
    change: Callable[[frozenset[int], Collection[int]], frozenset[int]],
) -> frozenset[int]:
    """Change a set by as many candidates, in their order, as something goes on holding with.

    Parameters
    ----------
    start
        A set for which it holds.
    candidates
        What may be added or taken out.
    holds
        Whether it holds for a set; fewer of the candidates never stop it from holding.
    change
        ``frozenset.union`` or ``frozenset.difference``.

    Notes
    -----
    All candidates are tried at once; the first that cannot be changed is found by halving, and those after it are tried in
    steps of twice the way from the one before.
    """
    at, last, step, limit = 0, -1, len(candidates), None
    while at < len(candidates):
        if limit is None:
            end = min(len(candidates), at + step)
            changed = change(start, candidates[at:end])
            if holds(changed):
                start, at, step = changed, end, 2 * step
                continue
            limit = end
        if limit - at == 1:
            step, last = 2 * (at - last), at
            at, limit = at + 1, None
            continue
        middle = (at + limit) // 2
        changed = change(start, candidates[at:middle])
        if holds(changed):
            start, at = changed, middle
        else:
            limit = middle
    return start
