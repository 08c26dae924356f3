"""The inside of a namespace: what goes where, what is stopped and counted. Sockets in the session, sockets handed out of it.

The process outside is the test: it holds what was handed, as the name server and the relay of a session do.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from drill_process import here, own_children, session
from freehold.drill.air_gap import AirGapBackend
from freehold.drill.backends import BACKENDS, backend, choose, probe_all
from freehold.drill.decision import CutHosts, CutNothing
from freehold.drill.filter import blocked_from
from freehold.drill.inside_process import Handed, InsideProcess, Wanted, name_servers_instead, probe
from freehold.drill.inside_sockets import OWN_IPV4, OWN_IPV6, Blocked, InsideSockets
from freehold.drill.interface import Possible
from freehold.drill.listening import listening_ports, ports_from
from freehold.drill.namespace import NamespaceBackend
from freehold.drill.netlink import own_addresses
from freehold.drill.nftables import IPV4, IPV6, Tried
from freehold.drill.shapes import GONE, Shape
from freehold.errors import CutFailed, DrillError, NotPossible, UsageError

SECONDS = 20.0
ORIGINAL_DST = 80
HAS_IPV6 = Path("/proc/sys/net/ipv6/conf/lo/disable_ipv6").exists()
families = pytest.mark.parametrize("six", [False, pytest.param(True, marks=pytest.mark.skipif(not HAS_IPV6, reason="no IPv6"))])
KINDS = (socket.AF_INET, socket.AF_INET6)
UNREACHABLE = {errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EHOSTUNREACH}
FAR = ("203.0.113.7", "2001:db8::7")


@dataclass
class Inside:
    """The program inside, with what it handed out; commands in it are asked for without a session."""

    process: InsideProcess
    handed: Handed

    @property
    def sockets(self) -> InsideSockets:
        assert self.handed.sockets is not None
        return self.handed.sockets

    def python(self, code: str, *arguments: str) -> str:
        """Run a program of Python inside, to its end: what it printed."""
        with contextlib.ExitStack() as stack:
            command = os.memfd_create("command")
            stack.callback(os.close, command)
            reading, writing = os.pipe()
            stack.callback(os.close, reading)
            whole = "import errno, os, socket, sys\n" + code
            what = {"arguments": [sys.executable, "-c", whole, *arguments], "folder": "/", "environment": dict(os.environ)}
            os.write(command, json.dumps(what).encode())
            self.process.start(1, command, [writing, writing, writing])
            os.close(writing)
            self.process.channel.settimeout(SECONDS)
            found = b""
            while data := os.read(reading, 65536):
                found += data
            said = [self.process.receive(), self.process.receive()]
        assert said[1] is not None
        assert said[1][0] == {"ended": 1, "status": 0}, found.decode()
        return found.decode().strip()


@contextlib.contextmanager
def inside(**more: Any) -> Iterator[Inside]:
    process = InsideProcess(replace(Wanted.here(), **more))
    handed = None
    try:
        process.channel.settimeout(SECONDS)
        answer = process.receive()
        assert answer is not None
        handed = process.ready(*answer)
        yield Inside(process, handed)
    finally:
        process.hang_up()
        process.wait(SECONDS)
        process.kill()
        if handed is not None:
            os.close(handed.namespace)
            if handed.sockets is not None:
                handed.sockets.close()


def accept(listener: socket.socket | None) -> socket.socket:
    assert listener is not None
    listener.settimeout(SECONDS)
    return listener.accept()[0]


def dialled(one: socket.socket) -> tuple[str, int]:
    """Where a connection was to go."""
    if one.family == socket.AF_INET:
        raw = one.getsockopt(socket.IPPROTO_IP, ORIGINAL_DST, 16)
        return socket.inet_ntop(socket.AF_INET, raw[4:8]), int.from_bytes(raw[2:4])
    raw = one.getsockopt(socket.IPPROTO_IPV6, ORIGINAL_DST, 28)
    return socket.inet_ntop(socket.AF_INET6, raw[8:24]), int.from_bytes(raw[2:4])


CONNECT = "s = socket.socket(int(sys.argv[1])); s.settimeout(20); print(errno.errorcode.get(s.connect_ex((sys.argv[2], int(sys.argv[3]))), 'connected'))"  # noqa: E501


# ---------------------------------------------------------------- what goes where


@families
def test_a_connection_to_anywhere_arrives_at_the_listener_and_tells_where_it_was_to_go(six: bool) -> None:
    with inside() as one:
        assert one.python(CONNECT, str(int(KINDS[six])), FAR[six], "4711") == "connected"
        with accept(one.sockets.tcp6 if six else one.sockets.tcp4) as client:
            assert dialled(client) == (FAR[six], 4711)
        assert one.sockets.filters.blocked() == ()


@families
def test_a_look_up_is_answered_by_whom_it_was_put_to(six: bool) -> None:
    asks = """
