"""The first page of a roadmap, in plain sentences. Owns what it says and in which order: within 300 words.

What it costs, by when, what it reaches, what is still leased, what it cannot survive, and how sure that is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from freehold.plan.goal_values import BestAim
from freehold.plan.plan_values import Check, Confidence, Curve, PlanAnswer, Step
from freehold.report.interface import Paragraph, Tone
from freehold.report.plan_words import aim_words, cut_words, few, landlord, last_day, money, option_name, short
from freehold.report.sentences import capital, count, item_name
from freehold.stack.values import Stack, is_stated
from freehold.words import day as show_day
from freehold.words import listed, percent, remark, say, sentence, sentences

__all__ = ["MOST_WORDS", "bound_words", "first_page", "reached_levels"]

MOST_WORDS: Final = 290
"""Words of the first page, but for its title."""
_WHOLE: Final = 1 - 1e-9


def first_page(answer: PlanAnswer, stack: Stack | None) -> tuple[Paragraph, ...]:
    """Say it: with fewer names where it would be longer than :data:`MOST_WORDS`.

    Parameters
    ----------
    answer
        The plan.
    stack
        The stack as it is, for names.
    """
    for most in (3, 2, 1):
        told = tuple(one for one in _told(answer, stack, most) if one.text)
        if sum(len(one.text.split()) for one in told) <= MOST_WORDS:
            break
    return told


def _told(answer: PlanAnswer, stack: Stack | None, most: int) -> Iterator[Paragraph]:
    sentences = min(2, most)
    if answer.cost is None:
        yield Paragraph(_no_plan(answer, stack, most), "bad", lead=True)
    else:
        yield Paragraph(_cost(answer), lead=True)
        yield Paragraph(bound_words(answer))
        yield Paragraph(_by_when(answer))
        if len(answer.steps) > 1:
            yield Paragraph(_largest(answer, most))
        granted = _taken_for_granted(answer, stack)
        if granted:
            yield Paragraph(granted, "warn")
    if answer.stopped is not None and answer.cost is not None:
        yield Paragraph(say(f"plan.stopped_{answer.stopped}"), "warn")
    if answer.cost is not None:
        yield Paragraph(_reached(answer, stack, sentences))
        yield Paragraph(_leased(answer, stack, most))
    yield Paragraph(_not_survived(answer, stack, sentences))
    if answer.cost is not None:
        yield Paragraph(*_sure(answer))


def _cost(answer: PlanAnswer) -> str:
    assert answer.cost is not None
    if not answer.steps:
        return _nothing(answer, answer.cost)
    steps, total = count("plan.steps", len(answer.steps)), money(answer.cost, answer.currency)
    rate = answer.goal.limits.discount
    if answer.price is None:
        return say("plan.costs", steps=steps, cost=total)
    once, yearly, key = answer.price.once, answer.price.yearly, "plan.costs_parts"
    kept = [step for step in answer.steps if step.committed]
    if kept:
        # what a committed step still costs holds its running costs, too
        once = math.fsum(step.cost_once for step in answer.steps if not step.committed)
        yearly -= math.fsum(_yearly(answer, step) for step in kept)
        key += "_kept" if len(kept) < len(answer.steps) else "_all_kept"
    told = say(
        key, steps=steps, cost=total, once=money(once, answer.currency), year=money(yearly, answer.currency),
        kept=money(math.fsum(step.cost for step in kept), answer.currency),
    )  # fmt: skip
    lost = answer.cost - math.fsum(step.cost for step in answer.steps)
    if answer.goal.limits.penalty is not None and lost > 0.005:
        told = sentences((told, say("plan.penalty", lost=money(lost, answer.currency))))
    return sentences((told, say("plan.discounted", rate=percent(rate)))) if rate > 0 else told


def _nothing(answer: PlanAnswer, cost: float) -> str:
    """Why a plan has no steps."""
    if not all(check.met for check in answer.checks):
        return say("plan.nothing_pays", lost=money(cost, answer.currency))
    return say("plan.nothing_to_do" if answer.checks else "plan.nothing_gains")


def _yearly(answer: PlanAnswer, step: Step) -> float:
    option = answer.options.get(step.option)
    return option.cost_year if option is not None and is_stated(option.cost_year) else 0.0


def _taken_for_granted(answer: PlanAnswer, stack: Stack | None) -> str:
    """Which costs and times no one has stated: a candidate's blank cost counts as 0, and it is ready at once."""
    own = [one.option for one in answer.steps if not one.committed and _origin(answer, one) == "stack"]
    if stack is None or not own:
        return ""
    told = [count("plan.no_lead", len(own))]
    sources = [stack.source_by_id[id_] for id_ in own if id_ in stack.source_by_id]
    free = sum(source.cost_once is None and source.cost_year is None for source in sources)
    if free:
        told.append(count("plan.no_cost", free))
    return sentences([*told, say("plan.state_it")])


