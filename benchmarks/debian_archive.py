"""How fast a package archive is read and asked, beside dose3, networkx and rustworkx, in one run on one file.

`python -m benchmarks.debian_archive PACKAGES [--peers PYTHON] [--target firefox-esr]`. PACKAGES is an unpacked ``Packages``
file (apt-helper cat-file LIST gives one); PYTHON one that has networkx and rustworkx. dose3 (Debian: dose-extra) is run if it
is there. Times are processor time of one process, the least of three; the network's kernels have been compiled before.

dose3 answers more: it minds versions and conflicts. networkx and rustworkx answer less: of needs with alternatives, which
they do not know, the graph has none, so their losses are a lower bound.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from freehold import work
from freehold.network.and_or import AndOr, and_or
from freehold.network.cone import cone
from freehold.network.propagation import lose, propagation, sets_of, single_losses
from freehold.read.debian_archive import archive_stack
from freehold.read.package_index import Archive, parse_packages
from freehold.read.packed_files import read_packed
from freehold.stack.values import Stack

REPEAT = 3
T = TypeVar("T")


def least(what: Callable[[], T]) -> tuple[float, T]:
    """Processor seconds, the least of some runs, and what came."""
    best = float("inf")
    for _ in range(REPEAT):
        since = time.process_time()
        found = what()
        best = min(best, time.process_time() - since)
    return best, found


def shown(name: str, seconds: float, beside: float | None = None) -> None:
    ratio = f"  {seconds / beside:,.1f} times ours" if beside else ""
    print(f"{name:64} {seconds:9.3f} s{ratio}")


def network(stack: Stack) -> tuple[AndOr, list[str]]:
    """Packages as nodes; a choice is a need with several members, one that nothing meets is left out."""
    choice = {item.id for item in stack.items if item.tags}
    names = [item.id for item in stack.items if not item.tags]
    number = {id_: at for at, id_ in enumerate(names)}
    members: dict[str, list[int]] = {one: [] for one in choice}
    source_item = {source.id: source.item for source in stack.sources}
    wanted: list[tuple[int, str]] = []
    for need in stack.needs:
        item = source_item[need.source]
        if item in choice:
            members[item].append(number[need.item])
        else:
            wanted.append((number[item], need.item))
    lists = [(owner, members[item] if item in choice else [number[item]]) for owner, item in wanted]
    lists = [(owner, offered) for owner, offered in lists if offered]
    start = np.cumsum([0, *(len(offered) for _, offered in lists)])
    owners = np.array([owner for owner, _ in lists])
    flat = np.array([one for _, offered in lists for one in offered])
    return and_or(len(names), owners, np.ones(len(lists), np.int64), start, flat), names


def child(command: list[str], text: str | None = None) -> tuple[float, str]:
    """Processor seconds of a command, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, input=text, text=True, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ran.stdout


def strong(spread: Any, nodes: list[int]) -> int:
    """Pairs of a cone of which the second's loss takes the first."""
    return sum(len(set(lose(spread, [one]).tolist()) & set(nodes)) - 1 for one in nodes)


def dose(path: Path, target: str, ours: float) -> None:
    if shutil.which("dose-ceve") is None:
        print("dose-ceve is not there (Debian: dose-extra)")
        return
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "strong.dot"
        seconds, _ = child(
            [
                "dose-ceve",
                "--deb-ignore-essential",
                "-c",
                target,
                "-Gstrdeps",
                "-Tdot",
                "-o",
                str(out),
                f"deb://{path.resolve()}",
            ]
        )
        edges = re.findall(r'^\s*"(\S+) \(.*?" -> "', out.read_text(), re.MULTILINE)
    shown(f"dose3: {len(edges):,} strong needs, {edges.count(target)} of {target}, reading included", seconds, ours)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=Path)
    parser.add_argument("--peers", help="a Python with networkx and rustworkx")
    parser.add_argument("--target", default="firefox-esr")
    options = parser.parse_args()
    path: Path = options.packages

    data = read_packed(path)
    parsing, archive = least(lambda: _parsed(data))
    rows, (stack, _) = least(lambda: archive_stack(archive, path.name, str(path)))
    loading, _ = least(lambda: work.load(path))
    print(f"{len(data):,} bytes, {len(archive.packages):,} packages, {len(stack.needs):,} rows of needs")
    shown("parse", parsing)
    shown("rows of the stack", rows)
    shown("load: all of it, checks and catalogue included", loading)

    net, names = network(stack)
    every = sets_of([[one] for one in range(len(names))])
    spread = propagation(net)
    single_losses(spread, sets_of([[0]]))
    ready, spread = least(lambda: propagation(net))
    losing, losses = least(lambda: single_losses(spread, every))
    shown("make ready", ready)
    shown(f"all single losses: {int(losses.taken.sum()):,} pairs", losing)

    target = names.index(f"pkg:deb/debian/{options.target}")
    asking, pairs = least(lambda: strong(spread, cone(net, np.array([target])).tolist()))
    out_of = sum(target in lose(spread, [one]).tolist() for one in cone(net, np.array([target])).tolist()) - 1
    ours = loading + asking
    shown(f"cone of {options.target}: {pairs:,} strong needs, {out_of} of it", asking)
    shown("the same, loading included", ours)
    dose(path, options.target, ours)

    if options.peers:
        sizes = np.diff(net.member_start)
        owner = np.repeat(np.arange(len(names)), np.diff(net.need_start))
        single = sizes == 1
        edges = zip(owner[single].tolist(), net.members[net.member_start[:-1][single]].tolist(), strict=True)
        text = f"{len(names)}\n" + "".join(f"{one} {other}\n" for one, other in edges)
        _, said = child([options.peers, str(Path(__file__).with_name("debian_peer.py"))], text)
        for name, seconds in json.loads(said).items():
            shown(name, seconds, losing if "losses" in name or "dominators" in name else None)


def _parsed(data: bytes) -> Archive:
    archive = Archive()
    parse_packages(data, archive)
    return archive


if __name__ == "__main__":
    main()
