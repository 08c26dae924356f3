"""What a report is made from: answers with what stands beside them. Owns the seam between the use cases and the views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from freehold.measure.assess import AssessAnswer, Coverage, coverage_of

if TYPE_CHECKING:
    from freehold.catalogue.search import Hit
    from freehold.errors import Finding
    from freehold.measure.chokepoint_values import ChokepointsAnswer
    from freehold.measure.cut_reason import CutReason
    from freehold.measure.unknowns import Worth
    from freehold.measure.why import Step
    from freehold.respond.evidence_verify import Verification
    from freehold.schemes.policy_values import PolicyAnswer
    from freehold.stack.cutoff import Cutoff
    from freehold.stack.inventory import Inventory
    from freehold.stack.values import Stack
    from freehold.store.interface import Change
    from freehold.watch.best_act import BestActs
    from freehold.watch.level_facts import Fact
    from freehold.watch.levels import LevelRange, Levels
    from freehold.watch.radius import Radius

__all__ = [
    "CatalogueFindings",
    "CheckAnswer",
    "Context",
    "EvidenceEntries",
    "EvidenceEntry",
    "EvidenceVerdict",
    "ExplainedChokepoints",
    "HistoryAnswer",
    "PolicedAssessment",
    "ReachAnswer",
    "SearchAnswer",
    "ShowAnswer",
    "context_of",
]  # fmt: skip


@dataclass(frozen=True)
class Context:
    """What stands beside every answer.

    Parameters
    ----------
    stack
        The stack asked about; ``None`` for a question to the catalogue.
    coverage
        How much of it is known.
    unknowns
        How many unknown facts the low side of the answer rests on; ``None`` where the verb has none to count.
    edition
        The catalogue's edition.
    cutoff
        What was cut, for answers that do not say it themselves.
    path
        How the user named the stack, for the commands that a page proposes.
    strict
        Whether assumed owners and locations counted as unknown.
    """

    stack: Stack | None = None
    coverage: Coverage | None = None
    unknowns: int | None = None
    edition: str = ""
    cutoff: Cutoff | None = None
    path: str = ""
    strict: bool = False

    @property
    def reference_date(self) -> str:
        """The day on which a fact's age is judged: the stack's own, else the catalogue's edition; may be empty."""
        return (self.stack.as_of if self.stack is not None else None) or self.edition


def context_of(
    stack: Stack, unknowns: int | None, *, edition: str = "", cutoff: Cutoff | None = None, path: str = "", strict: bool = False
) -> Context:
    """Make the context of an answer about a stack; its coverage is counted here."""
    return Context(stack, coverage_of(stack), unknowns, edition, cutoff, path or stack.path, strict)


@dataclass(frozen=True)
class PolicedAssessment:
    """An assessment, and the policy that the stack was held against."""

    assess: AssessAnswer
    policy: PolicyAnswer


@dataclass(frozen=True)
class CheckAnswer:
    """Everything on the first page.

    Parameters
    ----------
    assess
        The assessment.
    stack
        What was assessed.
    inventory
        What was read, where a file or a folder was read; ``None`` for a stack that was written.
    why
        Why the thing that stops first does, if the largest landlord goes; empty if nothing stops.
    largest
        Id of the largest landlord; empty if there is none.
    edition
        The catalogue's edition.
    findings
        Notes on what was read, and what was done about it.
    path
        How the user named the stack.
    strict
        Whether assumed owners and locations counted as unknown.
    chosen
        Flags by which the user chose within a database and whose view it is, for the commands that a page proposes.
    """

    assess: AssessAnswer
    stack: Stack
    inventory: Inventory | None
    why: tuple[Step, ...]
    largest: str
    edition: str
    findings: tuple[Finding, ...] = ()
    path: str = ""
    strict: bool = False
    chosen: tuple[str, ...] = ()

    @property
    def context(self) -> Context:
        """What stands beside it."""
        path = self.path or self.stack.path
        cut, known = self.assess.foreign.cutoff, self.assess.coverage
        return Context(self.stack, known, self.assess.unknowns, self.edition, cut, path, self.strict)


@dataclass(frozen=True)
class ShowAnswer:
    """What is in a stack: one item with all around it, or (without an id) every item."""

    item: str | None = None


@dataclass(frozen=True)
class HistoryAnswer:
    """Revisions of a stack in a database, the oldest first, and what changed in each.

    Parameters
    ----------
    name
        The name under which the stack is stored.
    changes
        The revisions: all, or the one asked for.
    """

    name: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class ReachAnswer:
    """How far a loss reaches, and how bad that is.

    Parameters
    ----------
    radius, acts
        What stops, what takes over; the single acts that save most.
    learn
        Unknown facts whose knowing would narrow it most.
    facts, levels
        What the levels rest on, and the level by each criteria set asked for.
    criteria
        The file of levels: names, facts, sets.
    """

    radius: Radius
    acts: BestActs
    learn: tuple[Worth, ...]
    facts: tuple[Fact, ...]
    levels: tuple[LevelRange, ...]
    criteria: Levels


@dataclass(frozen=True)
class ExplainedChokepoints:
    """What can stop a target, and why.

    Parameters
    ----------
    answer
        The answer.
    order
        How many losses together were asked for at most.
    reasons
        Why each of its cut sets is fatal, in their order.
    cheapest
        Why the cheapest one is; ``None`` where there is none.
    """

    answer: ChokepointsAnswer
    order: int
    reasons: tuple[CutReason | None, ...]
    cheapest: CutReason | None = None


@dataclass(frozen=True)
class SearchAnswer:
    """What a search of the catalogue found."""

    text: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True)
class CatalogueFindings:
    """What the checks of the catalogue found, and how many facts were checked."""

    findings: tuple[Finding, ...]
    facts: int


@dataclass(frozen=True)
class EvidenceVerdict:
    """Whether evidence logs are what was written, one by one."""

    logs: tuple[Verification, ...]


@dataclass(frozen=True, slots=True)
class EvidenceEntry:
    """One entry of an evidence log, as it stands there.

    Parameters
    ----------
    number, at, kind, key
        Which, when, what kind of thing, and the name by which it is written once; empty if none.
    body
        What happened, as canonical JSON.
    clock
        What the clock said where it was behind; else empty.
    """

    number: int
    at: str
    kind: str
    key: str
    body: str
    clock: str = ""


@dataclass(frozen=True)
class EvidenceEntries:
    """Entries of an evidence log.

    Parameters
    ----------
    path
        The log.
    entries
        Those asked for, in order.
    left_out
        How many more match, before these.
    unread
        How many lines are no entries.
    """

    path: str
    entries: tuple[EvidenceEntry, ...]
    left_out: int = 0
    unread: int = 0
