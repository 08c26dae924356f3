"""Whole reports that the tests show: of the clinic with drills and a plan made by hand, and of a stack that is half known."""

from __future__ import annotations

from dataclasses import replace

from freehold.report.packs_answers import ExitsAnswer
from freehold.report.whole_answer import DrillsRead, WholeReport
from freehold.reporting import whole_report
from freehold.reporting_folder import manifest_rows
from freehold.reporting_packs import (
    brief_answer,
    exit_answers,
    functions_asked,
    pack_asked,
    pack_files,
    pack_of,
    pack_written,
)
from freehold.settings import Settings
from freehold.stack.values import Stack
from freehold.work import Loaded

__all__ = ["report_of", "taken_away", "with_drills"]


def report_of(stack: Stack) -> WholeReport:
    """The report of a stack, without a plan and without schemes, as a user of ``stack.toml`` would see it."""
    return whole_report(Loaded(stack), Settings(), path="stack.toml")


def with_drills(report: WholeReport) -> WholeReport:
    """The same, with the drills of the drill's own tests."""
    from drill_answers import drill_answers
    from freehold.drill.scores import score
    from freehold.report.drill_answers import DrillAnswer, ScoreAnswer

    shown = drill_answers()["drill"]
    assert isinstance(shown, DrillAnswer)
    drills = (shown.drill,)
    return replace(report, drills=DrillsRead(drills, ScoreAnswer(score(drills), "drills")), drill_paths=("drills",))


def taken_away(report: WholeReport) -> dict[str, object]:
    """The brief, the exit plans and a pack of a report, by verb."""
    asked = pack_asked(Loaded(report.stack), Settings(), command="freehold report pack")
    pack = pack_of("dora", asked)
    exits = exit_answers(report, functions_asked(report.stack, ()))
    return {
        "report brief": brief_answer(report, (), "freehold report brief"),
        "report exits": ExitsAnswer(exits, report.context),
        "report pack": pack_written(pack, asked, manifest_rows(pack_files(pack, asked)[0]), "register"),
    }
