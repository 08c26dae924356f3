"""Why there is no plan, and what would make one possible. Owns the way from a proof that there is none to its reason.

First all limits and conditions are taken away: if the aims hold not even then, options are missing, and the smallest sets of
what might be added are searched: items that would have to be held outright, and options that cannot be judged yet. Else
conditions and limits are taken away one by one, until the one is found that stands in the way, and then how far it would have
to give.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from freehold.measure.deadline import Deadline
from freehold.plan.goal_values import BestAim, Limits
from freehold.plan.interface import Judge
from freehold.plan.option_values import Option
from freehold.plan.plan_values import Impossible
from freehold.plan.prices import YEAR, date_on, day_of, plan_days
from freehold.plan.question import Over
from freehold.plan.search import Search
from freehold.plan.search_values import Terms
from freehold.plan.verdicts import Demand
from freehold.stack.values import is_stated

__all__ = ["JudgeOf", "why_impossible"]

JudgeOf: TypeAlias = Callable[[Sequence[Option]], Judge]
"""Makes a judge of the same stack and goal for other options."""

_MOST_SETS: Final = 5
_MOST_ASKED: Final = 40
_PARTS: Final = 12
_CLOSE: Final = 1e-3
_FIRST_DAYS: Final = 30
_LONGEST: Final = 100 * YEAR
"""Days beyond its end within which a later end of the plan is looked for."""


def why_impossible(
    search: Search, terms: Terms | None = None, *, held: Sequence[Option] = (), judge_of: JudgeOf | None = None
) -> Impossible:
    """Why a search found that there is no plan.

    Parameters
    ----------
    search
        The search, whose answer was that there is none.
    terms
        What was asked.
    held
        Options that there are not, each of holding one item outright: see :func:`freehold.plan.held_items.held_option`.
    judge_of
        Makes a judge for the search's options followed by these; ``None``: what is missing is looked for only among options
        that cannot be judged yet.

    Returns
    -------
    Impossible
        Its ``limit`` is the least budget in all (or, where the budget of a year is in the way, the least that would do in
        every year), the earliest day (from the plan's start) by which it is possible, or the least people; ``None`` where no
        single limit is in the way alone, or a lead time is.

    Raises
    ------
    freehold.plan.question.Over
        If someone interrupted.
    """
    terms = terms or Terms()
    part = search.seconds / _PARTS
    anyhow = replace(terms, most_cost=None, forced=frozenset())
    free = search.within(_no_limits(search), options=_unconditional(search.openings.options), seconds=part)
    unlimited = _possible(free, anyhow)
    if unlimited is False:
        alone = [aim for aim in search.aims if _possible(free, anyhow, [aim]) is False]
        aims = tuple(alone or search.aims)
        best = tuple(_highest(free, anyhow, aim) for aim in aims)
        return Impossible("options", aims, best, _missing(search, anyhow, held, judge_of))
    if search.within(_no_limits(search), seconds=part).possible(replace(terms, most_cost=None)) is False:
        return Impossible("conditions" if unlimited else "unknown", (), ())
    return _limit_in_the_way(search, terms, part)


def _possible(free: Search, terms: Terms, aims: Sequence[int] | None = None) -> bool | None:
    """Whether aims can hold without limits and conditions: everything at once says it where no step can do harm."""
    if free.interrupted is not None and free.interrupted():
        raise Over("interrupted")
    demands = [free.verdicts.aims[aim] for aim in (free.aims if aims is None else aims)]
    if terms.least_reliance is not None and aims is None:
        demands.append(Demand(None, terms.least_reliance, graded=True))
    if not terms.futures and all(_only_helps(free, demand) for demand in demands):
        return not free.verdicts.failing(_everything(free, terms), demands)
    return free.possible(terms, aims)


def _highest(free: Search, terms: Terms, aim: int) -> float:
    demand = Demand(aim, 0.0, graded=True)
    return free.verdicts.reached(_everything(free, terms), demand) if _only_helps(free, demand) else free.highest(aim)[0]


def _only_helps(free: Search, demand: Demand) -> bool:
    return all(sign == 1 for sign in free.verdicts.signs(demand))


def _everything(free: Search, terms: Terms) -> frozenset[int]:
    return free.openings.standing.union(free.openings.earliest) - terms.forbidden


def _unconditional(options: Sequence[Option]) -> list[Option]:
    """The options without what they ask of each other, each ready on the first day."""
    return [
        replace(option, requires=(), excludes=(), earliest=None, lead=0.0 if is_stated(option.lead) else option.lead)
        for option in options
    ]


def _no_limits(search: Search) -> Limits:
    """No limits, and an end by which everything can be ready, one after the other."""
    return replace(
        search.goal.limits, budget=None, budget_years=(), people=None, lead=None, discount=0.0, by=None,
        years=max(1, math.ceil(_last_of_all(search) / YEAR)),
    )  # fmt: skip


def _last_of_all(search: Search) -> float:
    limits, options = search.goal.limits, search.openings.options
    days = [day_of(option.earliest, limits) for option in options if option.earliest is not None]
    days += [step.ready for step in search.committed if step.ready < math.inf]
    leads = [math.ceil(option.lead) for option in options if is_stated(option.lead) and option.lead < math.inf]
    return max(plan_days(limits), max([0.0, *days]) + math.fsum(leads) + 1)


def _missing(search: Search, terms: Terms, held: Sequence[Option], judge_of: JudgeOf | None) -> tuple[tuple[str, ...], ...]:
    """The smallest sets of what would have to be added, none within another: a hitting set tree (Reiter 1987)."""
    known = search.openings.options
    judge = search.judge if judge_of is None else judge_of([*search.judge.options, *held])
    names: dict[int, str] = {number: option.id for number, option in enumerate(known) if option.lacking}
    if judge_of is not None:
        items = (option.adds.sources[0].item if option.adds is not None else option.id for option in held)
        names |= dict(enumerate(items, len(known)))
    priced = [
        replace(
            option, cost_once=float(number in names), cost_year=0.0, lead=0.0, earliest=None, learns_with=None, learning=None
        )
        for number, option in enumerate(_unconditional(judge.options))
    ]
    asked = [aim for aim in search.aims if not isinstance(judge.aims[aim], BestAim)]
    goal = replace(search.goal, limits=_no_limits(search), seek="cost")
    wider = Search(
        judge,
        goal,
        search.committed,
        seconds=search.seconds / _PARTS,
        interrupted=search.interrupted,
        options=priced,
        aims=asked,
    )
    plain = Terms(least_reliance=terms.least_reliance, forbidden=terms.forbidden)
    found: set[frozenset[int]] = set()
    seen = {plain.forbidden}
    waiting = deque([plain.forbidden])
    clock = Deadline(search.seconds / 2)
    for _ in range(_MOST_ASKED):
        if not waiting or len(found) >= _MOST_SETS or (found and clock.passed):
            break
        forbidden = waiting.popleft()
        chosen = wider.ask(replace(plain, forbidden=forbidden))
        if chosen.built is None:
            continue
        needed = frozenset(chosen.built & names.keys())
        added = needed if chosen.stopped is None else _irreducible(wider, plain, needed, names, clock)
        found.add(added)
        for one in sorted(added):
            if (more := forbidden | {one}) not in seen:
                seen.add(more)
                waiting.append(more)
    least = [one for one in found if not any(other < one for other in found)]
    return tuple(sorted((tuple(sorted(names[one] for one in added)) for added in least), key=lambda ids: (len(ids), ids)))


def _irreducible(
    wider: Search, terms: Terms, added: frozenset[int], names: Mapping[int, str], clock: Deadline
) -> frozenset[int]:
    """A set of additions without any that is needless, as far as there is time to see it."""
    for one in sorted(added):
        if clock.passed:
            break
        fewer = added - {one}
        if wider.possible(replace(terms, forbidden=terms.forbidden | (names.keys() - fewer))):
            added = fewer
    return added


def _limit_in_the_way(search: Search, terms: Terms, part: float) -> Impossible:
    limits = search.goal.limits

    unsettled = False

    def possible(wider: Limits, asked: Terms = terms) -> bool:
        nonlocal unsettled
        known = search.within(wider, seconds=part).possible(asked)
        unsettled = unsettled or known is None
        return bool(known)

    if terms.most_cost is not None and possible(limits, replace(terms, most_cost=None)):
        return Impossible("budget", (), (), limit=_least_cost(search, limits, replace(terms, most_cost=None), part))
    if limits.budget is not None and possible(replace(limits, budget=None)):
        return Impossible("budget", (), (), limit=_least_cost(search, replace(limits, budget=None, discount=0.0), terms, part))
    if limits.budget_years and possible(replace(limits, budget_years=())):
        most = math.fsum(search.openings.price(one) for one in search.openings.earliest) or 1.0
        enough = _least(lambda money: possible(replace(limits, budget_years=(money,))), 0.0, most, _CLOSE * most)
        return Impossible("budget", (), (), limit=enough)
    begin, days = plan_days(limits), float(_FIRST_DAYS)
    end = min(_last_of_all(search), begin + _LONGEST)
    while begin + days / 2 < end:
        last = min(end, begin + days)
        if possible(replace(limits, by=date_on(last, limits))):
            day = _least(lambda day: possible(replace(limits, by=date_on(math.ceil(day), limits))), begin, last, 1.0)
            return Impossible("time", (), (), limit=float(math.ceil(day)))
        days *= 2
    if limits.lead is not None and possible(replace(limits, lead=None)):
        return Impossible("time", (), ())
    if limits.people is not None and possible(replace(limits, people=None)):
        most = math.fsum(option.people for option in search.openings.options) + 1
        enough = _least(lambda people: possible(replace(limits, people=float(math.ceil(people)))), limits.people, most, 1.0)
        return Impossible("people", (), (), limit=float(math.ceil(enough)))
    fewer = replace(limits, people=None)
    for reason, wider in (("people", fewer), ("time", replace(fewer, by=date_on(end, limits), lead=None))):
        if possible(wider):
            return Impossible(reason, (), ())
    if unsettled:
        return Impossible("unknown", (), ())
    return Impossible("budget" if limits.budget is not None or limits.budget_years else "time", (), ())


def _least_cost(search: Search, limits: Limits, terms: Terms, part: float) -> float | None:
    chosen = search.within(limits, seconds=part).ask(replace(terms, seek="cost"))
    return None if chosen.built is None else chosen.cost


def _least(possible: Callable[[float], bool], low: float, high: float, close: float) -> float:
    """The least number with which it is possible, to so much; ``high`` is one."""
    while high - low > close:
        middle = (low + high) / 2
        if possible(middle):
            high = middle
        else:
            low = middle
    return high
