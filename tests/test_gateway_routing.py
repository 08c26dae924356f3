"""Jurisdiction, routing and ramps: by hand, and the laws that rules only take away and that a conversation stays put."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import BadConfiguration
from freehold.gateway.budgets import Price
from freehold.gateway.globs import Globs, glob_matches
from freehold.gateway.jurisdiction import JurisdictionTable, PlaceTable, compile_demand, places_of, verdict
from freehold.gateway.ramp import CapacityTable, Observation, Ramp, RampTable, in_share, place_of
from freehold.gateway.routing import Choice, Decision, Force, Question, Router, RoutingTable, Target
from freehold.stack.toml_file import loads

STACK = loads("""
[stack]
name = "Clinic"
home = "DE"
trusted = ["EU"]
[[provider]]
id = "cloud"
country = "DE"
owner = "parent"
[[provider]]
id = "parent"
country = "US"
[[provider]]
id = "french"
country = "FR"
owner = "french"
[[provider]]
id = "seatless"
country = "?"
[[item]]
id = "llm"
kind = "model"
  [[item.source]]
  provider = "cloud"
  location = "DE"
  [[item.source]]
  id = "local-llm"
  provider = "self"
  status = "standby"
[[item]]
id = "translation"
kind = "service"
  [[item.source]]
  provider = "french"
  location = "FR"
  origin = "US"
