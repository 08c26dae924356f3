"""The report of a network of firms for programs. Owns its JSON form and its schema: parts have the form of their verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freehold.report.json import envelope
from freehold.report.json_systemic import SYSTEMIC_SCHEMAS, cascade_json, plants_json, table_json
from freehold.report.schema_forms import NAME, Schema, list_of, object_of, or_null
from freehold.report.view_firms import firms_document, firms_summary

if TYPE_CHECKING:
    from freehold.report.answers import Context
    from freehold.report.firms_answer import FirmsReport

__all__ = ["FIRMS_SCHEMAS", "firms_json"]

_METHOD: Final = object_of({"key": NAME, "title": NAME, "text": NAME, "command": NAME})

FIRMS_SCHEMAS: Final[dict[str, dict[str, Schema]]] = {
    "report firms": {
        "summary": list_of(NAME),
        "cascades": object_of(SYSTEMIC_SCHEMAS["systemic"]),
        "inputs": or_null(object_of(SYSTEMIC_SCHEMAS["systemic inputs"])),
        "plants": or_null(object_of(SYSTEMIC_SCHEMAS["systemic plants"])),
        "methods": list_of(_METHOD),
    }
}
"""What the answer adds to the envelope."""


def firms_json(report: FirmsReport, context: Context) -> dict[str, Any]:
    """``report`` of a network of firms: what one failure takes, what outputs rest on, how long stock lasts."""
    shared = envelope("report firms", context)
    found: dict[str, Any] = {
        "cascades": cascade_json(report.cascades, context),
        "inputs": None if report.inputs is None else table_json(report.inputs, context),
        "plants": None if report.plants is None else plants_json(report.plants, context),
    }
    parts = {
        name: None if one is None else {key: value for key, value in one.items() if key not in shared}
        for name, one in found.items()
    }
    methods = [
        {"key": one.key, "title": one.title, "text": one.text, "command": one.command}
        for one in firms_document(report, context).methods
    ]
    return shared | {"summary": list(firms_summary(report, context)), **parts, "methods": methods}
