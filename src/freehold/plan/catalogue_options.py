"""The catalogue's alternatives of what a stack uses, as options. Owns how a source is tied to a product of the catalogue.

A source is tied to the product that a claim or the item's own package URL or name matches; else to the products of its
provider in the item's layer: those that hold all words of the item's id, or whose own words the item holds. What is proposed
is a lead to be looked into, never a fact on the stack: the catalogue states neither price nor time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final

from freehold.catalogue.facts import Catalogue
from freehold.catalogue.match import matcher_of
from freehold.catalogue.values import Fact, Product
from freehold.plan.option_values import Activate, Option, Reference
from freehold.stack.values import UNKNOWN, Item, Provider, Source, Stack
from freehold.words import say

__all__ = ["catalogue_options"]

_WORD: Final = re.compile(r"[a-z0-9]{3,}")
_CLAIM: Final = re.compile(r"catalogue\b.{0,200}?\b(product|host) ([\w.\-]+)", re.ASCII)
_WHOLE: Final = re.compile(r"pkg:(?:docker|oci|github|generic)/(?:[^/@?#]+/)*([^/@?#]+)")
"""Package URLs whose name is that of the product itself, not of a library that speaks to it."""


def catalogue_options(stack: Stack, catalogue: Catalogue) -> tuple[Option, ...]:
    """Propose the alternatives that the catalogue states for the products that a stack's sources in use are.

    Parameters
    ----------
    stack
        The stack.
    catalogue
        Who controls what, and who could stand in for whom.

    Returns
    -------
    tuple of Option
        One for each item and provider that the stack does not have already, in the order of the stack: a new source, of
        which price, time and needs are not known. Its reference states that the one can stand in for the other.
    """
    tie = _Ties(stack, catalogue)
    found: dict[str, Option] = {}
    for item in stack.items:
        sources = stack.sources_of[item.id]
        have = {source.provider for source in sources}
        for source in sources:
            if source.status not in (None, "in-use"):
                continue
            for product in tie.products(item, source):
                for other, fact in tie.alternatives(product):
                    id_ = f"{item.id}@{other.provider or other.id}"
                    if other.provider not in have and id_ not in found and id_ not in stack.source_by_id:
                        found[id_] = _option(id_, item, product, other, fact, stack, catalogue)
    return tuple(found.values())


def _option(id_: str, item: Item, product: Product, other: Product, fact: Fact, stack: Stack, catalogue: Catalogue) -> Option:
    source = Source(
        id_, item.id, other.provider, other.location or None, other.origin or None, other.licence, status="candidate"
    )
    adds = Stack(id_, providers=tuple(_providers(other.provider, stack, catalogue)), sources=(source,))
    stated = catalogue.reference(fact.reference)
    reference = Reference(fact.says)
    if stated is not None:
        reference = Reference(f"{stated.title}: {fact.says}", stated.publisher, stated.url or None, fact.date or None)
    name = say("options.lead", other=other.name or other.id, product=product.name or product.id)
    return Option(id_, (Activate(id_),), name, adds, reference=reference, origin="catalogue")


def _providers(id_: str | None, stack: Stack, catalogue: Catalogue) -> Iterator[Provider]:
    """The provider and its chain of owners, those left out that the stack has."""
    waiting, seen = [id_] if id_ is not None else [], set(stack.provider_by_id)
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        provider = catalogue.provider(one) or Provider(one)
        yield provider
        waiting += [owner.id for owner in provider.owner] if isinstance(provider.owner, tuple) else []


class _Ties:
    """Which products of the catalogue the sources of a stack are."""

    def __init__(self, stack: Stack, catalogue: Catalogue) -> None:
        self._stack, self._catalogue, self._matcher = stack, catalogue, matcher_of(catalogue)

    @cached_property
    def _by_provider(self) -> dict[str, list[Product]]:
        found: dict[str, list[Product]] = {}
        for product in self._catalogue.products():
            if product.provider is not None:
                found.setdefault(product.provider, []).append(product)
        return found

    def products(self, item: Item, source: Source) -> list[Product]:
        """The products that a source in use may be, the surest way of knowing it first."""
        for id_ in self._named(item, source):
            product = self._catalogue.product(id_)
            if product is not None and self._may_be(product, source):
                return [product]
        if not isinstance(source.provider, str):
            return []
        of_kind = [one for one in self._by_provider.get(source.provider, ()) if one.kind == item.kind]
        asked, said = _words(item.id), _words(f"{item.id} {item.name or ''}")
        return [one for one in of_kind if _alike(asked, said, one)]

    def _may_be(self, product: Product, source: Source) -> bool:
        """Whether the source's provider is the product's, or owns it, or one of them is not known."""
        if product.provider is None or source.provider in (None, UNKNOWN, product.provider):
            return True
        return any(step.provider.id == source.provider for step in self._catalogue.owner_chain(product.provider))

    def _named(self, item: Item, source: Source) -> Iterator[str]:
        for claim in self._stack.claims_of.get(("sources", source.id), ()):
            match = _CLAIM.search(claim.source)
            if match:
                named = match[2].rstrip(".")
                yield named if match[1] == "product" else self._catalogue.value("host", named, "product") or named
        whole = None
        if item.id.startswith("pkg:"):
            package = self._matcher.match_purl(item.id)
            if package is not None and package.product is not None:
                yield package.product
            whole = _WHOLE.match(item.id)
            if whole is None:
                return
        for name in (item.id, item.name) if whole is None else (whole[1],):
            named = self._matcher.match_name(name, "product") if name else None
            if named is not None:
                yield named.id

    def alternatives(self, product: Product) -> Iterator[tuple[Product, Fact]]:
        """Products that can stand in for one, with the fact that says so."""
        for fact in self._catalogue.facts_of("product", product.id):
            other = self._catalogue.product(fact.value) if fact.attribute == "alternative" else None
            if other is not None:
                yield other, fact


def _alike(asked: set[str], said: set[str], product: Product) -> bool:
    own = _words(product.id.partition("-")[2]) - _words(product.provider or "")
    named = _words(f"{product.id} {product.name or ''}")
    return bool(asked and asked <= named) or bool(own and own <= said)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))
