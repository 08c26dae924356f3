"""Whose host it is: from a name to every hand on it. Owns the ladder, from a row of the stack down to an address's country.

The surest way goes first: a row of the stack; the host's own row in the catalogue; its registrable domain, or one above
it; the platform on whose shared suffix it stands; a name that the look-up led through. The operator of the network and the
registry's country of the address come last, from tables that the user supplies, and are weak: they say where packets went,
not who can say no. Each hand is kept by itself, with its role, how it is known, and the countries that control it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from freehold.catalogue.facts import Catalogue
from freehold.catalogue.hosts import clean_host, is_address, is_suffix
from freehold.catalogue.match import Matcher, matcher_of
from freehold.catalogue.matches import Match
from freehold.drill.contact import Contact
from freehold.drill.network_tables import NetworkTable
from freehold.drill.record import Attributed, Confidence, HostRole, Method
from freehold.drill.stack_hosts import StackHosts, completed, domain_of
from freehold.stack.control import Control
from freehold.stack.countries import country_name, is_country
from freehold.stack.cutoff import DEFAULT_STAKE, WAYS
from freehold.stack.values import UNKNOWN, Item, Source, Stack
from freehold.words import say

__all__ = ["MOST_REMEMBERED", "STRONG_ROLES", "Attribution", "Hand", "bare_stack"]

MOST_REMEMBERED: Final = 65_536
"""How many names are remembered; the oldest are forgotten first."""

STRONG_ROLES: Final = ("service", "platform", "delivery")
"""Roles of which one is enough: without any of these the host is not reached."""

_UNKNOWN: Final = "?"
_SERVICE: Final = "service"


@dataclass(frozen=True, slots=True)
class Hand:
    """One hand on a host, and what rules are held against.

    Parameters
    ----------
    role
        What is told of it.
    item, source
        As a row of a stack; no source where it is not known who has this hand.
    only_rows
        Whether it counts only for rules that name an item, a source, a kind or a tag: the stack has this row from the
        host's provider, and it may not be this host that it stands for.
    surely
        Whether that row is surely the one.
    """

    role: HostRole | None
    item: Item
    source: Source | None
    only_rows: bool = False
    surely: bool = True


def bare_stack(catalogue: Catalogue, home: str | None = None, trusted: tuple[str, ...] = ()) -> Stack:
    """A stack without items, where the user has none: whose it is, and the catalogue's providers."""
    return completed(Stack("none", home, trusted), catalogue)


