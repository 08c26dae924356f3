"""An SPDX 3 document, written as JSON-LD. Owns the way from its graph of elements to what it states.

Names are told by their last part: ``software_Package``, ``Package`` and a whole address that ends so are one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freehold.read.inventory_notes import LONGEST, text
from freehold.read.inventory_rows import Row, named, organisation, references, with_purl
from freehold.read.licences import conjunction, normalise
from freehold.read.purls import slug
from freehold.read.spdx_rows import first_purl, located, purpose
from freehold.read.spdx_statement import Statement
from freehold.stack.inventory import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freehold.read.inventory_notes import Notes

__all__ = ["is_spdx3", "statement_of"]

_KINDS: Final[Mapping[str, str | None]] = {"Package": None, "AIPackage": "model", "DatasetPackage": "data", "Dataset": "data"}
_BESIDE: Final = """
    CreationInfo Person Organization Agent SoftwareAgent Tool SpdxDocument Sbom Bom Bundle ElementCollection Relationship
    LifecycleScopedRelationship Annotation Build LicenseExpression SimpleLicensingText ListedLicense CustomLicense
    ListedLicenseException CustomLicenseAddition OrLaterOperator WithAdditionOperator ConjunctiveLicenseSet
    DisjunctiveLicenseSet NoneLicense NoAssertionLicense IndividualLicensingInfo Hash ExternalMap NamespaceMap
    PackageVerificationCode DictionaryEntry ExternalIdentifier ExternalRef
