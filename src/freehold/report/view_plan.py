"""``plan`` as a page: the first page in sentences, then what it rests on. Owns which tables stand there, and their order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from typing import Final

from freehold.plan.plan_values import Curve as PlanCurve
from freehold.plan.plan_values import PlanAnswer
from freehold.plan.prices import date_on, plan_days
from freehold.report.answers import Context
from freehold.report.interface import (
    Block,
    Column,
    Curve,
    Detail,
    Document,
    Gantt,
    GanttBar,
    Heading,
    Paragraph,
    Range,
    Row,
    Series,
    Table,
)
from freehold.report.plan_first_page import bound_words, first_page, reached_levels
from freehold.report.plan_words import aim_words, asked_of, cut_words, does, landlord, last_day, money, option_name, year_start
from freehold.report.sentences import capital, item_name, known_paragraphs, read_paragraphs
from freehold.report.view_plan_doubts import doubt_blocks
from freehold.stack.values import Stack
from freehold.words import day as show_day
from freehold.words import listed, percent, say, sentences

__all__ = ["main_table", "plan_blocks", "plan_document", "roadmap_blocks"]

_MOST_SHOWN: Final = 25
_MOST_BARS: Final = 60
_FEW_YEARS: Final = 3
"""Steps of the chart; the table and the other formats have all."""
_MOST_CURVES: Final = 6
"""Curves that are drawn at once; the others stand in a detail."""


def plan_document(answer: PlanAnswer, context: Context) -> Document:
    """Show a plan.

    Parameters
    ----------
    answer
        The plan.
    context
        What stands beside it, with the stack as it is.
    """
    name = context.stack.name if context.stack is not None else ""
    return Document(say("plan.title", name=name), tuple(plan_blocks(answer, context)), main_table(answer, context.stack))


def plan_blocks(answer: PlanAnswer, context: Context) -> Iterator[Block]:
    """Every block of the page, the first page first."""
    yield from roadmap_blocks(answer, context.stack)
    yield Heading(say("plan.about"))
    yield from read_paragraphs(context)
    yield from known_paragraphs(context)


def roadmap_blocks(answer: PlanAnswer, stack: Stack | None) -> Iterator[Block]:
    """The plan, its price, and what it rests on."""
    yield from first_page(answer, stack)
    if answer.steps:
        yield from _steps(answer)
        yield from _years(answer)
    if answer.cost is not None:
        yield from _checks(answer, stack)
    yield from _curves(answer)
    if answer.cost is not None:
        yield from _leased(answer)
        yield from _price(answer)
        yield from _cheaper(answer)
    yield from doubt_blocks(answer, stack)


def main_table(answer: PlanAnswer, stack: Stack | None) -> Table:
    """The steps with every column, for programs."""
    stack = answer.planned or stack
    columns = (
        Column("option", say("plan.column_option"), "id"), Column("name", say("plan.column_name")),
        Column("start", say("plan.column_start")), Column("ready", say("plan.column_ready")),
        Column("cost", say("plan.column_cost"), "count"), Column("cost_once", say("plan.column_once"), "count"),
        Column("currency", say("plan.column_currency")), Column("committed", say("plan.column_committed")),
        Column("does", say("plan.column_does")),
    )  # fmt: skip
    rows = []
    for step in answer.steps:
        option = answer.options.get(step.option)
        committed = say("plan.yes" if step.committed else "plan.no")
        rows.append(
            Row(
                (
                    step.option, option_name(option, step.option), step.start_date, step.ready_date, step.cost, step.cost_once,
                    answer.currency, committed, does(option, stack),
                )
            )
        )  # fmt: skip
    return Table(columns, tuple(rows))


def _steps(answer: PlanAnswer) -> Iterator[Block]:
    stack = answer.planned
    columns = (
        Column("name", say("plan.column_name")), Column("start", say("plan.column_start"), "count"),
        Column("ready", say("plan.column_ready"), "count"), Column("cost", say("plan.column_cost"), "count"),
        Column("does", say("plan.column_does")), Column("why", say("plan.column_why")),
    )  # fmt: skip
    rows = []
    for step in answer.steps:
        option = answer.options.get(step.option)
        rows.append(
            Row(
                (
                    option_name(option, step.option), step.start_date, step.ready_date, money(step.cost, answer.currency),
                    does(option, stack), _why(step.breaks, committed=step.committed, aims=len(answer.checks)),
                )
            )
        )  # fmt: skip
    yield Heading(say("plan.steps_heading"))
    yield Table(columns, tuple(rows), most=_MOST_SHOWN)
    yield _gantt(answer)


def _why(breaks: tuple[int, ...] | None, *, committed: bool, aims: int) -> str:
    """Why a step is there: which aims miss without it."""
    if committed:
        return say("plan.why_committed")
    if breaks is None:
        return say("plan.why_open")
    if not breaks:
        return say("plan.why_together")
    if len(breaks) == aims:
        return say("plan.why_all" if aims > 1 else "plan.why_only")
    key = "plan.why_aim_one" if len(breaks) == 1 else "plan.why_aims"
    return say(key, aims=listed(str(number + 1) for number in breaks))


def _gantt(answer: PlanAnswer) -> Gantt:
    limits = answer.goal.limits
    number = max(len(answer.years), 1)
    days = max(plan_days(limits), 1.0)
    ticks = tuple((365.0 * year, year_start(limits, year)[:7]) for year in range(number) if 365 * year < days)
    if len(ticks) < _FEW_YEARS:
        ticks = tuple((float(day), date_on(day, limits)[:7]) for day in _quarters(limits.start, days))
    bars = tuple(
        GanttBar(
            option_name(answer.options.get(step.option), step.option), step.start, step.ready,
            say("plan.from_to", start=step.start_date, ready=step.ready_date), "quiet" if step.committed else "plain",
        )
        for step in answer.steps[:_MOST_BARS]
    )  # fmt: skip
    count, most = f"{len(answer.steps):,}", f"{_MOST_BARS:,}"
    key = "plan.gantt" if len(bars) == len(answer.steps) else "plan.gantt_first"
    caption = say(key, start=limits.start, end=last_day(limits), count=count, most=most)
    return Gantt(days, ticks, bars, caption)


def _quarters(start: str, days: float) -> Iterator[int]:
    """Days of a short plan that are marked: its first, and the first of every third month after it."""
    first = date.fromisoformat(start)
    yield 0
    for months in range(3, 12 * _FEW_YEARS + 1, 3):
        year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
        day = (date(year, month + 1, 1) - first).days if year <= date.max.year else days
        if day < days:
            yield int(day)


def _years(answer: PlanAnswer) -> Iterator[Block]:
    if not answer.years:
        return
    columns = (
        Column("year", say("plan.column_year"), "count"), Column("ends", say("plan.column_ends"), "count"),
        Column("cost", say("plan.column_paid"), "count"), Column("ready", say("plan.column_steps_ready"), "count"),
        Column("reliance", say("plan.column_reliance"), "percent"),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                year.number, year.ends, money(year.cost, answer.currency), len(year.ready),
                Range(year.reliance_low, year.reliance_high),
            )
        )
        for year in answer.years
    )  # fmt: skip
    yield Heading(say("plan.years_heading"))
    yield Table(columns, rows, say("plan.years_caption"))
    yield Paragraph(_paid(answer), "quiet")


def _paid(answer: PlanAnswer) -> str:
    """What is paid in all, and why the plan's cost is another sum."""
    paid, limits = math.fsum(year.cost for year in answer.years), answer.goal.limits
    told = say("plan.paid", paid=money(paid, answer.currency))
    if answer.cost is None or abs(paid - answer.cost) < 0.5:
        return told
    parts = [say("plan.paid_whole")]
    if limits.discount > 0:
        parts.append(say("plan.paid_discounted", rate=percent(limits.discount)))
    if limits.penalty is not None:
        parts.append(say("plan.paid_lost"))
    differs = say("plan.paid_differs", cost=money(answer.cost, answer.currency), parts=say("report.separator").join(parts))
    return sentences((told, differs))


