"""On which day sources could first run, in one scenario. Owns that question, which levels alone do not answer.

A source without weight gives nothing, but what it needs is there or not, and its cover runs down, as for any other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from freehold.errors import SolveError
from freehold.network.arrays import Scenario, State
from freehold.network.build import Built, kernel_module

__all__ = ["first_activity"]


def first_activity(
    built: Built, scenario: Scenario, horizon: float, asked: Mapping[int, float], start: State
) -> dict[int, tuple[float, float]]:
    """Run one scenario and give the first day on which each source would run, and how far.

    Parameters
    ----------
    built
        The network.
    scenario
        What happens.
    horizon
        Last day.
    asked
        Day from which each source is looked at, by its number as the network was made from.
    start
        State before day 0.

    Returns
    -------
    dict
        Day, and activity on it, by source; those that never would up to the horizon are left out.

    Raises
    ------
    freehold.errors.SolveError
        If a circle does not come to rest.
    """
    kernel = kernel_module("first_activity_kernel", compiled=built.compiled)
    sources = sorted(asked)
    places, firsts = [built.source_places[source] for source in sources], [float(asked[source]) for source in sources]
    state = State(*(array.copy() for array in start))
    found: Any = [math.inf] * len(sources)
    given: Any = [0.0] * len(sources)
    if built.compiled:
        found, given = np.array(found, np.float64), np.array(given, np.float64)
        asked_of = np.array(places, np.int64), np.array(firsts, np.float64)
        kernel.first_days(built.network, state, scenario, float(horizon), *asked_of, found, given)
    else:
        kernel.first_days(built.network, state, scenario, horizon, places, firsts, found, given)
    if state.sizes[4]:
        raise SolveError("a circle of needs did not come to rest. Please report the stack: this is a defect.")
    rows = zip(sources, found, given, strict=True)
    return {source: (float(day), float(runs)) for source, day, runs in rows if math.isfinite(day)}
