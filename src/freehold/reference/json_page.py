"""The page on JSON answers, from their schemas. Owns the flattening of a schema, and which words explain a key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from freehold.reference.markdown import code, page, table
from freehold.report.schemas import VERBS, json_schema
from freehold.stack.schema import TABLES

__all__ = ["json_keys", "json_page", "meaning"]

_COLUMNS: Final = {
    "items": "items",
    "items.sources": "sources",
    "items.sources.needs": "needs",
    "needed_by": "needs",
    "evidence": "claims",
}
"""Where the keys of an answer are a stack's own columns."""
_HOLDS: Final = {
    "report:plan": ("plan", ""), "report:chokepoints": ("chokepoints", ""), "report:gaps": ("gaps", "layers."),
    "report:schemes": ("schemes score", "schemes."), "report:policy": ("assess", "policy."),
    "report brief:steps": ("plan", "steps."),
    "report firms:cascades": ("systemic", ""), "report firms:inputs": ("systemic inputs", ""),
    "report firms:plants": ("systemic plants", ""), "report:drills.score": ("drill score", ""),
}  # fmt: skip
"""Keys that hold (a part of) the answer of another verb: which verb's, and where it has that part."""
_SHARED: Final = ("freehold", "schema", "verb", "stack", "coverage", "unknowns")


@cache
def _words() -> Mapping[str, str]:
    return tomllib.loads((Path(__file__).parent / "json_keys.toml").read_text(encoding="utf-8"))


def json_keys(verb: str) -> Iterator[tuple[str, str]]:
    """Every key of a verb's answer, as a path such as ``items[].low``, and the type of its value in words."""
    yield from _keys(json_schema(verb), "")


def _keys(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for one in schema.get("anyOf", ()):
        yield from _keys(one, path)
    if schema.get("type") == "array":
        yield from _keys(schema["items"], path + "[]")
    for name, inner in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here, _type(inner)
        yield from _keys(inner, here)


def _type(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "const" in schema:
        return code(str(schema["const"]))
    if "enum" in schema:
        return "one of " + ", ".join(code(str(one)) for one in schema["enum"])
    kind = schema.get("type", "")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"list of {_type(schema['items'])}"
    return str(kind)


def meaning(verb: str, path: str) -> str:
    """What a key means; empty if nobody says so.

    The words for the longest end of the path count, those for this verb before those for all.
    """
    parts = path.replace("[]", "").split(".")
    for place in range(1, len(parts)):
        if f"{verb}:{'.'.join(parts[:place])}" in _HOLDS:
            held, before = _HOLDS[f"{verb}:{'.'.join(parts[:place])}"]
            return meaning(held, before + ".".join(parts[place:]))
    for start in range(len(parts)):
        end = ".".join(parts[start:])
        for key in (f"{verb}:{end}", end):
            if key in _words():
                return _words()[key]
        table_name = _COLUMNS.get(".".join(parts[start:-1]))
        found = [column.meaning for column in TABLES.get(table_name or "", ()) if column.name == parts[-1]]
        if found:
            return found[0]
    return ""


def json_page() -> str:
    """Make the page."""
    parts = [
        (
            "`--format json` gives these keys; `freehold schema VERB` gives the same as JSON Schema. Levels and other "
            "fractions are numbers from 0 to 1, days are numbers of days, and what there is none of is `null`. A path ends in "
            "`[]` where it is a list."
        ),
        "## Every answer",
        table(("key", "type", "meaning"), _rows("cutoff", shared=True)),
    ]
    for verb in VERBS:
        parts += [f"## {verb}", table(("key", "type", "meaning"), _rows(verb, shared=False))]
    return page("JSON answers", *parts)


def _rows(verb: str, *, shared: bool) -> Iterator[tuple[str, str, str]]:
    for path, kind in json_keys(verb):
        if (path.partition(".")[0] in _SHARED) == shared:
            yield code(path), "the verb's name" if path == "verb" else kind, meaning(verb, path)
