"""Which countries control an upstream, by which ways. Owns the seam between a stack and the rules of routing.

Computed once, when a configuration is loaded. The ways are the stack's: the provider's seat, the seats on its chain of
owners, where it is hosted, and the countries whose export-control law reaches it. What is not known stays unknown, and
an unknown country is in no list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from freehold.errors import BadConfiguration
from freehold.stack.control import Control
from freehold.stack.countries import NO_COUNTRY, country_name, expand, is_region, known_regions
from freehold.stack.cutoff import WAYS
from freehold.stack.values import UNKNOWN, Source, Stack
from freehold.words import language_locale, say

__all__ = ["Demand", "JurisdictionTable", "Place", "PlaceTable", "Way", "compile_demand", "places_of", "verdict"]

Way: TypeAlias = Literal["provider", "owner", "location", "origin"]
_UNKNOWN: Final = "?"
_Code: TypeAlias = Annotated[str, Meta(min_length=1, max_length=60)]
_NO_SOURCE: Final = "(upstream)"


class PlaceTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What ties an upstream to the stack: one of the keys ``source``, ``item``, ``provider`` or ``countries``.

    Parameters
    ----------
    source
        A source's id, ``llm@openai``.
    item
        An item's id: what controls any source of it that is in use.
    provider
        A provider's id, of the stack or the catalogue; ``self`` is the organisation itself.
    countries
        Without a stack: who controls it, by all ways.
    """

    source: str = ""
    item: str = ""
    provider: str = ""
    countries: tuple[_Code, ...] = ()

    def __post_init__(self) -> None:
        given = [name for name in ("source", "item", "provider", "countries") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"'{given[0]}' and '{given[1]}' both say what the upstream is in the stack; keep one of them")


class JurisdictionTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a routing rule demands of who controls an upstream.

    Parameters
    ----------
    within
        ``home``, ``trusted`` (home and what the stack trusts), countries or groups: whoever controls it must be in it.
    via
        The ways that ``within`` looks at; all by default.
    never
        Countries or groups that must not control it.
    never_via
        The ways that ``never`` looks at; all by default.
    unknown
        Whether an upstream of which a fact is unknown that would decide it is refused (the default) or allowed.
    """

    within: tuple[_Code, ...] = ()
    via: tuple[Way, ...] = WAYS
    never: tuple[_Code, ...] = ()
    never_via: tuple[Way, ...] = WAYS
    unknown: Literal["refuse", "allow"] = "refuse"

    def __post_init__(self) -> None:
        if not self.via or not self.never_via:
            raise ValueError(f"no way of control is named; choose from {', '.join(WAYS)}")


@dataclass(frozen=True)
class Place:
    """Who controls one upstream.

    Parameters
    ----------
    by
        Countries by way; ``"?"`` among them where a fact is unknown, ``"none"`` for the seat of a community.
    """

    by: Mapping[Way, frozenset[str]]

    @cached_property
    def countries(self) -> tuple[str, ...]:
        """All of them, sorted, the unknown one last."""
        found = frozenset().union(*self.by.values()) - {NO_COUNTRY}
        return tuple(sorted(found, key=lambda code: (code == _UNKNOWN, code)))

    def over(self, ways: Iterable[Way]) -> dict[str, list[Way]]:
        """The countries that control it by some of the ways, each with those ways."""
        found: dict[str, list[Way]] = {}
        for way in ways:
            for country in sorted(self.by[way]):
                found.setdefault(country, []).append(way)
        return found


@dataclass(frozen=True, slots=True)
class Demand:
    """A :class:`JurisdictionTable` with its groups and words looked up.

    Parameters
    ----------
    within
        Countries that are allowed; ``None``: all.
    via, never, never_via, unknown
        As in the table.
    said
        How ``within`` was said.
    """

    within: frozenset[str] | None
    via: tuple[Way, ...]
    never: frozenset[str]
    never_via: tuple[Way, ...]
    unknown: Literal["refuse", "allow"]
    said: str


def compile_demand(table: JurisdictionTable, stack: Stack | None, where: str) -> Demand:
    """Look up what a demand names.

    Parameters
    ----------
    table
        The demand.
    stack
        Whose home and trusted countries count.
    where
        The place of the table, for messages.

    Raises
    ------
    freehold.errors.BadConfiguration
        If it names no country or group, or ``home`` or ``trusted`` where nothing says what that is.
    """
    home = stack.home if stack is not None else None
    trusted = stack.trusted if stack is not None else ()
    on = stack.as_of if stack is not None else None
    allowed: set[str] = set()
    for code in table.within:
        if code in ("home", "trusted"):
            if not home:
                raise BadConfiguration(f"{where}: '{code}' has no meaning without a stack that states its home.")
            allowed |= expand((home, *trusted) if code == "trusted" else (home,), on)
        else:
            allowed |= expand((_region(code, where),), on)
    never = expand((_region(code, where) for code in table.never), on)
    within = frozenset(allowed) | {NO_COUNTRY} if table.within else None
    return Demand(within, table.via, never, table.never_via, table.unknown, ", ".join(table.within))


def _region(code: str, where: str) -> str:
    if not is_region(code):
        raise BadConfiguration(f"{where}: '{code}' is no country and no group. {known_regions()}.")
    return code


def places_of(upstreams: Mapping[str, PlaceTable], stack: Stack | None, *, strict: bool = False) -> dict[str, Place]:
    """Who controls each upstream.

    Parameters
    ----------
    upstreams
        What ties each upstream to the stack, by the upstream's name.
    stack
        The stack, completed from the catalogue; ``None``: only what ``countries`` says is known.
    strict
        Whether assumed owners and locations count as unknown.

    Raises
    ------
    freehold.errors.BadConfiguration
        If the stack has no such source, item or provider.
    """
    control = None if stack is None else Control(stack, strict=strict)
    return {name: _place(name, table, control) for name, table in upstreams.items()}


def _place(name: str, table: PlaceTable, control: Control | None) -> Place:
    if table.countries:
        found = expand(_region(code, f"upstream '{name}', 'countries'") for code in table.countries)
        return Place(dict.fromkeys(_ways(), found))
    if control is None or not (table.source or table.item or table.provider):
        return Place(dict.fromkeys(_ways(), frozenset({_UNKNOWN})))
    sources = _sources(name, table, control.stack)
    return Place({way: frozenset().union(*(control.countries(source, way) for source in sources)) for way in _ways()})


def _ways() -> tuple[Way, ...]:
    return ("provider", "owner", "location", "origin")


def _sources(name: str, table: PlaceTable, stack: Stack) -> list[Source | None]:
    if table.source:
        if table.source not in stack.source_by_id:
            raise BadConfiguration(f"upstream '{name}': the stack has no source '{table.source}'. Name one of its sources.")
        return [stack.source_by_id[table.source]]
    if table.provider:
        if table.provider not in stack.provider_by_id:
            raise BadConfiguration(
                f"upstream '{name}': neither the stack nor the catalogue has the provider '{table.provider}'."
            )
        return [Source(_NO_SOURCE, "", provider=table.provider)]
    if table.item not in stack.item_by_id:
        raise BadConfiguration(f"upstream '{name}': the stack has no item '{table.item}'. Name one of its items.")
    in_use = [source for source in stack.sources_of[table.item] if source.status in (None, "in-use", UNKNOWN)]
    return list(in_use) or [None]


def verdict(place: Place, demand: Demand) -> str:
    """Why an upstream may not be used under a demand.

    Parameters
    ----------
    place
        Who controls it.
    demand
        What is demanded.

    Returns
    -------
    str
        A sentence; empty if it may be used.
    """
    held = place.over(demand.never_via) if demand.never else {}
    for country, ways in held.items():
        if country in demand.never:
            return say("policy.never", country=country_name(country, language_locale()), ways=_words(ways))
    seen = {} if demand.within is None else place.over(demand.via)
    for country, ways in seen.items():
        if demand.within is not None and country not in demand.within and country != _UNKNOWN:
            return say(
                "policy.outside", country=country_name(country, language_locale()), ways=_words(ways), allowed=demand.said
            )
    unknown = [*seen.get(_UNKNOWN, ()), *held.get(_UNKNOWN, ())]
    if unknown and demand.unknown == "refuse":
        return say("policy.unknown", ways=_words(list(dict.fromkeys(unknown))))
    return ""


def _words(ways: list[Way]) -> str:
    return ", ".join(say(f"policy.way_{way}") for way in ways)
