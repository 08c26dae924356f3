"""The values a stack is made of, frozen. Owns the seam between what users write and what is computed.

A field that holds ``None`` was left blank (a stated default or assumption applies, see
:mod:`freehold.stack.schema`); :data:`UNKNOWN` was said to be unknown (``"?"``). The two are never the same:
a blank number takes its default, an unknown one becomes an interval.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal, TypeAlias, TypeGuard, TypeVar

__all__ = [
    "ANY_OF",
    "OWN_NAME",
    "UNKNOWN",
    "Claim",
    "Item",
    "Maybe",
    "Need",
    "Owner",
    "Provider",
    "Source",
    "Stack",
    "Unknown",
    "is_stated",
]

_T = TypeVar("_T")

OWN_NAME: Final = "the organisation itself"
"""Name of the provider ``self`` where a stack states no other."""


class Unknown(enum.Enum):
    """The type of the one value that says "not known"."""

    UNKNOWN = "?"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN
ANY_OF: Final = "any-of"
"""The tag of an item that only stands for a choice between others: it is nothing that can be lost by itself."""
Maybe: TypeAlias = _T | Literal[Unknown.UNKNOWN] | None


def is_stated(value: Maybe[float]) -> TypeGuard[float]:
    """Whether a number is there: neither blank nor unknown."""
    return value is not None and value is not UNKNOWN


@dataclass(frozen=True, slots=True)
class Item:
    """Anything needed: a material, a chip, a package, a cloud service, a skill."""

    id: str
    name: str | None = None
    kind: Maybe[str] = None
    mission: Maybe[float] = None
    whole: Maybe[bool] = None
    tags: Maybe[tuple[str, ...]] = None


@dataclass(frozen=True, slots=True)
class Owner:
    """A direct or ultimate owner, and the stake held where it is stated (a fraction)."""

    id: str
    stake: float | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """Who can say no. ``country`` is the legal seat; ``"none"`` for an unincorporated community."""

    id: str
    name: str | None = None
    country: Maybe[str] = None
    owner: Maybe[tuple[Owner, ...]] = None
    type: Maybe[str] = None
    lei: str | None = None
    wikidata: str | None = None
    probability: Maybe[float] = None


@dataclass(frozen=True, slots=True)
class Source:
    """One way to get one item."""

    id: str
    item: str
    provider: Maybe[str] = None
    location: Maybe[tuple[str, ...]] = None
    origin: Maybe[tuple[str, ...]] = None
    licence: Maybe[str] = None
    status: Maybe[str] = None
    share: Maybe[float] = None
    capacity: Maybe[float] = None
    recover: Maybe[float] = None
    quality: Maybe[float] = None
    own_value: Maybe[float] = None
    cost_once: Maybe[float] = None
    cost_year: Maybe[float] = None
    currency: str | None = None
    tags: Maybe[tuple[str, ...]] = None


@dataclass(frozen=True, slots=True)
class Need:
    """What a source itself needs: an item, in a role."""

    source: str
    item: str
    role: str | None = None
    weight: float | None = None
    enough: Maybe[float] = None
    survive: Maybe[float] = None
    value: Maybe[float] = None

    @property
    def id(self) -> str:
        """The need's name in claims and messages: ``source > item``."""
        return f"{self.source} > {self.item}"


@dataclass(frozen=True, slots=True)
class Claim:
    """One piece of evidence: who says so, where, when, and how surely."""

    table: str
    id: str
    attribute: str
    value: str
    source: str
    date: str | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class Stack:
    """An AND/OR network in a few tables, and whose it is. Immutable; methods give new stacks.

    Parameters
    ----------
    name, home, trusted, as_of
        Whose stack, its country, the countries or groups it trusts, the day it describes.
    items, providers, sources, needs, claims
        The tables.
    path
        The file or folder it came from, for messages; empty for one made in memory.
    """

    name: str = "stack"
    home: str | None = None
    trusted: tuple[str, ...] = ()
    as_of: str | None = None
    items: tuple[Item, ...] = ()
    providers: tuple[Provider, ...] = ()
    sources: tuple[Source, ...] = ()
    needs: tuple[Need, ...] = ()
    claims: tuple[Claim, ...] = ()
    path: str = field(default="", compare=False)

    @cached_property
    def item_by_id(self) -> Mapping[str, Item]:
        """Items by id."""
        return {item.id: item for item in self.items}

    @cached_property
    def provider_by_id(self) -> Mapping[str, Provider]:
        """Providers by id, the built-in ``self`` among them: at home, and nobody's where no home is set."""
        own = Provider("self", name=OWN_NAME, country=self.home or "none", type="self")
        return {"self": own} | {provider.id: provider for provider in self.providers}

    @cached_property
    def source_by_id(self) -> Mapping[str, Source]:
        """Sources by id."""
        return {source.id: source for source in self.sources}

    @cached_property
    def sources_of(self) -> Mapping[str, tuple[Source, ...]]:
        """Sources by the item they provide, in the order of the table."""
        found: dict[str, list[Source]] = {item.id: [] for item in self.items}
        for source in self.sources:
            found.setdefault(source.item, []).append(source)
        return {item: tuple(sources) for item, sources in found.items()}

    @cached_property
    def needs_of(self) -> Mapping[str, tuple[Need, ...]]:
        """Needs by the source that has them, in the order of the table."""
        found: dict[str, list[Need]] = {source.id: [] for source in self.sources}
        for need in self.needs:
            found.setdefault(need.source, []).append(need)
        return {source: tuple(needs) for source, needs in found.items()}

    @cached_property
    def claims_of(self) -> Mapping[tuple[str, str], tuple[Claim, ...]]:
        """Claims by (table, id)."""
        found: dict[tuple[str, str], list[Claim]] = {}
        for claim in self.claims:
            found.setdefault((claim.table, claim.id), []).append(claim)
        return {key: tuple(claims) for key, claims in found.items()}
