"""What a Node project needs: ``package.json``, ``package-lock.json`` (versions 1 to 3) and ``.npmrc``. Owns those formats."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from freehold.read.documents import Lines, json_of
from freehold.read.findings import Findings
from freehold.read.hosts import registry_of, repository_of
from freehold.read.licences import normalise
from freehold.read.parsed import table_of, text_of_value
from freehold.read.walk import SourceFile
from freehold.stack.inventory import Component, Contact, Evidence, Skip

__all__ = ["NodeProject", "npm_id", "read_npmrc", "read_package_json", "read_package_lock"]

_EXACT: Final = re.compile(r"=?v?(\d+\.\d+\.\d+[\w.+-]*)$")
_ENTRY: Final = re.compile(r'^ {2,8}"([^"\\\n]++)": \{', re.MULTILINE)
_NPMRC: Final = re.compile(r"\s*(?:@[\w.~-]+:)?registry\s*=\s*(\S+)\s*$")
_LONGEST_PATH: Final = 1000
_DEEPEST: Final = 64
_SECTIONS: Final = (
    ("dependencies", "run"),
    ("optionalDependencies", "optional"),
    ("peerDependencies", "run"),
    ("devDependencies", "development"),
)


@dataclass(frozen=True, slots=True)
class NodeProject:
    """What a ``package.json`` states: itself, its direct dependencies, its repository."""

    folder: str
    name: str | None
    licence: str | None
    repository: str | None
    components: tuple[Component, ...]


def npm_id(name: str, version: str | None = None) -> str:
    """The canonical package URL of an npm package."""
    space, _, own = name.lower().rpartition("/")
    base = "pkg:npm/" + (quote(space, safe="", errors="replace") + "/" if space else "") + quote(own, safe="", errors="replace")
    return f"{base}@{quote(version, safe='/:', errors='replace')}" if version else base


def _licence(value: Any) -> str | None:
    text = text_of_value(value) or text_of_value(table_of(value).get("type"))
    return (normalise(text) or text) if text else None


def _is_local(version: str) -> bool:
    return version.startswith(("file:", "link:", "workspace:", "portal:", "./", "../"))


def read_package_json(file: SourceFile, text: str) -> NodeProject | Skip:
    """Read a ``package.json``."""
    document = json_of(file, text)
    if isinstance(document, Skip):
        return document
    told, lines = table_of(document), Lines(text)
    components = []
    for section, scope in _SECTIONS:
        start = max(text.find(f'"{section}"'), 0)
        for name, wanted in sorted(table_of(told.get(section)).items()):
            if not isinstance(wanted, str) or _is_local(wanted):
                continue
            real, version = name, wanted
            if wanted.startswith("npm:"):
                real, _, version = wanted[4:].rpartition("@")
            exact = _EXACT.match(version)
            optional = (
                section == "peerDependencies"
                and table_of(table_of(told.get("peerDependenciesMeta")).get(name)).get("optional") is True
            )
            components.append(
                Component(
                    npm_id(real or name, exact[1] if exact else None),
                    real or name,
                    exact[1] if exact else None,
                    scope="optional" if optional else scope,
                    direct=True,
                    repository=repository_of(wanted) if "://" in wanted and "git" in wanted else None,
                    evidence=(Evidence(file.relative, lines.of(f'"{name}"', start)),),
                )
            )
    repository = told.get("repository")
    return NodeProject(
        file.folder, text_of_value(told.get("name")), _licence(told.get("license")),
        text_of_value(repository) or text_of_value(table_of(repository).get("url")), tuple(components),
    )  # fmt: skip


def read_npmrc(file: SourceFile, text: str) -> Findings:
    """Read the registries that an ``.npmrc`` sends npm to; its tokens and passwords are passed over."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _NPMRC.match(line)
        host = registry_of(match[1].strip().strip("\"'")) if match else None
        if host is not None:
            found.append(Contact(host, "registry", "change", evidence=(Evidence(file.relative, number),)))
    return Findings(contacts=tuple(found))


