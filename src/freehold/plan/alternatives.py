"""Other plans that cost little more, as different as can be, and the steps that all of them share. Owns what is no regret.

Modelling to generate alternatives: each next plan is the one that takes fewest of the steps which the plans before it took, the
oftener taken the more they count, at most so much dearer than the cheapest (hop, skip and jump: Brill, Chang and Hopkins 1982,
"Modeling to generate alternatives", Management Science 28, 221). Of all that were met, those are shown whose smallest distance
to the ones already shown is greatest, in steps that differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from freehold.plan.asking import Asking, Questions
from freehold.plan.option_values import Option
from freehold.plan.plan_values import Alternative
from freehold.plan.search_values import Chosen, Terms

__all__ = ["alternatives"]

_EXPECTED: Final = 20
"""About how many questions share the time."""


def alternatives(
    search: Asking, best: Chosen, most: int = 4, within: float = 0.02, *, terms: Terms | None = None, seconds: float = 60.0
) -> tuple[tuple[Alternative, ...], frozenset[int]]:
    """Other plans within a part of the least cost, and the steps that are in every such plan.

    The first alternative leaves out as many steps of the best plan as any plan within that cost can, and none has a step that
    it could do without. A step is called no regret only where it is proven that no plan within that cost is without it.

    Parameters
    ----------
    search
        Who finds plans.
    best
        The cheapest plan.
    most
        How many alternatives at most.
    within
        How much dearer they may be, as a part of the least cost.
    terms
        What was added to the goal when the best plan was asked for. Where the most self-reliance was sought, alternatives reach
        as much.
    seconds
        Time after which nothing more is asked.

    Returns
    -------
    The alternatives, each the most different of those left; and the numbers of the steps in every plan within that cost. The
    other steps of the best plan are wagers.
    """
    if best.built is None:
        return (), frozenset()
    near = _Near(search, best, within, terms or Terms(), seconds)
    taken = Counter(best.built)
    for _ in range(2 * most):
        if len(near.plans) >= most:
            break
        found = near.ask(liking={number: -float(times) for number, times in taken.items()})
        if found is None or found == best.built:
            break
        # A plan met before counts once more, so that the next one has to leave it.
        taken.update(found if found in near.seen else near.keep(found))
    always = near.always()
    return _most_different(near.plans, best.built, most, search.judge.options), always


class _Near:
    """The plans within the cost that were met, and what is proven of all of them."""

    def __init__(self, search: Asking, best: Chosen, within: float, terms: Terms, seconds: float) -> None:
        assert best.built is not None
        limit = best.cost * (1 + within)
        levels = [level for level in (terms.least_reliance, best.reliance) if level is not None]
        terms = replace(terms, least_reliance=max(levels, default=None))
        terms = replace(terms, most_cost=limit if terms.most_cost is None else min(limit, terms.most_cost))
        self._questions = Questions(search, terms, seconds=seconds, expected=_EXPECTED)
        self._terms = self._questions.terms
        self._options = search.judge.options
        self._best = best.built
        self._shared = best.built
        """Steps that every plan met so far has."""
        self.seen: set[frozenset[int]] = {best.built}
        self.plans: dict[frozenset[int], float] = {}

    def ask(self, liking: dict[int, float]) -> frozenset[int] | None:
        """The plan within the cost that takes least of what is not liked; ``None`` without one, or without time."""
        chosen = self._questions.ask(replace(self._terms, liking=liking))
        return None if chosen is None else chosen.built

    def keep(self, found: frozenset[int]) -> frozenset[int]:
        """Remember a plan, without what it can do without."""
        self.seen.add(found)
        self._shared &= found
        chosen = self._questions.ask(self._of(found))
        if chosen is None or chosen.built is None:
            return found
        lean = self._without_idle(chosen.built)
        self.seen.add(lean)
        self._shared &= lean
        if not lean >= self._best:
            self.plans[lean] = chosen.cost
        return lean

    def _of(self, steps: frozenset[int]) -> Terms:
        """Terms that allow these steps alone."""
        return replace(self._terms, forbidden=self._terms.forbidden | frozenset(range(len(self._options))) - steps)

    def _without_idle(self, built: frozenset[int]) -> frozenset[int]:
        """Without the steps that cost nothing and do nothing here."""
        options = self._options
        for number in sorted(built - self._best, key=lambda one: options[one].id):
            rest = built - {number}
            if _is_free(options[number]) and not any(options[number].id in options[one].requires for one in rest):
                chosen = self._questions.ask(self._of(rest))
                if chosen is not None and chosen.built == rest:
                    built = rest
        return built

    def always(self) -> frozenset[int]:
        """Steps of which it is proven that no plan within the cost is without them."""
        while self._shared:
            chosen = self._questions.ask(replace(self._terms, liking=dict.fromkeys(self._shared, -1.0)))
            if chosen is None or chosen.built is None:
                break
            if not self._shared <= chosen.built:
                self.keep(chosen.built)
            elif chosen.stopped is None:
                return self._shared
            else:
                break
        return self._one_by_one()

    def _one_by_one(self) -> frozenset[int]:
        proven = set()
        for number in sorted(self._shared, key=lambda one: self._options[one].id):
            if number in self._shared:
                chosen = self._questions.ask(replace(self._terms, forbidden=self._terms.forbidden | {number}))
                if chosen is not None and chosen.built is not None:
                    self.keep(chosen.built)
                elif chosen is not None and chosen.stopped is None:
                    proven.add(number)
        return frozenset(proven)


def _is_free(option: Option) -> bool:
    return option.cost_once == 0 and option.cost_year == 0


def _most_different(
    plans: Mapping[frozenset[int], float], best: frozenset[int], most: int, options: Sequence[Option]
) -> tuple[Alternative, ...]:
    """Those whose smallest distance to the ones taken before is greatest; the first leaves out most of the best plan."""

    def named(plan: frozenset[int]) -> tuple[str, ...]:
        return tuple(sorted(options[number].id for number in plan))

    left, taken = set(plans), [best]
    while left and len(taken) <= most:
        chosen = min(
            left,
            key=lambda plan: (
                -len(best - plan) if len(taken) == 1 else 0, -min(len(plan ^ one) for one in taken), plans[plan], named(plan)
            ),
        )  # fmt: skip
        left.remove(chosen)
        taken.append(chosen)
    return tuple(Alternative(named(plan), plans[plan], len(plan ^ best)) for plan in taken[1:])
