"""What a search for minimal cut sets found, whichever engine ran it. Owns what "complete" means.

An engine either ends (all sets up to the order asked for are known, and in a diagram that is never listed) or is
stopped by its time or its size; what it found until then holds, and it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Literal, TypeAlias

from freehold.errors import SolveError

__all__ = ["CutSets", "Engine", "Stop", "first_sets"]

Engine: TypeAlias = Literal["diagram", "hitting set", "search"]
Stop: TypeAlias = Literal["time", "size"]


@dataclass(frozen=True)
class CutSets:
    """Minimal cut sets of one top, over numbered events.

    Parameters
    ----------
    engine
        How they were found.
    counts
        Number of sets by order, for each order from 1 that is complete, and for any other that some were found of.
    complete_to
        All sets of at most so many events are known; ``None``: all sets of any order.
    total
        Number of all sets of any order; ``None`` where it is not known.
    sets
        The sets themselves, least order first, then by their events; made as they are asked for.
    stopped
        What ended the search early, ``None`` if nothing did.
    seconds
        How long it took.
    """

    engine: Engine
    counts: Mapping[int, int]
    complete_to: int | None
    total: int | None
    sets: Callable[[], Iterator[tuple[int, ...]]]
    stopped: Stop | None
    seconds: float


def first_sets(found: CutSets, most: int) -> list[tuple[int, ...]]:
    """So many sets, least order first; fewer where there are no more, or the next are too large to be listed.

    Parameters
    ----------
    found
        What a search found.
    most
        How many, 0 or more.
    """
    listed: list[tuple[int, ...]] = []
    with suppress(SolveError):
        listed.extend(islice(found.sets(), most))
    return listed
