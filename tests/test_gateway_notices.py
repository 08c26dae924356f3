"""What the gateway says on standard error: a flood of the same is one line, and the last that is said of a state holds."""

from __future__ import annotations

from pathlib import Path

from freehold.demo.faults import Fault
from freehold.demo.stand_in import StandIn
from freehold.gateway.notices import Notices
from freehold.gateway.switches import Stop, change_stop
from gateways import Gateway, ask, eventually, run


class Desk:
    """Notices by a clock that is set."""

    def __init__(self) -> None:
        self.now, self.said = 0.0, list[str]()
        self.notices = Notices(self.said.append, lambda: self.now)

    def failed(self, why: str, kind: str = "connect") -> None:
        self.notices.say("upstream_failed", f"one {kind}", upstream="one", why=why)

    def lines(self) -> list[str]:
        """All that was said; it ends them."""
        self.notices.close()
        return [line.removeprefix("freehold: ") for line in self.said]


def test_the_last_of_what_was_held_back_is_said_when_its_time_is_over() -> None:
    desk = Desk()
    for why in ("a", "b", "c"):
        desk.failed(why)
    desk.now = 9.9
    desk.notices.look()
    desk.now = 10.0
    desk.notices.look()
    desk.notices.look()
    desk.now = 20.0
    desk.notices.look()
    desk.failed("d")
    assert desk.lines() == [
        "upstream 'one' failed: a",
        "again within 10 s (times: 2): upstream 'one' failed: c",
        "upstream 'one' failed: d",
    ]


def test_the_end_says_what_was_held_back() -> None:
    desk = Desk()
    desk.failed("a")
    desk.failed("b")
    assert desk.lines()[1:] == ["again within 10 s (times: 1): upstream 'one' failed: b"]


def test_another_sort_of_failure_is_said_at_once() -> None:
    desk = Desk()
    desk.failed("a")
    desk.failed("b", "rate_limited")
    assert desk.lines() == ["upstream 'one' failed: a", "upstream 'one' failed: b"]


def test_changes_of_state_are_never_held_back() -> None:
    desk = Desk()
    for _ in range(2):
        desk.notices.change("stops_now", stops="all", ended=0)
        desk.notices.change("stops_none")
    assert desk.lines() == ["stopped now: all (requests under way that were ended: 0)", "nothing is stopped any more"] * 2


def test_what_a_change_overtakes_is_said_before_it() -> None:
    desk = Desk()
    for _ in range(2):
        desk.notices.say("desk_unreachable", url="x", why="y")
    desk.notices.change("desk_reached", after="desk_unreachable")
    assert desk.lines()[1:] == [
        "again within 10 s (times: 1): events do not reach the desk at x: y; they are kept and sent later",
        "events reach the desk again",
    ]


def test_a_flood_of_subjects_is_bounded_and_loses_no_count() -> None:
    desk = Desk()
    for number in range(1_000):
        desk.notices.say("defect", str(number), what="x")
    assert len(desk.notices._said) <= 1_000
    desk.notices.say("defect", "one more", what="x")
    assert len(desk.notices._said) == 1
    desk.notices.close()


def test_after_stop_release_stop_release_the_last_line_says_that_nothing_is_stopped(tmp_path: Path) -> None:
    async def use(front: Gateway, _one: StandIn) -> None:
        for on in (True, False, True, False):
            change_stop(tmp_path / "stop", Stop("all"), on=on)
            front.running.look_at_stops()
        await eventually(lambda: len(front.said) == 4)
        assert front.said[-1] == "freehold: nothing is stopped any more"

    run(use, tmp_path)


def test_a_rate_limit_is_told_at_once_after_another_failure(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        await one.set_fault(Fault(kind="server_error"))
        await ask(front)
        await one.set_fault(Fault(kind="rate_limited", seconds=1))
        await ask(front)
        await eventually(lambda: any("takes no more now" in line for line in front.said))

    run(use, tmp_path)


def test_nothing_is_said_where_nothing_happened() -> None:
    desk = Desk()
    desk.notices.look()
    assert desk.lines() == []
