"""A network of firms as flat arrays, and the state of a cascade on it. Owns the layout that the kernels read.

Firms are numbered by market, so that a market's firms stand together; sums over a market go by blocks, so that a small
change needs only its block summed again, and every kernel adds in the same order. What a firm buys falls into three parts:
*sole* suppliers of an essential sector (they need no weight), essential sectors with several suppliers, and non-essential
purchases, which add up.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

__all__ = ["BLOCK", "EXHAUSTED", "LANES", "CascadeState", "FirmLinks", "LaneState"]

BLOCK: Final = 512
"""Most firms in a block of a market."""

LANES: Final = 8
"""Shocks that run side by side: one cache line of doubles a firm."""

EXHAUSTED: Final = 1e-10
"""Output left in a market up to which the reference takes 1 instead, so as not to divide by nothing."""


class FirmLinks(NamedTuple):
    """The immutable part: n firms, b blocks, k markets.

    Parameters
    ----------
    output : (n,)
        Sales, in the given unit.
    scale : (n,)
        Factor of a firm's shortfalls: purchases by stated costs, 1 where those are not stated.
    market_block : (k + 1,)
        First block of each market.
    block_start : (b + 1,)
        First firm of each block.
    block_of, market_of : (n,)
    sole_start, sole : (n + 1,), (…,)
        Suppliers that are the only one of their sector, which is essential to the firm.
    group_start : (n + 1,)
        First group of each firm: an essential sector with several suppliers.
    member_start, members, member_weight : (groups + 1,), (…,), (…,)
        Its suppliers, and each one's part of the firm's purchases from that sector.
    linear_start, linear, linear_weight : (n + 1,), (…,), (…,)
        Non-essential suppliers, and each one's part of all purchases.
    order_start, orders, order_weight : (n + 1,), (m,), (m,)
        Customers, and each one's part of the firm's sales.
    user_start, users : (n + 1,), (…,)
        Whose production a shortage of this firm's goods may touch.
    source_start, sources : (n + 1,), (m,)
        Whose sales this firm's orders are.
    """

    output: Any
    scale: Any
    market_block: Any
    block_start: Any
    block_of: Any
    market_of: Any
    sole_start: Any
    sole: Any
    group_start: Any
    member_start: Any
    members: Any
    member_weight: Any
    linear_start: Any
    linear: Any
    linear_weight: Any
    order_start: Any
    orders: Any
    order_weight: Any
    user_start: Any
    users: Any
    source_start: Any
    sources: Any


class CascadeState(NamedTuple):
    """Where one cascade stands; every array is changed in place.

    Parameters
    ----------
    down, up : (n,)
        Levels.
    down_cap, up_cap : (n,)
        What the shock leaves of them.
    shortage, lack : (n,)
        What customers and suppliers feel of a firm's losses, as of the step before.
    block_sum : (b,)
        Output left, as of the step before.
    changed_down, changed_up : (n,)
        Firms whose level the last step changed; so many as ``counts`` 0 and 1 say.
    first_short, next_short : (k,), (n,)
        A chain for each market, ended by -1: its firms whose level down has been under 1.
    is_short : (n,)
        Whether a firm is in one.
    marked_down, marked_up : (n,)
        Room for the firms to look at again.
    seen_down, seen_up, seen_block, seen_market : (n,), (n,), (b,), (k,)
        Step in which each was last met.
    counts : (7,)
        Changed down, changed up; not used; the step's own number, never twice the same; whether the chains have to be made
        anew; steps taken; operations so far.
    figures : (4,)
        The last step's largest fall and largest rise; the weighted loss before the last step, and after it.
    """

    down: Any
    up: Any
    down_cap: Any
    up_cap: Any
    shortage: Any
    lack: Any
    block_sum: Any
    changed_down: Any
    changed_up: Any
    first_short: Any
    next_short: Any
    is_short: Any
    marked_down: Any
    marked_up: Any
    seen_down: Any
    seen_up: Any
    seen_block: Any
    seen_market: Any
    counts: Any
    figures: Any


class LaneState(NamedTuple):
    """Where :data:`LANES` cascades stand; a firm's numbers of all lanes stand side by side.

    Parameters
    ----------
    down, up, down_cap, up_cap, shortage, lack : (n * LANES,)
        As in :class:`CascadeState`.
    decrease, rise : (LANES,)
        Largest in the last step.
    room : (4 * LANES,)
        To add in.
    """

    down: Any
    up: Any
    down_cap: Any
    up_cap: Any
    shortage: Any
    lack: Any
    decrease: Any
    rise: Any
    room: Any