with socket.socket(int(sys.argv[1]), socket.SOCK_DGRAM) as s:
    s.settimeout(20)
    s.connect((sys.argv[2], 53))  # a datagram from anybody else is not taken
    s.send(b"who?")
    print(s.recv(99).decode())
with socket.create_connection((sys.argv[2], 53), 20) as s:
    print(s.recv(99).decode())
"""
    with inside() as one:
        udp = one.sockets.udp6 if six else one.sockets.udp4
        assert udp is not None
        udp.settimeout(SECONDS)

        async def within() -> str:
            running = asyncio.to_thread(one.python, asks, str(int(KINDS[six])), FAR[six])
            answering = asyncio.ensure_future(running)
            question, client = await asyncio.to_thread(udp.recvfrom, 99)
            udp.sendto(question + b" me", client)
            with await asyncio.to_thread(accept, one.sockets.dns_tcp6 if six else one.sockets.dns_tcp4) as stream:
                stream.send(b"me, too")
            return await answering

        assert asyncio.run(within()) == "who? me\nme, too"


def test_a_look_up_put_to_loopback_arrives_as_well() -> None:
    asks = "s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b'?', ('127.0.0.53', 53))"
    with inside() as one:
        one.python(asks)
        one.sockets.udp4.settimeout(SECONDS)
        assert one.sockets.udp4.recv(9) == b"?"


@families
def test_loopback_and_its_own_address_are_the_sessions_own(six: bool) -> None:
    serves = """
kind, *addresses = sys.argv[1:]
for address in addresses:
    with socket.create_server((address, 0), family=int(kind)) as server:
        with socket.create_connection(server.getsockname()[:2], 20) as client:
            client.send(b"own ")
            print(server.accept()[0].recv(9).decode(), end="")
"""
    addresses = ("::1", OWN_IPV6) if six else ("127.0.0.1", "127.9.9.9", OWN_IPV4)
    with inside() as one:
        assert one.python(serves, str(int(KINDS[six])), *addresses) == " ".join(["own"] * len(addresses))


@families
def test_a_port_of_the_hosts_loopback_is_reached_by_way_of_the_listener_and_is_not_free(six: bool) -> None:
    address = "::1" if six else "127.0.0.1"
    tries = CONNECT + "; t = socket.socket(int(sys.argv[1])); t.bind((sys.argv[2], int(sys.argv[3])))"
    with socket.create_server((address, 0), family=KINDS[six]) as server:
        port = server.getsockname()[1]
        wanted = Wanted.here()
        assert port in (wanted.loopback6 if six else wanted.loopback4)
        with inside() as one:
            assert port in one.sockets.loopback_ports
            said = one.python(
                "try:\n    " + tries + "\nexcept OSError as e: print(errno.errorcode[e.errno])",
                str(int(KINDS[six])),
                address,
                str(port),
            )
            assert said.split() == ["connected", "EADDRINUSE"]
            with accept(one.sockets.tcp6 if six else one.sockets.tcp4) as client:
                assert dialled(client) == (address, port)
    with inside(loopback4=frozenset(), loopback6=frozenset()) as one:
        assert one.python(CONNECT, str(int(KINDS[six])), address, str(port)) == "ECONNREFUSED"


@families
def test_the_hosts_other_addresses_are_the_sessions_own_but_for_ports_that_the_host_serves(six: bool) -> None:
    address = "2001:db8::5" if six else "198.51.100.5"
    serves = """
kind, address, port = sys.argv[1:]
with socket.create_server((address, 0), family=int(kind)) as server:
    with socket.create_connection(server.getsockname()[:2], 20) as client:
        client.send(b"own ")
        print(server.accept()[0].recv(9).decode(), end="")
