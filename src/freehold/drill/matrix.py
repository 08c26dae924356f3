"""What a campaign of drills leaves: landlords cut in turn, and how each part of a command stood. Owns the values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from freehold.drill.record import Drill, Run, Step

__all__ = ["LANDLORDS", "Landlord", "LandlordKind", "Matrix", "MatrixRow", "Outcome", "OutcomeName", "outcomes_of", "rows_of"]

LandlordKind: TypeAlias = Literal["provider", "owner", "country"]
LANDLORDS: Final[tuple[LandlordKind, ...]] = ("provider", "owner", "country")
OutcomeName: TypeAlias = Literal["untouched", "survived", "degraded", "failed", "void", "skipped", "absent"]


@dataclass(frozen=True, slots=True)
class Landlord:
    """Who is cut in one drill of a campaign.

    Parameters
    ----------
    id, name
        Id of the provider or owner, or code of the country; its name.
    hosts
        Hosts of it that the run with nothing cut contacted.
    in_stack
        How many sources of the stack it controls.
    """

    id: str
    name: str
    hosts: tuple[str, ...] = ()
    in_stack: int = 0


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One landlord cut.

    Parameters
    ----------
    landlord
        Who.
    drill
        What happened; ``None`` where it was not run.
    reason
        Why it was not run: ``budget``, ``interrupted``, or what went wrong.
    record
        File of the record; empty if none was written.
    """

    landlord: Landlord
    drill: Drill | None = None
    reason: str = ""
    record: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A campaign.

    Parameters
    ----------
    command
        Arguments.
    by
        What was cut in turn.
    baseline
        The run with nothing cut, done once.
    rows
        The largest landlords, largest first.
    left_out
        Landlords that were too small to be among them.
    unattributed
        Hosts contacted that no landlord is known of.
    jobs
        How many drills ran side by side.
    seconds
        How long the whole took.
    """

    command: tuple[str, ...]
    by: LandlordKind
    baseline: Run
    rows: tuple[MatrixRow, ...]
    left_out: tuple[Landlord, ...] = ()
    unattributed: tuple[str, ...] = ()
    jobs: int = 1
    seconds: float = 0.0

    @property
    def steps(self) -> tuple[str, ...]:
        """Names of the command's parts, in order; empty if it is not split."""
        found = dict.fromkeys(step.name for step in self.baseline.steps)
        for row in self.rows:
            if row.drill is not None:
                found |= dict.fromkeys(step.name for step in row.drill.run.steps)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one part of a command stood up to one loss.

    Parameters
    ----------
    name
        As a verdict; ``skipped`` where a part before it failed, ``absent`` where the drill was not run.
    first_refused
        Host and port first refused inside it.
    seconds
        From that refusal to its failure, if it failed.
    """

    name: OutcomeName
    first_refused: str = ""
    seconds: float | None = None


def rows_of(matrix: Matrix) -> tuple[tuple[str, tuple[Outcome, ...]], ...]:
    """The survival matrix: first the whole command (named ``""``), then each part, against every landlord."""
    columns = [outcomes_of(row, matrix.steps) for row in matrix.rows]
    names = ("", *matrix.steps)
    return tuple((name, tuple(column[place] for column in columns)) for place, name in enumerate(names))


def outcomes_of(row: MatrixRow, steps: tuple[str, ...]) -> tuple[Outcome, ...]:
    """How the whole command, and then each part, stood up to one loss."""
    if row.drill is None:
        return (Outcome("absent"),) * (1 + len(steps))
    drill = row.drill
    verdict = drill.verdict
    whole = Outcome(verdict.name, _first_refused(drill), verdict.seconds_to_failure)
    found = {step.name: step for step in drill.run.steps}
    return (whole, *(_part(found.get(name), drill) for name in steps))


def _part(step: Step | None, drill: Drill) -> Outcome:
    """A part that passed survived if something was refused inside it; a void drill proves nothing of any part."""
    if step is None:
        return Outcome("absent")
    if step.outcome == "skipped":
        return Outcome("skipped")
    if drill.verdict.name == "void":
        return Outcome("void", step.first_refused)
    if step.outcome == "failed":
        return Outcome("failed", step.first_refused, step.refusal_to_failure)
    return Outcome("survived" if step.first_refused else "untouched", step.first_refused)


def _first_refused(drill: Drill) -> str:
    refused = [one.contact for one in drill.run.contacts if one.contact.first_refused is not None]
    first = min(refused, key=lambda contact: contact.first_refused or 0.0, default=None)
    if first is None:
        return ""
    return f"{first.host}:{first.port}" if first.port else first.host
