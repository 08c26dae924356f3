"""What is told of alerts, when, and what a crash, a jump of the clock or too many alerts change about that: nothing."""

from __future__ import annotations

import asyncio
import math
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from alert_desk import Desk, alert, names, routes, silence
from freehold.errors import BadSignal, BadStore, Overloaded
from freehold.watch.alert import Alert
from freehold.watch.alert_core import AlertCore
from freehold.watch.alert_store import AlertStore

ALL_ONE = routes("")
BY_NAME = routes('group_by = ["alertname"]')
INHIBITING = routes(
    """
    [[inhibit_rules]]
    source_matchers = ['severity="red"']
    target_matchers = ['severity="blue"']
    equal = ["item"]
    """
)


def test_a_new_group_waits_and_then_tells_all_that_came_meanwhile() -> None:
    desk = Desk(ALL_ONE)
    desk.put(alert("A"))
    assert desk.run(5) == []
    desk.put(alert("B"))
    assert desk.run(4.9) == []
    assert desk.run(0.2) == [("duty", "A,B", "")]


def test_what_joins_a_group_is_told_at_its_next_interval_with_all_that_fires() -> None:
    desk = Desk(ALL_ONE)
    desk.put(alert("A"))
    desk.run(11)
    desk.put(alert("B"))
    assert desk.run(58) == []
    assert desk.run(2) == [("duty", "A,B", "")]


def test_nothing_new_is_told_again_after_the_repeat_interval_and_not_before() -> None:
    desk = Desk(ALL_ONE)
    desk.put(alert("A"))
    assert desk.run(1_000) == [("duty", "A", "")]
    # told at 10 s; turns come at 70, 130, … 1030: the first at which 1,000 s have passed
    assert desk.run(31) == [("duty", "A", "")]
    first, second = (one.key for _, one in desk.told)
    assert first != second


def test_an_end_is_told_once_and_only_of_what_was_told_to_fire() -> None:
    desk = Desk(ALL_ONE)
    desk.put(alert("A"))
    desk.run(11)
    desk.put(alert("B"))
    desk.put(alert("A", ends=desk.now), alert("B", ends=desk.now))
    assert desk.run(60) == [("duty", "", "A")]
    assert desk.run(10_000) == []
    assert len(desk.core) == 0


def test_an_alert_that_ends_before_its_group_was_told_is_never_told() -> None:
    desk = Desk(ALL_ONE)
    desk.put(alert("A"))
    desk.put(alert("A", ends=desk.now))
    assert desk.run(100) == []
    assert len(desk.core) == 0


def test_the_end_of_an_alert_that_is_not_known_is_nothing() -> None:
    desk = Desk(ALL_ONE)
    desk.put(alert("A", ends=desk.now - 1))
    assert desk.core.next_due() is None


def test_an_alert_without_an_end_ends_after_the_time_out_unless_it_comes_again() -> None:
    desk = Desk(ALL_ONE)
    desk.put(alert("A"), resolve_after=300)
    assert desk.run(200) == [("duty", "A", "")]
    desk.put(alert("A"), resolve_after=300)
    assert desk.run(299) == []
    assert desk.run(62) == [("duty", "", "A")]


def test_what_only_its_sender_can_end_does_not_time_out() -> None:
    desk = Desk(ALL_ONE)
    desk.put(alert("A"))
    assert set(desk.run(100_000)) == {("duty", "A", "")}


def test_alerts_are_put_together_by_the_labels_named_and_the_first_matching_route_takes_them() -> None:
    desk = Desk(
        routes(
            """group_by = ["item"]
            [[route.routes]]
            matchers = ['severity="red"']
            receiver = "phone"
            continue = true
            [[route.routes]]
            matchers = ['severity=~"red|orange"']
            receiver = "chat"
            group_by = ["..."]
            """
        )
    )
    desk.put(
        alert("A", item="gpu", severity="blue"), alert("B", item="gpu"), alert("C", item="disk"),
        alert("D", item="gpu", severity="red"), alert("E", item="gpu", severity="orange"),
        alert("F", item="gpu", severity="orange"),
    )  # fmt: skip
    assert sorted(desk.run(10)) == [
        ("chat", "D", ""), ("chat", "E", ""), ("chat", "F", ""), ("duty", "A,B", ""), ("duty", "C", ""), ("phone", "D", ""),
    ]  # fmt: skip


