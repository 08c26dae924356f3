"""Days, years and people of a plan as constraints. Owns when steps start, in the model that proposes plans.

Used only where it matters when a step starts: a budget for each year, a discount, learning within a group, few people. Start
days are whole; a running cost is paid from the whole day on which its step is ready, and a committed step costs what it still
costs in the year of its start, the first year if that is over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from freehold.plan.openings import TOLERANCE, Openings
from freehold.plan.prices import YEAR, running_cost
from freehold.plan.whole_money import Unit, unit_for
from freehold.stack.values import is_stated

__all__ = ["Cell", "Timing", "amounts"]

_DAYS = int(YEAR)
_PARTS_OF_PERSON = 1_000

Cell = tuple[int, int]
"""Year of the start, counted from 0, and place within the learning group, counted from 1."""


def _once(openings: Openings, option: int, place: int) -> float:
    chosen = openings.options[option]
    once = chosen.cost_once if is_stated(chosen.cost_once) else 0.0
    return once * place ** math.log2(chosen.learning or 1.0) if place > 1 else once


def _cells(openings: Openings, option: int) -> list[Cell]:
    places = max((len(group) for group in openings.learning if option in group), default=1)
    years = range(1)
    if openings.limits.discount > 0 or openings.limits.budget_years:
        years = range(openings.earliest[option] // _DAYS, openings.latest[option] // _DAYS + 1)
    return [(year, place) for year in years for place in range(1, places + 1)]


def _cost(openings: Openings, option: int, cell: Cell) -> float:
    year, place = cell
    whole = _once(openings, option, place) + running_cost(openings.options[option], openings.limits)
    return whole / (1 + openings.limits.discount) ** year


def amounts(openings: Openings) -> Unit:
    """The unit in which all amounts of a plan are counted."""
    found: list[float] = []
    for option in openings.earliest:
        yearly = openings.options[option].cost_year
        found += [yearly] if is_stated(yearly) else []
        for cell in _cells(openings, option):
            found += [_once(openings, option, cell[1]), _cost(openings, option, cell)]
    return unit_for(found, len(openings.earliest))


class Timing:
    """Start days, and what they decide.

    Parameters
    ----------
    model
        The model to which it adds variables and constraints.
    openings
        What can be chosen.
    built
        Whether each open option is built: a literal.
    unit
        How money is counted.

    Attributes
    ----------
    starts
        Day on which each open option starts; its earliest where it is not built.
    cost, spent
        Cost of the plan, and what is spent in all without discount, committed steps apart: expressions in units.
    """

    def __init__(self, model: Any, openings: Openings, built: Mapping[int, Any], unit: Unit) -> None:
        self._model, self._openings, self._built, self._unit = model, openings, built, unit
        self.starts = {
            one: model.new_int_var(openings.earliest[one], openings.latest[one], f"start {one}") for one in openings.earliest
        }
        for one, start in self.starts.items():
            model.add(start == openings.earliest[one]).only_enforce_if(~built[one])
            for before in openings.requires[one]:
                model.add(start >= self.starts[before] + openings.whole_lead(before)).only_enforce_if(built[one])
        self._cells = {one: self._add_cells(one) for one in openings.earliest}
        for group in openings.learning:
            self._add_places(group)
        self.cost = self._sum(lambda one, cell: unit.down(_cost(openings, one, cell)))
        self.spent = self._sum(lambda one, cell: unit.down(_cost(openings, one, (0, cell[1]))))
        if openings.limits.budget_years:
            self._add_years()
        if openings.limits.people is not None:
            self._add_people()

    def _sum(self, amount: Any) -> Any:
        return sum(amount(one, cell) * there for one, cells in self._cells.items() for cell, there in cells.items())

    def _add_cells(self, option: int) -> dict[Cell, Any]:
        model, start = self._model, self.starts[option]
        cells = _cells(self._openings, option)
        if len(cells) == 1:
            return {cells[0]: self._built[option]}
        found = {cell: model.new_bool_var(f"{option} in year {cell[0]} as {cell[1]}") for cell in cells}
        model.add(sum(found.values()) == self._built[option])
        if len({year for year, _ in cells}) > 1:
            for (year, _), there in found.items():
                model.add_linear_constraint(start, year * _DAYS, (year + 1) * _DAYS - 1).only_enforce_if(there)
        return found

    def _add_places(self, group: tuple[int, ...]) -> None:
        """Who of a learning group starts before whom: by day, then by id."""
        model, built, options = self._model, self._built, self._openings.options
        ordered = sorted(group, key=lambda one: options[one].id)
        rank = {one: place for place, one in enumerate(ordered)}
        before: dict[tuple[int, int], Any] = {}
        for first in group:
            for second in group:
                if first == second or second not in built:
                    continue
                there = before[first, second] = model.new_bool_var(f"{first} before {second}")
                gap = 0 if rank[first] < rank[second] else 1
                if first in built:
                    model.add(self.starts[first] + gap <= self.starts[second]).only_enforce_if(there)
                    model.add_implication(there, built[first])
                    model.add_implication(there, built[second])
                else:
                    last_before = math.ceil(self._openings.committed[first].start - TOLERANCE)
                    bound = last_before if gap == 0 else math.floor(self._openings.committed[first].start + TOLERANCE) + 1
                    model.add(self.starts[second] >= bound).only_enforce_if(there)
                    model.add(self.starts[second] < bound).only_enforce_if(~there, built[second])
                    model.add_implication(there, built[second])
        for first, second in before:
            if first in built and rank[first] < rank[second]:
                pair = [before[first, second], before[second, first]]
                model.add_at_most_one(pair)
                model.add_bool_or([*pair, ~built[first], ~built[second]])
        for second in group:
            if second in built:
                place = 1 + sum(before[first, second] for first in group if first != second)
                for (_, number), there in self._cells[second].items():
                    model.add(place == number).only_enforce_if(there)

    def _add_years(self) -> None:
        openings, model, unit = self._openings, self._model, self._unit
        last, budgets = int(openings.last), openings.limits.budget_years
        years = max(1, math.ceil(openings.last / YEAR - TOLERANCE))
        fixed = [0.0] * years
        for step in openings.committed.values():
            fixed[min(years - 1, max(0, math.floor(step.start / YEAR + TOLERANCE)))] += step.cost
        for year in range(years):
            budget = budgets[min(year, len(budgets) - 1)]
            begin, end = year * _DAYS, min((year + 1) * _DAYS, last)
            paid = []
            for one, cells in self._cells.items():
                for (number, place), there in cells.items():
                    if min(number, years - 1) == year:
                        paid.append(_DAYS * unit.down(_once(openings, one, place)) * there)
                yearly = openings.options[one].cost_year
                if is_stated(yearly) and yearly > 0 and end > begin:
                    paid.append(unit.down(yearly) * self._days_ready(one, begin, end))
            if paid and budget < math.inf:
                model.add(sum(paid) <= _DAYS * unit.limit(budget - fixed[year]))

    def _days_ready(self, option: int, begin: int, end: int) -> Any:
        """Days from ``begin`` until ``end`` on which an option is ready, no fewer."""
        model = self._model
        lead = math.floor(self._openings.lead(option) + TOLERANCE)
        ready = model.new_int_var(begin, max(begin, self._openings.latest[option] + lead), "")
        model.add_max_equality(ready, [self.starts[option] + lead, begin])
        days = model.new_int_var(0, end - begin, "")
        model.add(days >= end - ready).only_enforce_if(self._built[option])
        return days

    def _add_people(self) -> None:
        openings, model = self._openings, self._model
        intervals, demands = [], []
        for one, start in self.starts.items():
            lead, people = openings.whole_lead(one), openings.options[one].people
            if lead > 0 and people > 0:
                there = model.new_optional_fixed_size_interval_var(start, lead, self._built[one], f"work on {one}")
                intervals.append(there)
                demands.append(math.ceil(people * _PARTS_OF_PERSON - TOLERANCE))
        for one, step in openings.committed.items():
            begin, end = max(0, math.floor(step.start + TOLERANCE)), math.ceil(min(step.ready, openings.last + 1) - TOLERANCE)
            people = openings.options[one].people
            if end > begin and people > 0:
                intervals.append(model.new_fixed_size_interval_var(begin, end - begin, f"work on {one}"))
                demands.append(math.ceil(people * _PARTS_OF_PERSON - TOLERANCE))
        room = sum(demands)
        if openings.limits.people is not None and openings.limits.people * _PARTS_OF_PERSON < room:
            room = math.floor(openings.limits.people * _PARTS_OF_PERSON + TOLERANCE)
        fixed = [one for one in openings.committed if openings.options[one].people > 0]
        # what is committed may already take more than there are; it stays, and nothing is added beside it
        if fixed:
            room = max(room, _most_at_once(openings))
        model.add_cumulative(intervals, demands, room)


def _most_at_once(openings: Openings) -> int:
    """The most parts of persons that committed steps take at once."""
    steps = [(max(0.0, step.start), step.ready, openings.options[one].people) for one, step in openings.committed.items()]
    return max(
        (
            sum(math.ceil(people * _PARTS_OF_PERSON) for begin, end, people in steps if begin <= day < end)
            for day, _, _ in steps
        ),
        default=0,
    )
