"""What is to be told about one group of alerts, as a value. Owns the seam between the alert core and who is told.

A notification has a *key*: the same state of the same group has the same key, also after a crash, so that whoever is told
twice can drop the second. A state that is told again on purpose (after ``repeat_interval``, or since an alert came back) has
another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from freehold.watch.alert import Alert, Labels

__all__ = ["Notification", "fingerprint", "state_key"]


def fingerprint(labels: Labels) -> str:
    """Sixteen hexadecimal digits that name an alert: the first 64 bits of BLAKE2b over its labels.

    Alertmanager's own are as long, but made otherwise (FNV-1a): the same alert has another there.
    """
    text = "\xff".join(["\xfe".join(pair) for pair in labels])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def state_key(run: int, channel: str, told: int, firing: Iterable[str], resolved: Iterable[str]) -> str:
    """The idempotency key of a notification.

    Parameters
    ----------
    run
        The number of the group: a new one each time that the group begins anew.
    channel
        Who is told.
    told
        How many were told to that channel in this run.
    firing, resolved
        Fingerprints of the alerts.
    """
    text = "\n".join((channel, *sorted(firing), "-", *sorted(resolved)))
    return f"{run}.{told}.{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Notification:
    """What one channel is to be told about one group.

    Parameters
    ----------
    key
        The same for the same state of the same group: drop a second one.
    group
        Which group, in Alertmanager's notation: stays the same for as long as the route does.
    receiver
        Whose the channel is, by the name in the routes.
    channel
        Who is told.
    labels
        What the group's alerts have in common by its route's ``group_by``.
    alerts
        Those that fire (without an end) and those that have ended since the last time, in one order.
    state
        ``firing`` while any alert fires, else ``resolved``.
    at
        When it was found to be due, in seconds since 1970.
    """

    key: str
    group: str
    receiver: str
    channel: str
    labels: Labels
    alerts: tuple[Alert, ...]
    state: str
    at: float

    @property
    def firing(self) -> tuple[Alert, ...]:
        """The alerts that fire."""
        return tuple(alert for alert in self.alerts if alert.ends > self.at)

    @property
    def resolved(self) -> tuple[Alert, ...]:
        """The alerts that have ended."""
        return tuple(alert for alert in self.alerts if alert.ends <= self.at)
