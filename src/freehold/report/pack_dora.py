"""A register of information as its templates want it, from a stack. Owns what goes into which column.

What a stack cannot know stays empty and is listed as a question; no number, date or code is made up. What
:mod:`freehold.read.dora` reads of it gives the same functions and providers again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from freehold.report.dora_chains import MOST_ROWS, Contract, Link, chain_of, contracts_of, functions_of_register
from freehold.report.dora_columns import DORA_COLUMNS, OPTION_CODES
from freehold.report.interface import Cell, Column, Row, Table
from freehold.report.pack_values import OpenQuestion, Pack, PackAsked, PackFile, csv_text, questions_table, sources_of
from freehold.report.plan_words import short
from freehold.report.sentences import capital, who
from freehold.stack.control import PERSONS, Control
from freehold.stack.values import Provider, Source
from freehold.words import say

__all__ = ["dora_pack", "provider_code"]

_MOST_ASKED: Final = 500
_ONLY_WHERE_IT_APPLIES: Final = frozenset(
    {
        "B_01.02.c0060", "B_01.02.c0090", "B_02.01.c0030", "B_02.02.c0090", "B_04.01.c0040", "B_05.01.c0030", "B_05.01.c0040",
        "B_05.02.c0060", "B_05.02.c0070", "B_07.01.c0060", "B_07.01.c0120",
    }
)  # fmt: skip
"""Columns that may be empty for good, because what they tell does not apply."""


def provider_code(provider: Provider | None, id_: str) -> str:
    """The code by which a provider stands in a register: its LEI, else its id in the stack."""
    return provider.lei if provider is not None and provider.lei else id_


def dora_pack(asked: PackAsked) -> Pack:
    """Make the pack.

    Parameters
    ----------
    asked
        What it is made of.
    """
    register = _Register(asked)
    tables = {code: register.table(code) for code in DORA_COLUMNS}
    questions = tuple(register.questions(tables))
    files = [
        PackFile(f"{code}.csv", csv_text(table), say(f"packs.dora_{code[2:].replace('.', '_')}"), code)
        for code, table in tables.items()
    ]
    files.append(PackFile("open-questions.csv", csv_text(questions_table(questions)), say("packs.questions"), "Article 28(3)"))
    doubts = [say(f"packs.dora_doubt_{name}") for name in ("reference", "service", "reliance", "code", "columns")]
    if register.communities:
        doubts.append(say("packs.dora_doubt_communities", count=f"{register.communities:,}"))
    if register.cut_short:
        doubts.append(say("packs.dora_doubt_short", most=f"{MOST_ROWS:,}"))
    return Pack("dora", say("packs.dora_title"), tuple(files), sources_of("dora"), tuple(doubts), questions)


class _Register:
    """All rows of the register, by template and column."""

    def __init__(self, asked: PackAsked) -> None:
        self._stack = asked.stack
        self._control = Control(asked.stack, strict=asked.strict)
        self._functions = functions_of_register(asked.stack)
        self._contracts: dict[str, Contract] = {}
        self._reliance: dict[tuple[str, str], float] = {}
        self._chains: dict[str, tuple[Link, ...]] = {}
        self.communities = 0
        self.cut_short = False
        for function in self._functions:
            found, communities = contracts_of(asked.stack, function.item)
            self.communities = max(self.communities, communities)
            for contract, reliance in found:
                self._contracts[contract.source.id] = contract
                self._reliance[contract.source.id, function.code] = reliance
        rows = 0
        for id_, contract in self._contracts.items():
            chain = chain_of(asked.stack, contract)
            room = max(0, MOST_ROWS - rows)
            self._chains[id_] = chain.links[:room]
            self.cut_short = self.cut_short or chain.cut_short or len(chain.links) > room
            rows += len(self._chains[id_])

    def table(self, code: str) -> Table:
        """One template, with all its columns headed by their codes."""
        columns = tuple(Column(name, name) for name in DORA_COLUMNS[code])
        makers: Mapping[str, Iterable[Mapping[str, Cell]]] = {
            "B_01.01": self._entity(), "B_01.02": self._entity(listed=True), "B_02.01": self._expenses(),
            "B_02.02": self._services(), "B_03.01": self._signed(), "B_03.02": self._signers(), "B_04.01": self._users(),
            "B_05.01": self._providers(), "B_05.02": self._supply(), "B_06.01": self._critical(),
            "B_07.01": self._assessments(),
        }  # fmt: skip
        rows = tuple(Row(tuple(row.get(one.name, "") for one in columns)) for row in makers.get(code, ()))
        return Table(columns, rows)

    # ------------------------------------------------------------ the entity

    def _entity(self, *, listed: bool = False) -> Iterator[Mapping[str, Cell]]:
        row: dict[str, Cell] = {"c0020": self._stack.name, "c0030": _country(self._stack.home or "")}
        if not listed:
            row["c0060"] = self._stack.as_of or ""
        yield row

    def _users(self) -> Iterator[Mapping[str, Cell]]:
        yield from ({"c0010": reference} for reference in self._references())

    def _signed(self) -> Iterator[Mapping[str, Cell]]:
        yield from ({"c0010": reference, "c0030": "true"} for reference in self._references())

    def _references(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.reference for one in self._contracts.values()))

    def _signers(self) -> Iterator[Mapping[str, Cell]]:
        seen: dict[tuple[str, str, str], None] = {}
        for one in self._contracts.values():
            seen[one.reference, *self._code(one.source.provider)] = None
        yield from ({"c0010": reference, "c0020": code, "c0030": kind} for reference, code, kind in seen if code)

    # ------------------------------------------------------------ contracts

    def _expenses(self) -> Iterator[Mapping[str, Cell]]:
        by_reference: dict[str, list[Source]] = {}
        for one in self._contracts.values():
            by_reference.setdefault(one.reference, []).append(one.source)
        for reference, sources in by_reference.items():
            row: dict[str, Cell] = {"c0010": reference}
            yield row | _expense(sources, ("c0040", "c0050"))

    def _services(self) -> Iterator[Mapping[str, Cell]]:
        for (id_, function), reliance in self._reliance.items():
            contract = self._contracts[id_]
            source = contract.source
            code, kind = self._code(source.provider)
            for place in source.location if isinstance(source.location, tuple) else ("",):
                yield {
                    "c0010": contract.reference, "c0030": code, "c0040": kind, "c0050": function,
                    "c0060": _service(contract.service), "c0130": _country(place),
                    "c0180": OPTION_CODES["reliance"][_reliance(reliance)],
                }  # fmt: skip

    def _supply(self) -> Iterator[Mapping[str, Cell]]:
        for id_, contract in self._contracts.items():
            code, kind = self._code(contract.source.provider)
            if not code:
                continue
            same: dict[str, Cell] = {"c0010": contract.reference, "c0020": _service(contract.service)}
            yield same | {"c0030": code, "c0040": kind, "c0050": "1"}
            for link in self._chains[id_]:
                provider, recipient = self._code(link.provider), self._code(link.recipient)
                yield same | {
                    "c0030": provider[0], "c0040": provider[1], "c0050": str(link.rank), "c0060": recipient[0],
                    "c0070": recipient[1],
                }  # fmt: skip

    def _assessments(self) -> Iterator[Mapping[str, Cell]]:
        for contract in self._contracts.values():
            source = contract.source
            code, kind = self._code(source.provider)
            if not code:
                continue
            tags = frozenset(source.tags) if isinstance(source.tags, tuple) else frozenset()
            others = [
                one for one in self._stack.sources_of[source.item]
                if one.id != source.id and one.status in ("standby", "candidate")
            ]  # fmt: skip
            names = [self._code(one.provider)[0] for one in others if isinstance(one.provider, str) and one.provider != "self"]
            plan = "yes" if "exit-plan" in tags else ("no" if "no-exit-plan" in tags else "")
            yield {
                "c0010": contract.reference, "c0020": code, "c0030": kind, "c0040": _service(contract.service),
                "c0050": _tagged(tags, "substitutability"), "c0080": OPTION_CODES["yes_no"].get(plan, ""),
                "c0090": _tagged(tags, "reintegration"), "c0110": OPTION_CODES["yes_no"]["yes"] if others else "",
                "c0120": ";".join(dict.fromkeys(names)),
            }  # fmt: skip

    # ------------------------------------------------------------ functions and providers

    def _critical(self) -> Iterator[Mapping[str, Cell]]:
        words = {True: "yes", False: "no", None: "not assessed"}
        for one in self._functions:
            item = self._stack.item_by_id[one.item]
            yield {"c0010": one.code, "c0030": item.name or item.id, "c0050": OPTION_CODES["yes_no"][words[one.critical]]}

    def _named(self) -> tuple[str, ...]:
        """Ids of every provider of the register, and of their ultimate parents."""
        found: dict[str, None] = {}
        for id_, contract in self._contracts.items():
            if isinstance(contract.source.provider, str):
                found[contract.source.provider] = None
            for link in self._chains[id_]:
                found[link.provider] = None
        parents = [parent for one in found if (parent := self._parent(one)) not in ("", "self")]
        return tuple(dict.fromkeys((*found, *parents)))

    def _parent(self, id_: str) -> str:
        """The top of a provider's chain of owners; itself where it is known to have no other; empty where it is not known."""
        row = self._stack.provider_by_id.get(id_)
        if row is None or not isinstance(row.owner, tuple):
            return ""
        chain = [one for one in self._control.owners(id_) if one != PERSONS]
        if "?" in chain:
            return ""
        return chain[-1] if chain else id_

    def _providers(self) -> Iterator[Mapping[str, Cell]]:
        spent: dict[str, list[Source]] = {}
        for one in self._contracts.values():
            if isinstance(one.source.provider, str):
                spent.setdefault(one.source.provider, []).append(one.source)
        for id_ in self._named():
            row, (code, kind) = self._stack.provider_by_id.get(id_), self._code(id_)
            parent = self._parent(id_)
            above = self._code(parent) if parent not in ("", "self") else ("", "")
            name = who(self._stack, id_)
            seat = self._control.seat(id_)
            legal = row is not None and row.type in ("company", "foundation", "government")
            cells: dict[str, Cell] = {
                "c0010": code, "c0020": kind, "c0050": name, "c0060": name if _is_latin(name) else "",
                "c0070": OPTION_CODES["legal person"]["yes"] if legal else "", "c0080": "" if seat == "?" else _country(seat),
                "c0110": above[0], "c0120": above[1],
            }  # fmt: skip
            yield cells | (_expense(spent[id_], ("c0090", "c0100")) if id_ in spent else {})

    def _code(self, provider: object) -> tuple[str, str]:
        """A provider's code and the type of the code; only a LEI has a type that is known."""
        if not isinstance(provider, str):
            return "", ""
        row = self._stack.provider_by_id.get(provider)
        return provider_code(row, provider), OPTION_CODES["type of code"]["LEI"] if row is not None and row.lei else ""

    # ------------------------------------------------------------ what is open

    def questions(self, tables: Mapping[str, Table]) -> Iterator[OpenQuestion]:
        """Every column with empty cells, and every provider whose identification code is not known."""
        for code, table in tables.items():
            for place, column in enumerate(table.columns):
                empty = sum(row.cells[place] == "" for row in table.rows)
                if not empty or f"{code}.{column.name}" in _ONLY_WHERE_IT_APPLIES:
                    continue
                what, whom = DORA_COLUMNS[code][column.name]
                yield OpenQuestion(f"{code}.csv", column.name, "", capital(what), say(f"packs.whom_{whom}"), empty)
        lacking = [id_ for id_ in self._named() if not self._code(id_)[1]]
        for id_ in lacking[:_MOST_ASKED]:
            name = short(who(self._stack, id_))
            question, whom = say("packs.what_lei", name=name), say("five.ask_provider", name=name)
            yield OpenQuestion("B_05.01.csv", "c0010", id_, question, whom)


