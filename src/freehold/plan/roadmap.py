"""What a plan does over time: curves before and after, years, what is still leased and why, the price. Owns reading a plan.

Everything here is measured on changed stacks by the same engines that answer ``cutoff`` and ``assess``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from freehold.measure.assess import foreign_cutoff
from freehold.measure.case import LOW, Case, Kernel
from freehold.measure.content import held_shares
from freehold.measure.cutoff import both_sides
from freehold.measure.mission import Interval, mission_of
from freehold.measure.mission_curve import mission_run
from freehold.network.arrays import TOLERANCE
from freehold.plan.applied import apply_options
from freehold.plan.founded import CutBlow, Planned
from freehold.plan.goal_values import BestAim, Goal, LevelAim, Limits
from freehold.plan.option_values import Activate, Option
from freehold.plan.plan_values import Curve, Leased, Price, Step, Year
from freehold.plan.prices import YEAR, building_costs, date_on, payments, plan_days, step_cost
from freehold.stack.control import Control
from freehold.stack.cutoff import DEFAULT_STAKE, Cutoff
from freehold.stack.values import UNKNOWN, Source, Stack, is_stated
from freehold.words import day as day_in_words
from freehold.words import listed, percent, say

__all__ = ["curves", "cutoffs_of", "price_of", "steps_of", "still_leased", "years_of"]


def steps_of(
    options: Sequence[Option], starts: Mapping[int, float], limits: Limits, committed: Mapping[int, tuple[float, float, float]]
) -> tuple[Step, ...]:
    """The steps of a plan, by start, then by id.

    Parameters
    ----------
    options
        All options.
    starts
        Day on which each chosen one starts, by number.
    limits
        The plan's limits.
    committed
        Of steps that are no longer open: start, ready, and what they still cost, by number.
    """
    once = building_costs(options, starts)
    found = []
    for number in sorted(starts, key=lambda one: (starts[one], options[one].id)):
        option, start = options[number], starts[number]
        ready = start + (option.lead if is_stated(option.lead) else 0.0)
        cost = step_cost(option, once[number], start, limits)
        paid = once[number]
        if number in committed:
            start, ready, cost = committed[number]
            paid = cost
        dates = date_on(start, limits), date_on(ready, limits)
        found.append(Step(option.id, start, ready, *dates, paid, cost, number in committed))
    return tuple(found)


def cutoffs_of(stack: Stack, goal: Goal) -> tuple[Cutoff, ...]:
    """The cut-offs whose curves are shown: those of the aims, each once, and everything foreign where there is a home."""
    named = [aim.cut for aim in goal.aims if isinstance(aim, LevelAim | BestAim)]
    if stack.home is not None and not any(_is_foreign(cut) for cut in named):
        named.append(foreign_cutoff())
    return tuple(dict.fromkeys(named))


def _is_foreign(cut: Cutoff) -> bool:
    return len(cut.rules) == 1 and cut.rules == foreign_cutoff().rules


def curves(
    stack: Stack, chosen: Sequence[Option], cuts: Sequence[Cutoff], goal: Goal, *, strict: bool = False, kernel: Kernel = "auto"
) -> tuple[Curve, ...]:
    """Mission level on each of a goal's days under each cut-off, before a plan and after it; nothing holds itself up."""
    days, cases = goal.reliance_days, dict[float, Case]()
    planned = Planned(stack, chosen, quality=goal.limits.quality, strict=strict, kernel=kernel)
    found = []
    for cut in cuts:
        if cut.stake not in cases:
            cases[cut.stake] = Case(stack, strict=strict, stake=cut.stake, kernel=kernel)
        then = planned.case(CutBlow(cut), days[-1])
        levels = _mission(then, cut, days)
        found.append(Curve(cut, days, _mission(cases[cut.stake], cut, days), levels, _worst(then, cut, days[-1])))
    return tuple(found)


def _worst(case: Case, cut: Cutoff, last: float) -> tuple[float, float]:
    """The first day of the least level up to a last day, and that level, on the exact time line."""
    curve = mission_run(case, case.scenario(cut, LOW), LOW, mission_of(case.stack), last).curve
    least = curve.least(last)
    place = next(place for place, level in enumerate(curve.levels.tolist()) if level <= least + TOLERANCE)
    return float(curve.days[place]), round(least, 12)


def _mission(case: Case, cut: Cutoff, days: tuple[float, ...]) -> Interval:
    low, high = both_sides(case, cut, days, 0.5)
    return mission_of(case.stack).mean(low.levels[0], high.levels[0])


