"""The whole report of a stack as one value: every answer that it tells, and what was left out. Owns the answer to ``report``.

The faces, the evidence packs and the brief are made of this value; none of them computes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from freehold.measure.assess import AssessAnswer
from freehold.report.answers import CheckAnswer, Context, ExplainedChokepoints
from freehold.stack.inventory import Inventory
from freehold.stack.values import Stack

if TYPE_CHECKING:
    from freehold.drill.record import Drill
    from freehold.errors import Finding
    from freehold.measure.gaps import GapsAnswer
    from freehold.measure.landlord_cut_values import LandlordCuts
    from freehold.plan.first_step import FirstStep
    from freehold.plan.option_values import Option
    from freehold.plan.plan_values import PlanAnswer
    from freehold.report.drill_answers import ScoreAnswer
    from freehold.schemes.policy_values import PolicyAnswer
    from freehold.schemes.scheme_values import Score

__all__ = ["Aimed", "DrillsRead", "LeftOut", "NoPlan", "WholeReport"]

Aimed: TypeAlias = Literal["asked", "floor", "later", "held", "beyond"]
"""What a plan was made for: what the flags ask; that the mission stays at its floor with everything foreign cut off; that it
does from a later day on, since before that day nothing keeps it there; as much of it as can be, since the floor holds today
already; or the same, since it can be held on no day."""

NoPlan: TypeAlias = Literal["", "not asked", "nothing to choose from", "nothing judged", "no home", "no solver", "too large"]
"""Why no plan was looked for; empty if one was."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A part of the report that was left out or cut short, since the stack is large.

    Parameters
    ----------
    key
        Which part: a key of the words' table.
    command
        What asks for it.
    """

    key: str
    command: str


@dataclass(frozen=True)
class DrillsRead:
    """Records of drills.

    Parameters
    ----------
    drills
        The drills, the oldest first.
    score
        Predictions against them.
    """

    drills: tuple[Drill, ...]
    score: ScoreAnswer


@dataclass(frozen=True)
class WholeReport:
    """Everything that a report tells.

    Parameters
    ----------
    check
        What the first page tells: the assessment, what was read, why the first thing stops without the largest landlord.
    gaps
        Layer by layer, what is held and what would close the gap.
    chokepoints
        What can stop the mission, and why; ``None`` if it was left out.
    cuts
        What goes out without each of the largest landlords, alone and in pairs; ``None`` if it was left out.
    plan
        The roadmap; it holds its own goal. ``None`` if none was looked for.
    no_plan, aimed
        Why there is none; what it was made for.
    options
        What can be done, as far as it was read.
    step
        The cheapest next step; ``None`` if none brings anything.
    scores
        Of the schemes asked for.
    policy
        The policy that the stack was held against; ``None`` if none was named.
    drills
        Records of drills; ``None`` if none were named.
    left_out
        Parts that were left out or cut short.
    plan_flags
        The flags by which ``freehold plan`` repeats the roadmap.
    measured_flags
        The flags that say how it was measured, where they are not the usual: ways of control, stake, floor.
    option_files, answer_files, list_files, drill_paths
        The files that were named, for the commands that repeat a part.
    scheme_names
        How the schemes were named, each by its id or its file; empty if nobody named any.
    """

    check: CheckAnswer
    gaps: GapsAnswer
    chokepoints: ExplainedChokepoints | None = None
    cuts: LandlordCuts | None = None
    plan: PlanAnswer | None = None
    no_plan: NoPlan = ""
    aimed: Aimed = "floor"
    options: tuple[Option, ...] = ()
    step: FirstStep | None = None
    scores: tuple[Score, ...] = ()
    policy: PolicyAnswer | None = None
    drills: DrillsRead | None = None
    left_out: tuple[LeftOut, ...] = ()
    plan_flags: tuple[str, ...] = ()
    measured_flags: tuple[str, ...] = ()
    option_files: tuple[str, ...] = ()
    answer_files: tuple[str, ...] = ()
    list_files: tuple[str, ...] = ()
    scheme_names: tuple[str, ...] = ()
    drill_paths: tuple[str, ...] = ()

    @property
    def stack(self) -> Stack:
        """What is reported on."""
        return self.check.stack

    @property
    def assess(self) -> AssessAnswer:
        """The assessment."""
        return self.check.assess

    @property
    def context(self) -> Context:
        """What stands beside every part."""
        return self.check.context

    @property
    def inventory(self) -> Inventory | None:
        """What was read, where a file or a folder was read."""
        return self.check.inventory

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Notes on what was read."""
        return self.check.findings

    @property
    def path(self) -> str:
        """How the user named the stack, for the commands that repeat a part."""
        return self.context.path or "STACK"
