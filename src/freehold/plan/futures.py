"""How things may go: which options fail, which are late, and what then stands on the plan's last day. Owns the futures.

Each option fails or slips by itself, with the odds that it states. What happens to one in a future is a function of the seed,
the future's number and the option's id alone: whatever is chosen, and whatever other options there are, it meets the same luck
(common random numbers), so that two plans differ by what they are, not by what was drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Final

import numpy as np

from freehold.errors import PlanError, UsageError
from freehold.measure.counter_random import uniforms
from freehold.plan.option_values import Option
from freehold.plan.search_values import Committed, Future
from freehold.stack.values import is_stated

__all__ = ["MOST_FUTURES", "draw_futures", "has_odds", "outcomes_of", "ready_days", "standing"]

MOST_FUTURES: Final = 100_000
_SEEDS: Final = 2**64
_TOLERANCE: Final = 1e-9


def has_odds(option: Option) -> bool:
    """Whether it may fail or be late."""
    return option.success < 1 or any(slip.odds > 0 and slip.days > 0 for slip in option.slip)


def outcomes_of(option: Option) -> tuple[tuple[float | None, float], ...]:
    """What may become of an option: by how many days it is late (``None``: it fails), and the probability of that.

    The slips of an option exclude each other; what their odds leave of 1 is that it comes in time.

    Raises
    ------
    freehold.errors.PlanError
        If a probability is not one, the odds of the slips add up to more than 1, or a slip is not a number of days.
    """
    if not 0 <= option.success <= 1:
        raise PlanError(f"Option '{option.id}': success {option.success} is no probability. Write a number from 0 to 1.")
    late: dict[float, float] = {}
    for slip in option.slip:
        if not (0 <= slip.odds <= 1 and slip.days >= 0):
            raise PlanError(
                f"Option '{option.id}': a slip of {slip.days} days with odds {slip.odds} cannot be drawn. "
                "Write days of 0 or more and odds from 0 to 1."
            )
        late[slip.days] = late.get(slip.days, 0.0) + slip.odds
    known = sum(late.values())
    if known > 1 + _TOLERANCE:
        raise PlanError(f"Option '{option.id}': the odds of its slips add up to {known:g}. Lower them to 1 or less in all.")
    late[0.0] = late.get(0.0, 0.0) + max(0.0, 1 - known)
    works = [(days, option.success * odds) for days, odds in sorted(late.items()) if option.success * odds > 0]
    return (*works, (None, 1 - option.success)) if option.success < 1 else tuple(works)


def draw_futures(options: Sequence[Option], count: int, seed: int) -> tuple[Future, ...]:
    """Draw futures.

    Parameters
    ----------
    options
        All options, each with a number by its place.
    count
        How many, from 1 to :data:`MOST_FUTURES`.
    seed
        From 0 to 2^64 − 1. The same seed gives the same futures; more of them begin with the same ones.

    Raises
    ------
    freehold.errors.UsageError
        If the count or the seed is out of range.
    freehold.errors.PlanError
        If an option's odds are none.
    """
    if not 1 <= count <= MOST_FUTURES:
        raise UsageError(f"{count} futures cannot be drawn. Ask for 1 to {MOST_FUTURES}.")
    if not 0 <= seed < _SEEDS:
        raise UsageError(f"The seed {seed} is out of range. Give one from 0 to {_SEEDS - 1}.")
    failed: list[list[int]] = [[] for _ in range(count)]
    late: list[dict[int, float]] = [{} for _ in range(count)]
    for number, option in enumerate(options):
        outcomes = outcomes_of(option)
        if not has_odds(option):
            continue
        key = f"{seed}\0{option.id}".encode("utf-8", "surrogatepass")
        own = int.from_bytes(blake2b(key, digest_size=8).digest(), "big")
        # The last outcome takes what rounding leaves of 1.
        borders = np.cumsum([probability for _, probability in outcomes[:-1]])
        drawn = np.searchsorted(borders, uniforms(own, 0, count, 1)[:, 0], side="right")
        for place, (days, _) in enumerate(outcomes):
            if days == 0:
                continue
            for future in np.flatnonzero(drawn == place).tolist():
                if days is None:
                    failed[future].append(number)
                else:
                    late[future][number] = days
    return tuple(Future(frozenset(lost), slow) for lost, slow in zip(failed, late, strict=True))


def ready_days(
    options: Sequence[Option], starts: Mapping[int, float], future: Future | None = None,
    committed: Iterable[Committed] = (),
) -> dict[int, float]:  # fmt: skip
    """Day on which each step of a plan is ready in a future; what fails, or waits for ever for what failed, is not in it.

    A step begins on its day, or as soon as the last of its prerequisites is ready where that is later; nothing else is moved,
    and what is spent and whom it takes is not counted anew. What was ready when the plan began neither fails nor slips.

    Parameters
    ----------
    options
        All options.
    starts
        Day on which each built one is to start, by its number.
    future
        ``None``: all goes well.
    committed
        Steps that were begun before: their days stand instead of those of ``starts``.
    """
    future = future or Future()
    begun = {step.option: step for step in committed}
    ready: dict[int, float] = {}
    waiting = sorted(starts.keys() | begun.keys())
    numbers = {options[one].id: one for one in waiting}
    while waiting:
        later = []
        for number in waiting:
            option, step = options[number], begun.get(number)
            if step is not None and step.ready <= _TOLERANCE:
                ready[number] = step.ready
            elif number in future.failed:
                continue
            elif step is not None:
                ready[number] = step.ready + future.late.get(number, 0.0)
            else:
                before = [numbers.get(id_, -1) for id_ in option.requires]
                if all(one in ready for one in before):
                    lead = option.lead if is_stated(option.lead) else float("inf")
                    begins = max((starts[number], *(ready[one] for one in before)))
                    ready[number] = begins + lead + future.late.get(number, 0.0)
                else:
                    later.append(number)
        if len(later) == len(waiting):
            break
        waiting = later
    return ready


def standing(
    options: Sequence[Option], starts: Mapping[int, float], future: Future, last: float, committed: Iterable[Committed] = ()
) -> frozenset[int]:
    """Numbers of the steps of a plan that are ready by its last day in a future: what its aims are judged for.

    Parameters
    ----------
    options, starts, future, committed
        As for :func:`ready_days`.
    last
        The plan's last day, as :func:`freehold.plan.prices.plan_days` gives it.
    """
    ready = ready_days(options, starts, future, committed)
    return frozenset(number for number, day in ready.items() if day <= last + _TOLERANCE)
