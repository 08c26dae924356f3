"""Which pool: this process, several, or Ray. Owns the choice, and how many workers there are where nobody says."""

from __future__ import annotations

import os

from freehold.errors import ScaleError
from freehold.scale.interface import Pool

__all__ = ["MOST_WORKERS", "choose_pool", "cores"]

MOST_WORKERS = 4096
"""More workers than this on one machine are taken for a slip."""


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_pool(workers: int | None = None, ray: str | None = None) -> Pool:
    """Choose a pool; it is opened by a ``with`` statement.

    Parameters
    ----------
    workers
        How many batches run at once; by default one a processor.
    ray
        ``None`` for this machine's own processes; the address of a cluster of Ray, or an empty text for one that is
        started on this machine.

    Raises
    ------
    freehold.errors.ScaleError
        If the number makes no sense.
    """
    if workers is not None and not 1 <= workers <= MOST_WORKERS:
        raise ScaleError(f"{workers} workers: give a number from 1 to {MOST_WORKERS}.")
    if ray is not None:
        from freehold.scale.ray_pool import RayPool

        return RayPool(ray or None, workers)
    count = cores() if workers is None else workers
    if count == 1:
        from freehold.scale.in_process_pool import InProcessPool

        return InProcessPool()
    from freehold.scale.local_pool import LocalPool

    return LocalPool(count)
