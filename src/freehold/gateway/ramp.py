"""How traffic moves from one upstream to another: in steps, and only as fast as it holds. Owns the splitting and the steps.

A conversation stays where it is: which side it falls on comes from its name alone, and whoever is on the new side at
10 % is there at 25 %. The next step is taken when the present one has held for its time, was observed on enough requests,
and the capacity that was stated is enough for what the next one would bring; else it waits and says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from freehold.words import say

__all__ = ["CapacityTable", "Move", "Observation", "Ramp", "RampTable", "in_share", "place_of"]

_Percent: TypeAlias = Annotated[int, Meta(ge=1, le=100)]
_Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=604_800)]
_Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
_PARTS: Final = 10_000


def place_of(key: str) -> int:
    """Where a conversation stands among 10,000 places, evenly and for ever the same."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()) % _PARTS


def in_share(key: str, percent: float) -> bool:
    """Whether a conversation belongs to the first so many percent."""
    if percent >= 100:
        return True
    return percent > 0 and place_of(key) < percent * (_PARTS / 100)


class CapacityTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a self-held model can carry, as its owner states it: ``[upstream.capacity]``.

    Parameters
    ----------
    at_once
        Requests that it works on at one time.
    tokens_per_second
        Tokens that it writes, all requests together.
    most_waiting
        Requests that may wait there.
    first_token_seconds
        How long the first token may take.
    """

    at_once: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    tokens_per_second: Annotated[float, Meta(gt=0, le=1e9)] | None = None
    most_waiting: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    first_token_seconds: _Seconds | None = None


class RampTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The TOML table ``[ramp]``.

    Parameters
    ----------
    steps
        Percent of the traffic, rising, the last one 100.
    hold_seconds
        How long each step must hold before the next.
    least_requests
        Requests that must have been seen at a step.
    most_failures
        Share of them that may fail; above it the ramp goes one step down.
    returns
        Whether a first upstream that failed and serves again gets its traffic back in these steps, rather than at once.
    """

    steps: tuple[_Percent, ...] = (10, 25, 50, 100)
    hold_seconds: _Seconds = 60.0
    least_requests: Annotated[int, Meta(ge=0, le=1_000_000)] = 5
    most_failures: _Share = 0.05
    returns: bool = False

    def __post_init__(self) -> None:
        if not self.steps or list(self.steps) != sorted(set(self.steps)) or self.steps[-1] != 100:
            raise ValueError("the steps must rise and end at 100")


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen of the new upstream since the present step began, and of the traffic as a whole.

    Parameters
    ----------
    requests, failed
        Its requests that ended, and how many of them badly.
    running, waiting
        Its requests now: worked on, and waiting, ours or as it tells itself.
    first_token_seconds
        Its time to the first token, a high one such as the 95th percentile; ``None``: not measured.
    demand_at_once
        Requests under way for the model now, whichever upstream they are at.
    demand_tokens_per_second
        Tokens written a second for the model, whichever upstream writes them.
    """

    requests: int = 0
    failed: int = 0
    running: int = 0
    waiting: int = 0
    first_token_seconds: float | None = None
    demand_at_once: float = 0.0
    demand_tokens_per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class Move:
    """What a ramp did when it was looked at.

    Parameters
    ----------
    kind
        ``up``, ``down``, ``held`` (it could not go on, for a reason that is not time), ``waiting`` (its time is not over)
        or ``done``.
    percent
        Where it now stands.
    because
        A sentence.
    """

    kind: Literal["up", "down", "held", "waiting", "done"]
    percent: int
    because: str


class Ramp:
    """One movement of a model's traffic to an upstream; the return to the first one is another.

    Parameters
    ----------
    to
        The upstream's name.
    table
        The steps.
    capacity
        What the upstream can carry; ``None``: not stated, and then not checked.
    now
        The moment, in monotonic seconds.
    percent
        Where it stood, if it is taken up again after a restart.
    """

    __slots__ = ("_at", "_since", "capacity", "table", "to")

    def __init__(self, to: str, table: RampTable, capacity: CapacityTable | None, now: float, *, percent: int = 0) -> None:
        self.to = to
        self.table = table
        self.capacity = capacity
        self._at = max((at for at, step in enumerate(table.steps) if step <= percent), default=-1)
        self._since = now

    @property
    def percent(self) -> int:
        """Where it stands; 0 before its first step."""
        return self.table.steps[self._at] if self._at >= 0 else 0

    @property
    def since(self) -> float:
        """When the present step began."""
        return self._since

    def look(self, now: float, seen: Observation) -> Move:
        """Go on, hold or go back.

        Parameters
        ----------
        now
            The moment; one before the last step's counts as the last step's.
        seen
            What was seen since the present step began.
        """
        if self._at >= 0 and seen.requests >= max(1, self.table.least_requests):
            share = seen.failed / seen.requests
            if share > self.table.most_failures + 1e-9:
                self._at = max(self._at - 1, -1)
                self._since = now
                because = say("policy.ramp_failures", to=self.to, failed=seen.failed, requests=seen.requests)
                return Move("down", self.percent, because)
        if self.percent == 100:
            return Move("done", 100, say("policy.ramp_done", to=self.to))
        wanted = self.table.steps[self._at + 1]
        if self._at >= 0:
            left = self._since + self.table.hold_seconds - now
            if left > 0:
                return Move("waiting", self.percent, say("policy.ramp_time", percent=self.percent, seconds=f"{left:.0f}"))
            if seen.requests < self.table.least_requests:
                because = say("policy.ramp_few", seen=seen.requests, least=self.table.least_requests, percent=self.percent)
                return Move("held", self.percent, because)
        short = self._short_of(wanted, seen)
        if short:
            return Move("held", self.percent, short)
        self._at += 1
        self._since = now
        return Move("up", wanted, say("policy.ramp_up", to=self.to, percent=wanted))

    def back(self, now: float) -> Move:
        """Go back to nothing at once: the upstream failed."""
        self._at, self._since = -1, now
        return Move("down", 0, say("policy.ramp_back", to=self.to))

    def _short_of(self, percent: int, seen: Observation) -> str:
        """What the capacity lacks for a share of the traffic, in a sentence; empty if it is enough."""
        capacity = self.capacity
        if capacity is None:
            return ""
        if seen.waiting > capacity.most_waiting:
            return say("policy.ramp_waiting", to=self.to, waiting=seen.waiting, most=capacity.most_waiting)
        limit, first = capacity.first_token_seconds, seen.first_token_seconds
        if limit is not None and first is not None and first > limit:
            return say("policy.ramp_slow", to=self.to, seconds=f"{first:.2f}", most=f"{limit:g}")
        at_once = seen.demand_at_once * percent / 100
        if capacity.at_once is not None and at_once > capacity.at_once + 1e-9:
            return say("policy.ramp_at_once", to=self.to, percent=percent, at_once=f"{at_once:.1f}", most=capacity.at_once)
        rate = seen.demand_tokens_per_second * percent / 100
        if capacity.tokens_per_second is not None and rate > capacity.tokens_per_second + 1e-9:
            most = f"{capacity.tokens_per_second:g}"
            return say("policy.ramp_tokens", to=self.to, percent=percent, rate=f"{rate:.1f}", most=most)
        return ""
