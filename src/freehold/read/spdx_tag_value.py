"""An SPDX 2 document written as tag-value. Owns its syntax: it gives the same plain values as the JSON would.

Only what the reader uses is taken. Lines may end in any way that lines end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freehold.read.inventory_notes import Notes

__all__ = ["LINE", "parse"]

LINE: Final = "line"
"""The key under which each package has its line."""

_DOCUMENT: Final = {"SPDXVersion": "spdxVersion", "DocumentName": "name"}
_PACKAGE: Final = {
    "PackageVersion": "versionInfo",
    "PackageSupplier": "supplier",
    "PackageOriginator": "originator",
    "PackageDownloadLocation": "downloadLocation",
    "PackageHomePage": "homepage",
    "PackageLicenseConcluded": "licenseConcluded",
    "PackageLicenseDeclared": "licenseDeclared",
    "PrimaryPackagePurpose": "primaryPackagePurpose",
}
_OTHER: Final = re.compile(
    r"(?:SPDX|Document|Data|Package|File|Snippet|License|Licence|Extracted|Creat|Annotat|Review|External|Relationship|Artifact"
    r"|Attribution|Primary|Built|Release|Valid)\w*"
)
_TAG: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def parse(text: str, notes: Notes) -> dict[str, Any]:
    """Turn the text of a file into an SPDX document, shaped as its JSON.

    Parameters
    ----------
    text
        What the file holds.
    notes
        Where skips are recorded.

    Returns
    -------
    dict
        The document, with what the reader uses; each package has its line under :data:`LINE`.
    """
    document: dict[str, Any] = {"packages": [], "files": [], "snippets": [], "relationships": []}
    # what an SPDXID or another tag without a name of its own belongs to
    current: dict[str, Any] = document
    package: dict[str, Any] | None = None
    for number, tag, value in _tags(text, notes):
        if tag == "PackageName":
            package = current = {"name": value, LINE: number}
            document["packages"].append(package)
        elif tag == "FileName":
            current = {}
            document["files"].append(current)
        elif tag == "SnippetSPDXID":
            current = {"SPDXID": value}
            document["snippets"].append(current)
        elif tag == "SPDXID":
            current.setdefault("SPDXID", value)
        elif tag in _PACKAGE:
            if package is None:
                notes.count(
                    "syntax", "tags of a package before any `PackageName`: {n} (the first in line {first}).", f"{number}"
                )
            else:
                package.setdefault(_PACKAGE[tag], value)
        elif tag == "ExternalRef" and package is not None:
            parts = value.split(None, 2)
            if len(parts) == 3:
                package.setdefault("externalRefs", []).append({"referenceType": parts[1], "referenceLocator": parts[2]})
        elif tag == "Relationship":
            _relationship(document, value, number, notes)
        elif tag in _DOCUMENT:
            document.setdefault(_DOCUMENT[tag], value)
        elif _OTHER.fullmatch(tag) is None:
            notes.count(
                "unsupported", "tags that SPDX does not know: {n} (the first: {first}).", f"{tag[:60]} in line {number}"
            )
    return document


def _relationship(document: dict[str, Any], value: str, number: int, notes: Notes) -> None:
    parts = value.split()
    if len(parts) < 3:
        notes.count("syntax", "relationships without their three parts: {n} (the first in line {first}).", f"{number}")
        return
    stated = {"spdxElementId": parts[0], "relationshipType": parts[1], "relatedSpdxElement": parts[2]}
    document["relationships"].append(stated)


def _tags(text: str, notes: Notes) -> Iterator[tuple[int, str, str]]:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = enumerate(text.split("\n"), 1)
    for number, line in lines:
        tag, colon, value = line.partition(":")
        tag = tag.strip()
        if not colon or not _TAG.fullmatch(tag):
            if tag and not tag.startswith("#"):
                notes.count("syntax", "lines that are neither tags nor remarks: {n} (the first: {first}).", f"line {number}")
            continue
        value = value.strip()
        if value.startswith("<text>"):
            value = _long(value[6:], lines, number, notes)
        yield number, tag, value


def _long(value: str, lines: enumerate[str], number: int, notes: Notes) -> str:
    """Take a value that runs over several lines, to the end of its ``<text>``."""
    parts = [value]
    while "</text>" not in parts[-1]:
        following = next(lines, None)
        if following is None:
            notes.count("syntax", "texts without their `</text>`: {n} (the first: {first}).", f"line {number}")
            break
        parts.append(following[1])
    return "\n".join(parts).partition("</text>")[0].strip()
