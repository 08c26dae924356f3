"""The simulator as a judge of plans: sets of options in, verdicts out, each asked once. Owns what a search is told.

Levels come from one network in which options are switches (:mod:`freehold.plan.switches`), face value and content from the
changed stack, losses from an attacker that remembers. Where options cannot be switches, everything is asked plainly.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np

from freehold.errors import BadOptions
from freehold.measure.assess import foreign_cutoff
from freehold.measure.case import Kernel
from freehold.measure.chokepoint_values import Member
from freehold.measure.cutoff import check_cutoff
from freehold.measure.mission import Mission, mission_of
from freehold.network.arrays import Floats
from freehold.plan.attack import Found, Memory, find_loss, find_worst_loss, losable
from freehold.plan.best_levels import best_set
from freehold.plan.confirming import Plain, wanted_of
from freehold.plan.goal_values import Aim, BestAim, Goal, LevelAim, LossAim, ShareAim
from freehold.plan.interface import Judged, Moment, Sign
from freehold.plan.option_values import Activate, MoreCapacity, NewQuality, Option
from freehold.plan.signs import signs_of
from freehold.plan.switches import Switches, why_not_switches
from freehold.stack.cutoff import DEFAULT_STAKE, Cutoff
from freehold.stack.find import find_item
from freehold.stack.values import Stack

__all__ = ["StackJudge"]

_TOLERANCE = 1e-9


class StackJudge:
    """The judge of one stack, one goal and its options; see :class:`~freehold.plan.interface.Judge`.

    Parameters
    ----------
    stack, goal, options
        The stack as it is, what is asked, and all that can be built.
    strict, kernel
        As for :class:`~freehold.measure.case.Case`.

    Raises
    ------
    freehold.errors.BadOptions
        If an option names what is not there, or options collide.
    freehold.errors.BadCutoff
        If a cut-off names what is not there.
    freehold.errors.UnknownId
        If a target is no item.
    """

    def __init__(
        self, stack: Stack, goal: Goal, options: Sequence[Option], *, strict: bool = False, kernel: Kernel = "auto"
    ) -> None:
        self._stack, self._goal, self._options = stack, goal, tuple(options)
        self._plain = Plain(stack, goal, options, strict=strict, kernel=kernel)
        self._known: dict[tuple[int, frozenset[int]], tuple[bool, float]] = {}
        self._reliance: dict[frozenset[int], float] = {}
        self._shares: dict[tuple[int, frozenset[int]], float] = {}
        self._memories = [Memory() for _ in goal.aims]
        self._best: dict[int, Floats] = {}
        self._members: dict[int, tuple[Member, ...]] = {}
        self._items: dict[tuple[frozenset[int], int | None, object], Floats] = {}
        for aim in goal.aims:
            if isinstance(aim, LevelAim | BestAim):
                check_cutoff(stack, aim.cut)
        mission = mission_of(stack)
        ids = [stack.items[number].id for number in (*mission.weights, *mission.doubtful)]
        self._targets = {
            number: find_item(stack, aim.target)
            for number, aim in enumerate(goal.aims)
            if isinstance(aim, LevelAim) and aim.target is not None
        }
        self._switches: Switches | None = None
        if why_not_switches(stack, self._options) is None:
            self._switches = switches = Switches(
                stack, self._options, {*ids, *self._targets.values()}, quality=goal.limits.quality, strict=strict, kernel=kernel
            )
            number = switches.item_number
            self._mission = Mission(
                {number[stack.items[one].id]: weight for one, weight in mission.weights.items()},
                tuple(number[stack.items[one].id] for one in mission.doubtful), mission.rule, mission.stated,
            )  # fmt: skip

    @property
    def options(self) -> Sequence[Option]:
        """The options, each with a number by its place."""
        return self._options

    @property
    def aims(self) -> Sequence[Aim]:
        """The aims."""
        return self._goal.aims

    def judge(self, built: frozenset[int], aims: Sequence[int] | None = None) -> Judged:
        """Judge a set of options, all ready before the cut-off; of other aims than those asked for, ``met`` is true."""
        asked = range(len(self.aims)) if aims is None else aims
        self._check(built)
        missing = [aim for aim in asked if (aim, built) not in self._known]
        if missing:
            self._ask(built, missing)
        met, reached = [True] * len(self.aims), [1.0] * len(self.aims)
        for aim in asked:
            met[aim], reached[aim] = self._known[aim, built]
        return Judged(tuple(met), tuple(reached))

    def reliance(self, built: frozenset[int]) -> float:
        """Self-reliance on the last of the goal's days with these options, unknown facts at their worst.

        0 where the stack has no home: there nothing is foreign, and nothing held.
        """
        if self._stack.home is None:
            return 0.0
        if built not in self._reliance:
            self._check(built)
            if self._switches is None:
                self._reliance[built] = self._plain.reliance(built)
            else:
                levels = self._switches.levels(built, foreign_cutoff(), (max(self._goal.reliance_days),))
                self._reliance[built] = self._mission.mean(levels, levels).low[0]
        return self._reliance[built]

    def signs(self, aim: int) -> Sequence[Sign]:
        """What each option can do to an aim, whatever else is built."""
        if not 0 <= aim < len(self.aims):
            raise IndexError(aim)
        return self._signs

    @cached_property
    def _signs(self) -> tuple[Sign, ...]:
        unsettled = self._switches is None or self._switches.shares_on_circles
        return signs_of(self._stack, self._options, quality=self._goal.limits.quality, unsettled=unsettled)

    def reliance_signs(self) -> Sequence[Sign]:
        """What each option can do to self-reliance."""
        return self._signs

    def part_weights(self, aim: int | None) -> Sequence[float] | None:
        """Weights of the mission items that an aim, or self-reliance, is the mean of; ``None`` where it is no such mean."""
        if self._switches is None or self._mission.doubtful:
            return None
        if aim is None:
            return None if self._stack.home is None else list(self._mission.weights.values())
        asked = self.aims[aim]
        is_mean = isinstance(asked, LossAim) or (isinstance(asked, LevelAim) and asked.target is None)
        return list(self._mission.weights.values()) if is_mean else None

    def worst_moment(self, built: frozenset[int], aim: int | None) -> Moment:
        """The loss (``None``: the cut-off itself) and the day with which these options leave least."""
        asked, loss = None if aim is None else self.aims[aim], None
        if aim is not None and isinstance(asked, LossAim):
            loss = self._attack(aim, asked, built).loss or ()
        weights = np.array(list(self._mission.weights.values()))
        days = self._days_of(aim)
        means = [float(np.array(self.part_levels(built, aim, (loss, day))) @ weights) for day in days]
        return loss, days[int(np.argmin(means))]

    def part_levels(self, built: frozenset[int], aim: int | None, moment: Moment) -> Sequence[float]:
        """Level of each mission item at a moment, as :meth:`worst_moment` gives it."""
        switches = self._switches
        assert switches is not None
        assert isinstance(moment, tuple)
        self._check(built)
        loss, day = moment
        asked, days = None if aim is None else self.aims[aim], self._days_of(aim)
        key = (built, aim, loss)
        if key not in self._items:
            if aim is not None and isinstance(asked, LossAim):
                members = [one for one in self._members_of(aim, asked) if one.id in loss]
                supplies = frozenset(supply for one in members for supply in one.supplies)
                levels = switches.levels_lost(built, supplies, DEFAULT_STAKE, days)
            else:
                cut = asked.cut if isinstance(asked, LevelAim) else foreign_cutoff()
                levels = switches.levels(built, cut, days)
            self._items[key] = levels[:, list(self._mission.weights)]
        found: list[float] = self._items[key][days.index(day)].tolist()
        return found

    def _days_of(self, aim: int | None) -> list[float]:
        asked = None if aim is None else self.aims[aim]
        if isinstance(asked, LevelAim | LossAim):
            return sorted(set(asked.days))
        return [max(self._goal.reliance_days)]

    def _check(self, built: Collection[int]) -> None:
        if not all(0 <= place < len(self._options) for place in built):
            raise BadOptions(f"there are {len(self._options)} options, numbered from 0. Judge sets of those.")

    def _ask(self, built: frozenset[int], aims: Sequence[int]) -> None:
        by_cut: dict[Cutoff, list[int]] = {}
        for number in aims:
            aim = self.aims[number]
            reached = None
            if isinstance(aim, ShareAim):
                reached = self._share(number, built)
            elif self._switches is None:
                reached = self._plain.judge(built, (number,)).reached[number]
            elif isinstance(aim, LossAim):
                reached = self._attacked(number, aim, built)
            elif isinstance(aim, LevelAim) and aim.throughout:
                reached = self._throughout(number, aim, built)
            else:
                by_cut.setdefault(aim.cut, []).append(number)
            if reached is not None:
                self._learn(number, built, reached)
        for cut, numbers in by_cut.items():
            self._ask_levels(built, cut, numbers)

    def _learn(self, number: int, built: frozenset[int], reached: float) -> None:
        self._known[number, built] = reached >= wanted_of(self.aims[number]) - _TOLERANCE, reached

    def _ask_levels(self, built: frozenset[int], cut: Cutoff, numbers: Sequence[int]) -> None:
        """Several aims under one cut-off, in one run."""
        assert self._switches is not None
        days = sorted({day for number in numbers for day in self.aims[number].days})  # type: ignore[union-attr]
        levels = self._switches.levels(built, cut, days)
        place = {day: at for at, day in enumerate(days)}
        for number in numbers:
            aim = self.aims[number]
            if isinstance(aim, BestAim):
                own = levels[np.array([place[day] for day in aim.days])][:, self._mission_items]
                reached = 1.0 + float(np.min((own - self._best_levels(number, aim)).round(12)))
            elif isinstance(aim, LevelAim):
                own = levels[np.array([place[day] for day in aim.days])]
                if number in self._targets:
                    reached = float(np.min(own[:, self._switches.item_number[self._targets[number]]].round(12)))
                else:
                    reached = min(self._mission.mean(own, own).low)
            self._learn(number, built, reached)

    @cached_property
    def _mission_items(self) -> list[int]:
        return [*self._mission.weights, *self._mission.doubtful]

    def _best_levels(self, number: int, aim: BestAim) -> Floats:
        if number not in self._best:
            switches = self._switches
            assert switches is not None
            days = sorted(set(aim.days))
            at = [days.index(day) for day in aim.days]

            def height(chosen: frozenset[int]) -> float:
                levels = switches.levels(chosen, aim.cut, days)[at]
                return math.fsum(self._mission.mean(levels, levels).low)

            best = best_set(self._options, self._goal.limits, height)
            self._best[number] = switches.levels(best, aim.cut, days)[at][:, self._mission_items]
        return self._best[number]

    def _throughout(self, number: int, aim: LevelAim, built: frozenset[int]) -> float:
        switches = self._switches
        assert switches is not None
        rows: list[dict[int, float]] = [*([dict(self._mission.weights)] if self._mission.weights else [])]
        rows += [{item: 1.0} for item in self._mission.doubtful]
        if number in self._targets:
            rows = [{switches.item_number[self._targets[number]]: 1.0}]
        weights = np.zeros((max(1, len(rows)), len(switches.item_number)))
        for place, row in enumerate(rows):
            weights[place, list(row)] = list(row.values())
        return switches.least(built, aim.cut, max(aim.days), weights)

    def _share(self, number: int, built: frozenset[int]) -> float:
        key = (number, built & self._of_shares)
        if key not in self._shares:
            self._shares[key] = self._plain.judge(built, (number,)).reached[number]
        return self._shares[key]

    @cached_property
    def _of_shares(self) -> frozenset[int]:
        """Options that face value or content could depend on: what stands by has no part in today's need."""
        return frozenset(
            place
            for place, option in enumerate(self._options)
            if (option.adds is not None and option.adds.items)
            or any(
                isinstance(change, NewQuality | MoreCapacity) or (isinstance(change, Activate) and change.share is not None)
                for change in option.changes
            )
        )

    def _members_of(self, number: int, aim: LossAim) -> tuple[Member, ...]:
        """What can be lost, whatever is built."""
        if number not in self._members:
            assert self._switches is not None
            self._members[number] = losable(self._switches.case(DEFAULT_STAKE), aim, self._mission)
        return self._members[number]

    def _attacked(self, number: int, aim: LossAim, built: frozenset[int]) -> float:
        return self._attack(number, aim, built).least

    def _attack(self, number: int, aim: LossAim, built: frozenset[int]) -> Found:
        switches = self._switches
        assert switches is not None
        members = self._members_of(number, aim)
        days = sorted(set(aim.days))

        def level_of(lost: Collection[int]) -> float:
            supplies = frozenset(supply for place in lost for supply in members[place].supplies)
            levels = switches.levels_lost(built, supplies, DEFAULT_STAKE, days)
            return min(self._mission.mean(levels, levels).low)

        # any loss that is too much refuses a set; of the best that can be, the worst loss is told
        find = find_worst_loss if not self._usable - built else find_loss
        return find(members, aim.order, aim.level, level_of, self._memories[number])

    @cached_property
    def _usable(self) -> frozenset[int]:
        return frozenset(place for place, option in enumerate(self._options) if not option.lacking)
