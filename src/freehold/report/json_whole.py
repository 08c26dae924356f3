"""``report`` for programs. Owns the JSON form of a whole report, and the schema of what it adds to the answers that it holds.

A part has the form that its own verb gives it, without the envelope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freehold.report.drill_evidence_json import score_json
from freehold.report.json import assess_json, envelope, gaps_json
from freehold.report.json_chokepoints import chokepoints_json
from freehold.report.json_plan import plan_keys
from freehold.report.json_policy import policy_json
from freehold.report.json_schemes import scores_json
from freehold.report.json_values import day, days, interval, number, numbers
from freehold.report.schema_forms import AMOUNT, COUNT, FLAG, LEVEL, LEVELS, NAME, TEXT, Schema, list_of, object_of, or_null
from freehold.report.scheme_answers import ScoresAnswer
from freehold.report.view_whole import summary_sentences
from freehold.report.whole_methods import methods_of
from freehold.words import say

if TYPE_CHECKING:
    from freehold.drill.record import Drill
    from freehold.measure.landlord_cut_values import LandlordCut, LandlordCuts
    from freehold.plan.first_step import FirstStep
    from freehold.report.answers import Context
    from freehold.report.whole_answer import WholeReport
    from freehold.stack.values import Stack

__all__ = ["CUT", "DRILL_RECORD", "WHOLE_KEYS", "cut_json", "whole_json"]

_SHARED: Final = ("freehold", "schema", "verb", "stack", "coverage", "unknowns")
_TAKEN: Final = (
    "days", "floor", "mission_rule", "self_reliance", "change", "face_value", "content", "hidden_exposure", "layers",
    "controllers", "landlords", "weakest", "learn_first",
)  # fmt: skip
"""What it takes over from the assessment."""

CUT: Final = object_of(
    {
        "type": {"enum": ["owner", "country", "foreign"]}, "id": TEXT, "name": NAME, "country": TEXT, "sources": COUNT,
        "flags": list_of(NAME), "mission": LEVELS, "out": COUNT, "first": or_null(NAME), "first_day": or_null(AMOUNT),
    }
)  # fmt: skip
"""What goes out without one landlord."""
_CUTS: Final = object_of(
    {
        "days": list_of(AMOUNT, minItems=1), "horizon": AMOUNT, "floor": LEVEL, "left_out": COUNT, "single": list_of(CUT),
    }
)  # fmt: skip
_STEP: Final = object_of(
    {
        "options": list_of(object_of({"id": NAME, "name": TEXT}), minItems=1), "cost_once": AMOUNT, "cost_year": AMOUNT,
        "currency": or_null(NAME), "takes": AMOUNT, "days": list_of(AMOUNT, minItems=1), "before": LEVELS, "after": LEVELS,
        "best_day": AMOUNT, "tried": COUNT, "of": COUNT,
    }
)  # fmt: skip
DRILL_RECORD: Final = object_of(
    {
        "started": TEXT, "command": list_of(TEXT), "cut": TEXT, "verdict": NAME,
        "predicted": or_null(
            object_of({"item": NAME, "low": LEVEL, "high": LEVEL, "up": or_null(FLAG), "agrees": or_null(FLAG)})
        ),
    }
)  # fmt: skip
"""One drill of a report."""

WHOLE_KEYS: Final[dict[str, Schema]] = {
    "summary": list_of(NAME),
    "cuts": or_null(_CUTS),
    "plan_for": {"enum": ["asked", "floor", "later", "held", "beyond"]},
    "no_plan": or_null(NAME),
    "next_step": or_null(_STEP),
    "left_out": list_of(object_of({"part": NAME, "command": NAME})),
    "methods": list_of(object_of({"key": NAME, "title": NAME, "text": NAME, "command": TEXT})),
}
"""What the answer has beside the answers that it holds; their schemas are those of their verbs."""


def whole_json(report: WholeReport, context: Context | None = None) -> dict[str, Any]:
    """``report``: everything that it tells, part by part."""
    context = context or report.context
    assessed = assess_json(report.assess, context)
    choke = None if report.chokepoints is None else _body(chokepoints_json(report.chokepoints, context))
    return envelope("report", context) | {
        "summary": list(summary_sentences(report)),
        **{name: assessed[name] for name in _TAKEN},
        "gaps": _body(gaps_json(report.gaps, context))["layers"],
        "cuts": None if report.cuts is None else _cuts(report.cuts, report.stack),
        "chokepoints": choke,
        "plan": None if report.plan is None else plan_keys(report.plan, report.stack),
        "plan_for": report.aimed,
        "no_plan": report.no_plan or None,
        "next_step": None if report.step is None else _step(report.step),
        "schemes": [] if not report.scores else scores_json(ScoresAnswer(report.scores), context)["schemes"],
        "policy": None if report.policy is None else policy_json(report.policy),
        "drills": None if report.drills is None else {
            "score": _body(score_json(report.drills.score, context)), "records": [_drill(one) for one in report.drills.drills],
        },
        "left_out": [{"part": one.key, "command": one.command} for one in report.left_out],
        "methods": [
            {"key": one.key, "title": one.title, "text": one.text, "command": one.command} for one in methods_of(report)
        ],
    }  # fmt: skip


def _body(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in _SHARED}


def _cuts(cuts: LandlordCuts, stack: Stack) -> dict[str, Any]:
    return {
        "days": days(cuts.days), "horizon": day(cuts.horizon), "floor": number(cuts.floor), "left_out": cuts.left_out,
        "single": [cut_json(cut, cuts, stack) for cut in cuts.cuts if len(cut.members) == 1],
    }  # fmt: skip


def cut_json(cut: LandlordCut, cuts: LandlordCuts, stack: Stack) -> dict[str, Any]:
    """What goes out without one landlord alone; one of its answers."""
    one = cuts.landlords[cut.members[0]]
    first = min((out for out in cut.outs if out.worst), key=lambda out: out.worst[0][0], default=None)
    return {
        "type": one.kind, "id": one.id, "name": one.name or say("whole_report.everything_foreign"),
        "country": one.country, "sources": one.sources,
        "flags": list(one.flags), "mission": {"low": numbers(cut.low), "high": numbers(cut.high)}, "out": len(cut.outs),
        "first": None if first is None else stack.items[first.item].id,
        "first_day": None if first is None else day(first.worst[0][0]),
    }  # fmt: skip


def _step(step: FirstStep) -> dict[str, Any]:
    return {
        "options": [{"id": one.id, "name": one.name} for one in step.options],
        "cost_once": number(step.cost_once), "cost_year": number(step.cost_year), "currency": step.currency,
        "takes": day(step.days), "days": days(step.asked), "before": interval(step.before), "after": interval(step.after),
        "best_day": day(step.asked[step.best_day]), "tried": step.tried, "of": step.of,
    }  # fmt: skip


def _drill(one: Drill) -> dict[str, Any]:
    said = one.prediction
    return {
        "started": one.run.started, "command": list(one.command), "cut": one.said, "verdict": one.verdict.name,
        "predicted": None if said is None else {
            "item": said.item, "low": number(said.low), "high": number(said.high), "up": said.up, "agrees": said.agrees,
        },
    }  # fmt: skip
