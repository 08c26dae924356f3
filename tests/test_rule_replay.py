"""Replay over stored events, the switch that asks for it, and ``freehold rules``."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from freehold.cli import main
from freehold.errors import BadRules, BadStore
from freehold.report.schemas import json_schema
from freehold.watch.engine import RuleEngine
from freehold.watch.event import Event
from freehold.watch.history import stored_events
from freehold.watch.journal_file import JournalFile, row_from
from freehold.watch.replay import MOST_LISTED, replay
from freehold.watch.rule_list import list_rules
from freehold.watch.rule_switch import RuleSwitch
from freehold.watch.rules import built_in_rules, read_rules

START = 1_700_000_000.0
RULE = """
[[rule]]
id = "slow"
form = "window"
measure = "count"
on = ["freehold.gateway.request"]
when = "freehold.seconds > 10.0"
group = ["freehold.tenant"]
window = "5m"
at_least = 2
resolve_after = "1m"
severity = "warning"
summary = "{count} slow answers for {tenant}"

[[rule.test]]
name = "two slow answers"
events = [{ at = "0s", data = { "freehold.tenant" = "a", "freehold.seconds" = 11 }, repeat = 2, every = "1s" }]
expect = [{ at = "1s", labels = { tenant = "a" }, resolves = "6m" }]
"""


def event(number: int, at: float, tenant: str = "a", seconds: Any = 12.0, type_: str = "freehold.gateway.request") -> Event:
    data = {"freehold.tenant": tenant, "freehold.seconds": seconds}
    return Event("/g", str(number), type_, START + at, START + at, "", data)


def day() -> list[Event]:
    """A day: at each full hour two slow answers for a, in the morning two for b; otherwise quick ones each minute."""
    made = []
    for minute in range(24 * 60 + 1):
        slow = minute % 60 in {0, 1}
        tenant = "b" if minute < 120 and slow else "a"
        made.append(event(minute, minute * 60.0, tenant, 12.0 if slow else 0.5))
    return made


def test_a_replay_says_what_would_have_been_said() -> None:
    (one,) = replay(read_rules(RULE), day()).rules
    assert (one.looked, one.counted, one.errors) == (1441, 49, 0)
    assert one.alerts == 24
    assert one.a_day == pytest.approx(24)
    assert [count for _, count in one.noisiest] == [22, 2]
    assert dict(one.noisiest[0][0])["tenant"] == "a"
    first = one.would_be[0]
    assert (first.since - START, dict(first.labels)["tenant"]) == (60, "b")
    assert 300 + 59 <= first.until - START <= 300 + 61
    assert first.summary == "2 slow answers for b"


def test_a_replay_says_the_same_again_and_something_else_of_other_events() -> None:
    rules = read_rules(RULE)
    one, again, other = replay(rules, day()), replay(rules, day()), replay(rules, day()[:-1])
    assert one == again
    assert one.digest != other.digest


def test_history_of_minutes_is_not_extrapolated_to_a_day() -> None:
    report = replay(read_rules(RULE), [event(0, 0), event(1, 10)])
    assert (report.rules[0].alerts, report.rules[0].a_day) == (1, None)
    assert report.rules[0].would_be[0].until == float("inf")
    nothing = replay(read_rules(RULE), [])
    assert (nothing.events, nothing.rules[0].alerts) == (0, 0)


def test_a_noisy_rule_is_counted_whole_and_listed_in_part() -> None:
    events = [event(number, number, str(number // 2)) for number in range(2 * MOST_LISTED + 100)]
    (one,) = replay(read_rules(RULE), events).rules
    assert one.alerts == MOST_LISTED + 50
    assert len(one.would_be) == MOST_LISTED
    assert len(one.noisiest) == 10


def test_faults_are_part_of_the_report() -> None:
    (one,) = replay(read_rules(RULE), [event(0, 0, seconds="slow")]).rules
    assert (one.errors, one.counted) == (1, 0)
    assert "is text" in one.example


@pytest.fixture
def switch(tmp_path: Path) -> RuleSwitch:
    return RuleSwitch(tmp_path / "rules.db")


def test_a_rule_of_ones_own_is_on_only_after_a_replay_of_exactly_it(switch: RuleSwitch) -> None:
    rules = read_rules(RULE)
    (rule,) = rules
    assert switch.state_of(rule, rules) == "never"
    with pytest.raises(BadRules, match="was not replayed as it is now"):
        switch.switch_on("slow", rules, by="me", now=1.0)
    switch.keep_replay(replay(rules, []), 1.0)
    with pytest.raises(BadRules, match="replayed over no event"):
        switch.switch_on("slow", rules, by="me", now=1.0)
    switch.keep_replay(replay(rules, day()), 2.0)
    switch.switch_on("slow", rules, by="me", now=3.0, because="asked for")
    assert switch.state_of(rule, rules) == "on"
    assert [one.id for one in switch.in_force(built_in_rules(), rules)][-1] == "slow"

    changed = read_rules(RULE.replace("at_least = 2", "at_least = 1").replace('at = "1s"', 'at = "0s"'))
    assert switch.state_of(changed.rules[0], changed) == "changed"
    assert switch.in_force(built_in_rules(), changed).get("slow") is None
    with pytest.raises(BadRules, match="was not replayed as it is now"):
        switch.switch_on("slow", changed, by="me", now=4.0)

    switch.switch_off("slow", rules, by="me", now=5.0)
    assert switch.state_of(rule, rules) == "off"


def test_a_rule_whose_test_fails_or_that_has_none_is_not_switched_on(switch: RuleSwitch) -> None:
    failing = read_rules(RULE.replace('expect = [{ at = "1s"', 'expect = [{ at = "3m"'))
    switch.keep_replay(replay(failing, day()), 1.0)
    with pytest.raises(BadRules, match="fails its test 'two slow answers'"):
        switch.switch_on("slow", failing, by="me", now=1.0)
    without = read_rules(RULE[: RULE.index("[[rule.test]]")])
    with pytest.raises(BadRules, match="has no test in which it fires"):
        switch.switch_on("slow", without, by="me", now=1.0)


def test_the_rules_of_freehold_are_on_until_switched_off(switch: RuleSwitch, tmp_path: Path) -> None:
    rules = built_in_rules()
    assert len(switch.in_force(rules)) == len(rules)
    assert not (tmp_path / "rules.db").exists()
    switch.switch_off("token-spike", rules, by="me", now=1.0)
    assert switch.in_force(rules).get("token-spike") is None
    switch.switch_on("token-spike", rules, by="me", now=2.0, built_in=True)
    assert len(switch.in_force(rules)) == len(rules)
    listed = {one.id: one for one in list_rules(rules, None, switch).rules}
    assert listed["token-spike"].switch is not None
    assert {one.state for one in listed.values()} == {"on"}


def test_who_switches_is_asked_and_what_is_switched_must_be_there(switch: RuleSwitch) -> None:
    with pytest.raises(BadRules, match="Say who"):
        switch.switch_off("token-spike", built_in_rules(), by=" ", now=1.0)
    with pytest.raises(BadRules, match="Did you mean 'token-spike'"):
        switch.switch_off("token-spikes", built_in_rules(), by="me", now=1.0)


@pytest.mark.parametrize("content", [b"not a database", b"SQLite format 3\x00" + b"\xff" * 2_000])
def test_a_damaged_state_is_refused_and_nothing_is_guessed(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "rules.db"
    file.write_bytes(content)
    with pytest.raises(BadStore):
        RuleSwitch(file).in_force(built_in_rules())
    assert file.read_bytes() == content


def test_a_state_of_another_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rules.db"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE switch (x)")
    other.close()
    with pytest.raises(BadStore):
        RuleSwitch(file).switch_off("token-spike", built_in_rules(), by="me", now=1.0)


def test_replays_are_kept_in_bounded_number(switch: RuleSwitch) -> None:
    for number in range(5):
        many = "".join(RULE.replace('"slow"', f'"slow-{number}-{one}"') for one in range(240))
        switch.keep_replay(replay(read_rules(many), [event(0, 0)]), float(number))
    with sqlite3.connect(switch._path) as state:
        ((kept, oldest),) = state.execute("SELECT count(*), min(at) FROM replay").fetchall()
    state.close()
    assert (kept, oldest) == (1_000, 0.0)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A desk's folder of state with a day of events and a rule of its own."""
    store(tmp_path / "journal.db", day())
    (tmp_path / "rules.toml").write_text(RULE, encoding="utf-8")
    return tmp_path


