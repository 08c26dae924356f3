"""Plans of large stacks: nothing is asked twice, and whoever searches ends when the time is over."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from benchmarks.plan_instances import as_stack, generate
from hypothesis import given

from freehold.measure.case import Case
from freehold.plan import planning
from freehold.plan.applied import apply_options
from freehold.plan.confirming import Plain
from freehold.plan.founded import CutBlow, Planned, standing
from freehold.plan.goal_values import Limits
from freehold.plan.greedy_plan import greedy_plan
from freehold.plan.option_values import Option
from freehold.plan.planning import make_plan
from freehold.plan.search import Search
from freehold.plan.search_values import Chosen, Terms
from freehold.stack.cutoff import Cutoff, Rule
from strategies import repeatable
from synthetic_judge import FormulaJudge, way
from test_plan_founded import FOREIGN, built, power_and_fuel
from test_plan_judging import Question, questions

YEAR = Limits("2027-01-01")


def judge_of_pairs(pairs: int) -> FormulaJudge:
    """Two options of each pair are needed together, of four that there are for it."""
    options = [Option(f"o{number:03}", (), cost_once=1.0 + number % 4, cost_year=0.0, lead=0.0) for number in range(4 * pairs)]
    ways = [way(1.0 / pairs, (4 * number, 4 * number + 1)) for number in range(pairs)]
    ways += [way(0.0, (4 * number + 2, 4 * number + 3)) for number in range(pairs)]
    return FormulaJudge(options, [1.0], [ways])


def test_a_stack_is_built_once_for_all_cut_offs_where_nothing_goes_in_a_circle() -> None:
    planned = Planned(power_and_fuel(), built("plant"))
    us = Cutoff((Rule(country="US"),))
    assert planned.case(CutBlow(FOREIGN), 100.0) is planned.case(CutBlow(us), 7.0)
    other = Cutoff((Rule(country="US"),), stake=0.2)
    assert planned.case(CutBlow(other), 100.0).control.stake == pytest.approx(0.2)


def test_a_circle_is_asked_about_for_each_cut_off_by_itself() -> None:
    planned = Planned(power_and_fuel(stock=5.0), built("plant", "refinery"))
    later = Cutoff((Rule(foreign=True, from_day=30.0),))
    for cut in (FOREIGN, later, FOREIGN):
        alone = standing(power_and_fuel(stock=5.0), built("plant", "refinery"), CutBlow(cut), 1000.0)
        assert planned.under(CutBlow(cut), 1000.0) == alone
        assert planned.case(CutBlow(cut), 1000.0).stack == alone.stack


@repeatable(15)
@given(questions())
def test_a_plain_check_of_many_sets_says_of_each_what_a_fresh_one_says(asked: Question) -> None:
    stack, options, goal, sets = asked
    plain = Plain(stack, goal, options)
    for some in (*sets, sets[0]):
        fresh = Plain(stack, goal, options).judge(some)
        assert plain.judge(some).met == fresh.met
        assert plain.judge(some).reached == pytest.approx(fresh.reached, nan_ok=True)


def test_a_plan_is_checked_on_few_stacks_however_many_cut_offs_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    stack, options, goal = as_stack(generate(64, scenarios=12, seed=3))
    made = []

    class Counted(Case):
        def __init__(self, *arguments: object, **named: object) -> None:
            made.append(1)
            super().__init__(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("freehold.plan.founded.Case", Counted)
    plain = Plain(stack, goal, options)
    assert not plain.confirm(()).done
    assert plain.confirm([option.id for option in options]).done
    # as it is, and with everything, which is also the best that there could be
    assert len(made) == 2


def clock_of(judge: FormulaJudge) -> SimpleNamespace:
    """A clock by which each question to the judge takes a second."""
    return SimpleNamespace(monotonic=lambda: float(judge.calls))


def test_the_greedy_plan_ends_when_its_time_is_over_whatever_it_is_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = judge_of_pairs(12)
    whole = greedy_plan(judge, judge.goal(YEAR), seconds=math.inf)
    assert whole is not None
    assert judge.calls > 200
    for seconds in (3, 70, 150):
        judge.calls = 0
        monkeypatch.setattr("freehold.plan.greedy_plan.time", clock_of(judge))
        assert greedy_plan(judge, judge.goal(YEAR), seconds=seconds) is None
        assert judge.calls <= seconds + 2


def test_where_the_time_ends_before_there_is_a_plan_the_smallest_set_that_does_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = judge_of_pairs(12)
    monkeypatch.setattr("freehold.plan.search.time", clock_of(judge))
    monkeypatch.setattr("freehold.plan.question.time", clock_of(judge))
    search = Search(judge, judge.goal(YEAR), seconds=12)
    chosen = search.ask()
    assert chosen.stopped == "time"
    assert chosen.built is not None
    assert judge.judge(chosen.built).done
    assert len(chosen.built) < len(judge.options)
    assert math.isfinite(chosen.cost)


def test_what_the_engines_of_zeros_and_ones_took_is_taken_from_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    stack, options, goal = as_stack(generate(64, scenarios=9, seed=3))
    now, had = [0.0], []

    def engines(*_arguments: object, **_named: object) -> str:
        now[0] += 70.0
        return "they gave up"

    def ask(search: Search, terms: Terms) -> Chosen:  # noqa: ARG001
        had.append(search.seconds)
        return Chosen(None, {}, math.inf, 0.0, "time")

    monkeypatch.setattr("freehold.measure.deadline.time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(planning, "zero_one", engines)
    monkeypatch.setattr(Search, "ask", ask)
    monkeypatch.setattr(planning, "greedy_plan", lambda *_arguments, **_named: None)
    for seconds in (100.0, 80.0, 60.0):
        assert make_plan(stack, goal, options, seconds=seconds).stopped == "time"
    # what is left, but a quarter at least
    assert had == pytest.approx([30.0, 20.0, 15.0])


def test_what_greedy_buying_costs_is_not_asked_of_the_simulator_where_the_engines_said_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stack, options, goal = as_stack(generate(64, scenarios=9, seed=3))

    def again(*_arguments: object, **_named: object) -> None:
        raise AssertionError("asked again")

    nothing = Chosen(None, {}, math.inf, 0.0, "time")
    monkeypatch.setattr(planning, "zero_one", lambda *_arguments, **_named: (nothing, None))
    monkeypatch.setattr(planning, "greedy_plan", again)
    answer = make_plan(stack, goal, options, seconds=5.0)
    assert (answer.greedy, answer.cost) == (None, None)
    assert answer.planned == apply_options(stack, ())
