"""Which vertices of a graph stand in a circle. Owns that question, for rows of what each vertex needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from freehold.network.acceleration import compiled_copy, has_compiler
from freehold.network.order import components

__all__ = ["strong_components"]

_WORTH_COMPILING = 20_000


def strong_components(needed: Sequence[Sequence[int]]) -> tuple[list[int], list[bool]]:
    """Component of each vertex, numbered so that what is needed comes first, and whether each component holds a circle.

    Parameters
    ----------
    needed
        Vertices that each vertex needs.
    """
    size = len(needed)
    start = np.zeros(size + 1, np.int64)
    np.cumsum([len(row) for row in needed], out=start[1:])
    edges = np.fromiter((other for row in needed for other in row), np.int64, int(start[-1]))
    component: Any = np.zeros(size, np.int64)
    room = np.zeros((5, max(size, 1)), np.int64)
    if size > _WORTH_COMPILING and has_compiler():
        count = compiled_copy("freehold.network.order").components(size, start, edges, component, room)
    else:
        component = [0] * size
        count = components(size, start.tolist(), edges.tolist(), component, room.tolist())
    component_of = [int(of) for of in component]
    members, cyclic = [0] * count, [False] * count
    for vertex, row in enumerate(needed):
        members[component_of[vertex]] += 1
        if vertex in row:
            cyclic[component_of[vertex]] = True
    return component_of, [circle or size_of > 1 for circle, size_of in zip(cyclic, members, strict=True)]
