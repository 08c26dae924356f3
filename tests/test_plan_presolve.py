"""What presolve leaves out is never missed; what is had is what the definition says."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from freehold.plan.presolve import presolve
from freehold.plan.sat_model import SatModel, whole_costs
from freehold.plan.serving import Serving, scenario_bits
from freehold.plan.strong_components import strong_components
from plan_problems import SHARED, does, drawn, had_in, optimum, problem, shared_problem


def test_scenarios_are_bits_the_first_one_lowest() -> None:
    assert scenario_bits(np.array([[True, False, True], [False, False, False]])) == [5, 0]
    assert scenario_bits(np.zeros((2, 0), np.bool_)) == [0, 0]


def test_components_come_after_what_they_need_and_know_circles() -> None:
    component, cyclic = strong_components([[1], [0, 2], [], [3], [2]])
    assert component[0] == component[1] > component[2]
    assert [cyclic[of] for of in component] == [True, True, False, True, False]


@pytest.mark.parametrize("block", range(4))
def test_what_is_had_is_what_the_definition_says(block: int) -> None:
    for seed in range(block * 200, block * 200 + 200):
        choose = random.Random(seed)
        given = drawn(choose)
        built = [choose.random() < 0.6 for _ in range(given.builds)]
        had = Serving(given).had(built)
        for scenario in range(len(given.available)):
            assert {item for item in range(given.items) if had[item] >> scenario & 1} == had_in(given, built, scenario), seed


def test_the_parts_together_cost_as_much_as_the_whole() -> None:
    for seed in range(150):
        given = drawn(random.Random(seed), most=8, circles=False)
        reduced, best = presolve(given), optimum(given)
        assert reduced.possible == (best < math.inf)
        if not reduced.possible:
            continue
        chosen = []
        for part in reduced.parts:
            assert not part.circular
            run = SatModel(part).solve(60.0)
            assert run.built is not None
            chosen += [build for build, there in zip(part.build, run.built, strict=True) if there]
        built = reduced.lift(chosen)
        assert does(given, built.tolist())
        assert float(given.cost[built].sum()) == pytest.approx(best)


def test_what_every_plan_needs_is_built_and_what_is_replaced_is_gone() -> None:
    ways = [(0, 0, (1,)), (1, 1, ()), (1, 2, ()), (1, 3, (2,)), (2, 4, ())]
    reduced = presolve(problem(ways, [5, 2, 3, 1, 2], [(0, 0)]))
    assert reduced.built.tolist()[0]
    assert all(2 not in part.build for part in reduced.parts)


def test_scenarios_that_are_alike_are_one() -> None:
    ways = [(0, 0, (1, 2)), (0, 1, (2, 3)), (1, 2, ()), (1, 3, ()), (2, 4, ()), (2, 5, ()), (3, 6, ())]
    lost = [(3,), (3,), (3,)]
    reduced = presolve(problem(ways, [1, 2, 3, 4, 5, 6, 7], [(0, at) for at in range(3)], lost))
    single = presolve(problem(ways, [1, 2, 3, 4, 5, 6, 7], [(0, 0)], lost))
    assert reduced.parts == single.parts


def test_costs_are_whole_numbers_of_a_unit() -> None:
    assert whole_costs([2, 4, 6]) == ([1, 2, 3], 2)
    whole, unit = whole_costs([0.25, 1.5])
    assert [number * unit for number in whole] == [0.25, 1.5]
    whole, unit = whole_costs([1 / 3, 2 / 7])
    assert [number * unit for number in whole] == pytest.approx([1 / 3, 2 / 7])
    assert all(number * unit <= cost for number, cost in zip(whole, [1 / 3, 2 / 7], strict=True))
    assert whole_costs([])[0] == []


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared planning instances are not here")
def test_presolve_leaves_less_than_a_sixth_of_the_states_of_2000_items() -> None:
    reduced = presolve(shared_problem("i2000"))
    assert sum(len(part.graph.arcs) for part in reduced.parts) < 40_000 / 6
    assert reduced.possible
