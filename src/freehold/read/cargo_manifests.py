"""``Cargo.toml``: the package, the workspace, and which part each dependency plays. Owns that format.

Source: The Cargo Book, "The Manifest Format", "Specifying Dependencies", "Workspaces".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from freehold.read.documents import Lines, toml_of
from freehold.read.findings import stronger
from freehold.read.licences import normalise
from freehold.read.parsed import table_of, text_of_value
from freehold.read.walk import SourceFile
from freehold.stack.inventory import Evidence, Skip

__all__ = ["CargoManifest", "Wanted", "read_cargo_toml"]

_SECTIONS: Final = (("dependencies", "run"), ("build-dependencies", "build"), ("dev-dependencies", "development"))
_EXACT: Final = re.compile(r"=\s*(\d+\.\d+\.\d+[\w.+-]*)$")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A dependency that a manifest names: the package's own name, the scope, an exact version and a place if stated."""

    name: str
    scope: str
    version: str | None
    git: str | None
    registry: str | None
    local: bool
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class CargoManifest:
    """One ``Cargo.toml``; ``name`` is ``None`` for a workspace without a package of its own."""

    folder: str
    file: str
    place: str
    name: str | None
    licence: str | None
    repository: str | None
    wanted: tuple[Wanted, ...]


def read_cargo_toml(file: SourceFile, text: str, workspace: Mapping[str, Any] | None = None) -> CargoManifest | Skip:
    """Read a manifest.

    Parameters
    ----------
    file, text
        The file.
    workspace
        The table ``workspace`` of the manifest that it inherits from; its own by default.
    """
    told = toml_of(file, text)
    if isinstance(told, Skip):
        return told
    shared = table_of(told.get("workspace")) if workspace is None else workspace
    package = table_of(told.get("package"))
    inherited = table_of(shared.get("package"))

    def stated(key: str) -> str | None:
        value = package.get(key)
        shares = isinstance(value, dict) and value.get("workspace") is True
        return text_of_value(inherited.get(key) if shares else value)

    lines = Lines(text)
    found: dict[str, Wanted] = {}
    for scope, name, entry in _dependencies(told):
        wanted = _wanted(name, scope, entry, table_of(shared.get("dependencies")), Evidence(file.relative, lines.key(name)))
        held = found.get(wanted.name)
        if held is None or stronger(wanted.scope, held.scope) != held.scope:
            found[wanted.name] = wanted
    licence = stated("license")
    return CargoManifest(
        file.folder, file.relative, file.place, text_of_value(package.get("name")),
        (normalise(licence.replace("/", " OR ")) or licence) if licence else None, stated("repository"), tuple(found.values()),
    )  # fmt: skip


def _dependencies(told: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    tables = [told, *(table_of(one) for one in table_of(told.get("target")).values())]
    for table in tables:
        for section, scope in _SECTIONS:
            entries = table_of(table.get(section)) or table_of(table.get(section.replace("-", "_")))
            yield from ((scope, name, entry) for name, entry in entries.items())


def _wanted(name: str, scope: str, entry: Any, shared: Mapping[str, Any], where: Evidence) -> Wanted:
    details = table_of(entry)
    optional = details.get("optional") is True
    if details.get("workspace") is True:
        entry = shared.get(name)
        details = table_of(entry)
    version = _EXACT.match(text_of_value(entry) or text_of_value(details.get("version")) or "")
    return Wanted(
        text_of_value(details.get("package")) or name,
        "optional" if optional and scope == "run" else scope,
        version[1] if version else None,
        text_of_value(details.get("git")),
        text_of_value(details.get("registry")),
        "path" in details,
        where,
    )
