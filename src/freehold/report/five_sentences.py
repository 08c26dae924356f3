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
from freehold.report.figures import country, country_in_sentence, short_range, tone_of
from freehold.report.interface import Paragraph, Range, Tone
from freehold.report.plan_words import last_day, money, option_name, short
from freehold.report.sentences import capital, count, day_place, item_name, who_in_sentence
from freehold.report.whom_to_ask import fact_words, whom_to_ask
from freehold.stack.countries import is_region
from freehold.stack.values import UNKNOWN, Stack
from freehold.words import day as show_day
from freehold.words import listed, percent, say, sentences

__all__ = [
    "FirstOut", "Sentence", "Subject", "after_words", "asking", "cut_of", "first_out", "five_sentences", "holding",
    "landlord_name", "largest_landlord", "largest_landlords", "left_on", "next_step", "ranked_landlords", "sentence_blocks",
    "stop_words", "stopping", "when_words", "why_words",
]  # fmt: skip

Subject: TypeAlias = Literal["hold", "landlord", "stops", "step", "ask"]

_SOON: Final = 30.0
_YEAR: Final = 365.0


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
    plan: PlanAnswer | None = None, *, options: int = 0, looked: bool = True,
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
    looked
        Whether a step was looked for at all.
    """
    return (
        holding(stack, assessed), largest_landlord(stack, assessed, cuts), stopping(stack, assessed, cuts),
        next_step(stack, step, plan, options=options, looked=looked), asking(stack, assessed),
    )  # fmt: skip


def sentence_blocks(sentences: Sequence[Sentence]) -> tuple[Paragraph, ...]:
    """The sentences as blocks, the first as the lead."""
    return tuple(Paragraph(one.text, one.tone, lead=not place, how=one.how) for place, one in enumerate(sentences))


def after_words(day: float) -> str:
    """A day as a length of time since the cut: ``on the first day``, ``after 30 days``, ``after 3 years``."""
    if day <= 0:
        return say("five.first_day")
    return say("five.after", time=_length(day))


def _length(day: float) -> str:
    """A length of time: whole years where it is, else days."""
    years = day / _YEAR
    if years >= 1 and abs(years - round(years)) < 1e-9:
        return count("five.years", round(years))
    shown = show_day(day)
    return say("five.days_one") if shown == "1" else say("five.days_many", count=shown)


def holding(stack: Stack, assessed: AssessAnswer) -> Sentence:
    """What is held at face value and in content, and what runs at once, soon and in the end with everything foreign cut off."""
    run, content = assessed.self_reliance, assessed.content
    last = len(assessed.days) - 1
    places = sorted({0, day_place(assessed.days, _SOON), last})
    levels = [
        say(
            "five.level" if number else "five.level_first", level=_range(run.low[place], run.high[place]),
            after=after_words(assessed.days[place]),
        )
        for number, place in enumerate(places)
    ]  # fmt: skip
    listing = levels[0] if len(levels) == 1 else say("five.and_last").join((listed(levels[:-1]), levels[-1]))
    text = say(
        "five.hold", name=capital(short(stack.name)), face=_range(*content.face_value), content=_range(*content.content),
        levels=listing,
    )  # fmt: skip
    worst = min(places, key=lambda place: run.low[place])
    return Sentence(
        "hold", say("five.hold_title"), text, tone_of(run.low[worst], run.high[worst], assessed.floor), "self_reliance"
    )


def _range(low: float, high: float) -> str:
    return short_range(Range(low, high))


def ranked_landlords(cuts: LandlordCuts, assessed: AssessAnswer, most: int = 3) -> tuple[int, ...]:
    """Places of the largest landlords, those outside home and trusted countries first; everything foreign is none of them.

    They come in the order in which the assessment ranks them, by what is lost on the days asked, so that all pages name the
    same one.
    """
    known = sorted((*assessed.controllers, *assessed.landlords), key=lambda one: -sum(one.loss.high))
    order = {one.id: place for place, one in enumerate(known)}
    places = [place for place, one in enumerate(cuts.landlords) if one.kind != "foreign"]
    return tuple(
        sorted(places, key=lambda place: (cuts.landlords[place].inside, order.get(cuts.landlords[place].id, len(order)), place))
    )[:most]


def largest_landlords(cuts: LandlordCuts | None, assessed: AssessAnswer) -> tuple[int, ...]:
    """Places of the largest country and of the largest single firm, the country first; either may be missing."""
    if cuts is None:
        return ()
    ranked = ranked_landlords(cuts, assessed, len(cuts.landlords))
    outside = [place for place in ranked if not cuts.landlords[place].inside] or list(ranked)
    found = [next((place for place in outside if cuts.landlords[place].kind == kind), None) for kind in ("country", "owner")]
    return tuple(place for place in found if place is not None)


def cut_of(cuts: LandlordCuts, place: int) -> LandlordCut | None:
    """The answer for one landlord alone; ``None`` if there is none."""
    return next((one for one in cuts.cuts if one.members == (place,)), None)


def left_on(cuts: LandlordCuts, cut: LandlordCut, day: float) -> tuple[float, float]:
    """Mission left on a day, between two bounds."""
    place = day_place(cuts.days, day)
    return cut.low[place], cut.high[place]


def landlord_name(stack: Stack, one: Landlord) -> str:
    """A landlord within a sentence: a country with its article, a firm with the country of its seat."""
    if one.kind == "country":
        return country_in_sentence(one.id)
    if one.kind == "owner" and is_region(one.country):
        return say("five.firm", name=_who(stack, one), country=country(one.country))
    return _who(stack, one)


def _who(stack: Stack, one: Landlord) -> str:
    return short(one.name or who_in_sentence(stack, one.id))


def _in_use(stack: Stack) -> int:
    return sum(source.status in (None, "in-use", UNKNOWN) for source in stack.sources)


def largest_landlord(stack: Stack, assessed: AssessAnswer, cuts: LandlordCuts | None) -> Sentence:
    """Which country is the largest landlord, and which single firm, and what each can reach."""
    reached: list[_Reach] = []
    places = largest_landlords(cuts, assessed)
    for place in places if cuts is not None else ():
        assert cuts is not None
        reached += _reach_of_cut(stack, assessed, cuts, place)
    told_kinds = {cuts.landlords[place].kind for place in places} if cuts is not None else set()
    if "country" not in told_kinds:
        reached = [*_reach_assessed(stack, assessed, assessed.controllers), *reached]
    if "owner" not in told_kinds:
        reached += _reach_assessed(stack, assessed, assessed.landlords)
    how = "landlord_cuts" if places else "landlords"
    if not reached:
        key = "five.landlord_none_unknown" if assessed.unknowns else "five.landlord_none"
        return Sentence("landlord", say("five.landlord_title"), say(key), "warn" if assessed.unknowns else "good", how)
    told = [
        say(
            "five.landlord_firm" if place else "five.landlord", name=one.name, sources=one.sources, of=f"{_in_use(stack):,}",
            left=percent(one.low), when=after_words(one.day),
        )
        for place, one in enumerate(reached)
    ]  # fmt: skip
    tone = tone_of(reached[0].low, reached[0].high, assessed.floor)
    return Sentence("landlord", say("five.landlord_title"), sentences(told), tone, how)


@dataclass(frozen=True, slots=True)
class _Reach:
    """What a landlord reaches, and the least that is left without it: between two bounds, and on which day."""

    name: str
    sources: str
    low: float
    high: float
    day: float


def _reach_of_cut(stack: Stack, assessed: AssessAnswer, cuts: LandlordCuts, place: int) -> list[_Reach]:
    landlord, cut = cuts.landlords[place], cut_of(cuts, place)
    if cut is None:
        return []
    worst = min(range(len(cut.low)), key=lambda number: cut.low[number])
    sure = {one.id: one.sources for one in (*assessed.controllers, *assessed.landlords)}.get(landlord.id, landlord.sources)
    sources = _reached(sure, landlord.sources)
    return [_Reach(landlord_name(stack, landlord), sources, cut.low[worst], cut.high[worst], cuts.days[worst])]


def _reach_assessed(stack: Stack, assessed: AssessAnswer, found: Sequence[Controller]) -> list[_Reach]:
    """The same of the first of those assessed, where no landlord's answer is there."""
    return [
        _Reach(
            _named(stack, one), f"{one.sources:,}", 1 - one.loss.high[worst], 1 - one.loss.low[worst], assessed.days[worst]
        )
        for one in found[:1]
        for worst in (max(range(len(one.loss.high)), key=lambda number: one.loss.high[number]),)
    ]  # fmt: skip


