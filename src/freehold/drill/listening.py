"""What listens on this machine's own addresses. Owns how that is read.

Inside of a session loopback is another one, and so are the machine's other addresses: what a command would have reached here
(a database, a model server) is reached by way of the process outside, and for that it has to be known which ports those are.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Final

__all__ = ["listening_ports", "ports_from"]

_LISTENING: Final = "0A"
_MAPPED: Final = bytes(10) + b"\xff\xff"  # before an IPv4 address in an IPv6 socket
_LOOPBACK6: Final = bytes(15) + b"\x01"
_DNS: Final = 53  # goes to the session's own name server, whatever listens here


def listening_ports(own: Collection[str] = ()) -> tuple[frozenset[int], frozenset[int]]:
    """Ports at which this machine answers itself now, by IPv4 and by IPv6.

    Parameters
    ----------
    own
        Its addresses besides loopback.
    """
    found: set[int] = set()
    found6: set[int] = set()
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            text = Path(path).read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        four, six = ports_from(text, own)
        found |= four
        found6 |= six
    return frozenset(found), frozenset(found6)


def ports_from(text: str, own: Collection[str] = ()) -> tuple[set[int], set[int]]:
    """Read the kernel's table of TCP sockets.

    Parameters
    ----------
    text
        As in ``/proc/net/tcp`` or ``tcp6``: the address in words of the machine's own order, in hexadecimal.
    own
        Addresses of the machine besides loopback.

    Returns
    -------
    Ports that something listens on at 127.0.0.0/8, an own or every IPv4 address, and at ::1, an own or every IPv6 address.
    What listens at every IPv6 address may take IPv4 too: it counts for both.
    """
    four: set[int] = set()
    six: set[int] = set()
    packed_own = {socket.inet_pton(socket.AF_INET6 if ":" in one else socket.AF_INET, one) for one in own}
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
        if len(packed) == 4 and (packed[0] == 127 or not any(packed) or packed in packed_own):
            four.add(port)
        elif len(packed) == 16 and not any(packed):
            four.add(port)
            six.add(port)
        elif packed == _LOOPBACK6 or (len(packed) == 16 and packed in packed_own):
            six.add(port)
    return four, six
