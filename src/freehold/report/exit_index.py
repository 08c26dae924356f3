"""The list of exit plans that stands beside them. Owns what it tells of each: who ends it first, and when it was tested."""

from __future__ import annotations

from collections.abc import Sequence

from freehold.report.exit_plan import ExitAnswer, last_test
from freehold.report.interface import Column, Document, Paragraph, Range, Row, Table
from freehold.report.plan_words import short
from freehold.report.sentences import capital, item_name, who
from freehold.stack.values import Stack
from freehold.words import day as show_day
from freehold.words import say

__all__ = ["index_document"]


def index_document(stack: Stack, answers: Sequence[tuple[ExitAnswer, str]]) -> Document:
    """List the exit plans.

    Parameters
    ----------
    stack
        Whose functions they are of.
    answers
        Each with the name of its file; without names the list has no column of files.
    """
    rows, untested, filed = [], 0, all(file for _, file in answers)
    last = answers[0][0].plan.days[-1] if answers else 0.0
    for answer, file in answers:
        plan = answer.plan
        first = plan.landlords[0] if plan.landlords and plan.landlords[0].standing.stops_low is not None else None
        tested = last_test(plan, answer.drills)
        untested += tested is None or not tested[1]
        stops = Range(None, None) if first is None else Range(first.standing.stops_low, first.standing.stops_high)
        when = say("exits.never") if tested is None or not tested[1] else tested[0].run.started[:10]
        whom = say("report.nobody") if first is None else capital(short(who(stack, first.id)))
        cells = (
            short(item_name(stack, plan.function)), whom, stops, Range(plan.before.low[-1], plan.before.high[-1]), when,
            *((file,) if filed else ()),
        )  # fmt: skip
        rows.append(Row(cells, "bad" if stops.high is not None else ("warn" if first is not None else "plain")))
    columns = (
        Column("function", say("exits.index_function")), Column("first", say("exits.index_first")),
        Column("stops", say("exits.stops"), "day"), Column("left", say("exits.level", day=show_day(last)), "percent"),
        Column("tested", say("exits.index_tested")),
        *((Column("file", say("exits.index_file"), "id"),) if filed else ()),
    )  # fmt: skip
    table = Table(columns, tuple(rows))
    lead = say("exits.index_lead", count=f"{len(answers):,}", untested=f"{untested:,}")
    return Document(say("exits.index_title", name=short(stack.name)), (Paragraph(lead, lead=True), table), table)