"""
"""Elements that are understood, and are no part of what a thing rests on."""

_UNDERSTOOD: Final = frozenset(_BESIDE.split())
_NO_LICENCE: Final = ("NoAssertionLicense", "NoneLicense")
_DEEPEST: Final = 10
"""Licences within licences."""

_MOST: Final = 100
"""Licences of a set that are read."""


def is_spdx3(document: Mapping[str, Any]) -> bool:
    """Whether an object is an SPDX 3 document: a graph within a context of SPDX, or of elements that have its identifiers."""
    graph = document.get("@graph")
    if not isinstance(graph, list):
        return False
    if any(isinstance(one, str) and "spdx" in one.lower() for one in _several(document.get("@context"))[:100]):
        return True
    return any(isinstance(one, dict) and "spdxId" in one for one in graph[:100])


def statement_of(document: Mapping[str, Any], syntax: str, notes: Notes) -> Statement:
    """Read what a document states.

    Parameters
    ----------
    document
        It, as plain values.
    syntax
        For the reader's name.
    notes
        Where skips are recorded.
    """
    graph = _Graph(document, notes)
    said = Statement(f"spdx {graph.version} {syntax}".replace("  ", " "))
    licences: dict[str, tuple[list[object], list[object]]] = {}
    for kind, value, place in graph.elements():
        if kind.endswith("Relationship"):
            _relation(value, said, licences)
        elif kind in ("SpdxDocument", "Sbom", "Bom"):
            said.name = text(value.get("name")) or said.name
            said.document.add(_reference(value) or "")
            said.described += _several(value.get("rootElement"))
        elif kind in ("File", "Snippet"):
            said.aside.add(_reference(value) or "")
            said.files += kind == "File"
            said.snippets += kind == "Snippet"
        elif kind in _KINDS:
            row = _row(kind, value, place, graph, notes)
            if row is not None:
                said.rows.append(row)
        elif kind not in _UNDERSTOOD:
            said_ = "elements of sorts that are not read: {n} (the first: {first})."
            notes.count("unsupported", said_, text(kind) or "one without a type")
    for row in said.rows:
        if row.references and row.references[0] in licences:
            concluded, declared = licences[row.references[0]]
            row.licence = graph.licence(concluded) or graph.licence(declared)
    # what a model was made from is needed to make it again, as is what it was trained on
    models = {row.references[0] for row in said.rows if row.kind == "model" and row.references}
    said.relations = [
        (source, "trainedOn", target, stage) if kind == "descendantOf" and source in models else (source, kind, target, stage)
        for source, kind, target, stage in said.relations
    ]
    return said


class _Graph:
    """The elements of a document, and what can be looked up among them."""

    def __init__(self, document: Mapping[str, Any], notes: Notes) -> None:
        self._notes = notes
        self._values = notes.sequence(document.get("@graph"), "@graph")
        self._by_reference: dict[str, Mapping[str, Any]] = {}
        self._licences: dict[str, str | None] = {}
        version: str | None = None
        for value in self._values:
            if isinstance(value, dict):
                reference = _reference(value)
                if reference is not None:
                    self._by_reference.setdefault(reference, value)
                version = version or text(value.get("specVersion"))
        self.version = (version or "3")[:20]

    def elements(self) -> Iterator[tuple[str, Mapping[str, Any], str]]:
        """Give each element with its type and its path."""
        for number, value in enumerate(self._values):
            place = f"@graph[{number}]"
            if isinstance(value, dict):
                yield _kind(value), value, place
            else:
                self._notes.wrong(place, value, "an element")

    def found(self, stated: object) -> Mapping[str, Any] | None:
        """Look an element up that is named by its reference, or stands there itself."""
        if isinstance(stated, dict):
            return stated
        return self._by_reference.get(stated) if isinstance(stated, str) else None

    def organisation(self, stated: object) -> str | None:
        """Name the first organisation among agents; persons are passed over."""
        for one in _several(stated):
            agent = self.found(one)
            if agent is not None and _kind(agent) == "Organization":
                name = organisation(text(agent.get("name")))
                if name is not None:
                    return name
        return None

    def licence(self, stated: list[object]) -> str | None:
        """Join the licences that a package states."""
        return conjunction(filter(None, (self._one_licence(one, _DEEPEST) for one in stated[:_MOST])))

    def _one_licence(self, stated: object, deep: int) -> str | None:
        if not isinstance(stated, str):
            return self._read_licence(stated, deep)
        if stated not in self._licences:
            # a set that holds itself finds nothing there, and each is read once however many hold it
            self._licences[stated] = None
            self._licences[stated] = self._read_licence(stated, deep)
        return self._licences[stated]

    def _read_licence(self, stated: object, deep: int) -> str | None:
        value = self.found(stated)
        if value is None:
            return _listed(stated)
        kind = _kind(value)
        told = text(_first(value, "licenseExpression"))
        if told is not None:
            return normalise(told)
        if kind == "ListedLicense":
            return _listed(_reference(value))
        if kind in ("ConjunctiveLicenseSet", "DisjunctiveLicenseSet") and deep:
            parts = [self._one_licence(one, deep - 1) for one in _several(_first(value, "member"))[:_MOST]]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts) or not known:
                return None
            made = conjunction(known) if kind[0] == "C" else f"({' OR '.join(dict.fromkeys(known))})"
            return made if made is not None and len(made) <= LONGEST else None
        name = text(value.get("name"))
        return normalise(name) if name is not None and kind == "CustomLicense" else None


def _row(kind: str, value: Mapping[str, Any], place: str, graph: _Graph, notes: Notes) -> Row | None:
    reference = _reference(value)
    name, version = text(value.get("name")), text(_first(value, "packageVersion"))
    purl, spelt = first_purl(_purls(value), place, notes)
    name = name or named(purl, reference)
    if name is None:
        notes.add(place, "incomplete", f"{place} has no name, package URL or spdxId; it was left out.")
        return None
    layer = _KINDS[kind] or purpose(_first(value, "primaryPurpose"))
    row = Row(purl or slug(name, version), name, version, layer, seen=[Evidence(notes.file, 0, place)])
    row.references = references(reference, spelt, purl)
    row.supplier = graph.organisation(value.get("suppliedBy")) or graph.organisation(value.get("originatedBy"))
    located(row, text(_first(value, "downloadLocation")), text(_first(value, "homePage")))
    with_purl(row, purl)
    return row


def _purls(value: Mapping[str, Any]) -> list[str]:
    stated = _first(value, "packageUrl")
    found = [stated.strip()] if isinstance(stated, str) and stated.strip() else []
    for one in _several(value.get("externalIdentifier")):
        if isinstance(one, dict) and one.get("externalIdentifierType") in ("packageUrl", "purl"):
            identifier = one.get("identifier")
            if isinstance(identifier, str):
                found.append(identifier.strip())
    return found


def _relation(
    value: Mapping[str, Any], said: Statement, licences: dict[str, tuple[list[object], list[object]]]
) -> None:  # fmt: skip
    kind = text(value.get("relationshipType"))
    kind = None if kind is None else kind.rpartition("/")[2]
    source, targets = value.get("from"), _several(value.get("to"))
    if isinstance(source, dict):
        source = _reference(source)
    if kind in ("hasConcludedLicense", "hasDeclaredLicense") and isinstance(source, str):
        licences.setdefault(source, ([], []))[kind == "hasDeclaredLicense"].extend(targets)
        return
    for target in targets:
        to = _reference(target) if isinstance(target, dict) else target
        if isinstance(to, str) and to.endswith(("/NoneElement", "/NoAssertionElement")):
            continue
        said.relations.append((source, kind, to, value.get("scope")))


def _kind(value: Mapping[str, Any]) -> str:
    stated = value.get("type", value.get("@type"))
    for one in _several(stated):
        if isinstance(one, str):
            name = one.rpartition("/")[2].rpartition("#")[2].rpartition(":")[2]
            return name.rpartition("_")[2]
    return ""


def _first(value: Mapping[str, Any], key: str) -> object:
    """Take a value whose key may have the prefix of its profile."""
    for prefix in ("software_", "", "simplelicensing_", "expandedlicensing_"):
        found = value.get(prefix + key)
        if found is not None:
            return found
    return None


def _several(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _reference(value: Mapping[str, Any]) -> str | None:
    stated = value.get("spdxId", value.get("@id"))
    return stated if isinstance(stated, str) and stated else None


def _listed(stated: object) -> str | None:
    """Take the identifier of a licence of the SPDX list from its address."""
    if not isinstance(stated, str) or "/licenses/" not in stated or stated.endswith(_NO_LICENCE):
        return None
    told = text(stated.rpartition("/")[2])
    return normalise(told) if told is not None else None
