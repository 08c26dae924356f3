"""Writes to a journal in a process that may be killed: ``journal_writer.py PATH FIRST SENDERS``.

So many senders put batches at once, sender ``s`` its events ``FIRST + s``, ``FIRST + s + SENDERS``, … A line ``ack NUMBER`` is
said for each event once it is acknowledged, in one piece.
"""

from __future__ import annotations

import asyncio
import os
import sys

from freehold.watch.event import Event
from freehold.watch.journal import Journal

__all__ = ["event"]


def event(number: int) -> Event:
    """The event with this number."""
    data = {"n": number, "pad": "x" * (number % 90)}
    return Event("/writer", str(number), "test", float(number), 1e9 + number, f"s{number % 7}", data)


async def main(path: str, first: int, senders: int) -> None:
    """Put events until killed."""
    async with Journal.open(path) as journal:

        async def send(sender: int) -> None:
            number = first + sender
            while True:
                numbers = range(number, number + senders * (1 + number % 5), senders)
                await journal.put([event(one) for one in numbers])
                os.write(1, "".join(f"ack {one}\n" for one in numbers).encode())
                number = numbers[-1] + senders

        await asyncio.gather(*(send(sender) for sender in range(senders)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
