"""Minimal cut sets of published fault trees beside SCRAM, on one machine in one run. Owns these measurements and their table.

    python -m benchmarks.fault_trees [--folder FOLDER] [--runs 5] [--order 4] [--limit 60] [TREE ...]

For each tree of the folder (Open-PSA files and ``reference.csv``), all minimal cut sets up to an order, and all of any order
with the exact probability of the top:

- *ours*: from the network to the diagram and the counts, in a process that has the compiled kernel. *alone*: a process of
  its own that starts, reads the file and counts.
- *SCRAM*: the time that its report states for the products (``--zbdd -l 4``; ``--bdd`` without an order), and its whole
  process, which prints every product. A run over the limit is ended, and shown so.

All are wall seconds, the least of the runs. Ratios are SCRAM's divided by ours: above 1 we are faster. Sums are checked
against the reference, and a difference is shown.
Run it on a machine that does nothing else: the load is printed.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from defusedxml.ElementTree import iterparse

from freehold.network.and_or import AndOr, Events, Top, and_or, events_of
from freehold.network.arrays import Floats
from freehold.network.bdd import probability
from freehold.network.diagram_cuts import diagram_cuts
from freehold.read.interface import read_bytes
from freehold.read.numbered_xml import parse_numbered
from freehold.read.open_psa_model import definitions_of

__all__ = ["main", "network_of"]

_FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "faulttrees"
_MOST = 1 << 27


def network_of(path: Path) -> tuple[AndOr, Events, Top, Floats]:
    """Read a fault tree as a network, its events by name, and their probabilities."""
    tree = definitions_of(parse_numbered(path, read_bytes(path, _MOST)), path.name).tree
    events, gates = sorted(tree.events), list(tree.gates.values())
    place = {name: at for at, name in enumerate([*events, *(gate.name for gate in gates)])}
    used = {name for gate in gates for name in gate.inputs}
    (top,) = (gate.name for gate in gates if gate.name not in used)
    net = and_or(
        len(place),
        np.array([place[gate.name] for gate in gates]),
        np.array([len(gate.inputs) - gate.least + 1 for gate in gates]),
        np.cumsum([0, *(len(gate.inputs) for gate in gates)]),
        np.array([place[name] for gate in gates for name in gate.inputs]),
    )
    numbers = np.arange(len(events))
    chances = np.array([tree.events[name].probability or 0.0 for name in events])
    asked = Top(np.array([place[top]], np.int32), np.ones(1), 1.0)
    return net, events_of(len(place), len(events), numbers, numbers), asked, chances


@dataclass(frozen=True)
class _Ours:
    seconds: float
    alone: float
    sets: int | None
    probability: float | None
    stopped: str | None


@dataclass(frozen=True)
class _Theirs:
    products: float | None
    whole: float | None


def _ours(path: Path, order: int | None, runs: int, limit: float) -> _Ours:
    net, events, top, chances = network_of(path)
    seconds, alone = [], []
    for _ in range(runs):
        since = time.monotonic()
        found = diagram_cuts(net, events, top, order=order, seconds=limit, compiled=True)
        chance = probability(found.function, chances) if found.function is not None else None
        seconds.append(time.monotonic() - since)
        wall = time.monotonic()
        command = [sys.executable, "-m", "benchmarks.fault_trees", "--alone", str(path), "--order", str(order or 0)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        alone.append(time.monotonic() - wall)
    return _Ours(min(seconds), min(alone), sum(found.counts.values()), chance, found.stopped)


def _alone(path: Path, order: int | None) -> None:
    net, events, top, chances = network_of(path)
    found = diagram_cuts(net, events, top, order=order)
    print(found.counts, found.stopped, found.function and probability(found.function, chances))


def _scram(path: Path, order: int | None, runs: int, limit: float, scratch: Path) -> _Theirs:
    """Ask SCRAM; both times are ``None`` where it did not finish, the second also where its report was not written."""
    how = ["--bdd"] if order is None else ["--zbdd", "-l", str(order)]
    report = scratch / "report.xml"
    products, whole = [], []
    for _ in range(runs):
        wall = time.monotonic()
        try:
            subprocess.run(["scram", *how, "-o", str(report), str(path)], check=True, timeout=limit, stdout=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return _Theirs(_stated(report), None)
        whole.append(time.monotonic() - wall)
        products.append(_stated(report) or 0.0)
        report.unlink()
    return _Theirs(min(products), min(whole))


def _stated(report: Path) -> float | None:
    """Seconds for the products, as a report that may have been broken off states them."""
    if not report.is_file() or not report.stat().st_size:
        return None
    for _, element in iterparse(report, events=("end",)):
        if element.tag == "products":
            return float(element.text)
        if element.tag == "results":
            break
    return None


def _shown(value: float | None) -> str:
    return "over limit" if value is None else f"{value:.4f}"


def _ratio(theirs: float | None, ours: float, limit: float) -> str:
    return f"> {limit / ours:.1f}" if theirs is None else f"{theirs / ours:.2f}"


def _row(path: Path, order: int | None, row: dict[str, str], asked: argparse.Namespace, scratch: Path) -> str:
    ours = _ours(path, order, asked.runs, asked.limit)
    theirs = _scram(path, order, 1 if order is None else asked.runs, asked.limit, scratch)
    expected = sum(int(row[f"mcs_order{at}"]) for at in range(1, 5)) if order == 4 else None
    if order is None:
        expected = int(float(row["mcs_zbdd_here"] or row["mcs_published"]))
    right = "" if expected in (None, ours.sets) else f" (reference: {expected})"
    if ours.probability is not None and abs(ours.probability / float(row["p_published"]) - 1) > 5e-6:
        right += f" (P {ours.probability:.6g}, published {row['p_published']})"
    sets = f"stopped: {ours.stopped}" if ours.stopped else f"{ours.sets}{right}"
    chance = "" if order is not None else f" {ours.probability:.6g} |" if ours.probability is not None else " - |"
    return (
        f"| {path.stem} | {sets} |{chance} {ours.seconds:.4f} | {_shown(theirs.products)} | "
        f"{_ratio(theirs.products, ours.seconds, asked.limit)} | {ours.alone:.2f} | {_shown(theirs.whole)} | "
        f"{_ratio(theirs.whole, ours.alone, asked.limit)} |"
    )


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print a table for each question."""
    parser = argparse.ArgumentParser("python -m benchmarks.fault_trees", description=__doc__)
    parser.add_argument("trees", nargs="*", metavar="TREE", help="only these; all by default")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="Open-PSA files, and reference.csv")
    parser.add_argument("--runs", type=int, default=5, help="of each, the least counts")
    parser.add_argument("--order", type=int, default=4, help="of the largest sets")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for one run")
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.alone:
        _alone(asked.alone, asked.order or None)
        return
    if shutil.which("scram") is None:
        sys.exit("SCRAM is not installed: on Debian, apt-get install scram.")
    with (asked.folder / "reference.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["model"]: row for row in csv.DictReader(file)}
    print(f"load at the start: {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors, least of {asked.runs} runs")
    with tempfile.TemporaryDirectory() as scratch:
        for order in (asked.order, None):
            print(f"\nup to order {order}" if order else "\nof any order, with the exact probability of the top")
            chance = "" if order else " P |"
            print(f"| tree | sets |{chance} ours s | SCRAM products s | ratio | ours alone s | SCRAM whole s | ratio |")
            print("| --- | --- |" + (" --- |" if not order else "") + " --- |" * 6)
            for name in asked.trees or rows:
                print(_row(asked.folder / f"{name}.xml", order, rows[name], asked, Path(scratch)), flush=True)


if __name__ == "__main__":
    main()
