"""Incidents: their life, levels, clocks, roles, approvals; and that what is told of them is sealed exactly once."""

from __future__ import annotations

import json
import math
import multiprocessing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freehold.errors import BadStore, NotAllowed, RespondError, StoreUnavailable
from freehold.respond.approval_requests import ApprovalRequests
from freehold.respond.approvals import Matrix, Need, Row, default_matrix
from freehold.respond.clocks import Clock, clocks_of, default_limits, load_limits
from freehold.respond.incident import ENDED, LEVELS, STATES, Incident, level_number
from freehold.respond.incident_life import TRANSITIONS, possible
from freehold.respond.incidents import Incidents
from freehold.respond.roles import Person, Roster, load_roster, person_key
from freehold.watch.levels import Level, LevelRange, Lowering, combine

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
LABELS = (("alertname", "provider-down"), ("provider", "openai"))
PEOPLE = Roster(
    person=(
        Person(name="Ana", roles=("commander",)),
        Person(name="Bo", roles=("engineer",)),
        Person(name="Cy", roles=("engineer",)),
        Person(name="Lea", roles=("legal",)),
        Person(name="Olu", roles=("observer",)),
    )
)


class Time:
    """A clock that stands until it is moved."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def store(tmp_path: Path, time: Time) -> Iterator[Incidents]:
    made = Incidents.open(tmp_path / "incidents.db", roster=PEOPLE, clock=time)
    yield made
    made.close()


class Log:
    """An evidence log that keeps to its promise: a key that it has appends nothing."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, Mapping[str, Any]]] = []
        self.keys: dict[str, int] = {}
        self.fails_at = math.inf

    def append(self, kind: str, body: Mapping[str, Any], *, key: str = "") -> int:
        if len(self.entries) >= self.fails_at:
            raise OSError("killed here")
        if key in self.keys:
            return self.keys[key]
        self.entries.append((kind, body))
        self.keys[key] = len(self.entries)
        return len(self.entries)

    def sync(self) -> None:
        pass


def fire(store: Incidents, at: float = 990.0, *, low: str = "orange", high: str = "orange", **more: Any) -> Incident:
    made = store.take("group", LABELS, firing=more.pop("firing", True), at=at, low=low, high=high, **more)
    assert made is not None
    return made


def kinds(store: Incidents, id_: str = "INC-1") -> list[str]:
    return [entry.kind for entry in store.timeline(id_)]


def walk(store: Incidents, *verbs: str) -> Incident:
    made = store.get("INC-1")
    for verb in verbs:
        made = store.move("INC-1", verb, "Ana", "because")
    return made


LIFE = ("declare", "contain", "recover", "observe", "close")


# ---------------------------------------------------------------- alerts


def test_an_alert_opens_an_incident_that_is_a_warning_once_it_is_graded(store: Incidents) -> None:
    incident = fire(store, radius={"stops": ["chat"]}, first=950.0)
    assert (incident.id, incident.state, incident.level_low, incident.first, incident.opened) == (
        "INC-1", "warning", "orange", 950.0, 1_000.0,
    )  # fmt: skip
    assert incident.title == "provider-down: provider openai"
    assert incident.radius == {"stops": ["chat"]}
    assert kinds(store) == ["signal", "warn"]


def test_an_alert_that_is_not_graded_is_a_signal_until_it_is(store: Incidents) -> None:
    assert fire(store, low="", high="").state == "signal"
    assert fire(store, 995.0, low="", high="yellow").state == "warning"
    assert (store.get("INC-1").level_low, store.get("INC-1").level_high) == ("blue", "yellow")


def test_the_same_notification_again_changes_nothing_and_a_group_has_one_open_incident(store: Incidents) -> None:
    first = fire(store)
    before = store.unsealed()
    assert fire(store) == first
    assert store.unsealed() == before
    assert fire(store, 991.0).id == "INC-1"
    assert len(store.all()) == 1


def test_a_group_that_resolves_and_of_which_nothing_is_known_opens_nothing(store: Incidents) -> None:
    assert store.take("other", LABELS, firing=False, at=1.0) is None
    assert store.all() == ()


