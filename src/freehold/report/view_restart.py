"""``restart`` as a page. Owns the numbering of knots for people: from 1, in the order in which they can be unlocked."""

from __future__ import annotations

from freehold.measure.restart import Knot, RestartAnswer
from freehold.report.answers import Context
from freehold.report.evidence import Notes
from freehold.report.interface import Column, Detail, Document, Heading, Paragraph, Range, Row, Table, Tree
from freehold.report.sentences import known_paragraphs, read_paragraphs, rules_in_words
from freehold.words import listed, quoted, say, sentences

__all__ = ["restart_document"]

_MOST_NAMED = 12
_MOST_SHOWN = 25


def restart_document(answer: RestartAnswer, context: Context) -> Document:
    """Show what starts again from nothing.

    Parameters
    ----------
    answer
        What was computed.
    context
        What stands beside it, with the stack.
    """
    notes = Notes(context.stack, context.reference_date)
    blocks = read_paragraphs(context)
    if answer.cutoff is not None and answer.cutoff.rules:
        blocks.append(Paragraph(say("cutoff.what", rules=rules_in_words(answer.cutoff, context.stack))))
    whole = len(answer.restartable) == len(answer.levels)
    told = say("restart.headline", count=len(answer.restartable), of=len(answer.levels))
    cover = say("restart.stock" if answer.with_stock else "restart.no_stock")
    blocks.append(Paragraph(sentences((told, cover)), "good" if whole and answer.levels else "warn", lead=True))
    blocks.append(Heading(say("restart.knots_heading")))
    if answer.knots:
        blocks += [_knot(knot, number, notes) for number, knot in enumerate(answer.knots, 1)]
    else:
        blocks.append(Paragraph(say("restart.knots_none")))
    table = _table(answer)
    waiting = tuple(row for row in table.rows if row.tone != "plain")
    if waiting:
        blocks += [Heading(say("restart.levels")), Table(table.columns, waiting, most=_MOST_SHOWN)]
    blocks += known_paragraphs(context)
    blocks.append(Detail(say("restart.levels"), (table,)))
    name = context.stack.name if context.stack is not None else ""
    return Document(say("restart.title", name=name), tuple(blocks), table, evidence=notes.evidence)


def _named(ids: tuple[str, ...]) -> str:
    shown = listed(quoted(one) for one in ids[:_MOST_NAMED])
    return shown + (say("catalogue.and_more", count=len(ids) - _MOST_NAMED) if len(ids) > _MOST_NAMED else "")


def _knot(knot: Knot, number: int, notes: Notes) -> Tree:
    sure = say("restart.sure") if knot.smallest else say("restart.bound", count=knot.at_least)
    below = [Tree(say("restart.unlock", items=_named(knot.unlocked_by), sure=sure))]
    if knot.after:
        below.append(Tree(say("restart.after", numbers=listed(str(one + 1) for one in knot.after))))
    numbers = tuple(dict.fromkeys(note for item in knot.items[:3] for note in notes.of_row("items", item, most=1)))
    return Tree(f"{number}. {say('restart.knot', items=_named(knot.items))}", tuple(below), "bad", numbers)


def _table(answer: RestartAnswer) -> Table:
    columns = (
        Column("item", say("report.column_item"), "id"), Column("state", say("restart.column_state")),
        Column("from_nothing", say("restart.column_reached"), "percent"),
        Column("running", say("restart.column_running"), "percent"), Column("waits_for", say("restart.column_by")),
    )  # fmt: skip
    starts = set(answer.restartable)
    knot_of = {item: number for number, knot in enumerate(answer.knots, 1) for item in knot.items}
    waits = {one.id: listed(str(number + 1) for number in one.by) for one in answer.blocked}
    rows = []
    for id_, level in answer.levels.items():
        running = answer.running[id_]
        if id_ in starts:
            state = say("restart.state_restartable")
        elif id_ in knot_of:
            state = say("restart.state_knot", number=knot_of[id_])
        else:
            state = say("restart.state_blocked" if id_ in waits else "restart.state_lost")
        cells = (id_, state, Range(*level), Range(*running), waits.get(id_))
        rows.append(Row(cells, "plain" if id_ in starts else "warn"))
    return Table(columns, tuple(rows))
