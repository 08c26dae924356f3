"""``freehold plan``: the way out. Owns what each action reads, where a plan goes, and what an interruption keeps.

Ctrl-C ends the search with the best plan so far: it is shown, and saved where ``-o`` says, else as JSON in the first of
``freehold-plan.json``, ``freehold-plan-2.json`` … that is not there yet; the exit status is 130.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from freehold.cli.extras import needs_extra
from freehold.errors import BadOptions, UnknownId, UsageError

if TYPE_CHECKING:
    from freehold import work
    from freehold.plan.goal_values import Goal
    from freehold.plan.option_values import Option
    from freehold.plan.plan_values import PlanAnswer
    from freehold.plan.planning import Beside

__all__ = ["run", "seconds_from"]

_INTERRUPTED: Final = 130
_SAVED: Final = "freehold-plan"


@dataclass(frozen=True)
class _Question:
    """What every action needs first."""

    loaded: work.Loaded
    goal: Goal
    options: tuple[Option, ...]
    seconds: float

    @property
    def judged(self) -> tuple[Option, ...]:
        """Options of which no fact is lacking."""
        return tuple(one for one in self.options if not one.lacking)


def run(options: argparse.Namespace) -> int:
    """Answer, and show the answer.

    Raises
    ------
    freehold.errors.FreeholdError
        If something that is named is not there, or what is asked makes no sense.
    """
    _see_places(options)
    return _ACTIONS[options.action](options)


def _see_places(options: argparse.Namespace) -> None:
    """Refuse before the search, not after it, what cannot be written then."""
    seen: dict[Path, str] = {}
    for flag, name in (("-o", "output"), ("--calendar", "calendar"), ("--tasks", "tasks")):
        path = getattr(options, name, None)
        if not path or path == "-":
            continue
        place = Path(path).absolute()
        if place in seen:
            raise UsageError(f"{seen[place]} and {flag} name the same file, {path}. Give each a file of its own.")
        seen[place] = flag
        if place.is_dir():
            raise UsageError(f"{flag}: {path} is a folder. Name a file in it.")
        there = next(one for one in place.parents if one.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            raise UsageError(f"{flag}: {path} cannot be written, since no file can be made in {there}. Choose another place.")


def _make(options: argparse.Namespace) -> int:
    beside = _beside(options)
    question = _ask(options)
    from freehold.plan.planning import make_plan

    _see_there_is_a_choice(question)
    answer = _searched(
        options, question,
        lambda **how: make_plan(question.loaded.stack, question.goal, question.options, beside=beside, **how),
    )  # fmt: skip
    return _given(options, question, answer, answer)


def _why(options: argparse.Namespace) -> int:
    question = _ask(options)
    from freehold.plan.judging import StackJudge
    from freehold.plan.planning import make_plan
    from freehold.plan.search import Search
    from freehold.plan.step_reason import step_reason

    asked = _option(question.options, options.option)
    _see_there_is_a_choice(question)
    stack, goal = question.loaded.stack, question.goal
    answer = _searched(options, question, lambda **how: make_plan(stack, goal, question.options, **how))
    if answer.stopped == "interrupted":
        raise KeyboardInterrupt
    from freehold.cli.speech import progress

    how: dict[str, Any] = {"strict": options.strict, "kernel": options.kernel}
    judge = StackJudge(stack, goal, question.judged, **how)
    search = Search(judge, goal, seconds=question.seconds)
    with progress("asking why …"):
        reason = step_reason(stack, goal, judge, answer, asked, ask=search.ask, **how)
    _show(options, question, reason)
    return 0


def _follow(options: argparse.Namespace) -> int:
    beside = _beside(options)
    question = _ask(options)
    from freehold.plan.earlier_plan import read_earlier
    from freehold.plan.follow import follow_plan
    from freehold.plan.work_state import read_state

    earlier = None if options.before is None else read_earlier(options.before)
    state = read_state(
        options.state, question.options, question.goal.limits, None if earlier is None else earlier.steps
    )  # fmt: skip
    _see_there_is_a_choice(question)
    followed = _searched(
        options, question,
        lambda **how: follow_plan(
            question.loaded.stack, question.goal, question.options, state, earlier=earlier, beside=beside, **how
        ),
    )  # fmt: skip
    return _given(options, question, followed.plan, followed)


_ACTIONS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {"make": _make, "why": _why, "follow": _follow}


def _ask(options: argparse.Namespace) -> _Question:
    """Read the stack, the options and what is asked."""
    from freehold.cli.plan_goal import goal_from, see_flags

    with needs_extra("plan", "plans need"):
        for name in ("ortools", "highspy"):
            if find_spec(name) is None:
                raise ModuleNotFoundError(name=name)
    see_flags(options)
    seconds = seconds_from(options.time)
    from freehold import work
    from freehold.cli.loading import load
    from freehold.plan.proposals import options_of

    loaded, settings = load(options)
    goal = goal_from(options, loaded.stack, settings, date.today())
    found = options_of(loaded.stack, options.option_files, None if options.no_catalogue else work.catalogue())
    question = _Question(loaded, goal, tuple(found), seconds)
    if options.action != "why":
        _note_what_is_useless(question)
    return question


def seconds_from(text: str) -> float:
    """Time for a search, from the flag.

    Raises
    ------
    freehold.errors.UsageError
        If it is no number of seconds above 0.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise UsageError(f"--time: '{text}' is no time to search in. Give a number of seconds above 0.")
    return seconds