def store(path: Path, events: Iterable[Event]) -> None:
    journal = JournalFile(path, most_bytes=1 << 30)
    journal.write([[row_from(one) for one in events]])
    journal.close()


def test_stored_events_come_in_order_and_from_where_they_are_asked(state: Path) -> None:
    assert [one.id for one in stored_events(state / "journal.db")] == [str(number) for number in range(1441)]
    assert [one.id for one in stored_events(state / "journal.db", START + 86_400 - 60)] == ["1439", "1440"]


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    status: int
    out: str
    err: str


class Run:
    """``freehold rules …``, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: object) -> Answer:
        status = main(["rules", *map(str, words)])
        said = self._capsys.readouterr()
        return Answer(status, said.out, said.err)

    def json(self, verb: str, *words: object) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self(*verb.split()[1:], *words, "--format", "json").out)
        jsonschema.validate(data, json_schema(verb))
        return data


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


def test_from_a_rule_file_to_a_rule_that_is_on(run: Run, state: Path) -> None:
    assert "1 rule, sound" in run("check", state / "rules.toml").out
    assert run.json("rules test", state / "rules.toml")["passed"]
    refused = run("on", "slow", "--state", state, "--by", "me")
    assert refused.status == 2
    assert "freehold rules replay" in refused.err

    replayed = run.json("rules replay", "--state", state)
    assert (replayed["events"], replayed["rules"][0]["alerts"]) == (1441, 24)
    assert run("on", "slow", "--state", state, "--by", "me").status == 0
    listed = run.json("rules list", "--state", state)
    assert [one["state"] for one in listed["rules"] if one["id"] == "slow"] == ["on"]
    assert run("off", "slow", "--state", state, "--by", "me").status == 0
    assert "off" in run("list", "--state", state).out


def test_a_replay_as_a_page_shows_each_alert(run: Run, state: Path) -> None:
    page = run("replay", "--journal", state / "journal.db", state / "rules.toml", "--full").out
    assert "2023-11-14 22:14:20" in page
    assert "2 slow answers for b" in page
    assert "tenant=a: 22" in page
    html = run("replay", "--journal", state / "journal.db", "--format", "html").out
    assert "upstream-failing" in html


def test_a_failing_test_makes_exit_status_one(run: Run, state: Path) -> None:
    (state / "bad.toml").write_text(RULE.replace('at = "1s"', 'at = "3m"'), encoding="utf-8")
    failed = run("test", state / "bad.toml")
    assert failed.status == 1
    assert "an alert began at 1s, not at 3m" in failed.out
    (state / "untested.toml").write_text(RULE[: RULE.index("[[rule.test]]")], encoding="utf-8")
    assert run("test", state / "untested.toml").status == 1


def test_without_a_file_the_rules_of_freehold_are_tested(run: Run) -> None:
    assert run("test").status == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["replay"], "no history is named"),
        (["replay", "--journal", "none.db"], "is not there, or empty"),
        (["replay", "--state", "none"], "is no folder"),
        (["replay", "--journal", "none.db", "--last", "a week"], "is no duration"),
        (["test", "--rule", "none"], "no rule is called 'none'"),
        (["check", "none.toml"], "cannot be read"),
        (["on", "none", "--state", ".", "--by", "me"], "no rule is called 'none'"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(
    run: Run, words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    console = run(*words)
    assert console.status == 2
    assert said in console.err
    assert "Traceback" not in console.err
    assert not list(tmp_path.iterdir())


def test_an_engine_comes_back_from_the_journals_tail(tmp_path: Path) -> None:
    """Stopped in the middle of an alert: what follows is what would have followed."""
    rules = read_rules(RULE)
    events = day()[:62]
    store(tmp_path / "journal.db", events)
    steady = RuleEngine(rules)
    said = [alert for one in events for alert in steady.feed(one)]
    last = {alert.labels: alert for alert in said}
    now = events[-1].received
    back = RuleEngine(rules)
    tail = stored_events(tmp_path / "journal.db", now - back.longest_window)
    assert back.rebuild(tail, last.values(), now) == ()
    later = [event(1_000 + number, 3_700.0 + 30 * number) for number in range(5)]
    for one in later:
        assert back.feed(one) == steady.feed(one)
    ends = steady.tick(now + 9_000)
    assert [dict(alert.labels)["tenant"] for alert in ends] == ["b", "a"]
    assert back.tick(now + 9_000) == ends


def test_without_the_extra_a_sentence_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cel", None)
    monkeypatch.delitem(sys.modules, "freehold.watch.conditions")
    answer = run("list")
    assert (answer.status, answer.out) == (2, "")
    assert "pip install 'freehold[watch]'" in answer.err
