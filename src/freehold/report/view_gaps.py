"""``gaps`` as a page: layer by layer. Owns how what would close a gap is put in a line."""

from __future__ import annotations

import math
from dataclasses import replace

from freehold.measure.content import Bounds
from freehold.measure.gaps import Closing, GapsAnswer, LayerGaps, NoneKnown, Option
from freehold.report.answers import Context
from freehold.report.assess_blocks import kind_name
from freehold.report.evidence import Notes
from freehold.report.figures import country, short_range
from freehold.report.interface import (
    NOT_KNOWN,
    Block,
    Cell,
    Column,
    Document,
    Heading,
    Paragraph,
    Range,
    Row,
    Table,
)
from freehold.report.sentences import count, item_name, known_paragraphs, read_paragraphs, who
from freehold.stack.values import Stack
from freehold.words import days, interval, listed, say

__all__ = ["gap_blocks", "gaps_document"]

_MOST_SHOWN = 15


def gaps_document(answer: GapsAnswer, context: Context) -> Document:
    """Show the gaps.

    Parameters
    ----------
    answer
        What was measured.
    context
        What stands beside it, with the stack.
    """
    notes = Notes(context.stack, context.reference_date)
    table = _layers(answer, context.stack, notes)
    blocks = [*read_paragraphs(context), *gap_blocks(answer, context.stack, notes), *known_paragraphs(context)]
    name = context.stack.name if context.stack is not None else ""
    return Document(say("gaps.title", name=name), tuple(blocks), table, evidence=notes.evidence)


def gap_blocks(
    answer: GapsAnswer, stack: Stack | None, notes: Notes, most: int | None = None, *, named: bool = False
) -> list[Block]:  # fmt: skip
    """Layer by layer, and what would close the gaps.

    Parameters
    ----------
    answer, stack, notes
        What was measured, of what, and where evidence is numbered.
    most
        Of very many gaps, how many of the first are told; ``None``: all.
    named
        Whether items and sources stand by their names, for who reads and does not type.
    """
    table = _layers(answer, stack, notes, named=named)
    short = tuple(replace(row, cells=row.cells[:-1]) for row in table.rows)
    blocks: list[Block] = [_headline(answer), replace(table, columns=table.columns[:-1], rows=short)]
    closes = [(layer, one) for layer in answer.layers for one in layer.closes]
    if closes:
        blocks += [Heading(say("gaps.closes")), _closes(closes[:most], notes, stack if named else None)]
        if most is not None and len(closes) > most:
            blocks.append(Paragraph(count("whole_report.gaps_more", len(closes) - most), "quiet"))
    if any(layer.held.low != layer.held.high for layer in answer.layers):
        blocks.append(Paragraph(say("report.low_explained"), "quiet"))
    return blocks


def _headline(answer: GapsAnswer) -> Paragraph:
    open_ = [layer for layer in answer.layers if layer.closes]
    if not open_:
        return Paragraph(say("gaps.headline_none"), "good" if answer.layers else "plain", lead=True)
    worst = min(open_, key=lambda layer: (layer.held.low, layer.held.high))
    words = {"kind": kind_name(worst.kind), "held": interval(*worst.held)}
    return Paragraph(say("gaps.headline", count=len(open_), of=len(answer.layers), **words), "warn", lead=True)


def _layers(answer: GapsAnswer, stack: Stack | None, notes: Notes, *, named: bool = False) -> Table:
    columns = (
        Column("kind", say("report.column_kind")), Column("items", say("report.column_items"), "count"),
        Column("held", say("report.column_held"), "percent"),
        Column("home", say("gaps.column_home"), "text" if named else "id"),
        Column("quality", say("gaps.column_quality"), "percent"), Column("landlord", say("gaps.column_landlord")),
        Column("landlord_share", say("gaps.column_share"), "percent"), Column("closes", say("gaps.column_closes")),
    )  # fmt: skip
    return Table(columns, tuple(_layer(layer, stack, notes, named=named) for layer in answer.layers), say("gaps.layers"))


