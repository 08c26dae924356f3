"""From what was found to who controls it. Owns the join of an inventory with the catalogue to a stack.

A thing that is read becomes two items: ``X``, *it runs* (mission 1), and ``X:change``, *it can be built, patched and
redeployed*. Installed code under an open licence is held: its in-use source is the organisation's own copy; its
steward's hand is on its updates, which only change needs. What else is met at run time (services, models) is a need
of ``X``; forge, CI, registries, update channels and tools are needs of ``X:change``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from freehold.catalogue.defaults import default
from freehold.catalogue.facts import Catalogue
from freehold.catalogue.hosting import Hosting, hostings
from freehold.catalogue.hosts import to_forward
from freehold.catalogue.match import Match, matcher_of
from freehold.catalogue.open_licences import is_open
from freehold.catalogue.values import Product
from freehold.stack.inventory import Component, Contact, Evidence, Inventory
from freehold.stack.schema import CHANGE
from freehold.stack.values import Claim, Item, Need, Owner, Provider, Source, Stack
from freehold.words import say

__all__ = ["resolve", "with_providers"]

_MOST_EVIDENCE = 3
_MOST_SORTS = 20
_GROUPED_FROM = 20
_RUNTIMES = {"node": "nodejs"}
_DEVICES = ("hardware", "chip", "network", "equipment")
_RUNS = ("run", "optional")
_SHARED = ("mail", "certificate", "resolver", "time")
_CHANGES = ("forge", "ci", "registry", "image-registry", "update-channel", "state")


def resolve(inventory: Inventory, catalogue: Catalogue, home: str | None = None, trusted: tuple[str, ...] = ()) -> Stack:
    """Join an inventory with the catalogue.

    Parameters
    ----------
    inventory
        What a reader found.
    catalogue
        Who controls what.
    home, trusted
        Whose stack it is.

    Returns
    -------
    Stack
        With a claim for every fact: a file and line, a row of the catalogue, or a default with its reason.
    """
    return _Join(inventory, catalogue, home, trusted).stack()


def with_providers(stack: Stack, catalogue: Catalogue) -> Stack:
    """Add the catalogue's claims about the providers that a stack took from it."""
    own = {claim.id for claim in stack.claims if claim.table == "providers"}
    claims = [
        claim
        for provider in stack.providers
        if provider.id not in own and catalogue.provider(provider.id) == provider
        for claim in catalogue.claims_for("provider", provider.id, provider.id)
    ]
    return replace(stack, claims=(*stack.claims, *claims))


def _roots(components: Sequence[Component]) -> frozenset[str]:
    """Components that the thing read rests on itself: named by it, or reached from nothing else that is.

    An inventory that joins sources may hold a graph of some of its components only; the others must not drop out.
    """
    parts = {component.id: component for component in components}
    roots: dict[str, None] = {component.id: None for component in components if component.direct}
    needed = {other for component in components for other in component.depends if other != component.id}
    roots.update((id_, None) for id_ in parts if id_ not in needed)
    reached: set[str] = set()
    # what is left over after the roots are circles that nothing leads into: the first of each stands for it
    for start in (*roots, *parts):
        if start in reached:
            continue
        roots[start] = None
        waiting = [start]
        while waiting:
            id_ = waiting.pop()
            if id_ not in reached:
                reached.add(id_)
                waiting += [other for other in parts[id_].depends if other in parts]
    return frozenset(roots)


