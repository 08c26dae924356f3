"""Node packages installed for a whole system, in one folder of packages. Owns which of them count: those it names itself.

What a package carries within its own folder came with it and is part of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from freehold.read.licences import normalise
from freehold.read.node_metadata import npm_id
from freehold.read.root_files import Root
from freehold.stack.inventory import Component, Evidence, Skip

__all__ = ["read_global_node_packages"]


def read_global_node_packages(root: Root, folder: str) -> tuple[Component, ...]:
    """Read the packages of a folder such as ``usr/local/lib/node_modules``; skips go to the root."""
    found = []
    for name in _packages(root, folder):
        file = f"{folder}/{name}/package.json"
        text = root.text(file)
        if text is None:
            continue
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            root.skips.append(Skip(file, "syntax", "It is not JSON."))
            continue
        component = _component(told, Evidence(file)) if isinstance(told, dict) else None
        if component is None:
            root.skips.append(Skip(file, "syntax", "It lacks a name or a version that can be one."))
        else:
            found.append(component)
    return tuple(found)


def _packages(root: Root, folder: str) -> Iterator[str]:
    for name in root.names(folder):
        if name.startswith("@"):
            yield from (f"{name}/{inner}" for inner in root.names(f"{folder}/{name}"))
        elif not name.startswith("."):
            yield name


def _component(told: dict[str, object], where: Evidence) -> Component | None:
    name, version, licence = (told.get(key) for key in ("name", "version", "license"))
    if not isinstance(name, str) or not isinstance(version, str) or not name or not version:
        return None
    spelt = normalise(licence) if isinstance(licence, str) else None
    return Component(npm_id(name, version), name, version, licence=spelt, direct=True, evidence=(where,))
