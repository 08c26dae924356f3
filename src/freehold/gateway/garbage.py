"""When a server looks for garbage in circles. Owns that nobody waits for it in the middle of an answer.

A command that ends soon is quickest if it looks seldom and then at much; a server that looked at 200,000 objects at once
would hold up every stream for a tenth of a second. So what is there from the start is looked at no more, what is young is
looked at often and in small pieces, and all of it while nothing is asked.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Final

__all__ = ["THRESHOLDS", "collect_while_idle", "settle"]

THRESHOLDS: Final = (500, 3, 3_000)
"""Each object that stays is looked at twice, at most two thousand at a time, which takes a millisecond or two; all of them
only after some six million that stayed, if there never was an idle moment before."""
_SECONDS: Final = 10.0


def settle() -> None:
    """Take all that is there for good: once, when a server has started."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


async def collect_while_idle(is_idle: Callable[[], bool], seconds: float = _SECONDS) -> None:
    """Look at all that came since, whenever nothing is under way.

    Parameters
    ----------
    is_idle
        Whether nothing is under way.
    seconds
        How often it is asked.
    """
    while True:
        await asyncio.sleep(seconds)
        if is_idle():
            gc.collect()
