"""Records of DNS zone files. Owns the master file form of RFC 1035, section 5, and of RFC 2308 (``$TTL``).

One pass over the text by one expression; names are made absolute; what cannot be a record is counted, and where it stood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from freehold.stack.inventory import Skip

__all__ = ["Record", "Zone", "holds_zone", "parse_zone"]

_TOKEN: Final = re.compile(
    r'(?P<end>\n)|(?P<space>[ \t\r\f\v]+)|(?P<remark>;[^\n]*)|(?P<bracket>[()])|"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"'
    r'|(?P<word>(?:[^\s;()"\\]|\\[^\n])+)|(?P<other>.)',
    re.DOTALL,
)
_SOA: Final = re.compile(
    r"^(?![;{<])[^\s;]*(?:[ \t]+(?:\d\w*|IN|CH|HS|CS)(?=[ \t])){0,2}[ \t]+SOA[ \t]+[^\s;]+[ \t]+[^\s;]",
    re.MULTILINE | re.IGNORECASE,
)
_TTL: Final = re.compile(r"\d+(?:[smhdw]\d+)*[smhdw]?", re.IGNORECASE)
_CLASSES: Final = frozenset({"IN", "CH", "HS", "CS"})
_TYPES: Final = frozenset({
    "A", "AAAA", "AFSDB", "ALIAS", "ANAME", "APL", "CAA", "CDNSKEY", "CDS", "CERT", "CNAME", "CSYNC", "DHCID", "DLV", "DNAME",
    "DNSKEY", "DS", "EUI48", "EUI64", "HINFO", "HTTPS", "IPSECKEY", "KEY", "KX", "LOC", "LUA", "MX", "NAPTR", "NS", "NSEC",
    "NSEC3", "NSEC3PARAM", "OPENPGPKEY", "PTR", "RP", "RRSIG", "SIG", "SMIMEA", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TA",
    "TKEY", "TLSA", "TSIG", "TXT", "URI", "ZONEMD",
})  # fmt: skip
_TYPE: Final = re.compile(r"TYPE\d+", re.IGNORECASE)
_LONGEST_NAME: Final = 255
_MOST_RECORDS: Final = 1_000_000
_MOST_WORDS: Final = 10_000
_MOST_SKIPS: Final = 100


@dataclass(frozen=True, slots=True)
class Record:
    """One record: names absolute and in small letters without the dot at the end; ``data`` as written."""

    owner: str
    type: str
    data: tuple[str, ...]
    line: int
    origin: str

    def name(self, place: int) -> str | None:
        """The name at a place of the data, made absolute; ``None`` if there is none."""
        return _absolute(self.data[place], self.origin) if place < len(self.data) else None


@dataclass(slots=True)
class Zone:
    """What a zone file holds."""

    records: list[Record] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    broken: int = 0
    first_broken: int = 0

    @property
    def apex(self) -> str | None:
        """The zone's own name: that of its first SOA record."""
        return next((record.owner for record in self.records if record.type == "SOA"), None)


def holds_zone(text: str) -> bool:
    """Whether a text's beginning has the record that every zone begins with."""
    return _SOA.search(text) is not None


def _absolute(name: str, origin: str) -> str | None:
    if name == "@":
        return origin
    whole = name[:-1] if name.endswith(".") and not name.endswith("\\.") else f"{name}.{origin}" if origin else name
    return whole.lower() if whole and len(whole) <= _LONGEST_NAME else "" if name == "." else None


def _lines(text: str) -> Iterator[tuple[int, bool, list[str]]]:
    """Entries: the line each begins on, whether it begins with a blank, and its words; brackets join lines."""
    words: list[str] = []
    number, start, depth = 1, 1, 0
    blank = begun = False
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "end":
            number += 1
            if depth == 0:
                if words:
                    yield start, blank, words
                words, blank, begun = [], False, False
            continue
        if not begun and depth == 0:
            begun, start = True, number
            blank = kind == "space"
        if kind in ("word", "quoted"):
            if len(words) < _MOST_WORDS:
                words.append(match[kind])
            number += match[0].count("\n")
        elif kind == "bracket":
            depth = depth + 1 if match[0] == "(" else max(0, depth - 1)
    if words:
        yield start, blank, words


def parse_zone(text: str, file: str, origin: str) -> Zone:
    """Parse a zone file.

    Parameters
    ----------
    text
        The file.
    file
        Its name, for skips.
    origin
        The zone's name where neither the file nor its names say it; may be empty.
    """
    zone = Zone()
    owner: str | None = None
    left_out = 0
    for line, blank, words in _lines(text):
        first = words[0].upper()
        if first == "$ORIGIN" and len(words) > 1:
            origin = _absolute(words[1], origin) or origin
            continue
        if first in ("$INCLUDE", "$GENERATE"):
            told = f"Line {line}: {first} was not followed; what it would bring is not in the answer."
            left_out += 1
            if left_out <= _MOST_SKIPS:
                zone.skips.append(Skip(file, "unsupported", told))
            continue
        if first.startswith("$"):
            continue
        if not blank:
            owner = _absolute(words[0], origin)
            words = words[1:]
        if len(zone.records) >= _MOST_RECORDS:
            zone.skips.append(Skip(file, "limit", f"It has over {_MOST_RECORDS:,} records; the others were not read."))
            break
        place = next(
            (at for at, word in enumerate(words[:3]) if not (_TTL.fullmatch(word) or word.upper() in _CLASSES)), len(words)
        )
        type_ = words[place].upper() if place < len(words) else ""
        if owner is None or not (type_ in _TYPES or _TYPE.fullmatch(type_)):
            zone.broken += 1
            zone.first_broken = zone.first_broken or line
            continue
        zone.records.append(Record(owner, type_, tuple(words[place + 1 :]), line, origin))
    if left_out > _MOST_SKIPS:
        zone.skips.append(Skip(file, "limit", f"{left_out - _MOST_SKIPS:,} more lines like these were not followed."))
    return zone
