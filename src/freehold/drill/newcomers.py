"""Landlords that a command did not have before. Owns what counts as known: a stack, or an earlier drill."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from freehold.drill.record import Attributed, Drill
from freehold.stack.values import Stack

__all__ = ["Known", "Newcomer", "contacts_of", "known_from_drill", "known_from_stack", "newcomers"]


_HOST: Final = "host:"
"""How the id of an item begins that is a host, in reverse-domain notation."""


@dataclass(frozen=True, slots=True)
class Known:
    """Who is known already.

    Parameters
    ----------
    landlords
        Ids of providers.
    hosts
        Hosts in lower case: what counts where no landlord of a host is known.
    """

    landlords: frozenset[str]
    hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A landlord that is new; without an id, a host whose landlord nobody knows.

    Parameters
    ----------
    provider
        Its id; ``None`` where nothing is known.
    name
        As shown.
    hosts
        Its hosts that were contacted, in the order of the first try.
    """

    provider: str | None
    name: str
    hosts: tuple[str, ...]


def contacts_of(drill: Drill) -> tuple[Attributed, ...]:
    """Every contact of both runs, those of this machine itself left out."""
    runs = [run for run in (drill.baseline, drill.run) if run is not None]
    return tuple(one for run in runs for one in run.contacts if not one.contact.local)


def known_from_drill(drill: Drill) -> Known:
    """Whoever an earlier drill contacted is known."""
    contacts = contacts_of(drill)
    landlords = {provider for one in contacts for provider, _ in _landlords(one)}
    return Known(frozenset(landlords), frozenset(one.contact.host for one in contacts))


def known_from_stack(stack: Stack) -> Known:
    """Whoever provides a source of the stack is known, and every item that is named as a host."""
    providers = {source.provider for source in stack.sources if isinstance(source.provider, str)}
    named = {text.lower() for item in stack.items for text in (item.id, item.name or "") if "." in text}
    turned = {".".join(reversed(one.removeprefix(_HOST).split("."))) for one in named if one.startswith(_HOST)}
    return Known(frozenset(providers), frozenset(named | turned))


def newcomers(drill: Drill, known: Known) -> tuple[Newcomer, ...]:
    """Landlords that a drill contacted and that are not known, in the order of the first try.

    A landlord counts whatever its role, unless it is known by weak methods alone. Of a host without any, the host counts.
    """
    found: dict[tuple[str | None, str], list[str]] = {}
    for one in contacts_of(drill):
        host = one.contact.host
        landlords = _landlords(one)
        for provider, name in landlords:
            if provider not in known.landlords:
                _note(found, (provider, name), host)
        if not landlords and host not in known.hosts:
            _note(found, (None, host), host)
    return tuple(Newcomer(provider, name, tuple(hosts)) for (provider, name), hosts in found.items())


def _note(found: dict[tuple[str | None, str], list[str]], key: tuple[str | None, str], host: str) -> None:
    hosts = found.setdefault(key, [])
    if host not in hosts:
        hosts.append(host)


def _landlords(one: Attributed) -> Iterable[tuple[str, str]]:
    """Providers with a hand on a host that is known by more than a weak method; each once."""
    found = {role.provider: role.name for role in one.roles if role.provider is not None and role.confidence != "weak"}
    return tuple(found.items())
