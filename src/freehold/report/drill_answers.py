"""What pages of drills are made from: a drill with what stands beside it, a campaign, the ways to cut. Owns these values."""

from __future__ import annotations

from dataclasses import dataclass

from freehold.drill.interface import Possible
from freehold.drill.matrix import Matrix
from freehold.drill.newcomers import Newcomer
from freehold.drill.record import Drill

__all__ = ["BackendsAnswer", "DrillAnswer", "MatrixAnswer"]


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