def test_a_closed_incident_takes_no_alert_but_opens_a_successor(store: Incidents, time: Time) -> None:
    fire(store)
    fire(store, 995.0, firing=False)
    assert walk(store, *LIFE).state == "closed"
    lines = len(store.timeline("INC-1"))
    assert fire(store).id == "INC-1", "one that came before comes again"
    assert len(store.timeline("INC-1")) == lines
    time.now = 2_000.0
    second = fire(store, 1_999.0)
    assert (second.id, second.successor_of, store.get("INC-1").successor) == ("INC-2", "INC-1", "INC-2")
    assert store.get("INC-1").state == "closed"


def test_a_false_alarm_ends_it_and_needs_a_reason(store: Incidents) -> None:
    fire(store)
    with pytest.raises(NotAllowed, match="reason"):
        store.move("INC-1", "false-alarm", "Ana")
    assert store.move("INC-1", "false-alarm", "Ana", "a test").state == "false-alarm"
    assert fire(store, 1_005.0).successor_of == "INC-1"


def test_a_merged_incident_gives_its_alerts_and_its_level_to_the_other(store: Incidents) -> None:
    fire(store, low="red", high="red")
    store.take("other", (("alertname", "slow"),), firing=True, at=1.0, low="blue", high="yellow")
    store.take("other", (("alertname", "slow"),), firing=False, at=2.0)
    kept = store.merge("INC-1", "INC-2", "Bo", "same cause")
    assert (kept.id, kept.level_low, kept.firing) == ("INC-2", "red", True)
    assert store.get("INC-1").state == "merged"
    told = store.take("group", LABELS, firing=False, at=1_010.0)
    assert told is not None
    assert (told.id, told.firing) == ("INC-2", False)
    with pytest.raises(NotAllowed, match="itself"):
        store.merge("INC-2", "INC-2", "Bo")
    with pytest.raises(NotAllowed, match="takes nothing more"):
        store.merge("INC-2", "INC-1", "Bo")


def test_what_fires_anew_after_containment_is_a_relapse(store: Incidents) -> None:
    fire(store)
    fire(store, 991.0, firing=False)
    walk(store, "declare", "contain", "recover")
    assert fire(store, 1_001.0).state == "declared"
    assert kinds(store)[-2:] == ["alert", "relapse"]


@relaxed
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 5)), max_size=25))
def test_whatever_is_told_in_whatever_order_a_group_has_at_most_one_open_incident(told: list[tuple[str, bool, int]]) -> None:
    store = Incidents.open(":memory:")
    try:
        for key, firing, at in told:
            store.take(key, LABELS, firing=firing, at=float(at), low="blue", high="blue")
            open_ = [one.key for one in store.all(only_open=True)]
            assert len(open_) == len(set(open_))
        before = store.unsealed()
        for key, firing, at in told:
            store.take(key, LABELS, firing=firing, at=float(at), low="blue", high="blue")
        assert store.unsealed() == before
    finally:
        store.close()


# ---------------------------------------------------------------- levels


def test_a_level_is_raised_by_itself_and_lowered_only_by_a_commander_with_a_reason(store: Incidents) -> None:
    fire(store, low="yellow", high="orange")
    raised = fire(store, 991.0, low="orange", high="orange")
    assert (raised.level_low, raised.level_high) == ("orange", "orange")
    same = fire(store, 992.0, low="blue", high="yellow")
    assert (same.level_low, same.level_high) == ("orange", "orange"), "better facts lower nothing"
    fire(store, 992.5, low="orange", high="orange")
    with pytest.raises(NotAllowed, match="commander"):
        store.set_level("INC-1", "blue", "blue", "Bo", "less than feared")
    with pytest.raises(NotAllowed, match="reason"):
        store.set_level("INC-1", "blue", "blue", "Ana", " ")
    lowered = store.set_level("INC-1", "blue", "blue", "Ana", "less than feared")
    assert lowered.level_low == "blue"
    assert fire(store, 993.0, low="orange", high="orange").level_low == "blue", "the same facts do not undo a person's word"
    assert fire(store, 994.0, low="red", high="red").level_low == "red", "worse ones do"


