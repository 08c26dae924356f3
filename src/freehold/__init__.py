"""Freehold tells how much of the technology you run on you hold outright, what stops when a landlord says no, and why.

The same answers as the command line, as frozen values::

    import freehold

    stack = freehold.read("examples/clinic")
    answer = freehold.cutoff(stack, freehold.Cutoff((freehold.Rule(foreign=True),)))
    print(answer.mission)

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import sys
from types import ModuleType

from freehold.version import __version__ as __version__

TYPE_CHECKING = False  # as in typing, which is not needed otherwise
if TYPE_CHECKING:
    from typing import Any, Final

    from freehold.errors import FreeholdError
    from freehold.firms import Firms, read_firms, read_plants
    from freehold.measure.assess import AssessAnswer, assess
    from freehold.measure.chokepoint_values import ChokepointsAnswer
    from freehold.measure.chokepoints import chokepoints
    from freehold.measure.content import ContentAnswer, content
    from freehold.measure.cutoff import CutoffAnswer, cutoff, cutoffs
    from freehold.measure.exposure_program import ExposureAnswer, Plants, Scenario, exposure
    from freehold.measure.firm_network import FirmNetwork
    from freehold.measure.firm_shocks import Shock
    from freehold.measure.gaps import GapsAnswer, gaps
    from freehold.measure.leontief import InputsAnswer, inputs
    from freehold.measure.partners import PartnersAnswer, partners
    from freehold.measure.restart import RestartAnswer, restart
    from freehold.measure.sweep import SweepAnswer, sweep
    from freehold.measure.sweep_outlook import OutlookAnswer, Question, ask_outlook, outlook
    from freehold.measure.systemic import SystemicAnswer, systemic
    from freehold.measure.why import WhyAnswer, why
    from freehold.plan.goal_values import BestAim, Goal, LevelAim, Limits, LossAim, ShareAim
    from freehold.plan.option_values import Activate, Cover, MoreCapacity, NewQuality, Option, Reference, Slip, Sooner, Spare
    from freehold.plan.options_file import read_options
    from freehold.plan.plan_values import PlanAnswer
    from freehold.plan.planning import Begun, Beside, make_plan
    from freehold.plan.proposals import options_of
    from freehold.report.render import render
    from freehold.report.whole_answer import WholeReport
    from freehold.schemes.answers_file import read_answers
    from freehold.schemes.asking import score_scheme
    from freehold.schemes.scheme_file import read_scheme, scheme, schemes_known
    from freehold.schemes.scheme_values import Scheme, Score
    from freehold.stack.cutoff import Cutoff, Rule
    from freehold.stack.values import UNKNOWN, Claim, Item, Need, Owner, Provider, Source, Stack

_HOMES: Final = {
    "freehold.errors": ("FreeholdError",),
    "freehold.firms": ("Firms", "read_firms", "read_plants"),
    "freehold.measure.assess": ("AssessAnswer", "assess"),
    "freehold.measure.chokepoint_values": ("ChokepointsAnswer",),
    "freehold.measure.chokepoints": ("chokepoints",),
    "freehold.measure.content": ("ContentAnswer", "content"),
    "freehold.measure.cutoff": ("CutoffAnswer", "cutoff", "cutoffs"),
    "freehold.measure.exposure_program": ("ExposureAnswer", "Plants", "Scenario", "exposure"),
    "freehold.measure.firm_network": ("FirmNetwork",),
    "freehold.measure.firm_shocks": ("Shock",),
    "freehold.measure.gaps": ("GapsAnswer", "gaps"),
    "freehold.measure.leontief": ("InputsAnswer", "inputs"),
    "freehold.measure.partners": ("PartnersAnswer", "partners"),
    "freehold.measure.restart": ("RestartAnswer", "restart"),
    "freehold.measure.sweep": ("SweepAnswer", "sweep"),
    "freehold.measure.sweep_outlook": ("OutlookAnswer", "Question", "ask_outlook", "outlook"),
    "freehold.measure.systemic": ("SystemicAnswer", "systemic"),
    "freehold.measure.why": ("WhyAnswer", "why"),
    "freehold.plan.goal_values": ("BestAim", "Goal", "LevelAim", "Limits", "LossAim", "ShareAim"),
    "freehold.plan.option_values": (
        "Activate",
        "Cover",
        "MoreCapacity",
        "NewQuality",
        "Option",
        "Reference",
        "Slip",
        "Sooner",
        "Spare",
    ),
    "freehold.plan.options_file": ("read_options",),
    "freehold.plan.plan_values": ("PlanAnswer",),
    "freehold.plan.planning": ("Begun", "Beside", "make_plan"),
    "freehold.plan.proposals": ("options_of",),
    "freehold.report.render": ("render",),
    "freehold.report.whole_answer": ("WholeReport",),
    "freehold.schemes.answers_file": ("read_answers",),
    "freehold.schemes.asking": ("score_scheme",),
    "freehold.schemes.scheme_file": ("read_scheme", "scheme", "schemes_known"),
    "freehold.schemes.scheme_values": ("Scheme", "Score"),
    "freehold.stack.cutoff": ("Cutoff", "Rule"),
    "freehold.stack.values": ("UNKNOWN", "Claim", "Item", "Need", "Owner", "Provider", "Source", "Stack"),
}

__all__ = [
    "UNKNOWN",
    "Activate",
    "AssessAnswer",
    "Begun",
    "Beside",
    "BestAim",
    "ChokepointsAnswer",
    "Claim",
    "ContentAnswer",
    "Cover",
    "Cutoff",
    "CutoffAnswer",
    "ExposureAnswer",
    "FirmNetwork",
    "Firms",
    "FreeholdError",
    "GapsAnswer",
    "Goal",
    "InputsAnswer",
    "Item",
    "LevelAim",
    "Limits",
    "LossAim",
    "MoreCapacity",
    "Need",
    "NewQuality",
    "Option",
    "OutlookAnswer",
    "Owner",
    "PartnersAnswer",
    "PlanAnswer",
    "Plants",
    "Provider",
    "Question",
    "Reference",
    "RestartAnswer",
    "Rule",
    "Scenario",
    "Scheme",
    "Score",
    "ShareAim",
    "Shock",
    "Slip",
    "Sooner",
    "Source",
    "Spare",
    "Stack",
    "SweepAnswer",
    "SystemicAnswer",
    "WholeReport",
    "WhyAnswer",
    "ask_outlook",
    "assess",
    "chokepoints",
    "content",
    "cutoff",
    "cutoffs",
    "exposure",
    "gaps",
    "inputs",
    "make_plan",
    "options_of",
    "outlook",
    "partners",
    "read",
    "read_answers",
    "read_firms",
    "read_options",
    "read_plants",
    "read_scheme",
    "render",
    "restart",
    "scheme",
    "schemes_known",
    "score_scheme",
    "sweep",
    "systemic",
    "whole_report",
    "why",
]


def read(
    path: str, *, home: str | None = None, trusted: tuple[str, ...] | None = None, stack: str | None = None,
    at: str | None = None,
) -> Stack:  # fmt: skip
    """Read a stack file, a folder of tables, a Freehold database, an SBOM or a project folder.

    Parameters
    ----------
    path
        The path.
    home, trusted
        Instead of what the stack states.
    stack
        Which stack of a database; needed where it holds several.
    at
        Which state of it: a revision (``"3"``), a day (``"2026-01-31"``: its end, UTC) or a moment; the newest if it is not
        said.

    Returns
    -------
    Stack
        Joined with the catalogue.

    Raises
    ------
    freehold.FreeholdError
        If it cannot be read, or is no sound stack.
    """
    from freehold.settings import Settings
    from freehold.work import load

    return load(path, Settings(home, trusted), stack=stack, at=at).stack


def whole_report(
    path: str, *, home: str | None = None, trusted: tuple[str, ...] | None = None, options: tuple[str, ...] = (),
    goal: Goal | None = None, start: str | None = None, schemes: tuple[Scheme, ...] = (), policy: str | None = None,
    drills: tuple[str, ...] = (), seconds: float = 20.0,
) -> WholeReport:  # fmt: skip
    """Everything about a stack, as ``freehold report`` tells it; :func:`freehold.render` makes the page.

    Parameters
    ----------
    path, home, trusted
        As :func:`freehold.read`.
    options
        Files of what can be done, beside the stack's candidates and the catalogue's alternatives.
    goal
        What the way out must do, and within which limits; without it, what must be kept running stays at its floor when
        everything foreign is cut off.
    start
        First day of the way out (ISO 8601) where no goal says it; today if it is not said.
    schemes
        By which the stack is scored, as :func:`freehold.scheme` and :func:`freehold.read_scheme` give them.
    policy
        A file of rules that it is held against.
    drills
        Records of drills, files and folders.
    seconds
        How long each search may take; 0: no way out is looked for.

    Returns
    -------
    WholeReport
        The answers, each as its own function gives it.

    Raises
    ------
    freehold.FreeholdError
        If something that is named is not there, or what is asked makes no sense.
    """
    from datetime import date

    from freehold.plan.goal_values import Limits
    from freehold.reporting import PlanAsked, SchemesAsked
    from freehold.reporting import whole_report as ask
    from freehold.schemes.policy_file import read_policy
    from freehold.settings import Settings
    from freehold.work import load

    settings = Settings(home, trusted)
    limits = goal.limits if goal is not None else Limits(start or date.today().isoformat())
    plan = PlanAsked(limits, goal, options, seconds=seconds, wanted=seconds > 0)
    held = None if policy is None else read_policy(policy)
    return ask(load(path, settings), settings, plan, path=path, schemes=SchemesAsked(schemes), policy=held, drills=drills)


class _Face(ModuleType):
    """The type of this package: importing its room ``read`` does not hide the function of that name."""

    def __setattr__(self, name: str, value: object) -> None:
        if name != "read" or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face


def __getattr__(name: str) -> Any:
    import importlib

    for module, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module 'freehold' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
