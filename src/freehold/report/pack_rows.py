"""Rows that several packs hold: things with their suppliers and countries, and what depends on what. Owns their columns.

A cell that the stack does not know stays empty, and ``not_known`` names it; what is only assumed (a blank owner is "its own")
is empty too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Final

from freehold.measure.unknowns import UnknownFact
from freehold.plan.option_values import Activate, Option
from freehold.report.interface import Cell, Column, Row, Table
from freehold.report.pack_values import OpenQuestion, PackAsked
from freehold.report.plan_words import short
from freehold.report.sentences import item_name, who
from freehold.report.whom_to_ask import whom_to_ask
from freehold.stack.control import PERSONS, Control
from freehold.stack.cutoff import WAYS
from freehold.stack.values import UNKNOWN, Item, Source
from freehold.words import say

__all__ = ["COMPONENT_COLUMNS", "Rows", "dependencies_table", "evidence_of", "truth_word"]

COMPONENT_COLUMNS: Final = (
    "item", "name", "layer", "version", "licence", "status", "share", "supplier_id", "supplier", "supplier_country", "owner_id",
    "owner", "owner_country", "origin_countries", "location_countries", "foreign", "not_known", "evidence",
)  # fmt: skip
_COUNTS: Final = frozenset({"share"})
_MOST_EVIDENCE: Final = 3


def truth_word(truth: bool | None) -> str:
    """A truth as programs read it: ``yes``, ``no`` or ``perhaps``."""
    return "perhaps" if truth is None else ("yes" if truth else "no")


def evidence_of(asked: PackAsked, item: str, source: str) -> str:
    """What a row rests on: its claims with their days, a few of them."""
    stack = asked.stack
    claims = [*stack.claims_of.get(("sources", source), ()), *stack.claims_of.get(("items", item), ())]
    row = stack.source_by_id.get(source)
    if row is not None and isinstance(row.provider, str):
        claims += stack.claims_of.get(("providers", row.provider), ())
    told = dict.fromkeys(f"{one.source}{f' ({one.date})' if one.date else ''}" for one in claims)
    return "; ".join(list(told)[:_MOST_EVIDENCE])


class Rows:
    """Makes rows of components, and gathers what they leave open.

    Parameters
    ----------
    asked
        What the pack is made of.
    """

    def __init__(self, asked: PackAsked) -> None:
        self.asked = asked
        self.control = Control(asked.stack, strict=asked.strict)
        self._asked: dict[OpenQuestion, None] = {}
        self._wider: dict[str, Control] = {}

    @property
    def questions(self) -> tuple[OpenQuestion, ...]:
        """What the rows leave open, each once."""
        return tuple(self._asked)

    def components(self, file: str, kinds: Collection[str], *, services_only: bool = False, purls: bool = False) -> Table:
        """Every thing of some layers with each of its sources in use or standing by.

        Parameters
        ----------
        file
            Where the table goes, for what is left open.
        kinds
            Layers.
        services_only
            Whether what the organisation provides itself is left out.
        purls
            Whether things of no known layer count: they stand in one list, and their layer is asked for unless they are
            packages.
        """
        rows = []
        for item in self.asked.stack.items:
            known = isinstance(item.kind, str)
            if item.kind not in kinds if known else not purls:
                continue
            if not known and not item.id.startswith("pkg:"):
                self._ask(file, UnknownFact("items", item.id, "kind", ()), "layer")
            sources = [one for one in self.asked.stack.sources_of[item.id] if one.status != "candidate"]
            if not sources:
                rows.append(self._unknown(file, item))
            rows += [self._row(file, item, one) for one in sources if not (services_only and one.provider == "self")]
        columns = tuple(Column(name, name, "percent" if name in _COUNTS else "text") for name in COMPONENT_COLUMNS)
        return Table(columns, tuple(rows))

    def options_for(self, item: str, free: Callable[[Control, Source], bool]) -> list[str]:
        """Ids of the options that activate a source of an item which is free of whom it is to help against.

        Parameters
        ----------
        item
            The item's id.
        free
            Whether a source is, by the facts of the stack with what the option adds.
        """
        stack, found = self.asked.stack, []
        for option in self.asked.options:
            own = option.adds.source_by_id if option.adds is not None else {}
            activated = [own.get(one.source) or stack.source_by_id.get(one.source) for one in option.changes
                         if isinstance(one, Activate)]  # fmt: skip
            if any(one is not None and one.item == item and free(self._with(option), one) for one in activated):
                found.append(option.id)
        return found

    def _with(self, option: Option) -> Control:
        if option.adds is None:
            return self.control
        if option.id not in self._wider:
            stack = self.asked.stack
            more = [one for one in option.adds.providers if one.id not in stack.provider_by_id]
            wider = replace(stack, providers=(*stack.providers, *more))
            self._wider[option.id] = Control(wider, strict=self.asked.strict)
        return self._wider[option.id]

    def _unknown(self, file: str, item: Item) -> Row:
        self._ask(file, UnknownFact("items", item.id, "source", ()), "supplier")
        named = (item.id, item.name or item.id, item.kind if isinstance(item.kind, str) else "")
        empty = [""] * (len(COMPONENT_COLUMNS) - 6)
        return Row((*named, _version(item), *empty, "perhaps", "supplier", ""))

    def _row(self, file: str, item: Item, source: Source) -> Row:
        stack, missing = self.asked.stack, []
        provider = source.provider if isinstance(source.provider, str) else None
        seat, owner, owner_seat = "", "", ""
        if not isinstance(item.kind, str) and not item.id.startswith("pkg:"):
            missing.append("layer")
        if provider is None:
            missing.append("supplier")
            self._ask(file, UnknownFact("sources", source.id, "provider", ()), "supplier")
        else:
            seat = self.control.seat(provider)
            if seat == "?":
                missing.append("supplier_country")
                self._ask(file, UnknownFact("providers", provider, "country", ()), "supplier_country")
                seat = ""
            row = stack.provider_by_id.get(provider)
            chain = [one for one in self.control.owners(provider) if one != PERSONS]
            if row is not None and isinstance(row.owner, tuple) and chain and chain[-1] != "?":
                owner, owner_seat = chain[-1], self.control.seat(chain[-1])
                if owner_seat == "?":
                    missing.append("owner_country")
                    self._ask(file, UnknownFact("providers", owner, "country", ()), "owner_country")
                    owner_seat = ""
            elif provider != "self" and (row is None or not isinstance(row.owner, tuple) or "?" in chain):
                missing.append("owner")
                self._ask(file, UnknownFact("providers", provider, "owner", ()), "owner")
        for name, value in (("location_countries", source.location), ("origin_countries", source.origin)):
            if value is UNKNOWN:
                missing.append(name)
                self._ask(file, UnknownFact("sources", source.id, name.partition("_")[0], ()), name)
        if source.licence is UNKNOWN:
            missing.append("licence")
        cells: tuple[Cell, ...] = (
            item.id, item.name or item.id, item.kind if isinstance(item.kind, str) else "", _version(item),
            source.licence if isinstance(source.licence, str) else "",
            source.status if isinstance(source.status, str) else ("in-use" if source.status is None else ""),
            source.share if isinstance(source.share, int | float) else None, provider or "",
            who(stack, provider) if provider is not None else "", seat, owner, who(stack, owner) if owner else "",
            owner_seat,
            _joined(source.origin), _joined(source.location), truth_word(self.control.foreign(source, WAYS)),
            "; ".join(missing),
            evidence_of(self.asked, item.id, source.id),
        )  # fmt: skip
        return Row(cells)

    def _ask(self, file: str, fact: UnknownFact, column: str) -> None:
        question = say(f"packs.what_{column}", name=self._named(fact))
        self._asked[OpenQuestion(file, column, fact.id, question, whom_to_ask(fact, self.asked.stack))] = None

    def _named(self, fact: UnknownFact) -> str:
        stack = self.asked.stack
        if fact.table == "providers":
            return short(who(stack, fact.id))
        if fact.table == "sources":
            return short(item_name(stack, stack.source_by_id[fact.id].item))
        return short(item_name(stack, fact.id))


def _joined(value: object) -> str:
    return ";".join(str(one) for one in value) if isinstance(value, tuple) else ""


def _version(item: Item) -> str:
    """The version that a package URL states."""
    if not item.id.startswith("pkg:"):
        return ""
    version = item.id.partition("?")[0].partition("#")[0].rpartition("@")[2]
    return "" if "/" in version or version.startswith("pkg:") else version


def dependencies_table(asked: PackAsked, items: Iterable[str] | None = None) -> Table:
    """What depends on what: a row for each need of each source that is not merely a candidate.

    Parameters
    ----------
    asked
        What the pack is made of.
    items
        Ids of the things whose needs are listed; by default all.
    """
    columns = (
        Column("item", "item", "id"), Column("source", "source", "id"), Column("needs", "needs", "id"), Column("role", "role"),
        Column("weight", "weight", "percent"), Column("cover_days", "cover_days", "day"),
    )  # fmt: skip
    wanted = None if items is None else set(items)
    rows = []
    for source in asked.stack.sources:
        if source.status == "candidate" or (wanted is not None and source.item not in wanted):
            continue
        for need in asked.stack.needs_of.get(source.id, ()):
            weight = 1.0 if need.weight is None else need.weight
            cover = need.survive if isinstance(need.survive, int | float) else (0.0 if need.survive is None else None)
            shown = "forever" if cover == float("inf") else cover
            rows.append(Row((source.item, source.id, need.item, need.role or "", weight, shown)))
    return Table(columns, tuple(rows))
