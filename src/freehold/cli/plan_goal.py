"""From the flags of ``freehold plan`` to a goal. Owns what each flag asks for, and what no plan can be asked for."""

from __future__ import annotations

import argparse
import copy
import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from freehold.errors import UsageError

if TYPE_CHECKING:
    from freehold.plan.goal_values import Aim, Goal, Limits, ShareAim
    from freehold.settings import Settings
    from freehold.stack.cutoff import Cutoff
    from freehold.stack.values import Stack

__all__ = ["asks_something", "goal_from", "limits_from", "see_flags"]

_MOST_YEARS: Final = 100
_MOST_ORDER: Final = 10


def see_flags(options: argparse.Namespace) -> None:
    """Refuse what makes no sense whatever the stack is, before it is read.

    Raises
    ------
    freehold.errors.UsageError
        With the mend.
    """
    if options.level is None and options.target is not None:
        raise UsageError("--target says of what the level is; say which level: --level 0.9.")
    if options.level is None and options.reliance is None and options.throughout:
        raise UsageError("--throughout says when a level holds; say which level: --level 0.9, or --reliance 0.7.")
    if options.penalty is not None and options.level is not None:
        raise UsageError("--penalty weighs what is lost, and --level forbids it. Leave one of them out.")


def asks_something(options: argparse.Namespace) -> bool:
    """Whether any flag says what a plan must do."""
    texts = (options.reliance, options.level, options.survive, options.penalty, options.target, options.day)
    lists = (
        options.face_value, options.content, options.country, options.provider, options.owner, options.items, options.source,
        options.scenario,
    )  # fmt: skip
    return any(one is not None for one in texts) or any(lists) or options.foreign or options.seek != "cost"


def goal_from(options: argparse.Namespace, stack: Stack, settings: Settings, today: date) -> Goal:
    """The goal that the flags describe.

    Parameters
    ----------
    options
        Parsed flags.
    stack
        Items may be named by name.
    settings
        Days and floor.
    today
        The plan's first day where no flag says it.

    Raises
    ------
    freehold.errors.FreeholdError
        If a flag makes no sense, or names what is not there; or if nothing is asked.
    """
    from freehold.measure.cutoff import DAYS
    from freehold.plan.goal_values import Goal

    shown_days = settings.days or DAYS
    aims = _aims(options, stack, settings, shown_days)
    seek: Literal["cost", "reliance"] = options.seek
    wants_frontier = getattr(options, "frontier", False)
    if not aims and wants_frontier:
        seek = "reliance"
    if not aims and seek == "cost":
        raise UsageError(
            "nothing is asked of the plan. Say what must hold: --reliance 0.7, a cut-off such as --foreign or --country US "
            "(with --level 0.9, or as high as it can be), --face-value 0.5, --content 0.5, --survive 1 --of provider; "
            "or --seek reliance --budget MONEY, or --frontier."
        )
    if (seek == "reliance" or wants_frontier) and stack.home is None:
        flag = "--seek reliance" if options.seek == "reliance" else "--frontier"
        raise UsageError(f"{flag}: self-reliance needs a home. Give --home CC, or home in [stack].")
    return Goal(tuple(aims), limits_from(options, today), seek, tuple(shown_days))


def _aims(options: argparse.Namespace, stack: Stack, settings: Settings, shown_days: Sequence[float]) -> list[Aim]:
    from freehold.cli.flags import via_from
    from freehold.measure.assess import foreign_cutoff
    from freehold.measure.cutoff import FLOOR, check_cutoff
    from freehold.plan.goal_values import BestAim, LevelAim, LossAim
    from freehold.work import find_item

    days = _days(options.day) if options.day is not None else (float(max(shown_days)),)
    level = None if options.level is None else _share(options.level, "--level")
    target = None if options.target is None else find_item(stack, options.target)
    aims: list[Aim] = []
    if options.reliance is not None:
        if stack.home is None:
            raise UsageError("--reliance: self-reliance needs a home. Give --home CC, or home in [stack].")
        foreign = foreign_cutoff(via_from(options), options.stake)
        aims.append(LevelAim(foreign, _share(options.reliance, "--reliance"), days, throughout=options.throughout))
    cuts = _cutoffs(options, stack)
    for cut in cuts:
        check_cutoff(stack, cut)
        if level is None:
            aims.append(BestAim(cut, days))
        else:
            aims.append(LevelAim(cut, level, days, target, options.throughout))
    for measure, texts in (("face_value", options.face_value), ("content", options.content)):
        aims += [_share_aim(text, measure, stack) for text in texts]
    if options.survive is not None:
        order = _count(options.survive, "--survive", most=_MOST_ORDER)
        aims.append(LossAim(options.of, order, level if level is not None else settings.floor or FLOOR, days))
    elif options.of != "provider":
        raise UsageError(f"--of {options.of} says what is lost; say how many at once: --survive 1.")
    if options.penalty is not None and not any(isinstance(aim, BestAim) for aim in aims):
        raise UsageError("--penalty needs what is cut: --foreign, --country US, --provider ID, --scenario FILE.")
    if level is not None and not cuts and options.survive is None:
        raise UsageError("--level needs what is cut: --foreign, --country US, --provider ID, --scenario FILE.")
    return aims


def _cutoffs(options: argparse.Namespace, stack: Stack) -> list[Cutoff]:
    """One cut-off of all flags together, and one of each scenario."""
    from freehold.cli.flags import cutoff_from

    alone: list[Cutoff | None] = []
    for scenarios in ([], *([one] for one in options.scenario)):
        asked = copy.copy(options)
        asked.scenario = scenarios
        if scenarios:
            asked.country, asked.provider, asked.owner, asked.items, asked.source, asked.foreign = [], [], [], [], [], False
        alone.append(cutoff_from(asked, stack))
    found = [cut for cut in alone if cut is not None]
    return list(dict.fromkeys(found))


