"""What other money or another date would give: by hand, and against every plan there is."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings

from freehold.plan.option_values import Option
from freehold.plan.plan_values import Sensitivity
from freehold.plan.search import Search
from freehold.plan.search_values import Committed
from freehold.plan.sensitivity import OnlyReliance, sensitivity
from plan_stand_in import EverySubset, TableJudge, goal, judges

WELL, MILL, BOTH = frozenset({0}), frozenset({1}), frozenset({0, 1})


def option(id_: str, cost: float, *, yearly: float = 0.0, lead: float = 0.0) -> Option:
    return Option(id_, (), cost_once=cost, cost_year=yearly, lead=lead)


MILLER = TableJudge(
    (option("well", 40), option("mill", 60), option("dam", 20)), ((BOTH,),), ((0.3, (WELL,)), (0.1, (frozenset({2}),)))
)
"""Well and mill are needed and cost 100; the well gives 0.3 of self-reliance, a dam for 20 another 0.1."""


def rows(found: tuple[Sensitivity, ...], what: str) -> list[tuple[float, str, float | None, float | None]]:
    return [(one.change, one.value, one.cost, one.reliance) for one in found if one.what == what]


def test_less_money_than_the_plan_spends_meets_no_aim_and_more_buys_more_than_the_aims() -> None:
    search = Search(MILLER, goal())
    found = sensitivity(search, search.ask())
    assert rows(found, "budget") == [
        (-0.5, "50", None, 0.3), (-0.25, "75", None, 0.4), (-0.1, "90", None, 0.4),
        (0.1, "110", 100, 0.3), (0.25, "125", 100, 0.4), (0.5, "150", 100, 0.4),
    ]  # fmt: skip
    assert [one.met for one in found if one.what == "budget"] == [False] * 3 + [True] * 3
    assert [one.bound for one in found if one.what == "budget"] == [math.inf] * 3 + [100] * 3
    assert all(one.reliance_bound == one.reliance for one in found if one.what == "budget")


def test_a_stated_budget_is_changed_where_there_is_one_even_without_a_plan() -> None:
    search = Search(MILLER, goal(budget=80.0))
    best = search.ask()
    assert best.built is None
    assert rows(sensitivity(search, best), "budget") == [
        (-0.5, "40", None, 0.3), (-0.25, "60", None, 0.4), (-0.1, "72", None, 0.4),
        (0.1, "88", None, 0.4), (0.25, "100", 100, 0.3), (0.5, "120", 100, 0.4),
    ]  # fmt: skip


def test_without_a_budget_and_without_a_plan_only_the_date_is_changed() -> None:
    judge = TableJudge((option("late", 10, lead=500),), ((WELL,),))
    search = Search(judge, goal(by="2027-12-31"))
    found = sensitivity(search, search.ask())
    assert [(one.what, one.value, one.cost) for one in found] == [
        ("by", "2027-06-30", None), ("by", "2028-06-30", 10), ("by", "2028-12-31", 10),
    ]  # fmt: skip


def test_yearly_budgets_are_changed_where_they_are_all_that_is_stated() -> None:
    search = Search(MILLER, goal(years=2, budget_years=(50.0, 40.0)))
    found = sensitivity(search, search.ask())
    assert rows(found, "budget_year")[2:4] == [(-0.1, "45,36", None, 0.4), (0.1, "55,44", None, 0.4)]
    # a mill for 60 in the first year, a well for 40 in the second
    assert rows(found, "budget_year")[-1][:3] == (0.5, "75,60", 100)


def test_a_longer_plan_runs_what_it_builds_for_longer_and_a_month_without_that_day_ends_on_its_last() -> None:
    judge = TableJudge((option("well", 40, yearly=365),), ((WELL,),))
    search = Search(judge, goal(by="2028-08-31"))
    found = rows(sensitivity(search, search.ask()), "by")
    assert [(months, by) for months, by, _, _ in found] == [
        (-12, "2027-08-31"), (-6, "2028-02-29"), (6, "2029-02-28"), (12, "2029-08-31"),
    ]  # fmt: skip
    # from 1 January 2027: 242, 424, 789 and 973 days at one unit a day
    assert [cost for _, _, cost, _ in found] == pytest.approx([282, 464, 829, 1013])


def test_where_self_reliance_is_sought_other_dates_tell_the_most_of_it() -> None:
    judge = TableJudge((option("soon", 10), option("late", 10, lead=500)), (), ((0.2, (WELL,)), (0.5, (MILL,))))
    search = Search(judge, replace(goal(by="2028-06-01", budget=20.0), seek="reliance"))
    found = rows(sensitivity(search, search.ask()), "by")
    assert [(months, reached) for months, _, _, reached in found] == [(-12, 0.2), (-6, 0.2), (6, 0.7), (12, 0.7)]


def test_what_was_begun_before_costs_what_it_still_costs() -> None:
    search = Search(MILLER, goal(), (Committed(0, -100.0, 20.0, 5.0),))
    best = search.ask()
    assert best.cost == 65
    assert rows(sensitivity(search, best), "budget")[-1][1] == "97.50"


def test_a_plan_that_costs_nothing_has_no_other_budget() -> None:
    search = Search(TableJudge((option("a", 1),)), goal())
    assert rows(sensitivity(search, search.ask()), "budget") == []


def test_without_time_nothing_is_claimed_but_the_plan_itself() -> None:
    search = Search(MILLER, goal())
    found = sensitivity(search, search.ask(), seconds=0.0)
    assert [(one.cost, one.bound) for one in found if one.what == "budget"] == [(None, 0.0)] * 3 + [(100, 0.0)] * 3
    assert {(one.cost, one.bound) for one in found if one.what == "by"} == {(None, 0.0)}


def test_a_judge_without_aims_says_of_self_reliance_what_the_other_says() -> None:
    judge = OnlyReliance(MILLER)
    assert (judge.options, judge.aims, judge.judge(BOTH).done) == (MILLER.options, (), True)
    assert judge.reliance(BOTH) == MILLER.reliance(BOTH)
    with pytest.raises(IndexError):
        judge.signs(0)


def check_budgets(search: EverySubset | Search, make: type[EverySubset] | None) -> None:
    best = search.ask()
    assume(best.built is not None and best.cost > 0)
    plans = list(EverySubset(search.judge, search.goal).plans())
    for one in sensitivity(search, best, make_search=make):
        if one.what == "budget":
            within = [plan for plan in plans if plan[2] <= best.cost * (1 + one.change) + 1e-9]
            meeting = [plan for plan in within if search.judge.judge(plan[0]).done]
            assert one.cost == (pytest.approx(min(plan[2] for plan in meeting)) if meeting else None)
            assert one.reliance == pytest.approx(max(search.judge.reliance(plan[0]) for plan in meeting or within))


@settings(max_examples=60, deadline=None)
@given(judges())
def test_other_budgets_give_the_best_of_all_plans_that_they_pay_for(judge: TableJudge) -> None:
    check_budgets(EverySubset(judge, goal()), EverySubset)


@settings(max_examples=15, deadline=None)
@given(judges())
def test_other_budgets_give_the_best_of_all_plans_when_the_solver_is_asked(judge: TableJudge) -> None:
    check_budgets(Search(judge, goal()), None)
