"""Circles solved, not iterated to weariness. Owns the fixed points inside one strongly connected component.

F is monotone and piecewise linear. Falling from y (or rising) converges by plain sweeps when gains are small; when
it does not, the pieces that are active at y make a linear system (I - A) d = r for the way d that is left, r being the
residual F(y) - y. With A's gain under 1 the step y + d is exact while the same pieces stay active; falling, only
the pieces of a max can make it go too far, rising, only those of a min, so the step ends at the first place where one
changes. A gain of 1 or more has no such d: there the state stands (no residual) or runs away along the solution for
the gain scaled under 1, up to the next change of piece. Gaussian elimination without pivoting tells the two
apart: I - A is a nonsingular M-matrix exactly if all pivots are positive (Berman and Plemmons 1994, chapter 6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freehold.network.acceleration import accelerate, companion

if TYPE_CHECKING:
    from freehold.network.levels import met, target
    from freehold.network.linear import reachable, solve_dense, solve_sparse
else:
    _levels = companion("freehold.network.levels")
    met, target = _levels.met, _levels.target
    _linear = companion("freehold.network.linear")
    reachable, solve_dense, solve_sparse = _linear.reachable, _linear.solve_dense, _linear.solve_sparse

__all__ = ["circle"]

_TOLERANCE = 1e-9
_STILL = 1e-15
_NOISE = 1e-16
_SWEEPS = 6.0
_ROUNDS = 400
_DENSE = 150


@accelerate
def _sweep(net: Any, state: Any, low: int, high: int, direction: float, most: float) -> bool:
    """Gauss-Seidel sweeps in one direction; whether they came to rest."""
    for _ in range(int(most)):
        largest = 0.0
        for item in range(low, high):
            way = (target(net, state, item) - state.level[item]) * direction
            if way > 0:
                state.level[item] += way * direction
                largest = max(largest, way)
        if largest <= _STILL:
            return True
    return False


@accelerate
def _raw(net: Any, state: Any, need: int, low: int, high: int, direction: float) -> float:
    """Slope of a need's ŷ in the level of its item, if that item is in the circle and ŷ moves with it; else 0."""
    item = net.need_item[need]
    if item < low or item >= high:
        return 0.0
    enough: float = net.need_enough[need]
    share = state.level[item] / enough
    if share >= 1 - _TOLERANCE:
        return 0.0
    if not state.spent[need]:
        void = state.void[item]
        if void <= _TOLERANCE or share < 1 - void or (direction < 0 and share <= 1 - void):
            return 0.0
    return 1 / enough


@accelerate
def _binding(net: Any, state: Any, source: int) -> int:
    """Which piece holds a source: the number of an essential need, -1 the weighted losses, -2 nothing (it is at 0 or 1)."""
    least = 1.0
    found = -2
    lost = 0.0
    for need in range(net.need_start[source], net.need_start[source + 1]):
        share = met(net, state, need)
        if net.need_weight[need] >= 1 - _TOLERANCE:
            if share < least:
                least = share
                found = need
        else:
            lost += net.need_weight[need] * (1 - share)
    if 1 - lost < least:
        return -1 if lost < 1 else -2
    return found


@accelerate
def _linearise(
    net: Any, state: Any, low: int, high: int, direction: float, start: Any, column: Any, slope: Any, residual: Any
) -> None:
    """Fill the active linear pieces of F on the circle as sparse rows, and the residual; a slack item gets an empty row."""
    used = 0
    for item in range(low, high):
        row = item - low
        start[row] = used
        way = target(net, state, item) - state.level[item]
        residual[row] = 0.0
        if way * direction < -_NOISE:
            continue
        if way * direction > _NOISE:
            residual[row] = way
        if net.whole[item]:
            continue
        total = 0.0
        for source in range(net.source_start[item], net.source_start[item + 1]):
            part = state.available[source] * state.weight[source]
            if part <= 0:
                continue
            binding = _binding(net, state, source)
            lost = 0.0
            for need in range(net.need_start[source], net.need_start[source + 1]):
                if binding >= 0 and need != binding:
                    continue
                weight = 1.0
                if binding == -1:
                    weight = net.need_weight[need]
                    if weight >= 1 - _TOLERANCE:
                        continue
                    lost += weight * (1 - met(net, state, need))
                if binding == -2:
                    continue
                rate = _raw(net, state, need, low, high, direction)
                if rate > 0:
                    column[used] = net.need_item[need] - low
                    slope[used] = part * weight * rate
                    used += 1
            if binding >= 0:
                total += part * met(net, state, binding)
            elif binding == -1:
                total += part * (1 - lost)
            else:
                total += part
        if total >= 1 - _TOLERANCE and direction < 0:
            used = start[row]
    start[high - low] = used


@accelerate
def _limit(value: float, rate: float, bound: float, most: float) -> float:
    """Shorten a step so that ``value + step · rate`` does not pass ``bound``."""
    if rate == 0:
        return most
    step = (bound - value) / rate
    return min(most, max(step, 0.0)) if step < most else most


