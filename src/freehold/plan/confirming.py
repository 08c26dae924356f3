"""The independent check of a finished plan, day by day. Owns what must hold before a plan is shown.

Nothing here is shared with the fast judge but the meaning of options: each aim is asked anew of the changed stack, by the
public cut-off, on every day asked for and on every day on which anything changes. The changed stack is made once for all of a
plan's cut-offs, as ``freehold cutoff`` runs several on one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np

from freehold.errors import PlanError
from freehold.measure.assess import foreign_cutoff
from freehold.measure.case import LOW, Case, Kernel
from freehold.measure.content import content
from freehold.measure.cutoff import FLOOR, CutoffAnswer, answer_of, check_cutoff, check_days
from freehold.measure.level_view import Losses
from freehold.measure.mission import Mission, mission_of
from freehold.network.arrays import Scenario
from freehold.network.solve import solve, trace
from freehold.plan.applied import activations, apply_options, good_enough
from freehold.plan.attack import find_worst_loss, losable, loss_of
from freehold.plan.best_levels import best_of, largest_sets, usable
from freehold.plan.founded import CutBlow, Planned, on_circles
from freehold.plan.goal_values import Aim, BestAim, Goal, LevelAim, LossAim, ShareAim
from freehold.plan.interface import Judged
from freehold.plan.option_values import Option
from freehold.stack.cutoff import Cutoff
from freehold.stack.find import find_item
from freehold.stack.values import Stack

__all__ = ["Plain", "confirm", "refuse_unconfirmed", "wanted_of"]

_TOLERANCE = 1e-9
_KEPT: Final = 2
"""Sets of options whose changed stacks are kept: the one that is judged, and the best that there could be."""


class Plain:
    """What the simulator says of sets of options, asked plainly: no verdict is remembered.

    Parameters
    ----------
    stack, goal, options
        The stack as it is, what is asked, and all options.
    strict, kernel
        As for :class:`~freehold.measure.case.Case`.
    """

    def __init__(
        self, stack: Stack, goal: Goal, options: Sequence[Option], *, strict: bool = False, kernel: Kernel = "auto"
    ) -> None:
        self._stack, self._goal, self._options = stack, goal, tuple(options)
        self._strict, self._kernel = strict, kernel
        self._quality = goal.limits.quality
        self._best: dict[BestAim, tuple[tuple[float, ...], ...]] = {}
        self._planned: dict[frozenset[int], Planned] = {}

    def confirm(self, built: Iterable[str]) -> Judged:
        """Judge a finished plan, by the ids of its options; see :func:`confirm`."""
        return self.judge(self._numbers(tuple(dict.fromkeys(built))))

    def _numbers(self, ids: Sequence[str]) -> set[int]:
        number = self._number
        for id_ in ids:
            if id_ not in number:
                raise PlanError(f"the plan builds '{id_}', which is no option. Nothing of it is shown.")
            option = self._options[number[id_]]
            for other in option.requires:
                if other not in ids:
                    raise PlanError(f"the plan builds '{id_}' without '{other}', which it requires. Nothing of it is shown.")
            for other in option.excludes:
                if other in ids and other != id_:
                    raise PlanError(
                        f"the plan builds both '{id_}' and '{other}', which exclude each other. Nothing of it is shown."
                    )
        return {number[id_] for id_ in ids}

    @cached_property
    def _number(self) -> Mapping[str, int]:
        return {option.id: place for place, option in enumerate(self._options)}

    def judge(self, built: Collection[int], aims: Sequence[int] | None = None) -> Judged:
        """Judge a set of options, by number; see :class:`~freehold.plan.interface.Judge`."""
        asked = range(len(self._goal.aims)) if aims is None else aims
        met, reached = [True] * len(self._goal.aims), [math.nan] * len(self._goal.aims)
        for number in asked:
            aim = self._goal.aims[number]
            reached[number] = self._reached(aim, frozenset(built))
            met[number] = reached[number] >= wanted_of(aim) - _TOLERANCE
        return Judged(tuple(met), tuple(reached))

    def reliance(self, built: Collection[int]) -> float:
        """Self-reliance on the last of the goal's days, unknown facts at their worst; 0 where no home is set."""
        if self._stack.home is None:
            return 0.0
        days = (max(self._goal.reliance_days),)
        return min(self._levels(frozenset(built), foreign_cutoff(), days, None))

    def _reached(self, aim: Aim, built: frozenset[int]) -> float:
        if isinstance(aim, LevelAim):
            return min(self._levels(built, aim.cut, aim.days, aim.target, throughout=aim.throughout))
        if isinstance(aim, BestAim):
            return self._against_best(aim, built)
        if isinstance(aim, ShareAim):
            return self._share(aim, built)
        return self._attacked(aim, built)

    def _parts(self, built: Collection[int]) -> tuple[list[Option], list[Option]]:
        ordered = sorted(built)
        return [self._options[n] for n in ordered], [one for n, one in enumerate(self._options) if n not in built]

    def _with(self, built: frozenset[int]) -> Planned:
        """The stack with these options built, whatever is cut then."""
        if built not in self._planned:
            if len(self._planned) >= _KEPT:
                del self._planned[next(iter(self._planned))]
            chosen, others = self._parts(built)
            self._planned[built] = Planned(
                self._stack, chosen, quality=self._quality, strict=self._strict, kernel=self._kernel, others=others
            )
        return self._planned[built]

    def _cut(self, built: frozenset[int], cut: Cutoff, days: Sequence[float], *, throughout: bool = False) -> CutoffAnswer:
        case = self._with(built).case(CutBlow(cut), max(days))
        check_cutoff(case.stack, cut)
        if throughout:
            changes = trace(case.built(LOW), case.scenario(cut, LOW), max(days), case.running(LOW))
            days = sorted({0.0, *days, *(min(change.day, max(days)) for change in changes)})
        return answer_of(case, cut, check_days(days), FLOOR)

    def _levels(
        self, built: frozenset[int], cut: Cutoff, days: Sequence[float], target: str | None, *, throughout: bool = False
    ) -> tuple[float, ...]:
        answer = self._cut(built, cut, days, throughout=throughout)
        low = answer.mission.low if target is None else answer.item(find_item(self._stack, target)).low
        at = {round(day, 12): level for day, level in zip(answer.days, low, strict=True)}
        return tuple(at[round(day, 12)] for day in (answer.days if throughout else days))

    def _of_mission(self, built: frozenset[int], aim: BestAim) -> tuple[tuple[float, ...], ...]:
        """Levels of each mission item on each day."""
        answer = self._cut(built, aim.cut, aim.days)
        return tuple(answer.items[number].low for number in self._mission_items)

    @cached_property
    def _mission_items(self) -> tuple[int, ...]:
        mission = mission_of(self._stack)
        return (*mission.weights, *mission.doubtful)

    @cached_property
    def _largest(self) -> Sequence[frozenset[int]]:
        return largest_sets(self._options, usable(self._options, self._goal.limits))

    def _against_best(self, aim: BestAim, built: frozenset[int]) -> float:
        if aim not in self._best:
            days = aim.days
            height = {}

            def height_of(chosen: frozenset[int]) -> float:
                if chosen not in height:
                    height[chosen] = math.fsum(self._levels(chosen, aim.cut, days, None))
                return height[chosen]

            self._best[aim] = self._of_mission(best_of(self._largest, height_of), aim)
        pairs = zip(self._of_mission(built, aim), self._best[aim], strict=True)
        return 1 + min(level - best for row, most in pairs for level, best in zip(row, most, strict=True))

    def _changed(self, built: Collection[int]) -> Stack:
        chosen, others = self._parts(built)
        whole = apply_options(self._stack, chosen, others=others)
        active = [
            source
            for source in activations(chosen)
            if source in whole.source_by_id and good_enough(whole.source_by_id[source], self._quality)
        ]
        return apply_options(self._stack, chosen, only=active, others=others)

    def _share(self, aim: ShareAim, built: frozenset[int]) -> float:
        answer = content(self._changed(built), strict=self._strict)
        if aim.item is not None:
            return float(getattr(answer.item(find_item(self._stack, aim.item)), aim.measure).low)
        if aim.kind is None:
            return float(getattr(answer, aim.measure).low)
        own = [getattr(answer.items[n], aim.measure).low for n, item in enumerate(self._stack.items) if item.kind == aim.kind]
        if not own:
            raise PlanError(f"the stack has nothing of the layer '{aim.kind}', so no share of it can be asked for.")
        return math.fsum(own) / len(own)

    def _attacked(self, aim: LossAim, built: frozenset[int]) -> float:
        changed = self._changed(built)
        case = Case(changed, strict=self._strict, kernel=self._kernel)
        mission = mission_of(self._stack)
        members = losable(case, aim, mission)
        active = {source for source in activations(self._parts(built)[0]) if source in changed.source_by_id}
        # where no circle passes through what was activated, every loss finds the same stack
        same = not on_circles(changed, {one for one in active if changed.source_by_id[one].status != "candidate"})
        losses = Losses(case, LOW) if same else None

        def level_of(lost: Collection[int]) -> float:
            if losses is not None:
                return _least(case, losses.scenario({one for place in lost for one in members[place].supplies}), aim, mission)
            blow = loss_of(case, (members[place] for place in lost))
            stands = self._with(built).case(blow, max(aim.days))
            return _least(stands, blow.scenario(stands, {}), aim, mission)

        return find_worst_loss(members, aim.order, aim.level, level_of).least


