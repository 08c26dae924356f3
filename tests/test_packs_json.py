"""What programs are told of a brief, of exit plans and of a pack: the figures of the pages, by their schemas."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from freehold.cli import main
from freehold.report.schemas import json_schema
from freehold.reporting_folder import MANIFEST

EXAMPLES = Path(__file__).parent.parent / "examples"
STACK = """
[stack]
name = "Two firms"
home = "DE"
[[provider]]
id = "abroad"
name = "Abroad Inc."
country = "US"
[[item]]
id = "shop"
kind = "application"
mission = 1
  [[item.source]]
  provider = "self"
  needs = [{ item = "hosting", survive = "10d" }, { item = "mail", weight = 0.2 }]
[[item]]
id = "hosting"
kind = "cloud"
  [[item.source]]
  provider = "abroad"
  [[item.source]]
  id = "own"
  provider = "self"
  status = "standby"
  recover = "30d"
[[item]]
id = "mail"
kind = "service"
  [[item.source]]
  provider = "?"
"""


@pytest.fixture
def stack(tmp_path: Path) -> str:
    path = tmp_path / "two.toml"
    path.write_text(STACK, encoding="utf-8")
    return str(path)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["report", *words, "--format", "json", "--no-catalogue"]) == 0
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, json_schema(f"report {words[0]}"))
    assert data["verb"] == f"report {words[0]}"
    return data


def test_a_brief_tells_its_sentences_and_figures(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    data = told(capsys, "brief", stack, "--no-plan", "--days", "0,20,40")
    assert [one["subject"] for one in data["sentences"]] == ["hold", "landlord", "stops", "step", "ask"]
    # ten days of cover, thirty until the standby is there; the unknown fifth is lost at worst
    assert data["self_reliance"] == {"days": [0, 20, 40], "low": [0.8, 0, 0.8], "high": [1, 0, 1]}
    first = data["landlords"][0]
    assert (first["id"], first["first"], first["first_day"]) == ("US", "hosting", 0)
    assert [(one["table"], one["id"], one["attribute"]) for one in data["ask"]] == [("sources", "mail@?", "provider")]
    assert (data["first_step"], data["steps"]) == (None, [])
    assert data["command"].startswith("freehold report brief ")


def test_a_brief_of_an_example_tells_the_next_step_of_its_page(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    clinic, options = str(EXAMPLES / "clinic" / "stack.toml"), str(EXAMPLES / "clinic" / "options.toml")
    page = tmp_path / "brief.json"
    words = ("report", "brief", clinic, "--no-plan", "--options", options, "--no-catalogue", "-o", str(page))
    assert main([*words]) == 0
    data = json.loads(page.read_text(encoding="utf-8"))
    jsonschema.validate(data, json_schema("report brief"))
    assert (data["first_step"]["cost_once"], data["first_step"]["cost_year"], data["first_step"]["currency"]) == (
        900,
        1200,
        "EUR",
    )
    assert main([*words[:-1], str(tmp_path / "brief.csv")]) == 2
    assert "a brief comes in no csv" in capsys.readouterr().err


def test_exit_plans_tell_who_can_end_a_function_and_what_takes_over(
    stack: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = told(capsys, "exits", stack, "--no-plan", "--days", "0,20,40")
    (plan,) = data["plans"]
    assert (plan["function"], plan["basis"], plan["last_test"]) == ("shop", "stack", None)
    (move,) = plan["moves"]
    assert (move["kind"], move["item"], move["source"], move["recover"]) == ("standby", "hosting", "own", 30)
    assert plan["time"] == [{"user": "shop", "item": "hosting", "survive": {"low": 10, "high": 10}, "covers": False}]
    assert plan["before"]["stops_low"] == 10
    assert [(one["id"], one["foreign"]) for one in plan["landlords"]][:2] == [("US", "yes"), ("abroad", "yes")]
    assert [one["id"] for one in plan["unknowns"]] == ["mail@?"]
    folder = tmp_path / "exits"
    assert main(["report", "exits", stack, "--no-plan", "--no-catalogue", "--format", "json", "-o", str(folder)]) == 0
    assert sorted(one.name for one in folder.iterdir()) == ["index.json", MANIFEST]
    jsonschema.validate(json.loads((folder / "index.json").read_text(encoding="utf-8")), json_schema("report exits"))


@pytest.mark.parametrize("name", ["c3a", "cada", "dora"])
def test_a_pack_tells_what_it_wrote_and_what_each_file_answers(
    name: str, stack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pack"
    data = told(capsys, "pack", stack, "--for", name, "-o", str(folder))
    assert {one["name"] for one in data["files"]} == {one.name for one in folder.iterdir()} - {MANIFEST}
    for one in data["files"]:
        content = (folder / one["name"]).read_bytes()
        assert (one["sha256"], one["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
    assert [one["name"] for one in data["files"] if one["answers"] is None] == ["README.md"]
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    assert manifest["open_questions"] == len(data["open_questions"]) > 0
    assert data["sources"][0]["url"].startswith("https://")
