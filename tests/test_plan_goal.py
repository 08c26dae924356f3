"""Goals that make no sense are refused in words, each with its mend; options of no use are named."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from freehold.errors import BadCutoff, FreeholdError, PlanError, UnknownId, UsageError
from freehold.plan.goal_checks import check_goal
from freehold.plan.goal_values import Aim, BestAim, Goal, LevelAim, Limits, LossAim, ShareAim
from freehold.plan.option_values import Activate, Option
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Item, Provider, Source, Stack

FOREIGN = Cutoff((Rule(foreign=True),), name="everything foreign")
STACK = Stack(
    "s", "DE", items=(Item("service", kind="service", mission=1.0),), providers=(Provider("us", country="US"),),
    sources=(
        Source("bought", "service", "us"), Source("own", "service", "self", status="candidate"),
        Source("also-bought", "service", "us", status="candidate"),
    ),
)  # fmt: skip
OPTIONS = tuple(Option(id_, (Activate(id_),), cost_once=1.0, cost_year=0.0, lead=0.0) for id_ in ("own", "also-bought"))
LEVEL = LevelAim(FOREIGN, 0.7, (0.0, 30.0))
LIMITS = Limits("2026-01-01")


def test_a_goal_that_makes_sense_passes_and_names_options_of_no_use() -> None:
    (note,) = check_goal(STACK, Goal((LEVEL,), LIMITS), OPTIONS)
    assert "'also-bought'" in note
    assert "everything foreign" in note
    with pytest.raises(PlanError, match="also-bought"):
        check_goal(STACK, Goal((LEVEL,), LIMITS), OPTIONS, forced=("also-bought",))
    short = LevelAim(Cutoff((Rule(foreign=True, until_day=9.0),)), 0.7, (0.0, 30.0))
    assert check_goal(STACK, Goal((LEVEL, short), LIMITS), OPTIONS) == ()
    assert check_goal(STACK, Goal((LEVEL, LossAim("provider", 1, 0.7, (0.0,))), LIMITS), OPTIONS) == ()


@pytest.mark.parametrize(
    ("aim", "kind", "words"),
    [
        (replace(LEVEL, level=1.2), UsageError, "more than all of it"),
        (replace(LEVEL, level=0.0), UsageError, "not in (0, 1]"),
        (replace(LEVEL, level=math.nan), UsageError, "not in (0, 1]"),
        (replace(LEVEL, days=(-1.0,)), UsageError, "0,7,30,90"),
        (replace(LEVEL, days=()), UsageError, "0,7,30,90"),
        (replace(LEVEL, days=(math.inf,)), UsageError, "0,7,30,90"),
        (replace(LEVEL, target="servce"), UnknownId, "'service'"),
        (replace(LEVEL, cut=Cutoff()), BadCutoff, "names nothing"),
        (replace(LEVEL, cut=Cutoff((Rule(item="servce"),))), BadCutoff, "'service'"),
        (BestAim(Cutoff(), (0.0,)), BadCutoff, "names nothing"),
        (ShareAim("content", 1.5), UsageError, "a share of content"),
        (ShareAim("contents", 0.5), UsageError, "Choose from"),  # type: ignore[arg-type]
        (ShareAim("face_value", 0.5, kind="chips"), UsageError, "Choose from"),
        (ShareAim("face_value", 0.5, kind="chip"), PlanError, "nothing of the layer 'chip'"),
        (ShareAim("face_value", 0.5, kind="service", item="service"), UsageError, "Leave one out"),
        (ShareAim("face_value", 0.5, item="servce"), UnknownId, "'service'"),
        (LossAim("person", 1, 0.5, (0.0,)), UsageError, "Choose from"),  # type: ignore[arg-type]
        (LossAim("provider", 0, 0.5, (0.0,)), UsageError, "1 or more"),
    ],
)
def test_an_aim_that_makes_no_sense_is_refused(aim: Aim, kind: type[FreeholdError], words: str) -> None:
    with pytest.raises(kind) as caught:
        check_goal(STACK, Goal((aim,), LIMITS), OPTIONS)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"start": "soon"}, "Write it as 2028-12-31"),
        ({"by": "2025-12-31"}, "before it starts"),
        ({"by": "2026-02-30"}, "no date"),
        ({"years": 0}, "1 or more"),
        ({"years": 1.5}, "whole number"),
        ({"years": 10**9}, "too long"),
        ({"budget": -1.0}, "a budget of -1"),
        ({"budget": math.nan}, "a budget of nan"),
        ({"budget_years": (5.0, math.nan)}, "a budget for a year of nan"),
        ({"people": -2.0}, "a number of people of -2"),
        ({"lead": math.nan}, "a longest lead time of nan"),
        ({"penalty": -3.0}, "a penalty of -3"),
        ({"quality": 1.5}, "a least quality of 1.5"),
        ({"quality": math.nan}, "a least quality of nan"),
        ({"discount": 1.0}, "a discount of 1"),
        ({"discount": math.nan}, "a discount of nan"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(limits: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_goal(STACK, Goal((LEVEL,), replace(LIMITS, **limits)), OPTIONS)
    assert words in str(caught.value)


def test_nothing_asked_is_refused_and_so_is_self_reliance_without_a_home() -> None:
    with pytest.raises(UsageError, match="nothing is asked"):
        check_goal(STACK, Goal((), LIMITS), OPTIONS)
    homeless = replace(STACK, home=None)
    with pytest.raises(UsageError, match="--home"):
        check_goal(homeless, Goal((ShareAim("content", 0.5),), LIMITS), OPTIONS)
    with pytest.raises(UsageError, match="--home"):
        check_goal(homeless, Goal((), LIMITS, seek="reliance"), OPTIONS)
    with pytest.raises(BadCutoff, match="home"):
        check_goal(homeless, Goal((LEVEL,), LIMITS), OPTIONS)
