"""Shares and capacities of an item's sources, filled by the stated rules. Owns every such default.

In-use sources that state no share divide what the others leave; a gap that nobody is left to fill becomes an
unknown source; unknown shares and capacities are bounded from both sides. Candidates count for nothing until
somebody activates them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from freehold.errors import Finding
from freehold.stack.values import UNKNOWN, Item, Source, Stack, is_stated

__all__ = ["Filled", "fill_shares", "share_findings"]

_RESCALED: Final = 0.02
_TOLERANCE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Filled:
    """One source with its shares and capacities as numbers; pairs are (low, high).

    ``source`` is ``None`` for the unknown one: of an item without sources, or of a gap in the stated shares.
    """

    source: Source | None
    share: tuple[float, float]
    capacity: tuple[float, float]


def fill_shares(stack: Stack, item: Item) -> tuple[Filled, ...]:
    """Sources of an item that can count, in the order of the table, the unknown one last.

    Parameters
    ----------
    stack
        The stack.
    item
        One of its items.

    Returns
    -------
    tuple of Filled
        Without candidates; empty if there are candidates only.
    """
    sources = stack.sources_of.get(item.id, ())
    if not sources:
        return (Filled(None, (1.0, 1.0), (1.0, 1.0)),)
    if len(sources) == 1 and sources[0].share is None and sources[0].status in (None, "in-use"):
        # most items of a large stack: what follows comes to the same
        return (Filled(sources[0], (1.0, 1.0), _capacity(sources[0], (1.0, 1.0))),)
    in_use = [source for source in sources if source.status in (None, "in-use")]
    doubtful = [source for source in sources if source.status is UNKNOWN]
    stated = sum(source.share for source in in_use if is_stated(source.share))
    blank = [source for source in in_use if source.share is None]
    bounded = [source for source in in_use if source.share is UNKNOWN] or doubtful
    scale = 1.0
    if stated > 1 or (not blank and not bounded and abs(stated - 1) <= _RESCALED + _TOLERANCE):
        scale = 1 / stated if stated else 1.0
    left = max(0.0, 1 - stated * scale)
    each = left / len(blank) if blank else 0.0
    found = []
    for source in sources:
        if source.status == "candidate":
            continue
        if source.status is UNKNOWN:
            highest = source.capacity if is_stated(source.capacity) else 1.0
            found.append(Filled(source, (0.0, min(left, highest)), (0.0, highest)))
            continue
        if is_stated(source.share):
            factor = 1.0 if source.status == "standby" else scale
            share = (source.share * factor, source.share * factor)
        elif source.share is UNKNOWN:
            share = (0.0, min(left, source.capacity) if is_stated(source.capacity) else left)
        else:
            share = (0.0, 0.0) if source.status == "standby" else (0.0 if bounded else each, each)
        found.append(Filled(source, share, _capacity(source, share)))
    if in_use and not blank and not bounded and left > _TOLERANCE:
        found.append(Filled(None, (left, left), (left, left)))
    return tuple(found)


def _capacity(source: Source, share: tuple[float, float]) -> tuple[float, float]:
    if source.capacity is UNKNOWN:
        return share[0], 1.0
    if is_stated(source.capacity):
        return max(source.capacity, share[0]), max(source.capacity, share[1])
    if source.share is None or source.status == "standby":
        return 1.0, 1.0
    return share


def share_findings(stack: Stack, places: Mapping[str, tuple[str, int]]) -> list[Finding]:
    """What was done to the shares of each item, and sums that cannot be mended.

    Parameters
    ----------
    stack
        The stack.
    places
        File and line by source id, for messages.

    Returns
    -------
    list of Finding
        ``error`` for a sum over 1.02; ``note`` for rescaled shares, filled gaps and raised capacities.
    """
    findings = []
    for item, sources in stack.sources_of.items():
        in_use = [source for source in sources if source.status in (None, "in-use")]
        stated = [source.share for source in in_use if is_stated(source.share)]
        total = sum(stated)
        file, line = places.get(sources[0].id, (stack.path, 0)) if sources else (stack.path, 0)

        def finding(problem: str, mend: str, severity: str, file: str = file, line: int = line, column: str = "share") -> None:
            findings.append(Finding(file, line, column, problem, mend, severity))

        if total > 1 + _RESCALED + _TOLERANCE:
            finding(f"the shares of '{item}' come to {total:g}", "Shares are parts of today's need: let them sum to 1", "error")
        elif stated and len(stated) == len(in_use) and abs(total - 1) > _TOLERANCE:
            if abs(total - 1) <= _RESCALED + _TOLERANCE:
                finding(f"the shares of '{item}' come to {total:g}", "They were rescaled to 1", "note")
            elif not any(source.status is UNKNOWN for source in sources):
                gap = 1 - total
                finding(f"the shares of '{item}' come to {total:g}", f"An unknown source was put in for {gap:g}", "note")
        for source in sources:
            if is_stated(source.share) and is_stated(source.capacity) and source.capacity < source.share:
                problem = f"the capacity of '{source.id}' is {source.capacity:g}, under its share of {source.share:g}"
                place = places.get(source.id, (stack.path, 0))
                finding(problem, "It was raised to the share", "note", *place, "capacity")
    return findings
