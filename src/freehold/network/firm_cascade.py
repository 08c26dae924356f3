"""Cascades of many shocks on one network of firms. Owns how they are shared out to lanes and threads, and the limits of both.

Shocks and endings stand in arrays: one that is not begun, because time is up, costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from freehold.errors import SolveError
from freehold.network.arrays import Floats, Integers
from freehold.network.firm_cascade_arrays import LANES
from freehold.network.firm_cascade_links import BuiltFirms
from freehold.network.firm_cascade_runs import Ending, FirmShock, Limits, OneCascade, SideBySide

__all__ = ["Endings", "FirmShocks", "cascade", "cascades", "memory_of"]

_CHUNK: Final = 256
_PER_FIRM: Final = 100
"""Bytes a firm that one cascade's state takes, generously."""


@dataclass(frozen=True, slots=True, eq=False)
class FirmShocks:
    """What is lost at the start of each of s shocks, for good.

    Parameters
    ----------
    start : (s + 1,)
        First entry of each shock, and the number of entries.
    firms, down, up : (entries,)
        Firms hit, and the parts of their levels that are lost, down and up.
    """

    start: Integers
    firms: Integers
    down: Floats
    up: Floats

    def __len__(self) -> int:
        return len(self.start) - 1

    def __getitem__(self, number: int) -> FirmShock:
        first, last = self.start[number], self.start[number + 1]
        return FirmShock(self.firms[first:last], self.down[first:last], self.up[first:last])

    def chosen(self, numbers: Integers) -> FirmShocks:
        """These shocks, in this order."""
        sizes = np.diff(self.start)[numbers]
        start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        entries = np.repeat(self.start[:-1][numbers] - start[:-1], sizes) + np.arange(start[-1])
        return FirmShocks(start, self.firms[entries], self.down[entries], self.up[entries])

    def own(self, weight: Floats) -> tuple[Floats, Floats, Floats]:
        """Weighted parts that each shock itself takes (both, down, up); weights of firms in the shocks' own numbering."""
        number = np.repeat(np.arange(len(self)), np.diff(self.start))
        each = weight[self.firms]
        parts = (np.maximum(self.down, self.up), self.down, self.up)
        total, down, up = (np.bincount(number, each * part, len(self)).astype(np.float64) for part in parts)
        return total, down, up


@dataclass(frozen=True, slots=True, eq=False)
class Endings:
    """How s cascades ended, an array of length s for each number of :class:`~freehold.network.firm_cascade_runs.Ending`."""

    total: Floats
    down: Floats
    up: Floats
    steps: Integers
    decrease: Floats
    error: Floats
    stopped: npt.NDArray[np.uint8]

    @classmethod
    def not_begun(cls, shocks: FirmShocks, weight: Floats) -> Endings:
        """All as they stand before the first step, stopped by the limit of time."""
        size = len(shocks)
        return cls(
            *shocks.own(weight), np.zeros(size, np.int64), np.zeros(size), np.full(size, np.nan), np.full(size, 2, np.uint8)
        )

    def put(self, number: int, ending: Ending) -> None:
        """Note how one ended."""
        for name in _NAMES:
            getattr(self, name)[number] = getattr(ending, name)

    def put_all(self, numbers: Integers, others: Endings) -> None:
        """Note how several ended, in the order of the numbers."""
        for name in _NAMES:
            getattr(self, name)[numbers] = getattr(others, name)

    def chosen(self, numbers: Integers) -> Endings:
        """Those of these shocks, in this order."""
        return Endings(*(getattr(self, name)[numbers] for name in _NAMES))

    def copy(self) -> Endings:
        """The same numbers in arrays of their own."""
        return Endings(*(getattr(self, name).copy() for name in _NAMES))


_NAMES: Final = tuple(field.name for field in fields(Endings))


def memory_of(firms: int, *, lanes: bool) -> int:
    """Bytes that one worker needs beside the network."""
    return firms * (_PER_FIRM + (6 * 8 * LANES if lanes else 0))


def cascade(
    built: BuiltFirms, weight: Floats, shock: FirmShock, limits: Limits
) -> tuple[Ending, Ending | None, tuple[Floats, Floats]]:  # fmt: skip
    """Run one shock; give the reference's ending, the true one if it was asked for, and the levels of the last of them.

    Parameters
    ----------
    built
        The network.
    weight : (n,)
        Of firms, in their places in ``built``; they sum to 1.
    shock, limits
        The question.
    """
    room = OneCascade(built, weight)
    reference, converged = _alone(room, shock, limits)
    return reference, converged, room.levels()


