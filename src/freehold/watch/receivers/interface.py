"""What every way of telling offers. Owns the seam between delivery, which repeats and waits, and the ways, which try once."""

from __future__ import annotations

from typing import Protocol

from freehold.errors import WatchError
from freehold.watch.notification import Notification

__all__ = ["NotTold", "Teller"]


class NotTold(WatchError):
    """Somebody could not be told.

    Parameters
    ----------
    message
        Why; it holds no address and no secret.
    again
        Whether to try again soon; else only at the group's next turn.
    """

    def __init__(self, message: str, *, again: bool) -> None:
        self.again = again
        super().__init__(message)


class Teller(Protocol):
    """One way of telling."""

    async def tell(self, notification: Notification) -> None:
        """Tell one notification, once, within the time that it may take.

        Raises
        ------
        NotTold
            If that failed.
        """

    async def close(self) -> None:
        """Let go of what it holds."""
