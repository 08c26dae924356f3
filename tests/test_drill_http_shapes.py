"""Cut hosts that answer HTTP: real sockets on loopback, real clients, and indexes whose dates are worked out by hand."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import http.client
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import Authority
from freehold.drill import http_shapes, stale
from freehold.drill.http_messages import MOST_HEAD, BadMessage, body_of, read_head
from freehold.drill.http_shapes import Served, certificate_context, serve
from freehold.drill.shapes import Shape, shape_from
from freehold.drill.stale_index import as_of, kind_of, python_page
from freehold.errors import DrillError

DEADLINE = 30.0
NAME = "cut.example"
DAY = "2026-01-31"
END = datetime(2026, 2, 1, tzinfo=UTC)
OLD, NEW = "Sat, 31 Jan 2026 23:59:59 GMT", "Sun, 01 Feb 2026 00:00:00 GMT"


async def nowhere() -> socket.socket:
    raise AssertionError("a host that is cut was reached")


@dataclass
class Cut:
    """A cut host on loopback, and what came of each connection to it."""

    port: int
    served: asyncio.Queue[Served]

    async def next(self) -> Served:
        async with asyncio.timeout(DEADLINE):
            return await self.served.get()

    async def says(self, data: bytes, *, end: bool = True) -> bytes:
        """What comes back over a connection of its own; raises ConnectionResetError if it is reset."""
        async with asyncio.timeout(DEADLINE):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write(data)
                if end:
                    writer.write_eof()
                return await reader.read()
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()


@contextlib.asynccontextmanager
async def cut_host(
    shape: Shape, connect: Callable[[], Awaitable[socket.socket]] = nowhere, **settings: Any
) -> AsyncIterator[Cut]:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        cut = Cut(listener.getsockname()[1], asyncio.Queue())

        async def one(client: socket.socket) -> None:
            await cut.served.put(await serve(client, NAME, 443, shape, connect, **settings))

        async with asyncio.TaskGroup() as tasks:

            async def accept() -> None:
                while True:
                    client, _ = await loop.sock_accept(listener)
                    tasks.create_task(one(client))

            accepting = tasks.create_task(accept())
            yield cut
            accepting.cancel()


def request(method: str = "GET", target: str = "/", *fields: str, version: str = "HTTP/1.1") -> bytes:
    return "\r\n".join([f"{method} {target} {version}", f"Host: {NAME}", *fields, "", ""]).encode()


def parts(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return int(first.split(" ")[1]), {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in lines}, body


# ---------------------------------------------------------------- a status


@pytest.mark.parametrize("status", [403, 429, 451, 500, 503])
def test_a_request_is_answered_with_the_status_of_the_cut(status: int) -> None:
    async def main() -> None:
        async with cut_host(shape_from(f"http:{status}")) as cut:
            sent = request("GET", "/", "Connection: close")
            got = await cut.says(sent, end=False)
            code, fields, body = parts(got)
            assert (code, fields["content-length"], fields["connection"]) == (status, str(len(body)), "close")
            assert await cut.next() == Served(len(sent), len(got), requests=1, refused=1)

    asyncio.run(main())


def test_a_client_of_the_standard_library_keeps_its_connection_and_sends_large_bodies() -> None:
    def client(port: int) -> list[int]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        codes = []
        for method, body in (
            ("GET", None),
            ("POST", b"x" * 3_000_000),
            ("HEAD", None),
            ("PUT", iter([b"ab", b"c"])),
            ("GET", None),
        ):
            connection.request(method, "/a", body)
            answer = connection.getresponse()
            answer.read()
            codes.append(answer.status)
            assert connection.sock is not None, "the connection was not kept"
        connection.close()
        return codes

    async def main() -> None:
        async with cut_host(shape_from("http:451")) as cut:
            assert await asyncio.to_thread(client, cut.port) == [451] * 5
            served = await cut.next()
            assert (served.requests, served.refused, served.reached, served.note) == (5, 5, False, "")
            assert served.bytes_up > 3_000_003

    asyncio.run(main())


def test_requests_sent_ahead_are_each_answered_in_order() -> None:
    async def main() -> None:
        async with cut_host(shape_from("http:403")) as cut:
            last = request("GET", "/c", "Connection: close")
            got = await cut.says(request() + request("HEAD") + request("POST", "/b", "Content-Length: 3") + b"abc" + last)
            assert got.count(b"HTTP/1.1 403 ") == 4
            assert (await cut.next()).requests == 4

    asyncio.run(main())


def test_a_head_request_gets_the_length_and_no_body() -> None:
    async def main() -> None:
        async with cut_host(shape_from("http:403")) as cut:
            _, fields, body = parts(await cut.says(request("HEAD", "/", "Connection: close")))
            assert int(fields["content-length"]) > 0
            assert body == b""

    asyncio.run(main())


def test_an_older_client_gets_the_end_of_the_connection() -> None:
    async def main() -> None:
        async with cut_host(shape_from("http:403")) as cut:
            assert parts(await cut.says(request(version="HTTP/1.0"), end=False))[1]["connection"] == "close"
            kept = request("GET", "/", "Connection: keep-alive", version="HTTP/1.0")
            assert (await cut.says(kept + kept)).count(b"HTTP/1.1 403") == 2

    asyncio.run(main())


def test_a_client_that_waits_for_leave_to_send_its_body_is_answered_at_once() -> None:
    async def main() -> None:
        async with cut_host(shape_from("http:403")) as cut:
            got = await cut.says(request("POST", "/", "Content-Length: 1000000", "Expect: 100-continue"), end=False)
            assert parts(got)[0] == 403
            assert parts(got)[1]["connection"] == "close"

    asyncio.run(main())


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_bound_is_answered_and_the_connection_ends(chunked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_shapes, "MOST_BODY", 1000)

    async def main() -> None:
        async with cut_host(shape_from("http:403")) as cut:
            said = "Transfer-Encoding: chunked" if chunked else "Content-Length: 2000"
            got = await cut.says(request("POST", "/", said) + b"7d0\r\n" * chunked + b"x" * 2000, end=False)
            assert parts(got)[0] == 403
            assert parts(got)[1]["connection"] == "close"

    asyncio.run(main())


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"GET / HTTP/1.1\r\nHost: a\r\nno field\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 3, 4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: " + "٣".encode() + b"\r\n\r\nabc",
        b"GET /" + b"a" * MOST_HEAD + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHos",
    ],
)
def test_what_is_no_request_is_reset(said: bytes) -> None:
    async def main() -> None:
        async with cut_host(shape_from("http:403")) as cut:
            with pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
                await cut.says(said)
            served = await cut.next()
            assert (served.note, served.refused, served.requests, served.bytes_down) == ("other", 1, 0, 0)

    asyncio.run(main())


def test_a_client_that_waits_for_a_greeting_is_reset() -> None:
    async def main() -> None:
        async with cut_host(shape_from("http:403"), first_patience=0.0) as cut:
            with pytest.raises(ConnectionResetError):
                await cut.says(b"", end=False)
            assert await cut.next() == Served(refused=1, note="nothing")

    asyncio.run(main())


def test_a_client_that_begins_with_http_2_is_told_to_speak_http_1() -> None:
    async def main() -> None:
        async with cut_host(shape_from("http:403")) as cut:
            got = await cut.says(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000"))
            assert got[:9] == bytes.fromhex("000000040000000000"), "settings, none"
            assert (got[12], got[-4:]) == (7, bytes.fromhex("0000000d")), "goaway: HTTP_1_1_REQUIRED"
            assert (await cut.next()).note == "other"

    asyncio.run(main())


def test_a_revoked_credential_is_challenged_in_the_way_that_it_was_given() -> None:
    async def main() -> None:
        async with cut_host(shape_from("revoked")) as cut:
            code, fields, _ = parts(await cut.says(request("GET", "/", "Connection: close")))
            assert (code, fields["www-authenticate"]) == (401, f'Basic realm="{NAME}"')
            sent = request("GET", "/", "Connection: close", "Authorization: Bearer something")
            challenge = parts(await cut.says(sent))[1]["www-authenticate"]
            assert challenge == f'Bearer realm="{NAME}", error="invalid_token"'

    asyncio.run(main())


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reading_of_a_message(data: bytes) -> None:
    async def main() -> None:
        for start in (b"", b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"):
            reader = asyncio.StreamReader(limit=MOST_HEAD)
            reader.feed_data(start + data)
            reader.feed_eof()
            try:
                head = await read_head(reader)
                if head is not None:
                    async for piece in body_of(head, reader).pieces():
                        assert 0 < len(piece) <= 65536
            except (BadMessage, asyncio.IncompleteReadError):
                pass

    asyncio.run(main())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=60) | st.sampled_from([request(), b"\r\n", b"\x16\x03\x01", b"GET "]), max_size=4))
def test_whatever_a_client_says_is_answered_or_reset_and_never_raised(said: list[bytes]) -> None:
    async def refused() -> socket.socket:
        raise ConnectionRefusedError

    async def main() -> None:
        for shape in ("http:403", f"stale:{DAY}"):
            async with cut_host(shape_from(shape), refused) as cut:
                with contextlib.suppress(OSError):
                    await cut.says(b"".join(said))
                served = await cut.next()
                assert served.requests or served.note
                assert not served.reached

    asyncio.run(main())


# ---------------------------------------------------------------- over TLS


@dataclass
class Trust:
    shape: Callable[[str], Shape]
    client: ssl.SSLContext
    authority: Authority
    folder: Path


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    folder = tmp_path_factory.mktemp("certificates")
    authority = Authority(folder)
    authority.server(NAME)
    file = str(next(folder.glob("server-*.pem")))
    return Trust(
        lambda text: shape_from(text, file, file), ssl.create_default_context(cafile=authority.path), authority, folder
    )


def get(port: int, context: ssl.SSLContext, path: str = "/", **fields: str) -> tuple[int, bytes]:
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=DEADLINE, context=context)
    try:
        connection.sock = context.wrap_socket(socket.create_connection(("127.0.0.1", port), DEADLINE), server_hostname=NAME)
        connection.request("GET", path, headers=fields)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_client_that_trusts_the_certificate_is_answered_over_tls(trust: Trust) -> None:
    async def main() -> None:
        async with cut_host(trust.shape("http:451")) as cut:
            assert (await asyncio.to_thread(get, cut.port, trust.client))[0] == 451
            served = await cut.next()
            assert (served.requests, served.refused, served.note) == (1, 1, "")

    asyncio.run(main())


def test_a_client_may_end_tls_properly_before_or_after_the_answer(trust: Trust) -> None:
    def client(port: int, said: bytes) -> bytes:
        plain = socket.create_connection(("127.0.0.1", port), DEADLINE)
        with trust.client.wrap_socket(plain, server_hostname=NAME) as encrypted:
            encrypted.sendall(said)
            got = encrypted.recv(10) if said else b""
            with contextlib.suppress(OSError):
                encrypted.unwrap().close()
        return got

    async def main() -> None:
        async with cut_host(trust.shape("http:451")) as cut:
            for said in (b"", request(), request("GET", "/", "Connection: close")):
                got = await asyncio.to_thread(client, cut.port, said)
                assert (got, (await cut.next()).refused) == (b"HTTP/1.1 4" if said else b"", 1)

    asyncio.run(main())


def test_a_client_that_does_not_trust_the_certificate_ends_the_handshake(trust: Trust) -> None:
    async def main() -> None:
        async with cut_host(trust.shape("http:451")) as cut:
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncio.to_thread(get, cut.port, ssl.create_default_context())
            served = await cut.next()
            assert (served.refused, served.requests) == (1, 0)
            assert served.note == "untrusted"

    asyncio.run(main())


def test_tls_without_a_certificate_is_reset() -> None:
    async def main() -> None:
        async with cut_host(shape_from("http:451")) as cut:
            with pytest.raises(ConnectionResetError):
                await asyncio.to_thread(get, cut.port, ssl.create_default_context())
            assert await cut.next() == Served(refused=1, note="tls")

    asyncio.run(main())


def test_a_certificate_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name in ("empty.pem", "absent.pem"):
        path = str(tmp_path / name)
        with pytest.raises(DrillError, match=r"--certificate .* cannot be used"):
            certificate_context(shape_from("revoked", path, path))
    assert certificate_context(shape_from("revoked")) is None


# ---------------------------------------------------------------- a host that stands still


Page = tuple[int, dict[str, str], bytes]


@dataclass
class Host:
    """A real host on loopback, and what it was asked."""

    pages: dict[str, Page | bytes]
    tls: ssl.SSLContext | None = None
    port: int = 0
    asked: list[str] = field(default_factory=list)

    async def connect(self) -> socket.socket:
        client = socket.socket()
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", self.port))
        return client

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head)
            page = self.pages.get(head.split(" ")[1], (404, {}, b""))
            if isinstance(page, tuple):
                status, fields, body = page
                lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in fields.items())]
                if "Transfer-Encoding" not in fields:
                    lines.append(f"Content-Length: {len(body)}")
                page = "\r\n".join([*lines, "", ""]).encode() + body
            writer.write(page)
            await writer.drain()
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def standing_still(
    pages: dict[str, Page | bytes], shape: Shape | None = None, **settings: Any
) -> AsyncIterator[tuple[Cut, Host]]:
    host = Host(pages, settings.pop("tls", None))
    server = await asyncio.start_server(host.answer, "127.0.0.1", 0, ssl=host.tls)
    host.port = server.sockets[0].getsockname()[1]
    try:
        async with cut_host(shape or shape_from(f"stale:{DAY}"), host.connect, **settings) as cut:
            yield cut, host
    finally:
        server.close()
        await server.wait_closed()


def fetched(pages: dict[str, Page | bytes], *requests: bytes) -> tuple[list[Page], Served, list[str]]:
    """The answers to requests, each over a connection of its own; what came of the last; and what the host was asked."""

    async def main() -> tuple[list[Page], Served, list[str]]:
        async with standing_still(pages) as (cut, host):
            answers, served = [], Served()
            for one in requests:
                answers.append(parts(await cut.says(one, end=False)))
                served = await cut.next()
            return answers, served, host.asked

    return asyncio.run(main())


def closing(target: str, *fields: str, method: str = "GET") -> bytes:
    return request(method, target, "Connection: close", *fields)


def test_a_file_is_there_until_the_end_of_the_day_and_not_later() -> None:
    pages: dict[str, Page | bytes] = {
        "/old": (200, {"Last-Modified": OLD, "ETag": '"o"', "X-Own": "1"}, b"old"),
        "/new": (200, {"Last-Modified": NEW}, b"new"),
    }
    (old, new), served, asked = fetched(pages, closing("/old"), closing("/new"))
    assert (old[0], old[2], old[1]["last-modified"], old[1]["x-own"]) == (200, b"old", OLD, "1")
    assert new[0] == 404
    assert b"new" not in new[2].split()
    assert (served.reached, served.refused, served.requests, served.undated) == (True, 1, 1, 0)
    assert all(head.startswith("GET ") for head in asked)


def test_an_answer_without_a_date_is_passed_on_and_counted() -> None:
    (page,), served, _ = fetched({"/a": (200, {}, b"now")}, closing("/a"))
    assert (page[0], page[2], served.undated, served.refused) == (200, b"now", 1, 0)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_host_that_stands_still_is_only_read(method: str) -> None:
    (page,), served, asked = fetched({}, closing("/a", method=method))
    assert (page[0], page[1]["allow"], asked) == (405, "GET, HEAD", [])
    assert (served.refused, served.reached) == (1, False)


def test_a_head_request_is_judged_as_the_whole_answer_is() -> None:
    pages: dict[str, Page | bytes] = {
        "/old": (200, {"Last-Modified": OLD}, b"old"),
        "/new": (200, {"Last-Modified": NEW}, b"new"),
    }
    (old, new), _, asked = fetched(pages, closing("/old", method="HEAD"), closing("/new", method="HEAD"))
    assert (old[0], old[1]["content-length"], old[2], new[0], new[2]) == (200, "3", b"", 404, b"")
    assert asked[0].startswith("GET /old ")


def test_conditions_are_judged_here_and_never_asked_of_the_host() -> None:
    pages: dict[str, Page | bytes] = {"/a": (200, {"Last-Modified": OLD, "ETag": '"o"'}, b"old")}
    answers, _, asked = fetched(
        pages,
        closing("/a", 'If-None-Match: "x", W/"o"'),
        closing("/a", 'If-None-Match: "x"', f"If-Modified-Since: {NEW}"),
        closing("/a", f"If-Modified-Since: {OLD}"),
        closing("/a", "If-Modified-Since: Fri, 30 Jan 2026 00:00:00 GMT", "Range: bytes=1-"),
    )
    assert [answer[0] for answer in answers] == [304, 200, 304, 200]
    assert answers[3][2] == b"old"
    assert not any(word in head.lower() for head in asked for word in ("if-", "range:"))


def test_redirections_refusals_and_bodies_in_chunks_are_passed_on() -> None:
    chunks = b"3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nA: b\r\n\r\n"
    pages: dict[str, Page | bytes] = {
        "/moved": (302, {"Location": "/x"}, b""),
        "/chunks": (200, {"Last-Modified": OLD, "Transfer-Encoding": "chunked"}, chunks),
        "/until-the-end": b"HTTP/1.0 200 X\r\nLast-Modified: " + OLD.encode() + b"\r\n\r\nabc",
        "/early": b"HTTP/1.1 103 X\r\n\r\nHTTP/1.1 403 X\r\nContent-Length: 2\r\n\r\nno",
    }
    moved, chunked, ended, early = fetched(pages, *(closing(target) for target in pages))[0]
    assert (moved[0], moved[1]["location"]) == (302, "/x")
    assert (chunked[1]["transfer-encoding"], chunked[2]) == ("chunked", b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
    assert ended[2] == b"3\r\nabc\r\n0\r\n\r\n"
    assert (early[0], early[2]) == (403, b"no")


@pytest.mark.parametrize(
    "said",
    [b"", b"no HTTP\r\n\r\n", b"HTTP/1.1 200 X\r\nContent-Length: x\r\n\r\n", b"HTTP/1.1 100 X\r\n\r\n" * 20,
     b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
     b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n{}"],
)  # fmt: skip
def test_a_host_that_does_not_answer_properly_is_a_bad_gateway(said: bytes) -> None:
    (page,), served, _ = fetched({"/a": said}, closing("/a"))
    assert page[0] == 502
    assert (served.reached, served.refused) == (True, 0)


def test_a_host_that_cannot_be_reached_is_a_bad_gateway() -> None:
    async def refused() -> socket.socket:
        raise ConnectionRefusedError

    async def main() -> None:
        async with cut_host(shape_from(f"stale:{DAY}"), refused) as cut:
            assert parts(await cut.says(closing("/"), end=False))[0] == 502
            assert (await cut.next()).reached is False

    asyncio.run(main())


def test_an_answer_that_breaks_off_breaks_off_for_the_client_too() -> None:
    async def main() -> None:
        broken = b"HTTP/1.1 200 X\r\nContent-Length: 10\r\nLast-Modified: " + OLD.encode() + b"\r\n\r\nabc"
        async with standing_still({"/a": broken}) as (cut, _):
            with pytest.raises(ConnectionResetError):
                await cut.says(closing("/a"), end=False)
            assert (await cut.next()).reached

    asyncio.run(main())


def test_a_document_over_the_bound_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stale, "MOST_DOCUMENT", 1000)
    bomb = gzip.compress(b'"' + b"a" * 100_000 + b'"')
    pages: dict[str, Page | bytes] = {
        "/plain": (200, {"Content-Type": "application/json"}, b" " * 1001),
        "/packed": (200, {"Content-Type": "application/json", "Content-Encoding": "gzip"}, bomb),
    }
    assert [answer[0] for answer in fetched(pages, closing("/plain"), closing("/packed"))[0]] == [502, 502]


def test_the_real_host_is_verified_and_the_client_sees_the_certificate_of_the_drill(trust: Trust) -> None:
    async def main() -> None:
        pages: dict[str, Page | bytes] = {"/a": (200, {"Last-Modified": OLD}, b"old")}
        settings = {"shape": trust.shape(f"stale:{DAY}"), "tls": trust.authority.server(NAME)}
        async with standing_still(pages, outside=trust.client, **settings) as (cut, _):
            assert await asyncio.to_thread(get, cut.port, trust.client, "/a") == (200, b"old")
        other = {**settings, "tls": trust.authority.server("other.example")}
        async with standing_still(pages, outside=trust.client, **other) as (cut, host):
            assert (await asyncio.to_thread(get, cut.port, trust.client, "/a"))[0] == 502
            assert host.asked == []

    asyncio.run(main())


# ---------------------------------------------------------------- indexes of packages


PYTHON = {
    "meta": {"api-version": "1.1"},
    "name": "spam",
    "versions": ["1.0", "1.1", "2.0", "0.9"],
    "files": [
        {"filename": "spam-1.0.tar.gz", "url": "/f/spam-1.0.tar.gz", "hashes": {"sha256": "aa"},
         "upload-time": "2025-05-01T00:00:00Z"},
        {"filename": "spam-1.0-py3-none-any.whl", "url": "/f/a.whl", "hashes": {"sha256": "bb"},
         "upload-time": "2026-02-03T00:00:00.5Z", "core-metadata": {"sha256": "cc"}},
        {"filename": "spam-1.1-py3-none-any.whl", "url": "/f/b.whl?x=1&y", "hashes": {"sha256": "dd"},
         "requires-python": ">=3.11", "upload-time": "2026-01-31T23:59:59.999999Z",
         "core-metadata": {"sha256": "ee"}, "yanked": "bad \"one\""},
        {"filename": "spam-2.0.tar.gz", "url": "/f/c", "hashes": {}, "upload-time": "2026-02-01T00:00:00Z"},
        {"filename": "spam-2.0.zip", "url": "/f/d", "hashes": {}},
    ],
}  # fmt: skip
PYTHON_JSON = "application/vnd.pypi.simple.v1+json"
NPM = {
    "name": "eggs",
    "dist-tags": {"latest": "2.1.0", "old": "1.9.0", "next": "3.0.0-rc.1"},
    "versions": {
        version: {"version": version} for version in ("1.9.0", "1.10.0", "2.0.0-beta.1", "2.1.0", "3.0.0-rc.1", "1.0.0")
    },
    "time": {
        "created": "2020-01-01T00:00:00.000Z",
        "modified": "2026-03-01T00:00:00.000Z",
        "1.9.0": "2026-01-30T00:00:00.000Z",
        "1.10.0": "2025-01-30T00:00:00.000Z",
        "2.0.0-beta.1": "2026-01-31T12:00:00.000Z",
        "2.1.0": "2026-02-01T00:00:00.000Z",
        "3.0.0-rc.1": "2026-02-02T00:00:00.000Z",
    },
}


def test_a_project_of_the_python_index_loses_its_newer_files_and_versions() -> None:
    assert kind_of(PYTHON) == "python"
    found = as_of(PYTHON, "python", END)
    assert found.document is not None
    assert [file["filename"] for file in found.document["files"]] == ["spam-1.0.tar.gz", "spam-1.1-py3-none-any.whl"]
    # 1.0 keeps its archive; 0.9 has no files, and may stand; 2.0 has none left.
    assert found.document["versions"] == ["1.0", "1.1", "0.9"]
    assert (found.dropped, found.undated, found.newest) == (2, 1, datetime(2026, 1, 31, 23, 59, 59, 999999, UTC))
    assert as_of(PYTHON, "python", datetime(2020, 1, 1, tzinfo=UTC)).document is None


def test_the_older_page_of_a_python_project_loses_its_newer_releases_too() -> None:
    def file(day: str) -> dict[str, str]:
        return {"filename": day, "upload_time_iso_8601": f"{day}T00:00:00Z"}

    page = {
        "info": {"name": "spam", "version": "2.0", "summary": "new", "project_url": "/p"},
        "releases": {"1.0": [file("2025-01-01")], "1.1rc1": [file("2026-01-30")], "2.0": [file("2026-02-03")], "0.1": []},
        "urls": [file("2026-02-03")],
        "last_serial": 7,
    }
    assert kind_of(page) == "release"
    assert as_of(page, "release", END).document == {
        "info": {"name": "spam", "version": "1.0", "project_url": "/p"},
        "releases": {"1.0": [file("2025-01-01")], "1.1rc1": [file("2026-01-30")], "0.1": []},
        "urls": [file("2025-01-01")],
        "last_serial": 7,
    }
    one = {"info": {"version": "1.0", "summary": "own"}, "urls": [file("2025-01-01"), file("2026-03-01")]}
    assert as_of(one, "release", END).document == {**one, "urls": [file("2025-01-01")]}
    assert as_of({**one, "urls": [file("2026-03-01")]}, "release", END).document is None
    assert as_of({**one, "urls": []}, "release", END).document == {**one, "urls": []}


def test_a_package_of_npm_loses_its_newer_versions_and_its_tags_point_to_what_is_left() -> None:
    assert kind_of(NPM) == "npm"
    found = as_of(NPM, "npm", END)
    assert found.document is not None
    assert set(found.document["versions"]) == {"1.9.0", "1.10.0", "2.0.0-beta.1"}
    # 2.1.0 is gone; of what is left 1.10.0 is the highest release, though 1.9.0 came later and the beta is higher.
    assert found.document["dist-tags"] == {"latest": "1.10.0", "old": "1.9.0"}
    assert set(found.document["time"]) == {"created", "modified", "1.9.0", "1.10.0", "2.0.0-beta.1"}
    assert found.document["time"]["modified"] == "2026-01-31T12:00:00.000Z"
    assert (found.dropped, found.undated) == (2, 1)


def test_pages_are_given_in_the_form_that_the_client_wants_and_asked_for_with_dates() -> None:
    pages: dict[str, Page | bytes] = {
        "/simple/spam/": (200, {"Content-Type": PYTHON_JSON, "Last-Modified": NEW, "ETag": '"e"'}, json.dumps(PYTHON).encode()),
        "/eggs": (
            200,
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
            gzip.compress(json.dumps(NPM).encode()),
        ),
    }
    short = "Accept: application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"
    (as_json, as_html, npm), served, asked = fetched(
        pages,
        closing("/simple/spam/", f"Accept: {PYTHON_JSON}, text/html; q=0.01"),
        closing("/simple/spam/"),
        closing("/eggs", short),
    )
    assert [one["filename"] for one in json.loads(as_json[2])["files"]] == ["spam-1.0.tar.gz", "spam-1.1-py3-none-any.whl"]
    assert as_json[1]["content-type"] == PYTHON_JSON
    assert as_json[1]["last-modified"] == OLD
    assert as_html[1]["content-type"].startswith("text/html")
    assert as_html[2].decode().count("<a href=") == 2
    assert json.loads(npm[2])["dist-tags"]["latest"] == "1.10.0"
    assert "content-encoding" not in npm[1]
    assert (served.undated, served.refused) == (1, 0)
    assert PYTHON_JSON in asked[1]
    assert "install-v1" not in asked[2]


def test_a_page_as_it_stood_has_a_tag_of_its_own() -> None:
    pages: dict[str, Page | bytes] = {
        "/simple/spam/": (200, {"Content-Type": PYTHON_JSON, "ETag": '"e"'}, json.dumps(PYTHON).encode())
    }
    (first,), _, _ = fetched(pages, closing("/simple/spam/"))
    own, other = fetched(
        pages, closing("/simple/spam/", f"If-None-Match: {first[1]['etag']}"), closing("/simple/spam/", 'If-None-Match: "e"')
    )[0]
    assert (own[0], other[0]) == (304, 200)


def test_an_index_page_without_dates_is_not_there() -> None:
    page: Page = (200, {"Content-Type": "text/html"}, b'<a href="spam-9.tar.gz">spam-9.tar.gz</a>')
    (answer,), served, _ = fetched({"/simple/spam/": page}, closing("/simple/spam/"))
    assert (answer[0], served.undated, served.refused) == (404, 1, 1)


def test_the_page_of_a_project_is_spelt_as_simple_html() -> None:
    stale_page = as_of(PYTHON, "python", END).document
    assert stale_page is not None
    first, second = python_page(stale_page).splitlines()[4:6]
    assert first == '<a href="/f/spam-1.0.tar.gz#sha256=aa">spam-1.0.tar.gz</a><br/>'
    assert second == (
        '<a href="/f/b.whl?x=1&amp;y#sha256=dd" data-requires-python="&gt;=3.11" data-yanked="bad &quot;one&quot;"'
        ' data-core-metadata="sha256=ee">spam-1.1-py3-none-any.whl</a><br/>'
    )


@pytest.mark.parametrize(
    "said",
    [b"[" * 100_000, b'{"files": [NaN], "meta": {}}', b'{"a": 1', b"null", b'{"versions": {}, "dist-tags": []}', b"\xff"],
)
def test_a_document_that_is_no_page_is_judged_by_its_date_alone(said: bytes) -> None:
    pages: dict[str, Page | bytes] = {
        "/old": (200, {"Content-Type": "application/json", "Last-Modified": OLD}, said),
        "/new": (200, {"Content-Type": "application/json", "Last-Modified": NEW}, said),
    }
    (old, new), _, _ = fetched(pages, closing("/old"), closing("/new"))
    assert (old[0], old[2], new[0]) == (200, said, 404)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["2026-01-01T00:00:00Z", "2027-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["files", "filename", "upload-time", "x"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(
    st.fixed_dictionaries({"files": st.lists(VALUES, max_size=5), "meta": st.just({})},
                          optional={"versions": VALUES, "name": VALUES}),
    st.fixed_dictionaries({"versions": st.dictionaries(st.text(max_size=5), VALUES, max_size=4),
                           "dist-tags": st.dictionaries(st.text(max_size=5), VALUES, max_size=3)},
                          optional={"time": st.dictionaries(st.text(max_size=5), VALUES, max_size=4) | VALUES}),
    st.fixed_dictionaries({"info": st.just({}), "urls": st.lists(VALUES, max_size=4)},
                          optional={"releases": st.dictionaries(st.text(min_size=1, max_size=3), VALUES, max_size=4) | VALUES}),
)  # fmt: skip
def test_whatever_a_page_holds_nothing_newer_is_left_and_the_rest_is_kept(
    python: dict[str, Any], npm: dict[str, Any], release: dict[str, Any]
) -> None:
    assert (kind_of(python), kind_of(npm), kind_of(release)) == ("python", "npm", "release")
    as_of(release, "release", END)
    found = as_of(python, "python", END)
    for file in (found.document or {"files": []})["files"]:
        assert file["upload-time"].startswith("2026-01-01")
    if found.document is not None:
        python_page(found.document)
    assert len(python["files"]) == found.dropped + found.undated + len((found.document or {"files": []})["files"])
    left = as_of(npm, "npm", END)
    versions = (left.document or {"versions": {}})["versions"]
    assert len(npm["versions"]) == left.dropped + left.undated + len(versions)
    assert set((left.document or {"dist-tags": {}})["dist-tags"].values()) <= set(versions)
