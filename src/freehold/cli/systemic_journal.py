"""Shocks in batches, each kept in a journal as it ends. Owns what is asked of the pool, and that the time is kept.

A run that was killed, interrupted or out of time goes on from its journal; what comes out is the same to the last bit.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Timer
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freehold.measure.firm_network import FirmNetwork
    from freehold.measure.firm_shocks import Shock, Shocks
    from freehold.measure.systemic import SystemicAnswer
    from freehold.scale.journal import Journal

__all__ = ["Asked", "kept_answer"]

_VERSION: Final = "2"
_REFERENCE: Final = 512
_TRUE: Final = 16
"""Shocks in a batch; fewer where each is run to its end, which takes long."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The question, and by when on the clock :func:`time.monotonic` it has to end.

    Parameters
    ----------
    network, shocks, how
        As :func:`freehold.measure.systemic.systemic`; ``how`` holds ``replaceability``, ``eps``, ``weights``.
    to_the_end
        Whether shocks are run to their end too.
    """

    network: FirmNetwork
    shocks: Sequence[Shock]
    how: dict[str, Any]
    to_the_end: bool
    until: float


def kept_answer(asked: Asked, file: str, workers: int, memory: int) -> SystemicAnswer | None:
    """Answer with the help of a journal; ``None`` if it was interrupted.

    Raises
    ------
    freehold.errors.FreeholdError
        If the journal cannot be used, a batch could not be worked out, or the memory does not suffice.
    """
    from freehold.cli.speech import tell
    from freehold.measure.firm_shocks import check_shocks, gathered
    from freehold.measure.systemic import BOUND, SystemicAnswer, weights_of, worst_first
    from freehold.measure.systemic_batches import joined, workers_within
    from freehold.scale.journal import open_journal
    from freehold.scale.local_pool import LocalPool
    from freehold.scale.pools import choose_pool
    from freehold.words import say

    def note(text: str) -> None:
        tell(f"freehold: note: {text}")

    network, shocks, weights = asked.network, gathered(asked.shocks), asked.how["weights"]
    check_shocks(network, shocks)
    choose_pool(workers)  # refuses a number that makes no sense
    total = -(-len(shocks) // _REFERENCE) + (-(-len(shocks) // _TRUE) if asked.to_the_end else 0)
    converged = None
    # one worker too is a process of its own: a batch that takes long can be ended when time is up
    with open_journal(file, note) as journal, LocalPool(workers_within(network, workers, memory)) as pool:
        run = _Run(asked, journal, pool, total)
        try:
            done = run.batches(shocks, _REFERENCE, 0.0)
            reference = joined(None, network, weights, shocks, _REFERENCE, done)
            if asked.to_the_end:
                order = worst_first(reference.total)
                done = run.batches(shocks.chosen(order), _TRUE, BOUND) if run.complete else {}
                converged = joined(reference, network, weights, shocks, _TRUE, done, order)
        except KeyboardInterrupt:
            tell("freehold: " + say("sweep.interrupted", done=run.done, total=total, file=file), "error")
            return None
    if run.found:
        note(say("sweep.found", found=run.found, total=total, file=file))
    if not run.complete:
        note(say("systemic.kept_part", done=run.done, total=total, file=file))
    own = shocks.arrays.own(weights_of(network, weights))[0]
    return SystemicAnswer(
        network, shocks.ids, own, reference, converged, asked.how["eps"], "level", asked.how["replaceability"], BOUND
    )  # fmt: skip


class _Run:
    """What one run has done so far."""

    def __init__(self, asked: Asked, journal: Journal, pool: Any, total: int) -> None:
        self.asked, self.journal, self.pool, self.total = asked, journal, pool, total
        self.done, self.found, self.complete = 0, 0, True

    def batches(self, shocks: Shocks, size: int, bound: float) -> dict[int, Any]:
        """Work out batches until time is up; those finished, by number."""
        from freehold.cli.progress_bar import progress_bar
        from freehold.measure.systemic_batches import BATCH_WORK, batches_of, shared_arrays
        from freehold.scale.interface import Batch
        from freehold.scale.run import run as run_batches

        before = self.done
        shared = shared_arrays(self.asked.network, bound=bound, **self.asked.how)
        if bound == 0.0:
            self._tell_of_others(shared)
        timer = Timer(max(0.0, self.asked.until - time.monotonic()), self.pool.cancel)
        timer.daemon = True
        timer.start()
        try:
            with progress_bar(self.total) as advance:

                def count(finished: int) -> None:
                    self.done = before + finished
                    advance(self.done)

                numbered = (Batch(number, arrays) for number, arrays in enumerate(batches_of(shocks, size)))
                finished = run_batches(
                    self.pool, BATCH_WORK, shared, numbered, version=_VERSION, journal=self.journal, progress=count
                )  # fmt: skip
        finally:
            timer.cancel()
        self.found += finished.found
        wanted = -(-len(shocks) // size)
        self.complete = len(finished.numbers) == wanted
        return dict(zip(finished.numbers, finished.results, strict=True))

    def _tell_of_others(self, shared: Any) -> None:
        from freehold.cli.speech import tell
        from freehold.measure.systemic_batches import BATCH_WORK
        from freehold.words import say

        question = self.journal.question(BATCH_WORK, _VERSION, shared)
        others = self.journal.others(question)
        if others and not self.journal.kept(question):
            tell("freehold: note: " + say("systemic.other_question", file=self.journal.path, count=others))
