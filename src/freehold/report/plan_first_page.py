"""The first page of a roadmap, in plain sentences. Owns what it says and in which order: within 300 words.

What it costs, by when, what it reaches, what is still leased, what it cannot survive, and how sure that is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from freehold.plan.goal_values import BestAim
from freehold.plan.plan_values import Confidence, Curve, PlanAnswer
from freehold.report.interface import Paragraph, Tone
from freehold.report.plan_words import aim_words, cut_words, few, landlord, last_day, money, option_name, short
from freehold.report.sentences import capital, count, item_name
from freehold.stack.values import Stack
from freehold.words import day as show_day
from freehold.words import percent, say

__all__ = ["MOST_WORDS", "bound_words", "first_page"]

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
    told = say(
        "plan.costs_parts", steps=steps, cost=total, once=money(answer.price.once, answer.currency),
        year=money(answer.price.yearly, answer.currency),
    )  # fmt: skip
    lost = answer.cost - math.fsum(step.cost for step in answer.steps)
    if answer.goal.limits.penalty is not None and lost > 0.005:
        told += " " + say("plan.penalty", lost=money(lost, answer.currency))
    return told + (" " + say("plan.discounted", rate=percent(rate)) if rate > 0 else "")


def _nothing(answer: PlanAnswer, cost: float) -> str:
    """Why a plan has no steps."""
    if not all(check.met for check in answer.checks):
        return say("plan.nothing_pays", lost=money(cost, answer.currency))
    return say("plan.nothing_to_do" if answer.checks else "plan.nothing_gains")


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
    start, ready = min(step.start_date for step in answer.steps), max(step.ready_date for step in answer.steps)
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
        if isinstance(check.aim, BestAim):
            short_of = round(100 * (1 - (check.before if check.met else check.reached)))
            told.append(say(f"plan.{key}_best", aim=aim, short=short_of))
        else:
            told.append(say(f"plan.{key}", aim=aim, reached=percent(check.reached), before=percent(check.before)))
    left = answer.checks[most:]
    if left:
        missed = sum(not check.met for check in left)
        told.append(count("plan.more_missed", missed) if missed else count("plan.more_met", len(left)))
    if not answer.checks:
        year = answer.years[-1] if answer.years else None
        if year is not None:
            told.append(say("plan.reliance_then", level=percent(year.reliance_low), end=year.ends))
    return " ".join(told)


def _leased(answer: PlanAnswer, stack: Stack | None, most: int) -> str:
    stack = answer.planned or stack
    if not answer.leased:
        return say("plan.leased_none")
    names = []
    for one in answer.leased:
        name = short(item_name(stack, one.item))
        lords = [short(landlord(stack, lord)) for lord in one.landlords]
        names.append(say("plan.leased_one", item=name, landlord=lords[0]) if lords else name)
    return say("plan.leased", count=count("plan.things", len(names)), names=_some(names, most))


def _some(names: list[str], most: int) -> str:
    """The first few, told whole, and how many more there are."""
    shown = ", ".join(names[:most])
    return say("plan.and_more", names=shown, count=f"{len(names) - most:,}") if len(names) > most else shown


def _not_survived(answer: PlanAnswer, stack: Stack | None, most: int) -> str:
    """What is lost under each cut-off asked about when all is done, worst first."""
    stack = answer.planned or stack
    if not answer.curves:
        return say("plan.no_curves")
    hurt: list[tuple[float, int, Curve]] = []
    for number, curve in enumerate(answer.curves):
        least = min(curve.after.low)
        if least < _WHOLE:
            hurt.append((least, number, curve))
    if not hurt:
        return say("plan.survives_all", day=show_day(max(curve.days[-1] for curve in answer.curves)))
    told = []
    for least, _, curve in sorted(hurt, key=lambda one: one[:2])[:most]:
        place = next(place for place, level in enumerate(curve.after.low) if level <= least + 1e-9)
        words = cut_words(curve.cut, stack)
        told.append(say("plan.hurt_one", rules=words, day=show_day(curve.days[place]), level=percent(least)))
    key = "plan.stands_now" if answer.cost is None else "plan.not_survived"
    told = [say(key, hurt="; ".join(told))]
    if len(hurt) > most:
        told.append(count("plan.more_hurt", len(hurt) - most))
    return " ".join(told)


def _sure(answer: PlanAnswer) -> tuple[str, Tone]:
    if not answer.confirmed:
        return say("plan.not_confirmed"), "bad"
    paid = answer.goal.limits.penalty is not None and not all(check.met for check in answer.checks)
    told = [say("plan.confirmed_paid" if paid else "plan.confirmed")]
    sure = answer.confidence
    if sure is None:
        told.append(say("plan.certain"))
    else:
        told.append(_confidence(sure))
        if sure.hurts and sure.hurts[0][1] > 0:
            id_, fall = sure.hurts[0]
            told.append(say("plan.hurts", name=short(option_name(answer.options.get(id_), id_)), points=round(fall * 100)))
    return " ".join(told), "plain"


def _confidence(sure: Confidence) -> str:
    """In which share of futures it holds, how surely, and what was asked."""
    beside = [] if sure.asked is None else [say("plan.confidence_asked", asked=percent(sure.asked))]
    if sure.counted:
        holds = say("plan.confidence_counted", reached=percent(sure.reached))
    else:
        holds = say("plan.confidence", reached=percent(sure.reached), futures=f"{sure.futures:,}")
        beside.insert(0, say("plan.confidence_range", low=percent(sure.low), high=percent(sure.high)))
    return holds + (f" ({'; '.join(beside)})" if beside else "") + "."


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
            told.append(say("plan.limit_people", limit=f"{why.limit:,.0f}"))
    if why.missing:
        names = [
            option_name(next((one for one in answer.unjudged if one.id == id_), None), item_name(stack, id_))
            for id_ in why.missing[0]
        ]
        told.append(say("plan.missing_first", names=few(names, most)))
    return " ".join(told)
