"""How long it takes to score a stack by every scheme: the examples, and a generated stack.

``python -m benchmarks.scheme_scoring [--items N] [--rounds N]``. Wall time in one process that has read the schemes and the
stack, and the processor's time beside it, the least of some rounds; each round asks the stack anew, so that nothing is kept.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.generate_stack import generate_stack
from freehold import work
from freehold.schemes.asking import asked_of, score_schemes
from freehold.schemes.measuring import MEASURES
from freehold.schemes.scheme_file import scheme, schemes_known
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack

__all__ = ["main"]

_EXAMPLES = Path(__file__).parent.parent / "examples"
_NAMES = ("clinic", "public-office", "training", "value-chain")


def _seconds(stack: Stack, rounds: int) -> str:
    schemes = [scheme(id_) for id_ in schemes_known()]
    taken, busy = [], []
    for _ in range(rounds):
        since, worked = time.perf_counter(), time.process_time()
        score_schemes(asked_of(stack), schemes)
        taken.append(time.perf_counter() - since)
        busy.append(time.process_time() - worked)
    return f"{min(taken):.3f} s (processor {min(busy):.3f} s)"


def main(arguments: Sequence[str] | None = None) -> None:
    """Time it and print a line a stack, then a line a measure on the generated one."""
    parser = argparse.ArgumentParser(description="Time the scoring of stacks by every scheme.")
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args(arguments)
    for name in _NAMES:
        print(f"{name}: {_seconds(work.load(_EXAMPLES / name).stack, asked.rounds)}")
    stack = loads(generate_stack(asked.items, 1))
    print(f"{len(stack.items):,} items: {_seconds(stack, asked.rounds)} by {len(schemes_known())} schemes")
    once = asked_of(stack)
    for name, measure in MEASURES.items():
        since = time.perf_counter()
        measure(once, {})
        print(f"  {name}: {time.perf_counter() - since:.3f} s")


if __name__ == "__main__":
    main()
