"""What two runs prove. Owns the step from what was seen to one of five verdicts; pure: the same runs, the same verdict.

Void comes first: a cut that did not hold, a baseline that failed too, or traffic that nobody can be named for proves
nothing. Then comes whether the command passed: if not, it failed, provided that something which is cut was tried. If it
passed and nothing cut was tried, in either run, it is untouched. Else it survived, or was degraded: it came late, or with less.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from freehold.drill.contact import Contact
from freehold.drill.decision import Cutting
from freehold.drill.fallbacks import fallbacks
from freehold.drill.file_fallbacks import files_kept, left_by_baseline
from freehold.drill.record import Attributed, Fallback, Run, Step, Verdict
from freehold.words import say

__all__ = ["THRESHOLDS", "Thresholds", "judge", "selectors_of"]

_PASSING_SHAPES: Final = frozenset({"slow", "stale", "http", "revoked"})
"""Shapes under which a host that is cut may send bytes."""
_BY_HAND: Final = frozenset({"provider", "owner", "country", "foreign", "licence", "tag", "kind", "item", "source"})
"""Selectors that need to know whose a host is; ``host`` and ``air_gap`` do not."""
_SHOWN: Final = 4
_AT_ONCE: Final = 0.05
"""Seconds that would read as 0.0."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a run that passed counts as degraded.

    Parameters
    ----------
    slower_factor, slower_seconds
        The cut run took at least this many times as long as the baseline, and at least this many seconds longer: both, since
        retries double the time of a short command, and seconds are lost in the noise of a long one.
    less_output, fewer_lines, fewer_bytes
        It wrote at most this fraction of the baseline's lines and at least so many fewer, or the same of bytes: to standard
        output, or to both streams where they were not counted apart in both runs.
    less_files, fewer_files
        It wrote at most this fraction of the files that the baseline wrote in the working folder, and at least so many fewer or
        none at all.
    """

    slower_factor: float = 1.5
    slower_seconds: float = 10.0
    less_output: float = 0.5
    fewer_lines: int = 10
    fewer_bytes: int = 1_000
    less_files: float = 0.5
    fewer_files: int = 2


THRESHOLDS: Final = Thresholds()


def selectors_of(cut: Mapping[str, object]) -> frozenset[str]:
    """The selectors that a cut has, from its form in the record: ``provider``, ``country``, …, ``host``, ``air_gap``.

    Parameters
    ----------
    cut
        As in :attr:`freehold.drill.record.Drill.cut`.
    """
    found: set[str] = set()
    cutoff = cut.get("cutoff", cut)
    rules = cutoff.get("rule") if isinstance(cutoff, Mapping) else None
    for rule in rules if isinstance(rules, list | tuple) else ():
        if isinstance(rule, Mapping):
            found |= _BY_HAND & set(rule)
    if cut.get("hosts"):
        found.add("host")
    if cut.get("air_gap"):
        found.add("air_gap")
    return frozenset(found)


def judge(
    baseline: Run | None,
    cut: Run,
    *,
    cutting: Cutting | None = None,
    selectors: Collection[str] = (),
    shape: str = "gone",
    partial: Collection[str] = (),
    thresholds: Thresholds = THRESHOLDS,
) -> Verdict:
    """Say what two runs prove.

    Parameters
    ----------
    baseline
        The run without a cut; ``None`` if it was left out on purpose.
    cut
        The run under the cut.
    cutting
        What was cut: tells which contacts of the baseline were meant, and finds a host that should have been cut and was not.
    selectors
        What it was chosen by, see :func:`selectors_of`; decides whether traffic that nobody can be named for matters.
    shape
        Name of the shape of the cut.
    partial
        Hosts and local places that are known to stand in for a part only.
    thresholds
        From where on it counts as degraded.

    Notes
    -----
    A failure without one try at what is cut is void, not failed: the cut does not explain it. A failure with tries stays
    failed whatever else was unsafe about attribution: one refused host is enough to prove a need.
    """
    tried = tuple(one.contact for one in cut.contacts if _tried(one.contact))
    void = _void(baseline, cut, cutting, selectors, shape, tried)
    if void:
        return Verdict("void", tuple(void), slower=_slower(baseline, cut))
    if not cut.passed:
        return _failed(baseline, cut, tried)
    before = () if baseline is None or cutting is None else tuple(_meant(baseline.contacts, cutting))
    if _unseen(cut):
        return _blind(baseline, cut, thresholds)
    if not tried and not before:
        reasons = (
            say("drill_verdict.untouched"),
            *([say("drill_verdict.polite_only")] if _has_spot(cut, "blind_no_manners") else []),
        )
        return Verdict("untouched", reasons, slower=_slower(baseline, cut))
    return _passed(baseline, cut, tried, before, frozenset(partial), thresholds)


def _tried(contact: Contact) -> bool:
    """Whether it is one that the cut meant."""
    return bool(contact.because) and contact.tries > 0 and not contact.local


def _meant(contacts: Iterable[Attributed], cutting: Cutting) -> Iterable[Contact]:
    """Contacts of an uncut run that the cut means."""
    for one in contacts:
        contact = one.contact
        if contact.local or not contact.tries:
            continue
        addresses = contact.addresses or ((contact.address,) if contact.address else ())
        if cutting.decide(contact.name, contact.aliases, addresses).cut:
            yield contact


def _unseen(run: Run) -> bool:
    """Whether its backend cuts everything and sees nothing."""
    return _has_spot(run, "blind_unseen")


def _has_spot(run: Run, key: str) -> bool:
    return any(_parted(spot)[0] == key for spot in run.blind_spots)


def _parted(spot: str) -> tuple[str, str]:
    """The last part of a blind spot's key, and its value."""
    name, _, value = spot.partition(" ")
    return name.rpartition(".")[2], value


