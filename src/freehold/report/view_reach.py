"""``reach`` as a page: how bad, what stops, for whom, what takes over, what to do. Owns the order in which that is told."""

from __future__ import annotations

import math

from freehold.measure.unknowns import Worth
from freehold.report.answers import Context, ReachAnswer
from freehold.report.assess_blocks import kind_name, worth_line
from freehold.report.evidence import Notes
from freehold.report.figures import tone_of
from freehold.report.interface import (
    NOT_KNOWN,
    Block,
    Column,
    Curve,
    Detail,
    Document,
    Heading,
    Paragraph,
    Range,
    Row,
    Series,
    Table,
    Tone,
)
from freehold.report.sentences import capital, item_name, known_paragraphs, read_paragraphs, rules_in_words
from freehold.stack.values import Stack
from freehold.watch.best_act import Act
from freehold.watch.level_facts import Fact
from freehold.watch.levels import Level, LevelRange
from freehold.watch.places import Place, Untied
from freehold.watch.radius import Radius, Stop, TakeOver
from freehold.words import day, interval, listed, quoted, say, sentences

__all__ = ["reach_document"]

_MOST_SHOWN = 25
_MOST_NAMED = 3
_TONES: dict[Level, Tone] = {
    Level.RED: "bad", Level.ORANGE: "bad", Level.YELLOW: "warn", Level.BLUE: "plain", Level.NONE: "plain",
}  # fmt: skip


def reach_document(answer: ReachAnswer, context: Context) -> Document:
    """Show how far a loss reaches.

    Parameters
    ----------
    answer
        What was computed.
    context
        What stands beside it, with the stack.
    """
    notes = Notes(context.stack, context.reference_date)
    radius, stack = answer.radius, context.stack
    blocks = read_paragraphs(context)
    blocks += _where(radius.place, stack)
    blocks += [_level(one, answer) for one in answer.levels]
    blocks.append(_lost(answer))
    if radius.place.cut is not None:
        blocks.append(Paragraph(_when(radius, stack), tone_of(min(radius.mission.low), min(radius.mission.high), radius.floor)))
        blocks.append(Paragraph(_best(answer, stack), lead=True))
    series = (Series("mission", say("report.series_mission"), radius.mission.low, radius.mission.high),)
    blocks += [
        Curve(radius.days, series, floor=radius.floor),
        Paragraph(say("report.mission_rule", rule=radius.mission_rule), "quiet"),
    ]
    table = _stops(radius, stack, notes)
    if radius.place.cut is not None:
        blocks += [Heading(say("radius.stops_heading")), table, *_beside(radius)]
        blocks += [Heading(say("radius.takes_over_heading")), _takes_over(radius, stack)]
        if answer.acts.acts:
            blocks += [Heading(say("radius.acts_heading")), _acts(answer)]
    if answer.learn:
        blocks += [Heading(say("radius.learn_heading")), *_learn(answer.learn, context)]
    blocks += known_paragraphs(context)
    if radius.place.ties:
        blocks.append(Detail(say("radius.ties_heading"), (_ties(radius.place),)))
    name = stack.name if stack is not None else ""
    return Document(say("radius.title", name=name), tuple(blocks), table, evidence=notes.evidence)


def _where(place: Place, stack: Stack | None) -> list[Block]:
    found: list[Block] = []
    if place.cut is not None:
        found.append(Paragraph(say("radius.gone", rules=rules_in_words(place.cut, stack))))
    if not place.is_known:
        found.append(Paragraph(say("radius.place_unknown" if place.cut is None else "radius.part_unknown"), "bad", lead=True))
    return [*found, *(Paragraph(_untied(one), "warn") for one in place.untied)]


def _untied(one: Untied) -> str:
    text = say("radius.untied", label=one.label, value=one.value, because=one.because) if one.label else one.because
    if one.nearest:
        text += say("radius.untied_near", nearest=listed(quoted(name) for name in one.nearest))
    return capital(text)


def _level(one: LevelRange, answer: ReachAnswer) -> Paragraph:
    criteria = answer.criteria.criteria_set(one.criteria)
    low, high = (say(f"radius.level_word_{level.word}") for level in (one.low, one.high))
    if one.is_decided:
        parts = [say("radius.level_one", level=low, name=criteria.name)]
    else:
        parts = [say("radius.level_range", low=low, high=high, name=criteria.name)]
        if criteria.unread:
            parts.append(say("radius.unread"))
        elif one.question is not None:
            parts.append(say("radius.settles", question=one.question.text))
        else:
            parts.append(say("radius.settles_not"))
    if not one.is_confirmed:
        parts.append(say("radius.unconfirmed"))
    if one.assumed:
        parts.append(say("radius.assumed_not", facts=listed(one.assumed)))
    return Paragraph(sentences(parts), _TONES[one.high], lead=True)


def _lost(answer: ReachAnswer) -> Paragraph:
    facts: dict[str, Fact] = {one.id: one for one in answer.facts}
    parts = {
        name: interval(facts[f"mission_loss_{key}"].low, facts[f"mission_loss_{key}"].high)
        for name, key in (("now", "now"), ("day", "day"), ("week", "week"))
    }
    most = facts["mission_loss_week"].high
    return Paragraph(say("radius.lost", **parts), "bad" if most > 0 else "good", lead=True)


