"""The runner: gates, order, failure, undoing; and that a run killed anywhere goes on and does each act once."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from freehold.errors import BadPlaybook, NotAllowed, RespondError
from freehold.respond.actions.interface import Action, ActionFailed, Call, Outcome
from freehold.respond.actions.means import load_means
from freehold.respond.actions.registry import build_actions
from freehold.respond.approvals import Matrix, Row, default_matrix
from freehold.respond.driving_lock import DrivingLock
from freehold.respond.incidents import Incidents
from freehold.respond.playbook import Playbook, digest_of_playbook, parse_playbook
from freehold.respond.playbook_library import shipped_playbooks
from freehold.respond.run_journal import Run
from freehold.respond.runner import Runner
from respond_stand_in import StandIn, serving

T = TypeVar("T")
LABELS = (("agent", "scout"), ("alertname", "agent-repeats-itself"), ("model", "chat"))
FREE = Row(blue="none", yellow="none", orange="none", red="none")


class Time:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Parameters(msgspec.Struct, forbid_unknown_fields=True):
    name: str = ""
    fails: bool = False
    percent: int = 0


@dataclass
class Counted:
    """An action whose effect is a list that lasts: what is in it was done."""

    name: str = "throttle"
    changes: bool = True
    undone_alone: bool = True
    repeatable: bool = True
    seconds: float = 5.0
    parameters: type[msgspec.Struct] = Parameters
    knows: bool = True
    effects: list[str] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)
    breaks: Exception | None = None
    hangs: bool = False
    late: bool = False

    def reach(self, parameters: Any) -> str:  # noqa: ARG002
        return "model"

    async def rehearse(self, call: Call) -> str:
        return f"would do {call.parameters.name}"

    async def precondition(self, call: Call) -> None:
        if call.parameters.name == "impossible":
            raise RespondError("that cannot be done now")

    async def before(self, call: Call) -> Mapping[str, Any]:  # noqa: ARG002
        return {"had": len(self.effects)}

    async def act(self, call: Call) -> Outcome:
        self.acts.append(call.parameters.name)
        if self.breaks is not None:
            raise self.breaks
        if self.hangs:
            await asyncio.Event().wait()
        if call.parameters.fails:
            raise ActionFailed("it did not work")
        if call.key not in self.effects:
            self.effects.append(call.key)
        if self.late:
            raise ActionFailed("no answer came")
        return Outcome(f"did {call.parameters.name}", {"percent": call.parameters.percent, "name": call.parameters.name})

    async def probe(self, call: Call, before: Mapping[str, Any]) -> bool | None:  # noqa: ARG002
        return call.key in self.effects if self.knows else None

    async def undo(self, call: Call, before: Mapping[str, Any]) -> Outcome:  # noqa: ARG002
        self.acts.append(f"undo {call.parameters.name}")
        if call.key in self.effects:
            self.effects.remove(call.key)
        return Outcome("taken back")


async def no_sleep(_seconds: float) -> None:
    await asyncio.sleep(0)


class House:
    """A store, an incident, and a runner with one counted action in the place of throttle."""

    def __init__(self, folder: Path, *, free: bool = True, level: str = "orange", **action: Any) -> None:
        self.time = Time()
        self.folder = folder
        self.incidents = Incidents.open(folder / "incidents.db", clock=self.time)
        self.action = Counted(**action)
        self.matrix = default_matrix()
        if free:
            self.matrix = Matrix(version=1, need=dict.fromkeys(self.matrix.need, FREE), drill_days=3_650)
        self.incidents.take("group", LABELS, firing=True, at=1.0, low=level, high=level)
        self.runner = self.new_runner()

    def new_runner(self, **more: Any) -> Runner:
        actions: dict[str, Action] = dict(build_actions(self.folder, load_means(self.folder), self.incidents, self.time))
        actions["throttle"] = self.action
        more.setdefault("sleep", no_sleep)
        return Runner(self.incidents, actions, more.pop("library", {}), matrix=self.matrix, **more)

    def run(self, playbook: Playbook, **more: Any) -> Run:
        more.setdefault("by", "Ana")
        run = self.runner.start("INC-1", playbook, **more)
        return asyncio.run(self.runner.drive(run.id))

    def drive(self, run: Run) -> Run:
        return asyncio.run(self.runner.drive(run.id))

    def preserve(self) -> None:
        self.incidents.mark_preserved("INC-1", "machine", "kept", {})


@pytest.fixture
def house(tmp_path: Path) -> Any:
    made: list[House] = []

    def make(**more: Any) -> House:
        made.append(House(tmp_path, **more))
        return made[-1]

    yield make
    for one in made:
        one.incidents.close()


def playbook(*steps: str, head: str = "", id_: str = "p") -> Playbook:
    start = '[[step]]\nid = "start"\ntype = "start"\nnext = "%s"\n'
    first = steps[0].split('id = "')[1].split('"')[0]
    text = f'id = "{id_}"\nname = "P"\nreach = "model"\n{head}\n' + start % first + "\n".join(steps)
    return parse_playbook(text + '\n[[step]]\nid = "end"\ntype = "end"\n')


def do(id_: str, next_: str = "end", more: str = "", **parameters: Any) -> str:
    parameters.setdefault("name", id_)
    told = ", ".join(f"{name} = {json.dumps(value)}" for name, value in parameters.items())
    return f'[[step]]\nid = "{id_}"\ntype = "action"\naction = "throttle"\nwith = {{ {told} }}\nnext = "{next_}"\n{more}\n'


def kind(id_: str, type_: str, **says: Any) -> str:
    return "\n".join(
        ["[[step]]", f'id = "{id_}"', f'type = "{type_}"', *(f"{key} = {toml(value)}" for key, value in says.items())]
    )


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value)


# ---------------------------------------------------------------- order and decisions


def test_steps_are_done_in_order_and_told_in_the_timeline(house: Callable[..., House]) -> None:
    one = house()
    one.preserve()
    run = one.run(playbook(do("a", "b"), do("b")))
    assert (run.state, one.action.acts) == ("done", ["a", "b"])
    told = [(entry.facts["step"], entry.facts["state"]) for entry in one.incidents.timeline("INC-1") if entry.kind == "action"]
    assert told == [("main/a", "begun"), ("main/a", "done"), ("main/b", "begun"), ("main/b", "done")]


def test_a_run_that_is_driven_again_does_nothing_again(house: Callable[..., House]) -> None:
    one = house()
    one.preserve()
    run = one.run(playbook(do("a")))
    assert one.drive(run) == run
    assert one.action.acts == ["a"]
    again = one.runner.start("INC-1", playbook(do("a")), by="Ana", token="t")
    assert one.runner.start("INC-1", playbook(do("a")), by="Ana", token="t") == again


def test_conditions_switches_loops_and_what_a_step_sets(house: Callable[..., House]) -> None:
    one = house()
    one.preserve()
    steps = (
        kind("loop", "while-condition", condition="percent < 30", do="more", next="which", most=5),
        do("more", "loop", 'set = { percent = "percent + int(result.percent)" }', percent=10),
        kind("which", "switch-condition", switch="percent", cases={"30": "thirty", "default": "other"}, next="if"),
        do("thirty", "end-2"), do("other", "end-2"), kind("end-2", "end"),
        kind("if", "if-condition", condition='labels.agent == "scout" && incident.firing', then="yes", otherwise="no", next="last"),  # noqa: E501
        do("yes", "end-2"), do("no", "end-2"), do("last"),
    )  # fmt: skip
    run = one.run(playbook(*steps, head='[variables.percent]\ntype = "integer"\nvalue = 0'))
    assert (run.state, run.because) == ("done", "")
    assert one.action.acts == ["more", "more", "more", "thirty", "yes", "last"]


def test_a_loop_that_does_not_end_is_ended(house: Callable[..., House]) -> None:
    one = house()
    one.preserve()
    run = one.run(
        playbook(kind("loop", "while-condition", condition="true", do="more", next="end", most=3), do("more", "loop"))
    )
    assert (run.state, one.action.acts[:4]) == ("failed", ["more", "more", "more", "undo more"])
    assert "3 times" in run.because


def test_branches_are_done_at_the_same_time_and_their_values_joined(house: Callable[..., House]) -> None:
    one = house()
    one.preserve()
    steps = (
        kind("both", "parallel", branches=["left", "right"], next="last"), do("left", "done", 'set = { l = "result.name" }'),
        do("right", "done", 'set = { r = "result.name" }'), kind("done", "end"), do("last", name="${l} ${r}"),
    )  # fmt: skip
    run = one.run(playbook(*steps, head='[variables.l]\nvalue = ""\n[variables.r]\nvalue = ""'))
    assert run.state == "done"
    assert one.action.acts[-1] == "left right"


def test_another_playbook_is_one_step_and_stays_as_it_was_when_the_run_began(house: Callable[..., House]) -> None:
    one = house()
    one.preserve()
    inner = playbook(do("inner", name="${what}"), id_="inner", head="[variables.what]\nexternal = true")
    outer = playbook(
        '[[step]]\nid = "sub"\ntype = "playbook-action"\nplaybook = "inner"\nwith = { what = "hello" }\nnext = "end"\n'
    )
    one.runner = one.new_runner(library={"inner": inner})
    run = one.runner.start("INC-1", outer, by="Ana")
    one.runner = one.new_runner(library={"inner": playbook(do("changed"), id_="inner")})
    assert one.drive(run).state == "done"
    assert one.action.acts == ["hello"]
    with pytest.raises(BadPlaybook, match="not there"):
        one.new_runner(library={}).start("INC-1", outer, by="Ana")


def test_a_playbook_that_another_runs_reaches_no_further_than_both_and_both_must_be_drilled(
    house: Callable[..., House],
) -> None:
    one = house(free=False, level="red")
    one.preserve()
    inner = playbook(do("inner"), id_="inner")
    outer = playbook('[[step]]\nid = "sub"\ntype = "playbook-action"\nplaybook = "inner"\nnext = "end"\n')
    one.runner = one.new_runner(library={"inner": inner})
    narrow = msgspec.structs.replace(outer, reach="agent")
    assert "'p' may reach agent" in one.run(narrow).because
    one.runner.journal.record_drill("p", digest_of_playbook(outer), passed=True, by="Ana")
    assert "never passed a drill" in one.run(outer, by="machine").because
    one.runner.journal.record_drill("inner", digest_of_playbook(inner), passed=True, by="Ana")
    assert one.run(outer, by="machine").state == "done"


def test_a_delay_ends_at_its_moment_though_it_was_interrupted_or_the_clock_went_back(house: Callable[..., House]) -> None:
    one = house()
    one.preserve()
    slept = 0.0

    async def interrupted(seconds: float) -> None:
        nonlocal slept
        slept += seconds
        one.time.now += seconds
        if slept == 45:
            raise KeyboardInterrupt

    plan = playbook(do("a", "end", "delay = 60.0"))
    one.runner = one.new_runner(sleep=interrupted)
    with pytest.raises(KeyboardInterrupt):
        one.run(plan, token="t")
    assert one.run(plan, token="t").state == "done"
    assert slept == 60
    slept = 0.0
    with pytest.raises(KeyboardInterrupt):
        one.run(plan, token="u")
    one.time.now -= 900
    assert one.run(plan, token="u").state == "done"
    assert slept == 45 + 60


@pytest.mark.parametrize(("undo", "state", "acts"), [(True, "undone", ["a", "undo a"]), (False, "halted", ["a"])])
def test_a_person_ends_a_run_in_the_middle_of_a_wait(
    house: Callable[..., House], undo: bool, state: str, acts: list[str]
) -> None:
    one = house()
    one.preserve()

    async def sleep(_seconds: float) -> None:
        other = Incidents.open(one.folder / "incidents.db", clock=one.time)
        said = Runner(other, {}, {}, matrix=one.matrix)
        if said.journal.get("R-1").state == "running":
            with pytest.raises(NotAllowed, match="reason"):
                said.end_run("R-1", "Bo", "", undo=undo)
            said.end_run("R-1", "Bo", "enough", undo=undo)
        other.close()

    one.runner = one.new_runner(sleep=sleep)
    run = one.run(playbook(do("a", "b"), do("b", "end", "delay = 600.0")))
    assert (run.state, run.because, one.action.acts) == (state, "enough", acts)
    with pytest.raises(NotAllowed, match="has ended already"):
        one.runner.end_run("R-1", "Bo", "again", undo=False)


def test_a_run_that_waits_for_people_is_ended_too(house: Callable[..., House]) -> None:
    one = house(free=False, level="blue")
    one.preserve()
    run = one.run(playbook(do("a")))
    one.runner.end_run(run.id, "Ana", "not needed", undo=False)
    assert one.drive(run).state == "halted"
    assert one.runner.requests.waiting() == ()


# ---------------------------------------------------------------- gates


def test_nothing_is_changed_before_something_was_preserved_or_a_person_has_waived_it(house: Callable[..., House]) -> None:
    one = house()
    run = one.run(playbook(do("a")))
    assert (run.state, one.action.acts) == ("waiting", [])
    assert "waive INC-1" in run.because
    with pytest.raises(NotAllowed, match="reason"):
        one.incidents.waive_preserving("INC-1", "Ana", "")
    one.incidents.waive_preserving("INC-1", "Ana", "it burns")
    assert one.drive(run).state == "done"
    assert [duty.what for duty in one.incidents.duties()] == ["nothing was preserved before the change"]


def test_a_preserve_step_opens_the_way_and_seals_what_it_kept(house: Callable[..., House]) -> None:
    one = house()
    keep = '[[step]]\nid = "keep"\ntype = "action"\naction = "preserve"\nwith = { gateway = false }\nnext = "a"\n'
    assert one.run(playbook(keep, do("a"))).state == "done"
    (folder,) = (one.folder / "preserved" / "INC-1").iterdir()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert [Path(file["source"]).name for file in manifest["files"]] == ["incidents.db"]
    assert (folder.stat().st_mode & 0o777, (folder / "manifest.json").stat().st_mode & 0o777) == (0o500, 0o400)
    folder.chmod(0o700)


def test_an_act_waits_for_its_approvals_and_goes_on_when_they_are_there(house: Callable[..., House]) -> None:
    one = house(free=False, level="blue")
    one.matrix = Matrix(version=1, need={"throttle": Row(blue="two", yellow="one", orange="none", red="none")})
    one.runner = one.new_runner()
    one.preserve()
    run = one.run(playbook(do("a")))
    assert (run.state, run.because) == ("waiting", "A-1: throttle needs 2 more to approve (throttle at blue: two)")
    one.runner.requests.approve("A-1", "Ana")
    assert one.drive(run).because.startswith("A-1: throttle needs 1 more")
    one.runner.requests.approve("A-1", "Bo")
    assert one.drive(run).state == "done"
    assert one.runner.requests.get("A-1").settled == "granted"


def test_a_level_that_rises_while_it_waits_needs_fewer_people(house: Callable[..., House]) -> None:
    one = house(free=False, level="blue")
    one.matrix = Matrix(version=1, need={"throttle": Row(blue="two", yellow="one", orange="none", red="none")})
    one.runner = one.new_runner()
    one.preserve()
    run = one.run(playbook(do("a")))
    one.incidents.take("group", LABELS, firing=True, at=2.0, low="orange", high="red")
    one.incidents.set_level("INC-1", "orange", "red", "Ana", "seen")
    assert one.drive(run).state == "done"


def test_a_refusal_fails_the_step_and_a_break_glass_acts_and_is_owed(house: Callable[..., House]) -> None:
    one = house(free=False, level="blue")
    one.preserve()
    refused = one.run(playbook(do("a")))
    one.runner.requests.refuse("A-1", "Ana", "no")
    assert one.drive(refused).state == "failed"
    run = one.run(playbook(do("b")))
    one.runner.requests.approve("A-2", "Ana", "now or never", break_glass=True)
    assert one.drive(run).state == "done"
    assert one.action.acts == ["b"]
    assert len(one.incidents.duties()) == 1


def test_the_machine_acts_alone_only_by_a_playbook_that_was_drilled_as_it_is(house: Callable[..., House]) -> None:
    one = house(free=False, level="red")
    one.preserve()
    plan = playbook(do("a"))
    first = one.run(plan, by="machine")
    assert "never passed a drill" in first.because
    one.runner.journal.record_drill("p", digest_of_playbook(plan), passed=True, by="Ana")
    assert one.run(plan, by="machine").state == "done"
    changed = playbook(do("a", name="b"))
    assert one.run(changed, by="machine").state == "waiting"
    one.runner.journal.record_drill("p", digest_of_playbook(plan), passed=False, by="Ana")
    assert one.run(plan, by="machine").state == "waiting"


def test_a_step_may_not_reach_further_than_its_playbook_says(house: Callable[..., House]) -> None:
    one = house()
    one.preserve()
    plan = msgspec.structs.replace(playbook(do("a")), reach="agent")
    run = one.run(plan)
    assert (run.state, one.action.acts) == ("failed", [])
    assert "may reach agent" in run.because


def test_a_manual_step_waits_for_the_word_of_a_person(house: Callable[..., House]) -> None:
    one = house()
    one.preserve()
    run = one.run(
        playbook('[[step]]\nid = "m"\ntype = "action"\naction = "manual"\nwith = { text = "look" }\nnext = "a"\n', do("a"))
    )
    assert run.because == "A-1: a person is to do this, and say so: look"
    one.runner.requests.approve("A-1", "Ana", "looked")
    assert one.drive(run).state == "done"


def test_nothing_is_run_in_an_incident_that_has_ended_and_what_was_done_stays(house: Callable[..., House]) -> None:
    one = house(free=False, level="blue")
    one.matrix = Matrix(version=1, need={"throttle": Row(blue="none", yellow="none", orange="none", red="none")})
    one.runner = one.new_runner()
    one.preserve()
    manual = '[[step]]\nid = "m"\ntype = "action"\naction = "manual"\nwith = { text = "look" }\nnext = "end"\n'
    run = one.run(playbook(do("a", "m"), manual))
    one.incidents.move("INC-1", "false-alarm", "Ana", "a test")
    assert one.drive(run).state == "failed"
    assert one.action.acts == ["a"]
    assert one.runner.requests.waiting() == ()
    with pytest.raises(NotAllowed, match="false-alarm"):
        one.run(playbook(do("b")))


def test_variables_come_from_the_caller_then_the_labels_and_must_be_of_their_type(house: Callable[..., House]) -> None:
    one = house()
    one.preserve()
    head = '[variables.agent]\nexternal = true\n[variables.n]\ntype = "integer"\nvalue = 1\nexternal = true\n[variables.fix]\nvalue = "x"'  # noqa: E501
    plan = playbook(do("a", name="${agent} ${n} ${fix}", percent="${n}"), head=head)
    assert one.run(plan, variables={"n": "7"}).state == "done"
    assert one.action.acts == ["scout 7 x"]
    with pytest.raises(RespondError, match="'many' is no integer"):
        one.run(plan, variables={"n": "many"})
    with pytest.raises(RespondError, match="takes no value for 'fix'"):
        one.run(plan, variables={"fix": "y"})
    with pytest.raises(RespondError, match="--set to=VALUE"):
        one.run(shipped_playbooks()["provider-down"])


def test_a_playbook_is_proposed_where_its_condition_holds(house: Callable[..., House]) -> None:
    one = house()
    one.runner = one.new_runner(library=shipped_playbooks())
    assert [plan.id for plan in one.runner.proposed(one.incidents.get("INC-1"))] == ["runaway-agent"]


# ---------------------------------------------------------------- failure


def test_a_failure_takes_back_what_was_done_the_last_first(house: Callable[..., House]) -> None:
    one = house()
    one.preserve()
    run = one.run(playbook(do("a", "b"), do("b", "c"), do("c", fails=True)))
    assert (run.state, run.because) == ("failed", "it did not work")
    assert one.action.acts == ["a", "b", "c", "undo b", "undo a"]
    assert one.action.effects == []


def test_what_makes_safer_is_not_taken_back_by_the_machine_but_by_a_person(house: Callable[..., House]) -> None:
    one = house(undone_alone=False)
    one.preserve()
    run = one.run(playbook(do("a", "b"), do("b", fails=True)))
    assert one.action.acts == ["a", "b"]
    assert one.drive(one.runner.end_run(run.id, "Ana", "it is over", undo=True)).state == "undone"
    assert one.action.acts[-1] == "undo a"


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ({"breaks": ValueError("boom")}, "broke: ValueError: boom"),
        ({"breaks": ActionFailed("no")}, "no"),
        ({"hangs": True, "seconds": 0.01}, "was not done after 0.01 s"),
    ],
)
def test_an_action_that_breaks_or_hangs_fails_its_step_and_no_more(house: Callable[..., House], action: Any, told: str) -> None:
    one = house(**action)
    one.preserve()
    run = one.run(
        playbook(do("a", "b", "may_fail = true"), kind("b", "if-condition", condition="true", then="end", next="end"))
    )
    assert run.state == "done"
    record = one.runner.journal.step(run.id, "main/a")
    assert record is not None
    assert (record.state, told in record.text) == ("failed", True)


def test_what_may_have_been_done_though_it_failed_is_taken_back_too(house: Callable[..., House]) -> None:
    one = house(late=True, knows=False)
    one.preserve()
    run = one.run(playbook(do("a")))
    assert (run.state, one.action.acts, one.action.effects) == ("failed", ["a", "undo a"], [])


def test_what_is_seen_to_be_done_though_no_answer_came_counts_as_done(house: Callable[..., House]) -> None:
    one = house(late=True)
    one.preserve()
    assert one.run(playbook(do("a"))).state == "done"
    assert len(one.action.effects) == 1


def test_a_failure_with_a_way_on_takes_it(house: Callable[..., House]) -> None:
    one = house()
    one.preserve()
    run = one.run(playbook(do("a", "end", 'on_failure = "b"', fails=True), do("b")))
    assert (run.state, one.action.acts) == ("done", ["a", "b"])


def test_a_precondition_that_does_not_hold_fails_before_anything_is_done(house: Callable[..., House]) -> None:
    one = house()
    one.preserve()
    run = one.run(playbook(do("a", name="impossible")))
    assert (run.state, run.because, one.action.acts) == ("failed", "that cannot be done now", [])


def test_parameters_that_are_none_of_the_actions_fail_the_step_with_their_path(house: Callable[..., House]) -> None:
    one = house()
    one.preserve()
    run = one.run(playbook(do("a", bogus=1)))
    assert "takes name, fails, percent" in run.because


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(house: Callable[..., House]) -> None:
    one = house()
    before = one.incidents.unsealed()
    lines = asyncio.run(one.runner.rehearse("INC-1", playbook(do("a", "b"), do("b", bogus=1))))
    assert lines[0] == "a: would do a (reach: model; nobody needs to approve)"
    assert lines[1].startswith("b: cannot be done now")
    assert (one.incidents.unsealed(), one.action.acts) == (before, [])


# ---------------------------------------------------------------- interruptions


class Killed(BaseException):
    """Stands for the end of the process at a point."""


def interrupted(one: House, plan: Playbook, at: int) -> tuple[Run | None, int]:
    """Run until the given point, as if the process ended there; the run if it was not reached, and how many points there were."""  # noqa: E501
    passed = 0

    def passing(_point: str) -> None:
        nonlocal passed
        if passed == at:
            raise Killed
        passed += 1

    one.runner = one.new_runner(passing=passing)
    try:
        return one.run(plan, token="t"), passed
    except Killed:
        return None, passed


@pytest.mark.parametrize("fails", [False, True])
def test_a_run_ended_at_any_point_goes_on_and_does_each_act_once(tmp_path: Path, fails: bool) -> None:
    steps = (
        do("a", "if"), kind("if", "if-condition", condition="true", then="b", next="c"), do("b", "stop"), kind("stop", "end"),
        do("c", "d", "delay = 1.0"), do("d", fails=fails),
    )  # fmt: skip
    plan = playbook(*steps)
    at, reached = 0, False
    while not reached:
        folder = tmp_path / str(at)
        folder.mkdir()
        one = House(folder)
        one.preserve()
        run, _ = interrupted(one, plan, at)
        reached = run is not None
        one.runner = one.new_runner()
        run = one.run(plan, token="t")
        assert run.state == ("failed" if fails else "done"), at
        expected = [] if fails else ["a", "b", "c", "d"]
        assert len(one.action.effects) == len(expected) == len(set(one.action.effects)), at
        one.incidents.close()
        at += 1
    assert at > 10


def test_two_interruptions_anywhere_do_no_more_harm_than_one(tmp_path: Path) -> None:
    plan = playbook(
        kind("both", "parallel", branches=["a", "b"], next="c"), do("a", "x"), do("b", "x"), kind("x", "end"), do("c")
    )
    dice = random.Random(7)
    for number in range(40):
        folder = tmp_path / str(number)
        folder.mkdir()
        one = House(folder)
        one.preserve()
        for at in (dice.randrange(12), dice.randrange(8)):
            interrupted(one, plan, at)
        one.runner = one.new_runner()
        assert one.run(plan, token="t").state == "done"
        assert len(one.action.effects) == 3
        one.incidents.close()


def test_whether_what_cannot_be_repeated_was_done_is_asked_of_a_person(house: Callable[..., House]) -> None:
    one = house(repeatable=False, knows=False)
    one.preserve()
    for number, done in enumerate((True, False)):
        plan = playbook(do(f"a{number}"), id_=f"p{number}")

        def passing(point: str) -> None:
            if point.endswith("acted"):
                raise Killed

        one.action.acts.clear()
        one.runner = one.new_runner(passing=passing)
        with pytest.raises(Killed):
            one.run(plan, token=f"t{number}")
        one.runner = one.new_runner()
        run = one.run(plan, token=f"t{number}")
        assert "is not known whether" in run.because
        request = run.because.partition(":")[0]
        with pytest.raises(NotAllowed, match="--done or --repeat"):
            one.runner.requests.approve(request, "Ana")
        one.runner.requests.answer(request, "Ana", "looked", done=done)
        assert one.drive(run).state == "done"
        assert len(one.action.acts) == (1 if done else 2)


def test_one_process_drives_at_a_time_and_the_lock_ends_with_it(tmp_path: Path) -> None:
    with DrivingLock(tmp_path) as one:
        assert one.held
        with DrivingLock(tmp_path) as two:
            assert not two.held
    with DrivingLock(tmp_path) as three:
        assert three.held


def test_a_run_that_is_driven_already_is_left_to_who_does(house: Callable[..., House]) -> None:
    one = house()
    one.preserve()

    async def both() -> list[Run]:
        run = one.runner.start("INC-1", playbook(do("a", "end", "delay = 1.0")), by="Ana")
        return list(await asyncio.gather(one.runner.drive(run.id), one.runner.drive(run.id)))

    assert sorted(run.state for run in asyncio.run(both())) == ["done", "running"]
    assert one.action.acts == ["a"]


# ---------------------------------------------------------------- the shipped playbooks, against the stand-in


def with_stand_in(folder: Path, story: Callable[[StandIn, House], Coroutine[Any, Any, T]], **more: Any) -> T:
    async def whole() -> T:
        async with serving(StandIn()) as stand_in:
            (folder / "key").write_text("control\n")
            (folder / "respond.toml").write_text(
                f'[gateway]\nurl = "{stand_in.url}"\nkey_file = "key"\nkey_env = ""\nstop_file = "stop"\n'
            )
            house = House(folder, **more)
            try:
                return await story(stand_in, house)
            finally:
                house.incidents.close()

    return asyncio.run(whole())


def test_a_provider_that_is_down_is_failed_over_in_steps_and_back_when_it_is_up(tmp_path: Path) -> None:
    async def story(stand_in: StandIn, one: House) -> None:
        one.incidents.move("INC-1", "declare", "Ana")
        rounds = 0

        async def wait(seconds: float) -> None:
            nonlocal rounds
            rounds += seconds == 1
            if rounds == 100:
                one.incidents.take("group", LABELS, firing=False, at=5.0, low="orange", high="orange")

        one.runner = one.new_runner(sleep=wait)
        run = one.runner.start("INC-1", shipped_playbooks()["provider-down"], by="Ana", variables={"to": "local"})
        run = await one.runner.drive(run.id)
        assert (run.state, run.because) == ("done", "")
        assert [body["percent"] for verb, body in stand_in.done if verb == "route"] == [10, 25, 50, 100, 50, 0]
        assert stand_in.routes == {}
        assert one.incidents.get("INC-1").state == "observing"
        notices = [json.loads(line)["text"] for line in (tmp_path / "notices.jsonl").read_text().splitlines()]
        assert [text.split(" is ")[0] for text in notices] == ["The model chat", "The model chat"]

    with_stand_in(tmp_path, story)


def test_an_upstream_without_room_is_not_filled_and_the_ramp_is_taken_back(tmp_path: Path) -> None:
    async def story(stand_in: StandIn, one: House) -> None:
        stand_in.capacity = 30.0
        run = one.runner.start("INC-1", shipped_playbooks()["provider-down"], by="Ana", variables={"to": "local"})
        run = await one.runner.drive(run.id)
        assert run.state == "failed"
        assert "no room for more" in run.because
        assert stand_in.routes == {}

    with_stand_in(tmp_path, story)


def test_a_runaway_agent_is_stopped_and_stays_so_until_a_person_releases_it(tmp_path: Path) -> None:
    async def story(stand_in: StandIn, one: House) -> None:
        run = one.runner.start("INC-1", shipped_playbooks()["runaway-agent"], by="Ana")
        run = await one.runner.drive(run.id)
        assert (run.state, [stop["name"] for stop in stand_in.stops]) == ("done", ["scout"])
        assert (await one.runner.drive(one.runner.end_run(run.id, "Ana", "mended", undo=True).id)).state == "undone"
        assert stand_in.stops == []

    with_stand_in(tmp_path, story)


def test_everything_is_stopped_by_the_file_when_the_gateway_does_not_answer(tmp_path: Path) -> None:
    async def story(stand_in: StandIn, one: House) -> None:
        stand_in.fails = {"stop"}
        run = one.runner.start("INC-1", shipped_playbooks()["stop-all"], by="Ana")
        run = await one.runner.drive(run.id)
        assert run.state == "failed", "this stand-in answers, and says that nothing is stopped"
        assert (tmp_path / "stop").read_text().startswith("all  # R-1 (stop-all), stop: ")

    with_stand_in(tmp_path, story)


def test_everything_is_stopped_when_there_is_no_gateway_at_all(tmp_path: Path) -> None:
    (tmp_path / "respond.toml").write_text('[gateway]\nurl = "http://127.0.0.1:9"\nstop_file = "stop"\n')
    one = House(tmp_path)
    try:
        run = one.run(shipped_playbooks()["stop-all"])
        assert (run.state, (tmp_path / "stop").read_text().split()[0]) == ("done", "all")
        assert one.drive(one.runner.end_run(run.id, "Ana", "over", undo=True)).state == "undone"
        assert not (tmp_path / "stop").exists()
    finally:
        one.incidents.close()


# ---------------------------------------------------------------- real kills

KILLED_PLAYBOOK = """
id = "p"
name = "P"
reach = "all"
[variables.model]
external = true
[[step]]
id = "start"
type = "start"
next = "keep"
[[step]]
id = "keep"
type = "action"
action = "preserve"
next = "over"
[[step]]
id = "over"
type = "action"
action = "fail_over"
with = { model = "${model}", to = "local", percent = 100 }
next = "both"
[[step]]
id = "both"
type = "parallel"
branches = ["stop", "tell"]
next = "run"
[[step]]
id = "stop"
type = "action"
action = "kill"
with = { scope = "agent", name = "scout" }
next = "done"
[[step]]
id = "tell"
type = "action"
action = "notify"
with = { text = "it is over" }
next = "done"
[[step]]
id = "done"
type = "end"
[[step]]
id = "run"
type = "action"
action = "command"
with = { name = "mark" }
delay = 0.001
next = "end"
[[step]]
id = "end"
type = "end"
"""


async def _drive(folder: Path, kill_at: int, *, kill_after: float | None = None) -> int:
    """Drive the run in a process of its own, which is killed at a point or after some seconds, or ends; its exit status."""
    root = Path(__file__).parent
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(root / "respond_driver.py"), str(folder), str(kill_at),
        env={**os.environ, "PYTHONPATH": f"{root.parent / 'src'}:{root}"}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told = asyncio.ensure_future(process.communicate())
    if kill_after is not None:
        await asyncio.wait([told], timeout=kill_after)
        if process.returncode is None:
            process.kill()
    out, _ = await told
    assert process.returncode == -signal.SIGKILL or out.startswith(b"done"), out
    return process.returncode or 0


def prepared(folder: Path, stand_in: StandIn) -> None:
    """A folder for a process of its own: an incident, a playbook, an act that is approved already, a gateway without memory."""
    folder.mkdir()
    (folder / "key").write_text("control")
    (folder / "playbook.toml").write_text(KILLED_PLAYBOOK)
    (folder / "respond.toml").write_text(
        f'[gateway]\nurl = "{stand_in.url}"\nkey_file = "key"\nkey_env = ""\n'
        f'[[command]]\nname = "mark"\nargv = ["/usr/bin/touch", "{folder}/marked"]\nrepeatable = true\n'
        f'probe = ["/usr/bin/test", "-e", "{folder}/marked"]\n'
    )
    stand_in.done.clear()
    stand_in.answers.clear()
    stand_in.stops, stand_in.routes = [], {}
    incidents = Incidents.open(folder / "incidents.db")
    incidents.take("group", LABELS, firing=True, at=1.0, low="red", high="red")
    incidents.database.rows(
        "INSERT INTO request (id, incident, run, path, action, parameters, digest, need, question, at, settled) "
        "VALUES ('A-1', 'INC-1', 'R-1', 'main/run', 'command', '{\"name\":\"mark\"}', 'x', 1, 'approve', 0, 'granted')"
    )
    incidents.close()


def everything_was_done_once(folder: Path, stand_in: StandIn) -> None:
    assert sorted(verb for verb, _ in stand_in.done) == ["route", "stop"], folder.name
    assert len((folder / "notices.jsonl").read_text().splitlines()) == 1, folder.name
    assert (folder / "marked").exists()
    store = Incidents.open(folder / "incidents.db")
    ended = [e.facts["step"] for e in store.timeline("INC-1") if e.kind == "action" and e.facts["state"] != "begun"]
    assert sorted(ended) == ["main/both>0/stop", "main/both>1/tell", "main/keep", "main/over", "main/run"], folder.name
    store.close()


@pytest.mark.slow
def test_a_process_killed_at_any_moment_leaves_each_act_done_once(tmp_path: Path) -> None:
    async def story() -> None:
        dice = random.Random(11)
        async with serving(StandIn()) as stand_in:
            for number in range(12):
                folder = tmp_path / str(number)
                prepared(folder, stand_in)
                for _ in range(2):
                    await _drive(folder, -1, kill_after=dice.uniform(0.3, 1.2))
                await _drive(folder, -1)
                everything_was_done_once(folder, stand_in)

    asyncio.run(story())


@pytest.mark.slow
def test_a_process_killed_at_every_point_of_a_run_leaves_each_act_done_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with serving(StandIn()) as stand_in:
            at, killed = 0, True
            while killed:
                folder = tmp_path / str(at)
                prepared(folder, stand_in)
                killed = await _drive(folder, at) == -signal.SIGKILL
                await _drive(folder, -1)
                everything_was_done_once(folder, stand_in)
                at += 1
            assert at > 15

    asyncio.run(story())
