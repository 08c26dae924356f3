"""HiGHS asked about plans over years. Owns the calls of HiGHS: a linear relaxation for a bound, whole numbers for plans."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import highspy
import numpy as np

from freehold.network.arrays import Floats
from freehold.plan.phasing_model import Rows, YearsModel
from freehold.plan.quiet_highs import QuietHighs

__all__ = ["Relaxed", "Solved", "relax", "solve"]

_INFINITE = float("inf")

_OPTIMAL = 1e-5
"""Of a relaxation, the gap that is small enough: its bound is safe at any."""


_SAME: Final = 1e-6
"""Relative difference up to which two values of one plan are the same."""


@dataclass(frozen=True, slots=True)
class Relaxed:
    """What a relaxation says.

    Parameters
    ----------
    bound
        Proven.
    solution : (columns,)
        ``None`` without one.
    prices : (rows,)
        Prices of the rows that prove the bound.
    complete
        Whether it came to its end.
    """

    bound: float
    solution: Floats | None
    prices: Floats
    complete: bool


@dataclass(frozen=True, slots=True)
class Solved:
    """What a solve with whole numbers says.

    Parameters
    ----------
    bound
        Proven.
    solution : (columns,)
        The best; ``None`` without one.
    optimal
        Whether it is proven, within the gap asked for.
    """

    bound: float
    solution: Floats | None
    optimal: bool


def relax(model: YearsModel, rows: Rows, seconds: float, stop: Callable[[], bool]) -> Relaxed:
    """Solve without whole numbers, by an interior point without crossover; the bound comes from the prices of the rows.

    Parameters
    ----------
    model, rows
        The program; its rows, which may be more than its own.
    seconds, stop
        Time, and who says that it is over.
    """
    solver = _loaded(model, rows, seconds, whole=False)
    solver.setOptionValue("solver", "ipm")
    solver.setOptionValue("run_crossover", "off")
    solver.setOptionValue("ipm_optimality_tolerance", _OPTIMAL)
    # there is little to presolve, and without it the prices are of use even when time is over first
    solver.setOptionValue("presolve", "off")
    _watch(solver, stop)
    solver.run()
    solution = solver.getSolution()
    complete = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    prices, values = np.array(solution.row_dual), np.array(solution.col_value)
    if len(prices) != len(rows.upper):
        prices = np.zeros(len(rows.upper))
    valued = np.clip(np.nan_to_num(values), 0.0, 1.0) if len(values) == len(model.cost) else None
    if not complete:  # then no prices at all may prove more than its own
        prices = max(prices, np.zeros(len(prices)), key=lambda one: model.proven(one, rows))
    return Relaxed(model.proven(prices, rows), valued, prices, complete)


def solve(
    model: YearsModel,
    rows: Rows,
    seconds: float,
    stop: Callable[[], bool],
    *,
    hint: Floats | None = None,
    fixed: Floats | None = None,
    gap: float = 0.0,
    found: Callable[[Floats], None] | None = None,
    proven: Callable[[float], None] | None = None,
) -> Solved:
    """Solve with whole numbers.

    Parameters
    ----------
    model, rows
        The program; its rows, which may be more than its own.
    seconds, stop
        Time, and who says that it is over.
    hint : (years, builds of the model)
        Columns y of a plan to start from; only where some are ``fixed``, so that nothing of the whole program is proven by
        a run that was told of a plan.
    fixed : (years, builds of the model)
        Columns y that are no longer open, as numbers; the others ``nan``.
    gap
        Relative gap at which it may end.
    found, proven
        Told of every better solution, and of the bound.
    """
    solver = _loaded(model, rows, seconds, whole=True)
    solver.setOptionValue("mip_rel_gap", gap)
    solver.setOptionValue("mip_abs_gap", 1e-6)
    place = np.flatnonzero(model.whole)
    if fixed is not None:
        settled = np.flatnonzero(np.isfinite(fixed.ravel()))
        value = fixed.ravel()[settled]
        solver.changeColsBounds(len(settled), place[settled].astype(np.int32), value, value)
    hinted = hint is not None and fixed is not None
    if hint is not None and hinted:
        solver.setSolution(len(place), place.astype(np.int32), hint.ravel())
    _watch(solver, stop, proven)
    if found is not None:

        def improved(event: Any) -> None:
            found(np.array(event.data_out.mip_solution))

        solver.cbMipImprovingSolution += improved
    solver.run()
    status, info = solver.getModelStatus(), solver.getInfo()
    solution = solver.getSolution()
    values = np.array(solution.col_value) if solution.value_valid and info.primal_solution_status == 2 else None
    optimal = status == highspy.HighsModelStatus.kOptimal
    if hinted and values is not None and optimal:
        # told of a plan, HiGHS 1.16 may end at once with that plan and a value that is not its own
        truly, told = model.constant + float(model.cost @ values), float(info.objective_function_value)
        if not math.isclose(truly, told, rel_tol=_SAME, abs_tol=_SAME):
            return solve(model, rows, seconds, stop, fixed=fixed, gap=gap, found=found, proven=proven)
    bound = float(info.mip_dual_bound)
    return Solved(bound if np.isfinite(bound) else 0.0, values, optimal)


def _loaded(model: YearsModel, rows: Rows, seconds: float, *, whole: bool) -> Any:
    solver: Any = QuietHighs()  # type: ignore[no-untyped-call]
    for name, value in (("threads", 1), ("random_seed", 1), ("time_limit", max(seconds, 0.01))):
        solver.setOptionValue(name, value)
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = len(model.cost), len(rows.upper)
    program.col_cost_, program.offset_ = model.cost, model.constant
    program.col_lower_, program.col_upper_ = np.zeros(len(model.cost)), np.ones(len(model.cost))
    program.row_lower_, program.row_upper_ = np.full(len(rows.upper), -_INFINITE), rows.upper
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = rows.start.astype(np.int32)
    program.a_matrix_.index_ = rows.column.astype(np.int32)
    program.a_matrix_.value_ = rows.value
    if whole:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        program.integrality_ = [kinds[int(one)] for one in model.whole]
    solver.passModel(program)
    return solver


def _watch(solver: Any, stop: Callable[[], bool], proven: Callable[[float], None] | None = None) -> None:
    def asked(event: Any) -> None:
        if proven is not None and np.isfinite(event.data_out.mip_dual_bound):
            proven(float(event.data_out.mip_dual_bound))
        if stop():
            event.interrupt()

    def ended(event: Any) -> None:
        if stop():
            event.interrupt()

    solver.cbMipInterrupt += asked
    solver.cbIpmInterrupt += ended
    solver.cbSimplexInterrupt += ended
