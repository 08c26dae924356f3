"""Lock files of Python projects: uv, Poetry, Pipenv and PEP 751. Owns those formats.

All become the same thing: packages with a version, an origin, and edges that say on which condition they hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from freehold.read.documents import Lines, json_of, toml_of
from freehold.read.hosts import registry_of, repository_of
from freehold.read.parsed import entries_of, table_of, text_of_value
from freehold.read.python_metadata import Declared, scope_of_group
from freehold.read.python_requirement import Requirement, normalised, parse_requirement
from freehold.read.walk import SourceFile
from freehold.stack.inventory import Evidence, Skip

__all__ = ["Edge", "Lock", "Package", "read_pipfile_lock", "read_poetry_lock", "read_pylock", "read_uv_lock"]

_FILES: Final = re.compile(r"""(?m)^[ \t]+\{ ?(?:file|url) = "[^"\n]*"[^\n]*\},?[ \t]*$""")
_EXTRA_OF_POETRY: Final = re.compile(r"extra\s*==\s*[\"']([\w.-]+)[\"']")


@dataclass(frozen=True, slots=True)
class Edge:
    """One package asks for another: on a marker, with extras, or only as part of its own extra ``within``."""

    name: str
    marker: str = ""
    extras: tuple[str, ...] = ()
    within: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """One package that is locked or installed.

    Parameters
    ----------
    scopes
        What the lock itself says of its use; empty where it says nothing.
    asked
        Whether it is known to have been asked for by name.
    own
        Whether it is part of the project itself.
    """

    name: str
    version: str | None
    evidence: Evidence
    edges: tuple[Edge, ...] = ()
    registry: str | None = None
    repository: str | None = None
    licence: str | None = None
    label: str | None = None
    scopes: tuple[str, ...] = ()
    asked: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class Lock:
    """A closed set of packages: what a lock file pins, or what is installed (``installed``), for a folder."""

    folder: str
    file: str
    packages: tuple[Package, ...]
    declared: tuple[Declared, ...] = ()
    python: str | None = None
    installed: bool = False
    skips: tuple[Skip, ...] = ()


def _names(value: Any) -> tuple[str, ...]:
    return tuple(sorted(normalised(name) for name in value if isinstance(name, str))) if isinstance(value, list) else ()


def _packages(file: SourceFile, text: str, heading: str, key: str) -> list[tuple[Mapping[str, Any], Evidence]] | Skip:
    """Parse the packages of a TOML lock with their lines; hashes of files are dropped before, for they are most of it."""
    document = toml_of(file, _FILES.sub("", text))
    if isinstance(document, Skip):
        return document
    packages = document.get(key)
    if not isinstance(packages, list):
        return []
    lines = Lines(text).headings(heading)
    lines = lines if len(lines) == len(packages) else [0] * len(packages)
    return [
        (entry, Evidence(file.relative, line))
        for entry, line in zip(packages, lines, strict=True)
        if isinstance(entry, dict) and text_of_value(entry.get("name"))
    ]


def read_uv_lock(file: SourceFile, text: str) -> Lock | Skip:
    """Read a ``uv.lock``."""
    entries = _packages(file, text, "[[package]]", "package")
    if isinstance(entries, Skip):
        return entries
    packages, declared = [], []
    for entry, where in entries:
        source = table_of(entry.get("source"))
        edges = [_uv_edge(told) for told in entries_of(entry.get("dependencies"))]
        extras = table_of(entry.get("optional-dependencies"))
        edges += [_uv_edge(told, normalised(extra)) for extra, inner in extras.items() for told in entries_of(inner)]
        own = any(key in source for key in ("editable", "virtual", "directory"))
        if own:
            declared += _declared(edges, file.folder, where)
            for group, inner in table_of(entry.get("dev-dependencies")).items():
                scope = scope_of_group(group, "development")
                declared += _declared([_uv_edge(told) for told in entries_of(inner)], file.folder, where, scope)
        git = text_of_value(source.get("git"))
        packages.append(
            Package(
                normalised(entry["name"]),
                text_of_value(entry.get("version")),
                where,
                tuple(edge for edge in edges if edge.name),
                registry=registry_of(text_of_value(source.get("registry")) or ""),
                repository=repository_of(git) if git else None,
                own=own,
            )
        )
    return Lock(file.folder, file.relative, tuple(packages), tuple(declared))


def _declared(edges: Iterable[Edge], folder: str, where: Evidence, scope: str | None = None) -> list[Declared]:
    return [
        Declared(
            Requirement(edge.name, edge.extras, edge.version, None, edge.marker),
            scope or (scope_of_group(edge.within, "optional") if edge.within else "run"),
            folder,
            where,
        )
        for edge in edges
        if edge.name
    ]


