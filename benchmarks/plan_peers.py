"""Plans by one solver alone: HiGHS, and CP-SAT, each given the textbook form of the problem. Owns what ours is held against.

The form is the one with disaggregated logic (every way at most its build and each of its inputs; only builds whole), after the
presolve that any modeller would do: what the targets do not rest on, what is had anyway, and what cannot be had even with all
built are left out. It is for problems without circles.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from freehold.plan.problem import Found, FoundYears, Horizon, Problem
from freehold.plan.quiet_highs import QuietHighs
from freehold.plan.serving import Serving

__all__ = ["cp_sat_alone", "cp_sat_alone_years", "highs_alone", "highs_alone_years"]

_THREADS = 2
_PART = 1_000_000


@dataclass(frozen=True)
class _Logic:
    """States (item, scenario) that must be won, by number, and the ways that can win each: build or -1, states taken."""

    state: dict[tuple[int, int], int]
    ways: list[list[tuple[int, tuple[int, ...]]]]
    pairs: list[int]
    builds: list[int]


def _logic(problem: Problem) -> _Logic:
    serving = Serving(problem)
    before = serving.had(np.zeros(problem.builds, np.bool_))
    most = serving.had(np.ones(problem.builds, np.bool_))
    state: dict[tuple[int, int], int] = {}
    ways: list[list[tuple[int, tuple[int, ...]]]] = []
    open_: list[tuple[int, int]] = []

    def number(item: int, scenario: int) -> int:
        if (item, scenario) not in state:
            state[item, scenario] = len(ways)
            ways.append([])
            open_.append((item, scenario))
        return state[item, scenario]

    pairs = [
        number(item, scenario)
        for item, scenario in zip(problem.pair_item.tolist(), problem.pair_scenario.tolist(), strict=True)
        if not before[item] >> scenario & 1
    ]
    while open_:
        item, scenario = open_.pop()
        own = state[item, scenario]
        for way in serving.ways[item]:
            inputs = serving.inputs[way]
            if serving.available[way] >> scenario & 1 and all(most[one] >> scenario & 1 for one in inputs):
                taken = tuple(number(one, scenario) for one in inputs if not before[one] >> scenario & 1)
                ways[own].append((serving.build[way], taken))
    return _Logic(state, ways, pairs, sorted({build for row in ways for build, _ in row if build >= 0}))


class _Rows:
    """Rows of a linear program as they come."""

    def __init__(self) -> None:
        self.start, self.index, self.value = [0], list[int](), list[float]()
        self.lower, self.upper = list[float](), list[float]()

    def add(self, terms: Sequence[tuple[int, float]], lower: float, upper: float) -> None:
        self.index += [column for column, _ in terms]
        self.value += [value for _, value in terms]
        self.start.append(len(self.index))
        self.lower.append(lower)
        self.upper.append(upper)


def _solve_highs(
    cost: list[float], lower: list[float], upper: list[float], whole: list[bool], rows: _Rows, seconds: float
) -> tuple[list[float] | None, float, float, bool]:
    import highspy

    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(cost), len(rows.lower)
    model.col_cost_, model.col_lower_, model.col_upper_ = np.array(cost), np.array(lower), np.array(upper)
    model.row_lower_, model.row_upper_ = np.array(rows.lower), np.array(rows.upper)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.array(rows.start, np.int32)
    model.a_matrix_.index_ = np.array(rows.index, np.int32)
    model.a_matrix_.value_ = np.array(rows.value)
    kinds = {True: highspy.HighsVarType.kInteger, False: highspy.HighsVarType.kContinuous}
    model.integrality_ = [kinds[one] for one in whole]
    solver = QuietHighs()
    for name, value in (("threads", _THREADS), ("time_limit", float(max(seconds, 0.1)))):
        solver.setOptionValue(name, value)
    solver.passModel(model)
    solver.run()
    info = solver.getInfo()
    proven = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = list(solver.getSolution().col_value) if feasible else None
    return values, info.objective_function_value, info.mip_dual_bound, proven


def highs_alone(problem: Problem, *, seconds: float) -> Found:
    """The end state by HiGHS alone."""
    begun = time.monotonic()
    years = highs_alone_years(problem, None, seconds=seconds)
    built = None if years.year is None else np.asarray(years.year >= 0, np.bool_)
    return Found(built, years.cost, years.bound, time.monotonic() - begun, years.stopped)


def highs_alone_years(problem: Problem, horizon: Horizon | None, *, seconds: float) -> FoundYears:
    """The same over years in one model; without a horizon one year in which every pair must be had."""
    begun = time.monotonic()
    logic = _logic(problem)
    years = 1 if horizon is None else len(horizon.budget)
    cost, lower, upper, whole = list[float](), list[float](), list[float](), list[bool]()
    rows = _Rows()

    def column(price: float, *, least: float = 0.0, integer: bool = False) -> int:
        cost.append(price)
        lower.append(least)
        upper.append(1.0)
        whole.append(integer)
        return len(cost) - 1

    weight = [1.0] if horizon is None else horizon.weight.tolist()
    then = [*weight[1:], 0.0]
    fixed = 0.0
    build: list[dict[int, int]] = []
    wanted = set(logic.pairs)
    counts = {state: logic.pairs.count(state) for state in wanted}
    for year in range(years):
        # what is paid in a year is what is built then: the price of a build there counts until it is taken back a year later
        build.append({one: column(problem.cost[one] * (weight[year] - then[year]), integer=True) for one in logic.builds})
        gains = 0.0 if horizon is None else horizon.penalty * weight[year]
        had = [
            column(-gains * counts.get(state, 0), least=1.0 if horizon is None and state in wanted else 0.0)
            for state in range(len(logic.ways))
        ]
        fixed += gains * len(logic.pairs)
        for state, ways in enumerate(logic.ways):
            total = [(had[state], 1.0)]
            for number, taken in ways:
                works = column(0.0)
                total.append((works, -1.0))
                for limit in [*([build[year][number]] if number >= 0 else []), *(had[one] for one in taken)]:
                    rows.add([(works, 1.0), (limit, -1.0)], -math.inf, 0.0)
            rows.add(total, -math.inf, 0.0)
        if year:
            for one in logic.builds:
                rows.add([(build[year - 1][one], 1.0), (build[year][one], -1.0)], -math.inf, 0.0)
        if horizon is not None and math.isfinite(horizon.budget[year]):
            spent = [(build[year][one], float(problem.cost[one])) for one in logic.builds]
            spent += [(build[year - 1][one], -float(problem.cost[one])) for one in logic.builds] if year else []
            rows.add(spent, -math.inf, float(horizon.budget[year]))
    values, value, bound, proven = _solve_highs(cost, lower, upper, whole, rows, seconds - (time.monotonic() - begun))
    chosen = None
    if values is not None:
        chosen = np.full(problem.builds, -1, np.int64)
        for year in reversed(range(years)):
            for one, place in build[year].items():
                if values[place] > 0.5:
                    chosen[one] = year
    least = max(0.0, bound + fixed) if math.isfinite(bound) else 0.0
    price = math.inf if values is None else value + fixed
    return FoundYears(chosen, price, price if proven else least, time.monotonic() - begun, None if proven else "time")


def cp_sat_alone(problem: Problem, *, seconds: float) -> Found:
    """The end state by CP-SAT alone."""
    begun = time.monotonic()
    years = cp_sat_alone_years(problem, None, seconds=seconds)
    built = None if years.year is None else np.asarray(years.year >= 0, np.bool_)
    return Found(built, years.cost, years.bound, time.monotonic() - begun, years.stopped)


def cp_sat_alone_years(problem: Problem, horizon: Horizon | None, *, seconds: float) -> FoundYears:
    """The same over years in one model; without a horizon one year in which every pair must be had."""
    from ortools.sat.python import cp_model

    begun = time.monotonic()
    logic = _logic(problem)
    years = 1 if horizon is None else len(horizon.budget)
    weight = [1.0] if horizon is None else horizon.weight.tolist()
    model = cp_model.CpModel()
    build: list[dict[int, Any]] = []
    terms: list[tuple[Any, float]] = []
    fixed = 0.0
    counts = {state: logic.pairs.count(state) for state in set(logic.pairs)}
    for year in range(years):
        build.append({one: model.new_bool_var(f"build {one} by {year}") for one in logic.builds})
        had = [model.new_bool_var(f"had {state} in {year}") for state in range(len(logic.ways))]
        for state, ways in enumerate(logic.ways):
            clause = [~had[state]]
            for number, taken in ways:
                works = model.new_bool_var("")
                clause.append(works)
                for limit in [*([build[year][number]] if number >= 0 else []), *(had[one] for one in taken)]:
                    model.add_implication(works, limit)
            model.add_bool_or(clause)
        then = weight[year + 1] if year + 1 < years else 0.0
        terms += [(literal, float(problem.cost[one]) * (weight[year] - then)) for one, literal in build[year].items()]
        if horizon is None:
            for state in logic.pairs:
                model.add_bool_or([had[state]])
        else:
            terms += [(had[state], -horizon.penalty * weight[year] * many) for state, many in counts.items()]
            fixed += horizon.penalty * weight[year] * len(logic.pairs)
        if year:
            for one in logic.builds:
                model.add_implication(build[year - 1][one], build[year][one])
        if horizon is not None and math.isfinite(horizon.budget[year]):
            spent = sum(_cents(problem.cost[one]) * literal for one, literal in build[year].items())
            before = sum(_cents(problem.cost[one]) * literal for one, literal in build[year - 1].items()) if year else 0
            model.add(spent - before <= math.floor(horizon.budget[year] * _PART))
    model.minimize(sum(_cents(price) * literal for literal, price in terms))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = max(0.1, seconds - (time.monotonic() - begun))
    solver.parameters.num_workers = _THREADS
    status = solver.solve(model)
    proven = status == cp_model.OPTIMAL
    bound = max(0.0, solver.best_objective_bound / _PART + fixed)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        # without a plan CP-SAT's bound is only the one it began with
        return FoundYears(None, math.inf, 0.0, time.monotonic() - begun, "time")
    chosen = np.full(problem.builds, -1, np.int64)
    for year in reversed(range(years)):
        for one, literal in build[year].items():
            if solver.boolean_value(literal):
                chosen[one] = year
    price = solver.objective_value / _PART + fixed
    return FoundYears(chosen, price, bound, time.monotonic() - begun, None if proven else "time")


def _cents(value: float) -> int:
    """Money in millionths: CP-SAT counts whole numbers."""
    return round(float(value) * _PART)
