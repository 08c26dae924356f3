"""One stream of alerts and silences with its moments, for Alertmanager and Freehold alike: grouping, inhibition, silence, ends.

Every alert carries a label ``case``, and every case has groups of its own, so that all cases go on at once. Groups wait 0.5 s
and are then looked at every 2 s: at 0.5, 2.5, 4.5 … s. Everything else happens half-way between, so that a machine that is
busy changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["CASES", "CONFIGURATION", "RESTART", "Case", "Step"]

CONFIGURATION: Final = """
global: {{resolve_timeout: 3s}}
route:
  receiver: hook
  group_by: [case]
  group_wait: 500ms
  group_interval: 2s
  repeat_interval: 5s
  routes:
  - {{matchers: ['case="routes"', 'severity="red"'], receiver: phone, continue: true}}
  - {{matchers: ['case="routes"', 'severity=~"red|orange"'], receiver: chat, group_by: ['...']}}
  - {{matchers: ['case=~"ends unheard.*"'], receiver: deaf}}
  - {{matchers: ['case="muted time"'], mute_time_intervals: [always]}}
  - {{matchers: ['case="by item"'], group_by: [case, item]}}
time_intervals:
- name: always
  time_intervals: [{{times: [{{start_time: '00:00', end_time: '24:00'}}]}}]
inhibit_rules:
- {{source_matchers: ['role="source"'], target_matchers: ['role="target"'], equal: [case, item]}}
- {{source_matchers: ['role=~"both|first"'], target_matchers: ['role=~"both|last"'], equal: [case]}}
receivers:
- {{name: hook, webhook_configs: [{{url: '{address}'}}]}}
- {{name: phone, webhook_configs: [{{url: '{address}'}}]}}
- {{name: chat, webhook_configs: [{{url: '{address}'}}]}}
- {{name: deaf, webhook_configs: [{{url: '{address}', send_resolved: false}}]}}
"""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens.

    Parameters
    ----------
    at
        Seconds after the beginning.
    does
        ``fire``, ``end``, ``silence`` (for as long as ``lasts``), ``expire`` (the silence of the case).
    name
        The alert's ``alertname``, or what the silence matches.
    labels
        More labels.
    lasts
        Of a silence: seconds. Of an alert: after how many it ends by itself; ``0`` is never, ``-1`` says no end at all.
    old
        How many seconds ago the alert began; by default now.
    summary
        The annotation.
    """

    at: float
    does: str
    name: str = "A"
    labels: Mapping[str, str] = field(default_factory=dict)
    lasts: float = 0.0
    old: float = 0.0
    summary: str = "it fails"


@dataclass(frozen=True, slots=True)
class Case:
    """Steps that belong together.

    Parameters
    ----------
    name
        What they show.
    steps
        In order.
    differs
        Why Freehold tells something else; empty if it must tell the same.
    """

    name: str
    steps: tuple[Step, ...]
    differs: str = ""


_SOURCE: Final = {"role": "source"}
_TARGET: Final = {"role": "target"}

