"""An Alertmanager's own configuration, taken over as routes; and routes shown as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from freehold.errors import BadRules
from freehold.watch.alertmanager_file import alertmanager_text, import_routes, read_alertmanager

FILE = """
global:
  resolve_timeout: 10m
  smtp_smarthost: 'localhost:25'
templates: []
route:
  receiver: team-x
  group_by: ['alertname', cluster]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 3h
  routes:
  - match_re:
      service: ^(foo1|foo2|baz)$
    receiver: team-x
    continue: true
    routes:
    - match:
        severity: critical
      receiver: pager
      mute_time_intervals: [offhours]
  - matchers:
    - service="files"
    - severity=~"warning|info"
    group_by: ['...']
time_intervals:
- name: offhours
  time_intervals:
  - times:
    - start_time: 17:00
      end_time: '24:00'
    weekdays: ['monday:friday']
    days_of_month: [1:5]
inhibit_rules:
- source_match:
    severity: critical
  target_matchers: ['severity="warning"']
  equal: [alertname, cluster]
receivers:
- name: team-x
  webhook_configs:
  - url: http://127.0.0.1:5001/
    send_resolved: false
    max_alerts: 7
- name: pager
"""


def test_an_alertmanagers_file_is_taken_over_with_its_old_and_new_forms() -> None:
    routing = import_routes(FILE)
    first, second = routing.route.routes
    (pager,) = first.routes
    assert routing.resolve_timeout == 600.0
    assert [one.receiver for one in routing.route] == ["team-x", "team-x", "pager", "team-x"]
    assert routing.route.taking({"service": "foo1", "severity": "critical"}) == [pager]
    assert routing.route.taking({"service": "files", "severity": "info"}) == [second]
    assert first.continues
    assert second.group_by is None
    assert pager.mute == ("offhours",)
    (period,) = routing.intervals["offhours"]
    assert period.times == ((1_020, 1_440),)
    assert period.days_of_month == ((1, 5),)
    (rule,) = routing.inhibitions
    assert [str(one) for one in (*rule.source, *rule.target)] == ['severity="critical"', 'severity="warning"']
    (webhook,) = routing.receivers["team-x"].webhook
    assert (webhook.send_resolved, webhook.max_alerts) == (False, 7)


def test_routes_shown_as_an_alertmanagers_file_are_the_same_routes_without_addresses() -> None:
    routing = import_routes(FILE.replace("      mute_time_intervals: [offhours]\n", ""))
    shown = alertmanager_text(routing)
    again = import_routes(shown)
    assert [(one.key, one.receiver, one.group_by, one.repeat_interval) for one in again.route] == [
        (one.key, one.receiver, one.group_by, one.repeat_interval) for one in routing.route
    ]
    assert again.inhibitions == routing.inhibitions
    assert "127.0.0.1" not in shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no configuration"),
        ("- a", "no configuration"),
        ("route: [", "no YAML"),
        ("a: !!python/object/apply:os.system ['true']", "'a' is not taken over"),
        ("route:\n  receiver: a\nreceivers:\n- name: a\n  slack_configs:\n  - channel: x", "apprise knows slack"),
        ("route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: http://h, http_config: {x: 1}}]}]", "http_"),
        ("route:\n  receiver: a\nreceivers:\n- name: a\n  webhook_configs:\n  - url: http://me:word@h/", "password"),
        ("route:\n  receiver: a\nreceivers: a", "no list"),
        ("route:\n  receiver: a\n  routes:\n  - match: [a]", "no table"),
        ("route:\n  receiver: a\n  routes:\n  - match_re: {a: '('}", "regular expression"),
        ("route:\n  receiver: a\n  routes:\n  - continue: perhaps", "neither true nor false"),
        ("route:\n  receiver: a\n  speed: 3", "speed"),
        ("extra: 1", "extra"),
    ],
)  # fmt: skip
def test_what_is_not_taken_over_is_refused_with_a_reason(text: str, words: str) -> None:
    with pytest.raises(BadRules, match=words) as error:
        import_routes(text)
    assert str(error.value).startswith("alertmanager.yml")
    assert "word@" not in str(error.value)


def test_a_file_of_few_lines_that_would_fill_the_memory_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(BadRules, match="values"):
        import_routes("\n".join(lines))
    with pytest.raises(BadRules):
        import_routes("a: " + "[" * 5_000)


def test_a_file_that_cannot_be_read_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadRules, match="cannot be read"):
        read_alertmanager(tmp_path)
    path = tmp_path / "alertmanager.yml"
    path.write_text(FILE)
    assert read_alertmanager(path).route.receiver == "team-x"
