"""``freehold chokepoints``: its flags, its page, its JSON, its threshold; what is wrong is told with the mend."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from freehold.cli import main
from freehold.measure.chokepoint_values import ChokepointsAnswer, CutSet, Importance, Member, Single
from freehold.measure.mission import Interval
from freehold.report.answers import ExplainedChokepoints, context_of
from freehold.report.interface import Look
from freehold.report.render import render, to_json
from freehold.report.schemas import json_schema
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack

CLINIC = str(Path(__file__).parent.parent / "examples" / "clinic")
KEYS = {
    "single": {"type", "id", "loss", "stops"},
    "cut_sets": {"order", "members"},
    "importance": {
        "type", "id", "structural", "birnbaum", "fussell_vesely", "diagnostic", "risk_achievement_worth",
        "risk_reduction_worth",
    },
}  # fmt: skip

# TwoTrain of the SCRAM program's own inputs: (valve one or pump one) and (valve two or pump two)
TRAINS = """
[stack]
name = "Two trains"
home = "DE"
""" + "".join(
    f'[[provider]]\nid = "{id_}"\nname = "{id_.replace("-", " ")}"\ncountry = "{seat}"\nprobability = {p}\n'
    for id_, p, seat in (
        ("pump-one", 0.7, "US"), ("pump-two", 0.7, "US"), ("valve-one", 0.5, "JP"), ("valve-two", 0.5, "JP"),
    )
) + """
[[item]]
id = "flow"
name = "Flow"
mission = 1.0
  [[item.source]]
  id = "train-one"
  provider = "self"
  capacity = 1.0
  needs = ["pump-1", "valve-1"]
  [[item.source]]
  id = "train-two"
  provider = "self"
  capacity = 1.0
  needs = ["pump-2", "valve-2"]
