"""Aims as scenes: one day of one cut-off each, what is left of every source there, what must be had. Owns which aims are so.

A *scene* is a cut-off on one of its days. A *wish* is an item that must be at level 1 in a scene, or must be if it can be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from freehold.measure.case import Case
from freehold.measure.mission import Mission
from freehold.network.arrays import TOLERANCE, Floats
from freehold.plan.goal_values import Aim, BestAim, LevelAim
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.find import find_item
from freehold.words import say

__all__ = ["Left", "Scene", "Wish", "items_of_aim", "left_in", "steady", "wishes_of"]

_MOST_SCENES: Final = 400
"""Scenes beyond which a problem of zeros and ones is no longer the small form of a plan."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One day of a cut-off."""

    cut: Cutoff
    day: float


@dataclass(frozen=True, slots=True)
class Wish:
    """An item (by number) that an aim wants at level 1 in a scene (by number); ``firm``: whether or not it can be."""

    aim: int
    item: int
    scene: int
    firm: bool


@dataclass(frozen=True)
class Left:
    """What a scene leaves.

    Parameters
    ----------
    day
        The scene's day.
    available : (supplies,)
        Part of each supply that no rule takes.
    voided : (items,)
        Part of each item's supply without cover.
    ramped_by
        Days of recovery that are over: a supply whose recovery takes no longer counts with its capacity.
    steady
        Whether the rules leave the same on every day from 0 to the scene's.
    """

    day: float
    available: Floats
    voided: Floats
    ramped_by: float
    steady: bool


def _holds(rule: Rule, day: float) -> bool:
    return rule.from_day <= day + TOLERANCE and rule.until_day > day + TOLERANCE


def steady(cut: Cutoff, day: float) -> bool:
    """Whether the same rules hold on all days from 0 to this one."""
    return all(
        (rule.from_day <= TOLERANCE and rule.until_day > day + TOLERANCE) or rule.from_day > day + TOLERANCE
        for rule in cut.rules
    )


def left_in(case: Case, scene: Scene) -> Left:
    """What a scene leaves of a case, unknown facts at their worst."""
    available = np.ones(len(case.supplies))
    void = np.ones(len(case.supplies))
    for rule in scene.cut.rules:
        if _holds(rule, scene.day):
            numbers = np.fromiter(case.matching(rule), np.int64)
            available[numbers] = np.minimum(available[numbers], rule.availability)
            if rule.cover == "void":
                void[numbers] = np.minimum(void[numbers], rule.availability)
    voided = np.zeros(len(case.stack.items))
    for number in np.flatnonzero(void < 1).tolist():
        supply = case.supplies[number]
        # the more is voided the worse: an unknown share counts at its largest, as in Case.scenario
        voided[supply.item] += supply.filled.share[1] * (1 - void[number])
    known = scene.cut.known_on
    ramped = scene.day - known + TOLERANCE if math.isfinite(known) else -math.inf
    if math.isfinite(known) and ramped < 0:
        ramped = -math.inf
    return Left(scene.day, available, voided, ramped, steady(scene.cut, scene.day))


def items_of_aim(aim: Aim, case: Case, mission: Mission) -> list[int] | str:
    """Items that must be at 1 for a level aim, or should be for the best; or why levels have to be solved."""
    if isinstance(aim, BestAim):
        return [*mission.weights, *mission.doubtful]
    if not isinstance(aim, LevelAim):
        return say("zero_one.other_aim")
    if aim.level <= TOLERANCE:
        return []
    if aim.target is not None:
        return [case.item_number[find_item(case.stack, aim.target)]]
    # losing any one of the heavy ones is too much; all the light ones together must be little enough
    heavy = [number for number, weight in mission.weights.items() if 1 - weight < aim.level - TOLERANCE]
    light = math.fsum(weight for number, weight in mission.weights.items() if number not in set(heavy))
    if 1 - light < aim.level - TOLERANCE:
        return say("zero_one.part_of_mission", level=f"{aim.level:g}")
    return [*heavy, *mission.doubtful]


def wishes_of(
    aims: Sequence[Aim], case: Case, mission: Mission, events: Iterable[float]
) -> tuple[list[Scene], list[Wish]] | str:
    """Scenes of all aims, each once, and what is wished in them.

    Parameters
    ----------
    aims
        The aims.
    case, mission
        The stack, and what must be kept alive in it.
    events
        Days after a cut-off is known, or begins, on which a level may change by itself: recoveries, ends of cover.

    Returns
    -------
    tuple of list of Scene and list of Wish, or str
        Or why levels have to be solved.
    """
    number: dict[Scene, int] = {}
    wishes = []
    after = sorted({day for day in events if math.isfinite(day)})
    for place, aim in enumerate(aims):
        items = items_of_aim(aim, case, mission)
        if isinstance(items, str):
            return items
        assert isinstance(aim, BestAim | LevelAim)
        for day in _days(aim, after):
            scene = number.setdefault(Scene(aim.cut, day), len(number))
            wishes += [Wish(place, item, scene, isinstance(aim, LevelAim)) for item in items]
        if len(number) > _MOST_SCENES:
            return say("zero_one.many_days", days=f"{_MOST_SCENES:,}")
    return list(number), wishes


def _days(aim: BestAim | LevelAim, after: Sequence[float]) -> list[float]:
    if isinstance(aim, BestAim) or not aim.throughout:
        return sorted(set(aim.days))
    last = max(aim.days)
    known = aim.cut.known_on
    found = {0.0, *(max(0.0, known + day) for day in after if math.isfinite(known)), *after}
    for rule in aim.cut.rules:
        found |= {rule.from_day, rule.until_day}
    return sorted(day for day in found if day <= last + TOLERANCE)
