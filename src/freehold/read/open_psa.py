"""Reads fault trees in the Open-PSA model exchange format. Owns the seam from a file to a stack.

What is no fault tree in it (event trees, alignments, substitutions) is left out, and the findings say so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from freehold.errors import BadStack, Finding, Unreadable
from freehold.read.fault_tree import Constants, FaultTree, circle, folded, tops
from freehold.read.fault_tree_rows import stack_of_tree
from freehold.read.interface import read_bytes
from freehold.read.model_marks import FAULT_TREE
from freehold.read.numbered_xml import parse_numbered
from freehold.read.open_psa_model import definitions_of
from freehold.stack.values import Stack

__all__ = ["read_fault_tree"]

_LARGEST: Final = 128 * 1024 * 1024
_MOST_NAMED: Final = 3


def read_fault_tree(path: Path) -> tuple[Stack, tuple[Finding, ...]]:
    """Read a model as a stack.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Stack, tuple of Finding
        A gate is an item tagged ``any-of``; a basic event is an item with one source, by a provider of the same name whose
        ``probability`` is the event's. The mission is the gate that no other uses. The findings are notes.

    Raises
    ------
    freehold.errors.ReadError
        If it cannot be read, or is over a limit.
    freehold.errors.BadStack
        If it is not sound, or not monotone: every finding with its line and its mend.
    """
    root = parse_numbered(path, read_bytes(path, _LARGEST))
    if root.tag != FAULT_TREE:
        raise Unreadable(f"{path} is no Open-PSA model: its root is <{root.tag[:60]}>, not <{FAULT_TREE}>. Name one.")
    found = definitions_of(root, path.name)
    if not found.tree.gates:
        raise Unreadable(f"{path} defines no gate: there is nothing to ask of it. Put a <define-fault-tree> with gates in it.")
    around = circle(found.tree.gates)
    if around:
        gate = found.tree.gates[around[0]]
        shown = " > ".join(around[:8]) + (" > …" if len(around) > 8 else "")
        raise BadStack([Finding(path.name, gate.line, "", f"gates rest on each other in a circle: {shown}", "Cut it open")])
    tree = folded(found.tree)
    above = tops(found.tree)
    name = root.attributes.get("name") or (found.trees[0] if len(found.trees) == 1 else path.name.partition(".")[0])
    notes = [*found.notes, *_constant_notes(path.name, tree, found.tree.constants)]
    if len(above) > 1 and all(gate.mission is None for gate in found.tree.gates.values()):
        listed = ", ".join(above[:_MOST_NAMED]) + (" …" if len(above) > _MOST_NAMED else "")
        problem = f"{len(above)} gates are used by no other ({listed}), and each counts equally as the mission"
        notes.append(Finding(path.name, 0, "", problem, "Ask about one of them with --target", "note"))
    return stack_of_tree(tree, above, name, path), tuple(notes)


def _constant_notes(file: str, tree: FaultTree, stated: Constants) -> list[Finding]:
    gates = [name for name in tree.constants if name not in stated]
    if not gates:
        return []
    listed = ", ".join(gates[:_MOST_NAMED]) + (" …" if len(gates) > _MOST_NAMED else "")
    problem = f"{len(gates)} gate(s) always fail or never do, whatever else happens ({listed})"
    return [Finding(file, 0, "", problem, "See the house events and constants that they rest on", "note")]
