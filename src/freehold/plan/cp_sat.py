"""One run of OR-Tools CP-SAT that ends when told to. Owns the solver's settings, and how it is interrupted.

The solver runs in a thread of its own, so that this one keeps hearing signals. Its work is counted in its own deterministic
time and interleaved among its strategies, so that a run that is not cut short gives the same answer every time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from typing import Any, Literal, TypeAlias

from ortools.sat.python import cp_model

__all__ = ["Run", "Status", "run"]

_POLL = 0.05

Status: TypeAlias = Literal["optimal", "feasible", "impossible", "unknown"]


@dataclass(frozen=True)
class Run:
    """How a run ended: its status, the value and bound of the objective, and the solver for the values of variables."""

    status: Status
    value: float
    bound: float
    solver: Any

    def true(self, literal: Any) -> bool:
        """Whether a literal holds in the solution."""
        return bool(self.solver.boolean_value(literal))

    def whole(self, expression: Any) -> int:
        """Value of a variable or expression in the solution."""
        return int(self.solver.value(expression))


def run(
    model: Any,
    seconds: float,
    interrupted: Callable[[], bool] | None = None,
    *,
    effort: float = math.inf,
    workers: int = 1,
) -> Run:
    """Solve a model.

    Parameters
    ----------
    model
        The model, minimised.
    seconds
        Most time.
    interrupted
        Asked every now and then whether to end.
    effort
        Most work, in the solver's deterministic time.
    workers
        1: one strategy; more: that many threads share the interleaved strategies. The answer is the same for any number.
    """
    solver = cp_model.CpSolver()
    settings = solver.parameters
    settings.max_time_in_seconds = max(0.01, seconds)
    settings.random_seed = 1
    settings.num_workers = workers
    settings.interleave_search = workers > 1
    settings.catch_sigint_signal = False
    # the weak default leaves constraints that hold only under a literal out of the relaxation, and with them the bound
    settings.linearization_level = 2
    if effort < math.inf:
        settings.max_deterministic_time = effort
    found: list[Any] = []

    def solve() -> None:
        found.append(solver.solve(model))

    thread = Thread(target=solve, daemon=True)
    thread.start()
    end = time.monotonic() + max(0.01, seconds)
    try:
        while thread.is_alive():
            thread.join(_POLL)
            if thread.is_alive() and (time.monotonic() > end or (interrupted is not None and interrupted())):
                solver.stop_search()
    finally:
        if thread.is_alive():
            solver.stop_search()
            thread.join()
    names: dict[Any, Status] = {
        cp_model.OPTIMAL: "optimal", cp_model.FEASIBLE: "feasible", cp_model.INFEASIBLE: "impossible",
    }  # fmt: skip
    status = names.get(found[0], "unknown")
    solved = status in ("optimal", "feasible")
    value = solver.objective_value if solved else math.inf
    bound = math.inf if status == "impossible" else solver.best_objective_bound
    return Run(status, value, bound, solver)
