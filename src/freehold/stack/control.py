"""Who controls a source, by which way, and how surely. Owns the three-valued matching of rules to sources.

Answers are ``True`` (surely), ``False`` (surely not) or ``None`` (perhaps: a fact that would decide it is unknown). The
ways of control are the provider's seat, the seats on its chain of owners, the places, and the countries of origin.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from freehold.stack.countries import NO_COUNTRY, expand
from freehold.stack.cutoff import DEFAULT_STAKE, WAYS, Rule
from freehold.stack.values import UNKNOWN, Item, Source, Stack

__all__ = ["PERSONS", "Control", "Truth", "any_of"]

Truth: TypeAlias = bool | None

PERSONS: Final = "natural-persons"
"""How the catalogue calls people who own: many unrelated ones, so no party that could say no as one."""

_NOTHING: Final = "?"
_MOST_OWNERS: Final = 200
"""Owners of one provider that are followed; whoever stands beyond them counts as unknown."""


def any_of(truths: Iterable[Truth]) -> Truth:
    """Three-valued OR: ``True`` if any is, else ``None`` if any is, else ``False``."""
    perhaps = False
    for truth in truths:
        if truth:
            return True
        perhaps = perhaps or truth is None
    return None if perhaps else False


class Control:
    """The facts on control of one stack, looked up once.

    Parameters
    ----------
    stack
        Whose providers, home and trusted countries count.
    strict
        Whether assumed owners and locations (blanks) count as unknown.
    stake
        An owner controls if its stake is unstated or at least this.
    """

    def __init__(self, stack: Stack, *, strict: bool = False, stake: float = DEFAULT_STAKE) -> None:
        self._stack = stack
        self._strict = strict
        self._stake = stake
        self._inside = expand([*([stack.home] if stack.home else []), *stack.trusted], stack.as_of) | {NO_COUNTRY}
        self._chains: dict[str, tuple[str, ...]] = {}
        # by the facts that decide, which many sources have in common
        self._seats: dict[tuple[object, ...], frozenset[str]] = {}
        self._together: dict[tuple[object, ...], frozenset[str]] = {}

    @property
    def stack(self) -> Stack:
        """Whose facts these are."""
        return self._stack

    @property
    def stake(self) -> float:
        """From which stake on an owner controls."""
        return self._stake

    @property
    def strict(self) -> bool:
        """Whether assumed owners and locations (blanks) count as unknown."""
        return self._strict

    @property
    def inside(self) -> frozenset[str]:
        """Home and trusted countries (and :data:`NO_COUNTRY`)."""
        return self._inside

    def owners(self, provider: str) -> tuple[str, ...]:
        """Ids on the chain of owners, nearest first, the provider itself left out; ``"?"`` for an unknown one.

        Chains are followed through owners with a stake that is unstated or at least the threshold; a circle ends
        where it closes, so a provider that names itself as its owner is known to have no other.
        """
        if provider in self._chains:
            return self._chains[provider]
        found: dict[str, None] = {}
        open_ = deque([provider])
        while open_:
            if len(found) > _MOST_OWNERS:
                found[_NOTHING] = None
                break
            current = open_.popleft()
            row = self._stack.provider_by_id.get(current)
            owner = UNKNOWN if row is None else row.owner
            if owner is UNKNOWN or (owner is None and self._strict and current != "self"):
                found[_NOTHING] = None
                continue
            for one in owner or ():
                if one.stake is not None and one.stake < self._stake - 1e-9:
                    continue
                if one.id == "?":
                    found[_NOTHING] = None
                elif one.id != provider and one.id not in found:
                    found[one.id] = None
                    open_.append(one.id)
        self._chains[provider] = tuple(found)
        return self._chains[provider]

    def seat(self, provider: str) -> str:
        """Country of the legal seat, ``"none"``, or ``"?"``."""
        row = self._stack.provider_by_id.get(provider)
        country = None if row is None else row.country
        return _NOTHING if country is None or country is UNKNOWN else country

    def countries(self, source: Source | None, way: str) -> frozenset[str]:
        """Countries that control a source by one way; ``"?"`` among them where a fact is unknown.

        Parameters
        ----------
        source
            The source; ``None`` for the unknown one of an item without sources.
        way
            One of :data:`freehold.stack.cutoff.WAYS`.
        """
        if source is None:
            return frozenset({_NOTHING})
        key = (way, source.provider, source.location, source.origin)
        if key not in self._seats:
            self._seats[key] = self._countries(source, way)
        return self._seats[key]

    def _countries(self, source: Source, way: str) -> frozenset[str]:
        provider = source.provider
        unknown = frozenset({_NOTHING})
        if way == "location":
            if source.location is UNKNOWN or (source.location is None and self._strict and provider != "self"):
                return unknown
            if source.location is not None:
                return frozenset(source.location)
            return unknown if provider is None or provider is UNKNOWN else frozenset({self.seat(provider)})
        if way == "origin":
            if source.origin is UNKNOWN:
                return unknown
            return frozenset(source.origin or ())
        if provider is None or provider is UNKNOWN:
            return unknown
        if way == "provider":
            return frozenset({self.seat(provider)})
        return frozenset(_NOTHING if owner == _NOTHING else self.seat(owner) for owner in self.owners(provider))

    def seen(self, source: Source | None, via: tuple[str, ...]) -> frozenset[str]:
        """Countries that control a source by any of the ways; ``"?"`` among them where a fact is unknown.

        Parameters
        ----------
        source
            As of :meth:`countries`.
        via
            Some of :data:`freehold.stack.cutoff.WAYS`.
        """
        key = (via,) if source is None else (via, source.provider, source.location, source.origin)
        found = self._together.get(key)
        if found is None:
            found = frozenset().union(*(self.countries(source, way) for way in via))
            self._together[key] = found
        return found

    def controlled_by(self, source: Source | None, country: str, via: Iterable[str] = WAYS) -> Truth:
        """Whether a country (or a group) controls the source by any of the ways."""
        wanted = expand([country], self._stack.as_of)
        seen = self.seen(source, tuple(via))
        return True if seen & wanted else (None if _NOTHING in seen else False)

    def foreign(self, source: Source | None, via: Iterable[str] = WAYS) -> Truth:
        """Whether any country outside home and trusted controls the source by any of the ways."""
        seen = self.seen(source, tuple(via))
        return True if seen - self._inside - {_NOTHING} else (None if _NOTHING in seen else False)

    def owned_by(self, source: Source | None, owner: str) -> Truth:
        """Whether the provider is ``owner`` or has it on its chain of owners."""
        provider = None if source is None else source.provider
        if provider is None or provider is UNKNOWN:
            return None
        chain = (provider, *self.owners(provider))
        return True if owner in chain else (None if _NOTHING in chain else False)

    def matches(self, rule: Rule, item: Item, source: Source | None) -> Truth:
        """Whether a rule matches one source of an item: all its selectors must.

        Parameters
        ----------
        rule
            The rule.
        item
            The item that the source provides.
        source
            The source, or ``None`` for the unknown source of an item without any.
        """
        return self.matcher(rule)(item, source)

    def matcher(self, rule: Rule) -> Callable[[Item, Source | None], Truth]:
        """Prepare :meth:`matches` for one rule and many sources."""
        tests = [_TESTS[name] for name in rule.selectors]

        def matches(item: Item, source: Source | None) -> Truth:
            perhaps = False
            for test in tests:
                truth = test(self, rule, item, source)
                if truth is False:
                    return False
                perhaps = perhaps or truth is None
            return None if perhaps else True

        return matches

    def _provider(self, rule: Rule, _item: Item, source: Source | None) -> Truth:
        provider = None if source is None else source.provider
        return None if provider is None or provider is UNKNOWN else provider == rule.provider

    def _owner(self, rule: Rule, _item: Item, source: Source | None) -> Truth:
        return self.owned_by(source, rule.owner or "")

    def _country(self, rule: Rule, _item: Item, source: Source | None) -> Truth:
        return self.controlled_by(source, rule.country or "", rule.via)

    def _foreign(self, rule: Rule, _item: Item, source: Source | None) -> Truth:
        return self.foreign(source, rule.via)

    def _item(self, rule: Rule, item: Item, _source: Source | None) -> Truth:
        return item.id == rule.item

    def _source(self, rule: Rule, _item: Item, source: Source | None) -> Truth:
        return source is not None and source.id == rule.source

    def _kind(self, rule: Rule, item: Item, _source: Source | None) -> Truth:
        return None if item.kind is None or item.kind is UNKNOWN else item.kind == rule.kind

    def _licence(self, rule: Rule, _item: Item, source: Source | None) -> Truth:
        licence = None if source is None else source.licence
        return None if licence is None or licence is UNKNOWN else licence.casefold() == (rule.licence or "").casefold()

    def _tag(self, rule: Rule, item: Item, source: Source | None) -> Truth:
        tags = [item.tags, None if source is None else source.tags]
        return any_of(None if has is UNKNOWN else rule.tag in (has or ()) for has in tags)


_TESTS: Final[dict[str, Callable[[Control, Rule, Item, Source | None], Truth]]] = {
    "provider": Control._provider,  # noqa: SLF001
    "owner": Control._owner,  # noqa: SLF001
    "country": Control._country,  # noqa: SLF001
    "foreign": Control._foreign,  # noqa: SLF001
    "item": Control._item,  # noqa: SLF001
    "source": Control._source,  # noqa: SLF001
    "kind": Control._kind,  # noqa: SLF001
    "licence": Control._licence,  # noqa: SLF001
    "tag": Control._tag,  # noqa: SLF001
}