def _named(stack: Stack, one: Controller) -> str:
    name = short(who_in_sentence(stack, one.id))
    if one.id != one.country and is_region(one.country):
        return say("five.firm", name=name, country=country(one.country))
    return name


def _reached(sure: int, perhaps: int) -> str:
    """How many sources somebody reaches: surely, and with what is only perhaps theirs."""
    low, high = sorted((sure, perhaps))
    return f"{low:,}" if low == high else say("report.range", low=f"{low:,}", high=f"{high:,}")


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
    """When something goes out: one time, or two with unknown facts at their worst and their best."""
    return stop_words(first.worst, first.best)


def stop_words(worst: float, best: float | None) -> str:
    """When something stops, between two days; ``None``: at best it does not."""
    if best is None:
        return say("five.when_worst", worst=_stop_time(worst))
    if abs(best - worst) < 1e-9:
        return _stop_time(worst)
    return say("five.when_between", worst=_stop_time(worst), best=_stop_time(best))


def _stop_time(day: float) -> str:
    return say("five.when_at_once") if day <= 0 else after_words(day)


def why_words(stack: Stack, first: FirstOut) -> str:
    """Why something goes out, in a clause: what at the end of the chain is no longer had, and from whom it came."""
    source = stack.source_by_id.get(first.source)
    provider = source.provider if source is not None else None
    from_whom = short(who_in_sentence(stack, provider)) if isinstance(provider, str) else say("five.not_known")
    if first.root == first.item:
        return say("five.because_own", provider=from_whom)
    return say("five.because", root=short(item_name(stack, first.root)), provider=from_whom)


