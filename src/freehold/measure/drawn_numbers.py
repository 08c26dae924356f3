"""Networks with some numbers as they were drawn. Owns how a drawn share, capacity, cover, … takes its place in a case.

A drawn share takes part of what the others leave and nothing else: what is left over is not given to somebody unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from freehold.measure.case import HIGH, LOW, Case, Supply
from freehold.stack.shares import Filled
from freehold.stack.values import UNKNOWN, Need, Source, is_stated

__all__ = ["case_with"]

_Rows: TypeAlias = Mapping[str, Mapping[str, Any]]


def case_with(case: Case, numbers: Mapping[tuple[str, str, str], Any], *, strict: bool) -> Case:
    """The case of a stack some of whose numbers came out as drawn.

    Parameters
    ----------
    case
        The case as it is.
    numbers
        Values by table, id and attribute: whole, status, share, capacity, recover, weight, enough, survive.
    strict
        As of the case.
    """
    by_table: dict[str, dict[str, dict[str, Any]]] = {}
    for (table, id_, attribute), value in numbers.items():
        by_table.setdefault(table, {}).setdefault(id_, {})[attribute] = value
    sources = by_table.get("sources", {})
    case = _with_statuses(case, sources, strict=strict)
    stack = case.stack
    if whole := by_table.get("items"):
        stack = replace(stack, items=tuple(replace(row, **whole.get(row.id, {})) for row in stack.items))
    needs = _needs(case, by_table.get("needs", {}))
    supplies = list(case.supplies)
    left: dict[int, float] = {}
    for number, supply in enumerate(case.supplies):
        source = supply.filled.source
        drawn = sources.get(source.id) if source is not None else None
        if source is not None and drawn:
            supplies[number] = Supply(supply.item, _filled(supply, source, drawn, left))
    return case.with_numbers(stack, supplies, needs)


def _needs(case: Case, rows: _Rows) -> list[Need]:
    """The needs; of several by one name those change of which the fact is unknown, and all if it is of none."""
    unknown = {(need.id, name) for need in case.needs for name in rows.get(need.id, ()) if getattr(need, name) is UNKNOWN}
    found = []
    for need in case.needs:
        changes = {
            name: value
            for name, value in rows.get(need.id, {}).items()
            if (need.id, name) not in unknown or getattr(need, name) is UNKNOWN
        }
        found.append(replace(need, **changes) if changes else need)
    return found


def _with_statuses(case: Case, sources: _Rows, *, strict: bool) -> Case:
    """The case in which sources whose status is known have another one: others may count then."""
    other = {
        id_: {"status": drawn["status"]}
        for id_, drawn in sources.items()
        if "status" in drawn and case.stack.source_by_id[id_].status is not UNKNOWN
    }
    if not other:
        return case
    rows = tuple(replace(row, **other.get(row.id, {})) for row in case.stack.sources)
    return Case(replace(case.stack, sources=rows), strict=strict, stake=case.control.stake, kernel=case.kernel)


def _filled(supply: Supply, source: Source, drawn: Mapping[str, Any], left: dict[int, float]) -> Filled:
    """One source with what was drawn; of several unknown shares of an item each leaves less for the next."""
    share, capacity = supply.filled.share, supply.filled.capacity
    if "status" in drawn and source.status is UNKNOWN:
        side = HIGH if drawn["status"] == "in-use" else LOW
        share, capacity = (share[side], share[side]), (capacity[side], capacity[side])
    if "share" in drawn:
        most = share[HIGH]
        part = drawn["share"]
        if source.share is UNKNOWN:
            room = left.setdefault(supply.item, most)
            part = min(most, part / most * room) if most > 0 else 0.0
            left[supply.item] = room - part
        share = (part, part)
        if source.capacity is None:
            capacity = share
        elif is_stated(source.capacity):
            capacity = (max(source.capacity, part),) * 2
        else:
            capacity = (max(capacity[LOW], part), max(capacity[HIGH], part))
    if "capacity" in drawn:
        capacity = (max(drawn["capacity"], share[LOW]), max(drawn["capacity"], share[HIGH]))
    recover = {"recover": drawn["recover"]} if "recover" in drawn else {}
    return Filled(replace(source, **recover), share, capacity)
