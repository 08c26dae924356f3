"""A campaign as JUnit XML, for continuous integration. Owns how drills are told as test cases.

The form is that of the Apache Ant task and of Jenkins' published schema: ``testsuites`` / ``testsuite`` / ``testcase`` with
at most one of ``failure``, ``error`` and ``skipped``. A landlord is a suite, a part of the command a case: what passed
without the landlord passes, what failed fails, what was not run or proves nothing is skipped.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from freehold.drill.matrix import Matrix, MatrixRow, Outcome, outcomes_of
from freehold.report.clean import clean
from freehold.report.drill_words import in_words, time_of
from freehold.report.view_drill_matrix import not_run_words
from freehold.words import say

__all__ = ["to_junit"]


def to_junit(matrix: Matrix) -> str:
    """Write a campaign as JUnit XML.

    Parameters
    ----------
    matrix
        The campaign.
    """
    suites = Element("testsuites", {"name": _safe(in_words(matrix.command)), "time": _seconds(matrix.seconds)})
    counts = [_suite(suites, row, matrix) for row in matrix.rows]
    for place, name in enumerate(("tests", "failures", "skipped")):
        suites.set(name, str(sum(count[place] for count in counts)))
    suites.set("errors", "0")
    indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(suites, encoding="unicode")}\n'


def _suite(suites: Element, row: MatrixRow, matrix: Matrix) -> tuple[int, int, int]:
    landlord, drill = row.landlord, row.drill
    suite = SubElement(suites, "testsuite", {"name": _safe(landlord.name or landlord.id), "id": _safe(landlord.id)})
    outcomes = outcomes_of(row, matrix.steps)
    names = (in_words(matrix.command), *matrix.steps)
    steps = {step.name: step.seconds for step in drill.run.steps} if drill is not None else {}
    whole = drill.run.seconds if drill is not None else 0.0
    for place, (name, outcome) in enumerate(zip(names, outcomes, strict=True)):
        seconds = steps.get(name, 0.0) if place else whole
        attributes = {"name": _safe(name), "classname": _safe(f"{matrix.by}.{landlord.id}"), "time": _seconds(seconds)}
        _ending(SubElement(suite, "testcase", attributes), outcome, row)
    failures = sum(outcome.name == "failed" for outcome in outcomes)
    skipped = sum(outcome.name in ("void", "skipped", "absent") for outcome in outcomes)
    counts = {"tests": len(outcomes), "failures": failures, "errors": 0, "skipped": skipped}
    for key, count in counts.items():
        suite.set(key, str(count))
    suite.set("time", _seconds(whole))
    if drill is not None:
        suite.set("timestamp", drill.run.started[:19])
    return len(outcomes), failures, skipped


def _ending(case: Element, outcome: Outcome, row: MatrixRow) -> None:
    landlord = row.landlord.name or row.landlord.id
    if outcome.name == "failed":
        reason = _reason(outcome, row)
        message = say("drill_matrix.junit_failure", landlord=landlord, reason=reason)
        SubElement(case, "failure", {"message": _safe(message), "type": "cut-off"}).text = _safe(_told(row))
    elif outcome.name == "absent":
        SubElement(case, "skipped", {"message": _safe(not_run_words(row))})
    elif outcome.name in ("void", "skipped"):
        SubElement(
            case, "skipped", {"message": _safe(f"{say(f'drill_matrix.cell_{outcome.name}')}: {_told(row)}".rstrip(": "))}
        )
    elif outcome.name != "untouched":
        SubElement(case, "system-out").text = _safe(f"{say(f'drill_matrix.cell_{outcome.name}')}: {_told(row)}".rstrip(": "))


def _reason(outcome: Outcome, row: MatrixRow) -> str:
    if outcome.first_refused:
        refused = say("drill_matrix.detail_refused", host=outcome.first_refused)
        after = time_of(outcome.seconds)
        return f"{refused}; {say('drill_matrix.detail_failed', seconds=after)}" if after else refused
    return _told(row) or say("drill_matrix.cell_failed")


def _told(row: MatrixRow) -> str:
    return say("report.separator").join(row.drill.verdict.reasons) if row.drill is not None else ""


def _safe(text: str) -> str:
    """What XML 1.0 cannot hold is among what is shown as codes."""
    return clean(text)


def _seconds(value: float) -> str:
    return f"{value:.3f}"
