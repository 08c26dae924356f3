"""Alerts as Prometheus and Alertmanager send them. Owns the seam between those two forms and :class:`Alert`.

``POST /api/v2/alerts`` is what Prometheus sends to an Alertmanager, so that it can be pointed here; a webhook of version 4
is what an Alertmanager sends on. What is unset, and what is not valid, is decided as Alertmanager decides it: a label
without a value is none, a moment of the year 1 is unset, an alert without a start begins now (or at its end), and one that
is not valid is refused without harm to the others.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from freehold.errors import BadSignal
from freehold.watch.alert import Alert, Labels
from freehold.watch.json_body import read_json
from freehold.watch.rfc3339 import parse_moment

__all__ = ["GENERATOR", "MOST_ALERTS", "Alerts", "parse_alerts", "parse_webhook", "read_alerts", "read_webhook"]

GENERATOR: Final = "generatorURL"
"""The annotation that keeps the link to what raised an alert."""
MOST_ALERTS: Final = 20_000
"""Alerts of one message."""
_MOST_LABELS: Final = 64
_LONGEST_LABEL: Final = 2_048
_LONGEST_ANNOTATION: Final = 16_384
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_UNSET: Final = -62135596800.0
"""0001-01-01T00:00:00Z, the zero of Go's time."""


class _Posted(msgspec.Struct, frozen=True, rename="camel", gc=False):
    labels: dict[str, str]
    annotations: dict[str, str] | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    generator_url: str | None = msgspec.field(default=None, name=GENERATOR)


class _Sent(_Posted, frozen=True, gc=False):
    status: Literal["firing", "resolved"] = "firing"


class _Webhook(msgspec.Struct, frozen=True, rename="camel"):
    version: str
    alerts: list[_Sent]
    truncated_alerts: int = 0


_POSTED: Final = msgspec.json.Decoder(list[_Posted])
_WEBHOOK: Final = msgspec.json.Decoder(_Webhook)


@dataclass(frozen=True, slots=True)
class Alerts:
    """What one message held.

    Parameters
    ----------
    alerts
        The valid ones, in order.
    refused
        Why each other one is not valid, with its place.
    left_out
        Alerts that the sender itself left out of the message (``truncatedAlerts``).
    """

    alerts: tuple[Alert, ...]
    refused: tuple[str, ...] = ()
    left_out: int = 0


def read_alerts(body: bytes, now: float) -> Alerts:
    """Read the body of ``POST /api/v2/alerts``.

    Parameters
    ----------
    body
        A JSON list of alerts.
    now
        Seconds since 1970: when it was received.

    Raises
    ------
    freehold.errors.BadSignal
        If the whole body is not such a list, or too long.
    """
    posted = read_json(body, _POSTED, "a list of alerts as POST /api/v2/alerts takes it")
    return _all(posted, lambda one: _posted(one, now), 0)


def read_webhook(body: bytes, now: float) -> Alerts:
    """Read what an Alertmanager's webhook receiver is sent (version 4); see :func:`read_alerts`."""
    sent = read_json(body, _WEBHOOK, "a webhook of Alertmanager")
    if sent.version != "4":
        raise BadSignal(f"the webhook is of version '{sent.version[:40]}', and 4 is read. Nothing of it was taken.")
    return _all(sent.alerts, lambda one: _sent(one, now), max(0, sent.truncated_alerts))


def parse_alerts(body: bytes, now: float) -> tuple[Alert, ...]:
    """Read the body of ``POST /api/v2/alerts`` in which every alert must be valid.

    Raises
    ------
    freehold.errors.BadSignal
        If one of them is not.
    """
    return _only(read_alerts(body, now))


def parse_webhook(body: bytes, now: float) -> tuple[Alert, ...]:
    """Read a webhook in which every alert must be valid; see :func:`parse_alerts`."""
    return _only(read_webhook(body, now))


def _only(found: Alerts) -> tuple[Alert, ...]:
    if found.refused:
        raise BadSignal(f"{found.refused[0]} Nothing of the message was taken.")
    return found.alerts


def _all(given: list[_Posted] | list[_Sent], read: Callable[..., Alert], left_out: int) -> Alerts:
    if len(given) > MOST_ALERTS:
        raise BadSignal(f"the message has {len(given)} alerts, and at most {MOST_ALERTS} are taken at once. Send smaller ones.")
    alerts, refused = [], []
    for place, one in enumerate(given):
        try:
            alerts.append(read(one))
        except (BadSignal, ValueError) as error:
            refused.append(f"alert {place} is refused: {str(error).rstrip('.')}.")
    return Alerts(tuple(alerts), tuple(refused), left_out)


def _moment(text: str | None) -> float | None:
    if not text:
        return None
    moment = parse_moment(text)
    return None if moment <= _UNSET else moment


def _posted(one: _Posted, now: float) -> Alert:
    starts, ends = _moment(one.starts_at), _moment(one.ends_at)
    if starts is None:
        starts = now if ends is None else ends
    return _alert(one, starts, math.inf if ends is None else ends, now)


def _sent(one: _Sent, now: float) -> Alert:
    starts, ends = _moment(one.starts_at), _moment(one.ends_at)
    # the status decides: the sender's clock may go before ours or after it
    ends = min(now, now if ends is None else ends) if one.status == "resolved" else math.inf
    return _alert(one, min(ends, now if starts is None else starts), ends, now)


def _alert(one: _Posted, starts: float, ends: float, now: float) -> Alert:
    labels = _pairs((name, value) for name, value in one.labels.items() if value)
    if not labels:
        raise BadSignal("it has no label with a value")
    if starts > ends:
        raise BadSignal("it starts after its end")
    annotations: Mapping[str, str] = one.annotations or {}
    if one.generator_url and GENERATOR not in annotations:
        annotations = {**annotations, GENERATOR: one.generator_url}
    return Alert(labels, _pairs(annotations.items(), _LONGEST_ANNOTATION), starts, ends, now)


def _pairs(pairs: Iterable[tuple[str, str]], longest: int = _LONGEST_LABEL) -> Labels:
    found = tuple(sorted(pairs))
    if len(found) > _MOST_LABELS:
        raise BadSignal(f"it has {len(found)} labels or annotations, and at most {_MOST_LABELS} are taken")
    for name, value in found:
        if not _NAME.fullmatch(name):
            raise BadSignal(f"'{name[:80]}' is no name of a label: letters, digits and _ only, no digit first")
        if len(name) > 256 or len(value) > longest:
            raise BadSignal(f"'{name[:80]}' has more than {longest} characters")
    return found
