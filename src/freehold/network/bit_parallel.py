"""What many sets take down, 512 at once. Owns the layout of the network for that, and how much memory it takes.

The functions::

    lay_out(spread) -> Layout                        # from freehold.network.propagation.propagation(net)
    bytes_needed(nodes, words, workers) -> int       # besides the layout
    fit(layout, memory, workers) -> (words, workers) # the widest batch that a number of bytes has room for
    bit_parallel_losses(layout, sets, counted=None, weights=None, workers=1, memory=None, patience=None) -> Losses | None

The cost of a batch is one sweep of the network, however much falls: it pays where many sets take much. In a circle it is
a sweep and whatever follows; where hundreds of scenarios creep through a large circle one member after the other, counters
are faster, so whoever has them may lose patience.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from freehold.errors import ScaleError
from freehold.network.and_or import AndOr, Booleans, Short
from freehold.network.arrays import Floats
from freehold.network.build import kernel_module
from freehold.network.cone import components_of, in_circles
from freehold.network.propagation import Losses, Propagation, Sets, as_lists, checked, quanta

__all__ = ["MEMORY", "Layout", "bit_parallel_losses", "bytes_needed", "fit", "lay_out"]

MEMORY: Final = 2**30
"""Bytes for layout and scenarios together, unless another limit is given."""

_WORDS: Final = 8
"""Words of a node: one line of the processor's cache, fetched as one whether one bit of it is wanted or all."""
_PLANES: Final = 32
_ENDLESS: Final = 2**62


class Layout(NamedTuple):
    """A network in the order of the sweep, suppliers first, without what is down before any loss.

    Parameters
    ----------
    place : (n,)
        Where each node stands.
    up : (n,)
        By place.
    direct_start, direct : (n + 1,), (…,)
        Members whose fall takes the node at once.
    need_start, slack, member_start, members : (n + 1,), (k,), (k + 1,), (…,)
        All other needs, and with which fallen member each is no longer met.
    circle_first, circle_last : (c,)
        Where circles begin and end, in order.
    owner : (k,)
        Whose need it is, in circles.
    user_start, user : (n + 1,), (…,)
        Users of each node within its circle: nodes, or -1 less the number of a need.
    entries : (1,)
        Number of members.
    compiled
        Which kernel it is made for.
    """

    place: Any
    up: Any
    direct_start: Any
    direct: Any
    need_start: Any
    slack: Any
    member_start: Any
    members: Any
    circle_first: Any
    circle_last: Any
    owner: Any
    user_start: Any
    user: Any
    entries: Any
    compiled: bool


class _Room(NamedTuple):
    """What one thread works in: sums and planes of words, a queue for circles; ``full`` holds all ones, and none."""

    sum: Any
    all: Any
    plane: Any
    queue: Any
    queued: Any
    full: Any


def lay_out(spread: Propagation) -> Layout:
    """Put a network in order: components suppliers first, circles as a walk along needs leaves them."""
    net, compiled, nodes = spread.network, spread.compiled, len(spread.up)
    by_node, order = _in_order(net, compiled=compiled)
    place = np.empty(nodes, np.int32)
    place[order] = np.arange(nodes, dtype=np.int32)
    component = by_node[order]
    begin = np.flatnonzero(np.diff(component, prepend=-1)).astype(np.int32)
    end = np.append(begin[1:], nodes).astype(np.int32)
    cyclic = in_circles(net, by_node)[order[begin]]
    none = np.zeros(0, np.int32)
    layout = Layout(
        place, spread.up[order], np.zeros(nodes + 1, np.int32), none, np.zeros(nodes + 1, np.int32), none, none, none,
        begin[cyclic], end[cyclic], none, none, none, np.zeros(1, np.int64), compiled,
    )  # fmt: skip
    kernel = kernel_module("bit_parallel_kernel", compiled=compiled)
    slack = spread.users.slack
    given: list[Any] = [net, spread.up, slack, order, place]
    if not compiled:
        layout, given = as_lists(layout), [as_lists(net), spread.up.tolist(), slack, order.tolist(), place.tolist()]

    def zeros(size: int) -> Any:
        return np.zeros(size, np.int32) if compiled else [0] * size

    kernel.lay_out(*given, layout, 0)
    needs = int(layout.need_start[nodes])
    layout = layout._replace(
        direct=zeros(int(layout.direct_start[nodes])), slack=zeros(needs), member_start=zeros(needs + 1),
        members=zeros(int(layout.entries[0])), owner=zeros(needs if cyclic.any() else 0),
    )  # fmt: skip
    kernel.lay_out(*given, layout, 1)
    where, listed = zeros(nodes), component if compiled else component.tolist()
    kernel.inner_users(layout, listed, layout.user, where, 0)
    starts = np.concatenate([[0], np.cumsum(where)]).astype(np.int32)
    user, from_place = zeros(int(starts[-1])), starts[:-1].copy()
    kernel.inner_users(layout, listed, user, from_place if compiled else from_place.tolist(), 1)
    return layout._replace(user_start=starts if compiled else starts.tolist(), user=user)


def _in_order(net: AndOr, *, compiled: bool) -> tuple[Short, Short]:
    """The component of each node, and nodes by component, then as the walk left them."""
    nodes = len(net.need_start) - 1
    component, left, count = components_of(net, compiled=compiled)
    by_leaving: Short = np.empty(nodes, np.int32)
    by_leaving[left] = np.arange(nodes, dtype=np.int32)
    keys = component[by_leaving]
    if not compiled:
        return component, by_leaving[np.argsort(keys, kind="stable")]
    place = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(component, minlength=count), out=place[1:])
    order: Short = np.empty(nodes, np.int32)
    kernel_module("propagation_kernel", compiled=True).group(keys, by_leaving, place[:-1].copy(), order)
    return component, order


