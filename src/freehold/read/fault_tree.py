"""A coherent fault tree as values, whatever format it was written in. Owns its logic: constants, constant gates, circles.

A gate fails if at least ``least`` of its inputs do: 1 is an OR, all of them an AND.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

__all__ = ["BasicEvent", "Constants", "FaultTree", "Gate", "circle", "folded", "tops"]

Constants: TypeAlias = Mapping[str, bool]
"""What is sure, by name: ``True`` has failed, ``False`` never does."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate.

    Parameters
    ----------
    name
        Unique among gates, events and constants.
    least
        How many inputs make it fail.
    inputs
        Names of gates, events and constants, none twice.
    line
        Where it stands.
    label
        Its name for people.
    named
        Whether the file names it; a formula within another has a name of our own.
    mission
        Its weight in the mission, where the file says so.
    """

    name: str
    least: int
    inputs: tuple[str, ...]
    line: int
    label: str | None = None
    named: bool = True
    mission: float | None = None


@dataclass(frozen=True, slots=True)
class BasicEvent:
    """What can happen by itself.

    Parameters
    ----------
    name
        As :class:`Gate`.
    line
        Where it stands.
    probability
        In [0, 1]; ``None`` where none is stated or it is no plain number.
    label
        Its name for people.
    provider
        Whose loss it is, where the file says so.
    stated
        Whether a probability is stated, plain number or not.
    """

    name: str
    line: int
    probability: float | None = None
    label: str | None = None
    provider: str | None = None
    stated: bool = False


@dataclass(frozen=True, slots=True)
class FaultTree:
    """Gates, events and constants by name."""

    gates: Mapping[str, Gate]
    events: Mapping[str, BasicEvent]
    constants: Constants


def circle(gates: Mapping[str, Gate]) -> tuple[str, ...]:
    """Gates that rest on each other in a circle, the first first and last; empty if none do."""
    done: set[str] = set()
    for start in gates:
        path: dict[str, None] = {}
        work = [(start, iter(gates[start].inputs))] if start not in done else []
        path[start] = None
        while work:
            name, inputs = work[-1]
            for one in inputs:
                if one in path:
                    around = list(path)
                    return (*around[around.index(one) :], one)
                if one in gates and one not in done:
                    path[one] = None
                    work.append((one, iter(gates[one].inputs)))
                    break
            else:
                work.pop()
                del path[name]
                done.add(name)
    return ()


def _inputs_first(gates: Mapping[str, Gate]) -> Iterable[Gate]:
    """Gates, each after its inputs; there is no circle."""
    done: set[str] = set()
    for start in gates:
        work = [(start, False)]
        while work:
            name, ready = work.pop()
            if name in done:
                continue
            if ready:
                done.add(name)
                yield gates[name]
                continue
            work.append((name, True))
            work.extend((one, False) for one in gates[name].inputs if one in gates and one not in done)


def folded(tree: FaultTree) -> FaultTree:
    """The same without constants among inputs; a gate that always or never fails becomes a constant itself.

    Parameters
    ----------
    tree
        Without a circle.
    """
    constants = dict(tree.constants)
    gates: dict[str, Gate] = {}
    for gate in _inputs_first(tree.gates):
        inputs = tuple(one for one in gate.inputs if one not in constants)
        least = gate.least - sum(constants.get(one, False) for one in gate.inputs)
        if least <= 0 or least > len(inputs):
            constants[gate.name] = least <= 0
        else:
            gates[gate.name] = gate if len(inputs) == len(gate.inputs) else replace(gate, least=least, inputs=inputs)
    in_order = {name: gates[name] for name in tree.gates if name in gates}
    return FaultTree(in_order, tree.events, constants)


def tops(tree: FaultTree) -> tuple[str, ...]:
    """Gates that no gate uses, in the order of the file."""
    used = {one for gate in tree.gates.values() for one in gate.inputs}
    return tuple(name for name in tree.gates if name not in used)
