"""The judge of plans: answers worked by hand, and the law that the fast judge says what the plain simulator says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.plan.confirming import Plain
from freehold.plan.goal_values import Aim, BestAim, Goal, LevelAim, Limits, LossAim, ShareAim
from freehold.plan.judging import StackJudge
from freehold.plan.option_values import Option
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Stack
from plan_options import options_of, stacks_with_candidates
from strategies import cutoffs, repeatable

FOREIGN = Cutoff((Rule(foreign=True),))
LIMITS = Limits("2026-01-01")


def goal(*aims: Aim, **limits: object) -> Goal:
    return Goal(aims, replace(LIMITS, **limits))  # type: ignore[arg-type]


@st.composite
def questions(draw: st.DrawFn) -> tuple[Stack, tuple[Option, ...], Goal, list[frozenset[int]]]:
    stack = draw(stacks_with_candidates())
    options = draw(options_of(stack))
    days = tuple(sorted(draw(st.lists(st.sampled_from([0.0, 3.5, 5.0, 30.0, 90.0]), min_size=1, max_size=3, unique=True))))
    cut = draw(cutoffs())
    target = draw(st.sampled_from([None, *(item.id for item in stack.items)]))
    aims: tuple[Aim, ...] = (
        LevelAim(cut, 0.6, days, target), LevelAim(cut, 0.6, days, target, throughout=True), BestAim(cut, days),
        ShareAim("content", 0.5), ShareAim("face_value", 0.5, item=stack.items[0].id),
        LossAim(draw(st.sampled_from(["provider", "owner", "country"])), draw(st.integers(1, 2)), 0.5, days),
    )  # fmt: skip
    quality = draw(st.sampled_from([None, None, 0.5]))
    everything = frozenset(range(len(options)))
    sets = draw(st.lists(st.sets(st.sampled_from(sorted(everything))).map(frozenset), min_size=1, max_size=3))
    return stack, options, Goal(aims, Limits("2026-01-01", quality=quality)), [frozenset(), everything, *sets]


@repeatable(150)
@given(questions())
def test_the_fast_judge_says_what_the_plain_simulator_says(
    asked: tuple[Stack, tuple[Option, ...], Goal, list[frozenset[int]]],
) -> None:
    stack, options, goal, sets = asked
    fast, plain = StackJudge(stack, goal, options), Plain(stack, goal, options)
    for built in sets:
        for aim in range(len(goal.aims)):
            found, expected = fast.judge(built, (aim,)), plain.judge(built, (aim,))
            assert found.met[aim] == expected.met[aim], (aim, built)
            if expected.met[aim] or not isinstance(goal.aims[aim], LossAim):
                # of losses that are too much, the first found will do
                assert found.reached[aim] == pytest.approx(expected.reached[aim], abs=1e-9), (aim, built)
        assert fast.reliance(built) == pytest.approx(plain.reliance(built), abs=1e-9)
