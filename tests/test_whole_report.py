"""The whole report: what stands where, that its numbers are those of the verbs, and what is left out is said."""

from __future__ import annotations

import csv
import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

import freehold
from drill_answers import DRILLS
from freehold.cli import main
from freehold.errors import FreeholdError
from freehold.report.interface import Curve, Heading, KeyFigures, LayerDrawing, Look, Paragraph, Table, TickOff, walk
from freehold.report.layer_view import MOST_DRAWN, MOST_OF_LAYER
from freehold.report.render import document_of, render, to_json
from freehold.report.schemas import json_schema
from freehold.reporting import read_drills
from freehold.stack.toml_file import loads
from test_report_stacks import clinic, half_known
from whole_answers import report_of, with_drills

EXAMPLES = Path(__file__).parent.parent / "examples"
CLINIC = EXAMPLES / "clinic"


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("HOME", "TRUSTED", "DAYS", "FLOOR", "LANGUAGE"):
        monkeypatch.delenv(f"FREEHOLD_{name}", raising=False)


def report_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["report", *arguments, "--format", "json"]) == 0
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(json_schema("report")).iter_errors(data)) == []
    return data


def test_the_sections_stand_in_the_order_in_which_they_are_asked_for() -> None:
    document = document_of(with_drills(report_of(clinic())))
    anchors = [block.anchor for block in document.blocks if isinstance(block, Heading) and block.anchor]
    wanted = ["summary", "curves", "stops", "landlords", "ticks", "layers", "gaps", "chokepoints", "roadmap"]
    wanted += ["drills", "unknown"]
    assert anchors == wanted
    assert isinstance(document.blocks[0], Heading)
    leads = [block for block in document.blocks[1:7] if isinstance(block, Paragraph)]
    assert len(leads) == 5
    assert "United States" in leads[1].text
    assert "stops first" in leads[2].text


def test_a_report_without_a_plan_still_tells_the_cheapest_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    data = report_json(capsys, str(CLINIC), "--no-plan", "--scheme", "none")
    assert data["plan"] is None
    assert data["summary"][3].startswith("The cheapest next step is")


def test_where_nothing_is_foreign_for_want_of_a_home_no_step_is_said_to_bring_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stack.toml"
    path.write_text('[stack]\nname = "Desk"\n[[item]]\nid = "desk"\nmission = 1\n', encoding="utf-8")
    data = report_json(capsys, str(path), "--no-plan", "--scheme", "none")
    assert data["summary"][3].startswith("No next step was looked for")


def test_every_number_names_a_method_that_is_there_with_a_command_that_repeats_it() -> None:
    document = document_of(with_drills(report_of(clinic())))
    keys = {one.key for one in document.methods}
    for block in walk(document.blocks):
        if isinstance(block, Table | Curve) or (isinstance(block, Paragraph) and block.how):
            assert block.how in keys, block
        if isinstance(block, KeyFigures):
            assert {one.how for one in block.figures} <= keys
    for one in document.methods:
        assert one.title
        assert one.text
        words = shlex.split(one.command)
        assert words[:1] == ["freehold"]
        assert "stack.toml" in words or "drills" in words


