"""How sure a plan is: in which share of futures its goal holds, and whose failure costs most of that. Owns that share.

Only what stands on the last day counts, so each set of steps is judged once, however many futures lead to it. Where the options
can only help, what is known of one set also tells of those that hold more or less.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from freehold.errors import UsageError
from freehold.measure.deadline import Deadline
from freehold.plan.asking import Asking, Questions
from freehold.plan.futures import draw_futures
from freehold.plan.goal_values import Goal
from freehold.plan.interface import Judge
from freehold.plan.plan_outcomes import Outcomes, PlanOutcomes
from freehold.plan.plan_values import Confidence
from freehold.plan.prices import plan_days
from freehold.plan.search_values import Chosen, Committed, Future, Terms

__all__ = ["confidence", "confident_plan", "wilson"]

_NORMAL: Final = 1.959963984540054
"""97.5 % quantile of the normal distribution."""

_TOLERANCE: Final = 1e-9
_COMPARED: Final = 64
"""How many sets that were judged another is compared with."""

_ROUNDS: Final = 5
_PLANNING: Final = 0.8
"""Of the time, what finding plans has."""

_SEEDS: Final = 2**64


def wilson(holding: float, drawn: int) -> tuple[float, float]:
    """95 % interval of a share of which a sample is known (Wilson 1927, "Probable inference", J. Am. Stat. Assoc. 22, 209).

    Parameters
    ----------
    holding, drawn
        How many of the sample have it, and how many were drawn.
    """
    share, square = holding / drawn, _NORMAL**2 / drawn
    half = _NORMAL * math.sqrt(share * (1 - share) / drawn + square / (4 * drawn))
    middle = share + square / 2
    return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))


class _Holding:
    """Whether the goal holds for what stands, each set judged once."""

    def __init__(self, judge: Judge, steps: Iterable[int], least_reliance: float | None) -> None:
        self._judge, self._least = judge, least_reliance
        signs = [judge.signs(aim) for aim in range(len(judge.aims))]
        # Nothing is known of how self-reliance changes with what is built.
        self.monotone = least_reliance is None and all(one[step] == 1 for one in signs for step in steps)
        self._known: dict[frozenset[int], bool] = {}
        self._enough: list[frozenset[int]] = []
        self._short: list[frozenset[int]] = []

    def known(self, stands: frozenset[int]) -> bool | None:
        """What is known without asking the simulator."""
        found = self._known.get(stands)
        if found is None and self.monotone:
            if any(one <= stands for one in self._enough):
                found = True
            elif any(stands <= one for one in self._short):
                found = False
        return found

    def holds(self, stands: frozenset[int]) -> bool:
        """What the simulator says."""
        found = self.known(stands)
        if found is None:
            found = self._judge.judge(stands).done
            if found and self._least is not None:
                found = self._judge.reliance(stands) >= self._least - _TOLERANCE
            if found:
                self._enough = [stands, *(one for one in self._enough if not stands <= one)][:_COMPARED]
            else:
                self._short = [stands, *(one for one in self._short if not one <= stands)][:_COMPARED]
        self._known[stands] = found
        return found

    def split(self, outcomes: Outcomes, deadline: Deadline) -> tuple[Outcomes, float]:
        """The outcomes that hold, and the weight of those that were not judged for lack of time."""
        holding, unknown = [], []
        for stands, weight in outcomes:
            found = self.holds(stands) if deadline.share(least=0.0) > 0 else self.known(stands)
            if found is None:
                unknown.append(weight)
            elif found:
                holding.append((stands, weight))
        return tuple(holding), min(1.0, math.fsum(unknown))


def _weight(outcomes: Outcomes) -> float:
    return min(1.0, math.fsum(weight for _, weight in outcomes))


def confidence(
    judge: Judge, goal: Goal, chosen: Chosen, futures: Sequence[Future], asked: float | None = None, *,
    committed: Iterable[Committed] = (), least_reliance: float | None = None, seconds: float = 60.0,
) -> Confidence:  # fmt: skip
    """In which share of futures a plan's aims hold.

    All that may happen is counted with its probability where it is little enough
    (:data:`freehold.plan.plan_outcomes.MOST_OUTCOMES`); else the futures are a sample of it. A sample for which the plan was
    made flatters it: give another.

    Parameters
    ----------
    judge, goal
        Who judges, and what must hold.
    chosen
        The plan.
    futures
        Drawn ones (:func:`freehold.plan.futures.draw_futures`); may be empty where all can be counted.
    asked
        Share that was asked for.
    committed
        Steps that were begun before.
    least_reliance
        Self-reliance that must hold beside the aims.
    seconds
        Time for all; what is not judged by then widens the interval.

    Raises
    ------
    freehold.errors.UsageError
        If there is no plan, or there are neither futures nor few enough outcomes.
    """
    if chosen.built is None:
        raise UsageError("There is no plan whose confidence could be told. Ask for one that can be met first.")
    deadline, begun = Deadline(seconds), tuple(committed)
    starts = {number: chosen.starts.get(number, 0.0) for number in chosen.built}
    plan = PlanOutcomes(judge.options, starts, plan_days(goal.limits), futures, begun)
    if not plan.counted and not futures:
        raise UsageError("The plan has too many outcomes to count them all. Draw some futures.")
    holding = _Holding(judge, plan.steps, least_reliance)
    held, unknown = holding.split(plan.outcomes(), deadline)
    reached = _weight(held)
    if plan.counted:
        drawn, low, high = 0, reached, min(1.0, reached + unknown)
    else:
        drawn = len(futures)
        low, high = wilson(reached * drawn, drawn)[0], wilson(min(1.0, reached + unknown) * drawn, drawn)[1]
    falls, unjudged = {}, 0
    for number in plan.open:
        if deadline.share(least=0.0) <= 0:
            unjudged += 1
            continue
        # Where more can only help, what does not hold does not with one step less.
        left, unsure = holding.split(plan.without(number, held if holding.monotone else None), deadline)
        if unknown + unsure > 0:
            unjudged += 1
        elif reached - _weight(left) > _TOLERANCE:
            falls[number] = reached - _weight(left)
    hurts = sorted(falls, key=lambda one: (-round(falls[one], 9), judge.options[one].success, judge.options[one].id))
    worst = tuple((judge.options[one].id, falls[one]) for one in hurts)
    return Confidence(asked, reached, drawn, worst, low, high, unjudged)


def confident_plan(
    search: Asking, judge: Judge, goal: Goal, asked: float, *, count: int = 1000, seed: int = 0,
    committed: Iterable[Committed] = (), terms: Terms | None = None, seconds: float = 120.0,
) -> tuple[Chosen, Confidence | None]:  # fmt: skip
    """The least cost (or the most self-reliance) for which the aims hold in a share of futures.

    The plan for which all goes well is tried first: where it is sure enough, nothing cheaper is. Else it is planned for one
    sample and measured on another, or on all that may happen; where it falls short there, it is planned anew for a share that
    is higher by what is missing. It begins two standard errors under the share asked for: by Luedtke and Ahmed 2008, "A sample
    approximation approach for optimization with probabilistic constraints" (SIAM J. Optim. 19, section 2.2), what is proven of
    that sample bounds every plan that is sure enough with 97.7 % confidence.

    Parameters
    ----------
    search, judge, goal
        Who finds plans, who judges them, and what must hold.
    asked
        Share of futures, in (0, 1].
    count, seed
        Of the futures.
    committed
        Steps that were begun before.
    terms
        What else is added to the goal.
    seconds
        Time for all.

    Returns
    -------
    The plan and its confidence. Where none that was found is sure enough, there is none, and the confidence is that of the
    surest one that was found; ``None`` where there is no plan at all.

    Raises
    ------
    freehold.errors.UsageError
        If the share, the count or the seed is out of range.
    """
    if not 0 < asked <= 1:
        raise UsageError(f"A plan cannot hold in a share of {asked} of all futures. Give a share over 0, and 1 at most.")
    terms = terms or Terms()
    planned_for = draw_futures(judge.options, count, seed)
    measuring = _Measuring(judge, goal, draw_futures(judge.options, count, (seed + 1) % _SEEDS), asked, tuple(committed), terms)
    questions, deadline = Questions(search, terms, seconds=_PLANNING * seconds, expected=3), Deadline(seconds)
    plain = questions.ask(terms)
    if plain is None or plain.built is None:
        return plain or Chosen(None, {}, math.inf, 0.0, "time"), None
    surest, bound, stopped = measuring.of(plain, deadline.share(_ROUNDS)), plain.bound, plain.stopped
    if _enough(surest):
        return plain, surest
    share = max(1 / count, asked - 2 * math.sqrt(asked * (1 - asked) / count))
    for number in range(_ROUNDS):
        chosen = questions.ask(replace(terms, futures=planned_for, share=share))
        if number == 0 and chosen is not None:
            bound, stopped = max(bound, chosen.bound), chosen.stopped
        if chosen is None or chosen.built is None:
            break
        sure = measuring.of(chosen, deadline.share(_ROUNDS - number))
        if _enough(sure):
            return replace(chosen, bound=min(bound, chosen.cost)), sure
        surest = max(surest, sure, key=lambda one: one.reached)
        if share >= 1:
            break
        share = min(1.0, share + max(asked - sure.reached, 1 / count))
    most = questions.ask(replace(terms, liking=dict.fromkeys(range(len(judge.options)), 1.0)))
    largest = None if most is None or most.built is None else questions.ask(replace(terms, forced=most.built))
    if largest is not None and largest.built is not None:
        sure = measuring.of(largest, deadline.share())
        if _enough(sure):
            return replace(largest, bound=min(bound, largest.cost), stopped=stopped or "time"), sure
        surest = max(surest, sure, key=lambda one: one.reached)
    return Chosen(None, {}, math.inf, bound, stopped), surest


class _Measuring:
    """How sure plans are, on futures for which they were not made."""

    def __init__(
        self, judge: Judge, goal: Goal, futures: Sequence[Future], asked: float, committed: tuple[Committed, ...], terms: Terms
    ) -> None:
        self._judge, self._goal, self._futures, self._asked = judge, goal, futures, asked
        self._committed, self._terms = committed, terms

    def of(self, chosen: Chosen, seconds: float) -> Confidence:
        return confidence(
            self._judge, self._goal, chosen, self._futures, self._asked, committed=self._committed, seconds=seconds,
            least_reliance=self._terms.least_reliance if chosen.reliance is None else chosen.reliance,
        )  # fmt: skip


def _enough(sure: Confidence) -> bool:
    return sure.asked is not None and sure.reached >= sure.asked - _TOLERANCE
