"""A large network from a seed, as the tables of numbers that :func:`freehold.network.build.build_network` takes.

Owns what the workload ``million`` is: layers from raw materials up, hubs, sources in parts, circles, cover, one country
that is cut. Rows come in a random order, as they would from a database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["COVERS", "CUT_COUNTRY", "LAYERS", "GeneratedNetwork", "generate_network"]

LAYERS: Final = 16
"""Layers of items; each item above the lowest needs one of the layer below."""

COVERS: Final = (0, 1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 240, 365, 545, 730, 1095)
"""The twenty lengths of cover, in days."""

CUT_COUNTRY: Final = 0
"""The country that the benchmark cuts off; its part of the sources is the first of :data:`_COUNTRY_PARTS`."""

_COUNTRY_PARTS: Final = (0.06, 0.14, 0.2, 0.25, 0.35)
_FRACTIONAL: Final = 0.30
_ALTERNATIVES: Final = 0.15
_IN_CIRCLES: Final = 0.03
_LARGEST_CIRCLE: Final = 30
_WHOLE: Final = 0.02
_ESSENTIAL: Final = 0.25
_WEIGHTS: Final = (0.05, 0.1, 0.2, 0.3, 0.5)
_ENOUGH: Final = (0.5, 0.6, 0.7, 0.8, 0.9)
_FULL_ENOUGH: Final = 0.7
_RECOVER: Final = (14.0, 30.0, 60.0, 90.0, 180.0)
_NEXT_LAYER: Final = 0.6

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GeneratedNetwork:
    """Tables of numbers: n items, m sources, k needs.

    Parameters
    ----------
    items, whole, source_item, share, capacity, need_source, need_item, need_weight, need_enough, need_cover
        As :func:`freehold.network.build.build_network` takes them.
    country, recover : (m,)
        The country of each source, and the days it takes to reach its capacity.
    layer : (n,)
    circle : (n,)
        The circle that each item is in, or -1.
    """

    items: int
    whole: npt.NDArray[np.bool_]
    source_item: Integers
    share: Floats
    capacity: Floats
    need_source: Integers
    need_item: Integers
    need_weight: Floats
    need_enough: Floats
    need_cover: Floats
    country: Integers
    recover: Floats
    layer: Integers
    circle: Integers


def _sources(random: np.random.Generator, items: int) -> tuple[Integers, Floats, Floats, Floats]:
    """Sources by item: one, or two or three in parts (with spare capacity), or an alternative that is a standby or not."""
    kind = random.choice(3, items, p=(1 - _FRACTIONAL - _ALTERNATIVES, _FRACTIONAL, _ALTERNATIVES))
    count = np.where(kind == 0, 1, np.where(kind == 1, random.integers(2, 4, items), 2))
    source_item = np.repeat(np.arange(items), count)
    of_kind = kind[source_item]
    rank = np.arange(len(source_item)) - np.repeat(np.cumsum(count) - count, count)
    part = random.uniform(0.2, 1.0, len(source_item))
    part /= np.bincount(source_item, weights=part, minlength=items)[source_item]
    standby = random.random(items)[source_item] < 0.5
    share = np.where(of_kind == 0, 1.0, np.where(of_kind == 1, part, np.where(standby, 1.0 - rank, 0.5)))
    spare = random.choice((1.0, 1.0, 1.25, 1.5), len(source_item))
    capacity = np.where(of_kind == 1, np.minimum(1.0, part * spare), 1.0)
    ready = np.where((of_kind == 2) & standby & (rank == 1), random.uniform(0.3, 1.0, len(source_item)), capacity)
    return source_item, share, np.maximum(ready, share), random.choice(_RECOVER, len(source_item))


def _circles(random: np.random.Generator, items: int, layer: Integers) -> Integers:
    """Circles of neighbours within a layer, 2 to 30 items each, until they hold their part of all items."""
    circle = np.full(items, -1, np.int64)
    wanted, number = round(items * _IN_CIRCLES), 0
    while wanted >= 2:
        size = min(int(random.integers(2, _LARGEST_CIRCLE + 1)), wanted)
        first = int(random.integers(items // LAYERS, items - size + 1))
        span = slice(first, first + size)
        if layer[first] != layer[first + size - 1] or (circle[span] >= 0).any():
            continue
        circle[span] = number
        number += 1
        wanted -= size
    return circle


def _ring_needs(random: np.random.Generator, circle: Integers, first_source: Integers) -> tuple[Integers, Integers]:
    """Each item of a circle needs the next one, and one in four another one of it."""
    members = np.flatnonzero(circle >= 0)
    starts = np.flatnonzero(np.diff(circle[members], prepend=-2) != 0)
    lengths = np.diff(np.append(starts, len(members)))
    within = np.arange(len(members)) - np.repeat(starts, lengths)
    length, base = np.repeat(lengths, lengths), members - within
    chord = random.random(len(members)) < 0.25
    other = base + (within + random.integers(1, 30, len(members))) % length
    chord &= other != members
    users = np.concatenate((members, members[chord]))
    return first_source[users], np.concatenate((base + (within + 1) % length, other[chord]))


def generate_network(items: int, needs: int, seed: int) -> GeneratedNetwork:
    """Generate a network.

    Parameters
    ----------
    items, needs
        How many; at least 4 needs an item.
    seed
        The same seed gives the same network.

    Returns
    -------
    GeneratedNetwork
        With exactly that many items and needs.
    """
    random = np.random.default_rng(seed)
    layer = np.arange(items) * LAYERS // items
    layer_start = np.searchsorted(layer, np.arange(LAYERS + 1))
    source_item, share, capacity, recover = _sources(random, items)
    first_source = np.searchsorted(source_item, np.arange(items))
    circle = _circles(random, items, layer)

    ring_source, ring_item = _ring_needs(random, circle, first_source)
    users = np.flatnonzero(layer[source_item] > 0)
    more = needs - len(users) - len(ring_source)
    if more < 0:
        raise ValueError(f"{needs} needs are too few for {items} items")
    need_source = np.concatenate((users, random.choice(users, more)))
    own_layer = layer[source_item[need_source]]
    below = np.where(random.random(len(need_source)) < _NEXT_LAYER, own_layer - 1, random.integers(0, own_layer))
    below[: len(users)] = own_layer[: len(users)] - 1
    size = layer_start[below + 1] - layer_start[below]
    # squaring makes hubs: the first items of a layer have many users, the last ones few
    need_item = layer_start[below] + np.floor(size * random.random(len(need_source)) ** 2).astype(np.int64)
    need_source = np.concatenate((need_source, ring_source))
    need_item = np.concatenate((need_item, ring_item))

    weight = np.where(random.random(needs) < _ESSENTIAL, 1.0, random.choice(_WEIGHTS, needs))
    enough = np.where(random.random(needs) < _FULL_ENOUGH, 1.0, random.choice(_ENOUGH, needs))
    cover = random.choice(np.array(COVERS, np.float64), needs)
    country = random.choice(len(_COUNTRY_PARTS), len(source_item), p=_COUNTRY_PARTS)
    new_item, new_source = random.permutation(items), random.permutation(len(source_item))
    item_at, source_at, need_at = np.argsort(new_item), np.argsort(new_source), random.permutation(needs)
    return GeneratedNetwork(
        items, (random.random(items) < _WHOLE), new_item[source_item][source_at], share[source_at], capacity[source_at],
        new_source[need_source][need_at], new_item[need_item][need_at], weight[need_at], enough[need_at], cover[need_at],
        country[source_at], recover[source_at], layer[item_at], circle[item_at],
    )  # fmt: skip
