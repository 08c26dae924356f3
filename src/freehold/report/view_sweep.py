"""``sweep`` as a page: cut-offs worst first, or the distribution of what may be. Owns how much of it is said, how surely."""

from __future__ import annotations

from dataclasses import replace

from freehold.measure.sample_statistics import HISTOGRAM_BINS, Estimate
from freehold.measure.sweep import EACH, SweepAnswer, Swept
from freehold.measure.sweep_outlook import DaySpread, Driver, Lost, OutlookAnswer
from freehold.measure.uncertain import Uncertain
from freehold.report.answers import Context
from freehold.report.figures import tone_of
from freehold.report.interface import (
    Cell,
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
)
from freehold.report.sentences import (
    count,
    item_name,
    known_paragraphs,
    read_paragraphs,
    rules_in_words,
    who,
    who_in_sentence,
)
from freehold.stack.cutoff import Cutoff
from freehold.stack.values import Stack
from freehold.words import day as show_day
from freehold.words import interval, listed, percent, say, sentences

__all__ = ["samples_document", "sweep_document"]

_MOST_SHOWN = 25
_MOST_DRIVERS = 10


def _name(context: Context) -> str:
    return context.stack.name if context.stack is not None else ""


def sweep_document(answer: SweepAnswer, context: Context) -> Document:
    """Show many cut-offs.

    Parameters
    ----------
    answer
        What was computed.
    context
        What stands beside it, with the stack.
    """
    blocks = read_paragraphs(context)
    at = answer.days.index(answer.day)
    if answer.swept:
        worst = answer.swept[0]
        low, high = worst.mission.low[at], worst.mission.high[at]
        under = [one for one in answer.swept if one.mission.low[at] < answer.floor - 1e-9]
        one = _landlord(worst.cutoff, context.stack, in_sentence=True)
        told = say(
            "sweep.worst" if one is None else "sweep.worst_each", count=f"{len(answer.swept):,}",
            name=worst.cutoff.name if one is None else one, day=show_day(answer.day), level=interval(low, high),
        )  # fmt: skip
        number = "none" if not under else "one" if len(under) == 1 else "many"
        more = say(f"sweep.under_{number}", count=f"{len(under):,}", floor=percent(answer.floor), day=show_day(answer.day))
        blocks.append(Paragraph(sentences((told, more)), tone_of(low, high, answer.floor), lead=True))
        if one is None:
            blocks.append(Paragraph(say("sweep.what", rules=rules_in_words(worst.cutoff, context.stack)), "quiet"))
    else:
        blocks.append(Paragraph(say("sweep.nothing"), "warn", lead=True))
    columns = (
        Column("name", say("sweep.column_name")),
        *(Column(f"day_{one:g}", say("sweep.column_day", day=show_day(one)), "percent") for one in answer.days),
        Column("stopped_low", say("sweep.column_stopped"), "count"),
        Column("stopped_high", say("sweep.column_surely"), "count"),
    )
    table = Table(columns, tuple(_swept(one, answer, at) for one in answer.swept), most=_MOST_SHOWN)
    named = tuple(
        replace(row, cells=(_landlord(one.cutoff, context.stack) or one.cutoff.name, *row.cells[1:]))
        for row, one in zip(table.rows, answer.swept, strict=True)
    )
    blocks += [
        replace(table, rows=named),
        Paragraph(say("report.mission_rule", rule=answer.mission_rule), "quiet"),
        *known_paragraphs(context),
    ]
    return Document(say("sweep.title", name=_name(context)), tuple(blocks), table)


def _landlord(cutoff: Cutoff, stack: Stack | None, *, in_sentence: bool = False) -> str | None:
    """Who is lost, if the cut-off is one of ``--each``; for programs such a cut-off has its id as its name."""
    if len(cutoff.rules) != 1 or len(cutoff.rules[0].selectors) != 1:
        return None
    ((selector, value),) = cutoff.rules[0].selectors.items()
    id_ = str(value)
    if selector not in EACH or cutoff.name != f"{selector} {id_}":
        return None
    if selector == "item":
        return item_name(stack, id_)
    return who_in_sentence(stack, id_) if in_sentence else who(stack, id_)


def _swept(one: Swept, answer: SweepAnswer, at: int) -> Row:
    levels = tuple(Range(low, high) for low, high in zip(one.mission.low, one.mission.high, strict=True))
    tone = tone_of(one.mission.low[at], one.mission.high[at], answer.floor)
    return Row((one.cutoff.name, *levels, one.stopped_low, one.stopped_high), tone)


