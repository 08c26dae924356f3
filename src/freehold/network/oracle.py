"""Does the loss of some events take the top down, and if not, why not? Owns what a search for cut sets asks.

The class::

    oracle = Oracle(net, events, top, compiled=None)   # walks the top's cone alone
    oracle.events                # (e,) int32: events that touch the cone; no other is in any minimal cut set
    oracle.holds                 # whether the top is up before any loss
    oracle.fails(lost) -> bool
    oracle.minimal_cut(lost) -> tuple[int, ...]         # inclusion-minimal part of a set that fails
    oracle.support(lost, minimal=False) -> tuple[int, ...] | None   # None: the top falls; else events, none of them in lost,
                                                        # that hold the top up whatever else is lost

Events are numbered as in ``events``. The top stands while the weights of its nodes that are up sum to at least its floor,
less 1e-9. Availability is the greatest solution, so a support is a set of events to keep such that with all others lost a
closed set of nodes, the top's among them, still holds itself; a circle does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np

from freehold.errors import SolveError
from freehold.network.acceleration import has_compiler
from freehold.network.and_or import AndOr, Events, Short, Top
from freehold.network.arrays import TOLERANCE
from freehold.network.build import kernel_module
from freehold.network.cone import cone, with_events, with_top, within
from freehold.network.propagation import Propagation, as_lists, propagation, quanta, room

__all__ = ["Judged", "Oracle"]

_LARGE: Final = 5_000
"""Nodes and members from which the compiled kernel is worth loading; lower than elsewhere, since an oracle is asked often."""
_LAST_QUESTION: Final = 2**31 - 10


class Judged(NamedTuple):
    """The top and its events, as the kernel reads them; c nodes in the cone.

    Parameters
    ----------
    weight : (c,)
        The top's weights, whole numbers; 0 for what is no node of it.
    spare : (1,)
        How much of that may be lost.
    floor : (1,)
        How much has to stay.
    node : (t,)
        The top's nodes, the heaviest first.
    start, event : (c + 1,), (…,)
        Events of each node.
    event_start, event_node : (e + 1,), (…,)
        Nodes of each event.
    cost : (c,)
        About how many events holding a node up takes.
    """

    weight: Any
    spare: Any
    floor: Any
    node: Any
    start: Any
    event: Any
    event_start: Any
    event_node: Any
    cost: Any


class _Room(NamedTuple):
    stamp: Any
    tally: Any
    queue: Any
    sizes: Any
    kept_stamp: Any
    kept: Any
    waiting: Any
    event_stamp: Any


class Oracle:
    """A top over events, ready for questions; not to be asked from several threads at once.

    Parameters
    ----------
    net, events, top
        The network, what can be lost, and what must not fall.
    compiled
        Which kernel to use; by default the compiled one if the top's cone is large, and it is there.
    """

    def __init__(self, net: AndOr, events: Events, top: Top, compiled: bool | None = None) -> None:
        nodes = cone(net, top.nodes)
        part, losable, judged = within(net, nodes), with_events(events, nodes), with_top(top, nodes)
        if compiled is None:
            compiled = len(nodes) + len(part.members) > _LARGE and has_compiler()
        self._kernel = kernel_module("propagation_kernel", compiled=compiled)
        self._compiled = compiled
        spread = propagation(part, compiled)
        self._users = spread.users
        self._net = part if compiled else as_lists(part)
        self.events: Short = np.unique(losable.events).astype(np.int32)
        self._judged, self.holds = self._judge(spread, losable, judged)
        sizes = (len(nodes), len(nodes), len(part.required), events.size)
        own = [np.zeros(size, np.int32) for size in sizes]
        own_room = own if compiled else [array.tolist() for array in own]
        self._room = _Room(*room(spread), *own_room)
        self._found: Any = self._fresh(events.size)
        self._size = events.size
        self._question = 0

    def _fresh(self, size: int) -> Any:
        return np.full(size, -1, np.int32) if self._compiled else [-1] * size

    def _judge(self, spread: Propagation, events: Events, top: Top) -> tuple[Judged, bool]:
        size = len(spread.up)
        weights = np.zeros(size)
        np.add.at(weights, top.nodes, top.weights)
        weight, unit = quanta(weights, size)
        whole = weight[:, 0]
        floor = int(np.ceil((top.floor - TOLERANCE) / unit[0]))
        spare = int(whole[spread.up].sum()) - floor
        node = np.unique(top.nodes)
        event_start = np.concatenate([[0], np.cumsum(np.bincount(events.events, minlength=events.size))]).astype(np.int32)
        by_event = np.argsort(events.events, kind="stable")
        judged = Judged(
            whole, np.array([spare]), np.array([floor]), node[np.argsort(-whole[node], kind="stable")].astype(np.int32),
            events.start, events.events, event_start,
            np.repeat(np.arange(size, dtype=np.int32), np.diff(events.start))[by_event], _costs(spread, events),
        )  # fmt: skip
        return judged if self._compiled else as_lists(judged), spare >= 0

    def _numbers(self, lost: Iterable[int]) -> Any:
        numbers = np.fromiter(lost, np.int32) if not isinstance(lost, np.ndarray) else lost.astype(np.int32)
        if len(numbers) and (numbers.min() < 0 or numbers.max() >= self._size):
            raise SolveError(f"what is lost is no event: events are numbered from 0 to {self._size - 1}.")
        return numbers if self._compiled else numbers.tolist()

    def _next(self) -> int:
        if self._question >= _LAST_QUESTION - 2 * self._size:
            raise SolveError("too many questions were asked of one search: ask for a smaller order, or a smaller target.")
        self._question += 1
        return self._question

    def fails(self, lost: Iterable[int]) -> bool:
        """Whether the loss of these events takes the top down.

        Raises
        ------
        freehold.errors.SolveError
            If one is no event.
        """
        numbers = self._numbers(lost)
        return bool(self._kernel.fails(self._users, self._room, self._judged, numbers, 0, len(numbers), self._next()))

    def minimal_cut(self, lost: Iterable[int]) -> tuple[int, ...]:
        """A part of a set that fails, from which nothing can be left out; the first ones are left out first.

        Raises
        ------
        freehold.errors.SolveError
            If the set does not fail.
        """
        numbers = self._numbers(lost)
        if not self._kernel.fails(self._users, self._room, self._judged, numbers, 0, len(numbers), self._next()):
            raise SolveError("a set that does not take the top down has no minimal cut set in it.")
        self._question = self._kernel.minimal_cut(
            self._users, self._room, self._judged, numbers, len(numbers), self._next()
        )  # fmt: skip
        return tuple(sorted(int(event) for event in numbers if event >= 0))

    def support(self, lost: Iterable[int], *, minimal: bool = False) -> tuple[int, ...] | None:
        """Events that hold the top up whatever else is lost, none of them among those lost.

        Parameters
        ----------
        lost
            Events; a set of any size.
        minimal
            Whether to leave out what can be left out: one more question an event.

        Returns
        -------
        tuple of int
            In ascending order; ``None`` if the loss takes the top down.
        """
        numbers = self._numbers(lost)
        question = self._next()
        if self._kernel.fails(self._users, self._room, self._judged, numbers, 0, len(numbers), question):
            return None
        found = self._found
        size = self._kernel.support(self._net, self._room, self._judged, question, found)
        kept = sorted(int(event) for event in found[:size])
        if minimal:
            rest = np.arange(self._size, dtype=np.int32)
            rest[kept] = -1
            lists: list[Any] = [np.array(kept, np.int32), rest]
            if not self._compiled:
                lists = [array.tolist() for array in lists]
            self._question = self._kernel.minimal_support(
                self._users, self._room, self._judged, lists[0], size, lists[1], self._next()
            )  # fmt: skip
            kept = [int(event) for event in lists[0] if event >= 0]
        return tuple(kept)


def _costs(spread: Propagation, events: Events) -> Any:
    """About how many events it takes to hold each node up: its own, and those of the cheapest members of its needs.

    A few rounds of that, since it only has to tell the cheaper of two members; shared events are counted twice.
    """
    net = spread.network
    own = np.diff(events.start).astype(np.float64)
    cost = own.copy()
    sizes = np.diff(net.member_start)
    needs = np.repeat(np.arange(len(sizes)), sizes)
    rank = np.arange(len(needs)) - np.repeat(net.member_start[:-1], sizes)
    owner = np.repeat(np.arange(len(own)), np.diff(net.need_start))
    for _ in range(8):
        each = cost[net.members]
        order = np.lexsort((each, needs))
        cheapest = np.where(rank < np.repeat(net.required, sizes), each[order], 0.0)
        need_cost = np.bincount(needs, weights=cheapest, minlength=len(sizes))
        cost = np.minimum(own + np.bincount(owner, weights=need_cost, minlength=len(own)), 1e12)
    return cost
