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
        self._monotone = least_reliance is None and all(one[step] == 1 for one in signs for step in steps)
        self._known: dict[frozenset[int], bool] = {}
        self._enough: list[frozenset[int]] = []
        self._short: list[frozenset[int]] = []

    def known(self, stands: frozenset[int]) -> bool | None:
        """What is known without asking the simulator."""
        found = self._known.get(stands)
        if found is None and self._monotone:
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
                self._enough = [one for one in self._enough if not stands <= one] + [stands]
            else:
                self._short = [one for one in self._short if not one <= stands] + [stands]
        self._known[stands] = found
        return found

    def share(self, outcomes: Outcomes, deadline: Deadline, later: int = 0) -> tuple[float, float]:
        """Weight of the sets that hold, and of those that were not judged for lack of time."""
        holding, unknown = [], []
        for stands, weight in outcomes:
            found = self.holds(stands) if deadline.share(later, least=0.0) > 0 else self.known(stands)
            if found is None:
                unknown.append(weight)
            elif found:
                holding.append(weight)
        return min(1.0, math.fsum(holding)), min(1.0, math.fsum(unknown))


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
    reached, unknown = holding.share(plan.outcomes(), deadline)
    if plan.counted:
        drawn, low, high = 0, reached, min(1.0, reached + unknown)
    else:
        drawn = len(futures)
        low, high = wilson(reached * drawn, drawn)[0], wilson(min(1.0, reached + unknown) * drawn, drawn)[1]
    falls, unjudged = {}, 0
    for number in plan.open:
        left, unsure = holding.share(plan.without(number), deadline)
        if unknown + unsure > 0:
            unjudged += 1
        elif reached - left > _TOLERANCE:
            falls[number] = reached - left
    hurts = sorted(falls, key=lambda one: (-round(falls[one], 9), judge.options[one].success, judge.options[one].id))
    worst = tuple((judge.options[one].id, falls[one]) for one in hurts)
    return Confidence(asked, reached, drawn, worst, low, high, unjudged)


def confident_plan(
    search: Asking, judge: Judge, goal: Goal, asked: float, *, count: int = 1000, seed: int = 0,
    committed: Iterable[Committed] = (), terms: Terms | None = None, seconds: float = 120.0,
) -> tuple[Chosen, Confidence | None]:  # fmt: skip
    """The least cost (or the most self-reliance) for which the aims hold in a share of futures.

    It is planned for one sample and measured on another, or on all that may happen. Where it falls short there, it is planned
    anew for a share that is higher by what is missing, a few times at most; the surest plan that was found is given.

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
    The plan, with the bound that the first sample gave, and its confidence; ``None`` without a plan.

    Raises
    ------
    freehold.errors.UsageError
        If the share, the count or the seed is out of range.
    """
    if not 0 < asked <= 1:
        raise UsageError(f"A plan cannot hold in a share of {asked} of all futures. Give a share over 0, and 1 at most.")
    begun, terms = tuple(committed), terms or Terms()
    deadline, questions = Deadline(seconds), Questions(search, terms, seconds=_PLANNING * seconds, expected=2)
    planned_for = draw_futures(judge.options, count, seed)
    others = draw_futures(judge.options, count, (seed + 1) % _SEEDS)
    share, bound = asked, 0.0
    best: tuple[Chosen, Confidence] | None = None
    for number in range(_ROUNDS):
        chosen = questions.ask(replace(terms, futures=planned_for, share=share))
        if number == 0 and chosen is not None:
            bound = chosen.bound
        if chosen is None or chosen.built is None:
            break
        sure = confidence(
            judge, goal, chosen, others, asked, committed=begun,
            least_reliance=terms.least_reliance if chosen.reliance is None else chosen.reliance,
            seconds=deadline.share(_ROUNDS - 1 - number),
        )  # fmt: skip
        if best is None or sure.reached > best[1].reached:
            best = replace(chosen, bound=bound), sure
        if sure.reached >= asked - _TOLERANCE or share >= 1:
            break
        share = min(1.0, share + max(asked - sure.reached, 1 / count))
    if best is not None:
        return best
    return Chosen(None, {}, math.inf, bound, "time" if chosen is None else chosen.stopped), None
