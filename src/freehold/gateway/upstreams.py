"""One upstream: its address, its key, its pool of connections. Owns the seam between the gateway and the HTTP client.

An answer is never decompressed, never followed elsewhere, and no cookie is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from typing import Final

from aiohttp import ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.client_exceptions import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientPayloadError,
    ClientSSLError,
    ServerDisconnectedError,
)
from multidict import CIMultiDict
from yarl import URL

from freehold.gateway.breaker import Breaker, BreakerTable, FailureKind
from freehold.gateway.retry_budget import RetryBudget, RetryBudgetTable
from freehold.gateway.secrets import Secret

__all__ = ["Upstream", "failure_words"]

_KEEP_ALIVE: Final = 30.0
_MOST_HEADER: Final = 16_384


class Upstream:
    """A provider or a model server of one's own.

    Parameters
    ----------
    name
        What the configuration calls it.
    base
        The address under which its ``/chat/completions`` hangs.
    key
        Its key; ``None`` if it needs none, or gets the client's.
    client_key
        Whether the client's own key goes to it.
    connect_seconds
        How long connecting may take.
    most_connections
        How many connections are open at once; 0 for as many as there are requests.
    provider
        The provider, as ``gen_ai.provider.name``.
    source_id
        The source in the stack that it is; empty where none is named.
    breaker, retries
        Settings of its breaker and of its retries.
    """

    def __init__(
        self, name: str, base: URL, key: Secret | None = None, *, client_key: bool = False, connect_seconds: float = 5.0,
        most_connections: int = 0, provider: str = "", source_id: str = "", breaker: BreakerTable | None = None,
        retries: RetryBudgetTable | None = None,
    ) -> None:  # fmt: skip
        self.name, self.base, self.key, self.client_key = name, base, key, client_key
        self.provider, self.source_id = provider or "openai", source_id
        self.address = base.host or ""
        self.breaker, self.retries = Breaker(breaker), RetryBudget(retries)
        self._connect_seconds, self._most_connections = connect_seconds, most_connections
        self._session: ClientSession | None = None

    def is_like(self, other: Upstream) -> bool:
        """Whether another is the same in all that a configuration says."""
        return self._said() == other._said()

    def _said(self) -> tuple[object, ...]:
        return (
            self.name, self.base, self.key.digest if self.key else None, self.client_key, self._connect_seconds,
            self._most_connections, self.provider, self.source_id, self.breaker.table, self.retries.table,
        )  # fmt: skip

    def authorize(self, headers: CIMultiDict[str]) -> None:
        """Add the key that this upstream has of its own."""
        if self.key is not None:
            headers["Authorization"] = f"Bearer {self.key.reveal()}"

    async def ask(
        self, method: str, url: URL, headers: CIMultiDict[str], body: bytes | AsyncIterable[bytes] | None
    ) -> ClientResponse:
        """Send a request; gives the answer's head, its body still to be read.

        Raises
        ------
        aiohttp.ClientError, OSError
            If it cannot be reached, or answers what is no HTTP.
        """
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(limit=self._most_connections, keepalive_timeout=_KEEP_ALIVE, ttl_dns_cache=60),
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,
                timeout=ClientTimeout(total=None, connect=None, sock_connect=self._connect_seconds, sock_read=None),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
                max_line_size=_MOST_HEADER,
                max_field_size=_MOST_HEADER,
            )
        return await self._session.request(method, url, headers=headers, data=body, allow_redirects=False)

    async def answers(self, seconds: float) -> str:
        """See whether it answers: the list of its models is asked for, which costs nothing, over a connection of its own.

        Whatever is answered shows life, but for a 5xx, and for a refusal of the gateway's own key. An upstream that gets
        the client's key, or none, is asked without one, and lives if it says so.

        Parameters
        ----------
        seconds
            How long it may take.

        Returns
        -------
        str
            What went wrong; empty if it answers.
        """
        headers: CIMultiDict[str] = CIMultiDict({"Accept": "application/json", "Accept-Encoding": "identity"})
        self.authorize(headers)
        url = self.base.with_path(self.base.raw_path.rstrip("/") + "/models", encoded=True)
        try:
            async with (
                asyncio.timeout(seconds),
                ClientSession(
                    connector=TCPConnector(limit=1, force_close=True),
                    cookie_jar=DummyCookieJar(),
                    auto_decompress=False,
                    skip_auto_headers=("User-Agent",),
                    max_line_size=_MOST_HEADER,
                    max_field_size=_MOST_HEADER,
                ) as session,
                session.get(url, headers=headers, allow_redirects=False) as response,
            ):
                status = response.status
        except (ClientError, OSError, ValueError) as error:
            return failure_words(error)[1]
        if status in (401, 403) and self.key is not None and "key_refused" in self.breaker.table.counts:
            return f"it refused the gateway's key with {status}"
        return f"it failed with {status}" if status >= 500 else ""

    async def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()


def failure_words(error: BaseException) -> tuple[FailureKind, str]:
    """What went wrong with an upstream: the kind that its breaker counts, and a sentence for people."""
    match error:
        case ClientConnectorDNSError():
            return "connect", "its name could not be resolved"
        case ClientConnectorCertificateError() | ClientSSLError():
            return "connect", "its TLS certificate or protocol was not accepted"
        case ClientConnectorError():
            return "connect", "it refused the connection or cannot be reached"
        case asyncio.TimeoutError() | TimeoutError():
            return "timeout", "it did not answer in time"
        case ServerDisconnectedError() | ConnectionResetError():
            return "connect", "it closed the connection"
        case ClientPayloadError():
            return "stream_broken", "its answer broke off"
        case ClientError():
            return "not_understood", "it answered what is no HTTP"
        case _:
            return "connect", "it cannot be reached"
