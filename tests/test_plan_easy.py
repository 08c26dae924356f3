"""Plans that are good soon: each one does, and a step at a time leads from one to the next."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given, settings

from freehold.plan.asking import Questions
from freehold.plan.easy_plans import EasyPlans, grown, thinned
from freehold.plan.option_values import Option
from freehold.plan.search import Search
from plan_stand_in import EverySubset, TableJudge, goal, judges


def option(id_: str, cost: float, requires: tuple[str, ...] = (), excludes: tuple[str, ...] = ()) -> Option:
    return Option(id_, (), cost_once=cost, cost_year=0.0, lead=0.0, requires=requires, excludes=excludes)


TOWN = TableJudge(
    (option("well", 10), option("mill", 30), option("dam", 60), option("turbine", 30), option("hall", 500)),
    ((frozenset({1}),),),
    ((0.2, (frozenset({0}),)), (0.1, (frozenset({1}),)), (0.6, (frozenset({2, 3}),))),
)  # fmt: skip
PRICES = {number: float(one.cost_once or 0.0) for number, one in enumerate(TOWN.options)}  # type: ignore[arg-type]
ALL = frozenset(range(5))


def test_what_is_worth_least_for_its_price_goes_first_and_what_an_aim_needs_stays() -> None:
    plans = [plan for plan, _ in thinned(TOWN, ALL, PRICES)]
    # the hall gains nothing; 0.6 for the dam's 60 alone is 0.01 a unit of money, after which its turbine is worth nothing
    assert plans == [ALL, {0, 1, 2, 3}, {0, 1, 3}, {0, 1}, {1}]
    assert [plan for plan, _ in thinned(TOWN, ALL, PRICES, keep=frozenset({4}))][-1] == {1, 4}


def test_what_gains_most_for_its_price_comes_first() -> None:
    assert [plan for plan, _ in grown(TOWN, frozenset({1, 3}), PRICES, ALL)] == [{0, 1, 3}, {0, 1, 2, 3}]
    assert list(grown(TOWN, frozenset({1}), PRICES, ALL, seconds=0.0)) == []


def test_a_prerequisite_comes_first_and_goes_last_and_what_is_excluded_stays_out() -> None:
    judge = TableJudge(
        (option("road", 20), option("farm", 20, ("road",)), option("fen", 1, (), ("farm",))), (),
        ((0.1, (frozenset({0}),)), (0.4, (frozenset({1}),)), (0.01, (frozenset({2}),))),
    )  # fmt: skip
    prices = {0: 20.0, 1: 20.0, 2: 1.0}
    assert [plan for plan, _ in thinned(judge, frozenset({0, 1}), prices)] == [{0, 1}, {0}, set()]
    assert [plan for plan, _ in grown(judge, frozenset(), prices, frozenset({0, 1, 2}))] == [{2}, {0, 2}]


def test_easy_plans_are_found_by_self_reliance_and_by_money() -> None:
    easy = EasyPlans(Questions(Search(TOWN, goal()), seconds=60.0, expected=5), seconds=10.0)
    assert easy.reaching(0.9) == {0, 1, 2, 3}
    assert easy.reaching(0.25) == {0, 1}
    assert easy.reaching(0.95) == set()
    assert easy.costing(45.0) == (pytest.approx(0.3), {0, 1})
    assert easy.costing(20.0) is None


@settings(max_examples=60, deadline=None)
@given(judges())
def test_every_easy_plan_does_and_keeps_to_all_conditions(judge: TableJudge) -> None:
    search = EverySubset(judge, goal())
    plans = {one[0] for one in search.plans() if judge.judge(one[0]).done}
    assume(plans)
    prices = {number: float(one.cost_once) for number, one in enumerate(judge.options)}  # type: ignore[arg-type]
    everything = frozenset(range(len(judge.options)))
    for begin in plans:
        for chain in (thinned(judge, begin, prices), grown(judge, begin, prices, everything)):
            found = list(chain)
            assert all(judge.judge(plan).done and conditions_hold(judge, plan) for plan, _ in found)
            assert all(level == judge.reliance(plan) for plan, level in found)
            assert all(one < other or one > other for (one, _), (other, _) in pairwise(found))


def conditions_hold(judge: TableJudge, plan: frozenset[int]) -> bool:
    ids = {judge.options[one].id for one in plan}
    return all(ids >= set(judge.options[one].requires) and not ids & set(judge.options[one].excludes) for one in plan)
