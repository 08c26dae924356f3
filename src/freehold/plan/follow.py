"""Following a plan: what is done, begun or late stays, what is dropped goes, and the rest is planned anew.

Owns what the state of the work makes of the options, and what differs between two plans.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from freehold.plan.earlier_plan import EarlierPlan
from freehold.plan.goal_values import Goal
from freehold.plan.option_values import Option
from freehold.plan.plan_values import PlanAnswer
from freehold.plan.work_state import StepState
from freehold.stack.values import Stack, is_stated

__all__ = ["Followed", "Kind", "LeftToPlan", "StepChange", "changes_between", "follow_plan", "left_to_plan"]

Kind: TypeAlias = Literal["new", "gone", "earlier", "later", "dearer", "cheaper", "same"]
"""How a step differs from the earlier plan."""


@dataclass(frozen=True, slots=True)
class LeftToPlan:
    """What can still be chosen, and what cannot.

    Parameters
    ----------
    options
        Options of the plan that is to be made.
    held
        Steps that it must have, by option.
    lost
        Ids of options that can be built no more, since what they require was dropped.
    """

    options: tuple[Option, ...]
    held: tuple[StepState, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepChange:
    """How one step differs from the earlier plan; ``None`` where the plan does not have it.

    Parameters
    ----------
    option, kind
        Its id; what is most to say of it: a step that moved in time is not said to be dearer.
    start_before, start, ready_before, ready
        Dates (ISO 8601).
    cost_before, cost
        What it cost within the earlier plan, and what it still costs within this one.
    """

    option: str
    kind: Kind
    start_before: str | None
    start: str | None
    ready_before: str | None
    ready: str | None
    cost_before: float | None
    cost: float | None


@dataclass(frozen=True)
class Followed:
    """The answer to ``freehold plan follow``.

    Parameters
    ----------
    plan
        The plan for the rest, with what is committed in it.
    state
        The state of the work.
    lost
        As in :class:`LeftToPlan`.
    earlier, changes
        The plan that is compared with, and every step of either; ``None`` and none where there is no earlier plan.
    """

    plan: PlanAnswer
    state: tuple[StepState, ...]
    lost: tuple[str, ...]
    earlier: EarlierPlan | None = None
    changes: tuple[StepChange, ...] = ()


def follow_plan(
    stack: Stack, goal: Goal, options: Sequence[Option], state: Sequence[StepState], *, earlier: EarlierPlan | None = None,
    **how: Any,
) -> Followed:  # fmt: skip
    """Plan the rest.

    Parameters
    ----------
    stack, goal, options
        The stack as it is, what must hold, and all options.
    state
        The state of the work.
    earlier
        The plan that this one is compared with.
    how
        As for :func:`~freehold.plan.planning.make_plan`.

    Raises
    ------
    freehold.errors.FreeholdError
        As :func:`~freehold.plan.planning.make_plan`.
    """
    from freehold.plan.planning import Begun, make_plan

    left = left_to_plan(options, state)
    begun = [Begun(one.option, one.start, one.ready, one.cost) for one in left.held]
    plan = make_plan(stack, goal, left.options, begun=begun, **how)
    changes = () if earlier is None or plan.cost is None else changes_between(earlier, plan)
    return Followed(plan, tuple(state), left.lost, earlier, changes)


def left_to_plan(options: Sequence[Option], state: Iterable[StepState]) -> LeftToPlan:
    """Take out what is dropped, with all that requires it, and commit what is done, begun or late.

    What is committed has happened: neither a missing prerequisite nor an early date, nor a fact that is lacking, undoes it.

    Parameters
    ----------
    options
        All options.
    state
        The state of the work; each option at most once.
    """
    held = {one.option: one for one in state if one.state != "dropped"}
    gone = {one.option for one in state if one.state == "dropped"}
    lost: list[str] = []
    while True:
        more = [
            one.id for one in options if one.id not in gone and one.id not in held and any(id_ in gone for id_ in one.requires)
        ]
        if not more:
            break
        gone.update(more)
        lost += more
    kept = []
    for option in options:
        if option.id in gone:
            continue
        excludes = tuple(id_ for id_ in option.excludes if id_ not in gone)
        if option.id in held:
            kept.append(_committed(option, held[option.id], excludes, set(held)))
        else:
            kept.append(replace(option, excludes=excludes))
    return LeftToPlan(tuple(kept), tuple(sorted(held.values(), key=lambda one: one.option)), tuple(sorted(lost)))


def _committed(option: Option, state: StepState, excludes: tuple[str, ...], held: set[str]) -> Option:
    return replace(
        option,
        excludes=tuple(id_ for id_ in excludes if id_ not in held),
        requires=(),
        earliest=None,
        cost_once=option.cost_once if is_stated(option.cost_once) else 0.0,
        cost_year=option.cost_year if is_stated(option.cost_year) else 0.0,
        lead=state.ready - state.start,
    )


def changes_between(earlier: EarlierPlan, plan: PlanAnswer) -> tuple[StepChange, ...]:
    """Every step of two plans, and how it differs: those that differ first, each kind by its new start, then by id."""
    before, now = earlier.steps, {step.option: step for step in plan.steps}
    found = []
    for id_ in dict.fromkeys((*now, *before)):
        old, new = before.get(id_), now.get(id_)
        kind: Kind = "same"
        if old is None or new is None:
            kind = "new" if old is None else "gone"
        elif (new.start_date, new.ready_date) != (old.start, old.ready):
            later = (new.ready_date, new.start_date) > (old.ready, old.start)
            kind = "later" if later else "earlier"
        elif abs(new.cost - old.cost) > 0.005:
            kind = "dearer" if new.cost > old.cost else "cheaper"
        found.append(
            StepChange(
                id_, kind, None if old is None else old.start, None if new is None else new.start_date,
                None if old is None else old.ready, None if new is None else new.ready_date,
                None if old is None else old.cost, None if new is None else new.cost,
            )
        )  # fmt: skip
    order: Mapping[Kind, int] = {
        "new": 0, "gone": 1, "later": 2, "earlier": 3, "dearer": 4, "cheaper": 5, "same": 6,
    }  # fmt: skip
    return tuple(sorted(found, key=lambda one: (order[one.kind], one.start or one.start_before or "", one.option)))
