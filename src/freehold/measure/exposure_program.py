"""Exposure by linear programs: time to recover, time to survive, the Risk Exposure Index. Owns the programs and their answers.

The model is that of Simchi-Levi and others, "Identifying Risks and Mitigating Disruptions in the Automotive Supply Chain"
(Interfaces 45(5), 2015, doi 10.1287/inte.2015.0804). Plants make parts within a capacity a period; products have a demand a
period, a stock and a loss for each unit that is not delivered. A scenario takes plants away. *Time to recover* (TTR): while
the scenario lasts, the least loss that the best use of what is left comes to. *Risk Exposure Index*: that loss by the largest
of any scenario. *Time to survive* (TTS): how long demand can be met in full.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from freehold.errors import SolveError

__all__ = ["SECONDS", "Binding", "Exposure", "ExposureAnswer", "Plant", "Plants", "Product", "Scenario", "Supply", "exposure"]

SECONDS: Final = 60.0
"""Most time for all programs together."""

_TINY: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Plant:
    """Somewhere parts are made.

    Parameters
    ----------
    id, name
        Its id, and its name for people.
    capacity
        Most that it makes in a period.
    stock
        Finished parts at hand; they can be delivered when the plant is gone too.
    recover
        Periods until it is back once it is lost.
    """

    id: str
    capacity: float
    stock: float = 0.0
    recover: float = 1.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """What is sold.

    Parameters
    ----------
    id, name
        Its id, and its name for people.
    demand
        Units a period.
    stock
        Units at hand.
    loss
        What one unit that is not delivered costs.
    """

    id: str
    demand: float
    stock: float = 0.0
    loss: float = 1.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Supply:
    """A plant that can deliver to a product, or to another plant.

    Parameters
    ----------
    supplier, user
        Ids.
    part
        What it delivers: those who deliver the same part to one user stand for one another, and of every part the user needs.
    use
        Units of the part for one unit of the user's.
    """

    supplier: str
    user: str
    part: str = ""
    use: float = 1.0


@dataclass(frozen=True)
class Plants:
    """Plants, products and who can deliver to whom.

    Raises
    ------
    freehold.errors.SolveError
        If an id stands twice, a link names what is neither, a product delivers, or a number is out of its bounds.
    """

    plants: tuple[Plant, ...]
    products: tuple[Product, ...]
    links: tuple[Supply, ...]

    def __post_init__(self) -> None:
        _see_sound(self)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is lost, and for how long.

    Parameters
    ----------
    id
        Its name.
    lost
        Part of each plant's capacity that is gone, by id.
    periods
        How long; by default the longest time to recover of its plants.
    """

    id: str
    lost: Mapping[str, float]
    periods: float | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """A capacity that holds the rest back.

    Parameters
    ----------
    plant
        Whose.
    saves
        By how much one unit more of it a period would lessen the loss, in all periods together.
    """

    plant: str
    saves: float


@dataclass(frozen=True, slots=True)
class Exposure:
    """What one scenario comes to.

    Parameters
    ----------
    id, lost, periods
        The scenario.
    cost
        Least loss.
    index
        By the largest loss of any scenario; 0 if none has any.
    units
        Units not delivered, by product, where there are any.
    production
        Units made in all plants, at the least that comes to this loss.
    survive
        Periods for which demand can be met in full; ``inf`` if for ever.
    binding
        Capacities that hold the rest back, the dearest first.
    """

    id: str
    lost: Mapping[str, float]
    periods: float
    cost: float
    index: float
    units: Mapping[str, float]
    production: float
    survive: float
    binding: tuple[Binding, ...]

    @property
    def lost_units(self) -> float:
        """Units not delivered, of all products."""
        return sum(self.units.values())


@dataclass(frozen=True)
class ExposureAnswer:
    """Scenarios, the dearest first; ``stopped`` if time ran out before all were worked out."""

    network: Plants
    scenarios: tuple[Exposure, ...]
    asked: int
    stopped: bool = False


def exposure(network: Plants, scenarios: Sequence[Scenario] | None = None, *, seconds: float = SECONDS) -> ExposureAnswer:
    """Work out scenarios; without any, the loss of each plant alone.

    Parameters
    ----------
    network
        See :class:`Plants`.
    scenarios
        See :class:`Scenario`.
    seconds
        Most time in all; scenarios beyond it are left out, and ``stopped`` says so.

    Raises
    ------
    freehold.errors.SolveError
        If a scenario names a plant that is not there, or a part or time out of bounds, or the solver finds no answer.
    ModuleNotFoundError
        If scipy is not installed.
    """
    asked = [Scenario(one.id, {one.id: 1.0}) for one in network.plants] if scenarios is None else list(scenarios)
    for one in asked:
        _see_scenario(one, network)
    program = _Program(network)
    until = time.monotonic() + seconds
    found = []
    for one in asked:
        left = until - time.monotonic()
        made = program.solve(one, left) if left > 0 else None
        if made is None:
            break
        found.append(made)
    most = max((one.cost for one in found), default=0.0)
    ranked = sorted((_indexed(one, most) for one in found), key=lambda one: (-one.cost, one.survive, one.id))
    return ExposureAnswer(network, tuple(ranked), len(asked), len(found) < len(asked))