# ---------------------------------------------------------------- void


def _void(
    baseline: Run | None,
    cut: Run,
    cutting: Cutting | None,
    selectors: Collection[str],
    shape: str,
    tried: tuple[Contact, ...],
) -> list[str]:
    """Why nothing is proved; empty if something is."""
    reasons: list[str] = []
    if cut.broken:
        reasons.append(say("drill_verdict.void_broken", why=cut.broken))
    came = _came_down(cut, cutting, shape)
    if came:
        reasons.append(say("drill_verdict.void_leak", hosts=_hosts(came), bytes=sum(contact.bytes_down for contact in came)))
    if cut.interrupted or (baseline is not None and baseline.interrupted):
        reasons.append(say("drill_verdict.void_interrupted"))
    if baseline is not None and not baseline.passed and not baseline.interrupted:
        reasons.append(_baseline_failed(baseline))
    if reasons:
        return reasons
    if not cut.passed:
        if not tried and not _unseen(cut):
            reasons.append(say("drill_verdict.void_unexplained", end=_end(cut)))
        blocked = _newly_blocked(baseline, cut)
        if blocked:
            reasons.append(say("drill_verdict.void_udp", hosts=_hosts(blocked)))
        return reasons
    proxies = [value for name, value in map(_parted, cut.blind_spots) if name == "blind_proxy"]
    if proxies:
        reasons.append(say("drill_verdict.void_proxy", proxies=", ".join(proxies[:_SHOWN]) + _more(len(proxies))))
    unnamed = _nobodys(cut, selectors)
    if unnamed:
        reasons.append(say("drill_verdict.void_unnamed", hosts=_hosts(unnamed)))
    return reasons


def _came_down(cut: Run, cutting: Cutting | None, shape: str) -> list[Contact]:
    """Contacts that brought bytes although they are cut."""
    if shape.partition(":")[0] in _PASSING_SHAPES:
        return []
    meant = set() if cutting is None else set(_meant(cut.contacts, cutting))
    return [
        contact
        for contact in (one.contact for one in cut.contacts)
        if contact.bytes_down > 0 and not contact.local and (contact.because or contact in meant)
    ]


def _baseline_failed(baseline: Run) -> str:
    if baseline.broken:
        return say("drill_verdict.void_baseline_broken", why=baseline.broken)
    return say("drill_verdict.void_baseline", end=_end(baseline))


def _newly_blocked(baseline: Run | None, cut: Run) -> list[Contact]:
    """Datagrams that were blocked under the cut alone and that the cut did not mean: they might have served."""
    known = {_key(one.contact) for one in baseline.contacts} if baseline is not None else set()
    meant = {one.contact.host for one in cut.contacts if one.contact.because}
    return [
        contact
        for contact in (one.contact for one in cut.contacts)
        if contact.transport == "udp" and not contact.because and not contact.local and baseline is not None
        if _key(contact) not in known and contact.host not in meant
    ]  # fmt: skip


def _nobodys(cut: Run, selectors: Collection[str]) -> list[Contact]:
    """Addresses dialled without a name that carried traffic and of which nobody knows whose they are."""
    by_hand = _BY_HAND & set(selectors)
    if not by_hand:
        return []
    countries_do = by_hand <= {"country", "foreign"}
    return [
        one.contact
        for one in cut.contacts
        if not one.contact.is_named and not one.contact.local and not one.contact.because
        if one.contact.transport == "tcp" and one.contact.bytes_down + one.contact.bytes_up > 0
        if not (one.roles if countries_do else one.provider)
    ]  # fmt: skip


