"""Processes that are left in a network namespace. Owns finding and ending them where whoever should have is gone.

As a rule the program inside ends what it started, and knows it by descent. This is for the day on which that program was
itself killed: then what it started is known by the namespace that it is in.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Final

__all__ = ["kill_in", "processes_in"]

_PAUSE: Final = 0.01


def processes_in(namespace: int) -> tuple[int, ...]:
    """Processes in a network namespace, as far as this one may see them; what has ended is in none.

    Parameters
    ----------
    namespace
        Descriptor of it, which keeps its number its own.
    """
    wanted = os.fstat(namespace)
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                seen = (entry / "ns" / "net").stat()
                if (seen.st_dev, seen.st_ino) == (wanted.st_dev, wanted.st_ino):
                    found.append(int(entry.name))
    return tuple(found)


def kill_in(namespace: int, *, seconds: float = 5.0) -> tuple[int, ...]:
    """Kill every process in a network namespace; in this process's own, none.

    Parameters
    ----------
    namespace
        Descriptor of it.
    seconds
        After which it is given up.

    Returns
    -------
    Those that could not be ended in time.
    """
    if os.path.samestat(os.fstat(namespace), Path("/proc/self/ns/net").stat()):
        return ()  # it is not a session's: whoever asks has not moved to another, and is not to end all that is here
    until = time.monotonic() + seconds
    while True:
        left = processes_in(namespace)
        if not left or time.monotonic() >= until:
            return left
        for number in (signal.SIGSTOP, signal.SIGKILL):  # what is stopped cannot fork
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, number)
        time.sleep(_PAUSE)