def _indexed(one: Exposure, most: float) -> Exposure:
    index = one.cost / most if most > 0 else 0.0
    return Exposure(
        one.id, one.lost, one.periods, one.cost, index, one.units, one.production, one.survive, one.binding
    )  # fmt: skip


class _Program:
    """The linear programs of one network. Columns: y of each link, u of each plant, then l of each product, or 1/t.

    Rows, all "at most": of each user's part, r u_j - sum y <= 0 (of a product: - sum y / r - l <= stock - d t); of each
    plant, sum y - u <= stock and u <= c t.
    """

    def __init__(self, network: Plants) -> None:
        from scipy.optimize import linprog
        from scipy.sparse import csr_array

        self._linprog: Any = linprog
        self._matrix: Any = csr_array
        self._network = network
        self._plant = {one.id: place for place, one in enumerate(network.plants)}
        self._product = {one.id: place for place, one in enumerate(network.products)}
        links, plants = network.links, network.plants
        self._at_plants, self._at_links = 0, len(plants)
        self._columns = len(plants) + len(links)
        groups: dict[tuple[str, str], int] = {}
        for one in links:
            groups.setdefault((one.user, one.part), len(groups))
        # a product that nobody delivers to has a row of its own: its stock is all there is
        for product in network.products:
            if not any(user == product.id for user, _ in groups):
                groups[product.id, ""] = len(groups)
        self._groups = groups
        rows, columns, values = [], [], []
        self._limit = np.zeros(len(groups) + len(plants))
        need = dict[tuple[str, str], float]()
        for place, one in enumerate(links):
            row = groups[one.user, one.part]
            rows += [row, len(groups) + self._plant[one.supplier]]
            columns += [self._at_links + place] * 2
            # in units of the user: with one use a part, or several that differ by supplier
            values += [-1.0 / one.use, 1.0]
            need[one.user, one.part] = 1.0
        for (user, _part), row in groups.items():
            if user in self._plant:
                rows.append(row)
                columns.append(self._plant[user])
                values.append(1.0)
        for place, plant in enumerate(plants):
            rows.append(len(groups) + place)
            columns.append(place)
            values.append(-1.0)
            self._limit[len(groups) + place] = plant.stock
        self._rows, self._cols, self._values = rows, columns, values

    def solve(self, scenario: Scenario, seconds: float) -> Exposure | None:
        """Both programs of one scenario; ``None`` if time ran out."""
        periods = scenario.periods
        if periods is None:
            periods = max((self._network.plants[self._plant[one]].recover for one in scenario.lost), default=1.0)
        capacity = np.array([one.capacity * (1 - scenario.lost.get(one.id, 0.0)) for one in self._network.plants])
        begun = time.monotonic()
        recovered = self._recover(capacity, periods, seconds)
        if recovered is None:
            return None
        cost, units, production, binding = recovered
        survive = self._survive(capacity, seconds - (time.monotonic() - begun))
        if survive is None:
            return None
        return Exposure(scenario.id, dict(scenario.lost), periods, cost, 0.0, units, production, survive, binding)

    def _recover(
        self, capacity: np.ndarray[Any, np.dtype[np.float64]], periods: float, seconds: float
    ) -> tuple[float, dict[str, float], float, tuple[Binding, ...]] | None:
        products, plants = self._network.products, self._network.plants
        rows, columns, values, limit = list(self._rows), list(self._cols), list(self._values), self._limit.copy()
        for (user, _), row in self._groups.items():
            if user in self._product:
                rows.append(row)
                columns.append(self._columns + self._product[user])
                values.append(-1.0)
                product = products[self._product[user]]
                limit[row] = product.stock - product.demand * periods
        for place in range(len(plants)):
            rows.append(len(limit) + place)
            columns.append(place)
            values.append(1.0)
        limit = np.concatenate([limit, capacity * periods])
        size = self._columns + len(products)
        cost = np.zeros(size)
        cost[self._columns :] = [one.loss for one in products]
        begun = time.monotonic()
        result = self._run(cost, rows, columns, values, limit, size, seconds)
        if result is None:
            return None
        # of all ways to lose as little, the one that makes least
        made = np.zeros(size)
        made[: len(plants)] = 1.0
        held: list[tuple[float, float | None]] = [(0.0, None)] * self._columns + [
            (one, one) for one in result.x[self._columns :]
        ]
        least = self._run(made, rows, columns, values, limit, size, seconds - (time.monotonic() - begun), bounds=held)
        if least is None:
            return None
        units = {
            one.id: float(result.x[self._columns + place])
            for place, one in enumerate(products)
            if result.x[self._columns + place] > _TINY * max(1.0, one.demand * periods)
        }
        prices = -result.ineqlin.marginals[len(self._limit) :] * periods
        binding = [
            Binding(plants[place].id, float(price)) for place, price in enumerate(prices)
            if price > _TINY * max(1.0, float(np.max(np.abs(cost), initial=0.0))) and capacity[place] > 0
        ]  # fmt: skip
        binding.sort(key=lambda one: (-one.saves, one.plant))
        total = float(sum(products[self._product[one]].loss * lost for one, lost in units.items()))
        return total, units, float(least.fun), tuple(binding)

    def _survive(self, capacity: np.ndarray[Any, np.dtype[np.float64]], seconds: float) -> float | None:
        """The longest time t, by way of 1/t: in amounts a period that is a least value, never unbounded, and 0 for "for ever".

        Where no 1/t will do, demand fails at once.
        """
        products, plants = self._network.products, self._network.plants
        rows, columns, values = list(self._rows), list(self._cols), list(self._values)
        at_rate = self._columns
        longest = max((one.stock / one.demand for one in products if one.demand > 0), default=1.0) or 1.0
        stock, limit = self._limit / longest, np.zeros(len(self._limit) + len(plants))
        for (user, _), row in self._groups.items():
            if user in self._product:
                product = products[self._product[user]]
                stock[row] = product.stock / longest
                limit[row] = -product.demand
        held = [int(row) for row in np.flatnonzero(stock)]
        rows += held
        columns += [at_rate] * len(held)
        values += [-float(stock[row]) for row in held]
        for place in range(len(plants)):
            rows.append(len(stock) + place)
            columns.append(place)
            values.append(1.0)
        limit[len(stock) :] = capacity
        cost = np.zeros(at_rate + 1)
        cost[at_rate] = 1.0
        result = self._run(cost, rows, columns, values, limit, at_rate + 1, seconds, may_fail=True)
        if result is None:
            return None
        if not result.success:
            return 0.0
        rate = float(result.x[at_rate])
        return math.inf if rate <= _TINY else longest / rate

    def _run(
        self, cost: Any, rows: list[int], columns: list[int], values: list[float], limit: Any, size: int, seconds: float, *,
        may_fail: bool = False, bounds: Sequence[tuple[float, float | None]] = ((0.0, None),),
    ) -> Any:  # fmt: skip
        matrix = self._matrix((values, (rows, columns)), shape=(len(limit), size))
        for presolve in (True, False):  # its simplifications have been seen to call a sound program infeasible
            options = {"time_limit": max(seconds, 0.01), "presolve": presolve}
            result = self._linprog(cost, A_ub=matrix, b_ub=limit, bounds=bounds, method="highs", options=options)
            if result.status == 1:
                return None
            if result.status == 0:
                return result
        if may_fail and result.status == 2:
            return result
        raise SolveError(
            f"the program has no answer that the solver finds ({' '.join(str(result.message).split())[:160]}). "
            "Look for capacities, demands or uses that are many orders of magnitude apart."
        )


