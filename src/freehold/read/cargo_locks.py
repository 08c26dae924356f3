"""Rust projects: ``Cargo.lock`` beside the manifests it covers. Owns that format, and the part that each crate plays.

A lock names every crate with the index or repository it was fetched from, and what each needs, but not why. Why is told
by the manifests: what the members' own code needs runs, the rest only builds or tests. Crates that a build script or a
macro alone needs deeper down cannot be told apart and count as run.

Source: The Cargo Book, "Cargo.toml vs Cargo.lock", "Registry Index" and "Configuration".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from freehold.read.cargo_manifests import CargoManifest, Wanted, read_cargo_toml
from freehold.read.documents import Lines, text_of, toml_of
from freehold.read.ecosystem import Ecosystem
from freehold.read.findings import SCOPES
from freehold.read.hosts import registry_of, repository_of
from freehold.read.parsed import entries_of, table_of, text_of_value
from freehold.read.walk import SourceFile
from freehold.stack.inventory import Component, Contact, Evidence, Skip

__all__ = ["cargo_id", "read_cargo"]

_DEFAULT: Final = "io.crates"
"""The registry that the default index belongs to, whichever address the index was read at."""
_DEFAULT_INDEXES: Final = (f"com.github/rust-lang/{'.'.join(reversed(_DEFAULT.split('.')))}-index", f"{_DEFAULT}.index")
_OF_PLACE: Final[Mapping[str, str]] = {"test": "test", "example": "development", "docs": "development"}


@dataclass(frozen=True, slots=True)
class _Crate:
    """One entry of a lock; ``source`` is ``None`` for the project's own."""

    name: str
    version: str
    source: str | None
    needs: tuple[str, ...]
    evidence: Evidence


def cargo_id(name: str, version: str | None = None, source: str | None = None) -> str:
    """The canonical package URL of a crate; a source other than the default registry becomes a qualifier."""
    base = f"pkg:cargo/{quote(name, safe='')}" + (f"@{quote(version, safe=':')}" if version else "")
    if source is None or _registry(source) == _DEFAULT:
        return base
    if source.startswith("git+"):
        repository = repository_of(source.partition("?")[0].partition("#")[0])
        commit = source.rpartition("#")[2] if "#" in source else ""
        if repository is None:
            return base
        host, _, path = repository.partition("/")
        address = f"git+https://{'.'.join(reversed(host.split('.')))}/{path}" + (f"@{commit}" if commit.isalnum() else "")
        return f"{base}?vcs_url={quote(address, safe=':/')}"
    registry = _registry(source)
    return f"{base}?repository_url={'.'.join(reversed(registry.split('.')))}" if registry else base


def read_cargo(files: Sequence[SourceFile]) -> Ecosystem:
    """Read every manifest and lock of Rust packages in a folder.

    Parameters
    ----------
    files
        All files of the folder.
    """
    skips: list[Skip] = []
    texts: dict[str, tuple[SourceFile, str]] = {}
    for file in files:
        if file.name in {"Cargo.toml", "Cargo.lock"} or file.relative.endswith(".cargo/config.toml"):
            text = text_of(file)
            if isinstance(text, Skip):
                skips.append(text)
            else:
                texts[file.relative] = file, text
    manifests = _manifests(texts, skips)
    locks: dict[str, list[_Crate]] = {}
    for file, text in texts.values():
        if file.name == "Cargo.lock" and file.place in {"run", "script"}:
            crates = _crates(file, text)
            if isinstance(crates, Skip):
                skips.append(crates)
            else:
                locks[file.folder] = crates
    covered: dict[str, list[CargoManifest]] = {folder: [] for folder in locks}
    components: list[Component] = []
    for manifest in manifests:
        lock = next((folder for folder in _upwards(manifest.folder) if folder in locks), None)
        if lock is not None:
            covered[lock].append(manifest)
        elif manifest.place in {"run", "script"}:
            components += [_unlocked(wanted) for wanted in manifest.wanted if not wanted.local]
    for folder, crates in locks.items():
        components += _locked(crates, covered[folder])
    top = next((one for one in manifests if not one.folder), None)
    return Ecosystem(
        components=tuple(components),
        contacts=tuple(_mirrors(texts, skips)),
        skips=tuple(skips),
        name=top.name if top else None,
        licence=top.licence if top else None,
        repository=(top.repository, top.file) if top and top.repository else None,
        toolchains=("rust",) if any(one.place in {"run", "script"} for one in manifests) or locks else (),
    )


def _upwards(folder: str) -> Iterable[str]:
    yield folder
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


def _manifests(texts: Mapping[str, tuple[SourceFile, str]], skips: list[Skip]) -> list[CargoManifest]:
    """Manifests from the top down, each with the workspace that it inherits from."""
    workspaces: dict[str, Mapping[str, object]] = {}
    found: list[CargoManifest] = []
    named = [pair for pair in texts.values() if pair[0].name == "Cargo.toml"]
    for file, text in sorted(named, key=lambda pair: (pair[0].folder.count("/") + bool(pair[0].folder), pair[0].folder)):
        told = toml_of(file, text)
        if not isinstance(told, Skip) and "workspace" in told:
            workspaces[file.folder] = table_of(told["workspace"])
        over = next((workspaces[folder] for folder in _upwards(file.folder) if folder in workspaces), None)
        manifest = read_cargo_toml(file, text, over)
        if isinstance(manifest, Skip):
            skips.append(manifest)
        else:
            found.append(manifest)
    return found


