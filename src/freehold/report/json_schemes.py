"""``schemes`` for programs. Owns the JSON form of schemes and of scores, and its schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from freehold.report.json import envelope
from freehold.report.json_values import number
from freehold.report.lift_blocks import LIFT_SCHEMA, lift_json
from freehold.report.schema_forms import COUNT, FLAG, NAME, TEXT, Schema, list_of, object_of, or_null
from freehold.report.scheme_words import factors_of
from freehold.schemes.scheme_values import Basis, SchemeKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freehold.report.answers import Context
    from freehold.report.scheme_answers import SchemeShown, SchemesKnown, ScoresAnswer
    from freehold.schemes.interface import Measured
    from freehold.schemes.scheme_values import Answered, Choice, Factor, Objective, Scheme, Score

__all__ = ["SCHEMES_SCHEMAS", "known_json", "score_json", "scores_json", "shown_json"]

_KIND: Final[Schema] = {"enum": list(get_args(SchemeKind))}
_PERCENT: Final[Schema] = {"type": "number", "minimum": 0}
"""May be over 100 where a divisor is smaller than the points that there are."""
_NUMBER: Final[Schema] = {"type": ["number", "null"]}
_RANGE: Final = object_of({"low": _NUMBER, "high": _NUMBER})
_PERCENTS: Final = object_of({"low": _PERCENT, "high": _PERCENT})
_LEVELS: Final = object_of({"low": COUNT, "high": COUNT})
_COUNTS: Final = object_of({"low": COUNT, "high": COUNT})
_LETTER: Final[Schema] = {"type": "string", "pattern": "^[a-z]$"}
_LETTERS: Final = list_of(_LETTER)
_NAMES: Final = list_of(NAME)
_WHEN: Final = list_of(_RANGE)

_REFERENCE: Final = object_of({"title": NAME, "publisher": NAME, "url": NAME, "date": NAME})
_LEVEL_NAME: Final = object_of(
    {"level": COUNT, "name": NAME, "meaning": TEXT, "by_objective": {"type": "object", "additionalProperties": TEXT}}
)
_GATE: Final[Schema] = {"type": "object", "additionalProperties": COUNT}
_CHOICE: Final = object_of(
    {"letter": _LETTER, "label": NAME, "points": or_null(_PERCENT), "level": or_null(COUNT), "when": _WHEN}
)
_PARAMETER: Final[Schema] = {"type": ["string", "number", "boolean", "array"]}
_FROM_STACK: Final = object_of({"measure": NAME, "parameters": {"type": "object", "additionalProperties": _PARAMETER}})
_FACTOR: Final = object_of(
    {"id": NAME, "title": NAME, "ask": TEXT, "note": TEXT, "from_stack": or_null(_FROM_STACK), "choices": list_of(_CHOICE)}
)
_HEAD: Final[dict[str, Schema]] = {
    "id": NAME, "title": NAME, "version": NAME, "kind": _KIND, "status": TEXT, "region": or_null(NAME),
    "references": list_of(_REFERENCE, minItems=1), "doubts": _NAMES,
}  # fmt: skip
_FACT: Final = object_of({"table": NAME, "id": NAME, "attribute": TEXT, "told": TEXT})
_ANSWER: Final = object_of(
    {
        "factor": NAME, "objective": NAME, "title": NAME, "letters": _LETTERS, "basis": {"enum": list(get_args(Basis))},
        "level_range": or_null(_LEVELS), "measured": or_null(_RANGE), "told": TEXT, "unknowns": COUNT,
        "facts": list_of(_FACT), "stack_says": _LETTERS, "contradicted": FLAG, "ask": NAME,
    }
)  # fmt: skip
_OBJECTIVE: Final = object_of(
    {
        "id": NAME, "title": NAME, "weight": or_null(_PERCENT), "percent": or_null(_PERCENT),
        "percent_range": or_null(_PERCENTS), "level": or_null(COUNT), "level_range": or_null(_LEVELS), "holding": _NAMES,
    }
)  # fmt: skip
_FIGURE: Final = object_of(
    {
        "id": NAME, "title": NAME, "amount": or_null(_RANGE), "numerator": or_null(_RANGE), "denominator": or_null(_RANGE),
        "unit": TEXT, "letters": _LETTERS, "told": TEXT,
    }
)  # fmt: skip
_GRADE: Final = object_of({"grade": _LETTER, "label": NAME, "components": _COUNTS})
_SCORE: Final[dict[str, Schema]] = {
    "scheme": object_of(_HEAD),
    "score": or_null(_PERCENT),
    "score_range": or_null(_PERCENTS),
    "unweighted": or_null(_PERCENT),
    "unweighted_range": or_null(_PERCENTS),
    "level": or_null(COUNT),
    "level_range": or_null(_LEVELS),
    "level_name": or_null(NAME),
    "objectives": list_of(_OBJECTIVE, minItems=1),
    "answers": list_of(_ANSWER, minItems=1),
    "answered": object_of({"stack": COUNT, "person": COUNT, "unanswered": COUNT}),
    "gate": object_of({"least": _GATE, "rejected": _NAMES, "perhaps": _NAMES}),
    "divisor": or_null(_PERCENT),
    "region": object_of({"of_scheme": or_null(NAME), "countries": _NAMES}),
    "grades": list_of(_GRADE),
    "components": list_of(object_of({"id": NAME, "grades": _LETTERS})),
    "figures": list_of(_FIGURE),
}

SCHEMES_SCHEMAS: Final[dict[str, dict[str, Schema]]] = {
    "schemes list": {
        "schemes": list_of(object_of(_HEAD | {"objectives": COUNT, "factors": COUNT, "from_stack": COUNT, "levels": COUNT})),
    },
    "schemes show": {
        "scheme": object_of(_HEAD),
        "levels": list_of(_LEVEL_NAME),
        "gate": _GATE,
        "objectives": list_of(
            object_of({"id": NAME, "title": NAME, "weight": or_null(_PERCENT), "factors": list_of(_FACTOR, minItems=1)}),
            minItems=1,
        ),
    },
    "schemes score": _SCORE | {"schemes": list_of(object_of(_SCORE), minItems=1), "lift": or_null(LIFT_SCHEMA)},
}
"""What each answer adds to the envelope."""


def known_json(answer: SchemesKnown, context: Context) -> dict[str, Any]:
    """``schemes list``: every scheme in short."""
    return envelope("schemes list", context) | {"schemes": [_known(scheme) for scheme in answer.schemes]}


def _known(scheme: Scheme) -> dict[str, Any]:
    factors = factors_of(scheme).values()
    return _head(scheme) | {
        "objectives": len(scheme.objectives), "factors": len(factors),
        "from_stack": sum(factor.from_stack is not None for factor in factors), "levels": len(scheme.levels),
    }  # fmt: skip


def _head(scheme: Scheme) -> dict[str, Any]:
    references = [
        {"title": one.title, "publisher": one.publisher, "url": one.url, "date": one.date} for one in scheme.references
    ]
    return {
        "id": scheme.id, "title": scheme.title, "version": scheme.version, "kind": scheme.kind, "status": scheme.status,
        "region": scheme.region or None, "references": references, "doubts": list(scheme.doubts),
    }  # fmt: skip


def shown_json(answer: SchemeShown, context: Context) -> dict[str, Any]:
    """``schemes show``: all that a scheme asks."""
    scheme = answer.scheme
    return envelope("schemes show", context) | {
        "scheme": _head(scheme),
        "levels": [
            {"level": one.level, "name": one.name, "meaning": one.meaning, "by_objective": dict(one.by_objective)}
            for one in scheme.levels
        ],
        "gate": dict(scheme.gate),
        "objectives": [_objective(one, scheme) for one in scheme.objectives],
    }


def _objective(one: Objective, scheme: Scheme) -> dict[str, Any]:
    counted = scheme.kind in ("points", "criteria")
    factors = [_factor(factor, scheme) for factor in one.factors]
    return {"id": one.id, "title": one.title, "weight": number(one.weight) if counted else None, "factors": factors}


def _factor(factor: Factor, scheme: Scheme) -> dict[str, Any]:
    stack = factor.from_stack
    parameters = {} if stack is None else {
        name: list(value) if isinstance(value, tuple) else value for name, value in stack.parameters.items()
    }  # fmt: skip
    return {
        "id": factor.id, "title": factor.title, "ask": factor.ask, "note": factor.note,
        "from_stack": None if stack is None else {"measure": stack.measure, "parameters": parameters},
        "choices": [_choice(choice, scheme) for choice in factor.choices],
    }  # fmt: skip


def _choice(choice: Choice, scheme: Scheme) -> dict[str, Any]:
    counted = scheme.kind in ("points", "criteria")
    return {
        "letter": choice.letter, "label": choice.label, "points": number(choice.points) if counted else None,
        "level": choice.level if scheme.levels else None, "when": [_bounds(one) for one in choice.when],
    }  # fmt: skip


def scores_json(answer: ScoresAnswer, context: Context) -> dict[str, Any]:
    """``schemes score``: the first scheme's result, and all of them side by side."""
    scores = [score_json(score) for score in answer.scores]
    lift = None if answer.lift is None else lift_json(answer.lift)
    return envelope("schemes score", context) | scores[0] | {"schemes": scores, "lift": lift}


