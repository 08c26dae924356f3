"""The stack's schema as data: one table of attributes drives checks, templates and the reference page.

Each attribute has a type, a unit, what a blank means and what the attribute means. Nothing else in the program
may state these things a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["CHANGE", "KINDS", "PROVIDER_TYPES", "ROLES", "SCHEMA_NUMBER", "STATUSES", "TABLES", "Attribute", "attribute"]

SCHEMA_NUMBER: Final = 1

CHANGE: Final = ":change"
"""How the id of an item ends that says whether another can be changed, beside the one that says that it runs."""

KINDS: Final = (
    "research", "material", "equipment", "chip", "hardware", "network", "os", "software", "platform", "framework",
    "data", "model", "cloud", "registry", "service", "skill", "application", "industry",
)  # fmt: skip
"""The layers of the value chain, bottom up."""

STATUSES: Final = ("in-use", "standby", "candidate")
PROVIDER_TYPES: Final = ("company", "foundation", "community", "government", "self")
ROLES: Final = (
    "owner", "steward", "publisher", "host", "registry", "signer", "update-channel", "licensor", "part", "input",
    "forge", "ci", "runtime", "service", "skill", "tool", "dns", "mail", "certificate", "resolver", "time",
)  # fmt: skip
"""Roles that readers write; others may be used freely."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One column of a table.

    Parameters
    ----------
    name
        The column's name in TOML, CSV and Parquet.
    type
        One of ``id``, ``reference``, ``text``, ``choice``, ``flag``, ``number``, ``fraction``, ``money``, ``duration``,
        ``country``, ``countries``, ``regions``, ``owners``, ``tags``, ``date``.
    unit
        The unit of a number, or empty.
    blank
        What a blank means, in words.
    meaning
        What the attribute means, in words.
    default
        The value a blank number, flag or choice takes; ``None`` where a blank is no value.
    unknown
        Whether ``"?"`` may be written.
    required
        Whether a blank is bad input.
    choices
        For ``choice``: the values allowed.
    """

    name: str
    type: str
    unit: str
    blank: str
    meaning: str
    default: float | bool | str | None = None
    unknown: bool = True
    required: bool = False
    choices: tuple[str, ...] = ()


def _known(name: str, type_: str, blank: str, meaning: str, *, required: bool = False) -> Attribute:
    return Attribute(name, type_, "", blank, meaning, unknown=False, required=required)


_STACK: Final = (
    _known("name", "text", "the file's name", "What the stack describes."),
    _known("home", "country", "no home: everything with a seat is foreign", "Country of the organisation."),
    _known("trusted", "regions", "none", "Countries, or groups such as EU, that are not foreign."),
    _known("as_of", "date", "the catalogue's date", "The day that the stack describes."),
    _known("schema", "number", "1", "Number of the file format."),
)

_ITEMS: Final = (
    _known("id", "id", "not allowed", "Canonical package URL, else a slug; unique.", required=True),
    _known("name", "text", "the id", "Name for people."),
    Attribute("kind", "choice", "", "unknown layer", "Layer of the value chain.", choices=KINDS),
    Attribute("mission", "number", "weight", "0", "How much it must be kept alive, relative to other items.", 0.0),
    Attribute("whole", "flag", "", "no", "Works fully or not at all.", default=False),
    Attribute("tags", "tags", "", "none", "Free labels, such as a sector; a cut-off rule can match them."),
)

_PROVIDERS: Final = (
    _known("id", "id", "not allowed", "Slug; unique; `self` is built in.", required=True),
    _known("name", "text", "the id", "Legal or usual name."),
    Attribute("country", "country", "", "unknown", "Legal seat; `none` for an unincorporated community."),
    Attribute(
        "owner", "owners", "", "its own (assumed)",
        "Direct or ultimate owner, or several with stakes: `acme-corp`, `acme-corp:0.6`; chains are followed.",
    ),
    Attribute("type", "choice", "", "company (assumed)", "What sort of body it is.", choices=PROVIDER_TYPES),
    _known("lei", "text", "none", "Legal Entity Identifier."),
    _known("wikidata", "text", "none", "Wikidata item."),
    Attribute("probability", "fraction", "a year", "none", "Probability of losing this provider, a year."),
)  # fmt: skip

_SOURCES: Final = (
    _known("id", "id", "item@provider, then item@provider#2", "Name of the source; unique."),
    _known("item", "reference", "not allowed", "The item it provides.", required=True),
    Attribute("provider", "reference", "", "unknown", "Who can say no."),
    Attribute("location", "countries", "", "the provider's country (assumed)", "Where it is made or hosted."),
    Attribute("origin", "countries", "", "none (assumed)", "Countries whose export-control law reaches it."),
    Attribute("licence", "text", "", "unknown", "SPDX expression."),
    Attribute("status", "choice", "", "in-use", "Whether it meets today's need.", "in-use", choices=STATUSES),
    Attribute("share", "fraction", "of today's need", "an equal part of what the others leave", "Part that it meets today."),
    Attribute(
        "capacity", "fraction", "of today's need", "the stated share, else 1",
        "Part that it could meet once ramped up, at least the share.",
    ),
    Attribute("recover", "duration", "days", "0", "Time to switch or ramp up to its capacity.", 0.0),
    Attribute("quality", "fraction", "0 to 1", "1", "How good it is beside the best.", 1.0),
    Attribute("own_value", "fraction", "of its value", "1/(1 + needs)", "Part of its value that the provider adds itself."),
    Attribute("cost_once", "money", "currency", "0", "Cost to introduce it.", 0.0),
    Attribute("cost_year", "money", "currency a year", "0", "Cost a year.", 0.0),
    _known("currency", "text", "none", "ISO 4217 code of the costs."),
    Attribute("tags", "tags", "", "none", "Free labels; a cut-off rule can match them."),
)  # fmt: skip

_NEEDS: Final = (
    _known("source", "reference", "not allowed", "The source that has the need.", required=True),
    _known("item", "reference", "not allowed", "The item needed.", required=True),
    _known("role", "text", "input", "What the item is to the source: " + ", ".join(ROLES) + ", or another word."),
    Attribute("weight", "fraction", "of the output", "1", "1 is essential; less is the part of the output lost without it.",
              1.0, unknown=False),
    Attribute("enough", "fraction", "level", "1", "Level of the item at which the source still works in full.", 1.0),
    Attribute("survive", "duration", "days", "0", "Cover: stock, spares, licence term; `forever` for what keeps working.", 0.0),
    Attribute("value", "money", "of the source's cost", "an equal part", "Part of the source's cost spent on this need."),
)  # fmt: skip

_CLAIMS: Final = (
    Attribute("table", "choice", "", "not allowed", "Table of the fact.", unknown=False, required=True,
              choices=("stack", "items", "providers", "sources", "needs")),
    _known("id", "text", "not allowed", "Row of the fact; for a need `source > item`.", required=True),
    _known("attribute", "text", "not allowed", "Column of the fact.", required=True),
    _known("value", "text", "nothing", "What is claimed, as text."),
    _known("source", "text", "not allowed", "File and line, SBOM path, catalogue row, measurement or person.", required=True),
    _known("date", "date", "none", "Day for which it was stated."),
    Attribute("confidence", "fraction", "0 to 1", "1", "How surely.", 1.0, unknown=False),
)  # fmt: skip

TABLES: Final[Mapping[str, tuple[Attribute, ...]]] = {
    "stack": _STACK,
    "items": _ITEMS,
    "providers": _PROVIDERS,
    "sources": _SOURCES,
    "needs": _NEEDS,
    "claims": _CLAIMS,
}
"""Every table and its attributes, in the order in which files are written."""

_BY_NAME: Final = {table: {column.name: column for column in columns} for table, columns in TABLES.items()}


def attribute(table: str, name: str) -> Attribute:
    """Look an attribute up.

    Raises
    ------
    KeyError
        If the table has no such attribute.
    """
    return _BY_NAME[table][name]
