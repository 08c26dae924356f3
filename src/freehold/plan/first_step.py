"""The cheapest thing that can be done next, and what it brings by itself. Owns that choice, which needs no solver.

Each option is built alone, and everything foreign is cut off from what the stack is then. Where no option brings anything
alone, the fewest that do together are looked for: of all of them, the dearest go first, as long as what is left brings
something. Both are plain cut-offs; what a whole plan comes to is for :mod:`freehold.plan.planning`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from freehold.measure.assess import foreign_cutoff
from freehold.measure.case import Case, Kernel
from freehold.measure.cutoff import DAYS, FLOOR, answer_of, check_days
from freehold.measure.mission import Interval
from freehold.plan.applied import apply_options
from freehold.plan.option_values import Option
from freehold.stack.cutoff import DEFAULT_STAKE, WAYS
from freehold.stack.values import Stack, is_stated

__all__ = ["FirstStep", "cheapest_step", "list_price"]

_BRINGS: Final = 0.01
"""Part of the mission from which on something is brought: less is not told of."""
_MOST_TRIED: Final = 40
_WORK: Final = 40_000
"""Items times options that are tried at most; the cheapest options are tried first."""
_FEWEST: Final = 6


@dataclass(frozen=True, slots=True)
class FirstStep:
    """What can be done next.

    Parameters
    ----------
    options
        One option, or a few that bring something only together.
    cost_once, cost_year
        Money once, and a year from then on.
    currency
        Of both; ``None`` where none is stated.
    days
        Days until all is ready.
    asked
        Days of the cut-off on which the levels stand.
    before, after
        Mission left with everything foreign cut off: as things are, and with this done.
    tried, of
        How many options were tried, of how many that can be judged.
    """

    options: tuple[Option, ...]
    cost_once: float
    cost_year: float
    currency: str | None
    days: float
    asked: tuple[float, ...]
    before: Interval
    after: Interval
    tried: int
    of: int

    @property
    def price(self) -> float:
        """Money once, and the first year's."""
        return self.cost_once + self.cost_year

    @property
    def best_day(self) -> int:
        """Place of the day on which it surely brings most; of several the last."""
        gains = [after - before for before, after in zip(self.before.low, self.after.low, strict=True)]
        return max(range(len(gains)), key=lambda place: (round(gains[place], 9), place))


def list_price(option: Option) -> float:
    """What an option costs once and in its first year; what is not known counts as nothing."""
    return math.fsum(cost for cost in (option.cost_once, option.cost_year) if is_stated(cost))


def cheapest_step(
    stack: Stack, options: Sequence[Option], days: Iterable[float] = DAYS, *, strict: bool = False, via: tuple[str, ...] = WAYS,
    stake: float = DEFAULT_STAKE, kernel: Kernel = "auto",
) -> FirstStep | None:  # fmt: skip
    """Find the cheapest option that by itself raises what is left with everything foreign cut off, unknowns at their worst.

    Parameters
    ----------
    stack
        The stack as it is.
    options
        What can be done; options of which a cost or a time is not known, or that require another one, cannot come first alone.
    days
        Days of the cut-off; something is brought where the level rises by one point or more on any of them.
    strict, kernel
        As :func:`freehold.measure.cutoff.cutoff`.
    via, stake
        What counts as control, as :func:`freehold.measure.assess.assess`.

    Returns
    -------
    FirstStep or None
        Of several of one price the one that brings more; ``None`` where none of those tried brings anything.
    """
    asked = check_days(days)
    judged = sorted((one for one in options if not one.lacking), key=lambda one: (list_price(one), one.id))
    most = max(_FEWEST, min(_MOST_TRIED, _WORK // max(1, len(stack.items))))
    tried = judged[:most]

    def left(options: Sequence[Option]) -> Interval:
        changed = apply_options(stack, options) if options else stack
        case = Case(changed, strict=strict, stake=stake, kernel=kernel)
        return answer_of(case, foreign_cutoff(via, stake), asked, FLOOR).mission

    before = left(())
    found: list[tuple[float, float, str, tuple[Option, ...], Interval]] = []
    for option in tried:
        if option.requires or (found and list_price(option) > found[0][0] + 1e-9):
            continue
        after = left((option,))
        gain = _gain(before, after)
        if gain >= _BRINGS - 1e-9:
            found.append((list_price(option), -gain, option.id, (option,), after))
    if found:
        _, _, _, chosen, after = min(found, key=lambda one: one[:3])
    else:
        bundle = _together(tried, before, left)
        if bundle is None:
            return None
        chosen, after = bundle
    return FirstStep(
        chosen, math.fsum(_stated(one.cost_once) for one in chosen), math.fsum(_stated(one.cost_year) for one in chosen),
        next((one.currency for one in chosen if one.currency), None), _ready(chosen), asked, before, after, len(tried),
        len(judged),
    )  # fmt: skip


def _together(
    tried: Sequence[Option], before: Interval, left: Callable[[Sequence[Option]], Interval]
) -> tuple[tuple[Option, ...], Interval] | None:
    """A few options that only bring something together, none of which can be spared."""
    chosen: list[Option] = []
    for option in tried:
        if not any(one.id in option.excludes or option.id in one.excludes for one in chosen):
            chosen.append(option)
    chosen = _standing(chosen)
    after = left(chosen)
    if not chosen or _gain(before, after) < _BRINGS - 1e-9:
        return None
    for option in sorted(chosen, key=lambda one: (-list_price(one), one.id)):
        fewer = _standing([one for one in chosen if one is not option])
        if len(fewer) == len(chosen) or not fewer:
            continue
        with_fewer = left(fewer)
        if _gain(before, with_fewer) >= _BRINGS - 1e-9:
            chosen, after = fewer, with_fewer
    return tuple(chosen), after


def _standing(options: Sequence[Option]) -> list[Option]:
    """Without options that require what is not among them."""
    left = list(options)
    while True:
        ids = {one.id for one in left}
        fewer = [one for one in left if set(one.requires) <= ids]
        if len(fewer) == len(left):
            return left
        left = fewer


def _ready(options: Sequence[Option]) -> float:
    """Days until all are ready, each begun as soon as what it requires is."""
    lead = {one.id: _stated(one.lead) for one in options}
    ready = dict.fromkeys(lead, 0.0)
    for _ in options:
        for one in options:
            ready[one.id] = max((ready[other] for other in one.requires), default=0.0) + lead[one.id]
    return max(ready.values(), default=0.0)


def _stated(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _gain(before: Interval, after: Interval) -> float:
    return max(later - earlier for earlier, later in zip(before.low, after.low, strict=True))
