"""A smaller formula for the same top. Owns the removal of what decides alone.

A leaf that alone makes its module fail can be taken out of all that is below it: module = leaf or (module without the leaf);
one without which the module cannot fail likewise: module = leaf and (module with the leaf failed). What is left is smaller,
and falls into modules of its own more often.
"""

from __future__ import annotations

from freehold.network.bdd_store import Limits
from freehold.network.formula import AND, EVENT, FAILED, NEVER, OR, Formula, FormulaMaker
from freehold.network.modules import Module, modules_of

__all__ = ["reduced"]


def reduced(formula: Formula, limits: Limits) -> Formula:
    """Take out what decides alone, as long as there is any.

    Raises
    ------
    freehold.network.bdd_store.Stopped
        If it takes too long.
    """
    while True:
        uses = [0] * len(formula.kind)
        for kind, arguments in zip(formula.kind, formula.arguments, strict=True):
            if kind != EVENT:
                for argument in arguments:
                    uses[argument] += 1
        taken: dict[int, int] = {}
        deciding: dict[int, tuple[list[int], list[int]]] = {}
        for module in modules_of(formula):
            limits.check()
            alone, needed = (_deciding(formula, module, kind) for kind in (OR, AND))
            direct = set(formula.arguments[module.root])
            if any(uses[leaf] > 1 or leaf not in direct for leaf in (*alone, *needed)):
                deciding[module.root] = alone, needed
                taken.update(dict.fromkeys(alone, NEVER))
                taken.update(dict.fromkeys(needed, FAILED))
        if not deciding:
            return formula
        formula = _without(formula, taken, deciding, limits)


def _deciding(formula: Formula, module: Module, kind: int) -> list[int]:
    """Leaves that alone make the module fail (OR), or without which it cannot (AND)."""
    found = {leaf: 1 << place for place, leaf in enumerate(module.leaves)}
    for gate in module.gates:
        arguments = formula.arguments[gate]
        bits = found[arguments[0]]
        for argument in arguments[1:]:
            bits = bits | found[argument] if formula.kind[gate] == kind else bits & found[argument]
        found[gate] = bits
    bits = found[module.root]
    return [leaf for place, leaf in enumerate(module.leaves) if bits >> place & 1] if bits else []


def _without(
    formula: Formula, taken: dict[int, int], deciding: dict[int, tuple[list[int], list[int]]], limits: Limits
) -> Formula:
    maker = FormulaMaker(limits)
    value = [NEVER, FAILED]
    for place in range(2, len(formula.kind)):
        kind, arguments = formula.kind[place], formula.arguments[place]
        if kind == EVENT:
            value.append(maker.event(arguments[0]))
            continue
        new = maker.gate(kind, [taken.get(argument, value[argument]) for argument in arguments])
        if place in deciding:
            alone, needed = ([value[leaf] for leaf in leaves] for leaves in deciding[place])
            new = maker.gate(OR, [*alone, maker.gate(AND, [*needed, new])])
        value.append(new)
    return maker.formula(value[formula.root])
