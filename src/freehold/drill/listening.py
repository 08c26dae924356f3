"""What listens on this machine's own addresses. Owns how that is read.

Inside of a session loopback is another one, and so are the machine's other addresses: what a command would have reached here
(a database, a model server) is reached by way of the process outside, and for that it has to be known which ports those are.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from freehold.drill.netlink import NLM_F_DUMP, NLM_F_REQUEST, attributes, connect, pack, transact

__all__ = ["listening_ports", "ports_from", "ports_told"]

_LISTENING: Final = "0A"
_MAPPED: Final = bytes(10) + b"\xff\xff"  # before an IPv4 address in an IPv6 socket
_LOOPBACK6: Final = bytes(15) + b"\x01"
_DNS: Final = 53  # goes to the session's own name server, whatever listens here
_SOCK_DIAG, _BY_FAMILY, _LISTEN, _ONLY_IPV6 = 4, 20, 10, 11
_ASKED: Final = struct.Struct("=BBBxI48x")  # family, protocol, more, states, which socket (any)
_TOLD: Final = struct.Struct("!BBBBHH16s")  # family, state, timer, retransmissions, ports, address of this side
_TOLD_WHOLE: Final = 72


def listening_ports(own: Collection[str] = ()) -> tuple[frozenset[int], frozenset[int]]:
    """Ports at which this machine answers itself now, by IPv4 and by IPv6.

    The kernel is asked for what listens, and only if it does not tell that, for its whole table: with thousands of connections
    that takes tens of milliseconds.

    Parameters
    ----------
    own
        Its addresses besides loopback.
    """
    found: set[int] = set()
    found6: set[int] = set()
    for family, path in ((socket.AF_INET, "/proc/net/tcp"), (socket.AF_INET6, "/proc/net/tcp6")):
        try:
            with connect(_SOCK_DIAG) as channel:
                body = _ASKED.pack(family, socket.IPPROTO_TCP, 0, 1 << _LISTEN)
                told = transact(channel, [pack(_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, body)])
            four, six = ports_told([message.body for message in told], own)
        except OSError:
            try:
                text = Path(path).read_text(encoding="ascii", errors="replace")
            except OSError:
                continue
            four, six = ports_from(text, own)
        found |= four
        found6 |= six
    return frozenset(found), frozenset(found6)


def ports_told(sockets: Iterable[bytes], own: Collection[str] = ()) -> tuple[set[int], set[int]]:
    """Read what the kernel tells of sockets that listen.

    Parameters
    ----------
    sockets
        Of each a ``struct inet_diag_msg`` and its attributes.
    own
        As for :func:`ports_from`, as is what is returned; a socket that takes IPv6 alone counts for that alone.
    """
    four: set[int] = set()
    six: set[int] = set()
    own_packed = _packed(own)
    for one in sockets:
        if len(one) < _TOLD_WHOLE:
            continue
        family, _, _, _, port, _, address = _TOLD.unpack_from(one)
        only = dict(attributes(one[_TOLD_WHOLE:])).get(_ONLY_IPV6, b"\0") != b"\0"
        _sort(port, address[: 4 if family == socket.AF_INET else 16], own_packed, four, six, only_ipv6=only)
    return four, six


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
    own_packed = _packed(own)
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
        _sort(port, packed, own_packed, four, six)
    return four, six


def _packed(addresses: Iterable[str]) -> frozenset[bytes]:
    return frozenset(socket.inet_pton(socket.AF_INET6 if ":" in one else socket.AF_INET, one) for one in addresses)


def _sort(port: int, packed: bytes, own: frozenset[bytes], four: set[int], six: set[int], *, only_ipv6: bool = False) -> None:
    """Put a port to those of the family at which this machine answers itself there, if it does."""
    if port == _DNS:
        return
    if len(packed) == 16 and packed[:12] == _MAPPED:
        packed = packed[12:]
    every = not any(packed)
    if len(packed) == 4 and (packed[0] == 127 or every or packed in own):
        four.add(port)
    elif len(packed) == 16 and (packed == _LOOPBACK6 or every or packed in own):
        six.add(port)
        if every and not only_ipv6:
            four.add(port)
