"""Messages between the two sides of a session: a JSON object, and descriptors beside it. Owns how they are put on the wire.

The wire is a pair of Unix sockets that keep messages apart (``SOCK_SEQPACKET``). Needs the standard library alone.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import socket
from collections.abc import Mapping, Sequence

TYPE_CHECKING = False  # as in typing, which takes milliseconds to import: whoever waits for a cut waits for them
if TYPE_CHECKING:
    from typing import Any, Final

__all__ = ["MOST_BYTES", "MOST_DESCRIPTORS", "receive", "tell"]

MOST_BYTES: Final = 1 << 17
"""Of one message: what can be longer is handed as a file."""
MOST_DESCRIPTORS: Final = 16


def tell(channel: socket.socket, message: Mapping[str, object], descriptors: Sequence[int] = ()) -> None:
    """Send a message; nothing happens if nobody is at the other end, which whoever reads will see.

    Parameters
    ----------
    channel
        One of the pair.
    message
        What is said.
    descriptors
        What the other side gets copies of.
    """
    with contextlib.suppress(ConnectionError):
        socket.send_fds(channel, [json.dumps(message).encode("ascii")], descriptors)


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Read a message and its descriptors, none of which a program started later gets by itself.

    Returns
    -------
    ``None`` once there will be no more.

    Raises
    ------
    BlockingIOError
        If there is none yet, and the channel does not block.
    TimeoutError
        If there is none in the time that it blocks.
    """
    room = socket.CMSG_SPACE(MOST_DESCRIPTORS * array.array("i").itemsize)
    try:
        data, beside, _, _ = channel.recvmsg(MOST_BYTES, room, socket.MSG_CMSG_CLOEXEC)
    except ConnectionError:
        return None
    descriptors = array.array("i")
    for level, kind, packed in beside:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(packed[: len(packed) - len(packed) % descriptors.itemsize])
    if not data:
        for one in descriptors:
            os.close(one)
        return None
    message: dict[str, Any] = json.loads(data)
    return message, list(descriptors)
