"""The runner: goes through a playbook's steps, and survives being killed anywhere. Owns the order in which a step is done.

A run is gone through from its beginning each time it is driven. What the journal has is not done again: decisions are
taken from it, finished steps are passed by, and a step that was begun is asked, by its probe, whether it was done. So a run
that waits for people, or whose process died, goes on where it stood, and each act is done once.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from freehold.errors import BadPlaybook, FreeholdError, NotAllowed, RespondError
from freehold.respond.acting import Acting, Halted, StepFailed, Waits, Walk
from freehold.respond.actions.interface import Action, Call, parameters_of
from freehold.respond.actions.registry import ACTIONS, MANUAL
from freehold.respond.approvals import Matrix, default_matrix
from freehold.respond.expressions import evaluate
from freehold.respond.incident import Incident
from freehold.respond.incidents import Incidents
from freehold.respond.playbook import Action as ActionStep
from freehold.respond.playbook import (
    End,
    If,
    Parallel,
    Playbook,
    Start,
    Step,
    Switch,
    While,
    digest_of_playbook,
)
from freehold.respond.playbook import Run as RunStep
from freehold.respond.playbook_checks import check_library, check_playbook
from freehold.respond.roles import MACHINE
from freehold.respond.run_journal import RUN_HALTING, Run
from freehold.respond.run_scope import bundle, first_variables, seen, substituted, unbundled
from freehold.watch.event import Json

__all__ = ["Runner"]

_AT_ONCE: Final = 8
"""Branches of one parallel step that are at work at the same time."""
_DEEPEST: Final = 8
_FAILING: Final = "failing"
_NAP: Final = 1.0
"""Seconds of a wait after which it is looked whether a person has ended the run."""


class Runner:
    """Runs playbooks in incidents.

    Parameters
    ----------
    incidents
        The store, which has the journal too.
    actions
        By name; see :func:`freehold.respond.actions.registry.build_actions`.
    library
        Playbooks by id, which others may run.
    matrix
        How many people each act needs.
    sleep
        How it waits.
    passing
        Told the name of each point at which an interruption is survived.
    """

    def __init__(
        self, incidents: Incidents, actions: Mapping[str, Action], library: Mapping[str, Playbook], *,
        matrix: Matrix | None = None, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        passing: Callable[[str], None] = lambda point: None,  # noqa: ARG005
    ) -> None:  # fmt: skip
        self.incidents, self.actions, self.library = incidents, actions, library
        self.matrix = matrix or default_matrix()
        self._acting = Acting(incidents, actions, self.matrix, sleep, passing)
        self.journal, self.requests = self._acting.journal, self._acting.requests
        self._sleep, self._passing = sleep, passing
        self._clock = incidents.database.clock
        self._bundles: dict[str, Mapping[str, Playbook]] = {}
        self._driven: set[str] = set()

    # ------------------------------------------------------------ beginning

    def proposed(self, incident: Incident) -> tuple[Playbook, ...]:
        """Playbooks whose ``when`` holds for an incident, in the order of their ids."""
        found = []
        for _, playbook in sorted(self.library.items()):
            try:
                if playbook.when and evaluate(playbook.when, seen(incident, {})) is True:
                    found.append(playbook)
            except BadPlaybook:
                continue  # an incident without the label that it asks for is another kind of incident
        return tuple(found)

    def start(
        self,
        incident: str,
        playbook: Playbook,
        *,
        by: str = MACHINE,
        variables: Mapping[str, Json] | None = None,
        token: str = "",
    ) -> Run:
        """Begin a run; :meth:`drive` does its steps.

        Parameters
        ----------
        incident
            The incident.
        playbook
            What is to be done.
        by
            The person who starts it; the machine by default.
        variables
            Values for its variables.
        token
            Given again, it gives the run that was begun with it.

        Raises
        ------
        freehold.errors.BadPlaybook
            If the playbook, or one that it runs, is not sound.
        freehold.errors.NotAllowed
            If the incident has ended, or the person may not act.
        freehold.errors.RespondError
            If a variable has no value.
        """
        found = self.incidents.get(incident)
        if not found.is_open:
            raise NotAllowed(
                f"{found.id} is '{found.state}', and nothing is run in it. If it fires anew, a successor is opened."
            )
        name, role = (MACHINE, MACHINE) if by == MACHINE else self.incidents.acting(found, by)
        text = bundle(playbook, self.library)
        whole = unbundled(text)
        check_library(whole)
        for one in whole.values():
            check_playbook(one, ACTIONS)
        values = first_variables(playbook, variables or {}, dict(found.labels))
        digest = digest_of_playbook(playbook)
        return self.journal.start(found.id, playbook.id, text, digest, values, name, role, token or uuid.uuid4().hex)

    # ------------------------------------------------------------ driving

    async def drive_all(self) -> tuple[Run, ...]:
        """Drive every run that has not ended, all at the same time."""
        return tuple(await asyncio.gather(*(self.drive(run.id) for run in self.journal.all(unfinished=True))))

    async def drive(self, id_: str) -> Run:
        """Do what can be done of a run now: until it has ended, or waits for people.

        Only one process may drive a store's runs at a time: see :class:`freehold.respond.driving_lock.DrivingLock`. A run
        that is being driven already is left to who does.
        """
        run = self.journal.get(id_)
        if run.ended is not None or run.id in self._driven:
            return run
        self._driven.add(run.id)
        try:
            return await self._drive(run)
        finally:
            self._driven.discard(run.id)

    async def _drive(self, run: Run) -> Run:
        if run.state in RUN_HALTING:
            return await self._halt(run)
        playbook = self._playbooks(run)[run.playbook]
        if run.state == _FAILING:
            return await self._fail(run, playbook, run.because)
        incident = self.incidents.get(run.incident)
        if not incident.is_open:
            return self._ended(run, "failed", f"{incident.id} is '{incident.state}': what was done stays as it is")
        walk = Walk(run, playbook, playbook.steps())
        start = next(step.id for step in playbook.step if isinstance(step, Start))
        try:
            await self._sequence(walk, start, "main", "", dict(run.variables))
        except Halted:
            return await self._halt(self.journal.get(run.id))
        except Waits as wait:
            now = self.journal.get(run.id)
            return await self._halt(now) if now.state in RUN_HALTING else self.journal.set_state(run, "waiting", str(wait))
        except StepFailed as failure:
            return await self._fail(run, playbook, str(failure))
        return self._ended(run, "done", "")

    def _playbooks(self, run: Run) -> Mapping[str, Playbook]:
        if run.id not in self._bundles:
            self._bundles[run.id] = unbundled(run.text)
        return self._bundles[run.id]

    def _ended(self, run: Run, state: str, because: str) -> Run:
        self._bundles.pop(run.id, None)
        with self.incidents.database.writing():
            for request in self.requests.waiting(run.incident):
                if request.run == run.id:
                    self.requests.settle(request.id, "ended")
            return self.journal.set_state(run, state, because)

    async def _sequence(self, walk: Walk, first: str, prefix: str, stop: str, variables: dict[str, Json]) -> None:
        """Go from a step to the next until an end, the end of what can be gone to, or back at the loop that it stands in."""
        id_ = first
        while id_ and id_ != stop:
            step = walk.steps[id_]
            path = f"{prefix}/{step.id}"
            self._heed(walk.run)
            await self._delay(walk, step, path)
            if isinstance(step, End):
                return
            try:
                await self._step(walk, step, path, variables)
                id_ = step.next
            except StepFailed:
                if step.on_failure:
                    id_ = step.on_failure
                elif isinstance(step, ActionStep) and step.may_fail:
                    id_ = step.next
                else:
                    raise

    def _heed(self, run: Run) -> None:
        """Go no further if a person has said so."""
        if self.journal.get(run.id).state in RUN_HALTING:
            raise Halted

    async def _step(self, walk: Walk, step: Step, path: str, variables: dict[str, Json]) -> None:
        if isinstance(step, ActionStep):
            await self._acting.act(walk, step, path, variables)
        elif isinstance(step, If):
            value = self._decide(walk, path, step.id, step.condition, variables)
            if branch := step.then if value is True else step.otherwise:
                await self._sequence(walk, branch, f"{path}>{'then' if value is True else 'otherwise'}", "", variables)
        elif isinstance(step, Switch):
            value = self._decide(walk, path, step.id, step.switch, variables)
            case = str(value).lower() if isinstance(value, bool) else str(value)
            case = case if case in step.cases else "default"
            if case in step.cases:
                await self._sequence(walk, step.cases[case], f"{path}>{case}", "", variables)
        elif isinstance(step, While):
            await self._rounds(walk, step, path, variables)
        elif isinstance(step, Parallel):
            await self._branches(walk, step, path, variables)
        elif isinstance(step, RunStep):
            await self._nested(walk, step, path, variables)

    async def _rounds(self, walk: Walk, step: While, path: str, variables: dict[str, Json]) -> None:
        for number in range(step.most + 1):
            if self._decide(walk, f"{path}[{number}]", step.id, step.condition, variables) is not True:
                return
            if number == step.most:
                raise StepFailed(f"'{step.id}' has gone round {step.most} times, and its condition holds still")
            await self._sequence(walk, step.do, f"{path}[{number}]", step.id, variables)

    async def _branches(self, walk: Walk, step: Parallel, path: str, variables: dict[str, Json]) -> None:
        gate = asyncio.Semaphore(_AT_ONCE)
        copies = [dict(variables) for _ in step.branches]

        async def go(number: int) -> None:
            async with gate:
                await self._sequence(walk, step.branches[number], f"{path}>{number}", "", copies[number])

        results = await asyncio.gather(*(go(number) for number in range(len(step.branches))), return_exceptions=True)
        for kind in (Halted, StepFailed, Waits):
            texts = [str(result) for result in results if isinstance(result, kind)]
            if texts:
                raise kind("; ".join(texts))
        for result in results:
            if isinstance(result, BaseException):
                raise result
        before = dict(variables)
        for copy in copies:
            variables.update({name: value for name, value in copy.items() if value != before.get(name)})

    async def _nested(self, walk: Walk, step: RunStep, path: str, variables: dict[str, Json]) -> None:
        if len(walk.outer) >= _DEEPEST:
            raise StepFailed(f"playbooks run each other more than {_DEEPEST} deep")
        playbook = self._playbooks(walk.run)[step.playbook]
        incident = self.incidents.get(walk.run.incident)
        try:
            values = first_variables(playbook, substituted(step.with_, variables), dict(incident.labels))
        except RespondError as error:
            raise StepFailed(str(error)) from None
        inner = replace(walk, playbook=playbook, steps=playbook.steps(), outer=walk.playbooks)
        start = next(one.id for one in playbook.step if isinstance(one, Start))
        await self._sequence(inner, start, f"{path}>{playbook.id}", "", values)

    def _decide(self, walk: Walk, path: str, step: str, text: str, variables: Mapping[str, Json]) -> Json:
        """The value of an expression; once decided, it stays so for this run."""
        record = self.journal.step(walk.run.id, path)
        if record is not None and record.state == "done":
            return record.result
        try:
            value = evaluate(text, seen(self.incidents.get(walk.run.incident), variables))
        except BadPlaybook as error:
            raise StepFailed(f"'{step}': {error}") from None
        self._passing(f"{path} decides")
        with self.incidents.database.writing():
            if record is None:
                self.journal.begin(walk.run, path, step)
            self.journal.end(walk.run, path, "done", f"{text}: {value}", value, quiet=True)
        self._passing(f"{path} decided")
        return value

    async def _delay(self, walk: Walk, step: Step, path: str) -> None:
        """Wait until a moment that is kept, so that an interruption does not begin the wait anew."""
        if not step.delay:
            return
        record = self.journal.step(walk.run.id, f"{path}@")
        if record is None:
            with self.incidents.database.writing():
                record = self.journal.begin(walk.run, f"{path}@", step.id)
                until = self._clock() + step.delay
                record = self.journal.end(walk.run, f"{path}@", "begun", f"waits {step.delay:g} s", until, quiet=True)
        self._passing(f"{path} waits")
        if record.state == "begun":
            assert isinstance(record.result, int | float)
            # a wall clock that went back does not make the wait longer than it is; a person is heard in the middle of it
            left = min(step.delay, max(0.0, record.result - self._clock()))
            while left > 0:
                await self._sleep(min(left, _NAP))
                left -= _NAP
                self._heed(walk.run)
            self.journal.end(walk.run, f"{path}@", "done", record.text, quiet=True)
            self._passing(f"{path} has waited")

    # ------------------------------------------------------------ taking back

    async def _fail(self, run: Run, playbook: Playbook, because: str) -> Run:
        if playbook.on_failure == "undo":
            # said before the first step is taken back: an interruption goes on from here, and not through the steps again
            run = self.journal.set_state(run, _FAILING, because)
            await self._acting.undo_steps(run, everything=False)
        return self._ended(run, "failed", because)

    def end_run(self, id_: str, by: str, why: str, *, undo: bool) -> Run:
        """Say, for a person, that a run goes no further; who drives it, :meth:`drive`, acts on that before its next step.

        Parameters
        ----------
        id_
            The run.
        by, why
            Who, and why.
        undo
            Whether what it has done is taken back too, the last first; that can be said of a run that has ended as well.

        Raises
        ------
        freehold.errors.NotAllowed
            If the person may not act or gives no reason, or it has ended and is not to be taken back.
        """
        run = self.journal.get(id_)
        with self.incidents.database.writing():
            by, role = self.incidents.acting(self.incidents.get(run.incident), by)
            if not why.strip():
                raise NotAllowed("ending a run needs a reason. Add one: --because TEXT")
            if run.ended is not None and (not undo or run.state == "undone"):
                raise NotAllowed(f"{run.id} has ended already: {run.state}.")
            verb = "undo" if undo else "halt"
            self.incidents.database.tell(run.incident, verb, by, role, why, {"run": run.id})
            return self.journal.set_state(run, "undoing" if undo else "halting", why)

    async def _halt(self, run: Run) -> Run:
        if run.state == "undoing":
            return await self._take_back(run)
        return self._ended(run, "halted", run.because)

    async def _take_back(self, run: Run) -> Run:
        kept = await self._acting.undo_steps(run, everything=True)
        return self._ended(run, "undone", f"not taken back: {', '.join(kept)}" if kept else run.because)

    # ------------------------------------------------------------ dry run

    async def rehearse(self, incident: str, playbook: Playbook, variables: Mapping[str, Json] | None = None) -> tuple[str, ...]:
        """Say what a run would do now, step by step; change nothing.

        Every step is told, whichever way its conditions would lead.

        Raises
        ------
        freehold.errors.RespondError
            As :meth:`start`.
        """
        found = self.incidents.get(incident)
        check_playbook(playbook, ACTIONS)
        values = first_variables(playbook, variables or {}, dict(found.labels))
        lines = []
        for step in playbook.step:
            if not isinstance(step, ActionStep):
                continue
            given: dict[str, Any] = substituted(step.with_, values)
            if step.action == MANUAL:
                lines.append(f"{step.id}: a person would be asked to: {given.get('text', '')}")
                continue
            action = self.actions[step.action]
            try:
                parameters = parameters_of(action, given)
                call = Call(parameters, "dry-run", found.id, "a dry run")
                told = await action.rehearse(call)
                reach = action.reach(parameters)
                need = self.matrix.need_of(action.name, reach, found.level_low, found.level_high)
                people = ("nobody needs to approve", "one person must approve", "two people must approve")[need.people]
                lines.append(f"{step.id}: {told} (reach: {reach}; {people})")
            except FreeholdError as error:
                lines.append(f"{step.id}: cannot be done now: {error}")
        return tuple(lines)
