"""What an HTTP server says of requests that it cannot read, and of its own errors. Owns that nothing of a request is written.

The server of aiohttp reports a malformed request with a traceback and with the line that it stumbled over, in which a key
may stand. The sender is told with status 400 what is wrong; here only the kind of the error is kept. An error that is not
the sender's is said in one line, by its kind alone.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from aiohttp.http_exceptions import HttpProcessingError

from freehold.log import log
from freehold.words import say

__all__ = ["SERVER_LOG", "KindAlone"]

_MOST: Final = 3
_MINUTE: Final = 60.0


class KindAlone:
    """Leaves of a record the kind of its error and none of its words.

    Parameters
    ----------
    clock
        Monotonic: no more than three errors a minute are said.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: deque[float] = deque(maxlen=_MOST)

    def __call__(self, record: logging.LogRecord) -> bool:
        """Whether the record, which is changed, is to be said."""
        found = record.exc_info[0] if record.exc_info else None
        kind = found.__name__ if found is not None else record.levelname
        log("request not read", error=kind)
        if found is None or issubclass(found, HttpProcessingError):
            return False
        now = self._clock()
        if len(self._said) == _MOST and now - self._said[0] < _MINUTE:
            return False
        self._said.append(now)
        record.msg, record.args = f"freehold: {say('gateway.defect', what=kind)}", ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def _made() -> logging.Logger:
    logger = logging.getLogger("freehold.server")
    logger.addFilter(KindAlone())
    return logger


SERVER_LOG: Final = _made()
"""The logger for a server's runner."""
