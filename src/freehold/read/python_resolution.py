"""From declared, locked and installed Python packages to components with scopes. Owns reachability.

A package has the strongest scope from which it is reached: by the edges of the lock (or of installed metadata),
from what the projects of that folder name themselves. What only a marker for another system asks for is
``optional``. A lock governs versions; an environment adds licences, repositories, and what the lock does not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from freehold.read.findings import SCOPES, Findings
from freehold.read.hosts import repository_of
from freehold.read.python_locks import Edge, Lock, Package
from freehold.read.python_metadata import Declared
from freehold.read.python_requirement import holds, pypi_id
from freehold.stack.inventory import Component, Evidence
from freehold.stack.values import Claim

__all__ = ["resolve"]

_SURE_OF_MARKERS: Final = 0.7
_SURE_OF_VERSION: Final = 0.5
_MOST_VERSIONS: Final = 20
"""Packages of one name within one lock that edges lead to."""


@dataclass(frozen=True, slots=True)
class _Closure:
    """Packages by name, and how far each is reached."""

    by_name: Mapping[str, tuple[Package, ...]]
    python: str | None

    def targets(self, edge: Edge) -> tuple[Package, ...]:
        found = self.by_name.get(edge.name, ())
        exact = tuple(package for package in found if edge.version is not None and package.version == edge.version)
        return exact or found

    def followed(self, package: Package, extras: frozenset[str], *, markers: bool) -> Iterable[Edge]:
        for edge in package.edges:
            if edge.within is not None and edge.within not in extras:
                continue
            if not markers or holds(edge.marker, self.python, extras) is not False:
                yield edge

    def reach(self, roots: Iterable[Declared], *, markers: bool) -> dict[int, frozenset[str]]:
        """Packages reached (by identity) and the extras with which each is."""
        reached: dict[int, frozenset[str]] = {}
        pending: list[tuple[Package, frozenset[str]]] = []
        for root in roots:
            asked = root.requirement
            if markers and holds(asked.marker, self.python) is False:
                continue
            edge = Edge(asked.name, version=asked.pin)
            pending += [(package, frozenset(asked.extras)) for package in self.targets(edge)]
        while pending:
            package, extras = pending.pop()
            known = reached.get(id(package))
            if known is not None and extras <= known:
                continue
            extras = extras | (known or frozenset())
            reached[id(package)] = extras
            for edge in self.followed(package, extras, markers=markers):
                pending += [(target, frozenset(edge.extras)) for target in self.targets(edge)]
        return reached


def _governs(folder: str, inner: str) -> bool:
    return not folder or inner == folder or inner.startswith(folder + "/")


def _nearest(locks: Sequence[Lock], declared: Declared, *, installed: bool) -> list[Lock]:
    """The locks in the deepest folder that holds the project and has a lock with that name (else any lock)."""
    fitting = [lock for lock in locks if lock.installed is installed and _governs(lock.folder, declared.folder)]
    deepest = max((len(lock.folder) for lock in fitting), default=-1)
    return [lock for lock in fitting if len(lock.folder) == deepest]


def resolve(declared: Sequence[Declared], locks: Sequence[Lock], python: str | None = None) -> Findings:
    """Join what is declared, locked and installed.

    Parameters
    ----------
    declared
        What the projects name themselves.
    locks
        Lock files and environments.
    python
        Version of Python where the lock does not know it.

    Returns
    -------
    Findings
        Components, and claims where a version or a scope is not sure.
    """
    roots: dict[int, list[Declared]] = {id(lock): list(lock.declared) for lock in locks}
    names = {id(lock): {package.name for package in lock.packages} for lock in locks}
    nearest: dict[tuple[str, bool], list[Lock]] = {}
    components: list[Component] = []
    claims: list[Claim] = []
    for one in declared:
        met = False
        for installed in (False, True):
            place = (one.folder, installed)
            if place not in nearest:
                nearest[place] = _nearest(locks, one, installed=installed)
            for lock in nearest[place]:
                roots[id(lock)].append(one)
                met = met or one.requirement.name in names[id(lock)]
        if not met:
            components.append(_unresolved(one))
    locked: dict[str, list[tuple[str, Component]]] = {}
    for lock in sorted(locks, key=lambda lock: (lock.installed, lock.file)):
        found = _components(lock, roots[id(lock)], python)
        claims += found.claims
        for component in found.components:
            name = component.name
            if not lock.installed:
                locked.setdefault(name, []).append((lock.folder, component))
                components.append(component)
                continue
            pinned = [known for folder, known in locked.get(name, ()) if folder == lock.folder or _governs(folder, lock.folder)]
            same = [known for known in pinned if known.id == component.id]
            if same:
                components.append(replace(component, scope=same[0].scope, direct=same[0].direct))
            elif pinned:
                where = str(component.evidence[0])
                claims.append(
                    Claim("items", pinned[0].id, "version", component.version or "?", where, confidence=_SURE_OF_VERSION)
                )
            else:
                components.append(component)
    return Findings(tuple(components), claims=tuple(claims))


def _unresolved(one: Declared) -> Component:
    asked = one.requirement
    return Component(
        pypi_id(asked.name, asked.pin),
        asked.name,
        asked.pin,
        scope="optional" if one.scope == "run" and holds(asked.marker) is False else one.scope,
        direct=True,
        repository=repository_of(asked.url) if asked.url else None,
        evidence=(one.evidence,),
    )


def _components(lock: Lock, roots: Sequence[Declared], python: str | None) -> Findings:
    by_name: dict[str, tuple[Package, ...]] = {}
    for package in lock.packages:
        known = by_name.get(package.name, ())
        if len(known) < _MOST_VERSIONS:
            by_name[package.name] = (*known, package)
    closure = _Closure(by_name, lock.python or python)
    scopes: dict[int, str] = {}
    extras: dict[int, frozenset[str]] = {}
    for scope in SCOPES:
        for key, asked in closure.reach((root for root in roots if root.scope == scope), markers=True).items():
            scopes.setdefault(key, scope)
            extras[key] = extras.get(key, frozenset()) | asked
    elsewhere = closure.reach(roots, markers=False)
    named: dict[str, list[Evidence]] = {}
    for root in roots:
        named.setdefault(root.requirement.name, []).append(root.evidence)
    needed = {
        edge.name for package in lock.packages for edge in package.edges if edge.name != package.name and edge.within is None
    }
    components: list[Component] = []
    claims: list[Claim] = []
    for package in lock.packages:
        if package.own:
            continue
        key, identity = id(package), pypi_id(package.name, package.version)
        reached = scopes.get(key)
        stated = min(package.scopes, key=SCOPES.index) if package.scopes else None
        scope = reached or stated or ("optional" if roots else "run")
        if reached is None and stated in {None, "run"} and key in elsewhere:
            scope = "optional"
            where = str(package.evidence)
            claims.append(Claim("items", identity, "scope", scope, where, confidence=_SURE_OF_MARKERS))
        depends = {
            pypi_id(target.name, target.version)
            for edge in closure.followed(package, extras.get(key, frozenset()), markers=True)
            for target in closure.targets(edge)
            if not target.own and target is not package
        }
        asked_for = named.get(package.name, ())
        components.append(
            Component(
                identity,
                package.name,
                package.version,
                licence=package.licence,
                scope=scope,
                direct=package.name in named if roots else package.asked or package.name not in needed,
                depends=tuple(sorted(depends)),
                registry=package.registry,
                repository=package.repository,
                evidence=tuple(sorted({package.evidence, *asked_for})),
            )
        )
    return Findings(tuple(components), claims=tuple(claims))
