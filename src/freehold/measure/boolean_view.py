"""A stack in which everything works or does not, as an AND/OR network. Owns when that gives what levels give.

The function::

    boolean_view(case, side, items=None, day=None) -> BooleanView | str   # str: why levels have to be solved, in words
    view.net, view.item_node, view.supply_node                            # -1: outside of what the items rest on
    view.top(mission, floor) -> Top

The question is which items run on the day (by default in the end) when some supplies have availability 0 from day 0 for
ever. Levels then are 0 or 1 where each source that counts that day gives all of its item or nothing, an item that is `whole`
needs so many of its sources, and every need is essential. Without circles a level follows from the day alone. In a
circle it follows from what was before too, so nothing that a circle rests on may rise: no source of it starts later,
and what runs at first is all of it, or nothing of it changes but by loss. Then what is left only ever falls, and comes to
the greatest solution. In the end a finite cover is used up wherever it would be wanted; cover for ever, and cover that
outlasts the day, is as good as no need.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from freehold.measure.case import Case, Side
from freehold.measure.mission import Mission
from freehold.network.acceleration import has_compiler
from freehold.network.and_or import AndOr, Booleans, Top, and_or
from freehold.network.arrays import TOLERANCE, Floats, Integers
from freehold.network.build import LARGE
from freehold.network.cone import components_of, cone, in_circles, within
from freehold.words import say

__all__ = ["BooleanView", "boolean_view"]

_NEAR: Final = 2 * TOLERANCE
_ALL: Final = 2.0
"""More than all weights of a mission come to."""


@dataclass(frozen=True)
class BooleanView:
    """What some items rest on.

    Parameters
    ----------
    net
        Its nodes are items and supplies, and choices within items.
    item_node, supply_node : (items,), (supplies,)
        Node of each item and supply of the case; -1 for what the items asked about do not rest on.
    """

    net: AndOr
    item_node: Integers
    supply_node: Integers

    def top(self, mission: Mission, floor: float) -> Top:
        """What must not fall: the mission's mean level, or an item of unknown mission weight, under the floor.

        An item of unknown weight may be all of the mission. It gets more weight here than all others together, and the floor
        is raised by as much, so that the loss of any one of them is enough.
        """
        sure, doubtful = list(mission.weights), list(mission.doubtful) if floor > TOLERANCE else []
        nodes = self.item_node[[*sure, *doubtful]].astype(np.int32)
        weights = np.array([*mission.weights.values(), *(_ALL for _ in doubtful)], np.float64)
        raised = (floor if sure else 0.0) + _ALL * len(doubtful)
        order = np.argsort(nodes, kind="stable")
        order = order[weights[order] > 0]
        return Top(nodes[order], weights[order], raised)


@dataclass(frozen=True)
class _Flat:
    """One side on one day, items and supplies in the numbers of the case.

    ``gives`` is what a source gives of its item on the day; ``rises`` is whether that is more than before day 0, ``later``
    whether it becomes so after day 0. Needs are those that are not covered for good.
    """

    whole: Booleans
    item_of: Integers
    gives: Floats
    rises: Booleans
    later: Booleans
    need_supply: Integers
    need_item: Integers
    need_weight: Floats
    cover_ends: Booleans


def boolean_view(
    case: Case, side: Side, items: Integers | list[int] | None = None, day: float | None = None
) -> BooleanView | str:
    """The network of what some items rest on, if levels are 0 or 1 in it whatever is lost.

    Parameters
    ----------
    case, side
        The stack, and which of its unknown numbers.
    items
        Numbers of the items asked about; by default all.
    day
        The day of the question; ``None``: in the end, all finite cover used up and all recoveries over.

    Returns
    -------
    BooleanView or str
        Or why levels have to be solved, in words: the first reason found.
    """
    flat = _flat(case, side, math.inf if day is None else day)
    size = len(flat.whole)
    supplies = len(flat.item_of)
    live = flat.gives > 0
    compiled = size + supplies + len(flat.need_item) > LARGE and has_compiler()
    wanted = np.arange(size) if items is None else np.unique(np.asarray(items, np.int64))
    # who rests on whom, whatever it takes to stop it: an item on its sources, a source on what it needs
    owner = np.concatenate([flat.item_of[live], size + flat.need_supply])
    member = np.concatenate([size + np.flatnonzero(live), flat.need_item])
    links = and_or(size + supplies, owner, np.ones(len(owner), np.int64), np.arange(len(owner) + 1), member)
    nodes = cone(links, wanted)
    inside = np.zeros(size + supplies, np.bool_)
    inside[nodes] = True
    reason = _not_boolean(case, flat, inside, day) or _history(case, side, flat, links, inside, compiled=compiled)
    if reason is not None:
        return reason
    net = _network(flat, inside)
    kept = np.concatenate([nodes, np.arange(size + supplies, len(net.need_start) - 1, dtype=np.int32)])
    number = np.full(size + supplies, -1, np.int64)
    number[nodes] = np.arange(len(nodes))
    return BooleanView(within(net, kept.astype(np.int32)), number[:size], number[size:])


def _flat(case: Case, side: Side, day: float) -> _Flat:
    built = case.built(side)
    net, place = built.network, built.source_place
    item_number = np.empty(len(built.item_place), np.int64)
    item_number[built.item_place] = np.arange(len(built.item_place))
    supply_number = np.empty(len(place), np.int64)
    supply_number[place] = np.arange(len(place))
    share = np.asarray(net.share, np.float64)[place]
    capacity = np.asarray(net.capacity, np.float64)[place]
    ramping = np.flatnonzero(capacity != share)
    recover = np.array([case.recover(number, side) for number in ramping.tolist()], np.float64)
    in_time = np.isfinite(recover) & (recover <= day + TOLERANCE)
    rises, later = np.zeros(len(place), np.bool_), np.zeros(len(place), np.bool_)
    rises[ramping[in_time]] = True
    later[ramping[in_time & (recover > TOLERANCE)]] = True
    cover, weight = np.asarray(net.need_cover, np.float64), np.asarray(net.need_weight, np.float64)
    counts = (cover <= max(TOLERANCE, day + _NEAR)) & ~np.isinf(cover) & (weight > 0)
    owner = np.repeat(np.arange(len(place)), np.diff(np.asarray(net.need_start)).astype(np.int64))
    ends = (cover > TOLERANCE) & np.full(len(cover), math.isfinite(day))
    return _Flat(
        np.asarray(net.whole, np.bool_)[built.item_place], item_number[np.asarray(net.source_item, np.int64)[place]],
        np.where(rises, capacity, share), rises, later, supply_number[owner[counts]],
        item_number[np.asarray(net.need_item, np.int64)[counts]], weight[counts], ends[counts],
    )  # fmt: skip


def _sufficient(flat: _Flat) -> Booleans:
    """Supplies that give all of their item."""
    return np.asarray(flat.gives >= 1 - TOLERANCE, np.bool_)


def _enough_of(flat: _Flat, inside: Booleans) -> tuple[Integers, Integers]:
    """How many of its lesser sources a `whole` item needs: 0 if even all are too few, -1 if it depends on which."""
    small = np.flatnonzero(inside[len(flat.whole) :] & (flat.gives > 0) & ~_sufficient(flat))
    item = flat.item_of[small]
    order = np.lexsort((flat.gives[small], item))
    small, item = small[order], item[order]
    items, first, sizes = np.unique(item, return_index=True, return_counts=True)
    wanted = np.zeros(len(items), np.int64)
    for at in np.flatnonzero(flat.whole[items]).tolist():
        gives = flat.gives[small[first[at] : first[at] + sizes[at]]]
        most, least = np.cumsum(gives[::-1]), np.cumsum(gives)
        if most[-1] < 1 - TOLERANCE:
            continue
        # the largest sources need so many, the least as many at most: the same number, or it depends on which
        several = int(np.argmax(most >= 1 - TOLERANCE)) + 1
        wanted[at] = several if least[several - 1] >= 1 - TOLERANCE else -1
    return items, wanted


def _not_boolean(case: Case, flat: _Flat, inside: Booleans, day: float | None) -> str | None:
    size = len(flat.whole)
    name = [item.id for item in case.stack.items]
    live = (inside[size + flat.need_supply]) & (flat.gives[flat.need_supply] > 0)
    partial = live & (flat.need_weight < 1 - TOLERANCE)
    for kind, found in (("partial_need", partial), ("cover_ends", live & flat.cover_ends)):
        if found.any():
            need = int(np.argmax(found))
            item, needed = name[flat.item_of[flat.need_supply[need]]], name[flat.need_item[need]]
            return say(f"boolean.{kind}", item=item, needed=needed, day=f"{day or 0:g}")
    lesser = inside[size:] & (flat.gives > 0) & ~_sufficient(flat) & ~flat.whole[flat.item_of]
    if lesser.any():
        return say("boolean.partial_supply", item=name[flat.item_of[int(np.argmax(lesser))]])
    items, wanted = _enough_of(flat, inside)
    if (wanted < 0).any():
        return say("boolean.mixed_whole", item=name[items[int(np.argmax(wanted < 0))]])
    return None


def _history(case: Case, side: Side, flat: _Flat, links: AndOr, inside: Booleans, *, compiled: bool) -> str | None:
    """Whether what was before the day matters: in circles, where what they rest on may rise."""
    size = len(flat.whole)
    component, _, _ = components_of(links, compiled=compiled)
    circular = in_circles(links, component) & inside
    if not circular.any():
        return None
    below = cone(links, np.flatnonzero(circular))
    supplies = below[below >= size] - size
    rising = supplies[flat.rises[supplies]]
    if not len(rising):
        return None
    late = rising[flat.later[rising]]
    if len(late):
        return say("boolean.restarts", item=case.stack.items[flat.item_of[late[0]]].id)
    items = below[below < size]
    running = np.asarray(case.running(side).level, np.float64)[case.built(side).item_place]
    down = items[running[items] < 1 - TOLERANCE]
    return say("boolean.starts_down", item=case.stack.items[down[0]].id) if len(down) else None


def _network(flat: _Flat, inside: Booleans) -> AndOr:
    """Needs of the nodes inside; a `whole` item gets another node for the choice among sources that do not suffice alone."""
    size, supplies = len(flat.whole), len(flat.item_of)
    used = inside[size:] & (flat.gives > 0)
    needs = inside[size + flat.need_supply] & used[flat.need_supply]
    essential = int(needs.sum())
    sufficient, lesser = np.flatnonzero(used & _sufficient(flat)), used & ~_sufficient(flat)
    items, wanted = _enough_of(flat, inside)
    choice = np.full(size, -1, np.int64)
    items, wanted = items[wanted > 0], wanted[wanted > 0]
    choice[items] = size + supplies + np.arange(len(items))
    chosen = np.flatnonzero(lesser & (choice[flat.item_of] >= 0))
    every = np.flatnonzero(inside[:size])
    # members by the node that they belong to: an item's sources that suffice and its choice, a choice's lesser sources
    owner: Integers = np.concatenate([flat.item_of[sufficient], items, choice[flat.item_of[chosen]]])
    member = np.concatenate([size + sufficient, choice[items], size + chosen])
    owners = np.concatenate([every, choice[items]])
    order = np.argsort(owner, kind="stable")
    counts = np.bincount(owner, minlength=size + supplies + len(items))[owners]
    return and_or(
        size + supplies + len(items),
        np.concatenate([size + flat.need_supply[needs], owners]),
        np.concatenate([np.ones(essential + len(every), np.int64), wanted]),
        np.concatenate([np.arange(essential + 1), essential + np.cumsum(counts)]),
        np.concatenate([flat.need_item[needs], member[order]]),
    )
