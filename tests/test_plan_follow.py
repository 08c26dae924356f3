"""Following a plan: what a state file may say, what stays, what goes, and what changed against the earlier plan."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from freehold.errors import FreeholdError, PlanError, ReadError
from freehold.plan.earlier_plan import EarlierPlan, EarlierStep, read_earlier
from freehold.plan.follow import Followed, changes_between, left_to_plan
from freehold.plan.goal_values import Limits
from freehold.plan.option_values import Activate, Option
from freehold.plan.roadmap import price_of
from freehold.plan.work_state import StateReader, StepState, read_state
from freehold.report.answers import context_of
from freehold.report.interface import Look
from freehold.report.json import dumps
from freehold.report.render import render, to_json
from freehold.report.schemas import json_schema
from freehold.stack.values import UNKNOWN
from plan_answers import NO_PLAN, PLAN, office

LIMITS = Limits("2027-01-01", years=2)
OPTIONS = (
    Option("a", (Activate("x"),), "Option A", cost_once=100.0, cost_year=10.0, lead=90.0),
    Option("b", (Activate("y"),), cost_once=50.0, cost_year=0.0, lead=30.0, requires=("a",), excludes=("c",)),
    Option("c", (Activate("z"),), cost_once=UNKNOWN, cost_year=5.0, lead=None, excludes=("b", "d")),
    Option("d", (Activate("w"),), cost_once=1.0, cost_year=0.0, lead=1.0, requires=("b",), earliest="2028-01-01"),
)
EARLIER = {"a": EarlierStep("a", "Option A", "2026-11-01", "2027-02-01", 120.0)}


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "state.toml"
    path.write_text(text, encoding="utf-8")
    return path


def state_of(tmp_path: Path, text: str, **more: Any) -> tuple[StepState, ...]:
    return read_state(written(tmp_path, text), OPTIONS, LIMITS, **more)


def step(option: str, state: str, *lines: str) -> str:
    return "\n".join(["[[step]]", f'option = "{option}"', f'state = "{state}"', *lines, ""])


# The state of the work


def test_what_is_done_costs_its_running_and_was_ready_by_the_plan_s_start(tmp_path: Path) -> None:
    assert state_of(tmp_path, step("a", "done")) == (StepState("a", "done", -90.0, 0.0, 20.0),)
    dated = step("a", "done", "start = 2026-09-01", 'ready = "2026-12-02"', "cost = 0")
    assert state_of(tmp_path, dated) == (StepState("a", "done", -122.0, -30.0, 0.0),)


def test_what_was_begun_is_ready_after_its_lead_unless_the_file_says_more(tmp_path: Path) -> None:
    assert state_of(tmp_path, step("a", "started", "start = 2026-12-02")) == (StepState("a", "started", -30.0, 60.0, 120.0),)
    assert state_of(tmp_path, step("a", "started", "ready = 2027-01-31")) == (StepState("a", "started", -60.0, 30.0, 120.0),)
    both = step("a", "started", "start = 2026-12-02", "ready = 2027-01-31", "cost = 7.5")
    assert state_of(tmp_path, both) == (StepState("a", "started", -30.0, 30.0, 7.5),)


def test_what_is_late_says_when_it_will_be_ready(tmp_path: Path) -> None:
    assert state_of(tmp_path, step("a", "late", "ready = 2027-12-27")) == (StepState("a", "late", 270.0, 360.0, 120.0),)


def test_dates_and_costs_of_the_earlier_plan_stand_in_for_those_not_stated(tmp_path: Path) -> None:
    assert state_of(tmp_path, step("a", "started"), earlier=EARLIER) == (StepState("a", "started", -61.0, 31.0, 120.0),)
    assert state_of(tmp_path, step("a", "done"), earlier=EARLIER) == (StepState("a", "done", -61.0, 0.0, 20.0),)
    late = state_of(tmp_path, step("a", "late", "ready = 2027-03-02"), earlier=EARLIER)
    assert late == (StepState("a", "late", -61.0, 60.0, 120.0),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (step("aa", "done"), "step 1, column 'option': 'aa' is no option. Did you mean 'a'?"),
        ('[[step]]\nstate = "done"\n', "step 1, column 'option': is missing"),
        (
            step("a", "finished"),
            "step 1 ('a'), column 'state': 'finished' is no state. Choose from: done, started, late, dropped",
        ),
        ('[[step]]\noption = "a"\n', "column 'state': is missing"),
        (step("a", "done") * 2, "step 2 ('a'), column 'option': stands there twice"),
        (step("a", "late"), "column 'ready': is missing. Say when it will be ready instead"),
        (step("a", "started"), "column 'start': is missing"),
        (step("a", "done", "ready = 2027-02-01"), "2027-02-01 is after 2027-01-01, and the step is done"),
        (step("a", "started", "start = 2027-02-01"), "2027-02-01 is after 2027-01-01, and the step is begun"),
        (step("a", "started", "start = 2020-01-01"), "2020-03-31 is before 2027-01-01. Say done"),
        (step("a", "late", "ready = 2026-01-01"), "2026-01-01 is before 2027-01-01"),
        (step("a", "late", "start = 2028-01-01", "ready = 2027-06-01"), "is after the day on which it is ready"),
        (step("a", "done", 'ready = "soon"'), "'soon' is no date. Write it as ready = 2027-12-31"),
        (step("a", "done", "ready = 2026-01-01T10:00:00"), "is no date"),
        (step("a", "done", "cost = -1"), "-1 is no cost. Write a number of 0 or more"),
        (step("a", "done", "cost = nan"), "nan is no cost"),
        (step("a", "done", "cost = true"), "True is no cost"),
        (step("a", "done", "cost = inf"), "inf is no cost"),
        (step("c", "started", "ready = 2027-06-01"), "is missing, and the option does not say it"),
        (step("a", "dropped", "cost = 3"), "says nothing of a step that is given up"),
        (step("a", "done", "percent = 3"), "column 'percent': is no key of a step"),
        ("step = [1]\n", "step 1: is no table"),
        ("[step]\noption = 'a'\n", "it holds no step"),
        ("", "it holds no step"),
        ("[[steps]]\n", "'steps' is no key of it"),
        ("[[step]]\n[[step]\n", "is no TOML"),
    ],
)
def test_a_state_that_is_not_sound_is_refused_with_its_place_and_the_mend(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises((PlanError, ReadError)) as error:
        state_of(tmp_path, text)
    assert said in str(error.value)


def test_all_errors_of_a_state_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="2 errors in the state of the work") as error:
        state_of(tmp_path, step("a", "x") + step("b", "y"))
    assert "step 1 ('a')" in str(error.value)
    assert "step 2 ('b')" in str(error.value)


def test_a_state_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="cannot be read"):
        read_state(tmp_path / "none.toml", OPTIONS, LIMITS)
    (tmp_path / "latin.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ReadError, match="not UTF-8"):
        read_state(tmp_path / "latin.toml", OPTIONS, LIMITS)
    with pytest.raises(FreeholdError):
        read_state("a\0b", OPTIONS, LIMITS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ROW = st.fixed_dictionaries(
    {},
    optional={
        "option": st.sampled_from(["a", "b", "c", "d", "e"]) | JSON,
        "state": st.sampled_from(["done", "started", "late", "dropped"]),
        "start": st.dates() | JSON, "ready": st.dates() | JSON, "cost": JSON, "more": JSON,
    },
)  # fmt: skip


@given(st.text(max_size=80))
def test_no_text_at_all_breaks_the_reading_of_a_state(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("state") / "state.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises((PlanError, ReadError)):
        read_state(path, OPTIONS, LIMITS)


@given(st.lists(ROW, min_size=1, max_size=3))
def test_rows_of_any_values_are_steps_or_errors(rows: list[dict[str, object]]) -> None:
    reader = StateReader("state.toml", {one.id: one for one in OPTIONS}, LIMITS, {})
    found = [reader.step(number, row) for number, row in enumerate(rows, 1)]
    sound = [one for one in found if one is not None]
    assert bool(reader.findings) == (len(sound) < len(rows))
    assert all(one.start <= one.ready and 0 <= one.cost < float("inf") for one in sound)
    left_to_plan(OPTIONS, sound)


@given(JSON)
def test_no_value_at_all_breaks_the_reading_of_an_earlier_plan(tmp_path_factory: pytest.TempPathFactory, steps: object) -> None:
    path = tmp_path_factory.mktemp("plan") / "plan.json"
    path.write_text(json.dumps({"verb": "plan", "schema": 1, "cost": 1, "currency": None, "steps": steps}), encoding="utf-8")
    if steps == []:
        assert read_earlier(path).steps == {}
    else:
        with pytest.raises(PlanError):
            read_earlier(path)


# What is left to plan


def test_what_is_given_up_takes_with_it_all_that_requires_it() -> None:
    left = left_to_plan(OPTIONS, [StepState("a", "dropped")])
    assert [one.id for one in left.options] == ["c"]
    assert left.lost == ("b", "d")
    assert left.options[0].excludes == ()


def test_what_is_begun_stays_whatever_becomes_of_its_conditions() -> None:
    held = StepState("b", "started", -10.0, 40.0, 12.0)
    left = left_to_plan(OPTIONS, [StepState("a", "dropped"), held])
    assert [one.id for one in left.options] == ["b", "c", "d"]
    assert (left.held, left.lost) == ((held,), ())
    assert left.options[0].requires == ()
    assert left.options[0].lead == 50.0


def test_two_steps_that_are_both_begun_exclude_each_other_no_more() -> None:
    left = left_to_plan(OPTIONS, [StepState("b", "done"), StepState("c", "done", cost=3.0)])
    by_id = {one.id: one for one in left.options}
    assert by_id["b"].excludes == ()
    assert by_id["c"].excludes == ("d",)
    assert by_id["c"].lacking == ()


def test_without_any_news_the_options_stay_as_they_are() -> None:
    assert left_to_plan(OPTIONS, []).options == OPTIONS


# The earlier plan


def plan_file(tmp_path: Path, data: object) -> Path:
    path = tmp_path / "plan.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def test_a_plan_that_was_written_is_read_again(tmp_path: Path) -> None:
    path = plan_file(tmp_path, dumps(to_json(PLAN, context_of(office(), 0))))
    earlier = read_earlier(path)
    assert (earlier.cost, earlier.currency) == (61650.5, "EUR")
    assert earlier.steps["own-mail"] == EarlierStep("own-mail", "Run our own mail", "2027-01-01", "2027-05-01", 50000.0)
    assert read_earlier(plan_file(tmp_path, dumps(to_json(NO_PLAN, context_of(office(), 0))))).cost is None


@pytest.mark.parametrize(
    "data",
    [
        "no json", "[" * 100_000, {}, [], {"verb": "cutoff", "schema": 1}, {"verb": "plan", "schema": 2},
        {"verb": "plan", "schema": 1}, {"verb": "plan", "schema": 1, "cost": "x", "currency": None, "steps": []},
        {"verb": "plan", "schema": 1, "cost": 1, "currency": None, "steps": [{"option": "a"}]},
        {"verb": "plan", "schema": 1, "cost": -1, "currency": None, "steps": []},
        {"verb": "plan", "schema": 1, "cost": 1, "currency": None, "steps": 3},
        '{"verb": "plan", "schema": 1, "cost": NaN, "currency": null, "steps": []}',
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused(tmp_path: Path, data: object) -> None:
    with pytest.raises(PlanError, match="freehold plan"):
        read_earlier(plan_file(tmp_path, data))


def earlier_with(**steps: tuple[str, str, float]) -> EarlierPlan:
    return EarlierPlan(
        "p.json", 70000.0, "EUR", {id_: EarlierStep(id_, f"name of {id_}", *told) for id_, told in steps.items()}
    )


def test_every_difference_between_two_plans_is_told_once() -> None:
    earlier = earlier_with(**{"own-mail": ("2027-01-01", "2027-04-01", 50000.0), "gone": ("2027-01-01", "2027-04-01", 1.0)})
    found = {one.option: one.kind for one in changes_between(earlier, PLAN)}
    assert found == {"stock": "new", "gone": "gone", "own-mail": "later"}
    dear = earlier_with(**{"own-mail": ("2027-01-01", "2027-05-01", 1.0), "stock": ("2028-01-01", "2028-01-31", 11650.5)})
    assert {one.option: one.kind for one in changes_between(dear, PLAN)} == {"own-mail": "dearer", "stock": "same"}
    slow = earlier_with(**{"own-mail": ("2027-01-01", "2027-06-01", 50000.0), "stock": ("2028-01-01", "2028-01-31", 99999.0)})
    assert {one.option: one.kind for one in changes_between(slow, PLAN)} == {"own-mail": "earlier", "stock": "cheaper"}


def followed() -> Followed:
    earlier = earlier_with(**{"own-mail": ("2027-01-01", "2027-04-01", 50000.0), "gone": ("2027-01-01", "2027-04-01", 1.0)})
    state = (StepState("own-mail", "late", 0.0, 120.0, 50000.0), StepState("gone", "dropped"))
    return Followed(PLAN, state, ("more",), earlier, changes_between(earlier, PLAN))


def test_the_page_shows_what_changed_how_the_work_stands_and_the_plan_for_the_rest() -> None:
    page = " ".join(render(followed(), "text", context_of(office(), 0), Look(width=400)).split())
    for one in (
        "Town office: the way out, as the work stands", "The earlier plan cost 70,000 EUR; what is left costs 61,650 EUR.",
        "Stock of disks new", "name of gone gone", "Run our own mail later 2027-01-01 to 2027-04-01 2027-01-01 to 2027-05-01",
        "Run our own mail late 2027-01-01 2027-05-01 50,000 EUR", "name of gone given up",
        "No longer possible, since what they require was given up: more.", "The steps",
    ):  # fmt: skip
        assert one in page, one


def test_the_json_of_a_plan_that_is_followed_keeps_its_schema_and_can_be_followed_again(tmp_path: Path) -> None:
    data = to_json(followed(), context_of(office(), 0))
    assert list(Draft202012Validator(json_schema("plan follow")).iter_errors(data)) == []
    assert data["state"][1] == {"option": "gone", "state": "dropped", "start": None, "ready": None, "cost": None}
    assert [one["kind"] for one in data["changes"]] == ["new", "gone", "later"]
    assert read_earlier(plan_file(tmp_path, dumps(data))).steps["stock"].start == "2028-01-01"


def test_where_nothing_is_left_that_does_it_the_page_says_so() -> None:
    none = replace(followed(), plan=NO_PLAN, changes=())
    page = " ".join(render(none, "text", context_of(office(), 0)).split())
    assert "The earlier plan no longer holds, and there is none in its place." in page


def test_what_was_ready_before_the_plan_starts_takes_no_time_any_more() -> None:
    steps = [replace(one, start=-150.0, ready=-93.0, committed=True) for one in PLAN.steps]
    assert price_of(office(), PLAN.options, steps).days == 0
