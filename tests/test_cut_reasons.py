"""Each cut set in one sentence: who, what, when and why, in at most twenty-five words, without ids."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import freehold
from freehold.measure.chokepoint_values import GROUPS, CutSet, Group
from freehold.measure.cut_reason import CutReason, reasons_of
from freehold.report.answers import ExplainedChokepoints
from freehold.report.cut_sentences import MOST_WORDS, count_words, cut_sentence
from freehold.stack.countries import is_country
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack
from freehold.work import chokepoints
from strategies import repeatable, stacks

EXAMPLES = Path(__file__).parent.parent / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if (path / "stack.toml").is_file())

HEAD = """
[stack]
name = "Hospital"
home = "DE"
trusted = ["EU"]

[[provider]]
id = "aws-id"
name = "Amazon"
country = "US"

[[provider]]
id = "ms-id"
name = "Microsoft Corporation"
country = "US"

[[provider]]
id = "third-id"
name = "Third Long Name Of A Firm Ltd."
country = "JP"

[[item]]
id = "record-id"
name = "Patient record"
kind = "application"
mission = 1.0
  [[item.source]]
  provider = "self"
  needs = [NEEDS]
"""
HOSTING = """
[[item]]
id = "hosting-id"
name = "hosting"
kind = "cloud"
  [[item.source]]
  provider = "aws-id"
  [[item.source]]
  provider = "ms-id"
"""


def stack_of(needs: str, *items: str) -> Stack:
    return loads(HEAD.replace("NEEDS", needs) + "".join(items), "stack.toml")


def sentences(explained: ExplainedChokepoints, stack: Stack) -> list[str]:
    return [
        cut_sentence(why, cut.members, stack)
        for cut, why in zip(explained.answer.cut_sets, explained.reasons, strict=True)
        if why is not None
    ]


def told(stack: Stack, target: str | None = None, **options: object) -> list[str]:
    return sentences(chokepoints(stack, target, **options), stack)


@cache
def explained(name: str, of: Group) -> tuple[Stack, ExplainedChokepoints]:
    stack = freehold.read(str(EXAMPLES / name))
    return stack, chokepoints(stack, of=of, order=2 if of == "source" else 3, most=10)


@pytest.mark.parametrize("of", get_args(Group))
@pytest.mark.parametrize("name", NAMES)
def test_the_first_cut_sets_of_each_example_are_told_in_few_words_without_ids(name: str, of: Group) -> None:
    stack, found = explained(name, of)
    assert all(why is not None for why in found.reasons), "each is explained"
    names = {row.name.casefold() for row in (*stack.items, *stack.providers) if row.name}
    ids = {row.id for row in (*stack.items, *stack.providers, *stack.sources)} - names
    for cut, text in zip(found.answer.cut_sets, sentences(found, stack), strict=True):
        assert count_words(text) <= MOST_WORDS, text
        assert re.search(r" on day \d", text), f"when: {text}"
        assert text.startswith("If "), text
        assert text.endswith("."), text
        words = set(re.findall(r"[\w@:/.-]+", text))
        assert not {word for word in words & ids if re.search(r"[-@:/_]", word)}, text
        assert not {member.id for member in cut.members if is_country(member.id)} & words, text


@pytest.mark.parametrize("name", [name for name in NAMES if name != "value-chain"])
def test_each_example_has_something_to_explain(name: str) -> None:
    assert all(explained(name, of)[1].answer.cut_sets for of in get_args(Group))


def test_words_are_counted_by_the_stricter_reading() -> None:
    assert count_words("If Amazon refuses, it stops on day 30: no x86-64 server is left.") == 14
    assert count_words("50 %") == 2
    assert count_words("the clinic's doctors") == 3


def test_who_what_when_and_why_of_two_landlords() -> None:
    stack = stack_of('{ item = "hosting-id", survive = "30d" }', HOSTING)
    assert told(stack) == ["If Amazon and Microsoft both refuse, 'Patient record' stops on day 30: no other 'hosting' is left."]
    assert told(stack, of="owner") == told(stack)
    assert told(stack, of="country") == [
        "If the United States refuses, 'Patient record' stops on day 30: no other 'hosting' is left."
    ]
    assert told(stack, of="item") == ["If 'hosting' is lost, 'Patient record' stops on day 30: nothing stands in for it."]
    assert told(stack, of="source") == [
        "If both sources of 'hosting' are lost, 'Patient record' stops on day 30: nothing stands in for it."
    ]


def test_what_takes_over_for_a_time_is_told_as_stopping_for_good() -> None:
    hosting = """
