"""``diff`` as a page: how much each side holds, what only one has and why, and what it does to self-reliance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from freehold.measure.diff import REASONS, DiffAnswer, InventoryDiff, Missing, Side
from freehold.report.answers import Context
from freehold.report.changed_rows import told_row
from freehold.report.interface import Block, Column, Document, Heading, Paragraph, Range, Row, Table
from freehold.report.sentences import settings_line
from freehold.stack.changes import RowChange
from freehold.words import interval, say, sentences

__all__ = ["diff_document"]

_MOST_SHOWN = 20


def diff_document(answer: DiffAnswer, context: Context) -> Document:
    """Show the difference.

    Parameters
    ----------
    answer
        What was compared.
    context
        What stands beside it, with the first stack.
    """
    blocks: list[Block] = []
    if context.stack is not None:
        blocks.append(Paragraph(settings_line(context.stack), "quiet"))
    blocks.append(Paragraph(_headline(answer), lead=True))
    sides = _sides(answer)
    blocks.append(sides)
    main = sides
    if answer.inventories is not None:
        found = answer.inventories
        blocks += _reasons("a", found.only_a, answer.b)
        blocks += _reasons("b", found.only_b, answer.a)
        if found.both:
            blocks += [Heading(say("diff.fields_title")), _fields(found)]
        if found.hosts_only_a or found.hosts_only_b:
            blocks += [Heading(say("diff.hosts_title")), _hosts(found)]
        main = _components(found)
        if main.rows:
            blocks += [Heading(say("diff.components_title")), main]
    elif answer.rows:
        main = _changes(answer.rows)
        blocks += [Heading(say("diff.rows_title")), main]
    known = answer.mission_a and answer.mission_b
    blocks += [Heading(say("diff.levels_title")), _levels(answer) if known else Paragraph(say("diff.no_home"))]
    return Document(say("diff.title", a=answer.a.name, b=answer.b.name), tuple(blocks), main)


def _headline(answer: DiffAnswer) -> str:
    found = answer.inventories
    if answer.same:
        return say("diff.same")
    if found is None:
        counts = Counter(row.change for row in answer.rows)
        return say("diff.rows", added=counts["added"], removed=counts["removed"], changed=counts["changed"])
    said = say(
        "diff.inventories", a=f"{answer.a.rows:,}", b=f"{answer.b.rows:,}", both=f"{found.both:,}",
        only_a=f"{len(found.only_a):,}", only_b=f"{len(found.only_b):,}",
    )  # fmt: skip
    return sentences((said, say("diff.renamed", count=len(found.renamed)))) if found.renamed else said


def _sides(answer: DiffAnswer) -> Table:
    columns = (
        Column("side", say("diff.column_side"), "id"), Column("name", say("diff.column_name")),
        Column("reader", say("diff.column_reader")), Column("rows", say("diff.column_rows"), "count"),
        Column("distinct", say("diff.column_distinct"), "count"), Column("edges", say("diff.column_edges"), "count"),
        Column("hosts", say("diff.column_hosts"), "count"),
    )  # fmt: skip
    rows = tuple(
        Row((letter, side.name, side.reader, side.rows, side.distinct, side.edges, side.hosts))
        for letter, side in (("A", answer.a), ("B", answer.b))
    )
    return Table(columns, rows)


def _reasons(letter: str, missing: Sequence[Missing], other: Side) -> list[Block]:
    if not missing:
        return []
    other_letter = "B" if letter == "a" else "A"
    columns = (
        Column("reason", say("diff.column_reason")), Column("count", say("diff.column_count"), "count"),
        Column("example", say("diff.column_example"), "id"),
    )  # fmt: skip
    groups: dict[tuple[str, str], list[Missing]] = {}
    for one in missing:
        groups.setdefault((one.reason, one.other if one.reason in ("scope", "type") else ""), []).append(one)
    order = sorted(groups.items(), key=lambda pair: (-len(pair[1]), REASONS.index(pair[0][0]), pair[0][1]))
    rows = tuple(
        Row(
            (say(f"diff.reason_{reason}", other=other_letter, what=what or say("diff.no_type")), len(found), found[0].id),
            "warn" if reason == "unexplained" else "plain",
        )
        for (reason, what), found in order
    )
    title = say("diff.only_title", side=letter.upper(), count=f"{len(missing):,}")
    caption = say("diff.no_edges", side=other_letter) if other.edges == 0 else ""
    return [Heading(title), Table(columns, rows, caption)]


def _fields(found: InventoryDiff) -> Table:
    columns = (
        Column("field", say("diff.column_field")), Column("a", say("diff.column_a"), "count"),
        Column("b", say("diff.column_b"), "count"), Column("differ", say("diff.column_differ"), "count"),
    )  # fmt: skip
    rows = tuple(Row((say(f"diff.field_{one.field}"), one.a, one.b, one.differ)) for one in found.fields)
    return Table(columns, rows, say("diff.fields_caption", count=f"{found.both:,}"))


def _hosts(found: InventoryDiff) -> Table:
    columns = (Column("host", say("inventory.column_host"), "id"), Column("side", say("diff.column_only_in")))
    rows = [Row((host, "A")) for host in found.hosts_only_a] + [Row((host, "B")) for host in found.hosts_only_b]
    return Table(columns, tuple(rows), most=_MOST_SHOWN)


def _components(found: InventoryDiff) -> Table:
    columns = (
        Column("component", say("report.column_item"), "id"), Column("side", say("diff.column_only_in")),
        Column("scope", say("inventory.column_scope")), Column("reason", say("diff.column_reason")),
        Column("other", say("diff.column_other"), "id"),
    )  # fmt: skip
    rows = [
        Row((one.id, letter, one.scope, say(f"diff.short_{one.reason}"), one.other or None))
        for letter, missing in (("A", found.only_a), ("B", found.only_b))
        for one in sorted(missing, key=lambda one: (-REASONS.index(one.reason), one.id))
    ]
    return Table(columns, tuple(rows), most=_MOST_SHOWN)


def _changes(rows: Sequence[RowChange]) -> Table:
    columns = (
        Column("table", say("history.column_table")), Column("row", say("history.column_row"), "id"),
        Column("change", say("history.column_change")),
    )  # fmt: skip
    told = tuple(Row((say(f"history.table_{row.table}"), row.id, told_row(row))) for row in rows)
    return Table(columns, told, most=_MOST_SHOWN)


def _levels(answer: DiffAnswer) -> Table:
    columns = (
        Column("day", say("diff.column_day"), "day"), Column("a", "A", "percent"), Column("b", "B", "percent"),
        Column("change", say("diff.column_effect")),
    )  # fmt: skip
    rows = []
    for day, one, other in zip(answer.days, answer.mission_a, answer.mission_b, strict=True):
        effect = say("diff.effect_none")
        if other[0] > one[1] + 1e-9:
            effect = say("diff.effect_up")
        elif other[1] < one[0] - 1e-9:
            effect = say("diff.effect_down")
        elif one != other:
            effect = say("diff.effect_perhaps", a=interval(*one), b=interval(*other))
        rows.append(Row((day, Range(*one), Range(*other), effect)))
    return Table(columns, tuple(rows), say("diff.levels_caption"))
