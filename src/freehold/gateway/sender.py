"""Events on their way to the desk. Owns that none is lost and none waits in memory: the evidence log is read again and again.

A batch is posted; only when the desk has taken it does the cursor go on. What the desk does not understand, sent alone, is
passed over and said; everything else is tried until it succeeds.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar
from yarl import URL

from freehold.errors import EvidenceError, Unreadable
from freehold.gateway.notices import Notices
from freehold.gateway.secrets import Secret
from freehold.gateway.spool import Batch, Spool
from freehold.gateway.upstreams import failure_words
from freehold.respond.evidence_log import EvidenceLog

__all__ = ["Sender"]

_MOST_EVENTS: Final = 500
_LOOK_EVERY: Final = 0.1
_LAST_LOOK_EVERY: Final = 0.02
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_MOST_ANSWER: Final = 2_000
_HEADERS: Final = {"Content-Type": "application/cloudevents-batch+json"}


class Sender:
    """What sends them.

    Parameters
    ----------
    spool
        What is to be sent.
    log
        The evidence log, which says what is on the disk.
    url
        The desk's address.
    key
        The key for it.
    notices
        Where it is said that it does not answer.
    """

    def __init__(self, spool: Spool, log: EvidenceLog, url: URL, key: Secret | None, notices: Notices) -> None:
        self._spool, self._log, self._url, self._key, self._notices = spool, log, url, key, notices
        self._most, self._wait, self._trouble = _MOST_EVENTS, 0.0, ""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self, seconds: float = 0.0) -> None:
        """End; what was not sent is sent after the next start.

        Parameters
        ----------
        seconds
            How long it may still take to send what is written, as long as the desk answers.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self._task is not None and self._spool.cursor.number < self._log.durable and not self._trouble:
            if loop.time() >= until:
                break
            await asyncio.sleep(_LAST_LOOK_EVERY)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def state(self) -> dict[str, Any]:
        """Where it stands, as data."""
        sent = self._spool.cursor.number
        return {"url": str(self._url), "sent": sent, "waiting": self._log.number - sent, "trouble": self._trouble}

    async def _run(self) -> None:
        headers = dict(_HEADERS)
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.reveal()}"
        timeout = ClientTimeout(total=30.0, sock_connect=5.0)
        async with ClientSession(cookie_jar=DummyCookieJar(), headers=headers, timeout=timeout) as session:
            while True:
                batch: Batch | None = None
                try:
                    batch = self._spool.read(self._log.durable, self._most)
                    if batch is not None:
                        await self._send(session, batch)
                except (EvidenceError, Unreadable) as error:
                    self._failed(str(error))
                except Exception as error:  # noqa: BLE001  whatever it is, events must go on being sent
                    self._notices.say("defect", type(error).__name__, what=f"{type(error).__name__}: {error}")
                    self._failed(type(error).__name__)
                is_full = batch is not None and len(batch.events) == self._most
                await asyncio.sleep(self._wait or (0.0 if is_full else _LOOK_EVERY))

    async def _send(self, session: ClientSession, batch: Batch) -> None:
        if not batch.events:
            self._spool.pass_over(batch.after)
            return
        try:
            async with session.post(self._url, data=msgspec.json.encode(batch.events), allow_redirects=False) as answer:
                said = (await answer.content.read(_MOST_ANSWER)).decode("utf-8", "replace")
                status, again = answer.status, answer.headers.get("retry-after", "")
        except (ClientError, OSError, TimeoutError) as error:
            self._failed(failure_words(error)[1])
            return
        if 200 <= status < 300:
            await asyncio.to_thread(self._spool.taken, batch.after)
            self._succeeded()
        elif status == 413 and self._most > 1:
            self._most = max(1, self._most // 4)
        elif status == 400 and len(batch.events) > 1:
            self._most = 1
        elif status in (400, 413):
            self._notices.say("desk_refused", number=batch.after.number, why=said[:300])
            await asyncio.to_thread(self._spool.taken, batch.after)
        else:
            self._failed(f"it answered {status}: {' '.join(said.split())[:200]}")
            if again.isascii() and again.isdigit():
                self._wait = min(float(again), _LONGEST_WAIT)

    def _succeeded(self) -> None:
        self._wait, self._most = 0.0, min(_MOST_EVENTS, self._most * 2)
        if self._trouble:
            self._trouble = ""
            self._notices.change("desk_reached", after="desk_unreachable")

    def _failed(self, why: str) -> None:
        self._wait = min(max(_FIRST_WAIT, self._wait * 2), _LONGEST_WAIT)
        self._trouble = why
        self._notices.say("desk_unreachable", url=str(self._url), why=why)
