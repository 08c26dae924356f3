"""What a rule measures of one group of events. Owns the seam between windows and thresholds.

A meter may begin to hold only when an event is added; it may stop holding then, or when a window forgets something.
"""

from __future__ import annotations

import math
from typing import Protocol

from freehold.watch.windows import Window, exceeds

__all__ = ["AmountMeter", "CountMeter", "Meter", "RatioMeter", "SilenceMeter", "SpikeMeter"]


class Meter(Protocol):
    """One group's measure."""

    def add(self, now: float, *, part: bool, amount: float) -> None:
        """Take one event: whether it is of the part that is measured, and what it adds to a sum."""

    def holds(self, now: float) -> bool:
        """Whether the threshold is crossed at a time, never before that of the last event."""

    def next_change(self) -> float:
        """When :meth:`holds` may change if nothing is added; ``inf``: never."""

    def values(self, now: float) -> dict[str, float]:
        """What a summary may tell."""

    def clear(self) -> None:
        """Forget everything."""


class CountMeter:
    """At least so many events in a window.

    Parameters
    ----------
    length
        Of the window, seconds.
    at_least
        The threshold.
    """

    __slots__ = ("_at_least", "_window")

    def __init__(self, length: float, at_least: int) -> None:
        self._window, self._at_least = Window(length), at_least

    def add(self, now: float, *, part: bool, amount: float) -> None:
        """See :class:`Meter`; only the part is counted."""
        del amount
        if part:
            self._window.add(now)

    def holds(self, now: float) -> bool:
        """See :class:`Meter`."""
        self._window.move(now)
        return self._window.count >= self._at_least

    def next_change(self) -> float:
        """See :class:`Meter`."""
        return self._window.next_loss()

    def values(self, now: float) -> dict[str, float]:
        """See :class:`Meter`."""
        self._window.move(now)
        count = self._window.count
        return {
            "count": count, "of": count, "value": count, "threshold": self._at_least, "window": self._window.length,
        }  # fmt: skip

    def clear(self) -> None:
        """See :class:`Meter`."""
        self._window.clear()


class AmountMeter:
    """A sum over a window, or its rate, over a threshold.

    Parameters
    ----------
    length
        Of the window, seconds.
    over
        The threshold.
    per
        Seconds that the sum is given for, such as 60 for a rate a minute; the whole window unless given.
    counts
        Whether events are summed (each 1) and not amounts.
    """

    __slots__ = ("_counts", "_factor", "_over", "_window")

    def __init__(self, length: float, over: float, per: float | None = None, *, counts: bool = False) -> None:
        self._window, self._over, self._counts = Window(length), over, counts
        self._factor = 1.0 if per is None else per / length

    def add(self, now: float, *, part: bool, amount: float) -> None:
        """See :class:`Meter`; only the part is summed."""
        if part:
            self._window.add(now, amount=amount)

    def _value(self) -> float:
        return (self._window.count if self._counts else self._window.amount) * self._factor

    def holds(self, now: float) -> bool:
        """See :class:`Meter`."""
        self._window.move(now)
        return exceeds(self._value(), self._over)

    def next_change(self) -> float:
        """See :class:`Meter`."""
        return self._window.next_loss()

    def values(self, now: float) -> dict[str, float]:
        """See :class:`Meter`."""
        self._window.move(now)
        count = self._window.count
        return {
            "count": count, "of": count, "value": self._value(), "threshold": self._over, "window": self._window.length,
        }  # fmt: skip

    def clear(self) -> None:
        """See :class:`Meter`."""
        self._window.clear()


