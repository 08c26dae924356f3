"""Parts of a formula that share no event with the rest. Owns how a formula is split to be solved apart, and in which order.

Modules are found in linear time by the dates of a walk (Dutuit and Rauzy 1996, IEEE Transactions on Reliability 45,
section 3): a gate is a module if all below it is met for the first time after the gate's own first visit, and for the
last time before the walk leaves it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from freehold.network.formula import EVENT, Formula

__all__ = ["Module", "modules_of", "orders"]


class Module(NamedTuple):
    """A gate, what is below it down to other modules and events, and those.

    Parameters
    ----------
    root
        Place of the gate in the formula.
    gates
        Places, arguments before what they are arguments of; the root is the last.
    leaves
        Places of events and of other modules' roots.
    """

    root: int
    gates: list[int]
    leaves: list[int]


def modules_of(formula: Formula) -> list[Module]:
    """Split a formula.

    Parameters
    ----------
    formula
        Its top may be an event or a constant: then there is no module.

    Returns
    -------
    list of Module
        Each after those that it stands on; the last is that of the top.
    """
    roots = _module_roots(formula)
    found = []
    for root in sorted(roots):
        gates, leaves, seen = [], [], {root}
        waiting = [root]
        while waiting:
            place = waiting.pop()
            gates.append(place)
            for argument in formula.arguments[place]:
                if argument not in seen:
                    seen.add(argument)
                    if formula.kind[argument] == EVENT or argument in roots:
                        leaves.append(argument)
                    else:
                        waiting.append(argument)
        found.append(Module(root, sorted(gates), leaves))
    return found


def _module_roots(formula: Formula) -> set[int]:
    kind, arguments, root = formula
    if not arguments[root] or kind[root] == EVENT:
        return set()
    size = len(kind)
    first, left, last = [0] * size, [0] * size, [0] * size
    date = 0
    path = [(root, 0)]
    while path:
        place, step = path.pop()
        date += 1
        if step == 0:
            last[place] = date
            if first[place]:
                continue
            first[place] = date
            if kind[place] == EVENT:
                left[place] = date
                continue
        if step < len(arguments[place]):
            path.append((place, step + 1))
            path.append((arguments[place][step], 0))
        else:
            left[place] = date
    roots = set()
    least, most = first[:], last[:]
    for place in range(2, size):
        if first[place] and kind[place] != EVENT:
            below_least = min(least[argument] for argument in arguments[place])
            below_most = max(most[argument] for argument in arguments[place])
            if below_least > first[place] and below_most < left[place]:
                roots.add(place)
            least[place] = min(first[place], below_least)
            most[place] = max(last[place], below_most)
    return roots


def orders(formula: Formula, module: Module) -> Iterator[list[int]]:
    """Orders in which a module's leaves may stand in its diagram, the one that serves most often first.

    All are walks from the top down that keep what is near in the formula near in the diagram; they differ in which argument
    they take first.

    Yields
    ------
    list of int
        All leaves.
    """
    leaves = set(module.leaves)
    below = _sizes(formula, module, leaves)
    uses: dict[int, int] = {}
    for gate in module.gates:
        for argument in formula.arguments[gate]:
            uses[argument] = uses.get(argument, 0) + 1
    # What the module uses in many places decides much: it stands high up. The others serve where that order fails.
    keys: tuple[Callable[[int], Any] | None, ...] = (
        lambda place: (-uses[place], -below[place]),
        lambda place: -uses[place] * below[place],
        None,
        lambda place: -uses[place],
        lambda place: (place in leaves, -uses[place]),
    )
    tried = set()
    for key in keys:
        order = _walk(formula, module.root, leaves, key)
        if tuple(order) not in tried:
            tried.add(tuple(order))
            yield order


def _sizes(formula: Formula, module: Module, leaves: set[int]) -> dict[int, float]:
    below = dict.fromkeys(leaves, 1.0)
    for gate in module.gates:
        below[gate] = min(1e18, 1 + sum(below[argument] for argument in formula.arguments[gate]))
    return below


def _walk(formula: Formula, root: int, leaves: set[int], key: Callable[[int], Any] | None) -> list[int]:
    order: list[int] = []
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        if place in leaves:
            order.append(place)
            continue
        fresh = [argument for argument in formula.arguments[place] if argument not in seen]
        if key is not None:
            fresh.sort(key=key)
        waiting.extend(reversed(fresh))
    return order
