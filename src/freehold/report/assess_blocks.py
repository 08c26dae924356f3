"""Parts of the pages that tell an assessment: curves, what is held, landlords, what falls, what is not known."""

from __future__ import annotations

from freehold.measure.assess import AssessAnswer, Controller, Layer
from freehold.measure.cutoff import ItemLevels
from freehold.measure.unknowns import Worth
from freehold.report.answers import Context
from freehold.report.evidence import Notes
from freehold.report.figures import country, tone_of
from freehold.report.interface import (
    NOT_KNOWN,
    Block,
    Cell,
    Column,
    Curve,
    Detail,
    Heading,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Range,
    Row,
    Series,
    Table,
)
from freehold.report.sentences import capital, count, day_place, item_name, known_paragraphs, who
from freehold.stack.control import Control
from freehold.stack.values import UNKNOWN, Source, Stack
from freehold.words import interval, remark, say

__all__ = [
    "curve_blocks", "headline", "held_by_whom", "hold_blocks", "items_detail", "items_table", "kind_name", "landlord_blocks",
    "providers_in_words", "sources_in_use", "unknown_blocks", "weakest_table", "worth_line",
]  # fmt: skip

_MOST_ITEMS = 200
_MOST_SHOWN = 5


def kind_name(kind: str | None) -> str:
    """A layer's name; words where it is not known."""
    return say("report.kind_unknown") if kind in (None, "?") else str(kind)


def headline(answer: AssessAnswer) -> Paragraph:
    """The answer in a sentence: what still runs, and what can still be changed."""
    place = day_place(answer.days)
    low, high = answer.self_reliance.low[place], answer.self_reliance.high[place]
    words = {"run": interval(low, high), "day": f"{answer.days[place]:g}"}
    tone = tone_of(low, high, answer.floor)
    if answer.change is None:
        return Paragraph(say("check.headline_run", **words), tone, lead=True)
    words["change"] = interval(answer.change.low[place], answer.change.high[place])
    worst = tone_of(answer.change.low[place], answer.change.high[place], answer.floor)
    both = next((one for one in ("bad", "warn", "plain") if one in (tone, worst)), "good")
    return Paragraph(say("check.headline", **words), both, lead=True)  # type: ignore[arg-type]


def curve_blocks(answer: AssessAnswer) -> tuple[Block, ...]:
    """Run and change over the days asked."""
    series = [Series("run", say("report.series_run"), answer.self_reliance.low, answer.self_reliance.high)]
    if answer.change is not None:
        series.append(Series("change", say("report.series_change"), answer.change.low, answer.change.high))
    curve = Curve(answer.days, tuple(series), floor=answer.floor)
    return Heading(say("check.heading_curve")), curve


def hold_blocks(answer: AssessAnswer) -> tuple[Block, ...]:
    """Layers, face value, content and hidden exposure."""
    figures = KeyFigures(
        tuple(
            KeyFigure(
                say(f"check.{name}"), Range(*getattr(answer.content, name)), say(f"check.{name}_meaning"),
                points=name == "hidden_exposure",
            )
            for name in ("face_value", "content", "hidden_exposure")
        )
    )  # fmt: skip
    columns = (
        Column("kind", say("report.column_kind")), Column("items", say("report.column_items"), "count"),
        *(Column(name, say(f"report.column_{name}"), "count") for name in ("held", "foreign", "mixed", "unknown")),
    )  # fmt: skip
    layers = Table(columns, tuple(_layer(layer) for layer in answer.layers), say("check.layers"))
    return Heading(say("check.heading_hold")), figures, layers


def _layer(layer: Layer) -> Row:
    return Row((kind_name(layer.kind), layer.items, layer.held, layer.foreign, layer.mixed, layer.unknown))


