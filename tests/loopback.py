"""The loopback interface in a network namespace of the tests' own, where it is down until somebody brings it up."""

from __future__ import annotations

import fcntl
import socket
import struct

__all__ = ["bring_up"]

_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1


def bring_up() -> None:
    """See that 127.0.0.1 can be reached: bring the interface up if it is down and this process may.

    Raises
    ------
    OSError
        If it is down and may not be brought up.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(control, _GET_FLAGS, request))[1]
        if not flags & _UP:
            fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sh14x", b"lo", flags | _UP))
