"""What an SPDX document states, whatever its version and syntax. Owns the seam between its syntaxes and its meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from freehold.read.inventory_rows import Row

__all__ = ["Relation", "Statement"]

Relation = tuple[object, object, object, object]
"""From, type, to, and the stage of life that it holds in (SPDX 3; ``None`` if not stated)."""


@dataclass(slots=True)
class Statement:
    """The parts of a document that say what is needed.

    Parameters
    ----------
    form
        Version and syntax, for the reader's name.
    name
        The document's own.
    rows
        Its packages, in the order of the document.
    described
        References of what it is about.
    relations
        Its relationships.
    document
        References that mean the document itself.
    aside
        References of files and snippets, which are not listed.
    files, snippets
        How many of them there are.
    """

    form: str
    name: str | None = None
    rows: list[Row] = field(default_factory=list)
    described: list[object] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    document: set[str] = field(default_factory=set)
    aside: set[str] = field(default_factory=set)
    files: int = 0
    snippets: int = 0
