"""What clients and upstreams can do wrong: refused or bounded, with a message, while others go on."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from freehold.demo.stand_in import StandIn, stand_in
from freehold.errors import EvidenceError
from gateways import KEYS, LONGEST, Gateway, ask, chat, eventually, gateway, run

GOOD = json.dumps(chat()).encode()
SMALL = """
[limits]
body_bytes = 10000
upload_bytes = 10000
requests = 8
[timeouts]
body = 0.3
"""


def scene(use: Any, state: Path, text: str = SMALL) -> None:
    async def main() -> None:
        async with (
            asyncio.timeout(LONGEST),
            stand_in("openai") as one,
            gateway(f'{text}\n[[upstream]]\nname = "one"\nurl = "{one.url}"\n', state) as front,
        ):
            await use(front, one)

    asyncio.run(main())


async def raw(front: Gateway, sent: bytes) -> bytes:
    """Send bytes, and read until the other side closes."""
    host, port = front.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def request(target: str = "/v1/chat/completions", *headers: str, method: str = "POST", body: bytes = GOOD) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    if not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    if not any(line.lower().startswith("content-type") for line in headers):
        lines.append("Content-Type: application/json")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


# ---------------------------------------------------------------- clients


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "cannot be read"),
        (b"{", "cannot be read"),
        (b"[]", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b'{"model": "m", "messages": [{"role": "user", "content": "\xed\xa0\x80"}]}', ""),
        (b'{"messages": []}', "names no model"),
        (b'{"model": 5}', "$.model"),
        (b'{"model": null}', "names no model"),
        (b'{"model": "m", "messages": {"a": 1}}', "$.messages"),
        (b'{"model": "m", "stream": "yes"}', "$.stream"),
        (b'{"model": "m", "max_tokens": NaN}', "cannot be read"),
        (b'{"model": "m", "max_tokens": 1e999}', ""),
        (b'{"model": "' + b"m" * 300 + b'"}', "longer than 200"),
        (b'{"model": "m", "Model": "other"}', "spelt otherwise"),
        (b'{"model": "m", "x": ' + b"[" * 4000 + b"]" * 4000 + b"}", ""),
        (b'{"model": "m", "messages": ' + b'[{"a":' * 1000, "nested too deeply"),
    ],
    ids=range(16),
)
def test_a_body_that_is_none_is_refused_with_a_reason_and_the_next_one_is_served(
    tmp_path: Path, body: bytes, says: str
) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        answer = await front.post("/v1/chat/completions", body)
        if says:
            assert (answer.status, answer.error["code"]) == (400, "bad_body")
            assert says in answer.error["message"]
            assert not one.seen
        assert answer.status < 500
        assert (await ask(front)).status == 200

    scene(use, tmp_path)


def test_a_model_that_is_named_twice_is_the_one_that_the_upstream_reads(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        body = GOOD[:-1] + b', "model": "other"}'
        await front.post("/v1/chat/completions", body)
        escaped = GOOD[:-1] + b', "mod\\u0065l": "third"}'
        await front.post("/v1/chat/completions", escaped)
        assert [seen.body.count(b'"model"') for seen in one.seen] == [1, 1]
        assert [json.loads(seen.body)["model"] for seen in one.seen] == ["other", "third"]
        assert [entry["freehold.model"] for entry in front.entries("request")] == ["other", "third"]

    scene(use, tmp_path)


@pytest.mark.parametrize(
    "sent",
    [
        request("/v1/chat/completions", "Content-Type: text/plain"),
        request("/v1/chat/completions", "Content-Encoding: gzip", body=gzip.compress(GOOD)),
        request("/v1/chat/completions", "Content-Length: 20000"),
        request("/v1/chat/completions", body=b" " * 20_000 + GOOD),
        request("//v1/chat/completions"),
        request("/v1//chat/completions"),
        request("/v1/../v1/chat/completions"),
        request("/v1/./chat/completions"),
        request("/v1/%2e%2e/admin"),
        request("/v1/chat%2fcompletions"),
        request("/v1/chat\\completions"),
        request("/v1/Chat/Completions"),
        request("/v1/chat/completions/"),
        request("/v1/chat;x/completions"),
        request("/v1/chat/completions%00"),
        request("http://127.0.0.1:1/v1/chat/completions"),
        request("/v1/chat/completions", method="GET"),
        request("/" + "a" * 3_000),
        request("/v1/chat/completions", "x-freehold-agent: " + "a" * 300),
        request("/v1/chat/completions", "x-freehold-agent-depth: -1"),
        request("/v1/chat/completions", "Content-Length: 5", "Content-Length: 6"),
        request("/v1/chat/completions", f"Content-Length: {len(GOOD)}", "Transfer-Encoding: chunked"),
        request("/v1/chat/completions", "Transfer-Encoding: chunked, identity"),
        request("/v1/chat/completions", "Bad Header: x"),
        request("/v1/chat/completions", "X-Long: " + "a" * 20_000),
        b"CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
    ],
    ids=range(28),
)
def test_a_request_that_could_be_read_in_two_ways_or_is_too_much_is_refused(tmp_path: Path, sent: bytes) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        answer = await raw(front, sent)
        status = int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 400
        assert 400 <= status < 500
        assert not one.seen
        assert (await ask(front)).status == 200

    scene(use, tmp_path)


def test_a_body_that_does_not_come_or_has_no_end_holds_up_nobody(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        slow = asyncio.create_task(raw(front, SLOW))
        endless = asyncio.create_task(raw(front, CHUNKED + b"800\r\n" + b" " * 2_048 + b"\r\n" * 1))
        assert (await ask(front)).status == 200
        for answer in await asyncio.gather(slow, endless):
            assert b" 408 " in answer.split(b"\r\n", 1)[0]
        assert len(one.seen) == 1
        assert not front.running.flights

    scene(use, tmp_path)


SLOW = request("/v1/chat/completions", "Content-Length: 500", body=b'{"model": ')
CHUNKED = request("/v1/chat/completions", "Transfer-Encoding: chunked", body=b"")


def test_a_body_in_chunks_without_end_is_cut_at_its_limit(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        for path in ("/v1/chat/completions", "/v1/files"):
            sent = request(path, "Transfer-Encoding: chunked", body=(b"1000\r\n" + b" " * 4_096 + b"\r\n") * 8)
            assert b" 413 " in (await raw(front, sent)).split(b"\r\n", 1)[0]
        assert (await ask(front)).status == 200
        del one

    scene(use, tmp_path)


def test_more_requests_than_are_taken_are_told_to_come_again(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        waiting = [asyncio.create_task(raw(front, SLOW)) for _ in range(8)]
        await eventually(lambda: len(front.running.flights) == 8)
        answer = await ask(front)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        await asyncio.gather(*waiting)
        assert (await ask(front)).status == 200
        del one

    scene(use, tmp_path)


def test_headers_of_one_connection_stay_on_it(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        more = {
            "Connection": "x-secret, keep-alive", "X-Secret": "1", "TE": "trailers", "Proxy-Authorization": "Basic YQ==",
            "Upgrade": "h2c", "X-Kept": "2",
        }  # fmt: skip
        assert (await front.post("/v1/chat/completions", chat(), headers=more)).status == 200
        headers = one.seen[-1].headers
        assert headers["x-kept"] == "2"
        assert not {"x-secret", "te", "proxy-authorization", "upgrade"} & set(headers)

    scene(use, tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("Host", "attacker.example", 403),
        ("Host", "attacker.example:8470", 403),
        ("Host", "[::1]:8470", 200),
        ("Host", "localhost:8470", 200),
        ("Host", "models.example.org", 200),
        ("Origin", "https://attacker.example", 403),
        ("Origin", "null", 403),
        ("Origin", "http://localhost:3000", 200),
        ("Origin", "http://127.0.0.1.attacker.example", 403),
    ],
)
def test_a_page_that_a_browser_shows_cannot_ask_a_gateway_without_keys(
    tmp_path: Path, name: str, value: str, status: int
) -> None:
    async def use(front: Gateway, _one: StandIn) -> None:
        answer = await front.post("/v1/chat/completions", chat(), headers={name: value})
        assert answer.status == status

    scene(use, tmp_path, '[gateway]\nhosts = ["models.example.org"]\n')


# ---------------------------------------------------------------- upstreams

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def upstream(
    answer: bytes, *, more: Callable[[asyncio.StreamWriter], Awaitable[None]] | None = None
) -> AsyncIterator[str]:
    """An upstream that answers each request with the same bytes and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
            )
            await reader.readexactly(length)
            writer.write(answer)
            await writer.drain()
            if more is not None:
                await more(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


def behind(answer: bytes, use: Any, state: Path, text: str = "[retries]\neach = 0\n", more: Any = None) -> None:
    async def main() -> None:
        async with (
            asyncio.timeout(LONGEST),
            upstream(answer, more=more) as url,
            gateway(f'{text}\n[[upstream]]\nname = "odd"\nurl = "{url}"\n', state) as front,
        ):
            await use(front)

    asyncio.run(main())


def http(body: bytes, *headers: str, status: int = 200, length: int | None = None) -> bytes:
    lines = [
        f"HTTP/1.1 {status} OK",
        f"Content-Length: {len(body) if length is None else length}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


JSON = "Content-Type: application/json"
EVENTS = "Content-Type: text/event-stream"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (http(b"{", JSON), "cannot be read"),
        (http(b'{"choices": 5}', JSON), "cannot be read"),
        (http(b"[" * 100_000, JSON), "cannot be read"),
        (http(b'{"model": "m"}', JSON, length=100), "broke off"),
        (http(b"<html>", "Content-Type: text/html"), "instead of JSON"),
        (http(b"{}", "Content-Type: \udcff\udcfe"), "instead of JSON"),
        (http(gzip.compress(b'{"model":"m"}' + b" " * 50_000_000), JSON, "Content-Encoding: gzip"), "compressed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 100_000 + b"\r\n\r\n", "no HTTP"),
        (b"\x00" * 1_000, "no HTTP"),
        (b"", "closed the connection"),
        (http(b"", EVENTS), "what are no events"),
        (http(b"hello\n\n", EVENTS), "what are no events"),
        (http(b"\xef\xbb\xbf\xef\xbb\xbfdata: {}\n\n", EVENTS), "what are no events"),
        (http(b"", "Location: http://127.0.0.1:1/", status=302, length=0), "sends the client elsewhere"),
        (http(b'{"error": {"message": "out of order"}}', JSON, status=500), "out of order"),
    ],
    ids=range(16),
)
def test_an_upstream_that_answers_nonsense_is_told_as_such(tmp_path: Path, answer: bytes, says: str) -> None:
    async def use(front: Gateway) -> None:
        told = await ask(front)
        assert (told.status, told.error["code"]) == (502, "upstream_failed")
        assert says in told.error["message"]
        assert len(front.entries("request")) == 1

    behind(answer, use, tmp_path)


@pytest.mark.parametrize("status", [429, 500])
def test_a_key_that_an_upstream_repeats_is_neither_told_nor_written(tmp_path: Path, status: int) -> None:
    said = json.dumps({"error": {"message": f"the key {KEYS['CLIENT']} is out of money"}}).encode()

    async def main() -> None:
        async with (
            asyncio.timeout(LONGEST),
            upstream(http(said, JSON, status=status)) as url,
            gateway(f'[[upstream]]\nname = "odd"\nurl = "{url}"\nclient_key = true\n', tmp_path) as front,
        ):
            told = await ask(front)
            assert "the key … is out of money" in told.error["message"]
            kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
            assert KEYS["CLIENT"].encode() not in kept + told.body + "".join(front.said).encode()

    asyncio.run(main())


def event(**data: Any) -> bytes:
    return b"data: " + json.dumps({"model": "m", **data}).encode() + b"\n\n"


@pytest.mark.parametrize("mark", ["\r\n", "\r", "\n"], ids=repr)
def test_a_tool_call_is_seen_however_its_lines_end_and_its_keys_are_spelt(tmp_path: Path, mark: str) -> None:
    call = {"index": 0, "id": "1", "function": {"name": "rm", "arguments": "{}"}}
    chunk = json.dumps({"model": "m", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
    hidden = chunk.replace("tool_calls", "tool\\u005fcalls").replace(", ", ",\ndata: ")
    stream = event(choices=[{"index": 0, "delta": {"content": "a"}}]) + f"data: {hidden}\n\n".encode() + b"data: [DONE]\n\n"
    rules = '[retries]\neach = 0\n[[tools.rule]]\ntools = ["ls"]\n'

    async def use(front: Gateway) -> None:
        told = await ask(front, stream=True)
        assert b"tool_refused" in told.body
        assert b"rm" not in told.body.partition(b'"error"')[0]

    behind(http(stream.replace(b"\n", mark.encode()), EVENTS), use, tmp_path, rules)


def test_a_header_that_is_no_text_is_left_out_in_both_directions(tmp_path: Path) -> None:
    async def use(front: Gateway) -> None:
        sent = request(body=GOOD).replace(b"\r\n\r\n", b"\r\nX-Odd: \xff\xfe\r\nX-Kept: \xc3\xa9\r\n\r\n", 1)
        answer = await raw(front, sent)
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"x-odd" not in answer.lower()

    head = http(b'{"model": "m"}', JSON).replace(b"\r\n\r\n", b"\r\nX-Odd: \xff\xfe\r\n\r\n", 1)
    behind(head, use, tmp_path)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("way", ["refuse", "serve"])
def test_what_cannot_be_put_into_evidence_is_kept_back_unless_it_may_go_without(
    tmp_path: Path, way: str, *, stream: bool
) -> None:
    async def use(front: Gateway, _one: StandIn) -> None:
        assert (await ask(front)).status == 200
        log = front.running.records.log
        flush = log.flush

        def full() -> None:
            raise EvidenceError("no room")

        log.flush = full  # type: ignore[method-assign]
        first, later = await ask(front, stream=stream), await ask(front, stream=stream)
        if way == "serve":
            assert (first.status, later.status) == (200, 200)
        else:
            assert b"no_evidence" in first.body
            assert b"[DONE]" not in first.body
            assert later.status == 503
        log.flush = flush  # type: ignore[method-assign]
        await eventually(lambda: not front.running.records.trouble)
        assert (await ask(front)).status == 200

    scene(use, tmp_path, f'[gateway]\nwithout_evidence = "{way}"\n')


def test_an_event_of_an_error_is_passed_on_and_written_down(tmp_path: Path) -> None:
    stream = event(choices=[{"index": 0, "delta": {"content": "a"}}]) + b'data: {"error": {"message": "overloaded"}}\n\n'

    async def use(front: Gateway) -> None:
        told = await ask(front, stream=True)
        assert told.events[1]["error"]["message"] == "overloaded"
        assert front.entries("request")[0]["error.type"] == "stream_broken"

    behind(http(stream, EVENTS), use, tmp_path)


def test_a_client_that_does_not_read_is_left_and_its_upstream_let_go(tmp_path: Path) -> None:
    async def flood(writer: asyncio.StreamWriter) -> None:
        piece = event(choices=[{"index": 0, "delta": {"content": "x" * 1_000}}]) * 100
        while True:
            writer.write(piece)
            await writer.drain()

    async def use(front: Gateway) -> None:
        host, port = front.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request(body=json.dumps(chat(stream=True)).encode()))
        await reader.read(100)
        await eventually(lambda: bool(front.entries("request")))
        assert front.entries("request")[0]["error.type"] == "late"
        assert not front.running.flights
        writer.close()

    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    behind(head + event(), use, tmp_path, "[timeouts]\nidle = 0.3", flood)


def on_and_on(piece: bytes) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    """An upstream that sends the same a hundred times a second, as long as anybody takes it."""

    async def send(writer: asyncio.StreamWriter) -> None:
        tick = asyncio.Event()
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            asyncio.get_running_loop().call_later(0.01, tick.set)
            await tick.wait()
            tick.clear()

    return send


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        (b": still here\n\n", "[timeouts]\nidle = 0.05"),
        (b"\n\n", "[timeouts]\nidle = 0.05"),
        (b": data: x\n\n", "[timeouts]\nidle = 0.05"),
        (b"event: ping\r\n\r\n", "[timeouts]\nidle = 0.05"),
        (event(choices=[{"index": 0, "delta": {"content": "x"}}]), "[timeouts]\nstream = 0.5"),
    ],
    ids=["comments", "empty lines", "a comment like data", "no data", "words"],
)
def test_a_stream_that_never_ends_is_ended(tmp_path: Path, piece: bytes, text: str) -> None:
    async def use(front: Gateway) -> None:
        told = await ask(front, stream=True)
        assert told.status == 200
        last = [line for line in told.body.splitlines() if line.startswith(b"data: ")][-1]
        assert json.loads(last[6:])["error"]["code"] == "stream_too_long"
        assert front.entries("request")[0]["error.type"] == "stream_too_long"
        assert not front.running.flights

    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    behind(head + event(), use, tmp_path, text, on_and_on(piece))


def test_an_answer_in_one_piece_that_never_ends_is_ended(tmp_path: Path) -> None:
    async def use(front: Gateway) -> None:
        told = await ask(front)
        assert (told.status, "did not answer in time" in told.error["message"]) == (504, True)
        assert not front.running.flights

    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{"
    behind(head, use, tmp_path, "[retries]\neach = 0\n[timeouts]\nstream = 0.5", on_and_on(b" "))


def test_no_key_is_in_what_is_said_or_written(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        await one.stop()
        await ask(front)
        await front.post("/freehold/stop", {}, key="guess-the-key-0123456789")

    run(use, tmp_path)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.name not in ("admin-key", "evidence-gateway.key"))
    for key in (KEYS["CLIENT"], (tmp_path / "admin-key").read_text().strip(), "guess-the-key"):
        assert key.encode() not in kept
    assert (tmp_path / "admin-key").stat().st_mode & 0o077 == 0
