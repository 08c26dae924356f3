"""The filter of a namespace, worked from outside. Owns what is in its sets, and how counts become moments and connections.

It is reached by a netlink socket that was opened inside, and stays the namespace's own wherever it is used.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from typing import Final

from freehold.drill.inside_sockets import Blocked
from freehold.drill.nftables import IPV4, IPV6, Tried, change_elements, read_tried

__all__ = ["NamespaceFilter", "blocked_from"]

_NAMES: Final[Mapping[int, str]] = {1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 58: "icmpv6", 132: "sctp", 136: "udplite"}


class NamespaceFilter:
    """The filter of one session.

    Parameters
    ----------
    channel
        Netlink socket of netfilter, opened in the namespace; closed by :meth:`close`.
    ipv6
        Whether there is a table for IPv6.
    clock
        Monotonic, in seconds.
    """

    def __init__(self, channel: socket.socket, *, ipv6: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._channel = channel
        self._ipv6 = ipv6
        self._clock = clock
        self._where: dict[str, str] = {}

    def refuse(self, address: str) -> None:
        """Answer whatever goes to an address with a reset or an ICMP error."""
        self._move(address, "refuse")

    def drop(self, address: str) -> None:
        """Never answer what goes to an address."""
        self._move(address, "drop")

    def allow(self, address: str) -> None:
        """Have TCP to the address come to the listener again."""
        self._move(address, None)

    def _move(self, address: str, into: str | None) -> None:
        family = IPV6 if ":" in address else IPV4
        if family is IPV6 and not self._ipv6:
            return  # nothing of that family goes anywhere
        address = family.written(family.packed(address))
        out_of = self._where.get(address)
        if out_of == into:
            return
        change_elements(self._channel, family, address, out_of=out_of, into=into)
        if into is None:
            del self._where[address]
        else:
            self._where[address] = into

    def blocked(self) -> tuple[Blocked, ...]:
        """What was stopped up to now, in the order of the first."""
        found: tuple[Blocked, ...] = ()
        for family in (IPV4, IPV6) if self._ipv6 else (IPV4,):
            now = self._clock()
            found += blocked_from(read_tried(self._channel, family), now)
        return tuple(sorted(found, key=_by_first))

    def close(self) -> None:
        """Close the socket; the filter stays as long as its namespace does."""
        self._channel.close()


def blocked_from(counts: tuple[Tried, ...], now: float) -> tuple[Blocked, ...]:
    """Put the counts of the filter together by protocol, address and port.

    Parameters
    ----------
    counts
        A handshake that is left without an answer is sent again: such a connection has an element of its own, by its source
        port, and counts once.
    now
        On ``time.monotonic``, when they were read.
    """
    found: dict[tuple[int, str, int], Blocked] = {}
    for one in counts:
        key = (one.protocol, one.address, one.port)
        count = 1 if one.source_port else one.packets
        first, last = now - one.age / 1000, now - one.latest / 1000
        before = found.get(key)
        if before is not None:
            count, first, last = count + before.count, min(first, before.first), max(last, before.last)
        name = _NAMES.get(one.protocol, str(one.protocol))
        found[key] = Blocked(name, one.address, one.port, count, first, last)
    return tuple(sorted(found.values(), key=_by_first))


def _by_first(one: Blocked) -> tuple[float, str, str, int]:
    return one.first, one.protocol, one.address, one.port
