"""The rows of an inventory as one graph: rows of one id joined, references resolved. Owns identity within a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freehold.read.cyclonedx_notes import Notes, text
from freehold.read.purls import without_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freehold.read.cyclonedx_rows import Row

__all__ = ["Rows", "resolve"]

_RANK: Final = {"run": 0, "optional": 1, "build": 2, "test": 3, "development": 4}
"""Scopes, the strongest first: what is needed to run in one place is needed to run."""


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
    one.paths.extend(other.paths)
    if _RANK[other.scope] < _RANK[one.scope]:
        one.scope = other.scope
    for key in ("version", "kind", "licence", "supplier", "registry", "repository", "provides"):
        if getattr(one, key) is None:
            setattr(one, key, getattr(other, key))


def resolve(values: object, rows: Rows, notes: Notes) -> tuple[dict[str, dict[str, None]], set[str]]:
    """Resolve a dependency graph to ids.

    Parameters
    ----------
    values
        What stands at ``dependencies``.
    rows
        The rows that it speaks of.
    notes
        Where skips are recorded.

    Returns
    -------
    tuple
        For each id those that it depends on, in order; and the ids that the thing itself depends on.
    """
    depends: dict[str, dict[str, None]] = {}
    dangling: dict[str, None] = {}
    known = rows.by_reference
    rooted = False
    entries = notes.sequence(values, "dependencies")
    for number, entry in enumerate(entries):
        place = f"dependencies[{number}]"
        if not isinstance(entry, dict):
            notes.wrong(place, entry, "a dependency")
            continue
        source = _resolved(entry.get("ref"), known, dangling)
        needed = entry.get("dependsOn")
        targets = [_resolved(target, known, dangling) for target in notes.sequence(needed, f"{place}.dependsOn")]
        if source is None:
            continue
        rooted = rooted or source == ""
        found = depends.setdefault(source, {})
        found.update(dict.fromkeys(target for target in targets if target and target != source))
    if dangling:
        first = without_user(next(iter(dangling)))[:200]
        said = f"references of the dependency graph that name nothing in the inventory: {len(dangling)} (the first: {first!r})."
        notes.add("dependencies", "incomplete", said)
    if rows.by_id and not entries:
        said = "the inventory records no dependencies, so direct and indirect cannot be told apart"
        notes.add("", "incomplete", said)
    elif rows.by_id and not rooted:
        said = "the inventory records no dependencies of the thing itself, so direct and indirect cannot be told apart"
        notes.add("", "incomplete", said)
    return depends, set(depends.pop("", ()))


def _resolved(reference: object, known: Mapping[str, str], dangling: dict[str, None]) -> str | None:
    if isinstance(reference, str):
        found = known.get(reference)
        if found is not None:
            return found
    named = text(reference) or "a reference that is no text"
    found = known.get(named)
    if found is None:
        dangling[named] = None
    return found
