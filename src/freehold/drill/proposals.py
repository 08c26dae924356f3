"""What a drill says of the stack. Owns the step from contacts and a verdict to rows that are proposed, each with its evidence.

Pure: the same drill and stack, the same proposals; nothing is changed here. A void drill proposes nothing. A contact that the
stack does not have proposes a need; a landlord who was refused while the command went on, an alternative, if what served
instead was seen; a failure, that a need is essential and how long it is borne without. No claim is surer than the drill.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from freehold.catalogue.facts import Catalogue
from freehold.catalogue.hosts import is_address, to_reverse
from freehold.drill.attribution import STRONG_ROLES
from freehold.drill.contact import Contact
from freehold.drill.record import Attributed, Drill, Fallback, HostRole, LocalUse, Run
from freehold.drill.stack_hosts import StackHosts, in_use
from freehold.stack.durations import format_days
from freehold.stack.values import UNKNOWN, Claim, Item, Maybe, Need, Provider, Source, Stack
from freehold.words import say

__all__ = ["Change", "Kind", "Proposal", "Row", "proposals"]

Kind: TypeAlias = Literal["need", "delivery", "alternative", "essential", "cover"]
Row: TypeAlias = Item | Provider | Source | Need

_SURENESS: Final = {"strong": 0.9, "medium": 0.8, "weak": 0.4}
_NOBODY: Final = 0.6
_HOUR: Final = 3600.0
_DAY: Final = 86_400.0
_ROLES: Final = {"registry": "registry", "platform": "forge", "cloud": "host", "model": "input", "network": "host"}
_PASSED: Final = ("survived", "degraded")
_MOST_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class Change:
    """One cell of a row that the stack has.

    Parameters
    ----------
    table, id, column
        ``needs`` (``source > item``) or ``sources``.
    value
        What it is to be.
    """

    table: Literal["needs", "sources"]
    id: str
    column: str
    value: Maybe[float | str]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that a drill says of the stack.

    Parameters
    ----------
    id
        What it is about, and in which way: the same again when the same drill is looked at again.
    kind
        ``need``, ``delivery`` (a need of the host's own source), ``alternative``, ``essential`` or ``cover``.
    said
        In a sentence.
    because
        What it rests on.
    confidence
        How sure it is.
    added, changed
        Rows that the stack does not have, cells of those that it has.
    claims
        The evidence.
    """

    id: str
    kind: Kind
    said: str
    because: tuple[str, ...]
    confidence: float
    added: tuple[Row, ...] = ()
    changed: tuple[Change, ...] = ()
    claims: tuple[Claim, ...] = ()


def proposals(
    drill: Drill, stack: Stack, catalogue: Catalogue | None = None, *, item: str | None = None, record: str = ""
) -> tuple[Proposal, ...]:
    """What a drill proposes.

    Parameters
    ----------
    drill
        The drill.
    stack
        The stack.
    catalogue
        Gives products their names and layers, where it is at hand.
    item
        The item that the command stands for; the one that was predicted if it is not said.
    record
        How the record is called, for the claims; the digest of its command if it is not said.

    Returns
    -------
    tuple of Proposal
        Needs first; none of a void drill, and none if the item is not in the stack or has no source.
    """
    meant = item or (drill.prediction.item if drill.prediction is not None else None)
    if drill.verdict.name == "void" or meant is None or meant not in stack.item_by_id:
        return ()
    holder = next((one for one in _own_first(stack, meant) if one is not None), None)
    return () if holder is None else tuple(_Proposing(drill, stack, catalogue, meant, holder, record).all())


def _own_first(stack: Stack, item: str) -> Sequence[Source | None]:
    return sorted(in_use(stack.sources_of[item]), key=lambda one: one is None or one.provider != "self")


@dataclass(slots=True)
class _Group:
    """Contacts that come to one item."""

    key: str
    is_known: bool
    contacts: list[Attributed] = field(default_factory=list)

    @property
    def role(self) -> HostRole | None:
        """The surest hand of those without which the host is not reached, by itself."""
        roles = [role for one in self.contacts for role in one.roles if role.role in ("service", "platform")]
        return min(roles, key=lambda role: (role.role != "service", -_SURENESS[role.confidence]), default=None)

    @property
    def refused(self) -> list[Attributed]:
        return [one for one in self.contacts if one.contact.refused or (one.contact.because and one.contact.tries)]


