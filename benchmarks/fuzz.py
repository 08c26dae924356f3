"""Fuzzing: damaged files through a reader, what crashes and what is slow. Owns the run and its report."""

from __future__ import annotations

import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Final

from benchmarks.fuzz_targets import Target, put_around, seeds_of
from benchmarks.mutate import mutate

__all__ = ["SLOW", "Fuzzed", "fuzz"]

SLOW: Final = 2.0
"""Seconds of the processor, so that a busy machine is no fault of the reader's: what takes longer is."""

_PATIENCE: Final = 60
_SLOWEST_KEPT: Final = 5


class _Hangs(BaseException):
    """A run that was ended; no ``Exception``, so that nothing on the way takes it for its own."""


@dataclass(slots=True)
class Fuzzed:
    """What a run found.

    Parameters
    ----------
    count
        How many files were read.
    outcomes
        How many were read, and how many refused by which error.
    crashes
        By where each came from: its words, and the number of the first file.
    slowest
        Seconds, bytes and number of the slowest, the slowest first.
    """

    count: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    crashes: dict[str, tuple[str, int]] = field(default_factory=dict)
    slowest: list[tuple[float, int, int]] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing crashed and nothing was slow."""
        return not self.crashes and (not self.slowest or self.slowest[0][0] <= SLOW)


@contextmanager
def _patience() -> Iterator[None]:
    def ended(_number: int, _frame: FrameType | None) -> None:
        raise _Hangs

    before = signal.signal(signal.SIGALRM, ended)
    signal.alarm(_PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def fuzz(target: Target, count: int, seed: int, scratch: Path, data: Path, say: Callable[[str], None] = print) -> Fuzzed:
    """Read damaged files.

    Parameters
    ----------
    target
        The reader, and its seeds.
    count
        How many files.
    seed
        The same gives the same files, if the seeds are the same.
    scratch
        Gets the file that is being read, and each that crashed or was slow, under ``fuzz/NAME``.
    data
        The folder of shared data, if it is there.
    say
        Told each fault when it is found.
    """
    from freehold.errors import FreeholdError

    folder = scratch / "fuzz" / target.name
    put_around(target, folder / "now")
    file = folder / "now" / target.file
    kept = Path(target.file).name
    seeds = seeds_of(target, data)
    told = Fuzzed()
    for number in range(count):
        # each file from a seed of its own, so that one alone can be made again
        random = Random(f"{target.name} {seed} {number}")
        made = random.choice(seeds) if number >= len(seeds) else seeds[number]
        if number >= len(seeds):
            made = mutate(made, seeds, random)
        file.write_bytes(made)
        start = time.process_time()
        try:
            with _patience():
                target.run(file)
            told.outcomes["read"] += 1
        except FreeholdError as error:
            told.outcomes[type(error).__name__] += 1
        except (Exception, _Hangs) as error:  # noqa: BLE001  # every other error is what is looked for
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}"
            told.outcomes["crash"] += 1
            if place not in told.crashes:
                told.crashes[place] = (f"{error}"[:200], number)
                (folder / f"{number}-{kept}").write_bytes(made)
                say(f"{target.name}: file {number}: {place}: {error!s:.200}")
        seconds = time.process_time() - start
        told.count += 1
        if len(told.slowest) < _SLOWEST_KEPT or seconds > told.slowest[-1][0]:
            told.slowest = sorted([*told.slowest, (seconds, len(made), number)], reverse=True)[:_SLOWEST_KEPT]
            if seconds > SLOW:
                (folder / f"{number}-{kept}").write_bytes(made)
                say(f"{target.name}: file {number}: {seconds:.2f} s for {len(made):,} bytes")
    return told
