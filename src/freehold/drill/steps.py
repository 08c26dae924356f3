"""The parts of a command. Owns how it is split so that it runs once, as ever, and leaves a mark where each part begins.

Split are shell scripts (by ``# step: NAME`` comments, else by their top-level commands), the goals of a Makefile, and the chain
of a package script. Any other command may name its steps itself, by lines ``::step NAME::`` on standard output; if it does,
these count and nothing else. From the marks, the contacts and the exit status come the outcome of each step, and the time from
the first refusal within it to its failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from freehold.drill.contact import Contact
from freehold.drill.markers import Mark
from freehold.drill.record import Step

__all__ = ["NOT_SPLIT", "Split", "steps_from"]


@dataclass(frozen=True, slots=True)
class Split:
    """A command that leaves marks.

    Parameters
    ----------
    names
        Its steps in order.
    arguments
        What to run instead of it; empty: the command as it is.
    environment
        Variables to add.
    step_of
        For marks with a Makefile's target: which step it belongs to, by number.
    why_not
        Why it was not split; empty if it was.
    """

    names: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    step_of: Mapping[str, int] = field(default_factory=dict)
    why_not: str = ""


NOT_SPLIT: Final = Split()


@dataclass(slots=True)
class _Stretch:
    """When a step ran, and with which status it ended, as far as it is known."""

    start: float
    end: float
    status: int | None = None


def steps_from(
    split: Split,
    marks: Sequence[Mark],
    printed: Sequence[tuple[float, str]],
    *,
    errors: Mapping[str, int],
    status: int | None,
    started: float,
    seconds: float,
    contacts: Iterable[Contact],
    known: Sequence[str] = (),
) -> tuple[Step, ...]:
    """Tell what became of each step.

    Parameters
    ----------
    split
        How the command was split.
    marks
        What came through the pipe; moments on the clock of ``started``.
    printed
        Markers on standard output: moment and name.
    errors
        Targets whose recipes make reported to have failed, with their exit status.
    status, seconds
        Exit status and length of the run (``None``: ended for taking too long).
    started
        The moment at which the command began.
    contacts
        With times that count from ``started``.
    known
        Names of steps that a run before this one had: those that follow a failure are skipped, where they cannot be known.
    """
    if printed:
        names, stretches = _by_output(printed, status, started, seconds)
        names += [name for name in known if name not in names] if status != 0 else []
    elif split.step_of:
        names, stretches = list(split.names), _by_targets(split, marks, errors, status, started, seconds)
    else:
        names, stretches = list(split.names), _by_numbers(marks, status, started, seconds)
    refusals = sorted(_refusals(contacts))
    # a target that make had nothing to do for is up to date
    skipped = not split.step_of or status != 0
    return tuple(_step(name, stretches.get(at), refusals, skipped=skipped) for at, name in enumerate(names))


def _step(name: str, stretch: _Stretch | None, refusals: Sequence[tuple[float, float, str]], *, skipped: bool) -> Step:
    if stretch is None:
        return Step(name, "skipped" if skipped else "passed")
    failed = stretch.status != 0
    inside = [
        (first if first >= stretch.start else final, host)
        for first, final, host in refusals
        if stretch.start <= first <= stretch.end or stretch.start <= final <= stretch.end
    ]
    moment, host = min(inside, default=(None, ""))
    length = max(0.0, stretch.end - stretch.start)
    after = stretch.end - moment if failed and moment is not None else None
    return Step(name, "failed" if failed else "passed", stretch.status, max(0.0, stretch.start), length, host, after)


def _refusals(contacts: Iterable[Contact]) -> Iterable[tuple[float, float, str]]:
    """First and last moment at which the cut was felt, and where; where a shape refuses nothing, the first try."""
    for contact in contacts:
        if contact.because and contact.tries and not contact.local:
            first = contact.first_seen if contact.first_refused is None else contact.first_refused
            final = first if contact.last_refused is None else contact.last_refused
            yield first, max(first, final), f"{contact.host}:{contact.port}" if contact.port else contact.host


def _by_numbers(marks: Sequence[Mark], status: int | None, started: float, seconds: float) -> dict[int, _Stretch]:
    """Steps of a script: each mark ends the step before it, and bears its status."""
    found: dict[int, _Stretch] = {}
    current: _Stretch | None = None
    for mark in marks:
        if not isinstance(mark.step, int):
            continue
        moment = mark.moment - started
        if current is not None:
            current.end, current.status = moment, 0 if mark.status is None else mark.status
        current = found.setdefault(mark.step, _Stretch(moment, seconds))
    if current is not None:
        current.end, current.status = max(seconds, current.start), status
    return found


def _by_targets(
    split: Split, marks: Sequence[Mark], errors: Mapping[str, int], status: int | None, started: float, seconds: float
) -> dict[int, _Stretch]:
    """Steps of a Makefile: from a target's first mark to the next mark of another; failed as make says, else the last one."""
    found: dict[int, _Stretch] = {}
    current: int | None = None
    for mark in marks:
        at = split.step_of.get(str(mark.step))
        if at is None or at == current:
            continue
        moment = mark.moment - started
        if current is not None:
            found[current].end = moment
        found.setdefault(at, _Stretch(moment, moment, 0))
        current = at
    if current is not None:
        found[current].end = max(seconds, found[current].start)
    failed = {split.step_of[target]: code for target, code in errors.items() if target in split.step_of}
    for at, code in failed.items():
        if at in found:
            found[at].status = code
    if status != 0 and current is not None and not set(failed) & set(found):
        found[current].status = status
    if status != 0:
        # what make had no recipe to run for, ahead of the failure, was up to date
        first = min((at for at in found if found[at].status != 0), default=-1)
        for at in range(first):
            found.setdefault(at, _Stretch(found[first].start, found[first].start, 0))
    return found


def _by_output(
    printed: Sequence[tuple[float, str]], status: int | None, started: float, seconds: float
) -> tuple[list[str], dict[int, _Stretch]]:
    """Steps that the command names itself: all but the last one passed, since it went on."""
    names: list[str] = []
    found: dict[int, _Stretch] = {}
    for place, (moment, name) in enumerate(printed):
        end = printed[place + 1][0] - started if place + 1 < len(printed) else seconds
        shown, count = name, 2
        while shown in names:
            shown, count = f"{name} ({count})", count + 1
        names.append(shown)
        found[place] = _Stretch(moment - started, max(end, moment - started), 0 if place + 1 < len(printed) else status)
    return names, found
