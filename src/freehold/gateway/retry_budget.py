"""How many retries and fall-backs are paid for. Owns the budget that keeps a failing upstream from being asked many times over.

Without one, three tries a request treble the load on whoever is failing already. Retries may be a share of the requests
of the window, and a few more, so that a quiet gateway can retry at all.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from freehold.gateway.sliding_window import SlidingWindow

__all__ = ["RetryBudget", "RetryBudgetTable"]

_SLOTS: Final = 10


class RetryBudgetTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The TOML table ``[retries]``.

    Parameters
    ----------
    share
        Retries as a share of the requests of the window.
    least
        Retries that a window has in any case.
    window_seconds
        The window.
    each
        The most retries of one request at one upstream.
    """

    share: Annotated[float, Meta(ge=0, le=1)] = 0.1
    least: Annotated[int, Meta(ge=0, le=100_000)] = 3
    window_seconds: Annotated[float, Meta(gt=0, le=86_400)] = 10.0
    each: Annotated[int, Meta(ge=0, le=10)] = 1


class RetryBudget:
    """The budget of one upstream, or of the whole gateway.

    Parameters
    ----------
    table
        Its settings.
    """

    __slots__ = ("_requests", "_retries", "table")

    def __init__(self, table: RetryBudgetTable | None = None) -> None:
        self.table = table or RetryBudgetTable()
        self._requests = SlidingWindow(self.table.window_seconds, _SLOTS)
        self._retries = SlidingWindow(self.table.window_seconds, _SLOTS)

    def request(self, now: float) -> None:
        """A request has come; not a retry."""
        self._requests.add(now)

    def left(self, now: float) -> int:
        """Retries that may be made now."""
        allowed = self.table.least + self.table.share * self._requests.advance(now)
        return max(0, int(allowed - self._retries.advance(now) + 1e-9))

    def ask(self, now: float) -> bool:
        """Whether a retry may be made; if so, it is counted as made."""
        if self.left(now) < 1:
            return False
        self._retries.add(now)
        return True