def _least(case: Case, scenario: Scenario, aim: LossAim, mission: Mission) -> float:
    """The mission's least level on the days of an aim in one scenario."""
    levels = solve(case.built(LOW), [scenario], sorted(aim.days), 0.5, case.running(LOW)).levels[0]
    return float(np.min(mission.mean(levels, levels).low))


def wanted_of(aim: Aim) -> float:
    """What an aim has to come to."""
    if isinstance(aim, BestAim):
        return 1.0
    return aim.share if isinstance(aim, ShareAim) else aim.level


def confirm(
    stack: Stack, goal: Goal, built: Iterable[str], options: Sequence[Option], *, strict: bool = False, kernel: Kernel = "auto"
) -> Judged:
    """Ask the simulator, plainly, whether a finished plan does what it promises.

    Parameters
    ----------
    stack
        The stack as it is.
    goal
        All that must hold.
    built
        Ids of the options that the plan builds.
    options
        All options that there were (a :class:`BestAim` is measured against them).
    strict, kernel
        As for :class:`~freehold.measure.case.Case`.

    Returns
    -------
    Judged
        Of each aim, whether it holds, and what it comes to.

    Raises
    ------
    freehold.errors.PlanError
        If the plan builds what is no option, or two options that exclude each other, or one without what it requires.
    """
    return Plain(stack, goal, options, strict=strict, kernel=kernel).confirm(built)


def refuse_unconfirmed(goal: Goal, judged: Judged) -> None:
    """Refuse a plan that the simulator does not confirm.

    Raises
    ------
    freehold.errors.PlanError
        Naming the first aim that does not hold, and what it comes to.
    """
    for number, (aim, met, reached) in enumerate(zip(goal.aims, judged.met, judged.reached, strict=True), 1):
        if not met:
            raise PlanError(
                f"the simulator does not confirm the plan: aim {number} asks for {wanted_of(aim):g} and comes to {reached:g}. "
                "Nothing of it is shown."
            )
