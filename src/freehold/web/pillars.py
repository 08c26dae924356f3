"""The four words at the head of the page: safe, reliable, controllable, available. Owns from which facts each is told.

*Safe*: nothing that an agent or a model does is out of bounds. *Reliable*: what answers is what should, and it does answer.
*Controllable*: it can be stopped, and what is done is on record. *Available*: how much of what must be kept running runs. A
word that no fact bears is *not known*: that nothing was heard is no sign that all is well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from freehold.respond.incident import level_number
from freehold.web.desk import Desk
from freehold.web.incident_list import OpenIncident
from freehold.words import interval, say

__all__ = ["GatewaySeen", "pillars"]

_UNSAFE: Final = frozenset(
    {
        "tool-refused", "agent-repeats-itself", "agent-too-deep", "agent-spends-fast", "unexpected-model", "token-spike",
        "cost-spike",
    }
)  # fmt: skip
"""Rules about what an agent or a model does; all others are about whether it answers."""
_TOLD_BY: Final = ("freehold.gateway", "opentelemetry.span", "opentelemetry.metric", "opentelemetry.log")
"""Kinds of events that tell what agents and models do."""
_LOOKED_AT_BY: Final = (*_TOLD_BY, "freehold.probe", "freehold.status")
"""Kinds of events that tell whether something answers."""
_FRESH: Final = 15 * 60.0
"""Seconds after which what was heard says nothing of now."""
_LONGEST_TITLE: Final = 90
_NEARLY_ALL: Final = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class GatewaySeen:
    """The gateway as it was last seen.

    Parameters
    ----------
    state
        Its own account; ``None`` if it did not answer.
    why
        Why it is not known.
    named
        Whether ``respond.toml`` names one: then it is missed.
    by_file
        Whether it can be stopped by its file too.
    file_stops
        What its file says is stopped, read where it did not answer; ``None`` if that is not known.
    """

    state: Mapping[str, Any] | None = None
    why: str = ""
    named: bool = False
    by_file: bool = False
    file_stops: tuple[Mapping[str, str], ...] | None = None

    def listed(self, what: str) -> list[Mapping[str, Any]]:
        """A list of its account; empty if it has none."""
        found = (self.state or {}).get(what)
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    @property
    def stops(self) -> list[Mapping[str, Any]]:
        """What is stopped: as the gateway says, else as its file does."""
        return list(self.file_stops or ()) if self.state is None else self.listed("stops")

    @property
    def all_stopped(self) -> bool:
        """Whether everything is stopped."""
        return any(one.get("scope") == "all" for one in self.stops)


def pillars(
    desk: Desk, open_: Sequence[OpenIncident], waiting: int, gateway: GatewaySeen, now: float
) -> list[dict[str, str]]:  # fmt: skip
    """The four words, each with its sentence.

    Parameters
    ----------
    desk
        The desk.
    open_
        Its open incidents.
    waiting
        How many acts wait for people.
    gateway
        As last seen.
    now
        Seconds since 1970.
    """
    firing = [one for one in open_ if one.firing]
    unsafe = [one for one in firing if one.labels.get("alertname") in _UNSAFE]
    other = [one for one in firing if one not in unsafe]
    return [
        _safe(desk, unsafe, now),
        _reliable(desk, other, gateway, now),
        _controllable(desk, waiting, gateway),
        _available(desk, gateway),
    ]


def _pillar(name: str, state: str, says: str) -> dict[str, str]:
    return {"name": say(f"desk.{name}"), "state": state, "mark": say(f"desk.mark_{state}"), "says": says}


def _blind(desk: Desk) -> str:
    """Why the desk does not see what comes in; empty if it does."""
    for part in ("events", "notifications"):
        if part in desk.health.faults:
            return say("desk.blind", why=desk.health.faults[part])
    return ""


def _heard(desk: Desk, kinds: Iterable[str], now: float) -> bool:
    return any(now - desk.health.heard.get(kind, -_FRESH) < _FRESH for kind in kinds)


def _safe(desk: Desk, unsafe: Sequence[OpenIncident], now: float) -> dict[str, str]:
    if unsafe:
        return _pillar("safe", "bad", _titles(unsafe))
    if blind := _blind(desk):
        return _pillar("safe", "unknown", blind)
    if not _heard(desk, _TOLD_BY, now):
        return _pillar("safe", "unknown", say("desk.safe_unknown"))
    return _pillar("safe", "good", say("desk.safe_good"))


def _reliable(desk: Desk, other: Sequence[OpenIncident], gateway: GatewaySeen, now: float) -> dict[str, str]:
    if other:
        worst = max(level_number(one.level_low) for one in other)
        return _pillar("reliable", "bad" if worst >= level_number("orange") else "warn", _titles(other))
    if blind := _blind(desk):
        return _pillar("reliable", "unknown", blind)
    upstreams = gateway.listed("upstreams")
    down = [str(one.get("name", "")) for one in upstreams if one.get("breaker") not in ("closed", None)]
    if down:
        return _pillar("reliable", "warn", say("desk.reliable_open", names=", ".join(down)))
    if not _heard(desk, _LOOKED_AT_BY, now):
        return _pillar("reliable", "unknown", say("desk.reliable_unknown"))
    return _pillar("reliable", "good", say("desk.reliable_good"))


def _controllable(desk: Desk, waiting: int, gateway: GatewaySeen) -> dict[str, str]:
    faults = "; ".join(f"{part}: {what}" for part, what in desk.health.faults.items())
    trouble = ""
    if gateway.state is not None:
        evidence = gateway.state.get("evidence")
        trouble = str(evidence.get("trouble") or "") if isinstance(evidence, dict) else ""
        trouble = trouble or str(gateway.state.get("stop_file_problem") or "")
    if faults or trouble:
        return _pillar("controllable", "bad", faults or trouble)
    if gateway.state is None:
        if not gateway.named:
            return _pillar("controllable", "unknown", gateway.why)
        says = say("desk.by_file" if gateway.by_file else "desk.no_way", why=gateway.why)
        return _pillar("controllable", "warn" if gateway.by_file else "bad", says)
    if waiting:
        return _pillar("controllable", "warn", say("desk.waiting", count=waiting))
    return _pillar("controllable", "good", say("desk.controllable_good"))


def _available(desk: Desk, gateway: GatewaySeen) -> dict[str, str]:
    if gateway.all_stopped:
        return _pillar("available", "bad", say("desk.available_stopped"))
    left = desk.left
    if left is None:
        return _pillar("available", "unknown", say("desk.available_unknown"))
    state = "good" if left.low > _NEARLY_ALL else ("warn" if left.high >= 0.5 else "bad")
    says = say("desk.available_says", level=interval(left.low, left.high))
    if left.unplaced:
        state = "unknown" if state == "good" else state
        says += " " + say("desk.available_unplaced", count=left.unplaced)
    return _pillar("available", state, says)


def _titles(incidents: Sequence[OpenIncident]) -> str:
    first = max(incidents, key=lambda one: level_number(one.level_high))
    title = first.title if len(first.title) <= _LONGEST_TITLE else first.title[:_LONGEST_TITLE] + " …"
    more = len(incidents) - 1
    return say("desk.title_more", title=title, more=more) if more else title
