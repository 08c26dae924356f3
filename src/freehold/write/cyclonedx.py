"""Writes the software of a stack as a CycloneDX inventory. Owns the seam from a stack to that format, which holds less.

An inventory is no stack: it has no cut-offs, shares or cover. It lists components and services with who supplies them, and
what depends on what. The same stack gives the same bytes: there is no moment and no random number in it.

Source: CycloneDX 1.6, JSON (https://cyclonedx.org/docs/1.6/json/), read 2026-11-26.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final

from freehold.stack.values import UNKNOWN, Item, Source, Stack

__all__ = ["SOFTWARE", "sbom_text"]

_TYPES: Final[Mapping[str, str]] = {
    "application": "application", "software": "library", "framework": "framework", "os": "operating-system",
    "platform": "platform", "model": "machine-learning-model", "data": "data",
}  # fmt: skip
_SERVICES: Final = frozenset({"cloud", "service", "registry", "network"})
SOFTWARE: Final = frozenset({*_TYPES, *_SERVICES})
"""Layers of the value chain that an inventory of software lists; hardware, material and skills are none."""

_NAMESPACE: Final = uuid.UUID("6b0f6a2e-6f3d-5a52-9d0b-2f6a4f2c9b11")


def sbom_text(stack: Stack, version: str = "") -> str:
    """Write the software and services of a stack, and what depends on what.

    Parameters
    ----------
    stack
        The stack. Items without a known layer are listed as libraries where their id is a package URL, else left out.
    version
        Of the program that writes, for the inventory's own account of its maker; may be empty.

    Returns
    -------
    str
        JSON with line feeds, keys in a fixed order.
    """
    listed = [item for item in stack.items if _sort(item)]
    ids = {item.id for item in listed}
    components = [_component(stack, item) for item in listed if _sort(item) != "service"]
    services = [_service(stack, item) for item in listed if _sort(item) == "service"]
    depends = [
        {"ref": item.id, "dependsOn": sorted(_needed(stack, item.id, ids))} for item in sorted(listed, key=lambda one: one.id)
    ]
    content: dict[str, Any] = {
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "Freehold"} | ({"version": version} if version else {})]},
            "component": {"type": "application", "bom-ref": "stack", "name": stack.name or "stack"},
        },
        "components": components, "services": services,
        "dependencies": [{"ref": "stack", "dependsOn": sorted(ids - _needed_by_any(stack, ids))}, *depends],
    }  # fmt: skip
    serial = uuid.uuid5(_NAMESPACE, json.dumps(content, ensure_ascii=True, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": serial.urn, "version": 1}
    return json.dumps(head | content, ensure_ascii=True, indent=1) + "\n"


def _sort(item: Item) -> str:
    kind = item.kind if isinstance(item.kind, str) else ""
    if kind in _SERVICES:
        return "service"
    if kind in _TYPES:
        return _TYPES[kind]
    return "library" if not kind and item.id.startswith("pkg:") else ""


def _in_use(stack: Stack, item: str) -> tuple[Source, ...]:
    return tuple(one for one in stack.sources_of.get(item, ()) if one.status in (None, "in-use", UNKNOWN))


def _needed(stack: Stack, item: str, ids: Iterable[str]) -> set[str]:
    """Listed things that an item depends on, through things that are not listed too (hardware between two services)."""
    wanted = set(ids)
    found: set[str] = set()
    seen, open_ = {item}, [item]
    while open_:
        for source in _in_use(stack, open_.pop()):
            for need in stack.needs_of.get(source.id, ()):
                if need.item in seen:
                    continue
                seen.add(need.item)
                if need.item in wanted:
                    found.add(need.item)
                else:
                    open_.append(need.item)
    return found


def _needed_by_any(stack: Stack, ids: set[str]) -> set[str]:
    return {need.item for need in stack.needs if need.item in ids}


def _supplier(stack: Stack, item: str) -> dict[str, str] | None:
    names = []
    for source in _in_use(stack, item):
        if isinstance(source.provider, str):
            row = stack.provider_by_id.get(source.provider)
            names.append(row.name if row is not None and row.name else source.provider)
    return {"name": "; ".join(dict.fromkeys(names))} if names else None


def _properties(stack: Stack, item: Item) -> list[dict[str, str]]:
    """Facts that the format has no field for, each as a property of Freehold's own."""
    found: dict[str, list[str]] = {}
    if isinstance(item.kind, str):
        found["freehold:layer"] = [item.kind]
    for source in _in_use(stack, item.id):
        row = stack.provider_by_id.get(source.provider) if isinstance(source.provider, str) else None
        seat = row.country if row is not None and isinstance(row.country, str) else None
        for name, values in (
            ("freehold:seat", (seat,) if seat else ()),
            ("freehold:location", source.location if isinstance(source.location, tuple) else ()),
            ("freehold:origin", source.origin if isinstance(source.origin, tuple) else ()),
        ):
            found.setdefault(name, []).extend(values)
    return [{"name": name, "value": value} for name, values in found.items() for value in dict.fromkeys(values)]


def _component(stack: Stack, item: Item) -> dict[str, Any]:
    name, version = _name_and_version(item)
    row: dict[str, Any] = {"type": _sort(item), "bom-ref": item.id, "name": name}
    if version:
        row["version"] = version
    supplier = _supplier(stack, item.id)
    if supplier is not None:
        row["supplier"] = supplier
    licences = dict.fromkeys(source.licence for source in _in_use(stack, item.id) if isinstance(source.licence, str))
    if licences:
        row["licenses"] = [{"license": {"name": licence}} for licence in licences]
    if item.id.startswith("pkg:"):
        row["purl"] = item.id
    properties = _properties(stack, item)
    return row | ({"properties": properties} if properties else {})


def _name_and_version(item: Item) -> tuple[str, str]:
    """A component's name and version; a package URL's last part and what stands after its ``@`` where no name is stated."""
    if not item.id.startswith("pkg:"):
        return item.name or item.id, ""
    whole = item.id.partition("?")[0].partition("#")[0]
    path, sign, version = whole.rpartition("@")
    if not sign or "/" in version:
        path, version = whole, ""
    return item.name or path.rpartition("/")[2] or item.id, version


def _service(stack: Stack, item: Item) -> dict[str, Any]:
    row: dict[str, Any] = {"bom-ref": item.id, "name": item.name or item.id}
    supplier = _supplier(stack, item.id)
    if supplier is not None:
        row["provider"] = supplier
    properties = _properties(stack, item)
    return row | ({"properties": properties} if properties else {})
