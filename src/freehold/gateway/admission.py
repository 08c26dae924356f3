"""Whether a request may go on, and to whom. Owns the seam between a request as it came and the policy of the plan in force."""

from __future__ import annotations

import asyncio
import time
from hashlib import sha256
from typing import Final

from aiohttp import web

from freehold.gateway.accounts import Accounts, Holding
from freehold.gateway.answers import Refusal
from freehold.gateway.exchange import Caller, Exchange
from freehold.gateway.headers import bearer, plain
from freehold.gateway.plan import Candidate, Plan
from freehold.gateway.requests import Asked
from freehold.gateway.routing import Force, Question
from freehold.gateway.tool_policy import Call
from freehold.words import say

__all__ = ["body_of", "caller_of", "candidates_for", "hold", "see_agent", "see_tools", "too_large"]

_MOST_NAME: Final = 200
_MOST_DEPTH: Final = 1_000_000
_NEEDS: Final = {
    "chat": frozenset({"chat"}),
    "text_completion": frozenset({"completions"}),
    "responses": frozenset({"responses"}),
    "embeddings": frozenset({"embeddings"}),
}


def caller_of(request: web.Request, plan: Plan) -> Caller:
    """Who asks, by the key and by what the headers say.

    Raises
    ------
    freehold.gateway.answers.Refusal
        If the key is no tenant's, or a header makes no sense or says what is not the caller's to say.
    """
    headers = request.headers
    tenant, data_class, purpose = "", "", ""
    agents: tuple[str, ...] = ()
    if plan.tenants:
        found = plan.tenants.get(sha256(bearer(headers).encode("utf-8", "surrogatepass")).digest())
        if found is None:
            said = "the key is not one of this gateway's tenants."
            raise Refusal(401, "unknown_key", said, {"WWW-Authenticate": "Bearer"})
        tenant, data_class, purpose, agents = found.name, found.data_class, found.purpose, found.agents
    named = [name for name in headers if name[:11].lower() == "x-freehold-"]
    if not named and not agents:
        return Caller(tenant, data_class=data_class, purpose=purpose)
    given = {name.lower()[11:]: headers[name] for name in named}
    for name, value in given.items():
        if len(value) > _MOST_NAME or not value.isprintable():
            raise Refusal(400, "bad_header", f"x-freehold-{plain(name, 40)} is too long, or holds unprintable characters.")
    depth = given.get("agent-depth", "0")
    if not depth.isascii() or not depth.isdigit() or int(depth) > _MOST_DEPTH:
        raise Refusal(400, "bad_header", "x-freehold-agent-depth is no whole number from 0 on.")
    for name, stated in (("data-class", data_class), ("purpose", purpose)):
        if stated and given.get(name, stated) != stated:
            said = f"x-freehold-{name} says something else than the configuration says of '{tenant}'."
            raise Refusal(403, "not_its_own", said)
    if agents and given.get("agent", "") not in agents:
        said = f"the key of '{tenant}' is for its agents. Say in x-freehold-agent which of them asks."
        raise Refusal(403, "not_its_own", said)
    return Caller(
        tenant, given.get("agent", ""), given.get("conversation", ""), int(depth), purpose or given.get("purpose", ""),
        data_class or given.get("data-class", ""),
    )  # fmt: skip


def too_large(most: int) -> Refusal:
    """What is said of a body over a limit."""
    return Refusal(413, "too_large", f"the body is larger than {most:,} bytes.")


