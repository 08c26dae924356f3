"""``freehold reach``: one signal in, one page out; in every face, with a schema, and a threshold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from freehold.catalogue.hosts import to_forward
from freehold.cli import main
from freehold.report.schemas import json_schema

CLINIC = str(Path(__file__).parent.parent / "examples" / "clinic")
OPENAI = to_forward("com.openai.api")
QUIET = ["--fact", "spreads=no", "--fact", "reversible=yes", "--fact", "data_class=none"]


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def reach(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> dict[str, Any]:
    assert main(["reach", CLINIC, *arguments, "--format", "json"]) == status
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, json_schema("reach"))
    return data


@pytest.mark.parametrize(
    "arguments",
    [
        ("--host", OPENAI),
        ("--model", "gpt-4o"),
        ("--provider", "openai"),
        ("--label", "provider=OpenAI"),
        ("--label", "gen_ai.provider.name=openai"),
    ],
)
def test_one_loss_by_many_names_is_one_radius(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    data = reach(capsys, *arguments)
    stops = {stop["id"]: stop["stops_low"] for stop in data["stops"]}
    assert stops["assistant"] == 0
    assert data["takes_over"][0]["source"] == "own-model"
    assert (data["acts"][0]["act"], data["acts"][0]["source"]) == ("restore", "language-model@openai")
    assert data["levels"][0]["low"] == "red"


def test_it_answers_as_a_cut_off_does(capsys: pytest.CaptureFixture[str]) -> None:
    days = ("--days", "0,1,7,14,30", "--floor", "0.4")
    found = reach(capsys, "--country", "US", "--via", "provider,owner", "--revoke", *days)
    flags = ("--country", "US", "--via", "provider,owner", "--revoke", *days, "--format", "json")
    assert main(["cutoff", CLINIC, *flags]) == 0
    cutoff = json.loads(capsys.readouterr().out)
    assert found["mission"] == cutoff["mission"]
    assert found["cutoff"] == cutoff["cutoff"]
    told = {stop["id"]: (stop["stops_low"], stop["stops_high"]) for stop in found["stops"]}
    expected = {item["id"]: (item["stops_low"], item["stops_high"]) for item in cutoff["items"]}
    assert told == {item: days for item, days in expected.items() if days[0] is not None and item not in found["down_before"]}


def test_flags_and_labels_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    data = reach(capsys, "--item", "mail", "--host", OPENAI)
    assert [rule.get("item") or rule.get("provider") for rule in data["cutoff"]["rule"]] == ["mail", "openai"]
    data = reach(capsys, "--item", "mail", "--host", "nowhere.invalid")
    assert data["place_known"] is False
    assert data["mission"]["low"] == [0] * 6


def test_a_place_that_is_not_known_is_said_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    data = reach(capsys, "--label", "item=langage-model")
    assert data["untied"][0]["nearest"][0] == "language-model"
    assert data["levels"][0]["question"]["text"] == "Which part of the stack is it?"
    assert main(["reach", CLINIC, "--label", "item=langage-model"]) == 0
    page = capsys.readouterr().out
    assert "anything may be lost" in page
    assert "Nothing that the answer rests on is unknown" not in page


def test_the_question_is_on_the_page_and_its_answer_settles_the_level(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reach", CLINIC, "--item", "telemetry", *QUIET]) == 0
    assert "Level blue (IV) to orange (II)" in (page := " ".join(capsys.readouterr().out.split()))
    assert "What would settle most: How many persons are affected?" in page
    data = reach(capsys, "--item", "telemetry", *QUIET, "--fact", "persons_affected=150")
    assert (data["levels"][0]["low"], data["levels"][0]["high"]) == ("yellow", "yellow")
    assert {fact["source"] for fact in data["facts"] if fact["id"] == "persons_affected"} == {"--fact"}


def test_several_criteria_sets_are_graded_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    facts = ("--fact", "personal_records=1000000", "--fact", "direct_loss_cny=0", "--fact", "persons_affected=0")
    data = reach(capsys, "--item", "telemetry", *QUIET, *facts, "--criteria", "cn-cac", "--criteria", "freehold")
    assert [(one["criteria"], one["low"], one["confirmed"]) for one in data["levels"]] == [
        ("cn-cac", "yellow", False),
        ("freehold", "blue", True),
    ]


def test_criteria_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'edition = "1"\n[[criteria]]\nid = "clinic"\nversion = "3"\nname = "Clinic"\n[[criteria.rule]]\nlevel = "orange"\n'
        'when = [{ fact = "mission_loss_now", at_least = 0.05 }]\n',
        encoding="utf-8",
    )
    data = reach(capsys, "--provider", "openai", "--criteria-file", str(own), "--fail-on", "red")
    assert (data["levels"][0]["version"], data["levels"][0]["low"]) == ("3", "orange")
    reach(capsys, "--provider", "openai", "--criteria-file", str(own), "--fail-on", "orange", status=1)


def test_it_shows_in_every_face(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    assert main(["reach", CLINIC, "--provider", "openai", "-o", str(page)]) == 0
    assert "Best single act" in page.read_text(encoding="utf-8")
    assert main(["reach", CLINIC, "--provider", "openai", "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("language-model,")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing is signalled"),
        (["--label", "colour=red"], "says nothing of a place"),
        (["--label", "provider"], "is not NAME=VALUE"),
        (["--item", "telemetry", "--fact", "people=3"], "no level rests on a fact"),
        (["--item", "telemetry", "--criteria", "freehole"], "Did you mean 'freehold'"),
        (["--item", "telemetry", "--criteria-file", "absent.toml"], "cannot be read"),
        (["--source", "nothing@nowhere"], "no source is called"),
    ],
)
def test_bad_usage_names_the_mend(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reach", CLINIC, *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_desks_folder_is_no_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "journal.db").touch()
    assert main(["reach", str(tmp_path), "--item", "x"]) == 2
    assert "is a desk's folder, and reach takes the stack" in capsys.readouterr().err
