"""What requests bring: limits on bodies, what is answered, and the whole way in over a real server on loopback."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import BadSignal, FreeholdError, Overloaded, StoreUnavailable
from freehold.log import listen
from freehold.watch.alert import Alert
from freehold.watch.event import Event
from freehold.watch.intake import PATHS, Answer, Intake, Limits, Refused, read_body, refusal, take, unpacked
from freehold.watch.journal import Journal
from freehold.watch.journal_file import row_from
from freehold.watch.json_body import MOST_OBJECTS
from strategies import repeatable

NOW = 1_772_357_400.0
EVENT = {"specversion": "1.0", "type": "t", "source": "/s", "id": "1", "data": {"freehold.tenant": "claims"}}
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
SPAN = {
    "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "chat",
    "endTimeUnixNano": "1000000000",
    "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}],
}  # fmt: skip
TRACES = {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]}
ALERT = {"labels": {"alertname": "x"}}


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b" " * 1024
        await asyncio.sleep(0)


async def silent() -> AsyncIterator[bytes]:
    yield b"["
    await asyncio.Event().wait()


def read(parts: AsyncIterator[bytes], limits: Limits, **headers: str) -> bytes:
    return asyncio.run(read_body({name.replace("_", "-"): value for name, value in headers.items()}, parts, limits))


def status_of(parts: AsyncIterator[bytes], limits: Limits, **headers: str) -> int:
    with pytest.raises(Refused) as refused:
        read(parts, limits, **headers)
    return refused.value.status


def test_a_body_is_read_as_it_arrives() -> None:
    assert read(pieces(b"ab", b"", b"c"), Limits(3)) == b"abc"
    assert read(pieces(b"ab", b"c"), Limits(3), content_length="3") == b"abc"
    assert read(pieces(), Limits(3)) == b""


def test_an_endless_or_a_silent_body_ends_at_its_limit() -> None:
    assert status_of(endless(), Limits(10_000, 60.0)) == 413
    assert status_of(silent(), Limits(10_000, 0.01)) == 408
    assert status_of(endless(), Limits(10_000), content_length="10001") == 413


@pytest.mark.parametrize(("length", "status"), [("x", 411), ("-1", 411), ("1" * 30, 411), ("٣", 411), ("2", 400), ("4", 400)])
def test_a_content_length_that_is_not_true_is_refused(length: str, status: int) -> None:
    assert status_of(pieces(b"abc"), Limits(9), content_length=length) == status


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress)])
def test_a_packed_body_is_unpacked_up_to_the_limit_and_no_further(encoding: str, pack: Any) -> None:
    body = json.dumps({"a": "b" * 1_000}).encode()
    assert unpacked(pack(body), encoding, len(body)) == body
    with pytest.raises(Refused) as refused:
        unpacked(pack(body), encoding, len(body) - 1)
    assert refused.value.status == 413
    # a thousandth of what it would unpack to: it is never unpacked as a whole
    with pytest.raises(Refused) as refused:
        unpacked(pack(b"\0" * 200_000_000), encoding, 1_000_000)
    assert refused.value.status == 413
    for wrong in (pack(body)[:-9], pack(body) + b"more", pack(body)[:20] + b"\0\0\0\0" + pack(body)[24:]):
        with pytest.raises(Refused) as refused:
            unpacked(wrong, encoding, 10_000)
        assert refused.value.status == 400


def test_a_body_that_a_server_has_unpacked_already_is_left_as_it_is() -> None:
    assert unpacked(b"{}", "gzip", 10) == unpacked(b"{}", "deflate", 10) == unpacked(b"{}", "", 10) == b"{}"
    assert unpacked(b"", "gzip", 10) == b""


def test_an_encoding_that_is_not_known_is_refused() -> None:
    with pytest.raises(Refused, match="br") as refused:
        unpacked(b"x", "br", 10)
    assert refused.value.status == 415


@pytest.mark.parametrize(
    ("kind", "headers", "status"),
    [
        ("otlp.traces", {"Content-Type": "text/html"}, 415),
        ("otlp.traces", {}, 415),
        ("alerts", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ("webhook", {}, 415),
        ("odd", {"Content-Type": "application/json"}, 404),
    ],
)
def test_another_content_type_is_refused(kind: str, headers: Mapping[str, str], status: int) -> None:
    with pytest.raises(Refused) as refused:
        take(kind, headers, b"", NOW)
    assert refused.value.status == status


def test_a_body_of_brackets_alone_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(BadSignal, match="objects and lists"):
        take("alerts", {"Content-Type": "application/json"}, b"[" + b"{}," * MOST_OBJECTS + b"{}]", NOW)


@pytest.mark.parametrize(
    ("error", "status", "again"),
    [
        (Overloaded("full", 2.6), 429, "3"),
        (Overloaded("full", 0.1), 429, "1"),
        (Refused(413, "large"), 413, None),
        (BadSignal("wrong"), 400, None),
        (StoreUnavailable("no room"), 503, "5"),
    ],
)
def test_the_answer_says_whether_and_when_to_come_again(error: FreeholdError, status: int, again: str | None) -> None:
    told = refusal("cloudevents", {}, error)
    assert (told.status, told.headers.get("Retry-After")) == (status, again)
    assert json.loads(told.body) == {"error": str(error)}
    otlp = refusal("otlp.logs", {"content-type": "application/json"}, error)
    assert (otlp.status, otlp.headers["Content-Type"]) == (status, "application/json")
    assert json.loads(otlp.body) == {"message": str(error)}
    assert refusal("otlp.logs", {"content-type": "text/plain"}, error).headers["Content-Type"] == "application/x-protobuf"


NAMES = st.sampled_from(
    ["specversion", "id", "source", "type", "time", "data", "labels", "annotations", "startsAt", "alerts", "version", "status",
     "resourceSpans", "scopeSpans", "spans", "traceId", "spanId", "attributes", "key", "value", "stringValue", "intValue",
     "resourceLogs", "scopeLogs", "logRecords", "timeUnixNano", "severityNumber", "body", "resourceMetrics", "scopeMetrics",
     "metrics", "name", "sum", "dataPoints", "asInt", "asDouble", "arrayValue", "values"]
)  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
    st.sampled_from(["1.0", "4", "gen_ai.x", "2026-03-01T00:00:00Z", "firing", "ab" * 16, "ab" * 8, "1" * 19]),
)  # fmt: skip
NESTED = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=25
)
MEDIA = [
    "application/cloudevents+json", "application/cloudevents-batch+json", "application/json", "application/x-protobuf",
    "text/plain",
]  # fmt: skip


@repeatable(400)
@given(
    st.sampled_from(sorted(PATHS.values())),
    st.sampled_from(MEDIA),
    st.one_of(NESTED.map(json.dumps).map(str.encode), st.binary()),
)
def test_whatever_is_sent_is_taken_or_refused_with_a_message(kind: str, media: str, body: bytes) -> None:
    try:
        taken = take(kind, {"Content-Type": media}, body, NOW)
    except BadSignal:
        return
    for event in taken.events:
        assert row_from(event).size > 0


class Desk:
    """An intake over a real journal, with the alerts that came."""

    def __init__(self, journal: Journal, **more: Any) -> None:
        self.alerts: list[Alert] = []
        self.journal = journal
        self.intake = Intake(journal, self.put_alerts, lambda: NOW, **more)

    async def put_alerts(self, alerts: tuple[Alert, ...]) -> None:
        self.alerts += alerts

    async def receive(self, kind: str, content_type: str, body: bytes, **headers: str) -> Answer:
        return await self.intake.receive(kind, {"Content-Type": content_type, **headers}, pieces(body))


def test_each_kind_is_taken_kept_and_answered(tmp_path: Path) -> None:
    async def main() -> None:
        async with Journal.open(tmp_path / "journal.db") as journal:
            desk = Desk(journal)
            assert await desk.receive("cloudevents", STRUCTURED["Content-Type"], json.dumps(EVENT).encode()) == Answer(202)
            traces = json.dumps(TRACES).encode()
            expected = Answer(200, {"Content-Type": "application/json"}, b"{}")
            assert await desk.receive("otlp.traces", "application/json", traces) == expected
            assert await desk.receive("otlp.traces", "application/json", traces) == expected
            assert await desk.receive("alerts", "application/json", json.dumps([ALERT]).encode()) == Answer(200)
            kept = [one.event for one in await journal.after(0)]
            assert [one.type for one in kept] == ["t", "opentelemetry.span.gen_ai"]
            assert kept[0] == Event("/s", "1", "t", NOW, NOW, "", {"freehold.tenant": "claims"})
            assert [one.label("alertname") for one in desk.alerts] == ["x"]
            assert desk.intake.bytes_at_once == 0

    asyncio.run(main())


def test_of_alerts_and_spans_the_valid_ones_are_taken_and_the_sender_hears_of_the_others(tmp_path: Path) -> None:
    async def main() -> None:
        async with Journal.open(tmp_path / "journal.db") as journal:
            desk = Desk(journal)
            told = await desk.receive("alerts", "application/json", json.dumps([ALERT, {"labels": {"a-b": "x"}}]).encode())
            assert told.status == 400
            assert "alert 1" in json.loads(told.body)["error"]
            assert len(desk.alerts) == 1
            bad = {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN, {**SPAN, "spanId": ""}]}]}]}
            told = await desk.receive("otlp.traces", "application/json", json.dumps(bad).encode())
            assert told.status == 200
            assert json.loads(told.body)["partialSuccess"]["rejectedSpans"] == "1"
            assert journal.last == 1

    asyncio.run(main())


def test_alerts_that_the_sender_left_out_are_told(tmp_path: Path) -> None:
    told: list[tuple[str, dict[str, object]]] = []

    async def main() -> None:
        async with Journal.open(tmp_path / "journal.db") as journal:
            body = json.dumps({"version": "4", "truncatedAlerts": 7, "alerts": [ALERT]}).encode()
            with listen(lambda what, facts: told.append((what, facts))):
                assert (await Desk(journal).receive("webhook", "application/json", body)).status == 200

    asyncio.run(main())
    assert ("intake.left_out", {"kind": "webhook", "count": 7}) in told


def test_a_large_batch_is_parsed_beside_the_loop_and_kept_whole(tmp_path: Path) -> None:
    async def main() -> None:
        async with Journal.open(tmp_path / "journal.db") as journal:
            desk = Desk(journal)
            body = json.dumps([{**EVENT, "id": str(number)} for number in range(2_000)]).encode()
            sent = [desk.receive("cloudevents", "application/cloudevents-batch+json", body) for _ in range(3)]
            assert {told.status for told in await asyncio.gather(*sent)} == {202}
            assert journal.last == 2_000

    asyncio.run(main())


def test_too_much_at_once_is_refused_and_others_are_taken(tmp_path: Path) -> None:
    async def main() -> None:
        async with Journal.open(tmp_path / "journal.db") as journal:
            desk = Desk(journal, most_bytes_at_once=5_000, limits=Limits(4_000, 30.0))
            go_on, begun = asyncio.Event(), asyncio.Event()

            async def slow() -> AsyncIterator[bytes]:
                yield b" " * 3_000
                begun.set()
                await go_on.wait()
                yield json.dumps(EVENT).encode()

            waiting = asyncio.ensure_future(desk.intake.receive("cloudevents", STRUCTURED, slow()))
            await begun.wait()
            told = await desk.receive("cloudevents", STRUCTURED["Content-Type"], b" " * 3_000)
            assert told.status == 429
            assert int(told.headers["Retry-After"]) >= 1
            small = json.dumps({**EVENT, "id": "2"}).encode()
            assert (await desk.receive("cloudevents", STRUCTURED["Content-Type"], small)).status == 202
            go_on.set()
            assert (await waiting).status == 202
            assert desk.intake.bytes_at_once == 0
            assert journal.last == 2

    asyncio.run(main())


@pytest.mark.parametrize("unpacks", [True, False])
def test_over_a_real_server_events_telemetry_and_alerts_come_in(tmp_path: Path, unpacks: bool) -> None:
    async def main() -> None:
        async with Journal.open(tmp_path / "journal.db") as journal:
            desk = Desk(journal)

            async def handle(request: web.Request) -> web.Response:
                told = await desk.intake.receive(PATHS[request.path], request.headers, request.content.iter_any())
                return web.Response(status=told.status, headers=told.headers, body=told.body)

            app = web.Application()
            for path in PATHS:
                app.router.add_post(path, handle)
            runner = web.AppRunner(app, auto_decompress=unpacks)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            base = f"http://127.0.0.1:{runner.addresses[0][1]}"
            try:
                async with aiohttp.ClientSession() as session:

                    async def post(path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
                        async with session.post(base + path, data=body, headers=headers) as response:
                            return response.status, await response.read()

                    binary = {f"ce-{name}": str(EVENT[name]) for name in ("specversion", "type", "source", "id")}
                    assert await post("/events", b"{}", {**binary, "Content-Type": "application/json"}) == (202, b"")
                    packed = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
                    assert await post("/v1/traces", gzip.compress(json.dumps(TRACES).encode()), packed) == (200, b"{}")
                    alerts = json.dumps([ALERT]).encode()
                    assert await post("/api/v2/alerts", alerts, {"Content-Type": "application/json"}) == (200, b"")
                    status, body = await post("/events", b"nonsense", {"Content-Type": "text/plain"})
                    assert status == 400
                    assert b"application/cloudevents+json" in body
                    bomb = gzip.compress(b" " * 30_000_000)
                    status, body = await post("/v1/traces", bomb, packed)
                    assert status == 413
            finally:
                await runner.cleanup()
            assert journal.last == 2
            assert len(desk.alerts) == 1

    asyncio.run(main())
