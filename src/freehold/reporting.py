"""The use case of ``freehold report``: every answer about one stack, within bounds. Owns what it asks, and what it leaves out.

Each part has limits of its own. What a large stack has no time for is left out, and the report says so with the command that
asks for it.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from freehold import work
from freehold.log import timed
from freehold.report.whole_answer import Aimed, DrillsRead, LeftOut, NoPlan, WholeReport
from freehold.stack.cutoff import DEFAULT_STAKE

if TYPE_CHECKING:
    from freehold.measure.assess import AssessAnswer
    from freehold.measure.case import Case, Kernel
    from freehold.measure.gaps import GapsAnswer
    from freehold.measure.landlord_cut_values import LandlordCuts
    from freehold.measure.why import Step
    from freehold.plan.first_step import FirstStep
    from freehold.plan.goal_values import Goal, Limits
    from freehold.plan.option_values import Option
    from freehold.plan.plan_values import PlanAnswer
    from freehold.report.answers import ExplainedChokepoints
    from freehold.schemes.interface import Amount
    from freehold.schemes.policy_values import Policy, PolicyAnswer
    from freehold.schemes.scheme_values import Scheme, Score
    from freehold.settings import Settings
    from freehold.stack.values import Stack

__all__ = ["LARGE", "PlanAsked", "SchemesAsked", "read_drills", "whole_report"]

LARGE: Final = 2_000
"""Items from which parts that take long are cut short or left out."""

_ORDER, _ORDER_LARGE = 3, 2
_SECONDS, _SECONDS_LARGE = 3.0, 0.6


@dataclass(frozen=True)
class PlanAsked:
    """What a report asks of the roadmap.

    Parameters
    ----------
    limits
        Within what a plan must stay; its start is the plan's first day.
    goal
        What it must do; ``None``: keep the mission at its floor with everything foreign cut off, else as high as can be.
    option_files
        What can be done, beside the stack's candidates.
    use_catalogue
        Whether the catalogue's alternatives count as options.
    seconds
        For each search.
    wanted
        Whether a plan is looked for at all.
    flags
        By which ``freehold plan`` repeats what ``goal`` and ``limits`` ask.
    """

    limits: Limits
    goal: Goal | None = None
    option_files: tuple[str, ...] = ()
    use_catalogue: bool = True
    seconds: float = 20.0
    wanted: bool = True
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class SchemesAsked:
    """By which schemes a stack is scored.

    Parameters
    ----------
    schemes
        The schemes; may be empty.
    answers
        Letters by factor, as people gave them.
    lists, amounts
        Lists and amounts that people stated; see :func:`freehold.schemes.asking.asked_of`.
    files
        Where the answers stand, for the command that scores again.
    named
        Whether somebody named the schemes: those that nobody did are left out of the report of a large stack.
    names, list_files
        How they were named, each by its id or its file, and where the lists stand, for the same command.
    """

    schemes: tuple[Scheme, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None
    amounts: Mapping[str, Amount] | None = None
    files: tuple[str, ...] = ()
    named: bool = True
    names: tuple[str, ...] = ()
    list_files: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Planned:
    """What came of a plan."""

    answer: PlanAnswer | None = None
    why_none: NoPlan = ""
    aimed: Aimed = "floor"
    left_out: tuple[LeftOut, ...] = ()


def whole_report(
    loaded: work.Loaded, settings: Settings, plan: PlanAsked | None = None, *, path: str = "", chosen: tuple[str, ...] = (),
    measured_flags: tuple[str, ...] = (), schemes: SchemesAsked | None = None, policy: Policy | None = None,
    drills: Sequence[str] = (), **options: Any,
) -> WholeReport:  # fmt: skip
    """Ask everything that a report tells.

    Parameters
    ----------
    loaded
        The stack.
    settings
        Days and floor.
    plan
        What is asked of the roadmap; ``None``: nothing.
    path, chosen, measured_flags
        How the user named the stack, by which flags it was chosen, and by which measured; for the commands that a page shows.
    schemes
        By which it is scored; ``None``: by none.
    policy
        What it is held against; ``None``: nothing.
    drills
        Records of drills, files and folders.
    options
        ``days``, ``via``, ``stake``, ``strict`` and ``kernel``, as :func:`freehold.measure.assess.assess`.

    Raises
    ------
    freehold.errors.FreeholdError
        If something that is named is not there, or what is asked makes no sense.
    """
    from freehold.measure.case import HIGH, LOW, Case
    from freehold.measure.cutoff import DAYS, FLOOR
    from freehold.measure.gaps import gaps
    from freehold.measure.landlord_cuts import landlord_cuts
    from freehold.plan.proposals import options_of
    from freehold.report.answers import CheckAnswer

    stack, strict = loaded.stack, bool(options.get("strict"))
    read = read_drills(drills) if drills else None
    kernel = options.get("kernel", "auto")
    # what is looked up and built once serves all that asks of the same facts
    case = Case(stack, strict=strict, stake=options.get("stake", DEFAULT_STAKE), kernel=kernel)
    for side in (LOW, HIGH):
        case.running(side)

    def beside(own: Case) -> tuple[LandlordCuts, GapsAnswer]:
        days, floor = options.get("days", settings.days or DAYS), settings.floor or FLOOR
        with timed("computed", what="landlord cuts", items=len(stack.items)):
            cuts = landlord_cuts(
                stack, days=days, floor=floor, strict=strict, kernel=kernel, case=own, **_control(options)
            )  # fmt: skip
        with timed("computed", what="gaps", items=len(stack.items)):
            return cuts, gaps(stack, strict=strict, case=own)

    # compiled kernels leave the interpreter to the other thread while they run
    with ThreadPoolExecutor(1) as pool:
        asked_beside = pool.submit(copy_context().run, beside, case.with_own_memory())
        assessed = work.assess_stack(loaded, settings, case=case, **options)
        cuts, layers = asked_beside.result()
    named = (path or "STACK", *chosen)
    largest, steps, left = _first(stack, assessed, cuts, (*named, *measured_flags), options)
    check = CheckAnswer(
        assess=assessed, stack=stack, inventory=loaded.inventory, why=steps, largest=largest,
        edition=work.catalogue().edition, findings=loaded.findings, path=path, strict=strict, chosen=chosen,
    )  # fmt: skip
    choke, also = _chokepoints(case, (*named, *measured_flags), settings, options)
    scores: tuple[Score, ...] = ()
    unscored: tuple[LeftOut, ...] = ()
    if schemes is not None and schemes.schemes and len(stack.items) > LARGE and not schemes.named:
        unscored = (LeftOut("schemes", shlex.join(["freehold", "schemes", "score", *named])),)
    elif schemes is not None:
        scores = _scores(stack, schemes, strict=strict)
    held = None if policy is None else _held(stack, policy, strict=strict, kernel=kernel)
    asked = plan if plan is not None and plan.wanted else None
    found: tuple[Option, ...] = ()
    if plan is not None:
        # what the catalogue proposes has no price, so no step of it is found; in a large stack it takes its time
        proposing = plan.use_catalogue and (len(stack.items) <= LARGE or bool(plan.option_files))
        found = options_of(stack, plan.option_files, work.catalogue() if proposing else None)
    step = None if stack.home is None or all(one.lacking for one in found) else _step(stack, found, assessed.days, options)
    planned = (
        _Planned(None, "not asked")
        if asked is None
        else _plan(stack, assessed, found, asked, (*named, *measured_flags), options)
    )
    return WholeReport(
        check, layers, choke, cuts, plan=planned.answer, no_plan=planned.why_none, aimed=planned.aimed, options=found,
        step=step, scores=scores, policy=held, drills=read, left_out=(*left, *also, *planned.left_out, *unscored),
        measured_flags=measured_flags,
        plan_flags=plan.flags if plan is not None else (),
        option_files=plan.option_files if plan is not None else (), drill_paths=tuple(drills),
        answer_files=() if schemes is None else schemes.files,
        list_files=() if schemes is None else schemes.list_files,
        scheme_names=() if schemes is None else schemes.names,
    )  # fmt: skip


def _scores(stack: Stack, asked: SchemesAsked, *, strict: bool) -> tuple[Score, ...]:
    from freehold.schemes.asking import asked_of, score_schemes

    if not asked.schemes:
        return ()
    with timed("computed", what="schemes", schemes=len(asked.schemes)):
        told = asked_of(stack, strict=strict, lists=asked.lists, amounts=asked.amounts)
        return tuple(score_schemes(told, asked.schemes, asked.answers))


def _held(stack: Stack, policy: Policy, *, strict: bool, kernel: Kernel) -> PolicyAnswer:
    from freehold.schemes.policy_check import check_policy

    with timed("computed", what="policy", rules=len(policy.rules)):
        return check_policy(policy, stack, strict=strict, kernel=kernel, catalogue=work.catalogue())


def _first(
    stack: Stack, assessed: AssessAnswer, cuts: LandlordCuts, named: tuple[str, ...], options: Mapping[str, Any]
) -> tuple[str, tuple[Step, ...], tuple[LeftOut, ...]]:  # fmt: skip
    """The largest landlord, and why what stops first without it does; of a large stack only the command that tells why."""
    from freehold.measure.why import why
    from freehold.report.five_sentences import first_out, largest_landlords
    from freehold.stack.cutoff import DEFAULT_STAKE, WAYS, Cutoff, Rule

    places = largest_landlords(cuts, assessed)
    if not places:
        return "", (), ()
    one, first = cuts.landlords[places[0]], first_out(stack, cuts, places[0])
    if first is None:
        return one.id, (), ()
    if len(stack.items) > LARGE:
        words = ("freehold", "why", named[0], first.item, *named[1:], *one.flags, "--day", f"{first.worst:g}")
        return one.id, (), (LeftOut("stops", shlex.join(words)),)
    how = _control(options)
    rule = Rule(owner=one.id) if one.kind == "owner" else Rule(country=one.id, via=how.get("via", WAYS))
    cut = Cutoff((rule,), one.name, stake=how.get("stake", DEFAULT_STAKE))
    return one.id, why(stack, first.item, cut, first.worst, strict=bool(options.get("strict"))).steps, ()


def _control(options: Mapping[str, Any]) -> dict[str, Any]:
    """What counts as control, where it was said."""
    return {name: options[name] for name in ("via", "stake") if name in options}


def _step(stack: Stack, found: tuple[Option, ...], days: tuple[float, ...], options: dict[str, Any]) -> FirstStep | None:
    from freehold.plan.first_step import cheapest_step

    how = {name: options[name] for name in ("strict", "kernel", "via", "stake") if name in options}
    with timed("computed", what="first step", options=len(found)):
        return cheapest_step(stack, found, days, **how)


def _chokepoints(
    case: Case, named: tuple[str, ...], settings: Settings, options: dict[str, Any]
) -> tuple[ExplainedChokepoints | None, tuple[LeftOut, ...]]:
    from freehold.measure.cutoff import FLOOR

    stack = case.stack
    large = len(stack.items) > LARGE
    order, seconds = (_ORDER_LARGE, _SECONDS_LARGE) if large else (_ORDER, _SECONDS)
    asked = {name: options[name] for name in ("days", "via", "stake", "strict", "kernel") if name in options}
    with timed("computed", what="chokepoints", items=len(stack.items)):
        found = work.chokepoints(
            stack, order=order, of="owner", floor=settings.floor or FLOOR, seconds=seconds, case=case, **asked
        )  # fmt: skip
    left = (
        (LeftOut("chokepoints", shlex.join(["freehold", "chokepoints", *named, "--of", "owner", "--order", f"{_ORDER}"])),)
        if large
        else ()
    )
    return found, left


def read_drills(paths: Iterable[str]) -> DrillsRead:
    """Read records of drills, and score the predictions against them.

    Parameters
    ----------
    paths
        Files and folders; of a folder a record that cannot be read is named in the answer.

    Raises
    ------
    freehold.errors.DrillError
        If a path is not there, or a file that is named is no sound record.
    """
    from freehold.drill.journal import read, records
    from freehold.drill.scores import score
    from freehold.errors import BadRecord
    from freehold.report.drill_answers import ScoreAnswer

    drills, unread, named = [], [], []
    for path in paths:
        named.append(path)
        if not Path(path).exists():
            raise BadRecord(f"{path} is not there. Name a record of a drill, or a folder of them.")
        for one in records(path) if Path(path).is_dir() else (read(Path(path)),):
            if isinstance(one, BadRecord):
                unread.append(str(one))
            else:
                drills.append(one.drill)
    return DrillsRead(tuple(drills), ScoreAnswer(score(drills), ", ".join(named), tuple(unread)))


def _plan(
    stack: Stack,
    assessed: AssessAnswer,
    found: tuple[Option, ...],
    asked: PlanAsked,
    named: tuple[str, ...],
    options: dict[str, Any],
) -> _Planned:
    if stack.home is None:
        return _Planned(None, "no home")
    if len(stack.items) > LARGE and asked.goal is None and not asked.option_files:
        return _Planned(None, "too large", left_out=(LeftOut("plan", shlex.join(["freehold", "plan", *named, "--foreign"])),))
    if all(one.lacking for one in found):
        return _Planned(None, "nothing judged" if found else "nothing to choose from")
    if any(find_spec(name) is None for name in ("ortools", "highspy")):
        return _Planned(None, "no solver")
    if asked.goal is not None:
        return _Planned(_solved(stack, asked.goal, found, asked, options), aimed="asked")
    return _default_plan(stack, assessed, found, asked, options)


def _default_plan(
    stack: Stack, assessed: AssessAnswer, found: tuple[Option, ...], asked: PlanAsked, options: dict[str, Any]
) -> _Planned:
    """The mission at its floor with everything foreign cut off, from the earliest day shown on from which that can be.

    Of days from which it cannot be, the reason is not asked: it is shown of none of them, and takes seconds to find.
    """
    from freehold.plan.goal_values import BestAim, Goal, LevelAim

    cut, days, floor = assessed.foreign.cutoff, assessed.days, assessed.floor
    best = Goal((BestAim(cut, days),), asked.limits, "cost", days)
    if min(assessed.self_reliance.low) >= floor - 1e-9 or floor <= 0:
        return _Planned(_solved(stack, best, found, asked, options), aimed="held")
    for place in range(len(days)):
        if min(assessed.self_reliance.low[place:]) >= floor - 1e-9:
            break
        goal = Goal((LevelAim(cut, floor, days[place:]),), asked.limits, "cost", days)
        answer = _solved(stack, goal, found, asked, options, reason=False)
        if answer.cost is not None or answer.impossible is None:
            return _Planned(answer, aimed="later" if place else "floor")
    return _Planned(_solved(stack, best, found, asked, options), aimed="beyond")


def _solved(
    stack: Stack, goal: Goal, found: tuple[Option, ...], asked: PlanAsked, options: dict[str, Any], *, reason: bool = True
) -> PlanAnswer:
    from freehold.plan.planning import Beside, make_plan

    how = {name: options[name] for name in ("strict", "kernel") if name in options}
    with timed("computed", what="plan", options=len(found)):
        return make_plan(stack, goal, found, beside=Beside(reason=reason), seconds=asked.seconds, **how)
