"""Status feeds: the published forms, what is news, what is over, and fetching them from a real server on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from freehold.catalogue.facts import load
from freehold.errors import BadRules, BadSignal, Overloaded
from freehold.watch.event import Event
from freehold.watch.status_feeds import Feed, OpenIncidents, events_from, feeds_of, load_feeds, open_from_events
from freehold.watch.status_forms import FORMS, read_updates
from freehold.watch.status_poll import MOST_BYTES, Follower
from strategies import repeatable

# 2026-03-01T09:30:00Z
NOW = 1_772_357_400.0

# The form of "incidents.json" in Statuspage's own documentation, cut to one incident with two updates.
STATUSPAGE = {
    "page": {"id": "4g2my7tbhjsq", "name": "Provider", "url": "https://status.example.com"},
    "incidents": [
        {
            "id": "cp306tmzcl0y", "name": "Elevated error rates &amp; latency", "status": "resolved", "impact": "critical",
            "created_at": "2026-03-01T08:00:00.000Z", "updated_at": "2026-03-01T09:00:00.000Z",
            "resolved_at": "2026-03-01T09:00:00.000Z", "shortlink": "http://stspg.example/1",
            "components": [{"id": "1", "name": "API", "status": "operational"}],
            "incident_updates": [
                {
                    "id": "2", "status": "resolved", "body": "This is <b>resolved</b>.", "display_at": "2026-03-01T09:00:00Z",
                    "affected_components": None,
                },
                {
                    "id": "1", "status": "investigating", "body": "We look into it.", "created_at": "2026-03-01T08:00:00Z",
                    "affected_components": [{"code": "1", "name": "Chat", "new_status": "major_outage"}],
                },
            ],
        }
    ],
}  # fmt: skip
GOOGLE = [
    {
        "id": "ow5i3PPK96RduMcb1SsW", "number": "1", "begin": "2026-03-01T08:00:00+00:00", "end": "2026-03-01T09:10:00+00:00",
        "external_desc": "Increased error rates", "severity": "high", "status_impact": "SERVICE_OUTAGE",
        "service_name": "Multiple Products", "affected_products": [{"title": "Vertex AI", "id": "x"}], "uri": "incidents/ow5",
        "updates": [
            {"created": "2026-03-01T09:10:00+00:00", "when": "2026-03-01T09:10:00+00:00", "text": "Over.",
             "status": "AVAILABLE"},
            {"created": "2026-03-01T08:10:00+00:00", "when": "2026-03-01T08:10:00+00:00", "text": "Down.",
             "status": "SERVICE_OUTAGE"},
        ],
    }
]  # fmt: skip
RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Example Company Status</title>
<item><title>[Resolved] Database Connection Issues</title><guid isPermaLink="false">incident-7</guid>
<description><![CDATA[<p><small>Mar 1, 09:00 UTC</small><br><strong>Resolved</strong> - It is over.</p>]]></description>
<pubDate>Sun, 01 Mar 2026 09:00:00 +0000</pubDate><link>https://status.example.com/incidents/7</link></item>
<item><title>Slow answers</title><guid>incident-8</guid>
<description>&lt;b&gt;Monitoring&lt;/b&gt; - A fix has been made. &lt;b&gt;Resolved&lt;/b&gt;: not yet</description>
<pubDate>Sun, 01 Mar 2026 09:20:00 GMT</pubDate></item>
<item><title>Service is operating normally: all is well</title><link>https://status.example.com/9</link></item>
<item></item></channel></rss>"""
ATOM = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Service history</title>
<entry><id>tag:status.example.com,2026:Incident/5</id><updated>2026-03-01T09:00:00+00:00</updated>
<published>2026-03-01T08:00:00Z</published><title>RESOLVED: Errors in the API</title>
<link rel="alternate" type="text/html" href="https://status.example.com/incidents/5"/>
<content type="html">&lt;p&gt;We have mitigated it.&lt;/p&gt;</content></entry></feed>"""


def feed(form: str, lists: str = "all", url: str = "https://status.example.com/") -> Feed:
    return Feed(id="one", provider="example", form=form, url=url, lists=lists)  # type: ignore[arg-type]


def read(
    form: str, body: object, known: OpenIncidents | None = None, now: float = NOW, lists: str = "all"
) -> tuple[Event, ...]:
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return events_from(feed(form, lists), content, known if known is not None else OpenIncidents(), now)


def test_the_published_form_of_statuspage_becomes_one_event_an_update_oldest_first() -> None:
    first, second = read("statuspage", STATUSPAGE)
    assert first == Event(
        "/freehold/status/one", "cp306tmzcl0y/1", "freehold.status", 1_772_352_000.0, NOW, "example",
        {
            "freehold.provider": "example", "freehold.status.incident": "cp306tmzcl0y",
            "freehold.status.title": "Elevated error rates & latency", "freehold.status.state": "critical",
            "freehold.status.phase": "investigating",
            "freehold.status.resolved": False, "freehold.status.impact": "critical",
            "freehold.status.text": "We look into it.", "freehold.status.link": "http://stspg.example/1",
            "freehold.status.services": ["Chat"],
        },
    )  # fmt: skip
    assert (second.id, second.data["freehold.status.resolved"]) == ("cp306tmzcl0y/2", True)
    assert second.data["freehold.status.text"] == "This is resolved ."
    assert second.data["freehold.status.services"] == ["API"]


def test_an_incident_without_updates_and_a_maintenance_are_read() -> None:
    bare = {"incidents": [{"id": "a", "name": "A", "status": "identified", "created_at": "2026-03-01T08:00:00Z"}],
            "scheduled_maintenances": [{"id": "m", "name": "M", "status": "in_progress", "impact": "maintenance"}]}  # fmt: skip
    incident, maintenance = read("statuspage", bare)
    assert (incident.id, incident.time, incident.data["freehold.status.state"]) == (
        "a/identified",
        1_772_352_000.0,
        "open",
    )
    assert (maintenance.time, maintenance.data["freehold.status.impact"]) == (NOW, "maintenance")


def test_the_form_of_google_cloud_is_read_and_an_end_is_an_end() -> None:
    first, second = read("google", GOOGLE)
    assert (first.data["freehold.status.state"], first.data["freehold.status.resolved"]) == ("major_outage", False)
    assert (second.data["freehold.status.state"], second.data["freehold.status.resolved"]) == ("resolved", True)
    assert second.data["freehold.status.services"] == ["Vertex AI"]
    assert (first.time, second.time) == (1_772_352_600.0, 1_772_356_200.0)
    assert first.id != second.id
    silent = [{**GOOGLE[0], "updates": []}]
    assert [event.data["freehold.status.resolved"] for event in read("google", silent)] == [True]
    still = [{**GOOGLE[0], "end": None, "updates": [GOOGLE[0]["updates"][1]]}]  # type: ignore[index]
    assert [event.data["freehold.status.resolved"] for event in read("google", still)] == [False]


def test_rss_and_atom_are_read_and_their_words_tell_what_is_over() -> None:
    resolved, open_, normal = read("syndication", RSS)
    assert resolved.data["freehold.status.incident"] == "incident-7"
    assert (resolved.time, resolved.data["freehold.status.state"]) == (1_772_355_600.0, "resolved")
    assert resolved.data["freehold.status.text"] == "Mar 1, 09:00 UTC Resolved - It is over."
    assert (open_.data["freehold.status.state"], open_.data["freehold.status.phase"]) == ("open", "monitoring")
    assert open_.data["freehold.status.resolved"] is False
    assert normal.data["freehold.status.resolved"] is True
    (atom,) = read("syndication", ATOM)
    assert (atom.time, atom.data["freehold.status.resolved"]) == (1_772_355_600.0, True)
    assert atom.data["freehold.status.link"] == "https://status.example.com/incidents/5"


def test_an_entry_that_changed_is_another_event_and_one_that_did_not_the_same() -> None:
    once, again = read("syndication", RSS), read("syndication", RSS, now=NOW + 60)
    assert [event.id for event in once] == [event.id for event in again]
    changed = read("syndication", RSS.replace("A fix has been made", "It is worse"))
    assert [one.id == other.id for one, other in zip(once, changed, strict=True)] == [True, False, True]


def test_an_incident_keeps_its_first_name_until_its_end() -> None:
    known = OpenIncidents()
    opened = RSS.replace("[Resolved] Database Connection Issues", "Investigating: Database").replace(
        "Resolved</strong>", "Odd</strong>"
    )
    names = [event.data["freehold.status.title"] for event in read("syndication", opened, known)]
    assert names[0] == "Database"
    ends = read("syndication", RSS, known)[0]
    assert (ends.data["freehold.status.title"], ends.data["freehold.status.state"]) == ("Database", "resolved")
    assert read("syndication", RSS)[0].data["freehold.status.title"] == "Database Connection Issues"


def test_what_was_over_long_ago_is_no_news_and_what_was_open_until_now_is() -> None:
    later = NOW + 2 * 86_400
    assert read("statuspage", STATUSPAGE, now=later) == ()
    known = OpenIncidents()
    page: Any = json.loads(json.dumps(STATUSPAGE))
    page["incidents"][0]["incident_updates"] = page["incidents"][0]["incident_updates"][1:]
    assert len(read("statuspage", page, known, now=NOW)) == 1
    assert "cp306tmzcl0y" in known
    assert [event.id for event in read("statuspage", STATUSPAGE, known, now=later)] == ["cp306tmzcl0y/1", "cp306tmzcl0y/2"]
    assert len(known) == 0


def test_in_a_feed_of_open_incidents_one_that_is_gone_is_over_even_after_a_restart() -> None:
    known = OpenIncidents()
    nothing = "<rss><channel></channel></rss>"
    events = read("syndication", RSS, known, lists="open")
    assert "incident-8" in known
    for start in (known.copy(), open_from_events(feed("syndication", "open"), events)):
        (gone,) = read("syndication", nothing, start, lists="open", now=NOW + 5)
        assert gone.data["freehold.status.incident"] == "incident-8"
        assert (gone.data["freehold.status.resolved"], gone.data["freehold.status.by_absence"]) == (True, True)
        assert gone.id == f"{events[1].id}/gone"
        assert read("syndication", nothing, start, lists="open") == ()
    assert read("syndication", nothing, known.copy(), lists="all") == ()


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("statuspage", "[]"), ("statuspage", "{}"), ("statuspage", '{"incidents": [{"id": 5, "name": "x"}]}'),
        ("statuspage", "<html>"),
        ("google", "{}"), ("google", '[{"id": null}]'), ("syndication", ""), ("syndication", "<html></html>"),
        ("syndication", "<rss>"), ("syndication", "{}"), ("syndication", '<?xml version="1.0" encoding="odd"?><rss/>'),
        ("syndication", '<!DOCTYPE r [<!ENTITY a "b">]><rss>&a;</rss>'),
        ("syndication", '<!DOCTYPE r SYSTEM "file:///etc/passwd"><rss></rss>'),
    ],
)  # fmt: skip
def test_a_body_of_another_form_is_refused(form: str, body: str) -> None:
    with pytest.raises(BadSignal):
        read(form, body)


def test_deep_and_many_are_bounded() -> None:
    deep = "<rss>" + "<a>" * 50_000 + "</a>" * 50_000 + "</rss>"
    assert read("syndication", deep) == ()
    many = "<rss>" + "".join(f"<item><guid>{number}</guid></item>" for number in range(5_000)) + "</rss>"
    assert len(read("syndication", many)) == 500
    long = {"incidents": [{"id": "a", "name": "x" * 100_000, "status": "s" * 1_000, "impact": "i" * 1_000}]}
    (event,) = read("statuspage", long)
    assert all(len(str(value)) <= 1_000 for value in event.data.values())


@repeatable(200)
@given(st.sampled_from(sorted(FORMS)), st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_is_fetched_is_read_or_refused(form: str, body: bytes) -> None:
    try:
        read_updates(form, body)
    except BadSignal:
        return


def test_the_feeds_that_come_along_are_of_providers_of_the_catalogue_and_have_references() -> None:
    providers = set(load().ids("provider"))
    feeds = feeds_of()
    assert len({one.id for one in feeds}) == len(feeds) >= 5
    for one in feeds:
        assert one.provider in providers
        assert one.url.startswith("https://")
        assert one.references
    assert {one.provider for one in feeds_of(["openai", "nobody"])} == {"openai"}
    assert feeds_of([]) == ()


OWN = '[[feed]]\nid = "a"\nprovider = "p"\nform = "statuspage"\nurl = "https://status.example.com/api/v2/incidents.json"\n'


def test_a_file_of_ones_own_feeds_is_read(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(OWN + 'every = "5m"\nlists = "open"\n')
    (one,) = load_feeds(path)
    assert (one.id, one.every, one.lists) == ("a", 300.0, "open")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OWN + "odd = 1", "odd"),
        (OWN + 'every = "1s"', "every"),
        (OWN + 'every = "soon"', "duration"),
        (OWN * 2, "there already"),
        (OWN.replace("https://", "file://"), "no URL"),
        (OWN.replace("https://", "https://user:word@"), "no URL"),
        (OWN.replace("statuspage", "odd"), "form"),
        ("[[feed", "not TOML"),
        ("#" * 2_000_000, "larger than"),
        ("".join(OWN.replace('"a"', f'"{number}"') for number in range(201)), "at most"),
    ],
)
def test_a_file_of_feeds_that_is_not_sound_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(text)
    with pytest.raises(BadRules, match=said):
        load_feeds(path)
    with pytest.raises(BadRules, match="cannot be read"):
        load_feeds(tmp_path / "none.toml")


# Fetching


@asynccontextmanager
async def serving(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class Sink:
    """Takes events, unless it is full."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.full = False

    async def put(self, events: Sequence[Event]) -> None:
        if self.full:
            raise Overloaded("full")
        self.events += events