def test_parts_are_the_answers_of_their_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    data = report_json(capsys, str(CLINIC), "--no-plan", "--scheme", "none")
    assert main(["assess", str(CLINIC), "--format", "json"]) == 0
    assessed = json.loads(capsys.readouterr().out)
    for name in ("self_reliance", "change", "face_value", "content", "hidden_exposure", "layers", "landlords", "learn_first"):
        assert data[name] == assessed[name]
    assert main(["gaps", str(CLINIC), "--format", "json"]) == 0
    assert data["gaps"] == json.loads(capsys.readouterr().out)["layers"]
    command = next(one["command"] for one in data["methods"] if one["key"] == "chokepoints")
    assert main([*shlex.split(command)[1:], "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert data["chokepoints"] == {name: told[name] for name in data["chokepoints"]}
    assert data["no_plan"] == "not asked"
    assert len(data["summary"]) == 5


def test_a_landlord_that_is_taken_away_is_the_cut_off_that_its_flags_say(capsys: pytest.CaptureFixture[str]) -> None:
    data = report_json(capsys, str(CLINIC), "--no-plan", "--scheme", "none")
    for one in data["cuts"]["single"][:4]:
        days = ",".join(map(str, data["cuts"]["days"]))
        assert main(["cutoff", str(CLINIC), *one["flags"], "--days", days, "--format", "json"]) == 0
        cut = json.loads(capsys.readouterr().out)
        assert one["mission"]["low"] == pytest.approx(cut["mission"]["low"], abs=1e-9)
        assert one["out"] == sum(item["stops_low"] is not None for item in cut["items"])


def test_csv_is_the_table_of_items_with_who_holds_them_and_when_they_stop(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(CLINIC), "--no-plan", "--scheme", "none", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {"item", "kind", "provider", "control", "stops_low", "day_30_low"} <= set(rows[0])
    assert len(rows) == 34


@pytest.mark.slow
def test_the_plan_is_the_one_that_its_command_finds(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ortools")
    asked = ["--options", str(CLINIC / "options.toml"), "--start", "2027-01-01", "--scheme", "none"]
    data = report_json(capsys, str(CLINIC), *asked)
    assert data["plan_for"] == "later"
    assert data["plan"]["confirmed"] is True
    command = next(one["command"] for one in data["methods"] if one["key"] == "plan")
    assert main([*shlex.split(command)[1:], "--format", "json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["cost"] == data["plan"]["cost"]
    assert [one["option"] for one in again["steps"]] == [one["option"] for one in data["plan"]["steps"]]


@pytest.mark.slow
def test_a_plan_that_is_asked_for_is_that_plan(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ortools")
    asked = ["--options", str(CLINIC / "options.toml"), "--start", "2027-01-01", "--scheme", "none"]
    data = report_json(capsys, str(CLINIC), *asked, "--reliance", "0.5", "--day", "365")
    assert data["plan_for"] == "asked"
    assert data["plan"]["goal"]["aims"][0]["asked"] == 0.5


def test_why_there_is_no_plan_is_said_with_a_command() -> None:
    page = " ".join(render(report_of(clinic())).split())
    assert "No way out was looked for. This looks for one: freehold plan stack.toml --foreign --level 0.5" in page


def test_a_stack_without_anything_to_choose_from_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack = tmp_path / "s.toml"
    stack.write_text('[stack]\nhome = "DE"\n[[item]]\nid = "a"\nmission = 1\n[[item.source]]\nprovider = "openai"\n', "utf-8")
    assert main(["report", str(stack), "--no-catalogue", "--scheme", "none"]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "There is nothing to choose a way out from" in page
    assert "freehold options" in page


@pytest.mark.parametrize("form", ["text", "html", "markdown", "json", "csv"])
def test_a_stack_of_which_little_is_known_is_reported(form: str) -> None:
    page = render(report_of(half_known()), form)
    assert page.endswith("\n")
    if form == "json":
        assert list(Draft202012Validator(json_schema("report")).iter_errors(json.loads(page))) == []


def test_a_stack_without_a_home_and_one_without_items_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ('[[item]]\nid = "a"\n', '[stack]\nname = "Nothing"\nhome = "DE"\n'):
        stack = tmp_path / "s.toml"
        stack.write_text(text, "utf-8")
        for form in ("text", "json", "html", "markdown"):
            assert main(["report", str(stack), "--format", form]) == 0
            assert "Traceback" not in capsys.readouterr().err


def test_drills_stand_beside_what_was_predicted_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = with_drills(report_of(clinic()))
    data = to_json(report)
    assert data["drills"]["records"][0]["verdict"] == DRILLS["failed"].drill.verdict.name
    page = render(report, look=Look(width=140))
    assert "What was tried: predicted against seen" in page
    with pytest.raises(FreeholdError, match="is not there"):
        read_drills([str(tmp_path / "nowhere")])
    (tmp_path / "drills").mkdir()
    assert read_drills([str(tmp_path / "drills")]).drills == ()
    (tmp_path / "bad.json").write_text("{}", "utf-8")
    assert main(["report", str(CLINIC), "--drills", str(tmp_path / "bad.json")]) == 2
    assert "bad.json" in capsys.readouterr().err


def test_a_large_layer_is_drawn_with_its_most_important_things_and_says_how_many_are_left_out() -> None:
    items = "".join(
        f'[[item]]\nid = "s{number}"\nkind = "software"\n[[item.source]]\nprovider = "self"\n' for number in range(500)
    )
    top = (
        '[stack]\nhome = "DE"\n[[item]]\nid = "top"\nkind = "application"\nmission = 1\n[[item.source]]\nprovider = "self"\n'
        'needs = ["s499"]\n'
    )
    document = document_of(report_of(loads(top + items, "many.toml")))
    drawing = next(block for block in document.blocks if isinstance(block, LayerDrawing))
    assert [row.kind for row in drawing.rows] == ["application", "software"]
    software = drawing.rows[1]
    assert len(software.cells) == MOST_OF_LAYER
    assert software.left_out == 500 - MOST_OF_LAYER
    assert software.cells[0].id == "s499"
    assert drawing.feeds == (("s499", "top"),)
    assert sum(len(row.cells) for row in drawing.rows) <= MOST_DRAWN
    assert all(cell.blocks and cell.held_by for row in drawing.rows for cell in row.cells)


def test_the_landlords_to_tick_off_hold_every_item_of_the_stack_in_its_order() -> None:
    stack = clinic()
    ticks = next(block for block in document_of(report_of(stack)).blocks if isinstance(block, TickOff))
    assert [item[0] for item in ticks.items] == [item.id for item in stack.items]
    assert sum(item[3] for item in ticks.items) == pytest.approx(1)


def test_what_a_large_stack_has_no_time_for_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import freehold.reporting

    monkeypatch.setattr(freehold.reporting, "LARGE", 2)
    report = report_of(clinic())
    assert {one.key for one in report.left_out} == {"stops", "chokepoints"}
    page = " ".join(render(report).split())
    for one in report.left_out:
        assert one.command in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scheme", "no-such-scheme"), "no-such-scheme"),
        (("--scheme", "none", "--answers", "a.toml"), "--scheme none"),
        (("--answers", "nowhere.toml"), "nowhere.toml"),
        (("--options", "nowhere.toml"), "nowhere.toml"),
        (("--policy", "nowhere.toml"), "nowhere.toml"),
        (("--drills", "nowhere"), "is not there"),
        (("--no-plan", "--reliance", "0.5"), "--no-plan looks for no plan"),
        (("--no-plan", "--options", "nowhere.toml"), "nowhere.toml"),
        (("-o", "."), "is a folder"),
        (("-o", "nowhere/x.html"), "nowhere is no folder"),
        (("--reliance", "7"), "more than the whole"),
        (("--start", "tomorrow"), "is no date"),
        (("--stake", "2"), "not between 0 and 1"),
        (("--time", "0"), "no time to search in"),
        (("--language", "xx"), "xx"),
        (("--days", "0,x"), "not a list of days"),
    ],
)
def test_bad_usage_is_told_with_the_mend(arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(CLINIC), *arguments]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_no_action_means_the_whole_report(capsys: pytest.CaptureFixture[str]) -> None:
    asked = [str(CLINIC), "--no-plan", "--scheme", "none"]
    assert main(["report", *asked]) == 0
    meant = capsys.readouterr().out
    assert main(["report", "make", *asked]) == 0
    assert capsys.readouterr().out == meant


def test_names_of_a_stack_act_in_no_face() -> None:
    evil = "<img src=x onerror=alert(1)>|[a](http://evil.example)=cmd()\u202e\u200b"
    text = (
        f'[stack]\nname = {json.dumps(evil)}\nhome = "DE"\n[[provider]]\nid = "p"\nname = {json.dumps(evil)}\ncountry = "US"\n'
        f'[[item]]\nid = "a"\nkind = "software"\nname = {json.dumps(evil)}\nmission = 1\n[[item.source]]\nprovider = "p"\n'
    )
    report = report_of(loads(text, "evil.toml"))
    for form in ("text", "html", "markdown", "csv", "json", "svg"):
        page = render(report, form)
        assert "\u202e" not in page
        if form in ("html", "svg"):
            assert "<img" not in page
        if form == "markdown":
            read = MarkdownIt("commonmark").enable("table").parse(page)
            kinds = {token.type for one in read for token in (one, *(one.children or ()))}
            assert not kinds & {"link_open", "image", "html_block", "html_inline"}


def test_a_folder_of_firms_is_reported_with_the_numbers_of_its_verb(capsys: pytest.CaptureFixture[str]) -> None:
    folder = EXAMPLES / "firms"
    assert main(["report", str(folder), "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(json_schema("report firms")).iter_errors(data)) == []
    for one in data["methods"]:
        assert main([*shlex.split(one["command"])[1:], "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert data[one["key"]] == {name: told[name] for name in data[one["key"]]}
    for form, begins in (
        ("text", "firms:"),
        ("markdown", "# firms"),
        ("html", "<!DOCTYPE html>"),
        ("svg", "<?xml"),
        ("csv", "firm,"),
    ):
        assert main(["report", str(folder), "--format", form]) == 0
        assert capsys.readouterr().out.startswith(begins)


def test_what_asks_nothing_of_firms_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for flags in (["--scheme", "eu-csf-2026"], ["--reliance", "0.5"], ["--drills", "x"]):
        assert main(["report", str(EXAMPLES / "firms"), *flags]) == 2
        assert "asks nothing" in capsys.readouterr().err


def test_python_gives_the_report_of_the_command_and_its_page() -> None:
    chosen = freehold.scheme("secnumcloud-3.2")
    report = freehold.whole_report(
        str(CLINIC / "stack.toml"), policy=str(CLINIC / "policy.toml"), schemes=(chosen,), trusted=("EU", "CH"), seconds=0
    )
    assert isinstance(report, freehold.WholeReport)
    assert report.stack.trusted == ("EU", "CH")
    assert report.assess == freehold.assess(report.stack)
    assert [one.scheme.id for one in report.scores] == ["secnumcloud-3.2"]
    assert report.policy is not None
    assert (report.plan, report.no_plan) == (None, "not asked")
    assert freehold.render(report, "html").startswith("<!DOCTYPE html>")
