"""Reads a register of information (functions, contracts, providers, their parents and subcontractors) as a stack.

A *function* is an item; its mission is 1 if it is critical or important. It needs each contract's *service*, with a weight
that follows from the level of reliance. A service has its provider as source, at the countries where it is provided and
where data lie and are worked on; its source needs the subcontractors of the next rank. What an assessment calls an
alternative is a candidate. The parents of providers are their owners. Owns how the templates lead to one another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from freehold.errors import Finding, Unreadable
from freehold.read.dora_templates import SERVICES, Template, country_of, option, template_of
from freehold.read.sheets import ENDINGS, is_workbook, sheets_of
from freehold.stack.values import UNKNOWN, Claim, Item, Maybe, Need, Owner, Provider, Source, Stack

__all__ = ["is_register", "read_register"]

_RELIANCE: Final[Mapping[str, float]] = {"full": 1.0, "material": 0.6, "low": 0.2, "none": 0.05}
_JUDGED: Final = "default for reliance: the register's words as a part of the function that is lost; a judgement"
_FILE: Final = re.compile(r"(?:^|[^A-Za-z0-9])(?:b|rt)[_. ]?\d\d[._]\d\d(?!\d)", re.IGNORECASE)
_MOST_NOTES: Final = 200
_MOST_USERS: Final = 20
"""Providers of one service of one contract that a subcontractor is hung on, where it is not said which it works for."""
_NONE: Final = frozenset({"", "not applicable", "n/a", "na", "none", "-"})


def is_register(path: Path, head: bytes) -> bool:
    """Whether a path may be a register: a workbook, a CSV file named as a template, or a folder that holds such files."""
    if path.is_dir():
        return any(True for _ in _csv_files(path))
    return path.suffix.lower() in ENDINGS and (is_workbook(head) or _FILE.search(path.stem) is not None)


def _csv_files(folder: Path) -> Iterable[Path]:
    for inner in (folder, folder / "reports"):
        if inner.is_dir():
            yield from sorted(
                path for path in inner.iterdir() if path.suffix.lower() == ".csv" and _FILE.search(path.stem) and path.is_file()
            )


def read_register(path: Path) -> tuple[Stack, tuple[Finding, ...]] | None:
    """Read a register.

    Parameters
    ----------
    path
        A workbook with a sheet a template, a folder with a CSV file a template (or one with ``reports/`` in it), or one such
        file.

    Returns
    -------
    tuple of Stack, Finding, or None
        Providers under their codes as the register has them, not yet joined with anybody else's; notes on what leads
        nowhere. ``None`` if a workbook holds no template.

    Raises
    ------
    freehold.errors.ReadError
        If it cannot be read.
    """
    templates: dict[str, list[tuple[str, Template]]] = {}
    if path.is_dir():
        for file in _csv_files(path):
            for sheet in sheets_of(file):
                _keep(templates, file.name, template_of(sheet, file.stem))
    else:
        for sheet in sheets_of(path):
            _keep(
                templates, path.name if sheet.name == path.stem else f"{path.name} {sheet.name}", template_of(sheet, sheet.name)
            )
    if not templates.keys() & {"B_02.02", "B_05.01", "B_06.01"}:
        if path.is_dir():
            raise Unreadable(f"{path}: no template of a register could be read in it. Head the columns by their codes (c0010).")
        return None
    register = _Register({code: [_Row(place, template, at) for place, template in held for at in range(len(template.rows))]
                          for code, held in templates.items()})  # fmt: skip
    return register.stack(path), tuple(register.findings)


def _keep(templates: dict[str, list[tuple[str, Template]]], place: str, template: Template | None) -> None:
    if template is not None:
        templates.setdefault(template.code, []).append((place, template))


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a template, and where it stands."""

    file: str
    template: Template
    at: int

    def get(self, name: str) -> str:
        value = self.template.rows[self.at].get(name, "")
        return "" if value.casefold() in _NONE else value

    @property
    def line(self) -> int:
        return self.template.lines[self.at]

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(slots=True)
class _Register:
    rows: Mapping[str, list[_Row]]
    findings: list[Finding] = field(default_factory=list)
    items: dict[str, Item] = field(default_factory=dict)
    providers: dict[str, Provider] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    needs: dict[tuple[str, str], Need] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    by_name: dict[str, str] = field(default_factory=dict)

    def stack(self, path: Path) -> Stack:
        entity = next(iter(self.rows.get("B_01.01", ())), None)
        self._providers(entity.get("lei") if entity else "")
        self._functions()
        self._services()
        self._chains()
        self._assessments()
        return Stack(
            (entity.get("name") if entity else "") or path.stem,
            country_of(entity.get("country")) if entity else None,
            (),
            _date(entity.get("date")) if entity else None,
            tuple(self.items.values()), tuple(self.providers.values()), tuple(self.sources.values()),
            tuple(self.needs.values()), tuple(dict.fromkeys(self.claims)), str(path),
        )  # fmt: skip

    def _note(self, row: _Row, column: str, problem: str, mend: str) -> None:
        if len(self.findings) < _MOST_NOTES:
            self.findings.append(Finding(row.file, row.line, column, problem, mend, "note"))

    def _claim(self, table: str, id_: str, attribute: str, value: str, row: _Row) -> None:
        self.claims.append(Claim(table, id_, attribute, value, row.place))

    def _providers(self, own_lei: str) -> None:
        for row in (*self.rows.get("B_05.01", ()), *self.rows.get("B_01.02", ())):
            code = row.get("code") or row.get("lei")
            if not code or code == own_lei:
                continue
            id_ = _id(code)
            country = country_of(row.get("country"))
            if row.get("country") and country is None:
                self._note(row, "country", f"'{row.get('country')[:40]}' is no country", "Write its ISO 3166-1 code")
            parent = row.get("parent")
            owner: tuple[Owner, ...] | None = None
            if parent and parent != code:
                owner = (Owner("self" if parent == own_lei else _id(parent)),)
            elif parent == code:
                owner = (Owner(id_),)
            name = row.get("latin") or row.get("name")
            self.providers[id_] = Provider(id_, name or None, country, owner, lei=code if _is_lei(code) else None)
            self._claim("providers", id_, "name", name or code, row)
            if country:
                self._claim("providers", id_, "country", country, row)
            if owner:
                self._claim("providers", id_, "owner", owner[0].id, row)
        owners = [one.owner[0].id for one in self.providers.values() if isinstance(one.owner, tuple)]
        for owner_id in owners:
            if owner_id != "self" and owner_id not in self.providers:
                self.providers[owner_id] = Provider(owner_id, lei=owner_id.upper() if _is_lei(owner_id.upper()) else None)

    def _provider(self, code: str) -> str | None:
        if not code:
            return None
        self.providers.setdefault(_id(code), Provider(_id(code), lei=code if _is_lei(code) else None))
        return _id(code)

    def _functions(self) -> None:
        rows = self.rows.get("B_06.01", ())
        critical = {"yes": 1.0, "no": 0.0}
        for row in rows:
            code = row.get("function")
            if not code:
                self._note(row, "c0010", "a function without an identifier was left out", "Give it one, such as F1")
                continue
            id_ = f"function:{_id(code)}"
            said = option("critical", row.get("critical"))
            mission: Maybe[float] = critical.get(said, UNKNOWN if said == "not assessed" else None)
            held = self.items.get(id_)
            if held is None or (mission == 1.0 and held.mission != 1.0):
                self.items[id_] = Item(id_, row.get("name") or code, "application", mission)
            self.sources[f"{id_}@self"] = Source(f"{id_}@self", id_, "self")
            self._claim("items", id_, "mission", said or "blank", row)
        if rows and not any(item.mission == 1.0 for item in self.items.values()):
            # nothing is called critical: every function counts
            self.items = {id_: replace(item, mission=1.0) for id_, item in self.items.items()}

    def _costs(self) -> Mapping[str, tuple[float, str | None, _Row]]:
        found = {}
        for row in self.rows.get("B_02.01", ()):
            text = row.get("cost").replace(" ", "").replace(",", ".")
            if not re.fullmatch(r"\d{1,15}(\.\d{1,9})?", text):
                if text:
                    self._note(row, "c0050", f"'{text[:40]}' is no sum of money", "Write a number without separators")
                continue
            cost = float(text)
            if row.get("contract"):
                currency = row.get("currency").rpartition(":")[2].upper()
                found[row.get("contract")] = cost, currency if re.fullmatch(r"[A-Z]{3}", currency) else None, row
        return found

    def _services(self) -> None:
        rows = self.rows.get("B_02.02", ())
        costs = self._costs()
        parts: dict[str, set[str]] = {}
        for row in rows:
            parts.setdefault(row.get("contract"), set()).add(_service(row))
        for row in rows:
            contract = row.get("contract")
            if not contract:
                self._note(row, "c0010", "a row without a contract was left out", "Give the contract's reference number")
                continue
            item, provider = _item(contract, _service(row)), self._provider(row.get("provider"))
            self._add_service(item, contract, _service(row), row)
            source = f"{item}@{provider or '?'}"
            places = tuple(
                dict.fromkeys(code for name in ("provision", "storage", "processing") if (code := country_of(row.get(name))))
            )
            held = self.sources.get(source)
            before = held.location if held is not None and isinstance(held.location, tuple) else ()
            cost = costs.get(contract)
            share = len(parts[contract])
            self.sources[source] = Source(
                source, item, provider, tuple(dict.fromkeys((*before, *places))) or None,
                cost_year=None if cost is None else cost[0] / share, currency=None if cost is None else cost[1],
            )  # fmt: skip
            self._claim("sources", source, "provider", provider or "?", row)
            for place in places:
                self._claim("sources", source, "location", place, row)
            if cost is not None:
                self._claim("sources", source, "cost_year", f"{cost[0] / share:g}", cost[2])
            function = f"function:{_id(row.get('function'))}" if row.get("function") else ""
            if function and function not in self.items:
                self._note(
                    row, "c0050", f"the function '{row.get('function')[:60]}' stands in no row of B_06.01", "Add it there"
                )
                self.items[function] = Item(function, row.get("function"), "application", 1.0)
                self.sources[f"{function}@self"] = Source(f"{function}@self", function, "self")
            if function:
                self._rely(function, item, row)

    def _add_service(self, item: str, contract: str, service: str, row: _Row) -> None:
        if item not in self.items:
            kind, name = SERVICES.get(service, ("service", service or "service"))
            self.items[item] = Item(item, f"{name} ({contract})", kind)
            self._claim("items", item, "name", f"{contract} {service}", row)

    def _rely(self, function: str, item: str, row: _Row) -> None:
        said = option("reliance", row.get("reliance"))
        weight = _RELIANCE.get(said, 1.0)
        need = Need(f"{function}@self", item, "service", weight)
        held = self.needs.get((need.source, item))
        if held is None or weight > (held.weight or 0):
            self.needs[need.source, item] = need
        self._claim("needs", need.id, "item", item, row)
        if said in _RELIANCE:
            self.claims.append(Claim("needs", need.id, "weight", f"{weight:g}", _JUDGED, None, 0.5))

    def _chains(self) -> None:
        """Subcontractors: what one provider gives another is an item that the other's source needs."""
        rows = [row for row in self.rows.get("B_05.02", ()) if row.get("contract") and row.get("provider")]
        ranks: dict[tuple[str, str], list[tuple[int, _Row]]] = {}
        for row in rows:
            rank = int(row.get("rank")) if re.fullmatch(r"\d{1,3}", row.get("rank")) else 1
            ranks.setdefault((row.get("contract"), _service(row)), []).append((rank, row))
        of_item: dict[str, list[str]] = {}
        for source in self.sources.values():
            of_item.setdefault(source.item, []).append(source.id)
        for (contract, service), chain in ranks.items():
            top = _item(contract, service)
            for rank, row in sorted(chain, key=lambda pair: pair[0]):
                provider = self._provider(row.get("provider"))
                if rank <= 1:
                    self._add_service(top, contract, service, row)
                    if f"{top}@{provider}" not in self.sources:
                        self.sources[f"{top}@{provider}"] = Source(f"{top}@{provider}", top, provider)
                        of_item.setdefault(top, []).append(f"{top}@{provider}")
                    continue
                recipient = _id(row.get("recipient")) if row.get("recipient") else None
                users = [
                    key for key in (f"{top}@{recipient}", f"{top}/{recipient}@{recipient}") if recipient and key in self.sources
                ]
                if not users:
                    users = of_item.get(top, [])[:_MOST_USERS]
                    problem = (
                        f"rank {rank} of '{contract}' names no recipient that is in the chain; it was hung on the provider"
                    )
                    self._note(row, "c0060", problem, "Name the provider that it works for")
                part = f"{top}/{provider}"
                if part not in self.items:
                    name = self.providers[provider].name if provider else None
                    self.items[part] = Item(
                        part,
                        f"{name or row.get('provider')} for {contract}",
                        self.items[top].kind if top in self.items else "service",
                    )
                    self.sources[f"{part}@{provider}"] = Source(f"{part}@{provider}", part, provider)
                    self._claim("sources", f"{part}@{provider}", "provider", provider or "?", row)
                for user in users:
                    if user != f"{part}@{provider}":
                        self.needs.setdefault((user, part), Need(user, part, "input"))
                        self._claim("needs", f"{user} > {part}", "item", part, row)

    def _assessments(self) -> None:
        for row in self.rows.get("B_07.01", ()):
            item, provider = _item(row.get("contract"), _service(row)), self._provider(row.get("provider"))
            source = f"{item}@{provider}"
            if source not in self.sources:
                self._note(
                    row,
                    "c0010",
                    f"'{row.get('contract')[:60]}' with this provider and service stands in no row of B_02.02",
                    "Add it there, or mend the codes",
                )
                continue
            substitutability = option("substitutability", row.get("substitutability"))
            tags = [f"substitutability-{substitutability}"] if substitutability else []
            plan = option("exit_plan", row.get("exit_plan"))
            tags += (
                [{"yes": "exit-plan", "no": "no-exit-plan"}.get(plan, f"exit-plan-{plan.replace(' ', '-')}")] if plan else []
            )
            reintegration = option("reintegration", row.get("reintegration"))
            tags += [f"reintegration-{reintegration}"] if reintegration else []
            self.sources[source] = replace(self.sources[source], tags=tuple(tags) or None)
            for tag in tags:
                self._claim("sources", source, "tags", tag, row)
            names = [part.strip() for part in re.split(r"[;|\n]", row.get("alternative")) if part.strip()]
            if not names and option("alternatives", row.get("alternatives")) == "yes":
                names = ["?"]
            for name in names:
                other = None if name == "?" else self._named(name)
                key = f"{item}@{other or 'alternative'}"
                if key not in self.sources:
                    self.sources[key] = Source(key, item, other or UNKNOWN, status="candidate", recover=UNKNOWN)
                    self._claim("sources", key, "provider", name, row)

    def _named(self, name: str) -> str:
        """The id of a provider by its code or its name, made if it is new."""
        if _id(name) in self.providers:
            return _id(name)
        if not self.by_name:
            self.by_name = {one.name.casefold(): one.id for one in self.providers.values() if one.name}
        held = self.by_name.get(name.casefold())
        if held is None:
            held = self.by_name[name.casefold()] = _id(name)
            self.providers[held] = Provider(held, name)
        return held


def _service(row: _Row) -> str:
    return row.get("service").rpartition(":")[2].upper()


def _item(contract: str, service: str) -> str:
    return f"contract:{_id(contract)}" + (f"/{_id(service)}" if service else "")


def _id(code: str) -> str:
    return re.sub(r"[^\w.]+", "-", code.casefold()).strip("-.")[:120] or "unnamed"


def _is_lei(code: str) -> bool:
    return re.fullmatch(r"[A-Z0-9]{18}\d{2}", code) is not None


def _date(text: str) -> str | None:
    match = re.match(r"\d{4}-\d{2}-\d{2}", text)
    return match[0] if match else None
