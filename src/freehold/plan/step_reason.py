"""Why an option is in a plan, or is not. Owns that answer: what breaks without it, or what stands in its way.

A step is explained by leaving it out: which aims miss then, by how much, from which day, and why, down to the source that is
cut. An option that was not chosen is explained by building it: what it would add, what it would cost more, or what keeps it
from helping.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from freehold.measure.case import LOW, Case, Kernel
from freehold.measure.mission import mission_of
from freehold.measure.mission_curve import MissionCurve, mission_run
from freehold.measure.why import Step as ReasonStep
from freehold.measure.why import why
from freehold.network.solve import trace
from freehold.plan.applied import apply_options
from freehold.plan.founded import CutBlow, Standing, standing
from freehold.plan.goal_values import BestAim, Goal, LevelAim
from freehold.plan.interface import Judge
from freehold.plan.option_values import Activate, Option
from freehold.plan.plan_values import PlanAnswer
from freehold.plan.prices import day_of, plan_days
from freehold.plan.search_values import Chosen, Terms
from freehold.stack.cutoff import Cutoff
from freehold.stack.values import Stack, is_stated

__all__ = ["Kept", "Missed", "StepReason", "Verdict", "breaks_of", "step_reason"]

_TOLERANCE = 1e-9

Verdict: TypeAlias = Literal[
    "needed", "required", "reliance", "committed", "spare", "unjudged", "late", "excluded", "unfounded", "fails", "idle",
    "impossible", "dearer", "no_plan",
]  # fmt: skip
"""Why: of a step, aims miss without it (``needed``), others require it, it adds self-reliance, it is committed, or nothing
(``spare``). Of another option, a fact is lacking, it cannot be ready in time, a step excludes it, it would hold itself up,
what it brings is cut or lacks what it needs, it changes nothing that was asked, no plan within the limits has it, plans with
it are dearer, or there is no plan at all."""


@dataclass(frozen=True, slots=True)
class Missed:
    """An aim that misses without a step.

    Parameters
    ----------
    aim
        Its number.
    asked_level, without
        What it comes to with the step and without it.
    from_day
        First day of the cut-off on which it misses, on the exact time line; ``None`` where it has no days.
    item, steps
        An item that falls because of it, and why, down to what is cut; ``None`` and none where no item tells it.
    """

    aim: int
    asked_level: float
    without: float
    from_day: float | None
    item: str | None
    steps: tuple[ReasonStep, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What keeps a source from helping under a cut-off: the source's item, the day asked about, and why."""

    cut: Cutoff
    source: str
    item: str
    day: float
    steps: tuple[ReasonStep, ...]


@dataclass(frozen=True)
class StepReason:
    """The answer to ``freehold plan why``.

    Parameters
    ----------
    option, chosen
        What was asked about, and whether the plan has it.
    verdict
        See :data:`Verdict`.
    plan
        The plan.
    missed
        Aims that miss without it.
    others
        Ids: the steps that require it (``required``), the one that excludes it (``excluded``), the steps that it would
        replace (``dearer``).
    kept
        What keeps it from helping (``fails``), and under which cut-offs it is not founded (``unfounded``).
    cost, bound
        The least cost of a plan that has it (``dearer``), and a proven bound of that; ``None`` where it was not asked.
    reliance, reliance_without
        Self-reliance with it and without it, on the last day asked.
    """

    option: Option
    chosen: bool
    verdict: Verdict
    plan: PlanAnswer
    missed: tuple[Missed, ...] = ()
    others: tuple[str, ...] = ()
    kept: tuple[Kept, ...] = ()
    cost: float | None = None
    bound: float | None = None
    reliance: float | None = None
    reliance_without: float | None = None


def breaks_of(judge: Judge, built: frozenset[int]) -> dict[int, tuple[int, ...]]:
    """Of each option built, the aims that miss if it alone is left out."""
    held = judge.judge(built).met
    found = {}
    for number in sorted(built):
        met = judge.judge(built - {number}).met
        found[number] = tuple(aim for aim, (with_, without) in enumerate(zip(held, met, strict=True)) if with_ and not without)
    return found


