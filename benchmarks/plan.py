"""``python -m benchmarks.plan``: plans of large stacks, by ours, by each solver alone, and by the most gain for its cost.

    python -m benchmarks.plan [i400|i2000|20000|stacks …] [--seconds S] [--only NAME …] [--make-plan]

Owns what is timed, and the tables. Every engine is given the same instance on the same machine with the same time, and every
plan is simulated: the cut-offs are run on the stack with the plan's options built. Ours is timed twice: on the problem of zeros
and ones, as the solvers alone are, and from the stack, with the making of the problem and the simulator's word; with
``--make-plan`` also as a whole answer of ``freehold plan``.

The bars: ``i400`` (shared): optimum 199 in 2 s; five years with 60 a year 147.2 in 15 s. ``i2000`` (shared): gap at most 3 %,
better 1 %, in 120 s; five years with 316 a year at most 15 %, better 5 %, in 600 s. ``20000`` (drawn at random): a simulated
plan with a stated gap in 900 s, the making of the network included. ``stacks``: plans of the two shared ones from their stacks.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.plan_greedy import cost_over_years, greedy_years
from benchmarks.plan_instances import SHARED, Instance, as_problem, as_stack, generate, read_instance
from benchmarks.plan_peers import cp_sat_alone, cp_sat_alone_years, highs_alone, highs_alone_years
from freehold.plan.end_state import end_state
from freehold.plan.goal_values import Goal
from freehold.plan.greedy import greedy
from freehold.plan.judging import StackJudge
from freehold.plan.option_values import Option
from freehold.plan.phasing import phase
from freehold.plan.problem import FoundYears, Horizon, Problem
from freehold.plan.zero_one import ZeroOne, zero_one_problem
from freehold.plan.zero_one_search import zero_one
from freehold.plan.zero_one_simulated import simulated
from freehold.stack.values import Stack

__all__ = ["CASES", "Case", "main"]

_PENALTY: Final = 3.0
_OURS: Final = "ours"


@dataclass(frozen=True)
class Case:
    """One table: an instance, its years, what may be spent in each, and its bar."""

    name: str
    of: str
    years: int
    budget: float
    seconds: float
    bar: str

    @property
    def names(self) -> frozenset[str]:
        """By what it is asked for: its instance, or this table of it."""
        return frozenset({self.of, f"{self.of}-{'end' if self.years == 1 else 'years'}"})


CASES: Final = (
    Case("i400, end state", "i400", 1, math.inf, 2.0, "optimum 199 in 2 s"),
    Case("i400, five years, 60 a year", "i400", 5, 60.0, 15.0, "147.2 in 15 s"),
    Case("i2000, end state", "i2000", 1, math.inf, 120.0, "gap 3 %, better 1 %, in 120 s"),
    Case("i2000, five years, 316 a year", "i2000", 5, 316.0, 600.0, "gap 15 %, better 5 %, in 600 s"),
    Case("20,000 items, end state", "20000", 1, math.inf, 900.0, "a simulated plan with a stated gap in 900 s"),
)


@dataclass(frozen=True)
class _Row:
    engine: str
    cost: float | None
    bound: float | None
    seconds: float
    simulated: str

    @property
    def gap(self) -> float | None:
        if self.cost is None or self.bound is None:
            return None
        return max(0.0, (self.cost - self.bound) / self.cost) if self.cost else 0.0


class _Asked:
    """One case made ready: the instance as a problem and as a stack, and the simulator's view of it."""

    def __init__(self, case: Case, instance: Instance) -> None:
        self.case, self.instance = case, instance
        self.problem: Problem = as_problem(instance)
        money = None if math.isinf(case.budget) else case.budget
        penalty = _PENALTY if case.years > 1 else None
        self.stack: Stack
        self.options: tuple[Option, ...]
        self.goal: Goal
        self.stack, self.options, self.goal = as_stack(instance, years=case.years, budget=money, penalty=penalty)
        found = zero_one_problem(self.stack, self.goal, self.options)
        if isinstance(found, str):
            raise SystemExit(f"the instance is no problem of zeros and ones: {found}")
        self.found: ZeroOne = found
        rate = instance.discount if case.years > 1 else 0.0
        self.horizon = Horizon(np.full(case.years, case.budget), (1 + rate) ** -np.arange(case.years, dtype=float), _PENALTY)

    def simulate(self, year_of: np.ndarray) -> tuple[bool, float]:
        """Whether the simulator sees all that the plan promises, and what the plan costs by the simulator's word."""
        years = self.case.years
        total, kept = 0.0, True
        for year in range(years):
            there = (year_of >= 0) & (year_of <= year)
            had = simulated(self.stack, self.goal, self.options, self.found, np.flatnonzero(there).tolist())
            weight = float(self.horizon.weight[year])
            total += weight * float(self.problem.cost[year_of == year].sum())
            if years == 1:
                kept = bool(had.all())
            else:
                total += weight * _PENALTY * int((~had).sum())
        if years > 1:
            kept = abs(total - cost_over_years(self.problem, self.horizon, year_of)) < 1e-6 * max(1.0, total)
            spent = [float(self.problem.cost[year_of == year].sum()) for year in range(years)]
            kept = kept and all(money <= limit + 1e-6 for money, limit in zip(spent, self.horizon.budget, strict=True))
        return kept, total


