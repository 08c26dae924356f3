"""What a match is: a row of the catalogue, the rule that led to it, and how sure that rule is. Owns the rules' names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RULES", "Match"]

RULES: Final[Mapping[str, float]] = {
    "exact": 1.0,
    "registrable domain": 0.9,
    "parent domain": 0.9,
    "family": 0.8,
    "forge organisation": 0.8,
    "type": 0.5,
    "pattern": 0.8,
    "id": 1.0,
    "name": 1.0,
    "alias": 0.95,
    "name without legal form": 0.9,
    "package name": 0.8,
}
"""Every rule by which something is matched, and how sure a match by it is."""


@dataclass(frozen=True, slots=True)
class Match:
    """The row that something belongs to, and what the catalogue says of it at once.

    Parameters
    ----------
    table, id
        The row that matched.
    rule, confidence
        By which of :data:`RULES`, and how surely.
    provider
        Who can say no: the row's provider, its product's, or a package's steward.
    product, steward, licence, forge, registry, kind
        As stated for the row; ``registry`` may come from the row of the package type.
    rows
        Rows that speak of the thing itself, as table and id; neither the row of its package type nor, for a package, that
        of the product that it is a client of. :meth:`Matcher.claims_for` turns them into claims.
    """

    table: str
    id: str
    rule: str
    confidence: float
    provider: str | None = None
    product: str | None = None
    steward: str | None = None
    licence: str | None = None
    forge: str | None = None
    registry: str | None = None
    kind: str | None = None
    rows: tuple[tuple[str, str], ...] = ()
