"""``partners`` as a page. Owns the days that it shows: those on which trust is worth most, and the last."""

from __future__ import annotations

from collections.abc import Sequence

from freehold.measure.mission import Interval
from freehold.measure.partners import Partner, PartnersAnswer, Together
from freehold.report.answers import Context
from freehold.report.interface import Column, Detail, Document, Heading, Paragraph, Range, Row, Table
from freehold.report.sentences import known_paragraphs, read_paragraphs, who, who_in_sentence
from freehold.stack.values import Stack
from freehold.words import day as show_day
from freehold.words import interval, listed, say

__all__ = ["partners_document"]

_MOST_SHOWN = 10
_MOST_DAYS = 3


def partners_document(answer: PartnersAnswer, context: Context) -> Document:
    """Show whom to trust.

    Parameters
    ----------
    answer
        What was computed.
    context
        What stands beside it, with the stack.
    """
    stack = context.stack
    blocks = read_paragraphs(context)
    blocks += [Paragraph(_gain(answer, stack), lead=True), Paragraph(_loss(answer, stack))]
    places = _places(answer)
    for key, column, partners in (("gained", "gain", answer.gained), ("lost", "loss", answer.lost)):
        telling = [one for one in partners if _total(one.change) > 0]
        if telling:
            blocks += [Heading(say(f"partners.{key}")), _table(telling, column, answer, stack, places)]
    if len(answer.together) > 1 or (answer.together and len(answer.together[0].countries) > 1):
        blocks += [Heading(say("partners.together")), _together(answer, stack, places)]
    blocks.append(Paragraph(say("partners.means"), "quiet"))
    if answer.left_out:
        blocks.append(Paragraph(say("partners.left_out", count=answer.left_out), "quiet"))
    blocks += known_paragraphs(context)
    everything = tuple(range(len(answer.days)))
    all_ = _table([*answer.gained, *answer.lost], "change", answer, stack, everything)
    blocks.append(Detail(say("partners.all"), (all_,)))
    name = stack.name if stack is not None else ""
    return Document(say("partners.title", name=name), tuple(blocks), all_)


def _total(change: Interval) -> float:
    return sum(change.high)


def _best_day(change: Interval) -> int:
    """Place of the day on which the change is largest, surely first; the earliest of several."""
    return max(range(len(change.low)), key=lambda place: (change.low[place], change.high[place], -place))


def _places(answer: PartnersAnswer) -> tuple[int, ...]:
    """Places of the days to show: those that the sentences name, the last, and then those on which the changes come to most."""
    changes = [one.change for one in (*answer.gained, *answer.lost)]
    weight = [sum(one.low[place] + one.high[place] for one in changes) for place in range(len(answer.days))]
    order = sorted(range(len(weight) - 1), key=lambda place: (-weight[place], place))
    named = [_best_day(found[0].change) for found in (answer.gained, answer.lost) if found and _total(found[0].change) > 0]
    return tuple(sorted(tuple(dict.fromkeys((*named, len(weight) - 1, *order)))[:_MOST_DAYS]))


def _points(low: float, high: float) -> str:
    low, high = round(low * 100), round(high * 100)
    return say("partners.points", low=low) if low == high else say("partners.points_range", low=low, high=high)


def _gain(answer: PartnersAnswer, stack: Stack | None) -> str:
    now = answer.self_reliance
    if not answer.gained or _total(answer.gained[0].change) <= 0:
        return say("partners.headline_none", day=show_day(answer.days[-1]), before=interval(now.low[-1], now.high[-1]))
    best = answer.gained[0]
    place = _best_day(best.change)
    return say(
        "partners.headline", name=who_in_sentence(stack, best.id), day=show_day(answer.days[place]),
        change=_points(best.change.low[place], best.change.high[place]), before=interval(now.low[place], now.high[place]),
    )  # fmt: skip


def _loss(answer: PartnersAnswer, stack: Stack | None) -> str:
    if not answer.lost or _total(answer.lost[0].change) <= 0:
        return say("partners.lose_none", day=show_day(answer.days[-1]))
    worst = answer.lost[0]
    place = _best_day(worst.change)
    return say(
        "partners.lose", name=who_in_sentence(stack, worst.id), day=show_day(answer.days[place]),
        change=_points(worst.change.low[place], worst.change.high[place]),
    )  # fmt: skip


def _table(
    partners: Sequence[Partner], column: str, answer: PartnersAnswer, stack: Stack | None, places: tuple[int, ...]
) -> Table:
    columns = (
        Column("partner", say("partners.column_partner"), "text"), Column("id", say("partners.column_id"), "id"),
        Column("type", say("partners.column_type")), Column("trusted", say("partners.column_trusted")),
        Column("sources", say("report.column_sources"), "count"),
        *(
            Column(f"day_{answer.days[place]:g}", say(f"partners.column_{column}", day=show_day(answer.days[place])), "percent")
            for place in places
        ),
    )  # fmt: skip
    kept = (0, 1, 2, 3, 4) if column == "change" else (0, 2, 4)
    rows = []
    for one in partners:
        cells = (
            who(stack, one.id), one.id, say(f"partners.type_{one.type}"),
            say("partners.trusted_yes" if one.trusted else "partners.trusted_no"), one.sources,
        )  # fmt: skip
        levels = tuple(Range(one.change.low[place], one.change.high[place]) for place in places)
        rows.append(Row((*(cells[number] for number in kept), *levels)))
    return Table((*(columns[number] for number in kept), *columns[5:]), tuple(rows), most=_MOST_SHOWN)


def _together(answer: PartnersAnswer, stack: Stack | None, places: tuple[int, ...]) -> Table:
    columns = (
        Column("size", say("partners.column_size"), "count"), Column("countries", say("partners.column_countries")),
        *(
            Column(f"day_{answer.days[place]:g}", say("partners.column_gain", day=show_day(answer.days[place])), "percent")
            for place in places
        ),
        Column("proven", say("partners.column_proven")),
    )  # fmt: skip
    return Table(columns, tuple(_set(one, stack, places) for one in answer.together), most=_MOST_SHOWN)


def _set(one: Together, stack: Stack | None, places: tuple[int, ...]) -> Row:
    names = listed(who(stack, country) for country in one.countries)
    levels = tuple(Range(one.gained.low[place], one.gained.high[place]) for place in places)
    return Row((len(one.countries), names, *levels, say("partners.proven" if one.proven else "partners.found")))
