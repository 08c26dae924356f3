"""Whole reports that the tests show: of the clinic with drills and a plan made by hand, and of a stack that is half known."""

from __future__ import annotations

from dataclasses import replace

from freehold.report.whole_answer import DrillsRead, WholeReport
from freehold.reporting import whole_report
from freehold.settings import Settings
from freehold.stack.values import Stack
from freehold.work import Loaded

__all__ = ["report_of", "with_drills"]


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
