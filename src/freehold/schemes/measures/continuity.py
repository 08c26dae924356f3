"""What is left of the mission when everything outside is cut off, and for how long. Owns those measures."""

from __future__ import annotations

from typing import Final

from freehold.measure.case import HIGH
from freehold.measure.mission import Mission
from freehold.measure.mission_curve import MissionCurve
from freehold.network.arrays import TOLERANCE
from freehold.schemes.interface import Fact, Measured
from freehold.schemes.measures.parameters import VIA, WITHIN, Accepted, Settings
from freehold.schemes.measures.selection import MOST_FACTS
from freehold.schemes.measures.survey import Survey
from freehold.stack.cutoff import WAYS
from freehold.words import day, interval, percent, say

__all__ = ["ACCEPTED_OF_DAYS", "ACCEPTED_OF_LEVEL", "days_to_stop", "endurance", "level_when_cut"]

_HORIZON: Final = Accepted("number", 1095.0, "Last day that is looked at.", low=1.0, high=36_500.0)
_FLOOR: Final = Accepted("number", 0.5, "Level of the mission under which it has stopped.", low=1e-6, high=1.0)
_OF: Final = Accepted("choice", "mission", "What must be kept alive, or what must be kept changeable.", ("mission", "change"))
ACCEPTED_OF_LEVEL: Final = {
    "of": _OF, "within": WITHIN, "via": VIA,
    "day": Accepted("number", 30.0, "The day of the level; the least level up to it counts.", high=36_500.0),
}  # fmt: skip
ACCEPTED_OF_DAYS: Final = {"of": _OF, "within": WITHIN, "via": VIA, "horizon": _HORIZON, "floor": _FLOOR}


def level_when_cut(survey: Survey, settings: Settings) -> Measured | None:
    """The least level of the mission up to a day after everything outside is cut off."""
    curves = _curves(survey, settings, settings.number("day"))
    if curves is None:
        return None
    low, high = (_rounded(curve.least(settings.number("day"))) for curve in curves)
    told = say(
        "measured.level_when_cut", level=interval(low, high), day=day(settings.number("day")), **_named(survey, settings)
    )
    return _measured(survey, settings, low, high, told)


def days_to_stop(survey: Survey, settings: Settings) -> Measured | None:
    """Days from the cut-off until the mission is first under the floor; the horizon if it never is."""
    horizon, floor = settings.number("horizon"), settings.number("floor")
    curves = _curves(survey, settings, horizon)
    if curves is None:
        return None
    low, high = (_first_under(curve, floor, horizon) for curve in curves)
    told = say(
        "measured.days_to_stop", days=_days(low, high), floor=percent(floor), horizon=day(horizon), **_named(survey, settings)
    )
    return _measured(survey, settings, low, high, told)


def endurance(survey: Survey, settings: Settings) -> Measured | None:
    """How the mission fares after everything outside is cut off, on a scale from 0 to 1.

    Under the floor on the last day: half the part of the horizon after which it is first under it, so that 0 is a stop at
    once. At or over the floor on the last day: 0.5 and half of its least level on the way, so that 1 never falls at all.
    """
    horizon, floor = settings.number("horizon"), settings.number("floor")
    curves = _curves(survey, settings, horizon)
    if curves is None:
        return None
    low, high = (_endurance(curve, floor, horizon) for curve in curves)
    told = say(
        "measured.endurance",
        first=_days(*(_first_under(curve, floor, horizon) for curve in curves)),
        end=interval(*(_rounded(curve.on(horizon)) for curve in curves)),
        least=interval(*(_rounded(curve.least(horizon)) for curve in curves)),
        floor=percent(floor), horizon=day(horizon), **_named(survey, settings),
    )  # fmt: skip
    return _measured(survey, settings, low, high, told)


def _rounded(value: float) -> float:
    return 1.0 if value >= 1 - TOLERANCE else round(max(0.0, value), 12)


def _first_under(curve: MissionCurve, floor: float, horizon: float) -> float:
    under = [float(start) for start, level in zip(curve.days, curve.levels, strict=True) if level < floor - TOLERANCE]
    return min([*under[:1], horizon])


def _endurance(curve: MissionCurve, floor: float, horizon: float) -> float:
    if curve.on(horizon) >= floor - TOLERANCE:
        return 0.5 + _rounded(curve.least(horizon)) / 2
    return 0.5 * _first_under(curve, floor, horizon) / horizon


def _days(low: float, high: float) -> str:
    return day(low) if abs(high - low) < TOLERANCE else say("measured.low_to_high", low=day(low), high=day(high))


def _via(settings: Settings) -> tuple[str, ...]:
    return settings.texts("via") or WAYS


def _named(survey: Survey, settings: Settings) -> dict[str, str]:
    return {"region": survey.named(settings.text("within")), "of": say(f"measured.of_{settings.text('of')}")}


def _curves(survey: Survey, settings: Settings, horizon: float) -> tuple[MissionCurve, MissionCurve] | None:
    purpose = survey.purpose(settings.text("of"))
    # a cut-off of what is foreign is asked of a home
    if not survey.stack.home or purpose is None:
        return None
    return survey.curves(purpose, settings.text("within"), _via(settings), horizon)


def _measured(survey: Survey, settings: Settings, low: float, high: float, told: str) -> Measured:
    purpose, within, via = survey.purpose(settings.text("of")), settings.text("within"), _via(settings)
    assert purpose is not None
    unknowns = survey.unknown_under(purpose, within, via)
    return Measured(low, high, told, _facts(survey, purpose, within, via), unknowns)


def _facts(survey: Survey, purpose: Mission, within: str, via: tuple[str, ...]) -> tuple[Fact, ...]:
    """Sources outside that the purpose rests on, those that surely are first."""
    case, insides = survey.case(within), survey.insides(within, via)
    cone = case.cone([*purpose.weights, *purpose.doubtful], voids=False)
    used = [supply for supply in cone if case.supplies[supply].filled.share[HIGH] > 0]
    ordered = [*(one for one in used if insides[one] is False), *(one for one in used if insides[one] is None)]
    facts = []
    for supply in ordered[:MOST_FACTS]:
        source, item = survey.source(supply), survey.stack.items[case.supplies[supply].item]
        told = say("measured.cut_surely" if insides[supply] is False else "measured.cut_perhaps", item=item.name or item.id)
        facts.append(Fact("items", item.id, "", told) if source is None else Fact("sources", source.id, "", told))
    return tuple(facts)
