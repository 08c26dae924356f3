"""The largest landlords of a command: by the hosts that a run contacted, then by the stack. Owns their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from freehold.drill.matrix import Landlord, LandlordKind
from freehold.drill.record import Attributed
from freehold.stack.control import Control
from freehold.stack.countries import NO_COUNTRY, country_name
from freehold.stack.cutoff import WAYS, Rule
from freehold.stack.values import Source

__all__ = ["landlords_of", "rule_of", "unattributed"]

_NOBODY: Final = frozenset({"?", NO_COUNTRY, "self", ""})


def landlords_of(
    by: LandlordKind, contacts: Sequence[Attributed], control: Control, via: Sequence[str] = WAYS
) -> tuple[Landlord, ...]:
    """Landlords, largest first: those of most hosts contacted, then those of most sources of the stack, then by id.

    Parameters
    ----------
    by
        What counts as one.
    contacts
        Of the run with nothing cut; hands that are only weakly known do not count.
    control
        Facts of the stack, home and trusted countries among them. The home country is no landlord.
    via
        Ways of control by which a country counts.
    """
    hosts: dict[str, dict[str, None]] = {}
    for one in contacts:
        for id_ in _of_contact(by, one, control, via):
            hosts.setdefault(id_, {})[one.contact.host] = None
    sources: dict[str, int] = {}
    for source in control.stack.sources:
        for id_ in _of_source(by, source, control, via):
            sources[id_] = sources.get(id_, 0) + 1
    nobody = _NOBODY | ({control.stack.home} if by == "country" and control.stack.home else set())
    names = _names(contacts)
    found = [
        Landlord(id_, _name(by, id_, control, names), tuple(hosts.get(id_, ())), sources.get(id_, 0))
        for id_ in dict.fromkeys([*hosts, *sources])
        if id_ not in nobody
    ]
    return tuple(sorted(found, key=lambda one: (-len(one.hosts), -one.in_stack, one.id)))


def _of_contact(by: LandlordKind, one: Attributed, control: Control, via: Sequence[str]) -> Iterator[str]:
    if one.contact.local:
        return
    for role in one.roles:
        if role.confidence == "weak":
            continue
        if by == "country":
            for way, codes in role.countries:
                if way in via:
                    yield from codes
        elif role.provider is not None:
            yield from _top(role.provider, control) if by == "owner" else (role.provider,)


def _of_source(by: LandlordKind, source: Source, control: Control, via: Sequence[str]) -> Iterator[str]:
    if by == "country":
        yield from frozenset().union(*(control.countries(source, way) for way in via))
    elif isinstance(source.provider, str):
        yield from _top(source.provider, control) if by == "owner" else (source.provider,)


def _top(provider: str, control: Control) -> tuple[str, ...]:
    """Whoever stands above a provider and below nobody; the provider itself where nobody is known above it."""
    above = [owner for owner in control.owners(provider) if owner not in _NOBODY]
    tops = [owner for owner in above if not [one for one in control.owners(owner) if one not in _NOBODY]]
    return tuple(tops) or (tuple(above[-1:]) or (provider,))


def _names(contacts: Iterable[Attributed]) -> dict[str, str]:
    return {role.provider: role.name for one in contacts for role in one.roles if role.provider is not None and role.name}


def _name(by: LandlordKind, id_: str, control: Control, names: dict[str, str]) -> str:
    if by == "country":
        return country_name(id_)
    row = control.stack.provider_by_id.get(id_)
    return (row.name if row is not None and row.name else names.get(id_)) or id_


def rule_of(by: LandlordKind, landlord: Landlord, via: Sequence[str] = WAYS) -> Rule:
    """The rule that cuts one landlord off."""
    if by == "provider":
        return Rule(provider=landlord.id)
    return Rule(owner=landlord.id) if by == "owner" else Rule(country=landlord.id, via=tuple(via))


def unattributed(contacts: Iterable[Attributed]) -> tuple[str, ...]:
    """Hosts outside this machine that no landlord is known of by more than a weak method."""
    return tuple(
        dict.fromkeys(
            one.contact.host
            for one in contacts
            if not one.contact.local and not any(role.provider and role.confidence != "weak" for role in one.roles)
        )
    )
