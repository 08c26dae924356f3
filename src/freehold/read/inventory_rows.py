"""The rows of an inventory: each component as one value, rows of one id joined. Owns identity within a document.

What is the same for every format of inventories stands here: ids, joining, whose name a supplier may be, and what a
package URL says beside its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from freehold.read.hosts import host_of, repository_of
from freehold.read.purls import canonical, qualifier, without_user
from freehold.stack.inventory import Component

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from freehold.read.inventory_notes import Notes
    from freehold.stack.inventory import Evidence

__all__ = [
    "RANK",
    "Row",
    "Rows",
    "canonical_purl",
    "components_of",
    "named",
    "organisation",
    "references",
    "says_organisation",
    "with_purl",
]

RANK: Final = {"run": 0, "optional": 1, "build": 2, "test": 3, "development": 4}
"""Scopes, the strongest first: what is needed to run in one place is needed to run."""

_MAIL: Final = re.compile(r"\s*<[^<>]*@[^<>]*>|\s*\S+@\S+")
_TEAM: Final = re.compile(
    r"[\w .,&+-]*\b(?:maintainers?|team|developers|packagers|project|foundation|group|community|inc|gmbh|ltd|llc)\b\.?",
    re.IGNORECASE,
)
_COMPANY: Final = re.compile(
    r"[\w .,&+/-]*\b(?:corp|corporation|company|limited|incorporated|university|institute|association|consortium|authors)\b\.?",
    re.IGNORECASE,
)
_NOBODY: Final = frozenset({"noassertion", "none", "unknown", "n/a"})


@dataclass(slots=True)
class Row:
    """A component or service as the inventory states it.

    Parameters
    ----------
    id, name, version, kind, licence, supplier, scope, registry, repository, provides
        As in :class:`~freehold.stack.inventory.Component`.
    references
        What the inventory's dependency graph may call it.
    seen
        Where it stands in the document.
    """

    id: str
    name: str
    version: str | None = None
    kind: str | None = None
    licence: str | None = None
    supplier: str | None = None
    scope: str = "run"
    registry: str | None = None
    repository: str | None = None
    provides: str | None = None
    references: tuple[str, ...] = ()
    seen: list[Evidence] = field(default_factory=list)


class Rows:
    """Rows by id, those of one id joined.

    Parameters
    ----------
    own
        The thing that the inventory is about, which is no part of itself; ``None`` if the inventory does not say.

    Attributes
    ----------
    by_id
        The joined rows, in the order first met.
    by_reference
        The id that a reference of the dependency graph means; empty for the thing itself.
    joined
        How many rows were joined into one met before.
    """

    def __init__(self, own: Row | None) -> None:
        self.own = own
        self.by_id: dict[str, Row] = {}
        self.by_reference: dict[str, str] = dict.fromkeys(own.references, "") if own else {}
        self.joined = 0

    def add(self, row: Row) -> None:
        """Take a component's row in."""
        own = self.own
        itself = own is not None and (row.id == own.id or (bool(row.references) and row.references[0] in own.references))
        for reference in row.references:
            self.by_reference.setdefault(reference, "" if itself else row.id)
        before = self.by_id.get(row.id)
        if itself:
            self.joined += 1
        elif before is None:
            self.by_id[row.id] = row
        else:
            self.joined += 1
            _join(before, row)

    def add_service(self, row: Row) -> None:
        """Take a service's row in."""
        # a service and the software behind it often share a name, and are two things
        while row.id in self.by_id and self.by_id[row.id].kind != "service":
            row.id = f"service-{row.id}"
        self.add(row)


def _join(one: Row, other: Row) -> None:
    one.seen.extend(other.seen)
    if RANK[other.scope] < RANK[one.scope]:
        one.scope = other.scope
    for key in ("version", "kind", "licence", "supplier", "registry", "repository", "provides"):
        if getattr(one, key) is None:
            setattr(one, key, getattr(other, key))


def components_of(rows: Rows, depends: Mapping[str, Collection[str]], direct: Collection[str]) -> tuple[Component, ...]:
    """Give the joined rows as components; the rows are let go of, one by one.

    Parameters
    ----------
    rows
        The rows.
    depends
        For each id those that it depends on.
    direct
        The ids that the thing itself depends on.
    """
    rows.by_reference = {}
    by_id, rows.by_id = rows.by_id, {}
    none: tuple[str, ...] = ()
    found = []
    for id_ in list(by_id):
        row = by_id.pop(id_)
        found.append(
            Component(
                id_, row.name, row.version, row.kind, row.licence, row.supplier, row.scope, id_ in direct,
                tuple(depends.get(id_, none)), row.registry, row.repository, row.provides, tuple(row.seen),
            )
        )  # fmt: skip
    return tuple(found)


def canonical_purl(stated: str, path: str, notes: Notes) -> str | None:
    """Spell a package URL in the one right way, without user information; one that is none is recorded.

    Parameters
    ----------
    stated
        As the document states it.
    path
        Where, for the record.
    notes
        Where skips are recorded.
    """
    purl = canonical(stated)
    if purl is None:
        shown = without_user(stated)[:200]
        notes.add(path, "incomplete", f"{path}: {shown!r} is no package URL; its id was made of its name. Mend the `purl`.")
        return None
    return without_user(purl) if "//" in purl else purl


def with_purl(row: Row, purl: str | None, group: str | None = None) -> None:
    """Complete a row by what its package URL says beside the name: the index, the file's host, the repository.

    A model keeps its full name, as a hub would call it, for the catalogue to match; so does a data set without package URL.
    """
    if purl is None:
        if row.kind in ("model", "data"):
            row.provides = f"{group}/{row.name}" if group else row.name
        return
    if row.kind is None and purl.startswith("pkg:huggingface/"):
        row.kind = "model"
    if row.kind == "model":
        row.provides = unquote(re.split("[@?#]", purl.partition("/")[2], maxsplit=1)[0])
    if "_url=" in purl:
        row.registry = host_of(qualifier(purl, "repository_url") or qualifier(purl, "download_url") or "") or row.registry
        row.repository = row.repository or repository_of(qualifier(purl, "vcs_url") or "")


def named(purl: str | None, reference: str | None) -> str | None:
    """Find a name for a component that states none: of its package URL, else its reference."""
    return purl.partition("@")[0].rpartition("/")[2] if purl else reference


def references(reference: str | None, stated: str | None, purl: str | None) -> tuple[str, ...]:
    """What a graph may call a component: its own reference first, then its package URL as stated and as spelt here."""
    if purl is None or stated == purl:
        if reference is None or reference == stated:
            return () if stated is None else (stated,)
        return (reference,) if stated is None else (reference, stated)
    return tuple(dict.fromkeys(filter(None, (reference, stated, purl))))


def organisation(name: str | None) -> str | None:
    """Take an organisation's name; a name with a mail address is a person's, unless it says that it is a team's.

    Parameters
    ----------
    name
        As :func:`freehold.read.inventory_notes.text` gives it.
    """
    if name is None or name.lower() in _NOBODY or name.startswith(("Person:", "Tool:")):
        return None
    name = name.removeprefix("Organization:").strip()[:200]
    if "@" in name:
        name = _MAIL.sub("", name).strip()
        if not _TEAM.fullmatch(name):
            return None
    return name or None


def says_organisation(name: str) -> bool:
    """Whether a name says by itself that it is an organisation's: only then may a name of no stated sort be kept."""
    return _TEAM.fullmatch(name) is not None or _COMPANY.fullmatch(name) is not None
