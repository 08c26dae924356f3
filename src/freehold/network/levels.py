"""The level equation of one item. Owns F: what an item's level would be, given the levels of what it needs.

Activity of a source: the least of its essential needs, and one less the weighted losses of its other needs, scaled by
its availability (the generalised Leontief function of the supply-network literature, Pichler et al. 2022).
"""

from __future__ import annotations

from typing import Any

from freehold.network.acceleration import accelerate

__all__ = ["activity", "met", "target"]

_TOLERANCE = 1e-9


@accelerate
def met(net: Any, state: Any, need: int) -> float:
    """How far a need is met, cover included: ŷ in [0, 1]."""
    item = net.need_item[need]
    level: float = state.level[item]
    if level >= 1 - _TOLERANCE:
        return 1.0
    share: float = level / net.need_enough[need]
    if share >= 1 - _TOLERANCE:
        return 1.0
    if state.spent[need]:
        return share
    void: float = state.void[item]
    if void <= _TOLERANCE:
        return 1.0
    return max(share, 1 - void)


@accelerate
def activity(net: Any, state: Any, source: int) -> float:
    """How far a source can work by its needs, availability apart: in [0, 1]."""
    least = 1.0
    lost = 0.0
    for need in range(net.need_start[source], net.need_start[source + 1]):
        share = met(net, state, need)
        if share == 1:
            continue
        weight = net.need_weight[need]
        if weight >= 1 - _TOLERANCE:
            least = min(least, share)
        else:
            lost += weight * (1 - share)
    return max(0.0, min(least, 1 - lost))


@accelerate
def target(net: Any, state: Any, item: int) -> float:
    """F of one item: what its sources give together, at most 1."""
    total = 0.0
    for source in range(net.source_start[item], net.source_start[item + 1]):
        part = state.available[source] * state.weight[source]
        if part > 0:
            total += part * activity(net, state, source)
    if total >= 1 - _TOLERANCE:
        return 1.0
    return 0.0 if net.whole[item] else total
