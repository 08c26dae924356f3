"""Which upstream answers a request, and why. Owns the rules of routing as data, and the order in which upstreams are tried.

All rules that match a request hold, and each only takes away: a further rule never allows what another one refuses. The
order of what is left comes from the first matching rule that states one. Every upstream that is left out has a reason.
What a rule says of a request's words, numbers apart, is worked out once and kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from freehold.errors import BadConfiguration
from freehold.gateway.budgets import Price
from freehold.gateway.globs import Globs
from freehold.gateway.jurisdiction import Demand, JurisdictionTable, Place, compile_demand, verdict
from freehold.gateway.ramp import in_share
from freehold.stack.values import Stack
from freehold.words import say

__all__ = [
    "CAPABILITIES",
    "Capability",
    "Choice",
    "Decision",
    "Force",
    "LeftOut",
    "Question",
    "Router",
    "RoutingTable",
    "Rule",
    "Target",
]

Capability: TypeAlias = Literal["chat", "responses", "embeddings", "completions", "streaming", "tools", "vision", "json"]
CAPABILITIES: Final[frozenset[Capability]] = frozenset({"chat", "responses", "embeddings", "completions", "streaming", "tools", "vision", "json"})  # noqa: E501  # fmt: skip
_Names: TypeAlias = tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...]
_MOST_KEPT: Final = 4_096


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The TOML table ``[[rule]]``: which requests it is about, and what it demands.

    Parameters
    ----------
    name
        For people.
    models, tenants, agents, data_classes, purposes
        Patterns; a request must match one of each that is given. A request that states no data class or purpose has the
        empty one.
    jurisdiction
        Who may control the upstream.
    upstreams
        Patterns of the upstreams that may be used; none: all.
    not_upstreams
        Patterns of upstreams that may not.
    most_cost
        The most that a request may cost, in the configuration's currency; an upstream without a price is then left out.
    self_held
        Whether only what the organisation holds itself may be used.
    order
        ``listed``: as the upstreams stand in the configuration; ``cheapest`` first; ``prefer``: as in ``prefer``, and so
        by default where that is given.
    prefer
        Names of upstreams that come first, in this order; the others follow as listed.
    refuse
        Whether such requests are refused altogether.
    because
        Said to whoever is refused.
    """

    name: str = ""
    models: _Names = ()
    tenants: _Names = ()
    agents: _Names = ()
    data_classes: tuple[Annotated[str, Meta(max_length=200)], ...] = ()
    purposes: tuple[Annotated[str, Meta(max_length=200)], ...] = ()
    jurisdiction: JurisdictionTable | None = None
    upstreams: _Names = ()
    not_upstreams: _Names = ()
    most_cost: Annotated[float, Meta(ge=0)] | None = None
    self_held: bool = False
    order: Literal["listed", "cheapest", "prefer"] | None = None
    prefer: _Names = ()
    refuse: bool = False
    because: str = ""

    def __post_init__(self) -> None:
        if (self.order == "prefer" and not self.prefer) or (self.prefer and self.order not in (None, "prefer")):
            raise ValueError("'order = \"prefer\"' and 'prefer' go together")


class RoutingTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rules of a configuration.

    Parameters
    ----------
    data_classes, purposes
        The words that requests may use; none: any. A word outside them is refused, so that one that is misspelt does not
        slip past its rule.
    rule
        The rules.
    """

    data_classes: _Names = ()
    purposes: _Names = ()
    rule: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """One model at one upstream.

    Parameters
    ----------
    upstream
        The upstream's name.
    model
        The model's name there; empty: as asked.
    serves
        Patterns of the names under which it may be asked for; none: all.
    place
        Who controls the upstream.
    capabilities
        What it can do.
    context
        Tokens that it can hold, read and written together; ``None``: not stated, and not checked.
    price
        What it costs; ``None``: not stated.
    self_held
        Whether the organisation runs it itself.
    """

    upstream: str
    model: str = ""
    serves: tuple[str, ...] = ()
    place: Place | None = None
    capabilities: frozenset[str] = CAPABILITIES
    context: int | None = None
    price: Price | None = None
    self_held: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a request.

    Parameters
    ----------
    model
        The model asked for.
    tenant, agent
        Who asks.
    data_class, purpose
        What the request says of itself, or its tenant's defaults.
    needs
        What the upstream must be able to do.
    read, write
        Tokens that are sent, and the most that are to come back (0: not stated).
    key
        What decides on which side of a ramp the request falls: its conversation, else its tenant.
    """

    model: str
    tenant: str = ""
    agent: str = ""
    data_class: str = ""
    purpose: str = ""
    needs: frozenset[str] = frozenset()
    read: int = 0
    write: int = 0
    key: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A target that may be used, and why it stands where it stands: keys of words."""

    target: Target
    because: str = "policy.listed"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A target that may not be used, and why, in a sentence; ``rule`` is the rule's name, empty where none is concerned."""

    target: Target
    because: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a request may go.

    Parameters
    ----------
    choices
        Targets in the order in which they are to be tried.
    left_out
        The others that serve the model, each with its reason.
    refused
        Why none may be used, in a sentence; empty if some may.
    rules
        Names of the rules that hold.
    """

    choices: tuple[Choice, ...]
    left_out: tuple[LeftOut, ...] = ()
    refused: str = ""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Force:
    """A route set from outside: fail-over, or a step of a ramp.

    Parameters
    ----------
    to
        The upstream that comes first.
    percent
        Share of the conversations that it comes first for; for the others it comes last, also where it is listed first, so
        that a return to the first upstream can go in steps.
    because
        Why, said with each request.
    exclusive
        Whether it alone is tried for its share, and never for the others.
    """

    to: str
    percent: float = 100.0
    because: str = ""
    exclusive: bool = False


class _Compiled:
    """A rule with its patterns and demands looked up."""

    __slots__ = ("about", "demand", "name", "not_upstreams", "rule", "upstreams")

    def __init__(self, rule: Rule, number: int, stack: Stack | None) -> None:
        self.rule = rule
        self.name = rule.name or f"rule {number}"
        self.about = tuple(Globs(one) for one in (rule.models, rule.tenants, rule.agents, rule.data_classes, rule.purposes))
        self.upstreams = Globs(rule.upstreams)
        self.not_upstreams = Globs(rule.not_upstreams) if rule.not_upstreams else None
        where = f"[[rule]] {number}, 'jurisdiction'"
        self.demand: Demand | None = None if rule.jurisdiction is None else compile_demand(rule.jurisdiction, stack, where)

    def matches(self, question: Question) -> bool:
        words = (question.model, question.tenant, question.agent, question.data_class, question.purpose)
        return all(patterns.match(word) for patterns, word in zip(self.about, words, strict=True))

    def objects(self, target: Target) -> str:
        """Why the rule does not allow a target, numbers apart; empty if it does."""
        if not self.upstreams.match(target.upstream):
            return say("policy.not_listed", upstream=target.upstream)
        if self.not_upstreams is not None and self.not_upstreams.match(target.upstream):
            return say("policy.named", upstream=target.upstream)
        if self.rule.self_held and not target.self_held:
            return say("policy.not_self_held", upstream=target.upstream)
        objection = "" if self.demand is None else verdict(target.place or _NOWHERE, self.demand)
        if objection:
            return objection
        if self.rule.most_cost is not None and target.price is None:
            return say("policy.no_price", upstream=target.upstream)
        return ""


_NOWHERE: Final = Place(
    {"provider": frozenset("?"), "owner": frozenset("?"), "location": frozenset("?"), "origin": frozenset("?")}
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What of a decision does not depend on numbers."""

    choices: tuple[Choice, ...]
    left_out: tuple[LeftOut, ...]
    refused: str
    rules: tuple[str, ...]
    most_cost: tuple[tuple[float, str], ...]
    cheapest: bool
    decision: Decision = field(init=False)

    def __post_init__(self) -> None:
        refused = self.refused or ("" if self.choices else _none_left(self.left_out))
        object.__setattr__(self, "decision", Decision(self.choices, self.left_out, refused, self.rules))


