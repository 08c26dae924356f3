"""Where what was declared runs: at whose service, in which places, with how much of it. Owns that grouping.

A client that keeps things running somewhere (a provider of infrastructure code) stands for the product that its
package belongs to. One whose package is known and belongs to no product runs nothing elsewhere (random numbers,
templates); one that is not known at all may be anybody's, and is kept as such.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from freehold.catalogue.facts import Catalogue
from freehold.catalogue.match import Match, Matcher
from freehold.catalogue.values import Product
from freehold.stack.inventory import Component, Evidence

__all__ = ["Hosting", "hostings"]


@dataclass(slots=True)
class Hosting:
    """What is declared at one service.

    Parameters
    ----------
    key
        Id of the product, or of the client whose service is not known.
    name
        Name of that client.
    match
        The product; ``None`` where it is not known.
    resources
        How many of each sort are declared.
    regions
        The product's places, as it calls them.
    evidence
        Where the clients were seen.
    """

    key: str
    name: str
    match: Match | None
    resources: Counter[str] = field(default_factory=Counter)
    regions: set[str] = field(default_factory=set)
    evidence: list[Evidence] = field(default_factory=list)

    def places(self, catalogue: Catalogue) -> tuple[Product, ...]:
        """The catalogue's rows of its regions (``aws-eu-central-1``); none if one of them is not known."""
        rows = [catalogue.product(f"{self.key}-{region}") for region in sorted(self.regions)]
        known = tuple(row for row in rows if row is not None)
        return known if len(known) == len(rows) else ()


def hostings(components: Iterable[Component], matches: Mapping[str, Match | None], matcher: Matcher) -> list[Hosting]:
    """Group what is declared by the service that keeps it, the one with most first."""
    found: dict[str, Hosting] = {}
    for component in components:
        if not component.manages:
            continue
        client = matches.get(component.id)
        known = client is not None and client.rule != "type"
        product = None if client is None or client.product is None else matcher.match_name(client.product, "product")
        if known and product is None:
            continue
        key = component.id.partition("?")[0].partition("@")[0] + ":hosting" if product is None else product.id
        hosting = found.setdefault(key, Hosting(key, component.name, product))
        hosting.resources.update(dict(component.manages))
        hosting.regions.update(component.regions)
        hosting.evidence += component.evidence
    return sorted(found.values(), key=lambda one: (-one.resources.total(), one.key))