[[item]]
id = "hosting-id"
name = "hosting"
kind = "cloud"
  [[item.source]]
  provider = "aws-id"
  [[item.source]]
  provider = "self"
  status = "standby"
  recover = "10d"
  needs = [{ item = "parts-id", survive = "100d" }]

[[item]]
id = "parts-id"
name = "spare parts"
kind = "hardware"
  [[item.source]]
  provider = "ms-id"
"""
    assert told(stack_of('"hosting-id"', hosting)) == [
        "If Amazon and Microsoft both refuse, 'Patient record' stops for good on day 100: no other 'hosting' is left."
    ]


def test_a_part_that_is_left_is_told_as_too_little() -> None:
    power = """
[[item]]
id = "power-id"
name = "power"
kind = "service"
  [[item.source]]
  provider = "aws-id"
  share = 0.6
  [[item.source]]
  provider = "ms-id"
  share = 0.4
"""
    assert told(stack_of('"power-id"', power), floor=0.5) == [
        "If Amazon refuses, 'Patient record' stops on day 0: too little 'power' is left."
    ]


def test_several_needs_at_once_are_named() -> None:
    items = "".join(
        f'[[item]]\nid = "{name}-id"\nname = "{name}"\nkind = "service"\n  [[item.source]]\n  provider = "{who}"\n'
        for name, who in (("mail", "aws-id"), ("voice", "ms-id"))
    )
    needs = '{ item = "mail-id", weight = 0.4 }, { item = "voice-id", weight = 0.3, survive = "5d" }'
    assert told(stack_of(needs, items)) == [
        "If Amazon and Microsoft both refuse, 'Patient record' stops on day 5: 'mail' and 'voice' fall short together."
    ]


def test_where_no_item_rests_on_all_the_mission_is_told_with_what_falls() -> None:
    text = (
        HEAD.replace("mission = 1.0", "mission = 0.4").replace("NEEDS", '"mail-id"')
        + """
[[item]]
id = "letters-id"
name = "Letters"
kind = "application"
mission = 0.4
  [[item.source]]
  provider = "self"
  needs = [{ item = "voice-id", survive = "7d" }]

[[item]]
id = "rest-id"
name = "Rest"
kind = "application"
mission = 0.2
  [[item.source]]
  provider = "self"

[[item]]
id = "mail-id"
name = "mail"
kind = "service"
  [[item.source]]
  provider = "aws-id"

[[item]]
id = "voice-id"
name = "voice"
kind = "service"
  [[item.source]]
  provider = "ms-id"
"""
    )
    stack = loads(text, "stack.toml")
    assert told(stack) == [
        "If Amazon and Microsoft both refuse, the mission falls under 50 % on day 7: 'Letters' and 'Patient record' stop."
    ]
    assert told(stack, "Letters") == ["If Microsoft refuses, 'Letters' stops on day 7: no other 'voice' is left."]


def test_an_item_that_stops_before_the_whole_is_told_with_both_days() -> None:
    text = (
        HEAD.replace("mission = 1.0", "mission = 0.5").replace("NEEDS", '{ item = "hosting-id", survive = "3d" }')
        + """
[[item]]
id = "letters-id"
name = "Letters"
kind = "application"
mission = 0.5
  [[item.source]]
  provider = "self"
  needs = [{ item = "hosting-id", survive = "30d" }]

[[item]]
id = "hosting-id"
name = "hosting"
kind = "cloud"
  [[item.source]]
  provider = "aws-id"
"""
    )
    assert told(loads(text, "stack.toml")) == [
        "If Amazon refuses, 'Patient record' stops on day 3, the mission on day 30: no other 'hosting' is left."
    ]


def test_what_rests_on_an_unknown_fact_may_stop() -> None:
    stack = stack_of('{ item = "hosting-id", survive = "?" }', HOSTING)
    assert told(stack) == [
        "If Amazon and Microsoft both refuse, 'Patient record' may stop on day 0: no other 'hosting' is left."
    ]


def test_an_unknown_provider_and_what_has_no_name_are_told_in_words() -> None:
    hosting = HOSTING.replace('name = "hosting"\n', "").replace('"ms-id"', '"?"')
    assert told(stack_of('"hosting-id"', hosting)) == [
        "If an unknown provider and Amazon both refuse, 'Patient record' stops on day 0: no other 'hosting id' is left."
    ]


def test_an_unknown_source_that_fills_the_shares_of_an_item_is_named_as_such() -> None:
    half = HOSTING.replace('provider = "aws-id"', 'provider = "aws-id"\n  share = 0.3').replace(
        'provider = "ms-id"', 'provider = "ms-id"\n  share = 0.3'
    )
    stack = stack_of('"hosting-id"', half)
    assert told(stack, of="source") == [
        "If 'hosting' from an unknown provider and Amazon is lost, 'Patient record' stops on day 0: nothing else stands in.",
        "If 'hosting' from an unknown provider and Microsoft is lost, 'Patient record' stops on day 0: nothing else stands in.",
        "If 'hosting' from Amazon and Microsoft is lost, 'Patient record' stops on day 0: nothing else stands in.",
    ]


def test_the_reason_is_what_falls_short_on_the_day_not_what_does_so_long_after() -> None:
    one = """
