"""When does the top fail, as gates over events. Owns the way from an AND/OR network to a formula without circles."""

from __future__ import annotations

from typing import Final

from freehold.errors import SolveError
from freehold.network.and_or import AndOr, Events, Short, Top
from freehold.network.bdd_store import Limits
from freehold.network.formula import OR, Formula, FormulaMaker
from freehold.network.formula_reduction import reduced

__all__ = ["structure_function", "suppliers_first"]

_TOLERANCE: Final = 1e-9


def suppliers_first(net: AndOr, nodes: Short) -> list[int] | None:
    """List what some nodes depend on and those themselves, each after all that it needs.

    Returns
    -------
    list of int or None
        ``None`` if there is a circle among them: then only an engine that needs no such order can help.
    """
    # lists: entries of arrays are slow to take one by one
    start, listed = net.member_start[net.need_start].tolist(), net.members.tolist()
    order: list[int] = []
    # Where the walk stands: on its way to a node, or through with it.
    on_the_way, through = set(), set()
    for target in nodes.tolist():
        waiting = [target]
        while waiting:
            node = waiting[-1]
            if node in through:
                waiting.pop()
            elif node in on_the_way:
                on_the_way.discard(node)
                through.add(node)
                order.append(node)
                waiting.pop()
            else:
                on_the_way.add(node)
                members = listed[start[node] : start[node + 1]]
                if not on_the_way.isdisjoint(members):
                    return None
                waiting.extend(member for member in reversed(members) if member not in through)
    return order


def structure_function(net: AndOr, events: Events, top: Top, limits: Limits) -> Formula:
    """Say when the top fails.

    Parameters
    ----------
    net, events
        Only what the top depends on is looked at.
    top
        What must not fail.
    limits
        When to stop.

    Returns
    -------
    Formula
        Reduced.

    Raises
    ------
    freehold.errors.SolveError
        If what the top depends on has a circle.
    freehold.network.bdd_store.Stopped
        If there would be too many gates, or it takes too long.
    """
    nodes = suppliers_first(net, top.nodes)
    if nodes is None:
        raise SolveError(
            "a diagram needs a network without circles, and what is asked for depends on one. Ask the hitting-set engine."
        )
    need_start, member_start, required, members = (
        array.tolist() for array in (net.need_start, net.member_start, net.required, net.members)
    )
    event_start, listed = events.start.tolist(), events.events.tolist()
    maker = FormulaMaker(limits)
    value: dict[int, int] = {}
    for done, node in enumerate(nodes):
        if done % 1024 == 0:
            limits.check()
        failures = [maker.event(number) for number in listed[event_start[node] : event_start[node + 1]]]
        for need in range(need_start[node], need_start[node + 1]):
            group = [value[member] for member in members[member_start[need] : member_start[need + 1]]]
            least = len(group) - required[need] + 1
            failures.append(maker.at_least(group, [1.0] * len(group), least))
        value[node] = maker.gate(OR, failures)
    weights = top.weights.tolist()
    # It fails when what is down weighs more than the whole less the floor.
    spare = sum(weights) - top.floor
    root = maker.at_least([value[node] for node in top.nodes.tolist()], weights, spare, -_TOLERANCE)
    return reduced(maker.formula(root), limits)