def samples_document(answer: OutlookAnswer, context: Context) -> Document:
    """Show what may be.

    Parameters
    ----------
    answer
        What was computed.
    context
        What stands beside it, with the stack.
    """
    blocks, stack = read_paragraphs(context), context.stack
    if answer.cutoff.rules:
        blocks.append(Paragraph(say("cutoff.what", rules=rules_in_words(answer.cutoff, stack))))
    at = answer.days.index(answer.day)
    shown = answer.spreads[at]
    blocks.append(
        Paragraph(_headline(shown, answer), tone_of(shown.low.mean.value, shown.high.mean.value, answer.floor), lead=True)
    )
    blocks.append(Paragraph(_tail(shown, answer)))
    blocks.append(Paragraph(_worth(answer, stack), lead=True))
    series = (
        Series("p90", say("sweep.series_wide"), _quantile(answer, 0, low=True), _quantile(answer, 4, low=False)),
        Series("p50", say("sweep.series_narrow"), _quantile(answer, 1, low=True), _quantile(answer, 3, low=False)),
    )
    blocks.append(Curve(answer.days, series, say("sweep.curve"), answer.floor))
    table = _days(answer)
    blocks += [Heading(say("sweep.distribution")), table]
    blocks += [Heading(say("sweep.histogram", day=show_day(answer.day))), _histogram(shown, answer)]
    if answer.drivers:
        blocks += [Heading(say("sweep.learn")), _drivers(answer, stack), Paragraph(say("sweep.learn_means"), "quiet")]
    if answer.lost:
        blocks += [Heading(say("sweep.losses")), _lost(answer.lost, stack), Paragraph(say("sweep.losses_mean"), "quiet")]
    facts, losses = count("sweep.drawn_facts", len(answer.drivers)), count("sweep.drawn_losses", len(answer.lost))
    drawn = say("sweep.drawn", samples=f"{answer.samples:,}", seed=answer.seed, facts=facts, losses=losses)
    left = [count("sweep.left", answer.left)] if answer.left else []
    blocks += [
        Paragraph(sentences((drawn, *left)), "quiet"),
        Paragraph(say("report.mission_rule", rule=answer.mission_rule), "quiet"),
    ]
    blocks += known_paragraphs(context)
    blocks.append(Detail(say("sweep.facts"), (_sources(answer, stack),)))
    return Document(say("sweep.title_samples", name=_name(context)), tuple(blocks), table)


def _quantile(answer: OutlookAnswer, place: int, *, low: bool) -> tuple[float, ...]:
    return tuple((one.low if low else one.high).quantiles[place] for one in answer.spreads)


def _give(estimate: Estimate) -> str:
    if estimate.error is None:
        return percent(estimate.value)
    return say("sweep.with_error", value=percent(estimate.value), error=f"{estimate.error * 100:.1f}")


def _headline(one: DaySpread, answer: OutlookAnswer) -> str:
    same = one.low.mean.value == one.high.mean.value
    mean = _give(one.low.mean) if same else interval(one.low.mean.value, one.high.mean.value)
    return say(
        "sweep.headline", day=show_day(one.day), mean=mean, low=percent(one.low.quantiles[0]),
        high=percent(one.high.quantiles[4]), floor=percent(answer.floor),
        under=interval(one.high.under_floor.value, one.low.under_floor.value),
    )  # fmt: skip


def _tail(one: DaySpread, answer: OutlookAnswer) -> str:
    return say(
        "sweep.tail", rest=percent(1 - answer.confidence), risk=interval(one.high.at_risk.value, one.low.at_risk.value),
        shortfall=interval(one.high.shortfall.value, one.low.shortfall.value),
    )  # fmt: skip


def _worth(answer: OutlookAnswer, stack: Stack | None) -> str:
    best = next((one for one in answer.drivers if one.worth.share.value > 0 or one.worth.decision.value > 0), None)
    if best is None:
        return say("sweep.nothing_to_learn" if answer.drivers else "sweep.nothing_uncertain")
    share = best.worth.share
    text = say("sweep.learn_first", fact=_fact(best.fact, stack), share=_give(share))
    if best.worth.decision.value > 0:
        decides = say("sweep.decides", floor=percent(answer.floor), points=f"{best.worth.decision.value * 100:.1f}")
        text = sentences((text, decides))
    return text


def _fact(fact: Uncertain, stack: Stack | None) -> str:
    name = who(stack, fact.id) if fact.table == "providers" else fact.id
    return say("sweep.fact", attribute=fact.attribute, name=name)


