"""States over years as a linear program with whole numbers. Owns its columns, its rows and the bound that prices of rows prove.

Of each year there are columns, all in [0, 1]: y (build decision is there by the end of the year), a (state is had), w
(route works). Only y need be whole: given y, the largest a and w are 0 or 1. Rows, all ``≤``::

    a ≤ Σ w over its routes      w ≤ y of its build decision      w ≤ a of each state that it takes
    y of a year ≤ y of the next  Σ c (y - y of the year before) ≤ budget of the year

Paying c in the year in which y rises is Σ c (weight_t - weight_t+1) y_t, so that only the last two bind years together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from freehold.network.arrays import Floats, Integers
from freehold.plan.phasing_states import States
from freehold.plan.problem import Booleans, Horizon
from freehold.plan.weak_duality import priced, usable_prices

__all__ = ["Rows", "YearsModel", "year_alone", "years_model"]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows ``Σ value · column ≤ upper``, compressed.

    Parameters
    ----------
    start : (rows + 1,)
        Where each row begins.
    column, value : (…,)
        Its columns and their factors.
    upper : (rows,)
        Its right-hand side; ``inf`` for none.
    """

    start: Integers
    column: Integers
    value: Floats
    upper: Floats


@dataclass(frozen=True, slots=True)
class YearsModel:
    """The program: least ``constant + cost · x`` with ``rows``, 0 ≤ x ≤ 1.

    Parameters
    ----------
    rows
        Its rows.
    cost : (columns,)
    constant
        Penalty of all pairs in all years.
    builds : (…,)
        The problem's numbers of the build decisions: columns 0, 1, … of each year.
    states
        Columns len(builds), len(builds) + 1, … of each year.
    route_column : (routes,)
        Column of each route within a year: a route that is only a build decision, or only another state, has that one's.
    width, logic
        Columns of a year, and rows of a year that speak of nothing but that year's logic; these rows come first, year by year,
        then those of the order of years, a row a build, then the budgets that are limited.
    first : (years,)
        The years of the horizon in which something may be built; each stands for those up to the next, too.
    """

    rows: Rows
    cost: Floats
    constant: float
    builds: Integers
    states: States
    route_column: Integers
    width: int
    logic: int
    first: Integers

    @property
    def years(self) -> int:
        """How many years the program tells apart."""
        return len(self.first)

    @property
    def whole(self) -> Booleans:
        """Which columns must be whole."""
        return np.tile(np.arange(self.width) < len(self.builds), self.years)

    def there(self, solution: Floats) -> Floats:
        """The columns y of a solution, (years, builds of the model)."""
        return solution.reshape(self.years, self.width)[:, : len(self.builds)]

    def years_of(self, solution: Floats, builds: int) -> Integers:
        """The plan (builds of the problem,) that a whole solution stands for: the year of each, -1 for never."""
        return self.years_from(self.there(solution), builds)

    def years_from(self, columns: Floats, builds: int) -> Integers:
        """The same for columns y alone, (years, builds of the model)."""
        there = columns > 0.5
        year = np.full(builds, -1, np.int64)
        year[self.builds] = np.where(there.any(axis=0), self.first[there.argmax(axis=0)], -1)
        return year

    def columns_of(self, year: Integers) -> Floats:
        """Values of the columns y for a plan (builds of the problem,), (years, builds of the model)."""
        chosen = year[self.builds]
        return ((chosen >= 0) & (chosen <= self.first[:, None])).astype(np.float64)

    def proven(self, prices: Floats, rows: Rows | None = None) -> float:
        """Lower bound that any prices of rows prove.

        It holds whatever the prices are (:mod:`freehold.plan.weak_duality`); those of the wrong sign count as 0.

        Parameters
        ----------
        prices : (rows,)
            As a solver gives them: 0 or less.
        rows
            The rows, if there are more than the model's own.
        """
        return self.constant + self._priced(prices, rows or self.rows)[0]

    def reduced(self, prices: Floats, rows: Rows | None = None) -> Floats:
        """Reduced costs, (columns,), of prices as in `proven`."""
        return self._priced(prices, rows or self.rows)[1]

    def _priced(self, prices: Floats, rows: Rows) -> tuple[float, Floats]:
        limited = np.isfinite(rows.upper)
        price = np.where(limited, np.minimum(usable_prices(prices), 0.0), 0.0)
        return priced(self.cost, rows.start, rows.column, rows.value, np.where(limited, rows.upper, 0.0), price)


