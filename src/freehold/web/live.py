"""What changed, told to every page that is open. Owns the seam between the desk and its server-sent events.

A page is told that something changed, never what: it asks for the state anew. So a slow page misses nothing and holds
nothing up: for each page one mark is kept, not a queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from freehold.errors import Overloaded

__all__ = ["MOST_PAGES", "Live"]

MOST_PAGES: Final = 200


class Live:
    """The pages that are open."""

    def __init__(self) -> None:
        self._marks: set[asyncio.Event] = set()
        self.version = 0
        self._closed = False

    def changed(self) -> None:
        """Tell every page."""
        self.version += 1
        for mark in self._marks:
            mark.set()

    def close(self) -> None:
        """End every page's stream."""
        self._closed = True
        self.changed()

    @property
    def is_closed(self) -> bool:
        """Whether the desk is going away."""
        return self._closed

    @asynccontextmanager
    async def page(self) -> AsyncIterator[asyncio.Event]:
        """Take part while a page is open.

        Raises
        ------
        freehold.errors.Overloaded
            If :data:`MOST_PAGES` are open.
        """
        if len(self._marks) >= MOST_PAGES:
            raise Overloaded(f"{MOST_PAGES} pages are open, which is as many as are served. Close some.", 30.0)
        mark = asyncio.Event()
        mark.set()
        self._marks.add(mark)
        try:
            yield mark
        finally:
            self._marks.discard(mark)
