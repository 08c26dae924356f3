"""The drill of a service as a drill like others: one run, its phases as steps, a verdict. Owns that form, bounded in size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from freehold.drill.contact import Contact
from freehold.drill.record import Attributed, Probed, Run, Service, Step, Verdict
from freehold.drill.service_record import Phase, ServiceRun

__all__ = ["MOST_TURNS", "run_of", "service_of", "verdict_of"]

MOST_TURNS: Final = 2_000
"""Changes between well and unwell that are kept, the first ones."""
_PHASES: Final[tuple[Phase, ...]] = ("start", "base", "cut", "recovery")


def run_of(seen: ServiceRun, attribute: Callable[[Contact], Attributed]) -> Run:
    """The one run: its phases are its steps, and its status is 0 if no probe failed under the cut.

    Parameters
    ----------
    seen
        What was seen.
    attribute
        Says whose a contact is.
    """
    steps = tuple(_steps(seen))
    well = bool(steps) and all(step.outcome == "passed" for step in steps if step.name in ("base", "cut"))
    return Run(
        "cut", seen.backend, seen.started, seen.finished, 0 if well and seen.cut_at is not None else 1,
        tuple(attribute(one) for one in seen.contacts), steps, blind_spots=seen.blind_spots, broken=seen.broken,
        setup_seconds=seen.setup_seconds,
    )  # fmt: skip


def _steps(seen: ServiceRun) -> Iterator[Step]:
    ends = (seen.ready, seen.cut_at, seen.restored_at, seen.finished)
    start: float | None = 0.0
    for phase, end in zip(_PHASES, ends, strict=True):
        probes = [probe for probe in seen.probes if probe.phase == phase]
        if start is None or not probes:
            yield Step(phase, "skipped")
        else:
            last = seen.finished if end is None else end
            # until it is ready, and while it recovers, probes may fail: the last one tells
            passed = probes[-1].passed if phase in ("start", "recovery") else all(probe.passed for probe in probes)
            refused = _first_refused(seen, start, last)
            yield Step(phase, "passed" if passed else "failed", None, start, max(0.0, last - start), refused)
        start = end


def _first_refused(seen: ServiceRun, start: float, end: float) -> str:
    found = [
        one for one in seen.contacts if one.because and one.first_refused is not None and start <= one.first_refused <= end
    ]
    first = min(found, key=lambda one: one.first_refused or 0.0, default=None)
    if first is None:
        return ""
    return f"{first.host}:{first.port}" if first.port else first.host


def verdict_of(seen: ServiceRun) -> Verdict:
    """What it proves, as of any drill."""
    verdict = seen.verdict
    return Verdict(
        verdict.name, verdict.reasons, slower=verdict.slower, failed_step="cut" if verdict.name == "failed" else "",
        seconds_to_failure=verdict.survive,
    )  # fmt: skip


def service_of(seen: ServiceRun) -> Service:
    """What is told of a service beside its run."""
    counts = []
    for phase in _PHASES:
        probes = [probe for probe in seen.probes if probe.phase == phase]
        counts.append((phase, len(probes), sum(probe.passed for probe in probes)))
    turns: list[Probed] = []
    well = False
    for probe in seen.probes:
        if probe.passed != well and len(turns) < MOST_TURNS:
            turns.append(Probed(probe.phase, probe.at, probe.seconds, probe.exit))
        well = probe.passed
    verdict = seen.verdict
    return Service(
        seen.plan.probe, seen.ready, seen.cut_at, seen.restored_at, verdict.survive, verdict.survive_at_least, verdict.recover,
        tuple(counts), tuple(turns),
    )  # fmt: skip
