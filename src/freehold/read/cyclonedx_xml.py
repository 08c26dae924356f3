"""A CycloneDX inventory written as XML. Owns its syntax: it gives the same plain values as the JSON would.

Only what the reader uses is taken.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from freehold.errors import Unreadable
from freehold.read.inventory_xml import root_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

__all__ = ["parse"]

# the namespace is a name that documents carry, turned round only where it is written down here
_DOMAIN: Final = "org.cyclonedx"
_NAMESPACE: Final = "://" + ".".join(reversed(_DOMAIN.split("."))) + "/schema/"
_BOM: Final = re.compile(r"\{https?" + re.escape(_NAMESPACE) + r"bom/(\d+\.\d+)\}bom")
_TEXTS: Final = ("group", "name", "version", "purl", "scope", "publisher", "author")
_Parts: TypeAlias = dict[str, "Element"]
_Work: TypeAlias = list[tuple["Element", dict[str, Any]]]


def parse(path: Path, data: bytes) -> dict[str, Any]:
    """Turn the bytes of a file into a CycloneDX document, shaped as its JSON.

    Parameters
    ----------
    path
        The file, for messages.
    data
        What it holds.

    Returns
    -------
    dict
        The document, with what the reader uses.

    Raises
    ------
    freehold.errors.Unreadable
        If it is not XML, declares a document type or entities, or is a document of another format.
    """
    root = root_of(path, data)
    match = _BOM.fullmatch(root.tag)
    if match is None:
        raise Unreadable(f"{path} is not CycloneDX but looks like {_looks_like(root.tag)}.")
    return _document(root, match[1])


def _looks_like(tag: str) -> str:
    space, _, name = tag.rpartition("}")
    if "spdx" in space or name == "RDF":
        return "an SPDX document (RDF/XML). Convert it to SPDX JSON first (`pyspdxtools -i FILE -o FILE.json`)"
    if name == "bom":
        return "a <bom> outside the CycloneDX namespace. Add its `xmlns`"
    if name == "SoftwareIdentity":
        return "a SWID tag. Name an inventory"
    return f"XML with the root <{name[:60]}>. Name an inventory"


def _document(root: Element, version: str) -> dict[str, Any]:
    parts = _parts(root)
    work: _Work = []
    document: dict[str, Any] = {"bomFormat": "CycloneDX", "specVersion": version}
    metadata = _parts(parts["metadata"]) if "metadata" in parts else {}
    if "component" in metadata:
        document["metadata"] = {"component": _started(metadata["component"], work)}
    for key, tag in (("components", "component"), ("services", "service")):
        if key in parts:
            document[key] = _children(parts[key], tag, work)
    for element in _elements(root):
        # up to 1.1 the dependency graph stood in a namespace of its own
        if _local(element.tag) == "dependencies" and _NAMESPACE in element.tag:
            document["dependencies"] = [_dependency(child) for child in _elements(element)]
    # a list of work instead of a call within a call: components may nest as deep as the file's author likes
    while work:
        element, made = work.pop()
        inner = _parts(element)
        _fill(made, element, inner)
        for key, tag in (("components", "component"), ("services", "service")):
            if key in inner:
                made[key] = _children(inner[key], tag, work)
    return document


def _children(parent: Element, tag: str, work: _Work) -> list[Any]:
    # a stranger keeps its place in the count, and is reported where it stands
    return [_started(child, work) if _local(child.tag) == tag else f"<{_local(child.tag)}>" for child in _elements(parent)]


def _started(element: Element, work: _Work) -> dict[str, Any]:
    made: dict[str, Any] = {}
    work.append((element, made))
    return made


def _fill(made: dict[str, Any], element: Element, parts: _Parts) -> None:
    for key in ("type", "bom-ref"):
        if key in element.attrib:
            made[key] = element.attrib[key]
    for key in _TEXTS:
        if key in parts:
            made[key] = _text(parts[key])
    for key in ("supplier", "manufacturer", "provider"):
        if key in parts:
            made[key] = {"name": _text(_parts(parts[key]).get("name"))}
    lists: tuple[tuple[str, Callable[[Element], Any]], ...] = (
        ("endpoints", _text),
        ("licenses", _licence),
        ("externalReferences", _reference),
        ("properties", _property),
        ("authors", lambda author: {"name": _text(_parts(author).get("name"))}),
    )
    for key, taken in lists:
        if key in parts:
            made[key] = [taken(child) for child in _elements(parts[key])]


def _licence(element: Element) -> dict[str, Any]:
    kind, stated = _local(element.tag), element.attrib.get("acknowledgement")
    if kind == "license":
        parts = _parts(element)
        named = {key: _text(parts[key]) for key in ("id", "name") if key in parts}
        return {"license": {**named, "acknowledgement": stated}}
    text = element.attrib.get("expression") if kind == "expression-detailed" else _text(element)
    return {"expression": text, "acknowledgement": stated}


def _reference(element: Element) -> dict[str, Any]:
    return {"type": element.attrib.get("type"), "url": _text(_parts(element).get("url"))}


def _property(element: Element) -> dict[str, Any]:
    return {"name": element.attrib.get("name"), "value": _text(element)}


def _dependency(element: Element) -> dict[str, Any]:
    needed = [child.attrib.get("ref") for child in _elements(element) if _local(child.tag) == "dependency"]
    return {"ref": element.attrib.get("ref"), "dependsOn": needed}


def _parts(element: Element) -> _Parts:
    """Find the children by their local name, those of the element's own namespace only; the first of a name counts."""
    space = element.tag.rpartition("}")[0]
    found: _Parts = {}
    for child in _elements(element):
        own, _, name = child.tag.rpartition("}")
        if own == space:
            found.setdefault(name, child)
    return found


def _elements(element: Element) -> Iterator[Element]:
    return (child for child in element if isinstance(child.tag, str))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _text(element: Element | None) -> str | None:
    return None if element is None else (element.text or "").strip() or None
