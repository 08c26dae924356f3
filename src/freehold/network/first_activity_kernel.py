"""The run that looks for the first day on which sources could run. Owns that loop, plain or compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freehold.network.acceleration import accelerate, companion

if TYPE_CHECKING:
    from freehold.network.kernel import advance, begin, next_day
    from freehold.network.levels import activity
else:
    _kernel = companion("freehold.network.kernel")
    advance, begin, next_day = _kernel.advance, _kernel.begin, _kernel.next_day
    activity = companion("freehold.network.levels").activity

__all__ = ["first_days"]

_TOLERANCE = 1e-9
_NEVER = float("inf")


@accelerate
def first_days(net: Any, state: Any, scenario: Any, horizon: float, places: Any, firsts: Any, found: Any, given: Any) -> None:
    """Fill ``found`` with the first day, from ``firsts`` on, on which each source would run; ``inf`` if not up to the horizon.

    Into ``given`` goes its activity on that day.

    Parameters
    ----------
    net, state, scenario, horizon
        As for :func:`freehold.network.kernel.run`.
    places, firsts, found, given : (q,)
        Sources in the network's own numbering, days, and room for the answer.
    """
    upcoming = advance(net, state, scenario, int(0.0), 0.0, horizon)
    begin(net, state, horizon)
    day = 0.0
    for number in range(len(places)):
        found[number] = _NEVER
    while True:
        following = next_day(state, scenario, upcoming)
        is_last = following > horizon + _TOLERANCE
        left = 0
        for number in range(len(places)):
            first = firsts[number]
            if found[number] != _NEVER or first > horizon + _TOLERANCE:
                continue
            left += 1
            # what holds from this day holds until the next on which anything happens
            if first < following - _TOLERANCE or is_last:
                place = places[number]
                runs = state.available[place] * activity(net, state, place)
                if runs > _TOLERANCE:
                    given[number] = runs
                    found[number] = max(day, first)
                    left -= 1
        if is_last or left == 0:
            return
        upcoming = advance(net, state, scenario, upcoming, following, horizon)
        day = following
