"""``plan why`` and ``plan follow`` for programs. Owns their JSON forms and schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from freehold.plan.prices import date_on
from freehold.plan.step_reason import Verdict
from freehold.plan.work_state import STATES
from freehold.report.json import envelope
from freehold.report.json_plan import PLAN_KEYS, plan_keys
from freehold.report.json_values import day, number
from freehold.report.plan_words import aim_words, option_name
from freehold.report.schema_forms import (
    AMOUNT,
    COUNT,
    CUTOFF,
    DATE,
    FLAG,
    LEVEL,
    NAME,
    TEXT,
    Schema,
    list_of,
    object_of,
    or_null,
)
from freehold.report.view_plan_why import verdict_words

if TYPE_CHECKING:
    from freehold.measure.why import Step
    from freehold.plan.follow import Followed
    from freehold.plan.step_reason import StepReason
    from freehold.report.answers import Context

__all__ = ["PLAN_WORK_SCHEMAS", "followed_json", "reason_json"]

_NAMES: Final = list_of(NAME)
_CHAIN: Final = list_of(
    object_of(
        {
            "item": NAME, "source": or_null(NAME), "need": or_null(NAME), "day": AMOUNT, "level": LEVEL, "because": NAME,
        }
    )
)  # fmt: skip
_MONEY: Final = or_null(AMOUNT)

PLAN_WORK_SCHEMAS: Final[dict[str, dict[str, Schema]]] = {
    "plan why": {
        "option": NAME,
        "name": NAME,
        "chosen": FLAG,
        "verdict": {"enum": list(get_args(Verdict))},
        "text": NAME,
        "missed": list_of(
            object_of(
                {
                    "aim": COUNT, "text": NAME, "with": LEVEL, "without": LEVEL, "from_day": or_null(AMOUNT),
                    "item": or_null(NAME), "steps": _CHAIN,
                }
            )
        ),
        "others": _NAMES,
        "kept": list_of(object_of({"cutoff": CUTOFF, "source": NAME, "item": NAME, "day": AMOUNT, "steps": _CHAIN})),
        "cost": _MONEY,
        "bound": _MONEY,
        "currency": or_null(NAME),
        "plan_cost": _MONEY,
        "plan_bound": _MONEY,
        "stopped": or_null({"enum": ["time", "interrupted"]}),
        "reliance": or_null(LEVEL),
        "reliance_without": or_null(LEVEL),
    },
    "plan follow": PLAN_KEYS
    | {
        "state": list_of(
            object_of(
                {
                    "option": NAME, "state": {"enum": list(STATES)}, "start": or_null(DATE), "ready": or_null(DATE),
                    "cost": _MONEY,
                }
            )
        ),
        "lost": _NAMES,
        "cost_before": _MONEY,
        "changes": list_of(
            object_of(
                {
                    "option": NAME, "name": TEXT,
                    "kind": {"enum": ["new", "gone", "earlier", "later", "dearer", "cheaper", "same"]},
                    "start_before": or_null(DATE), "start": or_null(DATE), "ready_before": or_null(DATE),
                    "ready": or_null(DATE), "cost_before": _MONEY, "cost": _MONEY,
                }
            )
        ),
    },
}  # fmt: skip


def _chain(steps: tuple[Step, ...]) -> list[dict[str, Any]]:
    return [
        {
            "item": one.item, "source": one.source, "need": one.need, "day": day(one.day), "level": number(one.level),
            "because": one.because,
        }
        for one in steps
    ]  # fmt: skip


def _money(value: float | None) -> float | None:
    return None if value is None else number(value)


def reason_json(answer: StepReason, context: Context) -> dict[str, Any]:
    """``plan why``: why an option is in the plan, or is not, with the chains of reasons."""
    plan = answer.plan
    return envelope("plan why", context) | {
        "option": answer.option.id,
        "name": option_name(answer.option, answer.option.id),
        "chosen": answer.chosen,
        "verdict": answer.verdict,
        "text": verdict_words(answer),
        "missed": [
            {
                "aim": one.aim, "text": aim_words(plan.goal.aims[one.aim], context.stack), "with": number(one.asked_level),
                "without": number(one.without), "from_day": day(one.from_day), "item": one.item, "steps": _chain(one.steps),
            }
            for one in answer.missed
        ],
        "others": list(answer.others),
        "kept": [
            {
                "cutoff": one.cut.as_data(), "source": one.source, "item": one.item, "day": day(one.day),
                "steps": _chain(one.steps),
            }
            for one in answer.kept
        ],
        "cost": _money(answer.cost),
        "bound": _money(answer.bound),
        "currency": plan.currency,
        "plan_cost": _money(plan.cost),
        "plan_bound": _money(plan.bound),
        "stopped": plan.stopped,
        "reliance": _money(answer.reliance),
        "reliance_without": _money(answer.reliance_without),
    }  # fmt: skip


def followed_json(answer: Followed, context: Context) -> dict[str, Any]:
    """``plan follow``: the plan for the rest, the state of the work, and what changed against the earlier plan."""
    plan, limits = answer.plan, answer.plan.goal.limits
    earlier = answer.earlier
    names = {} if earlier is None else {id_: one.name for id_, one in earlier.steps.items()}
    return envelope("plan follow", context) | plan_keys(plan, context.stack) | {
        "state": [
            {
                "option": one.option, "state": one.state,
                "start": None if one.state == "dropped" else date_on(one.start, limits),
                "ready": None if one.state == "dropped" else date_on(one.ready, limits),
                "cost": None if one.state == "dropped" else number(one.cost),
            }
            for one in answer.state
        ],
        "lost": list(answer.lost),
        "cost_before": None if earlier is None else _money(earlier.cost),
        "changes": [
            {
                "option": one.option,
                "name": option_name(plan.options.get(one.option), names.get(one.option) or one.option),
                "kind": one.kind, "start_before": one.start_before, "start": one.start, "ready_before": one.ready_before,
                "ready": one.ready, "cost_before": _money(one.cost_before), "cost": _money(one.cost),
            }
            for one in answer.changes
        ],
    }  # fmt: skip
