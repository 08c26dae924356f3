"""The room in which decision diagrams are made. Owns growth, limits, and when the compiled kernel takes over.

Both kernels leave the same nodes with the same numbers, so that the change may come at any step: small work is done before
a compiler would have been loaded, large work does not wait for the plain one.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from types import ModuleType
from typing import Any, Final

import numpy as np

from freehold.network import bdd_kernel
from freehold.network.acceleration import has_compiler
from freehold.network.bdd_kernel import LARGEST
from freehold.network.build import kernel_module
from freehold.network.cut_sets import Stop

__all__ = ["NODES", "PLAIN_STEPS", "BddStore", "Limits", "Stopped"]

NODES: Final = 1 << 23
"""How many nodes there may be at most, unless said otherwise: some 300 MB with their tables."""

PLAIN_STEPS: Final = 150_000
"""Plain steps, of all stores together, after which the compiled kernel is worth loading: then as much time has gone by as a
third of loading it takes."""

_PLAIN_STEPS_LOADED: Final = 3_000
"""The same where it is loaded already."""

_FIRST: Final = 1 << 10
_FIRST_COMPILED: Final = 1 << 15
_WIDE: Final = 64
_CACHE_MOST: Final = 1 << 22
_LOOK: Final = {False: 3_000, True: 1_000_000}
_LEVEL_BITS: Final = 2**31 - 1


_loaded: list[bool] = []
_plain_steps = [0]


class Stopped(Exception):
    """The limit of time or size was reached: no error, but how a search ends early; it never leaves the room's faces."""

    def __init__(self, why: Stop) -> None:
        super().__init__(why)
        self.why: Stop = why


class Limits:
    """When to stop: a moment of the clock, a number of nodes.

    Parameters
    ----------
    seconds
        From now.
    nodes
        In one store.
    """

    def __init__(self, seconds: float, nodes: int = NODES) -> None:
        self.started = monotonic()
        self.end = self.started + seconds
        self.nodes = max(4, nodes)

    def part(self, share: float) -> Limits:
        """Limits of the same size, for a share of the time that is left."""
        return Limits(max(0.0, self.end - monotonic()) * share, self.nodes)

    def check(self) -> None:
        """Raise if the time is up.

        Raises
        ------
        Stopped
        """
        if monotonic() > self.end:
            raise Stopped("time")

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return monotonic() - self.started


class BddStore:
    """Nodes, and the operations on them.

    Parameters
    ----------
    weight
        Least number of events behind what happens at each level.
    limits
        When to stop.
    compiled
        Which kernel: by default the plain one for :data:`PLAIN_STEPS` steps, then the compiled one if it is there.
    """

    def __init__(self, weight: Sequence[int], limits: Limits, *, compiled: bool | None = None) -> None:
        self.limits = limits
        self.nodes_limit = limits.nodes
        self._change = compiled is None
        self._compiled = bool(compiled)
        self._kernel: ModuleType = _compiled_kernel() if compiled else bdd_kernel
        first = _FIRST_COMPILED if compiled and len(weight) > _WIDE else _FIRST
        self._node: Any = self._empty(4 * min(first, limits.nodes))
        self._unique: Any = self._empty(2 * first)
        self._cache: Any = self._empty(4 * first)
        self._stack: Any = self._empty(8 * 64)
        self._weight: Any = self._longer([min(one, LARGEST) for one in weight] or [1], max(1, len(weight)))
        self._state: Any = [2, 0, 0, 0]
        if compiled:
            self._state = np.array(self._state, np.int64)
        self._node[0] = self._node[4] = _LEVEL_BITS
        self._node[3] = LARGEST

    @property
    def count(self) -> int:
        """How many nodes there are."""
        return int(self._state[0])

    @property
    def steps(self) -> int:
        """How many steps the kernel has done."""
        return int(self._state[3])

    @property
    def nodes(self) -> Any:
        """Nodes, four numbers each; see :mod:`freehold.network.bdd_kernel`."""
        return self._node

    def level(self, root: int) -> int:
        """Level that a node stands at; that of 0 and 1 is above all others."""
        return int(self._node[4 * root])

    def least(self, root: int) -> int:
        """Least weight of a set of a family."""
        return int(self._node[4 * root + 3]) & LARGEST

    def single(self, level: int) -> int:
        """Make the family of the set of one event, which is the function of that event too."""
        return self.node(level, 1, 0)

    def node(self, level: int, high: int, low: int) -> int:
        """Find a node or make it.

        Raises
        ------
        Stopped
        """
        self._make_room()
        return int(self._kernel.node_of(self._node, self._unique, self._weight, self._state, level, high, low))

    def apply(self, kind: int, one: int, other: int = 0, limit: int = 0) -> int:
        """Do an operation of :mod:`freehold.network.bdd_kernel`.

        Raises
        ------
        Stopped
        """
        self.limits.check()
        self._stack[:5] = _as_kept(self._stack, (kind, one, other, limit, 0))
        self._state[1] = 1
        while True:
            look, before = _LOOK[self._compiled], self.steps
            outcome = self._kernel.run(
                self._node, self._unique, self._cache, self._stack, self._weight, self._state, look
            )  # fmt: skip
            if self._change:
                _plain_steps[0] += self.steps - before
                if self.steps > _PLAIN_STEPS_LOADED if _loaded else _plain_steps[0] > PLAIN_STEPS:
                    self._change = False
                    if has_compiler():
                        self._compile()
            if outcome == 0:
                return int(self._state[2])
            if outcome == 2:
                self._make_room()
            elif outcome == 3:
                self._stack = self._longer(self._stack, 2 * len(self._stack))
            self.limits.check()

    def _make_room(self) -> None:
        room = len(self._node) // 4
        if self.count < room:
            return
        if room >= self.nodes_limit:
            raise Stopped("size")
        room = min(2 * room, self.nodes_limit)
        self._node = self._longer(self._node, 4 * room)
        size = len(self._unique)
        while size < 2 * room:
            size *= 2
        self._unique = self._empty(size)
        self._kernel.rehash(self._node, self._unique, self.count)
        if len(self._cache) // 4 < min(room, _CACHE_MOST):
            cache = self._empty(2 * len(self._cache))
            self._kernel.refill(self._cache, cache)
            self._cache = cache

    def _compile(self) -> None:
        self._compiled = True
        self._kernel = _compiled_kernel()
        for name in ("_node", "_unique", "_cache", "_stack", "_weight"):
            setattr(self, name, np.array(getattr(self, name), np.int32))
        self._state = np.array(self._state, np.int64)

    def _empty(self, size: int) -> Any:
        return np.zeros(size, np.int32) if self._compiled else [0] * size

    def _longer(self, old: Any, size: int) -> Any:
        if self._compiled:
            longer = np.zeros(size, np.int32)
            longer[: len(old)] = old
            return longer
        return old + [0] * (size - len(old))


def _compiled_kernel() -> ModuleType:
    kernel = kernel_module("bdd_kernel", compiled=True)
    _loaded[:] = [True]
    return kernel


def _as_kept(stack: Any, values: tuple[int, ...]) -> Any:
    return list(values) if isinstance(stack, list) else np.array(values, np.int32)
