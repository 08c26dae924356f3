"""Levels: criteria as data, ranges from what is not known, the question that settles most, who may lower."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from freehold.errors import BadRules, BadSignal, NotAllowed
from freehold.stack.toml_file import loads
from freehold.watch.alert import labels_from
from freehold.watch.level_facts import Fact, facts_from, stated_facts
from freehold.watch.levels import (
    Level,
    LevelRange,
    Lowering,
    Standing,
    built_in_levels,
    combine,
    grade,
    load_levels,
)
from freehold.watch.radius import Reach

OWN = built_in_levels().criteria_set("freehold")
CAC = built_in_levels().criteria_set("cn-cac")
MIIT = built_in_levels().criteria_set("cn-miit")
QUIET = {"spreads": "no", "reversible": "yes", "data_class": "none", "mission_loss_now": "0", "mission_loss_day": "0"}


def facts(**texts: str) -> tuple[Fact, ...]:
    return stated_facts(texts, built_in_levels().fact, "a test")


def own(**texts: str) -> LevelRange:
    return grade(facts(**{**QUIET, "mission_loss_week": "0", **texts}), OWN)


def test_the_level_is_that_of_the_highest_rule_met() -> None:
    assert (own(persons_affected="0").low, own(persons_affected="0").high) == (Level.BLUE, Level.BLUE)
    assert own(persons_affected="100").low == Level.YELLOW
    assert own(persons_affected="99").high == Level.BLUE
    assert own(persons_affected="10000").low == Level.ORANGE
    assert own(persons_affected="0", mission_loss_now="50%").low == Level.RED
    assert own(persons_affected="0", stop_failed="yes").low == Level.RED


def test_conditions_of_a_rule_must_all_be_met() -> None:
    assert own(persons_affected="0", data_class="sensitive").low == Level.YELLOW
    both = own(persons_affected="0", data_class="sensitive", reversible="no")
    assert both.is_decided
    assert both.low == Level.ORANGE


def test_what_is_not_known_gives_a_range_and_the_question_that_settles_it() -> None:
    found = own()
    assert (found.low, found.high) == (Level.BLUE, Level.ORANGE)
    assert found.missing == ("persons_affected",)
    assert found.question is not None
    assert found.question.text == "How many persons are affected?"
    assert found.question.outcomes == ((Level.BLUE, Level.BLUE), (Level.YELLOW, Level.YELLOW), (Level.ORANGE, Level.ORANGE))


def test_the_question_is_the_one_that_narrows_most() -> None:
    found = grade(facts(mission_loss_now="0", mission_loss_day="0", mission_loss_week="0", data_class="none", spreads="?"), OWN)
    # reversible alone leaves yellow to orange or blue to orange; how many persons may settle it at orange
    assert found.missing == ("persons_affected", "spreads", "reversible")
    assert found.question is not None
    assert found.question.fact == "persons_affected"


def test_a_range_that_cannot_reach_a_threshold_is_as_good_as_known() -> None:
    assert own(persons_affected="200..9000").is_decided
    assert own(persons_affected="200..9000").low == Level.YELLOW
    assert own(persons_affected="..50").low == own(persons_affected="..50").high == Level.BLUE


def test_regimes_are_graded_side_by_side() -> None:
    told = facts(
        personal_records="1_000_000",
        direct_loss_cny="60,000,000",
        outage_hours="9",
        persons_affected="5",
        sensitive_records="0",
    )
    assert grade(told, CAC).low == Level.ORANGE
    assert grade(told, MIIT).low == Level.YELLOW
    assert not grade(told, MIIT).is_confirmed
    assert grade(told, built_in_levels().criteria_set("cn-tc260-genai")).high == Level.RED


def test_what_is_assumed_is_told_and_may_be_taken_for_unknown() -> None:
    assert own(persons_affected="0").assumed == ("stop_failed", "people_harmed")
    strict = grade(facts(**QUIET, mission_loss_week="0", persons_affected="0"), OWN, strict=True)
    assert (strict.low, strict.high) == (Level.BLUE, Level.RED)


def test_a_met_rule_is_as_sure_as_its_least_sure_fact() -> None:
    sure = Fact(id="data_class", low=3, high=3, source="log")
    doubtful = Fact(id="reversible", low=0, high=0, source="a guess", confidence=0.3)
    found = grade([*facts(mission_loss_now="0"), sure, doubtful], OWN)
    assert next(one.confidence for one in found.met if len(one.rule.when) == 2 and one.surely) == 0.3


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("persons_affected", "many", "a number"),
        ("persons_affected", "-1", "a number"),
        ("persons_affected", "nan", "a number"),
        ("persons_affected", "inf", "a number"),
        ("persons_affected", "9..2", "lesser first"),
        ("spreads", "perhaps", "yes or no"),
        ("data_class", "secret", "one of"),
        ("mission_loss_now", "120%", "a part"),
        ("person_affected", "1", "persons_affected"),
    ],
)
def test_a_fact_that_is_none_is_refused_with_the_mend(name: str, text: str, words: str) -> None:
    with pytest.raises(BadSignal, match=words):
        facts(**{name: text})


def test_every_criterion_has_a_reference_or_is_freeholds_own() -> None:
    for one in built_in_levels().criteria:
        for rule in one.rule:
            assert bool(rule.reference) == (one.id != "freehold"), (one.id, rule)
    assert {(one.id, one.numeral) for one in built_in_levels().level} == {
        ("red", "I"), ("orange", "II"), ("yellow", "III"), ("blue", "IV"),
    }  # fmt: skip


SET = 'edition = "1"\n[[fact]]\nid = "f"\ntype = "flag"\nquestion = "?"\n[[criteria]]\nid = "a"\nversion = "1"\nname = "A"\n'
RULE = SET + '[[criteria.rule]]\nlevel = "red"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("edition = 3", r"\$.edition"),
        (SET + 'least = "pink"', r"criteria\[0\].least"),
        (RULE + "when = []", "always"),
        (RULE + 'when = [{ fact = "deaths", at_least = 1 }]', "no fact 'deaths'"),
        (RULE + 'when = [{ fact = "f", at_least = 1 }]', "is = true"),
        (RULE + 'reference = "nowhere"\nwhen = [{ fact = "f", is = true }]', "no reference 'nowhere'"),
        (SET + SET.partition("\n")[2], "defined twice"),
        ("edition = ", "not TOML"),
    ],
)
def test_a_bad_file_of_criteria_names_the_place(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadRules, match=words):
        load_levels(file)
    with pytest.raises(BadRules, match="cannot be read"):
        load_levels(tmp_path / "absent.toml")


def test_the_facts_of_a_radius_see_a_dip_between_the_days() -> None:
    text = """
