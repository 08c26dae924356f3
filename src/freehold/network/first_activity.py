"""On which day sources could first run, in one scenario. Owns that question, which levels alone do not answer.

A source without weight gives nothing, but what it needs is there or not, and its cover runs down, as for any other.
"""

from __future__ import annotations

from collections.abc import Mapping

from freehold.network.arrays import TOLERANCE, Scenario, State
from freehold.network.build import Built, kernel_module

__all__ = ["first_activity"]


def first_activity(
    built: Built, scenario: Scenario, horizon: float, asked: Mapping[int, float], start: State
) -> dict[int, float]:
    """Run one scenario and give the first day on which each source would run.

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
        Day by source; those that never would up to the horizon are left out.
    """
    kernel = kernel_module("kernel", compiled=built.compiled)
    activity = kernel_module("levels", compiled=built.compiled).activity
    places = built.source_places
    open_ = {source: day for source, day in asked.items() if day <= horizon + TOLERANCE}
    found: dict[int, float] = {}
    state = State(*(array.copy() for array in start))
    upcoming, day, begun = 0, 0.0, False
    while open_ and day <= horizon + TOLERANCE:
        upcoming = kernel.advance(built.network, state, scenario, upcoming, day, horizon)
        if not begun:
            kernel.begin(built.network, state, horizon)
            begun = True
        following = min(kernel.next_day(state, scenario, upcoming), horizon + 2 * TOLERANCE)
        for source, first in list(open_.items()):
            # what holds from this day holds until the next on which anything happens
            if first < following - TOLERANCE or following > horizon:
                place = places[source]
                if float(state.available[place]) * float(activity(built.network, state, place)) > TOLERANCE:
                    found[source] = max(day, first)
                    del open_[source]
        day = kernel.next_day(state, scenario, upcoming)
    return found
