"""``plan follow`` as a page: what changed, how the work stands, and the plan for the rest. Owns the first two."""

from __future__ import annotations

from collections.abc import Iterator

from freehold.plan.follow import Followed, StepChange
from freehold.plan.prices import date_on
from freehold.report.answers import Context
from freehold.report.interface import Block, Column, Document, Heading, Paragraph, Row, Table
from freehold.report.plan_words import few, money, option_name
from freehold.report.view_plan import main_table, plan_blocks
from freehold.words import say

__all__ = ["followed_document"]

_MOST_SHOWN = 25
_MOST_NAMES = 6


def followed_document(answer: Followed, context: Context) -> Document:
    """Show what became of a plan.

    Parameters
    ----------
    answer
        The plan for the rest, the state of the work, and what differs from the earlier plan.
    context
        What stands beside it, with the stack as it is.
    """
    name = context.stack.name if context.stack is not None else ""
    blocks = (*plan_blocks(answer.plan, context),)
    first = next((place for place, block in enumerate(blocks) if isinstance(block, Heading)), len(blocks))
    told = (*blocks[:first], *_changes(answer), *_state(answer), *blocks[first:])
    return Document(say("plan.follow_title", name=name), told, main_table(answer.plan, context.stack))


def _name(answer: Followed, id_: str) -> str:
    option = answer.plan.options.get(id_)
    if option is None and answer.earlier is not None and id_ in answer.earlier.steps:
        return answer.earlier.steps[id_].name or id_
    return option_name(option, id_)


def _changes(answer: Followed) -> Iterator[Block]:
    earlier = answer.earlier
    if earlier is None:
        return
    yield Heading(say("plan.changed_heading"))
    if answer.plan.cost is None:
        yield Paragraph(say("plan.changed_none_left"), "bad")
        return
    if earlier.cost is not None and (earlier.currency or None) == (answer.plan.currency or None):
        yield Paragraph(
            say(
                "plan.changed_cost", before=money(earlier.cost, earlier.currency),
                now=money(answer.plan.cost, answer.plan.currency),
            )
        )  # fmt: skip
    different = [one for one in answer.changes if one.kind != "same"]
    if not different:
        yield Paragraph(say("plan.changed_nothing"))
        return
    columns = (
        Column("step", say("plan.column_name")), Column("kind", say("plan.column_kind_changed"), "count"),
        Column("before", say("plan.column_dates_before")), Column("now", say("plan.column_dates_now")),
        Column("cost_before", say("plan.column_cost_before"), "count"), Column("cost", say("plan.column_cost_now"), "count"),
    )  # fmt: skip
    rows = tuple(_change(answer, one) for one in different)
    yield Table(columns, rows, say("plan.changed_caption"), most=_MOST_SHOWN)


def _change(answer: Followed, one: StepChange) -> Row:
    assert answer.earlier is not None
    before = None if one.start_before is None else say("plan.from_to", start=one.start_before, ready=one.ready_before)
    now = None if one.start is None else say("plan.from_to", start=one.start, ready=one.ready)
    return Row(
        (
            _name(answer, one.option), say(f"plan.changed_kind_{one.kind}"), before, now,
            None if one.cost_before is None else money(one.cost_before, answer.earlier.currency),
            None if one.cost is None else money(one.cost, answer.plan.currency),
        ),
        "warn" if one.kind in ("gone", "later", "dearer") else "plain",
    )  # fmt: skip


def _state(answer: Followed) -> Iterator[Block]:
    yield Heading(say("plan.state_heading"))
    columns = (
        Column("step", say("plan.column_name")), Column("state", say("plan.column_state")),
        Column("start", say("plan.column_start"), "count"), Column("ready", say("plan.column_ready"), "count"),
        Column("cost", say("plan.column_still_costs"), "count"),
    )  # fmt: skip
    limits = answer.plan.goal.limits
    rows = []
    for one in answer.state:
        held = one.state != "dropped"
        rows.append(
            Row(
                (
                    _name(answer, one.option), say(f"plan.state_{one.state}"),
                    date_on(one.start, limits) if held else None, date_on(one.ready, limits) if held else None,
                    money(one.cost, answer.plan.currency) if held else None,
                )
            )
        )  # fmt: skip
    yield Table(columns, tuple(rows), most=_MOST_SHOWN)
    if answer.lost:
        names = few([_name(answer, id_) for id_ in answer.lost], _MOST_NAMES)
        yield Paragraph(say("plan.state_lost", names=names), "warn")