def test_a_target_is_quiet_while_its_source_fires_and_told_once_that_has_ended() -> None:
    desk = Desk(INHIBITING)
    desk.put(alert("target", item="gpu", severity="blue"), alert("other", item="disk", severity="blue"))
    desk.put(alert("source", item="gpu", severity="red"))
    assert desk.run(11) == [("duty", "other,source", "")]
    desk.put(alert("source", item="gpu", severity="red", ends=desk.now))
    assert desk.run(60) == [("duty", "other,target", "source")]


def test_a_source_that_comes_within_the_wait_is_in_time_however_old_its_target_is() -> None:
    desk = Desk(INHIBITING)
    desk.put(alert("target", starts=1.0, item="gpu", severity="blue"))
    desk.run(9)
    desk.put(alert("source", item="gpu", severity="red"))
    assert desk.run(2) == [("duty", "source", "")]


def test_an_alert_that_is_source_and_target_is_not_muted_by_others_that_are_both() -> None:
    desk = Desk(
        routes(
            """
            [[inhibit_rules]]
            source_matchers = ['severity=~"red|orange"']
            target_matchers = ['severity=~"orange|blue"']
            """
        )
    )
    desk.put(alert("A", severity="orange"), alert("B", severity="orange"), alert("C", severity="blue"))
    assert desk.run(10) == [("duty", "A,B", "")]
    desk.put(alert("D", severity="red"))
    assert desk.run(60) == [("duty", "D", "")]


def test_an_inhibited_alert_that_was_told_before_gets_its_end_told() -> None:
    desk = Desk(INHIBITING)
    desk.put(alert("target", item="gpu", severity="blue"))
    desk.run(11)
    desk.put(alert("source", item="gpu", severity="red"))
    desk.run(60)
    desk.put(alert("target", item="gpu", severity="blue", ends=desk.now))
    assert desk.run(60) == [("duty", "source", "target")]


def test_a_silenced_alert_is_not_told_and_told_when_the_silence_has_ended() -> None:
    desk = Desk(BY_NAME)
    desk.core.silence(silence('alertname="A"', desk.now, desk.now + 100), desk.now)
    desk.put(alert("A"), alert("B"))
    assert desk.run(99) == [("duty", "B", "")]
    assert desk.run(61) == [("duty", "A", "")]


def test_a_silenced_alert_that_was_told_before_gets_its_end_told_under_the_silence() -> None:
    desk = Desk(ALL_ONE)
    desk.put(alert("A"), alert("B"))
    desk.run(11)
    desk.core.silence(silence('alertname=~"A.*"', desk.now, desk.now + 10_000), desk.now)
    # B repeats alone meanwhile: A is still owed its end
    assert desk.run(1_100) == [("duty", "B", "")]
    desk.put(alert("A", ends=desk.now))
    assert desk.run(60) == [("duty", "B", "A")]


def test_a_group_of_which_all_is_silenced_says_nothing_of_an_end_that_was_never_owed() -> None:
    desk = Desk(ALL_ONE)
    desk.put(alert("A"))
    desk.run(11)
    desk.core.silence(silence('alertname=~"A|B"', desk.now, desk.now + 10_000), desk.now)
    desk.put(alert("B"))
    desk.run(60)
    desk.put(alert("B", ends=desk.now))
    assert desk.run(200) == []


def test_expiring_a_silence_lets_its_alerts_be_told() -> None:
    desk = Desk(ALL_ONE)
    made = desk.core.silence(silence("alertname=A", desk.now, desk.now + 1e6), desk.now)
    desk.put(alert("A"))
    assert desk.run(30) == []
    desk.core.expire(made.id, desk.now)
    assert desk.run(60) == [("duty", "A", "")]


def test_a_muted_time_keeps_a_route_quiet_and_what_ended_in_it_is_told_after_it() -> None:
    night = routes(
        """
        [[route.routes]]
        matchers = ['alertname=~"A|B"']
        mute_time_intervals = ["night"]
        [[time_intervals]]
        name = "night"
        [[time_intervals.time_intervals]]
        times = [{ start_time = "00:00", end_time = "06:00" }]
        """
    )
    desk = Desk(night, now=4 * 86_400 - 30.0)
    desk.put(alert("A"))
    assert desk.run(25) == [("duty", "A", "")]
    desk.put(alert("B"))
    assert desk.run(3_600) == []
    desk.put(alert("A", ends=desk.now))
    assert desk.run(4 * 3_600) == []
    assert desk.run(2 * 3_600)[0] == ("duty", "B", "A")