def landlord_blocks(answer: AssessAnswer, context: Context, notes: Notes) -> tuple[Block, ...]:
    """Countries and top owners, with what is lost if they say no."""
    heading = Heading(say("check.heading_landlords"))
    if not answer.controllers and not answer.landlords:
        key = "check.no_landlords_unknown" if answer.unknowns else "check.no_landlords"
        return heading, Paragraph(say(key), "warn" if answer.unknowns else "plain")
    place = day_place(answer.days)
    at = f"{answer.days[place]:g}"
    asked = ("run", "change") if answer.change is not None else ("run",)
    losses = tuple(
        column
        for one in asked
        for column in (
            Column(f"{one}_loss", say(f"report.column_{one}_loss", day=at), "percent"),
            Column(f"{one}_worst", say(f"report.column_{one}_worst"), "percent"),
        )
    )
    sources = Column("sources", say("report.column_sources"), "count")
    columns = (Column("country", say("report.column_country")), sources, *losses)
    rows = tuple(
        Row((country(one.id), one.sources, *_losses(one, place)), notes=_of_country(context.stack, one.id, notes))
        for one in answer.controllers
    )
    of_owners = (
        Column("landlord", say("report.column_landlord")), Column("seat", say("report.column_seat")), sources, *losses,
    )  # fmt: skip
    owner_rows = tuple(
        Row(
            (who(context.stack, one.id), NOT_KNOWN if one.country == "?" else country(one.country), one.sources,
             *_losses(one, place)),
            notes=notes.of_provider(one.id),
        )
        for one in answer.landlords
    )  # fmt: skip
    return (
        heading,
        Table(columns, rows, say("check.countries"), most=_MOST_SHOWN),
        Table(of_owners, owner_rows, say("check.owners"), most=_MOST_SHOWN),
    )


def _losses(one: Controller, place: int) -> tuple[Cell, ...]:
    found: list[Cell] = []
    for loss in (one.loss, one.change_loss):
        if loss is not None:
            found += [Range(loss.low[place], loss.high[place]), Range(max(loss.low), max(loss.high))]
    return tuple(found)


def _of_country(stack: Stack | None, code: str, notes: Notes, most: int = 3) -> tuple[int, ...]:
    providers = [one.id for one in stack.providers if one.country == code] if stack is not None else []
    return tuple(dict.fromkeys(note for one in providers[:most] for note in notes.of_row("providers", one, ("country",))))


def weakest_table(answer: AssessAnswer, context: Context, notes: Notes, *, named: bool = False) -> Table:
    """What falls when everything foreign is cut off, soonest first; by id, or by name for who reads and does not type."""
    columns = (
        Column("item", say("report.column_item"), "text" if named else "id"), Column("own_sources", say("check.column_own")),
        Column("stops", say("report.column_stops"), "day"),
        Column("level", say("report.column_low_high", day=f"{answer.days[-1]:g}"), "percent"),
        Column("because", say("report.column_because")),
    )  # fmt: skip
    rows = []
    for one in answer.weakest:
        own = say("check.own_held" if one.held else "check.own_not")
        sources = context.stack.sources_of.get(one.id, ()) if context.stack is not None else ()
        numbers = tuple(dict.fromkeys(note for source in sources[:2] for note in notes.of_source(source.id)))
        shown = item_name(context.stack, one.id) if named else one.id
        cells = (shown, own, Range(one.stops_low, one.stops_high), Range(*one.level), one.because)
        rows.append(Row(cells, tone_of(*one.level, answer.floor), numbers))
    return Table(columns, tuple(rows), say("check.weakest"), most=_MOST_SHOWN)


def unknown_blocks(answer: AssessAnswer, context: Context, notes: Notes) -> tuple[Block, ...]:
    """Unknown facts, coverage, what would narrow the answer most, and facts that are old."""
    blocks: list[Block] = [Heading(say("check.heading_unknown")), *known_paragraphs(context)]
    blocks += [Paragraph(worth_line(one, context)) for one in answer.learn_first]
    if notes.old:
        key = "check.old_one" if notes.old == 1 else "check.old_many"
        blocks.append(Paragraph(say(key, count=notes.old, date=context.reference_date), "warn"))
    return tuple(blocks)


def worth_line(one: Worth, context: Context) -> str:
    """What knowing a fact is worth, in a sentence."""
    fact = one.fact
    stack = context.stack
    controls = ("source", "provider", "owner", "country", "location", "origin", "licence")
    named = fact.id
    if fact.table == "providers":
        named = who(stack, fact.id)
    elif fact.table == "sources" and stack is not None and fact.id in stack.source_by_id:
        named = item_name(stack, stack.source_by_id[fact.id].item)
    elif fact.table == "items":
        named = item_name(stack, fact.id)
    key = f"check.what_{fact.attribute}" if fact.attribute in controls else "check.what_number"
    what = say(key, id=named, attribute=fact.attribute)
    points = round(max(one.raises_low, one.lowers_high) * 100)
    rests = count("check.rests", one.sources)
    return capital(say("check.learn" if points else "check.learn_nothing", what=what, points=points, sources=rests))


