"""``chokepoints`` as a page. Owns its headline: which few, together, can stop us; and how complete that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from freehold.measure.chokepoint_values import ChokepointsAnswer, CutSet, Importance, Member, Single
from freehold.measure.cut_reason import CutReason
from freehold.report.answers import Context, ExplainedChokepoints
from freehold.report.cut_sentences import Names, cut_sentence
from freehold.report.evidence import Notes
from freehold.report.interface import Block, Column, Document, Heading, Paragraph, Range, Row, Table, Tone
from freehold.report.sentences import capital, item_name, known_paragraphs, settings_line, stack_line
from freehold.stack.values import Stack
from freehold.words import day, interval, listed, percent, quoted, say, sentences

__all__ = ["chokepoint_blocks", "chokepoints_document", "singles_table", "target_in_words"]

_MOST_SHOWN: Final = 15
_MOST_NAMED: Final = 4
_MOST_COUNTS: Final = 8


def chokepoints_document(explained: ExplainedChokepoints, context: Context) -> Document:
    """Show what can stop a target.

    Parameters
    ----------
    explained
        What was computed.
    context
        What stands beside it, with the stack.
    """
    stack = context.stack or Stack()
    notes = Notes(context.stack, context.reference_date)
    words = _words(explained, stack)
    blocks: list[Block] = [
        Paragraph(sentences((stack_line(stack), settings_line(stack))), "quiet"), *chokepoint_blocks(explained, stack, notes),
        *known_paragraphs(context), Paragraph(_engine(explained.answer), "quiet"),
    ]  # fmt: skip
    main = singles_table(explained, stack, notes)
    title = say(
        "chokepoints.title" if explained.answer.target is None else "chokepoints.title_target", name=stack.name, **words
    )
    return Document(title, tuple(blocks), main, evidence=notes.evidence)


def singles_table(explained: ExplainedChokepoints, stack: Stack, notes: Notes) -> Table:
    """Every single loss with its ids, for programs."""
    return _singles(explained.answer, _single_cells(explained.answer, stack), notes, whole=True)


def chokepoint_blocks(explained: ExplainedChokepoints, stack: Stack, notes: Notes) -> list[Block]:
    """What can stop the target: the headline, cut sets with their sentences, single losses, importances."""
    answer, words = explained.answer, _words(explained, stack)
    blocks: list[Block] = [
        Paragraph(capital(say("chokepoints.asked", **words))),
        Paragraph(capital(_headline(explained, stack, words)), _tone(answer), lead=True),
    ]
    if not answer.is_down:
        blocks.append(Paragraph(_how_complete(explained)))
        blocks += _sets(explained, stack, notes)
        blocks += _cheapest(explained, stack)
        blocks += _probability(answer, stack, words)
    cells = _single_cells(answer, stack)
    blocks += [
        Heading(say("chokepoints.single_heading")),
        _singles(answer, cells, notes, whole=False, caption=say("chokepoints.single_caption", **words)),
    ]
    if any(one.first_stop is not None for one in answer.single if not _is_fatal(one, answer)):
        blocks.append(Paragraph(say("chokepoints.single_for_a_time", **words), "quiet"))
    if answer.left_out:
        blocks.append(Paragraph(say("chokepoints.single_left_out", count=f"{answer.left_out:,}"), "warn"))
    if not answer.is_down:
        blocks += _importances(explained, stack)
    return blocks


def target_in_words(answer: ChokepointsAnswer, stack: Stack | None) -> str:
    """What is asked about: the mission, or an item's name."""
    return say("chokepoints.the_mission") if answer.target is None else quoted(item_name(stack, answer.target))


def _words(explained: ExplainedChokepoints, stack: Stack) -> dict[str, Any]:
    answer = explained.answer
    when = say("chokepoints.in_the_end") if answer.day is None else say("chokepoints.on_day", day=day(answer.day))
    return {
        "target": target_in_words(answer, stack), "floor": percent(answer.floor), "when": when,
        "members": say(f"chokepoints.members_{answer.of}"), "member": say(f"chokepoints.member_{answer.of}"),
        "level": interval(*answer.before),
    }  # fmt: skip