def stopping(stack: Stack, assessed: AssessAnswer, cuts: LandlordCuts | None) -> Sentence:
    """What stops first, when and why: without the largest country, and without the largest single firm."""
    title = say("five.stops_title")
    places = largest_landlords(cuts, assessed)
    if cuts is None or not places:
        return _stopping_of_foreign(stack, assessed, title)
    first, cut = first_out(stack, cuts, places[0]), cut_of(cuts, places[0])
    name = landlord_name(stack, cuts.landlords[places[0]])
    span = _length(cuts.horizon)
    if first is None:
        low = min(cut.low, default=1.0) if cut is not None else 1.0
        text = say("five.stops_nothing", name=name, span=span, left=percent(low))
        return Sentence("stops", title, text, "plain", "landlord_cuts")
    outs = cut.outs if cut is not None else ()
    things = _reached(sum(bool(out.best) for out in outs), len(outs))
    told = [
        say(
            "five.stops" if first.mission else "five.stops_needed", name=name, item=short(item_name(stack, first.item)),
            when=when_words(first), why=why_words(stack, first), span=span,
            things=say("five.things_one") if things == "1" else say("five.things_many", count=things),
        )
    ]  # fmt: skip
    told += [_stopping_of_firm(stack, cuts, place, first) for place in places[1:]]
    return Sentence("stops", title, sentences(told), "bad" if first.best is not None else "warn", "landlord_cuts")


