"""What may stand of one plan, and how likely: all outcomes counted where they are few, those drawn where they are not.

Owns the distribution of what stands. Steps that no prerequisite ties together fare independently, so each tied group is counted
by itself, and only what stands of it is kept: a slip that its slack takes up makes no outcome of its own.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Final, TypeAlias

from freehold.plan.futures import has_odds, outcomes_of, standing
from freehold.plan.option_values import Option
from freehold.plan.search_values import Committed, Future

__all__ = ["MOST_OUTCOMES", "Outcomes", "PlanOutcomes"]

MOST_OUTCOMES: Final = 4096
"""Outcomes of a tied group, and sets of what stands in all, up to which they are counted and not sampled."""

Outcomes: TypeAlias = tuple[tuple[frozenset[int], float], ...]
"""What stands, and its probability or weight; the likeliest first."""

_READY: Final = 1e-9


class PlanOutcomes:
    """The outcomes of one plan.

    Parameters
    ----------
    options
        All options.
    starts
        Day on which each built one is to start, by its number.
    last
        The plan's last day.
    futures
        Drawn ones, for a plan with too many outcomes to count them.
    committed
        Steps that were begun before.
    most
        Outcomes up to which they are counted.
    """

    def __init__(
        self, options: Sequence[Option], starts: Mapping[int, float], last: float, futures: Sequence[Future],
        committed: Iterable[Committed] = (), *, most: int = MOST_OUTCOMES,
    ) -> None:  # fmt: skip
        self._options, self._starts, self._last, self._most = options, dict(starts), last, most
        self._committed = {step.option: step for step in committed}
        self._done = {number for number, step in self._committed.items() if step.ready <= _READY}
        self.steps = tuple(sorted(self._starts.keys() | self._committed.keys()))
        counted = self._counted()
        self.counted = counted is not None
        """Whether all that may happen was counted; otherwise the outcomes are those drawn."""
        self._outcomes = self._sampled(futures) if counted is None else counted

    @property
    def open(self) -> tuple[int, ...]:
        """Steps that are not done yet, so that they could fail."""
        return tuple(number for number in self.steps if number not in self._done)

    def outcomes(self) -> Outcomes:
        """What may stand."""
        return self._outcomes

    def without(self, number: int, outcomes: Outcomes | None = None) -> Outcomes:
        """What may stand if this step surely fails, all else being as likely as ever.

        Whatever becomes of a step changes only itself and what waits for it: those fall out of each outcome.

        Parameters
        ----------
        number
            The step.
        outcomes
            Those asked about; ``None``: all.
        """
        lost = {number}
        while True:
            more = {
                one
                for one in self.steps
                if one not in lost
                and one not in self._committed
                and any(self._options[other].id in self._options[one].requires for other in lost)
            }
            if not more:
                break
            lost |= more
        found: dict[frozenset[int], float] = {}
        for stands, weight in self._outcomes if outcomes is None else outcomes:
            left = stands - lost
            found[left] = found.get(left, 0.0) + weight
        return _ordered(found)

    def _counted(self) -> Outcomes | None:
        groups = self._tied()
        if not all(self._few(group) for group in groups):
            return None
        parts = [self._group_outcomes(group) for group in groups]
        if math.prod(len(part) for part in parts) > self._most:
            return None
        whole: dict[frozenset[int], float] = {frozenset(): 1.0}
        for part in parts:
            whole = {one | other: weight * odds for one, weight in whole.items() for other, odds in part.items()}
        return _ordered(whole)

    def _sampled(self, futures: Sequence[Future]) -> Outcomes:
        steps, alike = frozenset(self.steps), Counter[tuple[frozenset[int], frozenset[tuple[int, float]]]]()
        for one in futures:
            alike[one.failed & steps, frozenset((step, days) for step, days in one.late.items() if step in steps)] += 1
        found = Counter[frozenset[int]]()
        for (failed, late), count in alike.items():
            found[self._standing(self.steps, Future(failed, dict(late)))] += count
        return _ordered({one: count / len(futures) for one, count in found.items()})

    def _tied(self) -> tuple[tuple[int, ...], ...]:
        """Steps in groups between which no prerequisite goes."""
        group = {number: number for number in self.steps}
        by_id = {self._options[number].id: number for number in self.steps}

        def first(number: int) -> int:
            while group[number] != number:
                group[number] = number = group[group[number]]
            return number

        for number in self.steps:
            for id_ in self._options[number].requires:
                if id_ in by_id:
                    group[first(number)] = first(by_id[id_])
        found: dict[int, list[int]] = {}
        for number in self.steps:
            found.setdefault(first(number), []).append(number)
        return tuple(tuple(members) for members in found.values())

    def _unsure(self, group: Iterable[int]) -> list[int]:
        return [number for number in group if number not in self._done and has_odds(self._options[number])]

    def _few(self, group: Iterable[int]) -> bool:
        return math.prod(len(outcomes_of(self._options[number])) for number in self._unsure(group)) <= self._most

    def _standing(self, group: Iterable[int], future: Future) -> frozenset[int]:
        starts = {number: self._starts[number] for number in group if number in self._starts}
        begun = [self._committed[number] for number in group if number in self._committed]
        return standing(self._options, starts, future, self._last, begun)

    def _group_outcomes(self, group: Sequence[int]) -> dict[frozenset[int], float]:
        unsure = self._unsure(group)
        found: dict[frozenset[int], float] = {}
        for outcome in product(*(outcomes_of(self._options[number]) for number in unsure)):
            failed = frozenset(one for one, (days, _) in zip(unsure, outcome, strict=True) if days is None)
            late = {one: days for one, (days, _) in zip(unsure, outcome, strict=True) if days}
            stands = self._standing(group, Future(failed, late))
            found[stands] = found.get(stands, 0.0) + math.prod(odds for _, odds in outcome)
        return found


def _ordered(found: Mapping[frozenset[int], float]) -> Outcomes:
    """The likeliest first; of equals, the first met, which is the same in every run."""
    return tuple(sorted(found.items(), key=lambda one: -one[1]))