print(socket.socket(int(kind)).connect_ex((address, int(port))))
"""
    with inside(host=frozenset({address}), loopback4=frozenset({5432}), loopback6=frozenset({5432})) as one:
        assert one.python(serves, str(int(KINDS[six])), address, "5432") == "own 0"
        with accept(one.sockets.tcp6 if six else one.sockets.tcp4) as client:
            assert dialled(client) == (address, 5432)
        assert one.python(serves, str(int(KINDS[six])), address, "5433") == f"own {errno.ECONNREFUSED}"
        assert one.sockets.filters.blocked() == ()


def test_the_hosts_other_addresses_are_those_that_are_not_loopbacks() -> None:
    ip = shutil.which("ip", path="/usr/sbin:/sbin:" + os.environ["PATH"])
    if ip is None:
        pytest.skip("ip is needed")
    shown = json.loads(subprocess.run([ip, "-j", "address"], capture_output=True, check=True).stdout)
    found = {
        row["local"]
        for interface in shown if interface["ifname"] != "lo"
        for row in interface["addr_info"] if row["scope"] == "global"
    }  # fmt: skip
    assert own_addresses() == found


# ---------------------------------------------------------------- what is stopped


def counts(one: Inside) -> list[tuple[str, str, int, int]]:
    return [(each.protocol, each.address, each.port, each.count) for each in one.sockets.filters.blocked()]


@families
def test_what_is_refused_is_refused_at_once_and_each_try_counts(six: bool) -> None:
    with inside() as one:
        one.sockets.filters.refuse(FAR[six])
        one.sockets.filters.refuse(FAR[six])
        for _ in range(3):
            assert one.python(CONNECT, str(int(KINDS[six])), FAR[six], "443") == "ECONNREFUSED"
        assert one.python(CONNECT, str(int(KINDS[six])), FAR[six], "80") == "ECONNREFUSED"
        assert sorted(counts(one)) == [("tcp", FAR[six], 80, 1), ("tcp", FAR[six], 443, 3)]
        one.sockets.filters.allow(FAR[six])
        one.sockets.filters.allow(FAR[six])
        assert one.python(CONNECT, str(int(KINDS[six])), FAR[six], "443") == "connected"
        accept(one.sockets.tcp6 if six else one.sockets.tcp4).close()
        assert sorted(counts(one)) == [("tcp", FAR[six], 80, 1), ("tcp", FAR[six], 443, 3)]


@families
def test_what_is_dropped_is_never_answered_and_a_handshake_sent_again_counts_once(six: bool) -> None:
    waits = """
s = socket.socket(int(sys.argv[1]))
s.settimeout(1.5)
try: s.connect((sys.argv[2], 443))
except TimeoutError: print("silence")
"""
    with inside() as one:
        one.sockets.filters.refuse(FAR[six])
        one.sockets.filters.drop(FAR[six])
        assert one.python(waits, str(int(KINDS[six])), FAR[six]) == "silence"  # by then it was sent again, after a second
        assert counts(one) == [("tcp", FAR[six], 443, 1)]
        [blocked] = one.sockets.filters.blocked()
        assert blocked.last - blocked.first > 0.5


def test_addresses_are_one_however_they_are_written() -> None:
    with inside() as one:
        one.sockets.filters.drop("2001:DB8:0::7")
        one.sockets.filters.refuse("2001:db8::7")
        assert one.python(CONNECT, str(int(socket.AF_INET6)), "2001:db8:0:0::7", "1") == "ECONNREFUSED"
        for nonsense in ("", "198.18.0", "::g", "example.test"):
            with pytest.raises(OSError, match="illegal IP address"):
                one.sockets.filters.refuse(nonsense)


@families
def test_datagrams_are_refused_and_counted_by_where_they_were_to_go(six: bool) -> None:
    sends = """
s = socket.socket(int(sys.argv[1]), socket.SOCK_DGRAM)
s.connect((sys.argv[2], 443))
s.settimeout(20)
for _ in range(3):
    try:
        s.send(b"quic?"), s.recv(9)
    except ConnectionRefusedError:
        print("refused")
