"""Options that there are not: an item held outright. Owns what might be missing where no plan is possible."""

from __future__ import annotations

from collections.abc import Iterable

from freehold.measure.case import Case
from freehold.plan.goal_values import Aim, BestAim, LevelAim, LossAim
from freehold.plan.option_values import Activate, Option
from freehold.stack.cutoff import DEFAULT_STAKE, Cutoff, Rule
from freehold.stack.values import Source, Stack

__all__ = ["held_option", "items_at_stake"]

_PREFIX = "held:"


def held_option(item: str) -> Option:
    """The option of holding an item outright: a source of one's own that needs nothing and meets all of today's need."""
    source = _PREFIX + item
    return Option(
        source, (Activate(source, 1.0),), adds=Stack(sources=(Source(source, item, provider="self", status="candidate"),)),
        cost_once=1.0, cost_year=0.0, lead=0.0,
    )  # fmt: skip


def items_at_stake(stack: Stack, aims: Iterable[Aim], *, strict: bool = False) -> tuple[str, ...]:
    """Items of which a source is hit, surely or perhaps, by what some aims are about, in the order of the stack.

    What only falls because of what it needs is not among them: to hold that outright would be no answer. Of losses, every
    source with a provider other than oneself can be hit; of shares, every foreign one.
    """
    found: set[int] = set()
    for aim in aims:
        if isinstance(aim, LossAim):
            found |= {
                number
                for number, item in enumerate(stack.items)
                if not stack.sources_of[item.id] or any(source.provider != "self" for source in stack.sources_of[item.id])
            }
            continue
        cut = aim.cut if isinstance(aim, LevelAim | BestAim) else Cutoff((Rule(foreign=True),), stake=DEFAULT_STAKE)
        case = Case(stack, strict=strict, stake=cut.stake)
        for rule in cut.rules:
            found |= {case.supplies[supply].item for supply in case.matching(rule)}
    return tuple(item.id for number, item in enumerate(stack.items) if number in found)
