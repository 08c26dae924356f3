"""The desk's clock goes on evenly: steps of the machine's clock, worked by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from freehold.watch.even_clock import EvenClock


class Machine:
    def __init__(self) -> None:
        self.wall, self.steady = 1000.0, 0.0

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def clock(self, least: float = 0.0) -> EvenClock:
        return EvenClock(least, wall=lambda: self.wall, steady=lambda: self.steady)


def test_while_nothing_jumps_it_is_the_machine_s_clock() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.pass_(7.5)
    assert clock() == 1007.5


def test_time_goes_on_when_the_machine_s_clock_is_put_back() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall -= 500.0
    machine.pass_(10.0)
    assert clock() == 1010.0
    machine.pass_(10.0)
    assert clock() == 1020.0


def test_a_jump_forward_and_its_undoing_leave_no_trace() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += 86_400.0
    machine.pass_(30.0)
    assert clock() == 1030.0
    machine.wall -= 86_400.0
    machine.pass_(60.0)
    assert clock() == 1090.0


def test_a_step_forward_that_lasts_is_followed() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += 3600.0
    machine.pass_(1.0)
    assert clock() == 1001.0
    machine.pass_(61.0)
    assert clock() == 1062.0 + 3600.0


def test_it_begins_no_earlier_than_the_last_event() -> None:
    machine = Machine()
    assert machine.clock(5000.0)() == 5000.0


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0.0, 1e4)), max_size=30))
def test_it_never_goes_back(steps: list[tuple[float, float]]) -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock()
    for jump, seconds in steps:
        machine.wall += jump
        machine.pass_(seconds)
        now = clock()
        assert now >= before
        before = now