s.sendto(b"ntp?", (sys.argv[2], 123))
"""
    with inside() as one:
        assert one.python(sends, str(int(KINDS[six])), FAR[six]).split() == ["refused"] * 3
        assert sorted(counts(one)) == [("udp", FAR[six], 123, 1), ("udp", FAR[six], 443, 3)]


def test_other_protocols_are_stopped_and_counted() -> None:
    sends = """
kind, number, address, data = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], bytes.fromhex(sys.argv[4])
s = socket.socket(kind, socket.SOCK_RAW, number)
s.sendto(data, (address, 0))
"""
    wanted = Wanted.here()
    if wanted.user:
        pytest.skip("raw sockets need root")
    with inside() as one:
        one.python(sends, str(int(socket.AF_INET)), "1", FAR[0], "0800f7ff00000000")  # an echo request
        one.python(sends, str(int(socket.AF_INET)), "47", FAR[0], "00000000")  # a tunnel
        one.python(sends, str(int(socket.AF_INET)), "132", FAR[0], "12341f90000000000000000001000014")  # SCTP, port 8080
        one.python(
            sends, str(int(socket.AF_INET)), "2", "224.0.0.22", "1600000000000000"
        )  # asks for multicast: nobody's contact
        assert sorted(counts(one)) == [("47", FAR[0], 0, 1), ("icmp", FAR[0], 0, 1), ("sctp", FAR[0], 8080, 1)]


def test_a_flood_of_destinations_fills_the_counts_and_nothing_else() -> None:
    floods = """
s = socket.socket(type=socket.SOCK_DGRAM)
for number in range(20_000):
    s.sendto(b"", (f"100.64.{number >> 8 & 255}.{number & 255}", 1 + (number >> 16)))
