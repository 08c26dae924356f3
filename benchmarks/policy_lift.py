"""How long rules of a policy and the search for a lift take: ``python -m benchmarks.policy_lift``. Owns what is timed, and how.

Each rule is judged by itself on a generated stack of ten thousand items, reading apart; each example's lift is sought by the
two EU schemes with the example's own options and the default bounds. The least of three runs is printed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.generate_stack import generate_stack
from freehold.plan.proposals import options_of
from freehold.schemes.asking import score_scheme
from freehold.schemes.lift import lift
from freehold.schemes.policy_check import check_policy
from freehold.schemes.policy_file import parse_policy
from freehold.stack.toml_file import loads
from freehold.work import catalogue, load

__all__ = ["RULES", "main", "time_lifts", "time_rules"]

RULES: Final = {
    "path": 'path_of = "mission"\nforbid = { foreign = "perhaps" }',
    "level": 'measure = "level"\nat_least = 0.9',
    "content": 'measure = "content"\nof = "all"\nat_least = 0.9',
    "held": 'measure = "held"\nat_least = 0.9',
    "unknowns": 'measure = "unknowns"\nat_most = 0',
    "largest-share": 'measure = "largest-share"\nat_most = 0.01',
    "cut-set": 'measure = "cut-set"\nat_least = 2',
}
"""A rule of each sort."""

_EXAMPLES: Final = ("clinic", "public-office", "training", "value-chain")
_SCHEMES: Final = ("eu-csf-2026", "eu-csf-1.2.1")
_RUNS: Final = 3


def time_rules(items: int, seed: int = 1) -> dict[str, float]:
    """Seconds of each rule on a generated stack; see :func:`benchmarks.generate_stack.generate_stack`."""
    stack = loads(generate_stack(items, seed))
    policies = {name: parse_policy(f'[policy]\n[[policy.rule]]\nname = "one"\n{rule}', name) for name, rule in RULES.items()}
    return {name: _least(partial(check_policy, policy, stack)) for name, policy in policies.items()}


def time_lifts(examples: Path) -> dict[str, tuple[float, int, str]]:
    """Seconds of each example's lift, sets that were scored, and how the search ended."""
    found = {}
    for name in _EXAMPLES:
        stack = load(examples / name).stack
        options = options_of(stack, [examples / name / "options.toml"], catalogue())
        for id_ in _SCHEMES:
            work = partial(lift, score_scheme(stack, id_), partial(score_scheme, scheme=id_), stack, options)
            told = work()
            found[f"{name}, {id_}"] = _least(work), told.tried, told.stopped
    return found


def _least(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_RUNS):
        since = time.perf_counter()
        work()
        times.append(time.perf_counter() - since)
    return min(times)


def main() -> int:
    """Time all, and print it."""
    for name, seconds in time_rules(10_000).items():
        sys.stdout.write(f"rule {name:<16} {seconds:8.2f} s\n")
    for name, (seconds, tried, stopped) in time_lifts(Path("examples")).items():
        sys.stdout.write(f"lift {name:<28} {seconds:8.2f} s, {tried} sets, {stopped}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
