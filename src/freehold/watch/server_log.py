"""What an HTTP server says of requests that it cannot read. Owns that nothing of such a request is written anywhere.

The server of aiohttp reports a malformed request with a traceback and with the line that it stumbled over, in which a key
may stand. The sender is told with status 400 what is wrong; here only the kind of the error is kept.
"""

from __future__ import annotations

import logging
from typing import Final

from freehold.log import log

__all__ = ["SERVER_LOG"]


def _kind_alone(record: logging.LogRecord) -> bool:
    """Say the kind of an error and none of its words; nobody else is told."""
    kind = record.exc_info[0] if record.exc_info else None
    log("request not read", error=kind.__name__ if kind is not None else record.levelname)
    return False


def _made() -> logging.Logger:
    logger = logging.getLogger("freehold.server")
    logger.addFilter(_kind_alone)
    return logger


SERVER_LOG: Final = _made()
"""The logger for a server's runner."""