@relaxed
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("facts"), st.sampled_from(LEVELS), st.sampled_from(LEVELS)),
            st.tuples(st.just("person"), st.sampled_from(LEVELS), st.just("")),
        ),
        max_size=12,
    )
)
def test_the_store_holds_the_same_law_of_levels_as_the_warning_system(told: list[tuple[str, str, str]]) -> None:
    store = Incidents.open(":memory:")
    seen = LevelRange("test", "1", Level.BLUE, Level.YELLOW)
    standing = combine(None, seen)
    try:
        store.take("k", LABELS, firing=True, at=-1.0, low="blue", high="yellow")
        for at, (who, one, other) in enumerate(told):
            if who == "facts":
                low, high = sorted((one, other), key=level_number)
                seen = LevelRange("test", "1", Level[low.upper()], Level[high.upper()])
                standing = combine(standing, seen)
                store.take("k", LABELS, firing=True, at=float(at), low=low, high=high)
            else:
                standing = combine(standing, seen, Lowering(Level[one.upper()], "Ana", "why"))
                store.set_level("INC-1", one, standing.may_be.word, "Ana", "why")
            incident = store.get("INC-1")
            assert (incident.level_low, incident.level_high) == (standing.level.word, standing.may_be.word)
    finally:
        store.close()


# ---------------------------------------------------------------- life and roles


def test_the_life_is_one_way_and_every_step_tells_who_when_and_why(store: Incidents, time: Time) -> None:
    fire(store)
    fire(store, 991.0, firing=False)
    for at, verb in enumerate((*LIFE, "review"), 1):
        time.now = 1_000.0 + at
        store.move("INC-1", verb, "Ana", f"why {verb}")
        entry = next(one for one in reversed(store.timeline("INC-1")) if one.kind == verb)
        assert (entry.by, entry.role, entry.at, entry.text) == ("Ana", "commander", time.now, f"why {verb}")
    assert store.get("INC-1").state == "reviewed"
    assert possible("reviewed") == ()


def test_a_transition_out_of_its_place_is_refused_with_what_is_possible(store: Incidents) -> None:
    fire(store)
    with pytest.raises(NotAllowed, match=r"'warning'.*Possible now: declare, false-alarm, merge"):
        store.move("INC-1", "close", "Ana", "why")


def test_the_machine_may_not_declare_and_an_observer_may_not_act_but_may_note(store: Incidents) -> None:
    fire(store)
    with pytest.raises(NotAllowed, match="commander or engineer"):
        store.move("INC-1", "declare", "machine")
    with pytest.raises(NotAllowed, match="commander or engineer"):
        store.move("INC-1", "declare", "Olu")
    store.note("INC-1", "Olu", "the chat page is blank")
    assert (store.timeline("INC-1")[-1].role, store.timeline("INC-1")[-1].text) == ("observer", "the chat page is blank")


@pytest.mark.parametrize("name", ["", "  ", "Machine", "ＭＡＣＨＩＮＥ", "x" * 101, "a\x00b"])
def test_a_name_that_is_none_or_the_machines_is_refused(store: Incidents, name: str) -> None:
    fire(store)
    with pytest.raises(NotAllowed):
        store.note("INC-1", name, "text")


def test_who_is_not_on_the_roster_may_nothing(store: Incidents) -> None:
    fire(store)
    with pytest.raises(NotAllowed, match="roster"):
        store.move("INC-1", "declare", "Eve")


def test_whoever_declares_as_a_commander_leads_and_gives_roles(store: Incidents) -> None:
    fire(store)
    store.move("INC-1", "declare", "Ana")
    assert store.get("INC-1").roles == (("commander", "Ana"),)
    with pytest.raises(NotAllowed, match="given by its commander"):
        store.assign("INC-1", "comms", "Cy", "Bo")
    store.assign("INC-1", "commander", "Bo", "Ana")
    assert store.get("INC-1").roles == (("commander", "Bo"),)


def test_closing_what_still_fires_needs_a_reason(store: Incidents) -> None:
    fire(store)
    walk(store, *LIFE[:-1])
    with pytest.raises(NotAllowed, match="still fire"):
        store.move("INC-1", "close", "Ana")
    assert store.move("INC-1", "close", "Ana", "the sensor is broken").state == "closed"


