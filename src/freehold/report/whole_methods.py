"""How every number of a report was got, with the command that repeats it. Owns the methods and their commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Final

from freehold.plan.goal_values import BestAim, LevelAim
from freehold.report.interface import Method
from freehold.report.whole_answer import WholeReport
from freehold.words import day, listed, percent, say

__all__ = ["command", "methods_of"]

_ORDER: Final = (
    "self_reliance", "change", "content", "landlords", "landlord_cuts", "control", "gaps", "chokepoints", "first_step",
    "plan", "schemes", "policy", "drills", "unknowns",
)  # fmt: skip
"""Keys of methods, in the order of the sections."""


def command(report: WholeReport, verb: str, *words: str) -> str:
    """A command about the report's stack, as a shell takes it."""
    return shlex.join(["freehold", *verb.split(), report.path, *report.check.chosen, *words])


def methods_of(report: WholeReport) -> tuple[Method, ...]:
    """The methods of all that the report tells; those of parts that it does not have are left out."""
    return tuple(_methods(report))


def _methods(report: WholeReport) -> Iterator[Method]:
    told, days = _told(report), listed(map(day, report.assess.days))
    words = {"days": days, "floor": percent(report.assess.floor), "rule": report.assess.mission_rule}
    commands = _commands(report)
    for key in _ORDER:
        if key in told:
            yield Method(
                key, say(f"whole_report.method_{key}"), say(f"whole_report.method_{key}_text", **words), commands[key]
            )  # fmt: skip


def _told(report: WholeReport) -> frozenset[str]:
    there = {
        "change": report.assess.change is not None, "landlord_cuts": report.cuts is not None,
        "chokepoints": report.chokepoints is not None, "plan": report.plan is not None,
        "schemes": bool(report.scores),
        "policy": report.policy is not None, "drills": report.drills is not None,
    }  # fmt: skip
    return frozenset(key for key in _ORDER if there.get(key, True))


def _commands(report: WholeReport) -> dict[str, str]:
    cut = _first_cut(report)
    shown = ("--days", ",".join(f"{one:g}" for one in report.assess.days))
    choke = report.chokepoints
    order = () if choke is None else ("--of", choke.answer.of, "--order", f"{choke.order}")
    schemes = [word for one in report.scores for word in ("--scheme", one.scheme.id)]
    answers = [word for one in report.answer_files for word in ("--answers", one)]
    options = [word for one in report.option_files for word in ("--options", one)]
    kept = () if report.policy is None else ("--policy", report.policy.policy.path)
    said = (*shown, *report.measured_flags)
    return {
        "self_reliance": command(report, "assess", *said),
        "change": command(report, "assess", *said),
        "content": command(report, "assess", *report.measured_flags),
        "landlords": command(report, "cutoff", *cut, *said),
        "landlord_cuts": command(report, "cutoff", *cut, *said),
        "control": command(report, "show"),
        "gaps": command(report, "gaps"),
        "chokepoints": command(report, "chokepoints", *order, *report.measured_flags),
        "first_step": command(report, "options", *options),
        "plan": command(report, "plan", *_goal_flags(report), *report.plan_flags),
        "schemes": command(report, "schemes score", *schemes, *answers),
        "policy": command(report, "assess", *kept),
        "drills": shlex.join(["freehold", "drill", "score", *report.drill_paths[:1]]),
        "unknowns": command(report, "assess", "--evidence", *report.measured_flags),
    }  # fmt: skip


def _first_cut(report: WholeReport) -> tuple[str, ...]:
    """The flags that take the largest landlord away."""
    if report.cuts is None:
        return ()
    return next((one.flags for one in report.cuts.landlords if one.kind != "foreign"), ("--foreign",))


def _goal_flags(report: WholeReport) -> tuple[str, ...]:
    """The flags that ask of a plan what the report itself asked, where no flag said it."""
    if report.plan is None or report.aimed == "asked":
        return ()
    aim = report.plan.goal.aims[0]
    assert isinstance(aim, LevelAim | BestAim)
    level = ("--level", f"{aim.level:g}") if isinstance(aim, LevelAim) else ()
    shown = ("--days", ",".join(f"{one:g}" for one in report.assess.days))
    return ("--foreign", *level, "--day", ",".join(f"{one:g}" for one in aim.days), *shown)
