"""Which tool calls of a model go on to the client. Owns the allow-list, arguments, rates, and the stop of runaway agents.

The gateway sees a tool call when the model asks for it, before anything has run it. A call is checked against the first
rule that matches tool, tenant, agent and model; then against what the agent did before: the same call again and again,
too many calls a minute, a loop too deep, too much spent a minute.
"""

from __future__ import annotations

import json
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from freehold.gateway.globs import Globs
from freehold.gateway.sliding_window import SlidingWindow
from freehold.gateway.tool_arguments import ArgumentRule, objection_to
from freehold.words import say

__all__ = ["Call", "RunawayTable", "ToolPolicy", "ToolPolicyTable", "ToolRefusal", "ToolRule", "arguments_digest"]

_Names: TypeAlias = tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...]
_Count: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000)]
_Seconds: TypeAlias = Annotated[float, Meta(gt=0, le=86_400)]
_LARGEST_ARGUMENTS: Final = 1_000_000
_MINUTE: Final = 60.0
_MOST_DIGESTS: Final = 256
_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


class ToolRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The TOML table ``[[tools.rule]]``.

    Parameters
    ----------
    tools, tenants, agents, models
        Patterns; a call must match one of each that is given.
    allow
        Whether such calls are allowed.
    arguments
        What each argument may be, by name.
    other_arguments
        Whether arguments that are not named there are allowed; by default only where none is named.
    per_minute
        Calls of one agent by this rule in any 60 seconds.
    because
        Said with a refusal.
    """

    tools: _Names = ()
    tenants: _Names = ()
    agents: _Names = ()
    models: _Names = ()
    allow: bool = True
    arguments: dict[str, ArgumentRule] = {}
    other_arguments: bool | None = None
    per_minute: _Count | None = None
    because: str = ""


class RunawayTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The TOML table ``[tools.runaway]``: when an agent is one that has run away.

    Parameters
    ----------
    repeats
        Calls of the same tool with the same arguments within the window; the next one is refused.
    window_seconds
        The window of repeats.
    depth
        Rounds of tool calls since a person last said something.
    calls_per_minute
        Tool calls of one agent, whatever they are.
    spend_per_minute
        What one agent may spend in any 60 seconds, in the configuration's currency.
    agents
        Agents that are kept in mind at once; who was silent longest is forgotten first.
    """

    repeats: _Count | None = None
    window_seconds: _Seconds = 300.0
    depth: _Count | None = None
    calls_per_minute: _Count | None = None
    spend_per_minute: Annotated[float, Meta(ge=0)] | None = None
    agents: Annotated[int, Meta(ge=1, le=1_000_000)] = 10_000


class ToolPolicyTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The TOML table ``[tools]``.

    Parameters
    ----------
    default
        What becomes of a call that no rule matches; ``allow`` unless there is a rule that allows something.
    rule
        The rules; the first that matches a call decides.
    runaway
        What is watched over.
    """

    default: Literal["allow", "refuse"] | None = None
    rule: tuple[ToolRule, ...] = ()
    runaway: RunawayTable = RunawayTable()


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call that a model asks for.

    Parameters
    ----------
    tool
        The tool's name.
    arguments
        The JSON text of its arguments, as the model wrote it.
    tenant, agent, model
        Whose.
    """

    tool: str
    arguments: str
    tenant: str = ""
    agent: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class ToolRefusal:
    """Why a call is refused, or an agent's request.

    Parameters
    ----------
    kind
        ``tool`` (not allowed), ``arguments``, ``rate``, ``repeated``, ``depth`` or ``spend``.
    because
        A sentence.
    runaway
        Whether it means that the agent has run away.
    """

    kind: Literal["tool", "arguments", "rate", "repeated", "depth", "spend"]
    because: str
    runaway: bool = False


def arguments_digest(arguments: str) -> str:
    """A name for arguments: the same for the same JSON however it is written; 32 hexadecimal digits.

    It is no secret and keeps none: whoever can guess the arguments can name them. Evidence salts its own.
    """
    try:
        text = (
            _encode(_decode(arguments)) if len(arguments) <= _LARGEST_ARGUMENTS else arguments.encode("utf-8", "surrogatepass")
        )
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        text = arguments.encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=16).hexdigest()


class _Rule:
    __slots__ = ("about", "closed", "rule")

    def __init__(self, rule: ToolRule) -> None:
        self.rule = rule
        self.about = tuple(Globs(one) for one in (rule.tools, rule.tenants, rule.agents, rule.models))
        self.closed = not rule.other_arguments if rule.other_arguments is not None else bool(rule.arguments)

    def matches(self, call: Call) -> bool:
        words = (call.tool, call.tenant, call.agent, call.model)
        return all(patterns.match(word) for patterns, word in zip(self.about, words, strict=True))


@dataclass(slots=True)
class _Agent:
    """What one agent did lately."""

    calls: SlidingWindow
    spent: SlidingWindow
    by_rule: dict[int, SlidingWindow] = field(default_factory=dict)
    repeats: OrderedDict[str, SlidingWindow] = field(default_factory=OrderedDict)


