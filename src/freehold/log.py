"""What the program says of its own work while it does it. Owns the seam between who works and who listens.

Nothing is said where nobody listens, and nothing that is said depends on how it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TypeAlias

__all__ = ["Listener", "listen", "log", "timed"]

Listener: TypeAlias = Callable[[str, dict[str, object]], None]
"""Takes the name of an event, and facts about it by name."""

_LISTENERS: list[Listener] = []


@contextmanager
def listen(listener: Listener) -> Iterator[None]:
    """Tell a listener every event for as long as the block lasts."""
    _LISTENERS.append(listener)
    try:
        yield
    finally:
        _LISTENERS.remove(listener)


def log(event: str, **facts: object) -> None:
    """Say that something happened.

    Parameters
    ----------
    event
        What, such as ``read``.
    facts
        More about it: texts and numbers.
    """
    for listener in _LISTENERS:
        listener(event, facts)


@contextmanager
def timed(event: str, **facts: object) -> Iterator[dict[str, object]]:
    """Say that something was done and how long it took in seconds, when the block ends without an error.

    Yields
    ------
    dict
        More facts can be put in while it lasts.
    """
    start = perf_counter()
    yield facts
    log(event, **facts, seconds=round(perf_counter() - start, 4))