class Router:
    """The rules and targets of one configuration.

    Parameters
    ----------
    table
        The rules.
    targets
        Every model at every upstream, in the configuration's order.
    stack
        Whose home and trusted countries ``home`` and ``trusted`` mean.

    Raises
    ------
    freehold.errors.BadConfiguration
        If a rule names an upstream, a country or a group that is not there.
    """

    def __init__(self, table: RoutingTable, targets: Sequence[Target], stack: Stack | None = None) -> None:
        self._table = table
        self._targets = tuple((target, Globs(target.serves)) for target in targets)
        names = {target.upstream for target in targets}
        for number, rule in enumerate(table.rule, 1):
            for name in rule.prefer:
                if name not in names:
                    raise BadConfiguration(f"[[rule]] {number}, 'prefer': there is no upstream '{name}'.")
            for key, words, known in (
                ("data_classes", rule.data_classes, table.data_classes),
                ("purposes", rule.purposes, table.purposes),
            ):
                strange = [word for word in words if known and word and "*" not in word and word not in known]
                if strange:
                    raise BadConfiguration(f"[[rule]] {number}, '{key}': '{strange[0]}' is not among {', '.join(known)}.")
        self._rules = tuple(_Compiled(rule, number, stack) for number, rule in enumerate(table.rule, 1))
        self._plans: OrderedDict[tuple[object, ...], _Plan] = OrderedDict()
        self._classes, self._purposes = frozenset(table.data_classes), frozenset(table.purposes)

    def decide(self, question: Question, force: Force | None = None) -> Decision:
        """Where a request may go.

        Parameters
        ----------
        question
            What is asked.
        force
            A route set from outside for the model; it changes the order of what is allowed, and allows nothing more.
        """
        key = (question.model, question.tenant, question.agent, question.data_class, question.purpose, question.needs)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plan(question)
            self._plans[key] = plan
            if len(self._plans) > _MOST_KEPT:
                self._plans.popitem(last=False)
        decision = self._with_numbers(plan, question)
        if force is None or len(decision.choices) < 2:
            return decision
        return _forced(decision, force, first=in_share(question.key, force.percent))

    def _plan(self, question: Question) -> _Plan:
        for word, known, key in (
            (question.data_class, self._classes, "policy.strange_data_class"),
            (question.purpose, self._purposes, "policy.strange_purpose"),
        ):
            if known and word and word not in known:
                return _Plan((), (), say(key, word=word[:60], known=", ".join(sorted(known))), (), (), cheapest=False)
        serving = [target for target, serves in self._targets if serves.match(question.model)]
        if not serving:
            return _Plan((), (), say("policy.no_upstream", model=question.model), (), (), cheapest=False)
        rules = [rule for rule in self._rules if rule.matches(question)]
        names = tuple(rule.name for rule in rules)
        for rule in rules:
            if rule.rule.refuse:
                refused = rule.rule.because or say("policy.refused", rule=rule.name)
                left = tuple(LeftOut(target, refused, rule.name) for target in serving)
                return _Plan((), left, refused, names, (), cheapest=False)
        kept, left_out = [], []
        for target in serving:
            missing = sorted(question.needs - target.capabilities)
            if missing:
                left_out.append(LeftOut(target, say("policy.cannot", upstream=target.upstream, what=", ".join(missing))))
                continue
            objection = next(((text, rule.name) for rule in rules if (text := rule.objects(target))), None)
            if objection is None:
                kept.append(target)
            else:
                left_out.append(LeftOut(target, *objection))
        ordering = next((rule.rule for rule in rules if rule.rule.order is not None or rule.rule.prefer), None)
        ceilings = tuple((rule.rule.most_cost, rule.name) for rule in rules if rule.rule.most_cost is not None)
        cheapest = ordering is not None and ordering.order == "cheapest"
        return _Plan(_ordered(kept, ordering), tuple(left_out), "", names, ceilings, cheapest)

    def _with_numbers(self, plan: _Plan, question: Question) -> Decision:
        """The decision once costs and lengths are known."""
        tokens = question.read + question.write
        bounded = any(choice.target.context is not None and choice.target.context < tokens for choice in plan.choices)
        if not (bounded or plan.most_cost or plan.cheapest):
            return plan.decision
        kept: list[tuple[float, Choice]] = []
        left_out = list(plan.left_out)
        for choice in plan.choices:
            target = choice.target
            price = target.price
            cost = float("inf") if price is None else price.cost(question.read, question.write)
            if target.context is not None and target.context < tokens:
                because = say("policy.too_long", upstream=target.upstream, tokens=tokens, context=target.context)
                left_out.append(LeftOut(target, because))
                continue
            over = next(((most, rule) for most, rule in plan.most_cost if cost > most + 1e-12), None)
            if over is not None:
                because = say("policy.too_dear", upstream=target.upstream, cost=f"{cost:.6g}", most=f"{over[0]:g}")
                left_out.append(LeftOut(target, because, over[1]))
                continue
            kept.append((cost, choice))
        if plan.cheapest:
            kept.sort(key=lambda pair: pair[0])
        choices = tuple(choice for _, choice in kept)
        return Decision(choices, tuple(left_out), "" if choices else _none_left(left_out), plan.rules)


def _ordered(targets: Sequence[Target], rule: Rule | None) -> tuple[Choice, ...]:
    if rule is None or rule.order == "listed":
        return tuple(Choice(target) for target in targets)
    if rule.order == "cheapest":
        return tuple(Choice(target, "policy.cheapest") for target in targets)
    rank: Mapping[str, int] = {name: at for at, name in enumerate(rule.prefer)}
    preferred = sorted(targets, key=lambda target: rank.get(target.upstream, len(rank)))
    return tuple(Choice(one, "policy.preferred" if one.upstream in rank else "policy.listed") for one in preferred)


def _none_left(left_out: Sequence[LeftOut]) -> str:
    reasons = "; ".join(dict.fromkeys(f"{one.target.upstream}: {one.because}" for one in left_out))
    return say("policy.none_left", reasons=reasons)


def _forced(decision: Decision, force: Force, *, first: bool) -> Decision:
    own = tuple(Choice(one.target, "policy.forced") for one in decision.choices if one.target.upstream == force.to)
    others = tuple(one for one in decision.choices if one.target.upstream != force.to)
    if not own or not others:
        # what is not allowed is not forced: the order stays, and the reason stands among what was left out
        return decision
    before, after = (own, others) if first else (others, own)
    choices = before if force.exclusive else before + after
    return Decision(choices, decision.left_out, decision.refused, decision.rules)
