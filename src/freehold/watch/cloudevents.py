"""Events in the envelope of CloudEvents 1.0 over HTTP. Owns the seam between that envelope and :class:`Event`.

All three content modes of the HTTP binding are read: structured (``application/cloudevents+json``), batched
(``application/cloudevents-batch+json``) and binary (the envelope in ``ce-`` headers, the data in the body). What ``data``
holds becomes the attributes of the event; an extension attribute is one too. Data that is no JSON object is kept under the
name ``data``, bytes as they came in base64 under ``data_base64``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final

from freehold.errors import BadSignal
from freehold.watch.attributes import flatten
from freehold.watch.event import Event, Json
from freehold.watch.json_body import read_any_json
from freehold.watch.rfc3339 import format_moment, parse_moment

__all__ = ["BATCH", "MOST_EVENTS", "STRUCTURED", "as_cloudevent", "parse"]

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
MOST_EVENTS: Final = 10_000
"""Events of one batch."""
_LONGEST: Final = {"id": 512, "source": 2_048, "type": 512, "subject": 2_048}
_ENVELOPE: Final = frozenset(
    {"specversion", "id", "source", "type", "time", "subject", "datacontenttype", "dataschema", "data", "data_base64"}
)
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_NAME: Final = re.compile(r"[a-z0-9]{1,64}", re.ASCII)
_JSON: Final = re.compile(r"[^/;\s]+/(?:json|[^/;\s]+\+json)\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_HEADER: Final = "ce-"
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')


def parse(headers: Mapping[str, str], body: bytes, now: float) -> tuple[Event, ...]:
    """Read the events of one HTTP message.

    Parameters
    ----------
    headers
        Of the message; case does not matter.
    body
        Of the message, no longer compressed.
    now
        Seconds since 1970: when it was received, and the time of an event that states none.

    Raises
    ------
    freehold.errors.BadSignal
        If one of them is not an event of CloudEvents 1.0, or over a limit: then none is taken, and the message says which.
    """
    named = {name.lower(): value for name, value in headers.items()}
    content_type = named.get("content-type", "")
    media = content_type.partition(";")[0].strip().lower()
    if media == BATCH:
        return _batch(read_any_json(body, "a list of CloudEvents"), now)
    if media == STRUCTURED:
        return (_event(read_any_json(body, "a CloudEvent"), now, "the event"),)
    if media.startswith("application/cloudevents"):
        raise BadSignal(f"events as '{media}' are not read. Send {STRUCTURED}, {BATCH}, or ce- headers.")
    return (_binary(named, content_type, body, now),)


def _batch(values: Any, now: float) -> tuple[Event, ...]:
    if not isinstance(values, list):
        raise BadSignal(f"a body of type {BATCH} is a JSON list of events. For one event, send {STRUCTURED}.")
    if len(values) > MOST_EVENTS:
        raise BadSignal(f"the batch has {len(values)} events, and at most {MOST_EVENTS} are taken at once. Send smaller ones.")
    return tuple([_event(one, now, place) for place, one in enumerate(values)])


def _event(value: Any, now: float, place: str | int) -> Event:
    try:
        if type(value) is not dict:
            raise BadSignal("it is no JSON object")
        return _read(value, now)
    except BadSignal as error:
        where = f"event {place} of the batch" if isinstance(place, int) else place
        raise BadSignal(f"{where} is refused: {str(error).rstrip('.')}. Nothing of the message was taken.") from None


def _text(value: Mapping[str, Any], name: str, *, needed: bool) -> str:
    text = value.get(name)
    if text is None and not needed:
        return ""
    if text is None:
        raise BadSignal(f"it has no '{name}', which CloudEvents 1.0 requires")
    if type(text) is not str or not text:
        raise BadSignal(f"its '{name}' is not a text with something in it")
    if len(text) > _LONGEST[name]:
        raise BadSignal(f"its '{name}' has {len(text)} characters, and at most {_LONGEST[name]} are taken")
    if not text.isprintable() and _CONTROL.search(text):
        raise BadSignal(f"its '{name}' holds a control character")
    return text


def _read(value: Mapping[str, Any], now: float) -> Event:
    version = value.get("specversion")
    if version != "1.0":
        shown = "none" if version is None else repr(version)[:40]
        raise BadSignal(f"its specversion is {shown}, and 1.0 is read")
    time = value.get("time")
    if time is not None:
        if type(time) is not str:
            raise BadSignal("its 'time' is no text")
        try:
            moment = parse_moment(time)
        except ValueError as error:
            raise BadSignal(f"its 'time' {error}") from None
    else:
        moment = now
    return Event(
        source=_text(value, "source", needed=True),
        id=_text(value, "id", needed=True),
        type=_text(value, "type", needed=True),
        time=moment,
        received=now,
        subject=_text(value, "subject", needed=False),
        data=_attributes(value),
    )


def _attributes(value: Mapping[str, Any]) -> dict[str, Json]:
    data = value.get("data")
    kind = value.get("datacontenttype")
    if kind is not None and (type(kind) is not str or not kind):
        raise BadSignal("its 'datacontenttype' is no media type")
    given: dict[str, Any] = {}
    encoded = value.get("data_base64")
    if encoded is not None:
        if "data" in value:
            raise BadSignal("it has both 'data' and 'data_base64'. Send one")
        given = _from_base64(encoded, kind)
    elif type(data) is dict:
        given = data
    elif data is not None:
        given = {"data": data}
    if len(value) > 4 and not value.keys() <= _ENVELOPE:
        given = {**_extensions(value), **given}
    return flatten(given) if given else {}


def _from_base64(encoded: Any, kind: str | None) -> dict[str, Any]:
    if type(encoded) is not str:
        raise BadSignal("its 'data_base64' is no text")
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise BadSignal("its 'data_base64' is not base64") from None
    if kind is not None and _JSON.fullmatch(kind):
        decoded = read_any_json(content, "the data that its type says")
        return decoded if type(decoded) is dict else {"data": decoded}
    return {"data_base64": encoded}


def _extensions(value: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, one in value.items():
        if name in _ENVELOPE or one is None:
            continue
        if not _NAME.fullmatch(name):
            raise BadSignal(f"its attribute '{name[:80]}' has other characters than a to z and 0 to 9")
        if type(one) not in (str, int, bool):
            raise BadSignal(f"its attribute '{name}' is neither text, whole number nor boolean. Put it into 'data'")
        if type(one) is str and not one.isprintable() and _CONTROL.search(one):
            raise BadSignal(f"its attribute '{name}' holds a control character")
        found[name] = one
    return found


def _unescaped(name: str, text: str) -> str:
    """A header's value as the HTTP binding 3.1.3.2 says: quotes first, then one round of percent-decoding."""
    text = text.strip()
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        text = re.sub(r"\\(.)", r"\1", quoted[1])
    if "%" not in text and text.isascii():
        return text
    try:
        # servers hand out header bytes beyond ASCII as surrogates; a sender of them meant UTF-8
        raw = text.encode("utf-8", "surrogateescape")
        decoded = re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes((int(found[1], 16),)), raw)
        return decoded.decode("utf-8")
    except UnicodeError:
        raise BadSignal(f"the header '{name}' is not UTF-8 after percent-decoding. Encode it as UTF-8.") from None


