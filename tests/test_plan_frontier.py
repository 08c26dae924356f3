"""Cost against self-reliance: by hand, and against every plan there is."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.plan.frontier import frontier, last_points
from freehold.plan.judging import StackJudge
from freehold.plan.option_values import Option
from freehold.plan.plan_values import FrontierPoint
from freehold.plan.proposals import options_of
from freehold.plan.search import Search
from freehold.plan.search_values import Chosen, Terms
from freehold.stack.toml_file import loads
from plan_stand_in import EverySubset, TableJudge, goal, judges


def option(id_: str, cost: float, requires: tuple[str, ...] = ()) -> Option:
    return Option(id_, (), cost_once=cost, cost_year=0.0, lead=0.0, requires=requires)


def sets(*ways: tuple[int, ...]) -> tuple[frozenset[int], ...]:
    return tuple(map(frozenset, ways))


TOWN = TableJudge(
    (option("well", 10), option("mill", 30), option("dam", 60), option("turbine", 30), option("hall", 500)),
    (),
    ((0.2, sets((0,))), (0.1, sets((1,))), (0.6, sets((2, 3)))),
)
"""A well gives 0.2, a mill 0.1, a dam with its turbine 0.6; a hall nothing."""


def test_the_frontier_of_a_town_is_worked_by_hand() -> None:
    found = frontier(Search(TOWN, goal()))
    assert [(one.cost, pytest.approx(one.reliance)) for one in found] == [
        (0, 0), (10, 0.2), (40, 0.3), (90, 0.6), (100, 0.8), (130, 0.9),
    ]  # fmt: skip
    assert all(one.bound == one.cost for one in found)
    # 0.02 for each unit of money; then 0.6 for 90 beats 0.1 for 30
    assert [one.best_step for one in found] == ["well", "dam", "dam", "well", "mill", None]
    assert found[1].best_steps == ("dam", "turbine")
    assert (found[1].gain, found[1].price) == (pytest.approx(0.6), 90)
    assert (found[-1].best_steps, found[-1].gain, found[-1].price) == ((), None, None)


def test_the_last_ten_points_have_a_price() -> None:
    found = frontier(Search(TOWN, goal()))
    assert last_points(found) == (pytest.approx(0.1), 30)
    assert last_points(found, 0.35) == (pytest.approx(0.3), 40)
    assert last_points(found, 5.0) == (pytest.approx(0.9), 130)
    assert last_points(found[:1]) is None
    assert last_points(()) is None
    top = FrontierPoint(1.0, 1.0, 0.9, (), None)
    assert last_points((FrontierPoint(0.0, 0.0, 0.5, (), None), top)) is None


def test_aims_are_met_at_every_point_and_a_budget_ends_the_frontier() -> None:
    judge = TableJudge(TOWN.options, (sets((1,)),), TOWN.parts)
    found = frontier(Search(judge, goal(budget=125.0)))
    assert [(one.cost, pytest.approx(one.reliance)) for one in found] == [(30, 0.1), (40, 0.3), (120, 0.7)]
    assert all("mill" in one.options for one in found)
    # the well would follow best, but 130 is over the budget
    assert [one.best_step for one in found] == ["well", None, None]


def test_what_can_only_be_had_after_something_else_is_bought_with_it() -> None:
    judge = TableJudge((option("road", 20), option("farm", 20, ("road",))), (), ((0.4, sets((1,))),))
    found = frontier(Search(judge, goal()))
    assert [(one.cost, one.options) for one in found] == [(0, ()), (40, ("farm", "road"))]
    assert set(found[0].best_steps) == {"farm", "road"}
    assert (found[0].gain, found[0].price) == (pytest.approx(0.4), 40)


def test_without_a_plan_there_is_no_frontier_and_without_a_choice_one_point() -> None:
    assert frontier(Search(TableJudge((option("a", 1),), ((),)), goal())) == ()
    single = frontier(Search(TableJudge((option("a", 1),), (), ()), goal()))
    assert [(one.cost, one.reliance, one.best_step) for one in single] == [(0, 0, None)]


def test_twelve_points_are_spread_over_a_range_that_has_more() -> None:
    # eight options, each twice as good and as dear as the one before: 256 plans, all of them on the frontier
    options = tuple(option(f"o{number}", 2.0**number) for number in range(8))
    judge = TableJudge(options, (), tuple((2.0**number / 255, sets((number,))) for number in range(8)))
    found = frontier(Search(judge, goal()))
    reached = [one.reliance for one in found]
    assert 12 <= len(found) <= 20
    assert (reached[0], reached[-1]) == (0.0, pytest.approx(1.0))
    assert max(after - before for before, after in pairwise(reached)) < 0.1
    # beside them the cheapest plan within ten points of the most
    assert last_points(found) == (pytest.approx(25 / 255), 25)


def test_what_was_found_before_is_not_asked_for_again_and_changes_nothing() -> None:
    judge = TableJudge(TOWN.options, (sets((1,)),), TOWN.parts)
    asked: list[Terms] = []

    class Telling(EverySubset):
        def ask(self, terms: Terms | None = None) -> Chosen:
            asked.append(terms or Terms())
            return super().ask(terms)

    search = Telling(judge, goal(budget=125.0))
    best = search.ask()
    asked.clear()
    found = frontier(search, best=best)
    assert found == frontier(EverySubset(judge, goal(budget=125.0)))
    assert all(terms.least_reliance is not None or terms.forced for terms in asked)
    # the most self-reliance within the budget is known where that was sought
    most = replace(search.goal, seek="reliance")
    reliant = Telling(judge, most)
    best = reliant.ask()
    asked.clear()
    assert frontier(reliant, best=best) == found
    assert all(terms.least_reliance is None or terms.least_reliance <= 0.7 for terms in asked)


OFFICE = """
[stack]
home = "DE"

