"""Durations as people write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.stack.durations import LONGEST_DAYS, format_days, parse_days
from strategies import repeatable


@pytest.mark.parametrize(
    ("text", "days"),
    [
        (0, 0), (14, 14), (0.5, 0.5), ("14", 14), ("14d", 14), ("12h", 0.5), ("2w", 14), ("3mo", 90), ("1y", 365), ("3y", 1095),
        ("1.5d", 1.5), (" 14 d ", 14), ("0d", 0), ("forever", math.inf), (math.inf, math.inf), (" forever ", math.inf),
    ],
)  # fmt: skip
def test_durations_are_read_as_days(text: str | float, days: float) -> None:
    assert parse_days(text) == pytest.approx(days)


@pytest.mark.parametrize("text", ["", "d", "14x", "-1d", "1d2h", "nan", "inf", "1e3x", "zwei", "１４d", "14 d d", "?"])
def test_other_words_are_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="a duration"):
        parse_days(text)


@pytest.mark.parametrize("days", [-1.0, -math.inf, math.nan])
def test_a_duration_is_not_negative_and_is_a_number(days: float) -> None:
    with pytest.raises(ValueError, match="not negative"):
        parse_days(days)


@pytest.mark.parametrize("text", ["1000001d", "1e300y", "3000y", 1e7])
def test_what_is_longer_than_anybody_plans_must_be_written_as_forever(text: str | float) -> None:
    with pytest.raises(ValueError, match="forever"):
        parse_days(text)


def test_the_longest_duration_is_still_read() -> None:
    assert parse_days(f"{LONGEST_DAYS:.0f}d") == LONGEST_DAYS


@repeatable(300)
@given(st.one_of(st.floats(0, LONGEST_DAYS), st.just(math.inf), st.integers(0, 10_000).map(float)))
def test_what_is_written_is_read_back(days: float) -> None:
    assert parse_days(format_days(days)) == days


@repeatable(300)
@given(st.text(max_size=12))
def test_any_text_is_either_a_duration_or_refused(text: str) -> None:
    try:
        days = parse_days(text)
    except ValueError:
        return
    assert 0 <= days <= LONGEST_DAYS or days == math.inf
