"""``freehold`` as a program that kills itself at one point: ``DIES`` names a method and whether that is before or after it.

The parts are the real ones; the signal is the one that leaves no time. It is run by the tests of what survives a kill.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from freehold.cli import main


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wrapped(method: Callable[..., Any], when: str, count: int) -> Callable[..., Any]:
    """The same method, at whose so-manieth call the process ends, before or after it."""
    calls = 0

    def reached() -> bool:
        nonlocal calls
        calls += 1
        return calls >= count

    @functools.wraps(method)
    async def awaited(*arguments: Any, **more: Any) -> Any:
        now = reached()
        if now and when == "before":
            _die()
        result = await method(*arguments, **more)
        if now:
            _die()
        return result

    @functools.wraps(method)
    def called(*arguments: Any, **more: Any) -> Any:
        now = reached()
        if now and when == "before":
            _die()
        result = method(*arguments, **more)
        if now:
            _die()
        return result

    return awaited if inspect.iscoroutinefunction(method) else called


if __name__ == "__main__":
    if point := os.environ.get("DIES"):
        when, place, count = point.split()
        module, name, method = place.rsplit(".", 2)
        owner = getattr(importlib.import_module(module), name)
        setattr(owner, method, wrapped(getattr(owner, method), when, int(count)))
    sys.exit(main())
