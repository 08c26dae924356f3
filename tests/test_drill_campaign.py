"""A campaign of drills: who is cut, in which order, how many side by side, and what is said of what did not run."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drill_answers import BASELINE, EDGE, FAILED, FORGE, PLACE, SURVIVED, contact
from freehold.drill.campaign import Campaign, run_campaign
from freehold.drill.landlords import landlords_of, rule_of, unattributed
from freehold.drill.matrix import LANDLORDS, Landlord, Matrix, rows_of
from freehold.drill.newcomers import Known, known_from_drill, known_from_stack, newcomers
from freehold.drill.record import Attributed, Drill, Run
from freehold.errors import CutFailed, UsageError
from freehold.stack.control import Control
from freehold.stack.toml_file import loads

STACK = loads(
    """
[stack]
name = "Shop"
home = "DE"
[[provider]]
id = "forge-inc"
name = "Forge, Inc."
country = "US"
owner = "holding"
[[provider]]
id = "holding"
country = "US"
owner = "holding"
[[provider]]
id = "edge-ltd"
country = "IE"
owner = "holding"
[[provider]]
id = "bank"
country = "DE"
[[item]]
id = "shop"
mission = 1.0
  [[item.source]]
  provider = "self"
  needs = ["code", "money"]
[[item]]
id = "code"
  [[item.source]]
  provider = "forge-inc"
[[item]]
id = "money"
  [[item.source]]
  provider = "bank"
  [[item.source]]
  provider = "bank"
  status = "standby"
