"""What pages of drills are made from: a drill with what stands beside it, a campaign, the ways to cut. Owns these values."""

from __future__ import annotations

from dataclasses import dataclass

from freehold.drill.interface import Possible
from freehold.drill.matrix import Matrix
from freehold.drill.newcomers import Newcomer
from freehold.drill.proposals import Proposal
from freehold.drill.record import Drill
from freehold.drill.scores import Score
from freehold.stack.changes import RowChange

__all__ = ["ApplyAnswer", "BackendsAnswer", "DrillAnswer", "MatrixAnswer", "ScoreAnswer"]


@dataclass(frozen=True)
class DrillAnswer:
    """One drill.

    Parameters
    ----------
    drill
        What happened.
    verb
        ``drill``, or ``drill show`` where it was read back.
    record
        File of its record; empty if none was written.
    repeat
        The command line that runs it again.
    known
        Against what its contacts were held, in words; empty if they were not.
    new
        Landlords that are not known there.
    """

    drill: Drill
    verb: str = "drill"
    record: str = ""
    repeat: tuple[str, ...] = ()
    known: str = ""
    new: tuple[Newcomer, ...] = ()


@dataclass(frozen=True)
class MatrixAnswer:
    """A campaign."""

    matrix: Matrix


@dataclass(frozen=True)
class BackendsAnswer:
    """The ways to cut, and the one that a drill takes here; empty if none works."""

    possible: tuple[Possible, ...]
    chosen: str


@dataclass(frozen=True)
class ApplyAnswer:
    """What a drill proposes for a stack, and what became of it.

    Parameters
    ----------
    drill, record
        The drill and its file.
    proposals
        All that it proposes.
    accepted
        Ids of those taken in; none where they are only shown.
    changes
        The rows of the stack that the accepted ones change, or, where none is, that all of them would.
    output
        Where the stack went; empty if it was not written.
    """

    drill: Drill
    record: str
    proposals: tuple[Proposal, ...]
    accepted: tuple[str, ...]
    changes: tuple[RowChange, ...]
    output: str = ""


@dataclass(frozen=True)
class ScoreAnswer:
    """Predictions against drills.

    Parameters
    ----------
    score
        What was counted.
    folder
        Of the records.
    unread
        Why a file in it could not be read, file by file.
    """

    score: Score
    folder: str
    unread: tuple[str, ...] = ()
