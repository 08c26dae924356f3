"""Whether a goal makes sense for a stack, before anything is searched. Owns every message about a goal."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Final

from freehold.errors import BadCutoff, PlanError, UsageError
from freehold.measure.cutoff import check_cutoff
from freehold.plan.applied import apply_options, with_additions
from freehold.plan.goal_values import MOST_MONEY, MOST_PEOPLE, Aim, BestAim, Goal, LevelAim, Limits, LossAim, ShareAim
from freehold.plan.option_values import Activate, Option
from freehold.stack.control import Control
from freehold.stack.cutoff import Cutoff
from freehold.stack.find import find_item
from freehold.stack.schema import KINDS
from freehold.stack.values import Stack
from freehold.words import say

__all__ = ["check_goal", "check_limits"]

_TAKEN_BY: Final = ("provider", "owner", "country")
_SHARES: Final = ("face_value", "content")


def check_goal(stack: Stack, goal: Goal, options: Sequence[Option], *, forced: Collection[str] = ()) -> tuple[str, ...]:
    """See that a goal makes sense.

    Parameters
    ----------
    stack
        The stack as it is.
    goal
        All that must hold.
    options
        All options.
    forced
        Ids of options that the plan must have.

    Returns
    -------
    tuple of str
        Notes, in words: options that are of no use because every cut-off takes what they would activate.

    Raises
    ------
    freehold.errors.UsageError
        If a number or a date makes no sense, or nothing is asked.
    freehold.errors.UnknownId
        If a target is no item.
    freehold.errors.BadCutoff
        If a cut-off names what is not there, or nothing.
    freehold.errors.BadOptions
        If an option names what is not there, or what options add collides.
    freehold.errors.PlanError
        If a layer has no items, or an option is forced that every cut-off takes.
    """
    check_limits(goal.limits)
    if goal.seek not in ("cost", "reliance"):
        raise UsageError(f"'{goal.seek}' cannot be sought. Seek 'cost' (the least) or 'reliance' (the most).")
    if not goal.aims and goal.seek == "cost":
        raise UsageError("nothing is asked of the plan. Say what must hold: a level, a share, losses to survive.")
    _check_days(goal.reliance_days, "self-reliance is shown on")
    if goal.seek == "reliance" and stack.home is None:
        raise UsageError("self-reliance has no meaning without a home. Give --home CC, or home in [stack].")
    for aim in goal.aims:
        _check_aim(stack, aim)
    apply_options(stack, options)
    return tuple(_useless(stack, goal, options, forced))


def check_limits(limits: Limits) -> None:
    """See that limits make sense.

    Raises
    ------
    freehold.errors.UsageError
        Naming the limit and what it may be.
    """
    start = _date(limits.start, "starts on")
    if limits.by is not None and _date(limits.by, "is to be done by") < start:
        raise UsageError(f"the plan is to be done by {limits.by}, before it starts on {limits.start}. Give a later date.")
    if limits.by is None and (isinstance(limits.years, bool) or not isinstance(limits.years, int) or limits.years < 1):
        raise UsageError(f"a plan of {limits.years} years makes no sense. Give a whole number of years, 1 or more.")
    if limits.by is None and limits.years > 1000:
        raise UsageError(f"a plan of {limits.years} years is too long. Give 1000 years or fewer.")
    amounts: list[tuple[str, float | None]] = [("a budget", limits.budget), ("a number of people", limits.people)]
    amounts += [("a budget for a year", one) for one in limits.budget_years]
    amounts += [("a longest lead time", limits.lead), ("a penalty", limits.penalty)]
    for what, amount in amounts:
        if amount is not None and (math.isnan(amount) or amount < 0):
            raise UsageError(f"{what} of {amount:g} makes no sense. Give a number from 0 up.")
    if limits.people is not None and limits.people > MOST_PEOPLE:
        raise UsageError(f"a number of people of {limits.people:g} is more than there are. Leave the limit out.")
    for what, money in (("a budget", limits.budget), ("a penalty", limits.penalty)):
        _check_money(what, money)
    for money in limits.budget_years:
        _check_money("a budget for a year", money)
    if limits.quality is not None and not 0 <= limits.quality <= 1:
        raise UsageError(f"a least quality of {limits.quality:g} is not between 0 and 1.")
    if not 0 <= limits.discount < 1:
        raise UsageError(f"a discount of {limits.discount:g} a year is not from 0 up to 1. Write 5 % as 0.05.")


def _check_money(what: str, money: float | None) -> None:
    if money is not None and money > MOST_MONEY:
        raise UsageError(f"{what} of {money:g} is larger than {MOST_MONEY:g}. Choose a larger unit, or leave it out.")


def _date(text: str, what: str) -> date:
    try:
        return date.fromisoformat(text)
    except (ValueError, TypeError):
        raise UsageError(f"the plan {what} '{text}', which is no date. Write it as 2028-12-31.") from None


def _check_days(days: Sequence[float], what: str) -> None:
    if not days or not all(0 <= day < math.inf for day in days):
        raise UsageError(f"{what} days that are no numbers from 0 up. Write them as 0,7,30,90.")


def _check_part(value: float, what: str) -> None:
    if not 0 < value <= 1:
        raise UsageError(f"{what} of {value:g} is not in (0, 1]. Write 70 % as 0.7; more than all of it cannot be asked.")


def _check_aim(stack: Stack, aim: Aim) -> None:
    if isinstance(aim, LevelAim | BestAim):
        if not aim.cut.rules:
            raise BadCutoff("a cut-off of the goal names nothing that is cut. Give it a rule, such as foreign or a country.")
        check_cutoff(stack, aim.cut)
        _check_days(aim.days, "a level is asked for on")
    if isinstance(aim, LevelAim):
        _check_part(aim.level, "a level")
        if aim.target is not None:
            find_item(stack, aim.target)
    if isinstance(aim, ShareAim):
        _check_share(stack, aim)
    if isinstance(aim, LossAim):
        if aim.of not in _TAKEN_BY:
            raise UsageError(f"losses of '{aim.of}' cannot be asked about. Choose from: {', '.join(_TAKEN_BY)}.")
        if isinstance(aim.order, bool) or not isinstance(aim.order, int) or aim.order < 1:
            raise UsageError(f"to survive {aim.order} losses makes no sense. Say how many at once: 1 or more.")
        _check_part(aim.level, "a level")
        _check_days(aim.days, "losses are asked about on")


def _check_share(stack: Stack, aim: ShareAim) -> None:
    if stack.home is None:
        raise UsageError("face value and content have no meaning without a home. Give --home CC, or home in [stack].")
    if aim.measure not in _SHARES:
        raise UsageError(f"'{aim.measure}' is no share that can be asked for. Choose from: {', '.join(_SHARES)}.")
    _check_part(aim.share, f"a share of {aim.measure.replace('_', ' ')}")
    if aim.kind is not None and aim.item is not None:
        raise UsageError("a share is of a layer or of an item, not of both. Leave one out.")
    if aim.kind is not None and aim.kind not in KINDS:
        raise UsageError(f"'{aim.kind}' is no layer. Choose from: {', '.join(KINDS)}.")
    if aim.kind is not None and not any(item.kind == aim.kind for item in stack.items):
        raise PlanError(f"the stack has nothing of the layer '{aim.kind}', so no share of it can be asked for.")
    if aim.item is not None:
        find_item(stack, aim.item)


def _useless(stack: Stack, goal: Goal, options: Sequence[Option], forced: Collection[str]) -> Iterable[str]:
    """Options that only activate what every cut-off of the goal takes for good, unknown facts at their worst."""
    cuts = [aim.cut for aim in goal.aims if isinstance(aim, LevelAim | BestAim)]
    if len(cuts) < len(goal.aims) or not cuts or goal.seek == "reliance":
        return
    whole = with_additions(stack, tuple(options))
    controls = {cut.stake: Control(whole, stake=cut.stake) for cut in cuts}
    for option in options:
        sources = [change.source for change in option.changes if isinstance(change, Activate)]
        if not sources or len(sources) < len(option.changes):
            continue
        if all(_is_taken(whole, controls[cut.stake], cut, source) for source in sources for cut in cuts):
            values = {"option": option.id, "source": sources[0], "cut": cuts[0].name}
            if option.id in forced:
                raise PlanError(say("judge.forced_but_cut", **values))
            yield say("judge.useless", **values)


def _is_taken(whole: Stack, control: Control, cut: Cutoff, source: str) -> bool:
    row = whole.source_by_id[source]
    item = whole.item_by_id[row.item]
    lasting = [rule for rule in cut.rules if rule.availability == 0 and rule.from_day == 0 and rule.until_day == math.inf]
    return any(control.matches(rule, item, row) is not False for rule in lasting)
