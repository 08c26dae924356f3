"""The garbage collector, out of the way while a large document is read. Owns turning it off and on again.

What a parser makes has no circles, so looking for them, again and again while millions of values come to be, finds
nothing and takes as long as the reading itself.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["no_collection"]


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep the collector off within; it is on again afterwards if it was on before."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
