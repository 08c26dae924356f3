"""CP-SAT asked about plans over years. Owns the same program in the terms of CP-SAT: literals, clauses, whole money."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

import numpy as np
from ortools.sat.python import cp_model

from freehold.network.arrays import Floats, Integers
from freehold.plan.phasing_model import YearsModel
from freehold.plan.problem import Horizon

__all__ = ["improve"]

_GOAL_SCALE = 1_000.0
_MOST_MONEY = 1e9
_LEAST_MONEY = 1e-3
_MOST_UNITS = 2.0**52
"""The largest sum that the solver adds up without going over what it can hold."""
_BEAT = 0.05


def improve(
    model: YearsModel,
    cost: Floats,
    horizon: Horizon,
    seconds: float,
    stop: Callable[[], bool],
    found: Callable[[Floats], None],
    *,
    hint: Floats | None = None,
    workers: int = 1,
    seed: int = 1,
) -> None:
    """Look for better and better plans; those in which circles hold themselves up are told too.

    Parameters
    ----------
    model
        The program; rows beyond its own do not matter here.
    cost : (builds,)
        What each of the problem's build decisions costs.
    horizon
        Years, budgets, weights, penalty.
    seconds, stop
        Time, and who says that it is over.
    found
        Told the columns y, (years, builds of the model), of every better plan.
    hint : (years, builds of the model)
        Columns y of a plan to start from.
    workers, seed
        Threads; where chance begins.
    """
    program = cp_model.CpModel()
    states, builds = model.states, len(model.builds)
    columns = [[program.new_bool_var("") for _ in range(model.width)] for _ in range(model.years)]
    for year, column in enumerate(columns):
        for number, (build, needed) in enumerate(states.routes):
            works = int(model.route_column[number])
            if works >= builds + len(states.ways):
                if build >= 0:
                    program.add_implication(column[works], column[int(np.searchsorted(model.builds, build))])
                for state in needed:
                    program.add_implication(column[works], column[builds + state])
        for state, ways in enumerate(states.ways):
            giving = [int(model.route_column[way]) for way in ways]
            if builds + state not in giving:
                program.add_bool_or([column[builds + state].Not(), *(column[one] for one in giving)])
        if year:
            for build in range(builds):
                program.add_implication(columns[year - 1][build], column[build])
    _budgets(program, columns, model, cost[model.builds], horizon)
    goal_scale = min(_GOAL_SCALE, _MOST_UNITS / max(1.0, float(np.abs(model.cost).sum())))
    goal = np.round(model.cost * goal_scale).astype(np.int64).reshape(model.years, model.width)
    used = [(year, one) for year, one in zip(*np.nonzero(goal), strict=True)]
    program.minimize(sum(int(goal[year, one]) * columns[year][one] for year, one in used))
    if hint is not None:
        for year, column in enumerate(columns):
            for build in range(builds):
                program.add_hint(column[build], bool(hint[year, build] > 0.5))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed
    # else a Ctrl-C meant for the whole search reaches a handler of a run that is over, which ends the program
    solver.parameters.catch_sigint_signal = False
    solver.parameters.max_time_in_seconds = max(seconds, 0.01)
    solver.parameters.linearization_level = 0
    done = Event()
    watch = Thread(target=_end, args=(solver, stop, done), daemon=True)
    watch.start()
    try:
        solver.solve(program, _Watch([column[:builds] for column in columns], found))
    finally:
        done.set()
        watch.join()


def _end(solver: cp_model.CpSolver, stop: Callable[[], bool], done: Event) -> None:
    while not done.wait(_BEAT):
        if stop():
            solver.stop_search()


def _budgets(
    program: cp_model.CpModel, columns: list[list[cp_model.IntVar]], model: YearsModel, price: Floats, horizon: Horizon
) -> None:
    """Money in whole numbers: costs rounded up and budgets down, so that what keeps these keeps the real ones."""
    paid = np.flatnonzero(price)
    if not len(paid):
        return
    total = float(price.sum())
    scale = 1.0 if np.array_equal(price, np.round(price)) and total < _MOST_UNITS else _MOST_MONEY / max(total, _LEAST_MONEY)
    whole: Integers = np.ceil(price * scale - 1e-9).astype(np.int64)
    for year, column in enumerate(columns):
        budget = horizon.budget[model.first[year]]
        if np.isfinite(budget):
            before = columns[year - 1] if year else None
            spent = sum(int(whole[build]) * (column[build] - (before[build] if before else 0)) for build in paid.tolist())
            program.add(spent <= int(min(_MOST_UNITS, np.floor(budget * scale + 1e-9))))


class _Watch(cp_model.CpSolverSolutionCallback):
    """Who hears of every better plan."""

    def __init__(self, columns: list[list[cp_model.IntVar]], found: Callable[[Floats], None]) -> None:
        super().__init__()
        self._columns, self._found = columns, found

    def on_solution_callback(self) -> None:
        """Hear of one."""
        self._found(np.array([[float(self.value(one)) for one in column] for column in self._columns]))
