"""The command line that runs a recorded drill again. Owns how a record reads as flags."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from freehold.drill.record import Drill
from freehold.stack.cutoff import DEFAULT_STAKE, SELECTORS, WAYS

__all__ = ["repeat_of"]

_FLAGS = ("provider", "owner", "country", "item", "source")


def repeat_of(drill: Drill) -> tuple[str, ...]:
    """The command line of a drill, from its record; empty where flags cannot say what was cut, and a scenario file did."""
    cutoff = drill.cut.get("cutoff")
    rules = cutoff.get("rule", ()) if isinstance(cutoff, Mapping) else ()
    flags: list[str] = []
    for rule in rules:
        one = _flag(rule)
        if one is None:
            return ()
        flags += one
    ways = {tuple(rule.get("via", WAYS)) for rule in rules}
    if len(ways) > 1:
        return ()
    flags += [f"--via={','.join(via)}" for via in ways if set(via) != set(WAYS)]
    stake = cutoff.get("stake", DEFAULT_STAKE) if isinstance(cutoff, Mapping) else DEFAULT_STAKE
    if stake != DEFAULT_STAKE:
        flags += ["--stake", f"{stake:g}"]
    for host in drill.cut.get("hosts", ()):
        flags += ["--host", host]
    return ("freehold", "drill", *flags, *_how(drill), *_command(drill))


def _flag(rule: Mapping[str, Any]) -> list[str] | None:
    chosen = [name for name in SELECTORS if rule.get(name) not in (None, False)]
    if len(chosen) != 1 or rule.get("availability") or rule.get("from") != "0d" or rule.get("until") != "forever":
        return None
    if chosen == ["foreign"]:
        return ["--foreign"]
    return [f"--{chosen[0]}", str(rule[chosen[0]])] if chosen[0] in _FLAGS else None


def _how(drill: Drill) -> Iterator[str]:
    if drill.cut.get("air_gap"):
        yield "--air-gap"
    if drill.shape != "gone":
        yield from ("--shape", drill.shape)
    if drill.backend != "namespace":
        yield from ("--backend", drill.backend)
    if drill.run.cold:
        yield "--cold"
    if drill.run.steps and drill.service is None:
        yield "--steps"
    if drill.said and drill.baseline is None and drill.service is None:
        yield "--no-baseline"
    if not drill.said:
        yield "--fail-on-new-contact"


def _command(drill: Drill) -> tuple[str, ...]:
    if drill.service is not None:
        return ("--service", shlex.join(drill.command), "--probe", shlex.join(drill.service.probe))
    return ("--", *drill.command)
