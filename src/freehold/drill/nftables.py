"""The filter of a namespace, as netlink messages: one fixed nftables table for IPv4, one for IPv6. Owns what passes and counts.

In the words of ``nft``, for IPv4 (IPv6 likewise, with ``ip6``)::

    table ip freehold {
      set refuse   { type ipv4_addr; }
      set drop     { type ipv4_addr; }
      set host     { type ipv4_addr; }
      set loopback { type inet_service; }
      set tried    { typeof meta l4proto . ip daddr . th dport . th sport; flags dynamic,timeout; size 16384; timeout 30d; }
      set latest   { the same }

      chain arrive { type filter hook prerouting priority -150; policy drop;   # every packet comes back in by loopback
        ip daddr 127.0.0.0/8, 192.0.0.8, @host accept                # so does what was redirected
        ip daddr @drop: count, by source port if it is TCP; drop
        meta l4proto igmp drop
        count
        meta l4proto tcp reject with tcp reset
        reject }
      chain rewrite { type nat hook output priority -100;
        udp, tcp dport 53 redirect to :DNS
        ip daddr 127.0.0.0/8, @host tcp dport @loopback redirect to :TCP
        ip daddr 127.0.0.0/8, 192.0.0.8, @host return
        ip daddr @drop, @refuse return
        meta l4proto tcp redirect to :TCP }
    }

Counting costs no process and loses nothing: a packet adds an element to ``tried`` with a counter, and renews one in
``latest``; how much of its life an element has left tells when it was added. Both are full at 16,384 elements; what is over
is blocked as well, and not counted. What is blocked is blocked as it arrives, not as it leaves: a sender then sees what a
network far away would show it, and not that it may not send. Even without any rule nothing gets out: there is no interface but
loopback.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Sequence

from freehold.drill.netlink import (
    NLM_F_ACK,
    NLM_F_CREATE,
    NLM_F_DUMP,
    NLM_F_REQUEST,
    attribute,
    attributes,
    nested,
    number,
    pack,
    text,
    transact,
)

TYPE_CHECKING = False  # as in typing, which takes milliseconds to import: whoever waits for a cut waits for them
if TYPE_CHECKING:
    from typing import Final

__all__ = ["IPV4", "IPV6", "LIFETIME", "TABLE", "Family", "Tried", "change_elements", "load", "read_tried"]

TABLE: Final = "freehold"
LIFETIME: Final = 30 * 24 * 3600 * 1000
"""Milliseconds that a count is kept."""

_MOST: Final = 16_384


class Family:
    """What differs between IPv4 and IPv6.

    Parameters
    ----------
    number
        Of the protocol family in netfilter.
    at
        Where the destination stands in the header.
    size
        Bytes of an address.
    own
        Address of the namespace.
    kind
        Number of the type "address" in what ``nft`` shows.
    unreachable
        ICMP code for a port that cannot be reached.
    noise
        The protocol by which the kernel itself asks for multicast: blocked, not counted.
    """

    __slots__ = ("at", "kind", "noise", "number", "own", "size", "unreachable")

    def __init__(self, number: int, at: int, size: int, own: str, kind: int, unreachable: int, noise: int) -> None:
        self.number, self.at, self.size, self.own = number, at, size, own
        self.kind, self.unreachable, self.noise = kind, unreachable, noise

    def packed(self, address: str) -> bytes:
        """An address as bytes."""
        return socket.inet_pton(socket.AF_INET if self.size == 4 else socket.AF_INET6, address)

    def written(self, packed: bytes) -> str:
        """Bytes as an address."""
        return socket.inet_ntop(socket.AF_INET if self.size == 4 else socket.AF_INET6, packed)


class Tried:
    """One element of the counts.

    Parameters
    ----------
    protocol, address, port
        Where it went.
    source_port
        From where, for TCP that was left without an answer; else 0.
    packets
        How many.
    age
        Milliseconds since the first.
    latest
        Milliseconds since the last.
    """

    __slots__ = ("address", "age", "latest", "packets", "port", "protocol", "source_port")

    def __init__(self, protocol: int, address: str, port: int, source_port: int, packets: int, age: int, latest: int) -> None:
        self.protocol, self.address, self.port, self.source_port = protocol, address, port, source_port
        self.packets, self.age, self.latest = packets, age, latest


_BATCH_BEGIN, _BATCH_END = 16, 17
_NFTABLES: Final = 10 << 8
_NEWTABLE, _NEWCHAIN, _NEWRULE, _NEWSET, _NEWSETELEM, _GETSETELEM, _DELSETELEM = 0, 3, 6, 9, 12, 13, 14
_PREROUTING, _OUTPUT = 0, 3
_DROP, _ACCEPT, _RETURN = 0, 1, -5
_VERDICT, _REGISTER, _WORDS = 0, 1, 8  # the first register of 16 bytes, and the first of four
_TCP, _UDP, _IGMP, _ICMP6, _SCTP, _DCCP, _UDPLITE = 6, 17, 2, 58, 132, 33, 136
_WITH_PORTS: Final = (_TCP, _UDP, _DCCP, _SCTP, _UDPLITE)
_NETWORK, _TRANSPORT = 1, 2
_DNS: Final = struct.pack(">H", 53)
_DYNAMIC_AND_TIMEOUT: Final = 0x20 | 0x10
_TYPE_PROTOCOL, _TYPE_IPV4, _TYPE_IPV6, _TYPE_PORT = 12, 7, 8, 13

IPV4: Final = Family(2, 16, 4, "192.0.0.8", _TYPE_IPV4, 3, _IGMP)
IPV6: Final = Family(10, 24, 16, "100::8", _TYPE_IPV6, 4, _ICMP6)


def _expression(name: str, *parts: bytes) -> bytes:
    return nested(1, text(1, name), nested(2, *parts))


def _meta_protocol(register: int = _REGISTER) -> bytes:
    return _expression("meta", number(1, register), number(2, 16))


def _payload(base: int, offset: int, length: int, register: int = _REGISTER) -> bytes:
    return _expression("payload", number(1, register), number(2, base), number(3, offset), number(4, length))


def _equals(value: bytes, register: int = _REGISTER, operation: int = 0) -> bytes:
    return _expression("cmp", number(1, register), number(2, operation), nested(3, attribute(1, value)))


def _load(value: bytes, register: int = _REGISTER) -> bytes:
    return _expression("immediate", number(1, register), nested(2, attribute(1, value)))


def _verdict(code: int) -> bytes:
    inner = nested(2, attribute(1, struct.pack(">i", code)))
    return _expression("immediate", number(1, _VERDICT), nested(2, inner))


def _in(name: str) -> bytes:
    return _expression("lookup", text(1, name), number(2, _REGISTER))


def _redirect(port: int) -> bytes:
    return _load(struct.pack(">H", port)) + _expression("redir", number(1, _REGISTER), number(3, 0x2))


def _protocol(value: int) -> bytes:
    return _meta_protocol() + _equals(bytes([value]))


def _port() -> bytes:
    return _payload(_TRANSPORT, 2, 2)


class _Rules:
    """The messages of one family's table, in the order in which they are sent."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.messages: list[bytes] = []
        self.sets = 0

    def add(self, kind: int, *parts: bytes) -> None:
        flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | (0x800 if kind == _NEWRULE else 0)  # a rule is appended
        body = struct.pack(">BBH", self.family.number, 0, 0) + b"".join(parts)
        self.messages.append(pack(_NFTABLES | kind, flags, body))

    def add_set(self, name: str, kind: int, length: int, *parts: bytes) -> None:
        self.sets += 1
        self.add(_NEWSET, text(1, TABLE), text(2, name), number(4, kind), number(5, length), number(10, self.sets), *parts)

    def add_chain(self, name: str, kind: str, hook: int, priority: int, policy: int) -> None:
        where = nested(4, number(1, hook), attribute(2, struct.pack(">i", priority)))
        self.add(_NEWCHAIN, text(1, TABLE), text(3, name), where, number(5, policy), text(7, kind))

    def rule(self, chain: str, *expressions: bytes) -> None:
        self.add(_NEWRULE, text(1, TABLE), text(2, chain), nested(4, *expressions))

    def destination(self, register: int = _REGISTER) -> bytes:
        return _payload(_NETWORK, self.family.at, self.family.size, register)

    def is_loopback(self) -> bytes:
        if self.family.size == 4:
            return _payload(_NETWORK, self.family.at, 1) + _equals(b"\x7f")
        return self.destination() + _equals(self.family.packed("::1"))

    def count(self, chain: str, *matching: bytes, ports: bool, source: bool) -> None:
        """Count what matches: one rule for each of the two sets."""
        words = self.family.size // 4
        key = _meta_protocol(_WORDS) + self.destination(_WORDS + 1)
        none = bytes(2)
        key += _payload(_TRANSPORT, 2, 2, _WORDS + 1 + words) if ports else _load(none, _WORDS + 1 + words)
        key += _payload(_TRANSPORT, 0, 2, _WORDS + 2 + words) if source else _load(none, _WORDS + 2 + words)
        counter = nested(7, text(1, "counter"))
        for name, update, more in (("tried", 0, counter), ("latest", 1, b"")):
            adding = _expression("dynset", text(1, name), number(3, update), number(4, _WORDS), more)
            self.rule(chain, *matching, key, adding)


