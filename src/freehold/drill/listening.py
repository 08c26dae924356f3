"""What listens on this machine's own loopback. Owns how that is read.

Inside of a session loopback is another one: what a command would have reached here (a database, a model server) is reached by
way of the process outside, and for that it has to be known which ports those are.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

__all__ = ["listening_ports", "ports_from"]

_LISTENING: Final = "0A"
_MAPPED: Final = bytes(10) + b"\xff\xff"  # before an IPv4 address in an IPv6 socket
_DNS: Final = 53  # goes to the session's own name server, whatever listens here


def listening_ports() -> tuple[frozenset[int], frozenset[int]]:
    """Ports at which 127.0.0.1 and ::1 answer here now."""
    found: set[int] = set()
    found6: set[int] = set()
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            text = Path(path).read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        four, six = ports_from(text)
        found |= four
        found6 |= six
    return frozenset(found), frozenset(found6)


def ports_from(text: str) -> tuple[set[int], set[int]]:
    """Read the kernel's table of TCP sockets.

    Parameters
    ----------
    text
        As in ``/proc/net/tcp`` or ``tcp6``: the address in words of the machine's own order, in hexadecimal.

    Returns
    -------
    Ports that something listens on at 127.0.0.0/8 or every IPv4 address, and at ::1 or every IPv6 address. What listens at
    every IPv6 address may take IPv4 too: it counts for both.
    """
    four: set[int] = set()
    six: set[int] = set()
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 4 or fields[3] != _LISTENING:
            continue
        address, _, written = fields[1].rpartition(":")
        try:
            port = int(written, 16)
            packed = b"".join(int(address[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(address), 8))
        except ValueError:
            continue
        if port == _DNS:
            continue
        if len(packed) == 16 and packed[:12] == _MAPPED:
            packed = packed[12:]
        if len(packed) == 4 and (packed[0] == 127 or not any(packed)):
            four.add(port)
        elif len(packed) == 16 and not any(packed):
            four.add(port)
            six.add(port)
        elif len(packed) == 16 and not any(packed[:15]) and packed[15] == 1:
            six.add(port)
    return four, six
