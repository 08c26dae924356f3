"""The published fault trees among the shared data: as questions, and the results to hold them against."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from and_or_networks import Asked
from freehold.network.arrays import Floats
from freehold.read.fault_tree import folded, tops
from freehold.read.numbered_xml import parse_numbered
from freehold.read.open_psa_model import definitions_of

__all__ = ["TREES", "results", "tree"]

TREES = Path(__file__).resolve().parents[2] / "shared" / "data" / "faulttrees"


def tree(name: str) -> tuple[Asked, Floats]:
    """A tree, and the probabilities of its events (in the order of their names)."""
    path = TREES / f"{name}.xml"
    read = folded(definitions_of(parse_numbered(path, path.read_bytes()), path.name).tree)
    number = {event: place for place, event in enumerate(sorted(read.events))}
    place = number | {gate: len(number) + at for at, gate in enumerate(read.gates)}
    needs = tuple(
        (place[gate.name], len(gate.inputs) - gate.least + 1, tuple(place[one] for one in gate.inputs))
        for gate in read.gates.values()
    )
    (top,) = tops(read)
    takes = tuple((at, at) for at in range(len(number)))
    one = Asked(len(place), needs, len(number), takes, ((place[top], 1.0),), 1.0)
    return one, np.array([read.events[event].probability for event in number], np.float64)


def results() -> dict[str, dict[str, str]]:
    """The table of results by model."""
    with (TREES / "reference.csv").open(encoding="utf-8", newline="") as file:
        return {row["model"]: row for row in csv.DictReader(file)}
