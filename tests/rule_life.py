"""What an alert of a windowed rule should do, step by step over all events ever: slow, and plain to read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

STEP = 0.5


@dataclass(frozen=True)
class Happening:
    """An event of a test: at a step, whether it is of the part, whether it clears."""

    step: int
    part: bool
    clears: bool = False


@dataclass(frozen=True)
class Life:
    """The numbers of a rule whose window is 60 s, so that a bucket is one second."""

    at_least: int | None
    over: float | None
    minimum: int
    for_: float
    resolve_after: float
    hold_off: float


def lives(rule: Life, happenings: Sequence[Happening], start: float, steps: int) -> list[tuple[float, float]]:
    """Every alert's beginning and end (``inf``: none by the last step)."""
    kept: list[tuple[float, bool]] = []
    found: list[tuple[float, float]] = []
    holds_since: float | None = None
    active_until = quiet_until = -math.inf
    starts: float | None = None

    def holds(now: float) -> bool:
        within = [part for moment, part in kept if moment // 1 > now // 1 - 60]
        if rule.at_least is not None:
            return sum(within) >= rule.at_least
        assert rule.over is not None
        return len(within) >= rule.minimum and sum(within) / len(within) > rule.over

    def life(now: float) -> None:
        nonlocal starts, quiet_until
        if holds_since is not None and now - holds_since >= rule.for_:
            if starts is None and now >= quiet_until:
                starts = now
        elif starts is not None and now - active_until >= rule.resolve_after:
            found.append((starts, now))
            starts, quiet_until = None, now + rule.hold_off

    for step in range(steps + 1):
        now = start + step * STEP
        here = [one for one in happenings if one.step == step]
        for happening in [None, *here]:
            if happening is not None and happening.clears:
                kept.clear()
                holds_since, active_until = None, -math.inf
                if starts is not None:
                    found.append((starts, now))
                    starts, quiet_until = None, now + rule.hold_off
                continue
            if happening is not None:
                kept.append((now, happening.part))
            if happening is None and holds_since is None:
                life(now)
                continue
            if rule.at_least is not None and happening is not None and not happening.part:
                continue
            if holds(now):
                holds_since = now if holds_since is None else holds_since
            elif holds_since is not None:
                if now - holds_since >= rule.for_:
                    active_until = now
                holds_since = None
            life(now)
    return found + ([(starts, math.inf)] if starts is not None else [])