def bytes_needed(nodes: int, words: int, workers: int) -> int:
    """Bytes that scenarios take besides the layout: each thread's bits, its queue and its marks."""
    return workers * nodes * (8 * words + 5)


def fit(layout: Layout, memory: int | None = None, workers: int = 1) -> tuple[int, int]:
    """The widest batch that fits, then as many threads as fit with it.

    Parameters
    ----------
    layout
        The network.
    memory
        Bytes for layout and scenarios together; by default :data:`MEMORY`, or as much as 64 scenarios at a time take.
    workers
        Threads that are welcome.

    Returns
    -------
    words, workers
        Words of 64 scenarios a node, and threads.

    Raises
    ------
    freehold.errors.ScaleError
        If not even 64 scenarios at a time fit into the limit.
    """
    nodes = len(layout.place)
    held = sum(value.nbytes for value in layout if isinstance(value, np.ndarray))
    least = held + bytes_needed(nodes, 1, 1)
    if memory is not None and memory < least:
        raise ScaleError(
            f"{memory / 1e6:.1f} MB are too little for {nodes} nodes: 64 scenarios at a time take {least / 1e6:.1f} MB. "
            f"Raise the limit, or ask about a smaller target."
        )
    room = max(MEMORY if memory is None else memory, least) - held
    words = _WORDS
    while words > 1 and bytes_needed(nodes, words, 1) > room:
        words //= 2
    return words, max(1, min(workers, room // max(1, bytes_needed(nodes, words, 1))))


def bit_parallel_losses(
    layout: Layout, sets: Sets, counted: Booleans | None = None, weights: Floats | None = None, workers: int = 1,
    memory: int | None = None, patience: int | None = None,
) -> Losses | None:  # fmt: skip
    """Lose many sets, each from the standing state, up to 512 in one sweep.

    Parameters
    ----------
    layout
        The network.
    sets, counted, weights, workers
        As :func:`freehold.network.propagation.single_losses`, whose answer this is.
    memory
        Bytes for layout and scenarios together; see :func:`fit`.
    patience
        How often a batch may follow members of circles before the whole is given up; ``None``: as often as it takes.

    Returns
    -------
    Losses
        ``None`` if patience was lost.

    Raises
    ------
    freehold.errors.SolveError
        If a set holds what is no node, or a weight is negative or no number.
    freehold.errors.ScaleError
        If not even 64 scenarios at a time fit into the memory.
    """
    nodes, size, compiled = len(layout.place), len(sets.start) - 1, layout.compiled
    sets = checked(sets, nodes)
    weight, unit = quanta(weights, nodes)
    columns = len(unit)
    words, workers = fit(layout, memory, workers if compiled else 1)
    place, up = np.asarray(layout.place), np.asarray(layout.up)
    live = up.astype(np.uint8)
    if counted is None:
        live *= 2
    else:
        live[place[np.asarray(counted, np.bool_)]] *= 2
    heavy = np.flatnonzero(weight.any(axis=1))
    bits = np.left_shift(np.uint64(1), np.arange(64, dtype=np.uint64))
    given: list[Any] = [sets.start, sets.nodes, live, bits, place[heavy], weight[heavy].reshape(-1)]
    if not compiled:
        given = [array.tolist() for array in given]
    start, members, lively, bit, weighed, weighing = given
    taken, own, lost = np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size * columns, np.int64)
    kernel = kernel_module("bit_parallel_kernel", compiled=compiled)
    width = 64 * words
    batches = range(0, size, width)

    gave_up: list[bool] = []

    def some(worker: int) -> None:
        held, room = _aligned(nodes * words), _room(layout, words)
        for first in batches[worker::workers]:
            last = min(first + width, size)
            held.fill(0)
            down: Any = held if compiled else held.tolist()
            kernel.lose_sets(down, words, start, members, first, last, layout.place, lively, bit, own)
            if gave_up or not kernel.settle(layout, down, words, room, _ENDLESS if patience is None else patience):
                gave_up.append(True)
                return
            plane = np.zeros(_PLANES * words, np.uint64)
            planes: Any = plane if compiled else plane.tolist()
            kernel.count(down, words, lively, planes)
            taken[first:last] = _sums(np.asarray(planes, np.uint64).reshape(_PLANES, words), last - first)
            if columns:
                kernel.weigh(down, words, weighed, weighing, columns, bit, lost, first, last)

    workers = max(1, min(workers, len(batches)))
    if workers > 1:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(some, range(workers)))
    else:
        some(0)
    return None if gave_up else Losses(taken - own, lost.reshape(size, columns) * unit)


def _aligned(words: int) -> npt.NDArray[np.uint64]:
    """Words that begin where a line of the cache does, so that no node stands on two."""
    held = np.empty(words + 8, np.uint64)
    skip = -(held.ctypes.data // 8) % 8
    return held[skip : skip + words]


def _room(layout: Layout, words: int) -> _Room:
    nodes = len(layout.place) if len(layout.circle_first) else 0
    made = _Room(
        np.zeros(words, np.uint64), np.zeros(words, np.uint64), np.zeros(_PLANES * words, np.uint64),
        np.zeros(nodes, np.int32), np.zeros(nodes, np.uint8), np.array([2**64 - 1, 0], np.uint64),
    )  # fmt: skip
    return made if layout.compiled else as_lists(made)


def _sums(planes: npt.NDArray[np.uint64], size: int) -> npt.NDArray[np.int64]:
    """Sums of scenarios from their bits in planes."""
    bits = np.unpackbits(planes.astype("<u8").view(np.uint8), axis=1, bitorder="little")[:, :size].astype(np.int64)
    return np.asarray((bits << np.arange(_PLANES)[:, None]).sum(axis=0), np.int64)
