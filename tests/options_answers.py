"""One answer of ``options``, for the tests of all faces."""

from __future__ import annotations

import math

from freehold.plan.option_values import Activate, Cover, Option, Reference, Slip
from freehold.plan.proposals import OptionsAnswer, candidate_options, proposals
from freehold.stack.values import Provider, Source, Stack

__all__ = ["options_answer"]


def options_answer(stack: Stack) -> OptionsAnswer:
    """What can be done to a stack: an option with all that can be said, one that cannot be judged, and its candidates."""
    source = Source("second", stack.items[0].id, "elsewhere", status="candidate")
    second = Option(
        "second-source", (Activate("second", 0.5),), "A second source",
        Stack("adds", providers=(Provider("elsewhere", "Elsewhere <Ltd>", "FR"),), sources=(source,)),
        1000.0, 50.5, "EUR", 30.0, "2027-01-01", success=0.9, slip=(Slip(90.0, 0.3),), people=1.5, learns_with="sources",
        learning=0.8, standards_left=("one",), forks=("two",), gives_up=("three",),
        reference=Reference("A page", "Somebody", "https://page.example/", "2026-11"),
    )  # fmt: skip
    need = stack.needs[0]
    stock = Option("stock", (Cover(need.source, need.item, math.inf),), requires=("second-source",), excludes=("other",))
    return proposals(stack, (second, stock, *candidate_options(stack)))
