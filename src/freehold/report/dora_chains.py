"""Which contracts a function rests on, and the chain of subcontractors behind each. Owns the way from a stack to those rows.

A *contract* is a source in use that somebody else provides and that is reached through the organisation's own things alone. The
reliance on it is the largest, over all ways there, of the least weight on the way. Behind a contract stand the sources that
its source needs: each is one rank further than whoever it works for. Communities without a seat give no contract.
"""

from __future__ import annotations

import heapq
import re
from collections import deque
from dataclasses import dataclass
from typing import Final

from freehold.measure.mission import mission_of
from freehold.report.dora_columns import SERVICE_OF_KIND
from freehold.stack.values import UNKNOWN, Source, Stack

__all__ = ["MOST_ROWS", "Chain", "Contract", "Function", "Link", "chain_of", "contracts_of", "functions_of_register"]

MOST_ROWS: Final = 20_000
"""Rows of chains that are written at most."""

_MOST_LINKS: Final = 200
_FUNCTION: Final = re.compile(r"function:(f\d{1,6})", re.IGNORECASE)
_CONTRACT: Final = re.compile(r"contract:(.{1,120})/(s\d\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the register: its identifier, the item that it is, and whether it is critical (``None``: not assessed)."""

    code: str
    item: str
    critical: bool | None


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract: its reference, the type of service, and the source that it is about."""

    reference: str
    service: str
    source: Source


@dataclass(frozen=True, slots=True)
class Link:
    """One subcontractor of a chain: its rank, its id, and the id of who it works for."""

    rank: int
    provider: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Chain:
    """The subcontractors behind a contract, and whether some were left out."""

    links: tuple[Link, ...]
    cut_short: bool


def functions_of_register(stack: Stack) -> tuple[Function, ...]:
    """What must be kept running, and what a register that was read calls a function; identifiers ``F1``, ``F2`` and so on."""
    mission = mission_of(stack)
    found, taken = [], set()
    for number, item in enumerate(stack.items):
        match = _FUNCTION.fullmatch(item.id)
        if number in mission.weights or number in mission.doubtful or match:
            critical = number in mission.weights if mission.stated else None
            code = match[1].upper() if match else ""
            taken.add(code)
            found.append([code, item.id, None if item.mission is UNKNOWN else critical])
    next_ = 1
    for row in found:
        while not row[0]:
            if f"F{next_}" not in taken:
                row[0] = f"F{next_}"
            next_ += 1
    return tuple(Function(str(code), str(id_), critical) for code, id_, critical in found)  # type: ignore[arg-type]


def _in_use(stack: Stack, item: str) -> tuple[Source, ...]:
    return tuple(one for one in stack.sources_of.get(item, ()) if one.status in (None, "in-use", UNKNOWN))


def _is_community(stack: Stack, provider: str) -> bool:
    row = stack.provider_by_id.get(provider)
    return row is not None and (row.type == "community" or row.country == "none")


def contracts_of(stack: Stack, function: str) -> tuple[tuple[tuple[Contract, float], ...], int]:
    """The contracts that a function rests on, each with the reliance on it; and how many sources come from communities.

    Parameters
    ----------
    stack
        The stack.
    function
        Id of the item.
    """
    best: dict[str, float] = {function: 1.0}
    heap = [(-1.0, function)]
    found: dict[str, tuple[Contract, float]] = {}
    communities = 0
    done: set[str] = set()
    while heap:
        negative, item = heapq.heappop(heap)
        if item in done:
            continue
        done.add(item)
        for source in _in_use(stack, item):
            if source.provider != "self":
                if isinstance(source.provider, str) and _is_community(stack, source.provider):
                    communities += 1
                else:
                    found[source.id] = (_contract(stack, source), -negative)
                continue
            for need in stack.needs_of.get(source.id, ()):
                weight = min(-negative, 1.0 if need.weight is None else need.weight)
                if weight > best.get(need.item, -1.0):
                    best[need.item] = weight
                    heapq.heappush(heap, (-weight, need.item))
    return tuple(found.values()), communities


def _contract(stack: Stack, source: Source) -> Contract:
    """A contract as a register that was read names it, else by the id of its source."""
    match = _CONTRACT.fullmatch(source.item)
    if match:
        return Contract(match[1].upper(), match[2].upper(), source)
    kind = stack.item_by_id[source.item].kind
    return Contract(source.id, SERVICE_OF_KIND.get(kind, "") if isinstance(kind, str) else "", source)


def chain_of(stack: Stack, contract: Contract, most: int = _MOST_LINKS) -> Chain:
    """The subcontractors behind a contract, nearest first; nothing where its own provider is not known.

    Parameters
    ----------
    stack, contract
        The stack and the contract.
    most
        Links at most.
    """
    top = contract.source.provider
    if not isinstance(top, str):
        return Chain((), cut_short=False)
    links: dict[tuple[str, str], int] = {}
    open_ = deque([(contract.source, top, 1)])
    seen = {contract.source.id}
    while open_:
        source, recipient, rank = open_.popleft()
        for need in stack.needs_of.get(source.id, ()):
            for below in _in_use(stack, need.item):
                if below.id in seen:
                    continue
                seen.add(below.id)
                provider = below.provider
                if not isinstance(provider, str) or provider in ("self", recipient) or _is_community(stack, provider):
                    open_.append((below, recipient, rank))
                    continue
                if len(links) >= most:
                    return Chain(_links(links), cut_short=True)
                links.setdefault((provider, recipient), rank + 1)
                open_.append((below, provider, rank + 1))
    return Chain(_links(links), cut_short=False)


def _links(links: dict[tuple[str, str], int]) -> tuple[Link, ...]:
    return tuple(Link(rank, provider, recipient) for (provider, recipient), rank in links.items())
