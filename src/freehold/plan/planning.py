"""From a stack, a goal and options to a plan that the simulator has confirmed. Owns the order of that work.

Options are judged by the simulator; a search finds the least cost, or proves that there is no plan; what it found is put on
dates, confirmed by plain cut-offs of the changed stack, and only then described. What is asked beside (how sure, other plans,
the frontier, other budgets and dates) goes to the same search, which remembers what it learnt.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from freehold.errors import BadOptions, PlanError, UsageError
from freehold.measure.case import Kernel
from freehold.measure.deadline import Deadline
from freehold.network.arrays import TOLERANCE
from freehold.plan.alternatives import alternatives
from freehold.plan.applied import apply_options
from freehold.plan.confidence import confidence, confident_plan
from freehold.plan.confirming import Plain, refuse_unconfirmed
from freehold.plan.frontier import frontier
from freehold.plan.futures import draw_futures, has_odds
from freehold.plan.goal_checks import check_goal
from freehold.plan.goal_values import Goal
from freehold.plan.greedy_plan import greedy_plan
from freehold.plan.held_items import held_option, items_at_stake
from freehold.plan.impossibility import why_impossible
from freehold.plan.judging import StackJudge
from freehold.plan.option_values import Option
from freehold.plan.plan_values import Alternative, Check, Confidence, FrontierPoint, Impossible, PlanAnswer, Sensitivity, Step
from freehold.plan.proposals import options_of
from freehold.plan.roadmap import curves, cutoffs_of, price_of, steps_of, still_leased, years_of
from freehold.plan.search import Search
from freehold.plan.search_values import Chosen, Committed, Terms
from freehold.plan.sensitivity import sensitivity
from freehold.plan.step_reason import breaks_of
from freehold.plan.zero_one_search import MANY, zero_one
from freehold.stack.values import Stack
from freehold.words import say

__all__ = ["Begun", "Beside", "make_plan"]

_MOST_LEFT_OUT: Final = 200
"""Steps up to which each is left out alone, to see which aims it holds up."""
_FOR_GREEDY: Final = 10.0
"""Seconds at most for the plan of the most gain per cost, which is only shown beside the plan."""
_STILL: Final = 0.25
"""Part of the time that the general search has at least, where the engines of zeros and ones end without a plan."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A step that is no longer open: start and ready in days from the plan's start, what it still costs."""

    option: str
    start: float
    ready: float
    cost: float


@dataclass(frozen=True, slots=True)
class Beside:
    """What is asked beside the plan itself.

    Parameters
    ----------
    confidence
        Share of futures in which the goal must hold; ``None``: it is only told in which it does.
    futures, seed
        How many futures are drawn, and which.
    alternatives, frontier, sensitivity
        Whether other plans within 2 %, the frontier of cost and self-reliance, other budgets and dates are looked for.
    points
        Points of the frontier.
    reason
        Whether it is looked for why there is no plan, where there is none; else its reason is "unknown".
    """

    confidence: float | None = None
    futures: int = 1000
    seed: int = 0
    alternatives: bool = False
    frontier: bool = False
    sensitivity: bool = False
    points: int = 12
    reason: bool = True


@dataclass(frozen=True, slots=True)
class _Around:
    """What was found beside the plan."""

    alternatives: tuple[Alternative, ...] = ()
    always: tuple[str, ...] | None = None
    confidence: Confidence | None = None
    frontier: tuple[FrontierPoint, ...] = ()
    sensitivity: tuple[Sensitivity, ...] = ()


