"""The level equations, and the event-driven run. Owns every number that an answer rests on.

For a state y the kernel computes F(y) item by item; after an event it lets y *fall* to the greatest z ≤ y with
z ≤ F(z) and then *rise* to the least solution above that, component by component, suppliers first, touching only
what changed. Circles are :mod:`freehold.network.circles`'. Plain Python on lists, or the same text compiled on arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freehold.network.acceleration import accelerate, accelerate_with_room, companion

if TYPE_CHECKING:
    from freehold.network.circles import circle
    from freehold.network.levels import target
    from freehold.network.queues import pop_clock, pop_component, push_component, set_clock
else:
    _queues = companion("freehold.network.queues")
    pop_clock, set_clock = _queues.pop_clock, _queues.set_clock
    pop_component, push_component = _queues.pop_component, _queues.push_component
    target = companion("freehold.network.levels").target
    circle = companion("freehold.network.circles").circle

__all__ = ["advance", "begin", "next_day", "run", "settle", "settle_all"]

_STEP = 1e-13
_TOLERANCE = 1e-9
_NEVER = float("inf")


@accelerate
def _move(net: Any, state: Any, item: int, level: float, direction: float) -> None:
    """Give an item a new level and queue the components that need it, to fall or to rise."""
    if not state.is_changed[item]:
        state.is_changed[item] = 1
        state.before[item] = state.level[item]
        state.changed[state.sizes[3]] = item
        state.sizes[3] += 1
    state.level[item] = level
    own = net.component_of[item]
    voided = state.void[item] > _TOLERANCE
    for place in range(net.user_start[item], net.user_start[item + 1]):
        need = net.users[place]
        if not (state.spent[need] or voided):
            continue
        component = net.component_of[net.need_user[need]]
        if component != own and direction < 0:
            push_component(state.fall_queue, state.fall_queued, state.sizes, 1, component)
        elif component != own:
            push_component(state.rise_queue, state.rise_queued, state.sizes, 2, component)


@accelerate_with_room
def _move_circle(net: Any, state: Any, component: int, direction: float) -> None:
    low, high = net.component_start[component], net.component_start[component + 1]
    before = [0.0] * (high - low)
    for item in range(low, high):
        before[item - low] = state.level[item]
    circle(net, state, low, high, direction)
    for item in range(low, high):
        level = state.level[item]
        if abs(level - before[item - low]) > _STEP:
            state.level[item] = before[item - low]
            _move(net, state, item, level, direction)


@accelerate
def settle(net: Any, state: Any) -> None:
    """Let the state fall, then rise, from the components queued in ``fall_queue``."""
    sizes = state.sizes
    while sizes[1] > 0:
        component = pop_component(state.fall_queue, state.fall_queued, sizes, 1)
        if net.cyclic[component]:
            _move_circle(net, state, component, -1.0)
            for item in range(net.component_start[component], net.component_start[component + 1]):
                if target(net, state, item) > state.level[item] + _STEP:
                    push_component(state.rise_queue, state.rise_queued, sizes, 2, component)
                    break
        else:
            item = net.component_start[component]
            level = target(net, state, item)
            if level < state.level[item] - _STEP:
                _move(net, state, item, level, -1.0)
            elif level > state.level[item] + _STEP:
                push_component(state.rise_queue, state.rise_queued, sizes, 2, component)
    while sizes[2] > 0:
        component = pop_component(state.rise_queue, state.rise_queued, sizes, 2)
        if net.cyclic[component]:
            _move_circle(net, state, component, 1.0)
        else:
            item = net.component_start[component]
            level = target(net, state, item)
            if abs(level - state.level[item]) > _STEP:
                _move(net, state, item, level, 1.0)


@accelerate
def settle_all(net: Any, state: Any) -> None:
    """Settle with every component queued: the greatest solution from all ones, a black start from all zeros."""
    for component in range(len(net.cyclic)):
        push_component(state.fall_queue, state.fall_queued, state.sizes, 1, component)
    settle(net, state)
    for place in range(state.sizes[3]):
        state.is_changed[state.changed[place]] = 0
    state.sizes[3] = 0


@accelerate
def _shortfall(level: float, enough: float) -> float:
    met = level / enough
    return 0.0 if met >= 1 - _TOLERANCE else 1 - met


@accelerate
def _wind(state: Any, clock: int, level: float, day: float, horizon: float) -> None:
    """Say when the clock rings next: on the day when the shortfall has used up the least cover still left, up to a horizon."""
    room = 4 * clock
    rate = _shortfall(level, state.clock_room[room + 3])
    if rate == 0 or state.clock_room[room + 2] == _NEVER:
        set_clock(state.clock_heap, state.clock_key, state.clock_place, state.sizes, clock, _NEVER)
        return
    ring = day + max(state.clock_room[room + 2] - state.clock_room[room], 0.0) / rate
    if abs(ring - round(ring)) <= _TOLERANCE:
        ring = float(round(ring))
    if ring > horizon + 2 * _TOLERANCE:
        ring = _NEVER
    set_clock(state.clock_heap, state.clock_key, state.clock_place, state.sizes, clock, max(ring, day))


@accelerate
def _count(state: Any, clock: int, level: float, day: float) -> None:
    """Add to the clock the shortfall since it was last counted, at the level that held till now."""
    room = 4 * clock
    state.clock_room[room] += _shortfall(level, state.clock_room[room + 3]) * (day - state.clock_room[room + 1])
    state.clock_room[room + 1] = day


@accelerate
def begin(net: Any, state: Any, horizon: float) -> None:
    """Start the clocks on day 0."""
    for clock in range(len(net.clock_item)):
        level = state.level[net.clock_item[clock]]
        if level < state.clock_room[4 * clock + 3]:
            _wind(state, clock, level, 0.0, horizon)


@accelerate
def _queue_source_item(net: Any, state: Any, source_item: int) -> None:
    push_component(state.fall_queue, state.fall_queued, state.sizes, 1, net.component_of[source_item])


@accelerate
def _ring(net: Any, state: Any, clock: int, day: float, horizon: float) -> None:
    """Spend every cover of a clock that is used up, and queue the items whose sources rested on it."""
    level = state.level[net.clock_item[clock]]
    _count(state, clock, level, day)
    first, last = net.clock_need_start[clock], net.clock_need_start[clock + 1]
    upcoming = first + state.clock_next[clock]
    forced = True
    waiting = _NEVER
    while upcoming < last:
        need = net.clock_needs[upcoming]
        if not forced and net.need_cover[need] - state.clock_room[4 * clock] > _TOLERANCE:
            waiting = net.need_cover[need]
            break
        forced = False
        state.spent[need] = 1
        _queue_source_item(net, state, net.need_user[need])
        upcoming += 1
    state.clock_next[clock] = upcoming - first
    state.clock_room[4 * clock + 2] = waiting
    _wind(state, clock, level, day, horizon)


@accelerate
def advance(net: Any, state: Any, scenario: Any, upcoming: int, day: float, horizon: float) -> int:
    """Apply everything that happens on ``day`` and settle.

    Returns
    -------
    int
        The first entry of the scenario that has not happened yet. ``state.changed`` holds the items that moved.
    """
    for place in range(state.sizes[3]):
        state.is_changed[state.changed[place]] = 0
    state.sizes[3] = 0
    while upcoming < len(scenario.day) and scenario.day[upcoming] <= day + _TOLERANCE:
        kind, index, value = scenario.kind[upcoming], scenario.index[upcoming], scenario.value[upcoming]
        if kind == 2:
            state.void[index] = value
            for place in range(net.user_start[index], net.user_start[index + 1]):
                _queue_source_item(net, state, net.need_user[net.users[place]])
        else:
            part = state.available[index] * state.weight[index]
            if kind == 0:
                state.available[index] = value
            else:
                state.weight[index] = value
            change = state.available[index] * state.weight[index] - part
            # more of what stands at 1 already moves no level; most ramps of a large network are that
            if change < 0 or (change > 0 and state.level[net.source_item[index]] < 1):
                _queue_source_item(net, state, net.source_item[index])
        upcoming += 1
    while state.sizes[0] > 0 and state.clock_key[0] <= day + _TOLERANCE:
        _ring(net, state, pop_clock(state.clock_heap, state.clock_key, state.clock_place, state.sizes), day, horizon)
    settle(net, state)
    for place in range(state.sizes[3]):
        item = state.changed[place]
        for clock in range(net.clock_start[item], net.clock_start[item + 1]):
            if state.clock_room[4 * clock + 2] != _NEVER:
                _count(state, clock, state.before[item], day)
                _wind(state, clock, state.level[item], day, horizon)
    return upcoming


@accelerate
def next_day(state: Any, scenario: Any, upcoming: int) -> float:
    """Day of the next event; ``inf`` if nothing more happens."""
    day = _NEVER
    if upcoming < len(scenario.day):
        day = scenario.day[upcoming]
    if state.sizes[0] > 0:
        day = min(day, state.clock_key[0])
    return day


@accelerate_with_room
def run(net: Any, state: Any, scenario: Any, days: Any, floor: float, levels: Any, stops: Any) -> None:
    """Run one scenario up to the last day asked.

    Parameters
    ----------
    net, state, scenario
        The network, its state before day 0 (changed in place), what happens.
    days : (d,)
        Days to report, ascending.
    floor
        Level under which an item has stopped.
    levels : (d, n)
        Filled with the level on each day.
    stops : (n,)
        Filled with the first day under the floor on the exact time line; ``inf`` if none.
    """
    items = len(net.whole)
    horizon = days[len(days) - 1]
    upcoming = advance(net, state, scenario, int(0.0), 0.0, horizon)
    begin(net, state, horizon)
    for item in range(items):
        stops[item] = 0.0 if state.level[item] < floor - _TOLERANCE else _NEVER
    reported = 0
    while reported < len(days):
        day = next_day(state, scenario, upcoming)
        while reported < len(days) and days[reported] < day - _TOLERANCE:
            levels[reported][:] = state.level
            reported += 1
        if reported < len(days):
            upcoming = advance(net, state, scenario, upcoming, day, horizon)
            for place in range(state.sizes[3]):
                item = state.changed[place]
                if stops[item] == _NEVER and state.level[item] < floor - _TOLERANCE:
                    stops[item] = day
