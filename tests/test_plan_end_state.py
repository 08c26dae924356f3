"""The end state: worked by hand, against every subset, on the shared instances, and when it is stopped."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from freehold.plan.end_state import end_state
from freehold.plan.greedy import greedy
from freehold.plan.problem import Found, Problem
from plan_problems import SHARED, does, drawn, optimum, problem, shared_problem

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared planning instances are not here")


def check(given: Problem, found: Found) -> None:
    """A plan serves every pair, costs what it says, and is no cheaper than the bound."""
    assert found.built is not None
    assert does(given, found.built.tolist())
    assert found.cost == pytest.approx(float(given.cost[found.built].sum()))
    assert found.bound <= found.cost
    assert 0 <= found.gap <= 1


def test_the_cheaper_of_two_is_built() -> None:
    given = problem([(0, 0, ()), (0, 1, ())], [3, 2], [(0, 0)])
    found = end_state(given)
    assert found.built is not None
    assert found.built.tolist() == [False, True]
    assert (found.cost, found.bound, found.gap, found.stopped) == (2, 2, 0, None)


def test_the_cheap_one_is_not_built_where_the_scenario_takes_its_input() -> None:
    ways = [(0, 0, (1,)), (1, -1, ()), (0, 1, ())]
    assert end_state(problem(ways, [1, 5], [(0, 0)])).cost == 1
    assert end_state(problem(ways, [1, 5], [(0, 0)], lost=[(1,)])).cost == 5


def test_one_build_that_serves_two_is_worth_more_than_two_that_serve_one_each() -> None:
    given = problem([(0, 0, ()), (1, 1, ()), (0, 2, ()), (1, 2, ())], [2, 2, 3], [(0, 0), (1, 0)])
    assert end_state(given).cost == 3


def test_what_is_planned_does_not_hold_itself_up() -> None:
    ways = [(0, 0, (1,)), (1, 1, (0,)), (1, 2, ())]
    found = end_state(problem(ways, [1, 1, 7], [(0, 0)]))
    assert found.cost == 8
    assert end_state(problem(ways[:2], [1, 1], [(0, 0)])).built is None


def test_what_is_there_already_holds_itself_up() -> None:
    ways = [(0, -1, (1,)), (1, -1, (0, 2)), (2, 0, ())]
    assert end_state(problem([*ways[:2], (2, -1, ())], [], [(0, 0)])).cost == 0
    assert end_state(problem(ways, [4], [(0, 0)])).cost == 4


def test_a_circle_of_what_is_there_is_not_closed_by_what_is_planned() -> None:
    ways = [(0, -1, (1,)), (1, -1, (0, 2)), (2, 0, (0,)), (2, 1, ())]
    assert end_state(problem(ways, [1, 6], [(0, 0)])).cost == 6


def test_what_cannot_be_had_is_proven_so() -> None:
    for found in (end_state(given := problem([(0, 0, ())], [1], [(0, 0)], lost=[(0,)])), greedy(given)):
        assert found.built is None
        assert found.cost == found.bound == math.inf
        assert found.stopped is None


def test_where_nothing_is_asked_nothing_is_built() -> None:
    found = end_state(problem([(0, 0, ()), (1, 1, ())], [1, 0], []))
    assert found.built is not None
    assert not found.built.any()
    assert (found.cost, found.bound) == (0, 0)


def test_what_costs_nothing_is_built_only_where_it_is_needed() -> None:
    found = end_state(problem([(0, 0, ()), (0, 1, ()), (1, 2, ())], [4, 0, 0], [(0, 0)]))
    assert found.built is not None
    assert found.built.tolist() == [False, True, False]


@pytest.mark.parametrize("block", range(6))
def test_the_plan_is_the_cheapest_of_all_subsets(block: int) -> None:
    for seed in range(block * 50, block * 50 + 50):
        given = drawn(random.Random(seed), most=9 if block % 2 else 6)
        best, found, quick = optimum(given), end_state(given, seconds=60), greedy(given)
        if best == math.inf:
            assert found.built is None, seed
            assert quick.built is None, seed
            assert found.bound == math.inf, seed
            continue
        check(given, found)
        check(given, quick)
        assert found.cost == pytest.approx(best), seed
        assert found.bound == pytest.approx(best), seed
        assert quick.bound <= best + 1e-9, seed
        assert found.stopped is None, seed


def in_circles(choose: random.Random) -> Problem:
    """A problem in which little has a beginning, and circles are cheap."""
    items, builds = choose.randint(4, 8), choose.randint(4, 8)
    of = [item for item in range(items) for _ in range(choose.randint(1, 3))]
    built_by = (-1, *range(builds), *range(builds))
    ways = [(item, choose.choice(built_by), choose.sample(range(items), choose.choice((1, 1, 2)))) for item in of]
    ways += [(item, choose.randrange(builds), []) for item in choose.sample(range(items), 2)]
    scenarios = choose.randint(1, 3)
    lost = [[way for way in range(len(ways)) if choose.random() < 0.1] for _ in range(scenarios)]
    pairs = [(choose.randrange(items), choose.randrange(scenarios)) for _ in range(choose.randint(2, 4))]
    return problem(ways, [choose.choice((1, 1, 2, 3, 4, 9)) for _ in range(builds)], pairs, lost)


@pytest.mark.parametrize("block", range(4))
def test_circles_that_nothing_begins_are_never_counted_on(block: int) -> None:
    for seed in range(block * 40, block * 40 + 40):
        given = in_circles(random.Random(seed))
        best, found = optimum(given), end_state(given, seconds=60)
        assert found.cost == pytest.approx(best), seed
        assert found.bound == pytest.approx(best), seed
        assert found.built is None or does(given, found.built.tolist()), seed


def test_the_order_of_ways_does_not_change_the_cost() -> None:
    for seed in range(20):
        given = drawn(random.Random(seed), circles=False)
        order = np.random.default_rng(seed).permutation(len(given.way_item))
        takes = [given.input_item[given.input_start[way] : given.input_start[way + 1]] for way in order]
        turned = Problem(
            given.items,
            given.way_item[order],
            given.way_build[order],
            np.cumsum([0] + [len(of) for of in takes]).astype(np.int64),
            np.concatenate([*takes, np.zeros(0, np.int64)]).astype(np.int64),
            given.cost,
            given.available[:, order],
            given.pair_item,
            given.pair_scenario,
        )
        assert end_state(turned).cost == pytest.approx(end_state(given).cost)


@needs_shared
def test_the_instance_of_400_items_costs_199() -> None:
    given = shared_problem("i400")
    told: list[tuple[float, float]] = []
    found = end_state(given, seconds=60, progress=lambda cost, bound: told.append((cost, bound)))
    check(given, found)
    assert (found.cost, found.bound, found.stopped) == (199, 199, None)
    assert [step[1:] for step in found.trail] == told
    assert told[-1] == (199, 199)
    again = end_state(given, seconds=60)
    assert np.array_equal(again.built, found.built)


@needs_shared
def test_greedy_serves_the_instance_of_400_items_at_no_less_than_199() -> None:
    given = shared_problem("i400")
    found = greedy(given)
    check(given, found)
    assert 199 <= found.cost < 400


@needs_shared
def test_an_interrupted_search_gives_the_plan_it_has() -> None:
    given = shared_problem("i400")
    for found, why in (
        (end_state(given, seconds=600, interrupted=lambda: True), "interrupted"),
        (end_state(given, seconds=0), "time"),
    ):
        check(given, found)
        assert found.stopped == why


@needs_shared
def test_a_hint_that_is_better_is_kept_and_one_that_does_not_do_is_not() -> None:
    given = shared_problem("i400")
    best = end_state(given).built
    assert best is not None
    asked = iter([*[False] * 2, *[True] * 1000])
    assert end_state(given, hint=best, seconds=60, interrupted=lambda: next(asked)).cost <= 220
    found = end_state(given, hint=np.zeros(given.builds, np.bool_))
    assert found.cost == 199


@needs_shared
def test_a_gap_that_is_small_enough_ends_the_search() -> None:
    given = shared_problem("i400")
    found = end_state(given, most_gap=0.9)
    check(given, found)
    assert found.stopped is None
    assert found.gap <= 0.9


@needs_shared
@pytest.mark.slow
def test_the_instance_of_2000_items_gets_a_plan_and_a_bound() -> None:
    given = shared_problem("i2000")
    found = end_state(given, seconds=8)
    check(given, found)
    assert found.cost < 4000