def _reliance(stack: Stack, chosen: Sequence[Option], goal: Goal, *, strict: bool, kernel: Kernel) -> tuple[float, float]:
    """Self-reliance on the last day asked, unknown facts at their worst and at their best; 0 to 1 where there is no home."""
    if stack.home is None:
        return 0.0, 1.0
    cut, day = foreign_cutoff(), goal.reliance_days[-1]
    planned = Planned(stack, chosen, quality=goal.limits.quality, strict=strict, kernel=kernel)
    found = _mission(planned.case(CutBlow(cut), day), cut, (day,))
    return found.low[0], found.high[0]


def years_of(
    stack: Stack, options: Mapping[str, Option], steps: Sequence[Step], goal: Goal, *, strict: bool = False,
    kernel: Kernel = "auto",
) -> tuple[Year, ...]:  # fmt: skip
    """The years of a plan: what falls in each, what is ready by its end, how self-reliant it leaves one."""
    limits, last = goal.limits, plan_days(goal.limits)
    open_ = [step for step in steps if not step.committed]
    paid = payments(
        [options[step.option] for step in open_],
        [(number, step.start, step.ready, step.cost_once) for number, step in enumerate(open_)],
        limits,
        [(step.start, step.cost) for step in steps if step.committed],
    )
    known: dict[frozenset[str], tuple[float, float]] = {}
    found = []
    for number, cost in enumerate(paid, 1):
        end = min(number * YEAR, last)
        # what is ready on a year's first day belongs to that year, not to the one before; the plan's last day belongs to it
        by = end + TOLERANCE if number == len(paid) else end - TOLERANCE
        ready = tuple(step.option for step in steps if step.ready <= by)
        key = frozenset(ready)
        if key not in known:
            known[key] = _reliance(stack, [options[one] for one in ready], goal, strict=strict, kernel=kernel)
        found.append(Year(number, date_on(end, limits), cost, ready, *known[key]))
    return tuple(found)


def still_leased(
    stack: Stack, chosen: Sequence[Option], options: Sequence[Option], goal: Goal, *, strict: bool = False,
    kernel: Kernel = "auto",
) -> tuple[Leased, ...]:  # fmt: skip
    """What the mission rests on that is, surely or perhaps, still foreign in its sources in use; what falls farthest first.

    Parameters
    ----------
    stack
        The stack as it is.
    chosen, options
        What is built, and all options, those that cannot be judged among them.
    goal
        Its last day of self-reliance is the one for which it is told what is left with everything foreign cut off.
    strict, kernel
        As for :class:`~freehold.measure.case.Case`.
    """
    day, planned = goal.reliance_days[-1], apply_options(stack, chosen)
    control, held = Control(planned, strict=strict, stake=DEFAULT_STAKE), held_shares(planned, strict=strict)
    left = None
    if stack.home is not None:
        stands = Planned(stack, chosen, quality=goal.limits.quality, strict=strict, kernel=kernel)
        case = stands.case(CutBlow(foreign_cutoff()), day)
        left = both_sides(case, foreign_cutoff(), (day,), 0.5)[0].levels[0, 0]
    helping = _helping(planned, options, frozenset(option.id for option in chosen))
    found = []
    for number in sorted(_resting_on(planned)):
        item, share = planned.items[number], held[number]
        if share.low >= 1 - TOLERANCE:
            continue
        sources = planned.sources_of[item.id]
        in_use = [one for one in sources if one.status in (None, "in-use", UNKNOWN)]
        landlords = tuple(
            dict.fromkeys(
                one.provider if isinstance(one.provider, str) else "?" for one in in_use if control.foreign(one) is not False
            )
        )
        level = 0.0 if left is None else float(left[number])
        why = _why_leased(planned, item.id, level, day, control, helping.get(item.id, ()))
        leased = Leased(item.id, landlords or ("?",), round(1 - share.high, 12), round(1 - share.low, 12), why)
        found.append((level, number, leased))
    return tuple(leased for _, _, leased in sorted(found, key=lambda entry: entry[:2]))


def _helping(stack: Stack, options: Sequence[Option], built: Collection[str]) -> Mapping[str, tuple[Option, ...]]:
    """Options that are not built, by the items that they make, activate or change a source of."""
    items = {source.id: source.item for source in stack.sources}
    found: dict[str, dict[str, Option]] = {}
    for option in options:
        own = {source.id: source.item for source in option.adds.sources} if option.adds is not None else {}
        for change in option.changes if option.id not in built else ():
            item = own.get(change.source, items.get(change.source))
            if item is not None:
                found.setdefault(item, {})[option.id] = option
    return {item: tuple(some.values()) for item, some in found.items()}