def years_model(states: States, cost: Floats, horizon: Horizon, first: Integers | None = None) -> YearsModel:
    """Make the program.

    Parameters
    ----------
    states
        What is open.
    cost : (builds,)
        What each of the problem's build decisions costs.
    horizon
        Years, budgets, weights, penalty.
    first
        Years in which something may be built, from 0; by default all of them.
    """
    if first is None:
        first = np.arange(len(horizon.weight))
    weight = horizon.weight[first]
    lasting = np.add.reduceat(horizon.weight, first) if len(first) else horizon.weight
    return _program(states, cost, weight - np.append(weight[1:], 0.0), horizon.penalty * lasting, horizon.budget[first], first)


def year_alone(states: States, cost: Floats, horizon: Horizon, year: int) -> YearsModel:
    """Make the program of one year, whose least costs, added over all years, no plan of years undercuts.

    In that year everything spent up to then is there: its budget is that of all years up to then, a build costs by how much
    the weight falls after that year, and a pair that is not had costs the penalty of that year.

    Parameters
    ----------
    states, cost, horizon
        As for all years.
    year
        Which one.
    """
    later = float(horizon.weight[year + 1]) if year + 1 < len(horizon.weight) else 0.0
    weight, budget = horizon.weight[year : year + 1], np.array([horizon.budget[: year + 1].sum()])
    return _program(states, cost, weight - later, horizon.penalty * weight, budget, np.array([year]))


def _program(states: States, cost: Floats, paid: Floats, penalty: Floats, budget: Floats, first: Integers) -> YearsModel:
    """The program where a build there in a year costs ``paid`` of its cost, a pair not had the ``penalty`` (both years,)."""
    years = len(first)
    builds, price = states.builds, cost[states.builds]
    column = {int(build): number for number, build in enumerate(builds)}
    count = len(builds)
    route_column = np.zeros(len(states.routes), np.int64)
    width = count + len(states.ways)
    list_of_rows: list[list[tuple[int, float]]] = []
    for number, (build, needed) in enumerate(states.routes):
        if build >= 0 and not needed:
            route_column[number] = column[build]
        elif build < 0 and len(needed) == 1:
            route_column[number] = count + needed[0]
        else:
            route_column[number] = width
            if build >= 0:
                list_of_rows.append([(width, 1.0), (column[build], -1.0)])
            list_of_rows.extend([(width, 1.0), (count + state, -1.0)] for state in needed)
            width += 1
    for state, ways in enumerate(states.ways):
        giving = [int(route_column[way]) for way in ways]
        if count + state not in giving:  # what may hold itself up alone asks for nothing
            list_of_rows.append([(count + state, 1.0), *((one, -1.0) for one in giving)])
    logic = _rows(list_of_rows, np.zeros(len(list_of_rows)))
    goal = np.zeros((years, width))
    goal[:, :count] = np.outer(paid, price)
    goal[:, count + states.targets] = -np.outer(penalty, states.weight)
    pairs = int(states.weight.sum()) + states.never
    blocks = [_shifted(logic, year * width) for year in range(years)]
    blocks += [_order(year, width, count) for year in range(years - 1)]
    limited = np.flatnonzero(np.isfinite(budget)).tolist()
    blocks += [_budget(year, width, price, float(budget[year])) for year in limited]
    constant = float(penalty.sum() * pairs)
    return YearsModel(_joined(blocks), goal.ravel(), constant, builds, states, route_column, width, len(logic.upper), first)


def _rows(entries: list[list[tuple[int, float]]], upper: Floats) -> Rows:
    start = np.concatenate(([0], np.cumsum([len(row) for row in entries]))).astype(np.int64)
    column = np.array([one for row in entries for one, _ in row], np.int64)
    value = np.array([one for row in entries for _, one in row], np.float64)
    return Rows(start, column, value, upper)


def _shifted(rows: Rows, by: int) -> Rows:
    return Rows(rows.start, rows.column + by, rows.value, rows.upper)


def _order(year: int, width: int, builds: int) -> Rows:
    column = np.column_stack([year * width + np.arange(builds), (year + 1) * width + np.arange(builds)]).ravel()
    return Rows(2 * np.arange(builds + 1), column, np.tile([1.0, -1.0], builds), np.zeros(builds))


def _budget(year: int, width: int, price: Floats, budget: float) -> Rows:
    paid = np.flatnonzero(price)
    column, value = year * width + paid, price[paid]
    if year:
        column, value = np.concatenate([column, (year - 1) * width + paid]), np.concatenate([value, -price[paid]])
    return Rows(np.array([0, len(column)]), column, value, np.array([budget]))


def _joined(blocks: list[Rows]) -> Rows:
    start, at = [np.zeros(1, np.int64)], 0
    for block in blocks:
        start.append(block.start[1:] + at)
        at += int(block.start[-1])
    if not blocks:
        return Rows(start[0], np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    return Rows(
        np.concatenate(start).astype(np.int64), np.concatenate([block.column for block in blocks]).astype(np.int64),
        np.concatenate([block.value for block in blocks]), np.concatenate([block.upper for block in blocks]),
    )  # fmt: skip