def _table(family: Family, dns_port: int, tcp_port: int) -> _Rules:
    rules = _Rules(family)
    rules.add(_NEWTABLE, text(1, TABLE))
    rules.add_set("refuse", family.kind, family.size)
    rules.add_set("drop", family.kind, family.size)
    rules.add_set("host", family.kind, family.size)
    rules.add_set("loopback", _TYPE_PORT, 2)
    kind = 0
    for part in (_TYPE_PROTOCOL, family.kind, _TYPE_PORT, _TYPE_PORT):
        kind = kind << 6 | part
    for name in ("tried", "latest"):
        kept = attribute(11, struct.pack(">Q", LIFETIME))
        rules.add_set(name, kind, 12 + family.size, number(3, _DYNAMIC_AND_TIMEOUT), kept, nested(9, number(1, _MOST)))
    host = rules.destination() + _in("host")
    own = (rules.is_loopback(), rules.destination() + _equals(family.packed(family.own)), host)
    dns = tuple(_protocol(one) + _port() + _equals(_DNS) for one in (_UDP, _TCP))
    dropped, refused = (rules.destination() + _in(name) for name in ("drop", "refuse"))

    rules.add_chain("arrive", "filter", _PREROUTING, -150, _DROP)
    for let_through in own:
        rules.rule("arrive", let_through, _verdict(_ACCEPT))
    rules.count("arrive", dropped, _protocol(_TCP), ports=True, source=True)
    _count_without_source(rules, dropped, but=_TCP)
    rules.rule("arrive", dropped, _verdict(_DROP))
    if family.noise == _ICMP6:
        for asking in (130, 131, 132, 133, 135, 136, 143):  # multicast listeners, routers and neighbours
            rules.rule("arrive", _protocol(_ICMP6), _payload(_TRANSPORT, 0, 1), _equals(bytes([asking])), _verdict(_DROP))
    else:
        rules.rule("arrive", _protocol(family.noise), _verdict(_DROP))
    _count_without_source(rules)
    rules.rule("arrive", _protocol(_TCP), _expression("reject", number(1, 1), attribute(2, b"\0")))
    rules.rule("arrive", _expression("reject", number(1, 0), attribute(2, bytes([family.unreachable]))))

    rules.add_chain("rewrite", "nat", _OUTPUT, -100, _ACCEPT)
    for one in dns:
        rules.rule("rewrite", one, _redirect(dns_port))
    for of_the_host in (rules.is_loopback(), host):
        rules.rule("rewrite", of_the_host, _protocol(_TCP), _port(), _in("loopback"), _redirect(tcp_port))
    for left_alone in (*own, dropped, refused):
        rules.rule("rewrite", left_alone, _verdict(_RETURN))
    rules.rule("rewrite", _protocol(_TCP), _redirect(tcp_port))
    return rules


