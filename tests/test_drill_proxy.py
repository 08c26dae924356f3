"""The proxy backend: real proxies, hosts and clients on loopback; what is cut is proved by what was dialled."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from freehold.drill.contact import Contact
from freehold.drill.contact_ledger import ContactLedger
from freehold.drill.decision import CutAll, CutHosts, CutNothing, Cutting
from freehold.drill.dial import dial
from freehold.drill.http_messages import MOST_HEAD
from freehold.drill.interface import Command, Process
from freehold.drill.name_servers import HostNames, NameServers
from freehold.drill.portable_processes import PortableProcesses, below
from freehold.drill.proxy import ProxyBackend, ProxySession
from freehold.drill.proxy_server import ProxyServer
from freehold.drill.proxy_variables import NextHop, NextHops, next_hops, with_proxy
from freehold.drill.shapes import GONE, Shape, shape_from
from freehold.drill.upstream import Upstream
from freehold.errors import DrillError, NotPossible

DEADLINE = 30.0
KEPT, CUT, LED = "kept.example", "cut.example", "led.example"
ADDRESSES = {KEPT: "203.0.113.1", CUT: "203.0.113.2", LED: "203.0.113.3"}
CUTTING = CutHosts(frozenset({CUT, ADDRESSES[LED]}))
LAST_YEAR, LATER = "Thu, 01 May 2025 00:00:00 GMT", "Thu, 01 May 2036 00:00:00 GMT"


def upstream() -> Upstream:
    return Upstream(NameServers(()), HostNames({name: (address,) for name, address in ADDRESSES.items()}))


@dataclass
class Hosts:
    """All hosts outside, played by one server on loopback; what was dialled, and what was asked."""

    port: int = 0
    dialled: list[tuple[str, int]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def dial(self, addresses: Sequence[str], port: int, *, first: int = 4) -> socket.socket:
        """Dial the server in place of an address of the documentation; this machine's own loopback as it is."""
        if addresses[0].startswith("127."):
            return await dial(addresses, port, first=first)
        self.dialled.append((addresses[0], port))
        if port == 1:
            raise ConnectionRefusedError(111, "Connection refused")
        return await dial(("127.0.0.1",), self.port)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a request; echo whatever begins with ECHO."""
        try:
            begun = await reader.readexactly(4)
            if begun == b"ECHO":
                while piece := await reader.read(65536):
                    writer.write(piece)
                    await writer.drain()
                return
            head = (begun + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.asked.append(head)
            body = b""
            if "content-length:" in head.lower():
                body = await reader.readexactly(int(head.lower().split("content-length:")[1].split("\r\n")[0]))
            elif "chunked" in head.lower():
                body = await reader.readuntil(b"0\r\n\r\n")
            self.bodies.append(body)
            path = head.split(" ")[1]
            if path.endswith("/early"):
                writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            newest = LATER if path.endswith("/new") else LAST_YEAR
            fields = f"Last-Modified: {newest}\r\nConnection: X-Own\r\nX-Own: 1\r\nX-Other: 2\r\n"
            if path.endswith("/chunks"):
                writer.write(f"HTTP/1.1 200 OK\r\n{fields}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".encode())
            elif path.endswith("/broken"):
                writer.write(f"HTTP/1.1 200 OK\r\n{fields}Content-Length: 50\r\n\r\nhello".encode())
            else:
                bare = head.startswith("HEAD ")
                writer.write(f"HTTP/1.1 200 OK\r\n{fields}Content-Length: 5\r\n\r\n{'' if bare else 'hello'}".encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def hosts() -> AsyncIterator[Hosts]:
    outside = Hosts()
    server = await asyncio.start_server(outside.answer, "127.0.0.1", 0)
    outside.port = server.sockets[0].getsockname()[1]
    try:
        yield outside
    finally:
        server.close()
        await server.wait_closed()


@dataclass
class Proxy:
    server: ProxyServer
    port: int
    hosts: Hosts

    @property
    def contacts(self) -> dict[str, Contact]:
        return {contact.host: contact for contact in self.server.contacts()}

    async def says(self, data: bytes, *, end: bool = False) -> bytes:
        """All that comes back over a connection of its own; raises ConnectionResetError if it is reset."""
        async with asyncio.timeout(DEADLINE), connected(self.port) as (reader, writer):
            writer.write(data)
            if end:
                writer.write_eof()
            return await reader.read()


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def proxy(
    shape: Shape = GONE, cutting: Cutting = CUTTING, hops: NextHops | None = None, outside: Hosts | None = None
) -> AsyncIterator[Proxy]:
    async with contextlib.AsyncExitStack() as stack:
        outside = outside or await stack.enter_async_context(hosts())
        ledger = ContactLedger(lambda: 1.0, 0.0)
        server = ProxyServer(ledger, upstream(), hops or NextHops(), cutting, shape, dialled=outside.dial)
        port = await server.open()
        try:
            yield Proxy(server, port, outside)
        finally:
            await server.close()


def plain(host: str, path: str = "/", *fields: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} http://{host}{path} HTTP/1.1", f"Host: {host}", *fields, "", ""]).encode()


def opening(host: str, port: int = 443) -> bytes:
    return f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()


OPENED = b"HTTP/1.1 200 Connection established\r\n\r\n"


def ran(main: Any) -> None:
    asyncio.run(main())


# ---------------------------------------------------------------- hosts that are kept


def test_a_request_for_a_host_that_is_kept_is_passed_on_and_counted() -> None:
    async def main() -> None:
        async with proxy() as one:
            got = await one.says(
                plain(KEPT, "/a?b", "Proxy-Authorization: Basic x", "Connection: X-Hop", "X-Hop: 1", "X-Kept: 1")
            )
            assert got.startswith(b"HTTP/1.1 200 OK\r\n")
            assert got.endswith(b"\r\n\r\nhello")
            assert b"X-Other: 2" in got or b"x-other: 2" in got
            assert b"x-own" not in got.lower()
            (asked,) = one.hosts.asked
            assert asked.startswith("GET /a?b HTTP/1.1\r\n")
            assert not any(word in asked.lower() for word in ("proxy-", "x-hop"))
            assert "x-kept: 1" in asked
            contact = one.contacts[KEPT]
            assert (contact.port, contact.tries, contact.refused, contact.failed, contact.local) == (80, 1, 0, 0, False)
            assert (contact.bytes_up, contact.bytes_down) == (len(asked), len(got))
            assert one.hosts.dialled == [(ADDRESSES[KEPT], 80)]

    ran(main)


def test_bodies_answers_in_chunks_and_early_answers_pass() -> None:
    async def main() -> None:
        async with proxy() as one:
            await one.says(plain(KEPT, "/", "Content-Length: 3", method="POST") + b"abc")
            await one.says(plain(KEPT, "/", "Transfer-Encoding: chunked", method="PUT") + b"2;x\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
            assert one.hosts.bodies == [b"abc", b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"]
            assert (await one.says(plain(KEPT, "/chunks"))).endswith(b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            assert (await one.says(plain(KEPT, "/early"))).count(b"HTTP/1.1 ") == 2
            head = await one.says(plain(KEPT, "/", method="HEAD"))
            assert b"Content-Length: 5" in head
            assert head.endswith(b"\r\n\r\n")
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await one.says(plain(KEPT, "/broken"))

    ran(main)


def test_a_tunnel_carries_both_ways_and_each_way_ends_by_itself() -> None:
    async def main() -> None:
        async with proxy() as one:
            sent = b"ECHO" + bytes(range(256)) * 4000
            async with asyncio.timeout(DEADLINE), connected(one.port) as (reader, writer):
                writer.write(opening(KEPT))
                assert await reader.readexactly(len(OPENED)) == OPENED
                writer.write(sent)
                writer.write_eof()
                assert await reader.read() == sent[4:]
            contact = one.contacts[KEPT]
            assert (contact.port, contact.bytes_up, contact.bytes_down) == (443, len(sent), len(sent) - 4)

    ran(main)


def test_what_follows_a_request_to_open_a_tunnel_at_once_is_carried_too() -> None:
    async def main() -> None:
        async with proxy() as one:
            assert await one.says(opening(KEPT) + b"ECHOabc", end=True) == OPENED + b"abc"

    ran(main)


def test_a_host_that_cannot_be_reached_or_is_not_known_fails_without_being_cut() -> None:
    async def main() -> None:
        async with proxy() as one:
            refused = await one.says(opening(KEPT, 1))
            assert refused.startswith(b"HTTP/1.1 502 ")
            assert b"error=connection_refused" in refused
            unknown = await one.says(plain("nobody.invalid"))
            assert b"error=dns_error" in unknown
            assert [(contact.failed, contact.refused) for contact in one.contacts.values()] == [(1, 0), (1, 0)]

    ran(main)


def test_this_machine_is_reached_even_in_an_air_gap() -> None:
    async def main() -> None:
        async with proxy(cutting=CutAll()) as one:
            got = await one.says(plain(f"127.0.0.1:{one.hosts.port}"))
            assert got.endswith(b"hello")
            assert one.contacts["127.0.0.1"].local
            assert b"502" in (await one.says(plain(KEPT)))[:16]
            assert one.hosts.dialled == []

    ran(main)


@pytest.mark.parametrize(
    "said",
    [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"CONNECT kept.example HTTP/1.1\r\n\r\n",
     b"GET ftp://kept.example/ HTTP/1.1\r\n\r\n",
     b"GET http://[::1/ HTTP/1.1\r\n\r\n", b"GET http:/// HTTP/1.1\r\n\r\n", b"CONNECT kept.example:99999 HTTP/1.1\r\n\r\n",
     b"CONNECT kept.example:443/x HTTP/1.1\r\n\r\n", "GET http://ä.example/ HTTP/1.1\r\n\r\n".encode("latin-1")],
)  # fmt: skip
def test_what_is_no_request_to_a_proxy_is_told_so(said: bytes) -> None:
    async def main() -> None:
        async with proxy() as one:
            assert (await one.says(said)).startswith(b"HTTP/1.1 400 ")
            assert one.server.contacts() == ()

    ran(main)


@pytest.mark.parametrize("said", [b"SSH-2.0-x\r\n\r\n", b"\x16\x03\x01\0\0\r\n\r\n", b"GET " + b"a" * MOST_HEAD, b"GET / HT"])
def test_what_is_no_request_at_all_is_reset(said: bytes) -> None:
    async def main() -> None:
        async with proxy() as one:
            with pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
                await one.says(said, end=True)

    ran(main)


def test_hundreds_of_connections_at_once_are_all_served() -> None:
    async def main() -> None:
        async with proxy() as one:
            answers = await asyncio.gather(*(one.says(plain(KEPT if turn % 2 else CUT)) for turn in range(200)))
            assert sum(answer.endswith(b"hello") for answer in answers) == 100
            assert sum(answer.startswith(b"HTTP/1.1 502") for answer in answers) == 100
            assert (one.contacts[KEPT].tries, one.contacts[CUT].refused) == (100, 100)

    ran(main)


# ---------------------------------------------------------------- hosts that are cut


@pytest.mark.parametrize("host", [CUT, f"deep.{CUT}", LED, ADDRESSES[LED], CUT.upper(), f"{CUT}."])
@pytest.mark.parametrize(("shape", "error"), [("gone", b"dns_error"), ("refused", b"connection_refused")])
def test_a_host_that_is_gone_or_refused_is_answered_for_by_the_proxy(host: str, shape: str, error: bytes) -> None:
    async def main() -> None:
        async with proxy(shape_from(shape)) as one:
            for request in (plain(host), opening(host), plain(host, "/", "Content-Length: 3", method="POST") + b"abc"):
                got = await one.says(request)
                assert got.startswith(b"HTTP/1.1 502 ")
                assert b"error=" + error in got
            contacts = one.server.contacts()
            assert (sum(seen.refused for seen in contacts), sum(seen.bytes_down for seen in contacts)) == (3, 0)
            assert all(seen.because.startswith("host ") and seen.first_refused == 1.0 for seen in contacts)
            assert one.hosts.dialled == []

    ran(main)


def test_a_host_that_resets_does_so_after_the_first_bytes() -> None:
    async def main() -> None:
        async with proxy(shape_from("reset")) as one:
            with pytest.raises(ConnectionResetError):
                await one.says(plain(CUT))
            async with asyncio.timeout(DEADLINE), connected(one.port) as (reader, writer):
                writer.write(opening(CUT))
                assert await reader.readexactly(len(OPENED)) == OPENED
                writer.write(b"hello")
                with pytest.raises(ConnectionResetError):
                    await reader.read()
            assert (one.contacts[CUT].refused, one.hosts.dialled) == (1, [])
            assert [(seen.port, seen.refused) for seen in one.server.contacts()] == [(80, 1), (443, 1)]

    ran(main)


def test_a_silent_host_never_answers_and_ends_with_the_cut() -> None:
    async def main() -> None:
        async with proxy(shape_from("silent")) as one:
            async with asyncio.timeout(DEADLINE), connected(one.port) as (reader, writer):
                writer.write(opening(CUT))
                waiting = asyncio.ensure_future(reader.read())
                assert (await one.says(plain(KEPT))).endswith(b"hello")
                while not (CUT in one.contacts and one.contacts[CUT].refused):
                    await asyncio.sleep(0)
                assert not waiting.done()
                one.server.change(CutNothing(), GONE)
                with pytest.raises(ConnectionResetError):
                    await waiting
            assert one.hosts.dialled == [(ADDRESSES[KEPT], 80)]

    ran(main)


def test_a_status_is_given_to_plain_requests_and_within_tunnels() -> None:
    async def main() -> None:
        async with proxy(shape_from("http:451")) as one:
            assert (await one.says(plain(CUT) + plain(KEPT))).count(b"HTTP/1.1") == 1
            inside = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
            got = await one.says(opening(CUT, 80) + inside + inside, end=True)
            assert got.startswith(OPENED)
            assert got.count(b"HTTP/1.1 451 ") == 2
            with pytest.raises(ConnectionResetError):
                await one.says(opening(CUT) + b"\x16\x03\x01")
            assert [(one.port, one.tries, one.refused, one.bytes_up, one.bytes_down) for one in one.server.contacts()] == [
                (80, 3, 3, 0, 0),
                (443, 1, 1, 0, 0),
            ]
            assert one.hosts.dialled == []

    ran(main)


def test_a_host_that_stands_still_is_reached_and_said_to_be() -> None:
    async def main() -> None:
        async with proxy(shape_from("stale:2026-01-31")) as one:
            assert (await one.says(plain(CUT, "/old"))).endswith(b"hello")
            assert (await one.says(plain(CUT, "/new"))).startswith(b"HTTP/1.1 404 ")
            got = await one.says(opening(CUT, 80) + b"GET /new HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert got.startswith(OPENED + b"HTTP/1.1 404 ")
            contact = one.contacts[CUT]
            assert (contact.tries, contact.refused, contact.bytes_up > 0, one.server.reached_cut) == (3, 2, True, True)
            assert one.hosts.asked[0].startswith("GET /old HTTP/1.1\r\n")

    ran(main)


def test_what_a_host_that_stands_still_is_asked_in_a_tunnel_is_counted_before_it_ends() -> None:
    async def main() -> None:
        async with (
            proxy(shape_from("stale:2026-01-31")) as one, asyncio.timeout(DEADLINE), connected(one.port) as (reader, writer),
        ):  # fmt: skip
            writer.write(opening(CUT, 80))
            assert await reader.readexactly(len(OPENED)) == OPENED
            for tries, path in enumerate(("/new", "/new", "/old"), 1):
                writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
                contact = one.contacts[CUT]
                assert (contact.tries, contact.refused) == (tries, min(tries, 2))
                assert contact.bytes_up == tries * len(b"GET /new HTTP/1.1\r\nHost: x\r\n\r\n")

    ran(main)


def test_a_slow_host_is_reached_in_the_end() -> None:
    async def main() -> None:
        async with proxy(Shape("slow", rate=1e9)) as one:
            assert (await one.says(plain(CUT))).endswith(b"hello")
            assert await one.says(opening(CUT) + b"ECHOabc", end=True) == OPENED + b"abc"
            assert [(one.refused, one.bytes_down > 0, one.because) for one in one.server.contacts()] == [
                (0, True, f"host {CUT}")
            ] * 2

    ran(main)


def test_changing_the_cut_ends_what_is_open_to_it_and_leaves_the_rest() -> None:
    async def main() -> None:
        async with proxy(cutting=CutNothing()) as one:
            async with asyncio.timeout(DEADLINE), connected(one.port) as (reader, writer), connected(one.port) as (kept, other):
                for got, sent, host in ((reader, writer, CUT), (kept, other, KEPT)):
                    sent.write(opening(host) + b"ECHO1")
                    assert await got.readexactly(len(OPENED) + 1) == OPENED + b"1"
                one.server.change(CUTTING, GONE)
                with pytest.raises(ConnectionResetError):
                    await reader.read()
                other.write(b"2")
                assert await kept.readexactly(1) == b"2"
            assert (one.contacts[CUT].tries, one.contacts[CUT].refused, one.contacts[KEPT].refused) == (1, 1, 0)
            assert (await one.says(opening(CUT))).startswith(b"HTTP/1.1 502")
            one.server.change(CutNothing(), GONE)
            assert (await one.says(plain(CUT))).endswith(b"hello")

    ran(main)


# ---------------------------------------------------------------- the user's own proxies


def test_the_proxies_that_a_user_has_set_are_read() -> None:
    found = next_hops(
        {"HTTP_PROXY": "upper.test:1", "http_proxy": "http://u%40:p@[::1]:3128/", "NO_PROXY": ".a.test, 10.0.0.0/8 b.test"}
    )
    assert found.plain == NextHop("::1", 3128, "Basic dUA6cA==")
    assert found.secure is None
    assert "dUA6cA==" not in repr(found)
    assert next_hops({"ALL_PROXY": "http://all.test"}) == NextHops(NextHop("all.test", 80), NextHop("all.test", 80))
    exempt = NextHops(NextHop("h", 1), NextHop("h", 1), found.exempt)
    asked = ("a.test", "x.a.test", "xa.test", "10.1.1.1", "11.1.1.1", "b.test")
    dialled = {host for host in asked if exempt.to(host, secure=True) is None}
    assert dialled == {"a.test", "x.a.test", "10.1.1.1", "b.test"}
    assert NextHops(NextHop("h", 1), None, ("*",)).to("x.test", secure=False) is None


@pytest.mark.parametrize("value", ["socks5://user:hidden@x.test", "https://x.test", "http://", "http://x:hidden@y.test:port"])
def test_a_proxy_that_cannot_be_passed_on_to_is_refused_without_telling_its_password(value: str) -> None:
    with pytest.raises(NotPossible) as error:
        next_hops({"https_proxy": value})
    assert "hidden" not in str(error.value)
    assert ProxyBackend({"https_proxy": value}).possible().ok is False
    assert ProxyBackend({}).possible().ok is True


def test_variables_name_the_proxy_for_all_but_loopback_and_turn_the_settings_of_tools_that_are_there() -> None:
    changed = with_proxy({"HOME": "/h", "npm_config_https_proxy": "http://x", "no_proxy": "y.test"}, "http://127.0.0.1:9")
    assert changed.pop("npm_config_https_proxy") == "http://127.0.0.1:9"
    assert {name for name, value in changed.items() if value == "http://127.0.0.1:9"} == {
        "http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY",
    }  # fmt: skip
    assert changed["no_proxy"] == changed["NO_PROXY"] == "localhost,127.0.0.1,::1"
    assert (changed["NODE_USE_ENV_PROXY"], changed["HOME"], "PIP_PROXY" in changed) == ("1", "/h", False)


def test_the_users_own_proxy_is_the_next_hop_for_what_is_kept_and_sees_nothing_of_what_is_cut() -> None:
    async def main() -> None:
        async with proxy(cutting=CutNothing()) as hop:
            user = NextHop("127.0.0.1", hop.port, "Basic dUA6cA==")
            async with proxy(hops=NextHops(user, user), outside=hop.hosts) as one:
                assert (await one.says(plain(KEPT, "/a"))).endswith(b"hello")
                assert await one.says(opening(KEPT) + b"ECHOabc", end=True) == OPENED + b"abc"
                assert (await one.says(plain(CUT))).startswith(b"HTTP/1.1 502")
                refused = await one.says(opening(KEPT, 1))
                assert b"answered 502" in refused
                assert {contact.host for contact in hop.server.contacts()} == {KEPT}
                assert [(seen.host, seen.port, seen.failed) for seen in one.server.contacts()] == [
                    (KEPT, 80, 0), (KEPT, 443, 0), (CUT, 80, 0), (KEPT, 1, 1),
                ]  # fmt: skip

    ran(main)


# ---------------------------------------------------------------- sessions


CLIENT = """
import sys, urllib.request
for address in sys.argv[1:]:
    try:
        print(urllib.request.urlopen(address, timeout=30).status)
    except urllib.error.HTTPError as error:
        print(error.code)