def _tone(answer: ChokepointsAnswer) -> Tone:
    if answer.is_down or answer.counts.get(1):
        return "bad"
    return "warn" if any(answer.counts.values()) or answer.stopped is not None else "good"


def _headline(explained: ExplainedChokepoints, stack: Stack, words: dict[str, Any]) -> str:
    answer, names = explained.answer, Names(stack)
    if answer.is_down:
        return say("chokepoints.down", **words)
    order = min((order for order, count in answer.counts.items() if count), default=0)
    if not order:
        if answer.stopped is not None and not answer.complete_to:
            return say("chokepoints.none_yet", **words)
        key = "none" if answer.complete_to is None else "none_alone" if answer.complete_to == 1 else "none_up_to"
        return say(f"chokepoints.{key}", order=answer.complete_to, **words)
    count = answer.counts[order]
    smallest = [names.members(cut.members) for cut in answer.cut_sets if len(cut.members) == order]
    if not smallest:
        return say("chokepoints.unlisted", order=order, count=f"{count:,}", **words)
    if order == 1:
        days = [math.inf if why is None else why.day for why in explained.reasons]
        alone = sorted(range(len(smallest)), key=lambda place: (days[place], answer.cut_sets[place].members[0].id))
        shown = [_with_day(smallest[place][0], days[place]) for place in alone[:_MOST_NAMED]]
        more = say("chokepoints.named_more", count=count - len(shown)) if count > len(shown) else ""
        shown_names = listed(shown) if more else _listed(shown)
        return say(f"chokepoints.alone_{'one' if count == 1 else 'many'}", count=count, names=shown_names, more=more, **words)
    first = _listed(smallest[0])
    if order == 2:
        return say(f"chokepoints.together_pair{'' if count == 1 else 's'}", count=f"{count:,}", names=first, **words)
    key = "together_single" if count == 1 else "together_many"
    return say(f"chokepoints.{key}", less=order - 1, order=order, count=f"{count:,}", names=first, **words)


def _with_day(name: str, at: float) -> str:
    return name if math.isinf(at) else say("chokepoints.with_day", name=name, day=day(at))


def _listed(names: list[str]) -> str:
    return say("chokepoints.and").join([listed(names[:-1]), names[-1]] if len(names) > 1 else names)


def _how_complete(explained: ExplainedChokepoints) -> str:
    answer = explained.answer
    known = {order: count for order, count in sorted(answer.counts.items()) if count}
    told = [say("chokepoints.counts", count=_large(count), order=order) for order, count in known.items()]
    counts = listed([*told[:_MOST_COUNTS], *(["…"] if len(told) > _MOST_COUNTS else [])])
    counts = counts or say("chokepoints.none_found")
    found = _large(sum(known.values()))
    if answer.stopped is not None:
        complete = answer.complete_to or 0
        words: dict[str, Any] = {"seconds": f"{answer.seconds:.0f}", "found": found, "order": complete, "counts": counts}
        text = say(f"chokepoints.stopped_{answer.stopped}", **words)
    elif answer.complete_to is None:
        text = say("chokepoints.complete_all", counts=counts)
    else:
        text = say(
            f"chokepoints.complete_to{'_one' if answer.complete_to == 1 else ''}", order=answer.complete_to, counts=counts
        )
    if answer.total is not None and answer.total > sum(known.values()):
        text = sentences((text, say("chokepoints.total", total=_large(answer.total))))
    return text


def _large(count: int) -> str:
    return f"{count:,}" if count < 10**9 else f"{count:.3g}"