def _days(answer: OutlookAnswer) -> Table:
    columns = (
        Column("day", say("report.day_column"), "day"), Column("mean", say("sweep.column_mean"), "percent"),
        Column("p05", say("sweep.column_p05"), "percent"), Column("p50", say("sweep.column_p50"), "percent"),
        Column("p95", say("sweep.column_p95"), "percent"), Column("under_floor", say("sweep.column_under"), "percent"),
        Column("value_at_risk", say("sweep.column_risk"), "percent"),
        Column("expected_shortfall", say("sweep.column_shortfall"), "percent"),
    )  # fmt: skip
    rows = []
    for one in answer.spreads:
        low, high = one.low, one.high
        quantiles = (Range(low.quantiles[place], high.quantiles[place]) for place in (0, 2, 4))
        cells: tuple[Cell, ...] = (
            one.day, Range(low.mean.value, high.mean.value), *quantiles,
            Range(high.under_floor.value, low.under_floor.value), Range(high.at_risk.value, low.at_risk.value),
            Range(high.shortfall.value, low.shortfall.value),
        )  # fmt: skip
        rows.append(Row(cells, tone_of(low.mean.value, high.mean.value, answer.floor)))
    return Table(columns, tuple(rows))


def _histogram(one: DaySpread, answer: OutlookAnswer) -> Table:
    columns = (
        Column("from", say("sweep.column_from"), "percent"), Column("to", say("sweep.column_to"), "percent"),
        Column("samples", say("sweep.column_part"), "percent"), Column("bar", ""),
    )  # fmt: skip
    rows = []
    for place, (below, above) in enumerate(zip(one.low.histogram, one.high.histogram, strict=True)):
        if below or above:
            part = sorted((below / answer.samples, above / answer.samples))
            shown = "█" * round(40 * below / answer.samples)
            rows.append(Row((place / HISTOGRAM_BINS, (place + 1) / HISTOGRAM_BINS, Range(*part), shown or "▏")))
    return Table(columns, tuple(rows))


def _drivers(answer: OutlookAnswer, stack: Stack | None) -> Table:
    columns = (
        Column("fact", say("sweep.column_fact")), Column("share_of_variance", say("sweep.column_share"), "percent"),
        Column("share_error", say("sweep.column_error")), Column("decision", say("sweep.column_decision"), "percent"),
        Column("decision_error", say("sweep.column_error")),
    )  # fmt: skip
    rows = tuple(_driver(one, stack) for one in answer.drivers)
    return Table(columns, rows, most=_MOST_DRIVERS)


def _error(one: Estimate) -> str:
    return say("sweep.no_error") if one.error is None else f"± {one.error * 100:.1f}"


def _driver(one: Driver, stack: Stack | None) -> Row:
    share, decision = one.worth.share, one.worth.decision
    return Row((_fact(one.fact, stack), share.value, _error(share), decision.value, _error(decision)))


def _lost(lost: tuple[Lost, ...], stack: Stack | None) -> Table:
    columns = (
        Column("loss", say("sweep.column_loss")), Column("probability", say("sweep.column_probability"), "percent"),
        Column("came", say("sweep.column_came"), "count"), Column("share_of_variance", say("sweep.column_share"), "percent"),
        Column("share_error", say("sweep.column_error")),
    )  # fmt: skip
    rows = tuple(
        Row((who(stack, one.event.id), one.event.probability, one.came, one.share.value, _error(one.share))) for one in lost
    )
    return Table(columns, rows, most=_MOST_DRIVERS)


def _sources(answer: OutlookAnswer, stack: Stack | None) -> Table:
    columns = (
        Column("fact", say("sweep.column_fact")),
        Column("from", say("sweep.column_drawn")),
        Column("why", say("sweep.column_why")),
    )
    rows = []
    for one in answer.drivers:
        draw = one.fact.draw
        if draw.choices:
            text = listed(f"{_shown(value)} {percent(odds)}" for value, odds in zip(draw.choices, draw.odds, strict=True))
        else:
            text = say("sweep.evenly", low=f"{draw.low:g}", high=f"{draw.high:g}")
        if draw.keep:
            text = say("sweep.kept", keep=percent(draw.keep), other=text)
        rows.append(Row((_fact(one.fact, stack), text, say(f"sweep.why_{one.fact.why}"))))
    return Table(columns, tuple(rows), most=_MOST_DRIVERS)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return "+".join(map(str, value)) or "none"
    return str(value)
