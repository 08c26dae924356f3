"""The dependency graph of an inventory: references resolved to ids. Owns what a reference to nothing means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freehold.read.inventory_notes import Notes, text
from freehold.read.purls import without_user

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freehold.read.inventory_rows import Rows

__all__ = ["resolve"]


def resolve(
    edges: Iterable[tuple[object, Iterable[object]]],
    rows: Rows,
    notes: Notes,
    place: str = "dependencies",
    *,
    rooted: bool = False,
) -> tuple[dict[str, dict[str, None]], set[str]]:
    """Resolve a dependency graph to ids.

    Parameters
    ----------
    edges
        A reference and those that it depends on, as the document states them.
    rows
        The rows that they speak of.
    notes
        Where skips are recorded.
    place
        Where the graph stands in the document.
    rooted
        Whether the document says by itself what is direct.

    Returns
    -------
    tuple
        For each id those that it depends on, in order; and the ids that the thing itself depends on.
    """
    depends: dict[str, dict[str, None]] = {}
    dangling: dict[str, None] = {}
    known = rows.by_reference
    stated = rooted
    for reference, needed in edges:
        stated = True
        source = _resolved(reference, known, dangling)
        targets = [_resolved(target, known, dangling) for target in needed]
        if source is None:
            continue
        rooted = rooted or source == ""
        found = depends.setdefault(source, {})
        found.update(dict.fromkeys(target for target in targets if target and target != source))
    if dangling:
        first = without_user(next(iter(dangling)))[:200]
        said = f"references of the dependency graph that name nothing in the inventory: {len(dangling)} (the first: {first!r})."
        notes.add(place, "incomplete", said)
    if rows.by_id and not stated:
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
