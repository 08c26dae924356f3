"""Small planning problems drawn at random, what is had in them by the definition, and their optimum by trying every subset."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from freehold.plan.problem import Problem

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "plan"


def problem(
    ways: Sequence[tuple[int, int, Sequence[int]]],
    cost: Sequence[float],
    pairs: Sequence[tuple[int, int]],
    lost: Sequence[Sequence[int]] = ((),),
) -> Problem:
    """A problem from ways (item, build, inputs), costs, pairs (item, scenario) and, of each scenario, the ways lost."""
    items = 1 + max([item for item, _, _ in ways] + [of for _, _, takes in ways for of in takes] + [item for item, _ in pairs])
    available = np.ones((len(lost), len(ways)), np.bool_)
    for scenario, gone in enumerate(lost):
        available[scenario, list(gone)] = False
    return Problem(
        items,
        np.array([item for item, _, _ in ways], np.int64),
        np.array([build for _, build, _ in ways], np.int64),
        np.cumsum([0] + [len(takes) for _, _, takes in ways]).astype(np.int64),
        np.array([of for _, _, takes in ways for of in takes], np.int64),
        np.array(cost, np.float64),
        available,
        np.array([item for item, _ in pairs], np.int64),
        np.array([scenario for _, scenario in pairs], np.int64),
    )


def drawn(choose: random.Random, *, circles: bool = True, most: int = 7) -> Problem:
    """A small problem, with circles of what is there and of what is planned if so wished."""
    items = choose.randint(2, most)
    builds = choose.randint(1, most)
    ways = []
    for _ in range(choose.randint(items, 2 * most + items)):
        item = choose.randrange(items)
        others = [of for of in range(items) if (circles or of < item)]
        takes = choose.sample(others, min(len(others), choose.choice((0, 1, 1, 1, 2, 2, 3))))
        ways.append((item, choose.choice((-1, *range(builds), *range(builds))), takes))
    scenarios = choose.randint(1, 3)
    lost = [[way for way in range(len(ways)) if choose.random() < 0.2] for _ in range(scenarios)]
    pairs = [(choose.randrange(items), choose.randrange(scenarios)) for _ in range(choose.randint(1, 4))]
    step = choose.choice((1.0, 1.0, 0.25, 0.1, 1 / 3))
    cost = [step * choose.choice((0, 1, 1, 2, 3, 5, 8)) for _ in range(builds)]
    made = problem(ways, cost, pairs, lost)
    return Problem(items, *[getattr(made, name) for name in list(Problem.__dataclass_fields__)[1:]])


def had_in(given: Problem, built: Sequence[bool], scenario: int) -> set[int]:
    """Items had in a scenario, by the definition: what is planned is founded in rounds, the greatest solution within each."""
    inputs = [
        set(given.input_item[given.input_start[way] : given.input_start[way + 1]].tolist())
        for way in range(len(given.way_item))
    ]
    works = [way for way in range(len(given.way_item)) if given.available[scenario, way]]
    founded = {way for way in works if given.way_build[way] < 0}
    while True:
        had = set(range(given.items))
        while True:
            left = {int(given.way_item[way]) for way in founded if inputs[way] <= had}
            if left == had:
                break
            had = left
        more = {way for way in works if way not in founded and built[given.way_build[way]] and inputs[way] <= had}
        if not more:
            return had
        founded |= more


def does(given: Problem, built: Sequence[bool]) -> bool:
    """Whether a plan serves every pair, by the definition."""
    had = [had_in(given, built, scenario) for scenario in range(len(given.available))]
    return all(int(item) in had[int(at)] for item, at in zip(given.pair_item, given.pair_scenario, strict=True))


def optimum(given: Problem) -> float:
    """The least cost, by trying every subset; ``inf`` where none does."""
    best = math.inf
    for built in itertools.product((False, True), repeat=given.builds):
        cost = float(given.cost[np.array(built, np.bool_)].sum())
        if cost < best - 1e-12 and does(given, built):
            best = cost
    return best


def shared_problem(name: str) -> Problem:
    """One of the shared instances: every target that can be served in a scenario with everything built has to be."""
    with (SHARED / f"{name}.json").open(encoding="utf-8") as file:
        return instance_problem(json.load(file))


def instance_problem(instance: dict[str, Any]) -> Problem:
    """A problem from an instance of the shape of the shared ones."""
    ways, cost = [], []
    for option in instance["options"]:
        ways.append((option["item"], -1 if option["existing"] else len(cost), option["inputs"]))
        if not option["existing"]:
            cost.append(option["cost"])
    provider = [option["provider"] for option in instance["options"]]
    lost = [[way for way, of in enumerate(provider) if of in gone] for gone in map(set, instance["scenarios"])]
    pairs = [(item, scenario) for item in instance["targets"] for scenario in range(len(lost))]
    asked = problem(ways, cost, pairs, lost)
    served = [had_in(asked, [True] * len(cost), scenario) for scenario in range(len(lost))]
    return problem(ways, cost, [(item, scenario) for item, scenario in pairs if item in served[scenario]], lost)
