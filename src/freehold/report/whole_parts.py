"""The parts of a report, each as blocks. Owns what stands in each beside the blocks that the verbs' own pages have."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from typing import Final

from freehold.measure.mission import mission_of
from freehold.plan.goal_values import LevelAim
from freehold.report.assess_blocks import (
    curve_blocks,
    items_detail,
    kind_name,
    landlord_blocks,
    weakest_table,
    worth_line,
)
from freehold.report.drill_words import TONES, in_words
from freehold.report.evidence import Notes
from freehold.report.interface import Block, Column, Paragraph, Row, Table, TickOff
from freehold.report.sentences import item_name, known_paragraphs, steps_tree, who_in_sentence
from freehold.report.tick_items import items_told
from freehold.report.view_chokepoints import chokepoint_blocks
from freehold.report.view_drill_evidence import drill_score_blocks
from freehold.report.view_gaps import gap_blocks
from freehold.report.view_plan import roadmap_blocks
from freehold.report.whole_answer import WholeReport
from freehold.report.whole_methods import command
from freehold.report.whom_to_ask import whom_to_ask
from freehold.words import day, interval, percent, say, sentences

__all__ = [
    "chokepoint_part", "curve_part", "drill_part", "first_part", "gap_part", "landlord_part", "left_out_part",
    "plan_part",
    "tick_off", "unknown_part",
]  # fmt: skip

_MOST_DRILLS: Final = 50
_MOST_GAPS: Final = 150


def curve_part(report: WholeReport) -> Iterator[Block]:
    """Run and change over the days, their bands, and what is held."""
    yield from curve_blocks(report.assess)[1:]
    yield Paragraph(say("report.mission_rule", rule=report.assess.mission_rule), "quiet")


def first_part(report: WholeReport, notes: Notes) -> Iterator[Block]:
    """What stops, the first thing first, with the chain of reasons; and every item."""
    if report.check.why:
        yield Paragraph(say("whole_report.because", landlord=who_in_sentence(report.stack, report.check.largest)))
        yield from steps_tree(report.check.why, notes)
    yield from left_out_part(report, "stops")
    if report.assess.weakest:
        yield weakest_table(report.assess, report.context, notes, named=True)
    yield items_detail(report.assess, report.context, notes)


def landlord_part(report: WholeReport, notes: Notes) -> Iterator[Block]:
    """Countries and owners, the worst first; and landlords to tick off."""
    yield from landlord_blocks(report.assess, report.context, notes)[1:]


def tick_off(report: WholeReport, drawn: Iterable[str] = ()) -> TickOff | None:
    """Landlords to tick off; ``None`` where there are no answers.

    Parameters
    ----------
    report
        The report.
    drawn
        Ids of items that the page draws: of these it tells in any case.
    """
    if report.cuts is None or not report.cuts.landlords:
        return None
    weights = mission_of(report.stack).weights
    items = tuple(
        (item.id, item.name or item.id, kind_name(item.kind if isinstance(item.kind, str) else None), weights.get(place, 0.0))
        for place, item in enumerate(report.stack.items)
    )
    caption = say("whole_report.ticks_caption", floor=percent(report.cuts.floor))
    number_of = {item.id: place for place, item in enumerate(report.stack.items)}
    told = items_told(report.cuts, items, [number_of[id_] for id_ in drawn])
    if told is not None:
        path, first = report.context.path or "STACK", report.cuts.landlords[0]
        command = shlex.join(["freehold", "cutoff", path, *first.flags])
        more = say("whole_report.ticks_told", told=f"{len(told):,}", items=f"{len(items):,}", command=command)
        caption = sentences((caption, more))
    return TickOff(report.cuts, items, caption, told)


def gap_part(report: WholeReport, notes: Notes) -> Iterator[Block]:
    """What is held, layer by layer, and what would close the gaps."""
    yield from gap_blocks(report.gaps, report.stack, notes, _MOST_GAPS, named=True)


def chokepoint_part(report: WholeReport, notes: Notes) -> Iterator[Block]:
    """Which few landlords, together, can stop the mission."""
    if report.chokepoints is None:
        return
    yield from chokepoint_blocks(report.chokepoints, report.stack, notes)
    yield from left_out_part(report, "chokepoints")


def plan_part(report: WholeReport) -> Iterator[Block]:
    """The roadmap and its price; or why there is none, and the command that makes one."""
    if report.plan is None:
        key = report.no_plan.replace(" ", "_") or "not_asked"
        yield Paragraph(say(f"whole_report.no_plan_{key}", floor=percent(report.assess.floor)), "warn")
        asks = "options" if report.no_plan in ("nothing to choose from", "nothing judged") else "plan"
        words = {"options": ("--template",), "plan": ("--foreign", "--level", f"{report.assess.floor:g}")}[asks]
        yield Paragraph(command(report, asks, *words), whole=True)
        return
    aim = report.plan.goal.aims[0] if report.plan.goal.aims else None
    from_day = day(aim.days[0]) if isinstance(aim, LevelAim) else ""
    yield Paragraph(say(f"whole_report.aimed_{report.aimed}", floor=percent(report.assess.floor), day=from_day))
    yield from roadmap_blocks(report.plan, report.stack)


def drill_part(report: WholeReport) -> Iterator[Block]:
    """Predicted against seen, drill by drill; or that none was told of."""
    if report.drills is None or not report.drills.drills:
        yield Paragraph(say("whole_report.no_drills"))
        yield Paragraph("freehold drill --stack " + report.path + " --foreign -- COMMAND", whole=True)
        if report.drills is not None:
            for reason in report.drills.score.unread:
                yield Paragraph(say("drill_score.unread", reason=reason), "warn")
        return
    columns = (
        Column("day", say("whole_report.drill_day")), Column("command", say("whole_report.drill_command")),
        Column("cut", say("whole_report.drill_cut")), Column("predicted", say("whole_report.drill_predicted")),
        Column("seen", say("whole_report.drill_seen")), Column("agrees", say("whole_report.drill_agrees")),
    )  # fmt: skip
    rows = []
    for drill in reversed(report.drills.drills[-_MOST_DRILLS:]):
        one = drill.prediction
        said = say("whole_report.predicted_none")
        if one is not None:
            key = {True: "up", False: "down", None: "open"}[one.up]
            said = say(
                f"whole_report.predicted_{key}", item=item_name(report.stack, one.item), level=interval(one.low, one.high)
            )
        agrees = None if one is None or one.agrees is None else say("plan.yes" if one.agrees else "plan.no")
        rows.append(
            Row(
                (drill.run.started[:10], in_words(drill.command), drill.said or say("whole_report.nothing_cut"), said,
                 say(f"whole_report.seen_{drill.verdict.name}"), agrees),
                "bad" if one is not None and one.agrees is False else TONES[drill.verdict.name],
            )
        )  # fmt: skip
    yield from drill_score_blocks(report.drills.score)
    yield Table(columns, tuple(rows), say("whole_report.drills_caption"))


def unknown_part(report: WholeReport, notes: Notes) -> Iterator[Block]:
    """What is not known, what of it is worth most, and whom to ask."""
    yield from known_paragraphs(report.context)
    worths = report.assess.learn_first
    if worths:
        columns = (
            Column("learn", say("whole_report.learn")), Column("ask", say("whole_report.whom")),
        )  # fmt: skip
        rows = tuple(Row((worth_line(one, report.context), whom_to_ask(one.fact, report.stack))) for one in worths)
        yield Table(columns, rows, say("whole_report.learn_caption"))
    if notes.old:
        key = "check.old_one" if notes.old == 1 else "check.old_many"
        yield Paragraph(say(key, count=notes.old, date=report.context.reference_date), "warn")


def left_out_part(report: WholeReport, key: str) -> Iterator[Block]:
    """That a part was left out or cut short, and the command that asks for it; nothing where it was not."""
    for one in report.left_out:
        if one.key == key:
            yield Paragraph(say(f"whole_report.left_out_{key}"), "warn")
            yield Paragraph(one.command, whole=True)
