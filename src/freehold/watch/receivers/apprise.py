"""Telling by any of apprise's services. Owns how a notification reads as a title and a text."""

from __future__ import annotations

import asyncio
import warnings

from freehold.watch.notification import Notification
from freehold.watch.receivers.interface import NotTold
from freehold.watch.receivers.words import text, title

__all__ = ["AppriseTeller"]


class AppriseTeller:
    """One of apprise's services.

    Parameters
    ----------
    url
        Apprise's URL; it is never said in a message, as it holds secrets.
    timeout
        Seconds for one attempt.

    Raises
    ------
    ValueError
        If apprise knows no such service.
    """

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        with warnings.catch_warnings():
            # its plug-ins are loaded by the first URL, and some use what Python will remove
            warnings.simplefilter("ignore", DeprecationWarning)
            import apprise

            asset = apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY)
            self._apprise = apprise.Apprise(asset=asset)
            known = self._apprise.add(url) and len(self._apprise) == 1
        if not known:
            raise ValueError("apprise knows no such service")
        self._firing, self._resolved = apprise.NotifyType.FAILURE, apprise.NotifyType.SUCCESS
        self._timeout = timeout

    async def tell(self, notification: Notification) -> None:
        """Tell one notification.

        Raises
        ------
        NotTold
            If the service did not take it.
        """
        kind = self._firing if notification.state == "firing" else self._resolved
        try:
            taken = await asyncio.wait_for(
                self._apprise.async_notify(body=text(notification), title=title(notification), notify_type=kind), self._timeout
            )
        except TimeoutError:
            raise NotTold(f"the service took longer than {self._timeout:g} s", again=True) from None
        except (OSError, TypeError, ValueError) as error:
            raise NotTold(f"the service failed ({type(error).__name__})", again=True) from None
        if not taken:
            raise NotTold("the service did not take it", again=True)

    async def close(self) -> None:
        """There is nothing to close."""
