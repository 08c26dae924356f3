"""What a desk looks at by itself: probes and feeds over loopback, from their files to events that are taken."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import web

from freehold.errors import BadRules, UsageError
from freehold.stack.values import Item, Owner, Provider, Source, Stack
from freehold.watch.event import Event
from freehold.watch.journal import Journal
from freehold.watch.status_feeds import feeds_of
from freehold.web.looking_out import FEEDS_FILE, Watcher, feeds_watcher, probes_watcher

FEED = '[[feed]]\nid = "own"\nprovider = "acme"\nform = "syndication"\nlists = "open"\nurl = "{url}/feed"\n'
PROBE = '[[probe]]\nkind = "http"\ntarget = "{url}/health"\n'
EMPTY = "<rss><channel></channel></rss>"
OPEN = "<rss><channel><item><guid>7</guid><title>Errors</title></item></channel></rss>"
# Nobody of whom a feed is known, so that nothing goes out
NOBODY = Stack(items=(Item("x"),), sources=(Source("x@acme", "x", provider="acme"),))


async def first_of(watcher: Watcher) -> Event:
    """The first event that a watcher gives."""
    found: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

    async def take(events: Sequence[Event]) -> None:
        if not found.done():
            found.set_result(events[0])

    watching = asyncio.ensure_future(watcher(take))
    done, _ = await asyncio.wait({found, watching}, return_when=asyncio.FIRST_COMPLETED, timeout=30)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert found in done, "the watcher ended, or gave nothing"
    return found.result()


def played(folder: Path, body: str, before: Sequence[Event] = ()) -> tuple[Event, Event]:
    """What the desk of a folder finds first by its probes and by its feeds."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body)

    async def main() -> tuple[Event, Event]:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        (folder / FEEDS_FILE).write_text(FEED.format(url=url))
        (folder / "probes.toml").write_text(PROBE.format(url=url))
        async with Journal.open(folder / "journal.db") as journal:
            await journal.put(before)
        try:
            probed = await first_of(probes_watcher(str(folder / "probes.toml"), None, None))
            return probed, await first_of(feeds_watcher(NOBODY, folder))
        finally:
            await runner.cleanup()

    return asyncio.run(main())


def test_probes_and_feeds_of_a_desk_give_events_and_go_on_after_a_restart(tmp_path: Path) -> None:
    probed, told = played(tmp_path, OPEN)
    assert (probed.type, probed.data["freehold.probe.ok"]) == ("freehold.probe", True)
    assert (told.type, told.data["freehold.status.title"], told.data["freehold.provider"]) == (
        "freehold.status",
        "Errors",
        "acme",
    )
    # the next start knows from the journal what was open, and that it is gone
    _, gone = played(tmp_path, EMPTY, [told])
    assert gone.data["freehold.status.by_absence"] is True
    assert (gone.data["freehold.status.title"], gone.data["freehold.status.state"]) == ("Errors", "resolved")


def test_what_cannot_be_looked_at_is_said_before_anything_goes_out(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no stack"):
        probes_watcher("", None, None)
    with pytest.raises(UsageError, match="nothing to probe"):
        probes_watcher("", Stack(), None)
    with pytest.raises(BadRules):
        probes_watcher(str(tmp_path / "none.toml"), None, None)
    with pytest.raises(UsageError, match="no status feed"):
        feeds_watcher(NOBODY, tmp_path)
    (tmp_path / FEEDS_FILE).write_text("[[feed")
    with pytest.raises(BadRules):
        feeds_watcher(NOBODY, tmp_path)


def test_the_feeds_of_an_owner_are_followed_too() -> None:
    owned = Stack(providers=(Provider("acme", owner=(Owner("openai"),)),), sources=(Source("x@acme", "x", provider="acme"),))
    assert feeds_of({"openai"})
    feeds_watcher(owned, Path("nowhere"))