def _crates(file: SourceFile, text: str) -> list[_Crate] | Skip:
    told = toml_of(file, text)
    if isinstance(told, Skip):
        return told
    packages = told.get("package")
    entries = entries_of(packages)
    lines = Lines(text).headings("[[package]]")
    exact = isinstance(packages, list) and len(lines) == len(packages) == len(entries)
    return [
        _Crate(
            name,
            version,
            text_of_value(entry.get("source")),
            tuple(one for one in needs if isinstance(one, str)) if isinstance(needs := entry.get("dependencies"), list) else (),
            Evidence(file.relative, lines[number] if exact else 0),
        )
        for number, entry in enumerate(entries)
        if (name := text_of_value(entry.get("name"))) and (version := text_of_value(entry.get("version")))
    ]


def _registry(source: str) -> str | None:
    """The registry of a crate's source as a lock names it; ``None`` for a repository."""
    scheme, _, address = source.partition("+")
    if scheme not in {"registry", "sparse"}:
        return None
    host = registry_of(address)
    if host is not None and ((repository_of(address) or "") in _DEFAULT_INDEXES or host in _DEFAULT_INDEXES):
        return _DEFAULT
    return host


def _locked(crates: Sequence[_Crate], manifests: Sequence[CargoManifest]) -> list[Component]:
    named: dict[tuple[str, str, str], int] = {}
    for number, crate in enumerate(crates):
        source = (crate.source or "").partition("#")[0]
        for told in (("", ""), (crate.version, ""), ("", source), (crate.version, source)):
            named.setdefault((crate.name, *told), number)
    edges = [_edges(crate, named) for crate in crates]
    own = {number for number, crate in enumerate(crates) if crate.source is None}
    scopes, direct = _scopes(crates, edges, own, manifests)
    ids = [cargo_id(crate.name, crate.version, crate.source) for crate in crates]
    return [
        Component(
            ids[number],
            crate.name,
            crate.version,
            scope=scopes.get(number, "run"),
            direct=number in direct,
            depends=tuple(sorted({ids[edge] for edge in edges[number] if edge not in own} - {ids[number]})),
            registry=_registry(crate.source or ""),
            repository=repository_of(crate.source.partition("?")[0].partition("#")[0])
            if crate.source and crate.source.startswith("git+")
            else None,
            evidence=(crate.evidence,),
        )
        for number, crate in enumerate(crates)
        if number not in own
    ]


def _edges(crate: _Crate, named: Mapping[tuple[str, str, str], int]) -> list[int]:
    """What a crate needs: a lock names it by as much of name, version and source as is not ambiguous."""
    found = []
    for needed in crate.needs:
        name, _, rest = needed.partition(" ")
        version, _, source = rest.partition(" ")
        number = named.get((name, version, source.strip("()").partition("#")[0]))
        if number is not None:
            found.append(number)
    return found


def _scopes(
    crates: Sequence[_Crate], edges: Sequence[Sequence[int]], own: set[int], manifests: Sequence[CargoManifest]
) -> tuple[dict[int, str], set[int]]:
    """The strongest reason for which each crate is there, and the crates that the project's own manifests name."""
    wanted_by = {manifest.name: manifest for manifest in manifests if manifest.name}
    starts: dict[str, list[int]] = {scope: [] for scope in SCOPES}
    direct: set[int] = set()
    for member in own:
        manifest = wanted_by.get(crates[member].name)
        named = {wanted.name: wanted.scope for wanted in manifest.wanted} if manifest else {}
        aside = _OF_PLACE.get(manifest.place) if manifest else None
        for needed in edges[member]:
            direct.add(needed)
            starts[aside or named.get(crates[needed].name, "run")].append(needed)
    found: dict[int, str] = {}
    for scope in SCOPES:
        waiting = list(starts[scope])
        while waiting:
            number = waiting.pop()
            if number not in found and number not in own:
                found[number] = scope
                waiting += edges[number]
    return found, direct - own


def _unlocked(wanted: Wanted) -> Component:
    """A dependency that no lock pins."""
    git = repository_of(wanted.git) if wanted.git else None
    return Component(
        cargo_id(wanted.name, wanted.version), wanted.name, wanted.version, scope=wanted.scope, direct=True,
        repository=git, evidence=(wanted.evidence,),
    )  # fmt: skip


def _mirrors(texts: Mapping[str, tuple[SourceFile, str]], skips: list[Skip]) -> Iterable[Contact]:
    """Registries and mirrors that Cargo's own configuration sends it to."""
    for file, text in texts.values():
        if file.name != "config.toml":
            continue
        told = toml_of(file, text)
        if isinstance(told, Skip):
            skips.append(told)
            continue
        lines = Lines(text)
        entries = [*table_of(told.get("source")).values(), *table_of(told.get("registries")).values()]
        for entry in entries:
            address = text_of_value(table_of(entry).get("registry")) or text_of_value(table_of(entry).get("index"))
            host = registry_of(address.removeprefix("sparse+").removeprefix("registry+")) if address else None
            if address and host:
                yield Contact(host, "registry", "change", evidence=(Evidence(file.relative, lines.of(address)),))
