"""From a fault tree to the rows of a stack. Owns what a gate, an event and a constant are as items and sources.

An item's level is the least of its needs within a source, and the sum over its sources, at most 1. So a gate that fails
if any input does has one source that needs them all; one that fails only if all do has a source for each input, each of
which is enough; one that fails if k of n do is ``whole``, and needs n − k + 1 of n equal sources.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from freehold.read.fault_tree import FaultTree, Gate
from freehold.stack.values import ANY_OF, Claim, Item, Need, Provider, Source, Stack

__all__ = ["stack_of_tree"]


def stack_of_tree(tree: FaultTree, above: Sequence[str], name: str, path: Path) -> Stack:
    """Make a stack of a tree without constants among the inputs of its gates.

    Parameters
    ----------
    tree
        The tree.
    above
        The gates that are the mission, where the tree itself states no weights.
    name
        Its name.
    path
        The file, for evidence.
    """
    items: list[Item] = []
    sources: list[Source] = []
    needs: list[Need] = []
    providers: list[Provider] = []
    claims: list[Claim] = []
    weights = {gate.name: gate.mission for gate in tree.gates.values() if gate.mission is not None}
    mission = weights or dict.fromkeys(above, 1.0)
    for gate in tree.gates.values():
        whole = 1 < gate.least < len(gate.inputs)
        items.append(Item(gate.name, gate.label, mission=mission.get(gate.name), whole=whole or None, tags=(ANY_OF,)))
        claims.append(Claim("items", gate.name, "id", gate.name, f"{path.name}:{gate.line}"))
        for source, inputs in _sources(gate):
            sources.append(source)
            needs.extend(Need(source.id, one) for one in inputs)
    for name_, failed in tree.constants.items():
        items.append(Item(name_, mission=mission.get(name_), tags=(ANY_OF,)))
        # a source that is only a candidate gives nothing, so the item is down from the start
        sources.append(Source(f"{name_}@self", name_, "self", status="candidate" if failed else None))
    for event in tree.events.values():
        provider = event.provider or event.name
        items.append(Item(event.name, event.label))
        sources.append(Source(f"{event.name}@{provider}", event.name, provider))
        providers.append(Provider(provider, event.label, probability=event.probability))
        place = f"{path.name}:{event.line}"
        claims.append(Claim("items", event.name, "id", event.name, place))
        if event.probability is not None:
            claims.append(Claim("providers", provider, "probability", repr(event.probability), place))
    return Stack(
        name, items=tuple(items), providers=tuple(providers), sources=tuple(sources), needs=tuple(needs), claims=tuple(claims),
        path=str(path),
    )  # fmt: skip


def _sources(gate: Gate) -> Iterator[tuple[Source, tuple[str, ...]]]:
    if gate.least == 1:
        yield Source(f"{gate.name}@self", gate.name, "self"), gate.inputs
        return
    # every source counts for an equal share as long as all run; what is left of them can make up for the others at once
    capacity = 1 / (len(gate.inputs) - gate.least + 1)
    for number, one in enumerate(gate.inputs, 1):
        own = f"{gate.name}@self" + (f"#{number}" if number > 1 else "")
        yield Source(own, gate.name, "self", capacity=capacity), (one,)
