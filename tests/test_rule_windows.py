"""Windows hold what they say, against a reference that keeps every event; burn rates against the workbook's figures."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.watch.burn_rate import PAGE, Burn, BurnMeter, burn_rate
from freehold.watch.meters import AmountMeter, CountMeter, RatioMeter, SilenceMeter, SpikeMeter
from freehold.watch.windows import BUCKETS, Window

START = 1_700_000_000.0
gaps = st.lists(st.tuples(st.floats(0, 90, allow_nan=False), st.booleans(), st.floats(0, 1e6)), max_size=80)
lengths = st.sampled_from([1.0, 7.0, 60.0, 300.0, 3600.0])


@settings(deadline=None)
@given(gaps, lengths)
def test_a_window_holds_the_sixty_buckets_that_end_with_now(steps: list[tuple[float, bool, float]], length: float) -> None:
    window = Window(length)
    kept: list[tuple[float, bool, float]] = []
    now = START
    for gap, part, amount in steps:
        now += gap
        window.add(now, part=part, amount=amount)
        kept.append((now, part, amount))
        width = length / BUCKETS
        within = [one for one in kept if one[0] // width > now // width - BUCKETS]
        assert window.count == len(within)
        assert window.part == sum(one[1] for one in within)
        assert window.amount == pytest.approx(math.fsum(one[2] for one in within), rel=1e-12, abs=1e-9)


@settings(deadline=None)
@given(gaps, lengths)
def test_a_count_is_that_of_a_window_between_59_sixtieths_and_the_whole(
    steps: list[tuple[float, bool, float]], length: float
) -> None:
    window = Window(length)
    times: list[float] = []
    now = START
    for gap, _, _ in steps:
        now += gap
        window.add(now)
        times.append(now)
        least = sum(now - one < length * 59 / 60 * (1 - 1e-9) for one in times)
        most = sum(now - one <= length * (1 + 1e-9) for one in times)
        assert least <= window.count <= most


@settings(deadline=None)
@given(gaps, lengths)
def test_a_window_forgets_exactly_when_it_says(steps: list[tuple[float, bool, float]], length: float) -> None:
    window = Window(length)
    now = START
    for gap, part, amount in steps:
        now += gap
        window.add(now, part=part, amount=amount)
    while window.count:
        moment, count = window.next_loss(), window.count
        assert moment > now
        window.move(math.nextafter(moment, 0))
        assert window.count == count
        window.move(moment)
        assert window.count < count
        now = moment
    assert (window.next_loss(), window.amount, window.part) == (math.inf, 0.0, 0)


@settings(deadline=None)
@given(gaps, lengths)
def test_a_window_depends_on_what_is_in_it_and_on_nothing_that_was(
    steps: list[tuple[float, bool, float]], length: float
) -> None:
    old, new = Window(length), Window(length)
    now = START
    for number in range(20):
        old.add(now + number * length / 40, amount=0.1 * number)
    now += 2 * length
    for gap, part, amount in steps:
        now += gap
        old.add(now, part=part, amount=amount)
        new.add(now, part=part, amount=amount)
        assert (old.count, old.part, old.amount) == (new.count, new.part, new.amount)


def test_a_million_events_take_no_more_room_than_sixty_buckets() -> None:
    window = Window(60.0)
    for number in range(100_000):
        window.add(START + number / 100)
    assert len(window._places) <= BUCKETS
    assert 5_900 <= window.count <= 6_000


def test_a_leap_of_the_clock_empties_a_window() -> None:
    window = Window(60.0)
    window.add(START)
    window.add(START + 10 * 365 * 86_400.0)
    assert window.count == 1


def test_the_workbooks_burn_rates() -> None:
    """Chapter 5: 2 % of a budget of 30 days in an hour is 14.4, 5 % in six hours is 6, 10 % in three days is 1."""
    month = 30 * 24.0
    assert PAGE[0].rate == pytest.approx(0.02 * month / 1)
    assert PAGE[1].rate == pytest.approx(0.05 * month / 6)
    assert pytest.approx(1) == 0.10 * month / 72
    assert [burn.short / burn.long for burn in PAGE] == pytest.approx([1 / 12, 1 / 12])
    assert burn_rate(144, 10_000, 0.999) == pytest.approx(14.4)
    assert burn_rate(0, 0, 0.999) == 0


def test_a_burn_holds_while_both_windows_burn() -> None:
    meter = BurnMeter((Burn(3600, 300, 14.4),), 0.99, 5)
    for second in range(100):
        meter.add(START + second, part=second < 15, amount=0)
    # 15 of 100 is a rate of 15, over 14.4, in either window
    assert meter.holds(START + 99)
    assert meter.values(START + 99)["value"] == pytest.approx(15)
    # six minutes later the hour still burns at 15, and the five minutes hold nothing
    assert not meter.holds(START + 99 + 360)


def test_a_burn_at_exactly_the_threshold_does_not_hold() -> None:
    meter = BurnMeter((Burn(3600, 300, 10),), 0.9, 1)
    meter.add(START, part=True, amount=0)
    assert not meter.holds(START)


def test_little_traffic_is_no_burn() -> None:
    meter = BurnMeter(PAGE, 0.99, 5)
    for second in range(4):
        meter.add(START + second, part=True, amount=0)
    assert not meter.holds(START + 4)
    meter.add(START + 5, part=True, amount=0)
    assert meter.holds(START + 5)


def test_one_failure_of_few_is_no_burn_where_more_are_asked_for() -> None:
    meter = BurnMeter(PAGE, 0.99, 5, 3)
    for second in range(8):
        meter.add(START + second, part=second < 2, amount=0)
    assert not meter.holds(START + 8)
    meter.add(START + 9, part=True, amount=0)
    assert meter.holds(START + 9)
    ratio = RatioMeter(60, 0.1, 1, 2)
    ratio.add(START, part=True, amount=0)
    assert not ratio.holds(START)
    ratio.add(START, part=True, amount=0)
    assert ratio.holds(START)


def test_a_ratio_over_its_share() -> None:
    meter = RatioMeter(60, 0.5, 4)
    for number in range(3):
        meter.add(START + number, part=True, amount=0)
    assert not meter.holds(START + 3)
    meter.add(START + 3, part=False, amount=0)
    assert meter.holds(START + 3)
    meter.add(START + 4, part=False, amount=0)
    meter.add(START + 4, part=False, amount=0)
    assert not meter.holds(START + 4)


def test_a_rate_a_minute_over_ten_minutes() -> None:
    meter = AmountMeter(600, 5, 60)
    for minute in range(10):
        meter.add(START + 60 * minute, part=True, amount=5.5)
    assert meter.values(START + 540)["value"] == pytest.approx(5.5)
    assert meter.holds(START + 540)
    assert not AmountMeter(600, 5, 60).holds(START)


def test_a_count_counts_only_the_part() -> None:
    meter = CountMeter(60, 2)
    meter.add(START, part=True, amount=0)
    meter.add(START, part=False, amount=0)
    assert not meter.holds(START)


def test_a_spike_is_held_against_the_time_before_it() -> None:
    meter = SpikeMeter(300, 3600, 4, 10)
    # 30 minutes at 1 a minute: 5 in five minutes; then 21 in five minutes is more than four times that, 19 is not
    for minute in range(30):
        meter.add(START + 60 * minute, part=True, amount=1)
    now = START + 1800 + 300
    meter.add(now, part=True, amount=19)
    assert not meter.holds(now)
    meter.add(now, part=True, amount=3)
    assert meter.values(now)["times"] == pytest.approx(22 / (30 * 300 / 1800), rel=0.02)
    assert meter.holds(now)


def test_a_group_that_has_no_past_has_no_spike() -> None:
    meter = SpikeMeter(300, 3600, 4, 1)
    for second in range(500):
        meter.add(START + second, part=True, amount=1_000)
        assert not meter.holds(START + second)


def test_a_silence_begins_by_itself_and_is_given_up_on() -> None:
    meter = SilenceMeter(120, 3600)
    assert meter.next_change() == math.inf
    meter.add(START, part=True, amount=0)
    assert not meter.holds(START + 119)
    assert meter.next_change() == START + 120
    assert meter.holds(START + 120)
    assert meter.next_change() == START + 3720
    assert not meter.holds(START + 3720)
    assert meter.next_change() == math.inf
