"""The reader of project folders: which file goes to which parser, and how all they found becomes one inventory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from freehold.errors import Unreadable
from freehold.read.cargo_locks import read_cargo
from freehold.read.collector import no_collection
from freehold.read.documents import text_of
from freehold.read.ecosystem import Ecosystem
from freehold.read.file_readers import read_files
from freehold.read.findings import Findings, joined_components, joined_contacts
from freehold.read.git_remotes import read_git_remotes
from freehold.read.go_modules import read_go
from freehold.read.hosts import is_public, parse_address, registry_of, reversed_host
from freehold.read.interface import Surroundings
from freehold.read.node_metadata import NodeProject, read_npmrc, read_package_json, read_package_lock
from freehold.read.plain_text import plain, plain_component, plain_skip
from freehold.read.plugins import plugin_folders
from freehold.read.python_environment import read_environment
from freehold.read.python_locks import Lock, read_pipfile_lock, read_poetry_lock, read_pylock, read_uv_lock
from freehold.read.python_metadata import Project, read_pipfile, read_pyproject, read_setup_cfg, read_setup_py
from freehold.read.python_requirement import python_floor
from freehold.read.python_requirements_file import read_requirements
from freehold.read.python_resolution import resolve
from freehold.read.unsupported import unsupported
from freehold.read.values import read_values
from freehold.read.walk import SourceFile, Walk, walk
from freehold.stack.inventory import Component, Contact, Evidence, Inventory, Skip

__all__ = ["ProjectReader"]

_LOCKS: Final[dict[str, Callable[[SourceFile, str], Lock | Skip]]] = {
    "uv.lock": read_uv_lock,
    "poetry.lock": read_poetry_lock,
    "pipfile.lock": read_pipfile_lock,
}
_MANIFESTS: Final[dict[str, Callable[[SourceFile, str], Project | Skip]]] = {
    "pyproject.toml": read_pyproject,
    "setup.cfg": read_setup_cfg,
    "setup.py": read_setup_py,
    "pipfile": read_pipfile,
}
_MOST_SKIPS: Final = 1000
_ASIDE: Final = frozenset({"test", "example", "docs"})


@dataclass(slots=True)
class _Reading:
    """What has been found so far."""

    projects: list[Project] = field(default_factory=list)
    constraints: set[str] = field(default_factory=set)
    locks: list[Lock] = field(default_factory=list)
    nodes: list[NodeProject] = field(default_factory=list)
    node_locks: dict[str, tuple[SourceFile, str]] = field(default_factory=dict)
    ecosystems: tuple[Ecosystem, ...] = ()
    findings: list[Findings] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)


class ProjectReader:
    """Reads any folder: a project, many in one, an environment, or none of these."""

    name = "project"

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether ``path`` is a folder."""
        return not head and path.is_dir()

    def read(self, path: Path) -> Inventory:
        """Read a folder.

        Parameters
        ----------
        path
            The folder. Links in it are not followed out of it; nothing in it is run.

        Returns
        -------
        Inventory
            The same for the same files, in a fixed order.

        Raises
        ------
        freehold.errors.Unreadable
            If it is no folder, or cannot be listed.
        """
        try:
            with os.scandir(path):
                pass
        except OSError as error:
            raise Unreadable(
                f"{path} cannot be read as a folder ({error.strerror}). Name a folder that can be listed."
            ) from error
        with no_collection():
            return _read(os.path.realpath(path))


def _read(top: str) -> Inventory:
    found = walk(top)
    reading = _Reading(skips=list(found.skips))
    for file in found.files:
        _read_file(file, reading)
    for environment in found.environments:
        lock = read_environment(environment)
        reading.locks.append(lock)
        reading.skips += lock.skips
    reading.ecosystems = (read_cargo(found.files), read_go(found.files))
    for ecosystem in reading.ecosystems:
        reading.findings.append(Findings(ecosystem.components, ecosystem.contacts, ecosystem.skips))
    remotes = read_git_remotes(top)
    reading.findings.append(remotes)
    forge = remotes.contacts[0].host if remotes.contacts else None
    plugins = plugin_folders(found.folders)
    operation, taken = read_files(found.files, Surroundings(forge, plugins))
    reading.findings.append(operation)
    reading.findings.append(read_values(found.files, plugins, taken))
    reading.skips += unsupported(found)
    return _inventory(os.path.basename(top) or "folder", found, reading)  # noqa: PTH119


def _read_file(file: SourceFile, reading: _Reading) -> None:
    name = file.name.lower()
    parser = _parser_of(name)
    if parser is None or (file.place in _ASIDE and name != "setup.py" and parser is not _requirements) or file.place == "test":
        return
    text = text_of(file)
    if isinstance(text, Skip):
        reading.skips.append(text)
        return
    parser(file, text, reading)


def _parser_of(name: str) -> Callable[[SourceFile, str, _Reading], None] | None:
    if name in _LOCKS or (name.startswith("pylock.") and name.endswith(".toml")):
        return _lock
    if name in _MANIFESTS:
        return _manifest
    if name.endswith(".txt"):
        return _requirements
    if name == "package.json":
        return _node
    if name == ".npmrc":
        return _npmrc
    return _node_lock if name in {"package-lock.json", "npm-shrinkwrap.json"} else None


def _lock(file: SourceFile, text: str, reading: _Reading) -> None:
    lock = _LOCKS.get(file.name.lower(), read_pylock)(file, text)
    if isinstance(lock, Skip):
        reading.skips.append(lock)
    else:
        reading.locks.append(lock)


