"""The relationships of an SPDX document: who needs whom, and when. Owns what their types mean.

A relationship that starts or ends at a file counts for the package that contains the file. Scopes are handed on: what is
needed only by something that is needed to build, is needed only to build.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from freehold.read.inventory_notes import text
from freehold.read.inventory_rows import RANK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freehold.read.inventory_notes import Notes
    from freehold.read.inventory_rows import Rows
    from freehold.read.spdx_statement import Statement

__all__ = ["Edge", "edges_of", "scoped"]

Edge = tuple[str, str, str]
"""Who needs, who is needed, and the scope."""

_DESCRIBES: Final = ("describes", "describe", "describedby")
"""``DESCRIBE`` is no type, but a generator of many real documents wrote it."""

_NEEDS: Final[Mapping[str, str]] = {
    "dependson": "run",
    "contains": "run",
    "dynamiclink": "run",
    "staticlink": "run",
    "hasdynamiclink": "run",
    "hasstaticlink": "run",
    "hasprerequisite": "run",
    "hasprovideddependency": "run",
    "hasdatafile": "run",
    "hasoptionalcomponent": "optional",
    "hasoptionaldependency": "optional",
    "usestool": "build",
    "trainedon": "build",
    "finetunedon": "build",
    "testedon": "test",
    "hasinput": "build",
}
_NEEDED_BY: Final[Mapping[str, str]] = {
    "containedby": "run",
    "dependencyof": "run",
    "runtimedependencyof": "run",
    "provideddependencyof": "run",
    "prerequisitefor": "run",
    "packageof": "run",
    "datafileof": "run",
    "optionaldependencyof": "optional",
    "optionalcomponentof": "optional",
    "builddependencyof": "build",
    "buildtoolof": "build",
    "devdependencyof": "development",
    "devtoolof": "development",
    "testdependencyof": "test",
    "testtoolof": "test",
}
_STAGES: Final[Mapping[str, str]] = {
    "build": "build",
    "design": "development",
    "development": "development",
    "test": "test",
    "runtime": "run",
}
_NONE: Final = frozenset({"NONE", "NOASSERTION"})


@lru_cache(maxsize=1024)
def _type(stated: str) -> str:
    return stated.rpartition("/")[2].removeprefix("relationshipType_").replace("_", "").replace("-", "").lower()


def edges_of(said: Statement, notes: Notes) -> list[Edge]:
    """Turn relationships into who needs whom; what is described is added to ``said.described``.

    Parameters
    ----------
    said
        What the document states.
    notes
        Where skips are recorded.
    """
    edges: list[Edge] = []
    lifted: list[Edge] = []
    owner: dict[str, str] = {}
    aside = said.aside
    for source, stated, target, stage in said.relations:
        if not (isinstance(source, str) and isinstance(stated, str) and isinstance(target, str)):
            notes.count("incomplete", "relationships that do not say from where to where: {n}.", "")
            continue
        kind = _type(stated)
        scope = _NEEDS.get(kind)
        if scope is None:
            scope = _NEEDED_BY.get(kind)
            if scope is not None or kind == "describedby":
                source, target = target, source
        if source in _NONE or target in _NONE:
            continue
        if kind in _DESCRIBES:
            said.described.append(target)
        elif scope is None:
            shown = text(stated) or ""
            said_ = "relationships whose type does not say that one needs the other, not followed: {n} (the first: {first})."
            notes.count("unsupported", said_, shown[:60])
        elif source.startswith("DocumentRef-") or target.startswith("DocumentRef-"):
            notes.count(
                "incomplete",
                "relationships that lead to other documents, not followed: {n} (the first: {first}).",
                (text(target) or "")[:200],
            )
        else:
            if isinstance(stage, str):
                scope = _STAGES.get(stage, scope)
            if source in aside or target in aside:
                if target in aside and kind in ("contains", "containedby"):
                    owner.setdefault(target, source)
                lifted.append((source, target, scope))
            else:
                edges.append((source, target, scope))
    for source, target, scope in lifted:
        above, below = _package(source, aside, owner), _package(target, aside, owner)
        if above is not None and below is not None and above != below:
            edges.append((above, below, scope))
    return edges


def _package(reference: str, aside: set[str], owner: dict[str, str]) -> str | None:
    """The package that contains a file, through the folders between; what was found is kept for all of them."""
    chain: list[str] = []
    at: str | None = reference
    while at is not None and at in aside and len(chain) < 1000:
        chain.append(at)
        at = owner.get(at)
    found = at if at is not None and at not in aside else None
    for one in chain:
        if found is None:
            owner.pop(one, None)
        else:
            owner[one] = found
    return found


def scoped(edges: Iterable[Edge], rows: Rows, roots: Iterable[str]) -> dict[str, set[str]]:
    """Set the scope of each row, and give for each id those that it needs other than to run.

    Parameters
    ----------
    edges
        Who needs whom.
    rows
        The rows; their scopes are set.
    roots
        Ids that the document is about; the thing itself need not be named.

    Returns
    -------
    dict
        By id, what is needed only to build, test or develop, or is optional.
    """
    known = rows.by_reference
    ranks: dict[str, dict[str, int]] = {}
    for source, target, scope in edges:
        above, below = known.get(source), known.get(target)
        if above is not None and below:
            found, rank = ranks.setdefault(above, {}), RANK[scope]
            found[below] = min(rank, found.get(below, rank))
    weak = {above: {below for below, rank in found.items() if rank} for above, found in ranks.items()}
    weak = {above: found for above, found in weak.items() if found}
    if weak:
        _hand_on(ranks, rows, roots)
    return weak


def _hand_on(ranks: Mapping[str, Mapping[str, int]], rows: Rows, roots: Iterable[str]) -> None:
    """Give each row the strongest scope by which a root, or what nobody needs, reaches it."""
    scopes = list(RANK)
    needed = {below for found in ranks.values() for below in found}
    reached: dict[str, int] = {}
    starts = [["", *roots], [id_ for id_ in rows.by_id if id_ not in needed], list(rows.by_id)]
    for start in starts:
        levels: list[list[str]] = [[one for one in start if one not in reached], *([] for _ in scopes[1:])]
        for rank, waiting in enumerate(levels):
            while waiting:
                at = waiting.pop()
                if at in reached:
                    continue
                reached[at] = rank
                for below, step in ranks.get(at, {}).items():
                    if below not in reached:
                        levels[max(rank, step)].append(below)
    for id_, row in rows.by_id.items():
        row.scope = scopes[reached[id_]]
