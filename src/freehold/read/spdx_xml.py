"""An SPDX 2 document written as XML (not RDF). Owns its syntax: it gives the same plain values as the JSON would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freehold.read.inventory_xml import root_of

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

__all__ = ["parse"]

_LISTS: Final = ("packages", "files", "snippets", "relationships", "documentDescribes")


def parse(path: Path, data: bytes) -> dict[str, Any]:
    """Turn the bytes of a file into an SPDX document, shaped as its JSON.

    Parameters
    ----------
    path
        The file, for messages.
    data
        What it holds.

    Returns
    -------
    dict
        The document: what the reader uses.

    Raises
    ------
    freehold.errors.Unreadable
        If it is not XML, or declares a document type or entities.
    """
    root = root_of(path, data)
    document: dict[str, Any] = {}
    for child in root:
        name = _name(child)
        if name in _LISTS:
            document.setdefault(name, []).append(_values(child) if len(child) else child.text)
        elif not len(child):
            document.setdefault(name, (child.text or "").strip())
    return document


def _values(element: Element) -> dict[str, Any]:
    """Give what stands in one package, file or relationship; of what stands deeper, only its references elsewhere."""
    made: dict[str, Any] = {}
    for child in element:
        name = _name(child)
        if name == "externalRefs":
            made.setdefault(name, []).append({_name(one): (one.text or "").strip() for one in child})
        elif not len(child):
            made.setdefault(name, (child.text or "").strip())
    return made


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
