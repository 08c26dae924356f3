"""One worker: this process. Owns running batches one after another where they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from freehold.errors import ScaleError
from freehold.scale.interface import Arrays, Batch, Done
from freehold.scale.packing import pack, unpack
from freehold.scale.work_named import failed_with, find_work, lost, work_out

__all__ = ["InProcessPool"]


class InProcessPool:
    """A pool of one worker in this process; see :class:`~freehold.scale.interface.Pool`."""

    workers: Final = 1

    def __init__(self) -> None:
        self._shared: Arrays = {}
        self._is_cancelled = False

    def __enter__(self) -> InProcessPool:
        return self

    def __exit__(self, *_: object) -> None:
        self._shared = {}

    def share(self, arrays: Arrays) -> None:
        """Keep a copy of what all batches read, which nobody can write to."""
        self._shared = unpack(pack(arrays))

    def map(self, work: str, batches: Iterable[Batch]) -> Iterator[Done]:
        """Run batches in order.

        Raises
        ------
        freehold.errors.ScaleError
            If a batch failed, or there is no such work.
        """
        find_work(work)
        for batch in batches:
            if self._is_cancelled:
                break
            packed = pack(batch.arrays)
            try:
                done = work_out(work, self._shared, packed)
            except Exception as error:  # noqa: BLE001  whatever the work raises is told
                raise lost(batch.number, *failed_with(error)) from (None if isinstance(error, ScaleError) else error)
            yield Done(batch.number, unpack(done))
        self._is_cancelled = False

    def cancel(self) -> None:
        """End the map that runs, or else the next: no further batch is begun; the one that runs comes to its end."""
        self._is_cancelled = True
