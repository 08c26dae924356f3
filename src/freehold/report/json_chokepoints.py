"""``chokepoints`` for programs. Owns the JSON form of single losses, cut sets and importances, and its schema.

The form does not change from run to run: how long a search took stands in it only where time ended the search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freehold.report.cut_sentences import cut_sentence
from freehold.report.json import envelope
from freehold.report.json_values import bounds, day, days, interval, number
from freehold.report.schema_forms import AMOUNT, BOUNDS, COUNT, FLAG, LEVEL, NAME, Schema, list_of, object_of, or_null

if TYPE_CHECKING:
    from freehold.measure.chokepoint_values import CutSet, Importance, Single
    from freehold.measure.cut_reason import CutReason
    from freehold.report.answers import Context, ExplainedChokepoints

__all__ = ["CHOKEPOINTS_SCHEMAS", "chokepoints_json"]


def chokepoints_json(explained: ExplainedChokepoints, context: Context) -> dict[str, Any]:
    """``chokepoints``: single losses, minimal cut sets with their sentences, counts, probability and importances."""
    answer = explained.answer
    largest = max(answer.counts, default=0)
    cheapest = None
    if answer.cheapest is not None:
        cut, weight = answer.cheapest
        cheapest = {"weight": number(weight), "bound": number(answer.cheapest_bound or 0.0)}
        cheapest |= _cut_set(cut, explained.cheapest, context)
    return envelope("chokepoints", context) | {
        "target": answer.target,
        "of": answer.of,
        "order": explained.order,
        "day": day(answer.day),
        "days": days(answer.days),
        "floor": number(answer.floor),
        "before": bounds(answer.before),
        "is_down": answer.is_down,
        "single": [_single(one) for one in answer.single],
        "left_out": answer.left_out,
        "cut_sets": [_cut_set(cut, why, context) for cut, why in zip(answer.cut_sets, explained.reasons, strict=True)],
        "counts": {str(order): count for order, count in sorted(answer.counts.items())},
        "complete": answer.complete_to is None,
        "complete_to_order": max(explained.order, largest) if answer.complete_to is None else answer.complete_to,
        "total": answer.total,
        "stopped": answer.stopped,
        "seconds": None if answer.stopped is None else round(answer.seconds, 3),
        "probability": None if answer.probability is None else number(answer.probability),
        "probability_exact": None if answer.probability is None else answer.is_probability_exact,
        "importance": [_importance(one) for one in answer.importance],
        "cheapest": cheapest,
        "engine": answer.engine,
        "levels_because": answer.why_not_boolean,
    }


def _single(one: Single) -> dict[str, Any]:
    least, most = one.stops
    return {
        "type": one.member.type, "id": one.member.id, "loss": bounds(one.at_day), "stops": most,
        "stops_range": {"low": least, "high": most}, "losses": interval(one.loss), "first_stop": day(one.first_stop),
    }  # fmt: skip


def _cut_set(cut: CutSet, why: CutReason | None, context: Context) -> dict[str, Any]:
    told = None if why is None or context.stack is None else cut_sentence(why, cut.members, context.stack)
    return {
        "order": len(cut.members), "members": [member.id for member in cut.members], "stops_on": day(cut.stops_on),
        "probability": None if cut.probability is None else number(cut.probability), "explanation": told,
    }  # fmt: skip


def _importance(one: Importance) -> dict[str, Any]:
    measures = {
        "structural": one.structural, "birnbaum": one.birnbaum, "fussell_vesely": one.fussell_vesely,
        "diagnostic": one.diagnostic, "risk_achievement_worth": one.risk_achievement_worth,
        "risk_reduction_worth": one.risk_reduction_worth,
    }  # fmt: skip
    return {"type": one.member.type, "id": one.member.id} | {
        name: None if value is None else number(value) for name, value in measures.items()
    }


_LOSS: Final[Schema] = {"type": "number", "minimum": -1, "maximum": 1}
_GROUP: Final[Schema] = {"enum": ["item", "source", "leaf", "provider", "owner", "country"]}
_CUT_KEYS: Final[dict[str, Schema]] = {
    "order": {"type": "integer", "minimum": 1}, "members": list_of(NAME, minItems=1), "stops_on": or_null(AMOUNT),
    "probability": or_null(LEVEL), "explanation": or_null(NAME),
}  # fmt: skip

CHOKEPOINTS_SCHEMAS: Final[dict[str, dict[str, Schema]]] = {
    "chokepoints": {
        "target": or_null(NAME),
        "of": _GROUP,
        "order": {"type": "integer", "minimum": 1},
        "day": or_null(AMOUNT),
        "days": list_of(AMOUNT, minItems=1),
        "floor": LEVEL,
        "before": BOUNDS,
        "is_down": FLAG,
        "single": list_of(
            object_of(
                {
                    "type": _GROUP, "id": NAME, "loss": object_of({"low": _LOSS, "high": _LOSS}), "stops": COUNT,
                    "stops_range": object_of({"low": COUNT, "high": COUNT}),
                    "losses": object_of({"low": list_of(_LOSS, minItems=1), "high": list_of(_LOSS, minItems=1)}),
                    "first_stop": or_null(AMOUNT),
                }
            )
        ),
        "left_out": COUNT,
        "cut_sets": list_of(object_of(_CUT_KEYS)),
        "counts": {"type": "object", "additionalProperties": COUNT, "propertyNames": {"pattern": "^[1-9][0-9]*$"}},
        "complete": FLAG,
        "complete_to_order": COUNT,
        "total": or_null(COUNT),
        "stopped": or_null({"enum": ["time", "size"]}),
        "seconds": or_null(AMOUNT),
        "probability": or_null(LEVEL),
        "probability_exact": or_null(FLAG),
        "importance": list_of(
            object_of(
                {
                    "type": _GROUP, "id": NAME, "structural": LEVEL, "birnbaum": or_null(LEVEL),
                    "fussell_vesely": or_null(LEVEL), "diagnostic": or_null(LEVEL),
                    "risk_achievement_worth": or_null(AMOUNT), "risk_reduction_worth": or_null(AMOUNT),
                }
            )
        ),
        "cheapest": or_null(object_of({"weight": AMOUNT, "bound": AMOUNT} | _CUT_KEYS)),
        "engine": {"enum": ["diagram", "hitting set", "search"]},
        "levels_because": or_null(NAME),
    }
}  # fmt: skip
