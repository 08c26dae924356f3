"""How an alert stands, as a value: for the API, for a page."""

from __future__ import annotations

from dataclasses import dataclass

from freehold.watch.alert import Alert

__all__ = ["AlertStatus"]


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """How an alert stands.

    Parameters
    ----------
    alert
        The alert; its end is when it counts as ended unless it is said again.
    fingerprint
        Its name.
    state
        ``unprocessed`` before its group's first turn, ``active``, or ``suppressed``.
    silenced_by, inhibited_by
        Ids of silences; fingerprints of alerts.
    receivers
        Who is told of it, by name.
    """

    alert: Alert
    fingerprint: str
    state: str
    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]
    receivers: tuple[str, ...]
