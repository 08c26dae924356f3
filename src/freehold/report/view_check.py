"""``check`` as a page: the first screen. Owns the order in which it answers, and its sentence on what to run next."""

from __future__ import annotations

import shlex

from freehold.report.answers import CheckAnswer, Context
from freehold.report.assess_blocks import (
    curve_blocks,
    headline,
    hold_blocks,
    items_detail,
    items_table,
    landlord_blocks,
    unknown_blocks,
    weakest_table,
)
from freehold.report.evidence import Notes
from freehold.report.interface import Block, Column, Detail, Document, Heading, Paragraph, Row, Table
from freehold.report.sentences import item_name, settings_line, stack_line, steps_tree, who
from freehold.report.view_inventory import read_sentence, skip_sentence, skips_table, unread_sentence
from freehold.stack.countries import is_region
from freehold.words import day, interval, percent, say, sentences

__all__ = ["check_document"]

_DAY_OF_WHY = 30
"""The day that ``freehold why`` explains without being asked for another."""


def check_document(answer: CheckAnswer, context: Context | None = None) -> Document:
    """Show what is held, who the landlords are, what stops first, and what is not known.

    Parameters
    ----------
    answer
        Everything that the page tells.
    context
        What stands beside it; the answer's own unless given.
    """
    context = context or answer.context
    notes = Notes(answer.stack, context.reference_date)
    measured = answer.assess
    blocks: list[Block] = [*_read(answer), headline(measured), *_scope(answer), *curve_blocks(measured), *hold_blocks(measured)]
    blocks += [*landlord_blocks(measured, context, notes), *_first(answer, context, notes)]
    items = items_detail(measured, context, notes)
    blocks += [*unknown_blocks(measured, context, notes), *_next(answer, context), items, *_reading_details(answer)]
    title = say("check.title", name=answer.stack.name)
    return Document(title, tuple(blocks), items_table(measured, context), evidence=notes.evidence)


def _read(answer: CheckAnswer) -> tuple[Paragraph, ...]:
    if answer.inventory is None:
        return (Paragraph(sentences((stack_line(answer.stack), settings_line(answer.stack))), "quiet"),)
    read = sentences((read_sentence(answer.inventory), skip_sentence(answer.inventory)))
    return Paragraph(read, "quiet"), Paragraph(settings_line(answer.stack), "quiet")


def _scope(answer: CheckAnswer) -> tuple[Paragraph, ...]:
    """What the figures cannot hold because nothing that was read tells it; a reading of a machine tells most of it."""
    if answer.inventory is None:
        return ()
    unread = unread_sentence(answer.inventory)
    told = (Paragraph(unread, "warn"),) if unread else ()
    return told if answer.inventory.reader.startswith("machine") else (Paragraph(say("check.scope")), *told)


def _first(answer: CheckAnswer, context: Context, notes: Notes) -> tuple[Block, ...]:
    blocks: list[Block] = [Heading(say("check.heading_first"))]
    measured = answer.assess
    if not answer.largest:
        blocks.append(Paragraph(say("check.first_nobody")))
    elif not answer.why or answer.why[0].level >= 1 - 1e-9:
        blocks.append(_standing(answer))
    else:
        first = answer.why[0]
        words = {
            "landlord": who(answer.stack, answer.largest), "item": item_name(answer.stack, first.item),
            "level": percent(first.level), "day": day(first.day),
        }  # fmt: skip
        blocks.append(Paragraph(say("check.first", **words), "bad" if first.level < measured.floor else "warn"))
        blocks += steps_tree(answer.why, notes)
    if measured.weakest:
        blocks.append(weakest_table(measured, context, notes))
    else:
        blocks.append(Paragraph(say("check.all_stand"), "plain" if measured.unknowns else "good"))
    return tuple(blocks)


def _standing(answer: CheckAnswer) -> Paragraph:
    """What the largest landlord's refusal costs where no chain is told: as much as was measured, never "nothing" instead."""
    landlord = who(answer.stack, answer.largest)
    known = [*answer.assess.controllers, *answer.assess.landlords]
    one = next((each for each in known if each.id == answer.largest), None)
    for key, loss in (("part", one.loss), ("change", one.change_loss)) if one is not None else ():
        if loss is not None and max(loss.high) > 1e-9:
            place = max(range(len(loss.high)), key=lambda at: (loss.high[at], loss.low[at], -at))
            words = {"loss": interval(loss.low[place], loss.high[place]), "day": day(answer.assess.days[place])}
            return Paragraph(say(f"check.first_{key}", landlord=landlord, **words), "warn")
    return Paragraph(say("check.first_none", landlord=landlord))


def _next(answer: CheckAnswer, context: Context) -> tuple[Block, ...]:
    path = shlex.join([context.path or "STACK", *answer.chosen])
    blocks: list[Block] = [Heading(say("check.heading_next"))]
    if answer.inventory is not None and answer.inventory.reader.startswith("machine"):
        blocks.append(Paragraph(say("check.next_machine", path=path)))
    if not answer.largest or not answer.why:
        return *blocks, Paragraph(say("check.next_plain", path=path))
    flag = "--country" if is_region(answer.largest) else "--owner"
    cut = f"{flag} {shlex.quote(answer.largest)}"
    first = answer.why[0]
    later = f" --day {first.day:g}" if first.day > _DAY_OF_WHY else ""
    return *blocks, Paragraph(say("check.next", path=path, cut=cut, item=shlex.quote(first.item), later=later))


def _reading_details(answer: CheckAnswer) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if answer.inventory is not None and answer.inventory.skips:
        blocks.append(Detail(say("check.skips_title"), (skips_table(answer.inventory),)))
    if answer.findings:
        columns = (
            Column("file", say("check.column_file"), "id"), Column("line", say("check.column_line"), "count"),
            Column("problem", say("check.column_problem")), Column("mend", say("check.column_mend")),
        )  # fmt: skip
        rows = tuple(Row((one.file, one.row or None, one.problem, one.mend)) for one in answer.findings)
        blocks.append(Detail(say("check.findings"), (Table(columns, rows),)))
    return tuple(blocks)
