"""The forms that the JSON Schemas are made of. Owns those that several answers share.

An object names all its keys and allows no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from freehold.stack.cutoff import COVERS, SELECTORS, WAYS

__all__ = [
    "AMOUNT", "BOUNDS", "COUNT", "CUTOFF", "DATE", "DIGEST", "FLAG", "LEVEL", "LEVELS", "MOMENT", "NAME", "TEXT", "Schema",
    "keys_of", "list_of", "object_of", "or_null",
]  # fmt: skip

Schema: TypeAlias = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
NAME: Final[Schema] = {"type": "string", "minLength": 1}
FLAG: Final[Schema] = {"type": "boolean"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
LEVEL: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1}
"""A level, a share or a probability."""
AMOUNT: Final[Schema] = {"type": "number", "minimum": 0}
"""Also a number of days."""
MOMENT: Final[Schema] = {"type": "number"}
"""Seconds since 1970."""
DATE: Final[Schema] = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
"""A day of the calendar (ISO 8601)."""
DIGEST: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
"""SHA-256 in hexadecimal."""


def object_of(properties: Mapping[str, Schema], *optional: str) -> Schema:
    """An object of these keys and no others; all must be there but the optional ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required, "additionalProperties": False}


def keys_of(**properties: Schema) -> Schema:
    """An object of exactly these keys."""
    return object_of(properties)


def list_of(of: Schema, **limits: int) -> Schema:
    """A list, within limits such as ``minItems``."""
    return {"type": "array", "items": of, **limits}


def or_null(schema: Schema) -> Schema:
    """That, or ``null``."""
    return {"anyOf": [schema, {"type": "null"}]}


BOUNDS: Final = object_of({"low": LEVEL, "high": LEVEL})
"""A level on one day."""
LEVELS: Final = object_of({"low": list_of(LEVEL, minItems=1), "high": list_of(LEVEL, minItems=1)})
"""A level on each day asked."""

_RULE: Final = object_of(
    {name: FLAG if name == "foreign" else NAME for name in SELECTORS}
    | {
        "via": list_of({"enum": list(WAYS)}, minItems=1), "availability": LEVEL, "from": NAME, "until": NAME,
        "cover": {"enum": list(COVERS)},
    },
    *SELECTORS,
)  # fmt: skip
CUTOFF: Final = object_of({"name": TEXT, "notice": NAME, "stake": LEVEL, "rule": list_of(_RULE)})
"""A cut-off as it was understood."""
