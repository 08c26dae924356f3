"""Alerts as Prometheus posts them and as Alertmanager's webhook sends them on: what is unset, refused, taken."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from freehold.errors import BadSignal
from freehold.watch.alert import Alert
from freehold.watch.alertmanager import MOST_ALERTS, Alerts, parse_alerts, parse_webhook, read_alerts, read_webhook

NOW = 1_772_357_400.0
# 2026-02-28T09:30:00Z
STARTS = 1_772_271_000.0
POSTED = {
    "labels": {"alertname": "ProviderDown", "provider": "openai", "severity": "page", "instance": ""},
    "annotations": {"summary": "the provider does not answer"},
    "startsAt": "2026-02-28T09:30:00.000Z",
    "endsAt": "2026-03-01T09:34:00Z",
    "generatorURL": "http://prometheus.example/graph?g0.expr=up",
}
WEBHOOK = {
    "version": "4", "groupKey": '{}:{alertname="ProviderDown"}', "truncatedAlerts": 0, "status": "firing",
    "receiver": "freehold", "groupLabels": {"alertname": "ProviderDown"}, "commonLabels": {"alertname": "ProviderDown"},
    "commonAnnotations": {}, "externalURL": "http://alertmanager.example",
    "alerts": [
        {
            "status": "firing", "labels": {"alertname": "ProviderDown", "provider": "openai"}, "annotations": {},
            "startsAt": "2026-02-28T10:30:00+01:00", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "",
            "fingerprint": "c9a9d8b4a0e5d1f2",
        },
        {
            "status": "resolved", "labels": {"alertname": "ProviderDown", "provider": "other"}, "annotations": {},
            "startsAt": "2026-02-28T09:30:00Z", "endsAt": "2026-02-28T09:40:00Z", "generatorURL": "", "fingerprint": "1",
        },
    ],
}  # fmt: skip


def posted(**changes: Any) -> Alert:
    (alert,) = parse_alerts(json.dumps([{**POSTED, **changes}]).encode(), NOW)
    return alert


def sent(**changes: Any) -> Alert:
    (alert,) = parse_webhook(json.dumps({**WEBHOOK, "alerts": [{**WEBHOOK["alerts"][0], **changes}]}).encode(), NOW)  # type: ignore[dict-item]
    return alert


def test_what_prometheus_posts_is_taken_without_its_empty_labels() -> None:
    assert posted() == Alert(
        labels=(("alertname", "ProviderDown"), ("provider", "openai"), ("severity", "page")),
        annotations=(("generatorURL", POSTED["generatorURL"]), ("summary", "the provider does not answer")),  # type: ignore[arg-type]
        starts=STARTS,
        ends=1_772_357_640.0,
        updated=NOW,
    )


@pytest.mark.parametrize("zero", [None, "", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"])
def test_a_moment_of_the_year_one_is_unset(zero: str | None) -> None:
    assert posted(startsAt=zero).starts == 1_772_357_640.0
    assert posted(endsAt=zero).ends == math.inf
    unset = posted(startsAt=zero, endsAt=zero)
    assert (unset.starts, unset.ends) == (NOW, math.inf)


def test_what_is_not_given_is_unset_too() -> None:
    (alert,) = parse_alerts(b'[{"labels": {"alertname": "x"}}]', NOW)
    assert alert == Alert((("alertname", "x"),), (), NOW, math.inf, NOW)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": {}}, "no label"),
        ({"labels": {"alertname": ""}}, "no label"),
        ({"labels": {"alert-name": "x"}}, "alert-name"),
        ({"labels": {"1st": "x"}}, "1st"),
        ({"labels": {"": "x"}}, "no name"),
        ({"labels": {f"l{number}": "x" for number in range(65)}}, "at most 64"),
        ({"labels": {"alertname": "x" * 3_000}}, "more than"),
        ({"annotations": {"my summary": "x"}}, "my summary"),
        ({"endsAt": "2026-02-28T09:29:59Z"}, "after its end"),
        ({"startsAt": "now"}, "RFC 3339"),
    ],
)
def test_an_alert_that_is_not_valid_is_refused_and_the_others_are_taken(change: dict[str, Any], said: str) -> None:
    body = json.dumps([POSTED, {**POSTED, **change}, POSTED]).encode()
    found = read_alerts(body, NOW)
    assert found.alerts == (posted(), posted())
    (refused,) = found.refused
    assert refused.startswith("alert 1 ")
    assert said in refused
    with pytest.raises(BadSignal, match="alert 1"):
        parse_alerts(body, NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"null", b"[null]", b"[1]", b'[{"labels": {"a": 1}}]', b'[{"labels": null}]', b'[{"annotations": {}}]',
        b"[" * 99_999, b'[{"labels": {"a": "\\ud800"}}]', b"[" + b'{"labels":{"a":"b"}},' * MOST_ALERTS + b'{"labels":{}}]',
    ],
)  # fmt: skip
def test_a_body_that_is_no_list_of_alerts_is_refused(body: bytes) -> None:
    with pytest.raises(BadSignal):
        read_alerts(body, NOW)


def test_a_webhook_says_by_its_status_what_fires_and_what_is_resolved() -> None:
    firing, resolved = parse_webhook(json.dumps(WEBHOOK).encode(), NOW)
    assert (firing.starts, firing.ends) == (STARTS, math.inf)
    assert (resolved.starts, resolved.ends) == (STARTS, STARTS + 600)
    assert not firing.is_resolved(NOW)
    assert resolved.is_resolved(NOW)


def test_a_resolved_alert_is_resolved_however_the_senders_clock_goes() -> None:
    ahead = sent(status="resolved", startsAt="2026-03-01T10:00:00Z", endsAt="2026-03-01T11:00:00Z")
    assert ahead.is_resolved(NOW)
    assert ahead.starts <= ahead.ends
    assert sent(status="resolved", endsAt="0001-01-01T00:00:00Z").ends == NOW
    assert sent(endsAt="2026-02-28T09:40:00Z").ends == math.inf


def test_what_the_sender_left_out_is_counted() -> None:
    assert read_webhook(json.dumps({**WEBHOOK, "alerts": [], "truncatedAlerts": 7}).encode(), NOW) == Alerts((), (), 7)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"version": "3"}, "version"), ({"alerts": None}, "alerts"), ({"alerts": [{"status": "odd"}]}, "alerts")],
)
def test_another_webhook_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadSignal, match=said):
        read_webhook(json.dumps({**WEBHOOK, **change}).encode(), NOW)
