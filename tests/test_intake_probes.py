"""Looks at real servers on loopback: HTTP, TCP, TLS with certificates of an authority of the tests' own, and DNS."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from certificates import Authority
from freehold.watch import dns_lookup
from freehold.watch.dns_lookup import BadAnswer, Lookup, look_up, system_server
from freehold.watch.event import Event
from freehold.watch.probe_plan import Probe
from freehold.watch.probes import Looker
from strategies import repeatable

HERE = "127.0.0.1"


def look(probe: Probe) -> Event:
    async def main() -> Event:
        async with Looker() as looker:
            return await looker.look(probe)

    return asyncio.run(main())


@asynccontextmanager
async def serving(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]], context: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """An HTTP server that answers everything; gives its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, HERE, 0, ssl_context=context).start()
    try:
        yield f"{'https' if context else 'http'}://{HERE}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def speaking(
    speak: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], context: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A server that says whatever it is told to; gives its port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await speak(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, HERE, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def http(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]], path: str = "/", context: ssl.SSLContext | None = None,
    **probe: Any,
) -> Event:  # fmt: skip
    async def main() -> Event:
        async with serving(answer, context) as base, Looker() as looker:
            return await looker.look(Probe(kind="http", target=base + path, **probe))

    return asyncio.run(main())


def spoken(
    speak: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], context: ssl.SSLContext | None = None,
    *, kind: Any = "http", host: str = HERE, **probe: Any,
) -> Event:  # fmt: skip
    async def main() -> Event:
        async with speaking(speak, context) as port, Looker() as looker:
            target = f"http://{host}:{port}/" if kind == "http" else f"{host}:{port}"
            return await looker.look(Probe(kind=kind, target=target, **probe))

    return asyncio.run(main())


async def fine(request: web.Request) -> web.Response:
    status = int(request.query.get("status", "200"))
    return web.Response(status=status, text="the model is ready" + " " * 100_000)


def test_an_answer_that_is_right_is_an_event_with_what_it_speaks_for() -> None:
    event = http(fine, "/health", text="model is ready", item="own-model", source="own-model@self", provider="self")
    target = event.subject
    assert target.endswith("/health")
    port = int(target.rpartition(":")[2].partition("/")[0])
    seconds = event.data["freehold.seconds"]
    assert isinstance(seconds, float)
    assert event.data == {
        "freehold.probe.kind": "http", "freehold.probe.ok": True, "freehold.probe.target": target, "server.address": HERE,
        "server.port": port, "freehold.seconds": seconds, "http.response.status_code": 200, "freehold.item": "own-model",
        "freehold.source_id": "own-model@self", "freehold.provider": "self",
    }  # fmt: skip
    assert (event.source, event.type, event.time) == ("/freehold/probe", "freehold.probe", event.received)


@pytest.mark.parametrize(
    ("path", "probe", "error"),
    [
        ("/?status=404", {}, None),
        ("/?status=500", {}, "status"),
        ("/?status=404", {"status": 200}, "status"),
        ("/?status=503", {"status": 503}, None),
        ("/", {"text": "the model is gone"}, "text"),
        ("/", {"text": "ready      "}, None),
    ],
)
def test_a_status_and_a_text_are_right_or_not(path: str, probe: dict[str, Any], error: str | None) -> None:
    event = http(fine, path, **probe)
    assert event.data.get("error.type") == error
    assert event.data["freehold.probe.ok"] is (error is None)


def test_a_redirect_is_followed_on_its_host_and_never_elsewhere() -> None:
    asked: list[str] = []

    async def lead(request: web.Request) -> web.Response:
        asked.append(request.path)
        ways = {"/here": "/there", "/away": "http://elsewhere.example/", "/port": f"http://{HERE}:1/", "/round": "/round",
                "/file": "file:///etc/passwd", "/odd": "http://[odd/"}  # fmt: skip
        where = "/deeper" * (request.path.count("/deeper") + 1) if "/deeper" in request.path else ways.get(request.path)
        return web.Response(status=302, headers={"Location": where}) if where else web.Response(text="arrived")

    assert http(lead, "/here", text="arrived").data["freehold.probe.ok"] is True
    assert asked == ["/here", "/there"]
    assert http(lead, "/here", status=302).data["freehold.probe.ok"] is True
    for path, host in (("/away", "elsewhere.example"), ("/port", HERE), ("/round", HERE), ("/file", ""), ("/odd", "")):
        event = http(lead, path)
        assert (event.data["error.type"], event.data["freehold.probe.redirect"]) == ("redirect_elsewhere", host)
    assert http(lead, "/deeper").data["error.type"] == "redirect_elsewhere"


