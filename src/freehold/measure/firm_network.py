"""Who sells how much to whom. Owns a network of firms as a value, how rows become links, and what no network is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from freehold.errors import SolveError
from freehold.network.arrays import Floats, Integers

__all__ = ["LARGEST", "FirmNetwork", "check_amounts", "firm_network"]

LARGEST: Final = 1e300
"""What no sum may exceed."""

_MOST: Final = 2**31 - 1


@dataclass(frozen=True, slots=True, eq=False)
class FirmNetwork:
    """Who sells how much to whom; n firms numbered from 0, m links, k sectors. Made by :func:`firm_network`.

    Parameters
    ----------
    seller, buyer : (m,)
        Firms; by buyer, then by the seller's sector, then by seller; each pair once.
    sales : (m,)
        Sold by the seller to the buyer; above 0, any one unit.
    sector, market : (n,)
        Sector of each firm as a supplier, and the market in which others can replace it.
    essentiality : (k, k)
        What goods of the row's sector are to a user in the column's: 0 negligible, 1 non-essential, 2 essential.
    output, purchases : (n,)
        Sums of sales and of purchases.
    revenue, costs : (n,), optional
        Stated revenue and material costs, in the place of the sums; 0 where not known.
    merged, self_links, idle, silent
        How many rows were added to another one of the same pair, how many links are from a firm to itself (they count like
        any other, as in the reference), how many firms have no link at all, and how many rows had sales of 0 (left out).
    """

    seller: npt.NDArray[np.int32]
    buyer: npt.NDArray[np.int32]
    sales: Floats
    sector: npt.NDArray[np.int32]
    market: npt.NDArray[np.int32]
    essentiality: npt.NDArray[np.uint8]
    output: Floats
    purchases: Floats
    revenue: Floats | None
    costs: Floats | None
    merged: int
    self_links: int
    idle: int
    silent: int

    @property
    def firms(self) -> int:
        """How many firms."""
        return len(self.sector)

    @property
    def links(self) -> int:
        """How many pairs of firms."""
        return len(self.seller)


def firm_network(
    sellers: Integers, buyers: Integers, sales: Floats, sectors: Integers, essentiality: npt.NDArray[np.integer[Any]], *,
    markets: Integers | None = None, revenue: Floats | None = None, costs: Floats | None = None,
) -> FirmNetwork:  # fmt: skip
    """Put links in order; rows of one pair are added up.

    Parameters
    ----------
    sellers, buyers, sales : (rows,)
        Links between firms 0 … n-1.
    sectors : (n,)
        Sector of each firm, 0 … k-1.
    essentiality : (k, k)
        See :class:`FirmNetwork`.
    markets : (n,), optional
        Where others can replace a firm; by default its sector.
    revenue, costs : (n,), optional
        See :class:`FirmNetwork`.

    Raises
    ------
    freehold.errors.SolveError
        If numbers are out of range, sales are negative or no numbers, or lengths do not agree.
    """
    sector = np.asarray(sectors)
    table = np.asarray(essentiality)
    columns: list[Any] = [np.asarray(column) for column in (sellers, buyers, sales)]
    market = sector if markets is None else np.asarray(markets)
    firms = len(sector)
    _check_lengths(columns, firms, market, revenue, costs)
    _check_table(table)
    for what, numbers, size in (("sector", sector, len(table)), ("market", market, None)):
        _check_numbers(what, "firm", numbers, size)
    for what, numbers in (("seller", columns[0]), ("buyer", columns[1])):
        _check_numbers(what, "row", numbers, firms)
    sold = columns[2].astype(np.float64)
    check_amounts("sales", "row", sold)
    for what, amounts in (("revenue", revenue), ("costs", costs)):
        if amounts is not None:
            check_amounts(what, "firm", np.asarray(amounts, np.float64))

    there = sold > 0.0
    pair = columns[0].astype(np.int64)[there] * firms + columns[1].astype(np.int64)[there]
    pairs, number = np.unique(pair, return_inverse=True)
    seller, buyer = (pairs // firms).astype(np.int32), (pairs % firms).astype(np.int32)
    total: Floats = np.bincount(number, sold[there], minlength=len(pairs)).astype(np.float64)
    output: Floats = np.bincount(seller, total, firms).astype(np.float64)
    purchases: Floats = np.bincount(buyer, total, firms).astype(np.float64)
    if output.max(initial=0.0) > LARGEST / max(firms, 1) or purchases.max(initial=0.0) > LARGEST / max(firms, 1):
        raise SolveError("the sum of all sales is too large for a number. Give them in a larger unit.")
    order = np.lexsort((seller, sector[seller], buyer))
    return FirmNetwork(
        seller[order], buyer[order], total[order], sector.astype(np.int32), market.astype(np.int32), table.astype(np.uint8),
        output, purchases, None if revenue is None else np.asarray(revenue, np.float64),
        None if costs is None else np.asarray(costs, np.float64), merged=len(pair) - len(pairs),
        self_links=int((seller == buyer).sum()), idle=int(((output == 0.0) & (purchases == 0.0)).sum()),
        silent=len(sold) - len(pair),
    )  # fmt: skip


def _check_lengths(columns: Sequence[npt.NDArray[Any]], firms: int, market: npt.NDArray[Any], revenue: Any, costs: Any) -> None:
    if len({len(column) for column in columns}) > 1:
        raise SolveError(
            f"there are {len(columns[0])} sellers, {len(columns[1])} buyers and {len(columns[2])} sales. "
            "Give one of each a row."
        )
    for what, numbers in (("markets", market), ("revenues", revenue), ("costs", costs)):
        if numbers is not None and len(numbers) != firms:
            raise SolveError(f"there are {len(numbers)} {what} for {firms} firms. Give one for each firm.")


def _check_table(table: npt.NDArray[Any]) -> None:
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise SolveError(f"the table of essentiality has the shape {table.shape}. Give a row and a column for each sector.")
    wrong = np.argwhere((table != 0) & (table != 1) & (table != 2))
    if len(wrong):
        row, column = wrong[0]
        raise SolveError(
            f"the essentiality of sector {row} for sector {column} is {table[row, column]}. "
            "Give 0 (negligible), 1 (non-essential) or 2 (essential)."
        )


def _check_numbers(what: str, where: str, numbers: npt.NDArray[Any], size: int | None) -> None:
    if numbers.dtype.kind not in "iu":
        if len(numbers) or numbers.dtype.kind != "f":
            raise SolveError(f"numbers of {what}s are whole, and these are of type {numbers.dtype}. Number them from 0.")
        return
    most = _MOST if size is None else size
    wrong = np.flatnonzero((numbers < 0) | (numbers >= most))
    if len(wrong):
        raise SolveError(
            f"the {what} of {where} {wrong[0]} is {numbers[wrong[0]]}. Number them from 0 to {most - 1}, without holes."
        )


def check_amounts(what: str, where: str, amounts: Floats) -> None:
    """Refuse amounts that are negative or no finite number.

    Raises
    ------
    freehold.errors.SolveError
        With the first of them.
    """
    wrong = np.flatnonzero(~(amounts >= 0.0) | (amounts == np.inf))
    if len(wrong):
        raise SolveError(f"{what} of {where} {wrong[0]}: {amounts[wrong[0]]}. Give a number, 0 or more.")