def _binary(headers: Mapping[str, str], content_type: str, body: bytes, now: float) -> Event:
    value: dict[str, Any] = {}
    for name, text in headers.items():
        if name.startswith(_HEADER):
            value[name.removeprefix(_HEADER)] = _unescaped(name, text)
    if "specversion" not in value:
        raise BadSignal(
            f"this is no CloudEvent: its content type is '{content_type[:80]}' and it has no ce- headers. "
            f"Send {STRUCTURED}, {BATCH}, or the headers ce-specversion, ce-id, ce-source and ce-type."
        )
    if "datacontenttype" in value:
        raise BadSignal("ce-datacontenttype is not allowed. Content-Type says what the data is.")
    if value.keys() & {"data", "data_base64"}:
        raise BadSignal("data is no attribute. Put it into the body.")
    if content_type:
        value["datacontenttype"] = content_type
    if body:
        _put_body(value, content_type, body)
    return _event(value, now, "the event")


def _put_body(value: dict[str, Any], content_type: str, body: bytes) -> None:
    if not content_type or _JSON.fullmatch(content_type):
        value["data"] = read_any_json(body, "the data that its type says")
    elif content_type.lower().startswith("text/") or "xml" in content_type.lower():
        try:
            value["data"] = body.decode("utf-8")
        except UnicodeDecodeError:
            raise BadSignal("the data is not UTF-8. Send text as UTF-8.") from None
    else:
        value["data_base64"] = base64.b64encode(body).decode("ascii")


def as_cloudevent(event: Event) -> dict[str, Json]:
    """Give an event as the JSON object that :func:`parse` reads, for a batch or alone."""
    envelope: dict[str, Json] = {
        "specversion": "1.0", "id": event.id, "source": event.source, "type": event.type, "time": format_moment(event.time),
    }  # fmt: skip
    if event.subject:
        envelope["subject"] = event.subject
    if event.data:
        envelope["data"] = dict(event.data)
    return envelope