[[item]]
id = "hosting-id"
name = "hosting"
kind = "cloud"
  [[item.source]]
  provider = "third-id"
  needs = [{ item = "chip-id", survive = "900d" }]

[[item]]
id = "chip-id"
name = "chips"
  [[item.source]]
  provider = "aws-id"

[[item]]
id = "seal-id"
name = "seal"
  [[item.source]]
  provider = "aws-id"
"""
    stack = stack_of('"hosting-id", { item = "seal-id", survive = "60d" }', one)
    assert told(stack, of="provider")[0] == "If Amazon refuses, 'Patient record' stops on day 60: no other 'seal' is left."


def test_long_names_lose_words_from_the_end_and_the_limit_holds() -> None:
    long = "A very long name of a service that nobody would ever want to write out in full, not even once"
    hosting = HOSTING.replace('name = "hosting"', f'name = "{long}"').replace('"ms-id"', '"third-id"')
    stack = stack_of('"hosting-id"', hosting)
    (text,) = told(stack)
    assert count_words(text) <= MOST_WORDS
    assert "'A very long name…'" in text or "'A very long…'" in text, text
    assert "Third Long Name" in text
    many = "".join(f'  [[item.source]]\n  provider = "firm-{n}"\n' for n in range(9))
    providers = "".join(f'[[provider]]\nid = "firm-{n}"\nname = "Firm number {n} of nine"\ncountry = "US"\n' for n in range(9))
    item = f'[[item]]\nid = "hosting-id"\nname = "{long}"\nkind = "cloud"\n{many}'
    (text,) = told(stack_of('"hosting-id"', providers, item), order=9)
    assert count_words(text) <= MOST_WORDS
    assert "and 7 more refuse" in text


def test_a_set_that_is_none_has_no_reason() -> None:
    stack = stack_of('"hosting-id"', HOSTING)
    found = chokepoints(stack)
    half = found.answer.cut_sets[0].members[:1]
    assert reasons_of(stack, found.answer, [CutSet(half, None, None)]) == (None,)
    assert isinstance(found.reasons[0], CutReason)


def test_a_choice_between_others_is_not_named() -> None:
    choice = """
[[item]]
id = "any-of-one-two"
kind = "software"
tags = ["any-of"]
  [[item.source]]
  provider = "self"
  capacity = 1.0
  needs = ["one"]
  [[item.source]]
  id = "way-two"
  provider = "self"
  capacity = 1.0
  needs = ["two"]

[[item]]
id = "one"
name = "First"
  [[item.source]]
  provider = "aws-id"

[[item]]
id = "two"
name = "Second"
  [[item.source]]
  provider = "ms-id"
"""
    assert told(stack_of('"any-of-one-two"', choice)) == [
        "If Amazon and Microsoft both refuse, 'Patient record' stops on day 0: no alternative is left."
    ]


@pytest.mark.parametrize("times", [1, pytest.param(6, marks=pytest.mark.slow)], ids=["quick", "thorough"])
def test_every_cut_set_of_any_stack_is_explained_within_the_limit(times: int) -> None:
    @repeatable(40 * times)
    @given(stacks() | stacks(most=5, dense=True), st.sampled_from(GROUPS), st.sampled_from([None, 0.0, 12.5]))
    def law(stack: Stack, of: Group, day: float | None) -> None:
        found = chokepoints(stack, of=of, day=day, order=2, most=6, kernel="plain")
        for cut, why in zip(found.answer.cut_sets, found.reasons, strict=True):
            assert why is not None
            assert cut.stops_on is not None
            assert why.day >= cut.stops_on - 1e-9, "for good is not before at first"
            assert day is None or why.day <= day + 1e-9
            assert why.falls
            assert why.how == "several" or why.falls[0].level < found.answer.floor
            assert why.where is None or why.where in stack.item_by_id
            text = cut_sentence(why, cut.members, stack)
            assert count_words(text) <= MOST_WORDS, text

    law()