def _bounds(pair: tuple[float, float] | None) -> dict[str, float | None] | None:
    return None if pair is None else {"low": number(pair[0]), "high": number(pair[1])}


def _levels(pair: tuple[int, int] | None) -> dict[str, int] | None:
    return None if pair is None else {"low": pair[0], "high": pair[1]}


def score_json(score: Score) -> dict[str, Any]:
    """One scheme's result, without an envelope.

    Parameters
    ----------
    score
        The result.
    """
    scheme, counted = score.scheme, score.score is not None
    factors = factors_of(scheme)
    homes = {factor.id: one.id for one in scheme.objectives for factor in one.factors}
    bases = [one.basis for one in score.answers]
    names = {one.level: one.name for one in scheme.levels}
    objectives = [
        {
            "id": one.id, "title": one.title, "weight": number(one.weight) if counted else None,
            "percent": number(one.percent[0]) if counted else None,
            "percent_range": _bounds(one.percent) if counted else None,
            "level": one.level[0] if one.level is not None else None, "level_range": _levels(one.level),
            "holding": list(one.holding),
        }
        for one in score.objectives
    ]  # fmt: skip
    return {
        "scheme": _head(scheme),
        "score": number(score.score[0]) if score.score is not None else None,
        "score_range": _bounds(score.score),
        "unweighted": number(score.unweighted[0]) if score.unweighted is not None else None,
        "unweighted_range": _bounds(score.unweighted),
        "level": score.level[0] if score.level is not None else None,
        "level_range": _levels(score.level),
        "level_name": names.get(score.level[0]) if score.level is not None else None,
        "objectives": objectives,
        "answers": [_answer(one, factors[one.factor], homes[one.factor]) for one in score.answers],
        "answered": {basis: bases.count(basis) for basis in get_args(Basis)},
        "gate": {"least": dict(score.gate), "rejected": list(score.rejected[0]), "perhaps": list(score.rejected[1])},
        "divisor": number(score.divisor) if score.divisor is not None else None,
        "region": {"of_scheme": scheme.region or None, "countries": list(score.region)},
        "grades": _grades(score, factors),
        "components": _components(score),
        "figures": [_figure(one, factors[one.factor]) for one in score.answers] if scheme.kind == "figures" else [],
    }