def test_each_channel_of_a_receiver_has_a_log_of_its_own_and_may_not_hear_of_ends() -> None:
    desk = Desk(ALL_ONE, channels={"duty": {"mail": False, "chat": True}})
    desk.put(alert("A"))
    desk.run(11)
    desk.put(alert("A", ends=desk.now))
    desk.run(100)
    assert [(one.channel, one.state) for _, one in desk.told] == [("mail", "firing"), ("chat", "firing"), ("chat", "resolved")]
    desk.put(alert("A"))
    desk.run(100)
    assert [one.channel for _, one in desk.told[3:]] == ["mail", "chat"]


def test_what_was_not_told_is_given_again_with_the_same_key_until_it_was() -> None:
    desk = Desk(ALL_ONE, tells=False)
    desk.put(alert("A"))
    assert desk.run(131) == [("duty", "A", "")] * 3
    assert len({one.key for _, one in desk.told}) == 1
    desk.core.told(desk.told[-1][1].key)
    assert desk.run(500) == []


def test_an_alert_that_comes_back_is_told_again_with_another_key() -> None:
    desk = Desk(ALL_ONE)
    for _ in range(3):
        desk.put(alert("A"))
        desk.run(100)
        desk.put(alert("A", ends=desk.now))
        desk.run(100)
    assert [one.state for _, one in desk.told] == ["firing", "resolved"] * 3
    assert len({one.key for _, one in desk.told}) == 6


def test_an_alert_that_comes_back_soon_waits_for_the_interval_and_later_for_the_wait() -> None:
    desk = Desk(ALL_ONE)
    desk.put(alert("A"))
    desk.run(11)
    desk.put(alert("A", ends=desk.now))
    assert desk.run(60) == [("duty", "", "A")]
    # the turn was at 70 s, it is 71 s now
    desk.put(alert("A"))
    assert desk.run(58) == []
    assert desk.run(2) == [("duty", "A", "")]
    desk.put(alert("A", ends=desk.now))
    assert desk.run(100) == [("duty", "", "A")]
    desk.put(alert("A"))
    assert desk.run(10) == [("duty", "A", "")]


def test_a_flap_within_an_interval_is_not_told() -> None:
    desk = Desk(ALL_ONE)
    desk.put(alert("A"))
    desk.run(11)
    desk.put(alert("A", ends=desk.now))
    desk.put(alert("A", starts=desk.now + 1))
    assert desk.run(200) == []


def test_the_end_of_what_was_given_out_is_told_even_if_nobody_said_that_it_was_told() -> None:
    desk = Desk(ALL_ONE, tells=False)
    desk.put(alert("A"))
    desk.run(11)
    desk.put(alert("A", ends=desk.now))
    assert desk.run(60) == [("duty", "", "A")]


# restarts


def test_a_restart_tells_nothing_again_and_forgets_nothing(tmp_path: Path) -> None:
    desk = Desk(ALL_ONE, tmp_path / "alerts.db")
    desk.put(alert("A"), alert("B"))
    desk.run(11)
    desk.crash()
    desk.start()
    assert desk.run(500) == []
    desk.put(alert("A", ends=desk.now))
    assert desk.run(60) == [("duty", "B", "A")]


def test_a_crash_between_giving_and_telling_gives_it_again_with_the_same_key(tmp_path: Path) -> None:
    desk = Desk(ALL_ONE, tmp_path / "alerts.db", tells=False)
    desk.put(alert("A"), alert("B"))
    assert desk.run(11) == [("duty", "A,B", "")]
    desk.crash()
    desk.start()
    assert desk.run(61) == [("duty", "A,B", "")]
    assert desk.told[0][1].key == desk.told[1][1].key


def test_an_end_that_comes_while_it_is_not_known_whether_the_alert_was_told_is_told_after_a_crash(tmp_path: Path) -> None:
    desk = Desk(ALL_ONE, tmp_path / "alerts.db", tells=False)
    desk.put(alert("A"))
    desk.run(11)
    desk.put(alert("A", ends=desk.now))
    desk.crash()
    desk.tells = True
    desk.start()
    assert desk.run(100) == [("duty", "", "A")]


def test_an_inhibited_alert_does_not_fire_after_a_restart(tmp_path: Path) -> None:
    desk = Desk(INHIBITING, tmp_path / "alerts.db")
    desk.put(alert("target", item="gpu", severity="blue"), alert("source", item="gpu", severity="red"), resolve_after=300)
    desk.run(60)
    desk.crash()
    # longer than any of them lives: nobody could say meanwhile that it still fires
    desk.now += 10_000
    desk.start()
    desk.put(alert("target", item="gpu", severity="blue"), resolve_after=300)
    assert desk.run(100) == []
    desk.put(alert("source", item="gpu", severity="red"), resolve_after=300)
    assert desk.run(250) == []


