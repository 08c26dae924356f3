"""The catalogue as immutable values: references, facts, and look-ups by id. Owns the reading of layers.

A *layer* is two CSV files, ``references-NAME.csv`` and ``facts-NAME.csv``. A *fact* is one attribute of one row, with the
reference that states it; a *row* is all facts with the same table and id, whatever layers they come from. Where facts
about an attribute that has one value differ, the newest counts, and of equally old ones the first read. A fact that does
not hold on the day of the catalogue's edition is history, or yet to come: kept to be shown, and used for nothing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from freehold.catalogue.layers import read_layers, read_packages
from freehold.catalogue.schema import catalogue_attribute
from freehold.catalogue.values import Fact, FactLine, OwnerStep, Product, Reference, holds, is_old
from freehold.stack.values import Claim, Owner, Provider

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import date
    from pathlib import Path

__all__ = ["Catalogue", "Fact", "OwnerStep", "Product", "Reference", "load"]


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All facts of all layers. Immutable; look-ups, and the facts themselves, are made when first asked for.

    Parameters
    ----------
    references
        Everything that was opened, in the order of the layers.
    first
        The facts as they were read, in the order of the layers.
    later
        Reads more facts on packages, when first asked for one; they count after the others.
    """

    references: tuple[Reference, ...] = ()
    first: tuple[FactLine, ...] = ()
    later: Callable[[], tuple[FactLine, ...]] | None = None

    @cached_property
    def lines(self) -> tuple[FactLine, ...]:
        """All facts as they were read, in the order of the layers."""
        return self.first if self.later is None else self.first + self.later()

    @cached_property
    def edition(self) -> str:
        """The newest date on which a reference was read; empty for an empty catalogue."""
        return max((reference.read for reference in self.references), default="")

    @cached_property
    def reference_by_id(self) -> Mapping[str, Reference]:
        """References by id; of two with one id the first."""
        return {reference.id: reference for reference in reversed(self.references)}

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """All facts, in the order of the layers, those too that do not hold on the day of the edition."""
        return tuple(Fact(*line) for line in self.lines)

    @cached_property
    def current(self) -> tuple[FactLine, ...]:
        """The lines of ``first`` that hold on the day of the edition, in the order of the layers."""
        return self._holding(self.first)

    def _holding(self, lines: Iterable[FactLine]) -> tuple[FactLine, ...]:
        day = self.edition
        return tuple(line for line in lines if not (line[9] or line[10]) or holds(line[9], line[10], day))

    @cached_property
    def _rows(self) -> Mapping[str, Mapping[str, list[FactLine]]]:
        return _by_row(self.current)

    @cached_property
    def _package_rows(self) -> Mapping[str, list[FactLine]]:
        return self._rows.get("package", {}) if self.later is None else _by_row(self._holding(self.lines)).get("package", {})

    def _table(self, table: str) -> Mapping[str, list[FactLine]]:
        return self._package_rows if table == "package" else self._rows.get(table, {})

    @cached_property
    def _made(self) -> dict[tuple[str, str], tuple[Fact, ...]]:
        return {}

    def ids(self, table: str) -> Collection[str]:
        """Give the ids of a table's rows, in the order of the layers; asking whether an id is among them is quick."""
        return self._table(table).keys()

    def facts_of(self, table: str, id: str) -> tuple[Fact, ...]:  # noqa: A002  the column's own name
        """All facts of a row that hold on the day of the edition; empty if there is no such row."""
        made = self._made.get((table, id))
        if made is None:
            lines = self._table(table).get(id, ())
            made = self._made[table, id] = tuple(Fact(*line) for line in lines)
        return made

    def history_of(self, table: str, id: str) -> tuple[Fact, ...]:  # noqa: A002
        """Facts of a row that no longer hold on the day of the edition, or not yet."""
        dated = (line for line in self.lines if (line[9] or line[10]) and line[:2] == (table, id))
        return tuple(Fact(*line) for line in dated if not holds(line[9], line[10], self.edition))

    def value(self, table: str, id: str, attribute: str) -> str | None:  # noqa: A002
        """Give the value of an attribute that has one: the newest fact's, of equally old ones the first's."""
        best: Fact | None = None
        for fact in self.facts_of(table, id):
            if fact.attribute == attribute and (best is None or fact.date > best.date):
                best = fact
        return None if best is None else best.value

    def values(self, table: str, id: str, attribute: str) -> tuple[str, ...]:  # noqa: A002
        """Give the values of an attribute that may have many, each once."""
        return tuple(dict.fromkeys(fact.value for fact in self.facts_of(table, id) if fact.attribute == attribute))

    def reference(self, id: str) -> Reference | None:  # noqa: A002
        """Look a reference up by its id."""
        return self.reference_by_id.get(id)

    def provider(self, id: str) -> Provider | None:  # noqa: A002
        """Look a provider up, as a stack has it; an owner or a country that is not known is left blank."""
        if id not in self._providers:
            if not self.facts_of("provider", id):
                return None
            self._providers[id] = Provider(
                id=id,
                name=self.value("provider", id, "name"),
                country=self.value("provider", id, "country"),
                owner=tuple(Owner(one, link[0]) for one, link in self._links(id).items()) or None,
                type=self.value("provider", id, "type"),
                lei=self.value("provider", id, "lei"),
                wikidata=self.value("provider", id, "wikidata"),
            )
        return self._providers[id]

    @cached_property
    def _providers(self) -> dict[str, Provider]:
        return {}

    def providers(self) -> tuple[Provider, ...]:
        """All providers, in the order of the layers."""
        return tuple(provider for id_ in self.ids("provider") if (provider := self.provider(id_)) is not None)

    def product(self, id: str) -> Product | None:  # noqa: A002
        """Look a product up by its id."""
        if id not in self._products:
            if not self.facts_of("product", id):
                return None
            self._products[id] = Product(
                id=id,
                name=self.value("product", id, "name"),
                kind=self.value("product", id, "kind"),
                provider=self.value("product", id, "provider"),
                licence=self.value("product", id, "licence"),
                location=self.values("product", id, "location"),
                origin=self.values("product", id, "origin"),
                alias=self.values("product", id, "alias"),
                alternative=self.values("product", id, "alternative"),
            )
        return self._products[id]

    @cached_property
    def _products(self) -> dict[str, Product]:
        return {}

    def products(self) -> tuple[Product, ...]:
        """All products, in the order of the layers."""
        return tuple(product for id_ in self.ids("product") if (product := self.product(id_)) is not None)

    def owner_chain(self, id: str) -> tuple[OwnerStep, ...]:  # noqa: A002
        """All owners of a provider, direct ones first, each once; small stakes too, so that the caller can decide.

        A provider that is stated to be its own has no step to itself; :meth:`nobody_above` gives who states that.
        """
        steps: list[OwnerStep] = []
        seen, level = {id}, [id]
        while level:
            above: list[str] = []
            for owned in level:
                for owner, (stake, stated, since) in self._links(owned).items():
                    if owner not in seen:
                        seen.add(owner)
                        above.append(owner)
                        provider = self.provider(owner) or Provider(owner)
                        steps.append(OwnerStep(provider, owned, stake, 0, stated, since))
            level = above
        depth = {id: 0}
        for step in steps:
            depth[step.provider.id] = depth[step.of] + 1
        return tuple(replace(step, depth=depth[step.provider.id]) for step in steps)

    def nobody_above(self, id: str) -> tuple[Fact, ...]:  # noqa: A002
        """Facts that state that nobody owns a controlling part of a provider: its own id as its owner."""
        return tuple(fact for fact in self.facts_of("provider", id) if fact.attribute == "owner" and fact.value == id)

    def _links(self, id_: str) -> Mapping[str, tuple[float | None, str, str]]:
        """Join owner facts: each owner once, with the newest stake stated, the newest date, and since when it owns.

        An unreadable stake is none.
        """
        links: dict[str, tuple[float | None, str, str]] = {}
        stake_dates: dict[str, str] = {}
        for fact in self.facts_of("provider", id_):
            if fact.attribute != "owner":
                continue
            owner, _, text = fact.value.partition(":")
            owner = owner.strip()
            stake, date, since = links.get(owner, (None, "", ""))
            if text and (owner not in stake_dates or fact.date > stake_dates[owner]):
                with suppress(ValueError):
                    stake, stake_dates[owner] = float(text), fact.date
            links[owner] = (stake, max(date, fact.date), since or fact.since)
        return links

    def claims_for(
        self,
        table: str,
        id: str,  # noqa: A002
        row_id: str,
        into: str | None = None,
        attribute: str | None = None,
    ) -> tuple[Claim, ...]:
        """Turn the facts of a row into claims on a stack's row.

        Parameters
        ----------
        table, id
            The row of the catalogue.
        row_id
            The row of the stack that the claims are about: a provider's id, an item's, a source's, a need's name.
        into
            Only claims on this table of the stack (``providers``, ``items``, ``sources``, ``needs``); a product's
            facts, for one, speak both of an item and of its source.
        attribute
            Only facts with this attribute of the catalogue.

        Returns
        -------
        tuple of Claim
            Facts that a stack has no attribute for (aliases, alternatives) give none.
        """
        claims: list[Claim] = []
        for fact in self.facts_of(table, id):
            known = catalogue_attribute(table, fact.attribute)
            if known is None or known.claim is None or attribute not in (None, fact.attribute):
                continue
            claim_table, claim_attribute = known.claim
            if into in (None, claim_table):
                source = self.source_text(fact)
                claims.append(Claim(claim_table, row_id, claim_attribute, fact.value, source, fact.date or None, 1.0))
        return tuple(claims)

    def source_text(self, fact: Fact) -> str:
        """How a claim names the source of a fact: ``catalogue: TITLE (PUBLISHER), URL``."""
        reference = self.reference(fact.reference)
        if reference is None:
            return f"catalogue: {fact.reference}"
        return f"catalogue: {reference.title} ({reference.publisher}), {reference.url}"

    def is_old(self, fact: Fact, today: str | date | None = None) -> bool:
        """Whether a fact is surely older than 18 months on a day; without one, on the day of the edition."""
        return is_old(fact, self.edition if today is None else today)


def _by_row(lines: Iterable[FactLine]) -> dict[str, dict[str, list[FactLine]]]:
    found: dict[str, dict[str, list[FactLine]]] = {}
    for line in lines:
        rows = found.setdefault(line[0], {})
        row = rows.get(line[1])
        if row is None:
            rows[line[1]] = [line]
        else:
            row.append(line)
    return found


def load(folder: Path | None = None) -> Catalogue:
    """Read all layers of a folder.

    Parameters
    ----------
    folder
        A folder with ``facts-*.csv`` and ``references-*.csv``; without it, the catalogue that comes with Freehold.

    Returns
    -------
    Catalogue
        Read, not checked; see :func:`freehold.catalogue.check.check`. Of the catalogue that comes with Freehold, the
        layer of packages is read when a package is first asked for.

    Raises
    ------
    freehold.errors.Unreadable
        If the folder or a file of it cannot be read or is not UTF-8.
    freehold.errors.TooLarge
        If a file is larger than the limit.
    freehold.errors.CatalogueError
        If a file has not the columns of its sort, or a line not as many cells.
    """
    references, first = read_layers(folder)
    if folder is None:
        return Catalogue(references, first, lambda: read_packages(references))
    return Catalogue(references, first + read_packages(references, folder))
