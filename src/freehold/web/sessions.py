"""Who is asking: a program by its bearer key, a person's browser by a cookie. Owns the seam between requests and people.

A cookie holds a random number that means something only while this process runs; after a restart people sign in again.
Wrong keys are not counted: a key of 256 random bits is not guessed, and a count would let strangers lock people out.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from aiohttp import web

from freehold.respond.roles import Person, Program
from freehold.web.people import People

__all__ = ["COOKIE", "Sessions"]

COOKIE: Final = "freehold_desk"
_LASTS: Final = 12 * 3600.0
_MOST: Final = 1000


class Sessions:
    """Browsers that are signed in.

    Parameters
    ----------
    people
        Who may sign in.
    clock
        Seconds that never go back.
    """

    def __init__(self, people: People, clock: Callable[[], float] = time.monotonic) -> None:
        self._people, self._clock = people, clock
        self._open: OrderedDict[str, tuple[str, str, float]] = OrderedDict()

    def sign_in(self, key: str) -> str | None:
        """Give a cookie for a person's key; ``None`` if it is nobody's, or a program's."""
        person = self._people.who(key)
        if not isinstance(person, Person):
            return None
        cookie = secrets.token_urlsafe(32)
        self._open[cookie] = (person.name, person.digest, self._clock() + _LASTS)
        while len(self._open) > _MOST:
            self._open.popitem(last=False)
        return cookie

    def sign_out(self, cookie: str) -> None:
        """Forget a browser."""
        self._open.pop(cookie, None)

    def forget(self) -> None:
        """Forget every browser, as a restart does."""
        self._open.clear()

    def who(self, request: web.BaseRequest) -> Person | Program | None:
        """Who asks; ``None`` if that is not known. A person whose key was taken back or changed is not known any more."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._people.who(key.strip())
        name, digest, until = self._open.get(request.cookies.get(COOKIE, ""), ("", "", 0.0))
        if not name or until <= self._clock():
            return None
        person = self._people.named(name)
        return person if person is not None and person.digest == digest else None
