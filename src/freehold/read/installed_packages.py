"""Packages that a distribution's database lists. Owns the join of what each needs with what others provide.

A package is found by its name first, then by what it says it provides. Versions are not compared: the database describes
what the package manager has already made fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from freehold.read.plain_text import LONGEST
from freehold.read.purls import canonical
from freehold.stack.inventory import Component, Evidence

__all__ = ["InstalledPackage", "package_components", "package_url"]

_MOST_PROVIDERS: Final = 20
"""Packages that provide one and the same thing and are each taken as needed."""


@dataclass(frozen=True, slots=True)
class InstalledPackage:
    """One package of a database.

    Parameters
    ----------
    id
        Canonical package URL.
    name, version, architecture
        As the database states them.
    provides
        Other names under which it is needed: virtual packages, libraries, files.
    requires
        What it needs: of each the alternatives, the preferred first.
    direct
        Whether someone asked for it; ``None`` if the database does not say.
    licence, supplier, registry
        As of :class:`~freehold.stack.inventory.Component`.
    """

    id: str
    name: str
    version: str
    architecture: str
    evidence: Evidence
    provides: tuple[str, ...] = ()
    requires: tuple[tuple[str, ...], ...] = ()
    direct: bool | None = None
    licence: str | None = None
    supplier: str | None = None
    registry: str | None = None


def package_url(type_: str, namespace: str, name: str, version: str, **qualifiers: str | None) -> str | None:
    """Make the canonical URL of a distribution's package; ``None`` if its name or version cannot be one."""
    if not name or not version or len(name) + len(version) > LONGEST // 2:
        return None
    asked = "&".join(f"{key}={quote(value, safe='')}" for key, value in sorted(qualifiers.items()) if value)
    space = f"{quote(namespace, safe='')}/" if namespace else ""
    text = f"pkg:{type_}/{space}{quote(name, safe='')}@{quote(version, safe='')}"
    return canonical(f"{text}?{asked}" if asked else text)


def package_components(packages: Sequence[InstalledPackage]) -> tuple[Component, ...]:
    """Join what packages need with what they provide.

    Where no package says whether it was asked for, those that no other needs count as asked for.

    Returns
    -------
    tuple of Component
        One a package, in the order given.
    """
    named: dict[str, list[int]] = {}
    provided: dict[str, list[int]] = {}
    for number, package in enumerate(packages):
        named.setdefault(package.name, []).append(number)
        for capability in package.provides:
            provided.setdefault(capability, []).append(number)
    needs = [_needed(packages, number, named, provided) for number in range(len(packages))]
    told = any(package.direct is not None for package in packages)
    wanted = {target for number, targets in enumerate(needs) for target in targets if target != number}
    return tuple(
        Component(
            package.id, package.name, package.version, None, package.licence, package.supplier,
            direct=bool(package.direct) if told else number not in wanted,
            depends=tuple(dict.fromkeys(packages[target].id for target in targets if packages[target].id != package.id)),
            registry=package.registry, evidence=(package.evidence,),
        )
        for number, (package, targets) in enumerate(zip(packages, needs, strict=True))
    )  # fmt: skip


def _needed(
    packages: Sequence[InstalledPackage], number: int, named: dict[str, list[int]], provided: dict[str, list[int]]
) -> tuple[int, ...]:
    found: dict[int, None] = {}
    own = packages[number].architecture
    for alternatives in packages[number].requires:
        for one in alternatives:
            targets = named.get(one) or provided.get(one)
            if targets:
                found.update(dict.fromkeys(_fitting(packages, targets, own)))
                break
    return tuple(found)


def _fitting(packages: Sequence[InstalledPackage], targets: Sequence[int], own: str) -> Iterable[int]:
    """Of several that fit the one of the same architecture, else the first: one is enough, so one is named."""
    few = targets[:_MOST_PROVIDERS]
    return [next((target for target in few if packages[target].architecture == own), few[0])]