def cascades(
    built: BuiltFirms, weight: Floats, shocks: FirmShocks, limits: Limits, *, workers: int = 1, memory: int = 1 << 30,
    progress: Callable[[int], None] | None = None,
) -> tuple[Endings, Endings | None]:  # fmt: skip
    """Run many shocks, each from the start; the same answers whatever the workers and the memory.

    Parameters
    ----------
    built, weight, limits
        As :func:`cascade`.
    shocks
        What is lost in each.
    workers
        Threads; the compiled kernels run outside the interpreter's lock.
    memory
        Bytes for all workers; with too few of them for lanes, shocks run one by one.
    progress
        Told how many shocks are done, now and then.

    Returns
    -------
    reference, converged
        The reference's endings and, if ``limits`` has a bound, the true ones. A shock that time did not suffice to begin has
        no step, stands at what it takes itself, and is stopped by the limit of time.

    Raises
    ------
    freehold.errors.SolveError
        If the memory does not suffice for one cascade.
    """
    firms, size = len(built.links.output), len(shocks)
    with_lanes = built.compiled and not limits.bound and memory >= memory_of(firms, lanes=True) and size > 1
    need = memory_of(firms, lanes=with_lanes)
    if memory < need:
        raise SolveError(
            f"a cascade through {firms} firms takes {need} bytes beside the network, and {memory} are allowed. "
            "Allow more memory."
        )
    reference = Endings.not_begun(shocks, weight[built.place])
    converged = reference.copy() if limits.bound else None
    workers = max(1, min(workers, memory // max(need, 1), size))
    each = max(1, min(_CHUNK, -(-size // workers)))
    chunks = [range(first, min(first + each, size)) for first in range(0, size, each)]
    rooms: list[tuple[OneCascade, SideBySide | None]] = []
    done = 0

    def work(chunk: range) -> int:
        if time.monotonic() >= limits.deadline:
            return 0
        try:
            room, lanes = rooms.pop()
        except IndexError:
            room = OneCascade(built, weight)
            lanes = SideBySide(room) if with_lanes else None
        count = 0
        for number, first, second in _chunk(room, lanes, shocks, chunk, limits):
            reference.put(number, first)
            if converged is not None and second is not None:
                converged.put(number, second)
            count += 1
        rooms.append((room, lanes))
        return count

    def counted(count: int) -> None:
        nonlocal done
        done += count
        if progress and count:
            progress(done)

    if workers > 1 and built.compiled:
        with ThreadPoolExecutor(workers) as pool:
            for count in pool.map(work, chunks):
                counted(count)
    else:
        for chunk in chunks:
            counted(work(chunk))
    return reference, converged


def _alone(room: OneCascade, shock: FirmShock, limits: Limits) -> tuple[Ending, Ending | None]:
    room.start(shock)
    if time.monotonic() >= limits.deadline:
        late = room.ending(2)
        return late, late if limits.bound else None
    stopped = room.go(limits, int(limits.by_loss), limits.eps, limits.steps)
    reference = room.ending(stopped)
    if not limits.bound:
        return reference, None
    return reference, room.converge(limits) if stopped == 0 else reference


_Ended = tuple[int, Ending, Ending | None]


def _chunk(
    room: OneCascade, lanes: SideBySide | None, shocks: FirmShocks, chunk: range, limits: Limits
) -> Iterator[_Ended]:  # fmt: skip
    """Small cascades one by one; those that grow large, in lanes from where they stand; none is begun once time is up."""
    for number in chunk:
        if time.monotonic() >= limits.deadline:
            break
        if lanes is None:
            yield (number, *_alone(room, shocks[number], limits))
            continue
        room.start(shocks[number])
        stopped = room.go(limits, int(limits.by_loss), limits.eps, limits.steps, alone=False)
        if stopped != 3:
            yield number, room.ending(stopped), None
            continue
        lanes.load(number)
        while not lanes.free:
            yield from ((ended, ending, None) for ended, ending in lanes.step(limits))
    while lanes is not None and lanes.free < LANES:
        yield from ((ended, ending, None) for ended, ending in lanes.step(limits))