Played = Callable[[Follower, Feed, Sink], Awaitable[None]]


def played(answer: Callable[[web.Request], Awaitable[web.StreamResponse]], play: Played, **more: Any) -> Sink:
    async def main() -> Sink:
        sink = Sink()
        async with serving(answer) as base:
            one = Feed(id="one", provider="example", form=more.get("form", "statuspage"), url=base + "/feed", lists="all")
            async with Follower([one], sink.put, clock=lambda: NOW) as follower:
                await play(follower, one, sink)
        return sink

    return asyncio.run(main())


def test_a_feed_is_asked_only_for_what_is_new() -> None:
    asked: list[tuple[str | None, str | None]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")))
        if asked[-1][0] == '"7"':
            return web.Response(status=304)
        headers = {"ETag": '"7"', "Last-Modified": "Sun, 01 Mar 2026 09:00:00 GMT"}
        return web.json_response(STATUSPAGE, headers=headers)

    async def play(follower: Follower, one: Feed, _: Sink) -> None:
        assert len(await follower.fetch(one)) == 2
        assert await follower.fetch(one) == ()
        assert follower.next_wait(one) == one.every

    assert len(played(answer, play).events) == 2
    assert asked == [(None, None), ('"7"', "Sun, 01 Mar 2026 09:00:00 GMT")]


def test_a_feed_that_cannot_be_read_is_said_once_and_asked_more_rarely() -> None:
    broken = [True]

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "900"}) if broken[0] else web.json_response(STATUSPAGE)

    async def play(follower: Follower, one: Feed, sink: Sink) -> None:
        waits = []
        for _ in range(8):
            await follower.fetch(one)
            waits.append(follower.next_wait(one))
        assert waits == [900.0, 900.0, 960.0, 1_920.0, 3_600.0, 3_600.0, 3_600.0, 3_600.0]
        assert [(event.type, event.data["freehold.status.readable"]) for event in sink.events] == [
            ("freehold.status.feed", False)
        ]
        assert sink.events[0].data["freehold.because"] == "its server answers 503"
        broken[0] = False
        assert [event.type for event in await follower.fetch(one)] == ["freehold.status"] * 2 + ["freehold.status.feed"]
        assert follower.next_wait(one) == one.every

    played(answer, play)


