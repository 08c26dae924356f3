"""A stack in five sentences with numbers. Owns their order and what each rests on; the words stand in the language's table.

What is held; who the largest landlord is; what stops first without it, and why; the cheapest next step; what is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from freehold.measure.assess import AssessAnswer, Controller
from freehold.measure.landlord_cut_values import Landlord, LandlordCut, LandlordCuts
from freehold.measure.mission import mission_of
from freehold.plan.first_step import FirstStep
from freehold.plan.plan_values import Curve, PlanAnswer
from freehold.report.figures import country_in_sentence, tone_of
from freehold.report.interface import Paragraph, Tone
from freehold.report.plan_words import money, option_name, short
from freehold.report.sentences import capital, count, day_place, item_name, who_in_sentence
from freehold.report.whom_to_ask import fact_words, whom_to_ask
from freehold.stack.countries import is_region
from freehold.stack.values import UNKNOWN, Stack
from freehold.words import day as show_day
from freehold.words import interval, percent, say

__all__ = [
    "FirstOut", "Sentence", "Subject", "asking", "cut_of", "first_out", "five_sentences", "holding", "landlord_name",
    "largest_landlord", "left_on", "next_step", "ranked_landlords", "sentence_blocks", "stopping", "when_words", "why_words",
]  # fmt: skip

Subject: TypeAlias = Literal["hold", "landlord", "stops", "step", "ask"]

_SOON: Final = 30.0


@dataclass(frozen=True, slots=True)
class Sentence:
    """One of the five.

    Parameters
    ----------
    subject, title
        Which; its heading.
    text
        The sentence.
    tone
        How it is to be taken.
    how
        Key of the method by which its numbers were got.
    """

    subject: Subject
    title: str
    text: str
    tone: Tone
    how: str


@dataclass(frozen=True, slots=True)
class FirstOut:
    """What goes out first when a landlord is gone.

    Parameters
    ----------
    item
        Id of the item.
    mission
        Whether it must itself be kept running.
    worst
        Day on which it goes out, unknown facts at their worst.
    best
        The same with unknown facts at their best; ``None`` if it then stays.
    root, source
        Id of the item at the end of its chain of reasons, and of that item's source which is cut; may be empty.
    """

    item: str
    mission: bool
    worst: float
    best: float | None
    root: str
    source: str


def five_sentences(
    stack: Stack, assessed: AssessAnswer, cuts: LandlordCuts | None, step: FirstStep | None = None,
    plan: PlanAnswer | None = None, *, options: int = 0,
) -> tuple[Sentence, Sentence, Sentence, Sentence, Sentence]:  # fmt: skip
    """Tell a stack in five sentences.

    Parameters
    ----------
    stack, assessed
        The stack, and how self-reliant it is.
    cuts
        What goes out without each landlord; ``None`` where that was not asked: losses of ``assessed`` stand in.
    step, plan
        The cheapest next step, and a whole plan; each may be ``None``.
    options
        How many options there are, for the sentence that says that none brings anything.
    """
    return (
        holding(stack, assessed), largest_landlord(stack, assessed, cuts), stopping(stack, assessed, cuts),
        next_step(stack, step, plan, options=options), asking(stack, assessed),
    )  # fmt: skip


def sentence_blocks(sentences: Sequence[Sentence]) -> tuple[Paragraph, ...]:
    """The sentences as blocks, the first as the lead."""
    return tuple(Paragraph(one.text, one.tone, lead=not place, how=one.how) for place, one in enumerate(sentences))


def holding(stack: Stack, assessed: AssessAnswer) -> Sentence:
    """What is held: self-reliance on day 30 and at the end, face value against content."""
    run, content = assessed.self_reliance, assessed.content
    soon, last = day_place(assessed.days, _SOON), len(assessed.days) - 1
    key = "five.hold" if soon < last else "five.hold_once"
    text = say(
        key, name=short(stack.name), soon=interval(run.low[soon], run.high[soon]), soon_day=show_day(assessed.days[soon]),
        last=interval(run.low[last], run.high[last]), last_day=show_day(assessed.days[last]),
        face=interval(*content.face_value), content=interval(*content.content),
    )  # fmt: skip
    return Sentence(
        "hold", say("five.hold_title"), text, tone_of(run.low[soon], run.high[soon], assessed.floor), "self_reliance"
    )


def ranked_landlords(cuts: LandlordCuts, most: int = 3) -> tuple[int, ...]:
    """Places of the largest landlords, those outside home and trusted countries first; everything foreign is none of them."""
    places = [place for place, one in enumerate(cuts.landlords) if one.kind != "foreign"]
    return tuple(sorted(places, key=lambda place: cuts.landlords[place].inside))[:most]


def cut_of(cuts: LandlordCuts, place: int) -> LandlordCut | None:
    """The answer for one landlord alone; ``None`` if there is none."""
    return next((one for one in cuts.cuts if one.members == (place,)), None)


def left_on(cuts: LandlordCuts, cut: LandlordCut, day: float) -> tuple[float, float]:
    """Mission left on a day, between two bounds."""
    place = day_place(cuts.days, day)
    return cut.low[place], cut.high[place]


def landlord_name(stack: Stack, one: Landlord) -> str:
    """A landlord within a sentence: a country with its article, a firm with its seat."""
    if one.kind == "country":
        return country_in_sentence(one.id)
    if one.kind == "owner" and is_region(one.country):
        return say("five.firm", name=_who(stack, one), country=country_in_sentence(one.country))
    return _who(stack, one)


def _who(stack: Stack, one: Landlord) -> str:
    return short(one.name or who_in_sentence(stack, one.id))


def _in_use(stack: Stack) -> int:
    return sum(source.status in (None, "in-use", UNKNOWN) for source in stack.sources)


def largest_landlord(stack: Stack, assessed: AssessAnswer, cuts: LandlordCuts | None) -> Sentence:
    """Who the largest landlord is, and what it can reach."""
    title, how = say("five.landlord_title"), "landlord_cuts" if cuts is not None else "landlords"
    places = ranked_landlords(cuts, 1) if cuts is not None else ()
    if cuts is not None and places:
        cut = cut_of(cuts, places[0])
        landlord = cuts.landlords[places[0]]
        name, sources = landlord_name(stack, landlord), landlord.sources
        if cut is not None:
            last = cuts.horizon
            low, high = left_on(cuts, cut, last)
            words = {
                "name": name, "sources": f"{sources:,}", "of": f"{_in_use(stack):,}",
                "soon": interval(*left_on(cuts, cut, min(_SOON, last))), "soon_day": show_day(min(_SOON, last)),
                "last": interval(low, high), "last_day": show_day(last),
            }  # fmt: skip
            key = "five.landlord" if last > _SOON else "five.landlord_once"
            return Sentence("landlord", title, say(key, **words), tone_of(low, high, assessed.floor), how)
    found: Controller | None = next(iter((*assessed.controllers, *assessed.landlords)), None)
    if found is None:
        key = "five.landlord_none_unknown" if assessed.unknowns else "five.landlord_none"
        return Sentence("landlord", title, say(key), "warn" if assessed.unknowns else "good", "landlords")
    left = [(1 - high, 1 - low) for low, high in zip(found.loss.low, found.loss.high, strict=True)]
    soon, last_place = day_place(assessed.days, _SOON), len(assessed.days) - 1
    words = {
        "name": short(who_in_sentence(stack, found.id)), "sources": f"{found.sources:,}", "of": f"{_in_use(stack):,}",
        "soon": interval(*left[soon]), "soon_day": show_day(assessed.days[soon]),
        "last": interval(*left[last_place]), "last_day": show_day(assessed.days[last_place]),
    }  # fmt: skip
    key = "five.landlord" if soon < last_place else "five.landlord_once"
    return Sentence("landlord", title, say(key, **words), tone_of(*left[last_place], assessed.floor), "landlords")


def first_out(stack: Stack, cuts: LandlordCuts, place: int) -> FirstOut | None:
    """What goes out first without one landlord: of what must be kept running, else of everything; ``None``: nothing does.

    Parameters
    ----------
    stack
        The stack.
    cuts, place
        The answers, and the landlord's place in them.
    """
    cut = cut_of(cuts, place)
    if cut is None:
        return None
    mission = mission_of(stack)
    wanted = {*mission.weights, *mission.doubtful}
    outs = [out for out in cut.outs if out.worst]
    found = [out for out in outs if out.item in wanted] or outs
    if not found:
        return None
    first = min(found, key=lambda out: (out.worst[0][0], out.best[0][0] if out.best else cuts.horizon + 1, out.item))
    way = cut.way_down(first.item)
    root, source = (way[-1].item, way[-1].source) if way else (first.item, first.source)
    return FirstOut(
        stack.items[first.item].id, first.item in wanted, first.worst[0][0], first.best[0][0] if first.best else None,
        stack.items[root].id, source,
    )  # fmt: skip


def when_words(first: FirstOut) -> str:
    """When something goes out: one day, or two with unknown facts at their worst and their best."""
    if first.best is None:
        return say("five.when_worst", day=show_day(first.worst))
    if abs(first.best - first.worst) < 1e-9:
        return say("five.when_at_once") if first.worst <= 0 else say("five.when", day=show_day(first.worst))
    return say("five.when_between", worst=show_day(first.worst), best=show_day(first.best))


def why_words(stack: Stack, first: FirstOut) -> str:
    """Why something goes out, in a clause: what at the end of the chain is no longer had, and from whom it came."""
    source = stack.source_by_id.get(first.source)
    provider = source.provider if source is not None else None
    from_whom = short(who_in_sentence(stack, provider)) if isinstance(provider, str) else say("five.not_known")
    if first.root == first.item:
        return say("five.because_own", provider=from_whom)
    return say("five.because", root=short(item_name(stack, first.root)), provider=from_whom)


def stopping(stack: Stack, assessed: AssessAnswer, cuts: LandlordCuts | None) -> Sentence:
    """What stops first without the largest landlord, when and why."""
    title = say("five.stops_title")
    places = ranked_landlords(cuts, 1) if cuts is not None else ()
    if cuts is None or not places:
        return _stopping_of_foreign(stack, assessed, title)
    landlord = cuts.landlords[places[0]]
    name = landlord_name(stack, landlord)
    first, cut = first_out(stack, cuts, places[0]), cut_of(cuts, places[0])
    if first is None:
        low = min(cut.low, default=1.0) if cut is not None else 1.0
        text = say("five.stops_nothing", name=name, day=show_day(cuts.horizon), left=percent(low))
        return Sentence("stops", title, text, "plain", "landlord_cuts")
    key = "five.stops" if first.mission else "five.stops_needed"
    text = say(
        key, name=name, item=short(item_name(stack, first.item)), when=when_words(first), why=why_words(stack, first),
        count=f"{len(cut.outs) if cut is not None else 0:,}", floor=percent(cuts.floor),
    )  # fmt: skip
    return Sentence("stops", title, text, "bad" if first.best is not None else "warn", "landlord_cuts")


def _stopping_of_foreign(stack: Stack, assessed: AssessAnswer, title: str) -> Sentence:
    """The same for everything foreign, where no landlord's answer is there."""
    mission = mission_of(stack)
    wanted = {*mission.weights, *mission.doubtful}
    stops = [(one.stops_low, number, one) for number, one in enumerate(assessed.foreign.items)
             if number in wanted and one.stops_low is not None]  # fmt: skip
    if not stops:
        text = say("five.stops_nothing_foreign", day=show_day(assessed.days[-1]), left=percent(min(assessed.self_reliance.low)))
        return Sentence("stops", title, text, "plain", "self_reliance")
    day, _, one = min(stops, key=lambda entry: entry[:2])
    because = next((weak.because for weak in assessed.weakest if weak.id == one.id), "")
    first = FirstOut(one.id, True, day, one.stops_high, one.id, "")  # noqa: FBT003  a value's field
    text = say("five.stops_foreign", item=short(item_name(stack, one.id)), when=when_words(first), why=because or "–")
    return Sentence("stops", title, text, "bad" if one.stops_high is not None else "warn", "self_reliance")


