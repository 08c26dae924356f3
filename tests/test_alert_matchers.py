"""Conditions on labels, routes, silences, recurring times: how they are written, what they mean, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_desk import routes, silence
from freehold.errors import BadRules, BadSignal, Overloaded
from freehold.watch.matchers import Matcher, matches, parse_matcher, parse_matchers, written
from freehold.watch.routes import load_routes, read_routes
from freehold.watch.silences import Silences
from freehold.watch.time_intervals import period_from


@pytest.mark.parametrize(
    ("text", "name", "operator", "value"),
    [
        ('severity="red"', "severity", "=", "red"),
        (" severity != red ", "severity", "!=", "red"),
        ('host=~"db.*"', "host", "=~", "db.*"),
        ('host!~"a|b"', "host", "!~", "a|b"),
        ('empty=""', "empty", "=", ""),
        ("empty=", "empty", "=", ""),
        (r'quote="She said: \"Hi\", \\ and \n"', "quote", "=", 'She said: "Hi", \\ and \n'),
        (r'spurious="\d"', "spurious", "=", r"\d"),
        ("gen_ai.tool.name=search", "gen_ai.tool.name", "=", "search"),
        ('"a name"="x"', "a name", "=", "x"),
    ],
)
def test_a_matcher_is_read_as_alertmanager_reads_it(text: str, name: str, operator: str, value: str) -> None:
    found = parse_matcher(text)
    assert (found.name, found.operator, found.value) == (name, operator, value)
    assert parse_matcher(str(found)) == found


def test_matchers_are_separated_by_commas_outside_of_quotes() -> None:
    found = parse_matchers('{a="1,2", b=~"x{1,2}",}')
    assert [(one.name, one.value) for one in found] == [("a", "1,2"), ("b", "x{1,2}")]
    assert written(found) == '{a="1,2",b=~"x{1,2}"}'
    assert parse_matchers("{}") == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "severity",
        "=red",
        'a="b',
        'a=b"c',
        'a=~"("',
        'a=~"' + "x" * 1_001 + '"',
        'a=~"((((a{100}){100}){100}){100})"',
        "a=\ud800",
    ],
)
def test_what_is_no_matcher_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadRules):
        parse_matcher(text)


@pytest.mark.parametrize(
    ("text", "met", "not_met"),
    [
        ('a=~"db.*"', ["db", "db1"], ["adb", "", "d"]),
        ('a=~"red|blue"', ["red", "blue"], ["", "redblue", "xred"]),
        ('a=~".+"', ["x"], [""]),
        ('a=~".*"', ["x", ""], []),
        ('a!~"red|b.*"', ["", "green"], ["red", "blue"]),
        ('a!=""', ["x"], [""]),
        ('a=""', [""], ["x"]),
        ('a=~"(?i)RED"', ["red", "Red"], ["blue"]),
        ('a=~"^red$"', ["red"], ["red\n"]),
    ],
)
def test_an_expression_must_match_the_whole_value_and_a_missing_label_is_empty(
    text: str, met: list[str], not_met: list[str]
) -> None:
    matcher = parse_matcher(text)
    for value in met:
        assert matches([matcher], {"a": value} if value else {}), value
    for value in not_met:
        assert not matches([matcher], {"a": value} if value else {}), value


def test_an_expression_that_would_run_for_ever_elsewhere_does_not() -> None:
    assert not matches([parse_matcher('a=~"(a+)+b"')], {"a": "a" * 50_000})


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.sampled_from(["=", "!="]))
def test_a_matcher_written_is_read_back(value: str, operator: str) -> None:
    matcher = Matcher("a", operator, value)
    assert parse_matcher(str(matcher)) == matcher
    assert parse_matchers(written([matcher, matcher])) == (matcher, matcher)


# routes


def test_a_route_takes_what_it_does_not_say_from_the_one_above() -> None:
    root = routes(
        """group_by = ["item"]
        [[route.routes]]
        matchers = ["a=1"]
        group_interval = "1h30m"
          [[route.routes.routes]]
          matchers = ['b="2"', "c=3"]
          group_by = ["..."]
          repeat_interval = "7d"
        """
    ).route
    (middle,) = root.routes
    (leaf,) = middle.routes
    assert (leaf.receiver, leaf.group_by, leaf.group_wait, leaf.group_interval, leaf.repeat_interval) == (
        "duty", None, 10.0, 5_400.0, 7 * 86_400.0,
    )  # fmt: skip
    assert middle.group_by == ("item",)
    assert leaf.key == '{}/{a="1"}/{b="2",c="3"}'
    assert root.taking({"a": "1", "b": "2", "c": "3"}) == [leaf]
    assert root.taking({"a": "1"}) == [middle]
    assert root.taking({}) == [root]


def test_two_routes_with_the_same_matchers_have_each_a_key() -> None:
    root = routes(
        '\n[[route.routes]]\nmatchers=["a=1"]\n[[route.routes]]\nmatchers=["a=1"]\n[[route.routes.routes]]\nmatchers=["b=1"]'
    ).route
    assert [one.key for one in root] == ["{}", '{}/{a="1"}', '{}/{a="1"}#2', '{}/{a="1"}#2/{b="1"}']


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[route]\n", "names no receiver"),
        ("", "route"),
        ("[route", "no TOML"),
        ('[route]\nreceiver = 3', r"\$\.route\.receiver"),
        ('[route]\nreceiver = "a"\nspeed = 1', "speed"),
        ('[route]\nreceiver = "a"\nmatchers = ["a=1"]', "every alert"),
        ('[route]\nreceiver = "a"\ngroup_by = ["...", "a"]', "others too"),
        ('[route]\nreceiver = "a"\ngroup_by = ["a", "a"]', "twice"),
        ('[route]\nreceiver = "a"\ngroup_interval = "0s"', "over 0"),
        ('[route]\nreceiver = "a"\ngroup_wait = "soon"', "no duration"),
        ('[route]\nreceiver = "a"\ngroup_wait = "999999999y"', "ten years"),
        ('[route]\nreceiver = "a"\n[[receivers]]\nname = "b"', "not there"),
        ('[route]\nreceiver = "a"\n[[receivers]]\nname = "a"\n[[receivers]]\nname = "a"', "two receivers"),
        ('[route]\nreceiver = "a"\n[[receivers]]\nname = "a"\nwebhook = [{url = "http://me:secret@host/"}]', "password"),
        ('[route]\nreceiver = "a"\n[[receivers]]\nname = "a"\nwebhook = [{url = "ftp://host/"}]', "HTTP"),
        ('[route]\nreceiver = "a"\n[[receivers]]\nname = "a"\nwebhook = [{}]', "url_from"),
        ('[route]\nreceiver = "a"\n[[receivers]]\nname = "a"\nwebhook = [{url = "http://h", timeout = 0}]', "timeout"),
        ('[route]\nreceiver = "a"\n[[route.routes]]\nmute_time_intervals = ["night"]', "night"),
        ('[route]\nreceiver = "a"\n[[route.routes]]\nmatchers = ["a"]', r"\$\.route\.routes\[0\]"),
        ('[route]\nreceiver = "a"\n[[inhibit_rules]]\nsource_matchers = ["a=1"]', "target_matchers"),
        ('[route]\nreceiver = "a"\n[[time_intervals]]\nname = "x"\ntime_intervals = [{weekdays = ["friday:monday"]}]', "range"),
    ],
)  # fmt: skip
def test_routes_that_are_not_sound_are_refused_with_the_place_and_the_mend(text: str, words: str) -> None:
    with pytest.raises(BadRules, match=words) as error:
        load_routes(text)
    assert str(error.value).startswith("routes.toml")
    assert "secret" not in str(error.value)


def test_routes_that_nest_too_deeply_or_are_too_many_are_refused() -> None:
    deep = "".join(f"\n[[route{'.routes' * depth}]]" for depth in range(1, 30))
    with pytest.raises(BadRules, match="deep"):
        load_routes(f'[route]\nreceiver = "a"{deep}')
    with pytest.raises(BadRules, match="more than"):
        load_routes('[route]\nreceiver = "a"' + "\n[[route.routes]]\n" * 1_200)


def test_a_file_that_cannot_be_read_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadRules, match="cannot be read"):
        read_routes(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadRules, match="UTF-8"):
        read_routes(tmp_path / "bad.toml")


# silences


def test_a_silence_is_pending_then_active_then_expired() -> None:
    silences = Silences()
    (made,) = silences.put(silence("a=1", 100.0, 200.0), 50.0)
    assert [made.state(now) for now in (99.0, 100.0, 199.0, 200.0)] == ["pending", "active", "active", "expired"]


def test_what_was_in_force_is_not_rewritten_but_expired_and_made_anew() -> None:
    silences = Silences()
    (made,) = silences.put(silence("a=1", 0.0, 200.0), 50.0)
    assert made.starts == 50.0
    (longer,) = silences.put(silence("a=1", 50.0, 900.0, made.id), 60.0)
    assert (longer.id, longer.ends) == (made.id, 900.0)
    old, new = silences.put(silence("a=2", 50.0, 900.0, made.id), 70.0)
    assert (old.id, old.ends) == (made.id, 70.0)
    assert new.id != made.id
    assert new.starts == 70.0
    with pytest.raises(KeyError):
        silences.put(silence("a=2", 50.0, 900.0, "none"), 70.0)


@pytest.mark.parametrize(
    ("matchers", "starts", "ends"),
    [("", 1, 2), ('a=""', 100, 200), ('a=~".*"', 100, 200), ("a=1", 200, 100), ("a=1", 1, 2), ("a=1", 100, float("inf"))],
)
def test_a_silence_that_covers_all_or_never_holds_is_refused(matchers: str, starts: float, ends: float) -> None:
    with pytest.raises(BadSignal):
        Silences().put(silence(matchers, starts, ends), 50.0)


def test_too_many_silences_are_refused_once_none_has_expired() -> None:
    silences = Silences(most=3)
    for number in range(3):
        silences.put(silence(f"a={number}", 0.0, 100.0 + number), 50.0)
    with pytest.raises(Overloaded):
        silences.put(silence("a=9", 0.0, 200.0), 60.0)
    silences.put(silence("a=9", 150.0, 200.0), 101.5)
    assert len(silences) == 3


@given(st.lists(st.tuples(st.sampled_from(["a=1", "a!=1", 'a=~"1|2",b=x', "b=x", 'b!~"x.*"']), st.booleans()), max_size=8))
def test_an_alert_is_covered_by_just_the_silences_whose_matchers_it_meets(drawn: list[tuple[str, bool]]) -> None:
    silences = Silences()
    made = [silences.put(silence(text, 0.0, 100.0 if active else 20.0), 10.0)[-1] for text, active in drawn]
    for labels in ({}, {"a": "1"}, {"a": "2", "b": "x"}, {"b": "xy"}):
        covering = silences.covering(labels)
        assert sorted(covering) == sorted(one.id for one in made if matches(one.matchers, labels))
        assert set(silences.active(covering, 50.0)) == {one.id for one in made if one.id in covering and one.ends > 50.0}


def test_an_expired_silence_is_kept_for_five_days_by_the_steady_clock() -> None:
    silences = Silences()
    (made,) = silences.put(silence("a=1", 0.0, 100.0), 50.0)
    assert silences.tidy(1e9, 0.0) == ()
    assert silences.tidy(60.0, 9e5) == ()
    assert silences.tidy(1e9, 1e6) == ()
    assert silences.tidy(1e9, 1e6 + 5 * 86_400) == (made.id,)


# recurring times


@pytest.mark.parametrize(
    ("period", "inside", "outside"),
    [
        ({"times": [{"start_time": "09:00", "end_time": "17:00"}]}, "2026-03-02T09:00", "2026-03-02T17:00"),
        ({"weekdays": ["monday:friday"]}, "2026-03-06T12:00", "2026-03-07T12:00"),
        ({"weekdays": ["sunday"]}, "2026-03-08T00:00", "2026-03-09T00:00"),
        ({"days_of_month": ["1:3"]}, "2026-03-03T23:59", "2026-03-04T00:00"),
        ({"days_of_month": ["-3:-1"]}, "2026-02-26T00:00", "2026-02-25T00:00"),
        ({"days_of_month": ["31"]}, "2026-03-31T00:00", "2026-04-30T00:00"),
        ({"months": ["may:july", "12"]}, "2026-12-01T00:00", "2026-08-01T00:00"),
        ({"years": ["2026:2027"]}, "2027-01-01T00:00", "2028-01-01T00:00"),
        (
            {"times": [{"start_time": "00:00", "end_time": "24:00"}], "weekdays": ["monday"]},
            "2026-03-02T23:59",
            "2026-03-03T00:00",
        ),
        (
            {"times": [{"start_time": "09:00", "end_time": "10:00"}], "location": "Asia/Shanghai"},
            "2026-03-02T01:30",
            "2026-03-02T09:30",
        ),
    ],
)
def test_a_period_holds_inside_and_not_outside(period: dict[str, object], inside: str, outside: str) -> None:
    made = period_from("here", **period)
    at = [datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() for text in (inside, outside)]
    assert [made.contains(one) for one in at] == [True, False]


@pytest.mark.parametrize(
    "period",
    [
        {"times": [{"start_time": "17:00", "end_time": "09:00"}]}, {"times": [{"start_time": "25:00", "end_time": "26:00"}]},
        {"times": [{}]}, {"weekdays": ["someday"]}, {"days_of_month": ["0"]}, {"days_of_month": ["-1:5"]},
        {"days_of_month": ["20:-20"]}, {"months": ["13"]}, {"years": ["2027:2026"]}, {"location": "Atlantis/Capital"},
        {"location": "../../etc/passwd"}, {"weekdays": ["a:b:c"]},
    ],
)  # fmt: skip
def test_what_is_no_period_is_refused(period: dict[str, object]) -> None:
    with pytest.raises(BadRules, match="here"):
        period_from("here", **period)