def _see_sound(network: Plants) -> None:
    plants, products = {one.id for one in network.plants}, {one.id for one in network.products}
    ids = [*(one.id for one in network.plants), *(one.id for one in network.products)]
    if len(set(ids)) < len(ids):
        twice = next(one for place, one in enumerate(ids) if one in ids[:place])
        raise SolveError(f"'{twice}' stands twice among plants and products. Give each an id of its own.")
    if not network.products or not network.plants:
        raise SolveError("plants and products are needed, at least one of each.")
    for one in network.links:
        if one.supplier in products:
            raise SolveError(
                f"'{one.supplier}' is a product, and the links say that it delivers. Make it a plant too, by another id."
            )
        if one.supplier not in plants:
            raise SolveError(f"'{one.supplier}' delivers, and is no plant. Add it to the plants, or take the link out.")
        if one.user not in plants and one.user not in products:
            raise SolveError(f"'{one.user}' is delivered to, and is neither plant nor product. Add it, or take the link out.")
        if not (math.isfinite(one.use) and one.use > 0):
            raise SolveError(
                f"'{one.supplier}' to '{one.user}': the use of {one.use:g} is not above 0. Write units for one unit."
            )
    numbers = [(one.id, name, getattr(one, name)) for one in network.plants for name in ("capacity", "stock", "recover")]
    numbers += [(one.id, name, getattr(one, name)) for one in network.products for name in ("demand", "stock", "loss")]
    for id_, name, value in numbers:
        if not (math.isfinite(value) and value >= 0):
            raise SolveError(f"'{id_}': {name} of {value:g} is no finite number of at least 0. Write one.")


def _see_scenario(one: Scenario, network: Plants) -> None:
    plants = {plant.id for plant in network.plants}
    for id_, part in one.lost.items():
        if id_ not in plants:
            raise SolveError(
                f"the scenario '{one.id}' names '{id_}', which is no plant. Plants: {', '.join(sorted(plants)[:8])}."
            )
        if not 0 <= part <= 1:
            raise SolveError(f"the scenario '{one.id}' takes {part:g} of '{id_}'. Write a part of 0 to 1.")
    if one.periods is not None and not (math.isfinite(one.periods) and one.periods >= 0):
        raise SolveError(f"the scenario '{one.id}' lasts {one.periods:g} periods. Write a finite number of at least 0.")