t = socket.socket(); t.settimeout(20); print(t.connect_ex(("203.0.113.9", 1)))
"""
    with inside() as one:
        one.sockets.filters.refuse("203.0.113.9")
        assert one.python(floods) == str(errno.ECONNREFUSED)  # still refused, though there is no room for its count
        assert 16_000 < len(one.sockets.filters.blocked()) <= 16_384


def test_counts_become_tries_by_hand() -> None:
    counted = (
        Tried(6, "192.0.2.1", 443, 40_000, packets=5, age=9_000, latest=1_000),
        Tried(6, "192.0.2.1", 443, 40_001, packets=2, age=4_000, latest=3_000),
        Tried(6, "192.0.2.1", 443, 0, packets=7, age=2_000, latest=500),
        Tried(17, "2001:db8::1", 123, 0, packets=4, age=10_000, latest=10_000),
        Tried(99, "192.0.2.1", 0, 0, packets=1, age=1, latest=1),
    )
    assert blocked_from(counted, now=100.0) == (
        Blocked("udp", "2001:db8::1", 123, 4, 90.0, 90.0),
        Blocked("tcp", "192.0.2.1", 443, 9, 91.0, 99.5),
        Blocked("99", "192.0.2.1", 0, 1, 99.999, 99.999),
    )


def test_the_filter_reads_as_its_documentation_says() -> None:
    nft = shutil.which("nft", path="/usr/sbin:/sbin:" + os.environ["PATH"])
    if nft is None or Wanted.here().user:
        pytest.skip("nft is needed, and the right to use it")
    with inside(loopback4=frozenset({5432})) as one:
        shown = one.python("import subprocess; subprocess.run([sys.argv[1], 'list', 'ruleset'], check=True)", nft)
    assert shown.count("table ip freehold") == 1
    assert shown.count("table ip6 freehold") == HAS_IPV6
    for line in (
        "type filter hook prerouting priority mangle; policy drop;",
        "type nat hook output priority -100; policy accept;",
        "ip daddr 127.0.0.0/8 tcp dport @loopback redirect to :65534",
        "ip daddr @host tcp dport @loopback redirect to :65534",
        "udp dport 53 redirect to :65535",
        "tcp dport 53 redirect to :65535",
        "meta l4proto tcp redirect to :65534",
        "elements = { 5432 }",
    ):
        assert line in shown


# ---------------------------------------------------------------- set-up


def test_without_ipv6_all_else_works_and_ipv6_is_unreachable() -> None:
    with inside(ipv6=False) as one:
        assert one.sockets.udp6 is one.sockets.dns_tcp6 is one.sockets.tcp6 is None
        one.sockets.filters.refuse("2001:db8::1")
        assert one.python(CONNECT, str(int(socket.AF_INET6)), FAR[1], "1") in {
            errno.errorcode[number] for number in UNREACHABLE
        }
        assert one.python(CONNECT, str(int(socket.AF_INET)), FAR[0], "1") == "connected"
        assert counts(one) == []


def test_a_unix_socket_that_answers_for_names_is_hidden_inside_alone(tmp_path: Path) -> None:
    path = tmp_path / "names"
    asks = "s = socket.socket(socket.AF_UNIX); print(errno.errorcode.get(s.connect_ex(sys.argv[1]), 'connected'))"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        with inside(masks=(str(path), str(tmp_path / "not there"))) as one:
            assert one.handed.masked == (str(path),)
            assert one.python(asks, str(path)) == "ECONNREFUSED"
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
        with inside(masks=()) as one:
            assert one.python(asks, str(path)) == "connected"
    assert path.is_socket()


def test_a_list_of_name_servers_that_are_none_inside_is_another_one_there(tmp_path: Path) -> None:
    assert name_servers_instead("search lan\nnameserver fe80::1%eth0\nnameserver FE80::2\noptions edns0\n") == (
        "search lan\noptions edns0\nnameserver 127.0.0.1\n"
    )
    for stays in ("", "search lan\n", "nameserver\n", "nameserver fe80::1%eth0\nnameserver 192.0.2.1\n", "nameserver ::1"):
        assert name_servers_instead(stays) is None
    path = tmp_path / "resolv.conf"
    path.write_text("as it was")
    with inside(instead={str(path): "é\udcff", str(tmp_path / "not there"): ""}) as one:
        assert one.handed.masked == (str(path),)
        shows = "print(ascii(open(sys.argv[1], 'rb').read()), sorted(os.listdir(sys.argv[2])) != ['content'])"
        assert one.python(shows, str(path), tempfile.gettempdir()) == r"b'\xc3\xa9\xff' True"
        assert path.read_text() == "as it was"
    assert [each.name for each in tmp_path.iterdir()] == ["resolv.conf"]


def test_a_kernel_that_filters_ipv4_alone_has_no_ipv6_inside(tmp_path: Path) -> None:
    program = tmp_path / "inside.py"
    source = Path(__file__).parent.parent / "src"
    program.write_text(
        f"import errno, sys\nsys.path.append({str(source)!r})\nfrom freehold.drill import inside, nftables\n"
        "def load(channel, family, *rest, load=nftables.load):\n"
        "    if family is nftables.IPV6: raise OSError(errno.EOPNOTSUPP, 'no such table')\n"
        "    load(channel, family, *rest)\n"
        "nftables.load = load\ninside.run(int(sys.argv[1]))\n"
    )

    async def within() -> None:
        async with session(NamespaceBackend([sys.executable, "-I", "-S", str(program)]), CutHosts(frozenset())) as one:
            assert "drill_backend.blind_ipv6" in one.blind_spots
            six = "sys.exit(socket.socket(socket.AF_INET6).connect_ex((sys.argv[1], 1)))"
            assert await tried(one, six, FAR[1]) in UNREACHABLE
            await tried(one, "socket.create_connection((sys.argv[1], 1), 20)", FAR[0])
            assert [each.address for each in one.contacts()] == [FAR[0]]

    asyncio.run(within())


def test_root_of_a_user_namespace_cannot_undo_the_filter() -> None:
    undo = """
from freehold.drill import kernel, netlink, nftables
try:
    with netlink.connect(netlink.NETLINK_NETFILTER) as channel:
        nftables.change_elements(channel, nftables.IPV4, "203.0.113.7", out_of="refuse", into=None)
except PermissionError:
    print("may not", os.getuid())