"""


@contextlib.asynccontextmanager
async def session(cutting: Cutting = CUTTING, shape: Shape = GONE) -> AsyncIterator[tuple[ProxySession, Hosts]]:
    async with hosts() as outside:
        one = await ProxyBackend({}, upstream, outside.dial).open(cutting, shape)
        try:
            yield one, outside
        finally:
            await one.close()


def command(folder: Path, *arguments: str, stdout: int | None = None) -> Command:
    return Command((sys.executable, *arguments), str(folder), dict(os.environ), stdout=stdout)


async def ended(process: Process) -> int:
    async with asyncio.timeout(DEADLINE):
        return await process.wait()


def test_a_command_is_seen_and_cut_by_its_manners(tmp_path: Path) -> None:
    async def main() -> None:
        async with session() as (one, outside):
            with (tmp_path / "out").open("wb") as out:
                process = await one.start(
                    command(tmp_path, "-c", CLIENT, f"http://{KEPT}/", f"http://{CUT}/", stdout=out.fileno())
                )
                assert await ended(process) == 0
            assert (tmp_path / "out").read_text().split() == ["200", "502"]
            assert {(contact.name, contact.tries, contact.refused) for contact in one.contacts()} == {(KEPT, 1, 0), (CUT, 1, 1)}
            assert outside.dialled == [(ADDRESSES[KEPT], 80)]
            assert (one.backend, one.broken()) == ("proxy", "")
            assert one.setup_seconds > 0

    ran(main)


def test_a_command_keeps_its_folder_user_group_and_exit_status(tmp_path: Path) -> None:
    async def main() -> None:
        said = "import os; print(os.getcwd(), os.getuid(), os.getgid(), os.getpgrp(), os.getsid(0)); raise SystemExit(7)"
        async with session() as (one, _):
            with (tmp_path / "out").open("wb") as out:
                assert await ended(await one.start(command(tmp_path, "-c", said, stdout=out.fileno()))) == 7
            expected = [str(tmp_path), *map(str, (os.getuid(), os.getgid(), os.getpgrp(), os.getsid(0)))]
            assert (tmp_path / "out").read_text().split() == expected
            process = await one.start(command(tmp_path, "-c", "import time; time.sleep(1000)"))
            process.send_signal(signal.SIGTERM)
            assert await ended(process) == -signal.SIGTERM
            process.send_signal(signal.SIGTERM)

    ran(main)


def test_a_command_sees_the_limit_of_open_files_that_it_would_see_uncut(tmp_path: Path) -> None:
    said = "import resource; raise SystemExit(resource.getrlimit(resource.RLIMIT_NOFILE)[0] % 251)"
    before = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def main() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (500, before[1]))
        async with session() as (first, _), session() as (second, _):
            for one in (first, second):
                assert await ended(await one.start(command(tmp_path, "-c", said))) == 500 % 251

    try:
        ran(main)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 500
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    async def main() -> None:
        async with session() as (one, _):
            for arguments, folder in ((("no-such-program",), str(tmp_path)), ((sys.executable,), str(tmp_path / "absent"))):
                with pytest.raises(DrillError, match=arguments[0]):
                    await one.start(Command(arguments, folder, dict(os.environ)))

    ran(main)


FORKS = """
import os, sys, time
away = sys.argv[1] == "away"
if os.fork() == 0:
    if os.fork() == 0:
        if away:
            os.setsid()
        os.write(1, b"away\\n")
        time.sleep(1000)
    if away:
        os._exit(0)
    time.sleep(1000)
