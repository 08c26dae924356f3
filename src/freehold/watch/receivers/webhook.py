"""Telling by HTTP: one POST a notification, in Alertmanager's form. Owns which answers mean that it was taken.

2xx is taken. 5xx, 408, 429 and no answer are tried again soon, anything else (a redirect too) only at the group's next turn.
"""

from __future__ import annotations

from typing import Final

import aiohttp

from freehold.watch.notification import Notification
from freehold.watch.receivers.interface import NotTold
from freehold.watch.webhook_message import message

__all__ = ["WebhookTeller"]

_AGAIN: Final = (408, 429)
_MOST_CONNECTIONS: Final = 8
_MOST_OF_AN_ANSWER: Final = 65_536


class WebhookTeller:
    """One webhook.

    Parameters
    ----------
    url
        Where to; it is never said in a message, as it may hold a secret.
    timeout
        Seconds for one attempt.
    most
        The most alerts in one body.
    address
        Where the desk can be looked at.
    """

    def __init__(self, url: str, *, timeout: float = 10.0, most: int = 10_000, address: str = "") -> None:
        self._url, self._timeout, self._most, self._address = url, timeout, most, address
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_MOST_CONNECTIONS),
                timeout=aiohttp.ClientTimeout(total=self._timeout),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session

    async def tell(self, notification: Notification) -> None:
        """POST one notification.

        Raises
        ------
        NotTold
            If it was not taken.
        """
        body = message(notification, address=self._address, most=self._most)
        headers = {"Content-Type": "application/json", "Idempotency-Key": notification.key, "User-Agent": "Freehold"}
        try:
            async with self._open().post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
                # read to the end, so that the connection serves the next; an answer without end is cut
                await answer.content.read(_MOST_OF_AN_ANSWER)
                status = answer.status
        except TimeoutError:
            raise NotTold(f"no answer within {self._timeout:g} s", again=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NotTold(f"no answer ({type(error).__name__})", again=not isinstance(error, aiohttp.InvalidURL)) from None
        if not 200 <= status < 300:
            raise NotTold(f"the answer was HTTP {status}", again=status >= 500 or status in _AGAIN)

    async def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
