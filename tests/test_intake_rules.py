"""What comes in meets the rules that come with Freehold: probes and status feeds warn, and what is over ends."""

from __future__ import annotations

import json
from typing import Any

from freehold.watch.alert import Alert
from freehold.watch.engine import RuleEngine
from freehold.watch.event import Event
from freehold.watch.probe_plan import Probe
from freehold.watch.probes import SOURCE, TYPE
from freehold.watch.rules import built_in_rules
from freehold.watch.status_feeds import Feed, OpenIncidents, events_from

NOW = 1_772_357_400.0


def said(engine: RuleEngine, *events: Event) -> list[Alert]:
    return [alert for event in events for alert in engine.feed(event)]


def looked(at: float, kind: str, *, ok: bool, **data: Any) -> Event:
    """An event as a look gives it."""
    probe = Probe(kind=kind, target="model.example:443", item="chat")  # type: ignore[arg-type]
    found = {"freehold.probe.kind": kind, "freehold.probe.ok": ok, "server.address": "model.example", "server.port": 443,
             "freehold.item": probe.item, "freehold.seconds": 0.1, **data}  # fmt: skip
    return Event(SOURCE, f"{kind} {at}", TYPE, NOW + at, NOW + at, probe.target, found)


def page(*updates: tuple[str, str]) -> bytes:
    held = [{"id": str(place), "status": state, "display_at": at} for place, (state, at) in enumerate(updates)]
    incident = {
        "id": "i",
        "name": "Errors in the API",
        "impact": "major",
        "status": held[-1]["status"],
        "incident_updates": held[::-1],
    }
    return json.dumps({"incidents": [incident]}).encode()


def test_a_provider_that_says_it_is_down_warns_until_it_says_it_is_not() -> None:
    engine, known = RuleEngine(built_in_rules()), OpenIncidents()
    feed = Feed(id="one", provider="openai", form="statuspage", url="https://status.example.com/")
    opened = ("investigating", "2026-03-01T09:00:00Z")
    fired = said(engine, *events_from(feed, page(opened), known, NOW))
    assert {(alert.label("alertname"), alert.label("provider")) for alert in fired} == {("provider-says-outage", "openai")}
    assert not fired[-1].is_resolved(NOW)
    over = said(engine, *events_from(feed, page(opened, ("resolved", "2026-03-01T09:20:00Z")), known, NOW + 120))
    assert over[-1].labels == fired[-1].labels
    assert over[-1].is_resolved(NOW + 120)


def test_a_host_that_does_not_answer_warns_and_a_certificate_that_ends_soon_does() -> None:
    engine = RuleEngine(built_in_rules())
    failures = [looked(60.0 * number, "http", ok=False, **{"error.type": "timeout"}) for number in range(3)]
    fired = said(engine, *failures)
    assert {(alert.label("alertname"), alert.label("host"), alert.label("item")) for alert in fired} == {
        ("probe-failed", "model.example", "chat")
    }
    over = said(engine, looked(200.0, "http", ok=True))
    assert over[-1].is_resolved(NOW + 200)
    soon = said(engine, looked(300.0, "tls", ok=True, **{"freehold.tls.days_left": 12.345}))
    assert [alert.label("alertname") for alert in soon] == ["certificate-ends-soon"]