[[item]]
id = "nobody"
kind = "service"
""")
TIED = {
    "cloud": PlaceTable(source="llm@cloud"),
    "local": PlaceTable(source="local-llm"),
    "translator": PlaceTable(item="translation"),
    "hidden": PlaceTable(provider="seatless"),
    "stated": PlaceTable(countries=("JP",)),
    "untied": PlaceTable(),
    "sourceless": PlaceTable(item="nobody"),
}
PLACES = places_of(TIED, STACK)


def why(upstream: str, **demand: Any) -> str:
    table = msgspec.convert(demand, JurisdictionTable)
    return verdict(PLACES[upstream], compile_demand(table, STACK, "here"))


# ---------------------------------------------------------------- jurisdiction


def test_who_controls_an_upstream_comes_from_the_stack_by_each_way() -> None:
    assert PLACES["cloud"].by == {
        "provider": {"DE"}, "owner": {"US"}, "location": {"DE"}, "origin": frozenset(),
    }  # fmt: skip
    assert PLACES["cloud"].countries == ("DE", "US")
    assert PLACES["local"].countries == ("DE",)
    assert PLACES["translator"].by["origin"] == {"US"}
    assert PLACES["hidden"].countries == ("?",)
    assert PLACES["untied"].countries == PLACES["sourceless"].countries == ("?",)
    assert PLACES["stated"].countries == ("JP",)
    assert set(places_of(TIED | {"x": PlaceTable(countries=("EU",))}, None)["x"].countries) > {"DE", "FR"}


@pytest.mark.parametrize(
    ("upstream", "demand", "allowed"),
    [
        ("local", {"within": ["home"]}, True),
        ("cloud", {"within": ["home"]}, False),
        ("cloud", {"within": ["home"], "via": ["provider", "location"]}, True),
        ("translator", {"within": ["trusted"]}, False),
        ("translator", {"within": ["trusted"], "via": ["provider", "owner", "location"]}, True),
        ("translator", {"within": ["home"], "via": ["provider"]}, False),
        ("cloud", {"never": ["US"]}, False),
        ("cloud", {"never": ["US"], "never_via": ["provider", "location", "origin"]}, True),
        ("translator", {"never": ["US"], "never_via": ["origin"]}, False),
        ("stated", {"within": ["JP", "DE"]}, True),
        ("stated", {"never": ["EU"]}, True),
        ("hidden", {"within": ["home"]}, False),
        ("hidden", {"within": ["home"], "unknown": "allow"}, True),
        ("untied", {"never": ["US"]}, False),
        ("untied", {"never": ["US"], "unknown": "allow"}, True),
        ("untied", {}, True),
        ("cloud", {"within": ["home"], "unknown": "allow"}, False),
    ],
)
def test_what_a_rule_demands_of_who_controls_it(upstream: str, demand: dict[str, Any], allowed: bool) -> None:
    assert (why(upstream, **demand) == "") is allowed


def test_a_refusal_says_who_and_by_which_way() -> None:
    assert why("cloud", within=["home"]) == "United States controls it by its owner, and only home is allowed"
    assert why("translator", never=["US"]) == "United States controls it by export-control law, and a rule says never"
    assert "not known" in why("hidden", within=["home"])


def test_what_the_stack_does_not_have_is_bad_configuration() -> None:
    for table in (PlaceTable(source="x"), PlaceTable(item="x"), PlaceTable(provider="x"), PlaceTable(countries=("Atlantis",))):
        with pytest.raises(BadConfiguration):
            places_of({"up": table}, STACK)
    for within in (("home",), ("trusted",), ("Atlantis",)):
        with pytest.raises(BadConfiguration):
            compile_demand(JurisdictionTable(within=within), None, "here")
    with pytest.raises(msgspec.ValidationError, match="both say"):
        msgspec.convert({"source": "a", "provider": "b"}, PlaceTable)


# ---------------------------------------------------------------- routing

TARGETS = (
    Target("cloud", "gpt", place=PLACES["cloud"], price=Price(input=2, output=8), context=100_000),
    Target("translator", "mistral", place=PLACES["translator"], price=Price(input=1, output=2), context=32_000),
    Target("local", "qwen", place=PLACES["local"], self_held=True, context=8_000, capabilities=frozenset({"chat", "tools"})),
    Target("untied", "other", place=PLACES["untied"], serves=("other-*",)),
)
ASKED = Question("assistant", tenant="ward", key="conversation 1", needs=frozenset({"chat"}), read=1_000, write=500)


def router(*rules: dict[str, Any], **table: Any) -> Router:
    return Router(msgspec.convert({"rule": list(rules), **table}, RoutingTable), TARGETS, STACK)


def names(decision: Decision) -> list[str]:
    return [choice.target.upstream for choice in decision.choices]


def test_without_a_rule_all_that_serve_the_model_are_tried_as_listed() -> None:
    decision = router().decide(ASKED)
    assert names(decision) == ["cloud", "translator", "local"]
    assert (decision.refused, decision.left_out, decision.rules) == ("", (), ())
    assert names(router().decide(replace(ASKED, model="other-small"))) == ["cloud", "translator", "local", "untied"]


def test_patients_data_stays_at_home_and_each_one_left_out_has_its_reason() -> None:
    rules = router({"name": "patients", "data_classes": ["patient"], "jurisdiction": {"within": ["home"]}})
    decision = rules.decide(replace(ASKED, data_class="patient"))
    assert names(decision) == ["local"]
    assert decision.rules == ("patients",)
    assert {one.target.upstream: one.because for one in decision.left_out} == {
        "cloud": "United States controls it by its owner, and only home is allowed",
        "translator": "France controls it by its seat, where it is hosted, and only home is allowed",
    }
    assert all(one.rule == "patients" for one in decision.left_out)
    assert names(rules.decide(ASKED)) == ["cloud", "translator", "local"]


def test_a_data_class_that_is_misspelt_is_refused() -> None:
    rules = router({"data_classes": ["patient"], "self_held": True}, data_classes=["patient", "open"])
    assert names(rules.decide(replace(ASKED, data_class="open"))) == ["cloud", "translator", "local"]
    refused = rules.decide(replace(ASKED, data_class="patiant"))
    assert refused.choices == ()
    assert refused.refused == "the data class 'patiant' is not one of: open, patient"
    with pytest.raises(BadConfiguration, match="'patiant' is not among"):
        router({"data_classes": ["patiant"]}, data_classes=["patient"])


def test_what_cannot_do_it_does_not_fit_or_is_too_dear_is_left_out() -> None:
    rules = router({"most_cost": 0.004})
    decision = rules.decide(replace(ASKED, needs=frozenset({"chat", "vision"})))
    reasons = {one.target.upstream: one.because for one in decision.left_out}
    assert names(decision) == ["translator"]
    assert reasons["local"] == "'local' cannot do what is needed: vision"
    assert reasons["cloud"] == "'cloud' would cost 0.006, and 0.004 is the most"
    assert "price" in {one.target.upstream: one.because for one in rules.decide(ASKED).left_out}["local"]
    long = router().decide(replace(ASKED, read=40_000))
    assert names(long) == ["cloud"]
    assert long.left_out[0].because == "40500 tokens do not fit into the 32000 of 'translator'"
    nothing = router().decide(replace(ASKED, read=400_000))
    assert nothing.choices == ()
    assert "cloud:" in nothing.refused


def test_the_order_is_as_listed_the_cheapest_or_as_preferred() -> None:
    assert names(router({"order": "cheapest"}).decide(ASKED)) == ["translator", "cloud", "local"]
    preferred = router({"prefer": ["local", "translator"]}, {"order": "cheapest"}).decide(ASKED)
    assert names(preferred) == ["local", "translator", "cloud"]
    assert [choice.because for choice in preferred.choices] == ["policy.preferred", "policy.preferred", "policy.listed"]
    with pytest.raises(BadConfiguration, match="no upstream 'nobody'"):
        router({"prefer": ["nobody"]})
    with pytest.raises(msgspec.ValidationError, match=r"rule\[0\]"):
        router({"order": "prefer"})


def test_a_rule_may_list_or_exclude_upstreams_and_refuse_altogether() -> None:
    assert names(router({"upstreams": ["c*"]}).decide(ASKED)) == ["cloud"]
    assert names(router({"not_upstreams": ["c*"]}).decide(ASKED)) == ["translator", "local"]
    refused = router({"purposes": ["scoring"], "refuse": True, "because": "no scoring of people"})
    assert refused.decide(replace(ASKED, purpose="scoring")).refused == "no scoring of people"
    assert names(refused.decide(ASKED)) == ["cloud", "translator", "local"]
    assert "no upstream serves" in Router(RoutingTable(), TARGETS[3:]).decide(ASKED).refused


def test_a_route_set_from_outside_comes_first_for_its_share_and_only_if_it_is_allowed() -> None:
    rules = router({"data_classes": ["patient"], "self_held": True})
    force = Force("local", 25)
    for key in ("a", "b", "c", "d", "e", "f", "g", "h"):
        first = names(rules.decide(replace(ASKED, key=key), force))[0]
        assert first == ("local" if in_share(key, 25) else "cloud")
    for key in ("a", "b", "c", "d", "e", "f", "g", "h"):
        order = names(rules.decide(replace(ASKED, key=key), Force("cloud", 25)))
        assert order == (["cloud", "translator", "local"] if in_share(key, 25) else ["translator", "local", "cloud"])
    assert names(rules.decide(ASKED, Force("cloud", 0, exclusive=True))) == ["translator", "local"]
    assert names(rules.decide(ASKED, Force("local"))) == ["local", "cloud", "translator"]
    assert names(rules.decide(ASKED, Force("local", exclusive=True))) == ["local"]
    assert rules.decide(ASKED, Force("local")).choices[0].because == "policy.forced"
    forbidden = rules.decide(replace(ASKED, data_class="patient"), Force("cloud", exclusive=True))
    assert names(forbidden) == ["local"]


RULES = st.fixed_dictionaries(
    {},
    optional={
        "models": st.sampled_from([["assistant"], ["a*"], ["other"]]),
        "tenants": st.sampled_from([["ward"], ["lab"]]),
        "data_classes": st.sampled_from([["patient"], [""], ["*"]]),
        "purposes": st.sampled_from([["help"], ["*"]]),
        "jurisdiction": st.sampled_from([{"within": ["home"]}, {"never": ["US"]}, {"within": ["trusted"], "unknown": "allow"}]),
        "upstreams": st.sampled_from([["cloud", "local"], ["*"], ["t*"]]),
        "not_upstreams": st.sampled_from([["cloud"], ["nobody"]]),
        "most_cost": st.sampled_from([0.0, 0.004, 1.0]),
        "self_held": st.booleans(),
        "order": st.sampled_from(["listed", "cheapest"]),
        "refuse": st.booleans(),
    },
)
QUESTIONS = st.builds(
    Question,
    model=st.sampled_from(["assistant", "other-one"]),
    tenant=st.sampled_from(["ward", "lab"]),
    data_class=st.sampled_from(["patient", ""]),
    purpose=st.sampled_from(["help", ""]),
    needs=st.sampled_from([frozenset(), frozenset({"vision"})]),
    read=st.sampled_from([0, 5_000, 50_000]),
    write=st.sampled_from([0, 1_000]),
    key=st.text(max_size=4),
)


def naive(rules: list[dict[str, Any]], question: Question) -> set[str]:
    """Which upstreams are allowed, read off the rules one by one."""
    kept = set()
    for target in TARGETS:
        if target.serves and not question.model.startswith("other-"):
            continue
        cost = float("inf") if target.price is None else target.price.cost(question.read, question.write)
        fine = question.needs <= target.capabilities
        fine = fine and (target.context is None or target.context >= question.read + question.write)
        for rule in rules:
            about = (
                (rule.get("models"), question.model),
                (rule.get("tenants"), question.tenant),
                (rule.get("data_classes"), question.data_class),
                (rule.get("purposes"), question.purpose),
            )
            if any(given is not None and not any(glob_matches(one, word) for one in given) for given, word in about):
                continue
            demand = rule.get("jurisdiction")
            fine = fine and not rule.get("refuse")
            fine = fine and any(glob_matches(one, target.upstream) for one in rule.get("upstreams", ["*"]))
            fine = fine and not any(glob_matches(one, target.upstream) for one in rule.get("not_upstreams", []))
            fine = fine and (target.self_held or not rule.get("self_held"))
            fine = fine and cost <= rule.get("most_cost", float("inf"))
            fine = fine and (demand is None or why(target.upstream, **demand) == "")
        if fine:
            kept.add(target.upstream)
    return kept


@given(st.lists(RULES, max_size=4), QUESTIONS, st.sampled_from([None, Force("local"), Force("cloud", 50)]))
def test_what_is_allowed_is_what_every_rule_allows(rules: list[dict[str, Any]], asked: Question, force: Force | None) -> None:
    decision = router(*rules).decide(asked, force)
    assert set(names(decision)) == naive(rules, asked)
    assert len(names(decision)) == len(set(names(decision)))
    serving = {target.upstream for target in TARGETS if not target.serves or asked.model.startswith("other-")}
    assert {one.target.upstream for one in decision.left_out} == serving - set(names(decision))
    assert all(one.because for one in decision.left_out)
    assert bool(decision.refused) is (not decision.choices)


@given(st.lists(RULES, max_size=3), RULES, QUESTIONS)
def test_a_further_rule_never_allows_more(rules: list[dict[str, Any]], further: dict[str, Any], asked: Question) -> None:
    assert set(names(router(*rules, further).decide(asked))) <= set(names(router(*rules).decide(asked)))


@given(st.lists(RULES, max_size=3), st.lists(QUESTIONS, max_size=6))
def test_what_was_asked_before_changes_no_answer(rules: list[dict[str, Any]], asked: list[Question]) -> None:
    kept = router(*rules)
    for question in asked:
        assert kept.decide(question) == router(*rules).decide(question)
        assert kept.decide(question) == kept.decide(question)


def test_a_choice_is_made_of_a_target_and_a_reason() -> None:
    assert Choice(TARGETS[0]).because == "policy.listed"


# ---------------------------------------------------------------- patterns


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_a_pattern_matches_as_if_each_star_were_tried_everywhere(pattern: str, text: str) -> None:
    def tried(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return any(tried(pattern[1:], text[at:]) for at in range(len(text) + 1))
        return bool(text) and text[0] == pattern[0] and tried(pattern[1:], text[1:])

    assert glob_matches(pattern, text) is tried(pattern, text)
    assert Globs([pattern]).match(text) is tried(pattern, text)


def test_no_pattern_at_all_matches_everything() -> None:
    assert Globs(()).match("anything")
    assert not Globs(("a",)).match("b")


# ---------------------------------------------------------------- ramps


@given(st.text(), st.floats(0, 100), st.floats(0, 100))
def test_who_is_over_at_a_smaller_share_is_over_at_a_larger_one(key: str, one: float, other: float) -> None:
    assert in_share(key, min(one, other)) <= in_share(key, max(one, other))
    assert in_share(key, 100)
    assert not in_share(key, 0)


def test_shares_are_even_and_for_ever_the_same() -> None:
    keys = [f"conversation {number}" for number in range(20_000)]
    for percent in (10, 25, 50):
        found = sum(in_share(key, percent) for key in keys) / len(keys)
        assert abs(found - percent / 100) < 0.01
    assert [place_of(key) for key in keys[:3]] == [6096, 1566, 1079]


FINE = Observation(requests=10)


def test_a_ramp_goes_up_in_steps_that_hold() -> None:
    ramp = Ramp("local", RampTable(hold_seconds=60), None, 0)
    assert (ramp.percent, ramp.look(0, Observation()).percent) == (0, 10)
    assert ramp.look(59, FINE).kind == "waiting"
    moves = [ramp.look(now, FINE) for now in (60, 120, 180, 240)]
    assert [(move.kind, move.percent) for move in moves] == [("up", 25), ("up", 50), ("up", 100), ("done", 100)]


def test_a_ramp_that_was_observed_on_too_few_requests_is_held() -> None:
    ramp = Ramp("local", RampTable(hold_seconds=1), None, 0)
    ramp.look(0, Observation())
    held = ramp.look(5, Observation(requests=4))
    assert (held.kind, held.because) == ("held", "4 requests were seen at 10 %, and 5 are the least")


@pytest.mark.parametrize(
    ("capacity", "seen", "word"),
    [
        ({"at_once": 4}, Observation(requests=9, demand_at_once=20), "25 % would bring 5.0 requests at once"),
        ({"tokens_per_second": 40}, Observation(requests=9, demand_tokens_per_second=400), "100.0 tokens a second"),
        ({}, Observation(requests=9, waiting=1), "1 requests wait"),
        ({"first_token_seconds": 2}, Observation(requests=9, first_token_seconds=2.5), "2.50 s"),
    ],
)
def test_a_ramp_is_held_where_the_capacity_is_short_and_says_of_what(
    capacity: dict[str, Any], seen: Observation, word: str
) -> None:
    ramp = Ramp("local", RampTable(hold_seconds=0), CapacityTable(**capacity), 0)
    ramp.look(0, Observation())
    held = ramp.look(1, seen)
    assert (held.kind, held.percent) == ("held", 10)
    assert word in held.because


def test_a_ramp_goes_down_on_failures_and_to_nothing_when_its_upstream_fails() -> None:
    ramp = Ramp("local", RampTable(hold_seconds=0), None, 0)
    for now in range(3):
        ramp.look(now, FINE)
    assert ramp.percent == 50
    down = ramp.look(3, Observation(requests=10, failed=1))
    assert (down.kind, down.percent) == ("down", 25)
    assert ramp.look(4, Observation(requests=10, failed=10)).percent == 10
    assert ramp.look(5, Observation(requests=10, failed=10)).percent == 0
    assert ramp.look(6, Observation()).kind == "up"
    assert ramp.back(7).percent == ramp.percent == 0


def test_a_ramp_taken_up_again_stands_where_it_stood() -> None:
    for percent, stands in ((0, 0), (10, 10), (49, 25), (100, 100)):
        assert Ramp("local", RampTable(), None, 0, percent=percent).percent == stands


@pytest.mark.parametrize("steps", [[], [10], [25, 10, 100], [10, 10, 100], [0, 100], [50, 100, 200]])
def test_steps_that_do_not_rise_to_all_are_refused(steps: list[int]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"steps": steps}, RampTable)


@given(
    st.lists(
        st.tuples(
            st.floats(-5, 90),
            st.builds(
                Observation,
                requests=st.integers(0, 20),
                failed=st.integers(0, 20),
                waiting=st.integers(0, 3),
                demand_at_once=st.floats(0, 30),
            ),
        ),
        max_size=60,
    )
)
def test_a_ramp_moves_one_step_at_a_time_and_never_beyond_its_capacity(looks: list[tuple[float, Observation]]) -> None:
    table, capacity = RampTable(), CapacityTable(at_once=8, most_waiting=1)
    ramp, now = Ramp("local", table, capacity, 0), 0.0
    places = [0, *table.steps]
    for pause, seen in looks:
        now += pause
        before, since = ramp.percent, ramp.since
        move = ramp.look(now, seen)
        assert move.percent == ramp.percent
        assert abs(places.index(before) - places.index(ramp.percent)) <= 1
        assert move.because
        if move.kind == "up":
            assert seen.demand_at_once * ramp.percent / 100 <= 8 + 1e-6
            assert seen.waiting <= 1
            assert before == 0 or (now - since >= table.hold_seconds and seen.requests >= table.least_requests)
        elif move.kind != "down":
            assert ramp.percent == before
