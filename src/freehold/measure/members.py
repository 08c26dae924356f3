"""What can be lost as one, and what its loss takes. Owns the groups of a question on chokepoints.

A member is an item, a source, a leaf (a source without needs, an item without sources), a provider, an owner with all
that it owns, or a country with all that it controls. Matching is three-valued, as everywhere: a member *surely* takes a
supply, or *perhaps*, where a fact that would decide it is not known. Providers, owners and countries that are not known
form one group, ``"?"``: it takes every supply of which the fact is not known. An item, a leaf or a source counts by
itself, whatever is known of it.

What is asked about can't be what is lost: the target and its own sources are no members, nor are the organisation
itself, its home, the seat of an unincorporated community, and ``natural-persons``, the word of the catalogue for owners
who are people: they are many, and no one landlord. An item tagged ``any-of`` only stands for a choice between
others, so neither it nor its sources are members.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

from freehold.errors import UsageError
from freehold.measure.case import Case
from freehold.measure.chokepoint_values import GROUPS, Group, Member
from freehold.stack.control import PERSONS
from freehold.stack.countries import NO_COUNTRY
from freehold.stack.cutoff import WAYS
from freehold.stack.values import ANY_OF, UNKNOWN, Item, is_stated

__all__ = ["check_probabilities", "is_choice", "members_of"]

_NOT_KNOWN: Final = "?"
_NO_ONE: Final = (NO_COUNTRY, PERSONS)
_MOST_REPEATED: Final = 20_000_000
"""Entries of ``perhaps`` that are made apart for each member; beyond that all share one list."""


def check_probabilities(probabilities: Mapping[str, float] | None) -> Mapping[str, float]:
    """Probabilities of loss a year by country, each from 0 to 1.

    Raises
    ------
    freehold.errors.UsageError
        If one is not.
    """
    for country, value in (probabilities or {}).items():
        if not 0 <= value <= 1:
            raise UsageError(f"a probability of {value} for '{country}' is not between 0 and 1.")
    return probabilities or {}


def members_of(
    case: Case,
    of: Group,
    target: Collection[int],
    *,
    via: tuple[str, ...] = WAYS,
    probabilities: Mapping[str, float] | None = None,
) -> tuple[Member, ...]:
    """Everything that can be lost, in the order of the ids.

    Parameters
    ----------
    case
        The stack.
    of
        Which kind of group.
    target
        Numbers of the items that are asked about.
    via
        Ways by which a country controls.
    probabilities
        Of the loss of countries, a year; those of providers stand in the stack.

    Raises
    ------
    freehold.errors.UsageError
        If there is no such kind of group, or a probability is not one.
    """
    if of not in GROUPS:
        raise UsageError(f"'{of}' is no kind of group. Choose from: {', '.join(GROUPS)}.")
    given = check_probabilities(probabilities)
    if of in ("item", "source", "leaf"):
        found: Iterable[Member] = _items(case, target) if of == "item" else _sources(case, of, target)
    elif of == "country":
        found = _groups(case, of, lambda supply: _countries(case, supply, via), case.stack.home, given.get)
    else:
        found = _groups(
            case, of, lambda supply: _providers(case, supply, owners=of == "owner"), "self", lambda id_: _probability(case, id_)
        )
    return tuple(sorted(found, key=lambda member: member.id))


def is_choice(item: Item) -> bool:
    """Whether an item only stands for a choice between others."""
    return isinstance(item.tags, tuple) and ANY_OF in item.tags


def _items(case: Case, target: Collection[int]) -> Iterator[Member]:
    for number, item in enumerate(case.stack.items):
        supplies = case.supplies_of[number]
        if number not in target and supplies and not is_choice(item):
            yield Member("item", item.id, supplies, (), _only_probability(case, supplies))


def _sources(case: Case, of: Group, target: Collection[int]) -> Iterator[Member]:
    taken = {item.id for item in case.stack.items} | set(case.supply_number)
    for number, supply in enumerate(case.supplies):
        item = case.stack.items[supply.item]
        if supply.item in target or is_choice(item) or (of == "leaf" and case.needs_of[number]):
            continue
        source = supply.filled.source
        if source is not None:
            id_ = source.id
        elif not case.stack.sources_of[item.id]:
            id_ = item.id
        else:
            id_ = f"{item.id}@{_NOT_KNOWN}"
            while id_ in taken:
                id_ += _NOT_KNOWN
        yield Member(of, id_, (number,), (), _only_probability(case, (number,)))


def _groups(
    case: Case, of: Group, keys: Callable[[int], Iterable[str]], outside: str | None, probability: Callable[[str], float | None]
) -> Iterator[Member]:
    takes: dict[str, list[int]] = {}
    for number in range(len(case.supplies)):
        for key in keys(number):
            takes.setdefault(key, []).append(number)
    unknown = tuple(takes.pop(_NOT_KNOWN, ()))
    is_unknown = set(unknown)
    apart = len(unknown) * len(takes) <= _MOST_REPEATED
    for key, supplies in takes.items():
        if key == outside or key in _NO_ONE:
            continue
        perhaps = unknown
        if apart and not is_unknown.isdisjoint(supplies):
            own = set(supplies)
            perhaps = tuple(number for number in unknown if number not in own)
        yield Member(of, key, tuple(supplies), perhaps, probability(key))
    if unknown:
        yield Member(of, _NOT_KNOWN, unknown, (), None)


def _providers(case: Case, supply: int, *, owners: bool) -> Iterable[str]:
    source = case.supplies[supply].filled.source
    provider = None if source is None else source.provider
    if provider is None or provider is UNKNOWN:
        return (_NOT_KNOWN,)
    return (provider, *case.control.owners(provider)) if owners else (provider,)


def _countries(case: Case, supply: int, via: tuple[str, ...]) -> Iterable[str]:
    source = case.supplies[supply].filled.source
    return frozenset().union(*(case.control.countries(source, way) for way in via))


def _probability(case: Case, provider: str) -> float | None:
    row = case.stack.provider_by_id.get(provider)
    return row.probability if row is not None and is_stated(row.probability) else None


def _only_probability(case: Case, supplies: tuple[int, ...]) -> float | None:
    """That of the provider of the only source, where it is known."""
    source = case.supplies[supplies[0]].filled.source if len(supplies) == 1 else None
    provider = None if source is None else source.provider
    return _probability(case, provider) if isinstance(provider, str) else None
