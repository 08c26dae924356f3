"""``reach`` for programs. Owns the JSON form of a blast radius, its acts and its levels."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from freehold.report.json import envelope
from freehold.report.json_values import bounds, day, days, interval, number, worth

if TYPE_CHECKING:
    from freehold.report.answers import Context, ReachAnswer
    from freehold.watch.levels import LevelRange

__all__ = ["reach_json"]


def reach_json(answer: ReachAnswer, context: Context) -> dict[str, Any]:
    """``reach``: where the loss is, what stops, what takes over, the best acts, and the level with what it rests on."""
    radius, acts, cut = answer.radius, answer.acts, answer.radius.place.cut
    return envelope("reach", context) | {
        "cutoff": None if cut is None else cut.as_data(),
        "place_known": radius.place.is_known,
        "ties": [
            {
                "label": one.label, "value": one.value, "selectors": dict(one.selectors), "by": one.by,
                "confidence": one.confidence,
            }
            for one in radius.place.ties
        ],
        "untied": [asdict(one) | {"nearest": list(one.nearest)} for one in radius.place.untied],
        "days": days(radius.days),
        "floor": number(radius.floor),
        "mission_rule": radius.mission_rule,
        "before": bounds(radius.before),
        "mission": interval(radius.mission),
        "first_stop": _pair(radius.first_stop),
        "mission_stop": _pair(radius.mission_stops),
        "stops": [
            {
                "id": one.item, "name": one.name, "kind": one.kind, "tags": list(one.tags), "stops_low": day(one.low),
                "stops_high": day(one.high), "serves": list(one.serves), "served": one.served,
            }
            for one in radius.stops
        ],
        "down_before": list(radius.down_before),
        "lowered": list(radius.lowered),
        "takes_over": [
            {
                "source": one.source, "item": one.item, "day": {"low": day(one.day_low), "high": day(one.day_high)},
                "capacity": bounds((one.capacity_low, one.capacity_high)), "rests_on": list(one.rests_on),
            }
            for one in radius.takes_over
        ],
        "lost": bounds(acts.lost),
        "acts": [
            {
                "act": one.kind, "item": one.item, "source": one.source, "ready": _pair(one.ready), "saved": bounds(one.saved),
                "saved_on": [{"day": day(at), "low": number(low), "high": number(high)} for at, low, high in one.saved_on],
            }
            for one in acts.acts
        ],
        "acts_considered": acts.considered,
        "acts_tried": acts.tried,
        "acts_exact": acts.is_exact,
        "learn_first": [worth(one) for one in answer.learn],
        "facts": [
            {
                "id": one.id, "low": number(one.low), "high": number(one.high), "source": one.source,
                "confidence": one.confidence,
            }
            for one in answer.facts
        ],
        "levels": [_level_range(one) for one in answer.levels],
    }  # fmt: skip


def _level_range(one: LevelRange) -> dict[str, Any]:
    asked = one.question
    question = None if asked is None else {
        "fact": asked.fact, "text": asked.text,
        "outcomes": [{"low": low.word, "high": high.word} for low, high in asked.outcomes],
    }  # fmt: skip
    return {
        "criteria": one.criteria, "version": one.version, "low": one.low.word, "high": one.high.word,
        "confirmed": one.is_confirmed, "missing": list(one.missing), "assumed": list(one.assumed), "question": question,
    }  # fmt: skip


def _pair(days: tuple[float | None, float | None]) -> dict[str, float | int | None]:
    return {"low": day(days[0]), "high": day(days[1])}