"""
    if os.getuid():
        pytest.skip("root is needed")
    with inside(user=True) as one:
        one.sockets.filters.refuse(FAR[0])
        assert one.python(f"sys.path.insert(0, {str(Path(__file__).parent.parent / 'src')!r})" + undo) == "may not 0"
        assert one.python(CONNECT, str(int(socket.AF_INET)), FAR[0], "443") == "ECONNREFUSED"


def test_the_network_of_the_host_is_left_as_it_was() -> None:
    def seen() -> list[str]:
        names = ["route", "ipv6_route", "if_inet6", "fib_trie"]
        paths = [Path(f"/proc/self/net/{name}") for name in names]
        return [path.read_text() for path in paths if path.exists()] + [str(Path("/proc/self/ns/net").readlink())]

    before = seen()
    with inside() as one:
        assert one.python("print(os.readlink('/proc/self/ns/net'))") != before[-1]
        assert seen() == before
    assert seen() == before


@pytest.mark.parametrize("name", list(BACKENDS))
def test_each_backend_is_found_by_its_name_and_works_here(name: str) -> None:
    assert backend(name).name == name
    assert backend(name).possible().ok
    chosen = choose(name)
    assert (chosen.backend.name, chosen.reason) == (name, "")


def test_the_default_is_chosen_and_what_cannot_be_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose().backend.name == "namespace"
    assert [one.backend for one in probe_all()] == ["namespace", "proxy", "air-gap"]
    monkeypatch.setattr(NamespaceBackend, "possible", lambda _: Possible("namespace", ok=False, reason="No such thing here."))
    fallen = choose()
    assert fallen.backend.name == "proxy"
    assert fallen.reason == "The backend 'namespace' cannot be used here. No such thing here."
    with pytest.raises(NotPossible, match="No such thing here"):
        choose("namespace")
    with pytest.raises(UsageError, match="'nonsense' is no way to cut"):
        choose("nonsense")


# ---------------------------------------------------------------- the air gap


FETCH = "import socket; socket.create_connection((sys.argv[1], int(sys.argv[2])), 20).recv(1)"


def tried(one: Any, code: str, *arguments: str) -> Any:
    async def within() -> int:
        with Path(os.devnull).open("w") as nothing:
            whole = "import errno, os, socket, sys\n" + code
            process = await one.start(
                here([sys.executable, "-c", whole, *arguments], stdout=nothing.fileno(), stderr=nothing.fileno())
            )
            status: int = await process.wait()
            return status

    return within()


def test_in_an_air_gap_everything_is_cut_and_seen_by_name() -> None:
    async def within() -> None:
        async with session(AirGapBackend(), CutHosts(frozenset({"one.test"}))) as one:
            assert await tried(one, FETCH, "other.test", "80") == 1
            [contact] = [each for each in one.contacts() if each.name == "other.test"]
            assert contact.refused == contact.tries > 0
            assert contact.because == "air gap"
            one.change(CutNothing(), GONE)
            one.change(CutHosts(frozenset()), Shape("refused"))
            assert await tried(one, FETCH, FAR[0], "80") == 1
            [contact] = [each for each in one.contacts() if each.address == FAR[0]]
            assert contact.refused == contact.tries == 1

    asyncio.run(within())


def test_an_air_gap_without_a_filter_is_as_tight_and_says_that_it_sees_nothing() -> None:
    async def within() -> None:
        async with session(AirGapBackend(with_filter=False), CutHosts(frozenset())) as one:
            assert "drill_backend.blind_unseen" in one.blind_spots
            unreachable = "s = socket.socket(); sys.exit(s.connect_ex((sys.argv[1], 80)))"
            assert await tried(one, unreachable, FAR[0]) == errno.ENETUNREACH
            own = "s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
            assert await tried(one, own) == 0
            assert one.contacts() == ()
            with pytest.raises(CutFailed, match="nothing to be changed"):
                one.change(CutNothing(), GONE)

    asyncio.run(within())


def test_without_a_filter_a_baseline_runs_where_the_drill_does() -> None:
    async def within() -> None:
        async with session(AirGapBackend(with_filter=False)) as one:
            same = "sys.exit(os.readlink('/proc/self/ns/net') != sys.argv[1])"
            assert await tried(one, same, str(Path("/proc/self/ns/net").readlink())) == 0

    asyncio.run(within())


def test_an_air_gap_falls_back_to_no_filter_where_the_kernel_has_none(tmp_path: Path) -> None:
    program = tmp_path / "inside.py"
    source = Path(__file__).parent.parent / "src"
    program.write_text(
        f"import errno, sys\nsys.path.append({str(source)!r})\nfrom freehold.drill import inside, netlink\n"
        "def connect(family, connect=netlink.connect):\n"
        "    if family == netlink.NETLINK_NETFILTER: raise OSError(errno.EPROTONOSUPPORT, 'Protocol not supported')\n"
        "    return connect(family)\n"
        "netlink.connect = connect\ninside.run(int(sys.argv[1]))\n"
    )
    argv = [sys.executable, "-I", "-S", str(program)]
    assert not NamespaceBackend(argv).possible().ok
    assert "does not have what it takes" in NamespaceBackend(argv).possible().reason
    possible = AirGapBackend(argv).possible()
    assert possible.ok
    assert "not seen" in possible.reason

    async def within() -> tuple[str, ...]:
        async with session(AirGapBackend(argv), CutHosts(frozenset())) as one:
            spots: tuple[str, ...] = one.blind_spots
            return spots

    assert "drill_backend.blind_unseen" in asyncio.run(within())


# ---------------------------------------------------------------- what listens


def test_what_listens_is_read_from_the_kernels_table() -> None:
    if sys.byteorder != "little":
        pytest.skip("the table below is of a machine with the other order of bytes")
    head = "  sl  local_address rem_address   st tx_queue rx_queue\n"
    table = head + "\n".join(
        [
            "   0: 0100007F:1538 00000000:0000 0A 00000000:00000000",  # 127.0.0.1:5432
            "   1: 00000000:0016 00000000:0000 0A 00000000:00000000",  # 0.0.0.0:22
            "   2: 0500000A:0050 00000000:0000 0A 00000000:00000000",  # 10.0.0.5:80, not loopback
            "   3: 0100007F:1539 0100007F:1538 01 00000000:00000000",  # a connection
            "   4: 3500007F:0035 00000000:0000 0A 00000000:00000000",  # 127.0.0.53:53, a name server
            "nonsense",
            "   5: zz:zz 00000000:0000 0A",
        ]
    )
    assert ports_from(table) == ({5432, 22}, set())
    table6 = head + "\n".join(
        [
            "   0: 00000000000000000000000001000000:1F90 0:0 0A",  # ::1, port 8080
            "   1: 00000000000000000000000000000000:0016 0:0 0A",  # every address
            "   2: 0000000000000000FFFF00000100007F:1F91 0:0 0A",  # 127.0.0.1 as an IPv6 socket has it, port 8081
            "   3: B80D0120000000000000000007000000:0050 0:0 0A",  # 2001:db8::7
        ]
    )
    assert ports_from(table6) == ({22, 8081}, {8080, 22})
    assert ports_from(table, ["10.0.0.5"]) == ({5432, 22, 80}, set())
    assert ports_from(table6, ["2001:db8::7", "10.0.0.5"]) == ({22, 8081}, {8080, 22, 80})
    assert ports_from("") == (set(), set())


@families
@pytest.mark.parametrize("told", [True, False])
def test_what_listens_here_now_is_found(six: bool, told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not told:  # by a kernel that does not tell it, its table is read

        def connect(*_: object) -> None:
            raise OSError(errno.EPROTONOSUPPORT, "no")

        monkeypatch.setattr("freehold.drill.listening.connect", connect)
    for address in ("::1", "::") if six else ("127.0.0.1", "127.3.2.1", "0.0.0.0"):
        with socket.create_server((address, 0), family=KINDS[six]) as server:  # for IPv6 alone, says create_server
            port = server.getsockname()[1]
            found = listening_ports()
            assert port in found[six]
            assert (port in found[not six]) == (address == "::" and not told)
        assert port not in listening_ports()[six]
    if six:
        with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
            assert all(server.getsockname()[1] in ports for ports in listening_ports())


def test_the_addresses_of_a_session_are_one_on_both_sides() -> None:
    assert (IPV4.own, IPV6.own) == (OWN_IPV4, OWN_IPV6)


def test_a_probe_leaves_no_process_and_says_what_went_wrong() -> None:
    before = own_children()
    probe(Wanted.here(), deadline=SECONDS)
    assert own_children() == before
    with pytest.raises(CutFailed, match="was not set up within"):
        probe(Wanted.here(), [sys.executable, "-c", "import signal; signal.pause()"], deadline=0.2)
    with pytest.raises(DrillError, match="No process could be started"):
        probe(Wanted.here(), ["/no/such/interpreter"], deadline=SECONDS)
    assert own_children() == before
    assert subprocess.run(["true"], check=True).returncode == 0