if away:
    os.wait()
os.write(1, b"forked\\n")
time.sleep(1000)
"""


async def until_the_end(out: BinaryIO) -> bytes:
    """What is left in a pipe, once every process that could write into it has ended."""
    async with asyncio.timeout(DEADLINE):
        return await asyncio.to_thread(out.read)


@pytest.mark.parametrize("how", ["stay", "away"])
def test_closing_a_session_ends_what_its_commands_left_behind(tmp_path: Path, how: str) -> None:
    async def main() -> None:
        async with session() as (one, _):
            reading, writing = os.pipe()
            with os.fdopen(reading, "rb") as out:
                process = await one.start(command(tmp_path, "-c", FORKS, how, stdout=writing))
                os.close(writing)
                assert {await asyncio.to_thread(out.readline) for _ in range(2)} == {b"forked\n", b"away\n"}
                await one.close()
                assert await ended(process) == -signal.SIGKILL
                assert await until_the_end(out) == b""

    ran(main)


DRILL = """
import asyncio, os, sys
from freehold.drill.decision import CutNothing
from freehold.drill.interface import Command
from freehold.drill.proxy import ProxyBackend
from freehold.drill.shapes import GONE

async def main():
    session = await ProxyBackend({}).open(CutNothing(), GONE)
    await session.start(Command((sys.executable, "-c", sys.argv[1], "away"), "/", dict(os.environ)))
    await asyncio.sleep(1000)

