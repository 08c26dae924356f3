"""Whether a playbook is sound, before anything runs. Owns what is refused: circles, steps that are not there, no end.

A circle is refused wherever it lies; the one way round is a ``while`` step, whose number of rounds is bounded. All that is
wrong is said at once, each with its place and its mend.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

from freehold.errors import BadPlaybook
from freehold.respond.expressions import check_expression
from freehold.respond.playbook import Action, End, If, Parallel, Playbook, Run, Start, Step, Switch, While, edges
from freehold.stack.cells import nearest

__all__ = ["CONTEXT", "REFERENCE", "check_library", "check_playbook", "problems_of"]

CONTEXT: Final = frozenset({"incident", "labels", "vars"})
"""Names that every expression sees beside the playbook's variables."""

REFERENCE: Final = re.compile(r"\$\{([^{}]*)\}")
"""How a parameter names a variable."""

_MOST_BRANCHES: Final = 32


def check_playbook(playbook: Playbook, actions: Collection[str], place: str = "") -> None:
    """See that a playbook is sound.

    Parameters
    ----------
    playbook
        The playbook.
    actions
        Names of the actions that there are.
    place
        The file, for messages.

    Raises
    ------
    freehold.errors.BadPlaybook
        With all that is wrong.
    """
    problems = tuple(problems_of(playbook, actions))
    if problems:
        count = f"{len(problems)} errors" if len(problems) > 1 else "1 error"
        raise BadPlaybook("\n  ".join([f"{count} in the playbook '{playbook.id}'{f' ({place})' if place else ''}:", *problems]))


def problems_of(playbook: Playbook, actions: Collection[str]) -> Iterator[str]:
    """Everything that is wrong in a playbook by itself."""
    steps = playbook.steps()
    seen: set[str] = set()
    for step in playbook.step:
        if step.id in seen:
            yield f"step '{step.id}': the id is there twice. Give each step one of its own."
        seen.add(step.id)
    starts = [step for step in playbook.step if isinstance(step, Start)]
    if len(starts) != 1:
        yield f'there are {len(starts)} start steps. Write exactly one: type = "start".'
    if not any(isinstance(step, End) for step in playbook.step):
        yield 'there is no end step. Add one: type = "end".'
    broken = False
    for step in playbook.step:
        for name, target in edges(step):
            if target not in steps:
                broken = True
                near = nearest(target, tuple(steps))
                yield f"step '{step.id}', {name}: no step is called '{target}'. {_mean(near)}"
        yield from _leads_on(step)
        yield from _says(step, playbook, actions)
    if playbook.when:
        yield from _expression("when", playbook.when, CONTEXT)
    if len(starts) == 1 and not broken:
        yield from _shape(playbook, steps, starts[0].id)


def _mean(near: Collection[str]) -> str:
    return f"Did you mean '{next(iter(near))}'?" if near else "Add it, or lead elsewhere."


def _leads_on(step: Step) -> Iterator[str]:
    if isinstance(step, End):
        if any(edges(step)):
            yield f"step '{step.id}': an end leads nowhere. Take its next away, or make it an action."
        return
    if isinstance(step, If | Switch | Parallel):
        return
    if not step.next:
        yield f"step '{step.id}': it leads nowhere. Say what comes next, if only an end step."


def _says(step: Step, playbook: Playbook, actions: Collection[str]) -> Iterator[str]:
    names = frozenset(playbook.variables) | CONTEXT
    if isinstance(step, Action):
        if step.action not in actions:
            near = nearest(step.action, tuple(actions))
            yield f"step '{step.id}', action: no action is called '{step.action}'. {_mean(near)}"
        for name in _references(step.with_):
            if name not in playbook.variables:
                near = nearest(name, tuple(playbook.variables))
                yield f"step '{step.id}', with: no variable is called '{name}'. {_mean(near)}"
        for name, text in step.set.items():
            if name not in playbook.variables or playbook.variables[name].constant:
                yield f"step '{step.id}', set: '{name}' is no variable that may change. Add [variables.{name}]."
            yield from _expression(f"step '{step.id}', set.{name}", text, names | {"result"})
    elif isinstance(step, If | While):
        yield from _expression(f"step '{step.id}', condition", step.condition, names)
    elif isinstance(step, Switch):
        yield from _expression(f"step '{step.id}', switch", step.switch, names)
        if not step.cases:
            yield f"step '{step.id}', cases: there are none. Add at least default."
    elif isinstance(step, Parallel) and not 1 <= len(step.branches) <= _MOST_BRANCHES:
        yield f"step '{step.id}', branches: {len(step.branches)} are not between 1 and {_MOST_BRANCHES}. Split it."
    elif isinstance(step, Run):
        for name in _references(step.with_):
            if name not in playbook.variables:
                yield f"step '{step.id}', with: no variable is called '{name}'. Add [variables.{name}]."


def _expression(place: str, text: str, names: frozenset[str]) -> Iterator[str]:
    try:
        check_expression(text, names)
    except BadPlaybook as error:
        yield f"{place}: {error}"


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from REFERENCE.findall(value)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _references(one)


def _shape(playbook: Playbook, steps: Mapping[str, Step], start: str) -> Iterator[str]:
    leads = {step.id: {target for _, target in edges(step)} for step in playbook.step}
    reached = _reached(leads, {start})
    for step in playbook.step:
        if step.id not in reached:
            yield f"step '{step.id}': nothing leads to it. Lead to it, or take it away."
    acyclic = {id_: set(targets) for id_, targets in leads.items()}
    for step in playbook.step:
        if not isinstance(step, While):
            continue
        body = _reached({**leads, step.id: set()}, {step.do}) - {step.id}
        back = {id_ for id_ in body if step.id in leads[id_]}
        if not back:
            continue
        others = {**leads, step.id: leads[step.id] - ({step.do} if step.do not in (step.next, step.on_failure) else set())}
        shared = sorted(body & _reached(others, {start}) - {id_ for id_ in body if isinstance(steps[id_], End)})
        if shared:
            yield (
                f"step '{shared[0]}': it belongs to the rounds of '{step.id}' and is also reached from outside them. "
                "Let the rounds have steps of their own."
            )
            continue
        for id_ in back:
            acyclic[id_].discard(step.id)
    try:
        tuple(TopologicalSorter(acyclic).static_order())
    except CycleError as error:
        circle = " → ".join(f"'{id_}'" for id_ in reversed(error.args[1]))
        yield f"a circle: {circle}. Repeat with a while-condition, whose rounds are bounded."


def _reached(leads: Mapping[str, Collection[str]], first: Collection[str]) -> set[str]:
    found, waiting = set(first), list(first)
    while waiting:
        for target in leads.get(waiting.pop(), ()):
            if target not in found:
                found.add(target)
                waiting.append(target)
    return found


def check_library(playbooks: Mapping[str, Playbook]) -> None:
    """See that the playbooks that others run are there, and that none runs itself by way of others.

    Raises
    ------
    freehold.errors.BadPlaybook
        If not so.
    """
    runs = {id_: {step.playbook for step in playbook.step if isinstance(step, Run)} for id_, playbook in playbooks.items()}
    for id_, others in runs.items():
        for other in sorted(others - set(runs)):
            raise BadPlaybook(f"the playbook '{id_}' runs '{other}', which is not there. {_mean(nearest(other, tuple(runs)))}")
    try:
        tuple(TopologicalSorter(runs).static_order())
    except CycleError as error:
        circle = " → ".join(f"'{id_}'" for id_ in reversed(error.args[1]))
        raise BadPlaybook(f"playbooks run each other in a circle: {circle}. Let one of them end.") from None