def _stopping_of_firm(stack: Stack, cuts: LandlordCuts, place: int, before: FirstOut) -> str:
    """What stops first without a single firm, beside what does without the country named before."""
    name, first = _who(stack, cuts.landlords[place]), first_out(stack, cuts, place)
    if first is None:
        return say("five.stops_firm_nothing", name=name, span=_length(cuts.horizon))
    key = "five.stops_firm" if first.mission or not before.mission else "five.stops_firm_needed"
    key = "five.stops_firm_same" if first.item == before.item else key
    return say(key, name=name, item=short(item_name(stack, first.item)), when=when_words(first))


def _stopping_of_foreign(stack: Stack, assessed: AssessAnswer, title: str) -> Sentence:
    """The same for everything foreign, where no landlord's answer is there."""
    mission = mission_of(stack)
    wanted = {*mission.weights, *mission.doubtful}
    stops = [(one.stops_low, number, one) for number, one in enumerate(assessed.foreign.items)
             if number in wanted and one.stops_low is not None]  # fmt: skip
    if not stops:
        text = say("five.stops_nothing_foreign", span=_length(assessed.days[-1]), left=percent(min(assessed.self_reliance.low)))
        return Sentence("stops", title, text, "plain", "self_reliance")
    day, _, one = min(stops, key=lambda entry: entry[:2])
    because = next((weak.because for weak in assessed.weakest if weak.id == one.id), "")
    first = FirstOut(one.id, True, day, one.stops_high, one.id, "")  # noqa: FBT003  a value's field
    text = say("five.stops_foreign", item=short(item_name(stack, one.id)), when=when_words(first), why=because or "–")
    return Sentence("stops", title, text, "bad" if one.stops_high is not None else "warn", "self_reliance")


def next_step(
    stack: Stack, step: FirstStep | None, plan: PlanAnswer | None = None, *, options: int = 0, looked: bool = True  # noqa: ARG001
) -> Sentence:  # fmt: skip
    """The cheapest next step, its price and what it brings; and the whole plan, where there is one.

    Parameters
    ----------
    stack, step, plan
        The stack, the step and the plan.
    options
        How many options there are, where none of them is such a step.
    looked
        Whether a step was looked for at all.
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
                ready=say("five.ready_at_once") if step.days <= 0 else say("five.ready", time=_length(step.days)),
                before=percent(step.before.low[place]),
                after=percent(step.after.low[place]),
                when=after_words(step.asked[place]),
            )
        )
    elif not looked:
        parts.append(say("five.step_not_looked"))
    elif options:
        parts.append(say("five.step_none_brings" if options > 1 else "five.step_one_brings_nothing", count=f"{options:,}"))
    else:
        parts.append(say("five.step_no_options"))
    if plan is not None and plan.cost is not None and plan.steps:
        parts.append(_whole_plan(plan))
    elif plan is not None and plan.impossible is not None:
        parts.append(say("five.plan_impossible"))
    return Sentence(
        "step", title, sentences(parts), "plain" if step is not None else "warn", "first_step" if step is not None else how
    )


def _whole_plan(plan: PlanAnswer) -> str:
    assert plan.cost is not None
    steps = count("five.plan_steps", len(plan.steps))
    cost = say("five.plan_cost", cost=money(plan.cost, plan.currency), end=last_day(plan.goal.limits))
    curve = _foreign_curve(plan)
    if curve is None:
        return say("five.plan_without_curve", steps=steps, cost=cost)
    gains = [
        (after - before, place) for place, (before, after) in enumerate(zip(curve.before.low, curve.after.low, strict=True))
    ]
    _, place = max(gains)
    return say(
        "five.plan", steps=steps, cost=cost, before=percent(curve.before.low[place]), after=percent(curve.after.low[place]),
        when=after_words(curve.days[place]),
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
