"""What the inside of a session hands to the process outside. Owns the seam between the namespace and its resolver and relay.

The sockets were opened inside the namespace and work there, whoever holds them: what is accepted from them comes from the
command, what a process outside dials by sockets of its own goes out by the host's network.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Final, Protocol

__all__ = ["OWN_IPV4", "OWN_IPV6", "Blocked", "FilterHandle", "InsideSockets"]

OWN_IPV4: Final = "192.0.0.8"
"""Address of the namespace besides 127.0.0.1: the dummy address of RFC 7600, which no host has."""

OWN_IPV6: Final = "100::8"
"""Address of the namespace besides ::1, of the prefix that is discarded everywhere (RFC 6666)."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """What the filter inside stopped.

    Parameters
    ----------
    protocol
        ``tcp``, ``udp``, ``icmp``, …, or the number of the protocol.
    address
        Where it was to go.
    port
        Likewise; 0 for a protocol without ports.
    count
        Connections tried (TCP: a handshake that is sent again counts once), or packets.
    first, last
        Moments of the first and the last, on ``time.monotonic``.
    """

    protocol: str
    address: str
    port: int
    count: int
    first: float
    last: float


class FilterHandle(Protocol):
    """The filter inside, worked from outside. Each call has taken effect when it returns."""

    def refuse(self, address: str) -> None:
        """From now on, answer whatever goes to an address (IPv4 or IPv6) with a reset or an ICMP error."""
        ...

    def drop(self, address: str) -> None:
        """From now on, never answer what goes to an address."""
        ...

    def allow(self, address: str) -> None:
        """Undo both: TCP to the address comes to the listener again; nothing happens if it did all along."""
        ...

    def blocked(self) -> tuple[Blocked, ...]:
        """What was stopped up to now, in the order of the first: refused, dropped, and all that is neither TCP nor DNS."""
        ...

    def close(self) -> None:
        """Let go of it; what it stops stays stopped."""
        ...


@dataclass(frozen=True, slots=True)
class InsideSockets:
    """The sockets of one session, all non-blocking; whoever gets them closes them.

    Parameters
    ----------
    udp4, udp6
        Where each datagram to port 53 arrives; an answer sent from it to the datagram's source seems to come from whoever was
        asked. ``None`` where the kernel has no IPv6.
    dns_tcp4, dns_tcp6
        Listening: where each connection to port 53 arrives.
    tcp4, tcp6
        Listening: where every other connection to an address that is not of the namespace arrives, and those to
        :attr:`loopback_ports`; the address dialled is told by ``SO_ORIGINAL_DST``.
    filters
        The filter inside.
    loopback_ports
        Ports on which something listened on the host's own addresses when the session began; a connection to one of them on
        127.0.0.0/8, ::1 or one of :attr:`host_addresses` arrives at :attr:`tcp4` or :attr:`tcp6`.
    host_addresses
        The host's addresses besides loopback: at other ports they are the session's own, as loopback is.
    """

    udp4: socket.socket
    udp6: socket.socket | None
    dns_tcp4: socket.socket
    dns_tcp6: socket.socket | None
    tcp4: socket.socket
    tcp6: socket.socket | None
    filters: FilterHandle
    loopback_ports: frozenset[int] = field(default=frozenset())
    host_addresses: frozenset[str] = field(default=frozenset())

    def close(self) -> None:
        """Close every socket, and let go of the filter; a second time does nothing."""
        self.filters.close()
        for one in (self.udp4, self.udp6, self.dns_tcp4, self.dns_tcp6, self.tcp4, self.tcp6):
            if one is not None:
                one.close()