@accelerate
def _longest_step(net: Any, state: Any, low: int, high: int, direction: float, way: Any) -> float:
    """Largest part of the step (at most 1) on which no piece changes that would make it go too far."""
    longest = 1.0
    for item in range(low, high):
        if way[item - low] == 0:
            continue
        total, total_rate = 0.0, 0.0
        for source in range(net.source_start[item], net.source_start[item + 1]):
            part = state.available[source] * state.weight[source]
            if part <= 0:
                continue
            binding = _binding(net, state, source)
            value, rate = 1.0, 0.0
            lost, lost_rate = 0.0, 0.0
            for need in range(net.need_start[source], net.need_start[source + 1]):
                weight = net.need_weight[need]
                share = met(net, state, need)
                speed = 0.0
                slope = _raw(net, state, need, low, high, direction)
                if slope > 0:
                    speed = slope * way[net.need_item[need] - low]
                if weight < 1 - _TOLERANCE:
                    lost += weight * (1 - share)
                    lost_rate -= weight * speed
                if need == binding:
                    value, rate = share, speed
                used = need == binding or (binding == -1 and weight < 1 - _TOLERANCE)
                if used and speed != 0:
                    void = state.void[net.need_item[need]]
                    if direction < 0 and not state.spent[need] and void > _TOLERANCE:
                        longest = _limit(share, speed, 1 - void, longest)
                    if direction > 0:
                        longest = _limit(share, speed, 1.0, longest)
            if binding == -1:
                value, rate = 1 - lost, -lost_rate
                if direction < 0:
                    longest = _limit(value, rate, 0.0, longest)
            if direction > 0 and rate > 0:
                for need in range(net.need_start[source], net.need_start[source + 1]):
                    if need == binding or net.need_weight[need] < 1 - _TOLERANCE:
                        continue
                    slope = _raw(net, state, need, low, high, direction)
                    speed = slope * way[net.need_item[need] - low] if slope > 0 else 0.0
                    if rate > speed:
                        longest = _limit(value - met(net, state, need), rate - speed, 0.0, longest)
                if binding != -1 and lost > 0 and rate > -lost_rate:
                    longest = _limit(value - (1 - lost), rate + lost_rate, 0.0, longest)
            total += part * value
            total_rate += part * rate
        if direction > 0 and total_rate > 0 and total < 1:
            longest = _limit(total, total_rate, 1.0, longest)
    return longest


@accelerate
def _solve(
    count: int, start: Any, column: Any, slope: Any, residual: Any, moving: Any, place: Any, gain: float,
    direction: float, way: Any,
) -> bool:  # fmt: skip
    if count <= _DENSE:
        return bool(solve_dense(count, start, column, slope, residual, moving, place, gain, direction, way))
    return bool(solve_sparse(count, start, column, slope, residual, moving, place, gain, direction, way))


@accelerate
def _leap(net: Any, state: Any, low: int, high: int, direction: float) -> int:
    """One linear step: 1 if it moved, 0 if the circle rests, -1 if it stands by a gain that counts as 1."""
    size = high - low
    entries = 0
    for item in range(low, high):
        for source in range(net.source_start[item], net.source_start[item + 1]):
            entries += net.need_start[source + 1] - net.need_start[source]
    start, column, slope = [0] * (size + 1), [0] * (entries + 1), [0.0] * (entries + 1)
    residual = [0.0] * size
    _linearise(net, state, low, high, direction, start, column, slope, residual)
    moving, place = [0] * size, [0] * size
    count = reachable(size, start, column, residual, moving, place)
    if count == 0:
        return 0
    largest = 0.0
    for row in range(size):
        largest = max(largest, abs(residual[row]))
    way = [0.0] * size
    if not _solve(count, start, column, slope, residual, moving, place, 1.0, direction, way):
        if largest <= _TOLERANCE:
            return -1
        excess = 1e-6
        while not _solve(count, start, column, slope, residual, moving, place, 1 + excess, direction, way):
            excess *= 4
            if excess > 1e12:
                return 0
    step = _longest_step(net, state, low, high, direction, way)
    moved = 0
    for item in range(low, high):
        level = state.level[item] + step * way[item - low]
        level = min(1.0, max(0.0, level))
        if level != state.level[item]:
            moved = 1
            state.level[item] = level
    return moved


@accelerate
def circle(net: Any, state: Any, low: int, high: int, direction: float) -> None:
    """Move the items ``low`` to ``high`` of one component, all else held.

    Parameters
    ----------
    net, state
        The network and its state; levels of the component are changed in place.
    low, high
        The component's items.
    direction
        -1: fall to the greatest z ≤ y with z ≤ F(z). 1: rise to the least solution above y, which must be ≤ F(y).
    """
    before = [0.0] * (high - low)
    first = 0.0
    for item in range(low, high):
        before[item - low] = state.level[item]
        first = max(first, (target(net, state, item) - state.level[item]) * direction)
    if first <= _STILL:
        return
    for _ in range(_ROUNDS):
        if _sweep(net, state, low, high, direction, _SWEEPS):
            return
        moved = _leap(net, state, low, high, direction)
        if moved == -1 and first <= _TOLERANCE:
            for item in range(low, high):
                state.level[item] = before[item - low]
        if moved <= 0:
            return
        if _sweep(net, state, low, high, direction, 1.0):
            return
    state.sizes[4] = 1
