"""What may be: distributions that are known by enumeration, the worth of a fact by hand, and the laws of samples."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from freehold.cli import main
from freehold.errors import UsageError
from freehold.measure.case import Case
from freehold.measure.counter_random import uniforms
from freehold.measure.cutoff import cutoff
from freehold.measure.mission import mission_of
from freehold.measure.sample_statistics import Estimate, information, spread
from freehold.measure.sweep_outlook import OutlookAnswer, ask_outlook, outlook
from freehold.measure.sweep_samples import run_samples, sample_batches
from freehold.measure.uncertain import Draw, Event, Outlook, Uncertain, outcomes, outlook_of
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack
from strategies import cutoffs, stacks

NOTHING = Cutoff((), "nothing")
FOREIGN = Cutoff((Rule(foreign=True),), "foreign")
CLINIC = str(Path(__file__).parent.parent / "examples" / "clinic")
TWO = """
[stack]
home = "DE"
[[provider]]
id = "a"
country = "US"
[[provider]]
id = "b"
country = "US"
[[item]]
id = "x"
mission = 1
  [[item.source]]
  provider = "a"
[[item]]
id = "y"
mission = 1
  [[item.source]]
  provider = "b"
"""


def two() -> Stack:
    return loads(TWO)


def near(one: Estimate, wanted: float) -> bool:
    """Whether an estimate is within four of its standard errors; one that claims no error must be right."""
    assert one.error is not None
    return abs(one.value - wanted) <= 4 * one.error + 1e-9


def ask(stack: Stack, cut: Cutoff = NOTHING, **more: Any) -> OutlookAnswer:
    return outlook(ask_outlook(stack, cut, **{"days": [0], "day": 0, "samples": 4000, **more}))


# ---------------------------------------------------------------- by enumeration


def test_two_independent_losses_have_the_distribution_that_enumeration_gives() -> None:
    # both stand 0.7 * 0.8 = 0.56 (level 1), one 0.38 (1/2), none 0.06 (0)
    answer = ask(two(), events=[Event("provider", "a", 0.3), Event("provider", "b", 0.2)], confidence=0.9)
    (day,) = answer.spreads
    assert day.low == day.high
    one = day.low
    assert near(one.mean, 0.75)
    assert one.deviation == pytest.approx(0.0925**0.5, rel=0.03)
    assert near(one.under_floor, 0.06)
    # the worst tenth: level 0 in 0.06, level 1/2 in the 0.04 beside it
    assert one.at_risk.value == 0.5
    assert near(one.shortfall, (0.06 * 1 + 0.04 * 0.5) / 0.1)
    assert [count for count in one.histogram if count] == [one.histogram[0], one.histogram[10], one.histogram[19]]
    assert one.histogram[10] / 4000 == pytest.approx(0.38, abs=4 * (0.38 * 0.62 / 4000) ** 0.5)
    assert one.quantiles == (0, 0.5, 1, 1, 1)
    # Var = (0.3 * 0.7 + 0.2 * 0.8) / 4: the shares are 21/37 and 16/37
    assert [lost.event.id for lost in answer.lost] == ["a", "b"]
    assert near(answer.lost[0].share, 21 / 37)
    assert near(answer.lost[1].share, 16 / 37)


def test_a_country_takes_all_its_providers() -> None:
    # a alone 0.3, b alone 0.2, or the country 0.1 takes both: both stand 0.9 * 0.56, none 0.1 + 0.9 * 0.06
    events = [Event("provider", "a", 0.3), Event("provider", "b", 0.2), Event("country", "US", 0.1)]
    one = ask(two(), events=events).spreads[0].low
    assert near(one.mean, 0.9 * 0.75)
    assert near(one.under_floor, 0.1 + 0.9 * 0.06)
    assert one.histogram[19] / 4000 == pytest.approx(0.504, abs=4 * (0.504 * 0.496 / 4000) ** 0.5)


def test_with_a_common_factor_of_1_losses_of_one_probability_come_together_and_as_often() -> None:
    events = [Event("provider", "a", 0.3), Event("provider", "b", 0.3)]
    together = ask(two(), events=events, common=1.0).spreads[0].low
    assert near(together.mean, 0.7)
    assert together.histogram[10] == 0
    half = ask(two(), events=events, common=0.5).spreads[0].low
    assert near(half.mean, 0.7)
    apart = ask(two(), events=events).spreads[0].low
    assert apart.under_floor.value < half.under_floor.value < together.under_floor.value


@pytest.mark.parametrize(("probability", "level"), [(0.0, 1.0), (1.0, 0.5)])
@pytest.mark.parametrize("common", [0.0, 0.4])
def test_a_loss_that_never_or_surely_comes(probability: float, level: float, common: float) -> None:
    one = ask(two(), events=[Event("provider", "a", probability)], common=common, samples=50).spreads[0].low
    assert (one.mean, one.deviation, one.at_risk.value) == (Estimate(level, 0.0), 0, 1 - level)


def _weighted() -> tuple[Stack, tuple[Uncertain, ...]]:
    stack = loads(TWO.replace("mission = 1", "mission = 3", 1))
    return stack, (
        Uncertain("providers", "a", "country", Draw(("US", "DE"), (0.4, 0.6)), "stated"),
        Uncertain("providers", "b", "country", Draw(("US", "DE"), (0.5, 0.5)), "stated"),
    )


def test_the_worth_of_a_fact_is_what_it_is_by_hand() -> None:
    # level = 3/4 (a at home) + 1/4 (b at home): Var = 9/16 * 0.24 + 1/16 * 0.25; under 1/2 if and only if a is foreign
    stack, stated = _weighted()
    answer = ask(stack, FOREIGN, stated=stated)
    assert [one.fact.id for one in answer.drivers] == ["a", "b"]
    first, second = (one.worth for one in answer.drivers)
    whole = 9 / 16 * 0.24 + 1 / 16 * 0.25
    assert near(first.share, 9 / 16 * 0.24 / whole)
    assert near(second.share, 1 / 16 * 0.25 / whole)
    # unasked one bets on "not under" and is wrong in 0.4; with a known never; b tells nothing of it
    assert near(first.decision, 0.4)
    assert second.decision.value == 0
    assert near(answer.spreads[0].low.mean, 0.75 * 0.6 + 0.25 * 0.5)


def test_a_number_drawn_from_a_range_is_uniform_and_tells_all() -> None:
    stated = (Uncertain("sources", "x@a", "share", Draw(low=0.2, high=0.6), "stated"),)
    text = TWO.replace('provider = "a"', 'provider = "a"\n  share = 0.6\n  [[item.source]]\n  provider = "self"\n  share = 0.4')
    stack = loads(text.replace("mission = 1", "", 2).replace('id = "x"', 'id = "x"\nmission = 1'))
    answer = ask(stack, Cutoff((Rule(provider="b"),)), stated=stated, draws_unknown=False)
    # the other source meets 0.4, this one 0.2 to 0.6
    low, high = answer.spreads[0].low, answer.spreads[0].high
    assert low == high
    assert near(low.mean, 0.4 + 0.4)
    assert low.deviation == pytest.approx(0.4 / 12**0.5, rel=0.05)
    # eight bins of a uniform number leave 1/64 of its variance
    assert answer.drivers[0].worth.share.value == pytest.approx(63 / 64, abs=0.005)


def test_a_doubted_claim_holds_as_often_as_it_is_trusted() -> None:
    text = TWO + '\n[[provider]]\nid = "c"\ncountry = "DE"\n'
    for row in ("providers", "a", "country", "US"), ("providers", "b", "country", "US"):
        text += '[[claim]]\ntable = "{}"\nid = "{}"\nattribute = "{}"\nvalue = "{}"\nsource = "hearsay"\n'.format(*row)
        text += "confidence = 0.4\n" if row[1] == "a" else "confidence = 1.0\n"
    answer = ask(loads(text), FOREIGN)
    (driver,) = answer.drivers
    assert (driver.fact.key, driver.fact.why, driver.fact.draw.keep) == (("providers", "a", "country"), "claim", 0.4)
    # of the seats in the stack two of three are foreign: a is at home in 0.6 * 1/3
    assert near(answer.spreads[0].low.mean, 0.5 * 0.2)


def test_an_unknown_country_comes_as_often_as_in_the_stack_and_with_all_its_sources() -> None:
    text = TWO.replace('id = "b"\ncountry = "US"', 'id = "b"') + '\n[[provider]]\nid = "c"\ncountry = "DE"\n'
    text += '[[item]]\nid = "z"\nmission = 1\n[[item.source]]\nprovider = "b"\n'
    one = ask(loads(text), FOREIGN).spreads[0].low
    # b is foreign or at home with y and z: 0 or 2/3, never 1/3
    assert sum(1 for count in one.histogram if count) == 2
    assert near(one.mean, 2 / 3 * 0.5)


def test_unknown_facts_may_be_kept_as_an_interval() -> None:
    stack = loads(TWO.replace('id = "b"\ncountry = "US"', 'id = "b"'))
    (day,) = ask(stack, FOREIGN, draws_unknown=False, samples=3).spreads
    assert (day.low.mean.value, day.high.mean.value) == (0, 0.5)
    assert ask(stack, FOREIGN, draws_unknown=False, samples=3).left == 1


# ---------------------------------------------------------------- formulas


def test_the_tail_is_that_of_its_definition() -> None:
    # losses 0, 1/10, …, 9/10; at 0.75 the 8th of 10 in order is 0.7, and the worst 2.5 samples are 0.9, 0.8 and half of 0.7
    one = spread(np.array([1 - number / 10 for number in range(10)]), 0.45, 0.75)
    assert one.at_risk.value == pytest.approx(0.7)
    assert one.shortfall.value == pytest.approx((0.9 + 0.8 + 0.35) / 2.5)
    assert one.mean.value == pytest.approx(0.55)
    assert one.under_floor.value == 0.4
    assert sum(one.histogram) == 10


def test_one_sample_has_no_errors_and_few_have_none_of_worth() -> None:
    one = spread(np.array([0.5]), 0.5, 0.95)
    assert (one.mean, one.at_risk, one.shortfall) == (Estimate(0.5, None), Estimate(0.5, None), Estimate(0.5, None))
    (worth,) = information(np.array([0.0, 1.0, 0.0, 1.0]), np.array([[0], [1], [0], [1]]), [2], 0.5)
    assert (worth.share, worth.decision) == (Estimate(1, None), Estimate(0.5, None))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.floats(0.5, 0.99))
def test_the_shortfall_is_never_less_than_the_value_at_risk(levels: list[float], confidence: float) -> None:
    one = spread(np.array(levels), 0.5, confidence)
    assert one.shortfall.value >= one.at_risk.value - 1e-9
    assert 1 - min(levels) >= one.shortfall.value - 1e-9
    assert list(one.quantiles) == sorted(one.quantiles)


def test_what_explains_nothing_has_no_share_beyond_chance() -> None:
    drawn = uniforms(3, 0, 2000, 3)
    (worth,) = information(drawn[:, 0], (drawn[:, 1:2] * 8).astype(int), [8], 0.5)
    assert near(worth.share, 0.0)
    assert worth.share.value < 0.01


# ---------------------------------------------------------------- random numbers


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**40), st.integers(1, 5), st.integers(1, 11))
def test_the_numbers_are_those_of_numpys_philox(seed: int, first: int, count: int, width: int) -> None:
    found = uniforms(seed, first, count, width)
    for row in range(count):
        raw = np.random.Philox(key=seed, counter=(first + row) << 64).random_raw(width)
        assert found[row].tolist() == ((raw >> np.uint64(11)) * 2.0**-53).tolist()


@given(st.floats(0, 1), st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_a_draw_comes_as_often_as_its_odds(keep: float, weights: list[int]) -> None:
    odds = tuple(one / sum(weights) for one in weights)
    draw = Draw(tuple(map(str, range(len(odds)))), odds, keep=keep)
    grid = (np.arange(10_000) + 0.5) / 10_000
    counted = np.bincount(draw.kind(grid), minlength=draw.kinds) / 10_000
    wanted = [keep, *((1 - keep) * one for one in odds)]
    assert counted == pytest.approx(wanted, abs=2e-4)


# ---------------------------------------------------------------- laws


# not shrunk: that takes minutes, and the stacks are small as they are
@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(stacks(), cutoffs(), st.integers(0, 2**32))
def test_every_sample_lies_between_the_worst_and_the_best(stack: Stack, cut: Cutoff, seed: int) -> None:
    days = (0.0, 20.0, 300.0)
    wanted = cutoff(stack, cut, days).mission
    question = ask_outlook(stack, cut, days=days, day=0, samples=6, seed=seed)
    (result,) = (run_samples(question.shared, batch) for batch in sample_batches(6, 6))
    assert (result["low"] <= result["high"] + 1e-9).all()
    assert (result["low"] >= np.array(wanted.low) - 1e-9).all()
    assert (result["high"] <= np.array(wanted.high) + 1e-9).all()


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(stacks(), cutoffs(), st.integers(1, 9))
def test_how_samples_are_split_never_changes_them(stack: Stack, cut: Cutoff, size: int) -> None:
    question = ask_outlook(stack, cut, events=[Event("country", "US", 0.4)], samples=9, days=[0, 50], day=0)
    whole = run_samples(question.shared, next(sample_batches(9, 9)))
    parts = [run_samples(question.shared, batch) for batch in sample_batches(9, size)]
    for side in ("low", "high"):
        assert np.concatenate([part[side] for part in parts]).tobytes() == whole[side].tobytes()


def test_no_more_is_drawn_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("freehold.measure.uncertain.MOST_DRAWN", 1)
    stack = loads(TWO.replace('country = "US"', "").replace("[[item]]", '[[provider]]\nid = "c"\ncountry = "FR"\n[[item]]', 1))
    found = outlook_of(Case(stack), FOREIGN, mission_of(stack), [0.0])
    assert (len(found.facts), found.left) == (1, 1)


def test_probabilities_outside_0_to_1_are_refused() -> None:
    with pytest.raises(UsageError, match="probability"):
        ask(two(), events=[Event("provider", "a", 1.2)])
    with pytest.raises(UsageError, match="--common-factor"):
        ask(two(), common=float("nan"))
    assert outcomes(Outlook(), np.zeros((3, 1))).shape == (3, 0)


# ---------------------------------------------------------------- the command


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    Path("two.toml").write_text(TWO, encoding="utf-8")

    def asked(*arguments: object) -> Any:
        assert main(["sweep", *map(str, arguments), "--format", "json"]) == 0
        return json.loads(capsys.readouterr().out)

    return asked


def test_the_answer_is_the_same_on_one_worker_and_on_two_and_holds_no_time(told: Callable[..., Any]) -> None:
    words = [CLINIC, "--foreign", "--samples", 1500, "--memory", "400M"]
    assert told(*words, "--workers", 1) == told(*words, "--workers", 2)


def test_probabilities_stand_in_the_stack_the_scenarios_or_flags(told: Callable[..., Any]) -> None:
    Path("own.toml").write_text(TWO.replace('id = "a"\n', 'id = "a"\nprobability = 0.5\n', 1), encoding="utf-8")
    Path("more.toml").write_text('[[event]]\ncountry = "US"\nprobability = 0.25\n', encoding="utf-8")
    data = told("own.toml", "more.toml", "--samples", 50, "--probability", "b=0.125")
    assert {(one["type"], one["id"], one["probability"]) for one in data["losses"]} == {
        ("provider", "a", 0.5), ("provider", "b", 0.125), ("country", "US", 0.25),
    }  # fmt: skip
    assert data["cutoff"] is None
    again = told("own.toml", "--samples", 50, "--probability", "a=0")
    assert [(one["id"], one["probability"], one["came"]) for one in again["losses"]] == [("a", 0, 0)]


def test_without_losses_the_question_is_self_reliance(told: Callable[..., Any]) -> None:
    data = told("two.toml", "--samples", 3)
    assert data["cutoff"]["rule"][0]["foreign"] is True
    assert data["distribution"][0]["mean"] == {"low": 0, "high": 0, "error": {"low": 0, "high": 0}}


def test_uncertain_facts_are_read_and_drawn(told: Callable[..., Any]) -> None:
    Path("facts.toml").write_text(
        """
[cutoff]
[[cutoff.rule]]
country = "US"
[[uncertain]]
table = "providers"
id = "a"
attribute = "country"
choices = ["US", "DE"]
odds = [0.25, 0.75]
[[uncertain]]
table = "sources"
id = "y@b"
attribute = "recover"
range = ["1d", "2w"]
""",
        encoding="utf-8",
    )
    data = told("two.toml", "facts.toml", "--samples", 400)
    assert [one["id"] for one in data["learn"]] == ["a", "y@b"]
    assert data["learn"][1]["drawn_from"] == {"choices": None, "odds": None, "range": [1, 14], "keep": 0}
    assert data["distribution"][0]["mean"]["low"] == pytest.approx(0.375, abs=4 * 0.22 / 20)
