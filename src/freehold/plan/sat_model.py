"""What is open of a problem as clauses, and CP-SAT on it. Owns the clauses, the order in circles, and the run.

A node that is had has an arc that works, an arc that works has all of its literals. In circles each node that is had has a
level, above those of the nodes in the circle that it takes, so that none holds itself up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

from ortools.sat.python import cp_model

from freehold.plan.open_graph import Part, needed_nodes
from freehold.plan.strong_components import strong_components

__all__ = ["SatModel", "SatRun", "whole_costs"]

_DECIMALS = 6
_TOTAL = 1e12


def whole_costs(cost: Sequence[float]) -> tuple[list[int], float]:
    """Costs as whole numbers of a unit, each rounded down where it is none, and the unit."""
    for decimals in range(_DECIMALS + 1):
        factor = 10.0**decimals
        if all(abs(value * factor - round(value * factor)) < 1e-7 for value in cost):
            whole = [round(value * factor) for value in cost]
            divisor = math.gcd(*whole) or 1
            if sum(whole) < 2**50:
                return [value // divisor for value in whole], divisor / factor
    unit = max(sum(cost), 1e-9) / _TOTAL
    return [int(value / unit) for value in cost], unit


@dataclass(frozen=True, slots=True)
class SatRun:
    """How a run ended: the last plan (builds,), if any; the bound; whether all was searched; the work, in CP-SAT's measure."""

    built: tuple[bool, ...] | None
    bound: float
    complete: bool
    work: float


class SatModel:
    """CP-SAT on one part.

    Parameters
    ----------
    part
        The part.
    covers
        Sets of build decisions, one of each of which is needed.
    """

    def __init__(self, part: Part, covers: Iterable[Sequence[int]] = ()) -> None:
        graph = part.graph
        self._model = model = cp_model.CpModel()
        self._build = [model.new_bool_var("") for _ in part.build]
        self._node = [model.new_bool_var("") for _ in graph.arcs]
        self._whole, self.unit = whole_costs(part.cost)
        component, cyclic = strong_components(needed_nodes(graph))
        sizes: dict[int, int] = {}
        for of in component:
            sizes[of] = sizes.get(of, 0) + 1
        level: dict[int, Any] = {
            node: model.new_int_var(0, sizes[of] - 1, "")
            for node, of in enumerate(component)
            if cyclic[of] and not graph.held[node]
        }
        for literal in sorted(graph.required):
            model.add_bool_or([self._variable(literal)])
        for node, arcs in enumerate(graph.arcs):
            clause = [self._node[node].negated()]
            for arc in arcs:
                turning = [~literal for literal in sorted(arc) if literal < 0 and component[~literal] == component[node]]
                if len(arc) == 1 and not turning:
                    clause.append(self._variable(next(iter(arc))))
                    continue
                works = model.new_bool_var("")
                clause.append(works)
                for literal in sorted(arc):
                    model.add_implication(works, self._variable(literal))
                for other in turning:
                    if node in level and other in level:
                        model.add(level[node] >= level[other] + 1).only_enforce_if(works)
            model.add_bool_or(clause)
        for cover in covers:
            self.cover(cover)
        model.minimize(sum(whole * variable for whole, variable in zip(self._whole, self._build, strict=True)))

    def _variable(self, literal: int) -> Any:
        return self._build[literal] if literal >= 0 else self._node[~literal]

    def cover(self, cover: Sequence[int]) -> None:
        """Ask for one of these build decisions."""
        self._model.add_bool_or([self._build[build] for build in cover])

    def solve(
        self,
        seconds: float,
        *,
        hint: tuple[Sequence[bool], Sequence[bool]] | None = None,
        work: float | None = None,
        stop: Callable[[], bool] = lambda: False,
        tell: Callable[[float, Sequence[bool] | None], None] = lambda _bound, _built: None,
    ) -> SatRun:
        """Search for the cheapest plan.

        Parameters
        ----------
        seconds
            Most time.
        hint
            A plan (builds,) and what is had with it (nodes,).
        work
            Most work, in CP-SAT's own measure, which is the same on every machine.
        stop
            Asked now and then whether to stop.
        tell
            Told the bound, with a plan (builds,) where one was found.
        """
        self._model.clear_hints()  # type: ignore[no-untyped-call]
        for variables, values in zip((self._build, self._node), hint or ((), ()), strict=True):
            for variable, value in zip(variables, values, strict=False):
                self._model.add_hint(variable, bool(value))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        # else a Ctrl-C meant for the whole search reaches a handler of a run that is over, which ends the program
        solver.parameters.catch_sigint_signal = False
        solver.parameters.linearization_level = 2
        solver.parameters.max_time_in_seconds = max(seconds, 0.01)
        if work is not None:
            solver.parameters.max_deterministic_time = work
        solver.best_bound_callback = lambda bound: tell(bound * self.unit, None)
        watching = Thread(target=_watch, args=(solver, stop, finished := Event()), daemon=True)
        watching.start()
        try:
            status = solver.solve(self._model, _Follower(self._build, tell))
        finally:
            finished.set()
            watching.join()
        work_done = float(solver.response_proto.deterministic_time)
        if status == cp_model.INFEASIBLE:
            return SatRun(None, math.inf, complete=True, work=work_done)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return SatRun(None, -math.inf, complete=False, work=work_done)
        built = tuple(bool(solver.value(variable)) for variable in self._build)
        return SatRun(built, solver.best_objective_bound * self.unit, complete=status == cp_model.OPTIMAL, work=work_done)


def _watch(solver: Any, stop: Callable[[], bool], finished: Event) -> None:
    while not finished.wait(0.02):
        if stop():
            solver.stop_search()  # said again: a search that has not begun yet does not hear it


class _Follower(cp_model.CpSolverSolutionCallback):
    """Who is told each plan."""

    def __init__(self, build: Sequence[Any], tell: Callable[[float, Sequence[bool] | None], None]) -> None:
        super().__init__()
        self._build, self._tell = build, tell

    def on_solution_callback(self) -> None:
        """Pass a plan on."""
        self._tell(-math.inf, [bool(self.value(variable)) for variable in self._build])
