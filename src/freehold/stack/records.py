"""Rows of somebody's table, each cell with what it means. Owns the meanings that a column can have, and no file format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from freehold.stack.inventory import Evidence, Skip

__all__ = ["IGNORE", "MEANINGS", "ColumnMeaning", "Record", "Records"]

IGNORE: Final = "ignore"
"""The meaning of a column that is not read."""

MEANINGS: Final[Mapping[str, str]] = {
    "name": "what the thing is called",
    "id": "its identifier; a package URL where it is one",
    "version": "its version",
    "kind": "layer of the value chain, or a word for it such as server or database",
    "mission": "how much it must be kept alive: a number, or a word such as critical",
    "provider": "who runs or supplies it and can say no",
    "provider.country": "legal seat of that provider",
    "provider.owner": "who owns that provider",
    "provider.lei": "Legal Entity Identifier of that provider",
    "maker": "who made the device or the software that the organisation runs itself",
    "location": "country where it stands or is hosted",
    "licence": "its licence",
    "cost_year": "cost a year",
    "cost_once": "cost to introduce it",
    "currency": "currency of the costs",
    "recover": "time to switch to another",
    "alternative": "who or what could take over",
    "needs": "other rows that it needs, by name",
    "needs.os": "its operating system",
    "needs.hardware": "the model of its device",
    "needs.chip": "its processor or accelerator",
    "needs.software": "software that it runs on",
    "needs.cloud": "the cloud or hoster that it runs at",
    "tags": "free labels",
    IGNORE: "not read",
}
"""What a column can mean, and what that is."""


@dataclass(frozen=True, slots=True)
class ColumnMeaning:
    """One column, and what it is taken to mean.

    Parameters
    ----------
    column
        Its heading as written.
    meaning
        One of :data:`MEANINGS`.
    because
        ``remembered``, ``asked``, ``heading``, ``content`` or ``none``.
    filled
        How many rows have something in it.
    example
        The first thing in it.
    """

    column: str
    meaning: str
    because: str
    filled: int = 0
    example: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One row: what its cells say, by meaning (several cells of one meaning joined by ``;``), and where it stands."""

    values: Mapping[str, str]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Records:
    """A table whose columns have a meaning.

    Parameters
    ----------
    name
        Name of the file or the sheet.
    reader
        Name of the reader, and the format.
    columns
        Every column, those not read too.
    records
        Every row that names a thing.
    skips
        Rows and cells that could not be used, and why.
    """

    name: str
    reader: str
    columns: tuple[ColumnMeaning, ...]
    records: tuple[Record, ...]
    skips: tuple[Skip, ...] = ()
