"""``report`` as a page: sections that a decision is made from, in the order in which they are asked for. Owns that order."""

from __future__ import annotations

from collections.abc import Iterator

from freehold.report.answers import Context
from freehold.report.assess_blocks import items_table
from freehold.report.evidence import Notes
from freehold.report.five_sentences import Sentence, five_sentences, sentence_blocks
from freehold.report.interface import Block, Document, KeyFigure, KeyFigures, Range
from freehold.report.layer_view import layer_drawing
from freehold.report.policy_blocks import policy_blocks
from freehold.report.score_blocks import score_blocks
from freehold.report.sections import section
from freehold.report.sentences import day_place, settings_line, stack_line
from freehold.report.whole_answer import WholeReport
from freehold.report.whole_methods import methods_of
from freehold.report.whole_parts import (
    chokepoint_part,
    curve_part,
    drill_part,
    first_part,
    gap_part,
    landlord_part,
    left_out_part,
    plan_part,
    tick_off,
    unknown_part,
)
from freehold.words import say, sentences

__all__ = ["summary_sentences", "whole_document"]


def whole_document(report: WholeReport, context: Context | None = None) -> Document:
    """Show the whole report.

    Parameters
    ----------
    report
        Everything that it tells.
    context
        What stands beside it; the report's own unless given.
    """
    notes = Notes(report.stack, (context or report.context).reference_date)
    blocks = tuple(_blocks(report, notes))
    return Document(
        say("whole_report.title", name=report.stack.name), blocks, items_table(report.assess, report.context),
        subtitle=sentences((stack_line(report.stack), settings_line(report.stack))), evidence=notes.evidence,
        methods=methods_of(report),
    )  # fmt: skip


def _blocks(report: WholeReport, notes: Notes) -> Iterator[Block]:
    yield from section("summary", say("whole_report.summary"), _summary(report), "self_reliance")
    yield from section("curves", say("whole_report.curves"), curve_part(report), "self_reliance")
    yield from section("stops", say("whole_report.stops"), first_part(report, notes), "self_reliance")
    yield from section("landlords", say("whole_report.landlords"), landlord_part(report, notes), "landlords")
    drawing = layer_drawing(report.assess, report.context, notes)
    ticks = tick_off(report, (cell.id for row in drawing.rows for cell in row.cells))
    if ticks is not None:
        yield from section("ticks", say("whole_report.ticks"), (ticks,), "landlord_cuts")
    yield from section("layers", say("whole_report.layers"), (drawing,), "control")
    yield from section("gaps", say("whole_report.gaps"), gap_part(report, notes), "gaps")
    yield from section("chokepoints", say("whole_report.chokepoints"), chokepoint_part(report, notes), "chokepoints")
    yield from section("roadmap", say("whole_report.roadmap"), plan_part(report), "plan")
    if report.scores:
        scores = score_blocks(report.scores, notes, how="schemes")
        yield from section("schemes", say("whole_report.schemes"), scores, "schemes")
    elif any(one.key == "schemes" for one in report.left_out):
        yield from section("schemes", say("whole_report.schemes"), left_out_part(report, "schemes"))
    if report.policy is not None:
        kept = policy_blocks(report.policy, report.stack, notes)[1:]
        yield from section("policy", say("whole_report.policy"), kept, "policy")
    yield from section("drills", say("whole_report.drills"), drill_part(report), "drills")
    yield from section("unknown", say("whole_report.unknown"), unknown_part(report, notes), "unknowns")


def summary_sentences(report: WholeReport) -> tuple[str, ...]:
    """What a reader must know who reads no further, in sentences."""
    return tuple(one.text for one in _sentences(report))


def _sentences(report: WholeReport) -> tuple[Sentence, ...]:
    options = sum(not one.lacking for one in report.options)
    looked = report.stack.home is not None
    return five_sentences(
        report.stack, report.assess, report.cuts, report.step, report.plan, options=options, looked=looked
    )  # fmt: skip


def _summary(report: WholeReport) -> Iterator[Block]:
    """What a reader must know who reads no further."""
    yield from sentence_blocks(_sentences(report))
    yield _figures(report)


def _figures(report: WholeReport) -> KeyFigures:
    answer = report.assess
    place = day_place(answer.days)
    run = KeyFigure(
        say("whole_report.self_reliance", day=f"{answer.days[place]:g}"),
        Range(answer.self_reliance.low[place], answer.self_reliance.high[place]), say("whole_report.self_reliance_meaning"),
        how="self_reliance",
    )  # fmt: skip
    content = tuple(
        KeyFigure(
            say(f"check.{name}"), Range(*getattr(answer.content, name)), say(f"check.{name}_meaning"),
            points=name == "hidden_exposure", how="content",
        )
        for name in ("face_value", "content", "hidden_exposure")
    )  # fmt: skip
    return KeyFigures((run, *content))
