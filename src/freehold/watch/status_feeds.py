"""Which provider says how it is, where, and what became of its incidents. Owns the feeds and the events made of them.

Every update of an incident is one event of type ``freehold.status``; read again, it is the same one. Of incidents that are
over, only those are told that ended within a day: a feed's history is no news. Some feeds list only what is open; there an
incident that is listed no longer is over, and an event says so (``freehold.status.by_absence``).

``freehold.status.state`` says how it stands: ``resolved``, or how bad it is said to be (``minor``, ``major``, ``critical``,
``partial_outage``, ``major_outage``, ``maintenance``), or ``open``.
``freehold.status.title`` is the incident's title as it was first met, so that its end has the name of its beginning.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from freehold.catalogue.hosts import to_forward
from freehold.errors import BadRules
from freehold.watch.event import Event, Json
from freehold.watch.seconds import parse_seconds
from freehold.watch.settings_file import parse_settings, read_settings_text
from freehold.watch.status_forms import Update, read_updates
from freehold.watch.way_out import host_of

__all__ = ["MOST_OPEN", "SOURCE", "TYPE", "Feed", "OpenIncidents", "events_from", "feeds_of", "load_feeds", "open_from_events"]

TYPE: Final = "freehold.status"
SOURCE: Final = "/freehold/status"
MOST_OPEN: Final = 1_000
"""Incidents of one feed that may be open at once."""
_NEWS: Final = 86_400.0
_MOST_FEEDS: Final = 200
_MOST_FILE: Final = 1024 * 1024
_EVERY: Final = 120.0


class Feed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where one provider says how it is.

    Parameters
    ----------
    id
        Tells it from the others.
    provider
        Whose it is: an id of the stack or the catalogue.
    form
        One of :data:`freehold.watch.status_forms.FORMS`.
    url
        Where it is fetched.
    lists
        ``all`` (incidents that are over too) or ``open`` (only those that are not).
    every
        Seconds from one fetch to the next.
    references
        What states that it is there, for those that come with Freehold.
    """

    id: str
    provider: str
    form: Literal["statuspage", "google", "syndication"]
    url: str
    lists: Literal["all", "open"] = "all"
    every: float = _EVERY
    references: tuple[str, ...] = ()


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: str
    provider: str
    form: Literal["statuspage", "google", "syndication"]
    in_reverse: str
    path: str
    lists: Literal["all", "open"] = "all"
    references: tuple[str, ...] = ()


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: str
    provider: str
    form: Literal["statuspage", "google", "syndication"]
    url: str
    lists: Literal["all", "open"] = "all"
    every: str = "2m"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    feed: tuple[_Written, ...] = ()


@cache
def _known() -> tuple[Feed, ...]:
    text = (Path(__file__).parent / "data" / "status_feeds.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    references: Mapping[str, Any] = table["reference"]
    rows = msgspec.convert(table["feed"], tuple[_Row, ...])
    missing = [name for row in rows for name in row.references if name not in references]
    if missing:
        raise BadRules(f"status_feeds.toml: the reference '{missing[0]}' is not there.")
    return tuple(
        Feed(
            id=row.id, provider=row.provider, form=row.form, url=f"https://{to_forward(row.in_reverse)}{row.path}",
            lists=row.lists,
            references=row.references,
        )
        for row in rows
    )  # fmt: skip


def feeds_of(providers: Iterable[str] | None = None) -> tuple[Feed, ...]:
    """The feeds that come with Freehold, of these providers or of all; their hosts are put together now."""
    wanted = None if providers is None else frozenset(providers)
    return tuple(feed for feed in _known() if wanted is None or feed.provider in wanted)


def load_feeds(path: str | Path) -> tuple[Feed, ...]:
    """Read a file of one's own feeds: TOML, one table ``[[feed]]`` each with ``id``, ``provider``, ``form`` and ``url``.

    Raises
    ------
    freehold.errors.BadRules
        If it cannot be read or is not sound; the message names the place, such as ``$.feed[2].url``.
    """
    place = str(path)
    text = read_settings_text(path, _MOST_FILE, BadRules)
    written = parse_settings(text, _File, place, BadRules, "See the guide on events for what a [[feed]] holds.").feed
    if len(written) > _MOST_FEEDS:
        raise BadRules(f"{place} has {len(written)} feeds, and at most {_MOST_FEEDS} are read. Take some out.")
    feeds: dict[str, Feed] = {}
    for number, one in enumerate(written):
        where = f"{place}: $.feed[{number}]"
        try:
            every = parse_seconds(one.every)
        except ValueError as error:
            raise BadRules(f"{where}: {str(error).rstrip('.')}.") from None
        if not 30.0 <= every <= 86_400.0:
            raise BadRules(f"{where}: `every` is not between 30s and 1d.")
        if not one.url.startswith(("http://", "https://")) or not host_of(one.url) or "@" in one.url.split("/")[2]:
            raise BadRules(f"{where}: '{one.url[:80]}' is no URL. Write https://HOST/PATH, without user and password.")
        if one.id in feeds:
            raise BadRules(f"{where}: the feed '{one.id[:80]}' is there already. Take one out.")
        feeds[one.id] = Feed(id=one.id, provider=one.provider, form=one.form, url=one.url, lists=one.lists, every=every)
    return tuple(feeds.values())


class OpenIncidents:
    """Incidents of one feed that are not over, with what was last said of each."""

    def __init__(self, known: Mapping[str, Update] | None = None) -> None:
        self._known = dict(known or {})

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, incident: str) -> bool:
        return incident in self._known

    def copy(self) -> OpenIncidents:
        """One that changes no more with this one."""
        return OpenIncidents(self._known)

    def take(self, feed: Feed, updates: Iterable[Update], now: float) -> tuple[Update, ...]:
        """Take what a feed lists now; give those updates that are news, and those that follow from an absence."""
        listed: dict[str, list[Update]] = {}
        for update in updates:
            listed.setdefault(update.incident, []).append(update)
        news: list[Update] = []
        for incident, said in listed.items():
            last = said[-1]
            is_old = last.is_resolved and last.time is not None and now - last.time > _NEWS
            before = self._known.get(incident)
            if is_old and before is None:
                continue
            name = (before or said[0]).title
            news += [replace(update, title=name) for update in said]
            if last.is_resolved:
                self._known.pop(incident, None)
            elif before is not None or len(self._known) < MOST_OPEN:
                self._known[incident] = news[-1]
        if feed.lists == "open":
            for incident in [one for one in self._known if one not in listed]:
                news.append(_gone(self._known.pop(incident), now))
        return tuple(news)


