"""The catalogue's checks, all at once. Owns the order of findings, and what makes a catalogue sound: no errors.

The attributes that are checked, and how, stand in :data:`freehold.catalogue.schema.CATALOGUE_TABLES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from freehold.catalogue.check_evidence import check_facts_evidence, check_references
from freehold.catalogue.check_links import check_certificates, check_contradictions, check_links, check_names, check_owners
from freehold.catalogue.check_values import check_ids, check_values
from freehold.catalogue.schema import CATALOGUE_TABLES
from freehold.errors import CatalogueError

if TYPE_CHECKING:
    from freehold.catalogue.facts import Catalogue
    from freehold.errors import Finding

__all__ = ["CATALOGUE_TABLES", "check", "require_sound"]

_CHECKS = (
    check_references,
    check_facts_evidence,
    check_values,
    check_ids,
    check_links,
    check_contradictions,
    check_owners,
    check_certificates,
    check_names,
)


def check(catalogue: Catalogue) -> tuple[Finding, ...]:
    """Check a whole catalogue.

    Parameters
    ----------
    catalogue
        As read by :func:`freehold.catalogue.facts.load`.

    Returns
    -------
    tuple of Finding
        Everything wrong (severity ``error``) or worth a look (``note``), each once, by file and line.
    """
    return tuple(sorted({finding for one in _CHECKS for finding in one(catalogue)}))


def require_sound(catalogue: Catalogue) -> None:
    """Check a catalogue and refuse it if anything is wrong.

    Raises
    ------
    freehold.errors.CatalogueError
        With all errors; notes do not count.
    """
    errors = [finding for finding in check(catalogue) if finding.severity == "error"]
    if errors:
        raise CatalogueError(errors)
