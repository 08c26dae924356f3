"""A server looks for garbage in small pieces, and at all of it while nothing is asked."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from freehold.gateway.garbage import THRESHOLDS, collect_while_idle, settle
from gateways import LONGEST, eventually


class Circle:
    """Refers to itself, so that only the collector frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_is_there_at_the_start_is_looked_at_no_more_and_what_is_young_in_small_pieces() -> None:
    gc.set_threshold(200_000, 20, 20)
    settle()
    assert gc.get_threshold() == THRESHOLDS
    assert gc.get_freeze_count() > 0


def test_garbage_in_circles_goes_when_nothing_is_under_way_and_not_before() -> None:
    async def main() -> None:
        settle()
        is_idle = False
        asked = 0

        def idle() -> bool:
            nonlocal asked
            asked += 1
            return is_idle

        collecting = asyncio.create_task(collect_while_idle(idle, 0.001))
        kept = Circle()
        gone = weakref.ref(kept)
        gc.disable()
        try:
            del kept
            async with asyncio.timeout(LONGEST):
                await eventually(lambda: asked > 3)
                assert gone() is not None
                is_idle = True
                await eventually(lambda: gone() is None)
        finally:
            gc.enable()
            collecting.cancel()

    asyncio.run(main())