asyncio.run(main())
"""


def test_nothing_is_left_when_the_process_that_drills_is_killed(tmp_path: Path) -> None:
    async def main() -> None:
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as out:
            path = os.pathsep.join(sys.path)
            drill = await asyncio.create_subprocess_exec(
                sys.executable, "-c", DRILL, FORKS, stdout=writing, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}
            )
            os.close(writing)
            assert {await asyncio.to_thread(out.readline) for _ in range(2)} == {b"forked\n", b"away\n"}
            drill.kill()
            await drill.wait()
            assert await until_the_end(out) == b""

    ran(main)


def test_what_descends_from_commands_ends_with_them_on_any_system(tmp_path: Path) -> None:
    async def main() -> None:
        processes = PortableProcesses()
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as out:
            process = await processes.start(command(tmp_path, "-c", FORKS, "stay", stdout=writing))
            os.close(writing)
            assert {await asyncio.to_thread(out.readline) for _ in range(2)} == {b"forked\n", b"away\n"}
            await processes.close()
            assert await ended(process) == -signal.SIGKILL
            assert await until_the_end(out) == b""

    ran(main)


ELSEWHERE = """
import asyncio, os, resource, select, signal, socket, subprocess, sys
for module, names in {
    os: "splice pipe2 pidfd_open memfd_create setns unshare sched_yield sched_getaffinity",
    socket: "AF_NETLINK SO_BINDTODEVICE SOCK_NONBLOCK SOCK_CLOEXEC MSG_CMSG_CLOEXEC AF_VSOCK AF_PACKET SO_PEERCRED SO_MARK",
    select: "epoll", resource: "prlimit",
}.items():
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
sys.platform = "darwin"
from freehold.drill.decision import CutNothing
from freehold.drill.interface import Command
from freehold.drill.proxy import ProxyBackend
from freehold.drill.shapes import GONE

async def main():
    session = await ProxyBackend({}).open(CutNothing(), GONE)
    process = await session.start(Command((sys.executable, "-c", "raise SystemExit(5)"), "/", dict(os.environ)))
    print(await process.wait(), "drill_service.blind_forked_away" in session.blind_spots)
    await session.close()

asyncio.run(main())
"""


def test_the_backend_needs_nothing_that_only_linux_has(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], capture_output=True, text=True, cwd=tmp_path, timeout=DEADLINE, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("5 True\n", 0), done.stderr


def test_what_descends_from_a_process_is_found_however_deep() -> None:
    assert below({2}, {2: 1, 3: 2, 4: 3, 5: 1, 6: 4, 1: 0}) == {3, 4, 6}
    assert below({7}, {7: 7}) == {7}
