"""The rows of a CycloneDX inventory: each component and service as one value.

Owns what the format's words (types, scopes, properties, organisations) mean for Freehold. It takes plain values, so
that JSON and XML are read by the same rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freehold.errors import TooLarge
from freehold.read.hosts import host_of, repository_of
from freehold.read.inventory_notes import Notes, text
from freehold.read.inventory_rows import Row, canonical_purl, named, organisation, references, with_purl
from freehold.read.licences import conjunction, normalise
from freehold.read.purls import slug
from freehold.stack.inventory import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["DEEPEST", "component_row", "licence_of", "service_row", "walk"]

DEEPEST: Final = 1000
"""Levels of components within components."""

_KINDS: Final[Mapping[str, str]] = {
    "application": "application",
    "container": "platform",
    "data": "data",
    "device": "hardware",
    "device-driver": "software",
    "file": "software",
    "firmware": "hardware",
    "framework": "framework",
    "library": "software",
    "machine-learning-model": "model",
    "material": "material",
    "operating-system": "os",
    "platform": "platform",
}
_SCOPES: Final[Mapping[str, str]] = {"required": "run", "optional": "optional", "excluded": "development"}
_FLAGS: Final = frozenset({"cdx:npm:package:development", "cdx:composer:package:isDevRequirement"})
_GROUPS: Final = frozenset({"cdx:poetry:group", "cdx:pipenv:category", "gitlab:dependency_scanning:category"})
_RUN_GROUPS: Final = frozenset({"main", "default", "production"})


def walk(values: object, path: str, within: str, notes: Notes) -> Iterator[tuple[dict[str, Any], str]]:
    """Go through components (or services) nested at any depth, in the order of the document, and let go of each.

    Parameters
    ----------
    values
        What stands at ``path``; anything else but objects in a list is recorded and left out.
    path
        Path of the list within the document.
    within
        ``components`` or ``services``: the key under which they nest.
    notes
        Where skips are recorded.

    Yields
    ------
    tuple
        The object and its path.

    Raises
    ------
    freehold.errors.TooLarge
        If they nest deeper than :data:`DEEPEST`.
    """
    waiting = [(notes.sequence(values, path), path, 0)]
    while waiting:
        rows, path, start = waiting.pop()
        for number in range(start, len(rows)):
            value, here = rows[number], f"{path}[{number}]"
            # a large document makes room for what is made of it
            rows[number] = None
            if not isinstance(value, dict):
                notes.wrong(here, value, f"a {within[:-1]}")
                continue
            yield value, here
            if within in value:
                if len(waiting) >= DEEPEST:
                    raise TooLarge(f"{notes.file}: {within} nest deeper than {DEEPEST} levels. Write it with fewer.")
                inner = f"{here}.{within}"
                waiting.append((rows, path, number + 1))
                waiting.append((notes.sequence(value[within], inner), inner, 0))
                break


def component_row(value: Mapping[str, Any], path: str, notes: Notes) -> Row | None:
    """Read one component.

    Parameters
    ----------
    value
        The object.
    path
        Its path within the document.
    notes
        Where skips are recorded.

    Returns
    -------
    Row or None
        The row; ``None`` if it names nothing.
    """
    get = value.get
    name, reference, stated = text(get("name")), text(get("bom-ref")), text(get("purl"))
    group = text(value["group"]) if "group" in value else None
    version = get("version")
    version = text(version) if version.__class__ is str else _version(version)
    purl = None if stated is None else canonical_purl(stated, path, notes)
    if name is None:
        name = named(purl, reference)
        if name is None:
            notes.add(path, "incomplete", f"{path} has no name, package URL or reference; it was left out.")
            return None
    made = get("type")
    kind = _KINDS.get(made) if isinstance(made, str) else None
    row = Row(purl or slug(group, name, version), name, version, kind, seen=[Evidence(notes.file, 0, path)])
    row.references = references(reference, stated, purl)
    if "licenses" in value:
        _licensed(row, value, path, notes)
    if "supplier" in value or "manufacturer" in value or "publisher" in value:
        row.supplier = _supplier(value)
    if "properties" in value or "scope" in value:
        row.scope = _scope(value, path, notes)
    if "externalReferences" in value:
        _linked(row, notes.sequence(value["externalReferences"], f"{path}.externalReferences"))
    with_purl(row, purl, group)
    return row


def service_row(value: Mapping[str, Any], path: str, notes: Notes) -> Row | None:
    """Read one service; its provider is its supplier.

    Parameters
    ----------
    value
        The object.
    path
        Its path within the document.
    notes
        Where skips are recorded.

    Returns
    -------
    Row or None
        The row; ``None`` if it names nothing.
    """
    group, name, version = text(value.get("group")), text(value.get("name")), _version(value.get("version"))
    reference = text(value.get("bom-ref"))
    name = name or reference
    if name is None:
        notes.add(path, "incomplete", f"{path} has no name or reference; it was left out.")
        return None
    row = Row(slug(group, name, version), name, version, "service", seen=[Evidence(notes.file, 0, path)])
    row.references = (reference,) if reference else ()
    _licensed(row, value, path, notes)
    row.supplier = _organisation(value.get("provider"))
    return row


def licence_of(values: list[Any]) -> str | None:
    """Join the licences that a component states.

    Parameters
    ----------
    values
        The list ``licenses``: identifiers, names and expressions. Where some are marked as concluded, only these count.

    Returns
    -------
    str or None
        One expression, or ``None`` if nothing is stated.
    """
    if len(values) == 1:
        return _one_licence(values[0])[0]
    found = [(spelt, judged) for spelt, judged in map(_one_licence, values) if spelt]
    concluded = [spelt for spelt, judged in found if judged]
    return conjunction(concluded or [spelt for spelt, _ in found])


def _one_licence(value: object) -> tuple[str | None, bool]:
    """Spell one licence, and say whether it was concluded."""
    if not isinstance(value, dict):
        return None, False
    inner = value.get("license")
    holder = inner if isinstance(inner, dict) else value
    stated = text(value.get("expression")) or text(holder.get("id")) or text(holder.get("name"))
    return (None if stated is None else normalise(stated)), holder.get("acknowledgement") == "concluded"


def _licensed(row: Row, value: Mapping[str, Any], path: str, notes: Notes) -> None:
    if "licenses" in value:
        row.licence = licence_of(notes.sequence(value["licenses"], f"{path}.licenses"))


def _version(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value}"[:100] if abs(value) < 10**50 else None
    return text(value)


def _linked(row: Row, references: list[Any]) -> None:
    for reference in references:
        if not isinstance(reference, dict):
            continue
        kind, url = reference.get("type"), reference.get("url")
        if not isinstance(url, str):
            continue
        if kind == "vcs" and row.repository is None:
            row.repository = repository_of(url)
        elif kind == "distribution" and row.registry is None:
            row.registry = host_of(url)


def _scope(value: Mapping[str, Any], path: str, notes: Notes) -> str:
    if "properties" in value:
        groups = []
        for pair in notes.sequence(value["properties"], f"{path}.properties"):
            if not isinstance(pair, dict):
                continue
            name = pair.get("name")
            if not isinstance(name, str):
                continue
            if name in _FLAGS and pair.get("value") in ("true", True):
                return "development"
            if name in _GROUPS:
                groups.append(pair.get("value"))
            elif name == "cdx:maven:component_scope" and pair.get("value") == "test":
                return "test"
        # a package may belong to several groups: one that runs is enough
        if groups and not any(group in _RUN_GROUPS for group in groups if isinstance(group, str)):
            return "development"
    stated = value.get("scope")
    return _SCOPES.get(stated, "run") if isinstance(stated, str) else "run"


def _supplier(value: Mapping[str, Any]) -> str | None:
    for key in ("supplier", "manufacturer"):
        if key in value:
            found = _organisation(value[key])
            if found:
                return found
    publisher = text(value.get("publisher"))
    if publisher is None or publisher in _authors(value):
        return None
    return organisation(publisher)


def _authors(value: Mapping[str, Any]) -> list[object]:
    authors = value.get("authors")
    listed = [author.get("name") for author in authors if isinstance(author, dict)] if isinstance(authors, list) else []
    return [value.get("author"), *listed]


def _organisation(value: object) -> str | None:
    return organisation(text(value.get("name"))) if isinstance(value, dict) else None