def test_an_incident_by_hand_is_declared_at_once(store: Incidents) -> None:
    made = store.begin("keys leaked", "Bo", "seen in a log", level="red")
    assert (made.state, made.level_high, made.title, made.firing) == ("declared", "red", "keys leaked", False)


def test_every_state_is_reached_by_some_transition_and_ended_ones_lead_only_to_reviewed() -> None:
    reached = {one.target for one in TRANSITIONS}
    assert reached == set(STATES) - {"signal"}
    assert {one.target for state in ENDED for one in possible(state)} == {"reviewed"}


def test_a_roster_that_is_not_sound_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "people.toml"
    assert load_roster(file).person == ()
    file.write_text('[[person]]\nname = "Ana"\nroles = ["king"]\n')
    with pytest.raises(RespondError, match=r"people.toml.*\$.person\[0\].roles\[0\]"):
        load_roster(file)


# ---------------------------------------------------------------- clocks


def clocks(store: Incidents, now: float) -> dict[str, Clock]:
    incident = store.get("INC-1")
    return {clock.name: clock for clock in clocks_of(incident, store.timeline("INC-1"), default_limits(), now)}


def test_the_four_clocks_of_a_day_worked_by_hand(store: Incidents, time: Time) -> None:
    fire(store, first=940.0, low="red", high="red")  # warned at 1000
    told = clocks(store, 1_100.0)
    assert (told["detect"].seconds, told["detect"].state, told["detect"].late) == (60.0, "stopped", False)
    assert (told["decide"].seconds, told["decide"].state, told["decide"].due) == (100.0, "running", 1_300.0)
    assert (told["contain"].state, told["contain"].due) == ("waiting", None)
    assert clocks(store, 1_301.0)["decide"].state == "overdue"
    time.now = 1_350.0
    store.move("INC-1", "declare", "Ana")
    told = clocks(store, 1_400.0)
    assert (told["decide"].seconds, told["decide"].state, told["decide"].late) == (350.0, "stopped", True)
    assert (told["contain"].seconds, told["report"].due) == (50.0, 1_350.0 + 3_600)
    time.now = 1_500.0
    store.move("INC-1", "contain", "Bo")
    with pytest.raises(NotAllowed, match="legal"):
        store.report("INC-1", "", "Bo")
    store.report("INC-1", "", "Lea")
    told = clocks(store, 9_999.0)
    assert (told["contain"].seconds, told["report"].seconds, told["report"].state) == (150.0, 150.0, "stopped")


@relaxed
@given(st.lists(st.floats(0, 1e6), min_size=5, max_size=5), st.floats(0, 1e6))
def test_a_wall_clock_that_jumps_makes_no_time_negative_and_no_entry_earlier(jumps: list[float], now: float) -> None:
    time = Time(jumps[0])
    store = Incidents.open(":memory:", clock=time)
    try:
        store.take("k", LABELS, firing=True, at=jumps[0], low="red", high="red")
        for jump, verb in zip(jumps[1:], LIFE, strict=False):
            time.now = jump
            store.move("INC-1", verb, "Ana", "why")
        moments = [entry.at for entry in store.timeline("INC-1")]
        assert moments == sorted(moments)
        assert all(clock.seconds >= 0 for clock in clocks(store, now).values())
    finally:
        store.close()


def test_each_chosen_regime_has_a_report_clock_and_an_unknown_one_is_refused(tmp_path: Path, store: Incidents) -> None:
    data = (Path(__file__).parent.parent / "src/freehold/respond/data/clocks.toml").read_text(encoding="utf-8")
    file = tmp_path / "clocks.toml"
    file.write_text(data.replace("regimes = []", 'regimes = ["cn-critical"]'))
    fire(store)
    store.move("INC-1", "declare", "Ana")
    limits = load_limits(file)
    reports = [one for one in clocks_of(store.get("INC-1"), store.timeline("INC-1"), limits, 1_000) if one.name == "report"]
    assert [(one.regime, one.limit) for one in reports] == [("", 14_400.0), ("cn-critical", 3_600.0)]
    file.write_text(data.replace("regimes = []", 'regimes = ["moon"]'))
    with pytest.raises(RespondError, match="moon"):
        load_limits(file)