class _Proposing:
    def __init__(self, drill: Drill, stack: Stack, catalogue: Catalogue | None, item: str, holder: Source, record: str) -> None:
        self._drill, self._stack, self._catalogue = drill, stack, catalogue
        self._item, self._holder = item, holder
        self._hosts = StackHosts(stack)
        day = drill.run.started[:10]
        self._day = day or None
        self._record = record or say("drill_evidence.record", digest=drill.digest[:12], day=day)
        self._groups = self._grouped()
        self._cone = self._needs_below()

    def all(self) -> Iterator[Proposal]:
        refused = [group for group in self._groups.values() if group.refused]
        culprit, sureness = self._culprit(refused) if self._drill.verdict.name == "failed" else (None, 0.0)
        for group in self._groups.values():
            if group.key not in self._cone and group.key != self._item:
                yield self._new_need(group, refused, culprit, sureness)
        for group in self._groups.values():
            yield from self._deliveries(group)
        if self._drill.verdict.name in _PASSED and len(refused) == 1:
            yield from self._alternatives(refused[0])
            yield from self._lasted(refused[0])
        if culprit is not None and culprit.key in self._cone:
            yield from self._essential(culprit, sureness)

    # What was contacted

    def _grouped(self) -> dict[str, _Group]:
        """Contacts outside of this machine that came to something, by the item of the stack that they are, or would be."""
        run, baseline = self._drill.run, self._drill.baseline
        stood_in = {one.what for one in self._drill.verdict.fallbacks if one.kind == "host"}
        felt = [one for one in run.contacts if one.contact.refused or one.contact.because]
        seen = [*baseline.contacts, *felt] if baseline is not None else [*felt, *run.contacts]
        found: dict[str, _Group] = {}
        for one in seen:
            contact = one.contact
            if contact.local or not contact.is_named or contact.transport == "udp" or contact.host in stood_in:
                continue
            if not (contact.bytes_down or contact.refused or contact.because):
                continue
            key, known = self._key(one)
            group = found.setdefault(key, _Group(key, known))
            if one not in group.contacts:
                group.contacts.append(one)
        return found

    def _key(self, one: Attributed) -> tuple[str, bool]:
        """Id of the item that a contact is, as a reader of projects would name it, and whether the stack has it."""
        reverse = _turned(one.contact.name)
        tied = self._hosts.tied(reverse)
        if tied:
            return tied[0].item.id, True
        role = next((role for role in one.roles if role.role == "service"), None)
        if role is None:
            return f"host:{reverse}", False
        for id_ in (role.product, role.provider):
            if id_ is not None and id_ in self._stack.item_by_id:
                return id_, True
        items = {item.id for item, _ in self._hosts.from_provider(role.provider)}
        if len(items) == 1:
            return next(iter(items)), True
        return role.product or role.provider or f"host:{reverse}", False

    def _needs_below(self) -> dict[str, tuple[Need, ...]]:
        """Items that the command's item rests on, each with the needs that lead to it."""
        found: dict[str, list[Need]] = {}
        waiting, seen = [self._item], {self._item}
        while waiting:
            for source in self._stack.sources_of.get(waiting.pop(0), ()):
                for need in self._stack.needs_of.get(source.id, ()):
                    found.setdefault(need.item, []).append(need)
                    if need.item not in seen:
                        seen.add(need.item)
                        waiting.append(need.item)
        return {item: tuple(needs) for item, needs in found.items()}

    def _meant(self, key: str) -> tuple[Need, ...]:
        """The needs that a drill of the item puts to the test: its own, else the nearest that leads to the other item."""
        items = self._stack.source_by_id
        needs = [need for need in self._cone.get(key, ()) if items[need.source].item != key]
        own = [need for need in needs if items[need.source].item == self._item]
        return tuple(own or needs[:1])

    # Needs

    def _new_need(self, group: _Group, refused: list[_Group], culprit: _Group | None, sureness: float) -> Proposal:
        role = group.role
        confidence = _NOBODY if role is None else _SURENESS[role.confidence]
        kind = self._kind(group)
        weight, why = self._weight(group, refused, culprit)
        need = Need(self._holder.id, group.key, _ROLES.get(kind or "", "service"), weight)
        rows: tuple[Row, ...] = (need,)
        claims = [self._claim("needs", need.id, "item", group.key, group.contacts, confidence)]
        if weight is not None:
            claims.append(
                self._claim("needs", need.id, "weight", f"{weight:g}", group.refused, min(confidence, sureness or 0.6))
            )
        if not group.is_known:
            item, source, told = self._new_item(group.key, role, kind, group.contacts[0].contact.name)
            met = [self._claim("items", item.id, "id", _turned(one.contact.name), [one], 1.0) for one in group.contacts]
            rows, claims = (item, source, need), [*met[:_MOST_SHOWN], *told, *claims]
        shown = say(
            "drill_evidence.propose_need", item=self._item, need=group.key, hosts=_hosts(group.contacts), provider=_named(role)
        )
        said = " ".join(part for part in (shown, why) if part)
        return Proposal(f"need:{group.key}", "need", said, self._lines(group.contacts), confidence, rows, (), tuple(claims))

    def _weight(self, group: _Group, refused: list[_Group], culprit: _Group | None) -> tuple[float | None, str]:
        """The weight that the drill shows, and a sentence on it; a need that was not tested is essential by default."""
        if culprit is not None and group.key == culprit.key:
            return 1.0, say("drill_evidence.weight_failed")
        if not any(group.key == one.key for one in refused):
            return None, say("drill_evidence.weight_untested")
        if self._drill.verdict.name == "survived":
            served = len(refused) == 1 and self._drill.verdict.fallbacks
            return (None, say("drill_evidence.weight_served")) if served else (0.0, say("drill_evidence.weight_survived"))
        if self._drill.verdict.name == "degraded":
            lost = _lost(self._drill)
            return (None, "") if lost is None else (lost, say("drill_evidence.weight_degraded"))
        return None, say("drill_evidence.weight_untold")

    def _kind(self, group: _Group) -> str | None:
        if group.is_known:
            kind = self._stack.item_by_id[group.key].kind
            return kind if isinstance(kind, str) else None
        product = None if self._catalogue is None else self._catalogue.product(group.key)
        return product.kind if product is not None and product.kind else "service"

    def _new_item(self, key: str, role: HostRole | None, kind: str | None, name: str) -> tuple[Item, Source, list[Claim]]:
        product = None if self._catalogue is None else self._catalogue.product(key)
        provider = None if role is None else role.provider
        where, law = (product.location or None, product.origin or None) if product is not None else (None, None)
        item = Item(key, product.name if product is not None and product.name else name, kind)
        source = Source(f"{key}@{provider or '?'}", key, provider or UNKNOWN, where, law)
        if role is None or provider is None:
            return item, source, []
        by = role.evidence or self._record
        return item, source, [Claim("sources", source.id, "provider", provider, by, self._day, _SURENESS[role.confidence])]

    def _deliveries(self, group: _Group) -> Iterator[Proposal]:
        """Whoever delivers for a host has a hand on that host's source, as a need of it."""
        users = [one for one in self._stack.sources_of.get(group.key, ()) if one.provider != "self"]
        role = group.role
        user = users[0].id if users else f"{group.key}@{(role.provider if role else None) or '?'}"
        if group.is_known and not users:
            return
        held: dict[str, list[tuple[Attributed, HostRole]]] = {}
        for one in group.contacts:
            for hand in one.roles:
                if hand.role == "delivery" and hand.provider is not None:
                    held.setdefault(hand.product or hand.provider, []).append((one, hand))
        for key, seen in held.items():
            if any(need.item == key for need in self._stack.needs_of.get(user, ())) or key == group.key:
                continue
            hand, contacts = seen[0][1], [one for one, _ in seen]
            confidence = _SURENESS[hand.confidence]
            need = Need(user, key, "host")
            rows: tuple[Row, ...] = (need,)
            claims = [self._claim("needs", need.id, "item", key, contacts, confidence)]
            if key not in self._stack.item_by_id:
                product = None if self._catalogue is None else self._catalogue.product(key)
                item, source, told = self._new_item(key, hand, (product.kind if product else None) or "network", hand.name)
                rows, claims = (item, source, need), [*told, *claims]
            said = say("drill_evidence.propose_delivery", item=group.key, need=hand.name, hosts=_hosts(contacts))
            yield Proposal(
                f"delivery:{group.key}:{key}", "delivery", said, self._lines(contacts), confidence, rows, (), tuple(claims)
            )

    # What served instead

    def _alternatives(self, group: _Group) -> Iterator[Proposal]:
        """What served instead of the one item that was refused; of several refused nobody can say which was replaced."""
        served: dict[str, list[tuple[Fallback, list[Attributed], float]]] = {}
        found: dict[str, tuple[Source, bool]] = {}
        for one in self._drill.verdict.fallbacks:
            if self._is_cache(one):
                continue
            provider, contacts, sureness = self._server(one)
            if provider is not None and any(source.provider == provider for source in self._cut_sources(group)):
                continue
            source, is_new = self._source_served(group.key, provider, one.what)
            found[source.id] = source, is_new
            served.setdefault(source.id, []).append((one, contacts, sureness))
        for id_, places in served.items():
            yield self._alternative(group, *found[id_], places)

    def _source_served(self, key: str, provider: str | None, what: str) -> tuple[Source, bool]:
        """The source that what served instead is, and whether the stack does not have it."""
        id_ = f"{key}@{provider or 'host:' + _turned(what)}"
        for source in self._stack.sources_of.get(key, ()):
            if source.id == id_ or (provider is not None and source.provider == provider):
                return source, False
        return Source(id_, key, provider or UNKNOWN, status="standby", recover=0.0), True

    def _alternative(
        self, group: _Group, source: Source, is_new: bool, places: Sequence[tuple[Fallback, list[Attributed], float]]
    ) -> Proposal:
        is_candidate = source.status == "candidate"
        status = (
            source.status if isinstance(source.status, str) and not is_candidate else "standby" if is_candidate else "in-use"
        )
        names = ", ".join(one.what for one, _, _ in places)
        because = [*self._lines(group.refused)]
        for one, contacts, _ in places:
            because += [f"{one.what}: {one.detail}" if one.detail else one.what, *self._lines(contacts)]
        return Proposal(
            f"alternative:{source.id}",
            "alternative",
            say("drill_evidence.propose_alternative", item=group.key, what=names, hosts=_hosts(group.refused)),
            tuple(because),
            max(sureness for _, _, sureness in places),
            (source,) if is_new else (),
            (Change("sources", source.id, "status", "standby"),) if is_candidate else (),
            tuple(
                Claim("sources", source.id, "status", status, self._told(one.what, one.detail), self._day, sureness)
                for one, _, sureness in places
            ),
        )

    def _server(self, one: Fallback) -> tuple[str | None, list[Attributed], float]:
        """Who stands behind what served instead, the contacts, and how sure it is that it did."""
        if one.kind == "local":
            use, before = self._use(self._drill.run, one.what), self._use(self._drill.baseline, one.what)
            # a file of the working folder is in no place that is watched as one
            alone = use is None and len(self._drill.verdict.fallbacks) == 1
            more = alone or (use is not None and (before is None or use.files > before.files))
            return "self", [], 0.7 if more else 0.4
        contacts = [
            found for found in self._drill.run.contacts
            if one.what in (found.contact.host, f"{found.contact.host}:{found.contact.port}")
        ]  # fmt: skip
        if any(found.contact.local for found in contacts):
            return "self", contacts, 0.7
        provider = next((found.provider for found in contacts if found.provider is not None), None)
        return provider, contacts, 0.7 if provider is not None else 0.5

    def _cut_sources(self, group: _Group) -> list[Source]:
        """Sources of the item whose hosts were cut: what served instead is none of them."""
        refused = {role.provider for one in group.refused for role in one.roles if role.role in STRONG_ROLES}
        return [source for source in self._stack.sources_of.get(group.key, ()) if source.provider in refused]

    @staticmethod
    def _use(run: Run | None, place: str) -> LocalUse | None:
        return None if run is None else next((use for use in run.local if use.place == place), None)

    def _is_cache(self, one: Fallback) -> bool:
        """Whether it keeps only what was fetched before: that is cover, not another source."""
        use = self._use(self._drill.run, one.what) if one.kind == "local" else None
        return use is not None and "cache" in use.kind

    def _lasted(self, group: _Group) -> Iterator[Proposal]:
        """Cover that was seen: a cache served for it, or it was done without for long."""
        needs = [need for need in self._meant(group.key) if need.survive in (None, 0.0)]
        if not needs:
            return
        cached = [one for one in self._drill.verdict.fallbacks if self._is_cache(one)]
        firsts = [one.contact.first_refused for one in group.refused if one.contact.first_refused is not None]
        lasted = self._drill.run.seconds - min(firsts) if firsts else 0.0
        value: Maybe[float]
        if cached and not self._drill.run.cold:
            value, what, sureness = UNKNOWN, cached[0].what, 0.6
            said = say("drill_evidence.propose_cache", item=group.key, what=what)
        elif lasted >= _HOUR:
            value, what, sureness = lasted / _DAY, "", 0.7
            said = say("drill_evidence.propose_lasted", item=group.key, lasted=_shown(lasted))
        else:
            return
        for need in needs:
            yield self._cover(need, value, said, (*self._lines(group.refused), *([what] if what else [])), sureness)

    def _cover(self, need: Need, value: Maybe[float], said: str, because: tuple[str, ...], sureness: float) -> Proposal:
        told = "?" if value is UNKNOWN else format_days(value or 0.0)
        claim = Claim("needs", need.id, "survive", told, self._told(*because[:1]), self._day, sureness)
        change = Change("needs", need.id, "survive", value)
        return Proposal(f"cover:{need.id}", "cover", said, because, sureness, (), (change,), (claim,))

    # What it failed without

    def _culprit(self, refused: list[_Group]) -> tuple[_Group | None, float]:
        """The item without which it failed, and how sure that is: the only one refused, else the first in the failing step."""
        if len(refused) == 1:
            return refused[0], 0.9
        step = next((one for one in self._drill.run.steps if one.outcome == "failed"), None)
        if step is not None and step.first_refused:
            for group in refused:
                if any(step.first_refused in (one.contact.host, _with_port(one.contact)) for one in group.refused):
                    return group, 0.7
        timed = [
            (moment, group) for group in refused for one in group.refused if (moment := one.contact.first_refused) is not None
        ]
        return (min(timed, key=lambda pair: pair[0])[1], 0.5) if timed else (None, 0.0)

    def _essential(self, group: _Group, sureness: float) -> Iterator[Proposal]:
        took = self._drill.verdict.seconds_to_failure
        because = self._lines(group.refused)
        for need in self._meant(group.key):
            claim = self._claim("needs", need.id, "weight", "1", group.refused, sureness)
            less = need.weight is not None and need.weight < 1 - 1e-9
            key = "propose_essential" if less else "propose_confirmed"
            said = say(f"drill_evidence.{key}", item=self._item, need=need.item, user=need.source)
            change = (Change("needs", need.id, "weight", 1.0),) if less else ()
            yield Proposal(f"essential:{need.id}", "essential", said, because, sureness, (), change, (claim,))
            if took is None or self._drill.run.cold:
                continue
            # under an hour it is the time that a command takes to give up, not cover
            cover = took / _DAY if took >= _HOUR else 0.0
            stated = need.survive
            if stated is UNKNOWN or (stated or 0.0) > cover + 1e-9 or (stated is None and cover):
                told = say("drill_evidence.propose_no_cover", need=need.item, took=_shown(took))
                yield self._cover(need, cover, told, because, min(sureness, 0.7))

    # Evidence

    def _claim(
        self, table: str, id_: str, attribute: str, value: str, contacts: Sequence[Attributed], confidence: float
    ) -> Claim:
        lines = self._lines(contacts)
        return Claim(table, id_, attribute, value, self._told(*lines[:1]), self._day, round(confidence, 3))

    def _told(self, *what: str) -> str:
        return ": ".join((self._record, *[one for one in what if one]))

    def _lines(self, contacts: Iterable[Attributed]) -> tuple[str, ...]:
        found = []
        for one in contacts:
            contact = one.contact
            key = "line_refused" if contact.refused or contact.because else "line_seen"
            found.append(
                say(f"drill_evidence.{key}", host=_with_port(contact), tries=contact.tries, refused=contact.refused,
                    bytes=contact.bytes_down, because=contact.because)
            )  # fmt: skip
        return tuple(dict.fromkeys(found))[:_MOST_SHOWN]


def _lost(drill: Drill) -> float | None:
    """Part of the output that is missing; ``None`` where it was not counted, or only the time was longer."""
    whole, left = (drill.baseline.output_lines if drill.baseline else -1), drill.run.output_lines
    if drill.baseline is not None and min(drill.baseline.stdout_lines, drill.run.stdout_lines) >= 0:
        whole, left = drill.baseline.stdout_lines, drill.run.stdout_lines
    return round(1 - left / whole, 3) if whole > 0 and 0 <= left < whole else None


def _turned(host: str) -> str:
    try:
        return host if is_address(host) else to_reverse(host)
    except ValueError:
        return host


def _with_port(contact: Contact) -> str:
    return f"{contact.host}:{contact.port}" if contact.port else contact.host


def _hosts(contacts: Iterable[Attributed]) -> str:
    names = list(dict.fromkeys(one.contact.host for one in contacts))
    more = len(names) - _MOST_SHOWN
    return ", ".join(names[:_MOST_SHOWN]) + (say("drill_verdict.more", count=more) if more > 0 else "")


def _named(role: HostRole | None) -> str:
    return say("drill_evidence.nobody") if role is None or role.provider is None else role.name


def _shown(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * _HOUR else f"{seconds / _HOUR:.1f} h"
