"""How fast an error budget is spent. Owns the formula and the windows that an alert on it looks at.

Source: Google, *The Site Reliability Workbook*, chapter 5, "Alerting on SLOs", section 6, "Multiwindow, Multi-Burn-Rate
Alerts" (sre.google, 2018). With an objective of o, the budget is 1 − o, and

    burn rate = share of failed events / (1 − o)

A burn rate of 1 spends the budget exactly in the objective's period. Spending the part p of a period T's budget within a
window w is a burn rate of p·T/w: 2 % of 30 days in an hour is 0.02 · 720 h / 1 h = 14.4. An alert holds while the rate is
over its threshold in a long window (so that it matters) and in a short one of a twelfth (so that it ends soon after the
trouble does). Where traffic is low, a single failure is a high rate (same chapter, "Low-Traffic Services and Error Budget
Alerting"): a minimum count of events, and of failed ones, guards against it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from freehold.watch.windows import Window, exceeds

__all__ = ["PAGE", "Burn", "BurnMeter", "burn_rate"]


@dataclass(frozen=True, slots=True)
class Burn:
    """One pair of windows with its threshold.

    Parameters
    ----------
    long, short
        Seconds.
    rate
        The burn rate over which both must be.
    """

    long: float
    short: float
    rate: float


PAGE: Final = (Burn(3600.0, 300.0, 14.4), Burn(21600.0, 1800.0, 6.0))
"""What the workbook recommends for waking a person: 2 % of the budget in an hour, 5 % in six."""


def burn_rate(failed: int, of: int, objective: float) -> float:
    """How many times faster than allowed the budget is spent.

    Parameters
    ----------
    failed, of
        Events that failed, among all; ``of`` may be 0, which spends nothing.
    objective
        The share of events that is to succeed, over 0 and under 1.
    """
    return failed / of / (1.0 - objective) if of else 0.0


class BurnMeter:
    """Failed events among all, over several pairs of windows.

    Parameters
    ----------
    burns
        The pairs; it holds if any does.
    objective
        The share of events that is to succeed.
    minimum, at_least
        Events, and failed ones, that the long window must hold.
    """

    __slots__ = ("_at_least", "_burns", "_minimum", "_objective", "_windows")

    def __init__(self, burns: Sequence[Burn], objective: float, minimum: int = 1, at_least: int = 1) -> None:
        self._burns, self._objective, self._minimum, self._at_least = burns, objective, minimum, at_least
        self._windows = {length: Window(length) for burn in burns for length in (burn.long, burn.short)}

    def add(self, now: float, *, part: bool, amount: float) -> None:
        """Take one event; ``part``: it failed."""
        del amount
        for window in self._windows.values():
            window.add(now, part=part)

    def holds(self, now: float) -> bool:
        """Whether a threshold is crossed at a time."""
        return self._crossed(now) is not None

    def next_change(self) -> float:
        """When it may stop holding if nothing is added."""
        return min((window.next_loss() for window in self._windows.values()), default=math.inf)

    def values(self, now: float) -> dict[str, float]:
        """What a summary may tell: of the pair that is crossed, else of the first."""
        burn = self._crossed(now) or self._burns[0]
        window = self._windows[burn.long]
        rate = burn_rate(window.part, window.count, self._objective)
        return {
            "count": window.part, "of": window.count, "share": window.part / window.count if window.count else 0.0,
            "value": rate, "threshold": burn.rate, "window": burn.long,
        }  # fmt: skip

    def clear(self) -> None:
        """Forget everything."""
        for window in self._windows.values():
            window.clear()

    def _crossed(self, now: float) -> Burn | None:
        for window in self._windows.values():
            window.move(now)
        for burn in self._burns:
            long, short = self._windows[burn.long], self._windows[burn.short]
            if long.count < self._minimum or long.part < self._at_least:
                continue
            rates = (burn_rate(one.part, one.count, self._objective) for one in (long, short))
            if all(exceeds(rate, burn.rate) for rate in rates):
                return burn
        return None
