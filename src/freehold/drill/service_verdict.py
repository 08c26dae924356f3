"""What the drill of a service proves. Owns the step from its probes to a verdict and two times; pure.

Void comes first: a service that was never well, that was not well before the cut, a cut that did not hold, or a failure while
nothing that is cut was tried proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from freehold.drill.contact import Contact
from freehold.drill.service_record import ProbeResult, ServiceEvent, ServicePlan, ServiceVerdict
from freehold.words import say

__all__ = ["SLOWER_FACTOR", "SLOWER_SECONDS", "cut_tries", "judge_service"]

SLOWER_FACTOR: Final = 2.0
"""From so many times the median time of a probe on, the service is degraded …"""
SLOWER_SECONDS: Final = 0.5
"""… if it is so many seconds more, too: the start of a short command takes a few hundredths more or less."""


def cut_tries(before: Sequence[Contact], after: Sequence[Contact]) -> int:
    """Count the tries of what is cut between two moments.

    Parameters
    ----------
    before, after
        The contacts at either moment.
    """
    known = {(one.name, one.address, one.port, one.transport): one for one in before}
    count = 0
    for one in after:
        was = known.get((one.name, one.address, one.port, one.transport))
        refused = one.refused - (was.refused if was else 0)
        tries = one.tries - (was.tries if was else 0)
        # A host that is slow or stands still is cut, but none of its connections need have been ended by that.
        count += max(refused, tries if one.because else 0)
    return count


def judge_service(
    plan: ServicePlan,
    probes: Sequence[ProbeResult],
    events: Sequence[ServiceEvent] = (),
    *,
    cut_at: float | None,
    restored_at: float | None,
    tries: int,
    broken: str = "",
) -> ServiceVerdict:
    """Judge what was seen.

    Parameters
    ----------
    plan
        What was asked for.
    probes, events
        In order.
    cut_at, restored_at
        When the cut began and was lifted; ``None`` if that did not happen.
    tries
        Tries of what is cut, while the cut held.
    broken
        Why the cut did not hold; empty if it did.
    """
    by_phase = {phase: [one for one in probes if one.phase == phase] for phase in ("start", "base", "cut", "recovery")}
    if broken:
        return ServiceVerdict("void", (say("drill_service.broken", why=broken),))
    if not any(one.passed for one in by_phase["start"]):
        ended = next((event for event in events if event.what == "ended"), None)
        why = (
            say("drill_service.never_ready", seconds=_seconds(plan.start_deadline))
            if ended is None
            else say("drill_service.ended_early", exit=ended.exit)
        )
        return ServiceVerdict("void", (why,))
    failed_before = sum(not one.passed for one in by_phase["base"])
    if failed_before or cut_at is None or restored_at is None:
        why = say("drill_service.base_failed", count=failed_before, all=len(by_phase["base"]))
        return ServiceVerdict("void", (why,))
    first = next((one for one in by_phase["cut"] if not one.passed), None)
    slower = _slower(by_phase["base"], by_phase["cut"])
    about_service = tuple(
        say("drill_service.ended", seconds=_seconds(event.at - cut_at), exit=event.exit)
        for event in events
        if event.what == "ended" and event.at >= cut_at
    )
    if first is None:
        window = _seconds(restored_at - cut_at)
        lived = max((one.at - cut_at for one in by_phase["cut"]), default=0.0)
        recover = _recover(by_phase["cut"], by_phase["recovery"], restored_at)
        if not tries:
            reasons = (say("drill_service.untouched", seconds=window), *about_service)
            return ServiceVerdict("untouched", reasons, None, lived, recover, slower)
        reasons = (say("drill_service.survived", seconds=window, count=tries), *about_service)
        late = _late(by_phase["base"], by_phase["cut"])
        return ServiceVerdict("degraded" if late else "survived", (*late, *reasons), None, lived, recover, slower)
    if not tries:
        return ServiceVerdict("void", (say("drill_service.failed_untouched"), *about_service), slower=slower)
    lived = max((one.at - cut_at for one in by_phase["cut"] if one.at < first.at), default=0.0)
    recover = _recover(by_phase["cut"], by_phase["recovery"], restored_at)
    reasons = (
        _first_failure(first.at - cut_at, lived),
        _recovered(recover, plan),
        *about_service,
    )
    return ServiceVerdict("failed", reasons, first.at - cut_at, lived, recover, slower)


def _first_failure(failed: float, lived: float) -> str:
    if lived <= 0:
        return say("drill_service.failed_at_once", seconds=_seconds(failed))
    return say("drill_service.failed", seconds=_seconds(failed), low=_seconds(lived))


def _recover(under: Sequence[ProbeResult], after: Sequence[ProbeResult], restored_at: float) -> float | None:
    """Seconds until the service was well for good."""
    seen = [*under, *after]
    if not after or not seen[-1].passed:
        return None
    last_failure = max((place for place, one in enumerate(seen) if not one.passed), default=-1)
    first_well = seen[last_failure + 1]
    if last_failure < 0 or first_well.phase == "cut":
        return 0.0
    return first_well.ended - restored_at


def _recovered(recover: float | None, plan: ServicePlan) -> str:
    if recover is None:
        return say("drill_service.not_recovered", seconds=_seconds(plan.recovery))
    return say("drill_service.recovered", seconds=_seconds(recover)) if recover else say("drill_service.recovered_before")


def _slower(base: Sequence[ProbeResult], under: Sequence[ProbeResult]) -> float | None:
    before, during = [one.seconds for one in base if one.passed], [one.seconds for one in under if one.passed]
    if not before or not during or median(before) <= 0:
        return None
    return median(during) / median(before)


def _late(base: Sequence[ProbeResult], under: Sequence[ProbeResult]) -> tuple[str, ...]:
    """Why a service whose probes passed is degraded; empty if it is not."""
    slower = _slower(base, under)
    if slower is None or slower < SLOWER_FACTOR:
        return ()
    before, during = median(one.seconds for one in base), median(one.seconds for one in under)
    if during - before < SLOWER_SECONDS:
        return ()
    return (say("drill_service.slower", cut=_seconds(during), base=_seconds(before)),)


def _seconds(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"
