"""A stack on two pages for whoever decides: five sentences, one curve, three landlords, the next step, what is not known.

Owns what stands there and how long it may be: every name is cut to a length, so that two sheets of A4 always hold it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from freehold.measure.assess import AssessAnswer
from freehold.measure.landlord_cut_values import LandlordCuts
from freehold.plan.first_step import FirstStep
from freehold.plan.plan_values import PlanAnswer
from freehold.report.answers import Context
from freehold.report.five_sentences import (
    after_words,
    cut_of,
    first_out,
    five_sentences,
    landlord_name,
    left_on,
    ranked_landlords,
    when_words,
    why_words,
)
from freehold.report.interface import Block, Column, Curve, Document, Heading, Paragraph, Range, Row, Series, Table
from freehold.report.plan_words import few, money, option_name, short
from freehold.report.sentences import capital, item_name, who
from freehold.report.whom_to_ask import fact_words, whom_to_ask
from freehold.stack.values import Stack
from freehold.version import __version__
from freehold.words import percent, say

__all__ = ["BriefAnswer", "brief_document"]

_MOST_LANDLORDS: Final = 3
_MOST_STEPS: Final = 4
_MOST_FACTS: Final = 5
_MOST_TRUSTED: Final = 6
_SOON: Final = 30.0
_LONGEST: Final = 240
"""Letters of a cell that is a sentence."""
_LONGEST_SENTENCE: Final = 640
_LONGEST_REASON: Final = 130


@dataclass(frozen=True)
class BriefAnswer:
    """What the two pages are made of.

    Parameters
    ----------
    context
        What stands beside it; its stack is the one that is told of.
    assessed
        How self-reliant it is.
    cuts
        What goes out without each of the largest landlords; ``None`` where that was not asked.
    step, plan
        The cheapest next step, and a whole plan; each may be ``None``.
    options
        How many options are known.
    command
        The command that makes it again; may be empty.
    """

    context: Context
    assessed: AssessAnswer
    cuts: LandlordCuts | None = None
    step: FirstStep | None = None
    plan: PlanAnswer | None = None
    options: int = 0
    command: str = ""

    @property
    def stack(self) -> Stack:
        """The stack that is told of."""
        assert self.context.stack is not None
        return self.context.stack


def brief_document(answer: BriefAnswer, context: Context | None = None) -> Document:  # noqa: ARG001  a view's signature
    """Show a stack on two pages.

    Parameters
    ----------
    answer
        What they are made of.
    context
        Not used: the answer has its own.
    """
    stack = answer.stack
    table = _landlords(answer)
    blocks = (*_sentences(answer), *_page_two(answer, table))
    title = say("brief.title", name=short(stack.name))
    return Document(title, blocks, table, _subtitle(answer))


def _subtitle(answer: BriefAnswer) -> str:
    stack = answer.stack
    trusted = few([who(stack, one) for one in stack.trusted], _MOST_TRUSTED) or say("report.nobody")
    home = say("report.home", home=who(stack, stack.home), trusted=trusted) if stack.home else say("report.no_home")
    return f"{home} {say('brief.as_of', date=stack.as_of or answer.context.edition)}"


def _sentences(answer: BriefAnswer) -> Iterator[Block]:
    stack, assessed = answer.stack, answer.assessed
    five = five_sentences(stack, assessed, answer.cuts, answer.step, answer.plan, options=answer.options)
    for number, one in enumerate(five, 1):
        yield Heading(say("brief.numbered", number=number, title=one.title))
        yield Paragraph(_cut(one.text, _LONGEST_SENTENCE), one.tone, lead=number == 1, how=one.how)
        if number == 1:
            yield _curve(assessed)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _curve(assessed: AssessAnswer) -> Curve:
    run = assessed.self_reliance
    series = [Series("run", say("report.series_run"), run.low, run.high)]
    if assessed.change is not None:
        series.append(Series("change", say("report.series_change"), assessed.change.low, assessed.change.high))
    return Curve(assessed.days, tuple(series), say("brief.curve"), floor=assessed.floor, how="self_reliance")


def _page_two(answer: BriefAnswer, landlords: Table) -> Iterator[Block]:
    yield Heading(say("brief.landlords"))
    yield landlords
    if answer.plan is not None and answer.plan.steps:
        yield Heading(say("brief.steps"))
        yield _steps(answer.plan)
    elif answer.step is not None:
        yield Heading(say("brief.steps"))
        yield _step(answer.step)
    if answer.assessed.learn_first:
        yield Heading(say("brief.facts"))
        yield _facts(answer)
    yield Heading(say("brief.made"))
    yield Paragraph(say("brief.means", floor=percent(answer.assessed.floor)), "quiet")
    made = say("brief.made_by", version=__version__, edition=answer.context.edition or say("report.not_known"))
    yield Paragraph(made, "quiet")
    if answer.command:
        yield Paragraph(_cut(answer.command, _LONGEST), "quiet", whole=True)


def _landlords(answer: BriefAnswer) -> Table:
    stack, cuts = answer.stack, answer.cuts
    soon_day = _SOON if cuts is None else min(_SOON, cuts.horizon)
    last_day = answer.assessed.days[-1] if cuts is None else cuts.horizon
    columns = (
        Column("landlord", say("brief.landlord")), Column("soon", say("brief.left", after=after_words(soon_day)), "percent"),
        Column("last", say("brief.left", after=after_words(last_day)), "percent"), Column("item", say("brief.first")),
        Column("when", say("brief.when")), Column("why", say("brief.why")),
    )  # fmt: skip
    rows = []
    for place in ranked_landlords(cuts, answer.assessed, _MOST_LANDLORDS) if cuts is not None else ():
        assert cuts is not None
        cut, first = cut_of(cuts, place), first_out(stack, cuts, place)
        if cut is None:
            continue
        named = ("", "", "") if first is None else (
            short(item_name(stack, first.item)), when_words(first), _cut(why_words(stack, first), _LONGEST_REASON)
        )  # fmt: skip
        if first is None:
            named = (say("brief.nothing"), say("report.none"), say("report.none"))
        levels = (Range(*left_on(cuts, cut, soon_day)), Range(*left_on(cuts, cut, last_day)))
        rows.append(Row((short(capital(landlord_name(stack, cuts.landlords[place]))), *levels, *named)))
    if cuts is None:
        for one in answer.assessed.controllers[:_MOST_LANDLORDS]:
            left = [(1 - high, 1 - low) for low, high in zip(one.loss.low, one.loss.high, strict=True)]
            at = max((n for n, day in enumerate(answer.assessed.days) if day <= soon_day), default=0)
            cells = (short(who(stack, one.id)), Range(*left[at]), Range(*left[-1]), *(say("report.not_known"),) * 3)
            rows.append(Row(cells))
    return Table(columns, tuple(rows), say("brief.landlords_caption"), how="landlord_cuts")


def _steps(plan: PlanAnswer) -> Table:
    columns = (
        Column("name", say("plan.column_name")), Column("start", say("plan.column_start")),
        Column("ready", say("plan.column_ready")), Column("cost", say("plan.column_cost"), "count"),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                short(option_name(plan.options.get(one.option), one.option)), one.start_date, one.ready_date,
                money(one.cost, plan.currency),
            )
        )
        for one in sorted(plan.steps, key=lambda one: (one.cost, one.start, one.option))[:_MOST_STEPS]
    )  # fmt: skip
    more = len(plan.steps) - len(rows)
    return Table(columns, rows, say("brief.steps_more", count=f"{more:,}") if more else say("brief.steps_caption"), how="plan")


def _step(step: FirstStep) -> Table:
    columns = (
        Column("name", say("plan.column_name")), Column("once", say("plan.column_once"), "count"),
        Column("year", say("brief.year"), "count"), Column("days", say("brief.days"), "day"),
    )  # fmt: skip
    rows = []
    for one in step.options[:_MOST_STEPS]:
        once, year, lead = (
            value if isinstance(value, int | float) else 0.0 for value in (one.cost_once, one.cost_year, one.lead)
        )
        rows.append(Row((short(option_name(one, one.id)), money(once, step.currency), money(year, step.currency), lead)))
    return Table(columns, tuple(rows), say("brief.step_caption"), how="first_step")


def _facts(answer: BriefAnswer) -> Table:
    columns = (
        Column("fact", say("brief.fact")), Column("whom", say("brief.whom")), Column("points", say("brief.points"), "count"),
    )  # fmt: skip
    rows = tuple(
        Row((_cut(capital(fact_words(one.fact, answer.stack)), _LONGEST), _cut(whom_to_ask(one.fact, answer.stack), _LONGEST),
             round(one.narrows * 100)))
        for one in answer.assessed.learn_first[:_MOST_FACTS]
    )  # fmt: skip
    return Table(columns, rows, how="unknowns")
