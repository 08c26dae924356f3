"""``show`` as a page: a stack's items, or one item with its sources, their needs, and what needs it. Owns these tables."""

from __future__ import annotations

from freehold.report.answers import Context, ShowAnswer
from freehold.report.assess_blocks import kind_name
from freehold.report.evidence import Notes
from freehold.report.figures import country
from freehold.report.interface import NOT_KNOWN, Block, Cell, Column, Document, Heading, Paragraph, Row, Table
from freehold.report.sentences import item_name, known_paragraphs, settings_line, stack_line, who
from freehold.stack.control import Control
from freehold.stack.durations import format_days
from freehold.stack.values import UNKNOWN, Maybe, Need, Source, Stack
from freehold.words import listed, say, sentences

__all__ = ["show_document"]

_MOST_SHOWN = 40


def show_document(answer: ShowAnswer, context: Context) -> Document:
    """Show what is in a stack.

    Parameters
    ----------
    answer
        Which item: where it comes from, what its sources need, and what needs it; none for a table of all.
    context
        With the stack.

    Raises
    ------
    ValueError
        If the context has no stack: a defect.
    """
    if context.stack is None:
        raise ValueError("a stack is needed to show what is in it")
    notes = Notes(context.stack, context.reference_date)
    if answer.item is None:
        return _all(context.stack, context, notes)
    return _one(context.stack, answer.item, context, notes)


def _all(stack: Stack, context: Context, notes: Notes) -> Document:
    table = _items(stack, Control(stack, strict=context.strict), notes)
    blocks: tuple[Block, ...] = (_first(stack), *known_paragraphs(context), table)
    return Document(say("show.title", name=stack.name), blocks, table, evidence=notes.evidence)


def _one(stack: Stack, item: str, context: Context, notes: Notes) -> Document:
    sources = stack.sources_of.get(item, ())
    table = _sources(stack, sources, Control(stack, strict=context.strict), notes)
    blocks: list[Block] = [_first(stack), Heading(say("show.sources")), table]
    needs = [need for source in sources for need in stack.needs_of.get(source.id, ())]
    if needs:
        blocks += [Heading(say("show.needs")), _needs(stack, needs, notes, "item")]
    users = [need for need in stack.needs if need.item == item]
    if users:
        blocks += [Heading(say("show.users")), _needs(stack, users, notes, "source")]
    title = say("show.item_title", item=item_name(stack, item))
    return Document(title, tuple(blocks), table, evidence=notes.evidence)


def _first(stack: Stack) -> Paragraph:
    return Paragraph(sentences((stack_line(stack), settings_line(stack))), "quiet")


def _items(stack: Stack, control: Control, notes: Notes) -> Table:
    columns = (
        Column("item", say("report.column_item"), "id"), Column("kind", say("report.column_kind")),
        Column("mission", say("show.column_mission"), "count"), Column("control", say("report.column_control")),
        Column("sources", say("report.column_sources"), "count"),
    )  # fmt: skip
    rows = []
    for number, item in enumerate(stack.items):
        sources = [one for one in stack.sources_of[item.id] if one.status in (None, "in-use", UNKNOWN)]
        truths = {control.foreign(source) for source in sources} or {None}
        held: Cell = NOT_KNOWN
        if None not in truths:
            held = say(
                "report.control_mixed" if len(truths) > 1 else f"report.control_{'foreign' if True in truths else 'held'}"
            )
        kind = kind_name(item.kind) if isinstance(item.kind, str) else NOT_KNOWN
        numbers = notes.of_row("items", item.id) if number < 300 else ()
        rows.append(Row((item.id, kind, _value(item.mission, 0.0), held, len(stack.sources_of[item.id])), notes=numbers))
    return Table(columns, tuple(rows), most=_MOST_SHOWN)


def _value(value: Maybe[float], default: float | None) -> Cell:
    if value is UNKNOWN:
        return NOT_KNOWN
    shown = default if value is None else value
    return int(shown) if shown is not None and shown == int(shown) else shown


def _sources(stack: Stack, sources: tuple[Source, ...], control: Control, notes: Notes) -> Table:
    columns = (
        Column("source", say("report.column_source"), "id"), Column("status", say("show.column_status")),
        Column("provider", say("report.column_provider")), Column("owners", say("show.column_owners")),
        Column("location", say("show.column_location")), Column("licence", say("inventory.column_licence")),
        Column("share", say("show.column_share"), "percent"),
    )  # fmt: skip
    rows = []
    for one in sources:
        provider = one.provider if isinstance(one.provider, str) else None
        chain = control.owners(provider) if provider is not None else ("?",)
        owners = listed(say("report.not_known") if owner == "?" else _seated(stack, owner) for owner in chain)
        status = say("report.not_known") if one.status is UNKNOWN else one.status or "in-use"
        location: Cell = NOT_KNOWN if one.location is UNKNOWN else listed(map(country, one.location or ())) or None
        licence: Cell = one.licence if isinstance(one.licence, str) else NOT_KNOWN
        named: Cell = NOT_KNOWN if provider is None else _seated(stack, provider)
        share: Cell = NOT_KNOWN if one.share is UNKNOWN else one.share
        cells = (one.id, status, named, owners or None, location, licence, share)
        rows.append(Row(cells, notes=notes.of_source(one.id)))
    return Table(columns, tuple(rows))


def _seated(stack: Stack, provider: str) -> str:
    row = stack.provider_by_id.get(provider)
    seat = row.country if row is not None and isinstance(row.country, str) else "?"
    return say("gaps.landlord", provider=who(stack, provider), country=country(seat))


def _needs(stack: Stack, needs: list[Need], notes: Notes, side: str) -> Table:
    columns = (
        Column(side, say("report.column_item" if side == "item" else "show.column_user"), "id"),
        Column("role", say("show.column_role")), Column("weight", say("show.column_weight"), "count"),
        Column("survive", say("show.column_survive")),
    )  # fmt: skip
    rows = []
    for need in needs:
        survive: Cell = NOT_KNOWN if need.survive is UNKNOWN else format_days(need.survive or 0.0)
        named = need.item if side == "item" else stack.source_by_id[need.source].item
        cells = (named, need.role, _value(need.weight, 1.0), survive)
        rows.append(Row(cells, notes=notes.of_row("needs", need.id)))
    return Table(columns, tuple(rows), most=_MOST_SHOWN)
