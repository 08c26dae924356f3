"""What served instead of what was cut. Owns the comparison of two runs that names a host, a cache or a folder.

A host counts if it answered under the cut and either was not contacted in the baseline, and not before the first refusal, or
brought markedly more. A local place counts if more of its files were read than in the baseline; a file of the working folder
(:mod:`freehold.drill.file_fallbacks`) if it was read under the cut only. Where nothing differs, places
that both runs read are named, and it is said that both did: they served before, and may well have served now.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from freehold.drill.file_fallbacks import files_served
from freehold.drill.record import Fallback, Run
from freehold.words import say

__all__ = ["fallbacks"]

_MORE: Final = 2.0
_MORE_BYTES: Final = 1_000
_MOST: Final = 20


def fallbacks(baseline: Run | None, cut: Run) -> tuple[Fallback, ...]:
    """Name what served instead, hosts first.

    Parameters
    ----------
    baseline
        The run without a cut; without it a host counts only if it came after the first refusal.
    cut
        The run under the cut.
    """
    found = (*_hosts(baseline, cut), *_places(baseline, cut))
    found += tuple(files_served(baseline, cut, others=len(found)))
    return (found or tuple(_both(cut)))[:_MOST]


def _hosts(baseline: Run | None, cut: Run) -> list[Fallback]:
    """Hosts that answered, seen or seen more under the cut only."""
    before: dict[tuple[str, int], int] = defaultdict(int)
    for one in () if baseline is None else baseline.contacts:
        before[one.contact.host, one.contact.port] += one.contact.bytes_down
    felt = [one.contact.first_refused for one in cut.contacts if one.contact.because]
    first = min((moment for moment in felt if moment is not None), default=None)
    found = []
    for one in cut.contacts:
        contact = one.contact
        if contact.because or contact.transport != "tcp" or contact.bytes_down <= 0:
            continue
        shown = f"{contact.host}:{contact.port}" if contact.local else contact.host
        place = (contact.host, contact.port)
        if place not in before:
            late = first is not None and contact.first_seen >= first
            if late or (first is None and baseline is not None):
                key = "drill_verdict.fallback_loopback" if contact.local else "drill_verdict.fallback_new"
                found.append(Fallback("host", shown, say(key, bytes=contact.bytes_down)))
        elif contact.bytes_down >= max(_MORE * before[place], before[place] + _MORE_BYTES):
            detail = say("drill_verdict.fallback_more", bytes=contact.bytes_down, before=before[place])
            found.append(Fallback("host", shown, detail))
    return found


def _places(baseline: Run | None, cut: Run) -> list[Fallback]:
    """Local places of which more was read under the cut."""
    before = {(one.place, one.kind): one.files for one in baseline.local} if baseline is not None else {}
    found = []
    for one in sorted(cut.local, key=lambda use: -(use.files - before.get((use.place, use.kind), 0))):
        earlier = before.get((one.place, one.kind), 0)
        if one.files > earlier:
            key = "drill_verdict.fallback_read_more" if earlier else "drill_verdict.fallback_read"
            found.append(Fallback("local", one.place, say(key, kind=one.kind, files=one.files, before=earlier)))
    return found


def _both(cut: Run) -> list[Fallback]:
    return [
        Fallback("local", one.place, say("drill_verdict.fallback_both", kind=one.kind, files=one.files))
        for one in cut.local
        if one.files
    ]