def test_after_a_restart_who_fires_has_the_wait_to_be_heard_before_anything_is_told(tmp_path: Path) -> None:
    desk = Desk(INHIBITING, tmp_path / "alerts.db")
    desk.put(alert("target", item="gpu", severity="blue"))
    desk.run(9)
    desk.put(alert("target", item="gpu", severity="blue"))
    desk.crash()
    desk.start()
    assert desk.run(9) == []
    desk.put(alert("source", item="gpu", severity="red"))
    assert desk.run(2) == [("duty", "source", "")]


def test_silences_outlive_a_restart(tmp_path: Path) -> None:
    desk = Desk(ALL_ONE, tmp_path / "alerts.db")
    made = desk.core.silence(silence('alertname!~"B"', desk.now, desk.now + 10_000), desk.now)
    desk.put(alert("A"))
    desk.crash()
    desk.start()
    assert desk.core.silences.get(made.id) is not None
    assert desk.run(100) == []


def test_what_was_acknowledged_is_there_after_a_crash_and_who_waits_together_is_served_together(tmp_path: Path) -> None:
    desk = Desk(ALL_ONE, tmp_path / "alerts.db")

    async def send() -> None:
        async def one(number: int) -> None:
            desk.core.put([alert(f"A{number}")], desk.wall)
            await desk.core.committed()

        await asyncio.gather(*(one(number) for number in range(50)))

    asyncio.run(send())
    desk.crash()
    desk.start()
    assert len(desk.core) == 50


def test_a_file_that_is_none_of_alerts_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "alerts.db"
    path.write_bytes(b"SQLite format 3\0 this is none" * 100)
    before = path.read_bytes()
    with pytest.raises(BadStore, match=r"alerts\.db"):
        AlertStore.open(path)
    assert path.read_bytes() == before


def test_a_copy_can_be_taken_while_the_file_is_in_use(tmp_path: Path) -> None:
    store = AlertStore.open(tmp_path / "alerts.db")
    try:
        with closing(sqlite3.connect(tmp_path / "alerts.db")) as source, closing(sqlite3.connect(tmp_path / "copy")) as made:
            source.backup(made)
            assert made.execute("SELECT count(*) FROM alerts").fetchone() == (0,)
    finally:
        store.close()


# clocks


@pytest.mark.parametrize("jump", [-86_400.0, -600.0, 600.0, 86_400.0, 400 * 86_400.0])
def test_a_jump_of_the_clock_tells_nothing_and_loses_nothing(jump: float) -> None:
    desk = Desk(INHIBITING)
    desk.core.silence(silence("alertname=quiet", desk.now, desk.now + 7_200), desk.wall)
    everything = [
        alert("A"), alert("quiet"), alert("target", item="gpu", severity="blue"), alert("source", item="gpu", severity="red"),
    ]  # fmt: skip
    desk.put(*everything, resolve_after=300)
    assert desk.run(30) == [("duty", "A,source", "")]
    desk.skew = jump
    assert desk.run(100) == []
    desk.put(*everything, resolve_after=300)
    assert desk.run(250) == []
    desk.skew = 0.0
    assert desk.run(40) == []
    # and what was to happen still does
    assert desk.run(130) == [("duty", "", "A,source")]


def test_an_alert_that_has_ended_stays_so_when_the_clock_goes_back() -> None:
    desk = Desk(ALL_ONE)
    desk.put(alert("A"))
    desk.run(11)
    desk.put(alert("A", ends=desk.now))
    desk.skew = -3_600.0
    assert desk.run(61) == [("duty", "", "A")]


# limits


def test_over_the_limit_what_has_ended_goes_first_and_then_new_ones_are_refused_while_known_ones_are_taken() -> None:
    desk = Desk(BY_NAME, most=10)
    desk.put(*(alert(f"A{number}") for number in range(10)))
    desk.run(11)
    with pytest.raises(Overloaded, match="new ones were not taken"):
        desk.put(alert("A0", ends=desk.now), alert("A1"), alert("B"), alert("C"))
    assert len(desk.core) == 10
    desk.run(100)
    assert ("duty", "B", "") in [names(one) for _, one in desk.told]


