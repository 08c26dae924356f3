"""What buys most self-reliance from a plan on: one more option, or a few that only do together. Owns that choice."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from freehold.plan.asking import Asking, Questions
from freehold.plan.option_values import Option
from freehold.plan.search_values import Terms
from freehold.stack.values import is_stated

__all__ = ["NextStep", "next_step"]

_STEP: Final = 1e-6
_CONFIRMED: Final = 3
"""Candidates whose true price is asked for, the most promising first."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """What is added to a plan: numbers of the options, the dearest first; the self-reliance gained, and the money."""

    options: tuple[int, ...]
    gain: float
    price: float


def next_step(
    search: Asking, built: frozenset[int], cost: float, later: Sequence[frozenset[int]], *, terms: Terms | None = None,
    seconds: float = 10.0,
) -> NextStep | None:  # fmt: skip
    """What, added to a plan that keeps all of its steps, gains most self-reliance for its price.

    Tried are each further option by itself, and what each of some later plans has besides, without what it does not take to
    reach as much as that plan does.

    Parameters
    ----------
    search
        Who finds plans: the price is what the cheapest plan with all of these costs more.
    built, cost
        The plan.
    later
        Plans of more self-reliance.
    terms
        What else is added to the goal.
    seconds
        Time for all.

    Returns
    -------
    ``None`` where nothing buys more, or none was found in time.
    """
    questions = Questions(search, terms, seconds=seconds, expected=_CONFIRMED)
    judge, options, terms = search.judge, search.judge.options, questions.terms
    here = judge.reliance(built)
    promising: list[tuple[float, float, tuple[str, ...], frozenset[int]]] = []
    for added in _candidates(search, built, later, terms):
        if questions.over:
            break
        gain = judge.reliance(built | added) - here
        if gain > _STEP:
            price = math.fsum(_list_price(options[number]) for number in added)
            names = tuple(sorted(options[number].id for number in added))
            promising.append((-gain / price if price > 0 else -math.inf, -gain, names, added))
    confirmed: list[tuple[float, float, tuple[str, ...], NextStep]] = []
    for _, _, names, added in sorted(promising, key=lambda one: one[:3])[:_CONFIRMED]:
        chosen = questions.ask(replace(terms, forced=terms.forced | built | added))
        if chosen is not None and chosen.built is not None:
            price, gain = max(0.0, chosen.cost - cost), judge.reliance(chosen.built) - here
            members = sorted(chosen.built - built, key=lambda one: (-_list_price(options[one]), options[one].id))
            if gain > _STEP:
                worth = -gain / price if price > 0 else -math.inf
                confirmed.append((worth, -gain, names, NextStep(tuple(members), gain, price)))
    return min(confirmed, key=lambda one: one[:3])[3] if confirmed else None


def _candidates(
    search: Asking, built: frozenset[int], later: Sequence[frozenset[int]], terms: Terms
) -> Iterator[frozenset[int]]:
    judge, options = search.judge, search.judge.options
    ids = {options[number].id for number in built}
    for plan in later:
        added = plan - built
        # Dearest first: what is not needed goes, so that what stays cannot be spared.
        enough = judge.reliance(plan) - _STEP / 2
        for number in sorted(added, key=lambda one: (-_list_price(options[one]), options[one].id)):
            if judge.reliance(built | added - {number}) >= enough and _stands(options, built, added - {number}):
                added = added - {number}
        if added and _stands(options, built, added):
            yield added
    likely = frozenset[int]().union(*later) - built
    others = frozenset(range(len(options))) - built - likely - terms.forbidden
    by_price = sorted(others, key=lambda one: (_list_price(options[one]), options[one].id))
    for number in (*sorted(likely), *by_price):
        if (
            not options[number].lacking
            and set(options[number].requires) <= ids
            and _stands(options, built, frozenset({number}))
        ):
            yield frozenset({number})


def _stands(options: Sequence[Option], built: frozenset[int], added: frozenset[int]) -> bool:
    """Whether these can be added: nothing is excluded, no prerequisite is lacking."""
    ids = {options[number].id for number in built | added}
    return not any(
        set(options[number].excludes) & ids or not set(options[number].requires) <= ids for number in built | added
    )  # fmt: skip


def _list_price(option: Option) -> float:
    once, yearly = option.cost_once, option.cost_year
    return (once if is_stated(once) else 0.0) + (yearly if is_stated(yearly) else 0.0)