class Attribution:
    """Attributes hosts for one stack.

    Parameters
    ----------
    stack
        The stack; :func:`bare_stack` where there is none. The catalogue's providers are added to it.
    catalogue
        Whose host is whose.
    strict
        Whether assumed owners and locations count as unknown.
    stake
        An owner controls if its stake is unstated or at least this.
    networks, places
        Tables of operators and of countries, if the user supplies them.
    """

    def __init__(
        self,
        stack: Stack,
        catalogue: Catalogue,
        *,
        strict: bool = False,
        stake: float = DEFAULT_STAKE,
        networks: NetworkTable | None = None,
        places: NetworkTable | None = None,
    ) -> None:
        self.stack = completed(stack, catalogue)
        self.control = Control(self.stack, strict=strict, stake=stake)
        self.hosts = StackHosts(self.stack)
        self._catalogue = catalogue
        self._matcher: Matcher = matcher_of(catalogue)
        self._networks, self._places = networks, places
        self._known: dict[tuple[str, tuple[str, ...], tuple[str, ...]], tuple[Hand, ...]] = {}

    def hands(self, name: str, aliases: Sequence[str] = (), addresses: Sequence[str] = ()) -> tuple[Hand, ...]:
        """Every hand on a host, the surest first.

        Parameters
        ----------
        name
            As it was asked for; empty for an address that was dialled without a name.
        aliases
            Names that the look-up led through.
        addresses
            Addresses that it has outside, or the one that was dialled.

        Returns
        -------
        tuple of Hand
            One with an unknown source where nobody knows whose host it is; never empty.
        """
        key = (name, tuple(aliases), tuple(addresses))
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            found = self._known[key] = tuple(self._hands(*key))
        return found

    def roles(self, name: str, aliases: Sequence[str] = (), addresses: Sequence[str] = ()) -> tuple[HostRole, ...]:
        """What is told of every hand that is known; see :meth:`hands`."""
        return tuple(hand.role for hand in self.hands(name, aliases, addresses) if hand.role is not None)

    def known_hosts(self) -> Iterable[str]:
        """Hosts that the catalogue has rows for, in reverse-domain notation."""
        return self._catalogue.ids("host")

    def attribute(self, contact: Contact) -> Attributed:
        """A contact with every hand on it; a server on this machine's own loopback is nobody else's."""
        if contact.local:
            return Attributed(contact)
        addresses = contact.addresses or ((contact.address,) if contact.address else ())
        return Attributed(contact, self.roles(contact.name, contact.aliases, addresses))

    def _hands(self, name: str, aliases: tuple[str, ...], addresses: tuple[str, ...]) -> Iterator[Hand]:
        reverse = _reversed(name)
        if reverse is None and not addresses and is_address(name):
            # a proxy is asked for an address as for a name
            addresses = (name,)
        own = list(self._named(reverse)) if reverse is not None else list(self._literal(name, addresses))
        yield from own
        if not any(hand.role is not None and hand.role.role == _SERVICE for hand in own):
            yield Hand(None, Item(f"host:{reverse or name or (addresses[0] if addresses else _UNKNOWN)}"), None)
        seen = {hand.source.provider for hand in own if hand.source is not None and not hand.only_rows}
        for alias in aliases:
            for hand in self._delivery(alias):
                provider = None if hand.source is None else hand.source.provider
                if provider not in seen:
                    seen.add(provider)
                    yield hand
        yield from self._weak(addresses)

    def _named(self, reverse: str) -> Iterator[Hand]:
        """Hands by the name itself: its own, or its domain's; and the platform's, for a tenant under a shared suffix."""
        domain = domain_of(reverse)
        match = self._matcher.match_host(reverse, "reverse")
        platform = None
        if match is not None and domain is not None and len(match.id) < len(domain):
            match, platform = None, match
        elif domain is not None:
            above = domain.rpartition(".")[0]
            platform = None if "." not in above or is_suffix(above) else self._matcher.match_host(above, "reverse")
        yield from self._service(reverse, match)
        if platform is not None and platform.provider is not None and (match is None or platform.provider != match.provider):
            evidence = self._evidence(platform)
            yield self._of_match(platform, "platform", "suffix", "medium", evidence)

    def _service(self, reverse: str, match: Match | None) -> Iterator[Hand]:
        """Hands of those whose host it is: the stack's word goes before the catalogue's."""
        tied = self.hosts.tied(reverse)
        for one in tied:
            source, evidence = one.source, self._said_by(one.item, one.source)
            unknown = source is None or source.provider is None or source.provider is UNKNOWN
            if unknown and match is not None and match.provider is not None:
                source = self._source(match) if source is None else self._filled(source, match)
                evidence += "; " + self._evidence(match)
            confidence: Confidence = "strong" if one.exact else "medium"
            yield self._hand(
                _SERVICE, one.item, source, "stack", confidence, evidence, None if match is None else match.product
            )
        if tied or match is None:
            return
        method: Method = "host" if match.rule == "exact" else "domain"
        confidence = "strong" if method == "host" else "medium"
        evidence = self._evidence(match)
        rows = self.hosts.of_product(match.product, match.provider)
        for item, source in rows:
            known = source if isinstance(source.provider, str) else self._filled(source, match)
            yield self._hand(_SERVICE, item, known, method, confidence, evidence, match.product)
        if not rows:
            yield self._of_match(match, _SERVICE, method, confidence, evidence)
            others = self.hosts.from_provider(match.provider)
            sure = len({item.id for item, _ in others}) == 1
            for item, source in others:
                yield Hand(None, item, source, only_rows=True, surely=sure)

    def _delivery(self, alias: str) -> Iterator[Hand]:
        reverse = _reversed(alias)
        if reverse is None:
            return
        tied = self.hosts.tied(reverse)
        for one in tied:
            yield self._hand("delivery", one.item, one.source, "alias", "medium", self._said_by(one.item, one.source), None)
        match = None if tied else self._matcher.match_host(reverse, "reverse")
        if match is not None and match.provider is not None:
            evidence = say("drill_evidence.led_to", host=alias, evidence=self._evidence(match))
            yield self._of_match(match, "delivery", "alias", "medium", evidence)

    def _literal(self, name: str, addresses: tuple[str, ...]) -> Iterator[Hand]:
        """An address without a name is known only where a row of the stack says whose it is."""
        for address in (name, *addresses)[: 1 if name else 2]:
            for one in self.hosts.tied(address) if address else ():
                yield self._hand(_SERVICE, one.item, one.source, "stack", "strong", self._said_by(one.item, one.source), None)

    def _weak(self, addresses: Iterable[str]) -> Iterator[Hand]:
        told: set[tuple[str, ...]] = set()
        for address in addresses:
            row = None if self._networks is None else self._networks.find(address)
            if row is not None and row.value not in told:
                told.add(row.value)
                number, name = row.value
                match = self._matcher.match_name(name, "provider") if name else None
                source = Source(f"AS{number}", f"AS{number}", None if match is None else match.provider)
                evidence = say("drill_evidence.by_asn", address=address, number=number, name=name, file=row.file)
                role = self._role("network", source, name or f"AS{number}", "asn", "weak", evidence, None)
                yield Hand(role, Item(source.item, name, "network"), source)
        for address in addresses:
            place = None if self._places is None else self._places.find(address)
            if place is not None and place.value not in told and is_country(place.value[0]):
                told.add(place.value)
                country = place.value[0]
                source = Source(f"address:{country}", f"address:{country}", None, (country,))
                evidence = say("drill_evidence.by_country", address=address, file=place.file)
                told_role = HostRole(
                    "address", None, None, country_name(country), (("location", (country,)),), "address", "weak", evidence
                )
                yield Hand(told_role, Item(source.item, None, "network"), source)

    def _of_match(self, match: Match, role: str, method: Method, confidence: Confidence, evidence: str) -> Hand:
        product = None if match.product is None else self._catalogue.product(match.product)
        item = Item(
            match.product or match.provider or match.id, product.name if product else None, product.kind if product else None
        )
        return self._hand(role, item, self._source(match), method, confidence, evidence, match.product)

    def _source(self, match: Match) -> Source:
        """A source such as a stack would have that was read: the product's, as the catalogue says."""
        product = None if match.product is None else self._catalogue.product(match.product)
        item = match.product or match.provider or match.id
        where, law = (product.location or None, product.origin or None) if product is not None else (None, None)
        licence = None if product is None else product.licence
        return Source(f"{item}@{match.provider or _UNKNOWN}", item, match.provider, where, law, licence)

    def _filled(self, source: Source, match: Match) -> Source:
        """A row of the stack that leaves open who provides it, with what the catalogue says of that."""
        known = self._source(match)
        return Source(
            source.id, source.item, match.provider,
            source.location if source.location not in (None, UNKNOWN) else known.location,
            source.origin if source.origin not in (None, UNKNOWN) else known.origin,
            source.licence, source.status, tags=source.tags,
        )  # fmt: skip

    def _hand(
        self, role: str, item: Item, source: Source | None, method: Method, confidence: Confidence, evidence: str,
        product: str | None,
    ) -> Hand:  # fmt: skip
        provider = None if source is None or not isinstance(source.provider, str) else source.provider
        row = None if provider is None else self.stack.provider_by_id.get(provider)
        name = (row.name if row is not None else None) or provider or item.name or item.id
        return Hand(self._role(role, source, name, method, confidence, evidence, product or item.id), item, source)

    def _role(
        self, role: str, source: Source | None, name: str, method: Method, confidence: Confidence, evidence: str,
        product: str | None,
    ) -> HostRole:  # fmt: skip
        provider = None if source is None or not isinstance(source.provider, str) else source.provider
        by_way = ((way, tuple(sorted(self.control.countries(source, way)))) for way in WAYS)
        countries = tuple((way, found) for way, found in by_way if found)
        return HostRole(role, provider, product, name, countries, method, confidence, evidence)

    def _said_by(self, item: Item, source: Source | None) -> str:
        return say("drill_evidence.by_stack", item=item.id, source=_UNKNOWN if source is None else source.id)

    def _evidence(self, match: Match) -> str:
        facts = self._catalogue.facts_of(match.table, match.id)
        if not facts:
            return f"catalogue: {match.table} {match.id}"
        newest = max(facts, key=lambda fact: fact.date)
        return f"{self._catalogue.source_text(newest)}, {newest.date}"


def _reversed(name: str) -> str | None:
    """A name in reverse-domain notation; ``None`` if it is none, or an address."""
    if not name:
        return None
    try:
        clean = clean_host(name)
    except ValueError:
        return None
    return None if is_address(clean) else ".".join(reversed(clean.split(".")))