def _engines(asked: _Asked, seconds: float, *, whole: bool) -> dict[str, Callable[[], tuple[np.ndarray | None, float, float]]]:
    problem, horizon = asked.problem, asked.horizon

    def years(found: FoundYears) -> tuple[np.ndarray | None, float, float]:
        return found.year, found.cost, found.bound

    def end(solve: Callable[[], object]) -> Callable[[], tuple[np.ndarray | None, float, float]]:
        def run() -> tuple[np.ndarray | None, float, float]:
            found = solve()
            built = found.built  # type: ignore[attr-defined]
            year = None if built is None else np.where(built, 0, -1)
            return year, found.cost, found.bound  # type: ignore[attr-defined]

        return run

    def from_stack() -> tuple[np.ndarray | None, float, float]:
        judge = StackJudge(asked.stack, asked.goal, asked.options)
        found = zero_one(judge, asked.stack, asked.goal, asked.options, seconds=seconds)
        if isinstance(found, str):
            raise SystemExit(found)
        chosen = found[0]
        if chosen.built is None:
            return None, chosen.cost, chosen.bound
        year = np.full(problem.builds, -1, np.int64)
        for one in chosen.built:
            year[one] = int(chosen.starts[one] / 365)
        return year, chosen.cost, chosen.bound

    def answer() -> tuple[np.ndarray | None, float, float]:
        from freehold.plan.planning import make_plan

        found = make_plan(asked.stack, asked.goal, asked.options, seconds=seconds)
        if found.cost is None:
            return None, math.inf, found.bound
        place = {option.id: one for one, option in enumerate(asked.options)}
        year = np.full(problem.builds, -1, np.int64)
        for step in found.steps:
            year[place[step.option]] = int(step.start / 365)
        return year, found.cost, found.bound

    engines: dict[str, Callable[[], tuple[np.ndarray | None, float, float]]]
    if asked.case.years == 1:
        engines = {
            "most gain for its cost": end(lambda: greedy(problem, seconds=seconds)),
            "HiGHS alone": end(lambda: highs_alone(problem, seconds=seconds)),
            "CP-SAT alone": end(lambda: cp_sat_alone(problem, seconds=seconds)),
            _OURS: end(lambda: end_state(problem, seconds=seconds)),
        }
    else:
        engines = {
            "most gain for its cost": lambda: years(greedy_years(problem, horizon, seconds=seconds)),
            "HiGHS alone": lambda: years(highs_alone_years(problem, horizon, seconds=seconds)),
            "CP-SAT alone": lambda: years(cp_sat_alone_years(problem, horizon, seconds=seconds)),
            _OURS: lambda: years(phase(problem, horizon, seconds=seconds)),
        }
    engines["ours, from the stack"] = from_stack
    if whole:
        engines["ours, the whole answer"] = answer
    return engines