def next_step(stack: Stack, step: FirstStep | None, plan: PlanAnswer | None = None, *, options: int = 0) -> Sentence:  # noqa: ARG001
    """The cheapest next step, its price and what it brings; and the whole plan, where there is one.

    Parameters
    ----------
    stack, step, plan
        The stack, the step and the plan.
    options
        How many options there are, where none of them is such a step.
    """
    title, how, parts = say("five.step_title"), "first_step" if plan is None else "plan", []
    if step is not None:
        names = say("five.and").join(say("five.quoted", name=short(option_name(one, one.id))) for one in step.options)
        place = step.best_day
        price = money(step.price, step.currency)
        if step.cost_once > 0 and step.cost_year > 0:
            price = say(
                "five.price", once=money(step.cost_once, step.currency), year=money(step.cost_year, step.currency),
            )  # fmt: skip
        elif step.cost_year > 0:
            price = say("five.price_year", year=money(step.cost_year, step.currency))
        elif step.cost_once <= 0:
            price = say("five.price_none")
        parts.append(
            say(
                "five.step" if len(step.options) == 1 else "five.steps",
                names=names,
                price=price,
                days=show_day(step.days),
                before=percent(step.before.low[place]),
                after=percent(step.after.low[place]),
                day=show_day(step.asked[place]),
            )
        )
    elif options:
        parts.append(say("five.step_none_brings" if options > 1 else "five.step_one_brings_nothing", count=f"{options:,}"))
    else:
        parts.append(say("five.step_no_options"))
    if plan is not None and plan.cost is not None and plan.steps:
        parts.append(_whole_plan(plan))
    elif plan is not None and plan.impossible is not None:
        parts.append(say("five.plan_impossible"))
    return Sentence(
        "step", title, " ".join(parts), "plain" if step is not None else "warn", "first_step" if step is not None else how
    )