def _manifest(file: SourceFile, text: str, reading: _Reading) -> None:
    project = _MANIFESTS[file.name.lower()](file, text)
    if isinstance(project, Skip):
        reading.skips.append(project)
    else:
        reading.projects.append(project)
        reading.skips += project.skips


def _requirements(file: SourceFile, text: str, reading: _Reading) -> None:
    project = read_requirements(file, text)
    reading.constraints.update(project.constraints)
    if "constraints" in file.name.lower():
        reading.constraints.add(file.relative)
    reading.projects.append(project)
    reading.skips += project.skips


def _node(file: SourceFile, text: str, reading: _Reading) -> None:
    node = read_package_json(file, text)
    if isinstance(node, Skip):
        reading.skips.append(node)
    else:
        reading.nodes.append(node)


def _node_lock(file: SourceFile, text: str, reading: _Reading) -> None:
    reading.node_locks[file.folder] = file, text


def _npmrc(file: SourceFile, text: str, reading: _Reading) -> None:
    reading.findings.append(read_npmrc(file, text))


def _node_components(reading: _Reading) -> Iterable[Component]:
    """Direct dependencies of every ``package.json`` that no lock covers, and all that locks pin."""
    locked: dict[str, set[str]] = {}
    for folder, (file, text) in reading.node_locks.items():
        direct = {component.name for node in reading.nodes if node.folder == folder for component in node.components}
        found = read_package_lock(file, text, direct)
        if isinstance(found, Skip):
            reading.skips.append(found)
            continue
        locked[folder] = {component.name for component in found.components}
        yield from found.components
    for node in reading.nodes:
        over = [locked[folder] for folder in ("", *_upwards(node.folder)) if folder in locked]
        yield from (component for component in node.components if not any(component.name in names for names in over))


def _upwards(folder: str) -> Iterable[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def _registries(projects: Iterable[Project]) -> Iterable[Contact]:
    for project in projects:
        for url, where in project.indexes:
            host = registry_of(url)
            if host:
                yield Contact(host, "registry", "change", evidence=(where,))


def _forges(projects: Iterable[Project], nodes: Iterable[NodeProject], others: Iterable[Ecosystem]) -> Iterable[Contact]:
    links = [link for project in projects for link in project.repositories if not project.folder]
    links += [
        (node.repository.removeprefix("git+"), Evidence("package.json"))
        for node in nodes
        if node.repository and not node.folder
    ]
    links += [(other.repository[0], Evidence(other.repository[1])) for other in others if other.repository]
    for url, where in links:
        address = parse_address(url)
        if address and is_public(address.host):
            yield Contact(reversed_host(address.host.removeprefix("www.")), "forge", "change", evidence=(where,))


def _inventory(folder: str, met: Walk, reading: _Reading) -> Inventory:
    projects = sorted(reading.projects, key=lambda project: (project.folder.count("/") + bool(project.folder), project.folder))
    stated = next((project for project in projects if not project.folder and project.name), None)
    node = next((node for node in reading.nodes if not node.folder), None)
    pythons = [floor for project in projects if project.python and (floor := python_floor(project.python))]
    declared = [one for project in projects for one in project.declared if one.evidence.file not in reading.constraints]
    resolved = resolve(declared, reading.locks, pythons[0] if pythons else None)
    met_components = [
        *resolved.components, *_node_components(reading), *(one for found in reading.findings for one in found.components)
    ]  # fmt: skip
    kept = [fit for one in met_components if (fit := plain_component(one)) is not None]
    if len(kept) < len(met_components):
        detail = f"{len(met_components) - len(kept)} name(s) too long to be one were left out."
        reading.skips.append(Skip(".", "too-large", detail))
    components, joined = joined_components(kept)
    contacts = joined_contacts(
        [
            *_registries(projects),
            *_forges(projects, reading.nodes, reading.ecosystems),
            *(one for found in reading.findings for one in found.contacts),
        ]
    )
    return Inventory(
        name=plain(_first((stated, node, *reading.ecosystems), "name") or folder),
        reader=ProjectReader.name,
        components=components,
        contacts=contacts,
        skips=_skips(reading),
        claims=(*resolved.claims, *(one for found in reading.findings for one in found.claims)),
        licence=plain(_first((stated, node, *reading.ecosystems), "licence")),
        joined=joined,
        languages=_languages(met, reading),
        toolchains=tuple(tool for ecosystem in reading.ecosystems for tool in ecosystem.toolchains),
        platforms=joined_contacts(one for found in reading.findings for one in found.platforms),
    )


def _first(tellers: Iterable[object], attribute: str) -> str | None:
    """What the first of those that state an attribute says."""
    return next((value for teller in tellers if (value := getattr(teller, attribute, None))), None)


def _skips(reading: _Reading) -> tuple[Skip, ...]:
    met = {plain_skip(skip) for skip in {*reading.skips}.union(*(found.skips for found in reading.findings))}
    found = sorted(met, key=lambda skip: (skip.file, skip.reason, skip.detail))
    if len(found) > _MOST_SKIPS:
        over = f"{len(found) - _MOST_SKIPS} more skips like those above are not listed one by one."
        found = [*found[:_MOST_SKIPS], Skip(".", "limit", over)]
    return tuple(found)


def _languages(found: Walk, reading: _Reading) -> tuple[str, ...]:
    python = bool(reading.projects or reading.locks) or any(
        file.name.endswith(".py") and file.place == "run" for file in found.files
    )
    return (*(("cpython",) if python else ()), *(("node",) if reading.nodes else ()))
