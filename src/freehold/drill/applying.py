"""Proposals that somebody accepted, put into the stack. Owns what that changes, and writing it so that nothing else is lost.

A stack file keeps its comments and its order, a folder of tables its other cells; a database gets a new revision from whoever
opens it, and a project that is read gets a stack file beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from freehold.catalogue.facts import Catalogue
from freehold.drill.proposals import Change, Proposal
from freehold.errors import DrillError, Unreadable
from freehold.stack.changes import RowChange, changes
from freehold.stack.csv_edit import edit_folder
from freehold.stack.csv_folder import read_folder
from freehold.stack.parquet_folder import read_parquet_folder, write_parquet_folder
from freehold.stack.table_files import table_form
from freehold.stack.toml_edit import CellChange, edited
from freehold.stack.toml_file import loads
from freehold.stack.values import Claim, Item, Need, Owner, Provider, Source, Stack
from freehold.whole_file import write_whole

__all__ = ["applied", "changed_rows_of", "is_editable", "stack_file_for", "write_applied"]

_TABLES: Final[tuple[tuple[type[Any], str], ...]] = (
    (Provider, "providers"), (Item, "items"), (Source, "sources"), (Need, "needs"), (Claim, "claims"),
)  # fmt: skip


def applied(stack: Stack, accepted: Iterable[Proposal], catalogue: Catalogue | None = None) -> Stack:
    """A stack with what was accepted.

    Parameters
    ----------
    stack
        The stack.
    accepted
        Proposals; a row that the stack has, or that another proposal adds too, is added once.
    catalogue
        Whose providers are added where a new source names one that the stack does not have, with their owners.
    """
    accepted = tuple(accepted)
    rows = dict(_new_rows(stack, accepted))
    added: dict[str, list[Any]] = {table: [] for _, table in _TABLES}
    for (table, _), row in rows.items():
        added[table].append(row)
    if catalogue is not None:
        added["providers"] = [*_providers(stack, added["sources"], catalogue)]
    cells: dict[tuple[str, str], dict[str, Any]] = {}
    for one in _cells(accepted):
        cells.setdefault((one.table, one.id), {})[one.column] = one.value
    return replace(
        stack,
        items=(*stack.items, *added["items"]),
        providers=(*stack.providers, *added["providers"]),
        sources=(*(replace(row, **cells.get(("sources", row.id), {})) for row in stack.sources), *added["sources"]),
        needs=(*(replace(row, **cells.get(("needs", row.id), {})) for row in stack.needs), *added["needs"]),
        claims=(*stack.claims, *added["claims"]),
    )


def changed_rows_of(stack: Stack, accepted: Iterable[Proposal], catalogue: Catalogue | None = None) -> tuple[RowChange, ...]:
    """How a stack would differ with what was accepted, row by row; see :func:`freehold.stack.changes.changes`."""
    return changes(stack, applied(stack, accepted, catalogue))


def _cells(accepted: Iterable[Proposal]) -> Iterator[Change]:
    for proposal in accepted:
        yield from proposal.changed


def _new_rows(stack: Stack, accepted: Iterable[Proposal]) -> Iterator[tuple[tuple[str, object], Any]]:
    """Rows that the stack does not have, each once, by table and id."""
    have: dict[str, set[object]] = {
        "items": set(stack.item_by_id), "sources": set(stack.source_by_id), "providers": set(stack.provider_by_id),
        "needs": {need.id for need in stack.needs}, "claims": set(stack.claims),
    }  # fmt: skip
    for proposal in accepted:
        for row in (*proposal.added, *proposal.claims):
            table = next(name for sort, name in _TABLES if isinstance(row, sort))
            key = row if isinstance(row, Claim) else row.id
            if key not in have[table]:
                have[table].add(key)
                yield (table, key), row


def _providers(stack: Stack, sources: Iterable[Source], catalogue: Catalogue) -> Iterator[Provider]:
    """Providers of new sources, and their owners, that the stack does not have."""
    have = set(stack.provider_by_id)
    waiting = [source.provider for source in sources if isinstance(source.provider, str)]
    while waiting:
        wanted = waiting.pop(0)
        if wanted in have:
            continue
        have.add(wanted)
        provider = catalogue.provider(wanted) or Provider(wanted)
        yield provider
        owners = provider.owner if isinstance(provider.owner, tuple) else ()
        waiting += [one.id for one in owners if isinstance(one, Owner) and one.id != "?"]


def is_editable(path: Path) -> bool:
    """Whether this is a stack file or a folder of tables, which :func:`write_applied` changes in place."""
    return table_form(path) is not None if path.is_dir() else path.suffix.lower() == ".toml"


def stack_file_for(path: Path) -> Path:
    """The stack file beside a project or an SBOM that was read, where its stack is written once it is more than was read."""
    whole = path.resolve()
    return whole.with_name(f"{whole.name}.stack.toml")


def write_applied(path: Path, accepted: Sequence[Proposal], catalogue: Catalogue) -> None:
    """Change a stack file or a folder of tables in place; whole or not at all.

    Parameters
    ----------
    path
        A file that ends in ``.toml``, or a folder of CSV or Parquet tables.
    accepted
        The proposals.
    catalogue
        Knows the providers that the stack takes from it.

    Raises
    ------
    freehold.errors.FreeholdError
        If it is neither, has changed meanwhile so that a row is not there, or cannot be written.
    """
    if not is_editable(path):
        raise DrillError(f"{path} is no stack file and no folder of tables. Name one, or write the stack beside it with -o.")
    try:
        form = table_form(path) if path.is_dir() else None
        if form == "parquet":
            stack = read_parquet_folder(path, lookup=catalogue.provider, known_ids=lambda: catalogue.ids("provider"))
            write_parquet_folder(_without_known(applied(stack, accepted), catalogue), path)
        elif form == "csv":
            stack = read_folder(path, lookup=catalogue.provider, known_ids=lambda: catalogue.ids("provider"))
            edit_folder(path, _unknown_rows(stack, accepted, catalogue), _edits(accepted))
        else:
            text = path.read_bytes().decode("utf-8-sig")
            stack = loads(text, str(path), lookup=catalogue.provider, known_ids=lambda: catalogue.ids("provider"))
            write_whole(path, edited(text, str(path), _unknown_rows(stack, accepted, catalogue), _edits(accepted)))
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from None
    except OSError as error:
        raise Unreadable(f"{path} cannot be changed ({error.strerror}). Check its permissions.") from error


def _unknown_rows(stack: Stack, accepted: Iterable[Proposal], catalogue: Catalogue) -> list[tuple[str, Any]]:
    """New rows with their tables; of providers only those that nobody knows: a stack takes the others from the catalogue."""
    rows = [(table, row) for (table, _), row in _new_rows(stack, accepted)]
    sources = [row for table, row in rows if table == "sources"]
    named = [one for one in _providers(stack, sources, catalogue) if catalogue.provider(one.id) is None]
    order = [table for _, table in _TABLES]
    return sorted([*(("providers", one) for one in named), *rows], key=lambda pair: order.index(pair[0]))


def _edits(accepted: Iterable[Proposal]) -> list[CellChange]:
    return [CellChange(one.table, one.id, one.column, one.value) for one in _cells(accepted)]


def _without_known(stack: Stack, catalogue: Catalogue) -> Stack:
    """A stack without the providers that it only takes from the catalogue."""
    return replace(stack, providers=tuple(one for one in stack.providers if catalogue.provider(one.id) != one))