def _gone(before: Update, now: float) -> Update:
    return Update(
        incident=before.incident, id=f"{before.id}/gone", title=before.title, text="", phase="resolved", impact=before.impact,
        is_resolved=True, time=now, services=before.services, link=before.link,
    )  # fmt: skip


def events_from(feed: Feed, body: bytes, known: OpenIncidents, now: float) -> tuple[Event, ...]:
    """Read what was fetched of a feed into events.

    Parameters
    ----------
    feed
        Whose it is.
    body
        As fetched.
    known
        Its open incidents, which are brought up to date.
    now
        Seconds since 1970: when it was fetched.

    Raises
    ------
    freehold.errors.BadSignal
        If the body is not of the feed's form; then nothing of it was taken.
    """
    return tuple(_event(feed, update, now) for update in known.take(feed, read_updates(feed.form, body), now))


def _event(feed: Feed, update: Update, now: float) -> Event:
    data: dict[str, Json] = {
        "freehold.provider": feed.provider,
        "freehold.status.incident": update.incident,
        "freehold.status.title": update.title,
        "freehold.status.state": "resolved" if update.is_resolved else update.impact or "open",
        "freehold.status.resolved": update.is_resolved,
    }
    for name, value in (("phase", update.phase), ("impact", update.impact), ("text", update.text), ("link", update.link)):
        if value:
            data[f"freehold.status.{name}"] = value
    if update.services:
        data["freehold.status.services"] = list(update.services)
    if update.id.endswith("/gone"):
        data["freehold.status.by_absence"] = True
    return Event(f"{SOURCE}/{feed.id}", update.id, TYPE, now if update.time is None else update.time, now, feed.provider, data)


def open_from_events(feed: Feed, events: Iterable[Event]) -> OpenIncidents:
    """What was open when events of a feed were last kept: for a start that goes on where the last one ended."""
    known: dict[str, Update] = {}
    for event in events:
        if event.type != TYPE or event.source != f"{SOURCE}/{feed.id}":
            continue
        data = event.data
        incident = str(data.get("freehold.status.incident", ""))
        if data.get("freehold.status.resolved"):
            known.pop(incident, None)
            continue
        services = data.get("freehold.status.services")
        known[incident] = Update(
            incident=incident, id=event.id, title=str(data.get("freehold.status.title", "")), text="",
            phase=str(data.get("freehold.status.phase", "")), impact=str(data.get("freehold.status.impact", "")),
            is_resolved=False, time=event.time, services=tuple(map(str, services)) if isinstance(services, list) else (),
            link=str(data.get("freehold.status.link", "")),
        )  # fmt: skip
    return OpenIncidents(dict(list(known.items())[-MOST_OPEN:]))