class ToolPolicy:
    """The rules of one configuration, and what agents did under them.

    Parameters
    ----------
    table
        The rules.
    """

    def __init__(self, table: ToolPolicyTable) -> None:
        self.table = table
        self._rules = tuple(_Rule(rule) for rule in table.rule)
        listed = any(rule.allow for rule in table.rule)
        self._allowed = table.default == "allow" if table.default is not None else not listed
        self._agents: OrderedDict[tuple[str, str], _Agent] = OrderedDict()

    def check(self, now: float, call: Call) -> ToolRefusal | None:
        """Judge a call, and count it.

        A call that is refused is counted too: an agent that asks again and again for what it may not do has run away.

        Parameters
        ----------
        now
            Monotonic seconds.
        call
            The call.

        Returns
        -------
        ToolRefusal or None
            ``None`` if it may go on.
        """
        agent = self._agent(call.tenant, call.agent)
        refused = self._runaway(now, agent, call)
        number, rule = next(((at, rule) for at, rule in enumerate(self._rules) if rule.matches(call)), (-1, None))
        if rule is None:
            return refused or (
                None if self._allowed else ToolRefusal("tool", say("policy.tool_unlisted", tool=_shown(call.tool)))
            )
        rate = self._rate(now, agent, number, rule.rule.per_minute, call)
        return refused or self._by_rule(rule, call) or rate

    def spent(self, now: float, tenant: str, agent: str, cost: float) -> None:
        """An agent's request has cost something."""
        if self.table.runaway.spend_per_minute is not None and cost > 0:
            self._agent(tenant, agent).spent.add(now, cost)

    def before(self, now: float, tenant: str, agent: str, depth: int) -> ToolRefusal | None:
        """Judge an agent's request before it is sent: how deep it is in its own loop, and what it spent.

        Parameters
        ----------
        now
            Monotonic seconds.
        tenant, agent
            Whose request it is.
        depth
            Rounds of tool calls since a person last said something.
        """
        table = self.table.runaway
        if table.depth is not None and depth > table.depth:
            return ToolRefusal(
                "depth", say("policy.runaway_depth", agent=_shown(agent), depth=depth, most=table.depth), runaway=True
            )
        most = table.spend_per_minute
        known = None if most is None else self._agents.get((tenant, agent))
        if most is not None and known is not None and known.spent.advance(now) >= most:
            because = say("policy.runaway_spend", agent=_shown(agent), spent=f"{known.spent.total:.4g}", most=f"{most:g}")
            return ToolRefusal("spend", because, runaway=True)
        return None

    def forget(self, tenant: str, agent: str) -> None:
        """Begin anew with an agent: it was stopped, looked at and let go on."""
        self._agents.pop((tenant, agent), None)

    def _agent(self, tenant: str, agent: str) -> _Agent:
        key = (tenant, agent)
        found = self._agents.get(key)
        if found is None:
            found = self._agents[key] = _Agent(SlidingWindow(_MINUTE), SlidingWindow(_MINUTE))
            if len(self._agents) > self.table.runaway.agents:
                self._agents.popitem(last=False)
        else:
            self._agents.move_to_end(key)
        return found

    def _runaway(self, now: float, agent: _Agent, call: Call) -> ToolRefusal | None:
        table = self.table.runaway
        repeats, calls = 0.0, agent.calls.advance(now)
        if table.repeats is not None:
            digest = f"{call.tool}\0{arguments_digest(call.arguments)}"
            seen = agent.repeats.get(digest)
            if seen is None:
                seen = agent.repeats[digest] = SlidingWindow(table.window_seconds)
                if len(agent.repeats) > _MOST_DIGESTS:
                    agent.repeats.popitem(last=False)
            else:
                agent.repeats.move_to_end(digest)
            repeats = seen.advance(now)
            seen.add(now)
        agent.calls.add(now)
        if table.repeats is not None and repeats >= table.repeats:
            because = say(
                "policy.runaway_repeats",
                agent=_shown(call.agent),
                tool=_shown(call.tool),
                times=int(repeats) + 1,
                seconds=f"{table.window_seconds:g}",
            )
            return ToolRefusal("repeated", because, runaway=True)
        if table.calls_per_minute is not None and calls >= table.calls_per_minute:
            because = say("policy.runaway_calls", agent=_shown(call.agent), most=table.calls_per_minute)
            return ToolRefusal("rate", because, runaway=True)
        return None

    def _rate(self, now: float, agent: _Agent, number: int, most: int | None, call: Call) -> ToolRefusal | None:
        if most is None:
            return None
        window = agent.by_rule.get(number)
        if window is None:
            window = agent.by_rule[number] = SlidingWindow(_MINUTE)
        if window.advance(now) >= most:
            return ToolRefusal("rate", say("policy.tool_rate", tool=_shown(call.tool), most=most))
        window.add(now)
        return None

    def _by_rule(self, rule: _Rule, call: Call) -> ToolRefusal | None:
        if not rule.rule.allow:
            return ToolRefusal("tool", rule.rule.because or say("policy.tool_refused", tool=_shown(call.tool)))
        if not rule.rule.arguments and not rule.closed:
            return None
        objection = _objection(rule, call.arguments)
        if not objection:
            return None
        return ToolRefusal("arguments", say("policy.tool_arguments", tool=_shown(call.tool), because=objection))


class _TwiceError(Exception):
    """A key stands twice in one object: two readers may take two values for it."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError(next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1))
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _objection(rule: _Rule, text: str) -> str:
    if len(text) > _LARGEST_ARGUMENTS:
        return say("policy.arguments_large", most=f"{_LARGEST_ARGUMENTS:,}")
    try:
        given: Any = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number) if text.strip() else {}
    except _TwiceError as twice:
        return say("policy.argument_twice", place=_shown(str(twice)))
    except (ValueError, RecursionError):
        return say("policy.arguments_no_json")
    if not isinstance(given, Mapping):
        return say("policy.arguments_no_object")
    names = rule.rule.arguments
    if rule.closed:
        strange = next((name for name in given if name not in names), None)
        if strange is not None:
            return say("policy.argument_strange", place=_shown(strange))
    for name, one in names.items():
        if name in given:
            objection = objection_to(given[name], one, name)
            if objection:
                return objection
        elif one.required:
            return say("policy.argument_missing", place=name)
    return ""


def _shown(name: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in name[:60])