def read_package_lock(file: SourceFile, text: str, direct: Collection[str] = ()) -> Findings | Skip:
    """Read a ``package-lock.json``; its direct dependencies are those of its root and of its workspaces.

    Parameters
    ----------
    file, text
        The file.
    direct
        Names that the ``package.json`` beside it states: a lock of version 1 does not say which those are.
    """
    document = json_of(file, text)
    if isinstance(document, Skip):
        return document
    told = table_of(document)
    packages = table_of(told.get("packages"))
    entries = {path: entry for path, entry in packages.items() if isinstance(entry, dict) and len(path) <= _LONGEST_PATH}
    if not entries and isinstance(told.get("dependencies"), dict):
        entries = {"": {"dependencies": dict.fromkeys(direct, "*")}, **dict(_nested(told["dependencies"]))}
    if not entries:
        return Findings()
    finder = Lines(text)
    marked: dict[str, int] = {}
    for match in _ENTRY.finditer(text):
        if "node_modules/" in match[1]:
            marked.setdefault(match[1], finder.at(match.start()))
    ids = {
        path: npm_id(_name(path, entry), text_of_value(entry.get("version")))
        for path, entry in entries.items()
        if _is_package(path, entry)
    }
    installed = _Installed(entries)
    direct = {
        found
        for path, entry in entries.items()
        if "node_modules/" not in path
        for section, _ in _SECTIONS
        for name in table_of(entry.get(section))
        if (found := installed.found(path, name)) is not None
    }
    components = [
        Component(
            identity,
            _name(path, entries[path]),
            text_of_value(entries[path].get("version")),
            licence=_licence(entries[path].get("license")),
            scope=_scope(entries[path]),
            direct=path in direct,
            depends=_depends(path, entries, ids, installed),
            registry=_registry(entries[path]),
            repository=_git(entries[path]),
            evidence=(Evidence(file.relative, marked.get(path, 0)),),
        )
        for path, identity in ids.items()
    ]
    return Findings(tuple(components))


def _nested(dependencies: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The entries of a lock of version 1 by the path at which each is installed, as later versions write them."""
    waiting = [("", dependencies)]
    while waiting:
        folder, inner = waiting.pop()
        for name, told in inner.items():
            path = f"{folder}/node_modules/{name}" if folder else f"node_modules/{name}"
            if not isinstance(told, dict) or len(path) > _LONGEST_PATH:
                continue
            version = text_of_value(told.get("version")) or ""
            entry = {**told, "dependencies": table_of(told.get("requires"))}
            if version.startswith("npm:"):
                entry["name"], _, entry["version"] = version[4:].rpartition("@")
            elif "://" in version or version.startswith(("file:", "github:")):
                entry["resolved"], entry["version"] = version, None
            if not version.startswith("file:"):
                yield path, entry
            waiting.append((path, table_of(told.get("dependencies"))))


def _is_package(path: str, entry: Mapping[str, Any]) -> bool:
    return "node_modules/" in path and entry.get("link") is not True


def _name(path: str, entry: Mapping[str, Any]) -> str:
    return text_of_value(entry.get("name")) or path.rpartition("node_modules/")[2]


def _scope(entry: Mapping[str, Any]) -> str:
    if entry.get("dev") is True:
        return "development"
    return "optional" if entry.get("optional") is True or entry.get("devOptional") is True else "run"


def _registry(entry: Mapping[str, Any]) -> str | None:
    resolved = text_of_value(entry.get("resolved")) or ""
    return registry_of(resolved) if resolved.startswith(("http://", "https://")) else None


def _git(entry: Mapping[str, Any]) -> str | None:
    resolved = text_of_value(entry.get("resolved")) or ""
    return repository_of(resolved) if resolved.startswith("git") else None


class _Installed:
    """Where each name is installed, so that what stands nowhere is not sought in every folder upwards."""

    def __init__(self, entries: Mapping[str, Any]) -> None:
        self._folders: dict[str, set[str]] = {}
        for path in entries:
            folder, _, name = f"/{path}".rpartition("/node_modules/")
            if name:
                self._folders.setdefault(name, set()).add(folder.removeprefix("/"))
        self._upwards: tuple[str, tuple[str, ...]] = ("", ("",))

    def found(self, path: str, name: str) -> str | None:
        """Where Node finds ``name`` from ``path``: in the nearest ``node_modules`` upwards."""
        folders = self._folders.get(name)
        if folders is None:
            return None
        if self._upwards[0] != path:
            self._upwards = path, tuple(islice(_upwards(path), _DEEPEST))
        here = next((one for one in self._upwards[1] if one in folders), None)
        return None if here is None else f"{here}/node_modules/{name}" if here else f"node_modules/{name}"


def _upwards(path: str) -> Iterator[str]:
    here = path
    while here:
        yield here
        within = here.rpartition("/node_modules/")[0]
        here = within or ("" if "node_modules/" in here else posixpath.dirname(here))
    yield ""


def _depends(path: str, entries: Mapping[str, Any], ids: Mapping[str, str], installed: _Installed) -> tuple[str, ...]:
    found = set()
    for section in ("dependencies", "optionalDependencies"):
        for name in table_of(entries[path].get(section)):
            target = installed.found(path, name)
            if target is not None and target in ids:
                found.add(ids[target])
    return tuple(sorted(found - {ids[path]}))
