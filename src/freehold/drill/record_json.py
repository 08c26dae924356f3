"""A record's values as JSON, and back. Owns the step between the dataclasses of a drill and what stands in a file.

The types of the fields say what is written, what is taken back, and the JSON Schema: there is no second description to keep
in step. Reading takes nothing on trust: every member is checked, and a message names the place.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from freehold.errors import BadRecord

__all__ = ["as_json", "from_json", "schema_of"]

_T = TypeVar("_T")
_MOST_ITEMS: Final = 100_000
_NAMES: Final = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", type(None): "null"}


def as_json(value: object) -> Any:
    """Write a value (a dataclass, or what one holds) with mappings, lists and plain values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): as_json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(part) for part in value]
    if isinstance(value, set | frozenset):
        return sorted(as_json(part) for part in value)
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def from_json(kind: type[_T], value: object, place: str) -> _T:
    """Read a value back.

    Parameters
    ----------
    kind
        Type to read: a dataclass, or any that its fields may have.
    value
        Parsed JSON.
    place
        Where it stands, for messages.

    Raises
    ------
    freehold.errors.BadRecord
        If it is no such value; naming the place.
    """
    read: _T = _read(kind, value, place)
    return read


def _read(kind: Any, value: object, place: str) -> Any:
    if kind is Any:
        return value
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _either(get_args(kind), value, place)
    if origin is Literal:
        if value not in get_args(kind) or isinstance(value, bool):
            raise _wrong(place, f"is none of: {', '.join(map(str, get_args(kind)))}")
        return value
    if origin is tuple:
        return _many(get_args(kind), value, place)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise _wrong(place, "is no object")
        return dict(value)
    if is_dataclass(kind):
        return _object(kind, value, place)
    taken = isinstance(value, int | float) if kind is float else isinstance(value, kind)
    if not taken or (isinstance(value, bool) and kind is not bool):
        raise _wrong(place, f"is not {_NAMES[kind]}")
    return float(value) if kind is float and isinstance(value, int | float) else value


def _either(kinds: tuple[Any, ...], value: object, place: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    left = [kind for kind in kinds if kind is not type(None)]
    if len(left) == 1:
        return _read(left[0], value, place)
    for kind in left:
        try:
            return _read(kind, value, place)
        except BadRecord:
            continue
    raise _wrong(place, "is of no kind that is known there")


def _many(kinds: tuple[Any, ...], value: object, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or len(value) > _MOST_ITEMS:
        raise _wrong(place, f"is no list of at most {_MOST_ITEMS}")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise _wrong(place, f"is no list of {len(kinds)}")
    return tuple(_read(kind, part, f"{place}[{number}]") for number, (kind, part) in enumerate(zip(kinds, value, strict=True)))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _object(kind: Any, value: object, place: str) -> Any:
    if not isinstance(value, Mapping):
        raise _wrong(place, "is no object")
    hints = _hints(kind)
    strange = sorted(str(name) for name in set(value) - set(hints))
    if strange:
        raise _wrong(f"{place}.{strange[0][:80]}", "is not known here")
    found: dict[str, Any] = {}
    for field in fields(kind):
        if field.name in value:
            found[field.name] = _read(hints[field.name], value[field.name], f"{place}.{field.name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise _wrong(f"{place}.{field.name}", "is missing")
    return kind(**found)


def _wrong(place: str, what: str) -> BadRecord:
    return BadRecord(f"{place}: {what}. It is no drill record, or was changed: take it from a copy, or drill again.")


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON Schema (2020-12) of what :func:`as_json` writes for a type."""
    if kind is Any:
        return {}
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema_of(part) for part in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return {"type": "array", "items": schema_of(arguments[0]), "maxItems": _MOST_ITEMS}
    if origin is tuple:
        parts = [schema_of(part) for part in arguments]
        return {"type": "array", "prefixItems": parts, "minItems": len(parts), "maxItems": len(parts)}
    if origin is dict:
        return {"type": "object"}
    if is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type]
        return {
            "type": "object",
            "properties": {field.name: schema_of(hints[field.name]) for field in fields(kind)},
            "required": [one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING],
            "additionalProperties": False,
        }
    return {"type": {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}[kind]}