class _Planner:
    """One question, and those who answer it."""

    def __init__(
        self, stack: Stack, goal: Goal, options: Sequence[Option], begun: Sequence[Begun], dropped: Collection[str],
        seconds: float, strict: bool, kernel: Kernel, progress: Callable[[float, float], None] | None,
        interrupted: Callable[[], bool] | None,
    ) -> None:  # fmt: skip
        self.stack, self.goal, self.strict, self.kernel = stack, goal, strict, kernel
        self.progress, self.interrupted, self.seconds = progress, interrupted, seconds
        self.options = tuple(options)
        self.unjudged = tuple(option for option in options if option.lacking)
        self.number = {option.id: place for place, option in enumerate(self.options)}
        self.begun = tuple(Committed(self._number(one.option), one.start, one.ready, one.cost) for one in begun)
        self.dropped = frozenset(self._number(one) for one in dropped)
        check_goal(stack, goal, self.options)
        self.currency = _currency(self.options)
        self.plain = Plain(stack, goal, self.options, strict=strict, kernel=kernel)
        self.judge = StackJudge(stack, goal, self.options, strict=strict, kernel=kernel)
        self.search = Search(self.judge, goal, self.begun, seconds=seconds, progress=progress, interrupted=interrupted)

    def _number(self, option: str) -> int:
        if option not in self.number:
            raise BadOptions(f"'{option}' is no option that can be judged. `freehold options STACK` lists them.")
        return self.number[option]

    @property
    def terms(self) -> Terms:
        """What every question adds to the goal."""
        return Terms(forbidden=self.dropped)