def items_table(answer: AssessAnswer, context: Context, notes: Notes | None = None) -> Table:
    """Every item under the cut-off of everything foreign, in the stack's order; with evidence and cut short for a page.

    Parameters
    ----------
    answer, context
        The assessment, and what stands beside it.
    notes
        Where evidence is numbered; without it the table is for programs: all items, every day.
    """
    stack = context.stack
    items = answer.foreign.items
    if notes is not None:
        missions = {item.id for item in stack.items if item.mission} if stack is not None else set()
        items = tuple(sorted(items, key=lambda one: _order(one, one.id in missions))[:_MOST_ITEMS])
    cut = answer.foreign.cutoff
    control = Control(stack, strict=context.strict, stake=cut.stake) if stack is not None else None
    places = [day_place(answer.days)] if notes is not None else list(range(len(answer.days)))
    columns = (
        Column("item", say("report.column_item"), "id"), Column("kind", say("report.column_kind")),
        Column("control", say("report.column_control")), Column("provider", say("report.column_provider")),
        *(Column(f"day_{answer.days[place]:g}", say("report.column_low_high", day=f"{answer.days[place]:g}"), "percent")
          for place in places),
        Column("stops", say("report.column_stops"), "day"),
    )  # fmt: skip
    rows = []
    for one in items:
        sources = sources_in_use(stack, one.id)
        truth, providers = (
            held_by_whom(control, sources, cut.rules[0].via if cut.rules else ()),
            providers_in_words(stack, sources),
        )
        levels = [Range(one.low[place], one.high[place]) for place in places]
        shown = say(f"report.control_{truth}") if truth != "unknown" else NOT_KNOWN
        cells: tuple[Cell, ...] = (
            one.id,
            one.kind or NOT_KNOWN,
            shown,
            providers,
            *levels,
            Range(one.stops_low, one.stops_high),
        )
        at = day_place(answer.days)
        numbers = _item_notes(stack, one.id, sources, notes) if notes is not None else ()
        rows.append(Row(cells, tone_of(one.low[at], one.high[at], answer.floor), numbers))
    return Table(columns, tuple(rows))


def _order(one: ItemLevels, mission: bool) -> tuple[bool, bool, float, str]:
    return not mission, one.stops_low is None, one.stops_low or 0.0, one.id


def sources_in_use(stack: Stack | None, item: str) -> tuple[Source, ...]:
    """Sources of an item that it rests on today, surely or perhaps."""
    sources = stack.sources_of.get(item, ()) if stack is not None else ()
    return tuple(source for source in sources if source.status in (None, "in-use", UNKNOWN))


def held_by_whom(control: Control | None, sources: tuple[Source, ...], via: tuple[str, ...]) -> str:
    """Whether sources are ``held``, ``foreign``, ``mixed`` or ``unknown``."""
    if control is None or not sources:
        return "unknown"
    truths = {control.foreign(source, via) for source in sources}
    if None in truths:
        return "unknown"
    return "mixed" if len(truths) > 1 else ("foreign" if True in truths else "held")


def providers_in_words(stack: Stack | None, sources: tuple[Source, ...]) -> Cell:
    """Who provides sources, with their seats."""
    if stack is None or not sources:
        return NOT_KNOWN
    shown = []
    for source in sources:
        if not isinstance(source.provider, str):
            shown.append(say("report.not_known"))
            continue
        row = stack.provider_by_id.get(source.provider)
        seat = row.country if row is not None and isinstance(row.country, str) else "?"
        shown.append(remark(who(stack, source.provider), country(seat)) if source.provider != "self" else who(stack, "self"))
    return say("report.separator").join(dict.fromkeys(shown))


def _item_notes(stack: Stack | None, item: str, sources: tuple[Source, ...], notes: Notes) -> tuple[int, ...]:
    found = list(notes.of_row("items", item, most=2))
    for source in sources[:3]:
        found += notes.of_source(source.id)
        for need in (stack.needs_of.get(source.id, ()) if stack is not None else ())[:3]:
            found += notes.of_row("needs", need.id, most=1)
    return tuple(dict.fromkeys(found))


def items_detail(answer: AssessAnswer, context: Context, notes: Notes) -> Detail:
    """Every item with its providers and evidence, for a face with room."""
    table = items_table(answer, context, notes)
    left = len(answer.foreign.items) - len(table.rows)
    more = (Paragraph(say("check.items_more", count=left), "quiet"),) if left > 0 else ()
    return Detail(say("check.items_title"), (table, *more))