def _origin(answer: PlanAnswer, step: Step) -> str | None:
    option = answer.options.get(step.option)
    return None if option is None else option.origin


def bound_words(answer: PlanAnswer) -> str:
    """How much cheaper a plan could be at most, in a sentence."""
    gap = answer.gap
    if answer.cost is None or gap is None:
        return ""
    if answer.goal.seek == "reliance":
        return say("plan.bound_reliance" if answer.stopped is None else "plan.bound_reliance_open")
    if not answer.steps and answer.cost == 0:
        return say("plan.bound_nothing")
    if gap <= 1e-9:
        return say("plan.bound_proven")
    if answer.bound <= 0:
        return say("plan.bound_open")
    return say("plan.bound", bound=money(answer.bound, answer.currency), gap=percent(gap))


def _by_when(answer: PlanAnswer) -> str:
    end = last_day(answer.goal.limits)
    if not answer.steps:
        return say("plan.judged_on", end=end)
    open_ = [step.start_date for step in answer.steps if not step.committed]
    start, ready = min(open_, default=""), max(step.ready_date for step in answer.steps)
    if len(open_) < len(answer.steps):
        return say("plan.when_kept" if open_ else "plan.when_all_kept", start=start, ready=ready, end=end)
    if len(answer.steps) > 1:
        return say("plan.when", start=start, ready=ready, end=end)
    only = answer.steps[0].option
    name = short(option_name(answer.options.get(only), only))
    return say("plan.when_one", name=name, start=start, ready=ready, end=end)


def _largest(answer: PlanAnswer, most: int) -> str:
    dearest = sorted(answer.steps, key=lambda step: (-step.cost, step.option))
    names = [
        say(
            "plan.largest_one", name=short(option_name(answer.options.get(step.option), step.option)),
            cost=money(step.cost, answer.currency),
        )
        for step in dearest
    ]  # fmt: skip
    return say("plan.largest", names=_some(names, most))


def _reached(answer: PlanAnswer, stack: Stack | None, most: int) -> str:
    told = []
    for check in answer.checks[:most]:
        aim = capital(aim_words(check.aim, stack))
        key = "reached" if check.met else "missed"
        levels = reached_levels(answer, check)
        if levels is None:
            told.append(say(f"plan.{key}_best", aim=aim))
        else:
            told.append(say(f"plan.{key}", aim=aim, reached=percent(levels[0]), before=percent(levels[1])))
    left = answer.checks[most:]
    if left:
        missed = sum(not check.met for check in left)
        told.append(count("plan.more_missed", missed) if missed else count("plan.more_met", len(left)))
    if not answer.checks:
        year = answer.years[-1] if answer.years else None
        if year is not None:
            told.append(say("plan.reliance_then", level=percent(year.reliance_low), end=year.ends))
    return sentences(told)


def reached_levels(answer: PlanAnswer, check: Check) -> tuple[float, float] | None:
    """What an aim comes to with the plan, and today, as a level or a share.

    Of the best that can be a check only says how far each thing falls short of its own best: the levels are read off the
    curve of its cut-off; ``None`` where that does not show its days.
    """
    if not isinstance(check.aim, BestAim):
        return check.reached, check.before
    curve = next((one for one in answer.curves if one.cut == check.aim.cut), None)
    if curve is None or not set(check.aim.days) <= set(curve.days):
        return None
    places = [curve.days.index(day) for day in check.aim.days]
    return min(curve.after.low[place] for place in places), min(curve.before.low[place] for place in places)


def _leased(answer: PlanAnswer, stack: Stack | None, most: int) -> str:
    stack = answer.planned or stack
    if not answer.leased:
        return say("plan.leased_none")
    names = []
    for one in answer.leased:
        name = short(item_name(stack, one.item))
        lords = [short(landlord(stack, lord)) for lord in one.landlords]
        names.append(say("plan.leased_one", item=name, landlord=lords[0]) if lords else name)
    key = "plan.leased" if len(names) > most + 1 else "plan.leased_all"
    return say(key, count=count("plan.things", len(names)), names=_some(names, most))


def _some(names: list[str], most: int) -> str:
    """The first few, told whole, and how many more there are."""
    if len(names) == most + 1:
        most += 1
    shown = listed(names[:most])
    return say("plan.and_more", names=shown, count=f"{len(names) - most:,}") if len(names) > most else shown


