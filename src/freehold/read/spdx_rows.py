"""A package of an SPDX 2 document as a row. Owns what the format's words (purposes, actors, locations) mean for Freehold.

It takes plain values, so that JSON, YAML and tag-value are read by the same rules.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from freehold.read.hosts import host_of, repository_of
from freehold.read.inventory_notes import text
from freehold.read.inventory_rows import Row, canonical_purl, named, organisation, references, says_organisation, with_purl
from freehold.read.licences import normalise
from freehold.read.purls import slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freehold.read.inventory_notes import Notes
    from freehold.stack.inventory import Evidence

__all__ = ["actor", "first_purl", "located", "package_row", "purpose"]

_PURPOSES: Final[Mapping[str, str]] = {
    "application": "application",
    "archive": "software",
    "container": "platform",
    "data": "data",
    "device": "hardware",
    "devicedriver": "software",
    "diskimage": "os",
    "executable": "software",
    "file": "software",
    "filesystemimage": "os",
    "firmware": "hardware",
    "framework": "framework",
    "install": "software",
    "library": "software",
    "model": "model",
    "module": "software",
    "operatingsystem": "os",
    "patch": "software",
    "platform": "platform",
    "source": "software",
}
_NOTHING: Final = frozenset({"NOASSERTION", "NONE", ""})
_IN_BRACKETS: Final = re.compile(r"\s*\((?:\s*|[^()]*@[^()]*)\)\s*$")
_VERSION_CONTROL: Final = re.compile(r"(?:git|hg|svn|bzr)(?:\+|://)|git@|scm:", re.IGNORECASE)
_FORGE: Final = re.compile(r"git|bitbucket|codeberg|sourcehut|\bsr\.ht\b|launchpad", re.IGNORECASE)


def purpose(stated: object) -> str | None:
    """Give the layer of a primary purpose; spelling (case, hyphens) does not matter."""
    return _PURPOSES.get(stated.replace("-", "").replace("_", "").lower()) if isinstance(stated, str) else None


def actor(stated: object, notes: Notes) -> str | None:
    """Take an organisation's name from an actor; a person's is never taken.

    Parameters
    ----------
    stated
        Such as ``Organization: Acme (mail)``. Without such a prefix it is taken only if the name itself says that it is an
        organisation's.
    notes
        Where it is counted if not.
    """
    told = text(stated)
    if told is None or told in _NOTHING:
        return None
    if told.startswith("Organization:"):
        return organisation(_IN_BRACKETS.sub("", told))
    if told.startswith(("Person:", "Tool:")):
        return None
    name = _IN_BRACKETS.sub("", told)
    if says_organisation(name):
        return organisation(name)
    said = "suppliers that do not say whether they are organisations or persons, so their names were left out: {n}."
    notes.count("incomplete", said, "")
    return None


def first_purl(stated: Iterable[str], path: str, notes: Notes) -> tuple[str | None, str | None]:
    """Choose among the package URLs that a package states: the first that is one; others are recorded.

    Returns
    -------
    tuple
        The canonical package URL, and how it was written.
    """
    found: str | None = None
    spelt: str | None = None
    others: dict[str, None] = {}
    for one in stated:
        purl = canonical_purl(one, path, notes)
        if purl is None:
            continue
        if found is None:
            found, spelt = purl, one
        elif purl != found:
            others[purl] = None
    if others:
        told = ", ".join(list(others)[:5])[:500]
        notes.add(path, "incomplete", f"{path}: has several package URLs; {found} was taken, not {told}.")
    return found, spelt


def located(row: Row, download: str | None, home: str | None) -> None:
    """Tell the distribution point and the source repository from the locations that a package states."""
    if download is not None and download not in _NOTHING:
        host = host_of(download)
        if _VERSION_CONTROL.match(download) or (host is not None and _FORGE.search(host)):
            row.repository = repository_of(download)
        if host is not None and not (row.repository and row.id.startswith("pkg:")):
            row.registry = host
    if row.repository is None and home is not None and _FORGE.search(home):
        row.repository = repository_of(home)


def package_row(value: Mapping[str, Any], path: str, seen: Evidence, notes: Notes) -> Row | None:
    """Read one package.

    Parameters
    ----------
    value
        The object.
    path
        Its path within the document, for the record.
    seen
        Where it stands.
    notes
        Where skips are recorded.

    Returns
    -------
    Row or None
        The row; ``None`` if it names nothing.
    """
    get = value.get
    name, version, reference = text(get("name")), text(get("versionInfo")), text(get("SPDXID"))
    purl = spelt = None
    if "externalRefs" in value:
        stated = _purls(notes.sequence(value["externalRefs"], f"{path}.externalRefs"))
        if stated:
            purl, spelt = first_purl(stated, path, notes)
    name = name or named(purl, reference)
    if name is None:
        notes.add(path, "incomplete", f"{path} has no name, package URL or SPDXID; it was left out.")
        return None
    row = Row(purl or slug(name, version), name, version, purpose(get("primaryPackagePurpose")), seen=[seen])
    row.references = references(reference, spelt, purl)
    row.licence = _licence(get("licenseConcluded")) or _licence(get("licenseDeclared"))
    for key in ("supplier", "originator"):
        if key in value and row.supplier is None:
            row.supplier = actor(value[key], notes)
    located(row, text(get("downloadLocation")), text(get("homepage")))
    with_purl(row, purl)
    return row


def _purls(references: list[Any]) -> list[str]:
    return [
        reference["referenceLocator"].strip()
        for reference in references
        if isinstance(reference, dict)
        and isinstance(reference.get("referenceLocator"), str)
        and (reference.get("referenceType") == "purl" or _is_purl(reference))
    ]


def _is_purl(reference: Mapping[str, Any]) -> bool:
    stated = reference.get("referenceType")
    return isinstance(stated, str) and stated.lower().endswith("purl")


def _licence(stated: object) -> str | None:
    told = text(stated)
    return None if told is None or told in _NOTHING else normalise(told)