[[provider]]
id = "us"
country = "US"

[[item]]
id = "mail"
mission = 0.6
  [[item.source]]
  provider = "us"
  [[item.source]]
  id = "own-mail"
  provider = "self"
  status = "candidate"
  cost_once = 10
  needs = ["server"]
[[item]]
id = "files"
mission = 0.4
  [[item.source]]
  provider = "us"
  [[item.source]]
  id = "own-files"
  provider = "self"
  status = "candidate"
  cost_once = 30
  needs = ["server"]
[[item]]
id = "server"
mission = 0
  [[item.source]]
  provider = "us"
  [[item.source]]
  id = "own-server"
  provider = "self"
  status = "candidate"
  cost_once = 5
"""


def test_the_frontier_of_a_stack_is_what_its_cut_offs_show() -> None:
    stack = loads(OFFICE, "office.toml")
    asked = goal()
    found = frontier(Search(StackJudge(stack, asked, options_of(stack)), asked))
    assert [(one.cost, pytest.approx(one.reliance), one.options) for one in found] == [
        (0, 0, ()), (15, 0.6, ("own-mail", "own-server")), (45, 1.0, ("own-files", "own-mail", "own-server")),
    ]  # fmt: skip
    # neither mail nor files of one's own run without the server
    assert (found[0].best_step, found[0].best_steps) == ("own-mail", ("own-mail", "own-server"))
    assert (found[1].best_step, found[1].price) == ("own-files", 30)


class NoTime(EverySubset):
    """A search whose time was up before it proved anything."""

    def ask(self, terms: Terms | None = None) -> Chosen:
        found = super().ask(terms)
        if found.built is None:
            return Chosen(None, {}, math.inf, 0.0, "time")
        return Chosen(found.built, found.starts, found.cost, found.cost / 2, "time")


def test_bounds_are_those_that_were_proven() -> None:
    found = frontier(NoTime(TOWN, goal()))
    assert [one.bound for one in found] == [one.cost / 2 for one in found]


def test_without_time_only_the_cheapest_plan_is_not_even_asked_for() -> None:
    assert frontier(Search(TOWN, goal()), seconds=0.0) == ()


def truth(search: EverySubset) -> list[tuple[float, float]]:
    """Cost and self-reliance of the plans that none beats in one without being beaten in the other."""
    plans = sorted({(one[2], round(search.judge.reliance(one[0]), 9)) for one in search.plans() if search.does(*one, Terms())})
    kept: list[tuple[float, float]] = []
    for cost, reliance in sorted(plans, key=lambda one: (one[0], -one[1])):
        if not kept or reliance > kept[-1][1]:
            kept.append((cost, reliance))
    return kept


def check_frontier(search: EverySubset | Search, points: int) -> None:
    found, whole = frontier(search, points), truth(EverySubset(search.judge, search.goal))
    shown = [(one.cost, pytest.approx(one.reliance)) for one in found]
    if points == 12 and len(whole) <= 12:
        assert shown == whole
    else:
        assert len(found) >= min(points, len(whole))
        assert all(one in whole for one in shown)
    assert [one.bound for one in found] == pytest.approx([one.cost for one in found])


def check_steps(search: EverySubset | Search) -> None:
    judge = search.judge
    ids = {option.id: number for number, option in enumerate(judge.options)}
    for one in frontier(search)[:-1]:
        built = frozenset(ids[id_] for id_ in one.options)
        rates = []
        for number in range(len(judge.options)):
            more = search.ask(Terms(forced=built | {number}))
            if number not in built and more.built == built | {number}:
                gain, price = judge.reliance(more.built) - one.reliance, more.cost - one.cost
                rates.append(gain / price if gain > 1e-6 else 0.0)
        if one.gain is None or one.price is None:
            assert max(rates, default=0.0) == 0.0
        else:
            assert one.gain / one.price >= max(rates, default=0.0) - 1e-9
            added = built | {ids[id_] for id_ in one.best_steps}
            assert judge.reliance(added) - one.reliance == pytest.approx(one.gain)
            assert search.ask(Terms(forced=added)).cost - one.cost == pytest.approx(one.price)


@settings(max_examples=80, deadline=None)
@given(judges(), st.sampled_from([3, 12]))
def test_the_frontier_is_that_of_all_plans(judge: TableJudge, points: int) -> None:
    check_frontier(EverySubset(judge, goal()), points)


@settings(max_examples=20, deadline=None)
@given(judges(), st.sampled_from([3, 12]))
def test_the_frontier_that_the_solver_finds_is_that_of_all_plans(judge: TableJudge, points: int) -> None:
    check_frontier(Search(judge, goal()), points)


@settings(max_examples=60, deadline=None)
@given(judges(aims=1))
def test_the_step_that_buys_most_buys_as_much_as_any_one_option(judge: TableJudge) -> None:
    check_steps(EverySubset(judge, goal()))


@settings(max_examples=15, deadline=None)
@given(judges(aims=1))
def test_the_step_that_the_solver_prices_buys_as_much_as_any_one_option(judge: TableJudge) -> None:
    check_steps(Search(judge, goal()))