def _count_without_source(rules: _Rules, *matching: bytes, but: int | None = None) -> None:
    """Count packets by protocol, address and port."""
    for protocol in _WITH_PORTS:
        if protocol != but:
            rules.count("arrive", *matching, _protocol(protocol), ports=True, source=False)
    others = tuple(_meta_protocol() + _equals(bytes([protocol]), operation=1) for protocol in _WITH_PORTS)
    rules.count("arrive", *matching, *others, ports=False, source=False)


def _elements(family: Family, kind: int, name: str, values: Iterable[bytes]) -> bytes:
    listed = b"".join(nested(1, nested(1, attribute(1, value))) for value in values)
    body = struct.pack(">BBH", family.number, 0, 0) + text(1, TABLE) + text(2, name) + attribute(3 | 0x8000, listed)
    return pack(_NFTABLES | kind, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE, body)


def _in_one_go(channel: socket.socket, messages: Sequence[bytes]) -> None:
    """Have the kernel take all of the messages, or none."""
    begin, end = (pack(kind, NLM_F_REQUEST, struct.pack(">BBH", 0, 0, 10)) for kind in (_BATCH_BEGIN, _BATCH_END))
    transact(channel, [begin, *messages, end], len(messages))


def load(
    channel: socket.socket, family: Family, dns_port: int, tcp_port: int, loopback_ports: Iterable[int] = (),
    host: Iterable[str] = (),
) -> None:  # fmt: skip
    """Load the table of a family, whole or not at all.

    Parameters
    ----------
    channel
        Netlink socket of netfilter.
    family
        :data:`IPV4` or :data:`IPV6`.
    dns_port, tcp_port
        Where the listeners are.
    loopback_ports
        Ports of loopback, and of the host's own addresses, that are redirected as well.
    host
        The host's own addresses of this family, which are the session's own too.

    Raises
    ------
    OSError
        If the kernel refuses: no nftables (``EOPNOTSUPP``, ``ENOENT``), or no right to it (``EPERM``).
    """
    messages = _table(family, dns_port, tcp_port).messages
    ports = [struct.pack(">H", port) for port in sorted(set(loopback_ports))]
    if ports:
        messages = [*messages, _elements(family, _NEWSETELEM, "loopback", ports)]
    own = [family.packed(address) for address in sorted(set(host))]
    if own:
        messages = [*messages, _elements(family, _NEWSETELEM, "host", own)]
    _in_one_go(channel, messages)


