"""``options`` for programs. Owns the JSON form of what can be proposed, and its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freehold.plan.option_values import Activate, Cover, MoreCapacity, NewQuality, Sooner, Spare
from freehold.report.json import envelope
from freehold.report.json_values import bounds, chance, day, number
from freehold.report.schema_forms import AMOUNT, BOUNDS, COUNT, LEVEL, NAME, TEXT, Schema, list_of, object_of, or_null
from freehold.stack.values import is_stated

if TYPE_CHECKING:
    from freehold.plan.option_values import Change, Option
    from freehold.plan.proposals import OpenItem, OptionsAnswer, Proposal
    from freehold.report.answers import Context
    from freehold.stack.control import Truth
    from freehold.stack.values import Maybe

__all__ = ["FOREIGN", "OPTIONS_SCHEMAS", "options_json"]

_NAMES: Final = list_of(NAME)
_CHANGE: Final = object_of(
    {
        "change": {"enum": ["activate", "cover", "capacity", "recover", "quality", "spare"]}, "source": NAME,
        "item": or_null(NAME), "value": or_null(AMOUNT),
    }
)  # fmt: skip
_OPTION: Final = object_of(
    {
        "id": NAME, "name": or_null(NAME), "origin": {"enum": ["stack", "file", "catalogue"]}, "changes": list_of(_CHANGE),
        "adds": object_of({"items": _NAMES, "sources": _NAMES}), "items": _NAMES, "providers": _NAMES,
        "foreign": {"enum": ["yes", "perhaps", "no"]}, "rests_on": _NAMES, "cost_once": or_null(AMOUNT),
        "cost_year": or_null(AMOUNT), "currency": or_null(NAME), "lead": or_null(AMOUNT), "earliest": or_null(NAME),
        "requires": _NAMES, "excludes": _NAMES, "success": LEVEL, "slip": list_of(object_of({"days": AMOUNT, "odds": LEVEL})),
        "people": AMOUNT, "learns_with": or_null(NAME), "learning": or_null(LEVEL), "standards_left": list_of(TEXT),
        "forks": list_of(TEXT), "gives_up": list_of(TEXT), "lacking": _NAMES, "waits_for": _NAMES,
        "reference": or_null(
            object_of({"title": NAME, "publisher": or_null(NAME), "url": or_null(NAME), "date": or_null(NAME)})
        ),
    }
)  # fmt: skip

OPTIONS_SCHEMAS: Final[dict[str, dict[str, Schema]]] = {
    "options": {
        "options": list_of(_OPTION),
        "judged": COUNT,
        "open": list_of(object_of({"item": NAME, "held": BOUNDS, "options": _NAMES, "standby": _NAMES})),
        "unanswered": _NAMES,
        "currencies": list_of(TEXT),
    }
}
"""What the answer adds to the envelope."""

FOREIGN: Final[dict[Truth, str]] = {True: "yes", None: "perhaps", False: "no"}
"""How surely an option is foreign itself."""


def options_json(answer: OptionsAnswer, context: Context) -> dict[str, Any]:
    """``options``: what can be proposed, what is missing to judge it, and items not held for which nothing is known."""
    return envelope("options", context) | {
        "options": [_option(one) for one in answer.proposals],
        "judged": sum(one.judged for one in answer.proposals),
        "open": [_open(one) for one in answer.open],
        "unanswered": [one.item for one in answer.unanswered],
        "currencies": list(answer.currencies),
    }


def _open(one: OpenItem) -> dict[str, Any]:
    return {"item": one.item, "held": bounds(one.held), "options": list(one.options), "standby": list(one.standby)}


def _option(one: Proposal) -> dict[str, Any]:
    option = one.option
    adds = option.adds
    reference = option.reference
    return {
        "id": option.id, "name": option.name, "origin": option.origin,
        "changes": [_change(change) for change in option.changes],
        "adds": {
            "items": [item.id for item in adds.items] if adds is not None else [],
            "sources": [source.id for source in adds.sources] if adds is not None else [],
        },
        "items": list(one.items), "providers": list(one.providers), "foreign": FOREIGN[one.foreign],
        "rests_on": list(one.rests_on), **_terms(option), "lacking": list(one.lacking), "waits_for": list(one.waits_for),
        "reference": None if reference is None else {
            "title": reference.title, "publisher": reference.publisher, "url": reference.url, "date": reference.date,
        },
    }  # fmt: skip


def _terms(option: Option) -> dict[str, Any]:
    return {
        "cost_once": _amount(option.cost_once), "cost_year": _amount(option.cost_year), "currency": option.currency,
        "lead": day(option.lead) if is_stated(option.lead) else None, "earliest": option.earliest,
        "requires": list(option.requires), "excludes": list(option.excludes), "success": chance(option.success),
        "slip": [{"days": day(slip.days), "odds": chance(slip.odds)} for slip in option.slip],
        "people": number(option.people), "learns_with": option.learns_with, "learning": option.learning,
        "standards_left": list(option.standards_left), "forks": list(option.forks), "gives_up": list(option.gives_up),
    }  # fmt: skip


def _amount(value: Maybe[float]) -> float | None:
    return number(value) if is_stated(value) else None


def _change(change: Change) -> dict[str, Any]:
    match change:
        case Activate():
            return _said("activate", change.source, None, change.share)
        case Cover():
            return _said("cover", change.source, change.item, change.survive)
        case MoreCapacity():
            return _said("capacity", change.source, None, change.capacity)
        case Sooner():
            return _said("recover", change.source, None, change.recover)
        case NewQuality():
            return _said("quality", change.source, None, change.quality)
        case Spare():
            return _said("spare", change.source, change.item, change.weight)


def _said(change: str, source: str, item: str | None, value: float | None) -> dict[str, Any]:
    return {"change": change, "source": source, "item": item, "value": None if value is None else number(value)}
