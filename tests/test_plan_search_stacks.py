"""Plans of stacks, judged by the simulator: against every subset judged plainly, and worked examples."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freehold.plan.confirming import Plain
from freehold.plan.goal_values import BestAim, Goal, LevelAim, Limits, LossAim, ShareAim
from freehold.plan.greedy_plan import greedy_plan
from freehold.plan.held_items import held_option, items_at_stake
from freehold.plan.impossibility import why_impossible
from freehold.plan.judging import StackJudge
from freehold.plan.option_values import Activate, Cover, Option
from freehold.plan.search import Search
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack
from plan_options import options_of, stacks_with_candidates
from strategies import cutoffs
from synthetic_judge import cost_of, every_subset, free_of_conflict

START = "2026-01-01"
FOREIGN = Cutoff((Rule(foreign=True),))


@st.composite
def questions(draw: st.DrawFn) -> tuple[Stack, tuple[Option, ...], Goal]:
    stack = draw(stacks_with_candidates())
    rng = random.Random(draw(st.integers(0, 10**6)))
    options = tuple(replace(option, cost_once=float(rng.randint(0, 9))) for option in draw(options_of(stack)))
    days = tuple(sorted(rng.sample([0.0, 5.0, 30.0, 90.0], rng.randint(1, 2))))
    aims = rng.sample(
        [
            LevelAim(draw(cutoffs()), rng.choice((0.4, 0.8, 1.0)), days), LevelAim(FOREIGN, rng.choice((0.4, 0.8, 1.0)), days),
            LevelAim(FOREIGN, 0.6, days, throughout=True), LevelAim(FOREIGN, 0.6, days, stack.items[0].id),
            BestAim(FOREIGN, days), ShareAim("content", 0.5), LossAim("provider", rng.randint(1, 2), 0.6, days),
        ],
        rng.randint(1, 2),
    )  # fmt: skip
    return stack, options, Goal(tuple(aims), Limits(START), reliance_days=(30.0,))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(questions())
def test_the_least_cost_of_a_stack_is_that_of_judging_every_subset_plainly(
    question: tuple[Stack, tuple[Option, ...], Goal],
) -> None:
    stack, options, goal = question
    plain = Plain(stack, goal, options)
    found = [
        (cost_of(options, dict.fromkeys(built, 0.0), goal.limits), built)
        for built in every_subset(len(options))
        if not free_of_conflict(options, dict.fromkeys(built, 0.0), goal.limits) and plain.judge(built).done
    ]
    chosen = Search(StackJudge(stack, goal, options), goal).ask()
    assert chosen.stopped is None
    if not found:
        assert chosen.built is None
        assert chosen.bound == math.inf
        return
    least = min(found)[0]
    assert chosen.built is not None
    assert (chosen.cost, chosen.bound) == (least, least)
    assert plain.judge(chosen.built).done
    most = max(plain.reliance(built) for _, built in found)
    climbed = Search(StackJudge(stack, goal, options), replace(goal, seek="reliance")).ask()
    assert climbed.reliance == pytest.approx(most, abs=1e-7)
    assert climbed.built is not None
    assert plain.reliance(climbed.built) >= most - 1e-7
    greedy = greedy_plan(StackJudge(stack, goal, options), goal)
    if greedy is not None:
        assert greedy.built is not None
        assert plain.judge(greedy.built).done
        assert greedy.cost >= least


CLINIC = """
[stack]
name = "clinic"
home = "DE"

[[provider]]
id = "far"
country = "US"

[[item]]
id = "assistant"
mission = 1.0
  [[item.source]]
  provider = "self"
  needs = ["llm"]

[[item]]
id = "llm"
  [[item.source]]
  id = "leased"
  provider = "far"
  [[item.source]]
  id = "cheap"
  provider = "self"
  status = "candidate"
  needs = ["chips"]
  [[item.source]]
  id = "held"
  provider = "self"
  status = "candidate"

[[item]]
id = "chips"
  [[item.source]]
  provider = "far"