def _checks(answer: PlanAnswer, stack: Stack | None) -> Iterator[Block]:
    if not answer.checks:
        return
    columns = (
        Column("number", say("plan.column_number"), "count"), Column("aim", say("plan.column_aim")),
        Column("asked", say("plan.column_asked"), "percent"), Column("reached", say("plan.column_reached"), "percent"),
        Column("before", say("plan.column_before"), "percent"), Column("met", say("plan.column_met")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                number, capital(aim_words(check.aim, stack)), asked_of(check.aim),
                *(reached_levels(answer, check) or (check.reached, check.before)), say("plan.yes" if check.met else "plan.no"),
            ),
            "plain" if check.met else "bad",
        )
        for number, check in enumerate(answer.checks, 1)
    )  # fmt: skip
    yield Heading(say("plan.checks_heading"))
    yield Table(columns, rows, say("plan.checks_caption"), most=_MOST_SHOWN)


def _curves(answer: PlanAnswer) -> Iterator[Block]:
    drawn = [_curve(curve, answer.planned, compares=answer.cost is not None) for curve in answer.curves]
    if not drawn:
        return
    yield Heading(say("plan.curves_heading" if answer.cost is not None else "plan.curves_now"))
    yield from drawn[:_MOST_CURVES]
    if len(drawn) > _MOST_CURVES:
        yield Detail(say("plan.more_curves"), tuple(drawn[_MOST_CURVES:]))


