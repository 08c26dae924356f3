"""All that the catalogue says of one id, with its evidence. Owns the view of a row; prints nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from freehold.catalogue.certificates import certificate_title
from freehold.catalogue.match import Matcher, matcher_of
from freehold.catalogue.names import nearest
from freehold.catalogue.schema import CATALOGUE_TABLES
from freehold.catalogue.search import search
from freehold.errors import UnknownId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freehold.catalogue.facts import Catalogue
    from freehold.catalogue.match import Match
    from freehold.catalogue.values import Fact, OwnerStep, Product, Reference
    from freehold.stack.values import Provider

__all__ = ["Shown", "ShownFact", "show"]


@dataclass(frozen=True, slots=True)
class ShownFact:
    """A fact, the reference that states it (``None`` if it is missing), its URL, whether it is old, and whether it holds.

    One that no longer holds, or not yet, on the day of the edition is shown and used for nothing.
    """

    fact: Fact
    reference: Reference | None
    url: str
    old: bool
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """One id, seen from all sides.

    Parameters
    ----------
    id, name
        The id, and the name of the row where it has one.
    tables
        Tables in which the id has a row: a firm and its product may share one.
    facts
        The facts of all these rows, in the order of the tables; of each, those that do not hold now at the end.
    provider
        Who can say no: the row itself, or the provider of the product, host, package or model.
    owners
        The provider's owners with their countries, direct ones first.
    products
        Products of the provider; for a product the product itself.
    hosts, packages, models
        Ids of rows that belong to the provider or to one of these products.
    match
        The rule by which the row was found, where it was not asked for by its id.
    tops
        Facts that state of the provider, or of an owner of it, that nobody owns a controlling part of it.
    certificates
        Ids of certificates that the provider, or one of these products, holds; each for its own place only.
    """

    id: str
    name: str
    tables: tuple[str, ...]
    facts: tuple[ShownFact, ...]
    provider: Provider | None
    owners: tuple[OwnerStep, ...]
    products: tuple[Product, ...]
    hosts: tuple[str, ...]
    packages: tuple[str, ...]
    models: tuple[str, ...]
    match: Match | None = None
    tops: tuple[ShownFact, ...] = ()
    certificates: tuple[str, ...] = ()


def show(catalogue: Catalogue, id: str, today: str | None = None) -> Shown:  # noqa: A002  the column's own name
    """Show a row.

    Parameters
    ----------
    catalogue
        Where to look.
    id
        An id of any table; else a package URL, a name, a host in either notation or a model id that the matcher knows.
    today
        The day on which a fact's age is judged, else the catalogue's edition.

    Raises
    ------
    freehold.errors.UnknownId
        If the catalogue knows nothing of that kind; with the nearest ids.
    """
    match = None
    asked = id.strip()
    if not any(asked in catalogue.ids(table) for table in CATALOGUE_TABLES):
        match = _find(matcher_of(catalogue), asked)
        if match is None:
            raise UnknownId("row of the catalogue", id, _nearest(catalogue, asked))
        asked = match.id
    tables = tuple(table for table in CATALOGUE_TABLES if asked in catalogue.ids(table))
    facts = tuple(one for table in tables for one in _shown_row(catalogue, table, asked, today))
    name = next((value for table in tables if (value := catalogue.value(table, asked, "name"))), None)
    provider = _provider(catalogue, tables, asked)
    owners = catalogue.owner_chain(provider.id) if provider is not None else ()
    products = _products(catalogue, tables, asked)
    named = {"product": {product.id for product in products}, "provider": {asked} if "provider" in tables else set()}
    named["steward"] = named["provider"]
    hosts, packages, models, certificates = (
        _belonging(catalogue, table, named) for table in ("host", "package", "model", "certificate")
    )
    name = name or certificate_title(catalogue, asked) or asked
    if "certificate" in tables:
        certificates = ()
    chain = (() if provider is None else (provider.id,)) + tuple(step.provider.id for step in owners)
    tops = tuple(_shown(catalogue, fact, today) for one in chain for fact in catalogue.nobody_above(one))
    return Shown(
        asked, name, tables, facts, provider, owners, products, hosts, packages, models, match, tops, certificates
    )  # fmt: skip


def _nearest(catalogue: Catalogue, text: str) -> tuple[str, ...]:
    alike = nearest(text, dict.fromkeys(id_ for table in CATALOGUE_TABLES for id_ in catalogue.ids(table)))
    return tuple(dict.fromkeys([*alike, *(hit.id for hit in search(catalogue, text, 3))]))[:3]


def _find(matcher: Matcher, text: str) -> Match | None:
    if text.lower().startswith("pkg:"):
        return matcher.match_purl(text)
    return matcher.match_name(text) or matcher.match_host(text) or matcher.match_model(text)


def _shown_row(catalogue: Catalogue, table: str, id_: str, today: str | None) -> Iterator[ShownFact]:
    yield from (_shown(catalogue, fact, today) for fact in catalogue.facts_of(table, id_))
    yield from (_shown(catalogue, fact, today, now=False) for fact in catalogue.history_of(table, id_))


def _shown(catalogue: Catalogue, fact: Fact, today: str | None, *, now: bool = True) -> ShownFact:
    reference = catalogue.reference(fact.reference)
    url = reference.url if reference is not None else ""
    return ShownFact(fact, reference, url, catalogue.is_old(fact, today), now)


def _provider(catalogue: Catalogue, tables: tuple[str, ...], id_: str) -> Provider | None:
    if "provider" in tables:
        return catalogue.provider(id_)
    for table in tables:
        for attribute in ("provider", "steward"):
            named = catalogue.value(table, id_, attribute)
            if named is not None:
                return catalogue.provider(named)
        product = catalogue.product(catalogue.value(table, id_, "product") or "")
        if product is not None and product.provider is not None:
            return catalogue.provider(product.provider)
    return None


def _products(catalogue: Catalogue, tables: tuple[str, ...], id_: str) -> tuple[Product, ...]:
    found = {product.id: product for product in catalogue.products() if product.provider == id_ and "provider" in tables}
    for table in tables:
        named = id_ if table == "product" else catalogue.value(table, id_, "product")
        product = catalogue.product(named) if named else None
        if product is not None:
            found[product.id] = product
    return tuple(found.values())


def _belonging(catalogue: Catalogue, table: str, named: dict[str, set[str]]) -> tuple[str, ...]:
    return tuple(
        id_
        for id_ in catalogue.ids(table)
        if any(fact.value in named.get(fact.attribute, ()) for fact in catalogue.facts_of(table, id_))
    )
