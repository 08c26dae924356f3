"""A desk in small for tests of alerts: a core with a clock that the test turns, and all that it was told."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from freehold.watch.alert import Alert, labels_from
from freehold.watch.alert_core import AlertCore
from freehold.watch.alert_store import AlertStore
from freehold.watch.matchers import parse_matchers
from freehold.watch.notification import Notification
from freehold.watch.routes import Routing, load_routes
from freehold.watch.silences import Silence

__all__ = ["Desk", "alert", "names", "routes", "silence"]


def routes(text: str) -> Routing:
    """Routes of which every interval is short: 10 s to wait, 60 s between, 1,000 s to repeat."""
    first, _, rest = text.partition("\n")
    head = 'receiver = "duty"\ngroup_wait = "10s"\ngroup_interval = "60s"\nrepeat_interval = "1000s"\n'
    return load_routes(f"[route]\n{head}{first}\n{rest}")


def alert(name: str, starts: float = 0.0, ends: float = math.inf, **labels: str) -> Alert:
    """An alert of a name."""
    return Alert(labels_from(alertname=name, **labels), (("summary", f"{name} is wrong"),), starts, ends)


def silence(matchers: str, starts: float, ends: float, known: str = "") -> Silence:
    """A silence of Ann's."""
    return Silence(known, parse_matchers(matchers), starts, ends, "Ann", "known")


def names(notification: Notification) -> tuple[str, str, str]:
    """What a notification says, in short: its receiver, who fires, who has ended."""
    said = [
        ",".join(dict(one.labels)["alertname"] for one in alerts) for alerts in (notification.firing, notification.resolved)
    ]
    return notification.receiver, said[0], said[1]


@dataclass
class Desk:
    """A core, its clock, and what was told.

    Parameters
    ----------
    routing
        Who is told what.
    path
        The file of the store; in memory without one.
    """

    routing: Routing
    path: Path | None = None
    channels: Mapping[str, Mapping[str, bool]] | None = None
    most: int = 50_000
    now: float = 1_000_000.0
    skew: float = 0.0
    """What the wall clock shows beyond the time that has passed."""
    tells: bool = True
    told: list[tuple[float, Notification]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Open the store and load what is there."""
        self.store = AlertStore.open(self.path)
        self.core = AlertCore(
            self.routing, self.store, self.wall, clock=lambda: self.now, channels=self.channels, most_alerts=self.most
        )

    @property
    def wall(self) -> float:
        """What the wall clock shows."""
        return self.now + self.skew

    def put(self, *alerts: Alert, resolve_after: float = math.inf) -> None:
        """Let alerts arrive, and be kept."""
        self.core.put(alerts, self.wall, resolve_after=resolve_after)
        self.core.commit()

    def run(self, seconds: float) -> list[tuple[str, str, str]]:
        """Let time pass, and say what was told meanwhile."""
        until = self.now + seconds
        found: list[Notification] = []
        while (due := self.core.next_due()) is not None:
            # as a loop does: it looks at least every 30 s, should the clock have gone back meanwhile
            wait = min(max(due - self.wall, 0.0), 30.0)
            if self.now + wait > until:
                break
            self.now += wait
            for one in self.core.due(self.wall):
                found.append(one)
                self.core.commit()
                if self.tells:
                    self.core.told(one.key)
            self.core.commit()
        self.now = until
        self.told += [(self.now, one) for one in found]
        return [names(one) for one in found]

    def crash(self) -> None:
        """End as kill -9 does: what was not committed is lost."""
        self.store._connection.close()
        if self.store._held is not None:
            os.close(self.store._held)
