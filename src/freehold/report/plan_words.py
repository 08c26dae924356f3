"""How a plan's money, aims, options and changes are said. Owns their wording for every face and file of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from freehold.plan.goal_values import Aim, BestAim, LevelAim, Limits, LossAim, ShareAim
from freehold.plan.option_values import Activate, Change, Cover, MoreCapacity, NewQuality, Option, Sooner, Spare
from freehold.plan.prices import YEAR, date_on, plan_days
from freehold.report.line_breaks import cells, cut_short
from freehold.report.sentences import item_name, rules_in_words, who
from freehold.stack.cutoff import Cutoff
from freehold.stack.values import Stack
from freehold.words import day, days, listed, percent, say

__all__ = [
    "aim_words", "asked_of", "change_words", "cut_words", "does", "few", "landlord", "last_day", "money", "option_name",
    "short", "source_words", "year_start",
]  # fmt: skip

_LONGEST: Final = 60
"""Cells of a name within a sentence."""
_MOST_WORDS: Final = 10
"""Words of one."""
_MOST_RULES: Final = 2
"""Rules of a cut-off that are told one by one where it has a name."""


def money(value: float, currency: str | None = None) -> str:
    """An amount of money: ``120,000 EUR``; of small ones the cents too."""
    shown = f"{value:,.0f}" if abs(value) >= 1000 or abs(value - round(value)) < 5e-4 else f"{value:,.2f}"
    return say("plan.money", amount=shown, currency=currency) if currency else shown


def short(name: str) -> str:
    """A name that fits a sentence."""
    words = name.split()
    name = name if len(words) <= _MOST_WORDS else " ".join(words[:_MOST_WORDS]).rstrip(",;:") + "…"
    if cells(name) <= _LONGEST:
        return name
    kept = cut_short(name, _LONGEST)
    whole = name[:_LONGEST].rpartition(" ")[0].rstrip(",;:…")
    return whole + "…" if _LONGEST // 2 < cells(whole) < _LONGEST else kept


def few(names: Sequence[str], most: int) -> str:
    """The first few names, and how many more there are."""
    shown = listed(short(name) for name in names[:most])
    return say("plan.and_more", names=shown, count=f"{len(names) - most:,}") if len(names) > most else shown


def last_day(limits: Limits) -> str:
    """The plan's last day (ISO 8601)."""
    return date_on(plan_days(limits), limits)


def year_start(limits: Limits, number: int) -> str:
    """First day of a year of the plan, counted from 0 (ISO 8601)."""
    return date_on(YEAR * number, limits)


def option_name(option: Option | None, id_: str) -> str:
    """An option's name, else its id."""
    return option.name if option is not None and option.name else id_


def source_words(stack: Stack | None, id_: str, option: Option | None = None) -> str:
    """A source as its item from its provider; else its id."""
    adds = option.adds if option is not None else None
    holders = [one for one in (stack, adds) if one is not None]
    source = next((one.source_by_id[id_] for one in holders if id_ in one.source_by_id), None)
    if source is None or not isinstance(source.provider, str):
        return say("plan.source", source=id_)
    # what an option adds may name items and providers that the stack has, and the other way round
    item = next((one for one in holders if source.item in one.item_by_id), stack)
    provider = next((one for one in holders if source.provider in one.provider_by_id), stack)
    return say("plan.source_of", item=item_name(item, source.item), provider=who(provider, source.provider))


def landlord(stack: Stack | None, id_: str) -> str:
    """A landlord's name; words for one who is not known."""
    return say("report.not_known") if id_ == "?" else who(stack, id_)


def change_words(change: Change, stack: Stack | None, option: Option | None = None) -> str:
    """What a change does, in a clause."""
    source = source_words(stack, change.source, option)
    match change:
        case Activate():
            if change.share is None:
                return say("plan.change_activate", source=source)
            return say("plan.change_share", source=source, share=percent(change.share))
        case Cover():
            return say("plan.change_cover", source=source, item=item_name(stack, change.item), days=days(change.survive))
        case MoreCapacity():
            return say("plan.change_capacity", source=source, capacity=percent(change.capacity))
        case Sooner():
            return say("plan.change_recover", source=source, days=days(change.recover))
        case NewQuality():
            return say("plan.change_quality", source=source, quality=percent(change.quality))
        case Spare():
            if change.weight <= 0:
                return say("plan.change_spare_all", source=source, item=item_name(stack, change.item))
            return say("plan.change_spare", source=source, item=item_name(stack, change.item), weight=percent(change.weight))


def does(option: Option | None, stack: Stack | None) -> str:
    """All that an option does."""
    return (
        say("report.separator").join(change_words(one, stack, option) for one in option.changes) if option is not None else ""
    )


def cut_words(cut: Cutoff, stack: Stack | None) -> str:
    """What is cut: by its rules where they are few, by its name where they are many."""
    if len(cut.rules) > _MOST_RULES and cut.name:
        return say("plan.cut_named", name=short(cut.name))
    return rules_in_words(cut, stack)


def _on(days_: Iterable[float], *, throughout: bool) -> str:
    found = sorted(days_)
    if throughout:
        return say("plan.throughout", day=day(found[-1]))
    if len(found) == 1:
        return say("plan.on_day", day=day(found[0]))
    return say("plan.on_days", days=listed(day(one) for one in found))


def aim_words(aim: Aim, stack: Stack | None) -> str:
    """What an aim asks, as a clause."""
    match aim:
        case LevelAim():
            what = say("plan.mission") if aim.target is None else say("plan.item", item=short(item_name(stack, aim.target)))
            return say(
                "plan.aim_level", what=what, level=percent(aim.level), when=_on(aim.days, throughout=aim.throughout),
                rules=cut_words(aim.cut, stack),
            )  # fmt: skip
        case BestAim():
            return say("plan.aim_best", when=_on(aim.days, throughout=False), rules=cut_words(aim.cut, stack))
        case ShareAim():
            if aim.item is not None:
                what = say("plan.item", item=short(item_name(stack, aim.item)))
            else:
                what = say("plan.mission") if aim.kind is None else say("plan.layer", kind=aim.kind)
            return say("plan.aim_share", measure=say(f"plan.measure_{aim.measure}"), what=what, share=percent(aim.share))
        case LossAim():
            number = "one" if aim.order == 1 else "many"
            # the own country is none that can be lost
            of = "other_country" if aim.of == "country" and stack is not None and stack.home is not None else aim.of
            return say(
                f"plan.aim_loss_{number}", order=aim.order, of=say(f"plan.of_{of}_{number}"), level=percent(aim.level),
                when=_on(aim.days, throughout=False),
            )  # fmt: skip


def asked_of(aim: Aim) -> float | None:
    """The level or share that an aim asks for; ``None`` where it asks for the best that can be."""
    match aim:
        case LevelAim() | LossAim():
            return aim.level
        case ShareAim():
            return aim.share
        case BestAim():
            return None
