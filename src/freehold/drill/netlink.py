"""Netlink, and with it the network inside a namespace: loopback, its addresses, its routes. Owns how messages are packed.

A message is a header of 16 bytes, a fixed part of its kind, and attributes (length, kind, value, padded to four bytes). The
tools that people use for this (``ip``, ``nft``) write the same messages; writing them here needs no tool, and no process.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator, Sequence

TYPE_CHECKING = False  # as in typing, which takes milliseconds to import: whoever waits for a cut waits for them
if TYPE_CHECKING:
    from typing import Final

__all__ = [
    "NETLINK_NETFILTER",
    "NLM_F_ACK",
    "NLM_F_CREATE",
    "NLM_F_DUMP",
    "NLM_F_REQUEST",
    "Message",
    "attribute",
    "attributes",
    "connect",
    "nested",
    "number",
    "own_addresses",
    "pack",
    "route_through_loopback",
    "text",
    "transact",
]

NETLINK_NETFILTER: Final = 12
NLM_F_REQUEST: Final = 0x1
NLM_F_ACK: Final = 0x4
NLM_F_CREATE: Final = 0x400
NLM_F_DUMP: Final = 0x300

_ROUTE: Final = 0
_ERROR, _DONE = 2, 3
_NESTED: Final = 0x8000
_KIND: Final = 0x3FFF
_SOL_NETLINK, _CAP_ACK = 270, 10
_HEADER: Final = struct.Struct("=IHHII")
_ATTRIBUTE: Final = struct.Struct("=HH")
_ENOUGH: Final = 1 << 18  # more than the kernel puts in one datagram

_NEWLINK, _NEWADDR, _GETADDR, _NEWROUTE = 16, 20, 22, 24
_LOOPBACK: Final = 1  # number of the first interface of every network namespace
_UP: Final = 0x1
_IFA_ADDRESS, _IFA_LOCAL, _NODAD = 1, 2, 0x02
_RTA_OIF, _RTA_PREFSRC = 4, 7
_TABLE_LOCAL, _BY_BOOT, _SCOPE_HOST, _SCOPE_GLOBAL, _LOCAL = 255, 3, 254, 0, 2


class Message:
    """A message of the kernel.

    Parameters
    ----------
    kind
        Its number.
    body
        Fixed part and attributes.
    """

    __slots__ = ("body", "kind")

    def __init__(self, kind: int, body: bytes) -> None:
        self.kind, self.body = kind, body


def attribute(kind: int, value: bytes) -> bytes:
    """An attribute, padded."""
    return _ATTRIBUTE.pack(4 + len(value), kind) + value + bytes(-len(value) % 4)


def nested(kind: int, *parts: bytes) -> bytes:
    """An attribute made of attributes."""
    return attribute(kind | _NESTED, b"".join(parts))


def number(kind: int, value: int) -> bytes:
    """An attribute that is a number of four bytes in the order of the network, as netfilter takes them."""
    return attribute(kind, struct.pack(">I", value))


def text(kind: int, value: str) -> bytes:
    """An attribute that is a name."""
    return attribute(kind, value.encode("ascii") + b"\0")


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Take attributes apart: the kind and value of each."""
    at = 0
    while at + 4 <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < 4:
            return
        yield kind & _KIND, data[at + 4 : at + length]
        at += (length + 3) & ~3


def pack(kind: int, flags: int, body: bytes, sequence: int = 0) -> bytes:
    """A whole message."""
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, sequence, 0) + body


def connect(family: int) -> socket.socket:
    """Open a socket to one part of the kernel, of the network namespace in which this process now is."""
    channel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, family)
    try:
        channel.bind((0, 0))
        channel.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)
    except OSError:
        channel.close()
        raise
    return channel