@pytest.mark.parametrize("what", ["elsewhere", "circle", "large", "nonsense", "hang up"])
def test_a_feed_that_leads_away_or_has_no_end_is_not_followed(what: str) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if what == "elsewhere":
            return web.Response(status=301, headers={"Location": "http://elsewhere.example/feed"})
        if what == "circle":
            return web.Response(status=302, headers={"Location": "/feed"})
        if what == "hang up":
            assert request.transport is not None
            request.transport.close()
        if what == "large":
            return web.Response(body=b" " * (MOST_BYTES + 1))
        return web.Response(text="<html>nothing</html>")

    async def play(follower: Follower, one: Feed, sink: Sink) -> None:
        (event,) = await follower.fetch(one)
        assert event.type == "freehold.status.feed"
        assert len(sink.events) == 1

    played(answer, play)


def test_a_defect_in_reading_a_feed_is_told_like_a_feed_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> tuple[Event, ...]:
        raise RuntimeError("odd")

    monkeypatch.setattr("freehold.watch.status_poll.events_from", broken)

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(STATUSPAGE)

    async def play(follower: Follower, one: Feed, _: Sink) -> None:
        (event,) = await follower.fetch(one)
        assert (event.type, event.data["freehold.because"]) == ("freehold.status.feed", "odd")

    played(answer, play)


