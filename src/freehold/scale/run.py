"""A question in batches, from its first to its last. Owns what is done again and what is not, and the order of results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from freehold.scale.interface import Arrays, Batch, Pool
from freehold.scale.journal import Journal

__all__ = ["Finished", "run"]


@dataclass(frozen=True)
class Finished:
    """What came out.

    Parameters
    ----------
    numbers, results
        Finished batches, by number, ascending, and their results.
    found
        How many of them were found in the journal.
    complete
        Whether no batch is left; it is not if the run was cancelled.
    """

    numbers: tuple[int, ...]
    results: tuple[Arrays, ...]
    found: int
    complete: bool


def run(
    pool: Pool,
    work: str,
    shared: Arrays,
    batches: Iterable[Batch],
    *,
    version: str,
    journal: Journal | None = None,
    progress: Callable[[int], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Finished:
    """Work out batches on an open pool; those that a journal holds are not worked out again.

    Parameters
    ----------
    pool
        An open pool.
    work
        ``module:function``.
    shared
        What all batches read.
    batches
        Drawn as they are needed. No two have the same number.
    version
        Of the algorithm: a result kept under another version is not used.
    journal
        Where finished batches are kept as they end, and found.
    progress
        Told how many batches are finished, after each.
    cancelled
        Asked after each batch; if it says so, no further one is begun. An interrupt (``KeyboardInterrupt``) passes: what was
        finished is in the journal.

    Raises
    ------
    freehold.errors.ScaleError
        If a batch could not be worked out or kept; those finished before are in the journal.
    """
    question = b"" if journal is None else journal.question(work, version, shared)
    results: dict[int, Arrays] = {}
    asked: dict[int, Batch] = {}
    found = 0
    stopped = False

    def one_more() -> bool:
        nonlocal stopped
        if progress is not None:
            progress(len(results))
        stopped = stopped or (cancelled is not None and cancelled())
        return not stopped

    def left() -> Iterator[Batch]:
        nonlocal found
        for batch in batches:
            kept = None if journal is None else journal.find(question, batch.arrays)
            if kept is None:
                asked[batch.number] = batch
                yield batch
                continue
            results[batch.number] = kept
            found += 1
            if not one_more():
                return

    pool.share(shared)
    for done in pool.map(work, left()):
        batch = asked.pop(done.number)
        if journal is not None:
            journal.keep(question, batch.number, batch.arrays, done.arrays)
        results[batch.number] = done.arrays
        if not one_more():
            pool.cancel()
            break
    numbers = tuple(sorted(results))
    return Finished(numbers, tuple(results[number] for number in numbers), found, complete=not stopped and not asked)