def _sets(explained: ExplainedChokepoints, stack: Stack, notes: Notes) -> list[Block]:
    answer = explained.answer
    if not answer.cut_sets:
        return []
    likely = any(cut.probability is not None for cut in answer.cut_sets)
    columns = [
        Column("order", say("chokepoints.column_order"), "count"),
        Column("because", say("chokepoints.column_sentence")),
        *([Column("once_in_years", say("chokepoints.column_probability"), "count")] if likely else []),
    ]
    rows = []
    for cut, why in zip(answer.cut_sets, explained.reasons, strict=True):
        chance = (_years(cut.probability),) if likely else ()
        rows.append(Row((len(cut.members), _sentence(cut, why, stack), *chance), notes=_evidence(cut.members, notes)))
    found: list[Block] = [Heading(say("chokepoints.cut_sets_heading")), Table(tuple(columns), tuple(rows))]
    left = sum(answer.counts.values()) - len(rows)
    if left > 0:
        found.append(Paragraph(say("chokepoints.cut_sets_more", count=_large(left)), "quiet"))
    return found


def _sentence(cut: CutSet, why: CutReason | None, stack: Stack) -> str:
    return _listed(Names(stack).members(cut.members)) if why is None else cut_sentence(why, cut.members, stack)


def _evidence(members: tuple[Member, ...], notes: Notes) -> tuple[int, ...]:
    found: list[int] = []
    for member in members:
        if member.type in ("provider", "owner"):
            found += notes.of_provider(member.id)
        elif member.type != "country":
            found += notes.of_source(member.id) or notes.of_row("items", member.id)
    return tuple(dict.fromkeys(found))


def _years(chance: float | None) -> str | int | None:
    if chance is None:
        return None
    return say("chokepoints.endless") if chance <= 0 else _round(1 / chance)


def _round(value: float) -> int:
    """To two digits."""
    if value < 10:
        return round(value)
    return int(float(f"{value:.2g}"))


def _years_in_words(years: float) -> str:
    return f"{years:.2g}" if years < 10 else f"{_round(years):,}"


def _cheapest(explained: ExplainedChokepoints, stack: Stack) -> list[Block]:
    answer = explained.answer
    if answer.cheapest is None:
        return []
    cut, weight = answer.cheapest
    names, bound = _listed(Names(stack).members(cut.members)), answer.cheapest_bound or 0.0
    key = "cheapest_bound" if bound < weight - 1e-9 else "cheapest"
    text = say(f"chokepoints.{key}", weight=f"{weight:.4g}", names=names, bound=f"{bound:.4g}")
    if explained.cheapest is not None and answer.cheapest is not None:
        text = sentences((text, _sentence(cut, explained.cheapest, stack)))
    return [Paragraph(text, lead=True)]


def _probability(answer: ChokepointsAnswer, stack: Stack, words: dict[str, Any]) -> list[Block]:
    chance = answer.probability
    if chance is None:
        missing = [one.member for one in answer.importance if one.member.probability is None]
        if not missing or len(missing) == len(answer.importance):
            return []
        told = Names(stack).members(missing[:_MOST_NAMED])
        more = say("chokepoints.named_more", count=len(missing) - len(told)) if len(missing) > _MOST_NAMED else ""
        names = listed(told) + more if more else _listed(told)
        return [Paragraph(say("chokepoints.probability_missing", names=names), "warn")]
    if chance <= 0:
        return [] if not answer.importance else [Paragraph(say("chokepoints.probability_never", **words))]
    key = "probability" if answer.is_probability_exact else "probability_least"
    shown = f"{chance:.2g}"
    return [Paragraph(say(f"chokepoints.{key}", probability=shown, years=_years_in_words(1 / chance), **words), lead=True)]


