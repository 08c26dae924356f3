"""From rows of any file format to a checked stack. Owns ids: duplicate, dangling, defaulted, misspelt.

A file format turns its content into :class:`Row` values; :func:`build` types every cell, joins the tables, and
gives back a stack, or every finding at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from freehold.errors import BadStack, Finding
from freehold.stack.cells import BadCell, nearest, parse_cell
from freehold.stack.schema import SCHEMA_NUMBER, TABLES
from freehold.stack.shares import share_findings
from freehold.stack.values import Claim, Item, Need, Owner, Provider, Source, Stack

__all__ = ["ProviderLookup", "Row", "build", "name_sources", "no_providers"]

ProviderLookup = Callable[[str], Provider | None]
"""Gives a provider that the stack does not define itself (the catalogue's), or ``None``."""

_MOST_COMPARISONS: Final = 200_000
_TYPES: Final[Mapping[str, Any]] = {
    "items": Item,
    "providers": Provider,
    "sources": Source,
    "needs": Need,
    "claims": Claim,
}


_SELDOM_AGAIN: Final = frozenset({"id", "reference", "text"})
"""Types of columns whose cells differ from row to row: to remember them would take memory and save nothing."""
_COLUMNS: Final = {table: {column.name: column for column in columns} for table, columns in TABLES.items()}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of one table as a file holds it.

    Parameters
    ----------
    table
        Name of the table.
    cells
        Raw cells by column.
    file, line
        Where it stands; line 0 where the format has none.
    lines
        Line of single columns, where they differ from ``line``.
    """

    table: str
    cells: Mapping[str, object]
    file: str
    line: int
    lines: Mapping[str, int] = field(default_factory=dict)

    def finding(self, column: str, problem: str, mend: str) -> Finding:
        """An error at this row."""
        return Finding(self.file, self.lines.get(column, self.line), column, problem, mend)


def no_providers(_id: str) -> Provider | None:
    """The lookup that knows none: every provider must stand in the stack itself."""
    return None


def name_sources(sources: Iterable[dict[str, object]]) -> None:
    """Give sources without an id the one that DESIGN states: ``item@provider``, then ``item@provider#2``.

    Parameters
    ----------
    sources
        Raw cells of every source, changed in place.
    """
    sources = list(sources)
    taken = {name for cells in sources if isinstance(name := cells.get("id"), str)}
    last: dict[str, int] = {}
    for cells in sources:
        if cells.get("id") not in (None, ""):
            continue
        provider = cells.get("provider")
        stem = f"{_named(cells.get('item'))}@{provider if isinstance(provider, str) and provider else '?'}"
        number = last.get(stem, 1)
        name = stem if number == 1 else f"{stem}#{number}"
        while name in taken:
            number += 1
            name = f"{stem}#{number}"
        last[stem] = number
        cells["id"] = name
        taken.add(name)


def build(
    rows: Iterable[Row], *, path: str = "", name: str = "stack", lookup: ProviderLookup = no_providers,
    known_ids: Callable[[], Iterable[str]] = tuple, beside: Sequence[Stack] = (),
) -> Stack:  # fmt: skip
    """Make a stack.

    Parameters
    ----------
    rows
        Rows of all tables, the ``stack`` row among them.
    path
        File or folder they came from, for messages.
    name
        Name of the stack if it states none.
    lookup
        Where providers come from that the stack does not define.
    known_ids
        Ids that ``lookup`` knows, for suggestions; called only when there is something to suggest.
    beside
        Stacks that the rows will be joined to: what is in them may be referred to, and its ids are taken.

    Raises
    ------
    freehold.errors.BadStack
        With every finding at once.
    """
    rows = tuple(rows)
    findings: list[Finding] = []
    settings: dict[str, Any] = {}
    made: dict[str, list[tuple[Row, Any]]] = {table: [] for table in _TYPES}
    read: dict[str, dict[str, dict[object, Any]]] = {table: {} for table in TABLES}
    for row in rows:
        cells = _type_cells(row, findings, read.setdefault(row.table, {}))
        if row.table == "stack":
            settings.update({key: value for key, value in cells.items() if value is not None})
        else:
            made[row.table].append((row, cells))
    schema = settings.pop("schema", SCHEMA_NUMBER)
    if schema > SCHEMA_NUMBER:
        first = next(row for row in rows if row.table == "stack")
        findings.append(first.finding("schema", f"{schema:g} is newer than this program's {SCHEMA_NUMBER}", "Update Freehold"))
    tables = {
        table: [(row, _TYPES[table](**cells)) for row, cells in entries if _complete(table, cells)]
        for table, entries in made.items()
    }
    for table in ("items", "providers", "sources"):
        _check_unique(tables[table], findings)
    for table, ids in (("items", "item_by_id"), ("providers", "provider_by_id"), ("sources", "source_by_id")):
        _check_not_taken(tables[table], [getattr(one, ids) for one in beside], findings)
    _check_references(tables, beside, findings)
    providers = _add_looked_up(tables, lookup, known_ids, beside, findings)
    stack = Stack(
        settings.get("name", name), settings.get("home"), settings.get("trusted", ()), settings.get("as_of"),
        tuple(value for _, value in tables["items"]), providers, tuple(value for _, value in tables["sources"]),
        tuple(value for _, value in tables["needs"]), tuple(value for _, value in tables["claims"]), path,
    )  # fmt: skip
    places = {value.id: (row.file, row.line) for row, value in reversed(tables["sources"])}
    if not findings:
        findings += [finding for finding in share_findings(stack, places) if finding.severity == "error"]
    if findings:
        raise BadStack(sorted(findings))
    return stack


def _type_cells(row: Row, findings: list[Finding], read: dict[str, dict[object, Any]]) -> dict[str, Any]:
    """Typed values of a row; ``read`` remembers by column what the same text meant in rows before."""
    columns = _COLUMNS[row.table]
    cells: dict[str, Any] = {}
    for name in row.cells:
        if name not in columns:
            near = _near(name, columns, findings)
            mend = f"Did you mean '{near[0]}'?" if near else f"Columns of {row.table}: {', '.join(columns)}"
            findings.append(row.finding(name, "is not a column", mend))
    for name, column in columns.items():
        raw = row.cells.get(name)
        if (raw is None or raw == "") and not column.required:
            cells[name] = None
            continue
        known: dict[object, Any] | None = None
        if isinstance(raw, str) and column.type not in _SELDOM_AGAIN:
            known = read.setdefault(name, {})
            if raw in known:
                cells[name] = known[raw]
                continue
        try:
            cells[name] = parse_cell(column, raw)
            if known is not None:
                known[raw] = cells[name]
        except BadCell as error:
            findings.append(row.finding(name, error.problem, error.mend))
            cells[name] = None
    return cells


def _complete(table: str, cells: Mapping[str, Any]) -> bool:
    return all(cells[column.name] is not None for column in TABLES[table] if column.required) and (
        table != "sources" or cells["id"] is not None
    )


def _check_unique(entries: Sequence[tuple[Row, Any]], findings: list[Finding]) -> None:
    first: dict[str, Row] = {}
    for row, value in entries:
        if value.id == "self" and row.table == "providers":
            findings.append(row.finding("id", "'self' is built in", "Leave this row out; sources may name 'self' as it is"))
        if value.id in first:
            earlier = first[value.id]
            where = f"line {earlier.line} of {earlier.file}" if earlier.line else earlier.file
            findings.append(row.finding("id", f"'{value.id}' stands already in {where}", "Give each row an id of its own"))
        else:
            first[value.id] = row


def _check_not_taken(entries: Sequence[tuple[Row, Any]], taken: Sequence[Collection[str]], findings: list[Finding]) -> None:
    for row, value in entries:
        if value.id != "self" and any(value.id in ids for ids in taken):
            findings.append(row.finding("id", f"'{value.id}' stands already in the stack", "Give it an id of its own"))


def _check_references(tables: Mapping[str, list[tuple[Row, Any]]], beside: Sequence[Stack], findings: list[Finding]) -> None:
    items: list[Collection[str]] = [{value.id for _, value in tables["items"]}, *(one.item_by_id for one in beside)]
    sources: list[Collection[str]] = [{value.id for _, value in tables["sources"]}, *(one.source_by_id for one in beside)]

    def dangling(row: Row, column: str, asked: str, known: Sequence[Collection[str]]) -> None:
        if not any(asked in ids for ids in known):
            near = _near(asked, {name for ids in known for name in ids}, findings)
            mend = f"Did you mean '{near[0]}'?" if near else f"Add it to the {column}s"
            findings.append(row.finding(column, f"'{asked}' is no {column} of this stack", mend))

    for row, value in tables["sources"]:
        dangling(row, "item", value.item, items)
    for row, value in tables["needs"]:
        dangling(row, "source", value.source, sources)
        dangling(row, "item", value.item, items)


def _add_looked_up(
    tables: Mapping[str, list[tuple[Row, Any]]], lookup: ProviderLookup, known_ids: Callable[[], Iterable[str]],
    beside: Sequence[Stack], findings: list[Finding],
) -> tuple[Provider, ...]:  # fmt: skip
    found: dict[str, Provider] = {value.id: value for _, value in tables["providers"]}
    asked: deque[tuple[Row, str, str]] = deque(
        (row, "provider", value.provider) for row, value in tables["sources"] if isinstance(value.provider, str)
    )
    asked.extend((row, "owner", one.id) for row, value in tables["providers"] for one in _owners(value))
    own = set(found)
    known: set[str] = set()
    while asked:
        row, column, wanted = asked.popleft()
        if wanted in found or wanted in ("self", "?") or any(wanted in one.provider_by_id for one in beside):
            continue
        provider = lookup(wanted)
        if provider is None:
            known = known or {*own, "self", *known_ids(), *(name for one in beside for name in one.provider_by_id)}
            near = _near(wanted, known, findings)
            mend = f"Did you mean '{near[0]}'?" if near else "Add a provider with this id, or write '?' if it is not known"
            findings.append(row.finding(column, f"'{wanted}' is no provider of this stack or of the catalogue", mend))
            found[wanted] = Provider(wanted)
            continue
        found[wanted] = replace(provider, id=wanted)
        asked.extend((row, column, one.id) for one in _owners(provider))
    return tuple(found[key] for key in found)


def _named(item: object) -> str:
    return item if isinstance(item, str) else "?"


def _near(asked: str, known: Collection[str], findings: Sequence[Finding]) -> tuple[str, ...]:
    """The nearest known ids, as long as looking for them costs little: not for each of thousands of errors."""
    return nearest(asked, known) if len(findings) * len(known) <= _MOST_COMPARISONS else ()


def _owners(provider: Provider) -> tuple[Owner, ...]:
    return provider.owner if isinstance(provider.owner, tuple) else ()