def _resting_on(stack: Stack) -> set[int]:
    """Numbers of the items that the mission rests on."""
    mission = mission_of(stack)
    number_of = {item.id: number for number, item in enumerate(stack.items)}
    open_ = [*mission.weights, *mission.doubtful]
    seen = set(open_)
    while open_:
        for source in stack.sources_of[stack.items[open_.pop()].id]:
            if source.status == "candidate":
                continue
            for need in stack.needs_of[source.id]:
                number = number_of[need.item]
                if number not in seen:
                    seen.add(number)
                    open_.append(number)
    return seen


def _why_leased(
    stack: Stack, item: str, level: float, day: float, control: Control, helping: Sequence[Option]
) -> str:  # fmt: skip
    """Why an item may stay leased, or has to, in words."""
    ready = [one for one in stack.sources_of[item] if one.status == "standby" and control.foreign(one) is False]
    if level >= 1 - TOLERANCE:
        if not ready:
            return say("roadmap.leased_stands", day=day_in_words(day))
        soonest = min(ready, key=lambda one: (one.recover if is_stated(one.recover) else math.inf, one.id))
        recover = 0.0 if soonest.recover is None else soonest.recover
        who = _named(stack, soonest)
        if not is_stated(recover):
            return say("roadmap.leased_standby", source=who, days=say("roadmap.days_unknown"))
        if recover <= TOLERANCE:
            return say("roadmap.leased_standby_at_once", source=who)
        return say("roadmap.leased_standby", source=who, days=say("roadmap.days", count=f"{recover:g}"))
    left = say("roadmap.leased_falls", left=percent(level), day=day_in_words(day))
    held = [option for option in helping if not _is_foreign_itself(stack, option, item, control)]
    judged = [option for option in held if not option.lacking]
    if judged:
        return left + say("roadmap.leased_not_chosen", option=judged[0].name or judged[0].id)
    if held:
        facts = listed(say(f"roadmap.lacks_{one}") for one in held[0].lacking)
        return left + say("roadmap.leased_unjudged", option=held[0].name or held[0].id, facts=facts)
    return left + say("roadmap.leased_no_option")


def _is_foreign_itself(stack: Stack, option: Option, item: str, control: Control) -> bool:
    """Whether an option only brings, or makes more of, sources of the item that are surely foreign."""
    own: Mapping[str, Source] = {}
    if option.adds is not None:
        own = option.adds.source_by_id
        control = Control(replace(stack, providers=(*stack.providers, *option.adds.providers)), stake=control.stake)
    named = [own.get(change.source, stack.source_by_id.get(change.source)) for change in option.changes]
    return all(control.foreign(source) is True for source in named if source is not None and source.item == item)


def _named(stack: Stack, source: Source) -> str:
    """Whose source it is, for people."""
    if source.provider == "self":
        return say("roadmap.own")
    provider = stack.provider_by_id.get(source.provider) if isinstance(source.provider, str) else None
    return source.id if provider is None else provider.name or provider.id


def price_of(stack: Stack, options: Mapping[str, Option], steps: Sequence[Step]) -> Price:
    """What a plan costs in money, time, quality, standards, forks and things given up."""
    chosen = [options[step.option] for step in steps]
    return Price(
        once=math.fsum(step.cost_once for step in steps),
        yearly=math.fsum(option.cost_year for option in chosen if is_stated(option.cost_year)),
        days=max([0.0, *(step.ready for step in steps)]),
        quality=_quality_lost(stack, chosen),
        standards_left=tuple((option.id, one) for option in chosen for one in option.standards_left),
        forks=tuple((option.id, one) for option in chosen for one in option.forks),
        gives_up=tuple((option.id, one) for option in chosen for one in option.gives_up),
    )


def _quality_lost(stack: Stack, chosen: Sequence[Option]) -> tuple[tuple[str, float, float], ...]:
    planned = apply_options(stack, chosen)
    found: dict[str, tuple[float, float]] = {}
    for option in chosen:
        for change in option.changes:
            if not isinstance(change, Activate) or change.source not in planned.source_by_id:
                continue
            source = planned.source_by_id[change.source]
            in_use = [one for one in stack.sources_of.get(source.item, ()) if one.status in (None, "in-use", UNKNOWN)]
            before, after = max((_quality(one) for one in in_use), default=0.0), _quality(source)
            if after < before - TOLERANCE:
                found[source.item] = (before, max(after, found.get(source.item, (0.0, after))[1]))
    return tuple((item, *pair) for item, pair in found.items())


def _quality(source: Source) -> float:
    """Quality of a source: 1 where blank, 0 where unknown."""
    return 1.0 if source.quality is None else source.quality if is_stated(source.quality) else 0.0