def _curve(curve: PlanCurve, stack: Stack, *, compares: bool) -> Curve:
    before = Series("before", say("plan.before"), curve.before.low, curve.before.high)
    after = Series("after", say("plan.after"), curve.after.low, curve.after.high)
    words = say("plan.curve", rules=cut_words(curve.cut, stack))
    return Curve(curve.days, (before, after) if compares else (before,), words)


def _leased(answer: PlanAnswer) -> Iterator[Block]:
    yield Heading(say("plan.leased_heading"))
    if not answer.leased:
        yield Paragraph(say("plan.leased_none"))
        return
    columns = (
        Column("item", say("plan.column_item")), Column("landlords", say("plan.column_landlords")),
        Column("part", say("plan.column_part"), "percent"), Column("why", say("plan.column_left")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                item_name(answer.planned, one.item), listed(landlord(answer.planned, lord) for lord in one.landlords),
                Range(one.part_low, one.part_high), one.why,
            )
        )
        for one in answer.leased
    )  # fmt: skip
    yield Table(columns, rows, most=_MOST_SHOWN)


def _price(answer: PlanAnswer) -> Iterator[Block]:
    """What is gained, and beside it everything that it costs."""
    price = answer.price
    if price is None:
        return
    gains = [
        (say("plan.gain", rules=cut_words(curve.cut, answer.planned)), _gain(curve)) for curve in answer.curves[:_MOST_CURVES]
    ]

    def named(pairs: tuple[tuple[str, str], ...]) -> list[str]:
        return [say("plan.price_of", what=what, name=option_name(answer.options.get(id_), id_)) for id_, what in pairs]

    prices = [
        (say("plan.price_once"), money(price.once, answer.currency)),
        (say("plan.price_year"), money(price.yearly, answer.currency)),
        (say("plan.price_time"), say("figures.days", days=f"{price.days:,.0f}")),
        *(
            (
                say("plan.price_quality", item=item_name(answer.planned, item)),
                say("plan.from_level_to", before=percent(before), after=percent(after)),
            )
            for item, before, after in price.quality
        ),
        *((say("plan.price_standard"), one) for one in named(price.standards_left)),
        *((say("plan.price_fork"), one) for one in named(price.forks)),
        *((say("plan.price_given_up"), one) for one in named(price.gives_up)),
    ]
    columns = (
        Column("kind", say("plan.column_kind")), Column("what", say("plan.column_what")),
        Column("much", say("plan.column_much")),
    )  # fmt: skip
    rows = [Row((say("plan.kind_gain"), what, much)) for what, much in gains]
    rows += [Row((say("plan.kind_price"), what, much)) for what, much in prices]
    yield Heading(say("plan.price_heading"))
    yield Table(columns, tuple(rows))


def _gain(curve: PlanCurve) -> str:
    """What is gained on the day on which that is most; of several the last."""
    gains = [
        (after - before, place) for place, (before, after) in enumerate(zip(curve.before.low, curve.after.low, strict=True))
    ]
    most, place = max(gains)
    if most <= 0:
        return say("plan.gain_none")
    levels = say("plan.from_level_to", before=percent(curve.before.low[place]), after=percent(curve.after.low[place]))
    return levels + say("plan.gain_day", day=show_day(curve.days[place]))


def _cheaper(answer: PlanAnswer) -> Iterator[Block]:
    """How good it is: the bound, and the plan that takes the most gain for its cost at each step."""
    yield Heading(say("plan.cheaper_heading"))
    yield Paragraph(bound_words(answer))
    assert answer.cost is not None
    if answer.greedy is None:
        yield Paragraph(say("plan.greedy_none"))
    elif answer.greedy <= answer.cost + 1e-9:
        yield Paragraph(say("plan.greedy_same", cost=money(answer.greedy, answer.currency)))
    else:
        cost, over = money(answer.greedy, answer.currency), answer.greedy - answer.cost
        more = percent(over / answer.cost) if answer.cost > 0 else money(over, answer.currency)
        yield Paragraph(say("plan.greedy", cost=cost, more=more))
