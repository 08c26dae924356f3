"""Every error that Freehold raises on purpose: one family, drawn here.

    FreeholdError
    ├── StackError            what a stack says is not a stack
    │   ├── BadStack          findings: each with file, row, column and mend
    │   ├── UnknownId         an id asked for that is not there; nearest ids
    │   ├── BadCutoff         a cut-off that cannot be understood
    │   └── BadPolicy         a policy that cannot be understood; file, rule and mend
    ├── ReadError             a file cannot be read
    │   ├── Unreadable        not there, not permitted, not a file of that kind
    │   └── TooLarge          over a stated limit
    ├── CatalogueError        a catalogue row without its evidence
    ├── PlanError             what cannot be planned
    │   └── BadOptions        an options file that is not sound; file, option, key and mend
    ├── SchemeError           what cannot be scored
    │   ├── BadScheme         a scheme's file that is not sound; file, place and mend
    │   └── BadAnswers        answers that are not those of the schemes; file, row and mend
    ├── SolveError            a network that a kernel cannot solve as asked
    ├── ScaleError            a batch that a pool could not work out, or a pool that could not start
    ├── StoreError            a Freehold database that cannot be used as asked
    │   ├── BadStore          not one, damaged, or made by a newer program
    │   └── StoreUnavailable  read-only, in use, no room left on its disk
    ├── WatchError            what the warning system cannot take or do
    │   ├── BadSignal         an event or alert that is not one, or is over a limit
    │   ├── BadRules          a rule file that is not sound
    │   └── Overloaded        too much at once: the sender is to come again later
    ├── RespondError          what cannot be done about an incident
    │   ├── BadPlaybook       a playbook that is not sound, or that has a circle
    │   └── NotAllowed        an act without the approvals that it needs, or out of its place in an incident's life
    ├── GatewayError          what the model gateway cannot do
    │   └── BadConfiguration  a configuration that is not sound, or a weak secret; nothing of it was loaded
    ├── DrillError            what cannot be drilled, or not as asked
    │   ├── NotPossible       no way to cut that works on this machine; why
    │   ├── CutFailed         the cut was not set up in time, or did not hold; nothing ran, or what ran was ended
    │   ├── BadRecord         a drill record that is not one, or that was changed
    │   └── ProvisionError    a mirror that cannot be filled or used as asked
    ├── EvidenceError         an evidence log that cannot be written or read as asked
    └── UsageError            a command or setting that makes no sense

The message says what is wrong, where, and the mend. The command line prints it and exits 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "BadAnswers",
    "BadConfiguration",
    "BadCutoff",
    "BadOptions",
    "BadPlaybook",
    "BadPolicy",
    "BadRecord",
    "BadRules",
    "BadScheme",
    "BadSignal",
    "BadStack",
    "BadStore",
    "CatalogueError",
    "CutFailed",
    "DrillError",
    "EvidenceError",
    "Finding",
    "FreeholdError",
    "GatewayError",
    "NotAllowed",
    "NotPossible",
    "Overloaded",
    "PlanError",
    "ProvisionError",
    "ReadError",
    "RespondError",
    "ScaleError",
    "SchemeError",
    "SolveError",
    "StackError",
    "StoreError",
    "StoreUnavailable",
    "TooLarge",
    "UnknownId",
    "Unreadable",
    "UsageError",
    "WatchError",
]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing wrong (or worth knowing) in an input, and where.

    Parameters
    ----------
    file
        The file as the user named it.
    row
        Line number in the file, counted from 1; 0 where the format has no lines.
    column
        The attribute concerned; empty where the whole row is.
    problem
        What is wrong, with the value quoted.
    mend
        What to write instead.
    severity
        ``error`` (the input is refused) or ``note`` (it was read, and this was done).
    """

    file: str
    row: int
    column: str
    problem: str
    mend: str
    severity: str = "error"

    def __str__(self) -> str:
        place = self.file + (f", line {self.row}" if self.row else "")
        place += f", column '{self.column}'" if self.column else ""
        return f"{place}: {self.problem}. {self.mend}"


class FreeholdError(Exception):
    """The root: catch this and you have caught everything Freehold raises on purpose."""


class StackError(FreeholdError):
    """What was given is not a stack, or not one that this question can be asked of."""