# ---------------------------------------------------------------- approvals


def requests(store: Incidents, seconds: float = 600.0) -> ApprovalRequests:
    return ApprovalRequests(store, seconds)


def test_two_people_are_two_different_people_however_they_spell_themselves(store: Incidents) -> None:
    fire(store)
    asked = requests(store)
    request = asked.ask("INC-1", "R-1", "main/kill", "kill", {"scope": "all"}, Need(2), "approve")
    asked.approve(request.id, "Bo")
    with pytest.raises(NotAllowed, match="two different people"):
        asked.approve(request.id, "  ｂＯ ")
    assert asked.standing(request, Need(2)) == "waiting"
    asked.approve(request.id, "Cy")
    assert asked.standing(request, Need(2)) == "granted"
    assert person_key("ÅSA ") == person_key("åsa")


def test_an_approval_ends_after_a_while(store: Incidents, time: Time) -> None:
    fire(store)
    asked = requests(store)
    request = asked.ask("INC-1", "R-1", "main/kill", "kill", {}, Need(1), "approve")
    asked.approve(request.id, "Bo")
    time.now += 600
    assert asked.standing(request, Need(1)) == "waiting"
    asked.approve(request.id, "Bo")
    assert asked.standing(request, Need(1)) == "granted"


def test_a_break_glass_acts_at_once_and_is_reviewed_by_somebody_else_before_the_incident_is(store: Incidents) -> None:
    fire(store)
    fire(store, 991.0, firing=False)
    asked = requests(store)
    request = asked.ask("INC-1", "R-1", "main/kill", "kill", {}, Need(2), "approve")
    with pytest.raises(NotAllowed, match="reason"):
        asked.approve(request.id, "Bo", break_glass=True)
    asked.approve(request.id, "Bo", "spending a thousand a minute", break_glass=True)
    assert asked.standing(request, Need(2)) == "granted"
    (duty,) = store.duties("INC-1")
    walk(store, *LIFE)
    with pytest.raises(NotAllowed, match="owes a review"):
        store.move("INC-1", "review", "Ana", "done")
    with pytest.raises(NotAllowed, match="somebody else"):
        store.settle(duty.id, "Bo", "was right")
    store.settle(duty.id, "Cy", "was right")
    assert store.move("INC-1", "review", "Ana", "done").state == "reviewed"


def test_an_observer_and_the_machine_approve_nothing_and_a_refusal_is_final(store: Incidents) -> None:
    fire(store)
    asked = requests(store)
    request = asked.ask("INC-1", "R-1", "main/kill", "kill", {}, Need(1), "approve")
    for name in ("Olu", "machine"):
        with pytest.raises(NotAllowed):
            asked.approve(request.id, name)
    asked.refuse(request.id, "Bo", "not now")
    assert asked.standing(asked.get(request.id), Need(1)) == "refused"
    with pytest.raises(NotAllowed, match="settled"):
        asked.approve(request.id, "Cy")


def test_a_range_of_levels_needs_what_its_strictest_level_does_and_an_unknown_action_two_people() -> None:
    row = Row(blue="two", yellow="one", orange="break-glass", red="none")
    matrix = Matrix(version=1, need={"kill": row, "kill:agent": Row(blue="none", yellow="none", orange="none", red="none")})
    assert [matrix.need_of("kill", "", level, level).people for level in LEVELS] == [2, 1, 1, 0]
    assert matrix.need_of("kill", "", "orange", "orange").review
    assert matrix.need_of("kill", "model", "yellow", "red").review
    assert matrix.need_of("kill", "", "blue", "red").people == 2
    assert matrix.need_of("kill", "", "", "").people == 2
    assert matrix.need_of("kill", "agent", "", "").people == 0
    assert matrix.need_of("fly", "", "red", "red").people == 2