def _layer(layer: LayerGaps, stack: Stack | None, notes: Notes, *, named: bool) -> Row:
    home, landlord = layer.home, layer.landlord
    closable = sum(isinstance(one.by, Option) for one in layer.closes)
    closes = say("gaps.closable", count=closable, of=len(layer.closes)) if layer.closes else None
    numbers: list[int] = []
    if home is not None:
        numbers += notes.of_source(home.id)
    if landlord is not None and landlord.provider != "?":
        numbers += notes.of_provider(landlord.provider)
    cells: tuple[Cell, ...] = (
        kind_name(layer.kind), layer.items, Range(*layer.held),
        _source(home.id, stack if named else None) if home is not None else None,
        Range(*home.quality) if home is not None else None, _landlord(layer, stack),
        Range(*landlord.share) if landlord is not None else None, closes,
    )  # fmt: skip
    tone = "plain" if layer.held.low >= 1 - 1e-9 else ("bad" if layer.held.high <= 1e-9 else "warn")
    return Row(cells, tone, tuple(dict.fromkeys(numbers)))  # type: ignore[arg-type]


def _landlord(layer: LayerGaps, stack: Stack | None) -> Cell:
    if layer.landlord is None:
        return None
    if layer.landlord.provider == "?":
        return NOT_KNOWN
    return say("gaps.landlord", provider=who(stack, layer.landlord.provider), country=country(layer.landlord.country))


def _closes(closes: list[tuple[LayerGaps, Closing]], notes: Notes, stack: Stack | None) -> Table:
    columns = (
        Column("item", say("report.column_item"), "id" if stack is None else "text"),
        Column("kind", say("report.column_kind")),
        Column("held", say("report.column_held"), "percent"), Column("by", say("gaps.column_closes")),
    )  # fmt: skip
    rows = []
    for layer, one in closes:
        numbers = notes.of_source(one.by.id) if isinstance(one.by, Option) else notes.of_row("items", one.item, most=2)
        rows.append(
            Row((item_name(stack, one.item), kind_name(layer.kind), Range(*one.held), _by(one.by, stack)), notes=numbers)
        )
    return Table(columns, tuple(rows), most=_MOST_SHOWN)


def _source(id_: str, stack: Stack | None) -> str:
    """A source: its id, or with a stack who provides it, and what."""
    row = stack.source_by_id.get(id_) if stack is not None else None
    if row is None or not isinstance(row.provider, str):
        return id_
    return say("gaps.source", item=item_name(stack, row.item), provider=who(stack, row.provider))


def _by(by: Option | NoneKnown, stack: Stack | None) -> str:
    if isinstance(by, NoneKnown):
        return (
            say("gaps.none_perhaps", ids=listed(_provider(one, stack) for one in by.perhaps))
            if by.perhaps
            else say("gaps.none_known")
        )
    words = {"source": _provider(by.id, stack), "capacity": short_range(Range(*by.capacity)), "recover": _time(by.recover)}
    if by.cost_once == (0.0, 0.0) and by.cost_year == (0.0, 0.0):
        return say("gaps.option_free", **words)
    currency = f" {by.currency}" if by.currency else ""
    cost = say("gaps.cost", once=_money(by.cost_once), year=_money(by.cost_year), currency=currency)
    return say("gaps.option", **words, cost=cost)


def _provider(id_: str, stack: Stack | None) -> str:
    """A source of an item that stands beside it: its id, or with a stack who provides it."""
    row = stack.source_by_id.get(id_) if stack is not None else None
    return who(stack, row.provider) if row is not None and isinstance(row.provider, str) else id_


def _time(bounds: Bounds) -> str:
    if bounds.low == bounds.high:
        return say("gaps.at_once") if bounds.low == 0 else days(bounds.low)
    return (
        say("report.not_known") if math.isinf(bounds.high) else say("gaps.within", low=days(bounds.low), high=days(bounds.high))
    )


def _money(bounds: Bounds) -> str:
    if math.isinf(bounds.high):
        return say("report.not_known")
    return (
        f"{bounds.low:,.0f}"
        if bounds.low == bounds.high
        else say("report.range", low=f"{bounds.low:,.0f}", high=f"{bounds.high:,.0f}")
    )
