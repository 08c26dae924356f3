"""A stack, a goal and options as a problem of zeros and ones, or why levels have to be solved. Owns when that may be.

The function::

    zero_one_problem(stack, goal, options) -> ZeroOne | str

The problem *relaxes* what a judge asks: whatever the judge accepts is a solution of it, at the same cost, so that a bound of
the one is a bound of the other. As a rule the two are the same; where the path of levels matters (a circle that has stopped,
what recovers late) the judge may refuse what the problem accepts, and that goes back to the problem as a cut.

Levels are 0 or 1 where each source gives all of its item or nothing, every need is essential, and every aim asks for whole
items. A cover is as good as no need while it lasts. Whether it still lasts must follow from the day alone: what it covers is
down from day 0 on or not at all, so nothing below it may change later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from freehold.measure.case import Case
from freehold.measure.mission import mission_of
from freehold.network.acceleration import has_compiler
from freehold.network.and_or import and_or
from freehold.network.arrays import TOLERANCE, Floats, Integers
from freehold.network.build import LARGE
from freehold.network.cone import components_of
from freehold.plan.goal_values import BestAim, Goal, LevelAim
from freehold.plan.openings import Openings, openings
from freehold.plan.option_values import Option
from freehold.plan.problem import Booleans, Problem
from freehold.plan.search_values import Committed
from freehold.plan.serving import Serving
from freehold.plan.zero_one_facts import Facts, facts_of, open_days
from freehold.plan.zero_one_scenes import Left, Scene, Wish, items_of_aim, left_in, wishes_of
from freehold.plan.zero_one_ways import Levels, Ways
from freehold.stack.values import Stack
from freehold.words import say

__all__ = ["ZeroOne", "with_cut", "zero_one_problem"]


@dataclass(frozen=True)
class ZeroOne:
    """A stack, a goal and options as a problem of zeros and ones.

    Parameters
    ----------
    problem
        The problem; its scenarios are the scenes.
    option : (builds,)
        Number of the option that each build stands for.
    scenes
        Cut-off and day of each scenario.
    wishes
        The wish of each pair of the problem, in their order.
    weight
        Part of the mission that each pair's item is.
    excludes
        Pairs of builds of which no plan may have both. The problem does not know of them.
    openings
        What can be chosen, and when.
    monotone
        Whether more builds never do harm.
    sure
        Whether the simulator accepts what the problem does: nothing goes in a circle, the same rules hold on all days.
    """

    problem: Problem
    option: Integers
    scenes: tuple[Scene, ...]
    wishes: tuple[Wish, ...]
    weight: tuple[float, ...]
    excludes: tuple[tuple[int, int], ...]
    openings: Openings
    monotone: bool
    sure: bool

    def without(self, pairs: Booleans) -> ZeroOne:
        """The same without some pairs (pairs,), such as those that cannot be had after all."""
        kept = np.flatnonzero(~pairs).tolist()
        problem = replace(
            self.problem, pair_item=self.problem.pair_item[kept], pair_scenario=self.problem.pair_scenario[kept]
        )  # fmt: skip
        wishes, weight = tuple(self.wishes[one] for one in kept), tuple(self.weight[one] for one in kept)
        return replace(self, problem=problem, wishes=wishes, weight=weight)


def zero_one_problem(
    stack: Stack, goal: Goal, options: Sequence[Option], *, committed: Sequence[Committed] = (), strict: bool = False
) -> ZeroOne | str:
    """Give the problem, or why levels have to be solved, in words: the first reason found.

    Parameters
    ----------
    stack, goal
        The stack as it is, and what is asked.
    options
        Options by number. Those that no plan could build are no builds.
    committed
        Steps that are no longer open. They are builds that cost nothing more, and what they require has been seen to.
    strict
        Whether assumed owners and locations count as unknown.

    Raises
    ------
    freehold.errors.BadOptions
        If an option names what is not there, or two collide.
    freehold.errors.UsageError
        If the limits make no sense.
    """
    reason = _other_questions(goal, options)
    if reason is not None:
        return reason
    open_ = openings(options, goal.limits, committed)
    chosen = sorted({*open_.earliest, *open_.standing})
    place = {number: build for build, number in enumerate(chosen)}
    if open_.excludes and any(isinstance(aim, BestAim) for aim in goal.aims):
        first, second = open_.excludes[0]
        return say("zero_one.excludes", first=options[first].id, second=options[second].id)
    requires = [tuple(place[one] for one in open_.requires.get(number, ())) for number in chosen]
    cost = [open_.price(number) if number in open_.earliest else 0.0 for number in chosen]
    try:
        facts = facts_of(stack, [options[number] for number in chosen], strict=strict)
        problem, scenes, wishes, sure = _mapped(stack, goal, facts, requires, np.array(cost, np.float64), strict=strict)
    except Levels as levels:
        return str(levels)
    weights = mission_of(stack).weights
    excludes = tuple((place[one], place[other]) for one, other in open_.excludes)
    return ZeroOne(
        problem, np.array(chosen, np.int64), scenes, wishes, tuple(weights.get(wish.item, 1.0) for wish in wishes), excludes,
        open_, monotone=not facts.shared, sure=sure,
    )  # fmt: skip


def _other_questions(goal: Goal, options: Sequence[Option]) -> str | None:
    if goal.seek != "cost":
        return say("zero_one.other_goal")
    if not all(isinstance(aim, LevelAim | BestAim) for aim in goal.aims):
        return say("zero_one.other_aim")
    if not goal.aims or not options:
        return say("zero_one.nothing")
    return None


def _mapped(
    stack: Stack, goal: Goal, facts: Facts, requires: Sequence[Sequence[int]], cost: Floats, *, strict: bool
) -> tuple[Problem, tuple[Scene, ...], tuple[Wish, ...], bool]:
    # items of the stack come first in that of all options, in their order: the mission's numbers hold for both
    case, mission = facts.case, mission_of(stack)
    wanted: set[int] = set()
    for aim in goal.aims:
        items = items_of_aim(aim, case, mission)
        if isinstance(items, str):
            raise Levels(items)
        wanted |= set(items)
    supplies = facts.cone(wanted)
    found = wishes_of(goal.aims, case, mission, open_days(facts, supplies))
    if isinstance(found, str):
        raise Levels(found)
    scenes, wishes = found
    cases = {case.control.stake: case}
    for stake in {scene.cut.stake for scene in scenes} - set(cases):
        cases[stake] = Case(case.stack, strict=strict, stake=stake)
    left = [left_in(cases[scene.cut.stake], scene) for scene in scenes]
    _check_covers(facts, supplies, scenes, left)
    ways = Ways(facts, left, requires, goal.limits.quality)
    for supply in supplies:
        ways.add_supply(supply)
    everything = ways.problem(cost, [(wish.item, wish.scene) for wish in wishes])
    circular, steady = _in_circles(everything), all(one.steady for one in left)
    if circular[everything.way_build >= 0].any() and not steady:
        raise Levels(say("zero_one.circles"))
    had = Serving(everything).had(np.ones(everything.builds, np.bool_))
    # of wishes for one item in one scene the firm one counts
    kept = {
        (wish.item, wish.scene): wish
        for wish in sorted(wishes, key=lambda wish: wish.firm)
        if wish.firm or had[wish.item] >> wish.scene & 1
    }
    chosen = tuple(kept[pair] for pair in sorted(kept))
    problem = replace(
        everything, pair_item=np.array([wish.item for wish in chosen], np.int64),
        pair_scenario=np.array([wish.scene for wish in chosen], np.int64),
    )  # fmt: skip
    return problem, tuple(scenes), chosen, steady and not circular.any()


def _check_covers(facts: Facts, supplies: Sequence[int], scenes: Sequence[Scene], left: Sequence[Left]) -> None:
    """See that it follows from the day alone whether a cover that may end is used up."""
    last = max((scene.day for scene in scenes), default=0.0)
    ending = []
    for supply in supplies:
        for need in facts.case.needs_of[supply]:
            stands, changed = facts.covers(need)
            if any(TOLERANCE < cover <= last + TOLERANCE for cover in (stands, *changed.values())):
                ending.append((supply, facts.case.item_number[need.item]))
    if not ending:
        return
    case = facts.case
    name = case.stack.items[case.supplies[ending[0][0]].item].id
    if not all(one.steady for one in left):
        raise Levels(say("zero_one.cover_and_days", item=name))
    for supply in supplies:
        stands, changed = facts.recoveries(supply)
        known = [scene.cut.known_on for scene in scenes]
        if any(TOLERANCE < day + recover <= last for recover in (stands, *changed.values()) for day in known):
            raise Levels(say("zero_one.cover_and_recovery", item=case.stack.items[case.supplies[supply].item].id))
    users: dict[int, list[int]] = {}
    for supply in supplies:
        for need in case.needs_of[supply]:
            users.setdefault(case.item_number[need.item], []).append(case.supplies[supply].item)
    changing: set[int] = set()
    open_ = [case.supplies[supply].item for supply, _ in ending]
    while open_:
        item = open_.pop()
        if item not in changing:
            changing.add(item)
            open_.extend(users.get(item, ()))
    for supply, needed in ending:
        if needed in changing:
            names = {"item": case.stack.items[case.supplies[supply].item].id, "needed": case.stack.items[needed].id}
            raise Levels(say("zero_one.cover_on_cover", **names))


def _in_circles(problem: Problem) -> Booleans:
    """(ways,): whether a way's item needs itself through the way."""
    sizes = np.diff(problem.input_start)
    owner = np.repeat(problem.way_item, sizes)
    links = and_or(
        problem.items, owner, np.ones(len(owner), np.int64), np.arange(len(owner) + 1), problem.input_item
    )  # fmt: skip
    component, _, _ = components_of(links, compiled=len(owner) > LARGE and has_compiler())
    inside = component[owner] == component[problem.input_item]
    found = np.zeros(len(problem.way_item), np.bool_)
    found[np.repeat(np.arange(len(sizes)), sizes)[inside]] = True
    return found


def with_cut(problem: Problem, builds: Iterable[int]) -> Problem:
    """The problem in which at least one of some builds must be there: another item that each of them gives."""
    builds = np.array(sorted(builds), np.int64)
    ways, scenarios = len(builds), len(problem.available)
    return replace(
        problem, items=problem.items + 1,
        way_item=np.concatenate([problem.way_item, np.full(ways, problem.items, np.int64)]),
        way_build=np.concatenate([problem.way_build, builds]),
        input_start=np.concatenate([problem.input_start, np.full(ways, problem.input_start[-1], np.int64)]),
        available=np.concatenate([problem.available, np.ones((scenarios, ways), np.bool_)], axis=1),
        pair_item=np.append(problem.pair_item, problem.items), pair_scenario=np.append(problem.pair_scenario, 0),
    )  # fmt: skip
