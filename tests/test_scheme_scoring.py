"""The evaluator: worked by hand, and held against a naive reference that tries every combination of choices."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.errors import BadAnswers, UsageError
from freehold.schemes.asking import asked_of, score_scheme, score_schemes
from freehold.schemes.interface import Asked, Measured, Parameter, Part
from freehold.schemes.scheme_file import scheme
from freehold.schemes.scheme_values import Choice, Factor, FromStack, LevelName, Objective, Reference, Scheme
from freehold.schemes.scoring import possible, score
from freehold.stack.values import Stack

ASKED = Asked(Stack(home="DE"), region=("DE", "FR"))
LEVELS = tuple(LevelName(level, f"L{level}", "") for level in range(4))


def told(low: float, high: float | None = None, **more: Any) -> Any:
    def measure(_asked: Asked, _parameters: Mapping[str, Parameter]) -> Measured | None:
        return Measured(low, low if high is None else high, f"it is {low}", **more)

    return measure


def factor(id_: str, points: list[float], levels: list[int], when: list[Any] | None = None, measure: str = "") -> Factor:
    choices = tuple(
        Choice("abcdef"[place], f"choice {place}", one, level, tuple(when[place]) if when else ())
        for place, (one, level) in enumerate(zip(points, levels, strict=True))
    )
    return Factor(id_, f"factor {id_}", choices, FromStack(measure) if measure else None)


def made(*objectives: Objective, **more: Any) -> Scheme:
    kept: dict[str, Any] = {"kind": "points", "levels": LEVELS} | more
    return Scheme(
        "own", "Own", "1", references=(Reference("t", "p", "https://example.org", "2026"),), objectives=objectives, **kept
    )


SMALL = made(
    Objective("A", "a", 60.0, (factor("A.1", [0, 1, 2], [0, 1, 3]), factor("A.2", [0, 4], [2, 3]))),
    Objective("B", "b", 40.0, (factor("B.1", [0, 10], [1, 3], [[(0, 0.5)], [(0.5, 1)]], "part"),)),
)


def test_points_levels_and_weights_add_up_as_by_hand() -> None:
    found = score(SMALL, ASKED, {"A.1": "b", "A.2": "b", "B.1": "b"}, measures={"part": told(0.9)})
    # A: 5 of 6 points, level min(1, 3); B: 10 of 10, level 3
    assert found.objectives[0].percent == (pytest.approx(500 / 6),) * 2
    assert found.score == (pytest.approx(0.6 * 500 / 6 + 40),) * 2
    assert found.unweighted == (pytest.approx((500 / 6 + 100) / 2),) * 2
    assert (found.level, found.objectives[1].level) == ((1, 1), (3, 3))
    assert (found.objectives[0].holding, found.objectives[1].holding) == (("A.1",), ())


def test_nobody_answered_means_that_every_choice_is_possible() -> None:
    found = score(SMALL, ASKED, measures={"part": lambda _asked, _parameters: None})
    assert (found.score, found.level) == ((0, 100), (0, 3))
    assert [one.basis for one in found.answers] == ["unanswered"] * 3


@pytest.mark.parametrize(
    ("low", "high", "letters", "basis"),
    [
        (0.2, 0.3, ("a",), "stack"), (0.6, 1, ("b",), "stack"), (0.5, 0.5, ("a", "b"), "unanswered"),
        (0.2, 0.8, ("a", "b"), "unanswered"), (1.5, 2, ("a", "b"), "unanswered"), (1 + 1e-12, 1 + 1e-12, ("b",), "stack"),
    ],
)  # fmt: skip
def test_an_amount_makes_possible_each_choice_whose_interval_it_meets_and_rules_out_the_others(
    low: float, high: float, letters: tuple[str, ...], basis: str
) -> None:
    found = score(SMALL, ASKED, measures={"part": told(low, high)}).answers[2]
    assert (found.letters, found.basis) == (letters, basis)
    assert found.measured is not None


def test_a_person_comes_before_the_stack_and_a_contradiction_is_told() -> None:
    said = score(SMALL, ASKED, {"B.1": "a"}, measures={"part": told(0.9)}).answers[2]
    assert (said.letters, said.basis, said.stack_says, said.contradicted) == (("a",), "person", ("b",), True)
    agreed = score(SMALL, ASKED, {"B.1": "b"}, measures={"part": told(0.9)}).answers[2]
    assert not agreed.contradicted
    unknown = score(SMALL, ASKED, {"B.1": "a"}, measures={"part": told(0, 1)}).answers[2]
    assert (unknown.stack_says, unknown.contradicted) == ((), False)


def test_the_gate_tells_what_is_surely_and_what_is_perhaps_under_it() -> None:
    open_ = {"part": told(0, 1)}
    found = score(SMALL, ASKED, {"A.1": "b"}, gate={"A": 2, "B": 3}, measures=open_)
    assert found.rejected == (("A",), ("B",))
    passed = score(SMALL, ASKED, {"A.1": "c", "A.2": "b", "B.1": "b"}, gate={"A": 3, "B": 3}, measures=open_)
    assert passed.rejected == ((), ())


def test_a_divisor_stands_for_the_greatest_sum_of_every_objective() -> None:
    found = score(SMALL, ASKED, {"A.1": "c", "A.2": "b", "B.1": "b"}, divisor=20, measures={"part": told(1)})
    assert [one.percent for one in found.objectives] == [(30, 30), (50, 50)]
    assert found.score == (38, 38)
    assert found.level == (3, 3)


def test_criteria_count_what_is_met() -> None:
    criteria = made(
        Objective("A", "a", 75.0, tuple(factor(f"A.{place}", [0, 1], [1, 3]) for place in range(3))),
        Objective("B", "b", 25.0, (factor("B.1", [0, 1], [2, 3]),)),
        kind="criteria",
    )
    found = score(criteria, ASKED, {"A.0": "b", "A.1": "b", "A.2": "b", "B.1": "a"}, measures={})
    assert (found.score, found.level) == ((75, 75), (2, 2))


def test_grades_are_counted_between_bounds_over_components() -> None:
    parts = (Part("x", 1, 1), Part("y", 1, 2), Part("z", 3, 3), Part("none", 9, 9))
    graded = made(
        Objective("G", "g", 0.0, (factor("grade", [0, 0, 0], [0, 0, 0], [[(1, 1)], [(2, 2)], [(3, 3)]], "grade"),)),
        kind="grades", levels=(),
    )  # fmt: skip
    found = score(graded, ASKED, measures={"grade": told(1, 3, parts=parts)})
    assert found.grades == {"a": (1, 2), "b": (0, 1), "c": (1, 1)}
    assert (found.score, found.level) == (None, None)
    with pytest.raises(BadAnswers, match="nobody answers"):
        score(graded, ASKED, {"grade": "a"}, measures={"grade": told(1, 3, parts=parts)})


def test_figures_have_amounts_and_no_score() -> None:
    figures = made(Objective("F", "f", 0.0, (Factor("F.1", "ratio", (), FromStack("ratio")),)), kind="figures", levels=())
    found = score(figures, ASKED, measures={"ratio": told(0.2, 0.4, numerator=(1, 2), denominator=(5, 5), unit="EUR")})
    assert found.answers[0].basis == "stack"
    assert found.answers[0].measured is not None
    assert (found.answers[0].measured.low, found.answers[0].letters, found.score, found.level) == (0.2, (), None, None)


def test_the_region_of_the_stack_stands_for_that_of_the_scheme() -> None:
    assert score(made(*SMALL.objectives, region="EU"), ASKED, measures={"part": told(1)}).region == ("DE", "FR")
    assert score(SMALL, ASKED, measures={"part": told(1)}).region == ()
    asked = asked_of(Stack(home="CH", trusted=("AT", "DE")))
    assert asked.region == ("CH", "AT", "DE")


@pytest.mark.parametrize(
    ("answers", "more", "said"),
    [
        ({"A.l": "a"}, {}, "Did you mean 'A\\."), ({"A.1": "d"}, {}, "Choices: a, b, c"), ({"A.1": ""}, {}, "is no choice"),
        ({}, {"divisor": 0}, "no number from 0.001"),
        ({}, {"divisor": math.inf}, "no number from 0.001"), ({}, {"divisor": math.nan}, "no number from 0.001"),
        ({}, {"divisor": 1e-320}, "no number from 0.001"),
        ({}, {"gate": {"Z": 1}}, "is no objective"), ({}, {"gate": {"A": 9}}, "Levels: 0 to 3"),
        ({}, {"measures": {"pat": told(1)}}, "Did you mean 'pat'"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_for_a_scheme_is_refused(answers: dict[str, str], more: dict[str, Any], said: str) -> None:
    with pytest.raises((BadAnswers, UsageError), match=said):
        score(SMALL, ASKED, answers, **({"measures": {"part": told(1)}} | more))


def test_several_schemes_take_each_its_own_answers() -> None:
    stack = Stack(home="DE", trusted=("EU",))
    both = score_schemes(asked_of(stack), [scheme("eu-csf-2026"), scheme("eu-csf-1.2.1")], {"SOV-1.1": "d"})
    assert [one.answers[0].letters for one in both] == [("d",), ("d",)]
    one = score_scheme(stack, "eu-csf-2026", {"SOV-1.1": "d"})
    assert one.answers[0].basis == "person"


# Laws


@st.composite
def schemes(draw: st.DrawFn) -> tuple[Scheme, dict[str, str], dict[str, Any]]:
    """A small scheme, answers to some of its factors, and measures for others."""
    answers: dict[str, str] = {}
    measures: dict[str, Any] = {}
    objectives = []
    points = st.sampled_from([0, 1, 41.67, 83, 83.34, 125.01, 31.25])
    for number in range(draw(st.integers(1, 3))):
        factors = []
        for place in range(draw(st.integers(1, 2))):
            size = draw(st.integers(2, 4))
            id_ = f"{number}.{place}"
            given_ = [draw(points) for _ in range(size - 1)] + [125.01]
            levels = [draw(st.integers(0, 3)) for _ in range(size)]
            ends = sorted(draw(st.integers(0, 10)) for _ in range(2 * size))
            when = [[(ends[2 * at], ends[2 * at + 1])] for at in range(size)]
            who = draw(st.sampled_from(["person", "stack", "both", "nobody"]))
            low, high = sorted((draw(st.integers(0, 10)), draw(st.integers(0, 10))))
            if who in ("stack", "both"):
                measures[id_] = told(low, high)
            factors.append(factor(id_, given_, levels, when, id_ if who in ("stack", "both") else ""))
            if who in ("person", "both"):
                answers[id_] = "abcd"[draw(st.integers(0, size - 1))]
        objectives.append((f"O{number}", tuple(factors)))
    weights = {1: [100.0], 2: [37.5, 62.5], 3: [20.0, 30.0, 50.0]}[len(objectives)]
    return (
        made(*(Objective(id_, id_, weight, found) for (id_, found), weight in zip(objectives, weights, strict=True))),
        answers,
        measures,
    )


def letters_of(one: Factor, answers: dict[str, str], measures: dict[str, Any]) -> list[Choice]:
    if one.id in answers:
        return [choice for choice in one.choices if choice.letter == answers[one.id]]
    if one.id in measures:
        amount = measures[one.id](ASKED, {})
        met = [choice for choice in one.choices if any(a <= amount.high and amount.low <= b for a, b in choice.when)]
        return met or list(one.choices)
    return list(one.choices)


def one_by_one(given_: Scheme, answers: dict[str, str], measures: dict[str, Any]) -> tuple[list[Fraction], list[int]]:
    """Score and level of every combination of possible choices."""
    whole = [[letters_of(one, answers, measures) for one in objective.factors] for objective in given_.objectives]
    flat = [choices for factors in whole for choices in factors]
    found, levels = [], []
    for chosen in itertools.product(*flat):
        left, total, least = list(chosen), Fraction(0), 99
        for objective in given_.objectives:
            mine, left = left[: len(objective.factors)], left[len(objective.factors) :]
            most = sum(max(Fraction(str(choice.points)) for choice in one.choices) for one in objective.factors)
            total += Fraction(str(objective.weight)) * sum(Fraction(str(choice.points)) for choice in mine) / most
            least = min(least, *(choice.level for choice in mine))
        found.append(total)
        levels.append(least)
    return found, levels


@settings(max_examples=150, deadline=None)
@given(schemes())
def test_bounds_are_the_least_and_the_greatest_of_all_combinations(case: tuple[Scheme, dict[str, str], dict[str, Any]]) -> None:
    given_, answers, measures = case
    found = score(given_, ASKED, answers, measures=measures)
    scores, levels = one_by_one(given_, answers, measures)
    assert found.score == (float(min(scores)), float(max(scores)))
    assert found.level == (min(levels), max(levels))


@settings(max_examples=100, deadline=None)
@given(schemes(), st.data())
def test_one_more_answer_only_narrows_what_nobody_answered(
    case: tuple[Scheme, dict[str, str], dict[str, Any]], data: st.DataObject
) -> None:
    given_, answers, measures = case
    before = score(given_, ASKED, answers, measures=measures)
    open_ = [one for one in before.answers if one.basis != "person"]
    if not open_:
        return
    one = data.draw(st.sampled_from(open_))
    after = score(given_, ASKED, answers | {one.factor: data.draw(st.sampled_from(one.letters))}, measures=measures)
    assert before.score is not None
    assert after.score is not None
    assert before.score[0] <= after.score[0] <= after.score[1] <= before.score[1]
    assert before.level is not None
    assert after.level is not None
    assert before.level[0] <= after.level[0] <= after.level[1] <= before.level[1]


@settings(max_examples=100, deadline=None)
@given(schemes())
def test_what_holds_the_level_down_is_what_would_lift_it(case: tuple[Scheme, dict[str, str], dict[str, Any]]) -> None:
    given_, answers, measures = case
    found = score(given_, ASKED, answers, measures=measures)
    for part, objective in zip(found.objectives, given_.objectives, strict=True):
        assert part.level is not None
        lows = {one.id: min(choice.level for choice in letters_of(one, answers, measures)) for one in objective.factors}
        expected = tuple(id_ for id_, low in lows.items() if low == min(lows.values())) if part.level[0] < 3 else ()
        assert part.holding == expected


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4), st.floats(0, 1), st.floats(0, 1))
def test_a_wider_amount_never_rules_out_more(intervals: list[tuple[float, float]], one: float, other: float) -> None:
    choices = [Choice("abcd"[place], "", 0, 0, ((min(ends), max(ends)),)) for place, ends in enumerate(intervals)]
    low, high = sorted((one, other))
    assert set(possible(choices, low, low)) | set(possible(choices, high, high)) <= set(possible(choices, low, high))


def test_versions_that_share_their_factors_ask_the_stack_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from freehold.schemes import measuring

    asked = list[str]()

    def counted(name: str) -> Any:
        def measure(_asked: Asked, parameters: Mapping[str, Parameter]) -> Measured | None:
            asked.append(f"{name} {sorted(parameters.items())}")
            return None

        return measure

    monkeypatch.setattr(measuring, "MEASURES", {name: counted(name) for name in measuring.MEASURES})
    score_schemes(asked_of(Stack(home="DE")), [scheme("eu-csf-2026"), scheme("eu-csf-1.2.1")])
    assert asked
    assert len(asked) == len(set(asked))
