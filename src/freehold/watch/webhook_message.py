"""A notification as Alertmanager's webhook says it, version 4. Owns that form.

Who is told twice by mistake can tell by ``Idempotency-Key``, a header beside it: the notification's key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from freehold.watch.alert import Alert, Labels
from freehold.watch.alertmanager import GENERATOR
from freehold.watch.notification import Notification, fingerprint
from freehold.watch.rfc3339 import format_moment

__all__ = ["NO_END", "message", "moment", "split_generator"]

NO_END: Final = "0001-01-01T00:00:00Z"
"""How Alertmanager writes that there is no end."""


class _Alert(msgspec.Struct, rename="camel", gc=False):
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: str
    ends_at: str
    generator_url: str = msgspec.field(name=GENERATOR)
    fingerprint: str


class _Message(msgspec.Struct, rename="camel"):
    receiver: str
    status: str
    alerts: list[_Alert]
    group_labels: dict[str, str]
    common_labels: dict[str, str]
    common_annotations: dict[str, str]
    external_url: str = msgspec.field(name="externalURL")
    version: str
    group_key: str
    truncated_alerts: int


def moment(seconds: float) -> str:
    """A stamp of RFC 3339; beyond the calendar the nearest that is within it."""
    try:
        return format_moment(seconds)
    except ValueError:
        return NO_END if seconds < 0 else "9999-12-31T23:59:59.999Z"


def split_generator(annotations: Labels) -> tuple[dict[str, str], str]:
    """Annotations, and apart from them the link to what raised the alert."""
    named = dict(annotations)
    return named, named.pop(GENERATOR, "")


def _common(all_of: Iterable[dict[str, str]]) -> dict[str, str]:
    several = iter(all_of)
    common = set(next(several, {}).items())
    for one in several:
        if not common:
            break
        common &= one.items()
    return dict(sorted(common))


def _alert(alert: Alert, at: float) -> _Alert:
    annotations, link = split_generator(alert.annotations)
    ended = alert.ends <= at
    return _Alert(
        "resolved" if ended else "firing", dict(alert.labels), annotations, moment(alert.starts),
        moment(alert.ends) if ended else NO_END, link, fingerprint(alert.labels),
    )  # fmt: skip


def message(notification: Notification, *, address: str = "", most: int = 10_000) -> bytes:
    """The body of the POST.

    Parameters
    ----------
    notification
        What is told.
    address
        Where the desk can be looked at (``externalURL``).
    most
        The most alerts in it; how many were left out stands in ``truncatedAlerts``.
    """
    told = [_alert(one, notification.at) for one in notification.alerts]
    kept = told[:most]
    return msgspec.json.encode(
        _Message(
            # Alertmanager quotes the name as for a regular expression
            re.escape(notification.receiver).replace("\\-", "-").replace("\\ ", " "),
            notification.state,
            kept,
            dict(notification.labels),
            _common(one.labels for one in kept),
            _common(one.annotations for one in kept),
            address,
            "4",
            notification.group,
            len(told) - len(kept),
        )
    )
