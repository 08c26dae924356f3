"""The one kernel of every decision diagram: a machine that works an operation off a stack. Owns the operations.

A node (level, high, low) is read in two ways. In a *family* of sets (a zero-suppressed diagram: Minato 1993) ``high`` are the
sets with the event of that level, ``low`` those without; a node whose ``high`` is empty is left out. In a *function* (a binary
decision diagram: Bryant 1986) they are its values where the event happens and where it does not; a node whose branches are
equal is left out. Node 0 is the empty family, or never; node 1 the family of the empty set, or always. Families hold minimal
sets only: none of them contains another (Rauzy 1993, Reliability Engineering and System Safety 40, section 4).

The stack takes the place of recursion, so that depth is bounded by memory that is asked for and a run can be left at any step
(to look at the clock, or to make room) and taken up again. Arrays are lists for the plain kernel.
"""

from __future__ import annotations

from typing import Any

from freehold.network.acceleration import accelerate

__all__ = [
    "BOTH", "EITHER", "FUNCTION", "LARGEST", "MINIMAL", "PRODUCT", "TRUNCATE", "UNION", "WITHOUT", "node_of", "refill",
    "rehash", "run",
]  # fmt: skip

UNION = 0
PRODUCT = 1
EITHER = 2
BOTH = 3
FUNCTION = 4
WITHOUT = 5
TRUNCATE = 6
MINIMAL = 7
"""Minimal sets of two families together, and minimal unions of a set of each, both up to a weight; two functions by OR, by AND;
the function of a family; the sets of one family that contain none of another; those up to a weight; the minimal sets of a
function. Up to ``BOTH`` they meet at the level that is first in either; from ``EITHER`` to ``FUNCTION`` they make functions."""

LARGEST = 32767
"""A weight of a set that stands for itself and all above; also: no limit."""


@accelerate
def _place_of(unique: Any, node: Any, level: int, high: int, low: int) -> int:
    """Where a node stands in the table of nodes, or the free place where it would stand."""
    mask = len(unique) - 1
    mixed = level * 741457 + high * 125829173 + low * 425624921
    place = (mixed ^ (mixed >> 23)) & mask
    while unique[place] != 0:
        at = 4 * unique[place]
        if node[at + 1] == high and node[at + 2] == low and node[at] == level:
            break
        place = (place + 1) & mask
    return place


@accelerate
def node_of(node: Any, unique: Any, weight: Any, state: Any, level: int, high: int, low: int) -> int:
    """Find a node, or make it; there must be room for one.

    Returns
    -------
    int
        Its number.
    """
    place = _place_of(unique, node, level, high, low)
    found = unique[place]
    if found == 0:
        found = state[0]
        state[0] = found + 1
        unique[place] = found
        above, below = node[4 * high + 3], node[4 * low + 3]
        least = min((above & 32767) + weight[level], below & 32767, 32767)
        most = min((above >> 15) + weight[level], 32767)
        if low != 0:
            most = max(most, below >> 15)
        at = 4 * found
        node[at] = level
        node[at + 1] = high
        node[at + 2] = low
        node[at + 3] = least + (most << 15)
    return int(found)


@accelerate
def rehash(node: Any, unique: Any, count: int) -> None:
    """Enter all nodes into a new, empty table."""
    for number in range(2, count):
        at = 4 * number
        unique[_place_of(unique, node, node[at], node[at + 1], node[at + 2])] = number


