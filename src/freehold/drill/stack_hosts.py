"""Which rows of a stack stand for which hosts. Owns the ties between the two, without the catalogue.

A host is tied to a row that is named after it: an item ``host:com.example.api`` (as readers write it), an item that is
called like it, a source ``…@host:com.example.api``, an item whose claims say that it was met under that host. A row for a
domain stands for the hosts below it too, unless others are below it as well (a public suffix).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from freehold.catalogue.facts import Catalogue
from freehold.catalogue.hosts import is_address, registrable, to_reverse
from freehold.stack.values import UNKNOWN, Item, Source, Stack

__all__ = ["StackHosts", "Tied", "completed", "domain_of", "in_use"]

_HOST: Final = "host:"
_CODE: Final = frozenset({"software", "framework", "os", "chip", "hardware", "material", "equipment", "skill", "application"})
"""Layers whose things are often called like a host, and are none."""


@dataclass(frozen=True, slots=True)
class Tied:
    """One row of the stack that stands for a host.

    Parameters
    ----------
    item, source
        The row; ``None`` for the source that an item without any has.
    exact
        Whether it names this host itself, not a domain above it.
    """

    item: Item
    source: Source | None
    exact: bool


def completed(stack: Stack, catalogue: Catalogue) -> Stack:
    """The same with every provider of the catalogue that the stack does not know, so that any host's owners are found."""
    known = {provider.id for provider in stack.providers}
    added = tuple(provider for provider in catalogue.providers() if provider.id not in known and provider.id != "self")
    return Stack(
        stack.name, stack.home, stack.trusted, stack.as_of or catalogue.edition or None, stack.items,
        (*stack.providers, *added), stack.sources, stack.needs, stack.claims, stack.path,
    )  # fmt: skip


def domain_of(host: str) -> str | None:
    """The domain that somebody registered, of a host in reverse-domain notation; ``None`` where others are below it as well.

    Under a top-level domain that the public suffix list does not have (a network's own), that is the label below it.
    """
    found = registrable(host)
    if found is not None or is_address(host):
        return found
    top, _, rest = host.partition(".")
    return f"{top}.{rest.partition('.')[0]}" if rest and registrable(f"{top}.x.x") is None else None


def in_use(sources: Iterable[Source]) -> tuple[Source | None, ...]:
    """The sources of an item that meet today's need; else all of them; else the unknown one."""
    sources = tuple(sources)
    used = tuple(source for source in sources if source.status in (None, "in-use", UNKNOWN))
    return used or sources or (None,)


class StackHosts:
    """The ties of one stack.

    Parameters
    ----------
    stack
        The stack.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._rows: dict[str, dict[tuple[str, str | None], tuple[Item, Source | None]]] = {}
        self._by_provider: dict[str, list[Source]] = {}
        for source in stack.sources:
            if isinstance(source.provider, str) and source.provider != "self":
                self._by_provider.setdefault(source.provider, []).append(source)
            before, sign, host = source.id.rpartition("@" + _HOST)
            if sign and before and source.item in stack.item_by_id:
                self._add(host, stack.item_by_id[source.item], (source,))
        for item in stack.items:
            for host in _named(item):
                self._add(host, item, in_use(stack.sources_of[item.id]))
        for claim in stack.claims:
            item_met = stack.item_by_id.get(claim.id) if claim.table == "items" and claim.attribute == "id" else None
            if item_met is not None and claim.value != claim.id and _looks_reverse(claim.value):
                sources = stack.sources_of[item_met.id]
                # of several providers of one thing (name servers), nothing says here which of them this host is
                if len(sources) <= 1:
                    self._add(claim.value, item_met, in_use(sources))

    def _add(self, host: str, item: Item, sources: Iterable[Source | None]) -> None:
        rows = self._rows.setdefault(host, {})
        for source in sources:
            rows.setdefault((item.id, None if source is None else source.id), (item, source))

    def tied(self, host: str) -> tuple[Tied, ...]:
        """Rows that stand for a host, in reverse-domain notation: its own, else those of the longest domain above it."""
        above = host
        while above:
            rows = self._rows.get(above)
            if rows and (above == host or domain_of(above) is not None):
                return tuple(Tied(item, source, above == host) for item, source in rows.values())
            if is_address(host):
                break
            above = above.rpartition(".")[0]
        return ()

    def below(self, host: str) -> Iterator[tuple[Item, Source | None]]:
        """Rows that stand for a host or for one below it, in reverse-domain notation."""
        for named, rows in self._rows.items():
            if named == host or named.startswith(host + "."):
                yield from rows.values()

    def of_product(self, product: str | None, provider: str | None) -> tuple[tuple[Item, Source], ...]:
        """Sources of the item of a product that come from the provider who is known to run it, or from nobody known."""
        item = self._stack.item_by_id.get(product or "") or self._stack.item_by_id.get(provider or "")
        if item is None:
            return ()
        fits = [
            source
            for source in in_use(self._stack.sources_of[item.id])
            if source is not None and (source.provider in (None, UNKNOWN, provider))
        ]
        return tuple((item, source) for source in fits)

    def from_provider(self, provider: str | None) -> tuple[tuple[Item, Source], ...]:
        """Sources that come from a provider."""
        items = self._stack.item_by_id
        return tuple((items[one.item], one) for one in self._by_provider.get(provider or "", ()) if one.item in items)


def _named(item: Item) -> Iterator[str]:
    if item.id.startswith(_HOST):
        yield item.id.removeprefix(_HOST)
    if item.name and "." in item.name and " " not in item.name and item.kind not in _CODE and not item.id.startswith("pkg:"):
        try:
            turned = to_reverse(item.name)
        except ValueError:
            return
        yield turned


def _looks_reverse(text: str) -> bool:
    return "." in text and not set(":/@# ") & set(text) and domain_of(text) is not None