class BadStack(StackError):
    """A stack with errors: all of them at once.

    Parameters
    ----------
    findings
        At least one; those of severity ``error`` make up the message.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        errors = [finding for finding in self.findings if finding.severity == "error"]
        count = f"{len(errors)} errors in the stack" if len(errors) > 1 else "1 error in the stack"
        super().__init__("\n  ".join([count + ":", *map(str, errors)]))


class UnknownId(StackError):
    """An id (or name) that nothing in the stack has.

    Parameters
    ----------
    what
        What was looked for, such as ``item``.
    asked
        The id as the user gave it.
    nearest
        Known ids that look like it, best first.
    where
        The command that lists what there is.
    """

    def __init__(self, what: str, asked: str, nearest: Sequence[str] = (), *, where: str = "freehold show") -> None:
        self.what, self.asked, self.nearest = what, asked, tuple(nearest)
        mend = (
            f"Did you mean {' or '.join(repr(name) for name in self.nearest)}?"
            if self.nearest
            else f"`{where}` lists what there is."
        )
        super().__init__(f"no {what} is called '{asked}'. {mend}")


class BadCutoff(StackError):
    """A cut-off rule or a scenario file that cannot be understood."""


class BadPolicy(StackError):
    """A policy that cannot be understood, or that names what is not there. Its message names file, rule and mend."""


class ReadError(FreeholdError):
    """A file that was named could not be read."""


class Unreadable(ReadError):
    """Not there, not permitted, or not what its name says."""


class TooLarge(ReadError):
    """Larger or deeper than the limit stated in the message."""


class CatalogueError(FreeholdError):
    """The catalogue holds a row that lacks its evidence, or that contradicts itself.

    Parameters
    ----------
    findings
        Where, and the mend.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        super().__init__("\n  ".join(["the catalogue is not sound:", *map(str, self.findings)]))


class PlanError(FreeholdError):
    """What cannot be planned as asked."""


class BadOptions(PlanError):
    """An options file that is not sound, or options that contradict each other: all findings at once.

    Parameters
    ----------
    found
        At least one finding, each with file, row, key and mend; or the message.
    """

    def __init__(self, found: Iterable[Finding] | str) -> None:
        self.findings: tuple[Finding, ...] = () if isinstance(found, str) else tuple(found)
        count = f"{len(self.findings)} errors in the options" if len(self.findings) > 1 else "1 error in the options"
        super().__init__(found if isinstance(found, str) else "\n  ".join([count + ":", *map(str, self.findings)]))


class SchemeError(FreeholdError):
    """What cannot be scored as asked."""


class BadScheme(SchemeError):
    """A scheme's file that is not sound: all findings at once.

    Parameters
    ----------
    findings
        At least one, each with file, line, place and mend.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        count = f"{len(self.findings)} errors in the scheme" if len(self.findings) > 1 else "1 error in the scheme"
        super().__init__("\n  ".join([count + ":", *map(str, self.findings)]))


class BadAnswers(SchemeError):
    """Answers that name a factor or a choice that is not there, or are given twice: all findings at once.

    Parameters
    ----------
    findings
        At least one, each with file, line, factor and mend.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        count = f"{len(self.findings)} errors in the answers" if len(self.findings) > 1 else "1 error in the answers"
        super().__init__("\n  ".join([count + ":", *map(str, self.findings)]))


class SolveError(FreeholdError):
    """A network too large or too entangled for the kernel at hand; the message names the mend."""


class ScaleError(FreeholdError):
    """A batch that a pool could not work out, or a pool that could not start."""


class StoreError(FreeholdError):
    """A Freehold database that cannot be used as asked; what is stored in it stays as it is."""


class BadStore(StoreError):
    """Not a Freehold database, a damaged one, or one that a newer program made."""


class StoreUnavailable(StoreError):
    """A Freehold database that cannot be read or written now: not permitted, in use, or no room left on its disk."""


class WatchError(FreeholdError):
    """Something that the warning system cannot take or do."""


class BadSignal(WatchError):
    """An event or an alert that is not one, or is over a limit; nothing of it was taken."""


class BadRules(WatchError):
    """A rule file that is not sound: which rule, what is wrong with it, the mend."""


class Overloaded(WatchError):
    """More at once than is taken.

    Parameters
    ----------
    message
        What is full.
    retry_after
        Seconds after which the sender may come again.
    """

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class RespondError(FreeholdError):
    """Something that cannot be done about an incident."""


class BadPlaybook(RespondError):
    """A playbook that is not sound, or whose steps go round in a circle."""


class NotAllowed(RespondError):
    """An act without the approvals that it needs, or out of its place in an incident's life."""


class GatewayError(FreeholdError):
    """Something that the model gateway cannot do."""


class BadConfiguration(GatewayError):
    """A configuration that is not sound, or a secret that is weak; nothing of it was loaded."""


class DrillError(FreeholdError):
    """A drill that cannot be run, or not as asked."""


class NotPossible(DrillError):
    """A way to cut that does not work on this machine; the message says why, and which ones do."""


class CutFailed(DrillError):
    """A cut that was not set up before its deadline, or that broke: the command was not started, or was ended."""


class BadRecord(DrillError):
    """A drill record that is not one, or whose parts do not have the digests that it states."""


class ProvisionError(DrillError):
    """A mirror that cannot be filled, or used, as asked."""


class EvidenceError(FreeholdError):
    """An evidence log that cannot be written or read as asked; what is in it stays as it is."""


class UsageError(FreeholdError):
    """A flag, a setting or a combination of them that makes no sense."""
