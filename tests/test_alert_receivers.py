"""Telling: over HTTP, by apprise, into a file; again when it fails, once when it was taken, never a secret in a message."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from alert_desk import alert, routes
from freehold.errors import BadRules
from freehold.log import listen
from freehold.watch.alert import Alert
from freehold.watch.delivery import Delivery
from freehold.watch.notification import Notification
from freehold.watch.receivers.apprise import AppriseTeller
from freehold.watch.receivers.file import FileTeller, TerminalTeller
from freehold.watch.receivers.interface import NotTold
from freehold.watch.receivers.opening import channels_of, open_tellers
from freehold.watch.receivers.webhook import WebhookTeller
from freehold.watch.receivers.words import line, text
from freehold.watch.webhook_message import message

STARTS = 1_767_225_600.0  # 2026-01-01T00:00:00Z
TOLD = Notification(
    "1.0.abc", '{}:{item="gpu"}', "duty-1", "duty-1/webhook[0]", (("item", "gpu"),),
    (
        Alert((("alertname", "A"), ("item", "gpu")), (("generatorURL", "http://p/g"), ("summary", "it is hot")), STARTS),
        Alert((("alertname", "B"), ("item", "gpu")), (("summary", "it is hot"),), STARTS, STARTS + 60),
    ),
    "firing", STARTS + 120,
)  # fmt: skip


@asynccontextmanager
async def server(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A server on loopback for as long as the block lasts; gives its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def test_the_message_is_alertmanagers_of_version_4() -> None:
    assert json.loads(message(TOLD, address="http://desk/")) == {
        "receiver": "duty-1",
        "status": "firing",
        "alerts": [
            {
                "status": "firing", "labels": {"alertname": "A", "item": "gpu"}, "annotations": {"summary": "it is hot"},
                "startsAt": "2026-01-01T00:00:00.000Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://p/g",
                "fingerprint": json.loads(message(TOLD))["alerts"][0]["fingerprint"],
            },
            {
                "status": "resolved", "labels": {"alertname": "B", "item": "gpu"}, "annotations": {"summary": "it is hot"},
                "startsAt": "2026-01-01T00:00:00.000Z", "endsAt": "2026-01-01T00:01:00.000Z", "generatorURL": "",
                "fingerprint": json.loads(message(TOLD))["alerts"][1]["fingerprint"],
            },
        ],
        "groupLabels": {"item": "gpu"},
        "commonLabels": {"item": "gpu"},
        "commonAnnotations": {"summary": "it is hot"},
        "externalURL": "http://desk/",
        "version": "4",
        "groupKey": '{}:{item="gpu"}',
        "truncatedAlerts": 0,
    }  # fmt: skip


def test_a_message_says_how_many_alerts_it_left_out() -> None:
    said = json.loads(message(TOLD, most=1))
    assert (len(said["alerts"]), said["truncatedAlerts"]) == (1, 1)


def test_a_webhook_is_posted_with_the_key_beside_it() -> None:
    async def go() -> None:
        seen: list[tuple[Any, Any]] = []

        async def take(request: web.Request) -> web.Response:
            seen.append((request.headers, await request.json()))
            return web.Response(status=204)

        async with server(take) as address:
            teller = WebhookTeller(f"{address}/secret-token")
            await teller.tell(TOLD)
            await teller.close()
        ((headers, body),) = seen
        assert headers["Idempotency-Key"] == "1.0.abc"
        assert body["groupKey"] == TOLD.group

    asyncio.run(go())


@pytest.mark.parametrize(
    ("status", "again"), [(500, True), (503, True), (429, True), (408, True), (400, False), (404, False), (302, False)]
)
def test_an_answer_says_whether_to_try_again_and_no_message_holds_the_address(status: int, again: bool) -> None:
    async def go() -> None:
        async def refuse(_: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": "/elsewhere"}, text="x" * 200_000)

        async with server(refuse) as address:
            teller = WebhookTeller(f"{address}/secret-token")
            with pytest.raises(NotTold) as error:
                await teller.tell(TOLD)
            await teller.close()
        assert error.value.again is again
        assert "secret" not in str(error.value)

    asyncio.run(go())


def test_who_does_not_answer_in_time_or_is_not_there_is_tried_again() -> None:
    async def go() -> None:
        never = asyncio.Event()

        async def hang(_: web.Request) -> web.Response:
            await never.wait()
            return web.Response()

        async with server(hang) as address:
            teller = WebhookTeller(address, timeout=0.05)
            with pytest.raises(NotTold, match=r"0\.05") as late:
                await teller.tell(TOLD)
            never.set()
            await teller.close()
        gone = WebhookTeller(address)
        with pytest.raises(NotTold) as away:
            await gone.tell(TOLD)
        await gone.close()
        assert late.value.again
        assert away.value.again
        assert "127.0.0.1" not in str(away.value)

    asyncio.run(go())


def test_apprise_tells_a_service_with_a_title_and_a_line_for_each_alert() -> None:
    async def go() -> None:
        seen: list[Any] = []

        async def take(request: web.Request) -> web.Response:
            seen.append(await request.json())
            return web.Response()

        async def refuse(_: web.Request) -> web.Response:
            return web.Response(status=500)

        async with server(take) as address:
            await AppriseTeller(address.replace("http://", "json://")).tell(TOLD)
        (said,) = seen
        assert said["title"] == "1 firing: A and 1 more (gpu)"
        assert said["message"] == "fires: it is hot\nended: it is hot"
        assert said["type"] == "failure"
        async with server(refuse) as address:
            with pytest.raises(NotTold):
                await AppriseTeller(address.replace("http://", "json://")).tell(TOLD)

    asyncio.run(go())


def test_what_senders_wrote_moves_no_cursor_and_is_cut() -> None:
    bad = replace(
        TOLD, alerts=(Alert((("alertname", "A\x1b[2J"),), (("summary", "\r\n\x1b[31m" + "x" * 9_000),), STARTS),) * 30
    )
    assert "\x1b" not in text(bad) + line(bad)
    assert text(bad).count("\n") == 20
    assert text(bad).endswith("… and 10 more")
    assert len(line(bad)) < 1_000


def test_a_file_holds_a_line_for_each_notification_and_the_terminal_too(tmp_path: Path) -> None:
    async def go() -> None:
        path = tmp_path / "told.jsonl"
        for _ in range(2):
            await FileTeller(path).tell(TOLD)
        lines = [json.loads(one) for one in path.read_text().splitlines()]
        assert [one["key"] for one in lines] == ["1.0.abc"] * 2
        assert lines[0]["message"]["version"] == "4"
        assert path.stat().st_mode & 0o77 == 0
        with pytest.raises(NotTold, match="could not be written"):
            await FileTeller(tmp_path).tell(TOLD)
        written: list[str] = []
        await TerminalTeller(written.append).tell(TOLD)
        assert written == ["1 firing: A and 1 more (gpu): fires: it is hot"]

    asyncio.run(go())


class Fickle:
    """Tells only when it may, and remembers what it told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.tried = 0
        self.fails: NotTold | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.at_once = self.most_at_once = 0

    async def tell(self, notification: Notification) -> None:
        self.tried += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.open.wait()
        finally:
            self.at_once -= 1
        if self.fails is not None:
            raise self.fails
        self.told.append(notification.key)

    async def close(self) -> None:
        """There is nothing to close."""


