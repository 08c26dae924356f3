"""From a formula to diagrams, module by module. Owns the order of the work: which gates meet first, which orders are tried.

Each module is a diagram of its own over its events and the modules below it, each of which stands for an event that weighs
as much as its least set; they are put together at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Final, TypeAlias

import numpy as np

from freehold.network.arrays import Integers
from freehold.network.bdd import Diagram, diagram_of
from freehold.network.bdd_kernel import BOTH, EITHER, FUNCTION, LARGEST, MINIMAL, PRODUCT, UNION
from freehold.network.bdd_store import BddStore, Limits, Stopped
from freehold.network.formula import EVENT, FAILED, NEVER, OR, Formula
from freehold.network.modules import Module, modules_of, orders

__all__ = ["Assembly", "build_family", "build_function", "function_of_sets"]

_Piece: TypeAlias = tuple[Integers, Integers, Integers, int]
_FUNCTION_ROUNDS: Final = (1 << 16, 1 << 18, 1 << 21)
_FAMILY_ROUNDS: Final = (1 << 20,)
"""Sizes up to which each order is tried before any is tried at a greater one."""


class Assembly:
    """Puts modules' diagrams together into one.

    Parameters
    ----------
    size
        Number of events.
    formula
        What the modules are parts of.
    """

    def __init__(self, size: int, formula: Formula) -> None:
        self._size, self._formula = size, formula
        self._count = 2
        self._levels = 0
        self._event: list[list[int]] = []
        self._module: list[list[int]] = []
        self._pieces: list[tuple[Integers, Integers, Integers]] = []
        self._roots: dict[int, int] = {NEVER: 0, FAILED: 1}

    def add(self, root: int, order: Sequence[int], piece: _Piece) -> None:
        """Take in the diagram of the module at a place, its levels being those of the order."""
        level, high, low, top = piece
        kind, arguments = self._formula.kind, self._formula.arguments
        self._event.append([arguments[leaf][0] if kind[leaf] == EVENT else -1 for leaf in order])
        self._module.append([-1 if kind[leaf] == EVENT else self._roots[leaf] for leaf in order])
        shift = self._count - 2
        # Levels count downwards from the end, so that what a module stands on lies deeper.
        high, low = np.where(high > 1, high + shift, high), np.where(low > 1, low + shift, low)
        self._pieces.append((level - self._levels - len(order), high, low))
        self._levels += len(order)
        self._count += len(level)
        self._roots[root] = top + shift if top > 1 else top

    def diagram(self, root: int) -> Diagram:
        """Give the whole."""
        if self._formula.kind[root] == EVENT:
            one = np.array([0]), np.array([1]), np.array([0]), 2
            self.add(root, [root], one)
        constants = np.zeros(2, np.int64)
        level = np.concatenate([constants, *(piece[0] + self._levels for piece in self._pieces)])
        high = np.concatenate([constants, *(piece[1] for piece in self._pieces)])
        low = np.concatenate([constants, *(piece[2] for piece in self._pieces)])
        event = [number for part in reversed(self._event) for number in part]
        module = [number for part in reversed(self._module) for number in part]
        return diagram_of(self._size, event, module, level, high, low, self._roots[root])


def _piece(store: BddStore, root: int) -> _Piece:
    nodes = np.asarray(store.nodes[: 4 * store.count]).reshape(-1, 4)
    reached = np.zeros(len(nodes), np.bool_)
    front = np.array([root])
    while len(front):
        reached[front] = True
        children = nodes[front, 1:3].ravel()
        front = np.unique(children[(children > 1) & ~reached[children]])
    reached[:2] = False
    kept = np.flatnonzero(reached)
    place = np.arange(len(nodes))
    place[kept] = np.arange(2, len(kept) + 2)
    return nodes[kept, 0].astype(np.int64), place[nodes[kept, 1]], place[nodes[kept, 2]], int(place[root])


def _balanced(values: list[int], join: Callable[[int, int], int]) -> int:
    while len(values) > 1:
        pairs = [join(values[at], values[at + 1]) for at in range(0, len(values) - 1, 2)]
        values = pairs + values[len(pairs) * 2 :]
    return values[0]


def _gates(
    formula: Formula, module: Module, store: BddStore, value: dict[int, int], join: Callable[[int, int, int], int]
) -> int:
    for gate in module.gates:
        kind = formula.kind[gate]
        # What starts deepest first: then most of what is at hand is only passed on as it is.
        parts = sorted((value[argument] for argument in formula.arguments[gate]), key=lambda root: (-store.level(root), root))
        value[gate] = reduce(lambda one, other, kind=kind: join(kind, one, other), parts)  # type: ignore[misc]
    return value[module.root]


def build_family(
    formula: Formula, size: int, order: int, limits: Limits, *, function: bool = False, compiled: bool | None = None
) -> tuple[Diagram, Diagram | None]:
    """Make the family of minimal cut sets of at most so many events.

    With ``function`` also the function that fails when one of them happens; where modules meet, it may hold some of the larger
    cut sets too.

    Parameters
    ----------
    formula, size
        The number of events.
    order
        Of the largest sets.

    Raises
    ------
    freehold.network.bdd_store.Stopped
    """
    families, functions = Assembly(size, formula), Assembly(size, formula)
    least: dict[int, int] = {}

    def join(store: BddStore, kind: int, one: int, other: int) -> int:
        return store.apply(UNION if kind == OR else PRODUCT, one, other, LARGEST if kind == OR else min(order, LARGEST))

    for module in modules_of(formula):
        lost = {leaf for leaf in module.leaves if least.get(leaf, 1) > order}
        leaves, store, root = _tried(formula, module, least, lost, join, _FAMILY_ROUNDS, limits, compiled)
        least[module.root] = store.least(root)
        families.add(module.root, leaves, _piece(store, root))
        if function:
            functions.add(module.root, leaves, _piece(store, store.apply(FUNCTION, root)))
    return families.diagram(formula.root), functions.diagram(formula.root) if function else None


def build_function(
    formula: Formula, size: int, limits: Limits, *, cuts: bool = False, compiled: bool | None = None
) -> tuple[Diagram, Diagram | None]:
    """Make the function that says when the top fails, and with ``cuts`` the family of all its minimal cut sets.

    Several orders are tried, each up to a size that grows from round to round.

    Raises
    ------
    freehold.network.bdd_store.Stopped
    """
    functions, families = Assembly(size, formula), Assembly(size, formula)
    least: dict[int, int] = {}

    def join(store: BddStore, kind: int, one: int, other: int) -> int:
        return store.apply(EITHER if kind == OR else BOTH, one, other)

    for module in modules_of(formula):
        leaves, store, root = _tried(formula, module, least, set(), join, _FUNCTION_ROUNDS, limits, compiled)
        functions.add(module.root, leaves, _piece(store, root))
        if cuts:
            root = store.apply(MINIMAL, root)
            least[module.root] = store.least(root)
            families.add(module.root, leaves, _piece(store, root))
    return functions.diagram(formula.root), families.diagram(formula.root) if cuts else None


def _tried(
    formula: Formula,
    module: Module,
    least: dict[int, int],
    lost: set[int],
    join: Callable[[BddStore, int, int, int], int],
    rounds: Sequence[int],
    limits: Limits,
    compiled: bool | None,
) -> tuple[list[int], BddStore, int]:
    """Make a module's diagram in the first order in which it fits; leaves that are lost have no set that counts."""
    tries = list(orders(formula, module))
    for room in (*(size for size in rounds if size < limits.nodes), limits.nodes):
        reached = []
        for leaves in tries:
            store = BddStore([least.get(leaf, 1) for leaf in leaves], limits, compiled=compiled)
            store.nodes_limit = room
            value: dict[int, int] = {}
            try:
                value |= {leaf: 0 if leaf in lost else store.single(level) for level, leaf in enumerate(leaves)}
                root = _gates(formula, module, store, value, partial(join, store))
            except Stopped as stopped:
                if stopped.why == "time":
                    raise
                reached.append(len(value))
            else:
                store.nodes_limit = limits.nodes
                return leaves, store, root
        # The order that came furthest is the first to be given more room.
        tries = [tries[at] for at in sorted(range(len(tries)), key=lambda at: -reached[at])]
    raise Stopped("size")


def function_of_sets(size: int, sets: Sequence[Sequence[int]], limits: Limits, *, compiled: bool | None = None) -> Diagram:
    """Make the function that fails as soon as all events of one of the sets happen.

    Parameters
    ----------
    size
        Number of events.
    sets
        Cut sets, of events.

    Raises
    ------
    freehold.network.bdd_store.Stopped
    """
    uses = Counter(event for one in sets for event in one)
    events = sorted(uses, key=lambda event: (-uses[event], event))
    level = {event: place for place, event in enumerate(events)}
    store = BddStore([1] * len(events), limits, compiled=compiled)
    families = []
    for one in sets:
        node = 1
        for place in sorted({level[event] for event in one}, reverse=True):
            node = store.node(place, node, 0)
        families.append(node)
    root = store.apply(FUNCTION, _balanced(families or [0], partial(store.apply, UNION, limit=LARGEST)))
    levels, high, low, top = _piece(store, root)
    constants = np.zeros(2, np.int64)
    return diagram_of(
        size, events, [-1] * len(events),
        np.concatenate([constants, levels]), np.concatenate([constants, high]), np.concatenate([constants, low]), top,
    )  # fmt: skip
