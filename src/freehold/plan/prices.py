"""What a plan costs and when: learning, running costs, discount, payments by year. Owns the one reckoning of money and days.

Days count from the plan's start; a year of a plan is 365 of them. Running costs are counted for the whole length of the plan
whenever a step becomes ready, so that waiting is never rewarded; payments by year are those that really fall in each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from freehold.errors import UsageError
from freehold.plan.goal_values import Limits
from freehold.plan.option_values import Option
from freehold.stack.values import Maybe, is_stated

__all__ = [
    "YEAR", "building_costs", "date_on", "day_of", "learning_groups", "payments", "plan_cost", "plan_days", "plan_years",
    "running_cost", "stated", "step_cost",
]  # fmt: skip

YEAR: Final = 365.0
"""Days of a year of a plan."""


def day_of(text: str, limits: Limits) -> float:
    """Days from the plan's start to a date (ISO 8601); negative before it.

    Raises
    ------
    freehold.errors.UsageError
        If one of the two is no date.
    """
    return float((_date(text) - _date(limits.start)).days)


def date_on(day: float, limits: Limits) -> str:
    """The date (ISO 8601) of a day of the plan: part of a day is in that day; the last date that there is for later ones."""
    try:
        return (_date(limits.start) + timedelta(days=math.ceil(day - 1e-9))).isoformat()
    except OverflowError:
        return date.max.isoformat()


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is no date. Write it as 2028-12-31.") from None


def plan_days(limits: Limits) -> float:
    """The plan's last day, on which its aims must hold."""
    return limits.years * YEAR if limits.by is None else day_of(limits.by, limits)


def plan_years(limits: Limits) -> float:
    """How many years running costs are counted for."""
    return plan_days(limits) / YEAR


def stated(value: Maybe[float]) -> float:
    """A cost or a time, 0 where it is blank or not known."""
    return value if is_stated(value) else 0.0


def learning_groups(options: Sequence[Option]) -> Mapping[str, tuple[int, ...]]:
    """Numbers of the options of each group whose members get cheaper together."""
    found: dict[str, list[int]] = {}
    for number, option in enumerate(options):
        if option.learns_with is not None and option.learning is not None:
            found.setdefault(option.learns_with, []).append(number)
    return {group: tuple(members) for group, members in found.items()}


def building_costs(options: Sequence[Option], starts: Mapping[int, float]) -> dict[int, float]:
    """What building each started option costs, after what was learnt from those of its group that started before.

    Parameters
    ----------
    options
        All options.
    starts
        Day on which each built one starts, by its number. Equal days stand in the order of ids.

    Notes
    -----
    The cost of the n-th is its own times n to the power log2(learning): Wright 1936, "Factors Affecting the Cost of
    Airplanes", Journal of the Aeronautical Sciences 3(4).
    """
    found = {number: stated(options[number].cost_once) for number in starts}
    for members in learning_groups(options).values():
        built = sorted((one for one in members if one in starts), key=lambda one: (starts[one], options[one].id))
        for place, number in enumerate(built, 1):
            found[number] *= place ** math.log2(options[number].learning or 1.0)
    return found


def running_cost(option: Option, limits: Limits) -> float:
    """What running an option costs over the whole length of a plan, not discounted."""
    return stated(option.cost_year) * plan_years(limits)


def step_cost(option: Option, once: float, start: float, limits: Limits) -> float:
    """What a step costs within a plan, all in all, discounted by the whole years before its start."""
    return (once + running_cost(option, limits)) / (1 + limits.discount) ** math.floor(max(0.0, start) / YEAR + 1e-9)


def plan_cost(options: Sequence[Option], starts: Mapping[int, float], limits: Limits) -> float:
    """What a plan costs: the sum of its steps."""
    once = building_costs(options, starts)
    return math.fsum(step_cost(options[one], once[one], start, limits) for one, start in starts.items())


def payments(
    options: Sequence[Option], steps: Iterable[tuple[int, float, float, float]], limits: Limits,
    committed: Iterable[tuple[float, float]] = (),
) -> tuple[float, ...]:  # fmt: skip
    """What really falls in each year of the plan, not discounted.

    Parameters
    ----------
    options
        All options.
    steps
        Of each open step: number of the option, start, ready, cost of building it.
    limits
        The plan's length.
    committed
        Of each step that is no longer open: its start, and all that it still costs; it is paid in the year of the start, in the
        first year where that is over.
    """
    last = plan_days(limits)
    years = [0.0] * max(1, math.ceil(last / YEAR - 1e-9))

    def year_of(day: float) -> int:
        return min(len(years) - 1, max(0, int(day / YEAR + 1e-9)))

    for start, cost in committed:
        years[year_of(start)] += cost
    for number, start, ready, once in steps:
        years[year_of(start)] += once
        for year in range(len(years)):
            begin, end = max(ready, year * YEAR), min((year + 1) * YEAR, last)
            years[year] += stated(options[number].cost_year) * max(0.0, end - begin) / YEAR
    return tuple(years)
