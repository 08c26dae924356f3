"""One case serves all that is asked of a stack, and whom a rule matches is the same however it is looked up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import freehold.plan.planning
from freehold.measure.assess import assess
from freehold.measure.case import HIGH, LOW, Case
from freehold.measure.chokepoints import chokepoints
from freehold.measure.content import content, held_shares
from freehold.measure.gaps import gaps
from freehold.measure.landlord_cuts import landlord_cuts
from freehold.plan.goal_values import Goal, LevelAim, Limits
from freehold.plan.planning import Beside, make_plan
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Stack
from strategies import stacks
from test_report_stacks import clinic, half_known

RULES = (
    Rule(foreign=True), Rule(foreign=True, via=("location",)), Rule(country="US"),
    Rule(country="EU", via=("provider", "owner")), Rule(owner="p0"), Rule(owner="nobody"),
)  # fmt: skip


@given(stacks(), st.sampled_from(RULES), st.booleans())
def test_a_rule_matches_what_it_matches_source_by_source(stack: Stack, rule: Rule, strict: bool) -> None:
    case = Case(stack, strict=strict)
    truths = {
        number: case.control.matches(rule, stack.items[supply.item], supply.filled.source)
        for number, supply in enumerate(case.supplies)
    }
    found = case.matching(rule)
    assert dict(found) == {number: truth for number, truth in truths.items() if truth is not False}
    assert list(found) == sorted(found)


@pytest.mark.parametrize("stack", [clinic(), half_known()])
def test_answers_of_a_case_that_is_there_are_those_of_a_new_one(stack: Stack) -> None:
    case = Case(stack)
    for _ in range(2):
        assert assess(stack, case=case) == assess(stack)
        assert landlord_cuts(stack, case=case) == landlord_cuts(stack)
        assert gaps(stack, case=case) == gaps(stack)
        assert content(stack, case=case) == content(stack)
        assert held_shares(stack, case=case) == held_shares(stack)
        first, second = (chokepoints(stack, of="owner", case=one) for one in (case, None))
        assert replace(first, seconds=0.0) == replace(second, seconds=0.0)


def test_a_case_of_other_facts_is_not_shared() -> None:
    stack = clinic()
    case = Case(stack)
    assert Case.shared(case, stack) is case
    assert Case.shared(case, replace(stack)) is not case
    assert Case.shared(case, stack, strict=True).control.strict
    assert Case.shared(case, stack, stake=0.25).control.stake == 0.25


def test_a_case_for_another_kernel_builds_its_own_network_and_leaves_the_first_as_it_is() -> None:
    case = Case(clinic(), kernel="plain")
    other = case.with_kernel("compiled")
    case.running(LOW)
    assert other.built(LOW).compiled
    assert not case.built(LOW).compiled
    again = other.with_kernel("plain").with_kernel("compiled")
    assert again.built(HIGH).compiled
    assert other.with_kernel("compiled").built(LOW) is other.built(LOW)
    assert again.control is case.control


def test_why_there_is_no_plan_is_looked_for_only_where_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ortools")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(freehold.plan.planning, "why_impossible", refuse)
    everything = Cutoff((Rule(item=clinic().items[0].id), *(Rule(item=item.id) for item in clinic().items)), "everything")
    goal = Goal((LevelAim(everything, 0.5, (0.0,)),), Limits(start="2027-01-01"), "cost", (0.0,))
    answer = make_plan(clinic(), goal, (), beside=Beside(reason=False))
    assert answer.cost is None
    assert answer.impossible is not None
    assert answer.impossible.reason == "unknown"
    with pytest.raises(AssertionError):
        make_plan(clinic(), goal, ())