""" + "".join(
    f'[[item]]\nid = "{name}"\n  [[item.source]]\n  provider = "{who}"\n'
    for name, who in (("pump-1", "pump-one"), ("pump-2", "pump-two"), ("valve-1", "valve-one"), ("valve-2", "valve-two"))
)  # fmt: skip


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def trains(tmp_path: Path) -> str:
    (tmp_path / "trains.toml").write_text(TRAINS, encoding="utf-8")
    return "trains.toml"


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> dict[str, Any]:
    assert main(["chokepoints", *arguments, "--format", "json"]) == status
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, json_schema("chokepoints"))
    return data


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["chokepoints", *arguments]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert "Traceback" not in said.err
    return said.err


@pytest.mark.parametrize("of", ["item", "source", "leaf", "provider", "owner", "country"])
def test_the_answer_has_the_keys_of_the_contract(capsys: pytest.CaptureFixture[str], of: str) -> None:
    data = answer(capsys, CLINIC, "--of", of, "--order", "2")
    assert {"single", "cut_sets", "counts", "complete_to_order", "total", "probability", "importance"} <= set(data)
    for name, keys in KEYS.items():
        assert data[name]
        assert all(keys <= set(one) for one in data[name])
    assert all(set(one["loss"]) == {"low", "high"} and one["type"] == of for one in data["single"])
    losses = [one["loss"]["high"] for one in data["single"]]
    assert losses == sorted(losses, reverse=True), "worst first"
    assert all(len(one["members"]) == one["order"] for one in data["cut_sets"])
    assert sum(data["counts"].values()) >= len(data["cut_sets"])
    assert data["complete_to_order"] >= 2


def test_the_answer_is_the_same_on_every_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, CLINIC) == answer(capsys, CLINIC)


def test_the_two_trains_fail_as_published_from_the_command_line(capsys: pytest.CaptureFixture[str], trains: str) -> None:
    data = answer(capsys, trains)
    assert (data["counts"], data["total"], data["complete"]) == ({"1": 0, "2": 4}, 4, True)
    assert data["probability"] == pytest.approx(0.7225)
    assert data["probability_exact"] is True
    pump = next(one for one in data["importance"] if one["id"] == "pump-one")
    assert pump["birnbaum"] == pytest.approx(0.425)
    assert pump["fussell_vesely"] == pytest.approx(0.411765, abs=5e-7)
    assert pump["diagnostic"] == pytest.approx(0.823529, abs=5e-7)
    assert pump["risk_achievement_worth"] == pytest.approx(1.17647, abs=5e-6)
    assert pump["risk_reduction_worth"] == pytest.approx(1.7)


def test_a_probability_by_flag_wins_over_the_stack_s(capsys: pytest.CaptureFixture[str], trains: str) -> None:
    data = answer(capsys, trains, "--probability", "pump-one=0", "--probability", "Valve one=0")
    assert data["probability"] == 0, "one train is always there"
    assert {one["fussell_vesely"] for one in data["importance"]} == {None}


def test_a_country_takes_all_its_providers(capsys: pytest.CaptureFixture[str], trains: str) -> None:
    data = answer(capsys, trains, "--of", "country", "--probability", "US=0.02", "--probability", "JP=0.03")
    assert data["counts"]["1"] == 2
    assert data["probability"] == pytest.approx(1 - 0.98 * 0.97), "either takes a part of both trains"


def test_without_probabilities_only_the_structure_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    data = answer(capsys, CLINIC)
    assert data["probability"] is None
    assert {one["birnbaum"] for one in data["importance"]} == {None}
    assert all(0 < one["structural"] <= 1 for one in data["importance"])


def test_little_memory_changes_no_answer_that_fits(capsys: pytest.CaptureFixture[str], trains: str) -> None:
    assert answer(capsys, trains, "--memory", "1MB") == answer(capsys, trains)


def test_a_target_and_a_day_are_asked_of(capsys: pytest.CaptureFixture[str]) -> None:
    data = answer(capsys, CLINIC, "--target", "Mail", "--day", "3")
    assert (data["target"], data["day"]) == ("mail", 3)
    data = answer(capsys, CLINIC, "--target", "language-model", "--day", "7")
    assert [one["members"] for one in data["cut_sets"] if one["order"] == 1] == [["openai"]], "the standby needs 14 days"


def test_the_cheapest_set_weighs_least(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    weights = ["cisco=9", "dell=9", "isrg=9"]
    data = answer(capsys, CLINIC, "--cheapest", *weights)
    assert data["cheapest"]["weight"] == data["cheapest"]["bound"] == 2
    assert data["cheapest"]["order"] == 2
    assert data["cheapest"]["explanation"].startswith("If ")
    (tmp_path / "weights.csv").write_text("id,weight\ncisco,9\ndell,9\nisrg,9\n", encoding="utf-8")
    (tmp_path / "weights.toml").write_text("cisco = 9\ndell = 9\nisrg = 9.0\n", encoding="utf-8")
    for name in ("weights.csv", "weights.toml"):
        assert answer(capsys, CLINIC, "--cheapest", name)["cheapest"] == data["cheapest"]


def test_a_threshold_on_the_order_sets_the_exit_status(capsys: pytest.CaptureFixture[str], trains: str) -> None:
    assert main(["chokepoints", trains, "--fail-on-order", "1"]) == 0
    assert main(["chokepoints", trains, "--fail-on-order", "2"]) == 1
    assert "sets of order 2 or less can stop what you must keep running: 4;" in capsys.readouterr().err
    assert main(["chokepoints", trains, "--order", "1", "--fail-on-order", "2"]) == 1, "as far is looked as is asked for"
    assert main(["chokepoints", CLINIC, "--fail-on-order", "1"]) == 1


def test_the_page_answers_first_and_says_how_complete_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chokepoints", CLINIC]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "3 providers, each alone, can stop what you must keep running: Internet Security" in page
    assert "Complete to order 3" in page
    assert "'Assistant for doctors and nurses' stops on day 60" in page
    assert main(["chokepoints", CLINIC, "--order", "1"]) == 0
    assert "Complete to order 1, one at a time: 3 of order 1." in capsys.readouterr().out


def test_every_face_shows_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["chokepoints", CLINIC, "-o", "page.html"]) == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "no other &#x27;Switches and their spares&#x27; is left" in page or "Switches and their spares" in page
    assert main(["chokepoints", CLINIC, "--format", "csv"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].startswith("type,id,name,loss_0_low,loss_0_high")
    assert rows[1].startswith("provider,dell,Dell")


def test_no_set_need_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chokepoints", CLINIC, "--most", "0", "--format", "text"]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert (
        "The smallest sets that can stop what you must keep running have 1 of the providers each; there are 3 of them." in page
    )
    assert "such as" not in page


def test_what_is_likelier_than_not_comes_about_in_parts_of_years(capsys: pytest.CaptureFixture[str], trains: str) -> None:
    assert main(["chokepoints", trains, "--format", "text"]) == 0
    assert "0.72 (about once in 1.4 years)" in " ".join(capsys.readouterr().out.split())


def test_what_is_down_already_needs_no_loss(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    item = '[[item]]\nid = "a"\nmission = 1.0\n  [[item.source]]\n  provider = "self"\n  status = "candidate"\n'
    text = f'[stack]\nname = "x"\nhome = "DE"\n{item}'
    (tmp_path / "down.toml").write_text(text, encoding="utf-8")
    assert main(["chokepoints", "down.toml", "--fail-on-order", "1"]) == 1
    said = capsys.readouterr()
    assert "already, with nothing lost: 0 % is left" in " ".join(said.out.split())
    assert "under the floor with nothing lost" in said.err
    data = answer(capsys, "down.toml")
    assert (data["is_down"], data["cut_sets"]) == (True, [])


WRONG = {
    "no such target": (["--target", "hostng"], "hosting"),
    "a probability above 1": (
        ["--probability", "openai=1.5"],
        r"openai=1\.5: 1\.5 is no probability\. Write a number from 0 to 1",
    ),
    "a probability that is none": (["--probability", "openai=nan"], "nan is no probability"),
    "a negative probability": (["--probability", "openai=-0.1"], "-0.1 is no probability"),
    "a probability that is a word": (["--probability", "openai=often"], "'often' is no number"),
    "a probability of nobody": (["--probability", "opanai=0.1"], "openai"),
    "a probability without its id": (["--probability", "0.1"], "ID=0.02"),
    "a country among providers": (["--probability", "US=0.1"], "--of country"),
    "a provider among countries": (["--of", "country", "--probability", "openai=0.1"], "US=0.02"),
    "a weight of nothing": (["--cheapest", "openai=0"], "Give a number above 0"),
    "a weight that is none": (["--cheapest", "openai=nan"], "Give a number above 0"),
    "a weight without end": (["--cheapest", "openai=inf"], "Give a number above 0"),
    "a weight of nobody": (["--cheapest", "opanai=2"], "openai"),
    "a file that is not there": (["--cheapest", "weights.csv"], r"weights\.csv"),
    "an order of nothing": (["--order", "0"], "1 or more"),
    "a negative number of sets": (["--most", "-1"], "0 or more"),
    "no memory": (["--memory", "0"], "no size"),
    "no time": (["--time", "0"], "above 0"),
    "a time that is none": (["--time", "nan"], "above 0"),
    "an endless day": (["--day", "forever"], "not a day"),
    "a floor above 1": (["--floor", "2"], "floor"),
    "no way of control": (["--via", "luck"], "no way of control"),
    "a stake above 1": (["--stake", "2"], "stake"),
    "a threshold of nothing": (["--fail-on-order", "0"], "1 or more"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_makes_no_sense_is_told_with_the_mend(capsys: pytest.CaptureFixture[str], wrong: str) -> None:
    arguments, told = WRONG[wrong]
    assert re.search(told, " ".join(refused(capsys, CLINIC, *arguments).split()))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("w.toml", "openai = "), ("w.toml", ""), ("w.csv", ""), ("w.csv", "openai,much"), ("w.toml", "[openai]\nx = 1"),
        ("w.csv", "x" * 200_000),
    ],
    ids=["torn", "empty", "empty table", "a word", "a table", "a giant cell"],
)  # fmt: skip
def test_a_file_of_weights_that_is_none_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert name in refused(capsys, CLINIC, "--cheapest", name)


# Values made by hand: what no small example shows


def by_hand(**changes: Any) -> tuple[Stack, ExplainedChokepoints]:
    stack = loads(TRAINS, "trains.toml")
    member = Member("provider", "pump-one", (0,), (), 0.01)
    values: dict[str, Any] = {
        "target": None, "of": "provider", "day": None, "days": (0.0,), "floor": 0.5, "before": (1.0, 1.0), "is_down": False,
        "single": (Single(member, Interval((0.1,), (0.4,)), (0.1, 0.4), (0, 2), None),), "left_out": 3,
        "cut_sets": (CutSet((member,), None, 0.01),), "counts": {1: 1, 2: 12}, "complete_to": 1, "total": None,
        "engine": "hitting set", "stopped": "time", "seconds": 60.25, "probability": 0.0123456,
        "importance": (Importance(member, 0.123456, 0.5, 0.9, 0.95, 7.654321, float("inf")),), "cheapest": None,
        "cheapest_bound": None, "unknowns": 2, "why_not_boolean": "a need is met in part.", "is_probability_exact": False,
    }  # fmt: skip
    return stack, ExplainedChokepoints(ChokepointsAnswer(**(values | changes)), 3, (None,) * len(values["cut_sets"]))


def page_of(stack: Stack, explained: ExplainedChokepoints) -> str:
    return " ".join(render(explained, "text", context_of(stack, 2), Look()).split())


def test_a_search_that_was_stopped_says_so_and_its_probability_is_the_least() -> None:
    page = page_of(*by_hand())
    assert "Stopped after 60 s, 13 found; complete to order 1: 1 of order 1, 12 of order 2." in page
    assert "a probability of at least 0.012 (about once in 81 years)" in page
    assert "3 single losses were not computed" in page
    assert "0.123 0.5 0.9 0.95 7.65 ∞" in page, "no more digits than it deserves"
    assert "Levels had to be computed, because a need is met in part." in page
    data = to_json(by_hand()[1], context_of(by_hand()[0], 2))
    jsonschema.validate(data, json_schema("chokepoints"))
    assert (data["stopped"], data["seconds"], data["probability_exact"]) == ("time", 60.25, False)
    assert data["importance"][0]["risk_reduction_worth"] is None, "endless"
    assert data["complete_to_order"] == 1


def test_counts_too_large_to_list_are_told_in_short() -> None:
    page = page_of(*by_hand(counts={order: 10**order for order in range(1, 14)}, complete_to=None, total=8.2e10, stopped=None))
    assert "10,000 of order 4" in page
    assert "…" in page


def test_none_found_is_told_by_how_far_was_looked() -> None:
    nothing: dict[str, Any] = {"counts": {}, "cut_sets": (), "importance": (), "probability": None}
    stack, explained = by_hand(**nothing, complete_to=0)
    assert "stopped before it found any providers" in page_of(stack, ExplainedChokepoints(explained.answer, 3, ()))
    stack, explained = by_hand(**nothing, complete_to=2, stopped=None)
    assert "No 2 providers, alone or together, can stop" in page_of(stack, ExplainedChokepoints(explained.answer, 3, ()))
    stack, explained = by_hand(**nothing, complete_to=None, stopped=None)
    assert "neither alone nor together" in page_of(stack, ExplainedChokepoints(explained.answer, 3, ()))


def test_a_small_probability_is_no_zero_to_programs(capsys: pytest.CaptureFixture[str], trains: str) -> None:
    found = answer(
        capsys, trains, *(f"--probability={name}=1e-9" for name in ("valve-one", "valve-two", "pump-one", "pump-two"))
    )
    assert found["probability"] == pytest.approx(4e-18, rel=1e-6)
    assert found["cut_sets"][0]["probability"] == pytest.approx(1e-18, rel=1e-6)
