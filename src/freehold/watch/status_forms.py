"""The forms in which providers publish how they are, read into updates of incidents. Owns those forms; fetches nothing.

``statuspage``
    ``incidents.json`` and ``summary.json`` of Atlassian's Statuspage, which others (incident.io, Instatus) serve too.
``google``
    ``incidents.json`` of Google Cloud's dashboard.
``syndication``
    RSS 2.0 and Atom. What is resolved is told by the words that publishers put into titles and texts.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from freehold.errors import BadSignal
from freehold.watch.attributes import shortened
from freehold.watch.json_body import read_json
from freehold.watch.rfc3339 import parse_moment

__all__ = ["FORMS", "MOST_INCIDENTS", "Update", "read_updates"]

MOST_INCIDENTS: Final = 500
_MOST_UPDATES: Final = 200
_LONGEST: Final = 300
_LONGEST_TEXT: Final = 1_000
_MOST_SERVICES: Final = 32
_RESOLVED: Final = frozenset({"resolved", "completed", "postmortem", "available"})
_TAG: Final = re.compile(r"<[^<>]{0,2000}>")
_SPACE: Final = re.compile(r"\s+")
_STATE: Final = re.compile(
    r"\b(investigating|identified|monitoring|resolved|completed|in progress|scheduled|verifying|postmortem|update)\b\s*[-:–\]]",
    re.IGNORECASE,
)
_BEFORE: Final = re.compile(
    r"^(?:\[?(?:investigating|identified|monitoring|resolved|mitigated|completed|update|scheduled|in progress)\]?"
    r"\s{0,3}[:–-]?\s+)+",
    re.IGNORECASE,
)
_OVER: Final = re.compile(r"\bresolved\b|\bmitigated\b|operating normally|\bcompleted\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Update:
    """One thing that a provider said about one incident.

    Parameters
    ----------
    incident, id
        Its id, and that of what was said.
    title, text
        As published, without markup, cut.
    phase
        The publisher's word in lower case: ``investigating``, ``identified``, ``monitoring``, ``resolved``…; empty if none.
    impact
        How bad it is said to be: ``minor``, ``major``, ``critical``, ``partial_outage``, ``major_outage``, ``maintenance``…;
        empty if that is not said.
    is_resolved
        Whether the incident is over by it.
    time
        When it was said, in seconds since 1970; ``None`` if that is not stated.
    services
        What it concerns.
    link
        A page about it.
    """

    incident: str
    id: str
    title: str
    text: str
    phase: str
    impact: str
    is_resolved: bool
    time: float | None
    services: tuple[str, ...] = ()
    link: str = ""


def read_updates(form: str, body: bytes) -> tuple[Update, ...]:
    """Read what was fetched.

    Parameters
    ----------
    form
        One of :data:`FORMS`.
    body
        As fetched.

    Returns
    -------
    tuple of Update
        Oldest first for each incident; of at most :data:`MOST_INCIDENTS` incidents, as they stand in the body.

    Raises
    ------
    freehold.errors.BadSignal
        If it is not of that form.
    """
    return tuple(FORMS[form](body))


def _moment(text: str | None) -> float | None:
    try:
        return parse_moment(text) if text else None
    except ValueError:
        return None


def _plain(text: str | None, most: int = _LONGEST) -> str:
    bare = html.unescape(_TAG.sub(" ", (text or "")[: 20 * most]))
    return shortened(_SPACE.sub(" ", _TAG.sub(" ", bare)).strip(), most)


def _title(text: str | None) -> str:
    """A title without the word on how far it is that some put before it: the same incident keeps one name."""
    return _BEFORE.sub("", _plain(text)) or _plain(text)


def _digest(*parts: str | None) -> str:
    return hashlib.blake2b("\0".join(part or "" for part in parts).encode("utf-8", "replace"), digest_size=8).hexdigest()


# Statuspage


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


class _Said(msgspec.Struct, frozen=True):
    id: str
    status: str = ""
    body: str | None = None
    display_at: str | None = None
    created_at: str | None = None
    affected_components: list[_Named] | None = None


class _Incident(msgspec.Struct, frozen=True):
    id: str
    name: str
    status: str = ""
    impact: str | None = None
    shortlink: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    incident_updates: list[_Said] | None = None
    components: list[_Named] | None = None


class _Page(msgspec.Struct, frozen=True):
    incidents: list[_Incident]
    scheduled_maintenances: list[_Incident] | None = None


_PAGE: Final = msgspec.json.Decoder(_Page)


def _statuspage(body: bytes) -> Iterator[Update]:
    page = read_json(body, _PAGE, "a Statuspage list of incidents")
    for incident in [*page.incidents, *(page.scheduled_maintenances or ())][:MOST_INCIDENTS]:
        said = (incident.incident_updates or [])[:_MOST_UPDATES][::-1]
        if not said:
            said = [_Said(incident.status or "none", incident.status, None, incident.updated_at or incident.created_at)]
        for one in said:
            state = one.status.lower()
            named = one.affected_components or incident.components or ()
            yield Update(
                incident=incident.id,
                id=f"{incident.id}/{one.id}",
                title=_title(incident.name),
                text=_plain(one.body, _LONGEST_TEXT),
                phase=state[:40],
                impact=(incident.impact or "").lower()[:40],
                is_resolved=state in _RESOLVED,
                time=_moment(one.display_at) or _moment(one.created_at),
                services=tuple(_plain(service.name) for service in named[:_MOST_SERVICES] if service.name),
                link=shortened(incident.shortlink or "", _LONGEST),
            )


# Google Cloud


class _Titled(msgspec.Struct, frozen=True):
    title: str = ""


class _GoogleSaid(msgspec.Struct, frozen=True):
    created: str | None = None
    when: str | None = None
    text: str | None = None
    status: str | None = None


class _GoogleIncident(msgspec.Struct, frozen=True):
    id: str
    begin: str | None = None
    end: str | None = None
    external_desc: str | None = None
    updates: list[_GoogleSaid] | None = None
    status_impact: str | None = None
    service_name: str | None = None
    affected_products: list[_Titled] | None = None
    uri: str | None = None


_GOOGLE_IMPACT: Final = {
    "SERVICE_OUTAGE": "major_outage", "SERVICE_DISRUPTION": "partial_outage", "SERVICE_INFORMATION": "minor",
}  # fmt: skip
_GOOGLE: Final = msgspec.json.Decoder(list[_GoogleIncident])


def _google(body: bytes) -> Iterator[Update]:
    for incident in read_json(body, _GOOGLE, "a list of Google Cloud's incidents")[:MOST_INCIDENTS]:
        said = (incident.updates or [])[:_MOST_UPDATES][::-1]
        products = [product.title for product in incident.affected_products or () if product.title]
        last = len(said) - 1
        for place, one in enumerate(said or [_GoogleSaid(incident.begin, incident.begin, None, None)]):
            state = (one.status or "").lower()
            # an incident that has an end is over, whatever the last word was
            over = state in _RESOLVED or (place >= last and bool(incident.end))
            yield Update(
                incident=incident.id,
                id=f"{incident.id}/{_digest(one.created, one.when, one.status, incident.end if place >= last else None)}",
                title=_title(incident.external_desc),
                text=_plain(one.text, _LONGEST_TEXT),
                phase="resolved" if over else state[:40],
                impact=_GOOGLE_IMPACT.get(incident.status_impact or "", (incident.status_impact or "").lower()[:40]),
                is_resolved=over,
                time=_moment(one.when) or _moment(one.created),
                services=tuple(_plain(name) for name in (products or [incident.service_name or ""])[:_MOST_SERVICES] if name),
                link=shortened(incident.uri or "", _LONGEST),
            )


# RSS and Atom


def _named(element: Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _parts(entry: Element) -> dict[str, Element]:
    parts: dict[str, Element] = {}
    for part in entry:
        parts.setdefault(_named(part), part)
    return parts


def _text(parts: Mapping[str, Element], *names: str) -> str:
    for name in names:
        if name in parts:
            text = "".join(parts[name].itertext()).strip()
            if text:
                return text
    return ""


def _date(text: str) -> float | None:
    moment = _moment(text)
    if moment is not None or not text:
        return moment
    try:
        return parsedate_to_datetime(text[:100]).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def _syndication(body: bytes) -> Iterator[Update]:
    try:
        root = ElementTree.fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise BadSignal(f"the body is neither RSS nor Atom ({type(error).__name__}: {error}).") from None
    if _named(root) not in ("rss", "feed", "rdf"):
        raise BadSignal(f"the body is neither RSS nor Atom: it begins with '{_named(root)[:40]}'.")
    count = 0
    for entry in root.iter():
        if _named(entry) not in ("item", "entry"):
            continue
        count += 1
        if count > MOST_INCIDENTS:
            return
        update = _entry(entry)
        if update is not None:
            yield update


def _entry(entry: Element) -> Update | None:
    parts = _parts(entry)
    link = _text(parts, "link") or (parts["link"].get("href") or "" if "link" in parts else "")
    title, said = _plain(_text(parts, "title")), _text(parts, "description", "content", "summary", "encoded")
    incident = shortened(_text(parts, "guid", "id") or link or title, _LONGEST)
    if not incident:
        return None
    text = _plain(said, _LONGEST_TEXT)
    stamp = _text(parts, "updated", "pubdate", "published", "date")
    # the newest word of a text that has several stands first
    word = _STATE.search(title + " ") or _STATE.search(text[:400])
    state = word[1].lower() if word else ""
    over = state in _RESOLVED or (state in ("", "update") and _OVER.search(title) is not None)
    return Update(
        incident=incident,
        id=f"{incident}/{_digest(title, said, stamp)}",
        title=_title(title),
        text=text,
        phase="resolved" if over and state not in _RESOLVED else state,
        impact="",
        is_resolved=over,
        time=_date(stamp),
        link=shortened(link, _LONGEST),
    )


FORMS: Final[Mapping[str, Callable[[bytes], Iterator[Update]]]] = {
    "statuspage": _statuspage,
    "google": _google,
    "syndication": _syndication,
}
"""The forms, and what reads each."""
