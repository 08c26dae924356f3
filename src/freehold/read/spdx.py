"""Reads SPDX inventories: 2.x as JSON, tag-value, YAML and XML, 3 as JSON-LD. Owns the seam from a file to an ``Inventory``.

It is tolerant: what can be understood is read, everything else becomes a skip that says why.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from freehold.errors import Unreadable
from freehold.read.collector import no_collection
from freehold.read.interface import LARGEST_FILE, read_bytes
from freehold.read.inventory_graph import resolve
from freehold.read.inventory_json import head_of, in_utf8, later, parse, refusal, text_of, unwrapped
from freehold.read.inventory_notes import Notes
from freehold.read.inventory_rows import Rows, components_of
from freehold.read.spdx2 import is_spdx2
from freehold.read.spdx2 import statement_of as statement_of_2
from freehold.read.spdx3 import is_spdx3
from freehold.read.spdx3 import statement_of as statement_of_3
from freehold.read.spdx_graph import edges_of, scoped
from freehold.stack.inventory import Inventory

if TYPE_CHECKING:
    from pathlib import Path

    from freehold.read.inventory_rows import Row
    from freehold.read.spdx_statement import Statement

__all__ = ["SpdxReader"]

_JSON: Final = re.compile(
    rb'"spdxVersion"\s*:\s*"SPDX-|"SPDXID"\s*:|"@context"\s*:\s*\[?\s*"[^"]{0,200}spdx[^"]{0,200}"|"spdxId"\s*:'
)
_TAG_VALUE: Final = re.compile(rb"(?:^|[\r\n])[ \t]*SPDXVersion[ \t]*:[ \t]*SPDX-")
_YAML: Final = re.compile(rb"(?:^|[\r\n])[\"']?(?:spdxVersion|SPDXID)[\"']?[ \t]*:[ \t]*[\"']?SPDX")
_RDF: Final = re.compile(rb"spdx\.org/rdf/")
_XML: Final = re.compile(rb"<Document[\s>]")
_XML_SIGN: Final = re.compile(rb"<(?:SPDXID|spdxVersion)\s*>")
_NO_NAME: Final = frozenset({".", "..", "/", "./"})
_KEPT: Final = ("model", "data")
"""Kinds that stay a component even if the document is about nothing else: they are what one rests on."""


class SpdxReader:
    """The reader of SPDX inventories.

    Parameters
    ----------
    limit
        Bytes: the largest file that is read.
    """

    name = "spdx"

    def __init__(self, limit: int = LARGEST_FILE) -> None:
        self.limit = limit

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether it is an SPDX document, by what it holds and not by its name.

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
        if start == b"{":
            return _JSON.search(head) is not None or later(path, _JSON, self.limit)
        if start == b"<":
            return _RDF.search(head) is not None or (_XML.search(head) is not None and _XML_SIGN.search(head) is not None)
        return _TAG_VALUE.search(head) is not None or _YAML.search(head) is not None

    def read(self, path: Path) -> Inventory:
        """Read an inventory.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        Inventory
            Its packages, and what was skipped.

        Raises
        ------
        freehold.errors.Unreadable
            If it cannot be read, or is not SPDX; the message says what it looks like.
        freehold.errors.TooLarge
            If it is over a limit of size or depth.
        """
        notes = Notes(path.name)
        with no_collection():
            return _inventory(path, _statement(path, self.limit, notes), notes)


def _statement(path: Path, limit: int, notes: Notes) -> Statement:
    head = head_of(path)
    start = head.lstrip()[:1]
    if start == b"<" and _RDF.search(head) is None:
        from freehold.read.spdx_xml import parse as parse_xml

        return _one_of(path, parse_xml(path, read_bytes(path, limit)), "XML", notes)
    if start == b"<":
        mend = f"Convert it to SPDX JSON first (`pyspdxtools -i {path.name} -o {path.name}.json`)."
        raise Unreadable(f"{path} is an SPDX document written as RDF/XML, which is not read. {mend}")
    if start not in (b"{", b"["):
        if _TAG_VALUE.search(head):
            from freehold.read.spdx_tag_value import parse as parse_tags

            return statement_of_2(parse_tags(text_of(path, limit), notes), "tag-value", notes)
        if _YAML.search(head):
            from freehold.read.spdx_yaml import parse as parse_yaml

            return _one_of(path, parse_yaml(path, text_of(path, limit)), "YAML", notes)
    return _one_of(path, parse(path, text_of(path, limit)), "JSON", notes)


def _one_of(path: Path, document: object, syntax: str, notes: Notes) -> Statement:
    found = unwrapped(document, lambda one: is_spdx2(one) or is_spdx3(one))
    if found is None:
        raise refusal(path, document, "SPDX")
    return statement_of_3(found, "JSON-LD", notes) if is_spdx3(found) else statement_of_2(found, syntax, notes)


def _inventory(path: Path, said: Statement, notes: Notes) -> Inventory:
    edges = edges_of(said, notes)
    about = _described(said)
    own = about[0] if len(about) == 1 and about[0].kind not in _KEPT and len(said.rows) > 1 else None
    rows = Rows(own)
    for row in said.rows:
        rows.add(row)
    for reference in said.document:
        rows.by_reference.setdefault(reference, "")
    roots = [] if own is not None else list(dict.fromkeys(row.id for row in about))
    weak = scoped(edges, rows, roots)
    depends, direct = resolve(
        ((source, (target,)) for source, target, _ in edges), rows, notes, "relationships", rooted=bool(roots)
    )
    direct.update(roots)
    if len(roots) == 1:
        direct.update(depends.get(roots[0], ()))
    for above, below in weak.items():
        for one in below:
            depends.get(above, {}).pop(one, None)
    _set_aside(said, notes)
    name = about[0].name if len(about) == 1 else said.name
    return Inventory(
        name=_stem(path) if name is None or name in _NO_NAME else name,
        reader=said.form,
        components=components_of(rows, depends, direct),
        skips=notes.skips(),
        licence=own.licence if own else None,
        joined=rows.joined,
    )


def _described(said: Statement) -> list[Row]:
    """The packages that the document is about, each once."""
    wanted = {one for one in said.described if isinstance(one, str)}
    found = {row.id: row for row in reversed(said.rows) if not wanted.isdisjoint(row.references)}
    return list(reversed(found.values()))


def _set_aside(said: Statement, notes: Notes) -> None:
    counts = [f"{number:,} {name}" for number, name in ((said.files, "files"), (said.snippets, "snippets")) if number]
    if counts:
        notes.add("", "limit", f"{' and '.join(counts)} are not listed one by one: only packages are.")


def _stem(path: Path) -> str:
    name = path.name
    for ending in (".json", ".yaml", ".yml", ".spdx", ".spdx3", ".sbom", ".jsonld"):
        name = name.removesuffix(ending)
    return name or path.name
