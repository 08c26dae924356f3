"""``why`` as a page: the steps as a tree. Owns the sentence on which side of the interval is told."""

from __future__ import annotations

from freehold.measure.why import WhyAnswer
from freehold.report.answers import Context
from freehold.report.evidence import Notes
from freehold.report.figures import tone_of, whole_days
from freehold.report.interface import Block, Column, Document, Heading, Paragraph, Row, Table
from freehold.report.sentences import item_name, known_paragraphs, rules_in_words, steps_tree
from freehold.words import interval, percent, say, sentences

__all__ = ["why_document"]


def why_document(answer: WhyAnswer, context: Context) -> Document:
    """Show why an item has its level.

    Parameters
    ----------
    answer
        The steps.
    context
        What stands beside it, with the stack and what was cut.
    """
    notes = Notes(context.stack, context.reference_date)
    item = item_name(context.stack, answer.item)
    title = say("whyview.title", item=item, level=interval(answer.low, answer.high), day=whole_days(answer.day))
    same = percent(answer.low) == percent(answer.high)
    side = say(
        "whyview.side_same" if same else f"whyview.side_{answer.side}", low=percent(answer.low), high=percent(answer.high)
    )
    blocks: list[Block] = []
    if context.cutoff is not None:
        blocks.append(Paragraph(say("cutoff.what", rules=rules_in_words(context.cutoff, context.stack))))
    tone = tone_of(answer.low, answer.high, 0.5)
    told = [*([say("whyview.stands")] if answer.stands else []), *([side] if not same or context.unknowns else [])]
    if told:
        blocks.append(Paragraph(sentences(told), tone, lead=True))
    blocks.append(Heading(say("whyview.steps")))
    blocks += steps_tree(answer.steps, notes) or (Paragraph(say("whyview.none")),)
    blocks += known_paragraphs(context)
    return Document(title, tuple(blocks), _table(answer), evidence=notes.evidence)


def _table(answer: WhyAnswer) -> Table:
    columns = (
        Column("item", say("report.column_item"), "id"), Column("source", say("report.column_source"), "id"),
        Column("need", say("report.column_need"), "id"), Column("day", say("report.column_day"), "day"),
        Column("level", say("report.column_level"), "percent"), Column("because", say("report.column_because")),
    )  # fmt: skip
    return Table(columns, tuple(Row((one.item, one.source, one.need, one.day, one.level, one.because)) for one in answer.steps))
