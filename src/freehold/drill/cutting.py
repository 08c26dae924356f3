"""What a drill cuts: hosts by the rules of a cut-off. Owns the seam between rules on sources and names that are asked for.

Each hand on a host is held against each rule, as a source of a stack is, by the same three-valued matching. One hand that is
cut is enough, for without it the host is not reached; a weak one (the network's operator, an address's country) alone cuts
perhaps. Whatever is perhaps cut is kept, and under ``strict`` it is cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Any, Final

from freehold.catalogue.hosts import clean_host
from freehold.drill.attribution import MOST_REMEMBERED, STRONG_ROLES, Attribution, Hand
from freehold.drill.decision import KEPT, CutAll, CutHosts, Cutting, Decision, with_embedded
from freehold.errors import UnknownId, UsageError
from freehold.measure.cutoff import check_cutoff
from freehold.stack.cells import nearest
from freehold.stack.control import Truth
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.durations import format_days
from freehold.stack.values import Stack
from freehold.words import percent, say

__all__ = ["RuleCutting", "cut_data", "cut_hosts", "rules_today", "said_of_rule"]

_OF_ROWS: Final = ("item", "source", "kind", "tag")
_TOLERANCE: Final = 1e-9
_PERHAPS: Final = Decision(cut=False, surely=False)


def cut_hosts(names: Iterable[str]) -> CutHosts:
    """Hosts that are cut by name, as ``--host`` gives them; each stands for the hosts below it too.

    Raises
    ------
    freehold.errors.UsageError
        If one is no host.
    """
    found = set()
    for name in names:
        try:
            found.add(clean_host(name))
        except ValueError as error:
            raise UsageError(f"--host: {error}. Write a name such as www.example.org, or an address.") from None
    return CutHosts(frozenset(found))


def rules_today(cutoff: Cutoff) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """The rules that a drill can play: those that leave nothing from day 0; and the others."""
    today: list[Rule] = []
    others: list[Rule] = []
    for rule in cutoff.rules:
        (today if rule.from_day <= _TOLERANCE and rule.availability <= _TOLERANCE else others).append(rule)
    return tuple(today), tuple(others)


def said_of_rule(rule: Rule) -> str:
    """A rule in words, such as ``provider github`` or ``everything foreign``."""
    words = [say("cutoff.selector_foreign") if key == "foreign" else f"{key} {value}" for key, value in rule.selectors.items()]
    return say("cutoff.rule_and").join(words)


def cut_data(cutoff: Cutoff | None, hosts: Iterable[str] = (), *, air_gap: bool = False) -> dict[str, Any]:
    """What is cut, as a record keeps it: the rules in the form of their TOML file, the hosts, and whether all was cut."""
    return {
        "cutoff": None if cutoff is None else cutoff.as_data(),
        "hosts": sorted(hosts),
        "air_gap": air_gap,
    }


class RuleCutting:
    """Cuts what the rules of a cut-off cut on day 0, hosts by name, or all.

    Parameters
    ----------
    attribution
        Says whose host it is.
    cutoff
        The rules.
    hosts
        Hosts cut besides; see :func:`cut_hosts`.
    air_gap
        Whether everything is cut.
    strict
        Whether what is perhaps cut is.

    Raises
    ------
    freehold.errors.StackError
        If a rule names what is neither in the stack nor in the catalogue: what is misspelt would cut nothing.
    """

    def __init__(
        self,
        attribution: Attribution,
        cutoff: Cutoff | None = None,
        *,
        hosts: CutHosts | None = None,
        air_gap: bool = False,
        strict: bool = False,
    ) -> None:
        self.attribution = attribution
        self.cutoff = cutoff
        self.strict = strict
        if cutoff is not None:
            check_cutoff(attribution.stack, cutoff)
            _check_providers(attribution.stack, cutoff.rules)
        self.rules, self.left_out = rules_today(cutoff) if cutoff is not None else ((), ())
        self.hosts: frozenset[str] = frozenset() if hosts is None else hosts.hosts
        self._by_name: Cutting | None = CutAll() if air_gap else hosts
        control = attribution.control
        self._tests = [(rule, control.matcher(rule), any(name in rule.selectors for name in _OF_ROWS)) for rule in self.rules]
        self._known: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Decision] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the cut-off this drill does not play, in sentences."""
        found = []
        for rule in self.left_out:
            if rule.from_day > _TOLERANCE:
                found.append(say("drill_evidence.rule_later", rule=said_of_rule(rule), day=format_days(rule.from_day)))
            else:
                found.append(say("drill_evidence.rule_partly", rule=said_of_rule(rule), left=percent(rule.availability)))
        return tuple(found)

    def decide(self, name: str, aliases: Sequence[str] = (), addresses: Sequence[str] = ()) -> Decision:
        """Say whether a host is cut; see :class:`freehold.drill.decision.Cutting`.

        Of a host that is kept, ``surely`` says whether it is surely not cut.
        """
        key = (name, tuple(aliases), tuple(addresses))
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            found = self._known[key] = self._decide(*key)
        return found

    def _decide(self, name: str, aliases: tuple[str, ...], addresses: tuple[str, ...]) -> Decision:
        if _is_here(name, addresses):
            return KEPT
        addresses = with_embedded(addresses)
        named = KEPT if self._by_name is None else self._by_name.decide(name, aliases, addresses)
        if named.cut or not self._tests:
            return named
        hands = self.attribution.hands(name, aliases, addresses)
        perhaps: tuple[Rule, Hand] | None = None
        for hand in hands:
            for rule, matches, of_rows in self._tests:
                if hand.only_rows and not of_rows:
                    continue
                truth = _truth(matches(hand.item, hand.source), hand)
                if truth:
                    return Decision(cut=True, because=self._because(rule, hand))
                if truth is None and perhaps is None:
                    perhaps = rule, hand
        if perhaps is None:
            return KEPT
        if not self.strict:
            return _PERHAPS
        because = say("drill_evidence.perhaps", because=self._because(*perhaps))
        return Decision(cut=True, because=because, surely=False)

    def _because(self, rule: Rule, hand: Hand) -> str:
        """What matched, by which way of control, and which hand it was if it is not the host's own."""
        text = said_of_rule(rule)
        ways = [way for way in rule.via if self._by_way(rule, hand, way)] if rule.country or rule.foreign else []
        if ways:
            text += f" via {ways[0]}"
        if hand.role is not None and hand.role.role != "service":
            text += f" ({hand.role.role}: {hand.role.name})"
        return text

    def _by_way(self, rule: Rule, hand: Hand, way: str) -> bool:
        control = self.attribution.control
        if rule.country:
            return bool(control.controlled_by(hand.source, rule.country, (way,)))
        return bool(control.foreign(hand.source, (way,)))


def _check_providers(stack: Stack, rules: Iterable[Rule]) -> None:
    for rule in rules:
        for asked in (rule.provider, rule.owner):
            if asked is not None and asked not in stack.provider_by_id:
                raise UnknownId("provider", asked, nearest(asked, stack.provider_by_id))


def _is_here(name: str, addresses: Sequence[str]) -> bool:
    """Whether it is this machine itself."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    dialled = (name,) if name else addresses
    try:
        return bool(dialled) and all(ip_address(address.partition("%")[0]).is_loopback for address in dialled)
    except ValueError:
        return False


def _truth(truth: Truth, hand: Hand) -> Truth:
    """What a match means for the host: a weak hand, or a row that may stand for another host, cuts perhaps."""
    if hand.role is not None and hand.role.role not in STRONG_ROLES:
        return None if truth else False
    if truth and not hand.surely:
        return None
    return truth
