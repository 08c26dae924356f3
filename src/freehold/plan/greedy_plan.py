"""The plan of the most gain per cost, step by step. Owns the baseline that stands beside every plan of the search.

Each time the option is taken that lowers what is missed of all aims most for its cost, together with what it requires. Gains
are asked anew only for the options that looked best (Minoux, "Accelerated greedy algorithms for maximizing submodular set
functions", 1978); since options may need each other, gains also grow, and the result has no guarantee. Where no single option
gains anything, the cheapest of those that the conflict names is taken. At the end what is needless goes, the dearest first.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence

from freehold.plan.conflicts import changed_while, conflict_of
from freehold.plan.counting import countings
from freehold.plan.goal_values import Goal
from freehold.plan.interface import Judge
from freehold.plan.master import Master
from freehold.plan.openings import TOLERANCE, Openings, openings
from freehold.plan.question import Over, cost_of
from freehold.plan.search_values import Chosen, Committed, Terms
from freehold.plan.verdicts import Verdicts

__all__ = ["greedy_plan"]


def greedy_plan(
    judge: Judge,
    goal: Goal,
    committed: Sequence[Committed] = (),
    *,
    seconds: float = 10.0,
    interrupted: Callable[[], bool] | None = None,
) -> Chosen | None:
    """The plan of the most gain per cost.

    Parameters
    ----------
    judge, goal, committed
        As for :class:`~freehold.plan.search.Search`.
    seconds, interrupted
        Most time, and whether to end before.

    Returns
    -------
    Chosen or None
        Its bound is 0: nothing is proven. ``None`` if it came to nothing: the aims cannot be met so, the limits do not
        allow it, or the time was over.
    """
    start = time.monotonic()
    open_, verdicts = openings(judge.options, goal.limits, committed), Verdicts(judge)

    def check() -> None:
        if time.monotonic() - start > seconds:
            raise Over("time")
        if interrupted is not None and interrupted():
            raise Over("interrupted")

    try:
        chosen = _chosen(open_, verdicts, check)
    except Over:
        return None
    if chosen is None:
        return None
    kept = open_.only(chosen)
    trial = Master(kept, Terms(), countings(kept, ()), 0)
    trial.fix(chosen)
    proposal = trial.propose(max(1.0, seconds - (time.monotonic() - start)), interrupted)
    if proposal.status not in ("optimal", "feasible"):
        return None
    days = {one: float(day) for one, day in proposal.starts.items()}
    begun = {step.option: step.start for step in committed}
    return Chosen(open_.standing | chosen, {**days, **begun}, cost_of(open_, proposal.starts), 0.0)


def _chosen(open_: Openings, verdicts: Verdicts, check: Callable[[], None]) -> frozenset[int] | None:
    demands, standing = verdicts.aims, open_.standing
    ids = {one: open_.options[one].id for one in open_.earliest}
    barred: dict[int, set[int]] = {one: set() for one in open_.earliest}
    for one, other in open_.excludes:
        barred[one].add(other)
        barred[other].add(one)
    chosen: frozenset[int] = frozenset()
    missed = verdicts.shortfall(standing, demands)
    looked = dict.fromkeys(open_.earliest, math.inf)

    def allowed(one: int) -> bool:
        if one in chosen:
            return False
        more = open_.with_prerequisites([one])
        beside = chosen | more
        return all(barred[each].isdisjoint(beside) for each in more)

    def price(more: Collection[int]) -> float:
        return math.fsum(open_.price(one) for one in more)

    while verdicts.failing(standing | chosen, demands):
        best: tuple[float, str, frozenset[int], float] | None = None
        for one in sorted(filter(allowed, looked), key=lambda one: (-looked[one], ids[one])):
            if best is not None and -best[0] >= looked[one]:
                break
            check()
            more = open_.with_prerequisites([one]) - chosen
            left = verdicts.shortfall(standing | chosen | more, demands)
            looked[one] = (missed - left) / max(price(more), TOLERANCE)
            best = min(best or (math.inf, "", more, left), (-looked[one], ids[one], more, left), key=lambda each: each[:2])
        if best is not None and -best[0] > TOLERANCE:
            chosen, missed = chosen | best[2], best[3]
            continue
        demand = verdicts.failing(standing | chosen, demands)[0]
        order = sorted(looked, key=lambda one: (open_.price(one), ids[one]))
        asked = conflict_of(verdicts, demand, standing | chosen, order, check)
        named = [one for one in order if one in asked.has and allowed(one)]
        if not named:
            return None
        chosen |= open_.with_prerequisites(named[:1])
        missed = verdicts.shortfall(standing | chosen, demands)
        looked = dict.fromkeys(looked, math.inf)

    def does(some: frozenset[int]) -> bool:
        check()
        return not verdicts.failing(standing | some, demands)

    dearest = sorted(chosen, key=lambda one: (-open_.price(one), ids[one]))
    needed = changed_while(chosen, dearest, does, frozenset.difference)
    return open_.with_prerequisites(needed)
