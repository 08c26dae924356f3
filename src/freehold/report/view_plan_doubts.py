"""What else could be done instead of a plan, and what it hangs on. Owns the second half of a plan's page.

Why there is none; other plans at nearly the same cost; what surely belongs and what is a wager; the frontier; other budgets
and dates; options that could not be judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from freehold.plan.frontier import last_points
from freehold.plan.plan_values import FrontierPoint, Impossible, PlanAnswer, Sensitivity
from freehold.report.interface import Block, Column, Curve, Heading, Paragraph, Row, Series, Table
from freehold.report.plan_words import aim_words, few, money, option_name
from freehold.report.sentences import capital, count, item_name
from freehold.stack.values import Stack
from freehold.words import listed, percent, say

__all__ = ["doubt_blocks"]

_MOST_SHOWN: Final = 25
_MOST_NAMES: Final = 6


def doubt_blocks(answer: PlanAnswer, stack: Stack | None) -> Iterator[Block]:
    """Every block that there is something to say for."""
    if answer.impossible is not None:
        yield from _impossible(answer, answer.impossible, stack)
    yield from _regret(answer)
    yield from _alternatives(answer)
    yield from _frontier(answer)
    yield from _sensitivity(answer)
    yield from _unjudged(answer)


def _named(answer: PlanAnswer, ids: tuple[str, ...]) -> str:
    return few([option_name(answer.options.get(id_), id_) for id_ in ids], _MOST_NAMES)


def _impossible(answer: PlanAnswer, why: Impossible, stack: Stack | None) -> Iterator[Block]:
    if not why.aims and not why.missing:
        return
    yield Heading(say("plan.impossible_heading"))
    columns = (Column("aim", say("plan.column_aim")), Column("best", say("plan.column_best"), "percent"))
    rows = tuple(
        Row((capital(aim_words(answer.goal.aims[number], stack)), best), "bad")
        for number, best in zip(why.aims, why.best, strict=True)
    )
    if rows:
        yield Table(columns, rows, say("plan.impossible_caption"))
    if why.missing:
        yield Paragraph(say("plan.missing_means"))
        yield Table(
            (Column("size", say("plan.column_size"), "count"), Column("missing", say("plan.column_missing"))),
            tuple(Row((len(group), _missing(answer, group, stack))) for group in why.missing),
            most=_MOST_SHOWN,
        )


def _missing(answer: PlanAnswer, group: tuple[str, ...], stack: Stack | None) -> str:
    """A set of what would have to be possible besides: options that lack a fact, and things that would have to be held."""
    unjudged = {one.id: one for one in answer.unjudged}
    told = []
    for id_ in group:
        option = unjudged.get(id_)
        if option is not None:
            facts = listed(say(f"plan.fact_{name}") for name in option.lacking)
            told.append(say("plan.missing_option", name=option_name(option, id_), facts=facts))
        else:
            told.append(say("plan.missing_item", item=item_name(stack, id_)))
    return say("report.separator").join(told)


def _regret(answer: PlanAnswer) -> Iterator[Block]:
    sure = answer.confidence
    if not answer.steps or (answer.always is None and (sure is None or not sure.hurts)):
        return
    yield Heading(say("plan.regret_heading"))
    if answer.always is not None:
        yield Paragraph(say("plan.regret_means"))
    hurts = dict(sure.hurts) if sure is not None else {}
    columns = [Column("name", say("plan.column_name"))]
    if answer.always is not None:
        columns.append(Column("kind", say("plan.column_regret")))
    if sure is not None:
        columns.append(Column("success", say("plan.column_success"), "percent"))
        columns.append(Column("hurts", say("plan.column_hurts"), "percent"))
    rows = []
    for step in sorted(answer.steps, key=lambda one: (-hurts.get(one.option, 0.0), one.option)):
        option = answer.options.get(step.option)
        cells: list[str | float | None] = [option_name(option, step.option)]
        if answer.always is not None:
            cells.append(say("plan.no_regret" if step.option in answer.always else "plan.wager"))
        if sure is not None:
            cells += [None if option is None else option.success, hurts.get(step.option, 0.0)]
        rows.append(Row(tuple(cells)))
    yield Table(tuple(columns), tuple(rows), most=_MOST_SHOWN)


def _alternatives(answer: PlanAnswer) -> Iterator[Block]:
    if not answer.alternatives:
        return
    columns = (
        Column("cost", say("plan.column_cost"), "count"), Column("differs", say("plan.column_differs"), "count"),
        Column("instead", say("plan.column_instead")), Column("without", say("plan.column_without")),
    )  # fmt: skip
    own = {step.option for step in answer.steps}
    rows = tuple(
        Row(
            (
                money(one.cost, answer.currency), one.differs,
                _named(answer, tuple(id_ for id_ in one.options if id_ not in own)),
                _named(answer, tuple(sorted(own - set(one.options)))),
            )
        )
        for one in answer.alternatives
    )  # fmt: skip
    yield Heading(say("plan.alternatives_heading"))
    yield Table(columns, rows, say("plan.alternatives_caption"))


def _frontier(answer: PlanAnswer) -> Iterator[Block]:
    points = answer.frontier
    if not points:
        return
    yield Heading(say("plan.frontier_heading"))
    last = last_points(points)
    if last is not None:
        yield Paragraph(
            say(
                "plan.last_points", points=round(last[0] * 100), price=money(last[1], answer.currency),
                cost=money(points[-1].cost, answer.currency), level=percent(points[-1].reliance),
            )
        )  # fmt: skip
    columns = (
        Column("cost", say("plan.column_cost"), "count"), Column("bound", say("plan.column_bound"), "count"),
        Column("reliance", say("plan.column_reliance"), "percent"), Column("steps", say("plan.column_steps"), "count"),
        Column("best", say("plan.column_best_step")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                money(one.cost, answer.currency), money(one.bound, answer.currency), one.reliance, len(one.options),
                _next_step(answer, one),
            )
        )
        for one in points
    )  # fmt: skip
    yield Table(columns, rows, say("plan.frontier_caption"))
    best: dict[float, float] = {}
    for one in sorted(points, key=lambda point: (point.cost, point.reliance)):
        best[one.cost] = max(one.reliance, *best.values()) if best else one.reliance
    if len(best) > 1:
        levels = tuple(best.values())
        title = say("plan.curve_reliance")
        unit = say("plan.axis_cost", currency=answer.currency) if answer.currency else say("plan.column_cost")
        yield Curve(tuple(best), (Series("reliance", title, levels, levels),), say("plan.frontier_curve"), across=unit)


def _next_step(answer: PlanAnswer, point: FrontierPoint) -> str | None:
    """What buys most from a point on, and what for; several steps where they only buy something together."""
    if point.best_step is None:
        return None
    names = _named(answer, point.best_steps or (point.best_step,))
    if point.gain is None or point.price is None:
        return names
    return say("plan.next_step", names=names, gain=round(point.gain * 100), price=money(point.price, answer.currency))


def _sensitivity(answer: PlanAnswer) -> Iterator[Block]:
    if not answer.sensitivity:
        return
    columns = (
        Column("what", say("plan.column_changed")), Column("cost", say("plan.column_cheapest"), "count"),
        Column("reliance", say("plan.column_reliance"), "percent"),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                say(f"plan.changed_{one.what}", value=_changed(one, answer.currency)),
                say("plan.no_plan_then") if one.cost is None else money(one.cost, answer.currency), one.reliance,
            )
        )
        for one in answer.sensitivity
    )  # fmt: skip
    yield Heading(say("plan.sensitivity_heading"))
    yield Table(columns, rows, say("plan.sensitivity_caption"))


def _changed(one: Sensitivity, currency: str | None) -> str:
    """To what a budget or a date is changed; a budget that is a bare number as money."""
    try:
        return money(float(one.value), currency) if one.what == "budget" else one.value
    except ValueError:
        return one.value


def _unjudged(answer: PlanAnswer) -> Iterator[Block]:
    if not answer.unjudged:
        return
    columns = (Column("name", say("plan.column_name")), Column("lacking", say("plan.column_lacking")))
    rows = tuple(
        Row((option_name(one, one.id), listed(say(f"plan.fact_{name}") for name in one.lacking))) for one in answer.unjudged
    )
    yield Heading(count("plan.unjudged_heading", len(rows)))
    yield Table(columns, rows, most=_MOST_SHOWN)
