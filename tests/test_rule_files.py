"""Rule files: what is refused, where and with which mend; the rules that come with Freehold and their tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.errors import BadRules, TooLarge, Unreadable
from freehold.watch.alert import PLACES
from freehold.watch.engine import RuleEngine
from freehold.watch.event import Event
from freehold.watch.rule import MEASURES
from freehold.watch.rule_tests import demand_tests, run_tests
from freehold.watch.rules import LARGEST_FILE, MOST_RULES, built_in_rules, load_rules, read_rules
from freehold.watch.runaway import plain_rule
from freehold.watch.seconds import format_seconds, parse_seconds
from freehold.watch.vocabulary import ATTRIBUTES, ENVELOPE, label_of
from freehold.watch.windows import LONGEST_WINDOW

EVENT = '[[rule]]\nid = "r"\nform = "event"\non = ["t"]\n'
COUNT = '[[rule]]\nid = "r"\nform = "window"\nmeasure = "count"\non = ["t"]\nwindow = "5m"\nat_least = 3\n'
WINDOW = '[[rule]]\nid = "r"\nform = "window"\nmeasure = "sum"\non = ["t"]\n'
RATIO = WINDOW.replace("sum", "ratio") + 'window = "5m"\nover = 0.5\nwhen = "freehold.seconds > 1.0"\n'
BURN = WINDOW.replace("sum", "burn-rate") + 'objective = 0.99\nwhen = "freehold.seconds > 1.0"\n'
SPIKE = WINDOW.replace("sum", "spike") + 'window = "5m"\nbaseline = "1h"\ntimes = 3\nat_least = 1\n'


@pytest.mark.parametrize("text", [EVENT, COUNT, RATIO, BURN, SPIKE])
def test_the_shortest_rule_of_each_form_is_sound(text: str) -> None:
    assert len(read_rules(text)) == 1


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        # not TOML, or not of the form
        ("[[rule]\nid = 1", 1, "is not TOML"),
        ("rule = 5", 0, "list of tables"),
        ("[rule]\nid = 'r'", 0, "list of tables"),
        ("[[rules]]\nid = 'r'", 0, "'rules': is not known here. Known: attribute, rule"),
        ("rule = [1]", 0, "Expected 'object', got 'int'"),
        ('[[rule]]\nid = "r"', 1, "missing required field 'form'"),
        (EVENT + "windw = '5m'", 5, "'windw': rule 'r': is not known here. Known: id, form"),
        (EVENT.replace('"event"', '"sql"'), 3, "Invalid enum value 'sql'"),
        (EVENT + "on = ['u']", 5, "is not TOML"),
        (EVENT + "group = 'a'", 5, "Expected 'array | null', got 'str'"),
        (EVENT + "a" * 10 + ".b" * 200 + " = 1", 5, "is not TOML"),
        (EVENT + "labels = " + "[" * 3_000 + "]" * 3_000, 0, "is not TOML"),
        # ids
        (EVENT.replace('"r"', '"R r"'), 2, "small letters"),
        (EVENT.replace('"r"', '""'), 2, "small letters"),
        (EVENT.replace('"r"', '"' + "r" * 65 + '"'), 2, "at most 64"),
        (EVENT + EVENT, 6, "is there twice"),
        # measures and their fields
        (EVENT + 'measure = "count"', 5, "is no measure of the form 'event'"),
        (COUNT.replace('"count"', '"median"'), 4, "Measures of the form 'window': count, ratio"),
        (COUNT.replace('window = "5m"\n', ""), 1, "needs 'window'"),
        (COUNT + "over = 3", 8, "has no 'over'"),
        (EVENT + 'window = "5m"', 5, "the form 'event' has no 'window'"),
        (EVENT + 'for = "5m"', 5, "lasts no time"),
        (EVENT + 'resolve_after = "0s"', 5, "would end as it begins"),
        (EVENT.replace('["t"]', "[]"), 4, "no type of event"),
        (EVENT.replace('["t"]', '["a b"]'), 4, "'a b' is no type"),
        (EVENT.replace('["t"]', '["*"]'), 4, "is no type"),
        # windows that are endless, huge or tiny
        (COUNT.replace('"5m"', '"forever"'), 6, "is no duration"),
        (COUNT.replace('"5m"', '"inf"'), 6, "is no duration"),
        (COUNT.replace('"5m"', "300"), 6, "300 is no duration: write 30s, 5m, 1h or 2d"),
        (COUNT.replace('"5m"', "inf"), 6, "is no duration"),
        (COUNT.replace('"5m"', '"-5m"'), 6, "is no duration"),
        (COUNT.replace('"5m"', '"4d"'), 6, "4d is not within 1s to 3d"),
        (COUNT.replace('"5m"', '"999999999d"'), 6, "is not within"),
        (COUNT.replace('"5m"', '"9999999999d"'), 6, "is no duration"),
        (COUNT.replace('"5m"', '"0.5s"'), 6, "is not within"),
        (COUNT + 'for = "2d"', 8, "longer than 1d"),
        (COUNT + 'hold_off = "2d"', 8, "longer than 1d"),
        (COUNT + 'resolve_after = "2d"', 8, "longer than 1d"),
        (SPIKE.replace('"1h"', '"10m"'), 7, "three times the window"),
        # thresholds
        (COUNT.replace("= 3", "= 0"), 7, "no number of events"),
        (COUNT.replace("= 3", "= 2.5"), 7, "no number of events"),
        (COUNT.replace("= 3", "= nan"), 7, "is no threshold"),
        (COUNT.replace("= 3", "= inf"), 7, "is no threshold"),
        (RATIO.replace("0.5", "1.0"), 7, "never over 1.0"),
        (RATIO.replace("0.5", "-0.5"), 7, "is no threshold"),
        (RATIO + "minimum = 0", 9, "a minimum of 0"),
        (BURN.replace("0.99", "1"), 6, "leaves no budget"),
        (BURN + 'burn = [{ window = "1h", short = "1h", rate = 14.4 }]', 8, "not shorter"),
        (BURN + 'burn = [{ window = "9d", short = "1h", rate = 14.4 }]', 8, "is not within"),
        (BURN + 'burn = [{ window = "1h", short = "5m", rate = nan }]', 8, "makes no sense"),
        (BURN + "burn = []", 8, "0 pairs of windows"),
        (BURN + 'burn = [{ window = "1h", short = "5m", rate = 1, x = 1 }]', 8, "Known: window, short, rate"),
        (SPIKE.replace("times = 3", "times = 0.5"), 8, "is no spike"),
        (COUNT + "groups = 0", 8, "0 groups"),
        (COUNT + "groups = 100000", 8, "100,000 groups"),
        # attributes, conditions
        (COUNT + 'group = ["freehold.tennant"]', 8, "Did you mean 'freehold.tenant'"),
        (COUNT + 'group = ["freehold.model", "gen_ai.request.model"]', 8, "has the label 'model', which"),
        (COUNT + 'group = ["freehold.tenant", "freehold.tenant"]', 8, "has too"),
        (COUNT + 'when = "freehold.secnds > 1.0"', 8, "Did you mean 'freehold.seconds'"),
        (COUNT + 'when = "freehold.seconds > \'1\'"', 8, "different types"),
        (COUNT + "when = \"freehold.tenant.matches('(a{999}){999}')\"", 8, "multiply"),
        (COUNT + f'when = "{"!" * 2_000}true"', 8, "2,004 characters"),
        (COUNT + f'when = "{"(" * 400}true{")" * 400}"', 8, "nests more than"),
        (COUNT + "clear = {}", 8, "every event would clear it"),
        (COUNT + 'clear = { when = "x" }', 8, "no attribute is called 'x'"),
        (WINDOW + 'window = "5m"\nover = 1\nfield = "freehold.tenant"', 8, "cannot be summed"),
        (WINDOW + 'window = "5m"\nover = 1\nfield = "cost"', 8, "no attribute is called 'cost'"),
        ('[[attribute]]\nname = "a b"\ntype = "text"\n', 0, "no name of an attribute"),
        ('[[attribute]]\nname = "event.x"\ntype = "text"\n', 0, "no name of an attribute"),
        ('[[attribute]]\nname = "a"\ntype = "date"\n', 0, "Invalid enum value 'date'"),
        ('[[attribute]]\nname = "freehold.tenant"\ntype = "text"\n', 0, "is known already"),
        ('[[attribute]]\nname = "freehold_tenant"\ntype = "text"\n', 0, "cannot be told apart"),
        # words
        (EVENT + 'summary = "{tenant}"', 5, "'{tenant}' is no name that can be filled in"),
        (EVENT + 'summary = "{count.__class__}"', 5, "is no name"),
        (EVENT + 'summary = "{0}"', 5, "is no name"),
        (EVENT + 'summary = "{count"', 5, "a brace stands alone"),
        (EVENT + 'summary = "{count!r:>99999999}"', 5, "is no name"),
        (EVENT + f'summary = "{"x" * 501}"', 5, "501 characters"),
        (EVENT + 'labels = { severity = "x" }', 5, "no name for a label of your own"),
        (EVENT + 'labels = { "a-b" = "x" }', 5, "no name for a label of your own"),
        (EVENT + 'labels = { a = "" }', 5, "has 0 characters"),
        # tests
        (EVENT + '[[rule.test]]\nname = "t"\nevents = []', 1, "has no event"),
        (EVENT + '[[rule.test]]\nname = "t"\nevents = [{ repeat = 1000000 }]', 1, "repeated 1,000,000 times"),
        (EVENT + '[[rule.test]]\nname = "t"\nevents = [{ repeat = 6000 }, { repeat = 6000 }]', 1, "12,000 events"),
        (EVENT + '[[rule.test]]\nname = "t"\nevents = [{ repeat = 9000, every = "1d" }]', 1, "more than 30 days"),
        (EVENT + '[[rule.test]]\nname = "t"\nevents = [{ tpye = "x" }]', 1, "Known: at, type, data"),
        (EVENT + '[[rule.test]]\nname = "t"\nevents = [{ data = { a = [1] } }]', 1, "Expected 'bool | int | float | str'"),
    ],
)  # fmt: skip
def test_what_is_not_sound_is_refused_with_its_place_and_mend(text: str, line: int, said: str) -> None:
    with pytest.raises(BadRules) as refused:
        read_rules(text, "mine.toml")
    message = str(refused.value)
    assert said in message
    assert ("mine.toml, line " in message) is bool(line)
    if line:
        assert f"mine.toml, line {line}" in message


def test_every_finding_is_told_at_once() -> None:
    text = COUNT.replace("= 3", "= 0").replace('"5m"', '"9d"') + EVENT.replace('"r"', '"S"') + "x = 1\n"
    with pytest.raises(BadRules) as refused:
        read_rules(text)
    assert str(refused.value).startswith("3 errors in the rules:") or str(refused.value).startswith("4 errors in the rules:")


def test_a_file_of_ten_megabytes_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "large.toml"
    file.write_bytes(b"# " + b"x" * 10_000_000)
    with pytest.raises(TooLarge, match="1,000,000 bytes"):
        load_rules(file)
    with pytest.raises(BadRules, match="larger than"):
        read_rules("#" * (LARGEST_FILE + 1))


def test_more_rules_than_are_taken_are_refused() -> None:
    with pytest.raises(BadRules, match=f"more than {MOST_RULES}"):
        read_rules("[[rule]]\n" * (MOST_RULES + 1))


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        load_rules(tmp_path / "none.toml")
    with pytest.raises(Unreadable):
        load_rules(tmp_path)
    with pytest.raises(Unreadable):
        load_rules("a\0b")
    (tmp_path / "odd.toml").write_bytes(b"# \xff")
    with pytest.raises(BadRules, match="byte 2 is not UTF-8"):
        load_rules(tmp_path / "odd.toml")


def test_an_attribute_of_ones_own_is_known_to_its_file() -> None:
    text = (
        '[[attribute]]\nname = "shop.orders"\ntype = "count"\n' + COUNT + 'when = "shop.orders > 3"\ngroup = ["shop.orders"]\n'
    )
    assert read_rules(text).attributes == {"shop.orders": "count"}


def test_a_digest_is_of_what_a_rule_does_and_not_of_how_it_is_written() -> None:
    one = read_rules(COUNT)
    same = read_rules("# a remark\n" + COUNT.replace('"5m"', '"300s"') + 'summary = "x"\n')
    other = read_rules(COUNT.replace("= 3", "= 4"))
    declared = read_rules('[[attribute]]\nname = "x"\ntype = "text"\n' + COUNT + 'group = ["x"]\n')
    redeclared = read_rules('[[attribute]]\nname = "x"\ntype = "count"\n' + COUNT + 'group = ["x"]\n')
    digests = [rules.digest_of(rules.rules[0]) for rules in (one, same, other, declared, redeclared)]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


def test_two_files_with_a_rule_of_one_id_are_not_joined() -> None:
    with pytest.raises(BadRules, match="freehold rules off r"):
        read_rules(COUNT, "a.toml").joined(read_rules(EVENT, "b.toml"))
    joined = read_rules(COUNT, "a.toml").joined(read_rules(EVENT.replace('"r"', '"s"'), "b.toml"))
    assert [rule.id for rule in joined] == ["r", "s"]


@pytest.mark.parametrize("text", ["1s", "0.5s", "90s", "5m", "1h", "36h", "2d", "1.001s"])
def test_durations_read_and_write_the_same(text: str) -> None:
    assert parse_seconds(format_seconds(parse_seconds(text))) == parse_seconds(text)


def test_durations_are_written_in_their_largest_whole_unit() -> None:
    assert [format_seconds(one) for one in (0, 0.5, 60, 90, 3600, 86400, LONGEST_WINDOW)] == [
        "0s", "0.5s", "1m", "90s", "1h", "1d", "3d",
    ]  # fmt: skip


BUILT_IN = built_in_rules()


@pytest.mark.parametrize("id_", [rule.id for rule in BUILT_IN])
def test_a_built_in_rule_passes_its_tests_and_has_one_that_fires_and_one_near_miss(id_: str) -> None:
    rules = BUILT_IN.only({id_})
    demand_tests(rules)
    assert all(result.passed for result in run_tests(rules))
    (rule,) = rules
    assert not all(test.expect for test in rule.test)
    assert rule.severity
    assert rule.summary
    assert plain_rule(rule).group


def test_the_built_in_rules_use_every_form() -> None:
    assert {rule.form for rule in BUILT_IN} == set(MEASURES)


def test_labels_that_tie_an_alert_to_a_stack_have_the_stacks_names() -> None:
    names = {label_of(name) for name in (*ATTRIBUTES, *ENVELOPE)}
    assert names >= set(PLACES) - {"owner", "country"}


def test_a_hostile_value_in_a_summary_stays_a_value() -> None:
    text = EVENT + 'group = ["freehold.tenant"]\nsummary = "{tenant}: {freehold.because} {{x}}"\n'
    data = {"freehold.tenant": "{count}{0.__class__}", "freehold.because": "\x1b[31m{tenant}\n"}
    (alert,) = RuleEngine(read_rules(text)).feed(Event("/s", "1", "t", 0.0, 1.0, "", data))
    assert dict(alert.annotations)["summary"] == "{count}{0.__class__}:  [31m{tenant}  {x}"


def test_a_test_that_is_not_met_says_what_was_otherwise() -> None:
    test = '[[rule.test]]\nname = "n"\nevents = [{ at = "0s" }, { at = "10s" }, { at = "20s" }]\n'
    cases = {
        'expect = [{ at = "30s" }]': "began at 20s, not at 30s",
        "": "at 20s that was not expected",
        'expect = [{ at = "20s" }, { at = "1m" }]': "no alert began at 1m",
        'expect = [{ at = "20s", labels = { tenant = "a" } }]': "has the labels (none), not tenant=a",
        'expect = [{ at = "20s", resolves = "1h" }]': "ended at 10m, not at 1h",
        'until = "1m"\nexpect = [{ at = "20s", resolves = "1m" }]': "did not end",
        'expect = [{ at = "20s" }]': "was to stand to the end",
    }
    for expected, said in cases.items():
        (result,) = run_tests(read_rules(COUNT + test + expected))
        assert said in "; ".join(result.problems), expected


def test_a_rule_that_fails_on_the_events_of_its_test_does_not_pass() -> None:
    text = (
        EVENT
        + 'when = "freehold.seconds > 1.0"\n[[rule.test]]\nname = "n"\nevents = [{ data = { "freehold.seconds" = "2" } }]\n'
    )
    (result,) = run_tests(read_rules(text))
    assert "could not be evaluated on 1 of the events: freehold.seconds is text" in result.problems[0]


_fields = st.sampled_from(
    ["id", "form", "measure", "on", "when", "of", "field", "group", "window", "baseline", "per", "at_least", "over", "times",
     "objective", "burn", "minimum", "for", "hold_off", "resolve_after",
     "clear", "groups", "severity", "labels", "summary", "test"]
)  # fmt: skip
_written = st.sampled_from(
    ["0", "1", "-1", "2.5", "nan", "inf", "-inf", "1e308", "true", '""', '"r"', '"t"', '"5m"', '"1h"', '"3d"', '"0s"', "[]",
     '["t"]', '["freehold.tenant"]', '["event.source"]', "{}", '{ a = "b" }', '"freehold.seconds"', '"freehold.seconds > 1.0"',
     '"count"', '"ratio"', '"sum"', '"rate"', '"burn-rate"', '"spike"', '"silence"', '"repeat"', '"depth"', '"spend"',
     '"event"', '"window"', '"runaway"', '"{count} {share} {times} {value}"', '"{tenant}"', '{ on = ["t"] }', "1979-05-27",
     '"\\u0000"', '{ when = "freehold.probe.ok" }', "99999999999999999999", '[{ window = "1h", short = "5m", rate = 2 }]',
     '[{ name = "n", events = [{ at = "1s", repeat = 3 }] }]']
)  # fmt: skip
_sound = st.sampled_from(
    [
        {"form": '"event"', "when": '"freehold.seconds > 1.0"'},
        {"form": '"window"', "measure": '"count"', "window": '"5m"', "at_least": "3"},
        {"form": '"window"', "measure": '"ratio"', "window": '"5m"', "over": "0.2", "when": '"freehold.seconds > 1.0"'},
        {"form": '"window"', "measure": '"rate"', "window": '"5m"', "over": "1"},
        {"form": '"window"', "measure": '"burn-rate"', "objective": "0.9", "when": '"freehold.seconds > 1.0"'},
        {"form": '"window"', "measure": '"spike"', "window": '"1m"', "baseline": '"1h"', "times": "2", "at_least": "1"},
        {"form": '"window"', "measure": '"silence"', "window": '"1m"'},
        {"form": '"runaway"', "measure": '"spend"', "over": "1", "field": '"freehold.seconds"'},
    ]
)


@settings(max_examples=500, deadline=None)
@given(_sound, st.dictionaries(_fields, _written, max_size=4))
def test_whatever_is_changed_a_rule_is_refused_or_runs(sound: dict[str, str], changed: dict[str, str]) -> None:
    fields = {"id": '"r"', "on": '["t"]', **sound, **changed}
    try:
        rules = read_rules("[[rule]]\n" + "".join(f"{name} = {value}\n" for name, value in fields.items()))
    except BadRules:
        return
    run_tests(rules)
    engine = RuleEngine(rules)
    for number in range(60):
        data = {"freehold.seconds": number / 7, "freehold.tenant": "ab"[number % 2], "freehold.probe.ok": number % 11 == 0}
        engine.feed(Event("/s", str(number), "t", 0.0, 1e9 + 40.0 * number, "", data))
    engine.tick(2e9)
