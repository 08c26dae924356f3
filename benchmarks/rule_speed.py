"""Rules over a generated hour of a gateway: what one rule costs on one event. Run in a child by :mod:`benchmarks.inside`.

The hour is the mix of events that a gateway sends: requests of some tenants, agents and models, some of them failing, tool
calls, breakers, fall-backs, probes. All rules that come with Freehold look at it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from freehold.watch.event import Event

__all__ = ["hour", "rules"]

_START: Final = 1_700_000_000.0
_ROUNDS: Final = 5


def hour(count: int, seed: int) -> Iterator[Event]:
    """Make so many events, evenly over an hour.

    Parameters
    ----------
    count
        How many.
    seed
        Of the generator: the same one makes the same events.
    """
    from freehold.watch.event import Event

    chance = random.Random(seed)
    for number in range(count):
        kind, data = _event(chance)
        at = _START + 3_600.0 * number / count
        yield Event("/freehold/gateway/main", str(number), f"freehold.{kind}", at, at, "", data)


def _event(chance: random.Random) -> tuple[str, dict[str, Any]]:
    upstream = f"upstream-{chance.randrange(4)}"
    data: dict[str, Any] = {
        "freehold.tenant": f"tenant-{chance.randrange(40)}", "gen_ai.agent.id": f"agent-{chance.randrange(80)}",
        "freehold.model": f"model-{chance.randrange(6)}", "freehold.upstream": upstream, "server.address": upstream,
        "gen_ai.operation.name": "chat", "gen_ai.request.model": "large-2", "freehold.agent.depth": chance.randrange(5),
    }  # fmt: skip
    draw = chance.random()
    if draw < 0.75:
        failed = chance.random() < 0.01
        return "gateway.request", data | {
            "http.response.status_code": 502 if failed else 200, "freehold.seconds": chance.expovariate(0.5),
            "freehold.first_token_seconds": chance.expovariate(2.0), "gen_ai.response.model": "large-2-2026-01-05",
            "gen_ai.usage.input_tokens": chance.randrange(4_000), "gen_ai.usage.output_tokens": chance.randrange(2_000),
            "freehold.cost": chance.random() / 50,
        }  # fmt: skip
    if draw < 0.9:
        call = {"gen_ai.tool.name": "search", "freehold.tool.arguments_digest": f"{chance.randrange(10**9):09x}"}
        return "gateway.tool.call", data | call
    if draw < 0.93:
        return "gateway.upstream.failed", data | {"error.type": "timeout", "freehold.because": "no answer in 30 s"}
    if draw < 0.95:
        return "gateway.fallback", data | {"freehold.because": "no answer in 30 s"}
    probe = {
        "server.address": f"{upstream}.example",
        "freehold.probe.kind": "http",
        "freehold.probe.ok": chance.random() < 0.98,
    }
    return "probe", probe


def rules(count: str, seed: str) -> tuple[dict[str, float], dict[str, int]]:
    """Feed an hour to all built-in rules, and one event to one condition of five terms again and again.

    Returns
    -------
    tuple
        Processor time: by rule and event that it looks at, by event, and by condition, the least of some rounds; in µs.
    """
    from freehold.watch.conditions import compile_condition
    from freehold.watch.engine import RuleEngine
    from freehold.watch.rules import built_in_rules

    events = list(hour(int(count), int(seed)))
    found: dict[str, int] = {}
    by_event = by_rule = float("inf")
    for _ in range(_ROUNDS):
        engine = RuleEngine(built_in_rules())
        said = 0
        began = time.process_time()
        for event in events:
            said += len(engine.feed(event))
        spent = (time.process_time() - began) * 1e6
        looked = sum(tally.looked for tally in engine.tallies.values())
        by_event, by_rule = min(by_event, spent / len(events)), min(by_rule, spent / looked)
        errors = sum(tally.errors for tally in engine.tallies.values())
        found = {"events": len(events), "rules": len(built_in_rules()), "evaluations": looked, "alerts": said, "faults": errors}
    condition = compile_condition(
        'http.response.status_code >= 500 || freehold.seconds > 100.0 || freehold.tenant == "x"'
        ' || gen_ai.request.model.startsWith("y") || freehold.cost > 9.0'
    )
    request = next(event for event in events if event.type == "freehold.gateway.request" and not condition.holds(event))
    by_condition = float("inf")
    for _ in range(_ROUNDS):
        began = time.process_time()
        for _ in range(2_000):
            condition.holds(request)
        by_condition = min(by_condition, (time.process_time() - began) * 1e6 / 2_000)
    return {"a rule on an event": by_rule, "an event": by_event, "a condition": by_condition}, found