def _country(code: str) -> str:
    return f"eba_GA:{code}" if len(code) == 2 and code.isalpha() else ""


def _service(code: str) -> str:
    return f"eba_TA:{code}" if code else ""


def _reliance(weight: float) -> str:
    if weight >= 0.8:
        return "full"
    if weight >= 0.4:
        return "material"
    return "low" if weight >= 0.1 else "none"


def _tagged(tags: Iterable[str], name: str) -> str:
    for tag in sorted(tags):
        head, _, value = tag.partition("-")
        if head == name:
            return OPTION_CODES[name].get(value, "")
    return ""


def _expense(sources: Iterable[Source], columns: tuple[str, str]) -> dict[str, Cell]:
    """Currency and sum of what is spent a year, where every part is stated in one currency."""
    costs = [one.cost_year for one in sources]
    currencies = {one.currency for one in sources}
    stated = [one for one in costs if isinstance(one, int | float)]
    if len(stated) < len(costs) or len(currencies) != 1:
        return {}
    currency = currencies.pop()
    total = math.fsum(stated)
    shown = f"{total:.2f}".rstrip("0").rstrip(".")
    return {columns[0]: f"eba_CU:{currency}" if currency else "", columns[1]: shown}


def _is_latin(text: str) -> bool:
    return all(ord(sign) < 0x250 for sign in text)