def test_a_flood_of_new_alerts_over_the_limit_costs_one_look_at_what_is_held() -> None:
    desk = Desk(BY_NAME, most=100)
    desk.put(*(alert(f"A{number}") for number in range(100)))
    looks = []
    make_room = desk.core._make_room
    desk.core._make_room = lambda now: looks.append(now) or make_room(now)
    with pytest.raises(Overloaded):
        desk.put(*(alert(f"B{number}") for number in range(1_000)))
    assert len(looks) == 1


def test_what_alerts_say_about_themselves_is_bounded_in_all_and_their_state_still_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("freehold.watch.alert_core.MOST_CHARACTERS_HELD", 1_000)
    desk = Desk(BY_NAME)
    long = (("summary", "x" * 600),)
    desk.put(alert("A"), alert("B"))
    desk.put(replace(alert("A"), annotations=long), replace(alert("B"), annotations=long))
    by_name = {one.alert.label("alertname"): one.alert for one in desk.core.statuses(desk.now)}
    assert (len(by_name["A"].annotations), len(by_name["B"].annotations)) == (1, 0)
    desk.put(*(alert(f"C{number}") for number in range(10)))
    with pytest.raises(Overloaded):
        desk.put(*(alert(f"D{number}") for number in range(20)))
    desk.put(alert("A", ends=desk.now), alert("B", ends=desk.now))
    desk.run(100)
    desk.put(alert("E"))
    assert ("duty", "E", "") in desk.run(20)


def test_very_many_groups_have_their_turns_one_part_after_the_other() -> None:
    desk = Desk(routes('group_by = ["..."]'))
    desk.put(*(alert("A", item=str(number)) for number in range(5_000)))
    desk.now += 10
    sizes = [len(desk.core.due(desk.now)) for _ in range(4)]
    assert sizes == [2_000, 2_000, 1_000, 0]


def test_who_is_no_longer_a_channel_is_owed_nothing(tmp_path: Path) -> None:
    desk = Desk(ALL_ONE, tmp_path / "alerts.db", channels={"duty": {"mail": True, "chat": True}}, tells=False)
    desk.put(alert("A"))
    desk.run(11)
    desk.crash()
    desk.channels, desk.tells = {"duty": {"chat": True}}, True
    desk.start()
    desk.put(alert("A", ends=desk.now))
    assert desk.run(200) == [("duty", "", "A")]
    assert len(desk.core) == 0


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (Alert(()), "no label"),
        (Alert((("b", "1"), ("a", "1"))), "order"),
        (Alert((("a", "1"), ("a", "2"))), "twice"),
        (Alert((("", "1"),)), "no name"),
        (Alert((("a", "x" * 70_000),)), "longer"),
        (Alert((("a" * 300, "x"),)), "longer"),
        (Alert(tuple((f"a{number:03}", "x") for number in range(65))), "65 labels"),
        (Alert((("a", "1"),), starts=math.nan), "start"),
        (Alert((("a", "1"),), ends=math.nan), "end"),
        (Alert((("a", "\ud800"),)), "surrogate"),
    ],
)
def test_what_is_no_alert_is_refused_and_nothing_of_its_batch_is_taken(bad: Alert, words: str) -> None:
    desk = Desk(ALL_ONE)
    with pytest.raises(BadSignal, match=words):
        desk.put(alert("A"), bad)
    assert len(desk.core) == 0


def test_how_an_alert_stands_is_said_with_who_mutes_it() -> None:
    desk = Desk(INHIBITING)
    desk.put(alert("target", item="gpu", severity="blue"), alert("source", item="gpu", severity="red"), alert("A"))
    by_name = {one.alert.label("alertname"): one for one in desk.core.statuses(desk.now)}
    assert by_name["A"].state == "unprocessed"
    desk.run(11)
    made = desk.core.silence(silence("alertname=A", desk.now, desk.now + 10), desk.now)
    by_name = {one.alert.label("alertname"): one for one in desk.core.statuses(desk.now)}
    assert {name: one.state for name, one in by_name.items()} == {"target": "suppressed", "source": "active", "A": "suppressed"}
    assert by_name["target"].inhibited_by == (by_name["source"].fingerprint,)
    assert by_name["A"].silenced_by == (made.id,)
    ((_, labels, alerts),) = desk.core.groups(desk.now)
    assert labels == ()
    assert len(alerts) == 3


def test_a_core_without_alerts_waits_for_nothing() -> None:
    core = AlertCore(ALL_ONE, AlertStore.open(None), 0.0)
    assert core.next_due() is None
    assert core.due(1.0) == ()
    core._store.close()
