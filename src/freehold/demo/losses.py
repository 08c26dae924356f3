"""Whether anything that was acknowledged is gone. Owns the comparison of what clients were told with the evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from freehold.demo.scenery import Clinic
from freehold.demo.traffic import Traffic
from freehold.respond.canonical import parse
from freehold.respond.evidence_lines import walk_lines

__all__ = ["acknowledged_and_lost", "entries_of"]

_GOOD = frozenset({200})


def entries_of(path: Path) -> Sequence[Mapping[str, Any]]:
    """The entries of an evidence log, in order; a last line that a kill cut off is none."""
    found = []
    for line in walk_lines(str(path)):
        try:
            entry = parse(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            found.append(entry)
    return found


def acknowledged_and_lost(clinic: Clinic, traffic: Traffic, acts: Sequence[Mapping[str, Any]]) -> list[str]:
    """What clients were told and the evidence does not hold.

    Parameters
    ----------
    clinic
        Whose evidence.
    traffic
        Whose answers came whole.
    acts
        Acts of control that were acknowledged, each with its ``verb`` and ``key``.

    Returns
    -------
    list of str
        A sentence for each; none if all is there.
    """
    entries = entries_of(clinic.evidence[0])
    answered = Counter(
        str(entry["body"].get("gen_ai.conversation.id", ""))
        for entry in entries
        if entry["kind"] == "freehold.gateway.request" and entry["body"].get("http.response.status_code") in _GOOD
    )
    lost = [
        f"{count} answers of conversation '{name}' were acknowledged, and {answered[name]} stand in the evidence"
        for name, count in traffic.acknowledged().items()
        if answered[name] < count
    ]
    return lost + _lost_acts(entries, acts)


def _lost_acts(entries: Iterable[Mapping[str, Any]], acts: Sequence[Mapping[str, Any]]) -> list[str]:
    keys = Counter(str(entry.get("key", "")).rpartition(":")[2] for entry in entries if entry.get("key"))
    return [
        f"the act '{act['key']}' was acknowledged, and stands {keys[act['key']]} times in the evidence"
        for act in acts
        if keys[act["key"]] != 1
    ]
