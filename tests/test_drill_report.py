"""What pages of drills say: golden pages, the forms of JSON, JUnit and SARIF, hostile names.

``FREEHOLD_RECORD=1 pytest tests/test_drill_report.py`` writes the golden files anew.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from drill_answers import APPLIED, DRILLS, FAILED, MATRIX, PROPOSED, RULES, SCORE, UNTOUCHED, VOID, WATCHED, WAYS, drill_answers
from freehold.cli.command_after import split
from freehold.cli.parser import build_parser
from freehold.drill.matrix import Landlord, MatrixRow, rows_of
from freehold.drill.newcomers import Newcomer
from freehold.drill.record import Run
from freehold.report.drill_again import repeat_of
from freehold.report.drill_answers import DrillAnswer, MatrixAnswer
from freehold.report.drill_words import amount, ending, time_of
from freehold.report.interface import Look
from freehold.report.junit import to_junit
from freehold.report.render import render, to_json
from freehold.report.sarif import drill_to_sarif, to_sarif
from freehold.report.schemas import json_schema

GOLDEN = Path(__file__).parent / "test_drill_golden"
EVIL = "<script>alert(1)</script>\"'&\x1b[31m\u202eexe.\u200b\x00\u2028"


def compare(name: str, text: str) -> None:
    """Hold a page against its golden file, or write that anew."""
    path = GOLDEN / name
    shown = re.sub(r'"(freehold|version)": "[^"]+"', r'"\1": "VERSION"', text)
    if os.environ.get("FREEHOLD_RECORD") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8"), f"{name} differs; FREEHOLD_RECORD=1 writes it anew"


@pytest.mark.parametrize("form", ["text", "html", "json", "csv"])
def test_the_page_of_a_failed_drill_is_as_recorded(form: str) -> None:
    compare(f"failed.{form}", render(DRILLS["failed"], form))


@pytest.mark.parametrize("name", ["survived", "degraded", "untouched", "void", "watched", "service"])
def test_the_page_of_every_other_verdict_is_as_recorded(name: str) -> None:
    compare(f"{name}.text", render(DRILLS[name], look=Look(full=True)))


@pytest.mark.parametrize("form", ["text", "html", "json", "csv"])
def test_the_page_of_a_campaign_is_as_recorded(form: str) -> None:
    compare(f"matrix.{form}", render(MatrixAnswer(MATRIX), form))


@pytest.mark.parametrize(
    ("name", "answer"), [("backends", WAYS), ("proposed", PROPOSED), ("applied", APPLIED), ("score", SCORE)]
)
def test_the_other_pages_are_as_recorded(name: str, answer: object) -> None:
    compare(f"{name}.text", render(answer))


@pytest.mark.parametrize("verb", drill_answers())
def test_an_answer_has_the_form_that_its_schema_states(verb: str) -> None:
    data = json.loads(render(drill_answers()[verb], "json"))
    assert data["verb"] == verb
    assert not list(Draft202012Validator(json_schema(verb)).iter_errors(data))


@pytest.mark.parametrize("name", DRILLS)
def test_every_drill_has_that_form_and_the_keys_of_the_contract(name: str) -> None:
    data = to_json(DRILLS[name])
    assert not list(Draft202012Validator(json_schema(data["verb"])).iter_errors(data))
    assert {"verdict", "baseline", "cut", "contacts", "predicted"} <= data.keys()
    assert {"exit", "seconds"} <= data["cut"].keys()


# What comes first


def test_a_wrong_prediction_is_the_headline_and_a_right_one_is_not() -> None:
    page = render(DRILLS["failed"]).splitlines()
    missed = next(place for place, line in enumerate(page) if line.startswith("Predicted to work, and it failed"))
    verdict = next(place for place, line in enumerate(page) if line.startswith("Failed:"))
    assert missed < verdict
    assert "lacks" not in render(DRILLS["untouched"])


def test_a_void_drill_says_that_it_proves_nothing_and_is_never_good() -> None:
    assert "Void: this drill proves nothing." in render(DRILLS["void"])
    assert 'class="lead good"' not in render(DRILLS["void"], "html")


def test_an_address_without_a_name_says_so() -> None:
    assert "203.0.113.9 (no name):8443" in render(DRILLS["failed"], look=Look(width=240))


def test_what_others_wrote_cannot_deceive_or_command() -> None:
    contact = replace(FAILED.run.contacts[0], contact=replace(FAILED.run.contacts[0].contact, name=EVIL))
    drill = replace(FAILED, command=(EVIL,), run=replace(FAILED.run, contacts=(contact,)), said=EVIL)
    for form in ("text", "html", "json", "csv"):
        page = render(DrillAnswer(drill), form)
        assert "\x1b" not in page
        assert "\u202e" not in page
        assert form != "html" or "<script" not in page


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (999_499, "999 kB"), (999_500, "1 MB"), (4_600_000, "4.6 MB")],
)
def test_amounts_have_three_figures(size: int, said: str) -> None:
    assert amount(size) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0212, "21 ms"), (0.4, "0.4 s"), (9.96, "10 s"), (79.2, "79 s"), (599.6, "10 min"), (None, None)]
)
def test_times_are_said_to_what_matters(seconds: float | None, said: str | None) -> None:
    assert time_of(seconds) == said


def test_an_end_says_whether_status_signal_or_time() -> None:
    assert [ending(one) for one in (0, 2, -9, None)] == ["passed", "exit status 2", "signal 9", "ended for taking too long"]


# The survival matrix


def test_a_part_survives_only_if_something_was_refused_inside_it() -> None:
    rows = dict(rows_of(MATRIX))
    assert [one.name for one in rows[""]] == ["failed", "survived", "degraded", "untouched", "void", "absent", "absent"]
    assert [one.name for one in rows["fetch"][:2]] == ["failed", "survived"]
    assert [one.name for one in rows["test"][:2]] == ["skipped", "untouched"]


def test_a_void_drill_proves_nothing_of_any_part() -> None:
    matrix = replace(MATRIX, rows=(MatrixRow(Landlord("x", "X"), VOID),))
    assert {one.name for _, (one,) in rows_of(matrix)} <= {"void", "skipped"}


def test_every_cell_of_the_heat_map_says_its_word_and_no_colour_stands_alone() -> None:
    page = render(MatrixAnswer(MATRIX), "html")
    cells = re.findall(r'<td class="h-(\w+)"><span>([^<]+)</span>', page)
    assert len(cells) == 3 * 7
    assert dict(cells) == {heat: {"absent": "not run"}.get(heat, heat) for heat, _ in cells}
    assert "prefers-color-scheme:dark){:root{--h0" in page
    assert "<script" not in page


def test_the_style_of_a_page_without_a_heat_map_is_what_it_was() -> None:
    assert "--h0" not in render(DRILLS["failed"], "html")


def test_a_wide_matrix_fits_a_narrow_terminal_in_parts() -> None:
    page = render(MatrixAnswer(MATRIX), look=Look(width=40))
    assert all(len(line) <= 40 for line in page.splitlines())
    for word in ("Forge", "Edge", "Late", "Gone"):
        assert word in page


# JUnit XML: the form that Jenkins and GitLab read


def test_junit_counts_what_its_cases_say() -> None:
    root = ElementTree.fromstring(to_junit(MATRIX))
    assert root.tag == "testsuites"
    totals = dict.fromkeys(("tests", "failures", "skipped", "errors"), 0)
    for suite in root:
        assert suite.tag == "testsuite"
        assert set(suite.attrib) >= {"name", "tests", "failures", "errors", "skipped", "time"}
        cases = suite.findall("testcase")
        assert len(cases) == int(suite.attrib["tests"])
        for case in cases:
            assert set(case.attrib) == {"name", "classname", "time"}
            assert float(case.attrib["time"]) >= 0
            assert [child.tag for child in case] in ([], ["failure"], ["skipped"], ["system-out"])
        assert sum(case.find("failure") is not None for case in cases) == int(suite.attrib["failures"])
        assert sum(case.find("skipped") is not None for case in cases) == int(suite.attrib["skipped"])
        for key in totals:
            totals[key] += int(suite.attrib[key])
    assert {key: int(root.attrib[key]) for key in totals} == totals
    assert totals == {"tests": 21, "failures": 2, "skipped": 12, "errors": 0}


def test_junit_says_where_and_after_how_long_it_failed() -> None:
    failure = next(ElementTree.fromstring(to_junit(MATRIX)).iter("failure"))
    assert failure.attrib["message"] == "fails without Forge, Inc.: first refused: git.forge.example:443; failed after 30 s"


def test_junit_is_well_formed_whatever_the_names_are() -> None:
    matrix = replace(MATRIX, command=(EVIL,), rows=(MatrixRow(Landlord("x", EVIL), FAILED),))
    ElementTree.fromstring(to_junit(matrix))


# SARIF 2.1.0, sections 3.13 (log), 3.14 (run), 3.19 (toolComponent), 3.20 (invocation), 3.27 (result), 3.49 (rule)

_TEXT = {"type": "string", "minLength": 1}
_MESSAGE = {"type": "object", "properties": {"text": _TEXT}, "required": ["text"], "additionalProperties": False}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
SARIF = {
    "type": "object", "required": ["version", "runs"], "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"},
        "runs": {
            "type": "array", "minItems": 1,
            "items": {
                "type": "object", "required": ["tool"], "additionalProperties": False,
                "properties": {
                    "tool": {
                        "type": "object", "required": ["driver"], "additionalProperties": False,
                        "properties": {
                            "driver": {
                                "type": "object", "required": ["name"], "additionalProperties": False,
                                "properties": {
                                    "name": _TEXT, "version": _TEXT,
                                    "rules": {
                                        "type": "array", "uniqueItems": True,
                                        "items": {
                                            "type": "object", "required": ["id"], "additionalProperties": False,
                                            "properties": {
                                                "id": _TEXT, "shortDescription": _MESSAGE,
                                                "defaultConfiguration": {"type": "object", "properties": {"level": _LEVEL}},
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "invocations": {
                        "type": "array",
                        "items": {
                            "type": "object", "required": ["executionSuccessful"], "additionalProperties": False,
                            "properties": {
                                "executionSuccessful": {"type": "boolean"},
                                "toolExecutionNotifications": {
                                    "type": "array",
                                    "items": {
                                        "type": "object", "required": ["message"],
                                        "properties": {"message": _MESSAGE, "level": _LEVEL},
                                    },
                                },
                            },
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object", "required": ["message"], "additionalProperties": False,
                            "properties": {
                                "ruleId": _TEXT, "ruleIndex": {"type": "integer", "minimum": 0}, "level": _LEVEL,
                                "message": _MESSAGE, "properties": {"type": "object"},
                                "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
                                "locations": {
                                    "type": "array",
                                    "items": {
                                        "type": "object",
                                        "properties": {
                                            "physicalLocation": {
                                                "type": "object", "required": ["artifactLocation"],
                                                "properties": {
                                                    "artifactLocation": {
                                                        "type": "object", "properties": {"uri": _TEXT, "uriBaseId": _TEXT},
                                                    },
                                                    "region": {
                                                        "type": "object",
                                                        "properties": {"startLine": {"type": "integer", "minimum": 1}},
                                                    },
                                                },
                                            }
                                        },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}  # fmt: skip
"""What the standard requires of the parts that Freehold writes, and nothing else allowed."""


def test_sarif_has_the_form_that_the_standard_states() -> None:
    log = json.loads(to_sarif(MATRIX, "Makefile"))
    assert not list(Draft202012Validator(SARIF).iter_errors(log))
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [(one["ruleId"], one["level"]) for one in run["results"]] == [
        ("drill-failed", "error"), ("drill-degraded", "warning"), ("drill-void", "note"),
    ]  # fmt: skip
    assert all(rules[one["ruleIndex"]] == one["ruleId"] for one in run["results"])
    assert run["invocations"][0]["executionSuccessful"] is False
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 2


def test_sarif_without_a_file_points_nowhere_and_the_same_loss_has_the_same_fingerprint() -> None:
    results = [json.loads(to_sarif(MATRIX, place))["runs"][0]["results"] for place in ("", "Makefile")]
    assert "locations" not in results[0][0]
    assert results[1][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "Makefile"
    assert [one["partialFingerprints"] for one in results[0]] == [one["partialFingerprints"] for one in results[1]]
    assert len({json.dumps(one["partialFingerprints"]) for one in results[0]}) == len(results[0])


def test_new_landlords_are_results_of_their_own() -> None:
    log = json.loads(drill_to_sarif(WATCHED, (Newcomer("edge-ltd", "Edge Ltd", ("wheels.example",)),)))
    assert not list(Draft202012Validator(SARIF).iter_errors(log))
    (result,) = log["runs"][0]["results"]
    assert (result["ruleId"], result["message"]["text"]) == ("new-landlord", "new contact: Edge Ltd (wheels.example)")


def test_a_drill_is_a_result_with_its_verdict() -> None:
    log = json.loads(drill_to_sarif(FAILED, (), "Makefile"))
    assert not list(Draft202012Validator(SARIF).iter_errors(log))
    assert [one["properties"]["verdict"] for one in log["runs"][0]["results"]] == ["failed"]
    assert json.loads(drill_to_sarif(UNTOUCHED))["runs"][0]["results"] == []


# The command line again


@pytest.mark.parametrize("name", DRILLS)
def test_a_record_reads_as_a_command_line_that_the_parser_takes(name: str) -> None:
    drill = DRILLS[name].drill
    again = repeat_of(drill)
    own, words = split(again[1:])
    options = build_parser().parse_args(own)
    assert (options.command, options.action) == ("drill", "run")
    assert words == (None if drill.service is not None else drill.command)
    assert options.air_gap == (name == "void")
    assert options.host == list(drill.cut.get("hosts", ()))
    assert options.provider == (["forge-inc"] if drill.cut.get("cutoff") else [])


def test_what_only_a_scenario_can_say_gives_no_command_line() -> None:
    rule = {**RULES["cutoff"]["rule"][0], "kind": "cloud"}  # type: ignore[index]
    assert repeat_of(replace(FAILED, cut={**RULES, "cutoff": {"rule": [rule]}})) == ()


def test_a_campaign_whose_command_fails_with_nothing_cut_says_so() -> None:
    failed: Run = replace(MATRIX.baseline, exit=1)
    page = render(MatrixAnswer(replace(MATRIX, baseline=failed, rows=())))
    assert "The command fails with nothing cut (exit status 1)" in page


def test_a_drill_without_contacts_says_that_nobody_was_contacted() -> None:
    assert "Nobody was contacted." in render(DrillAnswer(UNTOUCHED))
