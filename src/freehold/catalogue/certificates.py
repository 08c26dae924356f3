"""Certificates, each for the place that it covers. Owns the law that none reaches a place or a product that it does not name.

A provider's region may be certified and the next one not; so a certificate is asked for with a place, and one of the
provider's other places is no answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from freehold.catalogue.names import normal_name
from freehold.catalogue.values import last_day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freehold.catalogue.facts import Catalogue

__all__ = ["Certificate", "certificate_title", "certificates"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate. A blank is ``None`` or empty.

    Parameters
    ----------
    id
        Its row.
    scheme, level
        Under which scheme, and which level or type of it.
    provider
        Whose service was examined.
    products
        What it covers, where its source names products; empty where it names none.
    location, place
        The country, and the region or data centre as its source names it.
    begins, ends
        First and last day, month or year for which it is stated to hold: ``YYYY[-MM[-DD]]``.
    """

    id: str
    scheme: str
    provider: str
    products: tuple[str, ...]
    location: str
    place: str
    level: str | None = None
    begins: str | None = None
    ends: str | None = None

    def holds_on(self, day: date) -> bool | None:
        """Whether it holds on a day: ``None`` where that rests on a first or last day that nobody states."""
        first, last = _first_day(self.begins), last_day(self.ends or "")
        if (first is not None and day < first) or (last is not None and day > last):
            return False
        return None if last is None else True


def certificates(
    catalogue: Catalogue,
    *,
    provider: str | None = None,
    product: str | None = None,
    scheme: str | None = None,
    location: str | None = None,
    place: str | None = None,
) -> tuple[Certificate, ...]:
    """Find certificates; every condition that is given must be met by what the certificate itself states.

    Parameters
    ----------
    catalogue
        Where to look.
    provider
        Id of the provider itself; neither its owners nor what it owns.
    product
        Id of a product; a certificate that names no product is none for it.
    scheme, place
        Equal but for case and punctuation.
    location
        Country, two letters of ISO 3166-1.

    Returns
    -------
    tuple of Certificate
        In the order of the layers; empty if the catalogue knows none, which does not say that there is none.
    """
    return tuple(
        one
        for one in _all(catalogue)
        if provider in (None, one.provider)
        and (product is None or product in one.products)
        and location in (None, one.location)
        and (scheme is None or normal_name(scheme) == normal_name(one.scheme))
        and (place is None or normal_name(place) == normal_name(one.place))
    )


def certificate_title(catalogue: Catalogue, id_: str) -> str | None:
    """What people call a certificate: its scheme and its place; ``None`` if there is no such row."""
    parts = (catalogue.value("certificate", id_, attribute) for attribute in ("scheme", "level", "place"))
    return ", ".join(part for part in parts if part) or None


def _all(catalogue: Catalogue) -> Iterator[Certificate]:
    for id_ in catalogue.ids("certificate"):

        def stated(attribute: str, id_: str = id_) -> str:
            return catalogue.value("certificate", id_, attribute) or ""

        products = catalogue.values("certificate", id_, "product")
        yield Certificate(
            id_, stated("scheme"), stated("provider"), products, stated("location"), stated("place"),
            stated("level") or None, stated("from") or None, stated("until") or None,
        )  # fmt: skip


def _first_day(text: str | None) -> date | None:
    last = last_day(text or "")
    if last is None or text is None:
        return None
    return date(last.year, last.month if len(text) > 4 else 1, last.day if len(text) > 7 else 1)
