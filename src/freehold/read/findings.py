"""What one file yields, and how the yields of many are joined. Owns the law that the same id is one component.

Components join by id: the strongest scope wins, what is stated first (in the order of files) stands, evidence and
edges are united. Contacts join by host and role; resources that are managed are added up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from typing import Final

from freehold.stack.inventory import Component, Contact, Skip
from freehold.stack.values import Claim

__all__ = ["SCOPES", "Findings", "joined_components", "joined_contacts", "stronger"]

SCOPES: Final = ("run", "optional", "build", "test", "development")
"""Scopes, the strongest first."""

_RANK: Final = {scope: rank for rank, scope in enumerate(SCOPES)}
_MOST_EVIDENCE: Final = 50


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in one place; ``platforms`` as in :class:`~freehold.stack.inventory.Inventory`."""

    components: tuple[Component, ...] = ()
    contacts: tuple[Contact, ...] = ()
    skips: tuple[Skip, ...] = ()
    claims: tuple[Claim, ...] = ()
    platforms: tuple[Contact, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[Findings]) -> Findings:
        """The findings of several places, one after the other."""
        held = list(parts)
        return cls(
            tuple(component for part in held for component in part.components),
            tuple(contact for part in held for contact in part.contacts),
            tuple(skip for part in held for skip in part.skips),
            tuple(claim for part in held for claim in part.claims),
            tuple(platform for part in held for platform in part.platforms),
        )


def stronger(one: str, two: str) -> str:
    """The stronger of two scopes: what is needed to run outranks what is needed to build."""
    return one if _RANK.get(one, len(SCOPES)) <= _RANK.get(two, len(SCOPES)) else two


def joined_components(components: Iterable[Component]) -> tuple[tuple[Component, ...], int]:
    """Join components with the same id; what they need and is none of them is left out.

    Returns
    -------
    tuple of Component, int
        Sorted by id, and how many rows were joined away.
    """
    groups: dict[str, list[Component]] = {}
    count = 0
    for component in components:
        groups.setdefault(component.id, []).append(component)
        count += 1
    found = tuple(_with_known(_join(groups[key]), groups) for key in sorted(groups))
    return found, count - len(found)


def _with_known(component: Component, known: Container[str]) -> Component:
    if all(one in known for one in component.depends):
        return component
    return replace(component, depends=tuple(one for one in component.depends if one in known))


def _join(group: list[Component]) -> Component:
    if len(group) == 1:
        return group[0]
    first = group[0]
    scope = first.scope
    for component in group[1:]:
        scope = stronger(scope, component.scope)

    def stated(name: str) -> str | None:
        values = (getattr(component, name) for component in group)
        return next((value for value in values if value), None)

    return replace(
        first,
        version=stated("version"),
        kind=stated("kind"),
        licence=stated("licence"),
        supplier=stated("supplier"),
        registry=stated("registry"),
        repository=stated("repository"),
        provides=stated("provides"),
        scope=scope,
        direct=any(component.direct for component in group),
        depends=tuple(sorted({depend for component in group for depend in component.depends})),
        manages=_summed(group),
        regions=tuple(sorted({region for component in group for region in component.regions})),
        evidence=tuple(sorted({seen for component in group for seen in component.evidence}))[:_MOST_EVIDENCE],
    )


def _summed(group: Iterable[Component]) -> tuple[tuple[str, int], ...]:
    counts: Counter[str] = Counter()
    for component in group:
        counts.update(dict(component.manages))
    return tuple(sorted(counts.items()))


def joined_contacts(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    """Join contacts with the same host and role: ``run`` outranks ``change``, and needed outranks optional."""
    groups: dict[tuple[str, str], list[Contact]] = {}
    for contact in contacts:
        groups.setdefault((contact.host, contact.role), []).append(contact)
    found = []
    for key in sorted(groups):
        group = groups[key]
        running = [contact for contact in group if contact.scope == "run"]
        found.append(
            Contact(
                *key,
                scope="run" if running else "change",
                optional=all(contact.optional for contact in (running or group)),
                evidence=tuple(sorted({seen for contact in group for seen in contact.evidence}))[:_MOST_EVIDENCE],
            )
        )
    return tuple(found)
