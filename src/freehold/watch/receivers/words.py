"""A notification in words, for people. Owns how many alerts are named before it says how many more there are."""

from __future__ import annotations

from typing import Final

from freehold.watch.alert import Alert
from freehold.watch.notification import Notification
from freehold.words import say

__all__ = ["line", "text", "title"]

_NAMED: Final = 20
_LONGEST: Final = 500


def _plain(said: str) -> str:
    """What senders wrote, without what could move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else " " for sign in said[:_LONGEST])


def _name(notification: Notification) -> str:
    shared = [value for name, value in notification.labels if name != "alertname"]
    names = sorted({alert.label("alertname") or say("alerts.unnamed") for alert in notification.alerts})
    first = names[0] if len(names) == 1 else say("alerts.and_more", name=names[0], count=len(names) - 1)
    return _plain(" ".join([first, *(f"({value})" for value in shared)]))


def title(notification: Notification) -> str:
    """A title of one line."""
    if notification.state == "resolved":
        return say("alerts.resolved", name=_name(notification))
    return say("alerts.firing", count=len(notification.firing), name=_name(notification))


def _said(alert: Alert, key: str) -> str:
    about = dict(alert.annotations)
    what = about.get("summary") or about.get("description") or " ".join(f"{name}={value}" for name, value in alert.labels)
    return say(key, what=_plain(what))


def text(notification: Notification) -> str:
    """What fires and what has ended, a line each."""
    lines = [_said(alert, "alerts.fires") for alert in notification.firing[:_NAMED]]
    lines += [_said(alert, "alerts.ended") for alert in notification.resolved[:_NAMED]]
    more = len(notification.alerts) - len(lines)
    if more:
        lines.append(say("alerts.more", count=f"{more:,}"))
    return "\n".join(lines)


def line(notification: Notification) -> str:
    """All in one line, for a terminal."""
    first = text(notification).partition("\n")[0]
    return f"{title(notification)}: {first}"
