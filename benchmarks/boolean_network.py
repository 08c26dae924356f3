"""``python -m benchmarks.boolean_network``: what losses take down in large AND/OR networks, beside graph libraries.

Owns the generator of random networks, and what is timed on them: making a network ready, every single loss by counters,
512 scenarios at once, and an oracle's questions. Peers answer what they can: dominators (networkx, rustworkx) and
reachability (scipy) see no alternatives, so they run on networks without any, where they must agree. Times are of the
process's own CPU, the least of several runs: they hold on a busy machine too.

Peers that are not installed are named and left out: put them where Python finds them, such as by
``pip install --target FOLDER networkx rustworkx`` and ``PYTHONPATH=src:FOLDER``.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import time
from collections.abc import Callable
from typing import Final, TypeVar

import numpy as np

from freehold.network.and_or import AndOr, Top, events_of
from freehold.network.bit_parallel import bit_parallel_losses, lay_out
from freehold.network.losses import choose
from freehold.network.oracle import Oracle
from freehold.network.propagation import Sets, propagation, single_losses

__all__ = ["main", "random_network", "single_nodes"]

_Value = TypeVar("_Value")
_SEED: Final = 6
_NEEDS: Final = (1, 2, 2)
"""Members of each need of a node: one supplier that it cannot do without, and two needs with an alternative."""


def random_network(
    nodes: int, *, needs: tuple[int, ...] = _NEEDS, near: float = 1.0, circles: float = 0.0, seed: int = _SEED
) -> AndOr:
    """A random network in which every node has the same needs, each met by one of its members.

    Parameters
    ----------
    nodes
        How many; node 0 needs nothing.
    needs
        Members of each need of a node: ``(1, 2, 2)`` are five edges.
    near
        How far below itself a node looks for suppliers, as part of all: less is deeper.
    circles
        Part of the members that are drawn from all nodes, so that circles close.
    seed
        The same gives the same.
    """
    rng = np.random.default_rng(seed)
    each = sum(needs)
    owner = np.repeat(np.arange(nodes, dtype=np.int32), each)
    reach = np.minimum(owner, max(1, int(near * nodes)))
    members = owner - 1 - (rng.random(len(owner), np.float32) * reach).astype(np.int32)
    np.maximum(members, 0, out=members)
    if circles:
        back = np.flatnonzero(rng.random(len(owner), np.float32) < circles)
        members[back] = rng.integers(0, nodes, len(back), np.int32)
    member_start = np.zeros(nodes * len(needs) + 1, np.int32)
    np.cumsum(np.tile(np.array(needs, np.int32), nodes), out=member_start[1:])
    required = np.ones(nodes * len(needs), np.int32)
    required[: len(needs)] = 0
    return AndOr((np.arange(nodes + 1) * len(needs)).astype(np.int32), required, member_start, members)


def single_nodes(numbers: np.ndarray) -> Sets:
    """Sets of one node each."""
    return Sets(np.arange(len(numbers) + 1), numbers.astype(np.int32))


_COMPARED_WHOLE: Final = 2_000_000
"""Nodes from which counters do some of the scenarios only, and their time is multiplied."""


def _timed(name: str, work: Callable[[], _Value], times: int = 3) -> tuple[_Value, float]:
    best, found = float("inf"), None
    for _ in range(times + 1):
        since = time.process_time()
        found = work()
        best = min(best, time.process_time() - since)
    print(f"  {name:<58} {best:9.3f} s", flush=True)
    assert found is not None
    return found, best


def _scenarios(nodes: int, times: int, circles: float) -> None:
    print(f"{nodes} nodes, {5 * nodes} edges, {circles:.0%} of them to anywhere")
    net = random_network(nodes, circles=circles)
    spread, _ = _timed("ready for counters", lambda: propagation(net, compiled=True), times)
    layout, _ = _timed("ready for 512 at once", lambda: lay_out(spread), times)
    each = nodes // 200
    picked = np.random.default_rng(_SEED).integers(0, nodes, 512 * each, np.int32)
    sets = Sets(np.arange(513) * each, picked)
    bits, wide = _timed(
        f"512 scenarios of {each} losses each, at once", lambda: bit_parallel_losses(layout, sets, memory=2**32), times
    )
    compared = 512 if nodes <= _COMPARED_WHOLE else 8
    some = Sets(sets.start[: compared + 1], picked[: compared * each])
    counters, alone = _timed(f"{compared} of them, each on its own by counters", lambda: single_losses(spread, some), 0)
    assert bits is not None
    assert (bits.taken[:compared] == counters.taken).all()
    alone *= 512 / compared
    fallen = int(counters.taken.mean())
    print(f"  {fallen} fall on average; counters take {alone / wide:.2f} times as long; the choice: {choose(spread, sets)}")
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB", flush=True)


def _conjunctive(nodes: int, times: int) -> None:
    """Networks without alternatives: a loss takes whatever reaches it, and dominators say nothing more than that."""
    print(f"{nodes} nodes, {2 * nodes} edges, no alternatives: every single loss")
    net = random_network(nodes, needs=(1, 1), near=0.02)
    spread = propagation(net, compiled=True)
    everything = single_nodes(np.arange(nodes))
    ours, seconds = _timed("counters, one thread", lambda: single_losses(spread, everything), times)
    layout = lay_out(spread)
    bits, wide = _timed("512 at once, one thread", lambda: bit_parallel_losses(layout, everything), times)
    assert bits is not None
    assert (bits.taken == ours.taken).all()
    best = min(seconds, wide)
    _scipy(net, ours.taken, best)
    _rustworkx(nodes)
    _networkx(nodes)


def _arcs(net: AndOr) -> tuple[np.ndarray, np.ndarray]:
    owner = np.repeat(np.arange(len(net.need_start) - 1), np.diff(net.member_start[net.need_start]))
    return (owner[net.member_start[net.need_start[1]] :], net.members[net.member_start[net.need_start[1]] :])


def _scipy(net: AndOr, taken: np.ndarray, ours: float) -> None:
    if importlib.util.find_spec("scipy") is None:
        print("  scipy is not installed")
        return
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    owner, member = _arcs(net)
    nodes = len(taken)
    graph = csr_array((np.ones(len(owner), np.int8), (member, owner)), shape=(nodes, nodes))
    some = np.linspace(0, nodes - 1, 200).astype(np.int64)

    def reach() -> list[int]:
        return [len(breadth_first_order(graph, number, return_predecessors=False)) - 1 for number in some.tolist()]

    found, seconds = _timed(f"scipy breadth-first search, {len(some)} of them", reach, 1)
    assert found == taken[some].tolist()
    print(f"  all of them by scipy: {seconds * nodes / len(some):.1f} s, {seconds * nodes / len(some) / ours:.0f} times ours")


def _dominator_case(nodes: int) -> tuple[AndOr, list[tuple[int, int]]]:
    """What dominators do answer: each node has one need with alternatives, and a root gives to those without any.

    A node's loss takes what it dominates in the graph from suppliers to users.
    """
    net = random_network(nodes, needs=(2,), near=0.001)
    owner = np.repeat(np.arange(nodes), 2)[2:]
    return net, [(nodes, 0), *zip(net.members[2:].tolist(), owner.tolist(), strict=True)]


def _dominators(name: str, net: AndOr, dominate: Callable[[], dict[int, int]], times: int) -> None:
    nodes = len(net.need_start) - 1
    spread = propagation(net, compiled=True)
    everything = single_nodes(np.arange(nodes))
    ours, seconds = _timed("one need of two alternatives each: counters", lambda: single_losses(spread, everything), times)
    parents, theirs = _timed(f"dominators by {name}", dominate, 1)
    sizes = np.zeros(nodes + 1, np.int64)
    # users stand after suppliers, so that sizes add up from the end
    for node in range(nodes - 1, -1, -1):
        sizes[parents[node]] += sizes[node] + 1
    assert (sizes[:nodes] == ours.taken).all()
    print(f"  {name} takes {theirs / seconds:.2f} times as long")


def _rustworkx(nodes: int) -> None:
    if importlib.util.find_spec("rustworkx") is None:
        print("  rustworkx is not installed")
        return
    import rustworkx

    net, edges = _dominator_case(nodes)
    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from(range(nodes + 1))
    graph.add_edges_from_no_data(edges)
    _dominators("rustworkx", net, lambda: rustworkx.immediate_dominators(graph, nodes), 3)


def _networkx(nodes: int) -> None:
    if importlib.util.find_spec("networkx") is None:
        print("  networkx is not installed")
        return
    import networkx

    net, edges = _dominator_case(nodes)
    graph = networkx.DiGraph(edges)
    _dominators("networkx", net, lambda: networkx.immediate_dominators(graph, nodes), 3)


def _oracle(nodes: int, times: int) -> None:
    net = random_network(nodes, near=0.01)
    events = events_of(nodes, nodes, np.arange(nodes), np.arange(nodes))
    oracle, _ = _timed(
        f"an oracle for the last of {nodes} nodes",
        lambda: Oracle(net, events, Top(np.array([nodes - 1], np.int32), np.ones(1), 1.0), compiled=True),
        times,
    )
    choose_from = np.random.default_rng(_SEED)
    asked = [choose_from.choice(oracle.events[:-1], 3) for _ in range(1000)]
    _timed(f"1000 questions of 3 losses in a cone of {len(oracle.events)}", lambda: [oracle.fails(one) for one in asked], times)
    _timed("100 supports", lambda: [oracle.support(one) for one in asked[:100]], times)


def main(arguments: list[str] | None = None) -> None:
    """Print what each step takes."""
    parser = argparse.ArgumentParser("python -m benchmarks.boolean_network")
    parser.add_argument("--nodes", type=float, default=1e6, help="of the large network; 1e7 takes 4 GB (default 1e6)")
    parser.add_argument("--small", type=float, default=10_000, help="of the networks that peers are shown (default 10000)")
    parser.add_argument("--circles", type=float, default=0.0, help="part of the edges that close circles (default 0)")
    parser.add_argument("--times", type=int, default=3, help="how often each, besides one run that is not counted (default 3)")
    options = parser.parse_args(arguments)
    _scenarios(int(options.nodes), options.times, options.circles)
    _oracle(int(options.small), options.times)
    _conjunctive(int(options.small), options.times)


if __name__ == "__main__":
    main()
