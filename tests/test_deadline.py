"""One time for a whole question."""

from __future__ import annotations

import pytest

from freehold.measure import deadline
from freehold.measure.deadline import Deadline


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The hour of a clock that stands still."""
    now = [1000.0]
    monkeypatch.setattr(deadline.time, "monotonic", lambda: now[0])
    return now


def test_the_first_part_has_all_but_what_those_after_it_have_at_least(at: list[float]) -> None:
    at[0] = 0.0
    end = Deadline(60.0)
    assert end.share(3) == pytest.approx(42.0)


def test_what_one_part_leaves_goes_to_the_next(at: list[float]) -> None:
    end = Deadline(60.0)
    at[0] += 5.0
    assert end.share(1) == pytest.approx(49.0)
    at[0] += 5.0
    assert end.share() == pytest.approx(50.0)


def test_after_the_end_a_part_still_has_its_least_share(at: list[float]) -> None:
    end = Deadline(60.0)
    at[0] += 100.0
    assert end.share(2) == pytest.approx(6.0)
    assert end.share(2, least=0.5) == pytest.approx(30.0)


def test_parts_that_take_all_they_are_given_end_in_time(at: list[float]) -> None:
    end = Deadline(60.0)
    for later in (3, 2, 1, 0):
        at[0] += end.share(later)
    assert at[0] == pytest.approx(1060.0)
