"""A drill from beginning to end: predict, run with nothing cut, cut and run again, judge, compare. Owns only that order."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from freehold.catalogue.facts import Catalogue
from freehold.drill.attribution import Attribution
from freehold.drill.backends import choose
from freehold.drill.campaign import Campaign, run_campaign
from freehold.drill.cutting import RuleCutting, cut_data
from freehold.drill.decision import CutHosts, CutNothing, Cutting
from freehold.drill.landlords import rule_of
from freehold.drill.matrix import Landlord, Matrix
from freehold.drill.network_tables import NetworkTable
from freehold.drill.output import same_place
from freehold.drill.prediction import compared, predict
from freehold.drill.record import Drill, Prediction, Run, Verdict
from freehold.drill.running import RunPlan, run
from freehold.drill.service import drill_service
from freehold.drill.service_drill import run_of, service_of, verdict_of
from freehold.drill.service_record import ServicePlan
from freehold.drill.shapes import GONE, Shape
from freehold.drill.verdict import judge, selectors_of
from freehold.drill.working_tree import command_digest, revision_of
from freehold.errors import DrillError, UsageError
from freehold.stack.control import Control
from freehold.stack.cutoff import DEFAULT_STAKE, WAYS, Cutoff, Rule
from freehold.stack.values import Stack
from freehold.version import __version__
from freehold.words import say

__all__ = ["VALID_DAYS", "DrillRequest", "Drilling", "drill", "drill_campaign", "drill_once"]

VALID_DAYS: Final = 90
"""Days for which a drill holds if the revision does not change: servers, names and landlords change without it."""


_NOT_IN_NAMES: Final = re.compile(r"[^\w.-]+")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class DrillRequest:
    """What is asked.

    Parameters
    ----------
    command, folder, environment
        Arguments, working folder and environment of the command.
    catalogue, stack
        Whose host is whose; the stack that predicts, with home and trusted countries. One without items predicts nothing.
    unpredicted
        Why nothing can be predicted; empty if something can.
    item
        The item that the command stands for; ``None`` to find it out.
    cutoff, hosts, air_gap, said
        What is cut; the same in words, empty for nothing.
    via, stake, strict
        Ways of control that count, the stake from which an owner controls, whether what is perhaps cut is.
    shape, backend
        How it looks; by which means, ``None`` for the best that works here.
    networks, places
        Tables of address ranges that the user supplies.
    steps, cold, has_baseline, repeat, timeout, log
        How the command is run: split into its parts, with empty caches, first with nothing cut, and that how often; seconds
        after which a run is ended; where its output is written besides.
    stdin, stdout, stderr
        File descriptors of the command.
    service
        A service that runs on, and how it is watched, instead of a command that ends.
    told
        Is told in words what is being done.
    now
        The clock.
    """

    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    catalogue: Catalogue
    stack: Stack
    unpredicted: str = ""
    item: str | None = None
    cutoff: Cutoff | None = None
    hosts: CutHosts | None = None
    air_gap: bool = False
    said: str = ""
    via: tuple[str, ...] = WAYS
    stake: float = DEFAULT_STAKE
    strict: bool = False
    shape: Shape = GONE
    backend: str | None = None
    networks: NetworkTable | None = None
    places: NetworkTable | None = None
    steps: bool = False
    cold: bool = False
    has_baseline: bool = True
    repeat: int = 1
    timeout: float = 600.0
    log: Path | None = None
    stdin: int | None = None
    stdout: int | None = None
    stderr: int | None = None
    service: ServicePlan | None = None
    told: Callable[[str], None] = field(default=lambda text: None)  # noqa: ARG005
    now: Callable[[], datetime] = field(default=_now)


async def drill(request: DrillRequest) -> Drill:
    """Drill.

    Parameters
    ----------
    request
        What is asked.

    Raises
    ------
    freehold.errors.FreeholdError
        If the backend does not work here, the cut is not set up in time, the command is not there, or something that is named
        is not. Nothing is left running.
    """
    drilling = Drilling(request)
    if request.service is not None:
        return await drilling.service(request.service)
    if not request.said:
        return await drilling.watch()
    baseline = await drilling.baseline() if request.has_baseline else None
    return await drilling.under(request, baseline)


def drill_once(request: DrillRequest) -> Drill:
    """Drill, in an event loop of its own; see :func:`drill`."""
    return asyncio.run(drill(request))


def drill_campaign(
    request: DrillRequest, campaign: Campaign, keep: Callable[[Drill], tuple[Drill, str]],
    told: Callable[[int, int, Landlord], None],
) -> Matrix:  # fmt: skip
    """Run a campaign, in an event loop of its own.

    Parameters
    ----------
    request
        What all its drills share.
    campaign
        Who is cut.
    keep
        Records a drill; gives it as it was recorded, and the file.
    told
        As for :func:`freehold.drill.campaign.run_campaign`.

    Raises
    ------
    freehold.errors.FreeholdError
        If the run with nothing cut cannot be run; see :func:`drill`.
    """
    logs = request.log
    if logs is not None:
        try:
            logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DrillError(f"{logs}: logs cannot be kept there ({error.strerror}). Give another folder by --log.") from None

    def log_of(name: str) -> Path | None:
        return None if logs is None else logs / f"{_NOT_IN_NAMES.sub('-', name)}.log"

    async def all_of_it(drilling: Drilling) -> Matrix:
        async def one(landlord: Landlord, baseline: Run) -> tuple[Drill, str]:
            rule = rule_of(campaign.by, landlord, campaign.via)
            return keep(await drilling.without((rule,), landlord.name, baseline, log_of(landlord.id)))

        return await run_campaign(campaign, drilling.control, drilling.baseline, one, told=told)

    with ExitStack() as stack:
        request = replace(request, log=log_of("baseline"))
        if campaign.jobs > 1:
            # what several write at once nobody can read
            nothing = stack.enter_context(Path(os.devnull).open("r+b")).fileno()
            request = replace(request, stdin=nothing, stdout=nothing, stderr=nothing)
        return asyncio.run(all_of_it(Drilling(request)))


class Drilling:
    """Drills of one command: what does not change from one to the next is found out once.

    Parameters
    ----------
    request
        What is asked; what it cuts is left out of account by :meth:`without`.
    """

    def __init__(self, request: DrillRequest) -> None:
        if request.backend == "air-gap" and request.said and not request.air_gap:
            raise UsageError("--backend air-gap cuts everything. Say so with --air-gap, or choose another way to cut.")
        self._request = request
        self.attribution = Attribution(
            request.stack, request.catalogue, strict=request.strict, stake=request.stake, networks=request.networks,
            places=request.places,
        )  # fmt: skip
        self._choice = choose(request.backend)
        self._stdin_at = 0
        with suppress(OSError):
            self._stdin_at = os.lseek(_or(request.stdin, 0), 0, os.SEEK_CUR)

    @property
    def control(self) -> Control:
        """Facts of the stack and the catalogue."""
        return self.attribution.control

    @cached_property
    def revision(self) -> str:
        """Revision of the working tree, as it was when the first drill began."""
        return revision_of(self._request.folder)

    async def watch(self) -> Drill:
        """Run the command with nothing cut, only to see who is contacted."""
        request = replace(self._request, cutoff=None, hosts=None, air_gap=False, said="", unpredicted="")
        seen = await self.baseline()
        return self._drill(request, None, seen, Verdict("void", (say("drill.nothing_cut"),)), None, "")

    async def baseline(self) -> Run:
        """Run the command with nothing cut; of several such runs, one that did not pass counts, else the slowest."""
        self._request.told(say("drill.starting_baseline"))
        found: list[Run] = []
        for _ in range(self._request.repeat):
            found.append(await self._run(self._request, "baseline", CutNothing(), GONE))
            if not found[-1].passed or found[-1].interrupted:
                break
        return _counts(found)

    async def without(self, rules: Sequence[Rule], said: str, baseline: Run, log: Path | None = None) -> Drill:
        """Drill the command without what some rules cut, and nothing else.

        Parameters
        ----------
        rules
            What is cut.
        said
            The same in words.
        baseline
            The run with nothing cut.
        log
            Where the command's output is written besides.
        """
        cutoff = Cutoff(tuple(rules), said, stake=self._request.stake)
        request = replace(self._request, cutoff=cutoff, hosts=None, air_gap=False, said=said, log=log)
        return await self.under(request, baseline)

    async def under(self, request: DrillRequest, baseline: Run | None) -> Drill:
        """Predict, run the command under the cut, judge and compare."""
        cutting = self._cutting(request)
        prediction, unpredicted = self._predicted(request)
        if baseline is not None and baseline.interrupted:
            verdict = Verdict("void", (say("drill_verdict.void_interrupted"),))
            return self._drill(request, None, baseline, verdict, prediction, unpredicted)
        request.told(say("drill.starting_cut", what=request.said))
        found = await self._run(request, "cut", cutting, request.shape, baseline)
        found = replace(found, notes=(*cutting.notes, *found.notes))
        selectors = selectors_of(
            cut_data(request.cutoff, request.hosts.hosts if request.hosts else (), air_gap=request.air_gap)
        )
        verdict = judge(baseline, found, cutting=cutting, selectors=selectors, shape=request.shape.name)
        if prediction is not None:
            prediction = compared(prediction, verdict)
        return self._drill(request, baseline, found, verdict, prediction, unpredicted)

    async def service(self, plan: ServicePlan) -> Drill:
        """Watch a service before, under and after the cut.

        Parameters
        ----------
        plan
            The service, its probe, and how long it is watched.
        """
        request = self._request
        cutting = self._cutting(request)
        prediction, unpredicted = self._predicted(request)
        request.told(say("drill.starting_service", what=request.said))
        seen = await drill_service(self._choice.backend, cutting, request.shape, plan, output=request.stdout)
        found = replace(run_of(seen, self.attribution.attribute), notes=(*self._fell_back, *cutting.notes))
        verdict = verdict_of(seen)
        if prediction is not None:
            prediction = compared(prediction, verdict)
        return replace(
            self._drill(request, None, found, verdict, prediction, unpredicted), service=service_of(seen), tags=("service",)
        )

    def _cutting(self, request: DrillRequest) -> RuleCutting:
        return RuleCutting(
            self.attribution, request.cutoff, hosts=request.hosts, air_gap=request.air_gap, strict=request.strict
        )

    def _predicted(self, request: DrillRequest) -> tuple[Prediction | None, str]:
        if request.unpredicted:
            return None, request.unpredicted
        return predict(
            self.attribution, request.cutoff, request.hosts, air_gap=request.air_gap, item=request.item, strict=request.strict,
            cold=request.cold,
        )  # fmt: skip

    def _drill(
        self, request: DrillRequest, baseline: Run | None, found: Run, verdict: Verdict, prediction: Prediction | None,
        unpredicted: str,
    ) -> Drill:  # fmt: skip
        until = request.now() + timedelta(days=VALID_DAYS)
        return Drill(
            command=request.command, folder=request.folder.name, digest=command_digest(request.command, self.revision),
            revision=self.revision, cut=self._cut(request), said=request.said, shape=str(request.shape),
            backend=found.backend, version=__version__, catalogue=request.catalogue.edition, baseline=baseline, run=found,
            verdict=verdict, prediction=prediction, unpredicted=unpredicted, valid_until=until.date().isoformat(),
        )  # fmt: skip

    def _cut(self, request: DrillRequest) -> dict[str, Any]:
        return cut_data(request.cutoff, request.hosts.hosts if request.hosts else (), air_gap=request.air_gap)

    async def _run(
        self, request: DrillRequest, kind: Literal["baseline", "cut"], cutting: Cutting, shape: Shape, known: Run | None = None
    ) -> Run:
        """Run the command once.

        Parameters
        ----------
        request
            How it is run.
        kind
            Which run it is.
        cutting, shape
            What is cut, and how.
        known
            The run with nothing cut, whose steps a failure leaves out.
        """
        plan = RunPlan(
            kind, request.command, str(request.folder), request.environment, request.timeout, request.steps,
            tuple(step.name for step in known.steps) if known is not None else (), request.cold, log=request.log,
            count=_may_be_read(request), apart=not same_place(1, 2), stdin=request.stdin, stdout=request.stdout,
            stderr=request.stderr,
        )  # fmt: skip
        self._rewind(request.stdin)
        if request.log is not None:
            _head(request.log, say(f"drill.log_{kind}", command=shlex.join(request.command), what=request.said))
        found = await run(self._choice.backend, cutting, shape, plan, attribute=self.attribution.attribute, now=request.now)
        return replace(found, notes=(*self._fell_back, *found.notes))

    @property
    def _fell_back(self) -> tuple[str, ...]:
        """Why it is not cut in the best way, if it is not."""
        reason = self._choice.reason
        return (say("drill.fell_back", backend=self._choice.backend.name, reason=reason),) if reason else ()

    def _rewind(self, stdin: int | None) -> None:
        """Let the next run read a file at standard input from where the first one did; what is no file can be read once."""
        with suppress(OSError):
            if stat.S_ISREG(os.fstat(_or(stdin, 0)).st_mode):
                os.lseek(_or(stdin, 0), self._stdin_at, os.SEEK_SET)


def _counts(runs: Sequence[Run]) -> Run:
    """The run that counts, with a note on the others."""
    if len(runs) == 1:
        return runs[0]
    if not runs[-1].passed:
        return replace(runs[-1], notes=(*runs[-1].notes, say("drill.repeated_failed", count=len(runs))))
    times = [run.seconds for run in runs]
    slowest = runs[times.index(max(times))]
    note = say("drill.repeated", count=len(runs), low=f"{min(times):.1f}", high=f"{max(times):.1f}")
    return replace(slowest, notes=(*slowest.notes, note))


def _may_be_read(request: DrillRequest) -> bool:
    """Whether the command loses nothing if its output is counted on its way: what goes to a terminal goes there straight."""
    return not any(os.isatty(one) for one in (_or(request.stdout, 1), _or(request.stderr, 2)))


def _head(log: Path, text: str) -> None:
    """Write into a log which run follows.

    Raises
    ------
    freehold.errors.DrillError
        If it cannot be written.
    """
    try:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")
    except OSError as error:
        raise DrillError(f"{log}: the output cannot be kept there ({error.strerror}). Give another file by --log.") from None


def _or(given: int | None, default: int) -> int:
    return default if given is None else given