def _whole_plan(plan: PlanAnswer) -> str:
    assert plan.cost is not None
    steps, cost = count("five.plan_steps", len(plan.steps)), money(plan.cost, plan.currency)
    curve = _foreign_curve(plan)
    if curve is None:
        return say("five.plan_without_curve", steps=steps, cost=cost)
    gains = [
        (after - before, place) for place, (before, after) in enumerate(zip(curve.before.low, curve.after.low, strict=True))
    ]
    _, place = max(gains)
    return say(
        "five.plan", steps=steps, cost=cost, before=percent(curve.before.low[place]), after=percent(curve.after.low[place]),
        day=show_day(curve.days[place]),
    )  # fmt: skip


def _foreign_curve(plan: PlanAnswer) -> Curve | None:
    """The curve of everything foreign cut off, else the first one."""
    for curve in plan.curves:
        if any(rule.foreign for rule in curve.cut.rules):
            return curve
    return plan.curves[0] if plan.curves else None


def asking(stack: Stack, assessed: AssessAnswer) -> Sentence:
    """What is not known, and what to ask first and whom."""
    title = say("five.ask_title")
    if not assessed.unknowns:
        known = assessed.coverage
        text = say("five.ask_nothing", owner=percent(known.owner), country=percent(known.country))
        return Sentence("ask", title, text, "plain", "unknowns")
    facts = count("five.unknown_facts", assessed.unknowns)
    if not assessed.learn_first:
        return Sentence("ask", title, say("five.ask_many", facts=facts), "warn", "unknowns")
    first = assessed.learn_first[0]
    points = round(first.narrows * 100)
    words = {"facts": facts, "what": fact_words(first.fact, stack), "whom": whom_to_ask(first.fact, stack)}
    text = say("five.ask" if points else "five.ask_little", points=points, **words)
    return Sentence("ask", title, capital(text), "warn", "unknowns")