def test_nothing_of_ours_is_sent_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{HERE}:1/")
    seen: dict[str, str] = {}

    async def note(request: web.Request) -> web.Response:
        seen.update(request.headers)
        return web.Response(headers={"Set-Cookie": "a=b"})

    assert http(note).data["freehold.probe.ok"] is True
    assert set(seen) == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}
    assert seen["User-Agent"].startswith("freehold/")


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"\x00\x01 this is not HTTP\r\n\r\n" * 10)
    await writer.drain()


async def endless_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"x" * 8_000 + b"\r\n")
        await writer.drain()


async def endless_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        await writer.drain()


async def hang_up(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    return


@pytest.mark.parametrize(
    ("speak", "probe", "error"),
    [
        (silence, {"timeout": 0.05}, "timeout"),
        (nonsense, {}, "protocol"),
        (endless_head, {"timeout": 20.0}, "protocol"),
        (endless_body, {"timeout": 20.0, "text": "never there"}, "text"),
        (hang_up, {}, "unreachable"),
    ],
)
def test_a_server_that_says_nothing_nonsense_or_too_much_is_found_out(speak: Any, probe: dict[str, Any], error: str) -> None:
    event = spoken(speak, **probe)
    assert (event.data["freehold.probe.ok"], event.data["error.type"]) == (False, error)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind((HERE, 0))
        return int(taken.getsockname()[1])


@pytest.mark.parametrize("kind", ["http", "tcp", "tls"])
def test_a_port_that_takes_no_connections_is_refused(kind: Any) -> None:
    target = f"{HERE}:{free_port()}"
    event = look(Probe(kind=kind, target=f"http://{target}/" if kind == "http" else target))
    assert (event.data["freehold.probe.ok"], event.data["error.type"]) == (False, "refused")


@pytest.mark.parametrize("kind", ["http", "tcp", "tls"])
def test_a_name_that_cannot_be_looked_up_is_said(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    target = "no-such-name.invalid:1"
    event = look(Probe(kind=kind, target=f"http://{target}/" if kind == "http" else target))
    assert (event.data["freehold.probe.ok"], event.data["error.type"]) == (False, "name_not_found")


def test_a_port_that_takes_connections_is_fine() -> None:
    event = spoken(silence, kind="tcp")
    assert event.data["freehold.probe.ok"] is True
    assert "error.type" not in event.data


@pytest.mark.parametrize(
    ("hosts", "start", "end", "error", "left"),
    [
        ((HERE,), -1, 90, None, 90),
        ((HERE,), -1, 0.5, None, 0.5),
        ((HERE,), -20, -1, "tls_expired", -1),
        ((HERE,), 1, 90, "tls_not_yet_valid", 90),
        (("elsewhere.example",), -1, 90, "tls_hostname_mismatch", 90),
    ],
)
def test_a_certificate_is_judged_and_its_days_are_counted(
    tmp_path: Path, hosts: tuple[str, ...], start: float, end: float, error: str | None, left: float
) -> None:
    authority = Authority(tmp_path)
    event = spoken(silence, authority.server(*hosts, start=start, end=end), kind="tls", authority=str(authority.path))
    assert event.data.get("error.type") == error
    assert event.data["freehold.probe.ok"] is (error is None)
    assert event.data["freehold.tls.days_left"] == pytest.approx(left, abs=0.1)
    assert str(event.data["freehold.tls.version"]).startswith("TLSv1.")


def test_a_certificate_of_an_authority_that_is_not_known_is_said(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "Another authority")
    event = spoken(silence, authority.server(HERE), kind="tls", authority=str(other.path))
    assert event.data["error.type"] in ("tls_unknown_issuer", "tls_self_signed")
    assert event.data["freehold.tls.days_left"] == pytest.approx(90, abs=0.1)


def test_https_is_probed_with_the_same_judgement(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    good = http(fine, context=authority.server(HERE), authority=str(authority.path))
    assert good.data["freehold.probe.ok"] is True
    for hosts, end, error in (((HERE,), -0.5, "tls_expired"), (("elsewhere.example",), 9, "tls_hostname_mismatch")):
        event = http(fine, context=authority.server(*hosts, end=end), authority=str(authority.path))
        assert event.data["error.type"] == error


def test_what_does_not_speak_tls_is_said(tmp_path: Path) -> None:
    assert spoken(nonsense, kind="tls").data["error.type"] == "protocol"
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    assert spoken(nonsense, kind="tls", authority=str(broken)).data["error.type"] == "authority"


# DNS

ZONE = {
    (b"\x07example\x04test\x00", 1): ["A 192.0.2.7", "A 192.0.2.5"],
    (b"\x07example\x04test\x00", 28): ["AAAA 2001:db8::7"],
    (b"\x05alias\x04test\x00", 1): ["CNAME example.test", "@example.test A 192.0.2.9"],
}


def packed(name: str) -> bytes:
    return b"".join(bytes((len(label),)) + label.encode() for label in name.split(".")) + b"\0"


def reply(question: bytes, *, truncated: bool = False, code: int | None = None) -> bytes:
    """What the stand-in name server says to a message."""
    import ipaddress

    at = question.index(b"\0", 12) + 1
    name, kind = question[12:at].lower(), struct.unpack_from("!H", question, at)[0]
    known = {found for found, _ in ZONE}
    records = ZONE.get((name, kind), [])
    status = code if code is not None else 0 if name in known else 3
    body = b""
    for record in records if not truncated else ():
        owner = b"\xc0\x0c"
        if record.startswith("@"):
            owned, record = record[1:].split(" ", 1)
            owner = packed(owned)
        sort, value = record.split(" ")
        of, content = (5, packed(value)) if sort == "CNAME" else (kind, ipaddress.ip_address(value).packed)
        body += owner + struct.pack("!2HIH", of, 1, 60, len(content)) + content
    count = 0 if truncated else len(records)
    flags = 0x8180 | status | (0x0200 if truncated else 0)
    return question[:2] + struct.pack("!5H", flags, 1, count, 0, 0) + question[12:] + body


class NameServer(asyncio.DatagramProtocol):
    def __init__(self, answers: Callable[[bytes], list[bytes]]) -> None:
        self.answers, self.asked = answers, 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.asked += 1
        for answer in self.answers(data):
            self.transport.sendto(answer, addr)


def asking(
    name: str, answers: Callable[[bytes], list[bytes]], timeout: float = 20.0, again: float | None = None, *, tcp: bool = False
) -> tuple[Lookup, int]:
    async def main() -> tuple[Lookup, int]:
        loop = asyncio.get_running_loop()

        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            answer = reply(await reader.readexactly(length))
            writer.write(struct.pack("!H", len(answer)) + answer)
            await writer.drain()

        async with speaking(speak) as port:
            server = NameServer(answers)
            transport, _ = await loop.create_datagram_endpoint(lambda: server, (HERE, port if tcp else 0))
            try:
                found = await look_up(name, (HERE, transport.get_extra_info("sockname")[1]), timeout, again)
            finally:
                transport.close()
            return found, server.asked

    return asyncio.run(main())


def test_a_name_has_the_addresses_that_its_server_says() -> None:
    assert asking("example.test", lambda asked: [reply(asked)])[0] == Lookup(("192.0.2.5", "192.0.2.7", "2001:db8::7"))
    assert asking("EXAMPLE.test.", lambda asked: [reply(asked)])[0].addresses[0] == "192.0.2.5"


def test_an_alias_is_followed_within_the_answer() -> None:
    assert asking("alias.test", lambda asked: [reply(asked)])[0] == Lookup(("192.0.2.9",))


def test_a_name_that_is_gone_and_a_server_that_fails_are_told_apart() -> None:
    assert asking("gone.test", lambda asked: [reply(asked)])[0] == Lookup((), "name_not_found")
    for code, error in ((2, "dns_server_failure"), (5, "dns_refused"), (1, "dns_format"), (9, "dns_9")):
        assert asking("example.test", lambda asked, code=code: [reply(asked, code=code)])[0] == Lookup((), error)  # type: ignore[misc]


def test_an_answer_that_was_cut_short_is_asked_for_over_tcp() -> None:
    assert asking("example.test", lambda asked: [reply(asked, truncated=True)], tcp=True)[0].addresses[0] == "192.0.2.5"


def test_only_the_answer_to_what_was_asked_is_believed() -> None:
    def liars(asked: bytes) -> list[bytes]:
        number = bytes((asked[0] ^ 1, asked[1]))
        other = asked[:12] + packed("other.test") + asked[-4:]
        return [number + reply(asked)[2:], reply(other), asked, b"", b"\0" * 5, reply(asked)]

    assert asking("example.test", liars)[0].addresses[0] == "192.0.2.5"


def test_a_lost_question_is_put_again() -> None:
    lost: set[bytes] = set()

    def forgetful(asked: bytes) -> list[bytes]:
        if asked in lost:
            return [reply(asked)]
        lost.add(asked)
        return []

    found, asked = asking("example.test", forgetful, 20.0, 0.01)
    assert found.addresses
    assert asked >= 4


def test_no_answer_in_time_is_a_time_out() -> None:
    with pytest.raises(TimeoutError):
        asking("example.test", lambda _: [], 0.05)


@pytest.mark.parametrize(
    "tail",
    [
        b"\xc0\x0c" + struct.pack("!2HIH", 1, 1, 60, 4) + b"\x01",
        b"\xc0\x0c" + struct.pack("!2HIH", 1, 1, 60, 3) + b"\x01\x02\x03",
        b"\xff\xff" + struct.pack("!2HIH", 1, 1, 60, 4) + b"\x01\x02\x03\x04",
        b"\xc0\x30" + b"\0" * 9,
        b"\x80",
        b"",
    ],
)
def test_a_broken_answer_is_none(tail: bytes) -> None:
    with pytest.raises(BadAnswer):
        asking("example.test", lambda asked: [reply(asked)[:6] + b"\0\1" + reply(asked)[8 : len(asked)] + tail])


@repeatable(200)
@given(st.binary(max_size=80), st.integers(0, 5))
def test_whatever_a_server_says_is_read_or_refused(tail: bytes, count: int) -> None:
    head = b"\0\0\x81\x80\0\1" + struct.pack("!3H", count, 0, 0) + packed("example.test") + b"\0\1\0\1"
    try:
        dns_lookup._read(head + tail, "example.test", 1)
    except BadAnswer:
        return


def test_aliases_in_a_circle_end() -> None:
    data = b"\0\0\x81\x80\0\1\0\1\0\0\0\0" + packed("a.test") + b"\0\1\0\1"
    data += b"\xc0\x0c" + struct.pack("!2HIH", 5, 1, 60, 2) + b"\xc0\x0c"
    assert dns_lookup._read(data, "a.test", 1) == Lookup((), "no_address")


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64 + ".test", ".".join(["x" * 60] * 5)])
def test_what_is_no_name_is_not_asked_for(name: str) -> None:
    with pytest.raises(BadAnswer):
        asyncio.run(look_up(name, (HERE, 1), 1.0))


def test_the_machines_name_server_is_the_first_that_is_an_address(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("# nameserver 192.0.2.1\nsearch test\nnameserver odd\nnameserver 192.0.2.2 more\nnameserver 192.0.2.3\n")
    assert system_server(path) == ("192.0.2.2", 53)
    path.write_text("")
    assert system_server(path) == system_server(tmp_path / "none") == ("127.0.0.1", 53)


@pytest.mark.parametrize(
    ("name", "answers", "error"),
    [
        ("example.test", (), None),
        ("example.test", ("192.0.2.5", "192.0.2.7", "2001:db8::7", "192.0.2.99"), None),
        ("example.test", ("192.0.2.5",), "answers_changed"),
        ("gone.test", (), "name_not_found"),
    ],
)
def test_a_probe_of_a_name_says_its_addresses_and_whether_they_are_right(
    name: str, answers: tuple[str, ...], error: str | None
) -> None:
    async def main() -> Event:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: NameServer(lambda asked: [reply(asked)]), (HERE, 0))
        try:
            async with Looker() as looker:
                server = f"{HERE}:{transport.get_extra_info('sockname')[1]}"
                return await looker.look(Probe(kind="dns", target=name, server=server, answers=answers))
        finally:
            transport.close()

    event = asyncio.run(main())
    assert event.data.get("error.type") == error
    expected = [] if name == "gone.test" else ["192.0.2.5", "192.0.2.7", "2001:db8::7"]
    assert event.data["freehold.dns.answers"] == expected
    assert "server.port" not in event.data


def test_a_name_server_that_is_not_there_is_said() -> None:
    event = look(Probe(kind="dns", target="example.test", server=f"{HERE}:{free_port()}", timeout=1.0))
    assert event.data["error.type"] in ("refused", "timeout")
