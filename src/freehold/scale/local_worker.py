"""What runs in a worker of the local pool. Owns its side of the conversation, and that it ends with the process that began it.

Each message is a head in JSON and, where there is something to hand over, packed arrays; nothing else is read.
"""

from __future__ import annotations

import json
import os
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import recv_handle
from threading import Thread
from typing import Any, Final

from freehold.scale.interface import Arrays
from freehold.scale.shared_memory import look_into
from freehold.scale.work_named import failed_with, work_out

__all__ = ["LEFT_BEHIND", "head", "serve", "told"]

LEFT_BEHIND: Final = 1
"""Status of a worker whose parent is gone."""


def head(**values: object) -> bytes:
    """A message's head."""
    return json.dumps(values).encode()


def told(message: bytes) -> dict[str, Any]:
    """What a head says."""
    found = json.loads(message)
    assert isinstance(found, dict)
    return found


def _end_with_the_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(LEFT_BEHIND)


def serve(connection: Connection) -> None:
    """Work out what is asked for, batch by batch, until nobody asks any more.

    Parameters
    ----------
    connection
        To the process that asks: ``share`` (an open file follows) or ``work`` (a packed batch follows).
    """
    Thread(target=_end_with_the_parent, daemon=True).start()
    shared: Arrays = {}
    try:
        while True:
            asked = told(connection.recv_bytes())
            if asked["kind"] == "share":
                handle = recv_handle(connection)
                shared = look_into(handle)
                os.close(handle)
                continue
            batch = connection.recv_bytes()
            try:
                done = work_out(asked["work"], shared, batch)
            except Exception as error:  # noqa: BLE001  whatever the work raises is told to who asked
                why, where = failed_with(error)
                connection.send_bytes(head(kind="failed", why=why, where=where))
            else:
                connection.send_bytes(head(kind="done"))
                connection.send_bytes(done)
    except (EOFError, OSError):
        return