def _not_survived(answer: PlanAnswer, stack: Stack | None, most: int) -> str:
    """What is lost under each cut-off asked about when all is done, worst first."""
    stack = answer.planned or stack
    if not answer.curves:
        return say("plan.no_curves")
    hurt: list[tuple[float, int, Curve, float]] = []
    for number, curve in enumerate(answer.curves):
        day, least = _worst(curve)
        if least < _WHOLE:
            hurt.append((least, number, curve, day))
    if not hurt:
        return say("plan.survives_all", day=show_day(max(curve.days[-1] for curve in answer.curves)))
    told = []
    for least, _, curve, day in sorted(hurt, key=lambda one: one[:2])[:most]:
        then = curve.after.low[-1]
        key = "plan.hurt_then" if curve.days[-1] > day and round(then - least, 3) > 0 else "plan.hurt_one"
        told.append(
            say(
                key, rules=cut_words(curve.cut, stack), day=show_day(day), level=percent(least), then=percent(then),
                last=show_day(curve.days[-1]),
            )
        )  # fmt: skip
    key = "plan.stands_now" if answer.cost is None else "plan.not_survived"
    told = [say(key, hurt=say("report.separator").join(told))]
    if len(hurt) > most:
        told.append(count("plan.more_hurt", len(hurt) - most))
    return sentences(told)


def _worst(curve: Curve) -> tuple[float, float]:
    """Day and level of the least that is left: on the exact time line where it was asked, else on the days shown."""
    shown = min(curve.after.low)
    day = next(day for day, level in zip(curve.days, curve.after.low, strict=True) if level <= shown + 1e-9)
    return (day, shown) if curve.worst is None else curve.worst


def _sure(answer: PlanAnswer) -> tuple[str, Tone]:
    if not answer.confirmed:
        return say("plan.not_confirmed"), "bad"
    if not answer.goal.aims:
        # nothing was asked that could hold or fail, so that no share of futures says anything
        return sentences((say("plan.confirmed_reliance"), say("plan.certain_reliance"))), "plain"
    paid = answer.goal.limits.penalty is not None and not all(check.met for check in answer.checks)
    told = [say("plan.confirmed_paid" if paid else "plan.confirmed")]
    sure = answer.confidence
    if sure is None:
        told.append(say("plan.certain"))
    else:
        told.append(_confidence(sure))
        if sure.hurts and sure.hurts[0][1] > 0:
            id_, fall = sure.hurts[0]
            name = short(option_name(answer.options.get(id_), id_))
            told.append(say("plan.hurts", name=name, then=percent(max(0.0, sure.reached - fall))))
    return sentences(told), "plain"


def _confidence(sure: Confidence) -> str:
    """In which share of futures it holds, how surely, and what was asked."""
    beside = [] if sure.asked is None else [say("plan.confidence_asked", asked=percent(sure.asked))]
    if sure.counted:
        holds = say("plan.confidence_counted", reached=percent(sure.reached))
    else:
        holds = say("plan.confidence", reached=percent(sure.reached), futures=f"{sure.futures:,}")
        beside.insert(0, say("plan.confidence_range", low=percent(sure.low), high=percent(sure.high)))
    return sentence(remark(holds, say("report.separator").join(beside)) if beside else holds)


def _no_plan(answer: PlanAnswer, stack: Stack | None, most: int) -> str:
    why, sure = answer.impossible, answer.confidence
    if why is not None and why.reason == "confidence":
        asked, reached = (0.0, 0.0) if sure is None else (sure.asked or 0.0, sure.reached)
        return say("plan.impossible_confidence", asked=percent(asked), reached=percent(reached))
    if why is None:
        return say("plan.not_found_interrupted" if answer.stopped == "interrupted" else "plan.not_found")
    told = [say(f"plan.impossible_{why.reason}")]
    for number, best in list(zip(why.aims, why.best, strict=True))[:most]:
        aim = answer.goal.aims[number]
        told.append(say("plan.best_is", aim=capital(aim_words(aim, stack)), best=percent(best)))
    if len(why.aims) > most:
        told.append(count("plan.more_missed", len(why.aims) - most))
    if why.limit is not None:
        if why.reason == "budget":
            told.append(say("plan.limit_budget", limit=money(why.limit, answer.currency)))
        elif why.reason == "time":
            told.append(say("plan.limit_time", days=show_day(why.limit)))
        elif why.reason == "people":
            told.append(say(f"plan.limit_people_{'one' if why.limit == 1 else 'many'}", limit=f"{why.limit:g}"))
    elif why.reason == "time" and answer.goal.limits.lead is not None:
        told.append(say("plan.limit_lead", days=show_day(answer.goal.limits.lead)))
    if why.missing:
        names = [
            option_name(next((one for one in answer.unjudged if one.id == id_), None), item_name(stack, id_))
            for id_ in why.missing[0]
        ]
        told.append(say("plan.missing_first", names=few(names, most)))
    return sentences(told)