async def body_of(request: web.Request, exchange: Exchange, plan: Plan) -> bytes:
    """The body of a request that is understood, read whole.

    Raises
    ------
    freehold.gateway.answers.Refusal
        If it is no JSON by its headers, too large, too slow, or breaks off.
    """
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise Refusal(415, "content_type", "the body is to be JSON: send Content-Type: application/json.")
    if request.headers.get("content-encoding", "identity").lower() not in ("identity", ""):
        raise Refusal(415, "content_encoding", "a compressed body is not read. Send it as it is.")
    most = plan.configuration.limits.body_bytes
    if request.content_length is not None and request.content_length > most:
        raise too_large(most)
    exchange.flight.deadline = asyncio.get_running_loop().time() + plan.configuration.timeouts.body
    pieces: list[bytes] = []
    length = 0
    try:
        while piece := await request.content.readany():
            pieces.append(piece)
            length += len(piece)
            if length > most:
                raise too_large(most)
    except asyncio.CancelledError:
        why = exchange.flight.interruption
        if why is None or why.kind != "late":
            raise
        exchange.flight.go_on()
        raise Refusal(408, "slow_body", "the body did not come in time.") from None
    except web.RequestPayloadError as error:
        raise Refusal(400, "bad_body", f"the body broke off: {error}.") from None
    exchange.flight.deadline = float("inf")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def see_agent(exchange: Exchange, plan: Plan, now: float) -> None:
    """See whether an agent has run away before it asks once more.

    Raises
    ------
    freehold.gateway.answers.Refusal
        If it has.
    """
    caller = exchange.caller
    found = plan.tools.before(now, caller.tenant, caller.agent, max(caller.depth, exchange.steps))
    if found is not None:
        exchange.runaway = found.runaway
        raise Refusal(403 if found.kind == "depth" else 429, f"agent_{found.kind}", found.because)


def see_tools(exchange: Exchange, plan: Plan, asked: Asked, now: float) -> None:
    """See whether the tools that a provider runs by itself may be used: of those, nobody asks before they run.

    Raises
    ------
    freehold.gateway.answers.Refusal
        If one may not.
    """
    caller = exchange.caller
    for tool in asked.run_there:
        found = plan.declared.check(now, Call(tool, "{}", caller.tenant, caller.agent, asked.model))
        if found is not None and found.kind == "tool":
            raise Refusal(403, "tool_refused", found.because, details={"tool": tool, "reason": found.kind})


def candidates_for(exchange: Exchange, plan: Plan, asked: Asked, force: Force | None) -> tuple[Candidate, ...]:
    """Who may answer, in order.

    Raises
    ------
    freehold.gateway.answers.Refusal
        If nobody has the model, or nobody who has it may be used.
    """
    caller = exchange.caller
    needs = _NEEDS[asked.kind]
    if asked.stream:
        needs |= {"streaming"}
    if asked.tools:
        needs |= {"tools"}
    question = Question(
        asked.model, caller.tenant, caller.agent, caller.data_class, caller.purpose, needs, len(asked.body) // 4,
        asked.most_tokens or 0, caller.conversation or caller.tenant,
    )  # fmt: skip
    decision = plan.router.decide(question, force)
    if not decision.choices:
        is_unknown = decision.refused == say("policy.no_upstream", model=asked.model)
        raise Refusal(404 if is_unknown else 403, "no_route", decision.refused)
    found = []
    is_only = len(plan.upstreams) == 1
    for one in decision.choices:
        upstream = plan.upstreams[one.target.upstream]
        because = say("policy.only" if is_only and one.because == "policy.listed" else one.because)
        found.append(Candidate(upstream, one.target.model or asked.model, one.target.price, because))
    return tuple(found)


def hold(accounts: Accounts, exchange: Exchange, plan: Plan, asked: Asked, candidates: tuple[Candidate, ...]) -> Holding:
    """Set aside what a request may cost, at the dearest of those who may answer.

    Raises
    ------
    freehold.gateway.answers.Refusal
        If a limit would be overrun.
    """
    read = len(asked.body) // 4
    write = plan.configuration.limits.tokens if asked.most_tokens is None else asked.most_tokens
    write = 0 if asked.kind == "embeddings" else write
    cost = max((one.price.cost(read, write) for one in candidates if one.price is not None), default=0.0)
    now = asyncio.get_running_loop().time()
    return accounts.hold(now, time.time(), exchange.caller.tenant, asked.model, read + write, cost)
