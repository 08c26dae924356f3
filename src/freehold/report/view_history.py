"""``history`` as a page: revisions of a stored stack, the newest first, and what changed. Owns these sentences."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from freehold.report.changed_rows import told_row
from freehold.report.interface import Block, Column, Document, Heading, Paragraph, Row, Table
from freehold.report.sentences import count
from freehold.words import say

if TYPE_CHECKING:
    from freehold.report.answers import Context, HistoryAnswer
    from freehold.stack.changes import RowChange
    from freehold.store.interface import Change

__all__ = ["change_sentence", "history_document"]

_MOST_REVISIONS: Final = 30
_MOST_ROWS: Final = 40
_TABLES: Final = ("stack", "items", "providers", "sources", "needs", "claims")


def change_sentence(change: Change) -> str:
    """What changed in a revision, in a line: how many rows of which table came, went, and are others."""
    revision = change.revision
    if revision.number == 1:
        rows = revision.rows
        return say(
            "history.first",
            items=count("report.items", rows["items"]),
            sources=count("report.sources", rows["sources"]),
            needs=count("report.needs", rows["needs"]),
        )
    numbers = Counter((row.table, row.change) for row in change.rows)
    parts = []
    for table in _TABLES:
        counts = [
            say(f"history.{word}", count=f"{numbers[table, word]:,}")
            for word in ("added", "removed", "changed")
            if numbers[table, word]
        ]
        if counts:
            told = say("history.count_separator").join(counts)
            parts.append(say("history.part", table=say(f"history.table_{table}"), counts=told))
    text = say("history.part_separator").join(parts) or say("history.reordered" if change.reordered else "history.nothing")
    return say("history.takes_back", number=revision.takes_back, changes=text) if revision.takes_back else text


def history_document(answer: HistoryAnswer, context: Context | None = None) -> Document:  # noqa: ARG001  a view's signature
    """Show the history of a stack.

    Parameters
    ----------
    answer
        The revisions.
    context
        What stands beside it; not needed.
    """
    newest_first = answer.changes[::-1]
    columns = (
        Column("revision", say("history.column_revision"), "count"), Column("made_at", say("history.column_made")),
        Column("by", say("history.column_by")), Column("note", say("history.column_note")),
        Column("changes", say("history.column_changes")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                one.revision.number, one.revision.made_at[:16].replace("T", " "), one.revision.by or None,
                one.revision.note or None, change_sentence(one),
            )
        )
        for one in newest_first
    )  # fmt: skip
    blocks: list[Block] = [Table(columns, rows, most=_MOST_REVISIONS)]
    changed = [(change, row) for change in newest_first for row in change.rows]
    shown = [(change, row) for change, row in changed if row.table != "claims"]
    if shown:
        blocks += [Heading(say("history.changes_title")), _row_by_row(shown)]
    if len(shown) < len(changed):
        blocks.append(Paragraph(say("history.claims_hidden"), "quiet"))
    many = len(answer.changes)
    title = say("history.title_one" if many == 1 else "history.title_many", name=answer.name, count=f"{many:,}")
    if many == 1 and answer.changes[0].revision.number != 1:
        title = say("history.title_of", name=answer.name, number=answer.changes[0].revision.number)
    return Document(title, tuple(blocks), _cell_by_cell(newest_first))


def _row_by_row(changed: list[tuple[Change, RowChange]]) -> Table:
    columns = (
        Column("revision", say("history.column_revision"), "count"), Column("table", say("history.column_table")),
        Column("row", say("history.column_row"), "id"), Column("change", say("history.column_change")),
    )  # fmt: skip
    rows = tuple(
        Row((change.revision.number, say(f"history.table_{row.table}"), row.id, told_row(row))) for change, row in changed
    )
    return Table(columns, rows, most=_MOST_ROWS)


def _cell_by_cell(changes: tuple[Change, ...]) -> Table:
    """A line for each cell that differs, and one for each row that came or went, or revision without any."""
    names = ("revision", "made_at", "by", "note", "table", "row", "change", "column", "before", "after")
    columns = tuple(Column(name, say(f"history.column_{name.removesuffix('_at')}")) for name in names)
    rows = []
    for change in changes:
        revision = change.revision
        first = (revision.number, revision.made_at, revision.by or None, revision.note or None)
        for row in change.rows:
            for one in row.columns or (None,):
                cells = (one.column, one.before, one.after) if one else (None, None, None)
                rows.append(Row((*first, row.table, row.id, row.change, *cells)))
        if not change.rows:
            rows.append(Row((*first, *[None] * 6)))
    return Table(columns, tuple(rows))