def _key(contact: Contact) -> tuple[str, int, str]:
    return contact.host, contact.port, contact.transport


# ---------------------------------------------------------------- failed


def _failed(baseline: Run | None, cut: Run, tried: tuple[Contact, ...]) -> Verdict:
    first = min(tried, key=_moment, default=None)
    step = _failed_step(baseline, cut)
    after = None if first is None else max(0.0, cut.seconds - _moment(first))
    named = "" if first is None else _place(first)
    if step is not None:
        named = step.first_refused or named
        if step.refusal_to_failure is not None:
            after = step.refusal_to_failure
        elif first is not None and _moment(first) <= step.started + step.seconds:
            after = step.started + step.seconds - _moment(first)
    reasons: list[str] = []
    where = say("drill_verdict.failed_at", step=step.name) if step is not None else say("drill_verdict.failed")
    if after is None:
        reasons.append(say("drill_verdict.failed_unseen", where=where, end=_end(cut)))
    else:
        key = "failed_at_once" if after < _AT_ONCE else "failed_after"
        reasons.append(say(f"drill_verdict.{key}", where=where, seconds=_seconds(after), host=named, end=_end(cut)))
        reasons.append(_refusals(tried))
    if step is not None and not step.first_refused and after is not None:
        reasons.append(say("drill_verdict.failed_later"))
    if baseline is None:
        reasons.append(say("drill_verdict.no_baseline_failed"))
    return Verdict(
        "failed",
        tuple(reasons),
        slower=_slower(baseline, cut),
        failed_step="" if step is None else step.name,
        seconds_to_failure=after,
    )


def _failed_step(baseline: Run | None, cut: Run) -> Step | None:
    """The step that failed because of the cut: one that failed in this run only, rather one with a refusal inside it."""
    tolerated = {step.name for step in baseline.steps if step.outcome == "failed"} if baseline is not None else set()
    failed = [step for step in cut.steps if step.outcome == "failed"]
    own = [step for step in failed if step.name not in tolerated] or failed
    return next((step for step in own if step.first_refused), own[0] if own else None)


# ---------------------------------------------------------------- passed


def _passed(
    baseline: Run | None,
    cut: Run,
    tried: tuple[Contact, ...],
    before: tuple[Contact, ...],
    partial: frozenset[str],
    thresholds: Thresholds,
) -> Verdict:
    found, left = fallbacks(baseline, cut), left_by_baseline(baseline, cut)
    reasons = [_refusals(tried) if tried else say("drill_verdict.not_tried_again", hosts=_hosts(before))]
    if found or not left:
        reasons.append(_served(found))
    reasons += _left(left)
    losses = [*_late(baseline, cut, thresholds), *_less(baseline, cut, thresholds)]
    if tried:
        # without a try the command may only have found its work done
        losses += _fewer_files(baseline, cut, thresholds)
    losses += [say("drill_verdict.partial", what=one.what) for one in found if one.what in partial]
    if not losses:
        reasons.extend(_pace(baseline, cut, thresholds))
    if not tried:
        reasons.append(say("drill_verdict.warm"))
    if _has_spot(cut, "blind_no_manners"):
        reasons.append(say("drill_verdict.polite_only"))
    if baseline is None:
        reasons.append(say("drill_verdict.no_baseline_passed"))
    return Verdict("degraded" if losses else "survived", (*losses, *reasons), found, _slower(baseline, cut))


def _blind(baseline: Run | None, cut: Run, thresholds: Thresholds) -> Verdict:
    """A total cut that keeps no record: the baseline alone tells whether there was anything to cut."""
    outside = [one.contact for one in baseline.contacts if not one.contact.local] if baseline is not None else []
    if baseline is not None and not _unseen(baseline) and not outside:
        return Verdict("untouched", (say("drill_verdict.untouched_blind"),), slower=_slower(baseline, cut))
    losses = [*_late(baseline, cut, thresholds), *_less(baseline, cut, thresholds)]
    found = fallbacks(baseline, cut)
    said = say("drill_verdict.survived_blind", hosts=_hosts(outside)) if outside else say("drill_verdict.survived_unseen")
    reasons = (*losses, said, _served(found), *([] if losses else _pace(baseline, cut, thresholds)))
    return Verdict("degraded" if losses else "survived", reasons, found, _slower(baseline, cut))


def _late(baseline: Run | None, cut: Run, thresholds: Thresholds) -> list[str]:
    slower = _slower(baseline, cut)
    if baseline is None or slower is None:
        return []
    more = cut.seconds - baseline.seconds
    if slower < thresholds.slower_factor or more < thresholds.slower_seconds:
        return []
    return [say("drill_verdict.slower", factor=_factor(slower), seconds=_seconds(more), baseline=_seconds(baseline.seconds))]


