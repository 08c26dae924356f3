"""Answers about schemes for the tests of pages and of JSON: one of each kind of scheme, measured by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from freehold.report.scheme_answers import SchemeShown, SchemesKnown, ScoresAnswer
from freehold.schemes.interface import Asked, Fact, Measured, Parameter, Part
from freehold.schemes.scheme_values import Choice, Factor, FromStack, LevelName, Objective, Reference, Scheme
from freehold.schemes.scoring import score
from freehold.stack.values import Stack

__all__ = ["CRITERIA", "FIGURES", "GRADES", "POINTS", "measured", "schemes_answers"]

_REFERENCE = (Reference("The scheme of the test", "Its publisher", "https://example.org/scheme", "2026-01-31"),)
_LEVELS = (LevelName(0, "none", "Nothing is held"), LevelName(1, "some", "Some is held"), LevelName(2, "all", "All is held"))
_PARTS = (Part("llm", 1, 1), Part("desk", 0, 1), Part("telemetry", 2, 2))


def _choices(*cells: tuple[str, float, int, tuple[tuple[float, float], ...]]) -> tuple[Choice, ...]:
    return tuple(Choice("abcdef"[place], *cell) for place, cell in enumerate(cells))


_OWNER = Factor(
    "O.1", "Who owns it",
    _choices(("outsiders", 0, 0, ((0, 0.4),)), ("both", 41.67, 1, ((0.4, 0.9),)), ("we", 83.34, 2, ((0.9, 1),))),
    FromStack("owner-inside", {"weighted": "mission"}), "Ask the owner: who owns you?", "The publication misspells it.",
)  # fmt: skip
_KEYS = Factor(
    "O.2", "Who holds the keys", _choices(("they", 0, 1, ()), ("we", 50, 2, ())), None, "Ask the keeper: who holds the keys?"
)
_PLACE = Factor(
    "P.1", "Where it runs", _choices(("abroad", 0, 0, ((0, 0.5),)), ("here", 10, 2, ((0.5, 1),))), FromStack("location-inside")
)

POINTS = Scheme(
    "points-2026", "Points of the test", "2026", "points", _REFERENCE,
    (Objective("O", "Owners and keys", 60.0, (_OWNER, _KEYS)), Objective("P", "Places", 40.0, (_PLACE,))),
    "in force", "EU", _LEVELS, {"O": 1}, ("Nobody saw the original.",),
)  # fmt: skip
CRITERIA = Scheme(
    "criteria-1", "Criteria of the test", "1", "criteria", _REFERENCE,
    (Objective("C", "Criteria", 100.0, tuple(replace(_KEYS, id=f"C.{place}") for place in (1, 2))),), "draft", "", _LEVELS,
)  # fmt: skip
GRADES = Scheme(
    "grades-1", "Grades of the test", "1", "grades", _REFERENCE,
    (
        Objective(
            "G", "Grades", 0.0,
            (
                Factor(
                    "grade", "What can be taken away",
                    _choices(("nothing", 0, 0, ((2, 2),)), ("something", 0, 0, ((1, 1),)), ("everything", 0, 0, ((0, 0),))),
                    FromStack("grade"),
                ),
            ),
        ),
    ),
)  # fmt: skip
FIGURES = Scheme(
    "figures-1", "Figures of the test", "1", "figures", _REFERENCE,
    (
        Objective(
            "F", "Ratios", 0.0,
            (
                Factor("F.1", "Made here", (), FromStack("ratio")),
                Factor(
                    "F.2", "Local content", _choices(("class I", 0, 0, ((0.5, 1),)), ("none", 0, 0, ((0, 0.5),))),
                    FromStack("content"),
                ),
                Factor("F.3", "Of the world", (), FromStack("nothing"), "Ask a statistician: how large is the world's market?"),
            ),
        ),
    ),
)  # fmt: skip


def _told(low: float, high: float, told: str, **more: Any) -> Any:
    def measure(_asked: Asked, _parameters: Mapping[str, Parameter]) -> Measured:
        return Measured(low, high, told, **more)

    return measure


measured: Mapping[str, Any] = {
    "owner-inside": _told(
        0.5,
        0.6,
        "50 to 60 % of the mission belongs to owners inside",
        facts=(Fact("providers", "openai", "country", "US"),),
        unknowns=1,
    ),
    "location-inside": _told(1, 1, "all of it runs here", facts=(Fact("sources", "llm@openai", "location", "here"),)),
    "grade": _told(0, 2, "3 components", parts=_PARTS),
    "ratio": _told(0.159, 0.159, "22.7 of 143.4 bn USD", numerator=(22.7, 22.7), denominator=(143.4, 143.4), unit="bn USD"),
    "content": _told(0.4, 0.7, "40 to 70 % of the price", numerator=(40, 70), denominator=(100, 100), unit="EUR"),
    "nothing": lambda _asked, _parameters: None,
}


@cache
def schemes_answers() -> dict[str, Any]:
    """An answer of each action."""
    asked = Asked(Stack(home="DE"), region=("DE", "FR"))
    scores = tuple(
        score(one, asked, {"P.1": "a"} if one is POINTS else None, measures=measured)
        for one in (POINTS, CRITERIA, GRADES, FIGURES)
    )
    return {
        "schemes list": SchemesKnown((POINTS, CRITERIA, GRADES, FIGURES)),
        "schemes show": SchemeShown(POINTS),
        "schemes score": ScoresAnswer(scores),
    }
