"""From the rows of somebody's table to who controls them. Owns the join of records with the catalogue to a stack.

A row that names a provider is got from it. A row without one is the organisation's own, and rests on what its columns
say: a device from its maker, a processor, an operating system, other software, a cloud. If no column says who provides, a
row that says nothing of this either is a thing of which nobody knows who provides it. What is installed goes on running;
its spares and updates are needs of one item, ``NAME:change``. Providers, products and countries are looked up by name;
what is not known stays a provider without a seat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from freehold.catalogue.defaults import default
from freehold.catalogue.facts import Catalogue
from freehold.catalogue.match import matcher_of
from freehold.catalogue.open_licences import is_open
from freehold.errors import Finding
from freehold.stack.countries import country_code
from freehold.stack.durations import parse_days
from freehold.stack.inventory import Evidence
from freehold.stack.records import Record, Records
from freehold.stack.schema import CHANGE, KINDS
from freehold.stack.values import UNKNOWN, Claim, Item, Maybe, Need, Owner, Provider, Source, Stack
from freehold.words import say

__all__ = ["join_providers", "stack_of_records"]

_KINDS: Final[Mapping[str, str]] = {
    "server": "hardware", "laptop": "hardware", "desktop": "hardware", "workstation": "hardware", "pc": "hardware",
    "printer": "hardware", "storage": "hardware", "appliance": "hardware", "phone": "hardware", "device": "hardware",
    "physical server": "hardware", "rechner": "hardware", "drucker": "hardware", "gerät": "hardware",
    "switch": "network", "router": "network", "firewall": "network", "access point": "network", "netzwerk": "network",
    "virtual machine": "cloud", "vm": "cloud", "instance": "cloud", "virtual server": "cloud", "iaas": "cloud",
    "paas": "cloud", "saas": "service", "web service": "service", "dienst": "service", "dienstleistung": "service",
    "app": "application", "anwendung": "application", "business application": "application", "fachverfahren": "application",
    "operating system": "os", "betriebssystem": "os", "database": "software", "db": "software", "library": "software",
    "middleware": "software", "tool": "software", "programm": "software", "cpu": "chip", "gpu": "chip", "processor": "chip",
    "dataset": "data", "data set": "data", "ai model": "model", "llm": "model", "supplier": "service", "person": "skill",
    "staff": "skill", "consulting": "skill",
}  # fmt: skip
_MISSION: Final[Mapping[str, float]] = {
    "critical": 1.0, "very high": 1.0, "high": 1.0, "yes": 1.0, "mission critical": 1.0, "business critical": 1.0,
    "kritisch": 1.0, "sehr hoch": 1.0, "hoch": 1.0, "ja": 1.0, "critique": 1.0, "élevé": 1.0, "oui": 1.0, "crítico": 1.0,
    "alto": 1.0, "sí": 1.0, "medium": 0.5, "moderate": 0.5, "mittel": 0.5, "moyen": 0.5, "medio": 0.5, "low": 0.1,
    "niedrig": 0.1, "gering": 0.1, "faible": 0.1, "bajo": 0.1, "no": 0.0, "none": 0.0, "nein": 0.0, "non": 0.0,
}  # fmt: skip
_KIND_WORDS: Final = tuple((re.compile(rf"(?<!\w){re.escape(word)}s?(?!\w)"), kind) for word, kind in _KINDS.items())
_MISSION_WORDS: Final = tuple((re.compile(rf"(?<!\w){re.escape(word)}(?!\w)"), weight) for word, weight in _MISSION.items())
_PARTS: Final = (
    ("needs.hardware", "hardware", "part", "installed-device"), ("needs.chip", "chip", "part", "installed-device"),
    ("needs.os", "os", "runtime", "installed-code"), ("needs.software", "software", "part", "installed-code"),
    ("needs.cloud", "cloud", "host", "service"),
)  # fmt: skip
_DEVICES: Final = frozenset({"hardware", "network", "chip", "equipment"})
_OWN: Final = frozenset({"maker", "needs", *(meaning for meaning, *_ in _PARTS)})
"""Meanings of cells that say of a thing that the organisation has or runs it."""
_NUMBER: Final = re.compile(r"[-+]?[\d.,' ]*\d")
_VERSION: Final = re.compile(r"[\s/-]+v?\d.{0,200}$")
_OURSELVES: Final = frozenset(
    {"self", "own", "internal", "in-house", "inhouse", "intern", "eigenbetrieb", "interne", "-", "n/a"}
)
_LONGEST_ID: Final = 120
_NOBODY_KNOWN: Final = "?"


def stack_of_records(
    records: Records, catalogue: Catalogue, home: str | None = None, trusted: tuple[str, ...] = ()
) -> tuple[Stack, tuple[Finding, ...]]:
    """Join records with the catalogue.

    Parameters
    ----------
    records
        What was read.
    catalogue
        Who controls what.
    home, trusted
        Whose stack it is.

    Returns
    -------
    Stack, tuple of Finding
        With a claim for every fact, and notes on what could not be used or was joined.
    """
    join = _Join(records, catalogue)
    stack = join.stack()
    return replace(stack, home=home, trusted=trusted), tuple(join.findings)


def join_providers(stack: Stack, catalogue: Catalogue) -> Stack:
    """Give providers that a table named the facts of the catalogue's row with the same identifier or name.

    What the table states stands; what it leaves blank comes from the catalogue, with the owners above.
    """
    matcher = matcher_of(catalogue)
    by_lei = {row.lei: row.id for row in catalogue.providers() if row.lei}
    ids: dict[str, str] = {}
    for provider in stack.providers:
        match = matcher.match_name(provider.name or provider.id, "provider")
        found = by_lei.get(provider.lei or "") or (match.id if match is not None else None)
        if found is not None and found not in ids.values():
            ids[provider.id] = found
    made: dict[str, Provider] = {}
    claims: list[Claim] = []
    for provider in stack.providers:
        row = catalogue.provider(ids.get(provider.id, ""))
        owner = provider.owner
        if isinstance(owner, tuple):
            owner = tuple(replace(one, id=ids.get(one.id, one.id)) for one in owner)
        if row is None:
            made[provider.id] = replace(provider, owner=owner)
            continue
        made[row.id] = Provider(
            row.id, provider.name or row.name, provider.country or row.country, owner or row.owner, provider.type or row.type,
            provider.lei or row.lei, provider.wikidata or row.wikidata,
        )  # fmt: skip
        claims += catalogue.claims_for("provider", row.id, row.id)
    _add_owners(made, catalogue, claims)

    def renamed(claim: Claim) -> Claim:
        id_ = ids.get(claim.id, claim.id) if claim.table == "providers" else claim.id
        value = ids.get(claim.value, claim.value) if claim.attribute in ("provider", "owner") else claim.value
        return replace(claim, id=id_, value=value)

    return replace(
        stack,
        providers=tuple(made.values()),
        sources=tuple(
            replace(one, provider=ids.get(one.provider, one.provider)) if isinstance(one.provider, str) else one
            for one in stack.sources
        ),
        claims=tuple(dict.fromkeys([*map(renamed, stack.claims), *claims])),
    )


def _add_owners(made: dict[str, Provider], catalogue: Catalogue, claims: list[Claim]) -> None:
    """Add the rows of owners above that are not there yet."""
    waiting = list(made.values())
    while waiting:
        provider = waiting.pop()
        for owner in provider.owner if isinstance(provider.owner, tuple) else ():
            if owner.id in made or owner.id == "self":
                continue
            row = catalogue.provider(owner.id) or Provider(owner.id)
            made[owner.id] = row
            claims += catalogue.claims_for("provider", owner.id, owner.id)
            waiting.append(row)


class _Join:
    def __init__(self, records: Records, catalogue: Catalogue) -> None:
        self._records, self._catalogue, self._matcher = records, catalogue, matcher_of(catalogue)
        self._names_providers = any(column.meaning == "provider" for column in records.columns)
        self._items: dict[str, Item] = {}
        self._sources: dict[str, Source] = {}
        self._needs: dict[tuple[str, str], Need] = {}
        self._providers: dict[str, Provider] = {}
        self._claims: list[Claim] = []
        self._strange: dict[str, list[Evidence]] = {}
        self._updates: dict[str, int] = {}
        self._spares: dict[str, int] = {}
        self._models: dict[str, str] = {}
        self._holders: dict[str, str | None] = {}
        self.findings: list[Finding] = []

    def stack(self) -> Stack:
        ids = self._rows()
        by_name = {name.casefold(): id_ for id_, record in ids.items() if (name := record.values.get("name"))}
        for id_, record in ids.items():
            self._add_row(id_, record, by_name)
        self._tell_what_is_not_known()
        self._add_change()
        return join_providers(
            Stack(
                self._records.name, None, (), self._catalogue.edition or None, tuple(self._items.values()),
                tuple(self._providers.values()), tuple(self._sources.values()), tuple(self._needs.values()),
                tuple(dict.fromkeys(self._claims)),
            ),
            self._catalogue,
        )  # fmt: skip

    def _rows(self) -> dict[str, Record]:
        """Rows by id; of rows with one id the first stands, what it leaves blank comes from the later ones."""
        found: dict[str, Record] = {}
        joined: dict[str, int] = {}
        for record in self._records.records:
            values = record.values
            stated = values.get("id")
            id_ = stated if stated and re.fullmatch(r'[^\s;,"]{1,200}', stated) else _slug(values.get("name") or stated or "")
            if id_ in found:
                joined[id_] = joined.get(id_, 0) + 1
                found[id_] = Record({**values, **found[id_].values}, found[id_].evidence)
            else:
                found[id_] = record
        for id_, count in list(joined.items())[:20]:
            problem = f"{count + 1} rows have the id '{id_}' and were joined into one"
            mend = "Give each thing a name or an id of its own if they are several"
            self._note(found[id_].evidence, problem, mend)
        return found

    def _note(self, where: Evidence, problem: str, mend: str, column: str = "") -> None:
        self.findings.append(Finding(where.file, where.line, column, problem, mend, "note"))

    def _claim(self, table: str, row: str, attribute: str, value: str, where: Evidence) -> None:
        self._claims.append(Claim(table, row, attribute, value, str(where)))

    def _tell_what_is_not_known(self) -> None:
        """Each place that is no country once, and how many things nobody is known to provide."""
        for place, lines in self._strange.items():
            more = f" ({len(lines)} rows say so)" if len(lines) > 1 else ""
            problem = f"'{place}' is no country that is known{more}"
            self._note(lines[0], problem, "Write the country, such as DE or Germany", "location")
        count = sum(source.provider is UNKNOWN for source in self._sources.values())
        if count and not self._names_providers:
            problem = f"no column says who provides: of {count} of {len(self._items)} things it is not known"
            where = Evidence(self._records.records[0].evidence.file)
            self._note(where, problem, "Say which column does: freehold import with --map COLUMN=provider")

    # One row

    def _add_row(self, id_: str, record: Record, by_name: Mapping[str, str]) -> None:
        values, where = record.values, record.evidence
        kind = self._kind(values, where)
        name = values.get("name") or id_
        title = f"{name} {values['version']}" if values.get("version") else name
        mission = self._mission(values, where)
        tags = tuple(dict.fromkeys(_slug(part) for part in _parts(values.get("tags")))) or None
        self._items[id_] = Item(id_, title, kind, mission, tags=tags)
        self._claim("items", id_, "name", title, where)
        match = self._matcher.match_purl(id_) if id_.startswith("pkg:") else None
        provider = self._provider(values.get("provider"), values, where)
        licence = values.get("licence") or (match.licence if match else None)
        maker = values.get("maker")
        if provider is None and maker and kind in ("service", "cloud", "model", "data", "registry"):
            # nobody runs a service but who offers it
            provider, maker = self._provider(maker, values, where), None
        if provider is None and match is not None and match.provider and not (licence and is_open(licence)):
            provider = self._known(match.provider)
        by = provider or ("self" if self._is_own(kind, values) else UNKNOWN)
        source = f"{id_}@{'?' if by is UNKNOWN else by}"
        self._sources[source] = Source(
            source, id_, by, self._places(values, where), licence=licence, recover=self._days(values, where),
            cost_once=self._money(values, "cost_once", where), cost_year=self._money(values, "cost_year", where),
            currency=_currency(values.get("currency")),
        )  # fmt: skip
        if by is not UNKNOWN:
            self._claim("sources", source, "provider", by, where)
        if values.get("location"):
            self._claim("sources", source, "location", values["location"], where)
        if provider is None and maker:
            self._add_maker(kind, maker, values, where)
        for meaning, part_kind, role, cover in _PARTS:
            for part in _parts(values.get(meaning)):
                self._add_part(source, part, part_kind, role, cover, where)
        for needed in _parts(values.get("needs")):
            other = by_name.get(needed.casefold()) or (needed if needed in self._items else None)
            if other is None:
                self._add_part(source, needed, "software", "input", "service", where)
            elif other != id_:
                self._need(source, other, "input", None, where)
        for alternative in _parts(values.get("alternative")):
            other = self._provider(alternative, {}, where)
            if other is not None and other != provider:
                key = f"{id_}@{other}"
                self._sources[key] = Source(key, id_, other, status="candidate")
                self._claim("sources", key, "provider", other, where)

    def _is_own(self, kind: str, values: Mapping[str, str]) -> bool:
        """Whether a row without a provider is the organisation's own: its table could have named one, or its cells say so."""
        return self._names_providers or kind in _DEVICES or not _OWN.isdisjoint(values)

    def _kind(self, values: Mapping[str, str], where: Evidence) -> str:
        word = (values.get("kind") or "").casefold().strip()
        if word in KINDS:
            return word
        if word in _KINDS:
            return _KINDS[word]
        if word:
            for known, kind in _KIND_WORDS:
                if known.search(word):
                    return kind
            mend = f"Write one of {', '.join(KINDS)}"
            self._note(where, f"'{word}' is no layer; it was told by the other columns", mend, "kind")
        if values.get("needs.chip") or values.get("needs.hardware"):
            return "hardware"
        if values.get("needs.os"):
            return "hardware" if not values.get("needs.cloud") else "cloud"
        return "service" if values.get("provider") and not values.get("maker") else "software"

    def _mission(self, values: Mapping[str, str], where: Evidence) -> float | None:
        text = (values.get("mission") or "").strip()
        if not text:
            return None
        word = text.casefold()
        if word in _MISSION:
            return _MISSION[word]
        number = _number(text)
        if number is not None and number >= 0:
            return number
        first = next((weight for known, weight in _MISSION_WORDS if known.search(word)), None)
        if first is None:
            self._note(
                where, f"'{text[:80]}' says no importance, and counts as none", "Write a number or high, medium, low", "mission"
            )
        return first

    def _places(self, values: Mapping[str, str], where: Evidence) -> Maybe[tuple[str, ...]]:
        found = []
        for part in _parts(values.get("location")):
            tail = part.rpartition(",")[2]
            code = country_code(part) or country_code(tail)
            if code is None:
                self._strange.setdefault(part[:80], []).append(where)
                continue
            found.append(code)
        if values.get("location") and not found:
            return UNKNOWN
        return tuple(dict.fromkeys(found)) or None

    def _days(self, values: Mapping[str, str], where: Evidence) -> float | None:
        text = values.get("recover")
        if not text:
            return None
        try:
            return parse_days(re.sub(r"\s*(days?|tage?|jours?|d)\s*$", "d", text.strip().casefold()).replace(" ", ""))
        except ValueError:
            self._note(where, f"'{text[:80]}' is no length of time", "Write 30d, 2w, 6mo or 1y", "recover")
            return None

    def _money(self, values: Mapping[str, str], meaning: str, where: Evidence) -> float | None:
        text = values.get(meaning)
        if not text:
            return None
        number = _number(text)
        if number is None or number < 0:
            self._note(where, f"'{text[:80]}' is no sum of money", "Write a number", meaning)
            return None
        return number

    # Providers and parts

    def _provider(self, name: str | None, values: Mapping[str, str], where: Evidence) -> str | None:
        """The id of a provider by its name, made if it is new; ``None`` for the organisation itself."""
        text = (name or "").strip()
        if not text or text.casefold() in _OURSELVES:
            return None
        match = self._matcher.match_name(text)
        if match is not None and match.table == "product" and match.provider:
            match = self._matcher.match_name(match.provider, "provider") or match
        id_ = match.id if match is not None and match.table == "provider" else _slug(text)
        country = country_code(values["provider.country"]) if values.get("provider.country") else None
        if values.get("provider.country") and country is None:
            mend = "Write the country, such as DE or Germany"
            self._note(where, f"'{values['provider.country'][:80]}' is no country that is known", mend, "provider.country")
        parent = self._provider(values.get("provider.owner"), {}, where)
        owner = (Owner(parent),) if parent is not None and parent != id_ else None
        held = self._providers.get(id_, Provider(id_, text if match is None or match.table != "provider" else None))
        self._providers[id_] = replace(
            held, country=held.country or country, owner=held.owner or owner, lei=held.lei or values.get("provider.lei")
        )
        if country:
            self._claim("providers", id_, "country", country, where)
        if owner:
            self._claim("providers", id_, "owner", owner[0].id, where)
        return id_

    def _known(self, id_: str) -> str:
        self._providers.setdefault(id_, Provider(id_))
        return id_

    def _add_maker(self, kind: str, maker: str, values: Mapping[str, str], where: Evidence) -> None:
        """What the organisation runs itself, and somebody else has made: it runs on; who made it is needed for its change."""
        provider = self._provider(maker, values, where)
        if provider is None:
            return
        counts = self._spares if kind in _DEVICES else self._updates
        counts[provider] = counts.get(provider, 0) + 1
        if kind in _DEVICES and values.get("needs.hardware"):
            for model in _parts(values["needs.hardware"]):
                item = f"{_slug(maker)}-{_slug(model)}"
                self._make_part(item, f"{maker} {model}", "hardware", provider, None, where)
                self._models[_slug(model)] = item

    def _add_part(self, source: str, part: str, kind: str, role: str, cover: str, where: Evidence) -> None:
        match = self._matcher.match_name(part, "product")
        match = match or self._matcher.match_name(_VERSION.sub("", part), "product")
        product = self._catalogue.product(match.id) if match is not None else None
        made = self._models.get(_slug(part)) if kind == "hardware" else None
        item = made or (match.id if match is not None else _slug(part))
        if item not in self._items:
            known = match.provider if match is not None else self._guessed(part)
            layer = (product.kind if product else None) or kind
            self._make_part(item, part, layer, known, product.licence if product else None, where)

        if (source, item) not in self._needs:
            self._need(source, item, role, cover, where)
        steward = (match.provider if match is not None else self._holders.get(item)) or _NOBODY_KNOWN
        if steward != "self" and cover != "service":
            counts = self._spares if cover == "installed-device" else self._updates
            counts[steward] = counts.get(steward, 0) + 1
            if steward != _NOBODY_KNOWN:
                self._known(steward)

    def _guessed(self, part: str) -> str | None:
        """The provider whose whole name, or a product's, begins a part's: ``Dell`` of ``Dell PowerEdge R740``."""
        words = part.split()
        for length in range(min(len(words), 3), 0, -1):
            begin = " ".join(words[:length])
            match = self._matcher.match_name(begin, "provider")
            if match is not None:
                return match.id
            product = self._matcher.match_name(begin, "product")
            if product is not None and product.provider is not None:
                return product.provider
        return None

    def _make_part(self, item: str, name: str, kind: str, provider: str | None, licence: str | None, where: Evidence) -> None:
        if item in self._items:
            return
        self._items[item] = Item(item, name, kind)
        held = kind in ("os", "software", "framework") and licence is not None and is_open(licence)
        source = f"{item}@{'self' if held else provider or '?'}"
        self._sources[source] = Source(source, item, "self" if held else provider, licence=licence)
        self._holders[item] = provider
        if provider is not None:
            self._known(provider)
        self._claim("items", item, "name", name, where)
        if held:
            self._claims.append(Claim("sources", source, "provider", "self", f"own copy, held under {licence}"))

    def _need(self, source: str, item: str, role: str, cover: str | None, where: Evidence) -> None:
        survive = default(cover, "survive") if cover is not None else None
        need = Need(source, item, role, survive=survive.days if survive is not None else None)
        self._needs[source, item] = need
        self._claim("needs", need.id, "item", item, where)
        if survive is not None:
            self._claims.append(survive.claim("needs", need.id))

    def _called(self, provider: str) -> str:
        if provider == _NOBODY_KNOWN:
            return say("records.nobody_known")
        row = self._catalogue.provider(provider)
        return (row.name if row else None) or self._providers[provider].name or provider

    # Change

    def _add_change(self) -> None:
        """One item for keeping all of it patched and in repair: an equal part of it rests on each thing's maker."""
        total = sum(self._updates.values()) + sum(self._spares.values())
        if not total:
            return
        change = _slug(self._records.name) + CHANGE
        self._items[change] = Item(change, say("resolve.change", name=self._records.name), "application", 0.0)
        source = f"{change}@self"
        self._sources[source] = Source(source, change, "self")
        for kind, counts, sentence, item_kind in (
            ("updates", self._updates, "records.updates", "platform"), ("spares", self._spares, "records.spares", "hardware"),
        ):  # fmt: skip
            for provider, count in counts.items():
                item = f"{kind}:{provider}"
                title = say(f"{sentence}_{'one' if count == 1 else 'many'}", provider=self._called(provider), count=count)
                self._items[item] = Item(item, title, item_kind)
                by = UNKNOWN if provider == _NOBODY_KNOWN else provider
                self._sources[f"{item}@{provider}"] = Source(f"{item}@{provider}", item, by)
                cover = default(kind, "survive")
                need = Need(source, item, "update-channel", count / total, survive=cover.days)
                self._needs[source, item] = need
                weight = default(kind, "weight").claim("needs", need.id, f"{count / total:.6g}")
                self._claims += [cover.claim("needs", need.id), weight]


def _parts(text: str | None) -> Iterable[str]:
    return [part for one in re.split(r"[;\n|]", text or "") if (part := one.strip())]


def _slug(text: str) -> str:
    return re.sub(r"[^\w.]+", "-", text.casefold()).strip("-.")[:_LONGEST_ID] or "unnamed"


def _currency(text: str | None) -> str | None:
    signs = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
    word = (text or "").strip()
    return signs.get(word) or (word.upper() if re.fullmatch(r"[A-Za-z]{3}", word) else None)


def _number(text: str) -> float | None:
    """A number as people write it: ``1.234,50``, ``1,234.50``, ``1 234``; signs of currency do not matter."""
    match = _NUMBER.search(text)
    if match is None or len(text) > 60:
        return None
    digits = match[0].replace(" ", "").replace("'", "")
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma > point:
        whole = digits.count(",") > 1 or (point < 0 and len(digits) - comma == 4)
        digits = digits.replace(".", "").replace(",", "" if whole else ".")
    elif point >= 0:
        whole = digits.count(".") > 1 or (comma >= 0 and digits.count(".") > 1)
        digits = digits.replace(",", "").replace(".", "" if whole else ".")
    try:
        return float(digits)
    except ValueError:
        return None
