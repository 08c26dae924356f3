"""Plans for programs: the contract's keys, the schema, and that nothing endless or unknown becomes a number."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from freehold.plan.plan_values import Impossible, PlanAnswer
from freehold.report.answers import context_of
from freehold.report.json import dumps
from freehold.report.render import to_json
from freehold.report.schemas import json_schema
from plan_answers import DAYS, NO_PLAN, NOTHING, PLAN, office


def data_of(answer: PlanAnswer) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(dumps(to_json(answer, context_of(office(), 0))))
    errors = list(Draft202012Validator(json_schema("plan")).iter_errors(data))
    assert errors == []
    return data


def test_a_plan_has_the_keys_of_the_contract() -> None:
    data = data_of(PLAN)
    assert list(data)[:6] == ["freehold", "schema", "verb", "stack", "coverage", "unknowns"]
    assert data["verb"] == "plan"
    assert (data["cost"], data["bound"], data["currency"], data["confirmed"]) == (61650.5, 60000, "EUR", True)
    assert data["gap"] == pytest.approx((61650.5 - 60000) / 61650.5)
    assert [(one["option"], one["start"], one["ready"], one["cost"]) for one in data["steps"]] == [
        ("own-mail", "2027-01-01", "2027-05-01", 50000), ("stock", "2028-01-01", "2028-01-31", 11650.5),
    ]  # fmt: skip
    assert data["impossible"] is None


def test_the_curve_is_that_of_the_first_cut_off_and_all_stand_beside_it() -> None:
    data = data_of(PLAN)
    assert data["curve"] == data["curves"][0]
    assert data["curve"]["days"] == list(DAYS)
    assert data["curve"]["before"]["low"] == [0, 0, 0]
    assert data["curve"]["after"] == {"low": [1, 0.9, 0.75], "high": [1, 1, 0.8]}
    assert [one["cutoff"]["name"] for one in data["curves"]] == [PLAN.curves[0].cut.name, "US stop"]


def test_every_aim_is_told_with_its_words_and_its_own_keys() -> None:
    aims = data_of(PLAN)["goal"]["aims"]
    assert [one["type"] for one in aims] == ["level", "level", "best", "share", "loss"]
    assert aims[1]["target"] == "mail"
    assert aims[1]["throughout"] is True
    assert aims[2]["asked"] is None
    assert (aims[3]["measure"], aims[3]["target"], aims[3]["asked"], aims[3]["cutoff"]) == ("face_value", "mail", 0.5, None)
    assert (aims[4]["of"], aims[4]["order"]) == ("provider", 2)
    assert all(one["text"] for one in aims)


def test_the_plan_s_last_day_is_told_also_where_it_was_asked_for_in_years() -> None:
    assert data_of(PLAN)["goal"]["limits"]["by"] == "2028-12-31"


def test_where_there_is_no_plan_cost_and_gap_are_null_and_the_reason_is_told() -> None:
    data = data_of(NO_PLAN)
    assert (data["cost"], data["gap"], data["steps"], data["price"]) == (None, None, [], None)
    assert data["impossible"] == {
        "reason": "options",
        "aims": [{"aim": 0, "text": data["goal"]["aims"][0]["text"], "best": 0.6}],
        "missing": [["storage"], ["mirror"]],
        "limit": None,
    }


def test_a_plan_of_nothing_costs_nothing_and_has_no_gap() -> None:
    data = data_of(NOTHING)
    assert (data["cost"], data["bound"], data["gap"], data["steps"]) == (0, 0, 0, [])


def test_an_endless_bound_is_no_number() -> None:
    data = data_of(replace(NO_PLAN, bound=float("inf"), impossible=Impossible("budget", (), (), limit=float("inf"))))
    assert data["bound"] is None
    assert data["impossible"]["limit"] is None


def test_options_are_listed_with_those_that_could_not_be_judged_and_why() -> None:
    data = data_of(PLAN)
    assert [one["id"] for one in data["options"]] == ["more", "own-mail", "stock"]
    assert data["unjudged"] == [{"id": "mirror", "name": "A mirror", "lacking": ["cost_once", "lead"]}]


@pytest.mark.parametrize("answer", [PLAN, NO_PLAN, NOTHING])
def test_what_is_spoilt_does_not_fit_the_schema(answer: PlanAnswer) -> None:
    validator = Draft202012Validator(json_schema("plan"))
    data = data_of(answer)
    for spoilt in (
        data | {"cost": "12"}, data | {"gap": 1.5}, data | {"curves": [{}]}, data | {"stray": 1}, data | {"stopped": "bored"},
        {key: value for key, value in data.items() if key != "confirmed"},
    ):  # fmt: skip
        assert list(validator.iter_errors(spoilt))