def transact(channel: socket.socket, messages: Sequence[bytes], acknowledged: int = 0) -> tuple[Message, ...]:
    """Send messages in one datagram, and read what comes back until it is complete.

    Parameters
    ----------
    channel
        Blocking; the kernel has worked the messages when they have been sent, so that reading does not wait.
    messages
        As :func:`pack` makes them.
    acknowledged
        How many of them ask for an answer (``NLM_F_ACK``); 0 if the last asks for a dump.

    Returns
    -------
    What was dumped.

    Raises
    ------
    OSError
        The first error that the kernel answered with.
    """
    channel.send(b"".join(messages))
    found: list[Message] = []
    failed, seen = 0, 0
    while True:
        data = channel.recv(_ENOUGH)
        at = 0
        while at + _HEADER.size <= len(data):
            length, kind, _, _, _ = _HEADER.unpack_from(data, at)
            body = data[at + _HEADER.size : at + length]
            at += max((length + 3) & ~3, _HEADER.size)
            if kind in {_ERROR, _DONE}:
                code = struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0
                failed = failed or -code
                seen += 1
            else:
                found.append(Message(kind, body))
        if seen >= acknowledged and seen:
            break
        if failed:
            break
    _drain(channel)
    if failed:
        raise OSError(failed, os.strerror(failed))
    return tuple(found)


def _drain(channel: socket.socket) -> None:
    """Forget answers beyond the first error, lest the next call take them for its own."""
    try:
        while channel.recv(_ENOUGH, socket.MSG_DONTWAIT):
            pass
    except BlockingIOError:
        pass


def own_addresses() -> frozenset[str]:
    """Addresses of this network namespace's interfaces, loopback and those that hold on one link alone left out.

    Raises
    ------
    OSError
        If the kernel refuses.
    """
    found: set[str] = set()
    with connect(_ROUTE) as channel:
        for message in transact(channel, [pack(_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, bytes(8))]):
            family, _, _, scope, interface = struct.unpack_from("=BBBBI", message.body)
            if family in {socket.AF_INET, socket.AF_INET6} and interface != _LOOPBACK and scope == _SCOPE_GLOBAL:
                values = dict(attributes(message.body[8:]))
                packed = values.get(_IFA_LOCAL) or values.get(_IFA_ADDRESS)
                if packed:
                    found.add(socket.inet_ntop(family, packed))
    return frozenset(found)


def route_through_loopback(addresses: Sequence[str] = (), others: Sequence[str] = ()) -> None:
    """Bring loopback up, give it addresses, and send all traffic of their families to it.

    The routes are of the kind "local": an ordinary one is taken as "unreachable" by IPv6 if it leads to loopback, and IPv4
    answers for no address that is not its own.

    Parameters
    ----------
    addresses
        One of a family: what traffic of that family comes from.
    others
        Addresses that loopback has besides.

    Raises
    ------
    OSError
        If the kernel refuses.
    """
    asked = NLM_F_REQUEST | NLM_F_ACK
    with connect(_ROUTE) as channel:
        up = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, _LOOPBACK, _UP, _UP)
        transact(channel, [pack(_NEWLINK, asked, up)], 1)
        for one in (*addresses, *others):
            family, address = _parsed(one)
            flags = _NODAD if family == socket.AF_INET6 else 0
            body = struct.pack("=BBBBI", family, 8 * len(address), flags, _SCOPE_GLOBAL, _LOOPBACK)
            body += attribute(_IFA_LOCAL, address) + attribute(_IFA_ADDRESS, address)
            transact(channel, [pack(_NEWADDR, asked | NLM_F_CREATE, body)], 1)
        for one in addresses:
            family, address = _parsed(one)
            scope = _SCOPE_GLOBAL if family == socket.AF_INET6 else _SCOPE_HOST
            body = struct.pack("=BBBBBBBBI", family, 0, 0, 0, _TABLE_LOCAL, _BY_BOOT, scope, _LOCAL, 0)
            body += attribute(_RTA_OIF, struct.pack("=I", _LOOPBACK)) + attribute(_RTA_PREFSRC, address)
            transact(channel, [pack(_NEWROUTE, asked | NLM_F_CREATE, body)], 1)


def _parsed(address: str) -> tuple[int, bytes]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.inet_pton(family, address)