def step_reason(
    stack: Stack, goal: Goal, judge: Judge, plan: PlanAnswer, option: Option, *, ask: Callable[[Terms], Chosen] | None = None,
    strict: bool = False, kernel: Kernel = "auto",
) -> StepReason:  # fmt: skip
    """Explain one option.

    Parameters
    ----------
    stack, goal
        The stack as it is, and what was asked.
    judge
        Who judged the plan.
    plan, option
        The plan; one of the options that there were, or of those that could not be judged.
    ask
        Asks a search for the best plan that has the option; without it the costs are not compared.
    strict, kernel
        As for :class:`~freehold.measure.case.Case`.
    """
    number = {one.id: place for place, one in enumerate(judge.options)}
    built = frozenset(number[step.option] for step in plan.steps)
    asked = _Asked(stack, goal, judge, plan, option, built, strict, kernel)
    if option.id in {step.option for step in plan.steps}:
        return asked.of_step(number[option.id])
    if option.lacking or option.id not in number:
        return StepReason(option, chosen=False, verdict="unjudged", plan=plan)
    return asked.of_other(number[option.id], ask)


class _Asked:
    def __init__(
        self, stack: Stack, goal: Goal, judge: Judge, plan: PlanAnswer, option: Option, built: frozenset[int], strict: bool,
        kernel: Kernel,
    ) -> None:  # fmt: skip
        self._stack, self._goal, self._judge, self._plan = stack, goal, judge, plan
        self._option, self._built, self._strict, self._kernel = option, built, strict, kernel

    # A step of the plan

    def of_step(self, number: int) -> StepReason:
        rest = self._built - {number}
        held, without = self._judge.judge(self._built), self._judge.judge(rest)
        missed = tuple(
            self._missed(aim, rest, held.reached[aim], without.reached[aim])
            for aim, met in enumerate(without.met)
            if held.met[aim] and not met
        )
        reliance, lost = self._judge.reliance(self._built), self._judge.reliance(rest)
        users = tuple(one.option for one in self._plan.steps if self._option.id in self._plan.options[one.option].requires)
        committed = any(one.committed for one in self._plan.steps if one.option == self._option.id)
        verdict: Verdict = "spare"
        if missed:
            verdict = "needed"
        elif users:
            verdict = "required"
        elif committed:
            verdict = "committed"
        elif self._goal.seek == "reliance" and reliance > lost + _TOLERANCE:
            verdict = "reliance"
        return StepReason(
            self._option, chosen=True, verdict=verdict, plan=self._plan, missed=missed, others=users, reliance=reliance,
            reliance_without=lost,
        )  # fmt: skip

    def _missed(self, number: int, rest: frozenset[int], held: float, without: float) -> Missed:
        aim = self._goal.aims[number]
        if not isinstance(aim, LevelAim | BestAim):
            return Missed(number, held, without, None, None, ())
        target = aim.target if isinstance(aim, LevelAim) else None
        level = aim.level if isinstance(aim, LevelAim) else None
        days = sorted(aim.days)
        throughout = isinstance(aim, LevelAim) and aim.throughout
        stands = self._standing(rest, aim.cut, days[-1]).stack
        case = Case(stands, strict=self._strict, stake=aim.cut.stake, kernel=self._kernel)
        before = self._curve(self._standing(self._built, aim.cut, days[-1]).stack, aim.cut, target, days[-1])
        now = self._curve(stands, aim.cut, target, days[-1])
        tried = sorted({0.0, *days, *(float(day) for day in now.days if day <= days[-1])}) if throughout else days

        def short(day: float) -> bool:
            return now.on(day) < (before.on(day) if level is None else level) - _TOLERANCE

        from_day = next((day for day in tried if short(day)), days[-1])
        item = target if target is not None else self._fallen(case, aim.cut, from_day)
        steps = () if item is None else self._why(stands, item, aim.cut, from_day)
        return Missed(number, held, without, from_day, item, steps)

    def _fallen(self, case: Case, cut: Cutoff, day: float) -> str | None:
        """The mission item that loses most on a day without the step; of several the first."""
        whole = self._standing(self._built, cut, day).stack
        mission = mission_of(self._stack)
        lost = []
        for number in (*mission.weights, *mission.doubtful):
            id_ = self._stack.items[number].id
            with_, now = (self._level(one, id_, cut, day) for one in (whole, case.stack))
            lost.append((-(with_ - now) * mission.weights.get(number, 1.0), number, id_))
        least = min(lost, default=(0.0, 0, ""))
        return least[2] if least[0] < -_TOLERANCE else None

    def _level(self, stack: Stack, item: str, cut: Cutoff, day: float) -> float:
        return why(stack, item, cut, day, side=LOW, strict=self._strict, kernel=self._kernel).low

    def _why(self, stack: Stack, item: str, cut: Cutoff, day: float) -> tuple[ReasonStep, ...]:
        return why(stack, item, cut, day, side=LOW, strict=self._strict, kernel=self._kernel).steps

    def _curve(self, stack: Stack, cut: Cutoff, target: str | None, last: float) -> MissionCurve:
        """The low side of the mission's level, or of an item's, on the exact time line."""
        case = Case(stack, strict=self._strict, stake=cut.stake, kernel=self._kernel)
        scenario = case.scenario(cut, LOW)
        if target is None:
            return mission_run(case, scenario, LOW, mission_of(stack), last).curve
        number = case.item_number[target]
        days, levels = [], []
        for change in trace(case.built(LOW), scenario, last, case.running(LOW)):
            for item, _, after in change.moved:
                if item == number:
                    days.append(change.day)
                    levels.append(after)
        return _curve_of(days, levels, float(case.running(LOW).level[case.built(LOW).item_place[number]]))

    def _standing(self, built: Iterable[int], cut: Cutoff, horizon: float) -> Standing:
        chosen = set(built)
        return standing(
            self._stack, [one for n, one in enumerate(self._judge.options) if n in chosen], CutBlow(cut), horizon,
            quality=self._goal.limits.quality, strict=self._strict, kernel=self._kernel,
            others=[one for n, one in enumerate(self._judge.options) if n not in chosen],
        )  # fmt: skip

    # An option that the plan does not have

    def of_other(self, number: int, ask: Callable[[Terms], Chosen] | None) -> StepReason:
        excluding = self._excluding()
        if self._is_late():
            return self._not_chosen("late")
        kept = self._unfounded()
        if kept:
            return self._not_chosen("unfounded", kept=kept)
        if not self._helps(number):
            dearer = None if excluding or self._plan.cost is None or ask is None else self._dearer(number, ask)
            if dearer is not None:
                return dearer
            kept = self._failing()
            return self._not_chosen("fails" if kept else "idle", kept=kept)
        if excluding:
            return self._not_chosen("excluded", others=excluding)
        if self._plan.cost is None:
            return self._not_chosen("no_plan")
        if ask is None:
            return self._not_chosen("dearer")
        with_it = ask(Terms(forced=frozenset({number})))
        if with_it.built is None:
            return self._not_chosen("impossible" if math.isinf(with_it.cost) and with_it.stopped is None else "dearer")
        return self._dearer_with(with_it, with_it.built)

    def _dearer(self, number: int, ask: Callable[[Terms], Chosen]) -> StepReason | None:
        """The dearer plan that would miss an aim without it: it may stand for a step, though it adds nothing to that one."""
        with_it = ask(Terms(forced=frozenset({number})))
        if with_it.built is None or all(self._judge.judge(with_it.built - {number}).met):
            return None
        return self._dearer_with(with_it, with_it.built)

    def _dearer_with(self, with_it: Chosen, built: frozenset[int]) -> StepReason:
        replaced = tuple(sorted(self._judge.options[one].id for one in self._built - built))
        return replace(
            self._not_chosen("dearer", others=replaced), cost=with_it.cost,
            bound=with_it.bound if math.isfinite(with_it.bound) else None,
        )  # fmt: skip

    def _not_chosen(self, verdict: Verdict, *, others: tuple[str, ...] = (), kept: tuple[Kept, ...] = ()) -> StepReason:
        return StepReason(self._option, chosen=False, verdict=verdict, plan=self._plan, others=others, kept=kept)

    def _is_late(self) -> bool:
        limits, lead = self._goal.limits, self._option.lead
        assert is_stated(lead)
        if limits.lead is not None and lead > limits.lead + _TOLERANCE:
            return True
        start = 0.0 if self._option.earliest is None else max(0.0, day_of(self._option.earliest, limits))
        return start + lead > plan_days(limits) + _TOLERANCE

    def _excluding(self) -> tuple[str, ...]:
        chosen = [self._plan.options[step.option] for step in self._plan.steps]
        return tuple(one.id for one in chosen if self._option.id in one.excludes or one.id in self._option.excludes)

    def _helps(self, number: int) -> bool:
        """Whether it raises anything that was asked for: alone, beside the plan, or beside all else."""
        everything = frozenset(range(len(self._judge.options)))
        for rest in (frozenset[int](), self._built, everything - {number}):
            with_, without = self._judge.judge(rest | {number}), self._judge.judge(rest)
            if any(a > b + _TOLERANCE for a, b in zip(with_.reached, without.reached, strict=True)):
                return True
            if self._goal.seek == "reliance" and (
                self._judge.reliance(rest | {number}) > self._judge.reliance(rest) + _TOLERANCE
            ):
                return True
        return False

    def _cuts(self) -> list[tuple[Cutoff, float]]:
        """Cut-offs of the aims, each with its last day."""
        found: dict[Cutoff, float] = {}
        for aim in self._goal.aims:
            if isinstance(aim, LevelAim | BestAim):
                found[aim.cut] = max(found.get(aim.cut, 0.0), *aim.days)
        return list(found.items())

    def _sources(self) -> list[str]:
        named = [change.source for change in self._option.changes if isinstance(change, Activate)]
        adds = self._option.adds
        return list(dict.fromkeys([*named, *([] if adds is None else [one.id for one in adds.sources])]))

    def _unfounded(self) -> tuple[Kept, ...]:
        """Sources of it that never run under a cut-off, whatever is built, unless they hold themselves up."""
        everything = range(len(self._judge.options))
        whole = apply_options(self._stack, self._judge.options)
        found = []
        for cut, day in self._cuts():
            never = set(self._standing(everything, cut, day).unfounded)
            for source in self._sources():
                if source not in never:
                    continue
                probe, item = _alone(whole, source)
                if self._level(probe, item, cut, day) > _TOLERANCE:
                    found.append(Kept(cut, source, item, day, ()))
        return tuple(found)

    def _failing(self) -> tuple[Kept, ...]:
        """Why each of its sources does not run under a cut-off, if nothing else gave its item."""
        whole = apply_options(self._stack, [self._option])
        found = []
        for cut, day in self._cuts():
            for source in self._sources():
                probe, item = _alone(whole, source)
                told = why(probe, item, cut, day, side=LOW, strict=self._strict, kernel=self._kernel)
                if told.low < 1 - _TOLERANCE:
                    found.append(Kept(cut, source, item, day, told.steps))
        return tuple(found)


def _alone(stack: Stack, source: str) -> tuple[Stack, str]:
    """The stack in which a source is the only one of its item, and in use."""
    item = stack.source_by_id[source].item
    kept: Sequence[str] = [one.id for one in stack.sources if one.item != item or one.id == source]
    rows = tuple(
        replace(one, status="in-use", share=1.0, capacity=1.0, recover=0.0) if one.id == source else one
        for one in stack.sources
        if one.id in set(kept)
    )
    needs = tuple(one for one in stack.needs if one.source in set(kept))
    return replace(stack, sources=rows, needs=needs), item


def _curve_of(days: list[float], levels: list[float], before: float) -> MissionCurve:
    import numpy as np

    if not days or days[0] > 0:
        days, levels = [0.0, *days], [before, *levels]
    return MissionCurve(np.array(days, dtype=np.float64), np.array(levels, dtype=np.float64))