def _uv_edge(told: Mapping[str, Any], within: str | None = None) -> Edge:
    name = text_of_value(told.get("name"))
    return Edge(
        normalised(name) if name else "",
        text_of_value(told.get("marker")) or "",
        _names(told.get("extra") if isinstance(told.get("extra"), list) else [told.get("extra")]),
        within,
        text_of_value(told.get("version")),
    )


def read_poetry_lock(file: SourceFile, text: str) -> Lock | Skip:
    """Read a ``poetry.lock`` of any version."""
    entries = _packages(file, text, "[[package]]", "package")
    if isinstance(entries, Skip):
        return entries
    packages = []
    for entry, where in entries:
        source = table_of(entry.get("source"))
        url = text_of_value(source.get("url")) or ""
        kind = source.get("type")
        groups = _names(entry.get("groups")) or _names([entry.get("category")])
        scopes = {"run" if group == "main" else scope_of_group(group, "development") for group in groups}
        if entry.get("optional") is True:
            scopes = {"optional" if scope == "run" else scope for scope in scopes} or {"optional"}
        packages.append(
            Package(
                normalised(entry["name"]),
                text_of_value(entry.get("version")),
                where,
                tuple(_poetry_edges(entry)),
                registry=registry_of(url) if kind in {"legacy", None} and url else None,
                repository=repository_of(url) if kind == "git" else None,
                scopes=tuple(sorted(scopes)),
                own=kind == "directory",
            )
        )
    return Lock(file.folder, file.relative, tuple(packages))


def _poetry_edges(entry: Mapping[str, Any]) -> Iterable[Edge]:
    asked_by: dict[str, list[str]] = {}
    for extra, requirements in table_of(entry.get("extras")).items():
        for text in requirements if isinstance(requirements, list) else ():
            requirement = parse_requirement(text) if isinstance(text, str) else None
            if requirement:
                asked_by.setdefault(requirement.name, []).append(normalised(extra))
    for name, constraint in table_of(entry.get("dependencies")).items():
        for told in constraint if isinstance(constraint, list) else [constraint]:
            details = table_of(told)
            marker = text_of_value(details.get("markers")) or ""
            extras = _names(details.get("extras"))
            within = asked_by.get(normalised(name), []) or [normalised(extra) for extra in _EXTRA_OF_POETRY.findall(marker)]
            if details.get("optional") is True and within:
                yield from (Edge(normalised(name), "" if "extra" in marker else marker, extras, extra) for extra in within)
            elif details.get("optional") is not True:
                yield Edge(normalised(name), marker, extras)


def read_pylock(file: SourceFile, text: str) -> Lock | Skip:
    """Read a ``pylock.toml`` or ``pylock.NAME.toml`` (PEP 751)."""
    entries = _packages(file, text, "[[packages]]", "packages")
    if isinstance(entries, Skip):
        return entries
    packages = []
    for entry, where in entries:
        marker = text_of_value(entry.get("marker")) or ""
        groups = re.findall(r"[\"']([\w.-]+)[\"']\s+in\s+(extras|dependency_groups)", marker)
        scopes = {scope_of_group(name, "optional" if kind == "extras" else "development") for name, kind in groups}
        url = text_of_value(table_of(entry.get("vcs")).get("url"))
        edges = [
            Edge(normalised(name))
            for told in entries_of(entry.get("dependencies"))
            if (name := text_of_value(told.get("name")))
        ]
        packages.append(
            Package(
                normalised(entry["name"]),
                text_of_value(entry.get("version")),
                where,
                tuple(edges),
                registry=registry_of(text_of_value(entry.get("index")) or ""),
                repository=repository_of(url) if url else None,
                scopes=tuple(sorted(scopes)),
                own="directory" in entry,
            )
        )
    return Lock(file.folder, file.relative, tuple(packages))


def read_pipfile_lock(file: SourceFile, text: str) -> Lock | Skip:
    """Read a ``Pipfile.lock``."""
    document = json_of(file, text)
    if isinstance(document, Skip):
        return document
    told = table_of(document)
    sources = {
        text_of_value(source.get("name")): registry_of(text_of_value(source.get("url")) or "")
        for source in entries_of(table_of(told.get("_meta")).get("sources"))
    }
    lines, packages = Lines(text), []
    for section, scope in (("default", "run"), ("develop", "development")):
        start = max(text.find(f'"{section}"'), 0)
        for name, entry in sorted(table_of(told.get(section)).items()):
            details = table_of(entry)
            version = (text_of_value(details.get("version")) or "").lstrip("=") or None
            git = text_of_value(details.get("git"))
            packages.append(
                Package(
                    normalised(name),
                    version,
                    Evidence(file.relative, lines.of(f'"{name}"', start)),
                    registry=sources.get(text_of_value(details.get("index"))),
                    repository=repository_of(git) if git else None,
                    scopes=(scope,),
                    own="path" in details,
                )
            )
    return Lock(file.folder, file.relative, tuple(packages))
