"""The way out to a host: how its name is looked up, and how far a redirect may lead. Owns both for all that looks or polls.

A redirect is followed on its own host alone: to the same port, or from http to https.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import urljoin, urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

from freehold.catalogue.hosts import clean_host

__all__ = ["REDIRECTS", "ThreadResolver", "host_of", "onward", "same_host"]

REDIRECTS: Final = (301, 302, 303, 307, 308)


class ThreadResolver(AbstractResolver):
    """Looks names up as the machine does, in threads of its own: a look-up that hangs keeps nothing else waiting.

    Parameters
    ----------
    threads
        Where look-ups run; who made them ends them.
    """

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Look a name up; give its addresses."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM))
        return [
            ResolveResult(hostname=host, host=str(place[0]), port=port, family=of, proto=protocol, flags=socket.AI_NUMERICHOST)
            for of, _, protocol, _, place in found
        ]

    async def close(self) -> None:
        """Keep the threads: who made them ends them."""


def host_of(url: str) -> str:
    """The host of a URL, in lower case and ASCII; empty if there is none."""
    try:
        return clean_host(urlsplit(url).hostname or "")
    except ValueError:
        return ""


def onward(url: str, location: str) -> str:
    """Where a redirect leads; empty if that is no URL."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def same_host(one: str, other: str) -> bool:
    """Whether a redirect stays on the host, at the same port or from http to https."""
    try:
        first, second = urlsplit(one), urlsplit(other)
        ports = (first.port, second.port)
    except ValueError:
        return False
    if second.scheme not in ("http", "https") or host_of(one) != host_of(other):
        return False
    if first.scheme == second.scheme:
        return ports[0] == ports[1]
    return second.scheme == "https" and ports == (None, None)
