"""``partners`` for programs. Owns the JSON form of what trust is worth, and its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freehold.report.json import envelope
from freehold.report.json_values import days, interval
from freehold.report.schema_forms import AMOUNT, COUNT, FLAG, LEVELS, NAME, Schema, list_of, object_of

if TYPE_CHECKING:
    from freehold.measure.partners import Partner, PartnersAnswer
    from freehold.report.answers import Context

__all__ = ["PARTNERS_SCHEMAS", "partners_json"]

_PARTNER: Final = {"type": {"enum": ["country", "group", "provider"]}, "id": NAME, "sources": COUNT}

PARTNERS_SCHEMAS: Final[dict[str, dict[str, Schema]]] = {
    "partners": {
        "days": list_of(AMOUNT, minItems=1),
        "self_reliance": LEVELS,
        "gained": list_of(object_of(_PARTNER | {"gained": LEVELS})),
        "lost": list_of(object_of(_PARTNER | {"lost": LEVELS})),
        "together": list_of(object_of({"countries": list_of(NAME, minItems=1), "gained": LEVELS, "proven": FLAG})),
        "left_out": COUNT,
    }
}
"""What the answer adds to the envelope."""


def partners_json(answer: PartnersAnswer, context: Context) -> dict[str, Any]:
    """``partners``: per country or provider, self-reliance gained if trusted, lost if no longer, on each day."""
    return envelope("partners", context) | {
        "days": days(answer.days),
        "self_reliance": interval(answer.self_reliance),
        "gained": [_partner(one) | {"gained": interval(one.change)} for one in answer.gained],
        "lost": [_partner(one) | {"lost": interval(one.change)} for one in answer.lost],
        "together": [
            {"countries": list(one.countries), "gained": interval(one.gained), "proven": one.proven} for one in answer.together
        ],
        "left_out": answer.left_out,
    }


def _partner(one: Partner) -> dict[str, Any]:
    return {"type": one.type, "id": one.id, "sources": one.sources}
