"""The catalogue's schema as data: which attributes each table has, of what sort, and what they mean.

Owns the seam between the layers' CSV files and everything that reads them: loading, checking and the reference page
all follow :data:`CATALOGUE_TABLES`. A row is a table and an id; each line of a layer states one attribute of a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from freehold.stack.schema import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CATALOGUE_TABLES",
    "FACT_COLUMNS",
    "ID_FORMS",
    "OPTIONAL_FACT_COLUMNS",
    "REFERENCE_COLUMNS",
    "CatalogueAttribute",
    "catalogue_attribute",
]


@dataclass(frozen=True, slots=True)
class CatalogueAttribute:
    """One attribute that rows of a catalogue table may have.

    Parameters
    ----------
    name
        As written in the column ``attribute``.
    type
        One of ``text``, ``choice``, ``country``, ``licence``, ``date``, ``owner`` (a provider id, with a stake after a
        colon), ``provider`` or ``product`` (an id of that table).
    meaning
        What it means, in words.
    many
        Whether a row may have several values, a line each.
    required
        Whether a row without it is refused.
    choices
        For ``choice``: the values allowed.
    claim
        Table and attribute of a stack that a fact becomes a claim on, or ``None`` where a stack has no such thing.
    """

    name: str
    type: str
    meaning: str
    many: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    claim: tuple[str, str] | None = None


def _table(*columns: CatalogueAttribute) -> Mapping[str, CatalogueAttribute]:
    return {column.name: column for column in columns}


_A: Final = CatalogueAttribute
_BODIES: Final = ("company", "foundation", "community", "government")

CATALOGUE_TABLES: Final[Mapping[str, Mapping[str, CatalogueAttribute]]] = {
    "provider": _table(
        _A("name", "text", "Legal or usual name.", required=True, claim=("providers", "name")),
        _A("country", "country", "Legal seat; `none` for an unincorporated community.", claim=("providers", "country")),
        _A(
            "owner",
            "owner",
            "Direct or ultimate owner; `id:0.61` gives the stake. The row's own id: nobody owns a controlling part of it.",
            many=True,
            claim=("providers", "owner"),
        ),
        _A("type", "choice", "What sort of body it is.", choices=_BODIES, claim=("providers", "type")),
        _A("lei", "text", "Legal Entity Identifier.", claim=("providers", "lei")),
        _A("wikidata", "text", "Wikidata item.", claim=("providers", "wikidata")),
        _A("alias", "text", "Another name that people use.", many=True),
        _A("listed", "text", "An export-control listing, with its date.", many=True),
    ),
    "product": _table(
        _A("name", "text", "Name for people.", required=True, claim=("items", "name")),
        _A("kind", "choice", "Layer of the value chain.", choices=KINDS, claim=("items", "kind")),
        _A("provider", "provider", "Who makes or runs it.", claim=("sources", "provider")),
        _A("licence", "licence", "SPDX expression, or LicenseRef-Proprietary.", claim=("sources", "licence")),
        _A("location", "country", "A country where it is made or hosted.", many=True, claim=("sources", "location")),
        _A(
            "origin",
            "country",
            "A country whose export-control law reaches it, wherever it is made.",
            many=True,
            claim=("sources", "origin"),
        ),
        _A("alias", "text", "Another name that people use.", many=True),
        _A("alternative", "product", "A product that does the same job.", many=True),
    ),
    "host": _table(
        _A("product", "product", "What answers there.", claim=("needs", "item")),
        _A("provider", "provider", "Who answers there, where no one product does.", claim=("sources", "provider")),
    ),
    "package": _table(
        _A("steward", "provider", "Legal steward, else the body or community that governs it.", claim=("sources", "provider")),
        _A("licence", "licence", "SPDX expression.", claim=("sources", "licence")),
        _A("forge", "product", "Where its source is developed.", claim=("needs", "item")),
        _A("repository", "text", "Its source: host and path in reverse-domain notation. Forge and organisation follow."),
        _A("registry", "product", "Where packages of this type come from; on a bare type.", claim=("needs", "item")),
        _A("product", "product", "The product that it is a client or a part of.", claim=("needs", "item")),
        _A("kind", "choice", "Layer of the value chain.", choices=KINDS, claim=("items", "kind")),
    ),
    "model": _table(
        _A("product", "product", "The model family or service.", claim=("needs", "item")),
        _A("provider", "provider", "Who trained or serves it.", claim=("sources", "provider")),
        _A("licence", "licence", "SPDX expression, or LicenseRef-Proprietary.", claim=("sources", "licence")),
    ),
    "certificate": _table(
        _A("scheme", "text", "The scheme under which it was issued, such as C5 or SecNumCloud.", required=True),
        _A("provider", "provider", "Whose service was examined.", required=True),
        _A("product", "product", "A product that it covers.", many=True),
        _A("location", "country", "Country of the place that it covers.", required=True),
        _A("place", "text", "The place that it covers as its source names it: a region, a data centre.", required=True),
        _A("level", "text", "Level or type within the scheme."),
        _A("from", "date", "First day, month or year for which it is stated to hold."),
        _A("until", "date", "Last day, month or year for which it is stated to hold."),
    ),
}
"""Every table of the catalogue and its attributes."""

ID_FORMS: Final[Mapping[str, str]] = {
    "provider": "lower-case letters, digits and single hyphens, such as 'linux-foundation'",
    "product": "lower-case letters, digits and single hyphens, such as 'github-actions'",
    "host": "a host in reverse-domain notation, such as 'com.github'",
    "package": "a package URL without version, such as 'pkg:pypi/torch', 'pkg:pypi/google-*' or 'pkg:pypi'",
    "model": "a pattern of model ids, such as 'gpt-4*'",
    "certificate": "scheme and place, each lower-case letters, digits and single hyphens, such as 'c5/acme-frankfurt'",
}
"""How the ids of each table are written, in words."""

REFERENCE_COLUMNS: Final = ("id", "title", "publisher", "host", "path", "published", "read")
"""Columns of ``references-NAME.csv``."""

FACT_COLUMNS: Final = ("table", "id", "attribute", "value", "reference", "date", "says")
"""Columns of ``facts-NAME.csv``."""

OPTIONAL_FACT_COLUMNS: Final = ("since", "until")
"""Columns that a ``facts-NAME.csv`` may have after these: the first day on which a fact holds, and the first on which it
no longer does. A fact that does not hold on the day of the catalogue's edition is shown and never used."""


def catalogue_attribute(table: str, name: str) -> CatalogueAttribute | None:
    """Look an attribute up; ``None`` if the table, or the attribute in it, is not known."""
    return CATALOGUE_TABLES.get(table, {}).get(name)
