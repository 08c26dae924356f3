"""How far a search for a plan is: best cost, bound and gap on a terminal; and its interruption. Owns both."""

from __future__ import annotations

import math
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["interruptible", "plan_progress"]


@contextmanager
def plan_progress(currency: str | None) -> Iterator[Callable[[float, float], None]]:
    """Show, on a terminal and nowhere else, the best plan so far for as long as the block lasts.

    Yields
    ------
    callable
        To be told the cost of the best plan so far (``inf``: none yet) and a bound of any, from any thread.
    """
    if not sys.stderr.isatty():
        yield lambda _cost, _bound: None
        return
    from rich.console import Console

    from freehold.report.clean import clean
    from freehold.report.plan_words import money
    from freehold.words import language_spoken, percent, say, speaking

    language = language_spoken()

    with Console(stderr=True).status("planning …") as status:

        def show(cost: float, bound: float) -> None:
            # a thread of the search speaks no language but the default until it is told
            with speaking(language):
                told(cost, bound)

        def told(cost: float, bound: float) -> None:
            least = money(bound if math.isfinite(bound) else 0.0, currency)
            if math.isfinite(cost):
                gap = percent(max(0.0, (cost - bound) / cost) if cost > 0 else 0.0)
                said = say("plan.progress", cost=money(cost, currency), bound=least, gap=gap)
            else:
                said = say("plan.progress_none", bound=least)
            status.update(clean(said))

        yield show


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """For as long as the block lasts, let the first Ctrl-C be asked for, and the second end the program as ever.

    Yields
    ------
    callable
        Whether there was one.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = signal.getsignal(signal.SIGINT)

    def note(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    signal.signal(signal.SIGINT, note)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.default_int_handler)
