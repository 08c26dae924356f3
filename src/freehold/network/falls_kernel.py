"""One run that notes what falls, when, and through what. Owns the way from a level to the source that is cut.

A source that needs something *binds* through the needs that hold it back: the essential ones that are met least, or those
weighed if these cost it more. From an item, the binding needs lead down to the nearest item of which a source is cut; the
first step of that shortest way is noted on the day when the item first falls. Plain Python on lists, or compiled on arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freehold.network.acceleration import accelerate, companion

if TYPE_CHECKING:
    from freehold.network.kernel import advance, begin, next_day
    from freehold.network.levels import met
else:
    _kernel = companion("freehold.network.kernel")
    advance, begin, next_day = _kernel.advance, _kernel.begin, _kernel.next_day
    met = companion("freehold.network.levels").met

__all__ = ["follow"]

_TOLERANCE = 1e-9
_FAR = 1 << 40


@accelerate
def _cut_source(net: Any, state: Any, item: int) -> int:
    """The source of an item that is cut the most, among those that count or did; -1 if there is none."""
    found, least = -1, 1.0
    for source in range(net.source_start[item], net.source_start[item + 1]):
        if (state.weight[source] > 0 or net.share[source] > 0) and state.available[source] < least:
            found, least = source, state.available[source]
    return found


@accelerate
def _add_binding(net: Any, state: Any, notes: Any, item: int, source: int, edges: int) -> int:
    """Note the needs that hold a source back; gives how many are noted by now."""
    least, lost, is_essential = 1.0, 0.0, False
    for need in range(net.need_start[source], net.need_start[source + 1]):
        part = met(net, state, need)
        if part < 1 - _TOLERANCE:
            if net.need_weight[need] >= 1 - _TOLERANCE:
                least, is_essential = min(least, part), True
            else:
                lost += net.need_weight[need] * (1 - part)
    is_essential = is_essential and least <= 1 - lost + _TOLERANCE
    for need in range(net.need_start[source], net.need_start[source + 1]):
        part = met(net, state, need)
        if part >= 1 - _TOLERANCE or (net.need_weight[need] >= 1 - _TOLERANCE) != is_essential:
            continue
        if is_essential and part > least + _TOLERANCE:
            continue
        below = net.need_item[need]
        notes.edge_user[edges] = item
        notes.edge_item[edges] = below
        notes.edge_source[edges] = source
        notes.edge_loss[edges] = 0.0 if is_essential else (1 - part) * net.need_weight[need]
        edges += 1
    return edges


@accelerate
def _spread(net: Any, state: Any, notes: Any, size: int) -> int:
    """Queue all items to which binding needs lead from the first ``size`` in the queue; gives how many there are then."""
    edges, at = 0, 0
    while at < size:
        item = notes.queue[at]
        at += 1
        notes.first_edge[item] = edges
        notes.cut[item] = _cut_source(net, state, item)
        notes.distance[item] = 0 if notes.cut[item] >= 0 else _FAR
        if notes.cut[item] < 0:
            for source in range(net.source_start[item], net.source_start[item + 1]):
                if state.weight[source] > 0 or net.share[source] > 0:
                    edges = _add_binding(net, state, notes, item, source, edges)
        notes.last_edge[item] = edges
        for edge in range(notes.first_edge[item], edges):
            below = notes.edge_item[edge]
            if not notes.is_queued[below]:
                notes.is_queued[below] = 1
                notes.head[below] = -1
                notes.queue[size] = below
                size += 1
            notes.following[edge] = notes.head[below]
            notes.head[below] = edge
    return size


@accelerate
def _measure(notes: Any, size: int) -> None:
    """How many steps each queued item stands above the nearest one that is cut."""
    reached = 0
    for at in range(size):
        if notes.distance[notes.queue[at]] == 0:
            notes.reached[reached] = notes.queue[at]
            reached += 1
    at = 0
    while at < reached:
        item = notes.reached[at]
        at += 1
        edge = notes.head[item]
        while edge >= 0:
            user = notes.edge_user[edge]
            if notes.distance[user] == _FAR:
                notes.distance[user] = notes.distance[item] + 1
                notes.reached[reached] = user
                reached += 1
            edge = notes.following[edge]


@accelerate
def _first_step(notes: Any, item: int) -> int:
    """The noted need by which the shortest way down begins; of several the first, and of one source's the heaviest loss."""
    best = -1
    for edge in range(notes.first_edge[item], notes.last_edge[item]):
        if best < 0:
            best = edge
            continue
        far, least = notes.distance[notes.edge_item[edge]], notes.distance[notes.edge_item[best]]
        heavier = notes.edge_source[edge] == notes.edge_source[best] and notes.edge_loss[edge] > notes.edge_loss[best]
        if far < least or (far == least and heavier):
            best = edge
    return best


@accelerate
def _explain(net: Any, state: Any, notes: Any, fallen: int) -> None:
    """Note the first step down of the items queued, and of all on their ways that have none yet."""
    size = _spread(net, state, notes, fallen)
    _measure(notes, size)
    for at in range(size):
        item = notes.queue[at]
        edge = -1 if notes.cut[item] >= 0 else _first_step(notes, item)
        below = -1 if edge < 0 else notes.edge_item[edge]
        source = notes.cut[item] if edge < 0 else notes.edge_source[edge]
        if notes.fell[item] == 1:
            notes.fell[item] = 2
            notes.fall_item[item] = below
            notes.fall_source[item] = source
        if not notes.weak[item]:
            notes.weak[item] = 1
            notes.weak_item[item] = below
            notes.weak_source[item] = source
        notes.is_queued[item] = 0


@accelerate
def follow(net: Any, state: Any, scenario: Any, horizon: float, floor: float, notes: Any) -> int:
    """Run one scenario up to the horizon and fill in the notes.

    Parameters
    ----------
    net, state, scenario
        The network, its state before day 0 (changed in place), what happens.
    horizon
        Last day.
    floor
        Level under which an item is out.
    notes
        A :class:`freehold.network.falls.Notes`.

    Returns
    -------
    int
        How many changes there were to note; those for which there is no room are only counted.
    """
    limit = floor - _TOLERANCE
    noted, day, begun = 0, 0.0, False
    upcoming = int(0.0)
    while day <= horizon + _TOLERANCE:
        upcoming = advance(net, state, scenario, upcoming, day, horizon)
        fallen = 0
        for place in range(state.sizes[3]):
            item = state.changed[place]
            level, before = state.level[item], state.before[item]
            is_under, is_weaker = level < limit, level < notes.start[item] - _TOLERANCE
            crosses = is_under != (before < limit)
            if crosses or notes.wanted[item]:
                if noted < len(notes.day):
                    notes.day[noted] = day
                    notes.item[noted] = item
                    notes.level[noted] = level
                noted += 1
            # what was out before anything was cut, and goes down further, is told only from day 0 on
            falls = is_under and is_weaker and not notes.fell[item] and (crosses or not begun)
            if falls:
                notes.fell[item] = 1
            if falls or (is_weaker and not notes.weak[item]):
                notes.is_queued[item] = 1
                notes.head[item] = -1
                notes.queue[fallen] = item
                fallen += 1
        if not begun:
            begin(net, state, horizon)
            for item in range(len(net.whole)):
                if state.level[item] < limit and not notes.fell[item]:
                    notes.fell[item] = 2
            begun = True
        if fallen:
            _explain(net, state, notes, fallen)
        day = next_day(state, scenario, upcoming)
    return noted
