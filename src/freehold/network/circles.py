"""Circles solved, not iterated to weariness. Owns the fixed points inside one strongly connected component.

F is monotone and piecewise linear. Falling from y (or rising) converges by plain sweeps when gains are small; when
it does not, the pieces that are active at y make a linear system (I - A) d = r for the way d that is left, r being the
residual F(y) - y. With A's gain under 1 the step y + d is exact while the same pieces stay active; falling, only
the pieces of a max can make it go too far, rising, only those of a min, so the step ends at the first place where one
changes; of pieces that tie, the slowest is followed, and none if one of them stands. A gain of 1 or more has no such
d: there the state stands (no residual) or runs away along the solution for the gain scaled under 1, up to the next
change of piece. Gaussian elimination without pivoting tells the two apart: I - A is a nonsingular M-matrix exactly if all
pivots are positive (Berman and Plemmons 1994, chapter 6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freehold.network.acceleration import accelerate, accelerate_with_room, companion

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
_ROUNDS = 2000
_DENSE = 150
_CHOICES = 50
_TIE = 1e-12


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
def _losses(net: Any, state: Any, source: int) -> float:
    """What the needs of a source that are not essential cost it together."""
    lost = 0.0
    for need in range(net.need_start[source], net.need_start[source + 1]):
        if net.need_weight[need] < 1 - _TOLERANCE:
            lost += net.need_weight[need] * (1 - met(net, state, need))
    return lost


@accelerate
def _held(net: Any, state: Any, source: int) -> float:
    """The value of the piece that holds a source."""
    least = 1.0
    for need in range(net.need_start[source], net.need_start[source + 1]):
        if net.need_weight[need] >= 1 - _TOLERANCE:
            least = min(least, met(net, state, need))
    return min(least, 1 - _losses(net, state, source))


@accelerate_with_room
def _speed(net: Any, state: Any, source: int, piece: int, low: int, high: int, way: Any) -> float:
    """How fast one piece of a source rises along ``way``: an essential need, or (-1) the weighted losses."""
    if piece >= 0:
        slope = _raw(net, state, piece, low, high, 1.0)
        return slope * way[net.need_item[piece] - low] if slope > 0 else 0.0
    total = 0.0
    for need in range(net.need_start[source], net.need_start[source + 1]):
        if net.need_weight[need] < 1 - _TOLERANCE:
            slope = _raw(net, state, need, low, high, 1.0)
            if slope > 0:
                total += net.need_weight[need] * slope * way[net.need_item[need] - low]
    return total


@accelerate_with_room
def _slowest(net: Any, state: Any, source: int, low: int, high: int, way: Any) -> int:
    """Of the pieces that hold a source together (ties), the one that rises slowest along ``way``; -2 if one does not rise."""
    held = _held(net, state, source)
    if held >= 1 - _TOLERANCE:
        return -2
    found, slowest = -2, float("inf")
    for need in range(net.need_start[source], net.need_start[source + 1]):
        if net.need_weight[need] >= 1 - _TOLERANCE and met(net, state, need) <= held + _TIE:
            speed = _speed(net, state, source, need, low, high, way)
            if speed <= 0:
                return -2
            if speed < slowest:
                found, slowest = need, speed
    lost = _losses(net, state, source)
    if lost > 0 and 1 - lost <= held + _TIE:
        speed = _speed(net, state, source, -1, low, high, way)
        if speed <= 0 or lost >= 1:
            return -2
        if speed < slowest:
            found = -1
    return found


@accelerate_with_room
def _choose(net: Any, state: Any, low: int, high: int, direction: float, way: Any, choice: Any) -> bool:
    """Choose the piece that each source follows; whether any choice changed.

    Falling, any piece of a min is an upper bound, so the first will do. Rising, a source moves only if all the pieces that
    hold it do, and as slowly as the slowest: what would lift itself does not move.
    """
    first = net.source_start[low]
    changed = False
    for source in range(first, net.source_start[high]):
        piece = -2
        if state.available[source] * state.weight[source] > 0:
            piece = _binding(net, state, source) if direction < 0 else _slowest(net, state, source, low, high, way)
        if choice[source - first] != piece:
            choice[source - first] = piece
            changed = True
    return changed


@accelerate_with_room
def _stir(net: Any, state: Any, low: int, high: int, residual: Any, way: Any) -> None:
    """Mark with 1 in ``way`` what rises at all: rows with a residual, and sources all of whose holding pieces rise."""
    for item in range(low, high):
        way[item - low] = 1.0 if residual[item - low] > 0 else 0.0
    stirred = True
    while stirred:
        stirred = False
        for item in range(low, high):
            if way[item - low] > 0 or net.whole[item]:
                continue
            for source in range(net.source_start[item], net.source_start[item + 1]):
                if state.available[source] * state.weight[source] <= 0:
                    continue
                if _slowest(net, state, source, low, high, way) != -2:
                    way[item - low] = 1.0
                    stirred = True
                    break


@accelerate_with_room
def _residuals(net: Any, state: Any, low: int, high: int, direction: float, residual: Any) -> float:
    """Fill F(y) - y where it goes in the direction, 0 elsewhere; the largest, as a size."""
    largest = 0.0
    for item in range(low, high):
        way = target(net, state, item) - state.level[item]
        residual[item - low] = way if way * direction > _NOISE else 0.0
        largest = max(largest, abs(residual[item - low]))
    return largest


@accelerate_with_room
def _linearise(
    net: Any, state: Any, low: int, high: int, direction: float, choice: Any, start: Any, column: Any, slope: Any
) -> None:
    """Fill the chosen linear pieces of F on the circle as sparse rows; a slack or full item gets an empty row."""
    used = 0
    first = net.source_start[low]
    for item in range(low, high):
        row = item - low
        start[row] = used
        if net.whole[item]:
            continue
        reached = target(net, state, item)
        if (reached - state.level[item]) * direction < -_NOISE or (reached >= 1 - _TOLERANCE and direction < 0):
            continue
        for source in range(net.source_start[item], net.source_start[item + 1]):
            piece = choice[source - first]
            if piece == -2:
                continue
            part = state.available[source] * state.weight[source]
            for need in range(net.need_start[source], net.need_start[source + 1]):
                weight = net.need_weight[need]
                if piece >= 0:
                    if need != piece:
                        continue
                    weight = 1.0
                elif weight >= 1 - _TOLERANCE:
                    continue
                rate = _raw(net, state, need, low, high, direction)
                if rate > 0:
                    column[used] = net.need_item[need] - low
                    slope[used] = part * weight * rate
                    used += 1
    start[high - low] = used


@accelerate
def _limit(value: float, rate: float, bound: float, most: float) -> float:
    """Shorten a step so that ``value + step · rate`` does not pass ``bound``."""
    if rate == 0:
        return most
    step = (bound - value) / rate
    return min(most, max(step, 0.0)) if step < most else most


@accelerate_with_room
def _longest_step(net: Any, state: Any, low: int, high: int, direction: float, choice: Any, way: Any) -> float:
    """Largest part of the step (at most 1) on which no piece changes that would make it go too far."""
    longest = 1.0
    first = net.source_start[low]
    for item in range(low, high):
        if way[item - low] == 0:
            continue
        total, total_rate = 0.0, 0.0
        for source in range(net.source_start[item], net.source_start[item + 1]):
            part = state.available[source] * state.weight[source]
            if part <= 0:
                continue
            piece = choice[source - first]
            held = _held(net, state, source)
            rate = 0.0
            lost, lost_rate = 0.0, 0.0
            for need in range(net.need_start[source], net.need_start[source + 1]):
                weight = net.need_weight[need]
                share = met(net, state, need)
                slope = _raw(net, state, need, low, high, direction)
                speed = slope * way[net.need_item[need] - low] if slope > 0 else 0.0
                if weight < 1 - _TOLERANCE:
                    lost += weight * (1 - share)
                    lost_rate -= weight * speed
                if need == piece:
                    rate = speed
                if speed != 0 and (need == piece or (piece == -1 and weight < 1 - _TOLERANCE)):
                    void = state.void[net.need_item[need]]
                    if direction < 0 and not state.spent[need] and void > _TOLERANCE:
                        longest = _limit(share, speed, 1 - void, longest)
                    if direction > 0:
                        longest = _limit(share, speed, 1.0, longest)
            if piece == -1:
                rate = -lost_rate
                if direction < 0:
                    longest = _limit(1 - lost, rate, 0.0, longest)
            if direction > 0 and rate > 0:
                for need in range(net.need_start[source], net.need_start[source + 1]):
                    if need == piece or net.need_weight[need] < 1 - _TOLERANCE:
                        continue
                    slope = _raw(net, state, need, low, high, direction)
                    speed = slope * way[net.need_item[need] - low] if slope > 0 else 0.0
                    gap = met(net, state, need) - held
                    if rate > speed and gap > _TIE:
                        longest = _limit(-gap, rate - speed, 0.0, longest)
                if piece != -1 and lost > 0 and rate > -lost_rate and 1 - lost - held > _TIE:
                    longest = _limit(held - (1 - lost), rate + lost_rate, 0.0, longest)
            total += part * held
            total_rate += part * rate
        if direction > 0 and total_rate > 0 and total < 1:
            longest = _limit(total, total_rate, 1.0, longest)
    return longest


@accelerate_with_room
def _solve(
    count: int, start: Any, column: Any, slope: Any, residual: Any, moving: Any, place: Any, gain: float,
    direction: float, way: Any,
) -> bool:  # fmt: skip
    if count <= _DENSE:
        return bool(solve_dense(count, start, column, slope, residual, moving, place, gain, direction, way))
    return bool(solve_sparse(count, start, column, slope, residual, moving, place, gain, direction, way))


@accelerate_with_room
def _leap(net: Any, state: Any, low: int, high: int, direction: float) -> int:
    """One linear step: 1 if it moved, 0 if the circle rests, -1 if it stands by a gain that counts as 1, 2 if neither."""
    size = high - low
    sources = net.source_start[high] - net.source_start[low]
    entries = net.need_start[net.source_start[high]] - net.need_start[net.source_start[low]]
    start, column, slope = [0] * (size + 1), [0] * (entries + 1), [0.0] * (entries + 1)
    residual, way = [0.0] * size, [0.0] * size
    largest = _residuals(net, state, low, high, direction, residual)
    if largest == 0:
        return 0
    choice = [-2] * (sources + 1)
    if direction > 0:
        _stir(net, state, low, high, residual, way)
    _choose(net, state, low, high, direction, way, choice)
    moving, place = [0] * size, [0] * size
    settled = False
    for _ in range(_CHOICES):
        _linearise(net, state, low, high, direction, choice, start, column, slope)
        count = reachable(size, start, column, residual, moving, place)
        for row in range(size):
            way[row] = 0.0
        if not _solve(count, start, column, slope, residual, moving, place, 1.0, direction, way):
            if largest <= _TOLERANCE:
                return -1
            excess = 1e-6
            while not _solve(count, start, column, slope, residual, moving, place, 1 + excess, direction, way):
                excess *= 4
                if excess > 1e12:
                    return 2
        if direction < 0 or not _choose(net, state, low, high, direction, way, choice):
            settled = True
            break
    if not settled:
        return 2
    step = _longest_step(net, state, low, high, direction, choice, way)
    moved = 2
    for item in range(low, high):
        level = min(1.0, max(0.0, state.level[item] + step * way[item - low]))
        if level != state.level[item]:
            moved = 1
            state.level[item] = level
    return moved


@accelerate_with_room
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
    state.sizes[4] = 1