def test_a_playbook_that_was_not_drilled_lately_may_not_act_alone() -> None:
    matrix = default_matrix()
    day = 86_400.0
    assert matrix.drilled(Need(0), None, 0.0).people == 1
    assert matrix.drilled(Need(0), 0.0, 90 * day).people == 0
    assert matrix.drilled(Need(0), 0.0, 90 * day + 1).people == 1
    assert matrix.drilled(Need(2), None, 0.0).people == 2


# ---------------------------------------------------------------- evidence and the file


@relaxed
@given(st.integers(0, 8), st.integers(0, 8))
def test_what_is_told_is_sealed_exactly_once_however_often_the_sealing_is_killed(first: int, second: int) -> None:
    store, log = Incidents.open(":memory:"), Log()
    try:
        store.take("k", LABELS, firing=True, at=1.0, low="red", high="red")
        store.note("INC-1", "Ana", "one")
        store.move("INC-1", "declare", "Ana")
        for fails_at in (first, second, math.inf):
            log.fails_at = fails_at
            try:
                store.drain_outbox(log, most=2)
            except OSError:
                continue
        log.fails_at = math.inf
        while store.drain_outbox(log, most=2):
            pass
        told = [(entry.kind, entry.number) for entry in store.timeline("INC-1")]
        assert [(kind.removeprefix("incident."), body["number"]) for kind, body in log.entries] == told
        assert store.unsealed() == 0
    finally:
        store.close()


def test_two_stores_have_keys_of_their_own(tmp_path: Path) -> None:
    log = Log()
    for name in ("a.db", "b.db"):
        store = Incidents.open(tmp_path / name)
        store.take("k", LABELS, firing=True, at=1.0, low="red", high="red")
        store.drain_outbox(log)
        store.close()
    assert len(log.entries) == 4


def _take_many(path: str, name: str) -> None:
    store = Incidents.open(path)
    for number in range(15):
        store.take(f"group-{number}", LABELS, firing=True, at=float(number), low="red", high="red")
        store.note("INC-1", name, f"{number}")
    store.close()


def test_several_processes_write_at_once_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    path = str(tmp_path / "incidents.db")
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_take_many, args=(path, f"writer {number}")) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    store = Incidents.open(path)
    assert sorted(one.key for one in store.all()) == sorted(f"group-{number}" for number in range(15))
    notes = [entry for entry in store.timeline("INC-1") if entry.kind == "note"]
    assert len(notes) == 45
    assert [entry.number for entry in store.timeline("INC-1")] == list(range(1, len(store.timeline("INC-1")) + 1))
    store.close()


def test_a_file_that_is_something_else_or_not_there_is_refused_with_the_mend(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    other.write_text("not a database at all, but long enough to be looked at " * 20)
    with pytest.raises(BadStore):
        Incidents.open(other)
    with pytest.raises(StoreUnavailable, match="state"):
        Incidents.open(tmp_path / "none.db", make=False)


def test_hostile_labels_texts_and_predictions_are_bounded_and_kept_sound(store: Incidents) -> None:
    incident = store.take(
        "k", {"alertname": "a\ud800b\x1b[31m", "long": "x" * 10_000}, firing=True, at=math.inf, low="red", high="red",
        radius={"nan": math.nan, "deep": json.loads("[" * 200 + "]" * 200)}, title="\x00" * 10,
    )  # fmt: skip
    assert incident is not None
    assert incident.labels == (("alertname", "a?b[31m"), ("long", "x" * 512))
    assert isinstance(incident.radius, dict)
    assert incident.radius["nan"] == "nan"
    with pytest.raises(RespondError, match="labels"):
        store.take("k", {str(number): "x" for number in range(65)}, firing=True, at=1.0)
    with pytest.raises(RespondError, match="level"):
        store.take("k", LABELS, firing=True, at=1.0, low="purple", high="red")
    big = store.take("big", LABELS, firing=True, at=1.0, low="red", high="red", radius={"x": "y" * 300_000})
    assert big is not None
    assert "left_out" in str(big.radius)


def test_an_id_that_is_no_text_is_refused_with_a_reason() -> None:
    store = Incidents.open(":memory:")
    with pytest.raises(RespondError, match="no text"):
        store.note("\udced\udca0", "Ana", "x")
