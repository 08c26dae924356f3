"""The pages of exit plans and of a pack that was written. Owns what of them is shown where no folder or file is."""

from __future__ import annotations

from freehold.report.answers import Context
from freehold.report.exit_index import index_document
from freehold.report.exit_plan import exit_document
from freehold.report.interface import Block, Column, Document, Heading, Paragraph, Row, Table
from freehold.report.packs_answers import ExitsAnswer, PackWritten
from freehold.words import say

__all__ = ["exits_document", "pack_document"]


def exits_document(answer: ExitsAnswer, context: Context) -> Document:
    """Show one exit plan as its page, several as the list of them.

    Parameters
    ----------
    answer
        The plans.
    context
        What stands beside them.
    """
    first = answer.plans[0]
    if len(answer.plans) == 1:
        return exit_document(first, context)
    return index_document(first.stack, tuple((one, "") for one in answer.plans))


def pack_document(answer: PackWritten, context: Context) -> Document:  # noqa: ARG001  a view's signature
    """Show what a pack holds, what it leaves open and what is not certain about it.

    Parameters
    ----------
    answer
        The pack, and what was written of it.
    context
        Not used: the answer has its own.
    """
    pack = answer.pack
    told = {one.name: one for one in pack.files}
    columns = (
        Column("name", say("packs.readme_file"), "id"), Column("answers", say("packs.readme_answers")),
        Column("asked_by", say("packs.readme_asked")),
    )  # fmt: skip
    rows = tuple(
        Row((str(row["name"]), told[row["name"]].answers, told[row["name"]].asked_by))
        for row in answer.files
        if row["name"] in told
    )
    table = Table(columns, rows)
    cells = sum(one.cells for one in pack.questions)
    missing = (
        say("packs.readme_missing_text", count=f"{len(pack.questions):,}", cells=f"{cells:,}")
        if pack.questions
        else say("packs.readme_none")
    )
    blocks: tuple[Block, ...] = (
        Paragraph(say("packs.written", count=f"{len(answer.files) + 1:,}", folder=answer.folder)),
        Heading(say("packs.readme_files")), table, Heading(say("packs.readme_missing")), Paragraph(missing),
        Heading(say("packs.readme_doubts")),
        *(Paragraph(one, "quiet") for one in pack.doubts),
    )  # fmt: skip
    return Document(pack.title, blocks, table)
