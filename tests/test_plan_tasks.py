"""The task list of a plan: what stands in it, and that a name in it is never markup, a link or a mention."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.plan.plan_values import PlanAnswer
from freehold.report.plan_tasks import plan_tasks
from plan_answers import NO_PLAN, PLAN


def named(name: str) -> PlanAnswer:
    return replace(PLAN, options={id_: replace(one, name=name) for id_, one in PLAN.options.items()})


def outside_code(text: str) -> str:
    """What is left when every code span is taken out (CommonMark 0.31, section 6.1)."""
    return re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", text)


def test_tasks_stand_by_year_with_dates_cost_what_goes_before_and_room_for_an_owner() -> None:
    text = plan_tasks(PLAN, "Town office")
    assert text.startswith("# Town office: the way out\n\nThe plan begins on 2027-01-01 and costs 61,650 EUR in all.\n")
    assert [line for line in text.splitlines() if line.startswith(("## ", "- ["))] == [
        "## Year 1: 2027-01-01 until 2028-01-01", "- [ ] **Run our own mail**",
        "## Year 2: 2028-01-01 until 2028-12-31", "- [ ] **Stock of disks**",
    ]  # fmt: skip
    for line in (
        "  - Start: 2028-01-01; ready: 2028-01-31", "  - Cost within the plan: 11,650 EUR",
        "  - To be ready before it starts: Run our own mail", "  - Owner: ____", "  - Reference: Tender 12",
    ):  # fmt: skip
        assert line in text.splitlines()


def test_a_step_that_is_done_is_ticked() -> None:
    done = replace(PLAN.steps[0], committed=True, start=-200.0, ready=-80.0)
    begun = replace(PLAN.steps[1], committed=True, start=-20.0, ready=80.0)
    text = plan_tasks(replace(PLAN, steps=(done, begun)), "Town")
    assert "- [x] **Run our own mail**" in text
    assert "- [ ] **Stock of disks**" in text


def test_without_a_plan_there_is_nothing_to_do() -> None:
    text = plan_tasks(NO_PLAN, "Town")
    assert "There is no plan" in text
    assert "- [" not in text


@pytest.mark.parametrize(
    "evil",
    [
        "@everyone", "org/repo#1", "#12", "GH-12", "https://evil.example", "www.evil.example", "[x](https://evil.example)",
        "![x](https://evil.example/i)", "<img src=x>", "*bold*", "_x_", "~~x~~", "`code`", "``", "a|b", "x\n- [ ] **mine**",
        "x\r\n## Heading", "$x$", ":tada:", "\\", "a@b.example", "`", "<!--",
    ],
)  # fmt: skip
def test_a_name_that_would_act_is_code(evil: str) -> None:
    text = plan_tasks(named(evil), evil)
    assert len([line for line in text.splitlines() if line.startswith("- [")]) == 2
    bare = re.sub(r"(?m)^(#+ |- \[ \])", "", outside_code(text))
    assert not re.search(r"[@#<>\[\]|~$\\`]|evil|GH-|tada", bare)


@given(st.text(max_size=60))
def test_any_name_stays_on_its_own_line(name: str) -> None:
    text = plan_tasks(named(name or "x"), name or "x")
    assert len(text.splitlines()) == len(plan_tasks(named("x"), "x").splitlines())
    assert not set(text) & set("\x00\x1b\u202e\u200b\u2028\r")