"""


def build(id_: str, cost: float, *changes: Activate | Cover, lead: float = 0.0) -> Option:
    return Option(id_, changes, cost_once=cost, cost_year=0.0, lead=lead)


def plan_of(
    stack: Stack, options: Sequence[Option], cut: Cutoff, days: tuple[float, ...], limits: Limits | None = None
) -> set[str]:
    goal = Goal((LevelAim(cut, 1.0, days),), limits or Limits(START))
    chosen = Search(StackJudge(stack, goal, options), goal).ask()
    assert chosen.stopped is None
    assert chosen.built is not None
    return {options[one].id for one in chosen.built}


def test_the_cheap_way_is_bought_only_if_the_cut_off_leaves_what_it_needs() -> None:
    stack, options = loads(CLINIC), [build("cheap", 10.0, Activate("cheap")), build("dear", 40.0, Activate("held"))]
    assert plan_of(stack, options, FOREIGN, (0.0, 365.0)) == {"dear"}
    assert plan_of(stack, options, Cutoff((Rule(source="leased"),)), (0.0, 365.0)) == {"cheap"}


def test_a_stock_that_bridges_a_short_cut_is_bought_for_less_than_a_second_source() -> None:
    stack, options = (
        loads(CLINIC),
        [build("stock", 5.0, Cover("assistant@self", "llm", 60.0)), build("dear", 40.0, Activate("held"))],
    )
    short = Cutoff((Rule(foreign=True, until_day=60.0),))
    assert plan_of(stack, options, short, (0.0, 30.0, 59.0, 90.0)) == {"stock"}
    assert plan_of(stack, options, FOREIGN, (0.0, 30.0, 59.0, 90.0)) == {"dear"}


def test_what_cannot_be_met_says_which_items_would_have_to_be_held() -> None:
    stack = loads(CLINIC)
    options = [build("cheap", 10.0, Activate("cheap"))]
    goal = Goal((LevelAim(FOREIGN, 1.0, (30.0,)),), Limits(START))
    search = Search(StackJudge(stack, goal, options), goal)
    assert search.ask().built is None
    held = [held_option(item) for item in items_at_stake(stack, goal.aims)]
    why = why_impossible(search, held=held, judge_of=lambda more: StackJudge(stack, goal, more))
    assert (why.reason, why.aims, why.best) == ("options", (0,), (0.0,))
    # either the model itself, or the chips that the cheap way needs
    assert why.missing == (("chips",), ("llm",))


def test_two_candidates_that_would_hold_each_other_up_are_no_plan() -> None:
    text = (
        CLINIC.replace('needs = ["chips"]', 'needs = ["power"]')
        + """
[[item]]
id = "power"
  [[item.source]]
  id = "grid"
  provider = "far"
  [[item.source]]
  id = "own-power"
  provider = "self"
  status = "candidate"
  needs = ["llm"]
"""
    )
    stack = loads(text)
    options = [
        build("cheap", 1.0, Activate("cheap")),
        build("power", 1.0, Activate("own-power")),
        build("dear", 40.0, Activate("held")),
    ]
    assert plan_of(stack, options, FOREIGN, (30.0,)) == {"dear"}


def test_greedy_is_beaten_where_two_cheap_steps_need_each_other() -> None:
    # one step alone gains nothing, so that greed takes the dear one
    text = (
        CLINIC
        + """
  [[item.source]]
  id = "own-chips"
  provider = "self"
  status = "candidate"
"""
    )
    stack = loads(text)
    options = [
        build("cheap", 10.0, Activate("cheap")),
        build("chips", 10.0, Activate("own-chips")),
        build("dear", 40.0, Activate("held")),
    ]
    goal = Goal((LevelAim(FOREIGN, 1.0, (30.0,)),), Limits(START))
    judge = StackJudge(stack, goal, options)
    greedy, best = greedy_plan(judge, goal), Search(judge, goal).ask()
    assert greedy is not None
    assert (greedy.cost, best.cost, best.bound) == (40.0, 20.0, 20.0)