def _when(radius: Radius, stack: Stack | None) -> str:
    low, high = radius.first_stop
    if low is None:
        return say("radius.none_stops", day=day(radius.days[-1]))
    first = [stop for stop in radius.stops if stop.low == low]
    named = listed(quoted(item_name(stack, stop.item)) for stop in first[:_MOST_NAMED])
    if len(first) > _MOST_NAMED:
        named += say("radius.and_more", count=len(first) - _MOST_NAMED)
    if high is None:
        text = say("radius.first_perhaps", low=day(low), items=named)
    elif day(low) == day(high):
        text = say("radius.first", day=day(low), items=named)
    else:
        text = say("radius.first_range", low=day(low), high=day(high), items=named)
    at, surely = radius.mission_stops
    if at is None:
        return sentences((text, say("radius.mission_stands", day=day(radius.days[-1]))))
    return sentences((text, say(f"radius.mission_stops{'' if surely == at else '_perhaps'}", day=day(at))))


def _best(answer: ReachAnswer, stack: Stack | None) -> str:
    acts = answer.acts
    if not acts.acts:
        return say("radius.nothing_helps") if max(acts.lost) > 0 else say("radius.none_stops", day=day(acts.horizon))
    best = acts.acts[0]
    text = say("radius.best", act=_act(best, stack), saved=_days(best.saved), lost=_days(acts.lost), horizon=day(acts.horizon))
    if not acts.is_exact:
        text = sentences((text, say("radius.not_all_tried", tried=acts.tried, considered=acts.considered)))
    return text


def _act(act: Act, stack: Stack | None) -> str:
    words = {"item": item_name(stack, act.item), "source": act.source}
    if act.kind == "activate" and math.isinf(act.ready[0]):
        return say("radius.act_activate_never", **words)
    return say(f"radius.act_{act.kind}", day=day(act.ready[0]), **words)


def _days(pair: tuple[float, float]) -> str:
    low, high = (f"{value:.3g}" for value in sorted(pair))
    return low if low == high else say("figures.between", low=low, high=high).removesuffix(" %")


def _stops(radius: Radius, stack: Stack | None, notes: Notes) -> Table:
    columns = (
        Column("item", say("report.column_item"), "id"), Column("kind", say("report.column_kind")),
        Column("stops", say("report.column_stops"), "day"), Column("for", say("radius.column_for")),
    )  # fmt: skip
    rows = tuple(_stop(one, stack, notes if number < _MOST_SHOWN else None) for number, one in enumerate(radius.stops))
    return Table(columns, rows, most=_MOST_SHOWN)


def _stop(one: Stop, stack: Stack | None, notes: Notes | None) -> Row:
    named = listed(item_name(stack, item) for item in one.serves[:_MOST_NAMED])
    if one.served > _MOST_NAMED:
        named += say("radius.and_more", count=one.served - _MOST_NAMED)
    cells = (one.item, kind_name(one.kind) if one.kind else NOT_KNOWN, Range(one.low, one.high), named or None)
    numbers = notes.of_row("items", one.item, most=1) if notes is not None else ()
    return Row(cells, "bad" if one.high is not None else "warn", numbers)


def _beside(radius: Radius) -> list[Block]:
    found: list[Block] = []
    for key, items in (("lowered", radius.lowered), ("down_before", radius.down_before)):
        if items:
            found.append(Paragraph(say(f"radius.{key}", count=len(items)), "quiet"))
    return found


def _takes_over(radius: Radius, stack: Stack | None) -> Block:
    if not radius.takes_over:
        return Paragraph(say("radius.nothing_takes_over"), "warn")
    columns = (
        Column("source", say("radius.column_takes_over"), "id"), Column("item", say("report.column_item")),
        Column("from", say("radius.column_from"), "day"), Column("capacity", say("radius.column_capacity"), "percent"),
        Column("rests_on", say("radius.column_rests")),
    )  # fmt: skip
    return Table(columns, tuple(_take_over(one, stack) for one in radius.takes_over), most=_MOST_SHOWN)


def _take_over(one: TakeOver, stack: Stack | None) -> Row:
    rests = listed(item_name(stack, item) for item in one.rests_on) or None
    days, capacity = Range(one.day_low, one.day_high), Range(one.capacity_low, one.capacity_high)
    return Row((one.source, item_name(stack, one.item), days, capacity, rests), "warn" if rests else "plain")


def _acts(answer: ReachAnswer) -> Table:
    days = [at for at, _, _ in answer.acts.acts[0].saved_on]
    columns = (
        Column("act", say("radius.column_act")), Column("source", say("report.column_source"), "id"),
        Column("item", say("report.column_item"), "id"), Column("ready", say("radius.column_from"), "day"),
        Column("saved", say("radius.column_saved"), "count"),
        *(Column(f"saved_{at:g}", say("radius.column_saved_on", day=day(at)), "percent") for at in days),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                say(f"radius.kind_{one.kind}"), one.source, one.item, Range(*map(_finite, one.ready)),
                round(one.worth, 2), *(Range(*sorted((low, high))) for _, low, high in one.saved_on),
            )
        )
        for one in answer.acts.acts
    )  # fmt: skip
    return Table(columns, rows)


def _finite(value: float) -> float | None:
    return None if math.isinf(value) else value


def _learn(worths: tuple[Worth, ...], context: Context) -> list[Block]:
    return [Paragraph(worth_line(one, context)) for one in worths]


def _ties(place: Place) -> Table:
    columns = (
        Column("label", say("radius.column_label"), "id"), Column("value", say("radius.column_value"), "id"),
        Column("meant", say("radius.column_meant")), Column("by", say("radius.column_by")),
    )  # fmt: skip
    rows = tuple(
        Row((one.label, one.value, listed(f"{name} {value}" for name, value in one.selectors), one.by)) for one in place.ties
    )
    return Table(columns, rows)
