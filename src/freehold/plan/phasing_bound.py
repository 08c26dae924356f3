"""A bound over all years from a program that tells fewer apart. Owns the step from the prices of one to those of the other.

Where it does not pay to build after some year, a program in which what is there then stays as it is has the same least cost as
that of all years, and is much smaller. It proves nothing by itself, since it leaves plans out; its prices of rows, given out
to the years that it takes together, do (`YearsModel.proven`), whatever they are.
"""

from __future__ import annotations

import numpy as np

from freehold.network.arrays import Floats
from freehold.plan.phasing_model import YearsModel
from freehold.plan.problem import Horizon

__all__ = ["priced_out"]


def priced_out(few: YearsModel, prices: Floats, every: YearsModel, horizon: Horizon) -> Floats:
    """Prices of the rows of the program of all years from those of one that tells fewer years apart.

    Rows of logic get their price in proportion to the weights of the years. Between two years that were one, a build that is
    there only from the later one on gets what makes its reduced cost there 0, and takes it from the year before.

    Parameters
    ----------
    few, prices
        The small program, and the prices of its rows: 0 or less.
    every
        The program of all years, of the same states.
    horizon
        The years.
    """
    years, builds = every.years, len(every.builds)
    stage = np.searchsorted(few.first, np.arange(years), side="right") - 1
    total = np.bincount(stage, weights=horizon.weight)
    count = np.bincount(stage)
    share = np.where(total[stage] > 0.0, horizon.weight / np.where(total[stage] > 0.0, total[stage], 1.0), 1.0 / count[stage])
    logic = prices[: few.years * few.logic].reshape(few.years, few.logic)
    order = np.zeros((years - 1, builds))
    later = few.first[1:]
    begin = few.years * few.logic
    order[later - 1] = prices[begin : begin + (few.years - 1) * builds].reshape(few.years - 1, builds)
    limited = np.flatnonzero(np.isfinite(horizon.budget))
    budget = np.zeros(years)
    budget[limited[np.isin(limited, few.first)]] = prices[begin + (few.years - 1) * builds :]
    parts = [(logic[stage] * share[:, None]).ravel(), order.ravel(), budget[limited]]
    reduced = every.reduced(np.concatenate(parts)).reshape(years, every.width)[:, :builds]
    for year in range(years - 1, 0, -1):
        if year not in few.first:
            given = np.maximum(reduced[year], 0.0)
            order[year - 1] = -given
            reduced[year] -= given
            reduced[year - 1] += given
    return np.concatenate([parts[0], order.ravel(), parts[2]])
