"""One act of a run: its gates, the act itself, what an interruption left, and its undoing. Owns that it is done once.

Before an act: its reach, what must be preserved, and the people it needs. It is written down, with what its undo needs,
before it is begun; after an interruption its probe says whether it was done.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from freehold.errors import BadPlaybook, FreeholdError, RespondError
from freehold.respond.actions.interface import Action, ActionFailed, Call, Outcome, parameters_of
from freehold.respond.actions.registry import MANUAL
from freehold.respond.approval_requests import ApprovalRequests, Request
from freehold.respond.approvals import Matrix, Need
from freehold.respond.expressions import evaluate
from freehold.respond.incidents import Incidents
from freehold.respond.playbook import REACHES, Playbook, Step, digest_of_playbook
from freehold.respond.playbook import Action as ActionStep
from freehold.respond.roles import MACHINE
from freehold.respond.run_journal import Run, RunJournal, StepRecord
from freehold.respond.run_scope import seen, substituted
from freehold.watch.event import Json

__all__ = ["Acting", "Halted", "StepFailed", "Waits", "Walk"]

_PROBES: Final = 3
_BETWEEN_PROBES: Final = 0.2
_UNCERTAIN: Final = "uncertain"
"""In the result of a step that failed: nobody knows whether it has changed something."""
_PASSED: Final = frozenset({"done", "undoing", "undone", "kept"})


class Waits(Exception):
    """For people; the text says for what."""


class Halted(Exception):
    """A person has ended the run, or has it taken back."""


class StepFailed(Exception):
    """A step has failed; the text says why."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Where a run is.

    Parameters
    ----------
    run
        The run.
    playbook, steps
        The playbook that is gone through: its own, or one that it runs; and its steps by id.
    outer
        The playbooks that stand around it, the outermost first.
    """

    run: Run
    playbook: Playbook
    steps: Mapping[str, Step]
    outer: tuple[Playbook, ...] = ()

    @property
    def playbooks(self) -> tuple[Playbook, ...]:
        """It, and those around it."""
        return (*self.outer, self.playbook)


class Acting:
    """Does the action steps of runs.

    Parameters
    ----------
    incidents
        The store.
    actions
        By name.
    matrix
        How many people each act needs.
    sleep, passing
        As of :class:`freehold.respond.runner.Runner`.
    """

    def __init__(
        self, incidents: Incidents, actions: Mapping[str, Action], matrix: Matrix, sleep: Callable[[float], Awaitable[None]],
        passing: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.incidents, self.actions, self.matrix = incidents, actions, matrix
        self.journal = RunJournal(incidents)
        self.requests = ApprovalRequests(incidents, matrix.approval_seconds)
        self._sleep, self._passing = sleep, passing
        self._clock = incidents.database.clock

    async def act(self, walk: Walk, step: ActionStep, path: str, variables: dict[str, Json]) -> None:
        """Do a step, unless the journal says that it was done; what it sets is put into the variables.

        Raises
        ------
        Waits
            If it waits for people.
        StepFailed
            If it has failed, now or before.
        """
        record = self.journal.step(walk.run.id, path)
        if record is not None and record.state == "failed":
            raise StepFailed(record.text)
        if record is None or record.state == "begun":
            try:
                values = substituted(step.with_, variables)
                if step.action == MANUAL:
                    record = self._by_hand(walk, step, path, values)
                else:
                    record = await self._by_machine(walk, step, path, values, variables, record)
            except (Waits, StepFailed):
                raise
            except FreeholdError as error:
                record = self._failed(walk.run, path, step, str(error))
            if record.state == "failed":
                raise StepFailed(record.text)
        assert record.state in _PASSED
        told = record.result if isinstance(record.result, dict) else {}
        changed = told.get("set")
        variables.update(changed if isinstance(changed, dict) else {})

    def _failed(self, run: Run, path: str, step: ActionStep, text: str, *, uncertain: bool = False) -> StepRecord:
        with self.incidents.database.writing():
            if self.journal.step(run.id, path) is None:
                self.journal.begin(run, path, step.id)
            record = self.journal.end(run, path, "failed", text, {_UNCERTAIN: True} if uncertain else None)
        self._passing(f"{path} failed")
        return record

    def _by_hand(self, walk: Walk, step: ActionStep, path: str, values: Mapping[str, Json]) -> StepRecord:
        text = str(values.get("text", step.name or step.id))
        request = self.requests.ask(walk.run.incident, walk.run.id, path, MANUAL, values, Need(1, because=text), "done")
        if request.settled == "refused":
            return self._failed(walk.run, path, step, f"{request.id} was refused: {text}")
        if request.settled != "done":
            raise Waits(f"{request.id}: a person is to do this, and say so: {text}")
        with self.incidents.database.writing():
            if self.journal.step(walk.run.id, path) is None:
                self.journal.begin(walk.run, path, step.id, action=MANUAL, parameters=values)
            return self.journal.end(walk.run, path, "done", f"done by hand: {text}")

    async def _by_machine(
        self, walk: Walk, step: ActionStep, path: str, values: Mapping[str, Json], variables: Mapping[str, Json],
        record: StepRecord | None,
    ) -> StepRecord:  # fmt: skip
        action = self.actions[step.action]
        run = walk.run
        key = hashlib.sha256(f"{self.incidents.database.id}/{run.id}/{path}".encode()).hexdigest()[:40]
        parameters = parameters_of(action, record.parameters if record is not None else values)
        call = Call(parameters, key, run.incident, f"{run.id} ({run.playbook}), {step.id}", f"incident {run.incident}")
        seconds = step.timeout or action.seconds
        if record is None:
            request, review = self._gate(walk, step, path, action, call, values)
            before = await self._ready(action, call, seconds)
            self._passing(f"{path} begins")
            with self.incidents.database.writing():
                record = self.journal.begin(run, path, step.id, action=action.name, key=key, parameters=values, before=before)
                if request is not None:
                    self.requests.settle(request.id, "granted")
                    if review:
                        self.incidents.owe(run.incident, f"{action.name} ({request.id}): {review}", request.people[0][0])
            self._passing(f"{path} begun")
        else:
            done = await self._after_interruption(walk, step, path, action, call, record)
            if done:
                return self._done(walk, step, path, action, Outcome("it was done before the interruption"), variables)
        return await self._try(walk, step, path, action, call, record, seconds, variables)

    def _gate(
        self, walk: Walk, step: ActionStep, path: str, action: Action, call: Call, values: Mapping[str, Json]
    ) -> tuple[Request | None, str]:
        """See that an act may be done now; the request that allows it, if it needed one, and why it is to be reviewed."""
        incident = self.incidents.get(walk.run.incident)
        if not incident.is_open:
            raise Waits(f"{incident.id} is '{incident.state}' by now")
        reach = action.reach(call.parameters)
        narrowest = min(walk.playbooks, key=lambda one: REACHES.index(one.reach))
        if REACHES.index(reach) > REACHES.index(narrowest.reach):
            raise RespondError(
                f"'{step.id}' would reach {reach}, and the playbook '{narrowest.id}' may reach {narrowest.reach}. "
                f'Say reach = "{reach}" in it, if that is meant.'
            )
        if action.changes and not incident.preserved:
            raise Waits(
                f"nothing was preserved in {incident.id} before '{step.id}' changes something. Begin with a preserve step, "
                f"or let a person waive it: freehold respond STATE waive {incident.id} --by NAME --because TEXT"
            )
        need = self.matrix.need_of(action.name, reach, incident.level_low, incident.level_high)
        if action.changes and walk.run.by == MACHINE:
            for one in walk.playbooks:
                need = self.matrix.drilled(need, self.journal.last_drill(one.id, digest_of_playbook(one)), self._clock())
        if not need.people:
            return None, ""
        request = self.requests.ask(walk.run.incident, walk.run.id, path, action.name, values, need, "approve")
        standing = self.requests.standing(request, need)
        if standing == "refused":
            raise RespondError(f"{request.id} was refused: {action.name}.")
        if standing == "waiting":
            missing = need.people - len(request.people)
            raise Waits(f"{request.id}: {action.name} needs {missing} more to approve ({need.because})")
        broken = any(request.id in duty.what for duty in self.incidents.duties(walk.run.incident))
        return request, need.because if need.review and request.people and not broken else ""

    async def _ready(self, action: Action, call: Call, seconds: float) -> Mapping[str, Json]:
        try:
            async with asyncio.timeout(seconds):
                await action.precondition(call)
        except TimeoutError:
            raise ActionFailed(f"whether {action.name} can be done was not known after {seconds:g} s.") from None
        try:
            async with asyncio.timeout(seconds):
                return await action.before(call)
        except (TimeoutError, ActionFailed) as error:
            if not action.undone_alone:
                return {}  # what makes safer does not wait until it is known how things stood
            raise ActionFailed(str(error) or f"how things stand was not known after {seconds:g} s.") from None

    async def _after_interruption(
        self, walk: Walk, step: ActionStep, path: str, action: Action, call: Call, record: StepRecord
    ) -> bool:
        """Whether a step that was begun was done; raises ``Waits`` where only a person can tell."""
        done = await self._probe(action, call, record.before)
        if done is not None or action.repeatable:
            return done is True
        request = self.requests.ask(
            walk.run.incident, walk.run.id, path, action.name, record.parameters, Need(1, because="interrupted"), "doubt"
        )
        if request.settled == "refused":
            raise RespondError(f"{request.id} was refused: {step.id}.")
        if not request.settled:
            raise Waits(f"{request.id}: it is not known whether {action.name} was done before the interruption. Look, and say")
        return request.settled == "done"

    async def _probe(self, action: Action, call: Call, before: Mapping[str, Json]) -> bool | None:
        try:
            async with asyncio.timeout(action.seconds):
                return await action.probe(call, before)
        except (TimeoutError, FreeholdError):
            return None

    async def _try(
        self, walk: Walk, step: ActionStep, path: str, action: Action, call: Call, record: StepRecord, seconds: float,
        variables: Mapping[str, Json],
    ) -> StepRecord:  # fmt: skip
        problem = ""
        outcome = Outcome("")
        try:
            async with asyncio.timeout(seconds):
                outcome = await action.act(call)
        except TimeoutError:
            problem = f"{action.name} was not done after {seconds:g} s"
        except FreeholdError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001  one action's defect must not end the response
            problem = f"{action.name} broke: {type(error).__name__}: {error}"
        self._passing(f"{path} acted")
        for number in range(_PROBES):
            worked = await self._probe(action, call, record.before)
            if worked is not False or problem:
                break
            if number < _PROBES - 1:
                await self._sleep(_BETWEEN_PROBES)
        if problem and worked is not True:
            return self._failed(walk.run, path, step, problem, uncertain=worked is None)
        if worked is False:
            text = f"{action.name} was done, and its probe does not see it"
            return self._failed(walk.run, path, step, text, uncertain=True)
        if problem:
            outcome = Outcome(f"done, though: {problem}")
        return self._done(walk, step, path, action, outcome, variables)

    def _done(
        self, walk: Walk, step: ActionStep, path: str, action: Action, outcome: Outcome, variables: Mapping[str, Json]
    ) -> StepRecord:
        facts: dict[str, Json] = dict(outcome.facts)
        try:
            scope = {**seen(self.incidents.get(walk.run.incident), variables), "result": facts}
            changed = {name: evaluate(text, scope) for name, text in step.set.items()}
        except BadPlaybook as error:
            return self._failed(walk.run, path, step, f"'{step.id}', set: {error}")
        with self.incidents.database.writing():
            result: dict[str, Json] = {"facts": facts, "set": dict(changed)}
            record = self.journal.end(walk.run, path, "done", outcome.text, result, changes=action.changes)
            if action.name == "preserve":
                self.incidents.mark_preserved(walk.run.incident, MACHINE, outcome.text, facts)
        self._passing(f"{path} done")
        return record

    async def undo_steps(self, run: Run, *, everything: bool) -> list[str]:
        """Take back what a run has done, the last first.

        Parameters
        ----------
        run
            The run.
        everything
            Whether also what only a person may have taken back.

        Returns
        -------
        list of str
            Ids of steps that could not be.
        """
        kept: list[str] = []
        for record in reversed(self.journal.steps(run.id)):
            action = self.actions.get(record.action)
            if action is None or not action.changes or not _may_have_changed(record):
                continue
            if not (everything or action.undone_alone):
                continue
            if not await self._undo_step(run, record, action):
                kept.append(record.step)
        return kept

    async def _undo_step(self, run: Run, record: StepRecord, action: Action) -> bool:
        call = Call(
            parameters_of(action, record.parameters), record.key, run.incident, f"{run.id} ({run.playbook}), undo", run.because
        )
        self._passing(f"{record.path} is undone")
        self.journal.end(run, record.path, "undoing", record.text, quiet=True)
        try:
            async with asyncio.timeout(action.seconds):
                outcome = await action.undo(call, record.before)
        except TimeoutError:
            self.journal.end(run, record.path, "kept", f"not taken back after {action.seconds:g} s")
            return False
        except FreeholdError as error:
            self.journal.end(run, record.path, "kept", f"not taken back: {error}")
            return False
        self._passing(f"{record.path} was undone")
        self.journal.end(run, record.path, "undone", outcome.text, changes=True)
        return True


def _may_have_changed(record: StepRecord) -> bool:
    if record.state == "failed":
        return isinstance(record.result, dict) and bool(record.result.get(_UNCERTAIN))
    return record.state in ("done", "undoing", "kept")
