"""``cutoff`` as a page. Owns the order of its items: those that stop first at the top."""

from __future__ import annotations

import math

from freehold.measure.cutoff import CutoffAnswer, ItemLevels
from freehold.report.answers import Context
from freehold.report.assess_blocks import kind_name
from freehold.report.evidence import Notes
from freehold.report.figures import tone_of
from freehold.report.interface import NOT_KNOWN, Column, Curve, Document, Heading, Paragraph, Range, Row, Series, Table
from freehold.report.sentences import (
    capital,
    day_place,
    item_name,
    known_paragraphs,
    read_paragraphs,
    rules_in_words,
)
from freehold.stack.schema import CHANGE
from freehold.stack.values import UNKNOWN
from freehold.words import day, interval, listed, percent, quoted, say, sentences

__all__ = ["cutoff_document"]

_MOST_SHOWN = 25
_MOST_NOTED = 300
_MOST_FIRST = 3


def cutoff_document(answer: CutoffAnswer, context: Context) -> Document:
    """Show levels under a cut-off.

    Parameters
    ----------
    answer
        What was computed.
    context
        What stands beside it, with the stack.
    """
    notes = Notes(context.stack, context.reference_date)
    place = day_place(answer.days)
    low, high = answer.mission.low[place], answer.mission.high[place]
    blocks = read_paragraphs(context)
    blocks.append(Paragraph(say("cutoff.what", rules=rules_in_words(answer.cutoff, context.stack))))
    text = capital(say("cutoff.headline", day=day(answer.days[place]), level=interval(low, high)))
    blocks.append(Paragraph(sentences((text, _first(answer, context))), tone_of(low, high, answer.floor), lead=True))
    series = [Series("mission", say("report.series_mission"), answer.mission.low, answer.mission.high)]
    change = _change(answer)
    if change is not None:
        worst = min(range(len(answer.days)), key=lambda place: (change.low[place], place))
        level = interval(change.low[worst], change.high[worst])
        tone = tone_of(change.low[worst], change.high[worst], answer.floor)
        blocks.append(Paragraph(say("cutoff.change", day=day(answer.days[worst]), level=level), tone, lead=True))
        series.append(change)
    blocks.append(Curve(answer.days, tuple(series), floor=answer.floor))
    blocks.append(Paragraph(say("report.mission_rule", rule=answer.mission_rule), "quiet"))
    blocks += [Heading(say("cutoff.items")), _stopped(answer), _table(answer, notes, ordered=True)]
    if any(item.low != item.high for item in answer.items):
        blocks.append(Paragraph(say("report.low_explained"), "quiet"))
    blocks += known_paragraphs(context)
    name = context.stack.name if context.stack is not None else ""
    return Document(say("cutoff.title", name=name), tuple(blocks), _table(answer, None), evidence=notes.evidence)


def _change(answer: CutoffAnswer) -> Series | None:
    """The mean level of what says what can be changed; ``None`` where nothing does."""
    items = [item for item in answer.items if item.id.endswith(CHANGE)]
    if not items:
        return None
    low = tuple(sum(levels) / len(items) for levels in zip(*(item.low for item in items), strict=True))
    high = tuple(sum(levels) / len(items) for levels in zip(*(item.high for item in items), strict=True))
    return Series("change", say("report.series_change"), low, high)


def _first(answer: CutoffAnswer, context: Context) -> str:
    missions = {item.id for item in context.stack.items if item.mission} if context.stack is not None else set()
    at = min((item.stops_low for item in answer.items if item.stops_low is not None), default=None)
    if at is None:
        return say("cutoff.none_stops", day=day(answer.days[-1]))
    first = sorted((item for item in answer.items if item.stops_low == at), key=lambda item: (item.id not in missions, item.id))
    named = listed(quoted(item_name(context.stack, item.id)) for item in first[:_MOST_FIRST])
    if len(first) > _MOST_FIRST:
        named += say("catalogue.and_more", count=len(first) - _MOST_FIRST)
    surely = all(item.stops_high == at for item in first)
    return say("cutoff.first" if surely else "cutoff.first_either", items=named, day=day(at))


def _stopped(answer: CutoffAnswer) -> Paragraph:
    low = sum(item.stops_low is not None for item in answer.items)
    high = sum(item.stops_high is not None for item in answer.items)
    count = f"{low}" if low == high else say("report.range", low=high, high=low)
    told = say("cutoff.count", low=count, of=len(answer.items), day=day(answer.days[-1]))
    return Paragraph(sentences((told, say("cutoff.floor", floor=percent(answer.floor)))))


def _table(answer: CutoffAnswer, notes: Notes | None, *, ordered: bool = False) -> Table:
    columns = (
        Column("item", say("report.column_item"), "id"), Column("kind", say("report.column_kind")),
        *(Column(f"day_{at:g}", say("report.column_low_high", day=day(at)), "percent") for at in answer.days),
        Column("stops", say("report.column_stops"), "day"),
    )  # fmt: skip
    items = sorted(answer.items, key=_order) if ordered else answer.items
    rows = tuple(_row(item, answer, notes if number < _MOST_NOTED else None) for number, item in enumerate(items))
    return Table(columns, rows, most=_MOST_SHOWN)


def _order(item: ItemLevels) -> tuple[float, float, float, str]:
    low = math.inf if item.stops_low is None else item.stops_low
    high = math.inf if item.stops_high is None else item.stops_high
    return low, high, item.low[-1], item.id


def _row(item: ItemLevels, answer: CutoffAnswer, notes: Notes | None) -> Row:
    levels = [Range(low, high) for low, high in zip(item.low, item.high, strict=True)]
    place = day_place(answer.days)
    tone = tone_of(item.low[place], item.high[place], answer.floor)
    kind = kind_name(item.kind) if item.kind is not None else NOT_KNOWN
    cells = (item.id, kind, *levels, Range(item.stops_low, item.stops_high))
    return Row(cells, tone, _notes(item.id, notes) if notes is not None else ())


def _notes(item: str, notes: Notes) -> tuple[int, ...]:
    stack = notes.stack
    sources = stack.sources_of.get(item, ()) if stack is not None else ()
    counting = [source.id for source in sources if source.status in (None, "in-use", "standby", UNKNOWN)]
    return tuple(dict.fromkeys(note for source in counting[:3] for note in notes.of_source(source)))
