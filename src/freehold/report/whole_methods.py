"""How every number of a report was got, with the command that repeats it. Owns the methods and their commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Final

from freehold.plan.goal_values import BestAim, LevelAim
from freehold.report.five_sentences import largest_landlords
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
    shown = ("--days", ",".join(map(_plain, report.assess.days)))
    choke = report.chokepoints
    order = () if choke is None else ("--of", choke.answer.of, "--order", f"{choke.order}")
    schemes = [word for one in report.scheme_names or _ids(report) for word in ("--scheme", one)]
    answers = [word for one in report.answer_files for word in ("--answers", one)]
    lists = [word for one in report.list_files for word in ("--list", one)]
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
        "chokepoints": command(report, "chokepoints", *order, *said),
        "first_step": command(report, "report", *_step_flags(report), *said, "--format", "json"),
        "plan": command(report, "plan", *_goal_flags(report), *report.plan_flags, *_start(report), *said),
        "schemes": command(report, "schemes score", *schemes, *answers, *lists),
        "policy": command(report, "assess", *kept),
        "drills": _drills(report),
        "unknowns": command(report, "assess", "--evidence", *said),
    }  # fmt: skip


def _first_cut(report: WholeReport) -> tuple[str, ...]:
    """The flags that take the largest landlord away."""
    if report.cuts is None:
        return ()
    places = largest_landlords(report.cuts, report.assess)
    return report.cuts.landlords[places[0]].flags if places else ("--foreign",)


def _drills(report: WholeReport) -> str:
    """The command that scores the drills again; of several paths only a report takes all."""
    if len(report.drill_paths) < 2:
        return shlex.join(["freehold", "drill", "score", *report.drill_paths])
    paths = [word for one in report.drill_paths for word in ("--drills", one)]
    return command(report, "report", *paths, "--no-plan", "--scheme", "none", "--format", "json")


def _ids(report: WholeReport) -> list[str]:
    return [one.scheme.id for one in report.scores]


def _step_flags(report: WholeReport) -> tuple[str, ...]:
    """The flags by which a report tells the same step, and nothing that takes longer."""
    files = [word for one in report.option_files for word in ("--options", one)]
    catalogue = ("--no-catalogue",) if "--no-catalogue" in report.plan_flags else ()
    return (*files, *catalogue, "--no-plan", "--scheme", "none")


def _start(report: WholeReport) -> tuple[str, ...]:
    """The plan's first day where no flag said it: on another day the steps would stand on other dates."""
    if report.plan is None or "--start" in report.plan_flags:
        return ()
    return "--start", report.plan.goal.limits.start


def _goal_flags(report: WholeReport) -> tuple[str, ...]:
    """The flags that ask of a plan what the report itself asked, where no flag said it."""
    if report.plan is None or report.aimed == "asked":
        return ()
    aim = report.plan.goal.aims[0]
    assert isinstance(aim, LevelAim | BestAim)
    level = ("--level", _plain(aim.level)) if isinstance(aim, LevelAim) else ()
    return ("--foreign", *level, "--day", ",".join(map(_plain, aim.days)))


def _plain(value: float) -> str:
    """A number as a flag takes it, to the last digit."""
    return f"{value:.0f}" if value == round(value) else repr(value)
