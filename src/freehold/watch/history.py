"""Events of the past, from a journal. Owns reading one from outside the desk that writes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from freehold.watch.event import Event
from freehold.watch.journal_file import JournalFile

__all__ = ["stored_events"]

_AT_ONCE = 5_000


def stored_events(path: str | Path, start: float = 0.0) -> Iterator[Event]:
    """Give the events of a journal in the order in which they were taken, up to the last that is there now.

    Parameters
    ----------
    path
        The journal's file; nothing is written to it, and a desk may be writing.
    start
        Seconds since 1970 from which on.

    Raises
    ------
    freehold.errors.BadStore, freehold.errors.StoreUnavailable
        If it cannot be read.
    """
    with closing(JournalFile(path, most_bytes=1 << 40, write=False)) as journal:
        last, number = journal.last, 0
        while number < last:
            found = journal.between(start, float("inf"), number, _AT_ONCE)
            for one in found:
                if one.number > last:
                    return
                yield one.event
            if not found:
                return
            number = found[-1].number
