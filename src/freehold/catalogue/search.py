"""Rows found by part of what people call them. Owns the ranking; unlike the matcher it may be loose, because people choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from freehold.catalogue.certificates import certificate_title
from freehold.catalogue.hosts import clean_host
from freehold.catalogue.names import normal_name, split_legal_form
from freehold.catalogue.schema import CATALOGUE_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freehold.catalogue.facts import Catalogue

__all__ = ["Hit", "search"]

_FIELDS: Final = {"id": 4, "name": 3, "alias": 2, "scheme": 1, "place": 1}
_TEXTS: Final = {"provider": ("name", "alias"), "product": ("name", "alias"), "certificate": ("scheme", "place")}


@dataclass(frozen=True, slots=True)
class Hit:
    """One row that a search found.

    Parameters
    ----------
    table, id, name
        The row; the name is the id where a row has none.
    column, text
        What was found, and where.
    score
        Higher is better; only its order means anything.
    """

    table: str
    id: str
    name: str
    column: str
    text: str
    score: int


def search(catalogue: Catalogue, text: str, most: int = 20) -> tuple[Hit, ...]:
    """Find rows by id, name, alias, host, package or model pattern, and certificates by scheme or place.

    Parameters
    ----------
    catalogue
        Where to look.
    text
        A word or more; a host in either notation.
    most
        How many hits to give.

    Returns
    -------
    tuple of Hit
        Each row once, best first: what is the same before what begins with the text, before what has a word that does,
        before what holds it anywhere; ids before names before aliases before the rest; rows of equal
        rank in the order of the tables.
    """
    asked = normal_name(text)
    if not asked:
        return ()
    spellings = {asked, split_legal_form(asked)[0]}
    turned = _turned(text)
    best: dict[tuple[str, str], Hit] = {}
    for table in CATALOGUE_TABLES:
        for id_ in catalogue.ids(table):
            for column, words in _texts(catalogue, table, id_):
                rank = max(_rank(spelling, normal_name(words)) for spelling in spellings)
                if table == "host" and turned and column == "id":
                    rank = max(rank, _host_rank(turned, words))
                if rank:
                    score = rank * 10 + _FIELDS[column]
                    known = best.get((table, id_))
                    if known is None or score > known.score:
                        name = catalogue.value(table, id_, "name") or certificate_title(catalogue, id_) or id_
                        best[table, id_] = Hit(table, id_, name, column, words, score)
    return tuple(sorted(best.values(), key=_order)[: max(most, 0)])


def _order(hit: Hit) -> tuple[int, int]:
    """Better scores first; of the domains above a host the longest first."""
    return -hit.score, -hit.id.count(".") if hit.table == "host" else 0


def _texts(catalogue: Catalogue, table: str, id_: str) -> Iterator[tuple[str, str]]:
    yield "id", id_
    if table in _TEXTS:
        for fact in catalogue.facts_of(table, id_):
            if fact.attribute in _TEXTS[table]:
                yield fact.attribute, fact.value


def _rank(asked: str, text: str) -> int:
    if asked == text:
        return 5
    if asked == split_legal_form(text)[0]:
        return 4
    if text.startswith(asked):
        return 3
    if f" {asked}" in text:
        return 2
    return 1 if len(asked) > 2 and asked in text else 0


def _host_rank(turned: frozenset[str], host: str) -> int:
    if host in turned:
        return 5
    return 4 if any(one.startswith(host + ".") for one in turned) else 0


def _turned(text: str) -> frozenset[str]:
    """Give both readings of a text that may be a host; none if it cannot be one."""
    try:
        host = clean_host(text)
    except ValueError:
        return frozenset()
    return frozenset({host, ".".join(reversed(host.split(".")))}) if "." in host else frozenset()
