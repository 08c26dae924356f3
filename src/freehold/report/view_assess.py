"""``assess`` as a page. Owns the order of its parts."""

from __future__ import annotations

from freehold.measure.assess import AssessAnswer
from freehold.report.answers import Context
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
from freehold.report.interface import Document, Heading, Paragraph
from freehold.report.sentences import read_paragraphs
from freehold.words import say

__all__ = ["assess_document"]


def assess_document(answer: AssessAnswer, context: Context, notes: Notes | None = None) -> Document:
    """Show an assessment.

    Parameters
    ----------
    answer
        What was measured.
    context
        What stands beside it, with the stack.
    notes
        Where evidence is numbered, if there is some before it.
    """
    notes = notes or Notes(context.stack, context.reference_date)
    blocks = read_paragraphs(context)
    blocks += [
        headline(answer),
        *curve_blocks(answer),
        Paragraph(say("report.mission_rule", rule=answer.mission_rule), "quiet"),
    ]
    blocks += [*hold_blocks(answer), *landlord_blocks(answer, context, notes)]
    blocks.append(Heading(say("check.heading_first")))
    if answer.weakest:
        blocks.append(weakest_table(answer, context, notes))
    else:
        blocks.append(Paragraph(say("check.all_stand"), "plain" if answer.unknowns else "good"))
    detail = items_detail(answer, context, notes)
    blocks += [*unknown_blocks(answer, context, notes), detail]
    name = context.stack.name if context.stack is not None else ""
    title = say("assess.title", name=name)
    return Document(title, tuple(blocks), items_table(answer, context), evidence=notes.evidence)
