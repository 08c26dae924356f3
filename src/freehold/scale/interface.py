"""The plug point of pools: share what all batches read, map a function over batches, cancel. Owns that contract.

A pool never decides what an answer is: a batch's result depends on what is shared and on the batch alone, so that one
core, several, or a cluster give the same answer bit for bit, in whatever order batches end. Work is named by
``module:function``, found anew in each worker: no code travels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Arrays", "Batch", "Done", "Pool", "WorkFunction"]

Arrays: TypeAlias = Mapping[str, npt.NDArray[np.generic]]
"""What travels between processes: arrays by name, no objects among them; texts as arrays of bytes (UTF-8)."""


@dataclass(frozen=True)
class Batch:
    """One piece of work.

    Parameters
    ----------
    number
        Its place among all batches, from 0; a result is kept under it.
    arrays
        What this batch alone reads.
    """

    number: int
    arrays: Arrays


@dataclass(frozen=True)
class Done:
    """A batch's result."""

    number: int
    arrays: Arrays


class WorkFunction(Protocol):
    """What runs in a worker: a function at the top of a module."""

    def __call__(self, shared: Arrays, batch: Arrays) -> Arrays:
        """Work out one batch; must not change ``shared``."""


class Pool(Protocol):
    """Where batches run.

    Use as a context manager: on leaving it no worker and no shared memory is left, also after an error or an interrupt.
    """

    @property
    def workers(self) -> int:
        """How many batches run at once."""

    def __enter__(self) -> Pool:
        """Start the workers."""

    def __exit__(self, *_: object) -> None:
        """End them."""

    def share(self, arrays: Arrays) -> None:
        """Give every worker what all batches read, once; on one machine without copying it for each."""

    def map(self, work: str, batches: Iterable[Batch]) -> Iterator[Done]:
        """Run ``module:function`` over batches; results as they end.

        Batches are drawn lazily, never more than a few ahead of the workers.

        Raises
        ------
        freehold.errors.ScaleError
            If a worker failed or was lost; its message names the batch.
        """

    def cancel(self) -> None:
        """End the map that runs, or else the next one: no further batch is begun, those that run are ended where that can be.

        May be called from a signal handler or another thread.
        """