CASES: Final = (
    Case("group", (Step(0, "fire", "A"), Step(0.2, "fire", "B"), Step(1.5, "fire", "C"), Step(5.5, "end", "B"))),
    Case(
        "by item",
        (
            Step(0, "fire", "A", {"item": "x"}),
            Step(0, "fire", "B", {"item": "y"}),
            Step(0, "fire", "C"),
            Step(3.5, "end", "A", {"item": "x"}),
        ),
    ),
    Case(
        "routes",
        (
            Step(0, "fire", "A", {"severity": "red"}),
            Step(0, "fire", "B", {"severity": "orange"}),
            Step(0, "fire", "C"),
            Step(3.5, "end", "A", {"severity": "red"}),
        ),
    ),
    Case("muted time", (Step(0, "fire", "A"), Step(3.5, "end", "A"))),
    Case("repeat", (Step(0, "fire", "A"), Step(13.5, "end", "A"))),
    Case("sent again and again", tuple(Step(at, "fire", "A", lasts=4) for at in (0, 1.5, 3.5, 5.5, 7.5))),
    Case("time-out", (Step(0, "fire", "A", lasts=-1), Step(1.5, "fire", "A", lasts=-1))),
    Case("no end after an end", (Step(0, "fire", "A", lasts=7), Step(1.5, "fire", "A", lasts=-1))),
    Case("end", (Step(0, "fire", "A"), Step(3.5, "end", "A"), Step(5.5, "end", "A"))),
    Case("end of what is unknown", (Step(0, "end", "A"),)),
    Case("never told", (Step(0, "fire", "A"), Step(0.2, "end", "A"))),
    Case("flap within an interval", (Step(0, "fire", "A"), Step(1.2, "end", "A"), Step(1.8, "fire", "A"))),
    Case("back soon", (Step(0, "fire", "A"), Step(1.5, "end", "A"), Step(3.5, "fire", "A"))),
    Case("two senders", (Step(0, "fire", "A", summary="one"), Step(0.2, "fire", "A", summary="two"), Step(1.5, "end", "A"))),
    Case("ends unheard", (Step(0, "fire", "A"), Step(1.5, "end", "A"), Step(3.5, "fire", "A"))),
    Case("source first", (Step(0, "fire", "S", _SOURCE), Step(0.2, "fire", "T", _TARGET), Step(5.5, "end", "S", _SOURCE))),
    Case(
        "source in the wait", (Step(0, "fire", "T", _TARGET), Step(0.2, "fire", "S", _SOURCE), Step(3.5, "end", "T", _TARGET))
    ),
    Case("source after", (Step(0, "fire", "T", _TARGET), Step(1.5, "fire", "S", _SOURCE), Step(9.5, "end", "S", _SOURCE))),
    Case(
        "other item",
        (
            Step(0, "fire", "S", {**_SOURCE, "item": "x"}),
            Step(0, "fire", "T", {**_TARGET, "item": "x"}),
            Step(0, "fire", "U", {**_TARGET, "item": "y"}),
        ),
    ),
    Case(
        "source and target",
        (
            Step(0, "fire", "A", {"role": "both"}),
            Step(0, "fire", "B", {"role": "both"}),
            Step(0, "fire", "C", {"role": "last"}),
        ),
    ),
    Case(
        "silence first",
        (Step(0, "silence", "A", lasts=600), Step(0.2, "fire", "A"), Step(0.2, "fire", "B"), Step(5.5, "expire")),
    ),
    Case("silence that ends", (Step(0, "silence", "A|B", lasts=3.5), Step(0.2, "fire", "A"), Step(0.2, "fire", "B"))),
    Case("silence after", (Step(0, "fire", "A"), Step(1.5, "silence", "A", lasts=600), Step(9.5, "expire"))),
    # where Freehold says something else on purpose
    Case(
        "end under a silence",
        (Step(0, "fire", "A"), Step(0, "fire", "B"), Step(1.5, "silence", "A", lasts=600), Step(3.5, "end", "A")),
        "an end is told although the alert is silenced, if it was told before",
    ),
    Case(
        "end under inhibition",
        (Step(0, "fire", "T", _TARGET), Step(1.5, "fire", "S", _SOURCE), Step(3.5, "end", "T", _TARGET)),
        "an end is told although the alert is inhibited, if it was told before",
    ),
    Case(
        "source and target end at once",
        (
            Step(0, "fire", "S", _SOURCE),
            Step(0, "fire", "T", _TARGET),
            Step(3.5, "end", "T", _TARGET),
            Step(3.5, "end", "S", _SOURCE),
        ),
        "no end is told of an alert that was never told",
    ),
    Case(
        "ended before it was told",
        (Step(0, "fire", "A"), Step(0, "fire", "B"), Step(0.2, "end", "B")),
        "no end is told of an alert that was never told",
    ),
    Case(
        "an end beside a silence",
        (Step(0, "fire", "A"), Step(1.5, "silence", "A", lasts=600), Step(1.5, "fire", "B"), Step(1.8, "end", "B")),
        "no end is told of an alert that was never told",
    ),
    Case(
        "an old alert before its source",
        (Step(0, "fire", "T", _TARGET, old=3_600), Step(0.3, "fire", "S", _SOURCE, old=3_600)),
        "an alert that began long ago waits for the group like any other",
    ),
    Case(
        "ends unheard, and back",
        (Step(0, "fire", "A"), Step(0, "fire", "B"), Step(1.5, "end", "A"), Step(3.5, "fire", "A")),
        "who hears of no ends hears of an alert that comes back",
    ),
)

RESTART: Final = Case(
    "restart",
    (Step(0, "fire", "T", _TARGET, old=3_600), Step(1.5, "fire", "S", _SOURCE, old=3_600)),
    "after a restart an inhibited alert stays quiet: what mutes it is known before anything is told",
)
"""What is sent after a restart, of alerts that both fired before it and were quiet in part."""
