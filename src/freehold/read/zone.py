"""The reader of DNS zone files: what a domain's name service, mail and services rest on. Owns what a record is evidence of.

A host within the zone is the organisation's own name and no contact; where one does the same as a host elsewhere (a name
server beside a hired one), the hired one is optional. Addresses are counted, not resolved.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from freehold.errors import Unreadable
from freehold.read.findings import joined_contacts
from freehold.read.hosts import is_public, reversed_host
from freehold.read.interface import read_text
from freehold.read.plain_text import plain, plain_skip
from freehold.read.zone_records import Record, Zone, holds_zone, parse_zone
from freehold.stack.inventory import Contact, Evidence, Inventory, Skip

__all__ = ["ZoneReader"]

_LARGEST: Final = 64 * 1024 * 1024
_POLICY: Final = re.compile(r"[+?~-]?(?:(include|a|mx|exists|ptr):|redirect=)([A-Za-z0-9._%{}-]+)(?:/\d+)*", re.IGNORECASE)
_ADDRESSES: Final = re.compile(r"[+?~-]?ip[46]:", re.IGNORECASE)
_REPORTS: Final = re.compile(r"mailto:[^@\s,;!:]{1,250}@([A-Za-z0-9.-]{1,255})", re.IGNORECASE)
_PROOF: Final = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]{1,60}?(?:verif\w*|challenge|-code|domain|site)[\w.-]*|MS)=", re.IGNORECASE
)
_HOST_WITHIN: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_LONGEST_PROOF: Final = 200
_TARGETS: Final = {"CNAME": 0, "DNAME": 0, "ALIAS": 0, "ANAME": 0, "SRV": 3, "HTTPS": 1, "SVCB": 1, "NAPTR": 5}
_ENDINGS: Final = (".zone", ".db", ".hosts", ".txt", ".dns")


class ZoneReader:
    """Reads a zone file as name servers and exports write it."""

    name = "zone"

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether the file's beginning has an SOA record, or it is named like a zone and has one further down."""
        if not head or b"\0" in head:
            return False
        if holds_zone(head.decode("utf-8", "replace")):
            return True
        return path.suffix.lower() == ".zone" and holds_zone(read_text(path, _LARGEST))

    def read(self, path: Path) -> Inventory:
        """Read a zone file.

        Raises
        ------
        freehold.errors.ReadError
            If it cannot be read, or has no record that says which zone it is.
        """
        text = read_text(path, _LARGEST)
        zone = parse_zone(text, path.name, _named_after(path))
        apex = zone.apex
        if not apex:
            raise Unreadable(f"{path} does not say which domain it is of. Put a line '$ORIGIN example.org.' at its top.")
        contacts = joined_contacts(_with_own(zone, apex, path.name))
        skips = (*zone.skips, *_left_out(zone, apex, path.name))
        return Inventory(plain(apex), self.name, (), contacts, tuple(plain_skip(skip) for skip in skips))


def _named_after(path: Path) -> str:
    name = path.name.lower().removeprefix("db.")
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    labels = name.split(".")
    named = len(labels) > 1 and is_public(f"a.{labels[-1]}") and all(map(_LABEL.fullmatch, labels))
    return name if named else ""


def _outside(host: str | None, apex: str) -> str | None:
    """A host that is not of the zone, forwards, without the labels that name a service and not a host."""
    if not host or host == apex or host.endswith(f".{apex}"):
        return None
    labels = [label for label in host.split(".") if not label.startswith("_") and "%" not in label and "\\" not in label]
    # a label of a customer's own choice may read like a placeholder; whether the name exists is told by its end
    return ".".join(labels) if is_public(".".join(labels[-2:])) and all(map(_LABEL.fullmatch, labels)) else None


def _with_own(zone: Zone, apex: str, file: str) -> Iterator[Contact]:
    """Contacts; those that stand beside a host of the zone itself for the same role are optional."""
    own = {
        role
        for type_, role, place in (("NS", "dns", 0), ("MX", "mail", 1))
        for record in zone.records
        if record.type == type_ and record.owner == apex and (name := record.name(place))
        if name == apex or name.endswith(f".{apex}")
    }
    for record in zone.records:
        for host, role in _hosts_of(record, apex):
            outside = _outside(host, apex)
            if outside:
                seen = (Evidence(file, record.line),)
                yield Contact(reversed_host(outside), role, optional=role in own, evidence=seen)


def _hosts_of(record: Record, apex: str) -> Iterator[tuple[str | None, str]]:
    if record.type == "NS":
        # a part of the domain that is handed to others is a service that they do
        yield record.name(0), "dns" if record.owner == apex else "service"
    elif record.type == "MX":
        yield record.name(1), "mail" if record.owner == apex else "service"
    elif record.type == "CAA" and len(record.data) > 2:
        if record.data[1].lower() in ("issue", "issuewild"):
            yield record.data[2].partition(";")[0].strip().lower(), "certificate"
    elif record.type in ("TXT", "SPF"):
        yield from ((host, "service") for host in _hosts_of_text("".join(record.data)))
    elif record.type in _TARGETS:
        yield record.name(_TARGETS[record.type]), "service"


def _hosts_of_text(text: str) -> Iterator[str]:
    lower = text.lower()
    if lower.startswith("v=spf1"):
        for word in lower.split():
            match = _POLICY.fullmatch(word)
            if match:
                yield match[2].rstrip(".")
    elif lower.startswith(("v=dmarc1", "v=tlsrptv1")):
        yield from (match[1].rstrip(".") for match in _REPORTS.finditer(lower))
    elif (proof := _PROOF.match(lower[:_LONGEST_PROOF])) is not None:
        within = _HOST_WITHIN.match(proof[1])
        if within is not None and within[0] == proof[1]:
            yield within[0]


def _left_out(zone: Zone, apex: str, file: str) -> Iterator[Skip]:
    told: list[str] = []
    addresses = sum(record.type in ("A", "AAAA") for record in zone.records)
    addresses += sum(
        bool(_ADDRESSES.match(word))
        for record in zone.records
        if record.type in ("TXT", "SPF") and "".join(record.data).lower().startswith("v=spf1")
        for word in "".join(record.data).split()
    )
    if addresses:
        told.append(f"{addresses:,} address(es) stand in it; whose machines they are a zone does not tell.")
    proofs = Counter(
        match[1].lower()
        for record in zone.records
        if record.type == "TXT" and (match := _PROOF.match("".join(record.data)[:_LONGEST_PROOF])) is not None
        if _HOST_WITHIN.fullmatch(match[1]) is None
    )
    if proofs:
        names = ", ".join(sorted(proofs)[:10])
        told.append(f"{proofs.total()} record(s) prove the domain to services that they do not name as a host ({names}).")
    if told:
        yield Skip(file, "incomplete", " ".join(told))
    other = {record.owner for record in zone.records if record.owner != apex and not record.owner.endswith(f".{apex}")}
    if other:
        yield Skip(file, "syntax", f"{len(other):,} name(s) in it are not within {apex} and were read as if they were.")
    if zone.broken:
        yield Skip(file, "syntax", f"{zone.broken:,} entries are no records; the first is on line {zone.first_broken}.")