def make_plan(
    stack: Stack, goal: Goal, options: Sequence[Option] | None = None, *, beside: Beside = Beside(),
    begun: Sequence[Begun] = (), dropped: Collection[str] = (), seconds: float = 60.0, strict: bool = False,
    kernel: Kernel = "auto", progress: Callable[[float, float], None] | None = None,
    interrupted: Callable[[], bool] | None = None,
) -> PlanAnswer:  # fmt: skip
    """Find the cheapest plan (or the one of most self-reliance within a budget), and confirm it.

    Parameters
    ----------
    stack, goal
        The stack as it is, and what must hold.
    options
        What can be done; by default the stack's own candidate sources. Those of which a fact is lacking are listed, not chosen.
    beside
        What is asked beside the plan.
    begun, dropped
        Steps that are no longer open, and ids of options that no plan may have any more.
    seconds
        Most time for the search; half of it again for what is asked beside.
    strict
        Whether assumed owners and locations count as unknown.
    kernel
        ``auto``, ``plain`` or ``compiled``.
    progress
        Told the cost of the best plan so far and the bound, whenever one changes.
    interrupted
        Asked now and then whether to end with the best plan so far.

    Raises
    ------
    freehold.errors.UsageError
        If the goal makes no sense.
    freehold.errors.BadOptions
        If options contradict each other, or name what is not there.
    freehold.errors.PlanError
        If the simulator does not confirm what was found: nothing is shown then.
    """
    given = options_of(stack) if options is None else tuple(options)
    planner = _Planner(stack, goal, given, begun, dropped, seconds, strict, kernel, progress, interrupted)
    found = _chosen(planner, beside)
    return _answer(planner, found, _around(planner, found, beside), reason=beside.reason)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What was chosen, what greedy buying would cost, whether that was asked, and how sure it is where that was asked for."""

    chosen: Chosen
    greedy: float | None = None
    compared: bool = False
    sure: Confidence | None = None


def _chosen(planner: _Planner, beside: Beside) -> _Plan:
    goal, penalty = planner.goal, planner.goal.limits.penalty
    if beside.confidence is not None:
        if penalty is not None:
            raise UsageError("a penalty and a confidence are not asked together. Leave one of them out.")
        chosen, sure = confident_plan(
            planner.search, planner.judge, goal, beside.confidence, count=beside.futures, seed=beside.seed,
            committed=planner.begun, terms=planner.terms, seconds=planner.seconds / 2,
        )  # fmt: skip
        return _Plan(chosen, sure=sure)
    reason, clock = "", Deadline(planner.seconds)
    if not planner.dropped:
        found = zero_one(
            planner.judge, planner.stack, goal, planner.options, planner.begun, seconds=planner.seconds,
            least=MANY if penalty is None else 0, strict=planner.strict, kernel=planner.kernel, progress=planner.progress,
            interrupted=planner.interrupted,
        )  # fmt: skip
        if not isinstance(found, str):
            return _Plan(*found, compared=True)
        reason = found
    if penalty is not None:
        reason = reason or say("roadmap.penalty_dropped")
        raise UsageError(f"a penalty for what is not had cannot be planned with here: {reason}. Leave the penalty out.")
    whole, planner.search.seconds = planner.search.seconds, clock.share(least=_STILL)
    try:
        return _Plan(planner.search.ask(planner.terms))
    finally:
        planner.search.seconds = whole


def _around(planner: _Planner, found: _Plan, beside: Beside) -> _Around:
    """All that is asked beside the plan."""
    chosen, around = found.chosen, _Around(confidence=found.sure)
    if chosen.built is None or chosen.stopped == "interrupted":
        return around
    clock, terms = Deadline(planner.seconds / 2), planner.terms
    if found.sure is None and any(has_odds(planner.options[one]) for one in chosen.built):
        futures = draw_futures(planner.options, beside.futures, beside.seed)
        sure = confidence(
            planner.judge, planner.goal, chosen, futures, committed=planner.begun, seconds=clock.share(3)
        )  # fmt: skip
        around = replace(around, confidence=sure)
    if beside.alternatives:
        for_all = terms
        if beside.confidence is not None:
            futures = draw_futures(planner.options, beside.futures, beside.seed)
            for_all = replace(terms, futures=futures, share=beside.confidence)
        others, always = alternatives(planner.search, chosen, terms=for_all, seconds=clock.share(2))
        ids = tuple(sorted(planner.options[one].id for one in always))
        _refuse_unconfirmed(planner, [(one.options, None) for one in others])
        around = replace(around, alternatives=others, always=ids)
    if beside.frontier:
        known = chosen if beside.confidence is None and planner.goal.seek == "cost" else None
        points = frontier(planner.search, beside.points, best=known, terms=terms, seconds=clock.share(1))
        _refuse_unconfirmed(planner, [(one.options, one.reliance) for one in points])
        around = replace(around, frontier=points)
    if beside.sensitivity:
        around = replace(
            around, sensitivity=sensitivity(planner.search, chosen, terms=terms, seconds=clock.share(0))
        )  # fmt: skip
    return around


def _refuse_unconfirmed(planner: _Planner, plans: Iterable[tuple[Sequence[str], float | None]]) -> None:
    """Refuse plans whose aims, or the self-reliance told of them, plain cut-offs do not confirm.

    With a penalty nothing need hold.
    """
    for plan, reliance in plans:
        if planner.goal.limits.penalty is None:
            refuse_unconfirmed(planner.goal, planner.plain.confirm(plan))
        found = math.inf if reliance is None else planner.plain.reliance([planner.number[one] for one in plan])
        if reliance is not None and found < reliance - TOLERANCE:
            raise PlanError(
                f"the simulator does not confirm a plan: self-reliance was to be {reliance:g} and comes to {found:g}. "
                "Nothing of it is shown."
            )


def _answer(planner: _Planner, found: _Plan, around: _Around, *, reason: bool) -> PlanAnswer:
    stack, goal, options, chosen = planner.stack, planner.goal, planner.options, found.chosen
    strict, kernel = planner.strict, planner.kernel
    by_id = {option.id: option for option in options}
    steps, impossible = _steps(planner, chosen), None
    if chosen.built is None and found.sure is not None:
        impossible = Impossible("confidence", (), (), limit=found.sure.reached)
    elif chosen.built is None:
        impossible = _impossible(planner, chosen, reason=reason)
    built = [options[one].id for one in sorted(chosen.built or ())]
    done = [by_id[one] for one in built]
    planned = apply_options(stack, done)
    checks = _checks(planner, built, confirmed=chosen.built is not None)
    if chosen.built is not None and chosen.reliance is not None:
        _refuse_unconfirmed(planner, [(built, chosen.reliance)])
    leased = still_leased(stack, done, options, goal, strict=strict, kernel=kernel)
    cost = None if chosen.built is None else math.fsum(step.cost for step in steps)
    if goal.limits.penalty is not None and cost is not None:
        cost = chosen.cost
    return PlanAnswer(
        goal=goal,
        options=by_id,
        unjudged=planner.unjudged,
        steps=steps,
        cost=cost,
        bound=chosen.bound,
        currency=planner.currency,
        greedy=found.greedy if found.compared else _greedy(planner),
        years=years_of(stack, by_id, steps, goal, strict=strict, kernel=kernel) if steps else (),
        curves=curves(stack, done, cutoffs_of(stack, goal), goal, strict=strict, kernel=kernel),
        checks=checks,
        leased=leased,
        price=price_of(stack, by_id, steps) if steps else None,
        # with a penalty what is not had is paid for: the simulator's word on it is in the cost
        confirmed=chosen.built is not None and (goal.limits.penalty is not None or all(check.met for check in checks)),
        impossible=impossible,
        stopped=chosen.stopped,
        planned=planned,
        alternatives=around.alternatives,
        always=around.always,
        confidence=around.confidence,
        frontier=around.frontier,
        sensitivity=around.sensitivity,
    )


def _greedy(planner: _Planner) -> float | None:
    seconds = min(_FOR_GREEDY, planner.seconds / 4)
    found = greedy_plan(planner.judge, planner.goal, planner.begun, seconds=seconds, interrupted=planner.interrupted)
    return None if found is None else found.cost


def _steps(planner: _Planner, chosen: Chosen) -> tuple[Step, ...]:
    begun = {one.option: (one.start, one.ready, one.cost) for one in planner.begun}
    starts = {**{one: start for one, (start, _, _) in begun.items()}, **chosen.starts} if chosen.built is not None else {}
    steps = steps_of(planner.options, starts, planner.goal.limits, begun)
    if not chosen.built or chosen.stopped == "interrupted" or len(steps) > _MOST_LEFT_OUT:
        return steps
    breaks = breaks_of(planner.judge, frozenset(starts))
    return tuple(replace(step, breaks=breaks[planner.number[step.option]]) for step in steps)


def _checks(planner: _Planner, built: Sequence[str], *, confirmed: bool) -> tuple[Check, ...]:
    """Every aim as plain cut-offs see it, before the plan and after it."""
    goal = planner.goal
    before, after = planner.plain.confirm(()), planner.plain.confirm(built)
    if confirmed and goal.limits.penalty is None:
        refuse_unconfirmed(goal, after)
    rows = zip(goal.aims, after.met, after.reached, before.reached, strict=True)
    return tuple(Check(aim, met, reached, first) for aim, met, reached, first in rows)


def _impossible(planner: _Planner, chosen: Chosen, *, reason: bool) -> Impossible | None:
    """Why there is no plan; ``None`` where the time was over before one was found."""
    if chosen.stopped is not None:
        return None
    if not reason:
        return Impossible("unknown", (), ())
    held = [held_option(item) for item in items_at_stake(planner.stack, planner.goal.aims, strict=planner.strict)]

    def judge_of(options: Sequence[Option]) -> StackJudge:
        return StackJudge(planner.stack, planner.goal, options, strict=planner.strict, kernel=planner.kernel)

    return why_impossible(planner.search, planner.terms, held=held, judge_of=judge_of)


def _currency(options: Sequence[Option]) -> str | None:
    named: Mapping[str, str] = {option.currency: option.id for option in options if option.currency}
    if len(named) > 1:
        one, other = sorted(named)[:2]
        raise PlanError(
            f"'{named[one]}' costs {one} and '{named[other]}' {other}: costs are compared in one currency. Convert one of them."
        )
    return next(iter(named), None)
