"""The values that benchmarks are made of. Owns the seam between what is measured and how it is run and reported.

A *workload* is one piece of work with a bar; a *subject* is who does it (Freehold, or a named peer); one doing of it
gives a *sample*: figures by the name of the *phase*, in seconds unless :data:`UNITS` says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

__all__ = ["FREEHOLD", "UNITS", "Bar", "NotRun", "Outcome", "Places", "Sample", "Subject", "Workload"]

FREEHOLD: Final = "freehold"
UNITS: Final[Mapping[str, str]] = {
    "peak memory": "MB",
    "installed size": "MB",
    "speed": "MB/s",
    "peak memory, times the file": "×",
    "a rule on an event": "µs",
    "an event": "µs",
    "a condition": "µs",
    **{
        f"{phase}, {at_once} at once": "ms"
        for phase in ("processor a request", "latency p50", "latency p99")
        for at_once in (1, 8, 32)
    },
    **{
        f"first token {part}{of}": "ms"
        for part in ("p50", "p99")
        for of in ("", ", pass-through's in the same run", ", above the pass-through's")
    },
    "streams dropped": "streams",
    "longest wait between pieces, p99": "ms",
    "processor, part of a core": "%",
    "processor of the load, part of a core": "%",
    **{f"{phase}, breaker open": "ms" for phase in ("p50", "p99", "slowest")},
    "slowest of the first 20": "ms",
    **{f"memory after {part}": "MB" for part in ("a hundredth", "a tenth", "all")},
    "memory at the end": "MB",
    "memory after all, times that after a tenth": "×",
    "processor an entry": "µs",
    "verify, an entry": "µs",
    "a proof among 20,000": "ms",
}
"""Units of the phases that are not seconds."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are.

    Parameters
    ----------
    python
        The interpreter that Freehold is installed for.
    scratch
        A folder that benchmarks may fill: generated stacks, environments, caches.
    data
        The folder of shared data.
    keep
        A checkout of keephq/keep, if there is one.
    peers
        Where ``python -m benchmarks peers`` put the peers.
    scale
        What every count of the gateway's and the log's workloads is multiplied by: under 1 to see that they run.
    """

    python: Path
    scratch: Path
    data: Path
    keep: Path | None
    peers: Path
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One doing of a piece of work: figures by phase, and what was found, as a check that the work was done."""

    figures: Mapping[str, float]
    found: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotRun:
    """Why a subject could not do it."""

    because: str


Outcome: TypeAlias = Sample | NotRun


@dataclass(frozen=True, slots=True)
class Bar:
    """The most that a phase may take, by the median of the runs."""

    phase: str
    most: float


@dataclass(frozen=True, slots=True)
class Subject:
    """Who does it, how, and which figure of its own stands beside which phase of Freehold's.

    Parameters
    ----------
    name
        :data:`FREEHOLD`, or the peer's.
    once
        Does it once.
    beside
        For a peer: Freehold's phase to its own phase of the same extent.
    """

    name: str
    once: Callable[[Places], Outcome]
    beside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Workload:
    """One piece of work.

    Parameters
    ----------
    name, what
        Its name on the command line, and what is done in a line.
    subjects
        Freehold first, then the peers.
    bars
        Freehold's.
    prepare
        Makes what the work is done on, before anything is measured; gives why not if it cannot.
    most_runs
        For what is slow or does not vary.
    warm
        Whether each subject does it once unrecorded, so that the disk is warm.
    """

    name: str
    what: str
    subjects: tuple[Subject, ...]
    bars: tuple[Bar, ...]
    prepare: Callable[[Places], NotRun | None] = lambda _: None
    most_runs: int = 1000
    warm: bool = True
