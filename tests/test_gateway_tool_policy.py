"""Tool calls: the allow-list, arguments, rates and runaway agents."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from freehold.gateway.tool_arguments import ArgumentRule, objection_to
from freehold.gateway.tool_policy import Call, ToolPolicy, ToolPolicyTable, arguments_digest


def policy(*rules: dict[str, Any], **more: Any) -> ToolPolicy:
    return ToolPolicy(msgspec.convert({"rule": list(rules), **more}, ToolPolicyTable))


def call(tool: str = "search", arguments: Any = None, **more: Any) -> Call:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
    return Call(tool, text, **{"tenant": "ward", "agent": "clerk", "model": "m", **more})


def kind(found: Any) -> str:
    return "" if found is None else found.kind


# ---------------------------------------------------------------- the list


def test_without_rules_every_tool_is_allowed_and_with_a_list_only_what_is_on_it() -> None:
    assert policy().check(0, call("anything")) is None
    listed = policy({"tools": ["search", "get_*"]})
    assert [kind(listed.check(0, call(tool))) for tool in ("search", "get_mail", "send_mail")] == ["", "", "tool"]
    assert listed.check(0, call("send_mail")).because == "the tool 'send_mail' is not on the list of what is allowed"
    forbidden = policy({"tools": ["shell"], "allow": False, "because": "no shell here"})
    assert forbidden.check(0, call("shell")).because == "no shell here"
    assert forbidden.check(0, call("search")) is None
    assert kind(policy(default="refuse").check(0, call("search"))) == "tool"
    assert policy({"tools": ["a"]}, default="allow").check(0, call("b")) is None


def test_the_first_rule_that_matches_tool_tenant_agent_and_model_decides() -> None:
    rules = policy(
        {"tools": ["send_mail"], "agents": ["secretary"], "tenants": ["ward"], "models": ["m*"]},
        {"tools": ["send_mail"], "allow": False},
        {"tools": ["*"]},
    )
    assert rules.check(0, call("send_mail", agent="secretary")) is None
    for more in ({}, {"agent": "secretary", "tenant": "lab"}, {"agent": "secretary", "model": "other"}):
        assert kind(rules.check(0, call("send_mail", **more))) == "tool"
    assert rules.check(0, call("search")) is None


# ---------------------------------------------------------------- arguments

PATHS = ["/srv/files", "/data/"]
HOSTS = ["example.org", "*.clinic.example"]


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ({"type": "string"}, ["", "x"], [1, None, True, [], {}]),
        ({"type": "integer"}, [0, -3, 2.0], [1.5, "1", True, None]),
        ({"type": "number"}, [0, 1.5], ["1", True]),
        ({"type": "boolean"}, [True], [0, "true"]),
        ({"type": "null"}, [None], [0, ""]),
        ({"one_of": ["a", 1, None]}, ["a", 1, None], ["b", 2, 1.0, True, "1"]),
        ({"one_of": [True]}, [True], [1, "true"]),
        ({"like": ["ward-*", "lab"]}, ["ward-7", "ward-", "lab"], ["lab-2", "award-7", "", 7]),
        ({"longest": 3}, ["abc", [1, 2, 3]], ["abcd", [1, 2, 3, 4]]),
        ({"least": 1, "most": 5}, [1, 5, 2.5], [0, 6, "3", True, None]),
        ({"items": {"type": "integer", "most": 9}}, [[], [1, 9]], [[10], ["x"], "x"]),
        ({"arguments": {"a": {"type": "string", "required": True}}}, [{"a": "x"}], [{}, {"a": 1}, {"a": "x", "b": 1}, []]),
        (
            {"hosts": HOSTS},
            ["https://example.org/a?b=c", "http://a.clinic.example:8080", "https://EXAMPLE.org", "https://example.org./"],
            [
                "https://evil.example", "https://example.org.evil.example", "https://clinic.example", "ftp://example.org",
                "//example.org", "example.org", "https://example.org@evil.example", "https://evil.example\\@example.org",
                "https://evil.example#@example.org", "https://example.org%2eevil.example", "https://exa mple.org", "https://[::1",
                " https://example.org", "https:/example.org", "https:example.org", "https://example.org:x/",
                "https://ехample.org", "javascript://example.org/%0aalert(1)", "https://\texample.org", 7,
            ],
        ),
        (
            {"paths": PATHS},
            ["/srv/files/a.txt", "/srv/files", "/srv/files//b", "/data/x/y"],
            [
                "/srv/files/../etc/passwd", "/srv/filesystem", "srv/files/a", "/etc/passwd", "/srv/files/./a", "~/a",
                "/srv/files/%2e%2e/x", "/srv/files\\..\\x", "/srv/files/a\0b", "/", "", "//etc/passwd", "/srv", 7,
            ],
        ),
    ],
)  # fmt: skip
def test_what_an_argument_may_be(rule: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    compiled = msgspec.convert(rule, ArgumentRule)
    assert [value for value in good if objection_to(value, compiled, "x")] == []
    assert [value for value in bad if not objection_to(value, compiled, "x")] == []


def test_arguments_are_checked_by_name_and_what_is_not_named_is_refused() -> None:
    rules = policy({"tools": ["read"], "arguments": {"path": {"paths": ["/srv"], "required": True}}})
    assert rules.check(0, call("read", {"path": "/srv/a"})) is None
    for said, word in (
        ({}, "'path' is missing"),
        ({"path": "/etc"}, "leads to a place"),
        ({"path": "/srv/a", "mode": "w"}, "'mode' is not on the list"),
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        ('{"path": "/srv/a"} x', "no JSON"),
        ("[" * 100_000, "no JSON"),
        ('{"path": "' + "a" * 1_000_001 + '"}', "larger than"),
        ('{"path": "/srv/a", "path": "/etc"}', "stands twice"),
        ('{"path": "/srv/\ud800"}', "leads to a place"),
        ('{"path": NaN}', "no JSON"),
        ('{"path": ' + "9" * 5_000 + "}", "no JSON"),
    ):
        found = rules.check(0, call("read", said))
        assert found is not None
        assert (found.kind, word in found.because) == ("arguments", True), found.because
    wide = policy({"tools": ["read"], "arguments": {"path": {"paths": ["/srv"]}}, "other_arguments": True})
    assert wide.check(0, call("read", {"mode": "w"})) is None
    assert policy({"tools": ["now"], "other_arguments": False}).check(0, call("now", "")) is None


def test_a_value_that_is_refused_is_never_quoted() -> None:
    rules = policy({"tools": ["post"], "arguments": {"text": {"like": ["ok"]}, "at": {"hosts": ["example.org"]}}})
    for said in ({"text": "Patient Miller"}, {"at": "https://miller.example"}):
        found = rules.check(0, call("post", said))
        assert found is not None
        assert "iller" not in found.because


@pytest.mark.parametrize(
    "rule",
    [
        {"paths": ["srv"]},
        {"paths": ["/srv/../etc"]},
        {"hosts": ["Example.org"]},
        {"hosts": ["*example.org"]},
        {"hosts": ["https://example.org"]},
        {"type": "text"},
        {"pattern": "(a+)+$"},
        {"longest": -1},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_its_place(rule: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$\.rule\[0\]\.arguments|unknown field"):
        policy({"arguments": {"x": rule}})


SIMPLE = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(-9, 9), st.text("ab", max_size=4))
VALUES = st.recursive(
    SIMPLE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
)
LEAVES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", "integer", "number", "boolean", "array", "object", "null"]),
        "longest": st.integers(0, 3),
    },
)


@given(LEAVES, VALUES)
def test_types_and_lengths_are_those_of_json_schema(rule: dict[str, Any], value: Any) -> None:
    schema = {key: value for key, value in rule.items() if key == "type"}
    if "longest" in rule:
        schema |= {"maxLength": rule["longest"], "maxItems": rule["longest"]}
    allowed = objection_to(value, msgspec.convert(rule, ArgumentRule), "x") == ""
    assert allowed is Draft202012Validator(schema).is_valid(value)


# ---------------------------------------------------------------- what an agent did before


def test_a_tool_may_be_called_so_often_a_minute_by_each_agent() -> None:
    rules = policy({"tools": ["search"], "per_minute": 2})
    assert [kind(rules.check(0, call())) for _ in range(3)] == ["", "", "rate"]
    assert rules.check(0, call(agent="other")) is None
    assert rules.check(61.1, call()) is None


def test_the_same_call_again_and_again_is_a_runaway_however_it_is_written() -> None:
    rules = policy(runaway={"repeats": 3, "window_seconds": 100})
    texts = ['{"a": 1, "b": [2]}', '{"b":[2],"a":1}', '{ "a":1, "b":[ 2 ] }', '{"a":1,"b":[2]}']
    found = [rules.check(float(at), call("search", text)) for at, text in enumerate(texts)]
    assert [kind(one) for one in found] == ["", "", "", "repeated"]
    assert found[-1].runaway
    assert found[-1].because == "agent 'clerk' asks 4 times within 100 s for the same call of 'search'"
    assert rules.check(4, call("search", '{"a":2}')) is None
    assert rules.check(4, call("fetch", texts[0])) is None
    assert rules.check(4, call("search", texts[0], agent="other")) is None
    assert rules.check(200, call("search", texts[0])) is None
    rules.forget("ward", "clerk")
    assert rules.check(200, call("search", texts[0])) is None


def test_too_many_calls_too_deep_a_loop_and_too_much_spent_are_runaways_too() -> None:
    rules = policy(runaway={"calls_per_minute": 2, "depth": 5, "spend_per_minute": 1.0})
    assert [kind(rules.check(0, call("search", {"n": at}))) for at in range(3)] == ["", "", "rate"]
    assert rules.before(0, "ward", "clerk", 5) is None
    deep = rules.before(0, "ward", "clerk", 6)
    assert deep is not None
    assert (deep.kind, deep.runaway) == ("depth", True)
    rules.spent(0, "ward", "clerk", 0.6)
    assert rules.before(0, "ward", "clerk", 0) is None
    rules.spent(1, "ward", "clerk", 0.4)
    assert kind(rules.before(1, "ward", "clerk", 0)) == "spend"
    assert rules.before(1, "ward", "other", 0) is None
    assert rules.before(62.1, "ward", "clerk", 0) is None


def test_what_is_refused_counts_as_well() -> None:
    rules = policy({"tools": ["shell"], "allow": False}, runaway={"repeats": 2})
    assert [kind(rules.check(0, call("shell"))) for _ in range(3)] == ["tool", "tool", "repeated"]


def test_who_was_silent_longest_is_forgotten_first() -> None:
    rules = policy(runaway={"repeats": 1, "agents": 2})
    for agent in ("a", "b", "a", "c"):
        rules.check(0, call(agent=agent))
    assert kind(rules.check(0, call(agent="a"))) == "repeated"
    assert kind(rules.check(0, call(agent="b"))) == ""


@given(st.lists(st.tuples(st.floats(0, 20), st.sampled_from(["x", "y"]), st.integers(0, 2)), max_size=80), st.integers(1, 4))
def test_a_call_is_refused_exactly_when_so_many_like_it_were_seen(steps: list[tuple[float, str, int]], most: int) -> None:
    rules, now, seen = policy(runaway={"repeats": most, "window_seconds": 30}), 0.0, []
    for pause, tool, number in steps:
        now += pause
        same = [at for at, *one in seen if one == [tool, number]]
        surely, perhaps = sum(now - at <= 30 for at in same) >= most, sum(now - at < 30.5 + 1e-9 for at in same) >= most
        refused = rules.check(now, call(tool, {"n": number})) is not None
        assert surely <= refused <= perhaps
        seen.append((now, tool, number))


@given(VALUES, st.integers(0, 4))
def test_a_digest_names_what_the_json_says_not_how_it_is_written(value: Any, indent: int) -> None:
    digest = arguments_digest(json.dumps(value))
    assert digest == arguments_digest(json.dumps(value, indent=indent, ensure_ascii=False))
    assert len(digest) == 32
    assert arguments_digest(json.dumps([value])) != digest


def test_a_digest_of_what_is_no_json_is_that_of_its_text() -> None:
    assert arguments_digest("{") == arguments_digest("{") != arguments_digest("[")
    assert arguments_digest("[" * 100_000)
    assert arguments_digest("\ud800")
