"""Fetching status feeds again and again. Owns how: sparingly, within limits, and told apart from what a feed says.

A fetch asks only for what is new (``If-None-Match``, ``If-Modified-Since``), follows a redirect on the same host alone, reads
at most :data:`MOST_BYTES`, and after a failure waits twice as long each time, or as long as it is told. That a feed cannot be
read says nothing about its provider: it is an event of its own, ``freehold.status.feed``, when it begins and when it ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from freehold.errors import FreeholdError
from freehold.log import log
from freehold.version import __version__
from freehold.watch.event import Event, Json
from freehold.watch.status_feeds import SOURCE, Feed, OpenIncidents, events_from
from freehold.watch.way_out import REDIRECTS, ThreadResolver, onward, same_host

__all__ = ["FEED_TYPE", "MOST_BYTES", "Follower"]

FEED_TYPE: Final = "freehold.status.feed"
MOST_BYTES: Final = 8 * 1024 * 1024
_SECONDS: Final = 20.0
_MOST_REDIRECTS: Final = 3
_LONGEST_WAIT: Final = 3_600.0
_MOST_AT_ONCE: Final = 4
_LONGEST_HEADER: Final = 512


class _Unread(Exception):
    """A feed that was not read: why, and how long to wait if that was said."""

    def __init__(self, why: str, wait: float = 0.0) -> None:
        self.why, self.wait = why, wait
        super().__init__(why)


@dataclass(slots=True)
class _Place:
    known: OpenIncidents
    validators: dict[str, str] = field(default_factory=dict)
    failures: int = 0
    wait: float = 0.0


class Follower:
    """Follows feeds and hands on what they say; use it within ``async with``.

    Parameters
    ----------
    feeds
        Which.
    put
        Takes the events, and returns when they are safe; what it refuses is fetched and put again.
    known
        Open incidents by feed, from :func:`freehold.watch.status_feeds.open_from_events`.
    clock
        Seconds since 1970.
    sleep
        Waits so many seconds.
    """

    def __init__(
        self, feeds: Sequence[Feed], put: Callable[[Sequence[Event]], Awaitable[object]], *,
        known: Mapping[str, OpenIncidents] | None = None, clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        self._feeds, self._put, self._clock, self._sleep = tuple(feeds), put, clock, sleep
        self._places = {feed.id: _Place((known or {}).get(feed.id) or OpenIncidents()) for feed in self._feeds}
        self._free = asyncio.Semaphore(_MOST_AT_ONCE)

    async def __aenter__(self) -> Follower:
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="feed-lookup")
        connector = aiohttp.TCPConnector(
            resolver=ThreadResolver(self._threads), use_dns_cache=False, force_close=True, limit=_MOST_AT_ONCE
        )
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, max_line_size=16_384,
            max_field_size=16_384, headers={"User-Agent": f"freehold/{__version__}"},
            timeout=aiohttp.ClientTimeout(total=None),
        )  # fmt: skip
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def run(self) -> None:
        """Follow all feeds until cancelled, evenly spread over their periods."""
        async with asyncio.TaskGroup() as group:
            for place, feed in enumerate(self._feeds):
                group.create_task(self._follow(feed, feed.every * place / len(self._feeds)))

    async def _follow(self, feed: Feed, first: float) -> None:
        await self._sleep(first)
        while True:
            await self.fetch(feed)
            await self._sleep(self.next_wait(feed))

    def next_wait(self, feed: Feed) -> float:
        """Seconds until a feed is fetched next: its period, doubled with every failure in a row, or as long as was said."""
        place = self._places[feed.id]
        doubled = min(feed.every * 2.0 ** min(place.failures, 10), max(_LONGEST_WAIT, feed.every))
        return max(doubled, min(place.wait, _LONGEST_WAIT))

    async def fetch(self, feed: Feed) -> tuple[Event, ...]:
        """Fetch a feed once, hand on what is news, and give it."""
        place = self._places[feed.id]
        now, before = self._clock(), place.known.copy()
        async with self._free:
            try:
                async with asyncio.timeout(_SECONDS):
                    body, validators = await self._get(feed.url, place.validators)
                events = () if body is None else events_from(feed, body, place.known, now)
            except Exception as error:  # noqa: BLE001 - a defect in reading one feed must not stop the others
                return await self._failed(feed, place, error, now)
        if place.failures:
            events = (*events, self._told(feed, "", now))
        try:
            if events:
                await self._put(events)
        except FreeholdError as error:
            # without its validators the feed comes whole next time, and what was not kept is news again
            place.known, place.validators, place.wait = before, {}, 0.0
            log("status.dropped", feed=feed.id, because=str(error))
            return ()
        place.validators, place.failures, place.wait = validators, 0, 0.0
        return events

    async def _failed(self, feed: Feed, place: _Place, error: Exception, now: float) -> tuple[Event, ...]:
        why = error.why if isinstance(error, _Unread) else str(error) or type(error).__name__
        place.failures += 1
        place.wait = error.wait if isinstance(error, _Unread) else 0.0
        log("status.unread", feed=feed.id, because=why)
        if place.failures > 1:
            return ()
        events = (self._told(feed, why, now),)
        try:
            await self._put(events)
        except FreeholdError as refused:
            log("status.dropped", feed=feed.id, because=str(refused))
        return events

    @staticmethod
    def _told(feed: Feed, why: str, now: float) -> Event:
        data: dict[str, Json] = {
            "freehold.provider": feed.provider,
            "freehold.status.readable": not why,
            "server.address": feed.url[:300],
        }
        if why:
            data["freehold.because"] = why[:300]
        return Event(f"{SOURCE}/{feed.id}", f"feed/{round(now * 1000)}", FEED_TYPE, now, now, feed.provider, data)

    async def _get(self, url: str, validators: Mapping[str, str]) -> tuple[bytes | None, dict[str, str]]:
        target = url
        for _ in range(_MOST_REDIRECTS + 1):
            async with self._session.get(target, headers=validators, allow_redirects=False) as response:
                if response.status in REDIRECTS and "Location" in response.headers:
                    target = onward(target, response.headers["Location"])
                    if not same_host(url, target):
                        raise _Unread("it redirects to another host")
                    continue
                if response.status == 304:
                    return None, dict(validators)
                if response.status != 200:
                    raise _Unread(f"its server answers {response.status}", _seconds(response.headers.get("Retry-After", "")))
                body = bytearray()
                async for piece in response.content.iter_chunked(64 * 1024):
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise _Unread(f"it has more than {MOST_BYTES} bytes")
                return bytes(body), _validators(response.headers)
        raise _Unread("it redirects too often")


def _validators(headers: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, asked in (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since")):
        value = headers.get(name, "")
        if value and len(value) <= _LONGEST_HEADER and value.isprintable():
            found[asked] = value
    return found


def _seconds(text: str) -> float:
    """A ``Retry-After`` in seconds; a date there, which few send, counts as none."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0.0
