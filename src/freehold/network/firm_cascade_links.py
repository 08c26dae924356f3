"""From links with sectors and essentiality to the arrays of a cascade. Owns the weights of links and the order of firms.

Weights are those of Diem et al. 2022: of an essential input, its part of all that the buyer gets from the seller's sector; of
a non-essential one, its part of all that the buyer gets, negligible inputs included; of an order, its part of the seller's
sales.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from freehold.network.arrays import Floats, Integers
from freehold.network.firm_cascade_arrays import BLOCK, FirmLinks

__all__ = ["ESSENTIAL", "NON_ESSENTIAL", "BuiltFirms", "build_firms"]

NON_ESSENTIAL = 1
ESSENTIAL = 2

_Short = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class BuiltFirms:
    """Arrays for the kernels, and the way back to the numbering that they were made from.

    Parameters
    ----------
    links
        Arrays of numpy (compiled) or lists (plain).
    place : (n,)
        Place in ``links`` of the firm given as number i.
    compiled
        Which kernel it is made for.
    """

    links: FirmLinks
    place: Integers
    compiled: bool


def _starts(keys: npt.NDArray[np.integer[Any]], size: int) -> _Short:
    starts = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(keys, minlength=size), out=starts[1:])
    return starts.astype(np.int32)


def _runs(*keys: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.bool_]:
    """Where a new run of equal keys begins."""
    first = np.ones(len(keys[0]), np.bool_)
    if len(first):
        first[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return first


def _blocks(market_of: _Short, markets: int) -> tuple[_Short, _Short, _Short]:
    """First block of each market, first firm of each block, block of each firm; firms stand by market."""
    firm_start = _starts(market_of, markets).astype(np.int64)
    sizes = np.diff(firm_start)
    market_block = np.zeros(markets + 1, np.int64)
    np.cumsum(-(-sizes // BLOCK), out=market_block[1:])
    within = np.arange(len(market_of)) - firm_start[market_of]
    block_of = market_block[market_of] + within // BLOCK
    return market_block.astype(np.int32), _starts(block_of, int(market_block[-1])), block_of.astype(np.int32)


def build_firms(
    seller: _Short, buyer: _Short, sales: Floats, sector: _Short, market: _Short, essentiality: npt.NDArray[np.uint8],
    output: Floats, purchases: Floats, revenue: Floats | None, costs: Floats | None, *, compiled: bool,
) -> BuiltFirms:  # fmt: skip
    """Weigh links and put them in order; parameters as the fields of :class:`freehold.measure.systemic.FirmNetwork`."""
    firms = len(sector)
    order = np.argsort(market, kind="stable")
    place = np.empty(firms, np.int64)
    place[order] = np.arange(firms)
    _, market_numbers = np.unique(market[order], return_inverse=True)
    market_of: _Short = market_numbers.astype(np.int32)
    market_block, block_start, block_of = _blocks(market_of, int(market_of[-1]) + 1 if firms else 0)

    kind = essentiality[sector[seller], sector[buyer]]
    source, user, supplied = place[seller], place[buyer], sector[seller].astype(np.int64)
    by_user = np.lexsort((source, supplied, user))
    source, user, supplied, kind = source[by_user], user[by_user], supplied[by_user], kind[by_user]
    sold, bought = sales[by_user], purchases[buyer][by_user]

    chosen = kind == ESSENTIAL
    first = _runs(user[chosen], supplied[chosen])
    group = np.cumsum(first) - 1
    groups = int(group[-1]) + 1 if len(group) else 0
    sizes = np.bincount(group, minlength=groups)
    total = np.bincount(group, sold[chosen], minlength=groups)
    several = sizes[group] > 1
    heads = user[chosen][first][sizes > 1] if groups else user[:0]
    members = source[chosen][several]
    several_start = np.zeros(int((sizes > 1).sum()) + 1, np.int64)
    np.cumsum(sizes[sizes > 1], out=several_start[1:])
    linear = kind == NON_ESSENTIAL

    income = output if revenue is None else revenue
    divisor = np.where(income > 0, income, 1.0)
    scale = np.ones(firms)
    if costs is not None:
        scale = np.where(purchases > 0, purchases, 1.0) / np.where(costs > 0, costs, 1.0)
    forward = np.lexsort((place[buyer], place[seller]))
    felt = kind > 0
    by_source = np.lexsort((user[felt], source[felt]))
    links = FirmLinks(
        output=output[order], scale=scale[order], market_block=market_block, block_start=block_start, block_of=block_of,
        market_of=market_of, sole_start=_starts(user[chosen][~several], firms), sole=source[chosen][~several],
        group_start=_starts(heads, firms), member_start=several_start.astype(np.int32), members=members,
        member_weight=sold[chosen][several] / total[group][several], linear_start=_starts(user[linear], firms),
        linear=source[linear], linear_weight=sold[linear] / bought[linear], order_start=_starts(place[seller], firms),
        orders=place[buyer][forward], order_weight=(sales / divisor[seller])[forward],
        user_start=_starts(source[felt], firms), users=user[felt][by_source], source_start=_starts(user, firms),
        sources=source,
    )  # fmt: skip
    return BuiltFirms(_fitted(links, compiled=compiled), place, compiled)


def _fitted(links: FirmLinks, *, compiled: bool) -> FirmLinks:
    """Numbers of firms 32 bits wide, so that more of a network stays in the processor's cache; lists for the plain kernel."""
    arrays = (array if array.dtype == np.float64 else array.astype(np.int32) for array in links)
    return FirmLinks(*(np.ascontiguousarray(array) if compiled else array.tolist() for array in arrays))