class RatioMeter:
    """The share of a part among all events of a window, over a threshold.

    Parameters
    ----------
    length
        Of the window, seconds.
    over
        The share, 0 up to 1.
    minimum, at_least
        Events, and events of the part, that the window must hold.
    """

    __slots__ = ("_at_least", "_minimum", "_over", "_window")

    def __init__(self, length: float, over: float, minimum: int = 1, at_least: int = 1) -> None:
        self._window, self._over, self._minimum, self._at_least = Window(length), over, minimum, at_least

    def add(self, now: float, *, part: bool, amount: float) -> None:
        """See :class:`Meter`."""
        del amount
        self._window.add(now, part=part)

    def holds(self, now: float) -> bool:
        """See :class:`Meter`."""
        self._window.move(now)
        window = self._window
        if window.count < self._minimum or window.part < self._at_least:
            return False
        return exceeds(window.part / window.count, self._over)

    def next_change(self) -> float:
        """See :class:`Meter`."""
        return self._window.next_loss()

    def values(self, now: float) -> dict[str, float]:
        """See :class:`Meter`."""
        self._window.move(now)
        count, part = self._window.count, self._window.part
        share = part / count if count else 0.0
        return {
            "count": part, "of": count, "share": share, "value": share, "threshold": self._over, "window": self._window.length,
        }  # fmt: skip

    def clear(self) -> None:
        """See :class:`Meter`."""
        self._window.clear()


class SpikeMeter:
    """A sum over a window that is many times what the time before it had on average.

    The baseline is what the longer window holds beyond the shorter one, over the time since its first event; that time must be
    at least as long as the shorter window, so that a group is known before it is said to be unusual.

    Parameters
    ----------
    length, baseline
        Of the window and of the longer one that holds it, seconds.
    times
        How many times the average.
    at_least
        The sum that the window must hold at least.
    counts
        Whether events are summed (each 1) and not amounts.
    """

    __slots__ = ("_at_least", "_counts", "_long", "_short", "_times")

    def __init__(self, length: float, baseline: float, times: float, at_least: float, *, counts: bool = False) -> None:
        self._short, self._long = Window(length), Window(baseline)
        self._times, self._at_least, self._counts = times, at_least, counts

    def add(self, now: float, *, part: bool, amount: float) -> None:
        """See :class:`Meter`; only the part is summed."""
        if part:
            self._short.add(now, amount=amount)
            self._long.add(now, amount=amount)

    def _of(self, window: Window) -> float:
        return window.count if self._counts else window.amount

    def _ratio(self, now: float) -> float:
        """The window's sum over the average of what was before; 0 where that is not known."""
        self._short.move(now)
        self._long.move(now)
        recent = self._of(self._short)
        before = self._of(self._long) - recent
        span = now - self._short.length - self._long.since
        if before <= 0 or span < self._short.length:
            return 0.0
        return recent / (before * self._short.length / span)

    def holds(self, now: float) -> bool:
        """See :class:`Meter`."""
        ratio = self._ratio(now)
        return exceeds(ratio, self._times) and self._of(self._short) >= self._at_least

    def next_change(self) -> float:
        """See :class:`Meter`."""
        return min(self._short.next_loss(), self._long.next_loss())

    def values(self, now: float) -> dict[str, float]:
        """See :class:`Meter`."""
        ratio = self._ratio(now)
        count = self._short.count
        return {
            "count": count, "of": count, "value": self._of(self._short), "times": ratio, "threshold": self._times,
            "window": self._short.length,
        }  # fmt: skip

    def clear(self) -> None:
        """See :class:`Meter`."""
        self._short.clear()
        self._long.clear()


class SilenceMeter:
    """No event for a time, of a group that was heard before; after a longer time it counts as gone for good.

    Parameters
    ----------
    length
        Seconds of silence.
    gone_after
        Seconds after which, when it has held so long, it holds no more.
    """

    __slots__ = ("_gone_after", "_holds", "_last", "_length")

    def __init__(self, length: float, gone_after: float) -> None:
        self._length, self._gone_after = length, gone_after
        self._last = math.inf
        self._holds = False

    def add(self, now: float, *, part: bool, amount: float) -> None:
        """See :class:`Meter`."""
        del amount
        if part:
            self._last = now

    def holds(self, now: float) -> bool:
        """See :class:`Meter`; it begins to hold by itself."""
        self._holds = self._last + self._length <= now < self._last + self._length + self._gone_after
        if now >= self._last + self._length + self._gone_after:
            self._last = math.inf
        return self._holds

    def next_change(self) -> float:
        """See :class:`Meter`."""
        return self._last + self._length + (self._gone_after if self._holds else 0.0)

    def values(self, now: float) -> dict[str, float]:
        """See :class:`Meter`."""
        return {"count": 0, "of": 0, "value": now - self._last, "threshold": self._length, "window": self._length}

    def clear(self) -> None:
        """See :class:`Meter`."""
        self._last = math.inf
        self._holds = False
