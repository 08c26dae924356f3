"""Cut-off rules as values and as TOML."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import BadCutoff
from freehold.measure.cutoff import cutoff
from freehold.stack.cutoff import WAYS, Cutoff, Rule, cutoff_from_toml
from freehold.stack.toml_file import loads
from strategies import cutoffs, repeatable


def read(text: str) -> Cutoff:
    return cutoff_from_toml(tomllib.loads(text), "stop.toml")


def test_the_example_of_the_design_is_read_with_all_that_it_says() -> None:
    found = read(
        """
        [cutoff]
        name = "US stop"
        [[cutoff.rule]]
        country = "US"
        via = ["provider", "owner", "location", "origin"]
        availability = 0.0
        from = "0d"
        until = "forever"
        cover = "keep"
        """
    )
    assert found == Cutoff((Rule(country="US"),), name="US stop")


def test_what_is_left_out_takes_its_default() -> None:
    rule = read("[cutoff]\n[[cutoff.rule]]\nforeign = true").rules[0]
    assert (rule.via, rule.availability, rule.from_day, rule.until_day, rule.cover) == (WAYS, 0, 0, math.inf, "keep")


def test_durations_ways_notice_and_stake_are_read() -> None:
    found = read(
        """
        [cutoff]
        notice = "2w"
        stake = 0.25
        [[cutoff.rule]]
        provider = "acme"
        kind = "chip"
        via = "owner, location"
        from = "1y"
        until = 400
        cover = "void"
        """
    )
    rule = Rule(provider="acme", kind="chip", via=("owner", "location"), from_day=365, until_day=400, cover="void")
    assert found == Cutoff((rule,), notice=14, stake=0.25)


def test_a_cut_off_is_known_its_notice_before_the_earliest_rule() -> None:
    rules = (Rule(foreign=True, from_day=30), Rule(item="x", from_day=10))
    assert Cutoff(rules, notice=4).known_on == 6
    assert Cutoff(rules, notice=14).known_on == -4
    assert Cutoff().known_on == math.inf


def test_only_the_selectors_given_count() -> None:
    assert Rule(foreign=True, item="x").selectors == {"foreign": True, "item": "x"}


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({}, "selects nothing"),
        ({"foreign": False}, "selects nothing"),
        ({"foreign": True, "via": ()}, "way"),
        ({"foreign": True, "via": ("seat",)}, "seat"),
        ({"foreign": True, "availability": 1.1}, "availability"),
        ({"foreign": True, "availability": -0.1}, "availability"),
        ({"foreign": True, "availability": math.nan}, "availability"),
        ({"foreign": True, "cover": "burn"}, "burn"),
        ({"foreign": True, "from_day": -1}, "never holds"),
        ({"foreign": True, "from_day": math.inf}, "never holds"),
        ({"foreign": True, "from_day": math.nan}, "never holds"),
        ({"foreign": True, "from_day": 5, "until_day": 5}, "never holds"),
        ({"foreign": True, "until_day": math.nan}, "never holds"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(settings: dict[str, Any], word: str) -> None:
    with pytest.raises(BadCutoff, match=word):
        Rule(**settings)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", r"no \[cutoff\] table"),
        ("cutoff = 3", r"no \[cutoff\] table"),
        ("[cutoff]", "no rule"),
        ("[cutoff]\nrule = []", "no rule"),
        ("[cutoff]\nrule = 3", "no rule"),
        ("[cutoff]\nrule = [3]", r"rule\]\] 1: is not a table"),
        ("[cutoff]\nnames = 'x'\nrule = [{foreign = true}]", "'names' is not known"),
        ("[cutoff]\nrule = [{foreign = true}, {foreing = true}]", r"rule\]\] 2: 'foreing' is not known"),
        ("[cutoff]\nrule = [{foreign = 'yes'}]", "foreign"),
        ("[cutoff]\nrule = [{country = 3}]", "country"),
        ("[cutoff]\nrule = [{country = true}]", "country"),
        ("[cutoff]\nrule = [{foreign = true, via = 3}]", "via"),
        ("[cutoff]\nrule = [{foreign = true, via = ['seat']}]", r"rule\]\] 1.*seat"),
        ("[cutoff]\nrule = [{foreign = true, availability = 'none'}]", "availability"),
        ("[cutoff]\nrule = [{foreign = true, availability = nan}]", "availability"),
        ("[cutoff]\nrule = [{foreign = true, availability = true}]", "availability"),
        ("[cutoff]\nrule = [{foreign = true, from = 'soon'}]", "from"),
        ("[cutoff]\nrule = [{foreign = true, from = -1}]", "from"),
        ("[cutoff]\nrule = [{foreign = true, until = [1]}]", "until"),
        ("[cutoff]\nrule = [{foreign = true, from = 9, until = 9}]", r"rule\]\] 1.*never holds"),
        ("[cutoff]\nrule = [{foreign = true, cover = 3}]", r"rule\]\] 1.*cover"),
        ("[cutoff]\nrule = [{}]", r"rule\]\] 1.*selects nothing"),
        ("[cutoff]\nstake = 2\nrule = [{foreign = true}]", "stake"),
        ("[cutoff]\nnotice = 'x'\nrule = [{foreign = true}]", "notice"),
    ],
)
def test_a_scenario_that_makes_no_sense_names_the_file_and_the_place(text: str, place: str) -> None:
    with pytest.raises(BadCutoff, match=place) as caught:
        read(text)
    assert str(caught.value).startswith("stop.toml")


@pytest.mark.parametrize(
    "text",
    [
        "[cutoff]\nname = 3\nrule = [{foreign = true}]",
        "[cutoff]\nrule = [{kind = 'chips'}]",
        "[cutoff]\nrule = [{item = ''}]",
    ],
)
def test_a_scenario_that_can_match_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadCutoff):
        read(text)


@pytest.mark.parametrize("settings", [{"notice": math.nan}, {"notice": -5.0}, {"stake": math.nan}, {"stake": 2.0}])
def test_a_cut_off_with_numbers_that_make_no_sense_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(BadCutoff):
        Cutoff((Rule(foreign=True),), **settings)


@repeatable(200)
@given(cutoffs(), st.sampled_from(["", "US stop", "ß"]))
def test_what_is_written_is_read_back(cut: Cutoff, name: str) -> None:
    cut = replace(cut, name=name)
    assert cutoff_from_toml({"cutoff": cut.as_data()}, "stop.toml") == cut


def test_a_rule_may_name_one_source() -> None:
    assert read('[cutoff]\n[[cutoff.rule]]\nsource = "llm@acme"').rules == (Rule(source="llm@acme"),)
    assert Rule(source="llm@acme").as_data()["source"] == "llm@acme"
    stack = loads(
        '[[item]]\nid = "a"\nmission = 1\n[[item.source]]\nid = "one"\nprovider = "self"\nshare = 0.7\n'
        '[[item.source]]\nid = "two"\nprovider = "self"\nshare = 0.3\n'
    )
    assert cutoff(stack, Cutoff((Rule(source="one"),)), (0.0,)).mission.low == pytest.approx((0.3,))
    assert cutoff(stack, Cutoff((Rule(source="two", item="a"),)), (0.0,)).mission.low == pytest.approx((0.7,))
    assert cutoff(stack, Cutoff((Rule(source="two", provider="acme"),)), (0.0,)).mission.low == (1.0,)
    with pytest.raises(BadCutoff, match="no source is called 'on'"):
        cutoff(stack, Cutoff((Rule(source="on"),)), (0.0,))