def _share_aim(text: str, measure: str, stack: Stack) -> ShareAim:
    from freehold.plan.goal_values import ShareAim
    from freehold.stack.schema import KINDS
    from freehold.work import find_item

    flag = "--" + measure.replace("_", "-")
    share, sign, what = text.partition("@")
    kind, item = None, None
    if sign:
        if not what.strip():
            raise UsageError(f"{flag}: '{text}' names nothing after the @. Write {flag} 0.5@model, or 0.5@ITEM.")
        if what in KINDS:
            kind = what
        else:
            item = find_item(stack, what)
    if stack.home is None:
        raise UsageError(f"{flag}: what is held is told from a home. Give --home CC, or home in [stack].")
    return ShareAim(cast('Literal["face_value", "content"]', measure), _share(share, flag), kind, item)


def limits_from(options: argparse.Namespace, today: date) -> Limits:
    """Within what a plan must stay, as the flags say it.

    Parameters
    ----------
    options
        Parsed flags.
    today
        The plan's first day where no flag says it.

    Raises
    ------
    freehold.errors.UsageError
        If a flag makes no sense.
    """
    from freehold.cli.flags import day_from
    from freehold.plan.goal_values import Limits

    start = today if options.start is None else _date(options.start, "--start")
    years = 1 if options.years is None else _count(options.years, "--years", most=_MOST_YEARS)
    by = None
    if options.by is not None:
        end = _date(options.by, "--by")
        if end <= start:
            first = f"today, {start.isoformat()}" if options.start is None else f"its start, {start.isoformat()}"
            raise UsageError(f"--by {options.by} is in the past: the plan would end before {first}. Give a later day.")
        if (end - start).days > 365 * _MOST_YEARS:
            raise UsageError(f"--by {options.by} is over {_MOST_YEARS} years away. Give an earlier day.")
        by = end.isoformat()
    elif start > date.max - timedelta(days=365 * years):
        raise UsageError(f"--start {options.start} leaves no {years} years before {date.max}. Give an earlier day.")
    budget_years: tuple[float, ...] = ()
    if options.budget_year is not None:
        parts = [part.strip() for part in options.budget_year.split(",")]
        if not any(parts):
            raise UsageError("--budget-year: no amount is given. Write one for each year, such as 100000,80000.")
        # an amount left out would move all later ones, and 100,000 reads as 100 and then nothing
        if not all(parts) or any(len(part) == 3 and part.isdigit() and part[0] == "0" for part in parts):
            raise UsageError(
                f"--budget-year: '{options.budget_year}' is no list of amounts, one for each year. "
                "Write them without commas of their own, such as 100000,80000."
            )
        budget_years = tuple(_amount(part, "--budget-year") for part in parts)
    given: dict[str, Any] = {
        "budget": options.budget, "people": options.people, "penalty": options.penalty,
    }  # fmt: skip
    return Limits(
        start.isoformat(), by, years, budget_years=budget_years,
        lead=None if options.longest_lead is None else day_from(options.longest_lead, "--longest-lead"),
        quality=None if options.quality is None else _share(options.quality, "--quality", least=0.0),
        discount=0.0 if options.discount is None else _rate(options.discount),
        **{name: None if text is None else _amount(text, f"--{name}") for name, text in given.items()},
    )  # fmt: skip


def _days(text: str) -> tuple[float, ...]:
    from freehold.cli.flags import day_from

    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise UsageError("--day: no day is given. Write numbers from 0 up, such as 30,365.")
    return tuple(sorted({day_from(part, "--day") for part in parts}))


def _number(text: str, flag: str, example: str) -> float:
    try:
        value = float(text.strip())
    except ValueError:
        raise UsageError(f"{flag}: '{text}' is no number. Write it as {example}.") from None
    if not math.isfinite(value):
        raise UsageError(f"{flag}: '{text}' is no number that there can be. Write it as {example}.")
    return value


def _share(text: str, flag: str, least: float | None = None) -> float:
    value = _number(text.strip().removesuffix("%"), flag, "0.7")
    if text.strip().endswith("%"):
        value /= 100
    if value > 1:
        meant = f"Write {value / 100:g} for {value:g} %." if value <= 100 else "Write 0.7 for 70 %."
        raise UsageError(f"{flag} {text}: more than the whole cannot be reached. {meant}")
    if value < 0 or (value == 0 and least is None):
        raise UsageError(f"{flag} {text}: that holds whatever is done. Give a number above 0, up to 1.")
    return value


def _amount(text: str, flag: str) -> float:
    value = _number(text, flag, "100000")
    if value < 0:
        raise UsageError(f"{flag}: {text} is under 0. Give 0 or more.")
    return value


def _rate(text: str) -> float:
    value = _number(text, "--discount", "0.03")
    if not 0 <= value < 1:
        raise UsageError(f"--discount: {text} is not from 0 up to 1. Write 0.03 for 3 % a year.")
    return value


def _count(text: str, flag: str, *, most: int) -> int:
    value = text.strip()
    if not value.isascii() or not value.isdigit() or len(value) > 9 or not 1 <= int(value) <= most:
        raise UsageError(f"{flag}: '{text}' is no whole number from 1 to {most}.")
    return int(value)


def _date(text: str, flag: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{flag}: '{text}' is no date. Write it as 2028-12-31.") from None