def change_elements(channel: socket.socket, family: Family, address: str, *, out_of: str | None, into: str | None) -> None:
    """Move an address from one set to another, in one go.

    Parameters
    ----------
    channel, family
        As for :func:`load`.
    address
        One of the family.
    out_of
        ``refuse`` or ``drop`` if it is in one of them.
    into
        The one where it is to be.

    Raises
    ------
    OSError
        If the kernel refuses.
    """
    value = [family.packed(address)]
    moves = [_elements(family, kind, name, value) for kind, name in ((_DELSETELEM, out_of), (_NEWSETELEM, into)) if name]
    if moves:
        _in_one_go(channel, moves)


def read_tried(channel: socket.socket, family: Family) -> tuple[Tried, ...]:
    """Read the counts.

    Raises
    ------
    OSError
        If the kernel refuses.
    """
    tried, latest = (_dump(channel, family, name) for name in ("tried", "latest"))
    found: list[Tried] = []
    for key, (left, packets) in tried.items():
        protocol, address = key[0], family.written(key[4 : 4 + family.size])
        port, source = (int.from_bytes(key[at : at + 2]) for at in (4 + family.size, 8 + family.size))
        last = LIFETIME - latest[key][0] if key in latest else LIFETIME - left
        found.append(Tried(protocol, address, port, source, packets, LIFETIME - left, last))
    return tuple(found)


def _dump(channel: socket.socket, family: Family, name: str) -> dict[bytes, tuple[int, int]]:
    """Of each element its milliseconds left, and packets counted."""
    body = struct.pack(">BBH", family.number, 0, 0) + text(1, TABLE) + text(2, name)
    found: dict[bytes, tuple[int, int]] = {}
    for message in transact(channel, [pack(_NFTABLES | _GETSETELEM, NLM_F_REQUEST | NLM_F_DUMP, body)]):
        for kind, listed in attributes(message.body[4:]):
            if kind == 3:
                for _, one in attributes(listed):
                    element = dict(attributes(one))
                    key = dict(attributes(element[1]))[1]
                    left = int.from_bytes(element[5]) if 5 in element else LIFETIME
                    found[key] = (left, _packets(element.get(7, b"")))
    return found


def _packets(expression: bytes) -> int:
    counter = dict(attributes(dict(attributes(expression)).get(2, b"")))
    return int.from_bytes(counter.get(2, b""))
