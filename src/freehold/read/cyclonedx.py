"""Reads CycloneDX inventories, JSON and XML, of any version. Owns the seam from a file to an ``Inventory``.

It is tolerant: what can be understood is read, everything else becomes a skip that says why.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from freehold.errors import Unreadable
from freehold.read.collector import no_collection
from freehold.read.cyclonedx_rows import component_row, service_row, walk
from freehold.read.hosts import host_of
from freehold.read.interface import LARGEST_FILE, read_bytes
from freehold.read.inventory_graph import resolve
from freehold.read.inventory_json import head_of, in_utf8, later, parse, refusal, text_of, unwrapped
from freehold.read.inventory_notes import Notes, text
from freehold.read.inventory_rows import Rows, components_of
from freehold.stack.inventory import Contact, Evidence, Inventory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["CycloneDXReader"]

_JSON: Final = re.compile(rb'"(?:bomFormat|specFormat)"\s*:\s*"CycloneDX"')
_DOMAIN: Final = b"org.cyclonedx"
_XML: Final = re.compile(rb"https?://" + rb"\.".join(reversed(_DOMAIN.split(b"."))) + rb"/schema/bom/\d")
_OTHER: Final = re.compile(rb'"(?:spdxVersion|SPDXID|lockfileVersion)"')
_KNOWN: Final = frozenset(f"1.{number}" for number in range(8))
_READ: Final = """
    $schema bomFormat specFormat specVersion serialNumber version metadata components services dependencies type
    bom-ref group name purl scope publisher author authors supplier manufacturer licenses externalReferences properties
"""
_ARCHIVES: Final = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")


class CycloneDXReader:
    """The reader of CycloneDX inventories.

    Parameters
    ----------
    limit
        Bytes: the largest file that is read.
    """

    name = "cyclonedx"

    def __init__(self, limit: int = LARGEST_FILE) -> None:
        self.limit = limit

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether it is a CycloneDX document, by what it holds and not by its name.

        Parameters
        ----------
        path
            The file; read further than ``head`` where a JSON object has not said its format by then.
        head
            Its first bytes.

        Returns
        -------
        bool
            Whether :meth:`read` should be tried.
        """
        head = in_utf8(head)
        start = head.lstrip()[:1]
        if start == b"<":
            return _XML.search(head) is not None
        if start != b"{":
            return False
        return _JSON.search(head) is not None or (_OTHER.search(head) is None and later(path, _JSON, self.limit))

    def read(self, path: Path) -> Inventory:
        """Read an inventory.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        Inventory
            Its components, the hosts its services are reached at, and what was skipped.

        Raises
        ------
        freehold.errors.Unreadable
            If it cannot be read, or is not CycloneDX; the message says what it looks like.
        freehold.errors.TooLarge
            If it is over a limit of size or depth.
        """
        head = head_of(path)
        if head.startswith(_ARCHIVES):
            raise Unreadable(f"{path} is compressed. Unpack it first.")
        with no_collection():
            if head.lstrip(b" \t\r\n\0")[:1] == b"<":
                # XML is rarer, and its parser takes a while to load
                from freehold.read.cyclonedx_xml import parse as parse_xml

                return _inventory(path, parse_xml(path, read_bytes(path, self.limit)), "XML")
            return _inventory(path, _from_json(path, self.limit), "JSON")


def _inventory(path: Path, document: Mapping[str, Any], form: str) -> Inventory:
    notes = Notes(path.name)
    metadata = document.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        notes.wrong("metadata", metadata, "an object")
    main = metadata.get("component") if isinstance(metadata, dict) else None
    if main is not None and not isinstance(main, dict):
        notes.wrong("metadata.component", main, "a component")
    main = main if isinstance(main, dict) else {}
    own = component_row(main, "metadata.component", notes) if main else None
    rows = Rows(own)
    read = _READ.split()
    strange: dict[str, None] = {}
    version = text(document.get("specVersion"))
    draft = version is not None and version not in _KNOWN
    if draft:
        strange.update(dict.fromkeys(key for key in document if key not in read))
    for values, start in (
        (main.get("components"), "metadata.component.components"),
        (document.get("components"), "components"),
    ):
        for value, place in walk(values, start, "components", notes):
            row = component_row(value, place, notes)
            if row is not None:
                rows.add(row)
            if draft:
                strange.update(dict.fromkeys(key for key in value if key not in read))
    contacts: dict[str, dict[Evidence, None]] = {}
    for value, place in walk(document.get("services"), "services", "services", notes):
        row = service_row(value, place, notes)
        if row is not None:
            rows.add_service(row)
        _endpoints(value, place, notes, contacts)
    _version_notes(version, strange, notes)
    depends, direct = resolve(_edges(document.get("dependencies"), notes), rows, notes)
    # what was parsed makes room for what was read
    document = {}
    return Inventory(
        name=own.name if own else _stem(path),
        reader=" ".join(filter(None, ("cyclonedx", version, form))),
        components=components_of(rows, depends, direct),
        contacts=tuple(Contact(host, "service", "run", evidence=tuple(seen)) for host, seen in contacts.items()),
        skips=notes.skips(),
        licence=own.licence if own else None,
        joined=rows.joined,
    )


def _from_json(path: Path, limit: int) -> dict[str, Any]:
    document = parse(path, text_of(path, limit))
    found = unwrapped(document, lambda one: "CycloneDX" in (one.get("bomFormat"), one.get("specFormat")))
    if found is None:
        raise refusal(path, document, "CycloneDX")
    return found


def _edges(values: object, notes: Notes) -> Iterator[tuple[object, list[Any]]]:
    for number, entry in enumerate(notes.sequence(values, "dependencies")):
        place = f"dependencies[{number}]"
        if isinstance(entry, dict):
            yield entry.get("ref"), notes.sequence(entry.get("dependsOn"), f"{place}.dependsOn")
        else:
            notes.wrong(place, entry, "a dependency")


def _endpoints(value: Mapping[str, Any], place: str, notes: Notes, contacts: dict[str, dict[Evidence, None]]) -> None:
    for number, endpoint in enumerate(notes.sequence(value.get("endpoints"), f"{place}.endpoints")):
        here = f"{place}.endpoints[{number}]"
        host = host_of(endpoint) if isinstance(endpoint, str) else None
        if host is None:
            notes.count("incomplete", "service endpoints that name no public host: {n} (the first: {first}).", here)
        else:
            contacts.setdefault(host, {})[Evidence(notes.file, 0, here)] = None


def _version_notes(version: str | None, strange: Mapping[str, None], notes: Notes) -> None:
    if version is None:
        notes.add("", "incomplete", "the inventory does not say the version of its format; it was read as the newest known.")
    elif version not in _KNOWN:
        left = ", ".join(sorted(filter(str.isprintable, strange))[:30])[:1000] or "nothing that it holds"
        notes.add(
            "", "unsupported", f"CycloneDX {version[:20]} is not known yet: what it shares with 1.7 was read; left out: {left}."
        )


def _stem(path: Path) -> str:
    name = path.name
    for ending in (".json", ".xml", ".cdx", ".cyclonedx", ".bom", ".sbom"):
        name = name.removesuffix(ending)
    return name or path.name
