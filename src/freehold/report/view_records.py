"""``import`` as a page: what each column of a table means, and why."""

from __future__ import annotations

from freehold.report.answers import Context
from freehold.report.interface import Block, Column, Document, Paragraph, Row, Table
from freehold.stack.records import IGNORE, MEANINGS, Records
from freehold.words import listed, say

__all__ = ["records_document"]

_LONGEST = 40


def records_document(records: Records, context: Context) -> Document:
    """Show what the columns mean.

    Parameters
    ----------
    records
        What was read.
    context
        What stands beside it, with the stack that the rows make.
    """
    columns = (
        Column("column", say("records.column"), "id"), Column("meaning", say("records.meaning")),
        Column("because", say("records.because")), Column("filled", say("records.filled"), "count"),
        Column("example", say("records.example")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                one.column, one.meaning, say(f"records.because_{one.because}"), one.filled,
                one.example[:_LONGEST] + ("…" if len(one.example) > _LONGEST else "") or None,
            ),
            "quiet" if one.meaning == IGNORE else "plain",
        )
        for one in records.columns
    )  # fmt: skip
    table = Table(columns, rows)
    said = say("records.rows", rows=len(records.records), columns=sum(one.meaning != IGNORE for one in records.columns))
    blocks: list[Block] = [Paragraph(said, lead=True), table]
    if context.stack is not None:
        stack = context.stack
        blocks.append(
            Paragraph(say("records.makes", items=len(stack.items), providers=len(stack.providers), sources=len(stack.sources)))
        )
    blocks.append(Paragraph(say("records.change", meanings=listed(MEANINGS)), "quiet"))
    return Document(say("records.title", name=records.name), tuple(blocks), table)
