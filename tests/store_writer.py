"""Writes to a store in processes that may be killed. Each line on standard input is a request; children do the work.

``write PATH NAME FIRST COUNT``: a child stores the states FIRST, FIRST + 1, … of :func:`state` and says ``ack NUMBER`` for
each, once it is stored. The process that asks gets ``pid N`` first, and ``end STATUS`` when the child is gone, killed or not.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

from freehold.errors import FreeholdError
from freehold.stack.values import Item, Stack
from freehold.store.interface import WORKSPACE, Authorship
from freehold.store.sqlite import open_sqlite

__all__ = ["state"]


def state(number: int) -> Stack:
    """The state with this number: some hundred rows that stay and some that are its own."""
    same = tuple(Item(f"same-{row}", name="a name that stays") for row in range(150))
    own = tuple(Item(f"own-{number}-{row}", mission=float(number)) for row in range(1 + number % 90))
    return Stack("written", as_of=None, items=(*own, *same))


def say(line: str) -> None:
    """One line, in one piece."""
    os.write(1, (line + "\n").encode())


def write(path: str, name: str, first: int, count: int) -> None:
    """Store states and acknowledge each."""
    try:
        with open_sqlite(path, clock=lambda: datetime(2026, 3, 1, tzinfo=UTC), write=True) as store:
            for number in range(first, first + count):
                stored = store.put(WORKSPACE, name, state(number), Authorship(note=str(number)))
                say(f"ack {number} {stored.revision.number}")
    except FreeholdError as error:
        say(f"error {type(error).__name__} {error}")


def main() -> None:
    """Serve requests until there are no more."""
    for line in sys.stdin:
        _, path, name, first, count = line.split()
        child = os.fork()
        if child == 0:
            say(f"pid {os.getpid()}")
            write(path, name, int(first), int(count))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        say(f"end {status}")


if __name__ == "__main__":
    main()
