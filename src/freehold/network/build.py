"""From tables of numbers to a network, and back. Owns the numbering: suppliers first, circles together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from freehold.network.acceleration import compiled_copy, has_compiler
from freehold.network.arrays import TOLERANCE, Floats, Integers, Network

__all__ = ["LARGE", "Built", "build_network", "kernel_module", "with_needs"]

LARGE = 30_000
"""Sources from which the compiled kernel is worth loading."""

_CLOCKS = ("clock_start", "clock_item", "clock_enough", "clock_need_start", "clock_needs")
_SMALL = ("component_of", "source_item", "need_item", "need_user", "users", "clock_item", "clock_needs")
"""Arrays of numbers of things, kept short so that more of a large network stays in the processor's cache."""


@dataclass(frozen=True)
class Built:
    """A network and the way back to the numbering it was made from.

    Parameters
    ----------
    network
        Arrays of numpy (compiled) or lists (plain).
    item_place : (n,)
        Place in the network of the item given as number i.
    source_place : (m,)
        The same for sources.
    compiled
        Which kernel it is made for.
    need_place : (k,)
        The same for needs.
    """

    network: Network
    item_place: Integers
    source_place: Integers
    compiled: bool
    need_place: Integers

    @cached_property
    def item_places(self) -> list[int]:
        """``item_place`` as a list, from which single places are read faster."""
        return [int(place) for place in self.item_place]

    @cached_property
    def source_places(self) -> list[int]:
        """``source_place`` as a list."""
        return [int(place) for place in self.source_place]


def kernel_module(name: str, *, compiled: bool) -> ModuleType:
    """Give a kernel module, plain or compiled."""
    import importlib

    full = f"freehold.network.{name}"
    return compiled_copy(full) if compiled else importlib.import_module(full)


def _starts(keys: Integers, size: int) -> Integers:
    starts = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(keys, minlength=size), out=starts[1:])
    return starts


def build_network(
    items: int,
    whole: npt.NDArray[np.bool_],
    source_item: Integers,
    share: Floats,
    capacity: Floats,
    need_source: Integers,
    need_item: Integers,
    need_weight: Floats,
    need_enough: Floats,
    need_cover: Floats,
    *,
    compiled: bool | None = None,
) -> Built:
    """Number a network.

    Parameters
    ----------
    items
        How many there are, n.
    whole : (n,)
    source_item, share, capacity : (m,)
        The item that each source provides; weights before and after ramp-up.
    need_source, need_item, need_weight, need_enough, need_cover : (k,)
        The needs; cover in days.
    compiled
        Which kernel to make it for; by default the compiled one for more than :data:`LARGE` sources, if it is there.

    Returns
    -------
    Built
        With the numbering.
    """
    if compiled is None:
        compiled = len(source_item) + len(need_source) > LARGE and has_compiler()
    need_user = source_item[need_source]
    by_user = np.argsort(need_user, kind="stable")
    room = np.zeros((5, items), np.int64)
    component_of = np.zeros(items, np.int64)
    start = _starts(need_user, items)
    order = kernel_module("order", compiled=compiled)
    if compiled:
        count = order.components(items, start, need_item[by_user], component_of, room)
    else:
        listed = [-1] * items
        count = order.components(items, start.tolist(), need_item[by_user].tolist(), listed, room.tolist())
        component_of = np.array(listed, np.int64)
    item_order = np.argsort(component_of, kind="stable")
    item_place = np.empty(items, np.int64)
    item_place[item_order] = np.arange(items)
    source_order = np.argsort(item_place[source_item], kind="stable")
    source_place = np.empty(len(source_item), np.int64)
    source_place[source_order] = np.arange(len(source_item))
    new_source_item = item_place[source_item][source_order]
    need_order = np.argsort(source_place[need_source], kind="stable")
    new_need_item = item_place[need_item][need_order]
    new_need_user = item_place[need_user][need_order]
    weight, enough, cover = need_weight[need_order], need_enough[need_order], need_cover[need_order]
    component_start = _starts(component_of, count)
    cyclic = np.diff(component_start) > 1
    cyclic[component_of[need_item[need_user == need_item]]] = True
    network = Network(
        component_start, component_of[item_order], cyclic, whole[item_order],
        _starts(new_source_item, items), new_source_item, share[source_order], capacity[source_order],
        _starts(source_place[need_source][need_order], len(source_item)), new_need_item, new_need_user, weight, enough, cover,
        _starts(new_need_item, items), np.argsort(new_need_item, kind="stable"),
        *_clocks(items, new_need_item, enough, cover),
    )  # fmt: skip
    if compiled:
        network = network._replace(**{name: getattr(network, name).astype(np.int32) for name in _SMALL})
    else:
        network = Network(*(array.tolist() for array in network))
    need_place = np.empty(len(need_order), np.int64)
    need_place[need_order] = np.arange(len(need_order))
    return Built(network, item_place, source_place, compiled, need_place)


def with_needs(built: Built, weights: Mapping[int, float], covers: Mapping[int, float]) -> Built:
    """Give the same network with other weights and covers of some needs.

    Parameters
    ----------
    built
        The network.
    weights, covers
        By the number of the need, as the network was made from.
    """
    network = built.network
    weight, cover = np.array(network.need_weight, np.float64), np.array(network.need_cover, np.float64)
    for values, changed in ((weight, weights), (cover, covers)):
        for number, value in changed.items():
            values[built.need_place[number]] = value
    enough, item = np.asarray(network.need_enough, np.float64), np.asarray(network.need_item, np.int64)
    clocks = dict(zip(_CLOCKS, _clocks(len(network.whole), item, enough, cover), strict=True)) if covers else {}
    changed_arrays = {"need_weight": weight, "need_cover": cover, **clocks}
    if built.compiled:
        small = {name: changed_arrays[name].astype(np.int32) for name in _SMALL if name in changed_arrays}
        return replace(built, network=network._replace(**(changed_arrays | small)))
    return replace(built, network=network._replace(**{name: array.tolist() for name, array in changed_arrays.items()}))


def _clocks(items: int, need_item: Integers, enough: Floats, cover: Floats) -> tuple[Any, ...]:
    waiting = np.flatnonzero((cover > TOLERANCE) & np.isfinite(cover))
    waiting = waiting[np.lexsort((cover[waiting], enough[waiting], need_item[waiting]))]
    of_item, level = need_item[waiting], enough[waiting]
    fresh = np.ones(len(waiting), np.bool_)
    fresh[1:] = (np.diff(of_item) != 0) | (np.diff(level) != 0)
    first = np.flatnonzero(fresh)
    return _starts(of_item[first], items), of_item[first], level[first], np.append(first, len(waiting)), waiting
