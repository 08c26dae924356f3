"""What an alert may be: how many labels, how long. Owns the limits that keep one sender from filling the memory."""

from __future__ import annotations

import math
from typing import Final

from freehold.errors import BadSignal
from freehold.watch.alert import Alert

__all__ = ["MOST_ALERTS", "MOST_CHARACTERS_HELD", "check_alert", "size_of"]

MOST_ALERTS: Final = 50_000
"""How many alerts are held; over it those that ended longest ago go first, then new ones are refused."""

MOST_CHARACTERS_HELD: Final = 200_000_000
"""How many characters the labels and annotations of all alerts may have together."""

_MOST_LABELS: Final = 64
_LONGEST_NAME: Final = 256
_MOST_CHARACTERS: Final = 65_536


def size_of(alert: Alert) -> int:
    """How many characters an alert's labels and annotations have."""
    size = 0
    for name, value in alert.labels:
        size += len(name) + len(value)
    for name, value in alert.annotations:
        size += len(name) + len(value)
    return size


def check_alert(alert: Alert) -> None:
    """See that an alert is one, and within the limits.

    Raises
    ------
    freehold.errors.BadSignal
        If it has no label, a time that is none, or is too large.
    """
    if not alert.labels:
        raise BadSignal("an alert has no label: nothing says which it is. Give it at least alertname.")
    for what, pairs in (("labels", alert.labels), ("annotations", alert.annotations)):
        if len(pairs) > _MOST_LABELS:
            raise BadSignal(f"an alert has {len(pairs):,} {what}; at most {_MOST_LABELS} are taken. Send fewer.")
    before = ""
    for name, _ in alert.labels:
        if not name > before:
            raise BadSignal("an alert's labels are not in order, or one has no name or is there twice. Sort them by name.")
        before = name
    if size_of(alert) > _MOST_CHARACTERS or max(len(name) for name, _ in alert.labels) > _LONGEST_NAME:
        raise BadSignal(
            f"an alert is longer than {_MOST_CHARACTERS:,} characters, or a label's name than {_LONGEST_NAME}. Shorten it."
        )
    if not math.isfinite(alert.starts) or math.isnan(alert.ends) or alert.ends == -math.inf:
        raise BadSignal("an alert's start is no moment, or its end is none. Write both as in 2026-01-31T12:00:00Z.")
    # JSON cannot say half a character, and neither can a file
    try:
        for pair in (*alert.labels, *alert.annotations):
            "".join(pair).encode()
    except UnicodeEncodeError:
        raise BadSignal("an alert holds half a character (a lone surrogate). Send valid Unicode.") from None
