"""Small linear systems of circles: (I - A/g) d = r, A with no negative entry. Owns their solution and the sign test."""

from __future__ import annotations

from typing import Any

from freehold.network.acceleration import accelerate_with_room

__all__ = ["reachable", "solve_dense", "solve_sparse"]

_TOLERANCE = 1e-9
_PRECISION = 1e-14


@accelerate_with_room
def reachable(size: int, start: Any, column: Any, residual: Any, moving: Any, place: Any) -> int:
    """Find the rows that move: those with a residual and all that depend on one.

    Parameters
    ----------
    size, start, column
        Sparse rows: row i depends on ``column[start[i]:start[i + 1]]``.
    residual : (size,)
    moving : (size,)
        Filled: the rows found.
    place : (size,)
        Filled: each row's place among them, or -1.

    Returns
    -------
    int
        How many rows move.
    """
    first, entries = [0] * (size + 1), start[size]
    for entry in range(entries):
        first[column[entry] + 1] += 1
    for row in range(size):
        first[row + 1] += first[row]
    user, filled = [0] * (entries + 1), [0] * size
    for row in range(size):
        for entry in range(start[row], start[row + 1]):
            needed = column[entry]
            user[first[needed] + filled[needed]] = row
            filled[needed] += 1
    count = 0
    for row in range(size):
        place[row] = -1
        if residual[row] != 0:
            place[row] = count
            moving[count] = row
            count += 1
    at = 0
    while at < count:
        row = moving[at]
        at += 1
        for entry in range(first[row], first[row + 1]):
            if place[user[entry]] < 0:
                place[user[entry]] = count
                moving[count] = user[entry]
                count += 1
    return count


@accelerate_with_room
def solve_dense(
    count: int, start: Any, column: Any, slope: Any, residual: Any, moving: Any, place: Any, gain: float,
    direction: float, way: Any,
) -> bool:  # fmt: skip
    """Solve (I - A/gain) d = r on the moving rows by elimination without pivoting.

    Parameters
    ----------
    count, start, column, slope, residual, moving, place
        The system; see :func:`reachable`.
    gain
        What A is divided by.
    direction
        Unused here: the pivots tell.
    way : (size,)
        Filled with d where it is solved.

    Returns
    -------
    bool
        Whether I - A/gain is a nonsingular M-matrix: every gain of a circle under ``gain``, to 1e-9.
    """
    matrix = [0.0] * (count * count)
    right = [0.0] * count
    for at in range(count):
        row = moving[at]
        right[at] = residual[row]
        matrix[at * count + at] = 1.0
        for entry in range(start[row], start[row + 1]):
            other = place[column[entry]]
            if other >= 0:
                matrix[at * count + other] -= slope[entry] / gain
    for pivot in range(count):
        diagonal = matrix[pivot * count + pivot]
        if diagonal <= _TOLERANCE:
            return False
        for at in range(pivot + 1, count):
            factor = matrix[at * count + pivot]
            if factor == 0:
                continue
            factor /= diagonal
            for other in range(pivot + 1, count):
                matrix[at * count + other] -= factor * matrix[pivot * count + other]
            right[at] -= factor * right[pivot]
    for back in range(count):
        at = count - 1 - back
        total = right[at]
        for other in range(at + 1, count):
            total -= matrix[at * count + other] * right[other]
        right[at] = total / matrix[at * count + at]
    for at in range(count):
        way[moving[at]] = right[at]
    return direction != 0


@accelerate_with_room
def _apply(
    count: int, start: Any, column: Any, slope: Any, moving: Any, place: Any, gain: float, vector: Any, out: Any
) -> None:
    for at in range(count):
        row = moving[at]
        total = vector[at]
        for entry in range(start[row], start[row + 1]):
            other = place[column[entry]]
            if other >= 0:
                total -= slope[entry] / gain * vector[other]
        out[at] = total


@accelerate_with_room
def _dot(count: int, one: Any, other: Any) -> float:
    total = 0.0
    for at in range(count):
        total += one[at] * other[at]
    return total


@accelerate_with_room
def solve_sparse(
    count: int, start: Any, column: Any, slope: Any, residual: Any, moving: Any, place: Any, gain: float,
    direction: float, way: Any,
) -> bool:  # fmt: skip
    """Solve as :func:`solve_dense`, for large circles, by BiCGSTAB (van der Vorst 1992).

    Returns
    -------
    bool
        Whether it converged to a d that goes only in ``direction``, as an M-matrix's must.
    """
    x, r, shadow = [0.0] * count, [0.0] * count, [0.0] * count
    p, v, s, t = [0.0] * count, [0.0] * count, [0.0] * count, [0.0] * count
    for at in range(count):
        r[at] = residual[moving[at]]
        shadow[at] = r[at]
    size = _dot(count, r, r) ** 0.5
    rho, alpha, omega = 1.0, 1.0, 1.0
    for _ in range(20 * count + 1000):
        previous = rho
        rho = _dot(count, shadow, r)
        if rho == 0 or omega == 0:
            break
        beta = rho / previous * (alpha / omega)
        for at in range(count):
            p[at] = r[at] + beta * (p[at] - omega * v[at])
        _apply(count, start, column, slope, moving, place, gain, p, v)
        below = _dot(count, shadow, v)
        if below == 0:
            break
        alpha = rho / below
        for at in range(count):
            s[at] = r[at] - alpha * v[at]
        _apply(count, start, column, slope, moving, place, gain, s, t)
        square = _dot(count, t, t)
        omega = _dot(count, t, s) / square if square > 0 else 0.0
        for at in range(count):
            x[at] += alpha * p[at] + omega * s[at]
            r[at] = s[at] - omega * t[at]
        if _dot(count, r, r) ** 0.5 <= _PRECISION * size:
            break
    _apply(count, start, column, slope, moving, place, gain, x, t)
    for at in range(count):
        if abs(t[at] - residual[moving[at]]) > 1e-9 * size or x[at] * direction < -1e-9 * size:
            return False
    for at in range(count):
        way[moving[at]] = x[at] if x[at] * direction > 0 else 0.0
    return True