def some(key: str, group: str = "g", channel: str = "c") -> Notification:
    return replace(TOLD, key=key, group=group, channel=channel)


def test_what_fails_is_told_again_until_it_is_taken_and_then_reported_once() -> None:
    async def go() -> None:
        teller, reported = Fickle(), []
        delivery = Delivery({"c": teller}, reported.append, first_pause=0.001, longest_pause=0.002)
        teller.fails = NotTold("down", again=True)
        assert delivery.offer(some("1"))
        while teller.tried < 5:
            await asyncio.sleep(0)
        teller.fails = None
        await delivery.idle()
        assert (teller.told, reported) == (["1"], ["1"])
        # given again by mistake: reported again, and not told
        delivery.offer(some("1"))
        await delivery.idle()
        assert (teller.told, reported) == (["1"], ["1", "1"])
        await delivery.close()

    asyncio.run(go())


def test_a_newer_state_takes_the_place_of_one_that_waits_and_goes_out_at_once() -> None:
    async def go() -> None:
        teller, reported = Fickle(), []
        delivery = Delivery({"c": teller}, reported.append, first_pause=3_600.0)
        teller.fails = NotTold("down", again=True)
        delivery.offer(some("1"))
        while teller.tried < 1:
            await asyncio.sleep(0)
        teller.fails = None
        delivery.offer(some("2"))
        await asyncio.wait_for(delivery.idle(), 10)
        assert teller.told == reported == ["2"]
        await delivery.close()

    asyncio.run(go())


