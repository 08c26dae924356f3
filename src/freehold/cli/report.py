"""``freehold report``: everything about a stack on one page. Owns what its flags come to: one report for every action."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from freehold.errors import UsageError

if TYPE_CHECKING:
    from freehold.report.whole_answer import WholeReport
    from freehold.reporting import PlanAsked, SchemesAsked
    from freehold.settings import Settings
    from freehold.stack.values import Stack
    from freehold.work import Loaded

__all__ = ["report_from", "run"]


def run(options: argparse.Namespace) -> int:
    """Answer, and show the answer.

    Raises
    ------
    freehold.errors.FreeholdError
        If something that is named is not there, or what is asked makes no sense.
    """
    return _ACTIONS[options.action](options)


def _make(options: argparse.Namespace) -> int:
    from freehold.cli.output import see_place, show

    see_place(options.output)
    if _is_firms(options):
        return _firms(options)
    answer = report_from(options)
    show(options, answer, answer.context)
    return 0


def _is_firms(options: argparse.Namespace) -> bool:
    if not (Path(options.stack) / "links.csv").is_file():
        return False
    from freehold.reporting_firms import is_firms_folder

    return is_firms_folder(options.stack)


def _firms(options: argparse.Namespace) -> int:
    """The report of a network of firms; flags that ask of a stack would do nothing, and are refused."""
    from freehold.cli.flags import settings_from
    from freehold.cli.output import show
    from freehold.cli.plan import seconds_from
    from freehold.cli.plan_goal import asks_something
    from freehold.cli.speech import progress
    from freehold.report.answers import Context
    from freehold.reporting_firms import firms_report
    from freehold.stack.countries import expand

    given = (
        ("--options", options.option_files), ("--scheme", options.schemes), ("--answers", options.answers),
        ("--list", options.lists), ("--policy", options.policy), ("--drills", options.drills),
    )  # fmt: skip
    useless = [flag for flag, value in given if value]
    if useless or asks_something(options):
        flag = useless[0] if useless else "a flag of the plan"
        raise UsageError(
            f"{options.stack} holds firms and what they sell to each other, of which {flag} asks nothing. Leave it out."
        )
    settings = settings_from(options)
    home = (*([settings.home] if settings.home else []), *(settings.trusted or ()))
    with progress("computing …"):
        answer = firms_report(options.stack, tuple(sorted(expand(home))), seconds=3 * seconds_from(options.time))
    show(options, answer, Context(path=options.stack))
    return 0


def report_from(options: argparse.Namespace, see: Callable[[Stack], object] | None = None) -> WholeReport:
    """Read what is named, and ask everything that a report tells.

    Parameters
    ----------
    options
        Parsed flags.
    see
        Called with the stack before anything long begins; it may refuse it.

    Raises
    ------
    freehold.errors.FreeholdError
        If something that is named is not there, or what is asked makes no sense.
    """
    from freehold.cli.flags import via_from, view_flags
    from freehold.cli.loading import load
    from freehold.cli.plan_goal import see_flags
    from freehold.cli.speech import progress
    from freehold.measure.cutoff import DAYS
    from freehold.reporting import whole_report
    from freehold.schemes.policy_file import read_policy

    see_flags(options)
    if not 0 <= options.stake <= 1:
        raise UsageError(f"--stake: {options.stake} is not between 0 and 1.")
    via = via_from(options)
    schemes = _schemes_asked(options)
    policy = None if options.policy is None else read_policy(options.policy)
    loaded, settings = load(options)
    if see is not None:
        see(loaded.stack)
    plan = _plan_asked(options, loaded, settings)
    with progress("computing …"):
        return whole_report(
            loaded, settings, plan, path=options.stack, chosen=view_flags(options), measured_flags=_measured(options),
            schemes=schemes, policy=policy, drills=options.drills,
            days=settings.days or DAYS, via=via, stake=options.stake, strict=options.strict, kernel=options.kernel,
        )  # fmt: skip


def _schemes_asked(options: argparse.Namespace) -> SchemesAsked:
    from freehold.cli.schemes import schemes_named
    from freehold.reporting import SchemesAsked
    from freehold.schemes.amounts_file import read_amounts
    from freehold.schemes.answers_file import read_answers
    from freehold.schemes.lists_file import read_lists

    if "none" in options.schemes:
        if len(options.schemes) > 1 or options.answers or options.lists:
            raise UsageError("--scheme none scores by no scheme. Leave it out, or every other --scheme, --answers and --list.")
        return SchemesAsked()
    schemes = schemes_named(options.schemes)
    answers, amounts = read_answers(options.answers, schemes), read_amounts(options.answers)
    return SchemesAsked(
        tuple(schemes),
        answers,
        read_lists(options.lists),
        amounts,
        tuple(options.answers),
        bool(options.schemes or options.answers),
        tuple(dict.fromkeys(options.schemes)),
        tuple(options.lists),
    )


def _plan_asked(options: argparse.Namespace, loaded: Loaded, settings: Settings) -> PlanAsked:
    from freehold.cli.plan import seconds_from
    from freehold.cli.plan_goal import asks_something, goal_from, limits_from
    from freehold.reporting import PlanAsked

    today = date.today()
    asked = asks_something(options)
    if asked and options.no_plan:
        raise UsageError("--no-plan looks for no plan, and other flags say what a plan must do. Leave one of them out.")
    goal = goal_from(options, loaded.stack, settings, today) if asked else None
    return PlanAsked(
        limits_from(options, today), goal, tuple(options.option_files), use_catalogue=not options.no_catalogue,
        seconds=seconds_from(options.time), wanted=not options.no_plan, flags=_plan_flags(options),
    )  # fmt: skip


_SAID: Final = (
    "reliance", "level", "target", "day", "survive", "country", "provider", "owner", "items", "source", "scenario",
    "face_value", "content", "start", "by", "years", "budget", "budget_year", "people", "longest_lead", "quality",
    "discount", "penalty",
)  # fmt: skip
_SWITCHES: Final = ("foreign", "revoke", "throughout", "no_catalogue")


def _plan_flags(options: argparse.Namespace) -> tuple[str, ...]:
    """What was said of the plan, as flags again."""
    found: list[str] = []
    for name in _SAID:
        value: Any = getattr(options, name)
        flag = "--item" if name == "items" else "--" + name.replace("_", "-")
        for one in value if isinstance(value, list) else () if value is None else (value,):
            found += [flag, str(one)]
    found += ["--" + name.replace("_", "-") for name in _SWITCHES if getattr(options, name)]
    if options.survive is not None:
        found += ["--of", options.of]
    if options.seek != "cost":
        found += ["--seek", options.seek]
    for name in options.option_files:
        found += ["--options", name]
    return tuple(found)


def _measured(options: argparse.Namespace) -> tuple[str, ...]:
    """The flags that say how it is measured, where they were given."""
    given = (("--via", options.via), ("--floor", options.floor), ("--stake", None if options.stake == 0.5 else options.stake))
    return tuple(str(word) for flag, value in given if value is not None for word in (flag, value))


def _brief(options: argparse.Namespace) -> int:
    from freehold.cli.report_packs import run_brief

    return run_brief(options, report_from)


def _exits(options: argparse.Namespace) -> int:
    from freehold.cli.report_packs import run_exits

    return run_exits(options, report_from)


def _pack(options: argparse.Namespace) -> int:
    from freehold.cli.report_packs import run_pack

    return run_pack(options)


_ACTIONS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "make": _make, "brief": _brief, "exits": _exits, "pack": _pack,
}  # fmt: skip
