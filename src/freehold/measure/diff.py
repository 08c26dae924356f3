"""How two stacks, or two inventories of one thing, differ, and why. Owns the answer to ``freehold diff``.

Two inventories are compared component by component. What only one has is given the first of these reasons that holds:

- ``itself``: it is the thing read, which the other does not list among its parts;
- ``version``: the other has the same package in another version;
- ``spelling``: the other has a component of the same name under another id;
- ``scope``: it only develops, tests or builds, or is optional, and the other has nothing of that sort;
- ``type``: the other lists nothing of its type of package at all;
- ``platform``: its name says a system or processor, and the other has its sibling for another one;
- ``follows``: all that needs it is missing from the other too;
- ``unexplained``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from freehold.measure.assess import foreign_cutoff
from freehold.measure.cutoff import cutoff
from freehold.stack.changes import RowChange, changes
from freehold.stack.inventory import Component, Inventory
from freehold.stack.values import Stack

__all__ = ["DAYS", "REASONS", "DiffAnswer", "FieldDiff", "InventoryDiff", "Missing", "Renamed", "Side", "diff"]

REASONS: Final = ("itself", "version", "spelling", "scope", "type", "platform", "follows", "unexplained")
"""Why a component stands on one side only, in the order in which they are tried."""

DAYS: Final = (0.0, 30.0, 365.0)
"""Days on which the two sides' levels are compared."""

_FIELDS: Final = ("version", "licence", "supplier", "kind", "scope", "direct", "depends", "registry", "repository")
_PLATFORMS: Final = frozenset({
    "linux", "darwin", "win32", "windows", "macos", "android", "freebsd", "netbsd", "openbsd", "sunos", "aix", "openharmony",
    "x64", "x86", "ia32", "arm", "arm64", "armv7", "aarch64", "amd64", "i686", "x86_64", "riscv64", "ppc64", "ppc64le",
    "s390x", "loong64", "mips64el", "wasm32", "gnu", "musl", "msvc", "gnueabihf", "musleabihf", "eabi",
})  # fmt: skip
_WORDS: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: what it is called, who made it, and how much there is of it.

    Parameters
    ----------
    name, reader
        Of the thing read, and of the reader (or ``stack``).
    rows, distinct
        Components listed, and those with an id of their own; items for a stack.
    edges, hosts
        Statements that one component needs another; hosts that it talks to.
    """

    name: str
    reader: str
    rows: int
    distinct: int
    edges: int
    hosts: int


@dataclass(frozen=True, slots=True)
class Missing:
    """A component that one side has and the other has not, and why.

    Parameters
    ----------
    id, scope
        The component.
    reason
        One of :data:`REASONS`.
    other
        What of the other side the reason rests on: an id, a scope, a type; empty where it rests on nothing.
    """

    id: str
    scope: str
    reason: str
    other: str = ""


@dataclass(frozen=True, slots=True)
class Renamed:
    """One component under two ids: another version, or another spelling."""

    a: str
    b: str
    reason: str


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """What both sides say of the components that both have.

    Parameters
    ----------
    field
        The field.
    a, b
        On how many components each side states it.
    differ
        On how many both state it, and not the same.
    """

    field: str
    a: int
    b: int
    differ: int


@dataclass(frozen=True, slots=True)
class InventoryDiff:
    """Two inventories, component by component.

    Parameters
    ----------
    both
        How many ids both have.
    renamed
        Components that both have under different ids.
    only_a, only_b
        What only one side has.
    fields
        How the components that both have are described.
    hosts_only_a, hosts_only_b
        Hosts that one side alone names.
    """

    both: int
    renamed: tuple[Renamed, ...]
    only_a: tuple[Missing, ...]
    only_b: tuple[Missing, ...]
    fields: tuple[FieldDiff, ...]
    hosts_only_a: tuple[str, ...]
    hosts_only_b: tuple[str, ...]


@dataclass(frozen=True)
class DiffAnswer:
    """The two sides, how they differ, and what that does to self-reliance.

    Parameters
    ----------
    a, b
        The two sides.
    inventories
        Where both were read; ``None`` if one is a stack that was written.
    rows
        Rows of the stacks that differ; without claims where both were read, for their evidence always differs.
    days
        Days on which the levels stand.
    mission_a, mission_b
        Mission kept on those days, low and high, if everything foreign is cut off from day 0; empty without a home, for then
        nothing is foreign.
    """

    a: Side
    b: Side
    inventories: InventoryDiff | None
    rows: tuple[RowChange, ...]
    days: tuple[float, ...]
    mission_a: tuple[tuple[float, float], ...]
    mission_b: tuple[tuple[float, float], ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        found = self.inventories
        return not self.rows and (found is None or not (found.only_a or found.only_b or found.renamed))


def diff(a: Stack, b: Stack, read_a: Inventory | None = None, read_b: Inventory | None = None) -> DiffAnswer:
    """Compare two stacks, and the inventories they were made from where both were.

    Parameters
    ----------
    a, b
        The stacks, with home and trusted countries settled.
    read_a, read_b
        What was read; ``None`` for a stack that was written.

    Raises
    ------
    freehold.errors.FreeholdError
        If one cannot be computed.
    """
    both_read = read_a is not None and read_b is not None
    return DiffAnswer(
        _side(a, read_a),
        _side(b, read_b),
        _compared(read_a, read_b) if read_a is not None and read_b is not None else None,
        changes(a, b, claims=not both_read),
        DAYS,
        _mission(a),
        _mission(b),
    )


def _mission(stack: Stack) -> tuple[tuple[float, float], ...]:
    if stack.home is None:
        return ()
    answer = cutoff(stack, foreign_cutoff(), days=DAYS)
    return tuple(zip(answer.mission.low, answer.mission.high, strict=True))


def _side(stack: Stack, read: Inventory | None) -> Side:
    if read is None:
        return Side(stack.name, "stack", len(stack.items), len(stack.items), len(stack.needs), 0)
    edges = sum(len(component.depends) for component in read.components)
    hosts = len({contact.host for contact in read.contacts})
    return Side(read.name, read.reader, len(read.components) + read.joined, len(read.components), edges, hosts)


def _compared(a: Inventory, b: Inventory) -> InventoryDiff:
    of_a = {component.id: component for component in a.components}
    of_b = {component.id: component for component in b.components}
    only_a, pairs_a = _missing(of_a, of_b, b)
    only_b, pairs_b = _missing(of_b, of_a, a)
    twins = {*((one, other, why) for one, other, why in pairs_a), *((other, one, why) for one, other, why in pairs_b)}
    renamed = tuple(Renamed(*pair) for pair in sorted(twins) if pair[0] not in of_b and pair[1] not in of_a)
    shared = sorted(of_a.keys() & of_b.keys())
    hosts_a, hosts_b = ({contact.host for contact in one.contacts} for one in (a, b))
    return InventoryDiff(
        len(shared),
        renamed,
        only_a,
        only_b,
        tuple(_field(name, [(of_a[id_], of_b[id_]) for id_ in shared]) for name in _FIELDS),
        tuple(sorted(hosts_a - hosts_b)),
        tuple(sorted(hosts_b - hosts_a)),
    )


def _field(name: str, pairs: Iterable[tuple[Component, Component]]) -> FieldDiff:
    in_a = in_b = differ = 0
    for one, other in pairs:
        first, second = getattr(one, name), getattr(other, name)
        in_a += bool(first)
        in_b += bool(second)
        differ += first != second and (bool(first) and bool(second))
    return FieldDiff(name, in_a, in_b, differ)


def _bare(id_: str) -> str:
    """An id without version, qualifiers and subpath."""
    return id_.partition("?")[0].partition("#")[0].rpartition("@")[0] if "@" in id_.rpartition("/")[2] else id_


def _type(id_: str) -> str:
    return id_.partition("/")[0].removeprefix("pkg:") if id_.startswith("pkg:") else ""


def _stem(id_: str) -> str | None:
    """A package's name without the words that say a system or a processor; ``None`` if there are none."""
    words = _WORDS.split(_bare(id_))
    kept = [word for word in words if word.lower() not in _PLATFORMS]
    return " ".join(kept) if len(kept) < len(words) else None