def test_what_could_not_be_kept_is_fetched_again_whole() -> None:
    asked: list[str | None] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.headers.get("If-None-Match"))
        return web.json_response(STATUSPAGE, headers={"ETag": '"7"'})

    async def play(follower: Follower, one: Feed, sink: Sink) -> None:
        sink.full = True
        assert await follower.fetch(one) == ()
        sink.full = False
        assert len(await follower.fetch(one)) == 2

    assert len(played(answer, play).events) == 2
    assert asked == [None, None]


def test_feeds_are_followed_one_after_the_other_evenly() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"incidents": []})

    async def main() -> list[float]:
        waits: list[float] = []
        enough = asyncio.Event()

        async def sleep(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) >= 8:
                enough.set()
                await asyncio.Event().wait()

        async with serving(answer) as base:
            feeds = [Feed(id=str(n), provider="p", form="statuspage", url=base) for n in range(4)]
            async with Follower(feeds, Sink().put, clock=lambda: NOW, sleep=sleep) as follower:
                running = asyncio.ensure_future(follower.run())
                await enough.wait()
                running.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await running
        return waits

    waits = asyncio.run(main())
    assert sorted(waits[:4]) == [0.0, 30.0, 60.0, 90.0]
    assert waits[4:] == [120.0] * 4