def _pace(baseline: Run | None, cut: Run, thresholds: Thresholds) -> list[str]:
    """How much slower a run that survived was, and why that is not called degraded."""
    slower = _slower(baseline, cut)
    if baseline is None or slower is None or slower < thresholds.slower_factor:
        return []
    return [
        say(
            "drill_verdict.slower_little",
            factor=_factor(slower),
            seconds=_seconds(cut.seconds - baseline.seconds),
            margin=_seconds(thresholds.slower_seconds),
        )
    ]


def _less(baseline: Run | None, cut: Run, thresholds: Thresholds) -> list[str]:
    if baseline is None:
        return []
    passed = {step.name for step in baseline.steps if step.outcome == "passed"}
    missed = [step for step in cut.steps if step.name in passed and step.outcome != "passed"]
    reasons = [say("drill_verdict.fewer_steps", count=len(missed), step=missed[0].name)] if missed else []
    if min(baseline.stdout_lines, cut.stdout_lines) >= 0:
        lines, size, of = (baseline.stdout_lines, cut.stdout_lines), (baseline.stdout_bytes, cut.stdout_bytes), "_stdout"
    else:
        lines, size, of = (baseline.output_lines, cut.output_lines), (baseline.output_bytes, cut.output_bytes), ""
    measures = ((f"lines{of}", *lines, thresholds.fewer_lines), (f"bytes{of}", *size, thresholds.fewer_bytes))
    for unit, whole, left, margin in measures:
        if whole >= 0 and left >= 0 and left <= thresholds.less_output * whole and whole - left >= margin:
            reasons.append(say(f"drill_verdict.fewer_{unit}", left=left, whole=whole))
            break
    return reasons


def _fewer_files(baseline: Run | None, cut: Run, thresholds: Thresholds) -> list[str]:
    """What is missing of the files that the baseline wrote; those that the cut run read as they were left are not."""
    counted = files_kept(baseline, cut)
    if counted is None:
        return []
    left, whole, missing = counted
    if left > thresholds.less_files * whole or (left and whole - left < thresholds.fewer_files) or left >= whole:
        return []
    names = ", ".join(missing[:_SHOWN]) + _more(len(missing))
    return [say("drill_verdict.fewer_files", left=left, whole=whole, names=names)]


def _left(names: tuple[str, ...]) -> list[str]:
    """Advice where what the run without the cut had made served."""
    if not names:
        return []
    if len(names) == 1:
        return [say("drill_verdict.left_file", name=names[0])]
    return [say("drill_verdict.left_files", count=len(names), names=", ".join(names[:_SHOWN]) + _more(len(names)))]


# ---------------------------------------------------------------- words


def _served(found: tuple[Fallback, ...]) -> str:
    if not found:
        return say("drill_verdict.no_fallback")
    shown = ", ".join(one.what + (f" ({one.detail})" if one.detail else "") for one in found[:_SHOWN])
    return say("drill_verdict.served", what=shown + _more(len(found)))


def _refusals(tried: tuple[Contact, ...]) -> str:
    refused = sum(contact.refused for contact in tried)
    if not refused:
        return say("drill_verdict.met", hosts=_hosts(tried), tries=sum(contact.tries for contact in tried))
    key = "drill_verdict.refused_once" if refused == 1 else "drill_verdict.refused"
    return say(key, count=refused, hosts=_hosts([contact for contact in tried if contact.refused]))


def _hosts(contacts: Iterable[Contact]) -> str:
    names = list(dict.fromkeys(contact.host for contact in contacts))
    return ", ".join(names[:_SHOWN]) + _more(len(names))


def _more(count: int) -> str:
    return say("drill_verdict.more", count=count - _SHOWN) if count > _SHOWN else ""


def _place(contact: Contact) -> str:
    return f"{contact.host}:{contact.port}" if contact.port else contact.host


def _moment(contact: Contact) -> float:
    """When the cut was first felt: the first refusal, else (where a shape refuses nothing) the first try."""
    return contact.first_seen if contact.first_refused is None else contact.first_refused


def _slower(baseline: Run | None, cut: Run) -> float | None:
    return cut.seconds / baseline.seconds if baseline is not None and baseline.seconds > 0 else None


def _end(run: Run) -> str:
    if run.exit is None:
        return say("drill_verdict.end_timeout", seconds=_seconds(run.seconds))
    if run.exit < 0:
        return say("drill_verdict.end_signal", number=-run.exit)
    return say("drill_verdict.end_exit", status=run.exit)


def _seconds(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def _factor(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"
