"""What graph libraries make of the needs of an archive that have one package to meet them. Run by the peers' own Python.

Reads pairs of numbers (who needs whom), two a line, after a line with the number of packages; prints JSON. Dominators: one
tree from a node above all that nobody needs. Losses: who reaches a package, counted for every n-th package and
multiplied; with one package to a need that is who its loss takes.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

SAMPLE = 317


def timed(what: Callable[[], Any]) -> tuple[float, Any]:
    since = time.process_time()
    found = what()
    return time.process_time() - since, found


def main() -> None:
    count = int(sys.stdin.readline())
    edges = [(int(one), int(other)) for one, other in map(str.split, sys.stdin)]
    needed = {other for _, other in edges}
    edges += [(count, one) for one in range(count) if one not in needed]
    found: dict[str, float | int] = {}

    import networkx
    import rustworkx

    seconds, plain = timed(lambda: networkx.DiGraph(edges))
    found["networkx, build"] = seconds
    found["networkx, dominators"], _ = timed(lambda: networkx.immediate_dominators(plain, count))
    few = range(0, count, SAMPLE * 20)
    seconds, _ = timed(lambda: sum(len(networkx.ancestors(plain, one)) - 1 for one in few if one in plain))
    found["networkx, all losses (one package in 6,340, multiplied)"] = seconds * count / len(few)

    def built() -> Any:
        graph = rustworkx.PyDiGraph()
        graph.add_nodes_from(range(count + 1))
        graph.add_edges_from_no_data(edges)
        return graph

    found["rustworkx, build"], graph = timed(built)
    found["rustworkx, dominators"], _ = timed(lambda: rustworkx.immediate_dominators(graph, count))
    some = range(0, count, SAMPLE)
    seconds, _ = timed(lambda: sum(len(rustworkx.ancestors(graph, one)) - 1 for one in some))
    found["rustworkx, all losses (one package in 317, multiplied)"] = seconds * count / len(some)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
