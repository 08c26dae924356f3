"""How many cut-offs a second a sweep works out: one worker, two, Ray; and what one would write oneself, on the same work.

``python -m benchmarks.sweep [--items N] [--cutoffs N] [--rounds N] [--ray]``. Wall time, the least of some rounds; workers
have started and read the stack before. The peers are ``freehold.cutoffs``, which builds the networks once for all cut-offs as
a sweep does; a plain loop over ``freehold.cutoff``; and ``multiprocessing.Pool`` over the same function. They run in the same
rounds, and must give the same levels.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable, Sequence
from functools import partial

import freehold
from benchmarks.generate_stack import generate_stack
from freehold.measure.sweep import CUTOFF_WORK, VERSION, cutoff_batches, cutoffs_of_each, sweep_shared
from freehold.scale.interface import Batch
from freehold.scale.pools import choose_pool
from freehold.scale.run import run
from freehold.stack.cutoff import Cutoff
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack

__all__ = ["main"]

_DAYS = (0.0, 30.0, 365.0)
_SIZE = 25
Rows = list[tuple[float, ...]]


def _swept(stack: Stack, cuts: Sequence[Cutoff], workers: int | None, ray: str | None = None) -> tuple[float, Rows]:
    """Seconds after the workers have started, and the low sides; starting is told apart by an empty first batch."""
    shared = sweep_shared(stack, _DAYS, 0.5, strict=False, kernel="auto")
    with choose_pool(workers, ray) as pool:
        first = [Batch(number, arrays) for number, arrays in enumerate(cutoff_batches(cuts[:2], 1))]
        run(pool, CUTOFF_WORK, shared, first, version=VERSION)
        since = time.perf_counter()
        batches = (Batch(number, arrays) for number, arrays in enumerate(cutoff_batches(cuts, _SIZE)))
        done = run(pool, CUTOFF_WORK, shared, batches, version=VERSION)
        seconds = time.perf_counter() - since
    return seconds, [tuple(row) for result in done.results for row in result["low"].tolist()]


def _one(stack: Stack, cut: Cutoff) -> tuple[float, ...]:
    return freehold.cutoff(stack, cut, _DAYS).mission.low


def _together(stack: Stack, cuts: Sequence[Cutoff]) -> tuple[float, Rows]:
    since = time.perf_counter()
    rows = [answer.mission.low for answer in freehold.cutoffs(stack, cuts, _DAYS)]
    return time.perf_counter() - since, rows


def _loop(stack: Stack, cuts: Sequence[Cutoff]) -> tuple[float, Rows]:
    since = time.perf_counter()
    rows = [_one(stack, cut) for cut in cuts]
    return time.perf_counter() - since, rows


def _pool(stack: Stack, cuts: Sequence[Cutoff]) -> tuple[float, Rows]:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(partial(_one, stack), cuts[:2], 1)
        since = time.perf_counter()
        rows = pool.map(partial(_one, stack), cuts, _SIZE)
        return time.perf_counter() - since, rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Time all, and print a row each."""
    parser = argparse.ArgumentParser("python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("--items", type=int, default=2_000)
    parser.add_argument(
        "--cutoffs", type=int, default=400, help="the loop and the pool over freehold.cutoff do a tenth of them"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ray", action="store_true")
    options = parser.parse_args(arguments)
    stack = loads(generate_stack(options.items, 1))
    cuts = [*cutoffs_of_each(stack, "provider"), *cutoffs_of_each(stack, "item")][: options.cutoffs]
    few = cuts[: max(len(cuts) // 10, 1)]
    ways: list[tuple[str, Callable[[], tuple[float, Rows]], int]] = [
        ("freehold sweep, 1 worker", lambda: _swept(stack, cuts, 1), len(cuts)),
        ("freehold sweep, 2 workers", lambda: _swept(stack, cuts, 2), len(cuts)),
        ("freehold.cutoffs, all in one call", lambda: _together(stack, cuts), len(cuts)),
        ("plain loop over freehold.cutoff", lambda: _loop(stack, few), len(few)),
        ("multiprocessing.Pool(2) over freehold.cutoff", lambda: _pool(stack, few), len(few)),
    ]
    if options.ray:
        ways.insert(2, ("freehold sweep, Ray, 2 workers", lambda: _swept(stack, cuts, 2, ""), len(cuts)))
    best: dict[str, float] = {}
    wanted: Rows | None = None
    for _ in range(options.rounds):
        for name, way, count in ways:
            seconds, rows = way()
            wanted = wanted or rows
            assert rows == wanted[: len(rows)], f"{name} gives another answer"
            best[name] = min(best.get(name, float("inf")), seconds / count)
    base = best["freehold.cutoffs, all in one call"]
    print(f"{len(cuts)} cut-offs of {len(stack.items)} items, {len(stack.sources)} sources, {len(_DAYS)} days; least of "
          f"{options.rounds} rounds")  # fmt: skip
    for name, _, _ in ways:
        print(f"{name:<46} {1 / best[name]:>10,.1f} cut-offs/s   {base / best[name]:>7.1f} × freehold.cutoffs")


if __name__ == "__main__":
    main()