class _Join:
    def __init__(self, inventory: Inventory, catalogue: Catalogue, home: str | None, trusted: tuple[str, ...]) -> None:
        self._inventory, self._catalogue, self._matcher = inventory, catalogue, matcher_of(catalogue)
        self._home, self._trusted = home, trusted
        self._items: dict[str, Item] = {}
        self._sources: dict[str, Source] = {}
        self._needs: dict[tuple[str, str], Need] = {}
        self._suppliers: dict[str, Provider] = {}
        self._claims: list[Claim] = list(inventory.claims)
        self._id = re.sub(r"[^\w.\-]+", "-", inventory.name.lower(), flags=re.ASCII).strip("-") or "project"
        taken = {component.id for component in inventory.components}
        while not taken.isdisjoint((self._id, self._id + CHANGE)):
            # an inventory may be about one thing that it lists, such as a model: what one rests on, and its use, are two
            self._id += "-in-use"

    def stack(self) -> Stack:
        run, change = self._id, self._id + CHANGE
        name, reader = self._inventory.name, self._inventory.reader
        self._items[run] = Item(run, say("resolve.runs", name=name), "application", mission=1.0)
        self._items[change] = Item(change, say("resolve.change", name=name), "application", mission=0.0)
        for item in (run, change):
            self._add_source(item, "self", licence=self._inventory.licence if item == run else None)
            self._claim("items", item, "id", name, f"{reader}: {name}")
        matches = self._add_components(run, change)
        self._add_hosting(run, matches)
        self._add_services(run)
        self._add_contacts(change)
        providers = self._providers()
        for provider in providers:
            self._claims += self._catalogue.claims_for("provider", provider.id, provider.id)
        return Stack(
            self._inventory.name, self._home, self._trusted, self._catalogue.edition or None,
            tuple(self._items.values()), providers, tuple(self._sources.values()), tuple(self._needs.values()),
            tuple(dict.fromkeys(self._claims)),
        )  # fmt: skip

    # Rows and their claims

    def _claim(self, table: str, row: str, attribute: str, value: str, source: str, confidence: float = 1.0) -> None:
        self._claims.append(Claim(table, row, attribute, value, source, None, confidence))

    def _seen(self, table: str, row: str, attribute: str, value: str, evidence: tuple[Evidence, ...]) -> None:
        for one in evidence[:_MOST_EVIDENCE]:
            self._claim(table, row, attribute, value, str(one))

    def _add_source(self, item: str, provider: str | None, licence: str | None = None, product: Product | None = None) -> str:
        id_ = f"{item}@{provider or '?'}"
        location, origin = (product.location or None, product.origin or None) if product is not None else (None, None)
        self._sources[id_] = Source(id_, item, provider, location, origin, licence=licence)
        return id_

    def _need(self, user: str, item: str, role: str, kind: str, weight: float | None = None, weight_kind: str = "") -> None:
        if (user, item) in self._needs:
            return
        cover = default(kind, "survive")
        need = Need(user, item, role, weight, survive=cover.days)
        self._needs[user, item] = need
        self._claims.append(cover.claim("needs", need.id))
        if weight is not None:
            self._claims.append(default(weight_kind, "weight").claim("needs", need.id, f"{weight:.6g}"))

    def _matched(self, source: str, match: Match | None, provider: str) -> None:
        if match is None:
            return
        said = f"catalogue match by {match.rule}: {match.table} {match.id}"
        self._claim("sources", source, "provider", provider, said, match.confidence)
        self._claims += [claim for claim in self._matcher.claims_for(match, source) if claim.table == "sources"]

    def _providers(self) -> tuple[Provider, ...]:
        found: dict[str, Provider] = {}
        waiting = [source.provider for source in self._sources.values() if isinstance(source.provider, str)]
        while waiting:
            wanted = waiting.pop(0)
            if wanted in found or wanted == "self":
                continue
            found[wanted] = self._catalogue.provider(wanted) or self._suppliers.get(wanted) or Provider(wanted)
            owners = found[wanted].owner
            waiting += [one.id for one in owners if isinstance(one, Owner)] if isinstance(owners, tuple) else []
        return tuple(found.values())

    # Components

    def _add_components(self, run: str, change: str) -> dict[str, Match | None]:
        components = [component for component in self._inventory.components if component.id not in self._items]
        matches = {component.id: self._match(component) for component in components}
        present = {component.id for component in components}
        named = _roots([component for component in components if component.scope == "run" and component.kind != "model"])
        for component in components:
            source = self._add_component(component, matches[component.id])
            if component.kind == "model":
                continue
            if component.scope in _RUNS:
                role, kind = ("runtime", "image") if component.kind == "platform" else ("part", "installed-code")
                kind = "installed-device" if component.kind in _DEVICES else kind
                if component.kind == "cloud":
                    role, kind = "host", "service"
                if component.id in named:
                    self._need(f"{run}@self", component.id, role, kind)
                for needed in component.depends:
                    if needed in present and needed != component.id:
                        self._need(source, needed, "part", "installed-code")
        kept_up = [c for c in components if c.scope in _RUNS and c.kind not in (*_DEVICES, "model", "cloud")]
        self._add_updates(change, kept_up, matches)
        devices = [c for c in components if c.scope in _RUNS and c.kind in _DEVICES]
        for device in devices:
            self._need(f"{change}@self", device.id, "part", "spares", 1 / len(devices), "spares")
        tools = [component for component in components if component.scope not in _RUNS and component.kind != "model"]
        tools = [tool for tool in tools if tool.direct] or tools
        for tool in tools:
            weight = float(default("tools", "weight").value) / len(tools)
            self._need(f"{change}@self", tool.id, "tool", "tool", weight, "tools")
        self._add_registries(change, components, matches)
        for language in self._inventory.languages:
            name = _RUNTIMES.get(language, language)
            match = self._matcher.match_name(name, "product")
            item = self._add_product(name, match, name, "software", installed=True)
            self._need(f"{run}@self", item, "runtime", "runtime")
        for toolchain in self._inventory.toolchains:
            match = self._matcher.match_name(toolchain, "product")
            item = self._add_product(toolchain, match, toolchain, "platform")
            self._need(f"{change}@self", item, "tool", "tool")
        return matches

    def _match(self, component: Component) -> Match | None:
        matcher = self._matcher
        if component.provides and component.kind == "model":
            named = matcher.match_model(component.provides)
            if named is not None:
                return named
        elif component.provides and not component.id.startswith("pkg:"):
            named = matcher.match_name(component.provides, "product") or matcher.match_name(component.name, "product")
            if named is not None:
                return named
        match = matcher.match_purl(component.id) if component.id.startswith("pkg:") else None
        if (match is None or match.provider is None) and component.repository:
            forge = matcher.match_repository(component.repository)
            if forge is not None and forge.table == "package" and forge.provider is not None:
                registry = None if match is None else match.registry
                match = replace(forge, registry=registry, licence=None if match is None else match.licence)
        if match is None and component.kind in _DEVICES:
            match = matcher.match_name(component.name, "product")
        if component.supplier and (match is None or (match.provider is None and match.rule == "type")):
            supplier = matcher.match_name(component.supplier, "provider")
            if supplier is not None:
                match = replace(supplier, registry=None if match is None else match.registry)
        return match

    def _add_component(self, component: Component, match: Match | None) -> str:
        licence = component.licence or (match.licence if match else None)
        kind = component.kind or (match.kind if match else None) or "software"
        provider = match.provider if match else None
        open_copy = licence is not None and is_open(licence) and component.kind not in ("model", "service", "hardware")
        title = f"{component.name} {_short(component.version)}" if component.version else component.name
        self._items[component.id] = Item(component.id, title, kind)
        self._seen("items", component.id, "id", component.id, component.evidence)
        named = self._supplier(component) if provider is None and not open_copy else None
        device = match.product if match is not None and match.table == "product" else None
        product = self._catalogue.product(device) if device is not None else None
        source = self._add_source(component.id, "self" if open_copy else provider or named, licence, product)
        if named is not None:
            self._seen("sources", source, "provider", component.supplier or named, component.evidence[:1])
        if component.licence:
            self._seen("sources", source, "licence", component.licence, component.evidence[:1])
        if open_copy:
            self._claim("sources", source, "provider", "self", f"own copy, held under {licence}")
        if match is not None and not open_copy and provider is not None:
            self._matched(source, match, provider)
        elif match is not None and match.licence and not component.licence:
            claims = self._matcher.claims_for(match, source)
            self._claims += [claim for claim in claims if claim.table == "sources" and claim.attribute == "licence"]
        return source

    def _supplier(self, component: Component) -> str | None:
        """Who supplies it by the inventory's own word: a provider of whom only the name is known."""
        if component.supplier is None:
            return None
        id_ = "supplier:" + re.sub(r"[\W_]+", "-", component.supplier.lower()).strip("-")
        self._suppliers[id_] = Provider(id_, component.supplier)
        return id_

    def _add_updates(self, change: str, parts: list[Component], matches: dict[str, Match | None]) -> None:
        """Who keeps the parts up to date: one item a steward, weighed by how many parts it stands behind."""
        stewards: dict[str, list[Component]] = {}
        unknown: dict[str, list[Component]] = {}
        for part in parts:
            match = matches[part.id]
            steward = match.provider if match is not None and match.provider else self._supplier(part)
            if steward is not None:
                stewards.setdefault(steward, []).append(part)
            else:
                unknown.setdefault(part.id.partition("/")[0].removeprefix("pkg:"), []).append(part)
        for steward, kept in stewards.items():
            shown = say("resolve.updates_from", count=len(kept), steward=self._named(steward))
            source = self._add_update(change, f"updates:{steward}", shown, steward, kept, len(parts))
            for part in kept:
                if steward in self._suppliers:
                    self._seen("sources", source, "provider", self._suppliers[steward].name or steward, part.evidence[:1])
                else:
                    self._matched(source, matches[part.id], steward)
        for type_, kept in unknown.items():
            if len(kept) > _GROUPED_FROM:
                shown = say("resolve.updates_unknown", count=len(kept), type=type_)
                self._add_update(change, f"updates:{type_}?", shown, None, kept, len(parts))
                continue
            for part in kept:
                shown = say("resolve.updates_of", part=part.name)
                self._add_update(change, f"updates:{part.id}", shown, None, [part], len(parts))

    def _add_update(self, change: str, item: str, shown: str, steward: str | None, kept: list[Component], of: int) -> str:
        while item in self._items:
            item += "'"
        self._items[item] = Item(item, shown, "platform")
        for part in kept:
            self._seen("items", item, "name", part.id, part.evidence[:1])
        self._need(f"{change}@self", item, "update-channel", "updates", len(kept) / of, "updates")
        return self._add_source(item, steward)

    def _add_registries(self, change: str, components: list[Component], matches: dict[str, Match | None]) -> None:
        counts: Counter[tuple[str, Match | None]] = Counter()
        first: dict[str, Component] = {}
        pulled: list[tuple[str, str]] = []
        for component in components:
            found = matches[component.id]
            point = self._matcher.match_host(component.registry, "reverse") if component.registry else None
            if component.registry and (point is not None or self._inventory.reader == "project"):
                key, match = f"host:{component.registry}", point
                key = (match.product or match.id) if match else key
            elif found is not None and found.registry:
                key, match = found.registry, self._matcher.match_name(found.registry, "product")
            elif component.id.startswith("pkg:"):
                key = component.id.removeprefix("pkg:").partition("/")[0]
                type_ = self._matcher.match_purl(f"pkg:{key}/x")
                match = None if type_ is None or not type_.registry else self._matcher.match_name(type_.registry, "product")
                if match is None:
                    continue
            else:
                continue
            counts[key, match] += 1
            first.setdefault(key, component)
            if component.kind == "platform" and component.registry and component.scope in _RUNS:
                pulled.append((component.id, key))
        for (key, match), _ in counts.most_common():
            item = self._add_product(key, match, _as_written(key.removeprefix("host:")), "registry")
            self._seen("items", item, "id", item, first[key].evidence[:1])
            kind = "image-registry" if first[key].kind == "platform" else "registry"
            self._need(f"{change}@self", item, "registry", kind)
        sources = {source.item: source.id for source in self._sources.values()}
        for image, registry in pulled:
            self._need(sources[image], registry, "registry", "pull")

    # Where it runs

    def _add_hosting(self, run: str, matches: dict[str, Match | None]) -> None:
        """Clouds and other services that keep what is declared: each weighs as much as it holds of it."""
        found = hostings(self._inventory.components, matches, self._matcher)
        total = sum(hosting.resources.total() for hosting in found)
        for hosting in found:
            name = say("hosting.unknown", client=hosting.name)
            item = self._add_product(hosting.key, hosting.match, name, "cloud")
            self._placed(item, hosting)
            self._need(f"{run}@self", item, "host", "service", hosting.resources.total() / total, "hosting")
            for line in self._declared(hosting):
                self._claim("needs", self._needs[f"{run}@self", item].id, "item", item, line)

    def _declared(self, hosting: Hosting) -> list[str]:
        """What is kept there, a line for each sort of resource, the commonest first."""
        where = str(hosting.evidence[0]) if hosting.evidence else self._inventory.reader
        ranked = sorted(hosting.resources.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_SORTS]
        return [say("hosting.resources", where=where, service=service, count=count) for service, count in ranked]

    def _placed(self, item: str, hosting: Hosting) -> None:
        """The countries of the regions that are named, where the catalogue knows all of them."""
        places = hosting.places(self._catalogue)
        countries = sorted({country for place in places for country in place.location})
        if not countries:
            return
        row = next(source for source in self._sources.values() if source.item == item)
        self._sources[row.id] = replace(row, location=tuple(countries))
        for place in places:
            self._claims += self._catalogue.claims_for("product", place.id, row.id, "sources", "location")

    # Contacts

    def _add_services(self, run: str) -> None:
        """Outside services and hosted models: each an equal part of what runs, the code itself one more."""
        met: dict[str, tuple[str, str]] = {}
        for contact in self._inventory.contacts:
            if contact.scope == "run" and contact.role in ("service", "model-api"):
                item = self._add_contact(contact, "service")
                met[item] = ("service", contact.role)
        for platform in self._inventory.platforms:
            by_word = "." not in platform.host
            match = (
                self._matcher.match_name(platform.host, "product")
                if by_word
                else self._matcher.match_host(platform.host, "reverse")
            )
            cloud = self._catalogue.product(match.product) if match is not None and match.product else None
            if cloud is not None and cloud.kind == "cloud":
                item = self._add_product(cloud.id, match, cloud.id, "cloud")
                self._seen("items", item, "id", item, platform.evidence)
                met[item] = ("host", "service")
        for component in self._inventory.components:
            if component.kind == "model" and component.scope in _RUNS:
                row = next(source for source in self._sources.values() if source.item == component.id)
                held = isinstance(row.licence, str) and is_open(row.licence)
                # weights whose distribution point is recorded were downloaded; else the model is called where it is
                met[component.id] = ("input", "open-model" if held else "installed-code" if component.registry else "model-api")
        for shared in _SHARED:
            found = self._add_alternatives(run, shared, self._met(shared))
            if found is not None:
                met[found] = (shared, shared)
        for item, (role, kind) in met.items():
            self._need(f"{run}@self", item, role, kind, 1 / (len(met) + 1), "services")
        named = self._add_alternatives(run, "dns", self._met("dns"))
        if named is not None:
            self._need(f"{run}@self", named, "dns", "dns")
            self._need(f"{run}{CHANGE}@self", named, "dns", "dns")

    def _met(self, role: str) -> list[Contact]:
        return [contact for contact in self._inventory.contacts if contact.scope == "run" and contact.role == role]

    def _add_alternatives(self, run: str, role: str, contacts: list[Contact]) -> str | None:
        """One item for contacts of a role of which any will do: each provider is a source of it.

        The organisation is one too where something of its own stands beside them.
        """
        if not contacts:
            return None
        item = f"{run}:{role}"
        self._items[item] = Item(item, say(f"resolve.{role}", name=self._inventory.name), "service")
        if any(contact.optional and contact.scope == "run" for contact in contacts):
            self._add_source(item, "self")
        for contact in contacts:
            match = self._matcher.match_host(contact.host, "reverse")
            provider = match.provider if match else None
            source = f"{item}@{provider or 'host:' + contact.host}"
            if source not in self._sources:
                product = self._catalogue.product(match.product or match.id) if match else None
                self._sources[source] = Source(source, item, provider, (product.location or None) if product else None)
                if provider is not None:
                    self._matched(source, match, provider)
            self._seen("items", item, "id", contact.host, contact.evidence)
        return item

    def _add_contacts(self, change: str) -> None:
        mirrors = [one for one in self._inventory.contacts if one.role == "update-channel" and one.optional]
        mirrored = self._add_alternatives(change.removesuffix(CHANGE), "update-channel", mirrors)
        if mirrored is not None:
            self._need(f"{change}@self", mirrored, "update-channel", "updates")
        for contact in self._inventory.contacts:
            if contact not in mirrors and contact.role in _CHANGES:
                kind = contact.role if contact.role != "update-channel" else "updates"
                sort = "registry" if "registry" in contact.role else "cloud" if contact.role == "state" else "platform"
                item = self._add_contact(contact, sort)
                if contact.role == "ci":
                    item = self._ci_item(contact, item)
                self._need(f"{change}@self", item, contact.role, kind)

    def _ci_item(self, contact: Contact, forge: str) -> str:
        """A forge's CI is another thing than the forge: it stops on its own."""
        source = next(one for one in self._sources.values() if one.item == forge)
        item = f"{forge}:ci"
        if item not in self._items:
            self._items[item] = Item(item, say("resolve.ci", forge=self._items[forge].name), "platform")
            own = self._add_source(item, source.provider if isinstance(source.provider, str) else None)
            match = self._matcher.match_host(contact.host, "reverse")
            if match is not None and isinstance(source.provider, str):
                self._matched(own, match, source.provider)
        self._seen("items", item, "id", item, contact.evidence)
        return item

    def _add_contact(self, contact: Contact, kind: str) -> str:
        match = self._matcher.match_host(contact.host, "reverse")
        key = f"host:{contact.host}" if match is None else (match.product or match.provider or match.id)
        item = self._add_product(key, match, _as_written(contact.host), kind)
        self._seen("items", item, "id", item, contact.evidence)
        return item

    def _add_product(self, key: str, match: Match | None, name: str, kind: str, *, installed: bool = False) -> str:
        """An item for a product (or a provider's service, or an unknown host), with its one source.

        What is installed under an open licence is the organisation's own copy.
        """
        if key in self._items:
            return key
        product = self._catalogue.product(match.product or match.id) if match else None
        title = product.name if product and product.name else self._named(match.provider) if match and match.provider else name
        self._items[key] = Item(key, title, (product.kind if product else None) or kind)
        provider = match.provider if match else None
        licence = product.licence if product else None
        if installed and licence is not None and is_open(licence):
            source = self._add_source(key, "self", licence)
            self._claim("sources", source, "provider", "self", f"own copy, held under {licence}")
            self._claims += self._catalogue.claims_for("product", key, source, "sources", "licence")
            return key
        source = self._add_source(key, provider, licence, product)
        if match is not None and provider is not None:
            self._matched(source, match, provider)
        return key

    def _named(self, provider: str) -> str:
        row = self._catalogue.provider(provider) or self._suppliers.get(provider)
        return row.name if row is not None and row.name else provider


def _short(version: str) -> str:
    """A version as people tell them apart: the beginning of a digest is enough."""
    algorithm, colon, digits = version.partition(":")
    return f"{algorithm}:{digits[:12]}" if colon and len(digits) > 12 else version


def _as_written(host: str) -> str:
    """A host that the catalogue does not know, as people write it; as it stands if it is none."""
    try:
        return to_forward(host)
    except ValueError:
        return host