def _see_there_is_a_choice(question: _Question) -> None:
    if question.judged:
        return
    stack = question.loaded.stack.path or "STACK"
    if not question.options:
        raise BadOptions(
            "there is nothing to choose from: the stack has no candidates, and no --options FILE is given. "
            f"See what can be done: freehold options {stack}"
        )
    count = len(question.options)
    raise BadOptions(
        f"there is nothing to choose from: of {count} option{'s' if count > 1 else ''} a cost or a lead time is not known. "
        f"State them in a file, and name it with --options: freehold options {stack} --template"
    )


def _note_what_is_useless(question: _Question) -> None:
    """See that the goal makes sense, and note which options every cut-off takes."""
    from freehold.cli.speech import tell
    from freehold.plan.goal_checks import check_goal
    from freehold.words import say

    notes = check_goal(question.loaded.stack, question.goal, question.judged)
    if not notes:
        return
    more = len(notes) - 1
    key = "plan.more_useless_one" if more == 1 else "plan.more_useless_many"
    tell("freehold: note: " + (say(key, note=notes[0], count=f"{more:,}") if more else notes[0]))


def _beside(options: argparse.Namespace) -> Beside:
    """What is asked beside the plan."""
    share, futures, seed = options.confidence, options.futures.strip(), options.seed.strip()
    confidence = None
    if share is not None:
        try:
            confidence = float(share)
        except ValueError:
            confidence = math.nan
        if not 0 < confidence <= 1:
            raise UsageError(f"--confidence: '{share}' is no share of futures. Give a number above 0, up to 1, such as 0.9.")
    for flag, text, least in (("--futures", futures, 1), ("--seed", seed, 0)):
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= least):
            raise UsageError(f"{flag}: '{text}' is no whole number from {least} up.")
    with needs_extra("plan", "plans need"):
        from freehold.plan.planning import Beside
    return Beside(
        confidence, int(futures), int(seed), alternatives=options.alternatives, frontier=options.frontier,
        sensitivity=options.sensitivity,
    )  # fmt: skip


def _option(options: Sequence[Option], asked: str) -> Option:
    from freehold.report.plan_words import option_name
    from freehold.stack.cells import nearest

    exact = [one for one in options if one.id == asked]
    wanted = asked.strip().casefold()
    named = exact or [one for one in options if wanted in (one.id.casefold(), option_name(one, one.id).casefold())]
    if len(named) != 1:
        raise UnknownId("option", asked, nearest(asked, [one.id for one in options]), where="freehold options")
    return named[0]


def _searched(options: argparse.Namespace, question: _Question, search: Callable[..., Any]) -> Any:
    """Search, with what every search is told: its time, how it computes, whom it tells, and who may end it."""
    from freehold.cli.plan_progress import interruptible, plan_progress

    currency = next((one.currency for one in question.judged if one.currency), None)
    with interruptible() as interrupted, plan_progress(currency) as show:
        return search(
            seconds=question.seconds, strict=options.strict, kernel=options.kernel, progress=show, interrupted=interrupted
        )  # fmt: skip


def _show(options: argparse.Namespace, question: _Question, answer: object) -> None:
    from freehold.cli.loading import context
    from freehold.cli.output import show
    from freehold.plan.goal_values import BestAim, LevelAim

    cut = next((aim.cut for aim in question.goal.aims if isinstance(aim, LevelAim | BestAim)), None)
    show(options, answer, context(options, question.loaded, cut))


def _given(options: argparse.Namespace, question: _Question, plan: PlanAnswer, answer: object) -> int:
    """Show a plan, write what was asked beside it, and give the exit status."""
    from freehold.cli.loading import context
    from freehold.cli.output import write
    from freehold.cli.speech import tell
    from freehold.report.plan_calendar import plan_calendar
    from freehold.report.plan_tasks import plan_tasks
    from freehold.report.render import render
    from freehold.words import say

    name = question.loaded.stack.name
    _show(options, question, answer)
    unasked = [flag for flag in ("frontier", "alternatives", "sensitivity") if getattr(options, flag)]
    if plan.cost is None and unasked:
        tell("freehold: note: " + say("plan.note_beside", flags=", ".join(f"--{flag}" for flag in unasked)))
    if options.calendar is not None:
        write(options.calendar, plan_calendar(plan, name))
    if options.tasks is not None:
        write(options.tasks, plan_tasks(plan, name))
    if plan.stopped == "interrupted":
        if plan.cost is None:
            tell("freehold: " + say("plan.saved_none"), "error")
            return _INTERRUPTED
        kept = options.output
        if not kept or kept == "-":
            kept = _free_name()
            write(kept, render(answer, "json", context(options, question.loaded, None)))
        tell("freehold: " + say("plan.saved", file=kept), "error")
        return _INTERRUPTED
    if options.fail_on == "impossible" and plan.cost is None:
        tell("freehold: " + say("plan.threshold"))
        return 1
    return 0


def _free_name() -> str:
    """The first name for a plan that is not there yet."""
    number, path = 1, Path(f"{_SAVED}.json")
    while path.exists():
        number += 1
        path = Path(f"{_SAVED}-{number}.json")
    return str(path)
