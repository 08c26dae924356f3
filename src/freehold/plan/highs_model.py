"""What is open of a problem as a linear program, and HiGHS on it. Owns the rows and the run.

Disaggregated logic: a node is at most the sum of its arcs, an arc at most each of its literals; only build decisions are
whole, since with those whole the rest is. Of a node's arcs one is chosen (their sum is the node), which allows stronger
rows: the arcs that bring a literal about, together, are at most that literal.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from freehold.network.arrays import Floats
from freehold.plan.open_graph import Part
from freehold.plan.quiet_highs import QuietHighs
from freehold.plan.rewriting import closures
from freehold.plan.weak_duality import priced, usable_prices

__all__ = ["HighsModel", "Relaxed"]

_FIRST_ORDER = 60_000
"""Columns from which an interior point takes too long: a first-order method (PDLP) comes near in seconds, its prices prove."""
_NEARLY = 1e-4


@dataclass(frozen=True, slots=True)
class Relaxed:
    """The linear program without whole numbers.

    Parameters
    ----------
    bound
        Its value, ``-inf`` if it was not solved.
    value, reduced : (builds,)
        What it builds, and reduced costs.
    """

    bound: float
    value: Floats
    reduced: Floats


class HighsModel:
    """HiGHS on one part.

    Parameters
    ----------
    part
        The part.
    covers
        Sets of build decisions, one of each of which is needed.
    chosen
        Whether one arc of each node is chosen: stronger rows, and more of them.
    """

    def __init__(self, part: Part, covers: Sequence[Sequence[int]] = (), *, chosen: bool = False) -> None:
        self.part = part
        self.builds = len(part.build)
        self._lower: list[float] = []
        self._entries: list[list[tuple[int, float]]] = []
        self._columns = self.builds + len(part.graph.arcs)
        self.arc_column: list[list[int]] = []
        brings = closures(part.graph) if chosen else []
        for node, arcs in enumerate(part.graph.arcs):
            if chosen:
                self._choose(node, arcs, [arc.union(*[brings[~literal] for literal in arc if literal < 0]) for arc in arcs])
            else:
                self._sum(node, arcs)
        for cover in covers:
            self._row(1.0, [(build, 1.0) for build in cover])

    def column(self, literal: int) -> int:
        """Column of a literal."""
        return literal if literal >= 0 else self.builds + ~literal

    def _row(self, lower: float, entries: list[tuple[int, float]]) -> None:
        self._lower.append(lower)
        self._entries.append(entries)

    def _new(self) -> int:
        self._columns += 1
        return self._columns - 1

    def _sum(self, node: int, arcs: Sequence[frozenset[int]]) -> None:
        columns = []
        for arc in arcs:
            if len(arc) == 1:
                columns.append(self.column(next(iter(arc))))
                continue
            column = self._new()
            columns.append(column)
            for literal in sorted(arc):
                self._row(0.0, [(self.column(literal), 1.0), (column, -1.0)])
        self.arc_column.append(columns)
        self._row(0.0, [(self.builds + node, -1.0)] + [(column, 1.0) for column in columns])

    def _choose(self, node: int, arcs: Sequence[frozenset[int]], closed: Sequence[frozenset[int]]) -> None:
        columns = [self._new() for _ in arcs]
        self.arc_column.append(columns)
        self._row(0.0, [(self.builds + node, -1.0)] + [(column, 1.0) for column in columns])
        for literal in sorted(frozenset[int]().union(*closed)):
            bringing = [place for place, literals in enumerate(closed) if literal in literals]
            if len(bringing) > 1 or literal in arcs[bringing[0]]:
                self._row(0.0, [(self.column(literal), 1.0)] + [(columns[place], -1.0) for place in bringing])

    def _program(self, *, whole: bool) -> Any:
        program = highspy.HighsLp()
        lower = np.zeros(self._columns)
        lower[[self.column(literal) for literal in sorted(self.part.graph.required)]] = 1.0
        program.num_col_, program.num_row_ = self._columns, len(self._lower)
        program.col_cost_ = np.array([*self.part.cost, *[0.0] * (self._columns - self.builds)])
        program.col_lower_, program.col_upper_ = lower, np.ones(self._columns)
        program.row_lower_, program.row_upper_ = np.array(self._lower), np.full(len(self._lower), math.inf)
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_ = np.cumsum([0] + [len(row) for row in self._entries]).astype(np.int32)
        program.a_matrix_.index_ = np.array([column for row in self._entries for column, _ in row], np.int32)
        program.a_matrix_.value_ = np.array([value for row in self._entries for _, value in row])
        if whole:
            rest = self._columns - self.builds
            program.integrality_ = [highspy.HighsVarType.kInteger] * self.builds + [highspy.HighsVarType.kContinuous] * rest
        return program

    def _solver(self, seconds: float, stop: Callable[[], bool]) -> Any:
        solver: Any = QuietHighs()  # type: ignore[no-untyped-call]
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("random_seed", 0)
        solver.setOptionValue("time_limit", max(seconds, 0.01))

        def ask(event: Any) -> None:
            if stop():
                event.interrupt()

        solver.cbSimplexInterrupt += ask
        solver.cbIpmInterrupt += ask
        return solver

    def relax(self, seconds: float, stop: Callable[[], bool] = lambda: False) -> Relaxed | None:
        """Solve it without whole numbers; ``None`` where there was no time to.

        Parameters
        ----------
        seconds
            Most time.
        stop
            Asked now and then whether to stop.
        """
        solver = self._solver(seconds, stop)
        large = self._columns > _FIRST_ORDER
        solver.setOptionValue("solver", "pdlp" if large else "ipm" if self._columns > 2000 else "simplex")
        if large:
            solver.setOptionValue("kkt_tolerance", _NEARLY)
        program = self._program(whole=False)
        solver.passModel(program)
        solver.run()
        if not large and solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = solver.getSolution()
        value = np.array(solution.col_value[: self.builds])
        if not large:
            dual = np.array(solution.col_dual[: self.builds])
            return Relaxed(float(solver.getInfo().objective_function_value), value, dual)
        if not solution.dual_valid or len(value) < self.builds:
            return None
        bound, reduced = self._priced(program, np.array(solution.row_dual))
        return Relaxed(bound, value, reduced[: self.builds])

    def _priced(self, program: Any, prices: Floats) -> tuple[float, Floats]:
        """What prices of rows prove, whatever they are (weak duality), and the reduced costs (columns,) that they leave."""
        rows = program.a_matrix_
        return priced(
            np.asarray(program.col_cost_), np.asarray(rows.start_), np.asarray(rows.index_), np.asarray(rows.value_),
            np.asarray(program.row_lower_), np.maximum(usable_prices(prices), 0.0), low=np.asarray(program.col_lower_),
            high=np.asarray(program.col_upper_),
        )  # fmt: skip

    def point(self, built: Sequence[bool], had: Sequence[bool]) -> Floats:
        """Column values of a plan.

        Parameters
        ----------
        built : (builds,)
        had : (nodes,)
            Which nodes are had with it.
        """
        point = np.zeros(self._columns)
        point[: self.builds] = built
        point[self.builds : self.builds + len(had)] = had
        for columns, arcs in zip(self.arc_column, self.part.graph.arcs, strict=True):
            for column, arc in zip(columns, arcs, strict=True):
                if column >= self.builds + len(had):
                    point[column] = float(all(point[self.column(literal)] for literal in arc))
        return point

    def prove(
        self,
        seconds: float,
        *,
        stop: Callable[[], bool],
        offer: Callable[[], tuple[float, Floats] | None],
        tell: Callable[[float, Sequence[bool] | None], None],
    ) -> bool:
        """Search with whole numbers; whether it came to an end.

        Parameters
        ----------
        seconds
            Most time.
        stop
            Asked now and then whether to stop.
        offer
            The best plan known, as cost and column values (:meth:`point`), or ``None``.
        tell
            Told the bound, with a plan (builds,) where one was found.
        """
        solver = self._solver(seconds, stop)
        solver.setOptionValue("mip_rel_gap", 0.0)
        solver.setOptionValue("mip_abs_gap", 1e-6)
        solver.passModel(self._program(whole=True))
        given = [math.inf]
        begun = time.monotonic()

        def follow(event: Any) -> None:
            tell(float(event.data_out.mip_dual_bound), None)
            if stop() or time.monotonic() - begun > seconds:
                event.interrupt()

        def found(event: Any) -> None:
            solution = np.array(event.data_out.mip_solution)
            given[0] = min(given[0], float(event.data_out.objective_function_value))
            tell(-math.inf, (solution[: self.builds] > 0.5).tolist())

        def start(event: Any) -> None:
            known = offer()
            if known is not None and known[0] < min(given[0], float(event.data_out.mip_primal_bound)) - 1e-6:
                given[0] = known[0]
                event.data_in.setSolution(known[1])

        solver.cbMipInterrupt += follow
        solver.cbMipImprovingSolution += found
        solver.cbMipUserSolution += start
        solver.run()
        status = solver.getModelStatus()
        tell(float(solver.getInfo().mip_dual_bound) if status != highspy.HighsModelStatus.kInfeasible else math.inf, None)
        return bool(status in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible))