@accelerate
def _cache_place(cache: Any, kind: int, one: int, other: int) -> int:
    """Where the result of an operation stands, if it is still there."""
    mixed = kind * 741457 + one * 125829173 + other * 425624921
    return 4 * ((mixed ^ (mixed >> 23)) & (len(cache) // 4 - 1))


@accelerate
def refill(old: Any, cache: Any) -> None:
    """Carry results over into a new, empty cache."""
    for at in range(0, len(old), 4):
        if old[at] != 0:
            place = _cache_place(cache, old[at], old[at + 1], old[at + 2])
            for part in range(4):
                cache[place + part] = old[at + part]


@accelerate
def run(node: Any, unique: Any, cache: Any, stack: Any, weight: Any, state: Any, steps: int) -> int:
    """Work on the operation at the bottom of the stack.

    Parameters
    ----------
    node : (4 · room,)
        Level, high, low, and least + 2^15 · most weight of a set, node by node. The level of 0 and 1 is above all others.
    unique : (a power of 2, above twice the room for nodes,)
        Table of nodes; 0 is free.
    cache : (4 · a power of 2,)
        Kind of operation, operands, result; kind 0 is free. What falls on a taken place takes it over.
    stack : (8 · room,)
        Operation, operands, limit of weight, step, level, two results at hand.
    weight : (levels,)
        Least weight of what happens at each level.
    state : (4,)
        Number of nodes, height of the stack, last result, steps done in all.
    steps
        How many to do at most.

    Returns
    -------
    int
        0 done, the result is in ``state[2]``; 1 steps used up; 2 no room for nodes; 3 no room on the stack.
    """
    node_room, stack_room = len(node) // 4, len(stack) // 8
    height, result = state[1], state[2]
    outcome, asked = 0, steps
    while height > 0:
        if steps <= 0:
            outcome = 1
            break
        if state[0] >= node_room:
            outcome = 2
            break
        if height >= stack_room:
            outcome = 3
            break
        steps -= 1
        frame = 8 * (height - 1)
        kind, a, b, limit, step = stack[frame], stack[frame + 1], stack[frame + 2], stack[frame + 3], stack[frame + 4]
        answer = -1
        if step == 0:
            if kind == UNION:
                one, other = node[4 * a + 3], node[4 * b + 3]
                if a == b or (other & 32767) > limit:
                    kind, b = TRUNCATE, 0
                elif (one & 32767) > limit:
                    kind, a, b = TRUNCATE, b, 0
                elif b == 0:
                    kind, b = TRUNCATE, 0
                elif a == 0:
                    kind, a, b = TRUNCATE, b, 0
                elif a == 1 or b == 1:
                    answer = 1
                else:
                    if a > b:
                        a, b = b, a
                    if limit >= (one >> 15) and limit >= (other >> 15):
                        limit = LARGEST
            elif kind == WITHOUT:
                if a > 1 and b > 1:
                    if (node[4 * b + 3] & 32767) > (node[4 * a + 3] >> 15):
                        answer = a
                    else:
                        level = node[4 * a]
                        while node[4 * b] < level:
                            b = node[4 * b + 2]
                if answer >= 0:
                    pass
                elif a == 0 or b == 1 or a == b:
                    answer = 0
                elif a == 1 or b == 0:
                    answer = a
            elif kind == PRODUCT:
                one, other = node[4 * a + 3], node[4 * b + 3]
                if a == 0 or b == 0 or (one & 32767) > limit or (other & 32767) > limit:
                    answer = 0
                elif a == 1 or a == b:
                    kind, a, b = TRUNCATE, b, 0
                elif b == 1:
                    kind, b = TRUNCATE, 0
                else:
                    if a > b:
                        a, b = b, a
                    if limit >= (one >> 15) + (other >> 15):
                        limit = LARGEST
            elif kind == EITHER:
                if a == 1 or b == 1:
                    answer = 1
                elif a == 0:
                    answer = b
                elif b == 0 or a == b:
                    answer = a
                elif a > b:
                    a, b = b, a
            elif kind == BOTH:
                if a == 0 or b == 0:
                    answer = 0
                elif a == 1:
                    answer = b
                elif b == 1 or a == b:
                    answer = a
                elif a > b:
                    a, b = b, a
            elif kind != TRUNCATE and a <= 1:
                answer = a
            if kind == TRUNCATE:
                bounds = node[4 * a + 3]
                if (bounds & 32767) > limit:
                    answer = 0
                elif (bounds >> 15) <= limit or limit >= LARGEST:
                    answer = a
            if answer < 0:
                key = limit * 8 + kind + 1
                place = _cache_place(cache, key, a, b)
                if cache[place] == key and cache[place + 1] == a and cache[place + 2] == b:
                    answer = cache[place + 3]
                else:
                    stack[frame], stack[frame + 1], stack[frame + 2], stack[frame + 3] = kind, a, b, limit
                    level = node[4 * a]
                    if kind <= BOTH:
                        level = min(level, node[4 * b])
                    stack[frame + 5] = level
            if answer >= 0:
                result = answer
                height -= 1
                continue
        level = stack[frame + 5]
        at = 4 * a
        if node[at] == level:
            a1, a0 = node[at + 1], node[at + 2]
        else:
            a1, a0 = 0, a
        at = 4 * b
        if node[at] == level:
            b1, b0 = node[at + 1], node[at + 2]
        else:
            b1, b0 = 0, b
        # Each operation is a chain of at most five smaller ones; the next is pushed, or high and low are both at hand.
        done, low, high = False, 0, 0
        next_kind, next_a, next_b, next_limit = kind, 0, 0, limit
        if kind == UNION:
            less = limit - weight[level] if limit < LARGEST else limit
            if step == 0:
                next_a, next_b = a0, b0
            elif step == 1:
                stack[frame + 6] = result
                next_a, next_b, next_limit = a1, b1, less
            elif step == 2:
                next_kind, next_a, next_b, next_limit = WITHOUT, result, stack[frame + 6], 0
            else:
                done, low, high = True, stack[frame + 6], result
        elif kind == WITHOUT:
            if step == 0:
                next_a, next_b = a0, b0
            elif step == 1:
                stack[frame + 6] = result
                if b1 == 0:
                    step = 2
                    next_a, next_b = a1, b0
                else:
                    next_a, next_b = a1, b1
            elif step == 2:
                next_a, next_b = result, b0
            else:
                done, low, high = True, stack[frame + 6], result
        elif kind == PRODUCT:
            less = limit - weight[level] if limit < LARGEST else limit
            if step == 0:
                next_a, next_b = a0, b0
            elif step == 1:
                stack[frame + 6] = result
                if a1 == 0 or b1 == 0:
                    step = 4
                    next_a, next_b, next_limit = (a0 if a1 == 0 else a1), (b0 if b1 == 0 else b1), less
                else:
                    next_kind, next_a, next_b, next_limit = UNION, b1, b0, less
            elif step == 2:
                next_a, next_b, next_limit = a1, result, less
            elif step == 3:
                stack[frame + 7] = result
                next_a, next_b, next_limit = a0, b1, less
            elif step == 4:
                next_kind, next_a, next_b, next_limit = UNION, stack[frame + 7], result, LARGEST
            elif step == 5:
                next_kind, next_a, next_b, next_limit = WITHOUT, result, stack[frame + 6], 0
            else:
                done, low, high = True, stack[frame + 6], result
        elif kind == TRUNCATE:
            if step == 0:
                next_a = a0
            elif step == 1:
                stack[frame + 6] = result
                next_a, next_limit = a1, limit - weight[level]
            else:
                done, low, high = True, stack[frame + 6], result
        elif EITHER <= kind <= BOTH:
            if step == 0:
                next_a, next_b = a0, b0
            elif step == 1:
                stack[frame + 6] = result
                next_a, next_b = (a1 if node[4 * a] == level else a), (b1 if node[4 * b] == level else b)
            else:
                done, low, high = True, stack[frame + 6], result
        elif step == 0:
            next_a = a0
        elif step == 1:
            stack[frame + 6] = result
            next_a = a1
        elif step == 2:
            next_kind, next_a, next_b = (WITHOUT if kind == MINIMAL else EITHER), result, stack[frame + 6]
        else:
            done, low, high = True, stack[frame + 6], result
        if done:
            left_out = low if EITHER <= kind <= FUNCTION else 0
            result = low if high == left_out else node_of(node, unique, weight, state, level, high, low)
            key = limit * 8 + kind + 1
            place = _cache_place(cache, key, a, b)
            cache[place], cache[place + 1], cache[place + 2], cache[place + 3] = key, a, b, result
            height -= 1
        else:
            stack[frame + 4] = step + 1
            # The commonest answers need no frame.
            known = -1
            if next_kind == WITHOUT:
                if next_a == 0 or next_b == 0 or (node[4 * next_b + 3] & 32767) > (node[4 * next_a + 3] >> 15):
                    known = next_a
            elif next_a == 0 or next_b == 0:
                if next_kind == EITHER or (next_kind == UNION and next_limit == LARGEST):
                    known = next_a + next_b
                elif next_kind != UNION and (next_kind <= BOTH or next_a == 0):
                    known = 0
            if known >= 0:
                result = known
            else:
                frame += 8
                stack[frame], stack[frame + 1], stack[frame + 2], stack[frame + 3] = next_kind, next_a, next_b, next_limit
                stack[frame + 4] = 0
                height += 1
    state[1], state[2] = height, result
    state[3] += asked - steps
    return outcome