def test_what_cannot_be_told_is_dropped_said_and_not_reported() -> None:
    async def go() -> None:
        teller, reported, logged = Fickle(), [], []
        delivery = Delivery({"c": teller}, reported.append)
        teller.fails = NotTold("HTTP 400", again=False)
        with listen(lambda event, facts: logged.append((event, facts["because"]))):
            delivery.offer(some("1"))
            await delivery.idle()
        assert (reported, len(delivery), teller.tried) == ([], 0, 1)
        assert logged == [("not told", "HTTP 400")]
        await delivery.close()

    asyncio.run(go())


def test_one_slow_channel_holds_no_other_up_and_what_waits_is_bounded() -> None:
    async def go() -> None:
        slow, quick, reported = Fickle(), Fickle(), []
        slow.open.clear()
        delivery = Delivery({"slow": slow, "quick": quick}, reported.append, most_waiting=100)
        taken = [delivery.offer(some(str(number), f"g{number}", "slow")) for number in range(120)]
        assert taken == [True] * 100 + [False] * 20
        assert not delivery.offer(some("x", channel="nobody's"))
        while slow.at_once < 8:
            await asyncio.sleep(0)
        slow.open.set()
        await delivery.idle()
        assert delivery.offer(some("y", channel="quick"))
        await delivery.idle()
        assert slow.most_at_once == 8
        assert len(reported) == 101
        await delivery.close()

    asyncio.run(go())


def test_closing_lets_go_of_what_does_not_arrive() -> None:
    async def go() -> None:
        teller, reported = Fickle(), []
        teller.open.clear()
        delivery = Delivery({"c": teller}, reported.append)
        delivery.offer(some("1"))
        await delivery.close(patience=0.01)
        assert reported == []

    asyncio.run(go())


def test_receivers_are_opened_with_secrets_from_the_environment_alone() -> None:
    routing = routes(
        """
        [[receivers]]
        name = "duty"
        terminal = [{}]
        [[receivers.webhook]]
        url_from = "DUTY_URL"
        send_resolved = false
        [[receivers.apprise]]
        url_from = "MAIL_URL"
        """
    )
    assert channels_of(routing, {"incidents": True}) == {
        "duty": {"incidents": True, "duty/webhook[0]": False, "duty/apprise[0]": True, "duty/terminal[0]": True}
    }
    good = {"DUTY_URL": "http://me:secret@127.0.0.1:9/", "MAIL_URL": "json://127.0.0.1:9/"}
    assert set(open_tellers(routing, good, write=print)) == set(channels_of(routing)["duty"])
    for bad in ({}, {**good, "DUTY_URL": "secret"}, {**good, "MAIL_URL": "secret://x"}):
        with pytest.raises(BadRules, match="_URL") as error:
            open_tellers(routing, bad, write=print)
        assert "secret" not in str(error.value)


def test_an_alert_without_an_end_is_told_without_one() -> None:
    assert alert("A").ends == math.inf
    (said,) = json.loads(message(replace(TOLD, alerts=(alert("A"),))))["alerts"]
    assert said["endsAt"] == "0001-01-01T00:00:00Z"
