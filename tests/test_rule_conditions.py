"""Conditions: what they mean, what is refused before it runs, and what they may cost."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.watch.conditions import (
    LONGEST_CONDITION,
    LONGEST_VALUE,
    BadCondition,
    Condition,
    ConditionFault,
    compile_condition,
)
from freehold.watch.event import Event
from freehold.watch.match_patterns import pattern_problem

STATUS = "http.response.status_code"


def event(type_: str = "t", source: str = "/s", **data: Any) -> Event:
    return Event(source, "1", type_, 0.0, 0.0, "", {name.replace("__", "."): value for name, value in data.items()})


def met(text: str, **data: Any) -> bool:
    return compile_condition(text).holds(event(**data))


@pytest.mark.parametrize(
    ("text", "data", "expected"),
    [
        ("http.response.status_code >= 500", {"http__response__status_code": 503}, True),
        ("http.response.status_code >= 500", {"http__response__status_code": 500.0}, True),
        ("http.response.status_code in [401, 403]", {"http__response__status_code": 403}, True),
        ("freehold.seconds > 2", {"freehold__seconds": 3}, True),
        ("freehold.seconds * 2.0 > 5.0", {"freehold__seconds": 3}, True),
        ("!freehold.probe.ok", {"freehold__probe__ok": False}, True),
        ('freehold.tenant == "a" && freehold.upstream != "b"', {"freehold__tenant": "a", "freehold__upstream": "c"}, True),
        ("gen_ai.request.model.startsWith('gpt-')", {"gen_ai__request__model": "gpt-5"}, True),
        ("gen_ai.request.model.matches(r'^gpt-\\d$')", {"gen_ai__request__model": "gpt-5"}, True),
        ("gen_ai.request.model.matches('^gpt-\\\\d$')", {"gen_ai__request__model": "gpt-50"}, False),
        ("size(freehold.because) > 3", {"freehold__because": "long"}, True),
        ('"abc".contains(freehold.tenant)', {"freehold__tenant": "b"}, True),
        ("(freehold.tenant).endsWith('c')", {"freehold__tenant": "abc"}, True),
        ('event.type == "t" && event.source == "/s"', {}, True),
        ("has(freehold.tenant)", {}, False),
        ("has( freehold.tenant ) && freehold.tenant == 'a'", {"freehold__tenant": "a"}, True),
        ("!has(gen_ai.agent.id) || gen_ai.agent.id == 'x'", {}, True),
        ("freehold.seconds > 1 ? true : false", {"freehold__seconds": 2}, True),
        ("// a remark\ntrue", {}, True),
        ('freehold.because == "freehold.tenant == 1"', {"freehold__because": "freehold.tenant == 1"}, True),
    ],
)
def test_a_condition_means_what_cel_says(text: str, data: dict[str, Any], expected: bool) -> None:
    assert met(text, **data) is expected


def test_what_an_event_lacks_makes_what_needs_it_not_met() -> None:
    assert not met("http.response.status_code >= 500")
    assert not met("http.response.status_code < 500")
    assert met('freehold.tenant == "a" || freehold.seconds > 1', freehold__tenant="a")
    assert not met('freehold.tenant == "b" || freehold.seconds > 1', freehold__tenant="a")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("http.response.statuscode > 1", "Did you mean 'http.response.status_code'"),
        ("x > 1", "no attribute is called 'x'"),
        ('freehold.seconds > "2"', "different types"),
        ("freehold.seconds * 2 > 5.0", "different types"),
        ("freehold.tenant > 3", "different types"),
        ('http.response.status_code == "500"', "never equal"),
        ("freehold.tenant == 5", "never equal"),
        ("5 == freehold.tenant", "never equal"),
        ("freehold.probe.ok == 1", "never equal"),
        ("freehold.seconds", "not true or false"),
        ("freehold.seconds + 1.0", "not true or false"),
        ("!freehold.tenant", "different types"),
        ("freehold.tenant ? true : false", "different types"),
        ("", "empty"),
        ("// only a remark", "empty"),
        ("true &&", "not CEL"),
        ("(true", "not CEL"),
        ("true true", "not CEL"),
        ("freehold.tenant == 'open", "is not understood"),
        ("freehold.tenant == 'a' # b", "is not understood"),
        ("{'a': 1}", "is not understood"),
        ("[1, 2].all(x, x > 0)", "'all' is no function"),
        ("[1].map(x, [1].map(y, y)) == []", "'map' is no function"),
        ("exec('x')", "'exec' is no function"),
        ("freehold.tenant.size", "no attribute is called 'freehold.tenant.size'"),
        (".tenant", "follows nothing"),
        ("has(1)", "name of one attribute"),
        ("has(freehold.tenant, freehold.item)", "name of one attribute"),
        ("freehold.has(freehold.tenant)", "is no function"),
        ("freehold.tenant.matches(freehold.item)", "not one text in quotes"),
        ("freehold.tenant.matches('(a')", "a pattern is none"),
        ("freehold.tenant.matches('(?=a)')", "look-around"),
        (r"freehold.tenant.matches(r'(a)\1')", "a pattern is none"),
        ("freehold.tenant.matches('(a{100}){100}')", "multiply"),
        (r"freehold.tenant.matches(r'\w{50}')", "multiply"),
        ("freehold.tenant.matches('" + "a" * 300 + "')", "300 characters"),
        ("99999999999999999999 > 1", "not CEL"),
        ("true || " * 200 + "true", "characters, more than"),
        ("(" * 21 + "true" + ")" * 21, "nests more than"),
        ("[" * 21 + "]" * 21 + " == []", "nests more than"),
    ],
)  # fmt: skip
def test_a_condition_that_cannot_be_right_is_refused_with_its_mend(text: str, said: str) -> None:
    with pytest.raises(BadCondition, match=re.escape(said)) as refused:
        compile_condition(text)
    assert refused.value.mend


def test_the_place_of_an_error_is_that_of_the_text_as_written() -> None:
    with pytest.raises(BadCondition, match="line 1, column 37"):
        compile_condition("http.response.status_code >= 500 && && true")


@pytest.mark.parametrize(
    ("text", "data", "said"),
    [
        ("gen_ai.usage.input_tokens / gen_ai.usage.output_tokens > 1",
         {"gen_ai__usage__input_tokens": 1, "gen_ai__usage__output_tokens": 0}, "divides by zero"),
        ("http.response.status_code > 1", {"http__response__status_code": "500"}, "is text, and a count"),
        ("http.response.status_code > 1", {"http__response__status_code": 1.5}, "is a number, and a count"),
        ("http.response.status_code > 1", {"http__response__status_code": True}, "is true or false, and a count"),
        ("http.response.status_code > 1", {"http__response__status_code": 2**70}, "is a number, and a count"),
        ("freehold.seconds > 1", {"freehold__seconds": float("nan")}, "is not a finite number"),
        ("freehold.seconds > 1", {"freehold__seconds": float("inf")}, "is not a finite number"),
        ("freehold.seconds > 1", {"freehold__seconds": [1]}, "is a list"),
        ("freehold.tenant == 'a'", {"freehold__tenant": 1}, "and a text is expected"),
        ("int(freehold.tenant) > 1", {"freehold__tenant": "one"}, "int"),
        ("gen_ai.usage.input_tokens * gen_ai.usage.input_tokens * gen_ai.usage.input_tokens > 1",
         {"gen_ai__usage__input_tokens": 2**50}, "too large"),
    ],
)  # fmt: skip
def test_what_cannot_be_evaluated_is_a_fault_and_says_why(text: str, data: dict[str, Any], said: str) -> None:
    with pytest.raises(ConditionFault, match=said):
        met(text, **data)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_compiled_or_refused(text: str) -> None:
    try:
        compiled = compile_condition(text)
    except BadCondition:
        return
    assert isinstance(compiled, Condition)


_words = st.sampled_from(
    ["freehold.tenant", "freehold.seconds", STATUS, "freehold.probe.ok", "1", "2.5", "'a'", "r'\\d'", "true",
     "null", "==", "!=", "<", ">=", "&&", "||", "!", "-", "+", "*", "/", "%", "?", ":", "(", ")", "[", "]", ",", ".", "in",
     "has(", "size(", ".matches(", ".contains(", "int(", "string(", "event.type"]
)  # fmt: skip
_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.just("\ud800"),
    st.lists(st.integers(), max_size=2),
)


@settings(deadline=None)
@given(
    st.lists(_words, max_size=14), st.dictionaries(st.sampled_from(["freehold.tenant", "freehold.seconds", STATUS]), _values)
)
def test_whatever_words_are_put_together_nothing_worse_than_a_fault_comes_of_it(words: list[str], data: dict[str, Any]) -> None:
    try:
        compiled = compile_condition(" ".join(words))
    except BadCondition:
        return
    with suppress(ConditionFault):
        assert compiled.holds(Event("/s", "1", "t", 0.0, 0.0, "", data)) in {True, False}


def test_a_pattern_runs_in_time_linear_in_the_text() -> None:
    """Patterns that take a backtracking engine 2^n steps: with 4,096 characters it would not end."""
    for pattern in ("(a+)+$", "(a|aa)+$", "^(a|a)*$", "(.*a){9}$"):
        condition = compile_condition(f"freehold.because.matches('{pattern}')")
        assert not condition.holds(event(freehold__because="a" * (LONGEST_VALUE - 1) + "b"))


def test_a_pattern_is_tried_once_on_a_value_that_comes_again() -> None:
    condition = compile_condition("gen_ai.request.model.matches('^gpt')")
    for number in range(2_000):
        assert condition.holds(event(gen_ai__request__model=f"gpt-{number % 3}"))
    assert condition._remembered is not None
    assert len(condition._remembered) == 3
    for number in range(2_000):
        condition.holds(event(gen_ai__request__model=f"x{number}"))
    assert len(condition._remembered) <= 512


def test_a_missing_attribute_is_not_mistaken_for_another_one() -> None:
    condition = compile_condition("freehold.tenant == 'a' || (freehold.item == 'a' && freehold.because.matches('^x'))")
    assert condition.holds(event(freehold__tenant="a", freehold__because="y"))
    assert not condition.holds(event(freehold__item="a", freehold__because="y"))


def test_text_beyond_the_bound_is_not_looked_at() -> None:
    assert not met("freehold.because.endsWith('z')", freehold__because="a" * LONGEST_VALUE + "z")
    assert met("size(freehold.because) == 4096", freehold__because="a" * 1_000_000)


def test_the_longest_condition_is_evaluated() -> None:
    text = " || ".join(["freehold.seconds>9.0"] * 41)
    assert len(text) <= LONGEST_CONDITION
    assert not met(text, freehold__seconds=1)


@pytest.mark.parametrize(
    ("pattern", "sound"),
    [
        ("^gpt-[45](o|\\.1)?(-mini)?$", True), ("[a-z0-9-]{1,40}", True), (".{60}", True), ("\\w{6}", True), ("\\d{20}", True),
        ("(a{1000}){1000}", False), ("((a{10}){10}){11}", False), ("\\w{7}", False), ("[^x]{100}", False),
        ("a{999999999}", False),
        ("a{0,251}", False), ("[[:alpha:]]{30}", False), ("[\\w]{30}", False), ("(((", True), (")))", True), ("[", True),
        ("{5}", True), ("[]a]{3}", True), ("a" * 201, False),
    ],
)  # fmt: skip
def test_what_a_pattern_may_multiply_to(pattern: str, sound: bool) -> None:
    assert bool(pattern_problem(pattern)) is not sound