def _importances(explained: ExplainedChokepoints, stack: Stack) -> list[Block]:
    answer = explained.answer
    if not answer.importance:
        return []
    known = answer.probability is not None
    names = ("structural", "birnbaum", "fussell_vesely", "diagnostic", "achievement", "reduction")
    columns = [Column("id", say(f"chokepoints.column_member_{answer.of}"), "id")] + [
        Column(name, say(f"chokepoints.column_{name}"), "count") for name in (names if known else names[:1])
    ]
    rows = tuple(Row(tuple(_measures(one, stack, known=known))) for one in answer.importance)
    found: list[Block] = [Heading(say("chokepoints.importance_heading"))]
    if not known:
        found.append(Paragraph(say("chokepoints.importance_structure"), "quiet"))
    if not answer.is_probability_exact:
        found.append(Paragraph(say("chokepoints.importance_partly", order=answer.complete_to or explained.order), "quiet"))
    return [*found, Table(tuple(columns), rows, most=_MOST_SHOWN)]


def _measures(one: Importance, stack: Stack, *, known: bool) -> list[Any]:
    values: list[float | None] = [one.structural]
    if known:
        values += [
            one.birnbaum, one.fussell_vesely, one.diagnostic, one.risk_achievement_worth, one.risk_reduction_worth,
        ]  # fmt: skip
    return [Names(stack, whole=True).member(one.member), *map(_three_digits, values)]


def _three_digits(value: float | None) -> float | str | None:
    if value is None:
        return None
    return say("chokepoints.endless") if math.isinf(value) else float(f"{value:.3g}")


def _single_cells(answer: ChokepointsAnswer, stack: Stack) -> list[tuple[Any, ...]]:
    names, as_range = Names(stack, whole=True), cache(Range)
    return [
        (
            names.member(one.member), *map(as_range, one.loss.low, one.loss.high), as_range(*one.at_day), one.first_stop,
            _count(one),
        )
        for one in answer.single
    ]  # fmt: skip


def _singles(
    answer: ChokepointsAnswer, shown: Sequence[tuple[Any, ...]], notes: Notes, *, whole: bool, caption: str = ""
) -> Table:
    """All of them with their ids, for programs; else those that lose something, for people."""
    title = say(f"chokepoints.column_member_{answer.of}")
    when = "" if answer.day is None else say("chokepoints.column_loss", day=day(answer.day))
    columns = [
        *([Column("type", "type"), Column("id", "id", "id")] if whole else []),
        Column("name", title),
        *(Column(f"loss_{at:g}", say("chokepoints.column_loss", day=day(at)), "percent") for at in answer.days),
        Column("loss_asked", say("chokepoints.column_end") if answer.day is None else when, "percent"),
        Column("stops_on", say("chokepoints.column_stops"), "day"),
        Column("stops", say("chokepoints.column_items"), "count"),
    ]
    rows = []
    for place, (one, told) in enumerate(zip(answer.single, shown, strict=True)):
        if not whole and not (max(one.loss.high) > 1e-9 or one.stops[1]):
            continue
        head = (one.member.type, one.member.id) if whole else ()
        rows.append(
            Row((*head, *told), _single_tone(one), () if whole or place >= _MOST_SHOWN else _evidence((one.member,), notes))
        )
    return Table(tuple(columns), tuple(rows), caption=caption, most=_MOST_SHOWN)


def _is_fatal(one: Single, answer: ChokepointsAnswer) -> bool:
    """Whether the target is under the floor, too, on the day of the question, unknowns at their worst."""
    return answer.before[0] - one.at_day[1] < answer.floor - 1e-9


def _count(one: Single) -> int | str:
    least, most = one.stops
    return most if least == most else say("report.range", low=least, high=most)


def _single_tone(one: Single) -> Tone:
    if one.first_stop is not None:
        return "bad"
    return "warn" if max(one.loss.high) > 1e-9 else "plain"


def _engine(answer: ChokepointsAnswer) -> str:
    text = say(f"chokepoints.engine_{answer.engine.replace(' ', '_')}")
    if answer.why_not_boolean is not None:
        text = sentences((text, say("chokepoints.levels", why=answer.why_not_boolean.rstrip("."))))
    return text
