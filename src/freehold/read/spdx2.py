"""An SPDX 2 document as plain values, in any of its syntaxes. Owns the way from its lists to what it states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freehold.read.inventory_notes import text
from freehold.read.spdx_rows import package_row
from freehold.read.spdx_statement import Statement
from freehold.read.spdx_tag_value import LINE
from freehold.stack.inventory import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freehold.read.inventory_notes import Notes

__all__ = ["is_spdx2", "statement_of"]


def is_spdx2(document: Mapping[str, Any]) -> bool:
    """Whether an object is an SPDX 2 document: by its version, else by its identifier and its lists."""
    version = document.get("spdxVersion")
    if isinstance(version, str):
        return version.upper().startswith(("SPDX-2", "SPDX-1"))
    return "SPDXID" in document and ("packages" in document or "files" in document)


def statement_of(document: Mapping[str, Any], syntax: str, notes: Notes) -> Statement:
    """Read what a document states.

    Parameters
    ----------
    document
        It, as plain values shaped as its JSON.
    syntax
        For the reader's name.
    notes
        Where skips are recorded.
    """
    version = (text(document.get("spdxVersion")) or "").upper().removeprefix("SPDX-")
    if not version:
        notes.add("", "incomplete", "the inventory does not say the version of its format; it was read as the newest known.")
    said = Statement(f"spdx {version[:20]} {syntax}".replace("  ", " "), text(document.get("name")))
    identifier = document.get("SPDXID")
    said.document = {"SPDXRef-DOCUMENT", *([identifier] if isinstance(identifier, str) else [])}
    rows = said.rows
    for number, value in enumerate(notes.sequence(document.get("packages"), "packages")):
        path = f"packages[{number}]"
        if not isinstance(value, dict):
            notes.wrong(path, value, "a package")
            continue
        line = value.get(LINE)
        seen = Evidence(notes.file, line) if isinstance(line, int) and line is not True else Evidence(notes.file, 0, path)
        row = package_row(value, path, seen, notes)
        if row is not None:
            rows.append(row)
    said.described += notes.sequence(document.get("documentDescribes"), "documentDescribes")
    said.files = _aside(document, "files", said, notes)
    said.snippets = _aside(document, "snippets", said, notes)
    relations = said.relations
    for number, value in enumerate(notes.sequence(document.get("relationships"), "relationships")):
        if isinstance(value, dict):
            get = value.get
            relations.append((get("spdxElementId"), get("relationshipType"), get("relatedSpdxElement"), None))
        else:
            notes.wrong(f"relationships[{number}]", value, "a relationship")
    return said


def _aside(document: Mapping[str, Any], key: str, said: Statement, notes: Notes) -> int:
    values = notes.sequence(document.get(key), key)
    said.aside.update(
        value["SPDXID"] for value in values if isinstance(value, dict) and isinstance(value.get("SPDXID"), str)
    )  # fmt: skip
    return len(values)
