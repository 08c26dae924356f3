"""The forms that the JSON Schemas are made of. Owns that an object names all its keys and allows no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

__all__ = ["COUNT", "DIGEST", "FLAG", "MOMENT", "NAME", "TEXT", "Schema", "keys_of", "list_of", "object_of", "or_null"]

Schema: TypeAlias = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
NAME: Final[Schema] = {"type": "string", "minLength": 1}
FLAG: Final[Schema] = {"type": "boolean"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
MOMENT: Final[Schema] = {"type": "number"}
"""Seconds since 1970."""
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
