"""What is chosen, and when, without asking the simulator: choice, money, people and days. Owns the model that proposes plans.

Each proposal is the cheapest (or best liked) that all that was learnt so far allows, so that its cost bounds every plan's.
Start days are in the model only where cost or limits depend on them; else each step starts as early as it can. Where futures
are given, conflicts hold for what counts in each future that a plan takes on, and it takes on enough of them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from ortools.sat.python import cp_model

from freehold.plan.conflicts import Conflict
from freehold.plan.counting import Counting
from freehold.plan.cp_sat import Run, Status, run
from freehold.plan.interface import Moment
from freehold.plan.openings import TOLERANCE, Openings
from freehold.plan.search_values import Terms
from freehold.plan.timing import Timing, amounts
from freehold.plan.whole_money import Unit, unit_for

__all__ = ["Master", "Proposal", "Sought"]

Sought: TypeAlias = Literal["cost", "liking"]

_EAGER: Final = 512
_PARTS: Final = 10**6

_Place: TypeAlias = tuple[int | None, Moment, int]
"""An aim, a moment, and a future by its number."""


@dataclass(frozen=True)
class Proposal:
    """What the model proposes.

    Parameters
    ----------
    status
        ``optimal``, ``feasible`` (cut short), ``impossible``, ``unknown`` (cut short with nothing).
    starts
        Open options chosen, and the day on which each starts.
    value, bound
        Of the objective, in whole units; what is liked most has the least value.
    taken
        Numbers of the countings in which the plan promises to do.
    """

    status: Status
    starts: Mapping[int, int]
    value: int
    bound: int
    taken: tuple[int, ...]


class Master:
    """The model.

    Parameters
    ----------
    openings
        What can be chosen.
    terms
        What the question adds: forced, forbidden, most cost, liking.
    countings
        What counts in the futures, and in how many.
    enough
        In how many futures a plan must do.
    unit
        How money is counted; ``None``: as fits what can be chosen.
    parts
        Of aims (``None``: self-reliance) that are a weighted mean of parts: the weights, and the level to come to.
    """

    def __init__(
        self, openings: Openings, terms: Terms, countings: Sequence[Counting], enough: int, unit: Unit | None = None,
        parts: Mapping[int | None, tuple[Sequence[float], float]] | None = None,
    ) -> None:  # fmt: skip
        self.openings, self.countings = openings, countings
        self._model: Any = cp_model.CpModel()
        self._built = {one: self._model.new_bool_var(openings.options[one].id) for one in sorted(openings.earliest)}
        self.unit = unit or amounts(openings)
        self._fixed = math.fsum(step.cost for step in openings.committed.values())
        self._timing = Timing(self._model, openings, self._built, self.unit) if openings.timed else None
        self._cost = self._timing.cost if self._timing else self._plain_cost()
        self._liking = self._liked(terms)
        self._add_conditions(terms)
        self._add_money(terms)
        self._taken = [self._model.new_bool_var(f"future {number}") for number in range(len(countings))]
        self._model.add(sum(one.weight * taken for one, taken in zip(countings, self._taken, strict=True)) >= enough)
        self._literals: dict[tuple[object, ...], Any] = {}
        self._said: set[tuple[Conflict, int]] = set()
        self._parts = parts or {}
        self._steps: dict[_Place, dict[tuple[int, int], Any]] = {}
        self._unsaid: set[_Place] = set()
        self.sought: Sought = "cost" if terms.liking is None else "liking"
        self.seek(self.sought)

    def _plain_cost(self) -> Any:
        return sum(self.unit.down(self.openings.price(one)) * built for one, built in self._built.items())

    def _liked(self, terms: Terms) -> Any:
        weights = {one: weight for one, weight in (terms.liking or {}).items() if one in self._built and weight}
        self.liking_unit = unit_for(map(abs, weights.values()), len(weights))
        return sum(self.liked(weight) * self._built[one] for one, weight in weights.items())

    def liked(self, weight: float) -> int:
        """A weight in units, rounded up, so that what is proven to be the most is no less."""
        return -self.liking_unit.down(-weight)

    def _add_conditions(self, terms: Terms) -> None:
        openings, model = self.openings, self._model
        for one, before in openings.requires.items():
            for other in before:
                model.add_implication(self._built[one], self._built[other])
        for one, other in openings.excludes:
            model.add_bool_or([~self._built[one], ~self._built[other]])
        for one in terms.forced:
            if one in self._built:
                model.add_bool_or([self._built[one]])
            elif one not in openings.committed:
                model.add_bool_or([])
        for one in terms.forbidden:
            if one in self._built:
                model.add_bool_or([~self._built[one]])
            elif one in openings.committed:
                model.add_bool_or([])

    def _add_money(self, terms: Terms) -> None:
        limits = self.openings.limits
        if terms.most_cost is not None and terms.most_cost < math.inf:
            self.limit_cost(self.unit.limit(terms.most_cost - self._fixed + TOLERANCE * abs(terms.most_cost)))
        if limits.budget is not None and limits.budget < math.inf:
            spent = self._timing.spent if self._timing else self._cost
            self._model.add(spent <= self.unit.limit(limits.budget - self._fixed + TOLERANCE * limits.budget))

    def limit_cost(self, units: int) -> None:
        """Let no plan cost more than so many units."""
        self._model.add(self._cost <= max(-1, units))

    def limit_liking(self, value: int) -> None:
        """Let no plan be liked less than one whose value this is."""
        self._model.add(-self._liking <= value)

    def seek(self, sought: Sought) -> None:
        """What is to be least: cost, or the contrary of liking."""
        self._model.minimize(self._cost if sought == "cost" else -self._liking)

    def amount(self, units: float) -> float:
        """Units as money, committed steps among them."""
        return self.unit.amount(units) + self._fixed

    def add(self, conflict: Conflict) -> None:
        """Say a conflict, in every future at once if they are few; else only :meth:`repeat` says it where it is needed."""
        if len(self.countings) <= _EAGER:
            for number in range(len(self.countings)):
                self._say(conflict, number)

    def repeat(self, conflicts: Iterable[Conflict], proposal: Proposal) -> bool:
        """Say conflicts known before in the futures in which a proposal violates them; whether there were any."""
        starts = dict(proposal.starts)
        counted = [(number, self.countings[number].of(starts)) for number in proposal.taken]
        found = False
        for conflict in conflicts:
            for number, built in counted:
                if (conflict, number) not in self._said and conflict.refutes(built):
                    self._say(conflict, number)
                    found = True
        return found

    def _say(self, conflict: Conflict, number: int) -> None:
        if (conflict, number) in self._said:
            return
        self._said.add((conflict, number))
        counting = self.countings[number]
        higher = None if conflict.part is None else self._higher(conflict, number)
        clause = [~self._taken[number] if higher is None else ~higher]
        for one in sorted(conflict.has):
            literal = self._counts(counting, one)
            if literal is True:
                return
            if literal is not False:
                clause.append(literal)
        for one in sorted(conflict.lacks):
            literal = self._counts(counting, one)
            if literal is False:
                return
            if literal is not True:
                clause.append(~literal)
        self._model.add_bool_or(clause)

    def _higher(self, conflict: Conflict, number: int) -> Any:
        """Whether a part of an aim comes to more than a level at a moment in a future; it need not where it does."""
        key, step = (conflict.aim, conflict.moment, number), (conflict.part or 0, math.ceil((conflict.level or 0.0) * _PARTS))
        steps = self._steps.setdefault(key, {})
        if step not in steps:
            steps[step] = self._model.new_bool_var("")
            ordered = sorted(level for part, level in steps if part == step[0])
            for low, high in itertools.pairwise(ordered):
                self._model.add_implication(steps[step[0], high], steps[step[0], low])
            self._unsaid.add(key)
        return steps[step]

    def _say_means(self) -> None:
        """Let what the parts come to at most be enough, at each moment in each future that is taken on."""
        for key in sorted(self._unsaid, key=str):
            weights, level = self._parts[key[0]]
            whole = [math.ceil(weight * _PARTS - TOLERANCE) for weight in weights]
            steps = self._steps[key]
            mean: Any = 0
            for part, weight in enumerate(whole):
                levels = sorted(one for each, one in steps if each == part)
                mean += weight * (levels[0] if levels else _PARTS)
                for low, high in itertools.pairwise([*levels, _PARTS]):
                    mean += weight * (high - low) * steps[part, low]
            enough = math.floor((level - TOLERANCE) * _PARTS**2)
            self._model.add(mean >= enough).only_enforce_if(self._taken[key[2]])
        self._unsaid.clear()

    def _counts(self, counting: Counting, option: int) -> Any:
        """Whether an option counts: a literal, or known."""
        if option in self.openings.committed:
            return option in counting.standing
        if option not in self._built or option in counting.never:
            return False
        turns = counting.turns.get(option)
        if not turns or self._timing is None:
            return self._built[option]
        key = (option, *turns)
        if key not in self._literals:
            both = [self._built[option], *(self._in_time(other, day) for other, day in turns)]
            literal = self._literals[key] = self._model.new_bool_var(f"{option} counts")
            self._model.add_bool_and(both).only_enforce_if(literal)
            self._model.add_bool_or([literal, *(~one for one in both)])
        return self._literals[key]

    def _in_time(self, option: int, day: int) -> Any:
        key = ("in time", option, day)
        if key not in self._literals:
            assert self._timing is not None
            literal, start = self._model.new_bool_var(f"{option} by {day}"), self._timing.starts[option]
            self._model.add(start <= day).only_enforce_if(literal)
            self._model.add(start > day).only_enforce_if(~literal)
            self._literals[key] = literal
        return self._literals[key]

    def propose(
        self, seconds: float, interrupted: Callable[[], bool] | None = None, *, effort: float = math.inf, workers: int = 1,
        hint: Mapping[int, int] | None = None,
    ) -> Proposal:  # fmt: skip
        """The best that all that was said allows."""
        self._say_means()
        self._model.clear_hints()
        if hint is not None:
            for one, built in self._built.items():
                self._model.add_hint(built, one in hint)
                if self._timing and one in hint:
                    self._model.add_hint(self._timing.starts[one], hint[one])
        return self._read(run(self._model, seconds, interrupted, effort=effort, workers=workers))

    def _read(self, ended: Run) -> Proposal:
        bound = math.ceil(ended.bound - 1e-6) if math.isfinite(ended.bound) else 0
        if ended.status not in ("optimal", "feasible"):
            return Proposal(ended.status, {}, 0, bound, ())
        starts = {
            one: ended.whole(self._timing.starts[one]) if self._timing else self.openings.earliest[one]
            for one, built in self._built.items()
            if ended.true(built)
        }
        taken = tuple(number for number, literal in enumerate(self._taken) if ended.true(literal))
        return Proposal(ended.status, starts, round(ended.value), bound, taken)

    def fix(self, built: Iterable[int]) -> None:
        """Leave nothing but these to be built."""
        wanted = set(built)
        for one, literal in self._built.items():
            self._model.add_bool_or([literal if one in wanted else ~literal])

    def prefer(self, ranked: Sequence[int]) -> None:
        """Seek what has the first of some options rather than the second, and so on; at most 30 of them."""
        self._model.minimize(-sum(2 ** (len(ranked) - 1 - place) * self._built[one] for place, one in enumerate(ranked)))

    def seek_few(self) -> None:
        """Seek the fewest steps."""
        self._model.minimize(sum(self._built.values()))

    def seek_early(self, weights: Mapping[int, int]) -> None:
        """Seek the earliest starts, by weight."""
        if self._timing:
            self._model.minimize(
                sum(weight * self._timing.starts[one] for one, weight in weights.items() if one in self._built)
            )

    def hold(self, proposal: Proposal, ranked: Sequence[int] | None = None) -> None:
        """Let these options be as they are in a proposal, or the number of steps if none are named."""
        if ranked is None:
            self._model.add(sum(self._built.values()) <= len(proposal.starts))
        else:
            for one in ranked:
                self._model.add_bool_or([self._built[one] if one in proposal.starts else ~self._built[one]])
