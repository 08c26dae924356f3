"""Gates over events: a formula that is simplified as it is made. Owns what a formula is and which forms it never has.

What never fails and what has failed already is gone, equal gates are one, a gate of one argument is that argument. A gate
that fails once some weights sum to enough is made by recursion on its first argument, T(i, w) = T(i + 1, w) or (xᵢ and
T(i + 1, w − wᵢ)), shared wherever the answer is the same for a range of w (Abío and others 2012, Journal of Artificial
Intelligence Research 45, section 4).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from freehold.network.bdd_store import Limits, Stopped

__all__ = ["AND", "EVENT", "FAILED", "NEVER", "OR", "Formula", "FormulaMaker"]

EVENT: Final = 0
OR: Final = 1
AND: Final = 2
NEVER: Final = 0
FAILED: Final = 1
"""Places of the two constants in every formula."""

_GATES: Final = 2_000_000


class Formula(NamedTuple):
    """Events and gates; arguments come before what they are arguments of.

    Parameters
    ----------
    kind
        ``EVENT``, ``OR`` or ``AND``; places 0 and 1 are the constants.
    arguments
        Places; for an event, its number alone.
    root
        The place of the top.
    """

    kind: list[int]
    arguments: list[tuple[int, ...]]
    root: int


class FormulaMaker:
    """Makes a formula bottom-up; every method gives a place.

    Parameters
    ----------
    limits
        When to stop.
    """

    def __init__(self, limits: Limits) -> None:
        self._kind = [OR, AND]
        self._arguments: list[tuple[int, ...]] = [(), ()]
        self._known: dict[tuple[int, tuple[int, ...]], int] = {}
        self._limits = limits

    def _place(self, kind: int, arguments: tuple[int, ...]) -> int:
        key = (kind, tuple(sorted(arguments)))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self._kind)
            self._kind.append(kind)
            self._arguments.append(arguments)
            if found % 4096 == 0:
                self._limits.check()
                if found > _GATES:
                    raise Stopped("size")
        return found

    def event(self, number: int) -> int:
        """Fails when that event happens."""
        return self._place(EVENT, (number,))

    def gate(self, kind: int, arguments: Sequence[int]) -> int:
        """Fails when one of the arguments does, or all of them."""
        neutral, final = (NEVER, FAILED) if kind == OR else (FAILED, NEVER)
        kept = dict.fromkeys(argument for argument in arguments if argument != neutral)
        if final in kept:
            return final
        if len(kept) <= 1:
            return next(iter(kept), neutral)
        return self._place(kind, tuple(kept))

    def at_least(self, arguments: Sequence[int], weights: Sequence[float], least: float, tolerance: float = 0.0) -> int:
        """Fails once the weights of the arguments that fail sum to ``least`` − tolerance."""
        together: dict[int, float] = {}
        for argument, weight in zip(arguments, weights, strict=True):
            if argument == FAILED:
                least -= weight
            elif argument != NEVER:
                together[argument] = together.get(argument, 0.0) + weight
        least -= tolerance
        if least <= 0:
            return FAILED
        order = sorted(together, key=lambda argument: -together[argument])
        amounts = [together[argument] for argument in order]
        rest = [0.0] * (len(order) + 1)
        for place in range(len(order) - 1, -1, -1):
            rest[place] = rest[place + 1] + amounts[place]
        if rest[0] < least:
            return NEVER
        if amounts[-1] >= least:
            return self.gate(OR, order)
        if rest[0] - amounts[-1] < least:
            return self.gate(AND, order)
        return self._threshold(order, amounts, rest, least)

    def _threshold(self, order: list[int], amounts: list[float], rest: list[float], least: float) -> int:
        # Of each place: ranges (low, high] of what is still missing over which the answer is one and the same.
        lows: list[list[float]] = [[] for _ in range(len(order) + 1)]
        found: list[list[tuple[float, int]]] = [[] for _ in range(len(order) + 1)]

        def known(place: int, missing: float) -> tuple[float, float, int] | None:
            if missing <= 0:
                return float("-inf"), 0.0, FAILED
            if missing > rest[place]:
                return rest[place], float("inf"), NEVER
            at = bisect_right(lows[place], missing) - 1
            # A range is open below: its own low end belongs to the one before.
            if at >= 0 and lows[place][at] == missing:
                at -= 1
            if at >= 0 and missing <= found[place][at][0]:
                return lows[place][at], *found[place][at]
            return None

        waiting = [(0, least)]
        steps = 0
        while waiting:
            steps += 1
            if steps % 4096 == 0:
                self._limits.check()
            place, missing = waiting[-1]
            if known(place, missing) is not None:
                waiting.pop()
                continue
            without, with_it = known(place + 1, missing), known(place + 1, missing - amounts[place])
            if without is None:
                waiting.append((place + 1, missing))
            elif with_it is None:
                waiting.append((place + 1, missing - amounts[place]))
            else:
                low = max(without[0], with_it[0] + amounts[place])
                high = min(without[1], with_it[1] + amounts[place])
                # Rounding may leave a range without its own question in it.
                low, high = (low if low < missing else missing * (1 - 1e-15)), max(high, missing)
                gate = self.gate(OR, (without[2], self.gate(AND, (order[place], with_it[2]))))
                at = bisect_right(lows[place], low)
                lows[place].insert(at, low)
                found[place].insert(at, (high, gate))
        answer = known(0, least)
        return NEVER if answer is None else answer[2]

    def formula(self, root: int) -> Formula:
        """Give what a place stands on, coalesced: no gate has an argument of its own kind that nothing else uses."""
        return _coalesced(self._kind, self._arguments, root)


def _coalesced(kind: list[int], arguments: list[tuple[int, ...]], root: int) -> Formula:
    uses = [0] * len(kind)
    uses[root] = 1
    for place in range(root, FAILED, -1):
        if uses[place] and kind[place] != EVENT:
            for argument in arguments[place]:
                uses[argument] += 1
    new_kind, new_place = [OR, AND], {NEVER: NEVER, FAILED: FAILED}
    new_arguments: list[tuple[int, ...]] = [(), ()]
    # A gate that one gate of its own kind alone uses is a part of that one.
    part = [False] * len(kind)
    for place in range(FAILED + 1, root + 1):
        if uses[place] and kind[place] != EVENT:
            for argument in arguments[place]:
                part[argument] = uses[argument] == 1 and kind[argument] == kind[place]
    for place in range(FAILED + 1, root + 1):
        if not uses[place] or part[place]:
            continue
        if kind[place] == EVENT:
            new = arguments[place]
        else:
            found: dict[int, None] = {}
            waiting = list(reversed(arguments[place]))
            while waiting:
                argument = waiting.pop()
                if part[argument]:
                    waiting.extend(reversed(arguments[argument]))
                else:
                    found[new_place[argument]] = None
            new = tuple(found)
        new_place[place] = len(new_kind)
        new_kind.append(kind[place])
        new_arguments.append(new)
    return Formula(new_kind, new_arguments, new_place[root])