def _missing(
    own: Mapping[str, Component], other: Mapping[str, Component], read: Inventory
) -> tuple[tuple[Missing, ...], tuple[tuple[str, str, str], ...]]:
    """What ``own`` has and ``other`` has not, with the reasons; and the pairs that are one component under two ids."""
    lost = [component for id_, component in own.items() if id_ not in other]
    gone = {component.id for component in lost}
    by_bare: dict[str, list[str]] = {}
    by_name: dict[str, list[str]] = {}
    for id_, component in other.items():
        if id_ not in own:
            by_bare.setdefault(_bare(id_), []).append(id_)
            by_name.setdefault(component.name.casefold(), []).append(id_)
    scopes = Counter(component.scope for component in other.values())
    types = Counter(_type(id_) for id_ in other)
    stems = {stem: id_ for id_ in other if (stem := _stem(id_)) is not None}
    users: dict[str, list[str]] = {}
    for component in own.values():
        for needed in component.depends:
            users.setdefault(needed, []).append(component.id)
    found: list[Missing] = []
    pairs: list[tuple[str, str, str]] = []
    for component in lost:
        reason, rest = "unexplained", ""
        stem = _stem(component.id)
        needed_by = users.get(component.id, ())
        if component.name.casefold() == read.name.casefold():
            reason = "itself"
        elif _bare(component.id) in by_bare:
            reason, rest = "version", by_bare[_bare(component.id)][0]
        elif component.name.casefold() in by_name:
            reason, rest = "spelling", by_name[component.name.casefold()][0]
        elif component.scope != "run" and not scopes[component.scope]:
            reason, rest = "scope", component.scope
        elif not types[_type(component.id)]:
            reason, rest = "type", _type(component.id)
        elif stem is not None and stem in stems:
            reason, rest = "platform", stems[stem]
        elif needed_by and all(user in gone for user in needed_by):
            reason, rest = "follows", needed_by[0]
        if reason in ("version", "spelling"):
            pairs.append((component.id, rest, reason))
        found.append(Missing(component.id, component.scope, reason, rest))
    return tuple(sorted(found, key=lambda one: (REASONS.index(one.reason), one.id))), tuple(pairs)
