"""``plan why`` as a page: what breaks without a step, or what stands in an option's way. Owns the sentence of each verdict."""

from __future__ import annotations

from collections.abc import Iterator

from freehold.plan.goal_values import BestAim, LevelAim
from freehold.plan.step_reason import Kept, Missed, StepReason
from freehold.report.answers import Context
from freehold.report.evidence import Notes
from freehold.report.interface import Block, Column, Document, Heading, Paragraph, Row, Table, Tree
from freehold.report.plan_words import aim_words, asked_of, cut_words, does, few, money, option_name, source_words
from freehold.report.sentences import capital, item_name, read_paragraphs, steps_tree
from freehold.stack.values import Stack
from freehold.words import day, listed, percent, say, sentence, sentences

__all__ = ["reason_document", "verdict_words"]

_MOST_NAMES = 6


def reason_document(answer: StepReason, context: Context) -> Document:
    """Show why an option is in a plan, or is not.

    Parameters
    ----------
    answer
        The reason.
    context
        What stands beside it, with the stack as it is.
    """
    notes = Notes(context.stack, context.reference_date)
    name = option_name(answer.option, answer.option.id)
    title = say("plan.why_title" if answer.chosen else "plan.why_not_title", name=name)
    return Document(title, tuple(_blocks(answer, context, notes)), _table(answer), evidence=notes.evidence)


def _blocks(answer: StepReason, context: Context, notes: Notes) -> Iterator[Block]:
    stack = context.stack
    yield Paragraph(verdict_words(answer), lead=True)
    for missed in answer.missed:
        yield from _missed(answer, missed, stack, notes)
    for kept in answer.kept:
        yield from _kept(answer, kept, stack, notes)
    yield Heading(say("plan.why_about"))
    what = does(answer.option, answer.plan.planned)
    if what:
        yield Paragraph(sentence(capital(what)))
    step = next((one for one in answer.plan.steps if one.option == answer.option.id), None)
    if step is not None:
        yield Paragraph(
            say(
                "plan.why_step", start=step.start_date, ready=step.ready_date, cost=money(step.cost, answer.plan.currency)
            )
        )  # fmt: skip
    if answer.reliance is not None and answer.reliance_without is not None and answer.reliance != answer.reliance_without:
        yield Paragraph(say("plan.why_reliance", with_=percent(answer.reliance), without=percent(answer.reliance_without)))
    if answer.plan.stopped is not None:
        yield Paragraph(say(f"plan.stopped_{answer.plan.stopped}"), "warn")
    yield from read_paragraphs(context)


def verdict_words(answer: StepReason) -> str:
    """The reason in a sentence or two."""
    plan, option = answer.plan, answer.option
    values: dict[str, str] = {"count": f"{len(answer.missed):,}"}
    key: str = answer.verdict
    match answer.verdict:
        case "needed":
            key += "_one" if len(answer.missed) == 1 else "_many"
        case "required" | "excluded":
            values["names"] = _names(answer)
        case "reliance":
            assert answer.reliance is not None
            assert answer.reliance_without is not None
            values |= {"with_": percent(answer.reliance), "without": percent(answer.reliance_without)}
        case "spare":
            key += "" if plan.stopped is None else "_open"
        case "unjudged":
            values["facts"] = listed(say(f"plan.fact_{name}") for name in option.lacking)
        case "dearer":
            return _dearer(answer)
        case _:
            pass
    return say(f"plan.verdict_{key}", **values)


def _names(answer: StepReason) -> str:
    return few([option_name(answer.plan.options.get(id_), id_) for id_ in answer.others], _MOST_NAMES)


def _dearer(answer: StepReason) -> str:
    """What a plan with it would cost beside the one that was found."""
    plan = answer.plan
    if answer.cost is None or plan.cost is None:
        return say("plan.verdict_dearer_open")
    with_it, least = money(answer.cost, plan.currency), money(plan.cost, plan.currency)
    if answer.cost <= plan.cost + 0.005:
        told = say("plan.verdict_as_dear", cost=least)
    else:
        proven = answer.bound is not None and answer.bound >= answer.cost - 0.005
        key = "plan.verdict_dearer" if proven else "plan.verdict_dearer_found"
        told = say(key, with_=with_it, cost=least, more=money(answer.cost - plan.cost, plan.currency))
    return sentences((told, say("plan.verdict_replaces", names=_names(answer)))) if answer.others else told


def _missed(answer: StepReason, missed: Missed, stack: Stack | None, notes: Notes) -> Iterator[Block]:
    aim = answer.plan.goal.aims[missed.aim]
    yield Heading(say("plan.why_aim", number=missed.aim + 1))
    asked = asked_of(aim)
    values = {"aim": capital(aim_words(aim, stack)), "with_": percent(missed.asked_level), "without": percent(missed.without)}
    one_day = isinstance(aim, LevelAim | BestAim) and len(aim.days) == 1 and not (isinstance(aim, LevelAim) and aim.throughout)
    key = "plan.why_falls" if missed.from_day is None or one_day else "plan.why_falls_from"
    if isinstance(aim, BestAim):
        # how far one thing is from its own best: no level of what must be kept running
        key = "plan.why_falls_best"
        values["points"] = f"{max(1, round(100 * (missed.asked_level - missed.without)))}"
    told = say(key, **values, day=day(missed.from_day or 0.0))
    if asked is not None:
        told = sentences((told, say("plan.why_short", points=max(1, round(100 * (asked - missed.without))))))
    yield Paragraph(told)
    if missed.item is not None:
        yield from _chain(say("plan.why_item", item=item_name(stack, missed.item)), missed.steps, notes)


def _chain(told: str, steps: object, notes: Notes) -> Iterator[Block]:
    trees: tuple[Tree, ...] = steps_tree(steps, notes)  # type: ignore[arg-type]
    if trees:
        yield Paragraph(told)
        yield from trees


def _kept(answer: StepReason, kept: Kept, stack: Stack | None, notes: Notes) -> Iterator[Block]:
    source = source_words(stack, kept.source, answer.option)
    yield Heading(say("plan.why_under", rules=cut_words(kept.cut, stack)))
    if not kept.steps:
        yield Paragraph(capital(say("plan.why_unfounded", source=source)))
        return
    yield from _chain(capital(say("plan.why_fails", source=source, day=day(kept.day))), kept.steps, notes)


def _table(answer: StepReason) -> Table:
    columns = (
        Column("aim", say("plan.column_number"), "count"), Column("with", say("plan.column_with"), "percent"),
        Column("without", say("plan.column_without_it"), "percent"), Column("from_day", say("plan.column_from"), "day"),
        Column("item", say("plan.column_item"), "id"), Column("because", say("report.column_because")),
    )  # fmt: skip
    rows = [
        Row(
            (
                one.aim + 1, one.asked_level, one.without, one.from_day, one.item,
                say("report.separator").join(step.because for step in one.steps),
            )
        )
        for one in answer.missed
    ]  # fmt: skip
    rows += [
        Row((None, None, None, one.day, one.item, say("report.separator").join(step.because for step in one.steps)))
        for one in answer.kept
    ]
    return Table(columns, tuple(rows))
