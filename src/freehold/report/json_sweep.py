"""``sweep`` for programs. Owns the JSON form of its two answers, and their schemas; neither holds a time that was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freehold.measure.sample_statistics import HISTOGRAM_BINS, QUANTILES
from freehold.report.json import envelope
from freehold.report.json_values import bounds, day, days, interval, number
from freehold.report.schema_forms import (
    AMOUNT,
    COUNT,
    CUTOFF,
    LEVEL,
    LEVELS,
    NAME,
    Schema,
    list_of,
    object_of,
    or_null,
)

if TYPE_CHECKING:
    from freehold.measure.sample_statistics import Estimate, Spread
    from freehold.measure.sweep import SweepAnswer
    from freehold.measure.sweep_outlook import DaySpread, OutlookAnswer
    from freehold.measure.uncertain import Draw
    from freehold.report.answers import Context

__all__ = ["SWEEP_SCHEMAS", "samples_json", "sweep_json"]

_ERRORS: Final = object_of({"low": or_null(AMOUNT), "high": or_null(AMOUNT)})
_ESTIMATED: Final = object_of({"low": LEVEL, "high": LEVEL, "error": _ERRORS})
_ESTIMATE: Final = object_of({"value": LEVEL, "error": or_null(AMOUNT)})
_COUNTS: Final = list_of(COUNT, minItems=HISTOGRAM_BINS, maxItems=HISTOGRAM_BINS)
_DRAW: Final = object_of(
    {
        "choices": or_null(list_of({})), "odds": or_null(list_of(LEVEL)),
        "range": or_null(list_of({"type": "number"}, minItems=2, maxItems=2)), "keep": LEVEL,
    }
)  # fmt: skip

SWEEP_SCHEMAS: Final[dict[str, dict[str, Schema]]] = {
    "sweep": {
        "days": list_of(AMOUNT, minItems=1),
        "floor": LEVEL,
        "day": AMOUNT,
        "mission_rule": NAME,
        "cutoffs": list_of(
            object_of({"cutoff": CUTOFF, "mission": LEVELS, "stopped": object_of({"low": COUNT, "high": COUNT})})
        ),
    },
    "sweep samples": {
        "cutoff": or_null(CUTOFF),
        "days": list_of(AMOUNT, minItems=1),
        "day": AMOUNT,
        "floor": LEVEL,
        "mission_rule": NAME,
        "samples": COUNT,
        "seed": COUNT,
        "confidence": LEVEL,
        "common_factor": LEVEL,
        "not_drawn": COUNT,
        "distribution": list_of(
            object_of(
                {
                    "day": AMOUNT, "mean": _ESTIMATED, "deviation": object_of({"low": AMOUNT, "high": AMOUNT}),
                    "quantiles": list_of(object_of({"at": LEVEL, "low": LEVEL, "high": LEVEL})),
                    "histogram": object_of({"low": _COUNTS, "high": _COUNTS}), "under_floor": _ESTIMATED,
                    "value_at_risk": _ESTIMATED, "expected_shortfall": _ESTIMATED,
                }
            )
        ),
        "learn": list_of(
            object_of(
                {
                    "table": NAME, "id": NAME, "attribute": NAME, "why": {"enum": ["unknown", "claim", "stated"]},
                    "drawn_from": _DRAW, "share_of_variance": _ESTIMATE, "decision": _ESTIMATE,
                }
            )
        ),
        "losses": list_of(
            object_of(
                {
                    "type": {"enum": ["provider", "country"]}, "id": NAME, "probability": LEVEL, "came": COUNT,
                    "share_of_variance": _ESTIMATE,
                }
            )
        ),
    },
}  # fmt: skip
"""What the answers add to the envelope."""


def sweep_json(answer: SweepAnswer, context: Context) -> dict[str, Any]:
    """``sweep`` over cut-offs: each with the mission's level, worst first."""
    return envelope("sweep", context) | {
        "days": days(answer.days),
        "floor": number(answer.floor),
        "day": day(answer.day),
        "mission_rule": answer.mission_rule,
        "cutoffs": [
            {
                "cutoff": one.cutoff.as_data(), "mission": interval(one.mission),
                "stopped": {"low": one.stopped_low, "high": one.stopped_high},
            }
            for one in answer.swept
        ],
    }  # fmt: skip


def samples_json(answer: OutlookAnswer, context: Context) -> dict[str, Any]:
    """``sweep --samples``: the distribution of the mission's level, and what knowing a fact is worth."""
    return envelope("sweep samples", context) | {
        "cutoff": answer.cutoff.as_data() if answer.cutoff.rules else None,
        "days": days(answer.days),
        "day": day(answer.day),
        "floor": number(answer.floor),
        "mission_rule": answer.mission_rule,
        "samples": answer.samples,
        "seed": answer.seed,
        "confidence": number(answer.confidence),
        "common_factor": number(answer.common),
        "not_drawn": answer.left,
        "distribution": [_distribution(one) for one in answer.spreads],
        "learn": [
            {
                "table": one.fact.table, "id": one.fact.id, "attribute": one.fact.attribute, "why": one.fact.why,
                "drawn_from": _draw(one.fact.draw), "share_of_variance": _estimate(one.worth.share),
                "decision": _estimate(one.worth.decision),
            }
            for one in answer.drivers
        ],
        "losses": [
            {
                "type": one.event.selector, "id": one.event.id, "probability": number(one.event.probability),
                "came": one.came, "share_of_variance": _estimate(one.share),
            }
            for one in answer.lost
        ],
    }  # fmt: skip


def _estimate(one: Estimate) -> dict[str, float | None]:
    return {"value": number(one.value), "error": one.error}


def _both(low: Estimate, high: Estimate) -> dict[str, Any]:
    return {**bounds((low.value, high.value)), "error": {"low": low.error, "high": high.error}}


def _ordered(low: Estimate, high: Estimate) -> dict[str, Any]:
    """A loss: the worse side loses more, and bounds stand from the lesser to the greater."""
    return _both(high, low)


def _distribution(one: DaySpread) -> dict[str, Any]:
    low, high = one.low, one.high
    return {
        "day": day(one.day),
        "mean": _both(low.mean, high.mean),
        "deviation": {"low": low.deviation, "high": high.deviation},
        "quantiles": [
            {"at": at, "low": number(below), "high": number(above)}
            for at, below, above in zip(QUANTILES, low.quantiles, high.quantiles, strict=True)
        ],
        "histogram": {"low": _counts(low), "high": _counts(high)},
        "under_floor": _ordered(low.under_floor, high.under_floor),
        "value_at_risk": _ordered(low.at_risk, high.at_risk),
        "expected_shortfall": _ordered(low.shortfall, high.shortfall),
    }


def _counts(side: Spread) -> list[int]:
    return list(side.histogram)


def _draw(draw: Draw) -> dict[str, Any]:
    choices = [list(one) if isinstance(one, tuple) else one for one in draw.choices]
    return {
        "choices": choices or None, "odds": [number(one) for one in draw.odds] or None,
        "range": None if choices else [draw.low, draw.high], "keep": number(draw.keep),
    }  # fmt: skip