""",
    "shop.toml",
)
CONTROL = Control(STACK)
CONTACTS = BASELINE.contacts


# Who is cut


def test_the_landlord_of_most_hosts_goes_first_then_that_of_most_sources() -> None:
    contacts = (*CONTACTS, Attributed(contact("cdn.example"), (EDGE,)))
    found = landlords_of("provider", contacts, CONTROL)
    assert [(one.id, len(one.hosts), one.in_stack) for one in found] == [
        ("edge-ltd", 2, 0),
        ("forge-inc", 1, 1),
        ("bank", 0, 2),
    ]


def test_an_owner_stands_for_all_that_it_owns() -> None:
    found = landlords_of("owner", CONTACTS, CONTROL)
    assert [(one.id, one.hosts) for one in found] == [("holding", ("git.forge.example", "wheels.example")), ("bank", ())]


def test_countries_are_those_by_the_ways_that_count_and_home_is_no_landlord() -> None:
    assert {one.id for one in landlords_of("country", CONTACTS, CONTROL)} == {"US", "IE", "NL"}
    assert {one.id for one in landlords_of("country", CONTACTS, CONTROL, ("location",))} == {"NL", "US"}


def test_what_is_weakly_known_and_what_is_here_makes_no_landlord() -> None:
    weak = Attributed(contact("x.example"), (replace(PLACE, provider="weak-co"),))
    here = Attributed(contact("localhost", local=True), (FORGE,))
    assert landlords_of("provider", (weak, here), Control(replace(STACK, sources=()))) == ()
    assert unattributed((weak, here)) == ("x.example",)


@pytest.mark.parametrize("by", LANDLORDS)
def test_the_rule_cuts_what_was_counted(by: str) -> None:
    for one in landlords_of(by, CONTACTS, CONTROL):  # type: ignore[arg-type]
        rule = rule_of(by, one)  # type: ignore[arg-type]
        assert rule.selectors == {by: one.id}


# How it runs


class Lab:
    """Drills that end when they are told to; nothing is run."""

    def __init__(self, baseline: Run = BASELINE, outcome: Drill | Exception = SURVIVED) -> None:
        self.first, self.outcome = baseline, outcome
        self.baselines, self.side_by_side, self.most = 0, 0, 0
        self.cut: list[str] = []
        self.now = 0.0

    async def baseline(self) -> Run:
        self.baselines += 1
        self.now += 10.0
        return self.first

    async def one(self, landlord: Landlord, baseline: Run) -> tuple[Drill, str]:
        assert baseline is self.first
        self.cut.append(landlord.id)
        self.side_by_side += 1
        self.most = max(self.most, self.side_by_side)
        for _ in range(3):
            await asyncio.sleep(0)
        self.side_by_side -= 1
        self.now += 10.0
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome, f"{landlord.id}.json"

    def run(self, **asked: object) -> Matrix:
        campaign = Campaign(("make",), "provider", **asked)  # type: ignore[arg-type]
        return asyncio.run(run_campaign(campaign, CONTROL, self.baseline, self.one, clock=lambda: self.now))


def test_the_baseline_runs_once_and_every_landlord_is_cut_once_largest_first() -> None:
    lab = Lab()
    matrix = lab.run()
    assert (lab.baselines, lab.cut) == (1, ["forge-inc", "edge-ltd", "bank"])
    assert [row.record for row in matrix.rows] == ["forge-inc.json", "edge-ltd.json", "bank.json"]
    assert matrix.seconds == 40.0


def test_no_more_landlords_than_asked_and_the_others_are_said() -> None:
    matrix = Lab().run(most=1)
    assert [row.landlord.id for row in matrix.rows] == ["forge-inc"]
    assert [one.id for one in matrix.left_out] == ["edge-ltd", "bank"]


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_no_more_drills_side_by_side_than_asked(jobs: int) -> None:
    lab = Lab()
    matrix = lab.run(jobs=jobs)
    assert (lab.most, matrix.jobs) == (jobs, jobs)


def test_what_the_budget_leaves_no_time_for_is_said_to_be_not_run() -> None:
    matrix = Lab().run(budget=15.0)
    assert [(row.drill is not None, row.reason) for row in matrix.rows] == [(True, ""), (False, "budget"), (False, "budget")]
    assert {one.name for one in rows_of(matrix)[0][1][1:]} == {"absent"}


def test_a_drill_that_outlives_the_budget_is_ended() -> None:
    ended = []

    async def endless(landlord: Landlord, baseline: Run) -> tuple[Drill, str]:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(landlord.id)
        raise AssertionError(baseline)

    campaign = Campaign(("make",), "provider", most=1, budget=0.05)
    matrix = asyncio.run(run_campaign(campaign, CONTROL, Lab().baseline, endless))
    assert (ended, matrix.rows[0].reason) == (["forge-inc"], "budget")


def test_an_interrupt_ends_what_has_not_begun() -> None:
    matrix = Lab(outcome=replace(FAILED, run=replace(FAILED.run, interrupted=True))).run()
    assert [row.reason for row in matrix.rows] == ["", "interrupted", "interrupted"]


def test_an_interrupt_ends_those_beside_it_that_did_not_hear_of_it() -> None:
    ended = []

    async def one(landlord: Landlord, baseline: Run) -> tuple[Drill, str]:
        if landlord.id == "forge-inc":
            return replace(FAILED, run=replace(FAILED.run, interrupted=True), baseline=baseline), ""
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(landlord.id)
        raise AssertionError

    campaign = Campaign(("make",), "provider", jobs=2)
    matrix = asyncio.run(run_campaign(campaign, CONTROL, Lab().baseline, one))
    assert [row.reason for row in matrix.rows] == ["", "interrupted", "interrupted"]
    assert ended in (["edge-ltd"], [])


def test_an_error_of_one_drill_is_told_in_its_row_and_the_others_go_on() -> None:
    lab = Lab(outcome=CutFailed("the cut was not set up"))
    matrix = lab.run()
    assert len(lab.cut) == 3
    assert {row.reason for row in matrix.rows} == {"the cut was not set up"}


@pytest.mark.parametrize("spoilt", [{"exit": 1}, {"exit": None}, {"interrupted": True}])
def test_nothing_is_cut_after_a_baseline_that_proves_nothing(spoilt: dict[str, object]) -> None:
    lab = Lab(baseline=replace(BASELINE, **spoilt))  # type: ignore[arg-type]
    assert lab.run().rows == ()
    assert lab.cut == []


@pytest.mark.parametrize(("flag", "asked"), [("--most", {"most": 0}), ("--jobs", {"jobs": 0}), ("--jobs", {"jobs": 99})])
def test_numbers_without_sense_are_refused(flag: str, asked: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=flag):
        Campaign(("make",), "provider", **asked)  # type: ignore[arg-type]


# New landlords


def test_whoever_a_drill_contacted_is_known_to_the_next() -> None:
    assert newcomers(FAILED, known_from_drill(FAILED)) == ()


def test_a_landlord_that_the_stack_does_not_have_is_new_with_its_hosts() -> None:
    found = newcomers(FAILED, known_from_stack(STACK))
    assert [(one.provider, one.hosts) for one in found] == [
        ("edge-ltd", ("wheels.example",)), (None, ("time.example",)), (None, ("203.0.113.9",)),
    ]  # fmt: skip


@given(st.sets(st.sampled_from(["forge-inc", "edge-ltd"])), st.sets(st.sampled_from(["time.example", "203.0.113.9"])))
def test_the_more_is_known_the_less_is_new(landlords: set[str], hosts: set[str]) -> None:
    everything = newcomers(FAILED, Known(frozenset()))
    found = newcomers(FAILED, Known(frozenset(landlords), frozenset(hosts)))
    assert set(found) == {one for one in everything if one.provider not in landlords and one.name not in hosts}
