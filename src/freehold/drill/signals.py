"""Signals that reach a drill while its command runs. Owns who is told, and that handlers are put back as they were.

Several commands may run in one process (a campaign): each one's listener is told of every signal.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["foreground", "listening"]


@dataclass(slots=True)
class _Told:
    """Who listens to a signal, and what it did before anybody did."""

    previous: Any
    listeners: list[Callable[[], None]] = field(default_factory=list)


_TOLD: Final[dict[int, _Told]] = {}


@contextmanager
def listening(listeners: Mapping[int, Callable[[], None]]) -> Iterator[None]:
    """Be told of signals, in the running loop; outside of the main thread nothing is ever told.

    Parameters
    ----------
    listeners
        What is called for each signal's number; nothing else happens on it meanwhile.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    for number, listener in listeners.items():
        if number not in _TOLD:
            _TOLD[number] = _Told(signal.getsignal(number))
            loop.add_signal_handler(number, _tell, number)
        _TOLD[number].listeners.append(listener)
    try:
        yield
    finally:
        for number, listener in listeners.items():
            told = _TOLD[number]
            told.listeners.remove(listener)
            if not told.listeners:
                del _TOLD[number]
                loop.remove_signal_handler(number)
                # a loop's own runner may have had its handler there
                signal.signal(number, signal.SIG_DFL if told.previous is None else told.previous)


def _tell(number: int) -> None:
    if told := _TOLD.get(number):
        for listener in tuple(told.listeners):
            listener()


def foreground() -> bool:
    """Whether this process is in its terminal's foreground: the terminal's own interrupts then reach its children too."""
    with suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            return os.tcgetpgrp(terminal) == os.getpgrp()
        finally:
            os.close(terminal)
    return False
