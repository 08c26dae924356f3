"""A service under a cut: what is planned, and what was seen of it. Owns the values, and their form in JSON.

A *probe* is a command that exits 0 while the service is well. Moments are seconds since the service was started, unless they
say otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, TypeAlias

from freehold.drill.contact import Contact
from freehold.drill.record import VerdictName
from freehold.errors import UsageError

__all__ = ["MOST_PROBES", "Phase", "ProbeResult", "ServiceEvent", "ServicePlan", "ServiceRun", "ServiceVerdict"]

MOST_PROBES: Final = 100_000
"""Probes that one drill may plan."""

Phase: TypeAlias = Literal["start", "base", "cut", "recovery"]
"""Until the first probe passes; then until the cut; while it holds; after it was lifted."""


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """What is run, and how long it is watched.

    Parameters
    ----------
    service, probe
        Arguments of the two commands; no shell reads them.
    folder, environment
        For both; the environment is no part of a record.
    interval
        Seconds from the start of a probe to that of the next.
    probe_deadline
        Seconds after which a probe has failed, and is ended.
    start_deadline
        Seconds within which a probe must have passed.
    base, cut, recovery
        Seconds that the service is watched before the cut, while it holds, and after it.
    restarts
        How often a service that ends by itself is started again, as whatever supervises it would.
    stop_deadline
        Seconds that it has for ending when asked to (SIGTERM), before it is ended.

    Raises
    ------
    freehold.errors.UsageError
        If there is no service or probe, or a time makes no sense.
    """

    service: tuple[str, ...]
    probe: tuple[str, ...]
    folder: str
    environment: Mapping[str, str] = field(repr=False)
    interval: float = 1.0
    probe_deadline: float = 10.0
    start_deadline: float = 60.0
    base: float = 10.0
    cut: float = 60.0
    recovery: float = 60.0
    restarts: int = 0
    stop_deadline: float = 10.0

    def __post_init__(self) -> None:
        if not self.service or not self.probe:
            raise UsageError("A service and its probe are two commands. Give both: --service 'COMMAND' --probe 'COMMAND'.")
        times = {
            "interval": self.interval, "probe deadline": self.probe_deadline, "start deadline": self.start_deadline,
            "base": self.base, "cut": self.cut, "recovery": self.recovery,
        }  # fmt: skip
        for name, value in times.items():
            if not (math.isfinite(value) and value > 0):
                raise UsageError(f"The {name} of a service's drill is {value:g} seconds. Give a time above 0.")
        longest = max(self.start_deadline, self.base, self.cut, self.recovery)
        if longest / self.interval > MOST_PROBES:
            raise UsageError(f"{longest:g} s at one probe every {self.interval:g} s are more than {MOST_PROBES:,} probes.")
        if self.restarts < 0 or not (math.isfinite(self.stop_deadline) and self.stop_deadline >= 0):
            raise UsageError("The restarts and the stop deadline of a service's drill cannot be less than 0.")

    def as_data(self) -> dict[str, Any]:
        """What a record holds of it."""
        names = (
            "folder",
            "interval",
            "probe_deadline",
            "start_deadline",
            "base",
            "cut",
            "recovery",
            "restarts",
            "stop_deadline",
        )
        return {
            "service": list(self.service),
            "probe": list(self.probe),
            **{name: getattr(self, name) for name in names},
        }


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One probe.

    Parameters
    ----------
    phase
        In which it was started; it never reaches into the next.
    at, seconds
        When it was started, and how long it took.
    exit
        Its exit status, or minus a signal; ``None`` if it was ended for taking too long.
    """

    phase: Phase
    at: float
    seconds: float
    exit: int | None

    @property
    def passed(self) -> bool:
        """Whether the service was well."""
        return self.exit == 0

    @property
    def ended(self) -> float:
        """When it had ended."""
        return self.at + self.seconds


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """The service ended by itself, or was started again.

    Parameters
    ----------
    what
        ``ended`` or ``restarted``.
    at
        When.
    exit
        Of what ended: its exit status, or minus a signal.
    """

    what: Literal["ended", "restarted"]
    at: float
    exit: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceVerdict:
    """What the drill of a service proves.

    Parameters
    ----------
    name
        ``untouched``, ``survived``, ``degraded`` (its probes passed, but took longer), ``failed`` or ``void``.
    reasons
        Sentences, the weightiest first.
    survive
        Seconds from the cut to the start of the first probe that failed; ``None`` if none did.
    survive_at_least
        Seconds from the cut to the start of the last probe that passed before that: so long it surely lived.
    recover
        Seconds from the lifting of the cut until the first probe had passed after which none failed; 0 if it was well when the
        cut was lifted; ``None`` if it was not well again within the time, or if there is nothing to say.
    slower
        The median time of a probe under the cut over that before it; ``None`` where either is missing.
    """

    name: VerdictName
    reasons: tuple[str, ...] = ()
    survive: float | None = None
    survive_at_least: float = 0.0
    recover: float | None = None
    slower: float | None = None


@dataclass(frozen=True, slots=True)
class ServiceRun:
    """A drill of a service, whole.

    Parameters
    ----------
    plan
        What was asked for.
    backend, shape, blind_spots, setup_seconds
        How it was cut, how that looked, what this does not see, and how long setting it up took.
    started
        Moment in UTC, ISO 8601.
    ready, cut_at, restored_at, finished
        When the first probe had passed, the cut began, was lifted, and the watching ended; ``None`` for what did not happen.
    probes, events
        In order.
    contacts
        What was contacted in all.
    cut_tries
        Tries of what is cut, while the cut held.
    broken
        Why the cut did not hold; empty if it did.
    verdict
        What it proves.
    """

    plan: ServicePlan
    backend: str
    shape: str
    blind_spots: tuple[str, ...]
    setup_seconds: float
    started: str
    ready: float | None
    cut_at: float | None
    restored_at: float | None
    finished: float
    probes: tuple[ProbeResult, ...]
    events: tuple[ServiceEvent, ...]
    contacts: tuple[Contact, ...]
    cut_tries: int
    broken: str
    verdict: ServiceVerdict

    def as_data(self) -> dict[str, Any]:
        """What a record holds, in the types of JSON."""
        names = (
            "backend", "shape", "setup_seconds", "started", "ready", "cut_at", "restored_at", "finished", "cut_tries", "broken",
        )  # fmt: skip
        return {
            "plan": self.plan.as_data(),
            **{name: getattr(self, name) for name in names},
            "blind_spots": list(self.blind_spots),
            "probes": [asdict(probe) for probe in self.probes],
            "events": [asdict(event) for event in self.events],
            "contacts": [_listed(asdict(contact)) for contact in self.contacts],
            "verdict": _listed(asdict(self.verdict)),
        }


def _listed(data: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in data.items()}
