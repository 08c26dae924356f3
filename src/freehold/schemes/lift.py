"""What would lift a scheme's level and score, cheapest first. Owns the search over sets of options.

A level is the least over factors, so what persons answer and what the stack answers are looked at apart: of the first it is
told which answers a level takes, of the second which options. A set of options is judged by scoring the stack in which they
are built. Two searches share these trials. The first assumes that no option ever lowers a factor: then a set that fails is
known to need something from outside itself, and outside every larger set that fails too, so that few trials suffice (an
implicit hitting set search; Reiter 1987, "A theory of diagnosis from first principles", Artificial Intelligence 32). The
second assumes nothing: it tries every set that is cheaper than the one found, least price first, as far as its bounds reach.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from freehold.errors import UsageError
from freehold.measure.assess import foreign_cutoff
from freehold.plan.applied import activations, apply_options
from freehold.plan.founded import CutBlow, on_circles, standing
from freehold.plan.option_values import Option
from freehold.schemes.lift_options import taken_into_use, what_stands_by
from freehold.schemes.lift_sets import Chosen, Offer
from freehold.schemes.lift_values import Gain, Hold, Lift, LiftSet, LiftStep, PersonAnswer, Proof, Stopped, Unpriced
from freehold.schemes.scheme_values import Answered, Factor, Objective, Score
from freehold.stack.values import Stack

__all__ = ["SECONDS", "TRIES", "lift"]

TRIES: Final = 500
"""Sets that are scored at most, unless said otherwise."""
SECONDS: Final = 60.0
"""For the search, unless said otherwise."""

_TOLERANCE: Final = 1e-9
_HORIZON: Final = 1095.0
_MOST_UNPRICED: Final = 40
_MOST_GAINS: Final = 10
_ENUMERATED: Final = 500_000
"""Sets that are passed in order of price; most are tried only if they can be built."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """What one set comes to: levels of the factors that the stack answers, low and high, their least low, and the score."""

    levels: dict[str, tuple[int, int]]
    unknowns: dict[str, int]
    level: int
    score: float | None


class _Ended(Exception):
    """The bounds of the search are reached."""


def lift(
    scored: Score, score_of: Callable[[Stack], Score], stack: Stack, options: Sequence[Option], *, years: int = 1,
    tries: int = TRIES, seconds: float = SECONDS,
) -> Lift:  # fmt: skip
    """Find what would lift a stack in a scheme.

    Parameters
    ----------
    scored
        The stack's score as it is.
    score_of
        Scores any other stack in the same way.
    stack
        The stack.
    options
        What can be built; see :func:`freehold.plan.proposals.options_of`. What they activate counts as in use: see
        :mod:`freehold.schemes.lift_options`.
    years
        Years for which running costs count.
    tries, seconds
        Bounds of the search.

    Raises
    ------
    freehold.errors.UsageError
        If a bound makes no sense, costs are in several currencies, or the scheme has neither level nor score.
    freehold.errors.BadOptions
        As :func:`freehold.plan.applied.apply_options`.
    """
    if scored.level is None and scored.score is None:
        raise UsageError(f"{scored.scheme.id} has neither a level nor a score that could be lifted. Take another scheme.")
    if years < 1 or tries < 1 or not seconds > 0:
        raise UsageError("years, tries and seconds are numbers above 0.")
    every = (*options, *what_stands_by(stack, options))
    return _Search(scored, score_of, stack, Offer(taken_into_use(stack, every), years), tries, seconds).lift()


def _choices_level(factor: Factor, answered: Answered) -> tuple[int, int] | None:
    levels = [choice.level for choice in factor.choices if choice.letter in answered.letters]
    return (min(levels), max(levels)) if levels else None


class _Search:
    def __init__(
        self, scored: Score, score_of: Callable[[Stack], Score], stack: Stack, offer: Offer, tries: int, seconds: float
    ) -> None:
        self._scored, self._score_of, self._stack, self._offer = scored, score_of, stack, offer
        self._tries, self._end = tries, time.monotonic() + seconds
        self._stopped: Stopped = "done"
        answers = {one.factor: one for one in scored.answers}
        self._factors: dict[str, tuple[Objective, Factor]] = {}
        self._persons: dict[str, tuple[Objective, Factor]] = {}
        for objective in scored.scheme.objectives:
            for factor in objective.factors:
                self._factors[factor.id] = (objective, factor)
                if answers[factor.id].basis != "stack":
                    self._persons[factor.id] = (objective, factor)
        self._answers = answers
        self._levels = sorted({one.level for one in scored.scheme.levels}) if scored.level is not None else []
        self._known: dict[Chosen, _Trial] = {frozenset(): self._trial_of(scored)}

    def lift(self) -> Lift:
        scored, offer = self._scored, self._offer
        base = self._known[frozenset()]
        now = None if scored.level is None else scored.level[0]
        gains = self._gains()
        steps = [self._step(level) for level in self._levels if now is not None and level > now]
        unpriced = self._unpriced()
        return Lift(
            scored.scheme.id, now, base.level if base.levels and self._levels else None, tuple(steps), gains, unpriced,
            len(offer.priced), len(self._known), self._stopped, offer.currency, float(offer.years),
            {option.id: option.name for option in offer.options if option.name},
        )  # fmt: skip

    # Trials

    def _trial_of(self, score: Score) -> _Trial:
        levels, unknowns = {}, {}
        for answer in score.answers:
            # what a stack cannot tell today it may tell once something is built
            if answer.basis == "stack":
                found = _choices_level(self._factors[answer.factor][1], answer)
                if found is not None:
                    levels[answer.factor] = found
                unknowns[answer.factor] = 0 if answer.measured is None else answer.measured.unknowns
        # where the stack answers nothing, it holds nothing down
        top = self._levels[-1] if self._levels else 0
        level = min((low for low, _ in levels.values()), default=top)
        return _Trial(levels, unknowns, level, None if score.score is None else score.score[0])

    def _trial(self, chosen: Chosen) -> _Trial:
        """Score a set, once."""
        if chosen not in self._known:
            if len(self._known) > self._tries:
                self._stopped = "tries"
                raise _Ended
            if time.monotonic() > self._end:
                self._stopped = "time"
                raise _Ended
            self._known[chosen] = self._trial_of(self._score_of(self._built(chosen)))
        return self._known[chosen]

    def _built(self, chosen: Chosen) -> Stack:
        """The stack with a set built, without what would only hold itself up when everything foreign is gone."""
        built = [self._offer.options[one] for one in sorted(chosen)]
        others = [option for number, option in enumerate(self._offer.options) if number not in chosen]
        whole = apply_options(self._stack, built, others=others)
        active = {source for source in activations(built) if source in whole.source_by_id}
        if self._stack.home is None or not on_circles(whole, active):
            return whole
        found = standing(self._stack, built, CutBlow(foreign_cutoff()), _HORIZON, others=others)
        if not found.unfounded:
            return whole
        return apply_options(self._stack, built, only=active - set(found.unfounded), others=others)

    # One level

    def _step(self, level: int) -> LiftStep:
        answers = tuple(self._person(id_, level) for id_ in self._persons if self._is_short(id_, level))
        if self._known[frozenset()].level >= level:
            return LiftStep(level, answers, self._set(frozenset()), "tried", 0.0)
        best: Chosen | None = None
        try:
            best = self._assuming(level)
            proof: Proof = "assumed"
            if best is not None and self._offer.price(best) > self._offer.floor(best) + _TOLERANCE:
                proof = "open"
        except _Ended:
            proof = "open"
            best = self._cheapest_known(level)
        limit = math.inf if best is None else self._offer.price(best)
        best, limit, bound = self._trying_all(level, best, limit)
        if bound >= limit - _TOLERANCE or math.isinf(bound):
            proof, bound = "tried", limit
        holding = self._holding(level) if best is None else ()
        return LiftStep(level, answers, None if best is None else self._set(best), proof, bound, holding)

    def _is_short(self, factor: str, level: int) -> bool:
        found = _choices_level(self._persons[factor][1], self._answers[factor])
        return found is not None and found[0] < level

    def _person(self, id_: str, level: int) -> PersonAnswer:
        objective, factor = self._persons[id_]
        answer = self._answers[id_]
        to = next((one for one in factor.choices if one.level >= level), None)
        return PersonAnswer(
            id_, factor.title, objective.title, answer.letters, to.letter if to else "", to.label if to else "", answer.basis
        )  # fmt: skip

    def _set(self, chosen: Chosen) -> LiftSet:
        trial = self._known[chosen]
        return LiftSet(self._offer.ids(chosen), self._offer.price(chosen), trial.level, trial.score)

    def _cheapest_known(self, level: int) -> Chosen | None:
        found = [one for one, trial in self._known.items() if trial.level >= level and self._is_buildable(one)]
        return min(found, key=lambda one: (self._offer.price(one), len(one), sorted(one)), default=None)

    def _is_buildable(self, chosen: Chosen) -> bool:
        return chosen <= set(self._offer.priced)

    # If no option ever lowers a factor

    def _assuming(self, level: int) -> Chosen | None:
        """The cheapest set that reaches a level, if no option ever lowers a factor; ``None`` if there is none then."""
        needed: list[Chosen] = []
        heap: list[tuple[float, int, tuple[int, ...]]] = [(0.0, 0, ())]
        seen: set[Chosen] = set()
        best: Chosen | None = None
        while heap:
            floor, _, numbers = heapq.heappop(heap)
            if best is not None and floor >= self._offer.price(best) - _TOLERANCE:
                break
            chosen = frozenset(numbers)
            missed = next((one for one in needed if not one & chosen), None)
            if missed is None:
                if self._trial(chosen).level >= level:
                    if best is None or self._offer.price(chosen) < self._offer.price(best) - _TOLERANCE:
                        best = chosen
                    continue
                missed = frozenset(self._offer.priced) - self._largest_failing(chosen, level)
                needed.append(missed)
            for one in sorted(missed):
                more = self._offer.joined(chosen, one)
                if more is not None and more not in seen:
                    seen.add(more)
                    heapq.heappush(heap, (self._offer.floor(more), len(more), tuple(sorted(more))))
        return best

    def _largest_failing(self, chosen: Chosen, level: int) -> Chosen:
        """A set that fails, grown as far as it still does: the dearest options first, so that what is left is cheap."""
        for one in sorted(self._offer.priced, key=lambda one: (-self._offer.floors[one], one)):
            more = None if one in chosen else self._offer.joined(chosen, one)
            if more is not None and self._trial(more).level < level:
                chosen = more
        return chosen

    # Assuming nothing

    def _trying_all(self, level: int, best: Chosen | None, limit: float) -> tuple[Chosen | None, float, float]:
        """Try every set of less than a price; give the best, its price, and the price up to which all were tried."""
        if best is None and 1 << len(self._offer.priced) > self._tries:
            # without a price to stay under all of them would have to be tried
            return best, limit, 0.0
        for passed, (floor, chosen) in enumerate(self._offer.by_floor()):
            if floor >= limit - _TOLERANCE:
                return best, limit, limit
            if passed >= _ENUMERATED:
                self._stopped = "tries"
                return best, limit, floor
            if not self._offer.is_sound(chosen):
                continue
            try:
                trial = self._trial(chosen)
            except _Ended:
                return best, limit, floor
            price = self._offer.price(chosen)
            if trial.level >= level and price < limit - _TOLERANCE:
                best, limit = chosen, price
        return best, limit, math.inf

    def _holding(self, level: int) -> tuple[Hold, ...]:
        """Factors under a level with the tried set that leaves fewest there."""
        trials = [trial for chosen, trial in self._known.items() if self._is_buildable(chosen)]
        best = min(trials, key=lambda trial: sum(low < level for low, _ in trial.levels.values()))
        found = []
        for id_, (low, high) in best.levels.items():
            if low < level:
                objective, factor = self._factors[id_]
                found.append(Hold(id_, factor.title, objective.title, best.unknowns[id_], high >= level))
        return tuple(found)

    # Options by themselves

    def _gains(self) -> tuple[Gain, ...]:
        base = self._known[frozenset()].score
        found: dict[Chosen, Gain] = {}
        for one in self._offer.priced:
            closure = self._offer.closures[one]
            if base is None or closure is None:
                continue
            try:
                score = self._trial(closure).score
            except _Ended:
                break
            if score is not None and score > base + _TOLERANCE:
                ids = (self._offer.options[one].id, *self._offer.ids(closure - {one}))
                found.setdefault(closure, Gain(ids, self._offer.price(closure), round(score - base, 9)))
        best = sorted(found.values(), key=lambda gain: (-_each(gain), -gain.points, gain.price, gain.options))
        return tuple(best[:_MOST_GAINS])

    def _unpriced(self) -> tuple[Unpriced, ...]:
        base = self._known[frozenset()]
        found: list[Unpriced] = []
        priced = set(self._offer.priced)
        for number in range(len(self._offer.options)):
            if number in priced:
                continue
            closure = self._offer.closures[number]
            level, points = None, None
            if closure is not None and len(found) < _MOST_UNPRICED:
                try:
                    trial = self._trial(closure)
                except _Ended:
                    pass
                else:
                    level = trial.level if self._levels and trial.level > base.level else None
                    if trial.score is not None and base.score is not None:
                        points = round(trial.score - base.score, 9)
            found.append(Unpriced(self._offer.options[number].id, self._offer.lacking(number), level, points))
        return tuple(found)


def _each(gain: Gain) -> float:
    return math.inf if gain.price <= 0 else gain.points / gain.price
