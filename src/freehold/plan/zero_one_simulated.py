"""What the simulator says of the pairs of a problem of zeros and ones. Owns the plain check of what an engine promises.

Every cut-off is run on the stack with the options built; an item that stands at 1 on the day of its scene is had. Where no
circle passes through what options activate, all cut-offs are runs of one network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from freehold.measure.case import LOW, Kernel
from freehold.network.arrays import TOLERANCE, Floats
from freehold.network.solve import solve
from freehold.plan.founded import CutBlow, Planned
from freehold.plan.goal_values import Goal
from freehold.plan.option_values import Option
from freehold.plan.problem import Booleans
from freehold.plan.zero_one import ZeroOne
from freehold.stack.cutoff import Cutoff
from freehold.stack.values import Stack

__all__ = ["simulated"]


def simulated(
    stack: Stack, goal: Goal, options: Sequence[Option], found: ZeroOne, built: Iterable[int], *, strict: bool = False,
    kernel: Kernel = "auto",
) -> Booleans:  # fmt: skip
    """Whether each pair is had, unknown facts at their worst.

    Parameters
    ----------
    stack, goal, options
        The stack as it is, what is asked, all options.
    found
        The problem made of them.
    built
        Numbers of the options built.
    strict, kernel
        As for :class:`~freehold.measure.case.Case`.

    Returns
    -------
    (pairs,)
    """
    there = frozenset(built)
    chosen = [options[number] for number in sorted(there)]
    others = [option for number, option in enumerate(options) if number not in there]
    days: dict[Cutoff, set[float]] = {}
    for wish in found.wishes:
        scene = found.scenes[wish.scene]
        days.setdefault(scene.cut, set()).add(scene.day)
    planned = Planned(stack, chosen, quality=goal.limits.quality, strict=strict, kernel=kernel, others=others)
    levels: dict[tuple[Cutoff, float], Floats] = {}
    for cut, on in days.items():
        case, asked = planned.case(CutBlow(cut), max(on)), tuple(sorted(on))
        answer = solve(case.built(LOW), [case.scenario(cut, LOW)], asked, 0.5, case.running(LOW)).levels[0]
        levels |= {(cut, day): answer[place] for place, day in enumerate(asked)}
    scenes = [levels.get((scene.cut, scene.day)) for scene in found.scenes]
    had = [float(scenes[wish.scene][wish.item]) >= 1 - TOLERANCE for wish in found.wishes]  # type: ignore[index]
    return np.array(had, np.bool_)
