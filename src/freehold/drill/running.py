"""Running a command once, under a cut or without one. Owns a run from the session's opening to the value that is recorded.

The command is the user's own: it has their terminal, working folder and environment, gets their interrupts, and its output
goes where it would. What the drill adds is listed by the plan: steps, empty caches, a log of the output, a time limit.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeAlias

from freehold.drill.asking import ask
from freehold.drill.cold import cold_environment
from freehold.drill.contact import Contact
from freehold.drill.decision import Cutting
from freehold.drill.ending import end
from freehold.drill.file_ledger import FileLedger
from freehold.drill.file_watch import FileWatch
from freehold.drill.interface import Backend, Command, Process, Session
from freehold.drill.local_sources import local_sources
from freehold.drill.make_steps import split_make
from freehold.drill.markers import MarkPipe
from freehold.drill.named_places import named_places, texts_of
from freehold.drill.output import Counted, Output
from freehold.drill.own_folder import OwnFolder
from freehold.drill.package_steps import split_package_script
from freehold.drill.record import Attributed, Run, WorkingFiles
from freehold.drill.shapes import Shape
from freehold.drill.shell_steps import split_script
from freehold.drill.signals import foreground, listening
from freehold.drill.steps import NOT_SPLIT, Split, steps_from
from freehold.errors import CutFailed, DrillError
from freehold.words import say

__all__ = ["Attribute", "RunPlan", "run"]

Attribute: TypeAlias = Callable[[Contact], Attributed]

_GRACE: Final = 5.0
"""Seconds between asking a command to end and ending it."""
_SHOWN: Final = 4
_PATIENCE: Final = 3
"""Interrupts after which a command that does not heed them is ended."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What is run, and what is looked at.

    Parameters
    ----------
    kind
        ``baseline`` or ``cut``.
    arguments
        Program and arguments.
    folder
        Working folder.
    environment
        The whole of it.
    timeout
        Seconds after which it is ended; ``None``: never.
    steps
        Whether to tell its parts apart.
    known_steps
        Names of steps that an earlier run had: those that a failure leaves out are told as skipped.
    cold
        Whether to give it empty caches.
    watch
        Whether to watch which caches, local sources and files of its working folder it reads, and what it writes there.
    log
        File to which its output is added.
    count
        Whether to count its output although nobody needs to read it.
    apart
        Whether to count standard output apart also where both streams lead to the same place.
    stdin, stdout, stderr
        Descriptors that it reads from and writes to, in the end; ``None``: those of this process.
    """

    kind: Literal["baseline", "cut"]
    arguments: tuple[str, ...]
    folder: str
    environment: Mapping[str, str] = field(repr=False)
    timeout: float | None = None
    steps: bool = False
    known_steps: tuple[str, ...] = ()
    cold: bool = False
    watch: bool = True
    log: Path | None = None
    count: bool = False
    apart: bool = False
    stdin: int | None = None
    stdout: int | None = None
    stderr: int | None = None


async def run(
    backend: Backend,
    cutting: Cutting,
    shape: Shape,
    plan: RunPlan,
    *,
    attribute: Attribute = Attributed,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Run:
    """Run a command once, and tell what was seen.

    Parameters
    ----------
    backend
        How it is cut.
    cutting, shape
        What is cut, and how that looks.
    plan
        What is run.
    attribute
        Says whose a contact is; by default nobody's.
    clock
        Monotonic; the one that the session counts from.
    now
        The moment, for the record.

    Raises
    ------
    freehold.errors.DrillError
        If the cut cannot be set up or the command not be started; whatever was begun has been undone.

    Notes
    -----
    The times of contacts in the result count from the start of the command. An interrupt (SIGINT, SIGTERM) goes to the command
    and is noted; the third one ends it.
    """
    if not plan.arguments:
        raise DrillError("There is no command to run. Give one behind two dashes: freehold drill … -- make test.")
    with ExitStack() as stack:
        environment, notes = dict(plan.environment), list[str]()
        # a run that needs no folder makes none
        place = stack.enter_context(OwnFolder()).path if plan.cold or plan.steps else Path()
        if plan.cold:
            cold = cold_environment(environment, place / "caches", plan.folder)
            environment.update(cold.variables)
            notes += cold.notes
        pipe = stack.enter_context(MarkPipe(place, clock)) if plan.steps else None
        split = NOT_SPLIT if pipe is None else await _split(backend, plan, environment, place, pipe.path)
        notes += [split.why_not] if split.why_not else []
        watch, ledger = _watch(plan, environment, clock)
        stack.enter_context(watch)
        session = await backend.open(cutting, shape)
        try:
            ran = await _in_session(session, plan, split, environment, clock, now)
        finally:
            await session.close()
        counted = await ran.output.end() if ran.output is not None else Counted()
        marks = () if pipe is None else pipe.close()
        local = watch.uses()
        files = None if ledger is None else ledger.result(ran.started)
        notes += [*watch.notes, *_left_out(files)]
    contacts = tuple(_since(contact, ran.started - session.started) for contact in ran.contacts)
    if ran.timed_out:
        notes.append(say("drill_run.timeout", seconds=f"{plan.timeout:g}"))
    if not counted.logged_all:
        notes.append(say("drill_run.log_full", path=plan.log))
    steps = () if pipe is None else steps_from(
        split, marks, counted.markers, errors=counted.make_errors, status=ran.status, started=ran.started,
        seconds=ran.seconds, contacts=contacts, known=plan.known_steps,
    )  # fmt: skip
    if plan.steps and not steps and not split.why_not:
        notes.append(say("drill_run.not_split"))
    return Run(
        plan.kind,
        backend.name,
        ran.stamp,
        ran.seconds,
        ran.status,
        tuple(attribute(contact) for contact in contacts),
        steps,
        local,
        counted.lines if ran.output is not None else -1,
        counted.size if ran.output is not None else -1,
        session.blind_spots,
        ran.broken,
        plan.cold,
        session.setup_seconds,
        ran.interrupted,
        notes=tuple(notes),
        stdout_lines=counted.stdout_lines if ran.output is not None else -1,
        stdout_bytes=counted.stdout_size if ran.output is not None else -1,
        files=files,
    )


def _watch(
    plan: RunPlan, environment: Mapping[str, str], clock: Callable[[], float]
) -> tuple[FileWatch, FileLedger | None]:  # fmt: skip
    """Watch what may serve the command, and what it does in its working folder."""
    if not plan.watch:
        return FileWatch(()), None
    folder = Path(plan.folder).resolve()
    texts = texts_of(plan.arguments, folder)
    logs = () if plan.log is None else (plan.log.resolve(),)
    ledger = FileLedger(folder, named_places(texts, folder), logs, clock=clock)
    watch = FileWatch(local_sources(environment, plan.folder, texts), ledger=ledger)
    return watch, ledger if watch.watches else None


def _left_out(files: WorkingFiles | None) -> list[str]:
    """Which folders were not watched, in words."""
    names = () if files is None else files.left_out
    if not names:
        return []
    more = say("drill_verdict.more", count=len(names) - _SHOWN) if len(names) > _SHOWN else ""
    return [say("drill_run.not_watched", folders=", ".join(names[:_SHOWN]) + more)]


async def _split(backend: Backend, plan: RunPlan, environment: Mapping[str, str], place: Path, pipe: Path) -> Split:
    """Split the command in the first way that fits it."""
    split = await asyncio.to_thread(split_script, plan.arguments, plan.folder, environment, place, pipe)
    if not split.names and not split.why_not:
        split = await asyncio.to_thread(split_package_script, plan.arguments, plan.folder, environment, place, pipe)
    if not split.names and not split.why_not:
        question = partial(ask, backend, folder=plan.folder, environment=environment)
        split = await split_make(plan.arguments, plan.folder, place, pipe, question)
    return split


@dataclass(slots=True)
class _Ran:
    """How a command ran."""

    stamp: str
    started: float
    output: Output | None
    seconds: float = 0.0
    status: int | None = None
    interrupts: int = 0
    timed_out: bool = False
    broken: str = ""
    contacts: tuple[Contact, ...] = ()
    process: Process | None = None
    pending: list[int] = field(default_factory=list)

    @property
    def interrupted(self) -> bool:
        return self.interrupts > 0


async def _in_session(
    session: Session,
    plan: RunPlan,
    split: Split,
    environment: Mapping[str, str],
    clock: Callable[[], float],
    now: Callable[[], datetime],
) -> _Ran:
    """Start the command and wait for its end."""
    output = None
    if plan.steps or plan.log is not None or plan.count:
        stdout, stderr = (number if given is None else given for number, given in ((1, plan.stdout), (2, plan.stderr)))
        output = Output(stdout, stderr, log=plan.log, clock=clock, apart=plan.apart)
    ran = _Ran(now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), clock(), output)
    command = Command(
        split.arguments or plan.arguments,
        plan.folder,
        {**environment, **split.environment},
        plan.stdin,
        plan.stdout if output is None else output.stdout,
        plan.stderr if output is None else output.stderr,
    )
    listeners: dict[int, Callable[[], None]] = {
        number: partial(_interrupt, number, ran) for number in (signal.SIGINT, signal.SIGTERM)
    }
    if output is not None:
        listeners[signal.SIGWINCH] = output.resize
    # from before the start: the command runs, and may be interrupted, before its start is told
    with listening(listeners):
        try:
            process = await session.start(command)
        except BaseException:
            if output is not None:
                output.abandon()
            raise
        if output is not None:
            output.begin()
        _began(process, ran)
        try:
            await _until_its_end(process, plan.timeout, ran)
        except CutFailed as error:
            ran.broken = str(error)
    ran.seconds = clock() - ran.started
    # asked while the session is open: what it counts in the kernel is gone with it
    ran.broken = ran.broken or session.broken()
    ran.contacts = session.contacts()
    return ran


async def _until_its_end(process: Process, timeout: float | None, ran: _Ran) -> None:
    """Wait; end it when its time is over."""
    waiting = asyncio.ensure_future(process.wait())
    try:
        done, _ = await asyncio.wait({waiting}, timeout=timeout)
        if not done:
            ran.timed_out = True
            await end(process, waiting, _GRACE)
        else:
            ran.status = await waiting
    finally:
        waiting.cancel()


def _began(process: Process, ran: _Ran) -> None:
    """Hand on what came while the command was being started."""
    ran.process = process
    for number in ran.pending:
        _hand_on(process, number)


def _interrupt(number: int, ran: _Ran) -> None:
    """Note an interrupt and hand it on; the third ends the command."""
    ran.interrupts += 1
    if ran.process is None:
        ran.pending.append(number)
    elif ran.interrupts >= _PATIENCE:
        ran.process.send_signal(signal.SIGKILL)
    else:
        _hand_on(ran.process, number)


def _hand_on(process: Process, number: int) -> None:
    """Give a command a signal, unless the terminal gave it to the command as well."""
    if number != signal.SIGINT or not foreground():
        process.send_signal(number)


def _since(contact: Contact, start: float) -> Contact:
    """A contact whose times count from the start of the command."""
    return replace(
        contact,
        first_seen=max(0.0, contact.first_seen - start),
        first_refused=None if contact.first_refused is None else max(0.0, contact.first_refused - start),
        last_refused=None if contact.last_refused is None else max(0.0, contact.last_refused - start),
    )
