"""From options files to options. Owns what is refused: each finding names file, option, key and mend."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from freehold.errors import BadOptions, BadStack, Finding, TooLarge
from freehold.plan.goal_values import MOST_PEOPLE
from freehold.plan.option_changes import Seen, compared, needs_between
from freehold.plan.option_conditions import Conditions, conditions_of
from freehold.plan.option_rows import OptionRow, csv_rows, toml_rows
from freehold.plan.option_schema import CHANGES, NEW_THINGS, OPTION_KEYS, REFERENCE, SLIP
from freehold.plan.option_values import (
    Activate,
    Change,
    Cover,
    MoreCapacity,
    NewQuality,
    Option,
    Reference,
    Slip,
    Sooner,
    Spare,
)
from freehold.stack.cells import BadCell, nearest, parse_cell, shown
from freehold.stack.rows import ProviderLookup, build
from freehold.stack.schema import Attribute
from freehold.stack.values import UNKNOWN, Maybe, Provider, Stack
from freehold.whole_file import file_text

__all__ = ["LARGEST_FILE", "MOST_OPTIONS", "read_option_files", "read_options"]

LARGEST_FILE: Final = 32 * 1024 * 1024
"""Bytes: the largest options file."""
MOST_OPTIONS: Final = 20_000
_MOST_FINDINGS: Final = 100
_ALL_KEYS: Final = (*(key.name for key in OPTION_KEYS), "slip", "reference", *CHANGES)
_MADE: Final[Mapping[str, Callable[..., Change]]] = {
    "activate": Activate, "cover": Cover, "capacity": MoreCapacity, "recover": Sooner, "quality": NewQuality, "spare": Spare,
}  # fmt: skip


def read_options(path: str | Path, stack: Stack) -> tuple[Option, ...]:
    """Read the options of one file.

    Parameters
    ----------
    path
        A TOML file, or a CSV file (one row an option) whose name ends in ``.csv``.
    stack
        What they are options for.

    Returns
    -------
    tuple of Option
        In the order of the file. The sources that an option adds are candidates, and each is activated by one of its
        changes, unless the file says itself that it is a candidate.

    Raises
    ------
    freehold.errors.BadOptions
        With every finding at once.
    freehold.errors.ReadError
        If it cannot be read, or is too large.
    """
    return read_option_files([path], stack)


def read_option_files(
    paths: Sequence[str | Path], stack: Stack, *, lookup: ProviderLookup | None = None,
    known_ids: Callable[[], Iterable[str]] | None = None,
) -> tuple[Option, ...]:  # fmt: skip
    """Read the options of several files, which may require and exclude each other's.

    Parameters
    ----------
    paths, stack
        See :func:`read_options`.
    lookup, known_ids
        Providers that neither the stack nor the options state, and their ids for suggestions; by default those of the
        catalogue that comes with Freehold.

    Raises
    ------
    freehold.errors.FreeholdError
        As :func:`read_options`.
    """
    rows = [row for path in paths for row in _rows(Path(path))]
    if len(rows) > MOST_OPTIONS:
        raise TooLarge(f"{len(rows):,} options, over the limit of {MOST_OPTIONS:,}. Leave out those that no plan would take.")
    if lookup is None:
        lookup, known_ids = _from_catalogue()
    return _Reader(rows, stack, lookup, known_ids or tuple).options()


def _rows(path: Path) -> list[OptionRow]:
    text = file_text(path, LARGEST_FILE)
    rows = csv_rows(text, str(path)) if path.suffix.lower() == ".csv" else toml_rows(text, str(path))
    if not rows:
        raise BadOptions([Finding(str(path), 0, "", "holds no option", "`freehold options --template` prints one to fill in")])
    return rows


def _from_catalogue() -> tuple[ProviderLookup, Callable[[], Iterable[str]]]:
    """Look-ups that read the catalogue when the first provider is not known without it."""
    from freehold.catalogue.facts import Catalogue, load

    read: list[Catalogue] = []

    def catalogue() -> Catalogue:
        if not read:
            read.append(load())
        return read[0]

    return (lambda id_: catalogue().provider(id_)), (lambda: catalogue().ids("provider"))


@dataclass(slots=True)
class _Draft:
    """An option whose own cells are typed, before it is joined to the others."""

    row: OptionRow
    cells: dict[str, Any]
    slip: tuple[Slip, ...]
    reference: Reference | None
    stated: Stack | None = None
    """What comes with it as the file states it."""
    adds: Stack | None = None
    """The same, its sources as candidates."""
    is_broken: bool = False
    """Whether what comes with it, or with what it requires, could not be joined to the stack."""

    @property
    def id(self) -> str:
        return str(self.cells["id"])


class _Reader:
    def __init__(
        self, rows: Sequence[OptionRow], stack: Stack, lookup: ProviderLookup, known_ids: Callable[[], Iterable[str]]
    ) -> None:
        self._stack, self._lookup, self._known_ids = stack, lookup, known_ids
        self._findings: list[Finding] = []
        self._candidates = {source.id: source for source in stack.sources if source.status == "candidate"}
        self._drafts: dict[str, _Draft] = {}
        for row in rows:
            self._draft(row)

    def options(self) -> tuple[Option, ...]:
        conditions = self._conditions()
        for id_ in conditions.order:
            if id_ in conditions.needed:
                draft = self._drafts[id_]
                needed = (self._drafts[one] for one in conditions.needed[id_] if one in self._drafts)
                draft.is_broken = any(one.is_broken for one in needed)
                if not draft.is_broken:
                    self._add(draft, conditions)
        self._check_collisions()
        # of those in a circle it is not known what comes with what they require
        drafts = [draft for draft in self._drafts.values() if draft.id in conditions.needed and not draft.is_broken]
        made = tuple(self._option(draft, self._seen(draft.id, conditions)) for draft in drafts)
        self._check_learning()
        if not self._findings:
            self._check_currencies(made)
        if self._findings:
            raise BadOptions(sorted(self._findings, key=lambda one: (one.file, one.row))[:_MOST_FINDINGS])
        return made

    def _bad(self, row: OptionRow, key: str, problem: str, mend: str) -> None:
        self._findings.append(row.finding(key, problem, mend))

    # Cells

    def _draft(self, row: OptionRow) -> None:
        for name in row.cells:
            if name not in _ALL_KEYS:
                near = nearest(name, (*_ALL_KEYS, *NEW_THINGS)) if len(self._findings) < _MOST_FINDINGS else ()
                mend = f"Did you mean '{near[0]}'?" if near else f"Keys of an option: {', '.join(_ALL_KEYS)}"
                self._bad(row, name, "is not a key of an option", mend)
        cells = {key.name: self._cell(row, key.name, key, row.cells.get(key.name)) for key in OPTION_KEYS}
        slip = tuple(Slip(*entry.values()) for entry in self._entries(row, "slip", SLIP))
        if math.fsum(one.odds for one in slip if one.odds is not None) > 1 + 1e-9:
            self._bad(row, "slip", "the odds come to more than 1", "They are of one thing only: correct them")
        draft = _Draft(row, cells, slip, self._reference(row))
        if cells["lead"] is not UNKNOWN and math.isinf(cells["lead"] or 0.0):
            self._bad(row, "lead", "is forever: it is never ready", "Write how long it takes, or leave the option out")
        if any(math.isinf(one.days) for one in slip):
            self._bad(row, "slip", "is forever: it never works then", "Write a success below 1 instead")
        if (cells["people"] or 0.0) > MOST_PEOPLE:
            self._bad(row, "people", f"is {cells['people']:g}, more persons than there are", "Correct the number")
        if cells["success"] == 0:
            self._bad(row, "success", "is 0: it never works", "Write its odds, above 0, or leave the option out")
        if cells["learning"] == 0:
            self._bad(row, "learning", "is 0", "Write to which part the cost falls with every doubling, such as 0.8")
        if (cells["learning"] is None) != (cells["learns_with"] is None):
            self._bad(row, "learning", "and learns_with belong together", "Write both, or neither")
        if cells["earliest"] is not None:
            cells["earliest"] = (cells["earliest"] + "-01-01")[:10]
        if cells["id"] is None:
            return
        earlier = self._drafts.get(draft.id)
        if earlier is not None:
            where = f"line {earlier.row.line} of {earlier.row.file}"
            self._bad(row, "id", f"stands already in {where}", "Give each option an id of its own")
        else:
            self._drafts[draft.id] = draft

    def _cell(self, row: OptionRow, key: str, attribute: Attribute, raw: object) -> Any:
        try:
            return parse_cell(attribute, raw)
        except BadCell as error:
            within = "" if attribute.name == key else f"{attribute.name} "
            self._bad(row, key, within + error.problem, error.mend)
            return None

    def _entries(self, row: OptionRow, key: str, attributes: Sequence[Attribute]) -> Iterator[dict[str, Any]]:
        """The entries of a list, each with all its keys typed; wrong ones are reported and left out."""
        raw = row.cells.get(key, [])
        names = [attribute.name for attribute in attributes]
        form = "{ " + ", ".join(f"{name} = …" for name in names) + " }"
        if not isinstance(raw, list):
            self._bad(row, key, f"{shown(raw)} is not a list", f"Write {key} = [{form}]")
            return
        short = names[-1] == "share"
        for entry in raw:
            table = {names[0]: entry} if short and isinstance(entry, str) else entry
            if not isinstance(table, dict):
                self._bad(row, key, f"{shown(entry)} is not understood", f"Write {form}")
                continue
            strange = [name for name in table if name not in names]
            if strange:
                near = nearest(strange[0], names)
                mend = f"Did you mean '{near[0]}'?" if near else f"Write {form}"
                self._bad(row, key, f"'{strange[0]}' is no key here", mend)
                continue
            before = len(self._findings)
            cells = {one.name: self._cell(row, key, one, table.get(one.name)) for one in attributes}
            if len(self._findings) == before:
                yield cells

    def _reference(self, row: OptionRow) -> Reference | None:
        raw = row.cells.get("reference")
        if raw in (None, ""):
            return None
        table = {"title": raw} if isinstance(raw, str) else raw
        names = [key.name for key in REFERENCE]
        if not isinstance(table, dict) or any(name not in names for name in table):
            self._bad(
                row, "reference", f"{shown(raw)} is no reference", "Write { title = …, publisher = …, url = …, date = … }"
            )
            return None
        cells = {key.name: self._cell(row, "reference", key, table.get(key.name)) for key in REFERENCE}
        return None if cells["title"] is None else Reference(**cells)

    # What options ask of each other

    def _conditions(self) -> Conditions:
        known = {*self._drafts, *self._candidates}
        for draft in self._drafts.values():
            for key in ("requires", "excludes"):
                for asked in draft.cells[key] or ():
                    if asked not in known:
                        near = nearest(asked, known) if len(self._findings) < _MOST_FINDINGS else ()
                        mend = (
                            f"Did you mean '{near[0]}'?" if near else "Name another option, or a candidate source of the stack"
                        )
                        self._bad(draft.row, key, f"'{asked}' is no option", mend)
                    elif asked == draft.id:
                        self._bad(draft.row, key, "names the option itself", "Leave it out")
        conditions = conditions_of(
            {id_: draft.cells["requires"] or () for id_, draft in self._drafts.items()},
            {id_: draft.cells["excludes"] or () for id_, draft in self._drafts.items()},
        )
        for one in conditions.contradictions:
            row = self._drafts[one.option].row
            if one.circle:
                self._bad(row, "requires", f"goes round in a circle: {' → '.join(one.circle)}", "Leave one of these out")
            elif one.pair is not None:
                first, second = one.pair
                problem = f"it cannot be built: it needs '{first}' and '{second}', which exclude each other"
                self._bad(row, "requires", problem, "Leave one of requires and excludes out")
        if not conditions.whole:
            row = next(iter(self._drafts.values())).row
            self._bad(row, "requires", "the options require too many others, directly and through chains", "Shorten the chains")
        return conditions

    # New things

    def _beside(self, id_: str, conditions: Conditions) -> list[Stack]:
        needed = (self._drafts[one].adds for one in sorted(conditions.needed[id_]) if one in self._drafts)
        return [self._stack, *(adds for adds in needed if adds is not None)]

    def _seen(self, id_: str, conditions: Conditions) -> Seen:
        own = self._drafts[id_].adds
        return Seen([*self._beside(id_, conditions), *([own] if own is not None else [])])

    def _add(self, draft: _Draft, conditions: Conditions) -> None:
        if not draft.row.new:
            return
        try:
            adds = build(
                draft.row.new, path=draft.row.file, name=draft.id, lookup=self._lookup, known_ids=self._known_ids,
                beside=self._beside(draft.id, conditions),
            )  # fmt: skip
        except BadStack as error:
            said = f"option {shown(draft.id)}: "
            self._findings += [replace(finding, problem=said + finding.problem) for finding in error.findings]
            draft.is_broken = True
            return
        draft.stated, draft.adds = adds, _as_candidates(adds)
        for item in adds.items:
            if item.mission is not None and item.mission != 0:
                mend = "Leave it out: what must be kept alive is for the stack to say"
                self._bad(draft.row, "item", f"the new item '{item.id}' states a mission", mend)
        for source in adds.sources:
            if source.share is not None and source.item not in adds.item_by_id:
                mend = f'Write activate = [{{ source = "{source.id}", share = … }}]'
                self._bad(draft.row, "source", f"'{source.id}' states a share of an item that has sources already", mend)
            if source.status is UNKNOWN or (source.status == "in-use" and source.item not in adds.item_by_id):
                mend = "Leave its status out: it stands by, or takes the share that activate states"
                self._bad(draft.row, "source", f"'{source.id}' cannot be in use before the option is built", mend)

    def _check_collisions(self) -> None:
        first: dict[tuple[str, str], str] = {}
        providers: dict[str, tuple[str, Provider]] = {}
        for draft in self._drafts.values():
            adds = draft.adds
            if adds is None:
                continue
            for what, ids in (("item", adds.item_by_id), ("source", adds.source_by_id)):
                for id_ in ids:
                    earlier = first.setdefault((what, id_), draft.id)
                    if earlier != draft.id:
                        mend = "Put it into an option of its own that both require, or rename one"
                        self._bad(draft.row, what, f"the {what} '{id_}' comes with option '{earlier}' too", mend)
            for provider in adds.providers:
                known, stated = providers.setdefault(provider.id, (draft.id, provider))
                if stated != provider:
                    problem = f"the provider '{provider.id}' is stated otherwise by option '{known}'"
                    self._bad(draft.row, "provider", problem, "State it alike, or rename one")

    # Changes

    def _option(self, draft: _Draft, seen: Seen) -> Option:
        changes: list[Change] = []
        idle = []
        before = len(self._findings)
        for key, attributes in CHANGES.items():
            for cells in self._entries(draft.row, key, attributes):
                change = _MADE[key](**cells)
                if self._refers(draft, key, change, seen):
                    better, today = compared(seen, change)
                    if better < 0:
                        mend = "An option can only better it; correct the number, or leave it out"
                        if isinstance(change, Activate):
                            mend = "capacity raises what it could meet; leave this out"
                        self._bad(draft.row, key, f"'{_named(change)}' {today}", mend)
                    elif better == 0:
                        idle.append(f"'{_named(change)}' {today}")
                    changes.append(change)
        changes = [*_new_activations(draft.stated, changes), *changes]
        if idle and len(idle) == len(changes):
            self._bad(draft.row, "", f"it changes nothing: {'; '.join(idle)}", "Leave it out, or state what it betters")
        if not changes and len(self._findings) == before:
            self._bad(draft.row, "", "it changes nothing", f"State one of {', '.join(CHANGES)}, or [[option.source]]")
        return self._made(draft, tuple(changes), seen)

    def _refers(self, draft: _Draft, key: str, change: Change, seen: Seen) -> bool:
        if seen.source(change.source) is None:
            known = [id_ for one in seen.stacks for id_ in one.source_by_id]
            near = nearest(change.source, known) if len(self._findings) < _MOST_FINDINGS else ()
            of_item = next(
                (one.sources_of.get(change.source, ()) for one in seen.stacks if change.source in one.item_by_id), ()
            )
            near = near or tuple(source.id for source in of_item)
            mend = f"Did you mean {' or '.join(repr(one) for one in near)}?" if near else "`freehold show` lists the sources"
            self._bad(draft.row, key, f"'{change.source}' is no source of the stack", mend)
            return False
        if isinstance(change, Activate) and change.share == 0:
            self._bad(draft.row, key, f"'{change.source}' takes a share of 0", "Leave the share out: it stands by")
            return False
        if isinstance(change, Cover | Spare) and not needs_between(seen, change.source, change.item):
            needed = [need.item for need in seen.needs(change.source)]
            near = nearest(change.item, needed) or tuple(needed[:5])
            mend = f"It needs: {', '.join(near)}" if near else "It needs nothing"
            what = "is no item of the stack" if not seen.has_item(change.item) else f"is not needed by '{change.source}'"
            self._bad(draft.row, key, f"'{change.item}' {what}", mend)
            return False
        return True

    def _made(self, draft: _Draft, changes: tuple[Change, ...], seen: Seen) -> Option:
        cells = draft.cells
        brought = [source for one in changes if isinstance(one, Activate) and (source := seen.source(one.source)) is not None]
        once = cells["cost_once"] if cells["cost_once"] is not None else _sum(source.cost_once for source in brought)
        year = cells["cost_year"] if cells["cost_year"] is not None else _sum(source.cost_year for source in brought)
        currencies = {source.currency for source in brought if source.currency}
        if cells["currency"] is None and len(currencies) > 1:
            self._bad(draft.row, "currency", f"is several: {', '.join(sorted(currencies))}", "State costs and currency here")
        return Option(
            draft.id, changes, cells["name"], draft.adds, once, year,
            cells["currency"] or min(currencies, default=None), cells["lead"], cells["earliest"], cells["requires"] or (),
            cells["excludes"] or (), 1.0 if cells["success"] is None else cells["success"], draft.slip, cells["people"] or 0.0,
            cells["learns_with"], cells["learning"], cells["standards_left"] or (), cells["forks"] or (),
            cells["gives_up"] or (), draft.reference, "file",
        )  # fmt: skip

    def _check_learning(self) -> None:
        rates: dict[str, tuple[str, float]] = {}
        for draft in self._drafts.values():
            group, rate = draft.cells["learns_with"], draft.cells["learning"]
            if group is not None and rate is not None:
                first, known = rates.setdefault(group, (draft.id, rate))
                if known != rate:
                    self._bad(
                        draft.row, "learning", f"is {rate:g}, and {known:g} in '{first}' of the same group", "Write one rate"
                    )

    def _check_currencies(self, options: Sequence[Option]) -> None:
        first: Option | None = None
        for option in options:
            costs = [cost for cost in (option.cost_once, option.cost_year) if isinstance(cost, float) and cost > 0]
            if not costs:
                continue
            first = first or option
            if option.currency != first.currency:
                problem = f"is {option.currency or 'not stated'}, and {first.currency or 'not stated'} in '{first.id}'"
                self._bad(self._drafts[option.id].row, "currency", problem, "State all costs in one currency")


def _sum(costs: Iterable[Maybe[float]]) -> Maybe[float]:
    stated = [cost for cost in costs if cost is not None]
    if not stated:
        return None
    return UNKNOWN if UNKNOWN in stated else math.fsum(cost for cost in stated if cost is not UNKNOWN)


def _named(change: Change) -> str:
    return f"{change.source} > {change.item}" if isinstance(change, Cover | Spare) else change.source


def _new_activations(adds: Stack | None, stated: Sequence[Change]) -> Iterator[Activate]:
    """How the sources that come with an option come to work, where the file does not say it.

    A source of an item that is there stands by. Those of a new item meet all of it, by their shares or in equal parts.
    """
    if adds is None:
        return
    done = {change.source for change in stated if isinstance(change, Activate)}
    for source in adds.sources:
        if source.id in done or source.status == "candidate":
            continue
        if source.item not in adds.item_by_id or source.status == "standby":
            yield Activate(source.id)
            continue
        open_ = [one for one in adds.sources_of[source.item] if one.id not in done and one.status in (None, "in-use")]
        shares = [one.share for one in open_ if isinstance(one.share, float)]
        blank = max(0.0, 1.0 - math.fsum(shares)) / max(1, len(open_) - len(shares))
        share = source.share if isinstance(source.share, float) else blank
        yield Activate(source.id, min(1.0, share) if share > 0 else None)


def _as_candidates(adds: Stack) -> Stack:
    return replace(adds, sources=tuple(replace(source, status="candidate", share=None) for source in adds.sources))
