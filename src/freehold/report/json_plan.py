"""``plan`` for programs. Owns the JSON form of a plan and of all that is said of it, and its schema.

Dates are ISO 8601; days count from the plan's start, and those of a curve from the cut-off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freehold.plan.goal_values import BestAim, LevelAim, LossAim, ShareAim
from freehold.report.json import envelope
from freehold.report.json_values import day, days, interval, number
from freehold.report.plan_words import aim_words, asked_of, does, last_day, option_name
from freehold.report.schema_forms import (
    AMOUNT,
    BOUNDS,
    COUNT,
    CUTOFF,
    DATE,
    FLAG,
    LEVEL,
    LEVELS,
    NAME,
    TEXT,
    Schema,
    list_of,
    object_of,
    or_null,
)

if TYPE_CHECKING:
    from freehold.plan.goal_values import Aim, Goal
    from freehold.plan.option_values import Option
    from freehold.plan.plan_values import Curve, PlanAnswer, Step
    from freehold.report.answers import Context
    from freehold.stack.values import Stack

__all__ = ["PLAN_KEYS", "PLAN_SCHEMAS", "plan_json", "plan_keys"]

_DAY: Final[Schema] = {"type": "number"}
_MONEY: Final = or_null(AMOUNT)
_NAMES: Final = list_of(NAME)
_NOTED: Final = list_of(object_of({"option": NAME, "text": NAME}))
_CURVE: Final = object_of({"cutoff": CUTOFF, "days": list_of(AMOUNT, minItems=1), "before": LEVELS, "after": LEVELS})

_AIM: Final = object_of(
    {
        "type": {"enum": ["level", "best", "share", "loss"]}, "text": NAME, "cutoff": or_null(CUTOFF), "asked": or_null(LEVEL),
        "days": or_null(list_of(AMOUNT, minItems=1)), "throughout": FLAG, "target": or_null(NAME),
        "measure": or_null({"enum": ["face_value", "content"]}), "kind": or_null(NAME),
        "of": or_null({"enum": ["provider", "owner", "country"]}), "order": or_null({"type": "integer", "minimum": 1}),
    }
)  # fmt: skip
_LIMITS: Final = object_of(
    {
        "start": DATE, "by": DATE, "years": COUNT, "budget": _MONEY, "budget_years": list_of(AMOUNT), "people": _MONEY,
        "lead": _MONEY, "quality": or_null(LEVEL), "discount": AMOUNT, "penalty": _MONEY,
    }
)  # fmt: skip

PLAN_KEYS: Final[dict[str, Schema]] = {
    "goal": object_of(
        {
            "aims": list_of(_AIM), "limits": _LIMITS, "seek": {"enum": ["cost", "reliance"]},
            "reliance_days": list_of(AMOUNT, minItems=1),
        }
    ),
    "currency": or_null(NAME),
    "cost": _MONEY,
    "bound": _MONEY,
    "gap": or_null(LEVEL),
    "greedy": _MONEY,
    "confirmed": FLAG,
    "stopped": or_null({"enum": ["time", "interrupted"]}),
    "steps": list_of(
        object_of(
            {
                "option": NAME, "name": NAME, "start": DATE, "ready": DATE, "start_day": _DAY, "ready_day": _DAY,
                "cost": AMOUNT, "cost_once": AMOUNT, "committed": FLAG, "does": TEXT, "breaks": or_null(list_of(COUNT)),
            }
        )
    ),
    "years": list_of(object_of({"year": COUNT, "ends": DATE, "cost": AMOUNT, "ready": _NAMES, "reliance": BOUNDS})),
    "curve": or_null(_CURVE),
    "curves": list_of(_CURVE),
    "checks": list_of(
        object_of({"aim": COUNT, "text": NAME, "asked": or_null(LEVEL), "reached": LEVEL, "before": LEVEL, "met": FLAG})
    ),
    "leased": list_of(object_of({"item": NAME, "landlords": _NAMES, "part": BOUNDS, "why": TEXT})),
    "price": or_null(
        object_of(
            {
                "once": AMOUNT, "yearly": AMOUNT, "days": AMOUNT,
                "quality": list_of(object_of({"item": NAME, "before": LEVEL, "after": LEVEL})), "standards_left": _NOTED,
                "forks": _NOTED, "gives_up": _NOTED,
            }
        )
    ),
    "impossible": or_null(
        object_of(
            {
                "reason": {"enum": ["options", "budget", "time", "people", "conditions", "confidence", "unknown"]},
                "aims": list_of(object_of({"aim": COUNT, "text": NAME, "best": LEVEL})), "missing": list_of(_NAMES),
                "limit": _MONEY,
            }
        )
    ),
    "alternatives": list_of(object_of({"options": _NAMES, "cost": AMOUNT, "differs": COUNT})),
    "always": or_null(_NAMES),
    "confidence": or_null(
        object_of(
            {
                "asked": or_null(LEVEL), "reached": LEVEL, "low": LEVEL, "high": LEVEL, "futures": COUNT,
                "hurts": list_of(object_of({"option": NAME, "falls": {"type": "number", "minimum": -1, "maximum": 1}})),
                "unjudged": COUNT,
            }
        )
    ),
    "frontier": list_of(
        object_of(
            {
                "cost": AMOUNT, "bound": _MONEY, "reliance": LEVEL, "options": _NAMES, "best_step": or_null(NAME),
                "best_steps": _NAMES, "gain": or_null(LEVEL), "price": _MONEY,
            }
        )
    ),
    "sensitivity": list_of(
        object_of(
            {"what": {"enum": ["budget", "budget_year", "by"]}, "value": NAME, "cost": _MONEY, "reliance": or_null(LEVEL)}
        )
    ),
    "options": list_of(object_of({"id": NAME, "name": NAME, "origin": {"enum": ["stack", "file", "catalogue"]}})),
    "unjudged": list_of(
        object_of(
            {"id": NAME, "name": NAME, "lacking": list_of({"enum": ["cost_once", "cost_year", "lead"]}, minItems=1)}
        )
    ),
}  # fmt: skip
"""What a plan is in JSON, for every answer that holds one."""

PLAN_SCHEMAS: Final[dict[str, dict[str, Schema]]] = {"plan": PLAN_KEYS}


def plan_json(answer: PlanAnswer, context: Context) -> dict[str, Any]:
    """``plan``: what is built and when, its cost and a proven bound, and what the simulator says of it."""
    return envelope("plan", context) | plan_keys(answer, context.stack)


def plan_keys(answer: PlanAnswer, stack: Stack | None) -> dict[str, Any]:
    """A plan without the envelope.

    Parameters
    ----------
    answer
        The plan.
    stack
        The stack as it is, for the words of its aims.
    """
    curves = [_curve(one) for one in answer.curves]
    price, why, sure = answer.price, answer.impossible, answer.confidence
    return {
        "goal": _goal(answer.goal, stack),
        "currency": answer.currency,
        "cost": None if answer.cost is None else number(answer.cost),
        "bound": number(answer.bound),
        "gap": None if answer.gap is None else number(answer.gap),
        "greedy": None if answer.greedy is None else number(answer.greedy),
        "confirmed": answer.confirmed,
        "stopped": answer.stopped,
        "steps": [_step(step, answer) for step in answer.steps],
        "years": [
            {
                "year": one.number, "ends": one.ends, "cost": number(one.cost), "ready": list(one.ready),
                "reliance": {"low": number(one.reliance_low), "high": number(one.reliance_high)},
            }
            for one in answer.years
        ],
        "curve": curves[0] if curves else None,
        "curves": curves,
        "checks": [
            {
                "aim": place, "text": aim_words(one.aim, stack), "asked": asked_of(one.aim), "reached": number(one.reached),
                "before": number(one.before), "met": one.met,
            }
            for place, one in enumerate(answer.checks)
        ],
        "leased": [
            {
                "item": one.item, "landlords": list(one.landlords),
                "part": {"low": number(one.part_low), "high": number(one.part_high)}, "why": one.why,
            }
            for one in answer.leased
        ],
        "price": None if price is None else {
            "once": number(price.once), "yearly": number(price.yearly), "days": day(price.days),
            "quality": [
                {"item": item, "before": number(before), "after": number(after)} for item, before, after in price.quality
            ],
            "standards_left": _noted(price.standards_left), "forks": _noted(price.forks), "gives_up": _noted(price.gives_up),
        },
        "impossible": None if why is None else {
            "reason": why.reason,
            "aims": [
                {"aim": place, "text": aim_words(answer.goal.aims[place], stack), "best": number(best)}
                for place, best in zip(why.aims, why.best, strict=True)
            ],
            "missing": [list(group) for group in why.missing],
            "limit": None if why.limit is None else number(why.limit),
        },
        "alternatives": [
            {"options": list(one.options), "cost": number(one.cost), "differs": one.differs} for one in answer.alternatives
        ],
        "always": None if answer.always is None else list(answer.always),
        "confidence": None if sure is None else {
            "asked": sure.asked, "reached": number(sure.reached), "low": number(sure.low), "high": number(sure.high),
            "futures": sure.futures, "hurts": [{"option": id_, "falls": number(fall)} for id_, fall in sure.hurts],
            "unjudged": sure.unjudged,
        },
        "frontier": [
            {
                "cost": number(one.cost), "bound": number(one.bound), "reliance": number(one.reliance),
                "options": list(one.options), "best_step": one.best_step, "best_steps": list(one.best_steps),
                "gain": None if one.gain is None else number(one.gain),
                "price": None if one.price is None else number(one.price),
            }
            for one in answer.frontier
        ],
        "sensitivity": [
            {
                "what": one.what, "value": one.value, "cost": None if one.cost is None else number(one.cost),
                "reliance": None if one.reliance is None else number(one.reliance),
            }
            for one in answer.sensitivity
        ],
        "options": [
            {"id": id_, "name": option_name(one, id_), "origin": one.origin} for id_, one in sorted(answer.options.items())
        ],
        "unjudged": [
            {"id": one.id, "name": option_name(one, one.id), "lacking": list(one.lacking)} for one in answer.unjudged
        ],
    }  # fmt: skip


def _noted(pairs: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"option": id_, "text": text} for id_, text in pairs]


def _curve(curve: Curve) -> dict[str, Any]:
    return {
        "cutoff": curve.cut.as_data(), "days": days(curve.days), "before": interval(curve.before),
        "after": interval(curve.after),
    }  # fmt: skip


def _step(step: Step, answer: PlanAnswer) -> dict[str, Any]:
    option: Option | None = answer.options.get(step.option)
    return {
        "option": step.option, "name": option_name(option, step.option), "start": step.start_date, "ready": step.ready_date,
        "start_day": day(step.start), "ready_day": day(step.ready), "cost": number(step.cost),
        "cost_once": number(step.cost_once), "committed": step.committed, "does": does(option, answer.planned),
        "breaks": None if step.breaks is None else list(step.breaks),
    }  # fmt: skip


def _goal(goal: Goal, stack: Stack | None) -> dict[str, Any]:
    limits = goal.limits
    return {
        "aims": [_aim(one, stack) for one in goal.aims],
        "limits": {
            "start": limits.start, "by": last_day(limits), "years": limits.years, "budget": limits.budget,
            "budget_years": list(limits.budget_years), "people": limits.people, "lead": limits.lead,
            "quality": limits.quality, "discount": limits.discount, "penalty": limits.penalty,
        },
        "seek": goal.seek,
        "reliance_days": days(goal.reliance_days),
    }  # fmt: skip


def _aim(aim: Aim, stack: Stack | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": "level", "text": aim_words(aim, stack), "cutoff": None, "asked": asked_of(aim), "days": None,
        "throughout": False, "target": None, "measure": None, "kind": None, "of": None, "order": None,
    }  # fmt: skip
    match aim:
        case LevelAim():
            told |= {"cutoff": aim.cut.as_data(), "days": days(aim.days), "throughout": aim.throughout, "target": aim.target}
        case BestAim():
            told |= {"type": "best", "cutoff": aim.cut.as_data(), "days": days(aim.days)}
        case ShareAim():
            told |= {"type": "share", "measure": aim.measure, "kind": aim.kind, "target": aim.item}
        case LossAim():
            told |= {"type": "loss", "days": days(aim.days), "of": aim.of, "order": aim.order}
    return told