def _answer(one: Answered, factor: Factor, objective: str) -> dict[str, Any]:
    measured = one.measured
    levels = [choice.level for choice in factor.choices if choice.letter in one.letters]
    facts = measured.facts if measured is not None else ()
    return {
        "factor": one.factor, "objective": objective, "title": factor.title, "letters": list(one.letters), "basis": one.basis,
        "level_range": _levels((min(levels), max(levels))) if levels else None,
        "measured": _bounds((measured.low, measured.high)) if measured is not None else None,
        "told": measured.told if measured is not None else "", "unknowns": measured.unknowns if measured is not None else 0,
        "facts": [{"table": fact.table, "id": fact.id, "attribute": fact.attribute, "told": fact.told} for fact in facts],
        "stack_says": list(one.stack_says), "contradicted": one.contradicted, "ask": factor.ask or factor.title,
    }  # fmt: skip


def _grades(score: Score, factors: Mapping[str, Factor]) -> list[dict[str, Any]]:
    if not score.grades:
        return []
    labels = {choice.letter: choice.label for choice in next(iter(factors.values())).choices}
    return [
        {"grade": letter, "label": labels[letter], "components": _levels(bounds)} for letter, bounds in score.grades.items()
    ]


def _components(score: Score) -> list[dict[str, Any]]:
    if not score.grades:
        return []
    from freehold.schemes.scoring import possible

    choices = score.scheme.objectives[0].factors[0].choices
    measured = score.answers[0].measured
    parts = measured.parts if measured is not None else ()
    return [{"id": part.id, "grades": list(possible(choices, part.low, part.high))} for part in parts]


def _figure(one: Answered, factor: Factor) -> dict[str, Any]:
    measured: Measured | None = one.measured
    letters = [] if one.basis == "unanswered" else list(one.letters)
    head = {"id": factor.id, "title": factor.title}
    if measured is None:
        return head | {"amount": None, "numerator": None, "denominator": None, "unit": "", "letters": letters, "told": ""}
    return head | {
        "amount": _bounds((measured.low, measured.high)), "numerator": _bounds(measured.numerator),
        "denominator": _bounds(measured.denominator), "unit": measured.unit, "letters": letters, "told": measured.told,
    }  # fmt: skip