def _measure(case: Case, seconds: float | None, only: Sequence[str], *, whole: bool) -> None:
    begun = time.monotonic()
    instance = generate(int(case.of)) if case.of.isdigit() else read_instance(SHARED / f"{case.of}.json")
    asked = _Asked(case, instance)
    making = time.monotonic() - begun
    print(f"\n### {case.name} (bar: {case.bar})")
    print(
        f"{instance.items:,} items, {asked.problem.builds:,} options, {len(instance.scenarios)} cut-offs, "
        f"{len(asked.problem.pair_item):,} targets under a cut-off that can be had. Made ready in {making:.1f} s; load "
        f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; most {seconds or case.seconds:g} s each.\n"
    )
    print("| engine | plan | bound | gap | seconds | simulated |\n| --- | --- | --- | --- | --- | --- |", flush=True)
    rows = []
    engines = _engines(asked, seconds or case.seconds, whole=whole)
    for name, run in engines.items():
        if only and not any(part == name or (part in name and part not in engines) for part in only):
            continue
        at = time.monotonic()
        year_of, cost, bound = run()
        took = time.monotonic() - at
        word = "no plan"
        if year_of is not None:
            kept, total = asked.simulate(year_of)
            word = "confirmed" if kept and abs(total - cost) < 1e-6 * max(1.0, cost) else f"refused ({total:.1f})"
        row = _Row(name, None if year_of is None else cost, bound if bound > 0 else None, took, word)
        rows.append(row)
        print(_shown(row), flush=True)
    _compare(rows)


def _shown(row: _Row) -> str:
    cost = "-" if row.cost is None else f"{row.cost:,.1f}"
    bound = "-" if row.bound is None else f"{row.bound:,.1f}"
    gap = "-" if row.gap is None else f"{row.gap:.2%}"
    return f"| {row.engine} | {cost} | {bound} | {gap} | {row.seconds:.1f} | {row.simulated} |"


def _compare(rows: Sequence[_Row]) -> None:
    ours = next((row for row in rows if row.engine == _OURS), None)
    if ours is None or not ours.cost:
        return
    print()
    for row in rows:
        if row is ours or row.engine.startswith(_OURS):
            continue
        cost = "no plan" if row.cost is None else f"plan {row.cost / ours.cost:.3f} times as dear"
        gap = "" if row.gap is None or not ours.gap else f", gap {row.gap / ours.gap:.1f} times as wide"
        print(f"- {row.engine}: {cost}, {row.seconds / max(ours.seconds, 1e-3):.1f} times as long{gap}")


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print a table for each bar."""
    parser = argparse.ArgumentParser("python -m benchmarks.plan", description="plans of large stacks, beside each solver alone")
    parser.add_argument(
        "cases",
        nargs="*",
        metavar="CASE",
        help="i400, i2000, 20000, one table of them such as i2000-years, or stacks; all but stacks by default",
    )
    parser.add_argument("--seconds", type=float, help="most for each engine; by default what the bar says")
    parser.add_argument(
        "--only", nargs="*", default=(), metavar="NAME", help="only this engine, or those with this in their name"
    )
    parser.add_argument("--make-plan", action="store_true", help="also the whole answer, with years and curves")
    asked = parser.parse_args(arguments)
    known = {name for case in CASES for name in case.names}
    wanted = asked.cases or [case.of for case in CASES]
    strange = set(wanted) - known - {"stacks"}
    if strange:
        parser.error(f"there is no case {min(strange)}. Known: {', '.join(sorted(known | {'stacks'}))}.")
    for case in CASES:
        if not case.names.isdisjoint(wanted):
            _measure(case, asked.seconds, asked.only, whole=asked.make_plan)
        elif "stacks" in wanted and case.of != "20000":
            _measure(case, asked.seconds, asked.only or ("from the stack", "whole answer"), whole=True)


if __name__ == "__main__":
    main()
