"""The commands beside a report's numbers: each is run as it stands, and says the same numbers."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from freehold.cli import main

ROOT = Path(__file__).parent.parent
OPTIONS = ("--options", "examples/clinic/options.toml")


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("HOME", "TRUSTED", "DAYS", "FLOOR", "LANGUAGE"):
        monkeypatch.delenv(f"FREEHOLD_{name}", raising=False)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    main([*words, *(() if "--format" in words else ("--format", "json"))])
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    return data


def check(capsys: pytest.CaptureFixture[str], *words: str, leave_out: tuple[str, ...] = ()) -> dict[str, Any]:
    """Run every command of a report, and compare."""
    report = told(capsys, "report", *words)
    commands = {one["key"]: tuple(shlex.split(one["command"])[1:]) for one in report["methods"]}
    again = {line: told(capsys, *line) for key, line in commands.items() if key not in ("drills", "control", *leave_out)}
    for key, line in commands.items():
        if line not in again:
            continue
        found = again[line]
        if key == "landlord_cuts":
            single = report["cuts"]["single"]
            (cut,) = [one for one in single if " ".join(one["flags"]) in " ".join(line)]
            places = [report["cuts"]["days"].index(day) for day in found["days"]]
            for side in ("low", "high"):
                assert found["mission"][side] == pytest.approx([cut["mission"][side][place] for place in places])
            assert f"The largest landlord is {cut['name']}" in report["summary"][1].replace(" the ", " ")
        elif key == "schemes":
            assert found["schemes"] == report["schemes"]
        elif key == "gaps":
            assert found["layers"] == report["gaps"]
        elif key == "first_step":
            assert found["next_step"] == report["next_step"]
        elif key in ("chokepoints", "plan", "policy"):
            assert {name: found[name] for name in report[key]} == report[key], key
        else:
            wanted = {
                "self_reliance": ("self_reliance", "days", "floor", "controllers", "landlords", "weakest", "layers"),
                "change": ("change",), "content": ("face_value", "content", "hidden_exposure"),
                "unknowns": ("unknowns", "learn_first"),
            }.get(key, ())  # fmt: skip
            assert {name: found[name] for name in wanted} == {name: report[name] for name in wanted}, key
    return report


def test_days_ways_and_stakes_that_were_asked_for_stand_in_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--via", "location", "--floor", "0.4", "--days", "10,200", "--stake", "0.3", "--scheme", "none")
    report = check(capsys, "examples/clinic", *OPTIONS, *flags)
    assert report["plan"]["goal"]["limits"]["start"] in next(
        one["command"] for one in report["methods"] if one["key"] == "plan"
    )


def test_the_view_that_was_taken_stands_in_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    view = ("--home", "FR", "--trusted", "DE", "--strict", "--days", "0,30")
    check(capsys, "examples/clinic", *OPTIONS, *view, "--no-catalogue", "--no-plan", "--scheme", "none")


def test_a_plan_that_was_asked_for_is_asked_for_again_on_the_same_days(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--reliance", "0.3", "--by", "2029-01-01", "--start", "2027-01-01", "--days", "0,90", "--scheme", "none")
    check(capsys, "examples/clinic", *OPTIONS, *flags, leave_out=("chokepoints", "first_step"))


def test_the_largest_landlord_of_the_command_is_that_of_the_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """In this stack one inside comes before it by what is lost."""
    check(capsys, "examples/public-office", "--no-plan", "--scheme", "none", leave_out=("chokepoints", "first_step"))


def test_schemes_of_a_file_and_their_lists_stand_in_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = (ROOT / "src/freehold/schemes/data/secnumcloud-3.2.toml").read_text(encoding="utf-8")
    mine, products = tmp_path / "mine.toml", tmp_path / "secure-and-reliable.csv"
    mine.write_text(text.replace('id = "secnumcloud-3.2"', 'id = "our-own"'), encoding="utf-8")
    products.write_text("name,kind,level,valid_until,applicant\nLinux,cpu,II,2028-03-13,Example\n", encoding="utf-8")
    words = ("--scheme", str(mine), "--scheme", "cn-secure-and-reliable", "--list", str(products), "--no-plan")
    report = check(capsys, "examples/clinic", *words, leave_out=("chokepoints", "first_step", "landlords", "landlord_cuts"))
    assert [one["scheme"]["id"] for one in report["schemes"]] == ["our-own", "cn-secure-and-reliable"]


def test_a_report_without_a_plan_still_tells_the_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    report = told(capsys, "report", "examples/clinic", *OPTIONS, "--no-plan", "--scheme", "none")
    assert [one["id"] for one in report["next_step"]["options"]] == ["academic-authority"]
    assert "A second authority" in report["summary"][3]


def test_drills_of_several_places_are_all_scored_again(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    both = ("--drills", str(tmp_path / "a"), "--drills", str(tmp_path / "b"))
    report = told(capsys, "report", "examples/clinic", *both, "--no-plan", "--scheme", "none")
    (line,) = [one["command"] for one in report["methods"] if one["key"] == "drills"]
    assert told(capsys, *shlex.split(line)[1:])["drills"] == report["drills"]