[stack]
name = "s"
[[item]]
id = "desk"
mission = 1
  [[item.source]]
  provider = "self"
  needs = [{ item = "model", survive = "2d" }]
[[item]]
id = "model"
  [[item.source]]
  provider = "cloud"
  [[item.source]]
  provider = "self"
  status = "standby"
  recover = "3d"
[[provider]]
id = "cloud"
country = "US"
"""
    reach = Reach(loads(text))
    radius = reach.of(labels_from(provider="cloud"))
    assert radius.mission.low == (1.0,) * 6
    found = {fact.id: (fact.low, fact.high) for fact in facts_from(reach, radius)}
    assert found == {"mission_loss_now": (0.0, 0.0), "mission_loss_day": (0.0, 0.0), "mission_loss_week": (1.0, 1.0)}
    assert grade(facts_from(reach, radius), OWN).low == Level.YELLOW


def test_an_unknown_place_asks_which_part_it_is() -> None:
    reach = Reach(loads('[[item]]\nid = "desk"\nmission = 1\n[[item.source]]\nprovider = "self"\n'))
    told = facts_from(reach, reach.of(labels_from(item="disk")))
    assert {(fact.low, fact.high) for fact in told} == {(0.0, 1.0)}
    found = grade([*told, *facts(persons_affected="0", spreads="no", data_class="none")], OWN)
    assert (found.low, found.high) == (Level.BLUE, Level.RED)
    assert found.question is not None
    assert found.question.text == "Which part of the stack is it?"


_LEVELS = st.sampled_from(list(Level))
_RANGES = st.tuples(_LEVELS, _LEVELS).map(lambda pair: LevelRange("x", "1", min(pair), max(pair)))


@strategies.repeatable(200)
@given(st.lists(_RANGES, min_size=1, max_size=12))
def test_a_level_is_raised_by_facts_and_never_lowered_by_them(ranges: list[LevelRange]) -> None:
    standing: Standing | None = None
    for number, new in enumerate(ranges):
        before = standing
        standing = combine(before, new)
        assert standing.level == max(one.low for one in ranges[: number + 1])
        assert standing.may_be >= standing.level
        assert before is None or standing.level >= before.level


@strategies.repeatable(200)
@given(st.lists(_RANGES, min_size=1, max_size=6), _LEVELS, _RANGES)
def test_a_person_lowers_it_until_something_is_worse_than_what_they_saw(
    ranges: list[LevelRange], to: Level, later: LevelRange
) -> None:
    standing: Standing | None = None
    for new in ranges:
        standing = combine(standing, new)
    seen = ranges[-1]
    lowered = combine(standing, seen, Lowering(to, "duty officer", "the provider is back"))
    assert (lowered.level, lowered.by) == (to, "duty officer")
    assert combine(lowered, seen).level == to
    after = combine(lowered, later)
    assert after.level == (max(to, later.low) if later.low > seen.low else to)


def test_a_level_is_lowered_with_a_name_and_a_reason_only() -> None:
    for who, why in (("", "because"), ("someone", " ")):
        with pytest.raises(NotAllowed, match="who, and why"):
            combine(None, LevelRange("x", "1", Level.RED, Level.RED), Lowering(Level.BLUE, who, why))


@strategies.repeatable(150)
@given(st.data())
def test_what_is_learnt_never_widens_the_range(data: st.DataObject) -> None:
    some = {
        "persons_affected": ["0", "100", "10000", "20..20000"], "spreads": ["yes", "no"], "reversible": ["yes", "no"],
        "data_class": ["none", "personal", "core"], "mission_loss_now": ["0", "0.1", "0.2..0.6"],
    }  # fmt: skip
    told = {name: data.draw(st.sampled_from(values)) for name, values in some.items() if data.draw(st.booleans())}
    before = grade(facts(**told), OWN)
    name = data.draw(st.sampled_from(sorted(set(some) - set(told)) or ["people_harmed"]))
    value = data.draw(st.sampled_from(some.get(name, ["no"])))
    after = grade(facts(**told, **{name: value}), OWN)
    assert before.low <= after.low <= after.high <= before.high
    if before.question is not None and before.question.fact == name and ".." not in value:
        assert (after.low, after.high) in before.question.outcomes
