"""One request and its answer, as they are told afterwards. Owns the seam between carrying a request out and its account."""

from __future__ import annotations

from dataclasses import dataclass, field

from freehold.gateway.accounts import Holding
from freehold.gateway.answers import Refusal
from freehold.gateway.budgets import Price
from freehold.gateway.flights import Flight
from freehold.gateway.usage import Tokens
from freehold.watch.event import Json

__all__ = ["Caller", "Exchange"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Parameters
    ----------
    tenant
        By its key; empty where there are no tenants.
    agent, conversation
        As the headers ``x-freehold-agent`` and ``x-freehold-conversation`` say.
    depth
        How deep the agent is in agents that call agents, as ``x-freehold-agent-depth`` says.
    purpose, data_class
        As the headers ``x-freehold-purpose`` and ``x-freehold-data-class`` say.
    """

    tenant: str = ""
    agent: str = ""
    conversation: str = ""
    depth: int = 0
    purpose: str = ""
    data_class: str = ""


@dataclass(slots=True)
class Exchange:
    """What is known of a request so far; filled in while it is carried out.

    Parameters
    ----------
    kind
        The operation; ``pass`` for what is passed through unread.
    path
        What was asked for.
    caller
        Who asks.
    flight
        By which it is interrupted.
    started
        When it came, in monotonic seconds.
    """

    kind: str
    path: str
    caller: Caller
    flight: Flight
    started: float
    model: str = ""
    stream: bool = True
    asked_bytes: int = 0
    steps: int = 0
    upstream: str = ""
    upstream_model: str = ""
    provider: str = ""
    source_id: str = ""
    address: str = ""
    answered_by: str = ""
    because: str = ""
    fallback: str = ""
    status: int = 0
    error: str = ""
    first_byte: float | None = None
    tokens: Tokens | None = None
    price: Price | None = None
    cost: float | None = None
    held: Holding = ()
    attempts: int = 0
    digests: dict[str, Json] = field(default_factory=dict)
    problem: Refusal | None = None
    refused: bool = False
    runaway: bool = False
    told: bool = False

    def attributes(self) -> dict[str, Json]:
        """Who asked for what, by the names that events have."""
        caller = self.caller
        found: dict[str, Json] = {"gen_ai.operation.name": self.kind}
        known = (
            ("freehold.tenant", caller.tenant), ("gen_ai.agent.id", caller.agent),
            ("gen_ai.conversation.id", caller.conversation), ("freehold.model", self.model),
            ("freehold.upstream", self.upstream), ("gen_ai.request.model", self.upstream_model),
            ("gen_ai.provider.name", self.provider), ("freehold.source_id", self.source_id), ("server.address", self.address),
        )  # fmt: skip
        found.update({name: value for name, value in known if value})
        if caller.agent:
            found["freehold.agent.depth"] = max(caller.depth, self.steps)
        return found

    def summary(self, now: float) -> dict[str, Json]:
        """All of it, once it is over."""
        found = self.attributes()
        found["http.response.status_code"] = self.status
        found["freehold.seconds"] = round(now - self.started, 6)
        if self.kind == "pass":
            found["url.path"] = self.path.partition("?")[0]
        if self.first_byte is not None:
            found["freehold.first_token_seconds"] = round(self.first_byte - self.started, 6)
        known = (
            ("gen_ai.response.model", self.answered_by), ("freehold.because", self.because),
            ("freehold.fallback", self.fallback), ("error.type", self.error),
        )  # fmt: skip
        found.update({name: value for name, value in known if value})
        if self.tokens is not None:
            found["gen_ai.usage.input_tokens"] = self.tokens.input
            found["gen_ai.usage.output_tokens"] = self.tokens.output
            if self.tokens.estimated:
                found["freehold.tokens_estimated"] = True
        if self.cost is not None:
            found["freehold.cost"] = self.cost
        if self.attempts > 1:
            found["freehold.attempts"] = self.attempts
        if self.runaway:
            found["freehold.agent.runaway"] = True
        found.update(self.digests)
        return found
